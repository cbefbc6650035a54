//! The wide part of the extractor: a window of the seed, and the sum of the columns that the input selects.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Window and sum of an extractor of at most `M` output bits that takes `W` input bits a cycle.
///
/// With `add`, input bit k adds the column that begins at bit W-1-k of the window. With `shift`, the window moves
/// up by W bits and `word` comes in below. Nothing wide moves in other cycles, so that an idle card costs nothing
/// to simulate and little to run.
#[derive(LogicBlock, Default)]
pub struct Columns<const W: usize, const M: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Sweeps the window.
    pub wipe: Signal<In, Bit>,
    /// Sweeps the sum.
    pub clear: Signal<In, Bit>,
    /// Moves the window.
    pub shift: Signal<In, Bit>,
    /// Adds the columns that `bits` selects.
    pub add: Signal<In, Bit>,
    /// Input bits, the first lowest.
    pub bits: Signal<In, Bits<W>>,
    /// The next W bits of the seed, downwards.
    pub word: Signal<In, Bits<W>>,
    /// Takes beat `beat` of the sum to `out`.
    pub fetch: Signal<In, Bit>,
    /// Sweeps `out`.
    pub forget: Signal<In, Bit>,
    /// Which 64 bits of the sum.
    pub beat: Signal<In, Bits<8>>,
    /// Bits of the beat that are output; the others become 0.
    pub mask: Signal<In, Bits<64>>,
    /// The beat fetched last.
    pub out: Signal<Out, Bits<64>>,
}

impl<const W: usize, const M: usize> Logic for Columns<W, M> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.out.connect();
    }

    fn hdl(&self) -> Verilog {
        let beats = M.div_ceil(64);
        let terms: Vec<String> = (0..W)
            .map(|k| {
                format!(
                    "({{{M}{{bits[{k}]}}}} & window[{}:{}])",
                    W - 1 - k + M - 1,
                    W - 1 - k
                )
            })
            .collect();
        let choices: Vec<String> = (0..beats)
            .map(|beat| {
                let high = (64 * beat + 63).min(M - 1);
                format!("      {beat}: chosen = sum[{high}:{}];", 64 * beat)
            })
            .collect();
        Verilog::Custom(format!(
            "\
reg [{top}:0] window;
reg [{last}:0] sum;
reg [63:0] chosen;
initial begin
   window = 0;
   sum = 0;
   out = 0;
end
always @(*) begin
   case (beat)
{choices}
      default: chosen = 0;
   endcase
end
always @(posedge clock) begin
   if (wipe) window <= 0;
   else if (shift) window <= {{window[{keep}:0], word}};
   if (clear) sum <= 0;
   else if (add) sum <= sum ^ {terms};
   if (forget) out <= 0;
   else if (fetch) out <= chosen & mask;
end
",
            top = M + W - 2,
            last = M - 1,
            keep = M - 2,
            choices = choices.join("\n"),
            terms = terms.join("\n      ^ "),
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        let inputs = [
            "wipe", "clear", "shift", "add", "bits", "word", "fetch", "forget", "beat", "mask",
        ];
        vec![TimingInfo {
            name: "columns".into(),
            clock: "clock".into(),
            inputs: inputs.map(Into::into).to_vec(),
            outputs: vec!["out".into()],
        }]
    }
}
