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
    // They count as 0: cleared in the cycle before.
    forgotten: DFF<Bit>,
    // Of the counts so far: as many as are wanted, one too few, as many as are allowed, too many.
    enough_a: DFF<Bit>,
    enough_b: DFF<Bit>,
    nearly_a: DFF<Bit>,
    nearly_b: DFF<Bit>,
    most_a: DFF<Bit>,
    most_b: DFF<Bit>,
    over_a: DFF<Bit>,
    over_b: DFF<Bit>,
    // Of the limits: one before which the next edge makes the above true, and what holds for no edges.
    fewest_less_2: DFF<Bits<21>>,
    most_less_1: DFF<Bits<21>>,
    none_wanted: DFF<Bit>,
    one_wanted: DFF<Bit>,
    none_allowed: DFF<Bit>,
    next_a: Signal<Local, Bits<21>>,
    next_b: Signal<Local, Bits<21>>,
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
            forgotten,
            enough_a,
            enough_b,
            nearly_a,
            nearly_b,
            most_a,
            most_b,
            over_a,
            over_b,
            fewest_less_2,
            most_less_1,
            none_wanted,
            one_wanted,
            none_allowed
        );
        self.fewest_less_2.d.next = self.fewest.val() - 2;
        self.most_less_1.d.next = self.most.val() - 1;
        self.none_wanted.d.next = self.fewest.val() == 0;
        self.one_wanted.d.next = self.fewest.val() == 1;
        self.none_allowed.d.next = self.most.val() == 0;

        // Each edge is compared when it is counted, for the verdict that the next may complete: neither a sum nor a
        // comparison lies in the path from a pin to an alarm.
        self.next_a.next = self.count_a.q.val();
        if self.edge_a.val() {
            self.next_a.next = self.count_a.q.val() + 1;
        }
        self.next_b.next = self.count_b.q.val();
        if self.edge_b.val() {
            self.next_b.next = self.count_b.q.val() + 1;
        }
        self.ends.next = self.step.val() & self.last.q.val();
        self.low.next = self.ends.val()
            & ((!self.enough_a.q.val() & !(self.edge_a.val() & self.nearly_a.q.val()))
                | (!self.enough_b.q.val() & !(self.edge_b.val() & self.nearly_b.q.val())));
        self.high.next = self.ends.val()
            & (self.over_a.q.val()
                | self.over_b.q.val()
                | (self.edge_a.val() & self.most_a.q.val())
                | (self.edge_b.val() & self.most_b.q.val()));
        self.rate_a.next = self.last_a.q.val();
        self.rate_b.next = self.last_b.q.val();
        // A start comes late: it sets one register, and the rates follow before a window can end.
        self.forgotten.d.next = self.clear.val() & !self.keep_rates.val();
        if self.forgotten.q.val() {
            self.rate_a.next = 0.into();
            self.rate_b.next = 0.into();
            self.last_a.d.next = 0.into();
            self.last_b.d.next = 0.into();
        }

        if self.step.val() {
            self.left.d.next = self.left.q.val() - 1;
            self.last.d.next = self.left.q.val() == 1;
            self.count_a.d.next = self.next_a.val();
            self.count_b.d.next = self.next_b.val();
        }
        if self.step.val() & self.edge_a.val() {
            self.enough_a.d.next = self.enough_a.q.val() | self.nearly_a.q.val();
            self.nearly_a.d.next = self.count_a.q.val() == self.fewest_less_2.q.val();
            self.over_a.d.next = self.over_a.q.val() | self.most_a.q.val();
            self.most_a.d.next = self.count_a.q.val() == self.most_less_1.q.val();
        }
        if self.step.val() & self.edge_b.val() {
            self.enough_b.d.next = self.enough_b.q.val() | self.nearly_b.q.val();
            self.nearly_b.d.next = self.count_b.q.val() == self.fewest_less_2.q.val();
            self.over_b.d.next = self.over_b.q.val() | self.most_b.q.val();
            self.most_b.d.next = self.count_b.q.val() == self.most_less_1.q.val();
        }
        if self.ends.val() & !self.keep_rates.val() {
            self.last_a.d.next = self.next_a.val();
            self.last_b.d.next = self.next_b.val();
        }
        if self.clear.val() | self.ends.val() {
            self.left.d.next = self.window_less_1.val();
            self.last.d.next = false;
            self.count_a.d.next = 0.into();
            self.count_b.d.next = 0.into();
            self.enough_a.d.next = self.none_wanted.q.val();
            self.enough_b.d.next = self.none_wanted.q.val();
            self.nearly_a.d.next = self.one_wanted.q.val();
            self.nearly_b.d.next = self.one_wanted.q.val();
            self.most_a.d.next = self.none_allowed.q.val();
            self.most_b.d.next = self.none_allowed.q.val();
            self.over_a.d.next = false;
            self.over_b.d.next = false;
        }
        if self.reset.val() {
            self.left.d.next = 0.into();
            self.last.d.next = false;
            self.count_a.d.next = 0.into();
            self.count_b.d.next = 0.into();
            self.last_a.d.next = 0.into();
            self.last_b.d.next = 0.into();
            self.forgotten.d.next = false;
        }
    }
}
