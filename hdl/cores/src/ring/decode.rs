//! Which ring register is addressed, from the map.

use photonbox_regmap::ring;
use rust_hdl::prelude::*;

/// Registers of a ring, in the order of the bits of [`Decode::at`].
pub const DECODED: [u32; 14] = [
    ring::DATA_BASE_LO,
    ring::DATA_BASE_HI,
    ring::CPL_BASE_LO,
    ring::CPL_BASE_HI,
    ring::SLOT_BYTES,
    ring::SLOT_COUNT,
    ring::COMMIT,
    ring::HEAD,
    ring::TAIL,
    ring::CONTROL,
    ring::STATUS,
    ring::ERRORS,
    ring::FLUSH_CYCLES,
    ring::STALLS,
];

/// One bit for each register of a ring: whether it is the one addressed.
#[derive(LogicBlock, Default)]
pub struct Decode {
    /// Word addressed within the block.
    pub register: Signal<In, Bits<7>>,
    /// Bit k: [`DECODED`] k is addressed.
    pub at: Signal<Out, Bits<14>>,
}

impl Logic for Decode {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.at.connect();
    }

    fn hdl(&self) -> Verilog {
        let lines: String = DECODED
            .iter()
            .enumerate()
            .map(|(bit, offset)| format!("   at[{bit}] = register == 7'd{};\n", offset / 4))
            .collect();
        Verilog::Custom(format!("always @(*) begin\n{lines}end\n"))
    }
}
