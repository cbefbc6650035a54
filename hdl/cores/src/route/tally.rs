//! How many bits of each lane the block in progress has.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Counters of 14 bits, one a lane, that step together: digit d of all counters is a word of its own.
#[derive(LogicBlock, Default)]
pub struct Tally<const LANES: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Sets all to 0.
    pub clear: Signal<In, Bit>,
    /// Lanes that count one more.
    pub add: Signal<In, Bits<LANES>>,
    /// Sets all to 0 and keeps what they were, `add` included.
    pub keep: Signal<In, Bit>,
    /// Lane to look at.
    pub lane: Signal<In, Bits<6>>,
    /// What was kept of its count.
    pub count: Signal<Out, Bits<14>>,
}

const DIGITS: usize = 14;

impl<const LANES: usize> Logic for Tally<LANES> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.count.connect();
    }

    fn hdl(&self) -> Verilog {
        let high = LANES - 1;
        let each = |line: fn(usize) -> String| -> String { (0..DIGITS).map(line).collect() };
        let carries: String = (1..DIGITS)
            .map(|digit| {
                let lower = digit - 1;
                format!("wire [{high}:0] carry{digit} = carry{lower} & digit{lower};\n")
            })
            .collect();
        let registers: String = (0..DIGITS)
            .map(|digit| format!("reg [{high}:0] digit{digit}, kept{digit};\n"))
            .collect();
        Verilog::Custom(format!(
            "\
{registers}wire [{high}:0] carry0 = add;
{carries}initial begin
{start}end
always @(*) begin
{seen}end
always @(posedge clock) begin
   if (keep) begin
{kept}   end
   if (clear | keep) begin
{cleared}   end else if (|add) begin
{steps}   end
end
",
            start = each(|digit| format!("   digit{digit} = 0;\n   kept{digit} = 0;\n")),
            seen = each(|digit| format!("   count[{digit}] = kept{digit}[lane];\n")),
            kept = each(|digit| format!("      kept{digit} <= digit{digit} ^ carry{digit};\n")),
            cleared = each(|digit| format!("      digit{digit} <= 0;\n")),
            steps = each(|digit| format!("      digit{digit} <= digit{digit} ^ carry{digit};\n")),
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "tally".into(),
            clock: "clock".into(),
            inputs: ["clear", "add", "keep", "lane"].map(Into::into).to_vec(),
            outputs: vec!["count".into()],
        }]
    }
}
