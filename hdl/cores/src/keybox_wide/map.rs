//! One step of the map as a pipeline: X in, the next X and its session key out, new ones in each cycle.

use super::arithmetic::{CUT, DROP_CUT, KEY_BITS, REMAINDER_BITS, TOP_BITS, X_BITS};
use super::delay::Delay;
use super::sums::{Correct, Dropped, Estimate, Next, Range, Remainder, Square, Strip};
use crate::keybox::number;
use rust_hdl::prelude::*;

/// Bits of P that are shifted by what depends on s, and where they begin: 62 + s of 2^(62 + s) * 5^D.
const SHIFT_LOW: usize = 62;
const MOST_S: usize = 8;
const SHIFT_BITS: usize = REMAINDER_BITS + MOST_S;
const STICKY_BITS: usize = SHIFT_LOW + MOST_S;

/// Cycles from X to [`Next`]'s result.
fn next_at() -> usize {
    // Its carry comes two cycles after its terms.
    Square::stages() + Estimate::stages() + Remainder::stages() - 2 + Next::stages()
}

/// Cycles from X to its results.
pub fn stages() -> usize {
    next_at() + Dropped::stages() + Strip::stages() + Correct::stages()
}

/// The pipeline.
#[derive(LogicBlock)]
pub struct Map {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// It moves.
    pub run: Signal<In, Bit>,
    /// X.
    pub x: Signal<In, Bits<X_BITS>>,
    /// Dropped digits; 0 if there is no X, which is 0 then.
    pub s: Signal<In, Bits<4>>,
    /// The next X.
    pub after: Signal<Out, Bits<X_BITS>>,
    /// The session key of the next X.
    pub key: Signal<Out, Bits<256>>,
    /// The next X is 0 or X.
    pub weak_value: Signal<Out, Bit>,
    /// X was below 10^(64 + s).
    pub below: Signal<Out, Bit>,
    square: Square,
    estimate: Estimate,
    remainder: Remainder,
    sum: Next,
    range: Range,
    dropped: Dropped,
    strip: Strip,
    correct: Correct,
    shifted: DFF<Bits<REMAINDER_BITS>>,
    sticky: DFF<Bits<1>>,
    is_zero: DFF<Bit>,
    is_same: DFF<Bit>,
    shifted_late: Delay<REMAINDER_BITS>,
    sticky_late: Delay<1>,
    s_square: Delay<4>,
    s_estimate: Delay<4>,
    x_sum: Delay<X_BITS>,
    x_weak: Delay<X_BITS>,
    quotient_late: Delay<X_BITS>,
    next_dropped: Delay<X_BITS>,
    next_late: Delay<X_BITS>,
    weak_late: Delay<1>,
    below_late: Delay<1>,
    product: Signal<Local, Bits<{ 2 * X_BITS }>>,
    part: Signal<Local, Bits<SHIFT_BITS>>,
    parted: Signal<Local, Bits<SHIFT_BITS>>,
    bottom: Signal<Local, Bits<STICKY_BITS>>,
    shift: Signal<Local, Bits<4>>,
    bottomed: Signal<Local, Bits<STICKY_BITS>>,
    quotient: Signal<Local, Bits<X_BITS>>,
    made: Signal<Local, Bits<X_BITS>>,
    old: Signal<Local, Bits<X_BITS>>,
    above: Signal<Local, Bits<X_BITS>>,
    last: Signal<Local, Bits<X_BITS>>,
    most_s: Constant<Bits<4>>,
    low_bits: Constant<Bits<8>>,
}

impl Default for Map {
    fn default() -> Self {
        // The kernel below can name no constants of the kind.
        assert_eq!((CUT, TOP_BITS, SHIFT_LOW, SHIFT_BITS), (210, 270, 62, 177));
        assert_eq!((STICKY_BITS, REMAINDER_BITS), (70, 169));
        assert_eq!((DROP_CUT, X_BITS - DROP_CUT, KEY_BITS), (208, 32, 150));
        let to_key = Dropped::stages() + Strip::stages() + Correct::stages();
        let to_sum = next_at() - Next::stages();
        Self {
            clock: Default::default(),
            run: Default::default(),
            x: Default::default(),
            s: Default::default(),
            after: Default::default(),
            key: Default::default(),
            weak_value: Default::default(),
            below: Default::default(),
            square: Default::default(),
            estimate: Default::default(),
            remainder: Default::default(),
            sum: Default::default(),
            range: Default::default(),
            dropped: Default::default(),
            strip: Default::default(),
            correct: Default::default(),
            shifted: Default::default(),
            sticky: Default::default(),
            is_zero: Default::default(),
            is_same: Default::default(),
            shifted_late: Delay::new(Estimate::stages() - 1),
            sticky_late: Delay::new(Estimate::stages() - 1),
            s_square: Delay::new(Square::stages()),
            s_estimate: Delay::new(Estimate::stages()),
            x_sum: Delay::new(to_sum),
            x_weak: Delay::new(Next::stages()),
            quotient_late: Delay::new(Remainder::stages() - 2),
            next_dropped: Delay::new(Dropped::stages()),
            next_late: Delay::new(Strip::stages() + Correct::stages()),
            weak_late: Delay::new(to_key - 1),
            below_late: Delay::new(stages() - Range::stages()),
            product: Default::default(),
            part: Default::default(),
            parted: Default::default(),
            bottom: Default::default(),
            shift: Default::default(),
            bottomed: Default::default(),
            quotient: Default::default(),
            made: Default::default(),
            old: Default::default(),
            above: Default::default(),
            last: Default::default(),
            most_s: number(MOST_S as u64),
            low_bits: number(64),
        }
    }
}

impl Logic for Map {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, shifted, sticky, is_zero, is_same);
        clock!(
            self,
            clock,
            square,
            estimate,
            remainder,
            sum,
            range,
            dropped,
            strip,
            correct,
            shifted_late,
            sticky_late,
            s_square,
            s_estimate,
            x_sum,
            x_weak,
            quotient_late,
            next_dropped,
            next_late,
            weak_late,
            below_late
        );
        self.square.run.next = self.run.val();
        self.estimate.run.next = self.run.val();
        self.remainder.run.next = self.run.val();
        self.sum.run.next = self.run.val();
        self.range.run.next = self.run.val();
        self.dropped.run.next = self.run.val();
        self.strip.run.next = self.run.val();
        self.correct.run.next = self.run.val();
        self.shifted_late.run.next = self.run.val();
        self.sticky_late.run.next = self.run.val();
        self.s_square.run.next = self.run.val();
        self.s_estimate.run.next = self.run.val();
        self.x_sum.run.next = self.run.val();
        self.x_weak.run.next = self.run.val();
        self.quotient_late.run.next = self.run.val();
        self.next_dropped.run.next = self.run.val();
        self.next_late.run.next = self.run.val();
        self.weak_late.run.next = self.run.val();
        self.below_late.run.next = self.run.val();

        // P, and its quotient by G from above or below.
        self.square.x.next = self.x.val();
        self.s_square.early.next = self.s.val();
        self.product.next = self.square.product.val();
        self.estimate.high.next = self.product.val().get_bits::<270>(210);
        self.estimate.s.next = self.s_square.late.val();
        self.s_estimate.early.next = self.s_square.late.val();
        self.quotient.next = self.estimate.quotient.val();

        // P / 2^(D - 2), rounded up.
        self.part.next = self.product.val().get_bits::<177>(62);
        self.parted.next = self.part.val() >> bit_cast::<177, 4>(self.s_square.late.val());
        self.bottom.next = self.product.val().get_bits::<70>(0);
        self.shift.next = self.most_s.val() - self.s_square.late.val();
        self.bottomed.next = self.bottom.val() << bit_cast::<70, 4>(self.shift.val());
        if self.run.val() {
            self.shifted.d.next = self.parted.val().get_bits::<169>(0);
            self.sticky.d.next = 0.into();
            if self.bottomed.val() != 0 {
                self.sticky.d.next = 1.into();
            }
        }
        self.shifted_late.early.next = self.shifted.q.val();
        self.sticky_late.early.next = self.sticky.q.val();

        // Which of the two the quotient is.
        self.remainder.quotient.next = self.quotient.val().get_bits::<169>(0);
        self.remainder.s.next = self.s_estimate.late.val();
        self.remainder.shifted.next = self.shifted_late.late.val();
        self.remainder.sticky.next = self.sticky_late.late.val() != 0;

        // The next X.
        self.x_sum.early.next = self.x.val();
        self.quotient_late.early.next = self.quotient.val();
        self.sum.x.next = self.x_sum.late.val();
        self.sum.quotient.next = self.quotient_late.late.val();
        self.sum.carry.next = !self.remainder.negative.val();
        self.made.next = self.sum.after.val();

        // Weak values; X_0 beyond its range.
        self.x_weak.early.next = self.x_sum.late.val();
        self.old.next = self.x_weak.late.val();
        if self.run.val() {
            self.is_zero.d.next = self.made.val() == 0;
            self.is_same.d.next = self.made.val() == self.old.val();
        }
        self.weak_late.early.next = 0.into();
        if self.is_zero.q.val() | self.is_same.q.val() {
            self.weak_late.early.next = 1.into();
        }
        self.weak_value.next = self.weak_late.late.val() != 0;
        self.range.x.next = self.x.val();
        self.range.s.next = self.s.val();
        self.below_late.early.next = 0.into();
        if self.range.below.val() {
            self.below_late.early.next = 1.into();
        }
        self.below.next = self.below_late.late.val() != 0;

        // The session key.
        self.dropped.high.next = self.made.val().get_bits::<32>(208);
        self.next_dropped.early.next = self.made.val();
        self.above.next = self.next_dropped.late.val();
        self.strip.high.next = self.above.val().get_bits::<150>(64);
        self.strip.dropped.next = self.dropped.digits.val();
        self.correct.rest.next = self.strip.rest.val();
        self.next_late.early.next = self.above.val();
        self.last.next = self.next_late.late.val();
        self.after.next = self.last.val();
        self.key.next = (bit_cast::<256, 150>(self.correct.high.val()) << self.low_bits.val())
            | bit_cast::<256, 64>(self.last.val().get_bits::<64>(0));
    }
}
