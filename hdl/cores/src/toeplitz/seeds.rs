//! The two seed banks: block RAM with parity, written by 32-bit words, read downwards by W bits.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Bits of a bank: a seed of n + m - 1 bits must fit.
pub const BANK_BITS: usize = 8192;

/// What the known-answer test reads instead of the RAM: row `row` of 64 bits.
pub(crate) const fn test_row(row: u64) -> u64 {
    TEST_ROW ^ (row * 0x0101_0101_0101_0101)
}

const TEST_ROW: u64 = 0x9e37_79b9_7f4a_7c15;

/// Seed memory with its read pipeline of three steps: row, word, alignment. All of it moves with `advance` only,
/// so that a stall anywhere needs no skid buffer.
#[derive(LogicBlock, Default)]
pub struct Seeds<const W: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Bank (bit 7) and row of 64 bits (6:0) to write.
    pub write_row: Signal<In, Bits<8>>,
    /// Writes the row's low word.
    pub write_even: Signal<In, Bit>,
    /// Writes the row's high word.
    pub write_odd: Signal<In, Bit>,
    /// Word to write.
    pub write_data: Signal<In, Bits<32>>,
    /// Stores the wrong parity: a fault to inject.
    pub write_fault: Signal<In, Bit>,
    /// Sweeps the read pipeline.
    pub wipe: Signal<In, Bit>,
    /// Moves the read pipeline.
    pub advance: Signal<In, Bit>,
    /// Bank to read.
    pub bank: Signal<In, Bit>,
    /// Number of the W-bit word to read.
    pub address: Signal<In, Bits<13>>,
    /// Bits by which the seed is moved up: W ceil(n / W) - n.
    pub pad: Signal<In, Bits<6>>,
    /// Reads the known-answer test's rows instead of the RAM.
    pub test: Signal<In, Bit>,
    /// W bits of the seed, moved up by `pad`: those addressed three steps before.
    pub word: Signal<Out, Bits<W>>,
    /// A row was read with wrong parity, two cycles ago.
    pub corrupt: Signal<Out, Bit>,
}

impl<const W: usize> Logic for Seeds<W> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.word.connect();
        self.corrupt.connect();
    }

    fn hdl(&self) -> Verilog {
        let rows = 2 * BANK_BITS / 64;
        // W is a power of two of at most 64: log2(64 / W) bits of the address choose within a row.
        let sub = (64 / W).trailing_zeros() as usize;
        let (select, pick) = if sub == 0 {
            (String::new(), "row".to_owned())
        } else {
            (
                format!("reg [{}:0] part = 0;", sub - 1),
                format!("row >> {{part, {}'d0}}", W.trailing_zeros()),
            )
        };
        let keep = if sub == 0 {
            String::new()
        } else {
            format!("part <= address[{}:0];", sub - 1)
        };
        Verilog::Custom(format!(
            "\
reg [32:0] even [0:{last}];
reg [32:0] odd [0:{last}];
reg [32:0] low = 0, high = 0;
reg [{w1}:0] newer = 0, older = 0;
reg known = 0, fresh = 0;
{select}
wire [6:0] row_address = address[{top}:{sub}];
reg [6:0] known_address = 0;
wire [63:0] known_row = 64'h{known:x} ^ {{8{{1'b0, known_address}}}};
wire [63:0] row = known ? known_row : {{high[31:0], low[31:0]}};
wire [{w1}:0] picked = {pick};
wire [{w2}:0] pair = {{older, newer}};
wire [{w2}:0] moved = pair << pad;
integer i;
initial begin
   corrupt = 0;
   for (i = 0; i < {rows}; i = i + 1) begin
      even[i] = 0;
      odd[i] = 0;
   end
end
always @(*) word = moved[{w2}:{W}];
always @(posedge clock) begin
   if (write_even) even[write_row] <= {{(^write_data) ^ write_fault, write_data}};
   if (write_odd) odd[write_row] <= {{(^write_data) ^ write_fault, write_data}};
end
always @(posedge clock) begin
   if (wipe) low <= 0;
   else if (advance) low <= even[{{bank, row_address}}];
   if (wipe) high <= 0;
   else if (advance) high <= odd[{{bank, row_address}}];
end
always @(posedge clock) begin
   fresh <= advance & ~test;
   corrupt <= fresh & ((^low) | (^high));
   if (advance) begin
      {keep}
      known <= test;
      known_address <= row_address;
   end
   if (wipe) begin
      newer <= 0;
      older <= 0;
   end else if (advance) begin
      newer <= picked;
      older <= newer;
   end
end
",
            last = rows - 1,
            known = TEST_ROW,
            w1 = W - 1,
            w2 = 2 * W - 1,
            top = sub + 6,
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let inputs = [
            "write_row",
            "write_even",
            "write_odd",
            "write_data",
            "write_fault",
            "wipe",
            "advance",
            "bank",
            "address",
            "test",
        ];
        vec![TimingInfo {
            name: "seeds".into(),
            clock: "clock".into(),
            inputs: inputs.map(Into::into).to_vec(),
            outputs: vec!["word".into(), "corrupt".into()],
        }]
    }
}
