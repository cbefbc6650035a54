//! The register that X_0 is written into, before a job takes it.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// 240 bits, written by words of 32.
#[derive(LogicBlock, Default)]
pub struct Load {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Everything becomes 0; wins over `write`.
    pub clear: Signal<In, Bit>,
    /// Word `index` becomes `data`.
    pub write: Signal<In, Bit>,
    /// Word to write.
    pub index: Signal<In, Bits<3>>,
    /// What to write.
    pub data: Signal<In, Bits<32>>,
    /// What was written.
    pub x0: Signal<Out, Bits<240>>,
}

impl Logic for Load {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.x0.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
reg [255:0] value = 0;
always @(posedge clock) begin
   if (clear) value <= 256'd0;
   else if (write) value[32 * index +: 32] <= data;
end
always @(*) x0 = value[239:0];"
                .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "load".into(),
            clock: "clock".into(),
            inputs: ["clear", "write", "index", "data"].map(String::from).into(),
            outputs: vec!["x0".into()],
        }]
    }
}
