//! Adaptive proportion test, SP 800-90B §4.4.2; mirrors `photonbox_model::apt`.

use photonbox_regmap::lane::APT_WINDOW;
use rust_hdl::prelude::*;

/// Watches for one value that is too frequent in a window of 1,024 samples (W of the standard for binary sources).
/// The verdict is combinational, in the cycle of the sample.
///
/// The cut-off must be stable from two cycles before `clear` on, for as long as the test steps.
#[derive(Clone, Debug, LogicBlock)]
pub struct AdaptiveProportion {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the state after power-on.
    pub reset: Signal<In, Bit>,
    /// Starts anew after this cycle, with a window's first sample. Not together with `step`.
    pub clear: Signal<In, Bit>,
    /// A sample comes in this cycle.
    pub step: Signal<In, Bit>,
    /// The sample.
    pub value: Signal<In, Bit>,
    /// C of the standard.
    pub cutoff: Signal<In, Bits<11>>,
    /// Failure with this sample.
    pub fail: Signal<Out, Bit>,
    // Samples of this window so far, modulo 1,024; `begun`: that is not 0.
    position: DFF<Bits<10>>,
    begun: DFF<Bit>,
    // A of the standard.
    sample: DFF<Bit>,
    // C - B, counted down as far as 1. `due`: B + 1 >= C. `reached`: B >= C.
    left: DFF<Bits<11>>,
    due: DFF<Bit>,
    reached: DFF<Bit>,
    reload: DFF<Bits<11>>,
    reload_due: DFF<Bit>,
    reload_reached: DFF<Bit>,
    last: Constant<Bits<10>>,
    same: Signal<Local, Bit>,
    failed: Signal<Local, Bit>,
    swept: Signal<Local, Bit>,
}

impl Default for AdaptiveProportion {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            clear: Default::default(),
            step: Default::default(),
            value: Default::default(),
            cutoff: Default::default(),
            fail: Default::default(),
            position: Default::default(),
            begun: Default::default(),
            sample: Default::default(),
            left: Default::default(),
            due: Default::default(),
            reached: Default::default(),
            reload: Default::default(),
            reload_due: Default::default(),
            reload_reached: Default::default(),
            same: Default::default(),
            failed: Default::default(),
            swept: Default::default(),
            last: Constant::new(u64::from(APT_WINDOW - 1).into()),
        }
    }
}

impl Logic for AdaptiveProportion {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            position,
            begun,
            sample,
            left,
            due,
            reached,
            reload,
            reload_due,
            reload_reached
        );
        self.reload.d.next = self.cutoff.val() - 1;
        self.reload_due.d.next = self.cutoff.val() <= 2;
        self.reload_reached.d.next = self.cutoff.val() <= 1;

        self.same.next = self.sample.q.val() == self.value.val();
        // Step 3, end: if B >= C, signal a failure; here as soon as it is known, not at the window's end.
        self.failed.next = (!self.begun.q.val() & self.reload_reached.q.val())
            | (self.begun.q.val() & (self.reached.q.val() | (self.same.val() & self.due.q.val())));
        self.fail.next = self.step.val() & self.failed.val();
        if self.step.val() {
            // Step 4: go to step 1 after W samples.
            self.position.d.next = self.position.q.val() + 1;
            self.begun.d.next = self.position.q.val() != self.last.val();
            self.reached.d.next = self.failed.val();
            if !self.begun.q.val() {
                // Step 1: A = next(). Step 2: B = 1.
                self.sample.d.next = self.value.val();
                self.left.d.next = self.reload.q.val();
                self.due.d.next = self.reload_due.q.val();
            } else if self.same.val() {
                // Step 3: for i = 1 to W - 1, if A = next(), B = B + 1.
                self.left.d.next = self.left.q.val() - 1;
                self.due.d.next = self.due.q.val() | (self.left.q.val() == 2);
            }
        }
        self.swept.next = self.reset.val() | self.clear.val();
        if self.swept.val() {
            self.position.d.next = 0.into();
            self.begun.d.next = false;
            self.sample.d.next = false;
            self.left.d.next = 0.into();
            self.due.d.next = false;
            self.reached.d.next = false;
        }
    }
}
