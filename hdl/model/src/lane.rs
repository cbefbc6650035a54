//! One lane: sampler, health tests, counters, state (spec 1-entropy §1.1 and §1.2). Cycle-exact.
//!
//! Countermeasure T1 (`docs/threat-model.md`).

use crate::apt::AdaptiveProportion;
use crate::balance::BalanceWatch;
use crate::rate::{Edges, RateWatch};
use crate::rct::RepetitionCount;
use crate::sampler::{Counters, Decided, Sampler, SamplerSettings};
use crate::startup::Startup;
use photonbox_regmap::{Field, lane};

/// Settings of a lane; they take effect at [`Lane::start`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneSettings {
    /// Window, hold-off, retrigger.
    pub sampler: SamplerSettings,
    /// Cut-off of the repetition count test.
    pub rct_cutoff: u32,
    /// Cut-off of the adaptive proportion test over 1,024 bits.
    pub apt_cutoff: u32,
    /// Fewest edges of each detector in 2^20 cycles.
    pub rate_min: u32,
    /// Most edges of each detector in 2^20 cycles.
    pub rate_max: u32,
    /// Most bits of one value in 65,536.
    pub balance_max: u32,
}

/// What a lane is doing; the values are those of `STATE.STATE`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// Not used.
    Off,
    /// Start-up test: bits are tested and thrown away.
    Startup,
    /// Bits leave the lane.
    Running,
    /// An alarm is latched: nothing leaves the lane.
    Alarmed,
}

impl LaneState {
    /// The value of `STATE.STATE`.
    pub const fn code(self) -> u32 {
        match self {
            Self::Off => lane::OFF,
            Self::Startup => lane::STARTUP,
            Self::Running => lane::RUNNING,
            Self::Alarmed => lane::ALARMED,
        }
    }
}

/// Latched alarms: the bits of the register `ALARMS`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarms(pub u32);

impl Alarms {
    fn raise(&mut self, alarm: Field, condition: bool) {
        self.0 |= alarm.put(u32::from(condition));
    }

    /// Whether `alarm` (a field of `ALARMS`) is latched.
    pub const fn has(self, alarm: Field) -> bool {
        alarm.is_set(self.0)
    }

    /// Whether any alarm is latched.
    pub const fn any(self) -> bool {
        self.0 != 0
    }
}

/// A lane. Edges come in, healthy bits go out.
#[derive(Clone, Debug)]
pub struct Lane {
    settings: LaneSettings,
    state: LaneState,
    sampler: Sampler,
    rct: RepetitionCount,
    apt: AdaptiveProportion,
    startup: Startup,
    rate: RateWatch,
    balance: BalanceWatch,
    alarms: Alarms,
    restart: bool,
    discarded: u64,
}

impl Lane {
    /// A lane that is off.
    pub fn new(settings: LaneSettings) -> Self {
        Self {
            settings,
            state: LaneState::Off,
            sampler: Sampler::new(settings.sampler),
            rct: RepetitionCount::new(settings.rct_cutoff),
            apt: AdaptiveProportion::new(settings.apt_cutoff),
            startup: Startup::new(),
            rate: RateWatch::new(settings.rate_min, settings.rate_max),
            balance: BalanceWatch::new(settings.balance_max),
            alarms: Alarms::default(),
            restart: false,
            discarded: 0,
        }
    }

    /// Takes settings; only a stopped lane ([`Self::stopped`]) does, and says whether it did.
    pub fn configure(&mut self, settings: LaneSettings) -> bool {
        if self.stopped() {
            self.settings = settings;
        }
        self.stopped()
    }

    /// Begins the start-up test with the settings given last. A lane with a latched alarm stays where it is:
    /// starting the card is not re-arming.
    pub fn start(&mut self) {
        if self.alarms.any() {
            self.state = LaneState::Alarmed;
            return;
        }
        let settings = &self.settings;
        self.sampler.configure(settings.sampler);
        self.rct = RepetitionCount::new(settings.rct_cutoff);
        self.apt = AdaptiveProportion::new(settings.apt_cutoff);
        self.startup = Startup::new();
        self.rate = RateWatch::new(settings.rate_min, settings.rate_max);
        self.balance = BalanceWatch::new(settings.balance_max);
        self.restart = false;
        self.state = LaneState::Startup;
    }

    /// Stops the lane. Alarms stay latched.
    pub fn stop(&mut self) {
        self.sampler.stop();
        self.state = if self.alarms.any() {
            LaneState::Alarmed
        } else {
            LaneState::Off
        };
    }

    /// One clock cycle with rising edges at A and B; a bit if a healthy one is decided in it.
    #[inline]
    pub fn step(&mut self, a: bool, b: bool) -> Option<bool> {
        if !self.active() {
            return None;
        }
        let verdict = self.rate.step(a, b).unwrap_or_default();
        let mut failed = Alarms::default();
        failed.raise(lane::ALARM_RATE_LOW, verdict.low);
        failed.raise(lane::ALARM_RATE_HIGH, verdict.high);
        let bit = self.sampler.step(a, b);
        if let Some(bit) = bit {
            failed.raise(lane::ALARM_RCT, self.rct.step(bit));
            failed.raise(lane::ALARM_APT, self.apt.step(bit));
            failed.raise(lane::ALARM_BALANCE, self.balance.step(bit));
        }
        self.judge(bit, failed)
    }

    /// Decides what becomes of a bit, and of the lane, at the end of a cycle.
    #[inline]
    fn judge(&mut self, bit: Option<bool>, failed: Alarms) -> Option<bool> {
        if failed.any() {
            self.alarms.0 |= failed.0;
            self.alarms
                .raise(lane::ALARM_STARTUP, self.state == LaneState::Startup);
            self.state = LaneState::Alarmed;
            self.restart = false;
            self.sampler.stop();
        }
        match self.state {
            LaneState::Running => return bit,
            LaneState::Startup if bit.is_some() && self.startup.step() => {
                self.state = LaneState::Running
            }
            _ => {}
        }
        self.discarded += u64::from(bit.is_some());
        None
    }

    /// The same as `cycles` times `step(false, false)`. At most one bit can come of it.
    #[inline]
    pub fn skip_idle(&mut self, cycles: u64) -> Option<Decided> {
        // By far the most frequent: nothing happens in them.
        if self.next_due().is_some_and(|due| cycles <= due) {
            self.rate.skip_idle(cycles);
            self.sampler.skip_idle(cycles);
            return None;
        }
        self.skip_eventful(cycles)
    }

    fn skip_eventful(&mut self, cycles: u64) -> Option<Decided> {
        let mut decided = None;
        let mut passed = 0;
        while passed < cycles && self.active() {
            let quiet = self.next_due().unwrap_or(u64::MAX).min(cycles - passed);
            self.rate.skip_idle(quiet);
            // Nothing is decided before the due cycle, so there is no bit to lose here.
            self.sampler.skip_idle(quiet);
            passed += quiet;
            if passed < cycles {
                if let Some(bit) = self.step(false, false) {
                    decided = Some(Decided { cycle: passed, bit });
                }
                passed += 1;
            }
        }
        decided
    }

    /// Idle cycles to come before the one in which something happens without any edge (a window's end).
    #[inline]
    pub fn next_due(&self) -> Option<u64> {
        if !self.active() {
            return None;
        }
        let rate = self.rate.idle_left();
        Some(
            self.sampler
                .next_decision()
                .map_or(rate, |decision| decision.min(rate)),
        )
    }

    /// Asks for the alarms to become clearable; without an alarm nothing happens.
    pub fn request_restart(&mut self) {
        self.restart = self.alarms.any();
    }

    /// Clears alarms (ones of `mask`) after a restart request. True when none is left: the lane is then off, and
    /// whoever runs it starts it anew.
    pub fn clear_alarms(&mut self, mask: u32) -> bool {
        if !self.restart {
            return false;
        }
        self.alarms.0 &= !mask;
        if self.alarms.any() {
            return false;
        }
        self.restart = false;
        self.state = LaneState::Off;
        true
    }

    /// Counts bits that left the lane but went nowhere.
    pub fn count_discarded(&mut self, bits: u64) {
        self.discarded += bits;
    }

    /// Whether edges are looked at: start-up or running.
    #[inline]
    pub fn active(&self) -> bool {
        matches!(self.state, LaneState::Startup | LaneState::Running)
    }

    /// Whether settings may change: off or in alarm.
    pub fn stopped(&self) -> bool {
        !self.active()
    }

    /// What the lane is doing.
    pub fn state(&self) -> LaneState {
        self.state
    }

    /// The alarms latched.
    pub fn alarms(&self) -> Alarms {
        self.alarms
    }

    /// Whether a restart was requested and alarms are still latched.
    pub fn restart_requested(&self) -> bool {
        self.restart
    }

    /// Bits that the start-up test still wants.
    pub fn startup_left(&self) -> u32 {
        if self.state == LaneState::Startup {
            self.startup.left()
        } else {
            0
        }
    }

    /// Edges of the last whole watch window.
    pub fn rates(&self) -> Edges {
        self.rate.last()
    }

    /// The sampler's counters.
    pub fn counters(&self) -> &Counters {
        self.sampler.counters()
    }

    /// Whether the sampler has a window open.
    #[inline]
    pub fn window_open(&self) -> bool {
        self.sampler.window_open()
    }

    /// Bits that went nowhere: start-up, alarm, and what [`Self::count_discarded`] was told.
    pub fn discarded(&self) -> u64 {
        self.discarded
    }

    /// The settings given last.
    pub fn settings(&self) -> &LaneSettings {
        &self.settings
    }
}
