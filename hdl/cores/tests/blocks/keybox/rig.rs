//! The block with its ports, and numbers as it takes them.

use photonbox_cores::keybox::KeyBox;
use photonbox_cosim::{Design, PortId, Result, Simulation};
use rust_hdl::prelude::{Block as _, generate_verilog};

/// The design.
pub(super) fn design(name: &str) -> Result<Design> {
    let mut block = KeyBox::default();
    block.connect_all();
    Design::new(name, generate_verilog(&block), "top")
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
