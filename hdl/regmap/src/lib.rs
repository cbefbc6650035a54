//! The card's register map and ring layouts, written once, as const data.
//!
//! The hardware, the model, the driver and `docs/registers.md` all come from here (spec 6-card §6.1, *CSR*).
//! All registers are 32 bits wide, little-endian, at naturally aligned offsets of BAR 0. Reads have no side
//! effects. A register that does not exist reads as 0, ignores writes, and adds one to
//! [`global::ERR_UNKNOWN_REGISTER`] either way.
#![no_std]
#![forbid(unsafe_code)]

pub mod extractor;
pub mod global;
pub mod keybox;
pub mod lane;
pub mod layout;
pub mod ring;
mod table;

pub use layout::{Completion, Flags, Phase, RawRecord};
pub use table::{Access, Block, Field, Found, Register, find};

/// First register of every card: the bytes `PHBX` in memory order.
pub const MAGIC: u32 = u32::from_le_bytes(*b"PHBX");

/// Version of everything this crate describes. Major in the high half: a driver refuses another major.
pub const ABI_VERSION: u32 = 0x0001_0001;

/// Bytes of BAR 0.
pub const BAR_BYTES: u32 = 0x1_0000;

/// Most lanes that any build has (build *wide*).
pub const MAX_LANES: u32 = 64;

/// Rings of a card: entropy, raw, key box.
pub const RINGS: u32 = 3;

/// Core clock of the default card in Hz: one cycle is 4 ns (spec 1-entropy §1.1).
pub const DEFAULT_CLOCK_HZ: u32 = 250_000_000;

/// Build hash of the model: a card without emitted Verilog.
///
/// Hardware puts the SHA-256 of its Verilog here. The model has none, so it carries the SHA-256 of the ABI data:
/// the canonical text of this map that [`abi_text`] writes. A test computes the hash and compares, so a changed
/// map with an unchanged constant fails.
pub const MODEL_BUILD_HASH: [u8; 32] = table::MODEL_BUILD_HASH;

/// Every register block of the card, in address order. `docs/registers.md` is rendered from this.
pub static BLOCKS: [Block; 5] = [
    Block {
        name: "global",
        doc: "Identity, control, status, interrupts, errors and the pattern generator.",
        base: 0,
        stride: 0x200,
        count: 1,
        registers: global::REGISTERS,
    },
    Block {
        name: "extractor",
        doc: "The Toeplitz extractor of the group of lanes that are routed to EXTRACT.",
        base: extractor::BASE,
        stride: 0x100,
        count: 1,
        registers: extractor::REGISTERS,
    },
    Block {
        name: "lane",
        doc: "One block for each lane; lanes that a build does not have do not exist.",
        base: lane::BASE,
        stride: lane::STRIDE,
        count: MAX_LANES,
        registers: lane::REGISTERS,
    },
    Block {
        name: "ring",
        doc: "One block for each ring: 0 entropy, 1 raw, 2 key box.",
        base: ring::BASE,
        stride: ring::STRIDE,
        count: RINGS,
        registers: ring::REGISTERS,
    },
    Block {
        name: "keybox",
        doc: "The key-box engine, where there is one.",
        base: keybox::BASE,
        stride: 0x100,
        count: 1,
        registers: keybox::REGISTERS,
    },
];

/// Writes the canonical text of the map: what [`MODEL_BUILD_HASH`] is the SHA-256 of.
///
/// Documentation strings are not part of it: rewording one does not change the ABI.
///
/// # Errors
/// Only what `out` itself returns.
pub fn abi_text(out: &mut dyn core::fmt::Write) -> core::fmt::Result {
    writeln!(out, "photonbox abi {ABI_VERSION:#010x} magic {MAGIC:#010x}")?;
    for block in &BLOCKS {
        writeln!(
            out,
            "block {} {:#x} {:#x} {}",
            block.name, block.base, block.stride, block.count
        )?;
        for register in block.registers {
            let Register {
                name,
                offset,
                access,
                reset,
                ..
            } = register;
            writeln!(
                out,
                "register {name} {offset:#x} {} {reset:#x}",
                access.name()
            )?;
            for field in register.fields {
                writeln!(out, "field {} {} {}", field.name, field.lsb, field.width)?;
            }
        }
    }
    for (word, register) in layout::COMPLETION_WORDS.iter().enumerate() {
        writeln!(out, "completion {word} {}", register.name)?;
        for field in register.fields {
            writeln!(out, "field {} {} {}", field.name, field.lsb, field.width)?;
        }
    }
    for field in layout::RAW_RECORD_FIELDS {
        writeln!(out, "raw {} {} {}", field.name, field.lsb, field.width)?;
    }
    Ok(())
}
