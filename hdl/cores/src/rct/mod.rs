//! Repetition count test, SP 800-90B §4.4.1; mirrors `photonbox_model::rct`.

use rust_hdl::prelude::*;

/// Watches for one value repeated too often. The verdict is combinational, in the cycle of the sample.
///
/// The cut-off must be stable from two cycles before `clear` on, for as long as the test steps.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct RepetitionCount {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the state after power-on.
    pub reset: Signal<In, Bit>,
    /// Starts anew after this cycle. Not together with `step`.
    pub clear: Signal<In, Bit>,
    /// A sample comes in this cycle.
    pub step: Signal<In, Bit>,
    /// X of the standard: the sample.
    pub value: Signal<In, Bit>,
    /// C of the standard; below 2 counts as 2.
    pub cutoff: Signal<In, Bits<16>>,
    /// Failure with this sample.
    pub fail: Signal<Out, Bit>,
    // A of the standard, and whether there is one.
    sample: DFF<Bit>,
    sampled: DFF<Bit>,
    // C - B, counted down as far as 1; `due`: one more repetition is a failure.
    left: DFF<Bits<16>>,
    due: DFF<Bit>,
    reload: DFF<Bits<16>>,
    reload_due: DFF<Bit>,
    repeated: Signal<Local, Bit>,
    swept: Signal<Local, Bit>,
}

impl Logic for RepetitionCount {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, sample, sampled, left, due, reload, reload_due);
        self.reload.d.next = self.cutoff.val() - 1;
        self.reload_due.d.next = self.cutoff.val() <= 2;

        self.repeated.next =
            self.step.val() & self.sampled.q.val() & (self.sample.q.val() == self.value.val());
        // Step 3: if X = A, then B = B + 1, and if B >= C, signal a failure. The count holds then, so that every
        // repetition fails again.
        self.fail.next = self.repeated.val() & self.due.q.val();
        if self.step.val() {
            // Step 1 (first sample) and step 4: A = X, B = 1; go to step 2.
            self.sample.d.next = self.value.val();
            self.sampled.d.next = true;
            self.left.d.next = self.reload.q.val();
            self.due.d.next = self.reload_due.q.val();
        }
        if self.repeated.val() {
            self.left.d.next = self.left.q.val() - 1;
            self.due.d.next = self.due.q.val() | (self.left.q.val() == 2);
        }
        self.swept.next = self.reset.val() | self.clear.val();
        if self.swept.val() {
            self.sample.d.next = false;
            self.sampled.d.next = false;
            self.left.d.next = 0.into();
            self.due.d.next = false;
        }
    }
}
