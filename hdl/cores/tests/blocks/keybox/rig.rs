//! The block with its ports, and numbers as it takes them.

use crate::late::started;
use photonbox_cores::keybox::KeyBox;
use photonbox_cosim::{Design, PortId, Random, Result, Simulation};
use photonbox_regmap::keybox;
use rust_hdl::prelude::{Block as _, generate_verilog};

/// The design.
pub(super) fn design(name: &str) -> Result<Design> {
    let mut block = KeyBox::default();
    block.connect_all();
    Design::new(name, generate_verilog(&block), "top")
}

/// JOBS_DONE and KEYS_MADE of [`late_design`] before its first reset.
pub(super) const FIRST_JOBS: u32 = 0x6fff_ffff;
pub(super) const FIRST_KEYS: u64 = 0x7f_ffff_fffe;

/// The design with counters that are about to carry.
pub(super) fn late_design(name: &str) -> Result<Design> {
    let text = design(name)?.verilog;
    let first = u64::from(FIRST_JOBS);
    let text = started(&text, "top$registers$jobs_done", "32'h0", first);
    let text = started(&text, "top$registers$keys_made", "64'h0", FIRST_KEYS);
    Design::new(name, text, "top")
}

/// Writes that leave `x0` in its registers: in any order, some after others.
pub(super) fn writes(x0: &[u8; 32], random: &mut Random) -> Vec<(u32, u32)> {
    let mut order: Vec<usize> = (0..8).collect();
    for last in (1..8).rev() {
        order.swap(last, random.below(last as u64 + 1) as usize);
    }
    let words = x0.as_chunks::<4>().0;
    let before = order.iter().rev().take(random.below(4) as usize);
    let mut writes: Vec<(usize, u32)> = before.map(|&at| (at, random.bits() as u32)).collect();
    writes.extend(order.iter().map(|&at| (at, u32::from_le_bytes(words[at]))));
    let offset = |at: usize| keybox::X0_0 + 4 * at as u32;
    let writes = writes.into_iter();
    writes.map(|(at, value)| (offset(at), value)).collect()
}

/// A register access: its address is there for four cycles, the strobe is in the third.
pub(super) const ACCESS_CYCLES: u32 = 4;

/// Index of the block in the map.
pub(super) const BLOCK: u64 = 4;

/// Ports by name.
pub(super) struct Ports {
    pub(super) reset: PortId,
    pub(super) write: PortId,
    pub(super) block: PortId,
    pub(super) instance: PortId,
    pub(super) register: PortId,
    pub(super) data: PortId,
    pub(super) read: PortId,
    pub(super) refused: PortId,
    pub(super) snapshot: PortId,
    pub(super) usable: PortId,
    pub(super) slot_bytes: PortId,
    pub(super) valid: PortId,
    pub(super) ready: PortId,
    pub(super) beat: PortId,
    pub(super) last: PortId,
    pub(super) close: PortId,
    pub(super) flags: PortId,
    pub(super) lanes: PortId,
    pub(super) kat_start: PortId,
    pub(super) kat_fault: PortId,
    pub(super) kat_done: PortId,
    pub(super) kat_ok: PortId,
    pub(super) busy: PortId,
}

impl Ports {
    pub(super) fn new(rtl: &Simulation) -> Self {
        Self {
            reset: rtl.port("reset"),
            write: rtl.port("csr_write"),
            block: rtl.port("csr_block"),
            instance: rtl.port("csr_instance"),
            register: rtl.port("csr_register"),
            data: rtl.port("csr_data"),
            read: rtl.port("csr_read"),
            refused: rtl.port("csr_refused"),
            snapshot: rtl.port("snapshot"),
            usable: rtl.port("ring_usable"),
            slot_bytes: rtl.port("ring_slot_bytes"),
            valid: rtl.port("out_valid"),
            ready: rtl.port("out_ready"),
            beat: rtl.port("out_data"),
            last: rtl.port("out_last"),
            close: rtl.port("out_close"),
            flags: rtl.port("out_flags"),
            lanes: rtl.port("out_lanes"),
            kat_start: rtl.port("kat_start"),
            kat_fault: rtl.port("kat_fault"),
            kat_done: rtl.port("kat_done"),
            kat_ok: rtl.port("kat_ok"),
            busy: rtl.port("busy"),
        }
    }
}

/// Digits to a 256-bit little-endian number, `zeros` zeros appended.
pub(crate) fn decimal(digits: &str, zeros: u32) -> [u8; 32] {
    let mut x = [0_u8; 32];
    let tail = "0".repeat(zeros as usize);
    for digit in digits.bytes().chain(tail.bytes()) {
        let mut carry = u16::from(digit - b'0');
        for byte in &mut x {
            carry += u16::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
        assert_eq!(carry, 0, "the number fits");
    }
    x
}
