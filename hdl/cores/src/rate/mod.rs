//! Rate watch: edges of each detector in windows of 2^20 cycles (spec 1-entropy §1.2); mirrors
//! `photonbox_model::rate`.

use rust_hdl::prelude::*;

/// Counts edges and judges each window against both limits, each detector for itself. The verdict is combinational,
/// in the window's last cycle, with that cycle's edges.
///
/// Settings must be stable from two cycles before `clear` on, for as long as the watch steps.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct RateWatch {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the state after power-on; `clear` must come before the first step.
    pub reset: Signal<In, Bit>,
    /// Starts anew after this cycle. Not together with `step`.
    pub clear: Signal<In, Bit>,
    /// Counts this cycle.
    pub step: Signal<In, Bit>,
    /// A rising edge of A.
    pub edge_a: Signal<In, Bit>,
    /// A rising edge of B.
    pub edge_b: Signal<In, Bit>,
    /// Fewest edges of each detector in a window.
    pub fewest: Signal<In, Bits<21>>,
    /// Most edges of each detector in a window.
    pub most: Signal<In, Bits<21>>,
    /// Cycles of a window, less 1; the window is 2 cycles or more.
    pub window_less_1: Signal<In, Bits<20>>,
    /// `rate_a` and `rate_b` stay as they are whatever the watch sees (self-test).
    pub keep_rates: Signal<In, Bit>,
    /// A window ends in which a detector had fewer edges than `fewest`.
    pub low: Signal<Out, Bit>,
    /// A window ends in which a detector had more edges than `most`.
    pub high: Signal<Out, Bit>,
    /// Edges of A in the last whole window.
    pub rate_a: Signal<Out, Bits<21>>,
    /// Edges of B in the last whole window.
    pub rate_b: Signal<Out, Bits<21>>,
    // Cycles of this window to come after the next; `last`: there are none.
    left: DFF<Bits<20>>,
    last: DFF<Bit>,
    count_a: DFF<Bits<21>>,
    count_b: DFF<Bits<21>>,
    last_a: DFF<Bits<21>>,
    last_b: DFF<Bits<21>>,
    fewest_less_1: DFF<Bits<21>>,
    some_wanted: DFF<Bit>,
    next_a: Signal<Local, Bits<21>>,
    next_b: Signal<Local, Bits<21>>,
    low_a: Signal<Local, Bit>,
    low_b: Signal<Local, Bit>,
    high_a: Signal<Local, Bit>,
    high_b: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
}

impl Logic for RateWatch {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            left,
            last,
            count_a,
            count_b,
            last_a,
            last_b,
            fewest_less_1,
            some_wanted
        );
        self.fewest_less_1.d.next = self.fewest.val() - 1;
        self.some_wanted.d.next = self.fewest.val() != 0;

        // The edge of this cycle chooses between two verdicts on what was counted before it, so that no sum lies
        // in the path from a pin to an alarm.
        self.next_a.next = self.count_a.q.val();
        self.low_a.next = self.count_a.q.val() < self.fewest.val();
        self.high_a.next = self.count_a.q.val() > self.most.val();
        if self.edge_a.val() {
            self.next_a.next = self.count_a.q.val() + 1;
            self.low_a.next =
                self.some_wanted.q.val() & (self.count_a.q.val() < self.fewest_less_1.q.val());
            self.high_a.next = self.count_a.q.val() >= self.most.val();
        }
        self.next_b.next = self.count_b.q.val();
        self.low_b.next = self.count_b.q.val() < self.fewest.val();
        self.high_b.next = self.count_b.q.val() > self.most.val();
        if self.edge_b.val() {
            self.next_b.next = self.count_b.q.val() + 1;
            self.low_b.next =
                self.some_wanted.q.val() & (self.count_b.q.val() < self.fewest_less_1.q.val());
            self.high_b.next = self.count_b.q.val() >= self.most.val();
        }
        self.ends.next = self.step.val() & self.last.q.val();
        self.low.next = self.ends.val() & (self.low_a.val() | self.low_b.val());
        self.high.next = self.ends.val() & (self.high_a.val() | self.high_b.val());
        self.rate_a.next = self.last_a.q.val();
        self.rate_b.next = self.last_b.q.val();

        if self.step.val() {
            self.left.d.next = self.left.q.val() - 1;
            self.last.d.next = self.left.q.val() == 1;
            self.count_a.d.next = self.next_a.val();
            self.count_b.d.next = self.next_b.val();
        }
        if self.ends.val() & !self.keep_rates.val() {
            self.last_a.d.next = self.next_a.val();
            self.last_b.d.next = self.next_b.val();
        }
        if self.clear.val() & !self.keep_rates.val() {
            self.last_a.d.next = 0.into();
            self.last_b.d.next = 0.into();
        }
        if self.clear.val() | self.ends.val() {
            self.left.d.next = self.window_less_1.val();
            self.last.d.next = false;
            self.count_a.d.next = 0.into();
            self.count_b.d.next = 0.into();
        }
        if self.reset.val() {
            self.left.d.next = 0.into();
            self.last.d.next = false;
            self.count_a.d.next = 0.into();
            self.count_b.d.next = 0.into();
            self.last_a.d.next = 0.into();
            self.last_b.d.next = 0.into();
        }
    }
}
