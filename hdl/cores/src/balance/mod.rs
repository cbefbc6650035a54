//! Balance watch: neither value's share of 65,536 bits above 2^-H + 6 sigma (spec 1-entropy §1.2); mirrors
//! `photonbox_model::balance`.

use rust_hdl::prelude::*;

/// Counts both values in windows. The verdict is combinational, in the cycle of the bit.
///
/// Settings must be stable from two cycles before `clear` on, for as long as the watch steps.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct BalanceWatch {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the state after power-on; `clear` must come before the first step.
    pub reset: Signal<In, Bit>,
    /// Starts anew after this cycle, with a window's first bit. Not together with `step`.
    pub clear: Signal<In, Bit>,
    /// A bit comes in this cycle.
    pub step: Signal<In, Bit>,
    /// The bit.
    pub value: Signal<In, Bit>,
    /// Most bits of one value in a window.
    pub most: Signal<In, Bits<17>>,
    /// Bits of a window, less 1; the window is 2 bits or more.
    pub window_less_1: Signal<In, Bits<16>>,
    /// Failure with this bit.
    pub fail: Signal<Out, Bit>,
    // Bits of this window to come after the next; `last`: there are none.
    left: DFF<Bits<16>>,
    last: DFF<Bit>,
    // Ones, and zeros, that the window still allows; `…_due`: none.
    ones: DFF<Bits<17>>,
    ones_due: DFF<Bit>,
    zeros: DFF<Bits<17>>,
    zeros_due: DFF<Bit>,
    // One value had more than its most in this window.
    over: DFF<Bit>,
    none_allowed: DFF<Bit>,
    failed: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
}

impl Logic for BalanceWatch {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            left,
            last,
            ones,
            ones_due,
            zeros,
            zeros_due,
            over,
            none_allowed
        );
        self.none_allowed.d.next = self.most.val() == 0;
        self.failed.next = self.over.q.val()
            | (self.value.val() & self.ones_due.q.val())
            | (!self.value.val() & self.zeros_due.q.val());
        self.fail.next = self.step.val() & self.failed.val();
        if self.step.val() {
            self.left.d.next = self.left.q.val() - 1;
            self.last.d.next = self.left.q.val() == 1;
            self.over.d.next = self.failed.val();
            if self.value.val() {
                self.ones.d.next = self.ones.q.val() - 1;
                self.ones_due.d.next = self.ones_due.q.val() | (self.ones.q.val() == 1);
            } else {
                self.zeros.d.next = self.zeros.q.val() - 1;
                self.zeros_due.d.next = self.zeros_due.q.val() | (self.zeros.q.val() == 1);
            }
        }
        self.begins.next = self.clear.val() | (self.step.val() & self.last.q.val());
        if self.begins.val() {
            self.left.d.next = self.window_less_1.val();
            self.last.d.next = false;
            self.ones.d.next = self.most.val();
            self.ones_due.d.next = self.none_allowed.q.val();
            self.zeros.d.next = self.most.val();
            self.zeros_due.d.next = self.none_allowed.q.val();
            self.over.d.next = false;
        }
        if self.reset.val() {
            self.left.d.next = 0.into();
            self.last.d.next = false;
            self.ones.d.next = 0.into();
            self.ones_due.d.next = false;
            self.zeros.d.next = 0.into();
            self.zeros_due.d.next = false;
            self.over.d.next = false;
        }
    }
}
