//! The box ring's memories in block RAM.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Keys on their way: 1,024 words of 256 bits with a port that writes and one that reads. A word is overwritten with
/// zeros in the cycle in which it is read, so that each is read once.
#[derive(LogicBlock, Default)]
pub struct KeyMemory {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Word to write.
    pub write_address: Signal<In, Bits<10>>,
    /// What to write.
    pub write_data: Signal<In, Bits<256>>,
    /// Write in this cycle.
    pub write_enable: Signal<In, Bit>,
    /// Word to read and clear; never the one that is written.
    pub read_address: Signal<In, Bits<10>>,
    /// Read and clear in this cycle.
    pub read_enable: Signal<In, Bit>,
    /// The word that was read last, from the next cycle on.
    pub read_data: Signal<Out, Bits<256>>,
}

impl Logic for KeyMemory {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "(* ram_style = \"block\" *) reg [255:0] words [0:1023];
integer place;
initial begin
   read_data = 256'h0;
   for (place = 0; place <= 1023; place = place + 1) words[place] = 256'h0;
end
always @(posedge clock) if (write_enable) words[write_address] <= write_data;
always @(posedge clock) if (read_enable) begin
   read_data <= words[read_address];
   words[read_address] <= 256'h0;
end
"
            .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "words".into(),
            clock: "clock".into(),
            inputs: vec![
                "write_address".into(),
                "write_data".into(),
                "write_enable".into(),
                "read_address".into(),
                "read_enable".into(),
            ],
            outputs: vec!["read_data".into()],
        }]
    }
}

/// Bursts that wait: 256 words of 36 bits, one write port, one registered read port. A word that is written in the
/// cycle in which it is read is read as it was.
#[derive(LogicBlock, Default)]
pub struct WaitingMemory {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Word to write.
    pub write_address: Signal<In, Bits<8>>,
    /// What to write.
    pub write_data: Signal<In, Bits<36>>,
    /// Write in this cycle.
    pub write_enable: Signal<In, Bit>,
    /// Word to read.
    pub read_address: Signal<In, Bits<8>>,
    /// The word, a cycle later.
    pub read_data: Signal<Out, Bits<36>>,
}

impl Logic for WaitingMemory {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.read_data.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "(* ram_style = \"block\" *) reg [35:0] words [0:255];
integer place;
initial begin
   read_data = 36'h0;
   for (place = 0; place <= 255; place = place + 1) words[place] = 36'h0;
end
always @(posedge clock) begin
   read_data <= words[read_address];
   if (write_enable) words[write_address] <= write_data;
end
"
            .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "words".into(),
            clock: "clock".into(),
            inputs: vec![
                "write_address".into(),
                "write_data".into(),
                "write_enable".into(),
                "read_address".into(),
            ],
            outputs: vec!["read_data".into()],
        }]
    }
}
