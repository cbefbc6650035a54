//! What the registers of the block read as.

use crate::csr::readout_of;
use photonbox_regmap::global;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub(super) struct Readout {
    pub clock: Signal<In, Clock>,
    pub csr_block: Signal<In, Bits<3>>,
    pub csr_register: Signal<In, Bits<7>>,
    pub status: Signal<In, Bits<7>>,
    pub enable: Signal<In, Bits<7>>,
    pub slots: Signal<In, Bits<16>>,
    pub cycles: Signal<In, Bits<32>>,
    pub csr_read: Signal<Out, Bits<32>>,
}

impl Logic for Readout {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.csr_read.connect();
    }

    fn hdl(&self) -> Verilog {
        readout_of(
            0,
            &[
                (global::INT_STATUS, "status"),
                (global::INT_ENABLE, "enable"),
                (global::INT_COALESCE_SLOTS, "slots"),
                (global::INT_COALESCE_CYCLES, "cycles"),
            ],
        )
    }
}
