//! How many bits of a word are 1.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Bits that are summed in one step.
const GROUP: usize = 8;

/// Registered population count.
#[derive(LogicBlock, Default)]
pub struct Ones<const N: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Bits to count, at most 127.
    pub word: Signal<In, Bits<N>>,
    /// Their number: a cycle later, or two for more than eight bits.
    pub count: Signal<Out, Bits<7>>,
}

impl<const N: usize> Logic for Ones<N> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.count.connect();
    }

    fn hdl(&self) -> Verilog {
        // More than eight take a step in between.
        let groups = N.div_ceil(GROUP);
        let sum = |terms: &mut dyn Iterator<Item = String>| terms.collect::<Vec<_>>().join(" + ");
        if groups == 1 {
            let all = sum(&mut (0..N).map(|bit| format!("{{6'd0, word[{bit}]}}")));
            return Verilog::Custom(format!(
                "initial count = 0;\nalways @(posedge clock) count <= {all};\n"
            ));
        }
        let few: String = (0..groups)
            .map(|group| {
                let bits = group * GROUP..N.min((group + 1) * GROUP);
                let all = sum(&mut bits.map(|bit| format!("{{3'd0, word[{bit}]}}")));
                format!("   few[{} +: 4] <= {all};\n", 4 * group)
            })
            .collect();
        let all = sum(&mut (0..groups).map(|group| format!("{{3'd0, few[{} +: 4]}}", 4 * group)));
        Verilog::Custom(format!(
            "\
reg [{}:0] few;
initial begin
   count = 0;
   few = 0;
end
always @(posedge clock) begin
{few}   count <= {all};
end
",
            4 * groups - 1
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "ones".into(),
            clock: "clock".into(),
            inputs: vec!["word".into()],
            outputs: vec!["count".into()],
        }]
    }
}
