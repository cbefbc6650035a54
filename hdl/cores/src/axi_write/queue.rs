//! The bursts in flight, in order.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// 2^`A` entries of `W` bits in distributed memory: one write port, two read ports without a register.
#[derive(LogicBlock, Default)]
pub struct OrderMemory<const W: usize, const A: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Entry to write.
    pub write_address: Signal<In, Bits<A>>,
    /// What to write.
    pub write_data: Signal<In, Bits<W>>,
    /// Write in this cycle.
    pub write_enable: Signal<In, Bit>,
    /// Entry to read at the first port.
    pub first_address: Signal<In, Bits<A>>,
    /// It.
    pub first: Signal<Out, Bits<W>>,
    /// Entry to read at the second port.
    pub second_address: Signal<In, Bits<A>>,
    /// It.
    pub second: Signal<Out, Bits<W>>,
}

impl<const W: usize, const A: usize> Logic for OrderMemory<W, A> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.first.connect();
        self.second.connect();
    }

    fn hdl(&self) -> Verilog {
        let last = (1_u64 << A) - 1;
        let high = W - 1;
        Verilog::Custom(format!(
            "(* ram_style = \"distributed\" *) reg [{high}:0] entries [0:{last}];
integer place;
initial for (place = 0; place <= {last}; place = place + 1) entries[place] = 0;
always @(posedge clock) if (write_enable) entries[write_address] <= write_data;
always @(*) first = entries[first_address];
always @(*) second = entries[second_address];
"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "entries".into(),
            clock: "clock".into(),
            inputs: vec![
                "write_address".into(),
                "write_data".into(),
                "write_enable".into(),
            ],
            outputs: vec!["first".into(), "second".into()],
        }]
    }
}

/// A constant that a constructor sets.
#[derive(LogicBlock)]
pub struct Limit {
    /// The constant.
    pub value: Signal<Out, Bits<32>>,
    constant: Constant<Bits<32>>,
}

impl Limit {
    /// With this value.
    pub fn new(value: u32) -> Self {
        Self {
            value: Signal::default(),
            constant: Constant::new(u64::from(value).into()),
        }
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self::new(super::TIMEOUT_CYCLES)
    }
}

impl Logic for Limit {
    #[hdl_gen]
    fn update(&mut self) {
        self.value.next = self.constant.val();
    }
}
