//! How many bits of a word are 1.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// Registered population count: one sum of all bits, which synthesis makes a tree of.
#[derive(LogicBlock, Default)]
pub struct Ones<const N: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Bits to count, at most 127.
    pub word: Signal<In, Bits<N>>,
    /// Their number, a cycle later.
    pub count: Signal<Out, Bits<7>>,
}

impl<const N: usize> Logic for Ones<N> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.count.connect();
    }

    fn hdl(&self) -> Verilog {
        let terms: Vec<String> = (0..N).map(|bit| format!("{{6'd0, word[{bit}]}}")).collect();
        Verilog::Custom(format!(
            "initial count = 0;\nalways @(posedge clock) count <= {};\n",
            terms.join(" + ")
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
