//! What leaves the lane: healthy bits, the alarm, and what the counters count. All registered.

use rust_hdl::prelude::*;

/// Registers a cycle's outcome.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Tally {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to silence.
    pub reset: Signal<In, Bit>,
    /// The lane looks at edges in this cycle.
    pub active: Signal<In, Bit>,
    /// Its bits are thrown away.
    pub in_startup: Signal<In, Bit>,
    /// An alarm begins in this cycle.
    pub failed: Signal<In, Bit>,
    /// The lane stops after this cycle.
    pub stops: Signal<In, Bit>,
    /// The self-test looks at edges in this cycle.
    pub testing: Signal<In, Bit>,
    /// A rising edge of A.
    pub edge_a: Signal<In, Bit>,
    /// A rising edge of B.
    pub edge_b: Signal<In, Bit>,
    /// A bit is decided.
    pub decided: Signal<In, Bit>,
    /// The bit.
    pub bit_value: Signal<In, Bit>,
    /// A coincidence.
    pub coincidence: Signal<In, Bit>,
    /// Edges that the sampler ignored.
    pub ignored: Signal<In, Bits<2>>,
    /// The sampler has a window open after this cycle.
    pub stays_open: Signal<In, Bit>,
    /// The tests that failed.
    pub fails: Signal<In, Bits<5>>,
    /// A healthy bit leaves the lane.
    pub valid: Signal<Out, Bit>,
    /// The bit, also in the self-test.
    pub value: Signal<Out, Bit>,
    /// An alarm began.
    pub alarm_event: Signal<Out, Bit>,
    /// Counts a bit made.
    pub inc_bits: Signal<Out, Bit>,
    /// Counts a bit that is 1.
    pub inc_ones: Signal<Out, Bit>,
    /// Counts a coincidence.
    pub inc_coincidences: Signal<Out, Bit>,
    /// Counts edges ignored, 0 to 2.
    pub inc_ignored: Signal<Out, Bits<2>>,
    /// Counts an edge of A.
    pub inc_a: Signal<Out, Bit>,
    /// Counts an edge of B.
    pub inc_b: Signal<Out, Bit>,
    /// Counts a bit that did not leave the lane.
    pub inc_discarded: Signal<Out, Bits<2>>,
    /// Self-test: a bit was decided.
    pub test_valid: Signal<Out, Bit>,
    /// Self-test: the tests that failed.
    pub test_fail: Signal<Out, Bits<5>>,
    valid_flop: DFF<Bit>,
    value_flop: DFF<Bit>,
    alarm_flop: DFF<Bit>,
    bits_flop: DFF<Bit>,
    ones_flop: DFF<Bit>,
    coincidences_flop: DFF<Bit>,
    ignored_flop: DFF<Bits<2>>,
    a_flop: DFF<Bit>,
    b_flop: DFF<Bit>,
    discarded_flop: DFF<Bit>,
    test_valid_flop: DFF<Bit>,
    test_fail_flop: DFF<Bits<5>>,
    made: Signal<Local, Bit>,
    cut_short: Signal<Local, Bit>,
}

impl Logic for Tally {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            valid_flop,
            value_flop,
            alarm_flop,
            bits_flop,
            ones_flop,
            coincidences_flop,
            ignored_flop,
            a_flop,
            b_flop,
            discarded_flop,
            test_valid_flop,
            test_fail_flop
        );
        self.valid.next = self.valid_flop.q.val();
        self.value.next = self.value_flop.q.val();
        self.alarm_event.next = self.alarm_flop.q.val();
        self.inc_bits.next = self.bits_flop.q.val();
        self.inc_ones.next = self.ones_flop.q.val();
        self.inc_coincidences.next = self.coincidences_flop.q.val();
        self.inc_ignored.next = self.ignored_flop.q.val();
        self.inc_a.next = self.a_flop.q.val();
        self.inc_b.next = self.b_flop.q.val();
        self.inc_discarded.next = 0.into();
        if self.discarded_flop.q.val() {
            self.inc_discarded.next = 1.into();
        }
        self.test_valid.next = self.test_valid_flop.q.val();
        self.test_fail.next = self.test_fail_flop.q.val();

        self.made.next = self.active.val() & self.decided.val();
        // The edge that opened a window which is never to end counts as ignored, so that edges of A and B are
        // always bits, twice the coincidences, what was ignored, and 1 if a window is open.
        self.cut_short.next = (self.failed.val() | self.stops.val()) & self.stays_open.val();
        self.valid_flop.d.next = self.made.val() & !self.in_startup.val() & !self.failed.val();
        self.value_flop.d.next = self.decided.val() & self.bit_value.val();
        self.alarm_flop.d.next = self.failed.val();
        self.bits_flop.d.next = self.made.val();
        self.ones_flop.d.next = self.made.val() & self.bit_value.val();
        self.coincidences_flop.d.next = self.active.val() & self.coincidence.val();
        self.ignored_flop.d.next = 0.into();
        if self.active.val() {
            self.ignored_flop.d.next = self.ignored.val();
            if self.cut_short.val() {
                // While a window is open at most one edge is ignored.
                self.ignored_flop.d.next = self.ignored.val() + 1;
            }
        }
        self.a_flop.d.next = self.active.val() & self.edge_a.val();
        self.b_flop.d.next = self.active.val() & self.edge_b.val();
        self.discarded_flop.d.next = self.made.val() & (self.in_startup.val() | self.failed.val());
        self.test_valid_flop.d.next = self.testing.val() & self.decided.val();
        self.test_fail_flop.d.next = 0.into();
        if self.testing.val() {
            self.test_fail_flop.d.next = self.fails.val();
        }
        if self.reset.val() {
            self.valid_flop.d.next = false;
            self.value_flop.d.next = false;
            self.alarm_flop.d.next = false;
            self.bits_flop.d.next = false;
            self.ones_flop.d.next = false;
            self.coincidences_flop.d.next = false;
            self.ignored_flop.d.next = 0.into();
            self.a_flop.d.next = false;
            self.b_flop.d.next = false;
            self.discarded_flop.d.next = false;
            self.test_valid_flop.d.next = false;
            self.test_fail_flop.d.next = 0.into();
        }
    }
}
