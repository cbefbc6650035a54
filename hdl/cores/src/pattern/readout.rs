//! What the registers of the block read as.

use crate::csr::readout_of;
use photonbox_regmap::global;
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub(super) struct Readout {
    pub clock: Signal<In, Clock>,
    pub csr_block: Signal<In, Bits<3>>,
    pub csr_register: Signal<In, Bits<7>>,
    pub kind: Signal<In, Bits<4>>,
    pub period: Signal<In, Bits<20>>,
    pub lanes_lo: Signal<In, Bits<32>>,
    pub lanes_hi: Signal<In, Bits<32>>,
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
                (global::PATTERN, "kind"),
                (global::PATTERN_PERIOD, "period"),
                (global::PATTERN_LANES_LO, "lanes_lo"),
                (global::PATTERN_LANES_HI, "lanes_hi"),
            ],
        )
    }
}
