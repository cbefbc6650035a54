//! Which ring register is addressed, from the map.

use photonbox_regmap::ring;
use rust_hdl::core::timing::TimingInfo;
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

/// So many of them, from the first, are the geometry.
const GEOMETRY: usize = 6;

/// One bit for each register of a ring: whether it was the one addressed in the cycle before. The address stands for
/// cycles before the strobe.
#[derive(LogicBlock, Default)]
pub struct Decode {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The ring is the one addressed.
    pub mine: Signal<In, Bit>,
    /// Word addressed within the block.
    pub register: Signal<In, Bits<7>>,
    /// Bit k: [`DECODED`] k is addressed.
    pub at: Signal<Out, Bits<14>>,
    /// One of the geometry's.
    pub geometry: Signal<Out, Bit>,
}

impl Logic for Decode {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.at.connect();
        self.geometry.connect();
    }

    fn hdl(&self) -> Verilog {
        let lines: String = DECODED
            .iter()
            .enumerate()
            .map(|(bit, offset)| {
                format!("   at[{bit}] <= mine && register == 7'd{};\n", offset / 4)
            })
            .collect();
        let geometry: Vec<String> = DECODED[..GEOMETRY]
            .iter()
            .map(|offset| format!("register == 7'd{}", offset / 4))
            .collect();
        Verilog::Custom(format!(
            "initial begin\n   at = 0;\n   geometry = 0;\nend\nalways @(posedge clock) begin\n{lines}   geometry <= mine && ({});\nend\n",
            geometry.join(" || ")
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "decode".into(),
            clock: "clock".into(),
            inputs: vec!["mine".into(), "register".into()],
            outputs: vec!["at".into(), "geometry".into()],
        }]
    }
}
