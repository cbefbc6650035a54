//! A multiplier of 36 by 36 bits in three stages, from four of 18 by 18.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// `{hi, lo} = a * b`, three cycles later.
#[derive(LogicBlock, Default)]
pub struct Multiplier {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// First factor.
    pub a: Signal<In, Bits<36>>,
    /// Second factor.
    pub b: Signal<In, Bits<36>>,
    /// Low half of the product.
    pub lo: Signal<Out, Bits<36>>,
    /// High half of the product.
    pub hi: Signal<Out, Bits<36>>,
}

impl Logic for Multiplier {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.lo.connect();
        self.hi.connect();
    }

    fn hdl(&self) -> Verilog {
        // Stage 1: the four products. Stage 2: the two in the middle together. Stage 3: all, by a chain of 54 bits.
        Verilog::Custom(
            "\
reg [35:0] ll = 0, lh = 0, hl = 0, hh = 0;
reg [36:0] middle = 0;
reg [71:0] outer = 0;
initial begin
   lo = 0;
   hi = 0;
end
always @(posedge clock) begin
   ll <= a[17:0] * b[17:0];
   lh <= a[17:0] * b[35:18];
   hl <= a[35:18] * b[17:0];
   hh <= a[35:18] * b[35:18];
   middle <= {1'b0, lh} + {1'b0, hl};
   outer <= {hh, ll};
   lo[17:0] <= outer[17:0];
   {hi, lo[35:18]} <= outer[71:18] + {17'b0, middle};
end"
            .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "multiplier".into(),
            clock: "clock".into(),
            inputs: vec!["a".into(), "b".into()],
            outputs: vec!["lo".into(), "hi".into()],
        }]
    }
}
