//! One lane: sampler, health tests, state machine, registers (spec 1-entropy §1.1 and §1.2, 6-card §6.1); mirrors
//! `photonbox_model::Lane` and the card model's lane registers. Countermeasure T1 (`docs/threat-model.md`).
//!
//! Verilog takes `bit`, `edge` and `real` for keywords: a bit is `value` everywhere, real pins are `real_pins`.

pub mod commands;
pub mod readout;
pub mod setting;
pub mod settings;
pub mod state;
pub mod tally;
mod test_mode;

use crate::apt::AdaptiveProportion;
use crate::balance::BalanceWatch;
use crate::rate::RateWatch;
use crate::rct::RepetitionCount;
use crate::sampler::Sampler;
use crate::startup::Startup;
use commands::Commands;
use photonbox_regmap::lane;
use readout::Readout;
use rust_hdl::prelude::*;
use settings::Settings;
use state::State;
use tally::Tally;

pub use test_mode::{
    TEST_BALANCE_WINDOW, TEST_DELAY, TEST_RATE_WINDOW, TEST_SETTINGS, TestModel, TestOutcome,
};

/// A lane. Edges come in, healthy bits go out; an edge in cycle e shows in the outputs in cycle e + 1.
#[derive(Clone, Debug, LogicBlock)]
pub struct Lane {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the state after power-on.
    pub reset: Signal<In, Bit>,
    /// Number of this lane; constant.
    pub index: Signal<In, Bits<6>>,
    /// A rising edge of A.
    pub edge_a: Signal<In, Bit>,
    /// A rising edge of B.
    pub edge_b: Signal<In, Bit>,
    /// Pulse: the card starts; `running` rises in the next cycle. Not in a cycle with `csr_write`.
    pub start: Signal<In, Bit>,
    /// Pulse: the card stops; `running` falls in the next cycle. Not in a cycle with `csr_write`.
    pub stop: Signal<In, Bit>,
    /// The card runs.
    pub running: Signal<In, Bit>,
    /// Edges come from detectors at pins, which resolve to one cycle either way.
    pub real_pins: Signal<In, Bit>,
    /// CSR bus: a write in this cycle; the address has been there for a cycle or more.
    pub csr_write: Signal<In, Bit>,
    /// CSR bus: block of the map.
    pub csr_block: Signal<In, Bits<3>>,
    /// CSR bus: which lane.
    pub csr_instance: Signal<In, Bits<6>>,
    /// CSR bus: word within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// CSR bus: what is written.
    pub csr_data: Signal<In, Bits<32>>,
    /// Self-test mode; only while the card is idle, low for 3 cycles before it starts.
    pub selftest: Signal<In, Bit>,
    /// Self-test: in place of `edge_a`.
    pub test_a: Signal<In, Bit>,
    /// Self-test: in place of `edge_b`.
    pub test_b: Signal<In, Bit>,
    /// A healthy bit leaves the lane.
    pub valid: Signal<Out, Bit>,
    /// The bit.
    pub value: Signal<Out, Bit>,
    /// Bits go to TAP, not to EXTRACT; constant while the lane is active, and in the cycle after.
    pub tap: Signal<Out, Bit>,
    /// ENABLE.ON.
    pub enabled: Signal<Out, Bit>,
    /// Edges are looked at: start-up or running.
    pub active: Signal<Out, Bit>,
    /// An alarm is latched.
    pub alarmed: Signal<Out, Bit>,
    /// WINDOW suits the front end.
    pub window_ok: Signal<Out, Bit>,
    /// Pulse: an alarm began.
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
    /// Counts a bit that did not leave the lane (start-up, alarm), 0 or 1.
    pub inc_discarded: Signal<Out, Bits<2>>,
    /// Self-test: a bit was decided, `value`.
    pub test_valid: Signal<Out, Bit>,
    /// Self-test: the tests that failed, as the bits of `ALARMS`.
    pub test_fail: Signal<Out, Bits<5>>,
    /// CSR bus: the addressed register, a cycle after the address.
    pub csr_read: Signal<Out, Bits<32>>,
    /// CSR bus: this cycle's write is refused; combinational.
    pub csr_refused: Signal<Out, Bit>,
    sampler: Sampler,
    rct: RepetitionCount,
    apt: AdaptiveProportion,
    startup: Startup,
    rate: RateWatch,
    balance: BalanceWatch,
    commands: Commands,
    settings: Settings,
    state: State,
    tally: Tally,
    readout: Readout,
    // Self-test mode, 1, 2 and 3 cycles late: settings change, the tests start anew, the stimulus counts.
    test_settings: DFF<Bit>,
    test_begins: DFF<Bit>,
    test_runs: DFF<Bit>,
    window_allowed: DFF<Bit>,
    test_window: Constant<Bits<16>>,
    test_holdoff: Constant<Bits<20>>,
    test_rct: Constant<Bits<16>>,
    test_apt: Constant<Bits<11>>,
    test_rate_min: Constant<Bits<21>>,
    test_rate_max: Constant<Bits<21>>,
    test_balance: Constant<Bits<17>>,
    test_rate_window: Constant<Bits<20>>,
    test_balance_window: Constant<Bits<16>>,
    rate_window: Constant<Bits<20>>,
    balance_window: Constant<Bits<16>>,
    testing: Signal<Local, Bit>,
    clears: Signal<Local, Bit>,
    steps: Signal<Local, Bit>,
    rising_a: Signal<Local, Bit>,
    rising_b: Signal<Local, Bit>,
    fails: Signal<Local, Bits<5>>,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            index: Default::default(),
            edge_a: Default::default(),
            edge_b: Default::default(),
            start: Default::default(),
            stop: Default::default(),
            running: Default::default(),
            real_pins: Default::default(),
            csr_write: Default::default(),
            csr_block: Default::default(),
            csr_instance: Default::default(),
            csr_register: Default::default(),
            csr_data: Default::default(),
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
            inc_ignored: Default::default(),
            inc_a: Default::default(),
            inc_b: Default::default(),
            inc_discarded: Default::default(),
            test_valid: Default::default(),
            test_fail: Default::default(),
            csr_read: Default::default(),
            csr_refused: Default::default(),
            sampler: Default::default(),
            rct: Default::default(),
            apt: Default::default(),
            startup: Default::default(),
            rate: Default::default(),
            balance: Default::default(),
            commands: Default::default(),
            settings: Default::default(),
            state: Default::default(),
            tally: Default::default(),
            readout: Default::default(),
            test_settings: Default::default(),
            test_begins: Default::default(),
            test_runs: Default::default(),
            window_allowed: Default::default(),
            test_window: Constant::new(u64::from(TEST_SETTINGS.sampler.window).into()),
            test_holdoff: Constant::new(u64::from(TEST_SETTINGS.sampler.holdoff).into()),
            test_rct: Constant::new(u64::from(TEST_SETTINGS.rct_cutoff).into()),
            test_apt: Constant::new(u64::from(TEST_SETTINGS.apt_cutoff).into()),
            test_rate_min: Constant::new(u64::from(TEST_SETTINGS.rate_min).into()),
            test_rate_max: Constant::new(u64::from(TEST_SETTINGS.rate_max).into()),
            test_balance: Constant::new(u64::from(TEST_SETTINGS.balance_max).into()),
            test_rate_window: Constant::new((TEST_RATE_WINDOW - 1).into()),
            test_balance_window: Constant::new(u64::from(TEST_BALANCE_WINDOW - 1).into()),
            rate_window: Constant::new((lane::RATE_WINDOW_CYCLES - 1).into()),
            balance_window: Constant::new(u64::from(lane::BALANCE_WINDOW - 1).into()),
            testing: Default::default(),
            clears: Default::default(),
            steps: Default::default(),
            rising_a: Default::default(),
            rising_b: Default::default(),
            fails: Default::default(),
        }
    }
}

impl Logic for Lane {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            test_settings,
            test_begins,
            test_runs,
            window_allowed
        );
        clock!(
            self, clock, sampler, rct, apt, startup, rate, balance, commands, settings, state,
            tally, readout
        );
        self.sampler.reset.next = self.reset.val();
        self.rct.reset.next = self.reset.val();
        self.apt.reset.next = self.reset.val();
        self.startup.reset.next = self.reset.val();
        self.rate.reset.next = self.reset.val();
        self.balance.reset.next = self.reset.val();
        self.commands.reset.next = self.reset.val();
        self.settings.reset.next = self.reset.val();
        self.state.reset.next = self.reset.val();
        self.tally.reset.next = self.reset.val();

        // Self-test mode. A lane that is active goes on regardless.
        self.test_settings.d.next = self.selftest.val() & !self.state.active.val();
        self.test_begins.d.next = self.test_settings.q.val();
        self.test_runs.d.next = self.test_begins.q.val();
        self.testing.next = self.test_runs.q.val() & self.selftest.val() & !self.state.active.val();
        self.clears.next =
            self.commands.starts.val() | (self.test_begins.q.val() & !self.test_runs.q.val());
        self.steps.next = self.state.active.val() | self.testing.val();
        self.rising_a.next =
            (self.testing.val() & self.test_a.val()) | (!self.testing.val() & self.edge_a.val());
        self.rising_b.next =
            (self.testing.val() & self.test_b.val()) | (!self.testing.val() & self.edge_b.val());

        self.sampler.window.next = self.settings.window.val();
        self.sampler.holdoff.next = self.settings.holdoff.val();
        self.sampler.retrigger.next =
            self.settings.options.val().get_bit(0) & !self.test_settings.q.val();
        self.rct.cutoff.next = self.settings.rct_cutoff.val();
        self.apt.cutoff.next = self.settings.apt_cutoff.val();
        self.rate.fewest.next = self.settings.rate_min.val();
        self.rate.most.next = self.settings.rate_max.val();
        self.rate.window_less_1.next = self.rate_window.val();
        self.balance.most.next = self.settings.balance_max.val();
        self.balance.window_less_1.next = self.balance_window.val();
        if self.test_settings.q.val() {
            self.sampler.window.next = self.test_window.val();
            self.sampler.holdoff.next = self.test_holdoff.val();
            self.rct.cutoff.next = self.test_rct.val();
            self.apt.cutoff.next = self.test_apt.val();
            self.rate.fewest.next = self.test_rate_min.val();
            self.rate.most.next = self.test_rate_max.val();
            self.rate.window_less_1.next = self.test_rate_window.val();
            self.balance.most.next = self.test_balance.val();
            self.balance.window_less_1.next = self.test_balance_window.val();
        }

        // A bit is made, tested and judged in one cycle. Of a lane that stands still, only what can be read or counted
        // waits for its start to be cleared.
        self.sampler.clear.next = self.clears.val();
        self.sampler.step.next = self.steps.val();
        self.sampler.edge_a.next = self.rising_a.val();
        self.sampler.edge_b.next = self.rising_b.val();
        self.rate.clear.next = !self.steps.val();
        self.rate.step.next = self.steps.val();
        self.rate.edge_a.next = self.rising_a.val();
        self.rate.edge_b.next = self.rising_b.val();
        self.rate.keep_rates.next = (self.test_begins.q.val() & self.selftest.val())
            | (!self.steps.val() & !self.clears.val());
        self.rct.clear.next = !self.steps.val();
        self.rct.step.next = self.sampler.valid.val();
        self.rct.value.next = self.sampler.value.val();
        self.apt.clear.next = !self.steps.val();
        self.apt.step.next = self.sampler.valid.val();
        self.apt.value.next = self.sampler.value.val();
        self.balance.clear.next = !self.steps.val();
        self.balance.step.next = self.sampler.valid.val();
        self.balance.value.next = self.sampler.value.val();
        self.startup.clear.next = self.clears.val();
        self.startup.step.next = self.sampler.valid.val() & self.state.in_startup.val();
        self.fails.next = bit_cast::<5, 1>(self.rct.fail.val().into())
            | (bit_cast::<5, 1>(self.apt.fail.val().into()) << 1)
            | (bit_cast::<5, 1>(self.rate.low.val().into()) << 2)
            | (bit_cast::<5, 1>(self.rate.high.val().into()) << 3)
            | (bit_cast::<5, 1>(self.balance.fail.val().into()) << 4);
        self.state.fails.next = self.fails.val();
        self.state.startup_done.next = self.startup.done.val();
        self.state.starts.next = self.commands.starts.val();
        self.state.stops.next = self.commands.stops.val();
        self.state.requests.next = self.commands.requests.val();
        self.state.clears.next = self.commands.clears.val();

        self.tally.active.next = self.state.active.val();
        self.tally.in_startup.next = self.state.in_startup.val();
        self.tally.failed.next = self.state.failed.val();
        self.tally.stops.next = self.commands.stops.val();
        self.tally.testing.next = self.testing.val();
        self.tally.edge_a.next = self.rising_a.val();
        self.tally.edge_b.next = self.rising_b.val();
        self.tally.decided.next = self.sampler.valid.val();
        self.tally.bit_value.next = self.sampler.value.val();
        self.tally.coincidence.next = self.sampler.coincidence.val();
        self.tally.ignored.next = self.sampler.ignored.val();
        self.tally.stays_open.next = self.sampler.stays_open.val();
        self.tally.fails.next = self.fails.val();

        self.commands.index.next = self.index.val();
        self.commands.csr_write.next = self.csr_write.val();
        self.commands.csr_block.next = self.csr_block.val();
        self.commands.csr_instance.next = self.csr_instance.val();
        self.commands.csr_register.next = self.csr_register.val();
        self.commands.csr_data.next = self.csr_data.val();
        self.commands.start.next = self.start.val();
        self.commands.stop.next = self.stop.val();
        self.commands.running.next = self.running.val();
        self.commands.window_ok.next = self.window_allowed.q.val();
        self.commands.active.next = self.state.active.val();
        self.commands.alarms.next = self.state.alarms.val();
        self.commands.alarmed.next = self.state.alarmed.val();
        self.commands.restart.next = self.state.restart.val();
        self.window_allowed.d.next = !self.real_pins.val() | self.settings.window.val().any();

        self.settings.write.next = self.commands.setting_writes.val();
        self.settings.data.next = self.csr_data.val();
        self.settings.locked.next =
            self.running.val() & self.state.active.val() & !self.state.failed.val();
        self.csr_refused.next = self.settings.refused.val() | self.commands.enable_refused.val();

        self.readout.index.next = self.index.val();
        self.readout.csr_block.next = self.csr_block.val();
        self.readout.csr_instance.next = self.csr_instance.val();
        self.readout.csr_register.next = self.csr_register.val();
        self.readout.enable.next = self.commands.enabled.val();
        self.readout.options.next = self.settings.options.val();
        self.readout.window.next = self.settings.window.val();
        self.readout.holdoff.next = self.settings.holdoff.val();
        self.readout.rct_cutoff.next = self.settings.rct_cutoff.val();
        self.readout.apt_cutoff.next = self.settings.apt_cutoff.val();
        self.readout.rate_min.next = self.settings.rate_min.val();
        self.readout.rate_max.next = self.settings.rate_max.val();
        self.readout.balance_max.next = self.settings.balance_max.val();
        self.readout.code.next = self.state.code.val();
        self.readout.restart.next = self.state.restart.val();
        self.readout.in_startup.next = self.state.in_startup.val();
        self.readout.startup_left.next = self.startup.left.val();
        self.readout.alarms.next = self.state.alarms.val();
        self.readout.rate_a.next = self.rate.rate_a.val();
        self.readout.rate_b.next = self.rate.rate_b.val();
        self.csr_read.next = self.readout.csr_read.val();

        self.valid.next = self.tally.valid.val();
        self.value.next = self.tally.value.val();
        self.tap.next = self.settings.options.val().get_bit(1);
        self.enabled.next = self.commands.enabled.val();
        self.active.next = self.state.active.val();
        self.alarmed.next = self.state.alarmed.val();
        self.window_ok.next = self.window_allowed.q.val();
        self.alarm_event.next = self.tally.alarm_event.val();
        self.inc_bits.next = self.tally.inc_bits.val();
        self.inc_ones.next = self.tally.inc_ones.val();
        self.inc_coincidences.next = self.tally.inc_coincidences.val();
        self.inc_ignored.next = self.tally.inc_ignored.val();
        self.inc_a.next = self.tally.inc_a.val();
        self.inc_b.next = self.tally.inc_b.val();
        self.inc_discarded.next = self.tally.inc_discarded.val();
        self.test_valid.next = self.tally.test_valid.val();
        self.test_fail.next = self.tally.test_fail.val();

        if self.reset.val() {
            self.test_settings.d.next = false;
            self.test_begins.d.next = false;
            self.test_runs.d.next = false;
        }
    }
}
