//! The block with its ports.

use photonbox_cores::keybox_wide::KeyBoxWide;
use photonbox_cosim::{Design, PortId, Result, Simulation};
use rust_hdl::prelude::{Block as _, generate_verilog};

/// The design.
pub(super) fn design(name: &str) -> Result<Design> {
    let mut block = KeyBoxWide::default();
    block.connect_all();
    Design::new(name, generate_verilog(&block), "top")
}

/// A register access: its address is there for four cycles, the strobe is in the third.
pub(super) const ACCESS_CYCLES: u32 = 4;

/// Index of the block in the map.
pub(super) const BLOCK: u64 = 4;

macro_rules! ports {
    ($($field:ident = $name:literal,)*) => {
        /// Ports by name.
        pub(super) struct Ports {
            $(pub(super) $field: PortId,)*
        }

        impl Ports {
            pub(super) fn new(rtl: &Simulation) -> Self {
                Self { $($field: rtl.port($name),)* }
            }
        }
    };
}

ports! {
    reset = "reset",
    write = "csr_write",
    block = "csr_block",
    instance = "csr_instance",
    register = "csr_register",
    data = "csr_data",
    read = "csr_read",
    refused = "csr_refused",
    snapshot = "snapshot",
    usable = "ring_usable",
    slot_bytes = "ring_slot_bytes",
    next_context = "next_context",
    next_first = "next_first",
    valid = "key_valid",
    taken = "key_taken",
    context = "key_context",
    key = "key",
    first = "key_first",
    last = "key_last",
    tag = "key_tag",
    number = "key_box",
    cut = "cut_valid",
    cut_context = "cut_context",
    kat_start = "kat_start",
    kat_fault = "kat_fault",
    kat_done = "kat_done",
    kat_ok = "kat_ok",
    busy = "busy",
}

/// The key of this cycle as bytes.
pub(super) fn key(rtl: &Simulation, ports: &Ports) -> [u8; 32] {
    let mut key = [0; 32];
    for (bytes, word) in key
        .as_chunks_mut::<4>()
        .0
        .iter_mut()
        .zip(rtl.get_wide(ports.key))
    {
        *bytes = word.to_le_bytes();
    }
    key
}
