//! The read side of the block's registers.

use crate::csr::readout_of;
use photonbox_regmap::{BLOCKS, keybox};
use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// A registered multiplexer.
#[derive(LogicBlock, Default)]
pub struct Readout {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Block of the register.
    pub csr_block: Signal<In, Bits<3>>,
    /// Number of the register in its block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Value of the addressed register, two cycles later; 0 for others.
    pub csr_read: Signal<Out, Bits<32>>,
    /// JOB_SLOT.
    pub slot: Signal<In, Bits<6>>,
    /// S of that context.
    pub s: Signal<In, Bits<4>>,
    /// BOXES.
    pub boxes: Signal<In, Bits<16>>,
    /// KEYS.
    pub keys: Signal<In, Bits<16>>,
    /// TAG.
    pub tag: Signal<In, Bits<32>>,
    /// STATUS.
    pub status: Signal<In, Bits<5>>,
    /// CAPS.
    pub caps: Signal<In, Bits<32>>,
    /// JOBS_DONE.
    pub done: Signal<In, Bits<32>>,
    /// JOBS_FAILED.
    pub failed: Signal<In, Bits<32>>,
    /// KEYS_MADE.
    pub made: Signal<In, Bits<64>>,
}

/// Number of the block in the map.
pub(super) fn block() -> u32 {
    let block = BLOCKS.iter().position(|block| block.base == keybox::BASE);
    block.unwrap_or(0) as u32
}

impl Logic for Readout {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.csr_read.connect();
    }

    fn hdl(&self) -> Verilog {
        readout_of(
            block(),
            &[
                (keybox::S, "{28'd0, s}"),
                (keybox::BOXES, "{16'd0, boxes}"),
                (keybox::KEYS, "{16'd0, keys}"),
                (keybox::TAG, "tag"),
                (keybox::JOB_SLOT, "{26'd0, slot}"),
                (keybox::STATUS, "{27'd0, status}"),
                (keybox::CAPS, "caps"),
                (keybox::JOBS_DONE, "done"),
                (keybox::JOBS_FAILED, "failed"),
                (keybox::KEYS_MADE_LO, "made[31:0]"),
                (keybox::KEYS_MADE_HI, "made[63:32]"),
            ],
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let inputs = [
            "csr_block",
            "csr_register",
            "slot",
            "s",
            "boxes",
            "keys",
            "tag",
            "status",
            "caps",
            "done",
            "failed",
            "made",
        ];
        vec![TimingInfo {
            name: "readout".into(),
            clock: "clock".into(),
            inputs: inputs.map(String::from).into(),
            outputs: vec!["csr_read".into()],
        }]
    }
}
