//! A register of the map that software writes.

use rust_hdl::prelude::*;

/// A register with write enable and a value after reset.
#[derive(Clone, Debug, LogicBlock)]
pub struct Setting<const N: usize> {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the value after reset.
    pub reset: Signal<In, Bit>,
    /// Takes `data` after this cycle.
    pub write: Signal<In, Bit>,
    /// The value to take.
    pub data: Signal<In, Bits<N>>,
    /// The value held.
    pub value: Signal<Out, Bits<N>>,
    after_reset: Constant<Bits<N>>,
}

impl<const N: usize> Setting<N> {
    /// A register that holds `after_reset` after reset and power-on.
    pub fn new(after_reset: u32) -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            write: Default::default(),
            data: Default::default(),
            value: Default::default(),
            after_reset: Constant::new(u64::from(after_reset).into()),
        }
    }
}

impl<const N: usize> Logic for Setting<N> {
    fn update(&mut self) {
        if self.clock.pos_edge() {
            if self.reset.val() {
                self.value.next = self.after_reset.val();
            } else if self.write.val() {
                self.value.next = self.data.val();
            }
        }
    }

    fn connect(&mut self) {
        self.value.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "\
initial value = after_reset;
always @(posedge clock) begin
    if (reset) value <= after_reset;
    else if (write) value <= data;
end
"
            .to_owned(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "setting".into(),
            clock: "clock".into(),
            inputs: vec!["reset".into(), "write".into(), "data".into()],
            outputs: vec!["value".into()],
        }]
    }
}
