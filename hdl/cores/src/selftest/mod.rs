//! The known-answer tests at reset and on command: all lanes at once against each other and against the model, then
//! the extractor's and the key box's own (spec 6-card §6.1, *Self-test*). See `README.md`.

mod expected;
mod signature;

pub use expected::{CYCLES, Expected, stimulus};
pub use signature::Signature;

use crate::csr::Fixed;
use crate::lane::TEST_DELAY;
use rust_hdl::prelude::*;

/// What the sequencer is doing.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum State {
    /// Nothing.
    Idle,
    /// The lanes' settings change.
    Lead,
    /// The stimulus is played.
    Play,
    /// The lanes' last answer is awaited.
    Tail,
    /// The signatures are compared.
    Judge,
    /// The extractor tests itself.
    Toeplitz,
    /// The key-box engine tests itself.
    KeyBox,
}

/// Drives `L` lanes through their test mode and judges what they say.
#[derive(LogicBlock)]
pub struct Selftest<const L: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: results are forgotten.
    pub reset: Signal<In, Bit>,
    /// Begin; one cycle, only while the card is idle.
    pub start: Signal<In, Bit>,
    /// Tests that are to fail, by their bit of `SELFTEST_RAN`; 0 on a board.
    pub fault: Signal<In, Bits<7>>,
    /// Something runs.
    pub busy: Signal<Out, Bit>,
    /// The tests that passed, valid while not busy.
    pub passed: Signal<Out, Bits<7>>,
    /// Test mode of the lanes.
    pub selftest: Signal<Out, Bit>,
    /// Edge of A.
    pub test_a: Signal<Out, Bit>,
    /// Edge of B.
    pub test_b: Signal<Out, Bit>,
    /// Each lane: a bit was decided.
    pub test_valid: Signal<In, Bits<L>>,
    /// Each lane: the bit.
    pub value: Signal<In, Bits<L>>,
    /// Each lane: the repetition count test failed.
    pub test_fail_rct: Signal<In, Bits<L>>,
    /// Each lane: the adaptive proportion test failed.
    pub test_fail_apt: Signal<In, Bits<L>>,
    /// Each lane: too few edges.
    pub test_fail_rate_low: Signal<In, Bits<L>>,
    /// Each lane: too many edges.
    pub test_fail_rate_high: Signal<In, Bits<L>>,
    /// Each lane: the balance watch failed.
    pub test_fail_balance: Signal<In, Bits<L>>,
    /// The extractor's test begins.
    pub toeplitz_start: Signal<Out, Bit>,
    /// It is to fail.
    pub toeplitz_fault: Signal<Out, Bit>,
    /// It is over.
    pub toeplitz_done: Signal<In, Bit>,
    /// It passed.
    pub toeplitz_ok: Signal<In, Bit>,
    /// The key box's test begins.
    pub keybox_start: Signal<Out, Bit>,
    /// It is to fail.
    pub keybox_fault: Signal<Out, Bit>,
    /// It is over.
    pub keybox_done: Signal<In, Bit>,
    /// It passed.
    pub keybox_ok: Signal<In, Bit>,
    state: DFF<State>,
    /// Cycle of the stimulus.
    at: DFF<Bits<13>>,
    /// The answers of the cycle before count.
    counts: DFF<Bit>,
    starts: DFF<Bit>,
    results: DFF<Bits<7>>,
    sampler: Signature<L>,
    rct: Signature<L>,
    apt: Signature<L>,
    rate: Signature<L>,
    balance: Signature<L>,
    lead: Fixed<13, { TEST_DELAY - 1 }>,
    last: Fixed<13, { CYCLES - 1 }>,
    phase: Signal<Local, Bits<3>>,
    of_32: Signal<Local, Bits<5>>,
    of_16: Signal<Local, Bits<4>>,
    of_8: Signal<Local, Bits<3>>,
    of_4: Signal<Local, Bits<2>>,
    plays: Signal<Local, Bit>,
}

impl<const L: usize> Default for Selftest<L> {
    fn default() -> Self {
        let expected = Expected::compute();
        Self {
            clock: Default::default(),
            reset: Default::default(),
            start: Default::default(),
            fault: Default::default(),
            busy: Default::default(),
            passed: Default::default(),
            selftest: Default::default(),
            test_a: Default::default(),
            test_b: Default::default(),
            test_valid: Default::default(),
            value: Default::default(),
            test_fail_rct: Default::default(),
            test_fail_apt: Default::default(),
            test_fail_rate_low: Default::default(),
            test_fail_rate_high: Default::default(),
            test_fail_balance: Default::default(),
            toeplitz_start: Default::default(),
            toeplitz_fault: Default::default(),
            toeplitz_done: Default::default(),
            toeplitz_ok: Default::default(),
            keybox_start: Default::default(),
            keybox_fault: Default::default(),
            keybox_done: Default::default(),
            keybox_ok: Default::default(),
            state: Default::default(),
            at: Default::default(),
            counts: Default::default(),
            starts: Default::default(),
            results: Default::default(),
            sampler: Signature::new(expected.sampler),
            rct: Signature::new(expected.rct),
            apt: Signature::new(expected.apt),
            rate: Signature::new(expected.rate),
            balance: Signature::new(expected.balance),
            lead: Default::default(),
            last: Default::default(),
            phase: Default::default(),
            of_32: Default::default(),
            of_16: Default::default(),
            of_8: Default::default(),
            of_4: Default::default(),
            plays: Default::default(),
        }
    }
}

impl<const L: usize> Logic for Selftest<L> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, at, counts, starts, results);
        clock!(self, clock, sampler, rct, apt, rate, balance);
        self.busy.next = self.state.q.val() != State::Idle;
        self.passed.next = self.results.q.val();
        self.plays.next = self.state.q.val() == State::Play;
        self.selftest.next = (self.state.q.val() == State::Lead) | self.plays.val();

        // The stimulus, as `expected::stimulus` says it.
        self.phase.next = self.at.q.val().get_bits::<3>(10);
        self.of_32.next = self.at.q.val().get_bits::<5>(0);
        self.of_16.next = self.at.q.val().get_bits::<4>(0);
        self.of_8.next = self.at.q.val().get_bits::<3>(0);
        self.of_4.next = self.at.q.val().get_bits::<2>(0);
        self.test_a.next = self.of_16.val() == 0;
        self.test_b.next = self.of_16.val() == 8;
        if self.phase.val() == 1 {
            self.test_a.next = self.of_8.val() == 0;
            self.test_b.next = false;
        }
        if self.phase.val() == 2 {
            self.test_a.next = self.of_4.val() == 0;
            self.test_b.next = self.of_16.val() == 2;
        }
        if self.phase.val() == 5 {
            self.test_a.next =
                (self.of_32.val() == 0) | (self.of_32.val() == 16) | (self.of_32.val() == 18);
            self.test_b.next = (self.of_32.val() == 1) | (self.of_32.val() == 24);
        }

        self.sampler.start.next = self.starts.q.val();
        self.sampler.step.next = self.counts.q.val();
        self.sampler.first.next = self.test_valid.val();
        self.sampler.second.next = self.value.val();
        self.sampler.fault.next = self.fault.val().get_bit(0);
        self.rct.start.next = self.starts.q.val();
        self.rct.step.next = self.counts.q.val();
        self.rct.first.next = self.test_fail_rct.val();
        self.rct.second.next = self.test_fail_rct.val();
        self.rct.fault.next = self.fault.val().get_bit(1);
        self.apt.start.next = self.starts.q.val();
        self.apt.step.next = self.counts.q.val();
        self.apt.first.next = self.test_fail_apt.val();
        self.apt.second.next = self.test_fail_apt.val();
        self.apt.fault.next = self.fault.val().get_bit(2);
        self.rate.start.next = self.starts.q.val();
        self.rate.step.next = self.counts.q.val();
        self.rate.first.next = self.test_fail_rate_low.val();
        self.rate.second.next = self.test_fail_rate_high.val();
        self.rate.fault.next = self.fault.val().get_bit(3);
        self.balance.start.next = self.starts.q.val();
        self.balance.step.next = self.counts.q.val();
        self.balance.first.next = self.test_fail_balance.val();
        self.balance.second.next = self.test_fail_balance.val();
        self.balance.fault.next = self.fault.val().get_bit(4);

        self.starts.d.next = false;
        self.counts.d.next = self.plays.val();
        self.toeplitz_start.next = false;
        self.keybox_start.next = false;
        self.toeplitz_fault.next = self.fault.val().get_bit(5);
        self.keybox_fault.next = self.fault.val().get_bit(6);
        self.at.d.next = self.at.q.val() + 1;
        match self.state.q.val() {
            State::Idle => {
                self.at.d.next = 0.into();
                if self.start.val() {
                    self.results.d.next = 0.into();
                    self.starts.d.next = true;
                    self.state.d.next = State::Lead;
                }
            }
            State::Lead => {
                if self.at.q.val() == self.lead.val() {
                    self.at.d.next = 0.into();
                    self.state.d.next = State::Play;
                }
            }
            State::Play => {
                if self.at.q.val() == self.last.val() {
                    self.at.d.next = 0.into();
                    self.state.d.next = State::Tail;
                }
            }
            State::Tail => {
                if self.at.q.val() == 2 {
                    self.state.d.next = State::Judge;
                }
            }
            State::Judge => {
                self.results.d.next = bit_cast::<7, 1>(self.sampler.ok.val().into())
                    | (bit_cast::<7, 1>(self.rct.ok.val().into()) << 1)
                    | (bit_cast::<7, 1>(self.apt.ok.val().into()) << 2)
                    | (bit_cast::<7, 1>(self.rate.ok.val().into()) << 3)
                    | (bit_cast::<7, 1>(self.balance.ok.val().into()) << 4);
                self.toeplitz_start.next = true;
                self.state.d.next = State::Toeplitz;
            }
            State::Toeplitz => {
                if self.toeplitz_done.val() {
                    self.results.d.next = self.results.q.val()
                        | (bit_cast::<7, 1>(self.toeplitz_ok.val().into()) << 5);
                    self.keybox_start.next = true;
                    self.state.d.next = State::KeyBox;
                }
            }
            State::KeyBox => {
                if self.keybox_done.val() {
                    self.results.d.next =
                        self.results.q.val() | (bit_cast::<7, 1>(self.keybox_ok.val().into()) << 6);
                    self.state.d.next = State::Idle;
                }
            }
            _ => {
                self.state.d.next = State::Idle;
            }
        }
        if self.reset.val() {
            self.state.d.next = State::Idle;
            self.at.d.next = 0.into();
            self.counts.d.next = false;
            self.starts.d.next = false;
            self.results.d.next = 0.into();
        }
    }
}
