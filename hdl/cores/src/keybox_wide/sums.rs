//! The sums of the arithmetic as blocks: new numbers in each cycle, a result a fixed number of cycles later.

use super::arithmetic::{
    self as made, DROP_CUT, DROPPED_BITS, FIVE_BITS, GUARD, INVERSE_BITS, KEY_BITS, REMAINDER_BITS,
    TOP_BITS, X_BITS,
};
use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// P = X².
#[derive(LogicBlock, Default)]
pub struct Square {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The pipeline moves.
    pub run: Signal<In, Bit>,
    /// X.
    pub x: Signal<In, Bits<X_BITS>>,
    /// Its square.
    pub product: Signal<Out, Bits<{ 2 * X_BITS }>>,
}

impl Square {
    /// Cycles from the inputs to the output.
    pub fn stages() -> usize {
        made::square().stages()
    }
}

impl Logic for Square {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.product.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = made::square().text();
        Verilog::Custom(format!("{text}always @(*) product = total;"))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        registered("square", &["run", "x"], "product")
    }
}

/// An estimate of P / G: its floor, or one more, modulo 2^240.
#[derive(LogicBlock, Default)]
pub struct Estimate {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The pipeline moves.
    pub run: Signal<In, Bit>,
    /// P >> 210.
    pub high: Signal<In, Bits<TOP_BITS>>,
    /// Dropped digits.
    pub s: Signal<In, Bits<4>>,
    /// The estimate.
    pub quotient: Signal<Out, Bits<X_BITS>>,
}

impl Estimate {
    /// Cycles from the inputs to the output.
    pub fn stages() -> usize {
        made::estimate().stages()
    }
}

impl Logic for Estimate {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.quotient.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = made::table("inverse", INVERSE_BITS, made::inverse) + &made::estimate().text();
        Verilog::Custom(format!(
            "{text}always @(*) quotient = total[{GUARD} +: {X_BITS}];"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        registered("estimate", &["run", "high", "s"], "quotient")
    }
}

/// Whether an estimate is too low.
#[derive(LogicBlock, Default)]
pub struct Remainder {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The pipeline moves.
    pub run: Signal<In, Bit>,
    /// The estimate's low bits.
    pub quotient: Signal<In, Bits<REMAINDER_BITS>>,
    /// Dropped digits.
    pub s: Signal<In, Bits<4>>,
    /// P >> (D - 2), its low bits.
    pub shifted: Signal<In, Bits<REMAINDER_BITS>>,
    /// The bits below are not all 0.
    pub sticky: Signal<In, Bit>,
    /// The estimate times G is less than P: ⌈P / G⌉ is one more than the estimate.
    pub negative: Signal<Out, Bit>,
}

impl Remainder {
    /// Cycles from the inputs to the output.
    pub fn stages() -> usize {
        made::remainder().stages()
    }
}

impl Logic for Remainder {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.negative.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = made::table("five", FIVE_BITS, made::five) + &made::remainder().text();
        let sign = REMAINDER_BITS - 1;
        Verilog::Custom(format!("{text}always @(*) negative = total[{sign}];"))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        registered(
            "remainder",
            &["run", "quotient", "s", "shifted", "sticky"],
            "negative",
        )
    }
}

/// 4X less the quotient, less one if `carry` is 0.
#[derive(LogicBlock, Default)]
pub struct Next {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The pipeline moves.
    pub run: Signal<In, Bit>,
    /// X.
    pub x: Signal<In, Bits<X_BITS>>,
    /// The estimate.
    pub quotient: Signal<In, Bits<X_BITS>>,
    /// Two cycles later: the estimate is ⌈P / G⌉.
    pub carry: Signal<In, Bit>,
    /// The next X.
    pub after: Signal<Out, Bits<X_BITS>>,
}

impl Next {
    /// Cycles from the inputs to the output.
    pub fn stages() -> usize {
        made::next().stages()
    }
}

impl Logic for Next {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.after.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = made::next().text();
        Verilog::Custom(format!("{text}always @(*) after = total;"))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        registered("next", &["run", "x", "quotient", "carry"], "after")
    }
}

/// Whether X_0 is in range.
#[derive(LogicBlock, Default)]
pub struct Range {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The pipeline moves.
    pub run: Signal<In, Bit>,
    /// X_0.
    pub x: Signal<In, Bits<X_BITS>>,
    /// Dropped digits.
    pub s: Signal<In, Bits<4>>,
    /// It is below 10^(64 + s).
    pub below: Signal<Out, Bit>,
}

impl Range {
    /// Cycles from the inputs to the output.
    pub fn stages() -> usize {
        made::range().stages()
    }
}

impl Logic for Range {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.below.connect();
    }

    fn hdl(&self) -> Verilog {
        let text =
            made::table("minus_modulus", X_BITS + 1, made::minus_modulus) + &made::range().text();
        Verilog::Custom(format!("{text}always @(*) below = total[{X_BITS}];"))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        registered("range", &["run", "x", "s"], "below")
    }
}

/// An estimate of the digits that a session key drops: these, or one more.
#[derive(LogicBlock, Default)]
pub struct Dropped {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The pipeline moves.
    pub run: Signal<In, Bit>,
    /// X >> 208.
    pub high: Signal<In, Bits<{ X_BITS - DROP_CUT }>>,
    /// The estimate.
    pub digits: Signal<Out, Bits<DROPPED_BITS>>,
}

impl Dropped {
    /// Cycles from the inputs to the output.
    pub fn stages() -> usize {
        made::dropped().stages()
    }
}

impl Logic for Dropped {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.digits.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = made::dropped().text();
        Verilog::Custom(format!(
            "{text}always @(*) digits = total[{GUARD} +: {DROPPED_BITS}];"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        registered("dropped", &["run", "high"], "digits")
    }
}

/// Takes the dropped digits off.
#[derive(LogicBlock, Default)]
pub struct Strip {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The pipeline moves.
    pub run: Signal<In, Bit>,
    /// X >> 64, its low bits.
    pub high: Signal<In, Bits<KEY_BITS>>,
    /// The estimate of the dropped digits.
    pub dropped: Signal<In, Bits<DROPPED_BITS>>,
    /// The session key above its lowest 64 bits; negative if the estimate was one more.
    pub rest: Signal<Out, Bits<KEY_BITS>>,
}

impl Strip {
    /// Cycles from the inputs to the output.
    pub fn stages() -> usize {
        made::strip().stages()
    }
}

impl Logic for Strip {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.rest.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = made::strip().text();
        Verilog::Custom(format!("{text}always @(*) rest = total;"))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        registered("strip", &["run", "high", "dropped"], "rest")
    }
}

/// Adds 5^64 to what is negative.
#[derive(LogicBlock, Default)]
pub struct Correct {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// The pipeline moves.
    pub run: Signal<In, Bit>,
    /// A number, its highest bit the sign.
    pub rest: Signal<In, Bits<KEY_BITS>>,
    /// The session key above its lowest 64 bits.
    pub high: Signal<Out, Bits<KEY_BITS>>,
}

impl Correct {
    /// Cycles from the inputs to the output.
    pub fn stages() -> usize {
        made::correct().stages()
    }
}

impl Logic for Correct {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.high.connect();
    }

    fn hdl(&self) -> Verilog {
        let text = made::correct().text();
        Verilog::Custom(format!("{text}always @(*) high = total;"))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        registered("correct", &["run", "rest"], "high")
    }
}

/// Ports that are registered on the way in and on the way out.
fn registered(name: &str, inputs: &[&str], output: &str) -> Vec<TimingInfo> {
    vec![TimingInfo {
        name: name.to_owned(),
        clock: "clock".into(),
        inputs: inputs.iter().map(|input| (*input).to_owned()).collect(),
        outputs: vec![output.to_owned()],
    }]
}
