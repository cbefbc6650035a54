//! A number, some cycles later.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// `late` is `early` after a fixed number of cycles in which `run` is 1: a shift register.
#[derive(LogicBlock)]
pub struct Delay<const W: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// It moves.
    pub run: Signal<In, Bit>,
    /// What comes in.
    pub early: Signal<In, Bits<W>>,
    /// What came in `cycles` ago.
    pub late: Signal<Out, Bits<W>>,
    cycles: Constant<Bits<8>>,
}

impl<const W: usize> Delay<W> {
    /// A delay of 2 cycles at least.
    pub fn new(cycles: usize) -> Self {
        assert!((2..256).contains(&cycles), "a delay of {cycles} cycles");
        Self {
            clock: Default::default(),
            run: Default::default(),
            early: Default::default(),
            late: Default::default(),
            cycles: Constant::new((cycles as u64).into()),
        }
    }
}

impl<const W: usize> Logic for Delay<W> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.late.connect();
    }

    fn hdl(&self) -> Verilog {
        let last = self.cycles.val().index() - 1;
        let top = W - 1;
        Verilog::Custom(format!(
            "\
reg [{top}:0] line [0:{last}];
integer at;
initial for (at = 0; at <= {last}; at = at + 1) line[at] = 0;
always @(posedge clock) if (run) begin
   line[0] <= early;
   for (at = 1; at <= {last}; at = at + 1) line[at] <= line[at - 1];
end
always @(*) late = line[{last}];"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "delay".into(),
            clock: "clock".into(),
            inputs: vec!["run".into(), "early".into()],
            outputs: vec!["late".into()],
        }]
    }
}
