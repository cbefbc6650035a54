//! Weak values, and X_0 beyond its range.

use super::arithmetic::LIMBS;
use super::registers::number;
use rust_hdl::prelude::*;

/// Looks at every X, limb by limb, as it is stored.
#[derive(LogicBlock)]
pub struct Judge {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Forgets everything.
    pub clear: Signal<In, Bit>,
    /// A limb.
    pub limb: Signal<In, Bits<36>>,
    /// The limb of X that it replaces.
    pub replaced: Signal<In, Bits<36>>,
    /// Its number.
    pub index: Signal<In, Bits<5>>,
    /// It is one of the next X.
    pub is_next: Signal<In, Bit>,
    /// Its highest bit is the sign of X_0 - M.
    pub is_check: Signal<In, Bit>,
    /// A limb of X_0 is loaded.
    pub is_load: Signal<In, Bit>,
    /// That limb.
    pub loaded: Signal<In, Bits<36>>,
    /// X_0 is 0.
    pub zero: Signal<Out, Bit>,
    /// X_0 is below M.
    pub below: Signal<Out, Bit>,
    /// The last complete X is 0 or the one before it.
    pub is_weak: Signal<Out, Bit>,
    limb_seen: DFF<Bits<36>>,
    before_seen: DFF<Bits<36>>,
    index_seen: DFF<Bits<5>>,
    seen: DFF<Bit>,
    complete: DFF<Bit>,
    any_bit: DFF<Bit>,
    any_change: DFF<Bit>,
    weak_now: DFF<Bit>,
    x0_bit: DFF<Bit>,
    is_below: DFF<Bit>,
    limb_now: Signal<Local, Bits<36>>,
    has_bit: Signal<Local, Bit>,
    changes: Signal<Local, Bit>,
    last: Constant<Bits<5>>,
}

impl Default for Judge {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            clear: Default::default(),
            limb: Default::default(),
            replaced: Default::default(),
            index: Default::default(),
            is_next: Default::default(),
            is_check: Default::default(),
            is_load: Default::default(),
            loaded: Default::default(),
            zero: Default::default(),
            below: Default::default(),
            is_weak: Default::default(),
            limb_seen: Default::default(),
            before_seen: Default::default(),
            index_seen: Default::default(),
            seen: Default::default(),
            complete: Default::default(),
            any_bit: Default::default(),
            any_change: Default::default(),
            weak_now: Default::default(),
            x0_bit: Default::default(),
            is_below: Default::default(),
            limb_now: Default::default(),
            has_bit: Default::default(),
            changes: Default::default(),
            last: number(LIMBS as u64 - 1),
        }
    }
}

impl Logic for Judge {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            limb_seen,
            before_seen,
            index_seen,
            seen,
            complete,
            any_bit,
            any_change,
            weak_now,
            x0_bit,
            is_below
        );
        self.limb_now.next = self.limb.val();
        self.limb_seen.d.next = 0.into();
        self.before_seen.d.next = 0.into();
        if self.is_next.val() {
            self.limb_seen.d.next = self.limb.val();
            self.before_seen.d.next = self.replaced.val();
        }
        self.index_seen.d.next = self.index.val();
        self.seen.d.next = self.is_next.val();
        self.has_bit.next = self.limb_seen.q.val() != 0;
        self.changes.next = self.limb_seen.q.val() != self.before_seen.q.val();
        if self.seen.q.val() {
            if self.index_seen.q.val() == 0 {
                self.any_bit.d.next = self.has_bit.val();
                self.any_change.d.next = self.changes.val();
            } else {
                self.any_bit.d.next = self.any_bit.q.val() | self.has_bit.val();
                self.any_change.d.next = self.any_change.q.val() | self.changes.val();
            }
        }
        self.complete.d.next = self.seen.q.val() & (self.index_seen.q.val() == self.last.val());
        if self.complete.q.val() {
            self.weak_now.d.next = !self.any_bit.q.val() | !self.any_change.q.val();
        }
        if self.is_load.val() & (self.loaded.val() != 0) {
            self.x0_bit.d.next = true;
        }
        if self.is_check.val() {
            self.is_below.d.next = self.limb_now.val().get_bit(35);
        }
        self.zero.next = !self.x0_bit.q.val();
        self.below.next = self.is_below.q.val();
        self.is_weak.next = self.weak_now.q.val();
        if self.clear.val() {
            self.limb_seen.d.next = 0.into();
            self.before_seen.d.next = 0.into();
            self.seen.d.next = false;
            self.complete.d.next = false;
            self.any_bit.d.next = false;
            self.any_change.d.next = false;
            self.weak_now.d.next = false;
            self.x0_bit.d.next = false;
            self.is_below.d.next = false;
        }
    }
}
