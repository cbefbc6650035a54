//! Where the sweep of a seed bank is.

use rust_hdl::prelude::*;

/// Counts the rows of a bank that are clean.
#[derive(LogicBlock, Default)]
pub struct Sweep {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: nothing is clean.
    pub reset: Signal<In, Bit>,
    /// Begins anew after this cycle.
    pub restart: Signal<In, Bit>,
    /// The row is swept in this cycle.
    pub step: Signal<In, Bit>,
    /// Row to sweep; bit 7: all are clean.
    pub at: Signal<Out, Bits<8>>,
    count: DFF<Bits<8>>,
    again: DFF<Bit>,
    now: Signal<Local, Bits<8>>,
}

impl Logic for Sweep {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, count, again);
        // What restarts it comes late: it sets one register, and the counter follows.
        self.again.d.next = self.restart.val();
        self.now.next = self.count.q.val();
        if self.again.q.val() {
            self.now.next = 0.into();
        }
        self.at.next = self.now.val();
        self.count.d.next = self.now.val();
        if self.step.val() {
            self.count.d.next = self.now.val() + 1;
        }
        if self.reset.val() {
            self.count.d.next = 0.into();
            self.again.d.next = false;
        }
    }
}
