//! All lanes of a card, from pins to bits: synchronisers, the pattern's way in, and one bit of a vector for each lane
//! (spec 6-card §6.1). See the README beside this file.

use crate::lane::Lane;
use crate::synchroniser::Synchroniser;
use rust_hdl::prelude::*;

/// `L` lanes.
#[derive(LogicBlock)]
pub struct Lanes<const L: usize> {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Detector pins A; belong to no clock.
    pub pins_a: Signal<In, Bits<L>>,
    /// Detector pins B.
    pub pins_b: Signal<In, Bits<L>>,
    /// Level of the pattern generator for pins A.
    pub pattern_a: Signal<In, Bit>,
    /// Level of the pattern generator for pins B.
    pub pattern_b: Signal<In, Bit>,
    /// Lanes that see the pattern instead of their pins.
    pub pattern_lanes: Signal<In, Bits<L>>,
    /// The card starts; one cycle.
    pub start: Signal<In, Bit>,
    /// The card stops; one cycle.
    pub stop: Signal<In, Bit>,
    /// The card runs.
    pub running: Signal<In, Bit>,
    /// Photons come from real pins.
    pub real_pins: Signal<In, Bit>,
    /// Register bus: strobe of a write.
    pub csr_write: Signal<In, Bit>,
    /// Register bus: block.
    pub csr_block: Signal<In, Bits<3>>,
    /// Register bus: instance.
    pub csr_instance: Signal<In, Bits<6>>,
    /// Register bus: word within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Register bus: data.
    pub csr_data: Signal<In, Bits<32>>,
    /// Register bus: value of the word addressed a cycle before.
    pub csr_read: Signal<Out, Bits<32>>,
    /// Register bus: this write is refused.
    pub csr_refused: Signal<Out, Bit>,
    /// Self-test: edges come from `test_a` and `test_b`.
    pub selftest: Signal<In, Bit>,
    /// Edge of A in the self-test.
    pub test_a: Signal<In, Bit>,
    /// Edge of B in the self-test.
    pub test_b: Signal<In, Bit>,
    /// A healthy bit leaves the lane.
    pub valid: Signal<Out, Bits<L>>,
    /// Its value.
    pub value: Signal<Out, Bits<L>>,
    /// Lanes routed to TAP.
    pub tap: Signal<Out, Bits<L>>,
    /// Lanes that are used.
    pub enabled: Signal<Out, Bits<L>>,
    /// Lanes in start-up test or running.
    pub active: Signal<Out, Bits<L>>,
    /// Lanes with a latched alarm.
    pub alarmed: Signal<Out, Bits<L>>,
    /// Lanes whose window real pins allow.
    pub window_ok: Signal<Out, Bits<L>>,
    /// An alarm was raised.
    pub alarm_event: Signal<Out, Bits<L>>,
    /// Adds to BITS.
    pub inc_bits: Signal<Out, Bits<L>>,
    /// Adds to ONES.
    pub inc_ones: Signal<Out, Bits<L>>,
    /// Adds to COINCIDENCES.
    pub inc_coincidences: Signal<Out, Bits<L>>,
    /// Adds 1 to IGNORED.
    pub inc_ignored_low: Signal<Out, Bits<L>>,
    /// Adds 2 to IGNORED.
    pub inc_ignored_high: Signal<Out, Bits<L>>,
    /// Adds to EDGES_A.
    pub inc_edges_a: Signal<Out, Bits<L>>,
    /// Adds to EDGES_B.
    pub inc_edges_b: Signal<Out, Bits<L>>,
    /// Adds 1 to DISCARDED.
    pub inc_discarded_low: Signal<Out, Bits<L>>,
    /// Adds 2 to DISCARDED.
    pub inc_discarded_high: Signal<Out, Bits<L>>,
    /// Self-test: a bit was decided.
    pub test_valid: Signal<Out, Bits<L>>,
    /// Self-test: repetition count failed.
    pub test_fail_rct: Signal<Out, Bits<L>>,
    /// Self-test: adaptive proportion failed.
    pub test_fail_apt: Signal<Out, Bits<L>>,
    /// Self-test: too few edges.
    pub test_fail_rate_low: Signal<Out, Bits<L>>,
    /// Self-test: too many edges.
    pub test_fail_rate_high: Signal<Out, Bits<L>>,
    /// Self-test: balance failed.
    pub test_fail_balance: Signal<Out, Bits<L>>,
    lanes: [Lane; L],
    sync_a: [Synchroniser; L],
    sync_b: [Synchroniser; L],
    numbers: [Constant<Bits<6>>; L],
    none: Constant<Bits<L>>,
}

impl<const L: usize> Default for Lanes<L> {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            pins_a: Default::default(),
            pins_b: Default::default(),
            pattern_a: Default::default(),
            pattern_b: Default::default(),
            pattern_lanes: Default::default(),
            start: Default::default(),
            stop: Default::default(),
            running: Default::default(),
            real_pins: Default::default(),
            csr_write: Default::default(),
            csr_block: Default::default(),
            csr_instance: Default::default(),
            csr_register: Default::default(),
            csr_data: Default::default(),
            csr_read: Default::default(),
            csr_refused: Default::default(),
            selftest: Default::default(),
            test_a: Default::default(),
            test_b: Default::default(),
            valid: Default::default(),
            value: Default::default(),
            tap: Default::default(),
            enabled: Default::default(),
            active: Default::default(),
            alarmed: Default::default(),
            window_ok: Default::default(),
            alarm_event: Default::default(),
            inc_bits: Default::default(),
            inc_ones: Default::default(),
            inc_coincidences: Default::default(),
            inc_ignored_low: Default::default(),
            inc_ignored_high: Default::default(),
            inc_edges_a: Default::default(),
            inc_edges_b: Default::default(),
            inc_discarded_low: Default::default(),
            inc_discarded_high: Default::default(),
            test_valid: Default::default(),
            test_fail_rct: Default::default(),
            test_fail_apt: Default::default(),
            test_fail_rate_low: Default::default(),
            test_fail_rate_high: Default::default(),
            test_fail_balance: Default::default(),
            lanes: core::array::from_fn(|_| Lane::default()),
            sync_a: core::array::from_fn(|_| Synchroniser::default()),
            sync_b: core::array::from_fn(|_| Synchroniser::default()),
            numbers: core::array::from_fn(|index| Constant::new((index as u64).into())),
            none: Constant::new(0_u64.into()),
        }
    }
}

impl<const L: usize> Logic for Lanes<L> {
    #[hdl_gen]
    fn update(&mut self) {
        // What the lanes get.
        for i in 0..L {
            self.sync_a[i].clock.next = self.clock.val();
            self.sync_b[i].clock.next = self.clock.val();
            self.sync_a[i].pin.next = (self.pattern_lanes.val().get_bit(i) & self.pattern_a.val())
                | (!self.pattern_lanes.val().get_bit(i) & self.pins_a.val().get_bit(i));
            self.sync_b[i].pin.next = (self.pattern_lanes.val().get_bit(i) & self.pattern_b.val())
                | (!self.pattern_lanes.val().get_bit(i) & self.pins_b.val().get_bit(i));
            self.lanes[i].clock.next = self.clock.val();
            self.lanes[i].reset.next = self.reset.val();
            self.lanes[i].index.next = self.numbers[i].val();
            self.lanes[i].edge_a.next = self.sync_a[i].rising.val();
            self.lanes[i].edge_b.next = self.sync_b[i].rising.val();
            self.lanes[i].start.next = self.start.val();
            self.lanes[i].stop.next = self.stop.val();
            self.lanes[i].running.next = self.running.val();
            self.lanes[i].real_pins.next = self.real_pins.val();
            self.lanes[i].csr_write.next = self.csr_write.val();
            self.lanes[i].csr_block.next = self.csr_block.val();
            self.lanes[i].csr_instance.next = self.csr_instance.val();
            self.lanes[i].csr_register.next = self.csr_register.val();
            self.lanes[i].csr_data.next = self.csr_data.val();
            self.lanes[i].selftest.next = self.selftest.val();
            self.lanes[i].test_a.next = self.test_a.val();
            self.lanes[i].test_b.next = self.test_b.val();
        }
        // What they say, a bit of a vector each.
        self.valid.next = self.none.val();
        self.value.next = self.none.val();
        self.tap.next = self.none.val();
        self.enabled.next = self.none.val();
        self.active.next = self.none.val();
        self.alarmed.next = self.none.val();
        self.window_ok.next = self.none.val();
        self.alarm_event.next = self.none.val();
        self.inc_bits.next = self.none.val();
        self.inc_ones.next = self.none.val();
        self.inc_coincidences.next = self.none.val();
        self.test_valid.next = self.none.val();
        self.inc_ignored_low.next = self.none.val();
        self.inc_ignored_high.next = self.none.val();
        self.inc_edges_a.next = self.none.val();
        self.inc_edges_b.next = self.none.val();
        self.inc_discarded_low.next = self.none.val();
        self.inc_discarded_high.next = self.none.val();
        self.test_fail_rct.next = self.none.val();
        self.test_fail_apt.next = self.none.val();
        self.test_fail_rate_low.next = self.none.val();
        self.test_fail_rate_high.next = self.none.val();
        self.test_fail_balance.next = self.none.val();
        self.csr_read.next = 0.into();
        self.csr_refused.next = false;
        for i in 0..L {
            self.valid.next = self.valid.val().replace_bit(i, self.lanes[i].valid.val());
            self.value.next = self.value.val().replace_bit(i, self.lanes[i].value.val());
            self.tap.next = self.tap.val().replace_bit(i, self.lanes[i].tap.val());
            self.enabled.next = self
                .enabled
                .val()
                .replace_bit(i, self.lanes[i].enabled.val());
            self.active.next = self.active.val().replace_bit(i, self.lanes[i].active.val());
            self.alarmed.next = self
                .alarmed
                .val()
                .replace_bit(i, self.lanes[i].alarmed.val());
            self.window_ok.next = self
                .window_ok
                .val()
                .replace_bit(i, self.lanes[i].window_ok.val());
            self.alarm_event.next = self
                .alarm_event
                .val()
                .replace_bit(i, self.lanes[i].alarm_event.val());
            self.inc_bits.next = self
                .inc_bits
                .val()
                .replace_bit(i, self.lanes[i].inc_bits.val());
            self.inc_ones.next = self
                .inc_ones
                .val()
                .replace_bit(i, self.lanes[i].inc_ones.val());
            self.inc_coincidences.next = self
                .inc_coincidences
                .val()
                .replace_bit(i, self.lanes[i].inc_coincidences.val());
            self.test_valid.next = self
                .test_valid
                .val()
                .replace_bit(i, self.lanes[i].test_valid.val());
            self.inc_ignored_low.next = self
                .inc_ignored_low
                .val()
                .replace_bit(i, self.lanes[i].inc_ignored.val().get_bit(0));
            self.inc_ignored_high.next = self
                .inc_ignored_high
                .val()
                .replace_bit(i, self.lanes[i].inc_ignored.val().get_bit(1));
            self.inc_edges_a.next = self
                .inc_edges_a
                .val()
                .replace_bit(i, self.lanes[i].inc_a.val());
            self.inc_edges_b.next = self
                .inc_edges_b
                .val()
                .replace_bit(i, self.lanes[i].inc_b.val());
            self.inc_discarded_low.next = self
                .inc_discarded_low
                .val()
                .replace_bit(i, self.lanes[i].inc_discarded.val().get_bit(0));
            self.inc_discarded_high.next = self
                .inc_discarded_high
                .val()
                .replace_bit(i, self.lanes[i].inc_discarded.val().get_bit(1));
            self.test_fail_rct.next = self
                .test_fail_rct
                .val()
                .replace_bit(i, self.lanes[i].test_fail.val().get_bit(0));
            self.test_fail_apt.next = self
                .test_fail_apt
                .val()
                .replace_bit(i, self.lanes[i].test_fail.val().get_bit(1));
            self.test_fail_rate_low.next = self
                .test_fail_rate_low
                .val()
                .replace_bit(i, self.lanes[i].test_fail.val().get_bit(2));
            self.test_fail_rate_high.next = self
                .test_fail_rate_high
                .val()
                .replace_bit(i, self.lanes[i].test_fail.val().get_bit(3));
            self.test_fail_balance.next = self
                .test_fail_balance
                .val()
                .replace_bit(i, self.lanes[i].test_fail.val().get_bit(4));
            self.csr_read.next = self.csr_read.val() | self.lanes[i].csr_read.val();
            self.csr_refused.next = self.csr_refused.val() | self.lanes[i].csr_refused.val();
        }
    }
}
