//! The burst buffers' memory.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// 2^`A` words of 64 bits in distributed memory: one write port, one registered read port. A word that is written
/// in the cycle in which it is read is read as it was.
#[derive(LogicBlock, Default)]
pub struct WordMemory<const A: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Word to read.
    pub read_address: Signal<In, Bits<A>>,
    /// Read it. Else the last one stands.
    pub read_enable: Signal<In, Bit>,
    /// The word, a cycle later.
    pub read_data: Signal<Out, Bits<64>>,
    /// Word to write.
    pub write_address: Signal<In, Bits<A>>,
    /// What to write.
    pub write_data: Signal<In, Bits<64>>,
    /// Write in this cycle.
    pub write_enable: Signal<In, Bit>,
}

impl<const A: usize> Logic for WordMemory<A> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        let last = (1_u64 << A) - 1;
        Verilog::Custom(format!(
            "(* ram_style = \"distributed\" *) reg [63:0] words [0:{last}];
integer place;
initial begin
   read_data = 64'h0;
   for (place = 0; place <= {last}; place = place + 1) words[place] = 64'h0;
end
always @(posedge clock) begin
   if (read_enable) read_data <= words[read_address];
   if (write_enable) words[write_address] <= write_data;
end
"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "words".into(),
            clock: "clock".into(),
            inputs: vec![
                "read_address".into(),
                "read_enable".into(),
                "write_address".into(),
                "write_data".into(),
                "write_enable".into(),
            ],
            outputs: vec!["read_data".into()],
        }]
    }
}
