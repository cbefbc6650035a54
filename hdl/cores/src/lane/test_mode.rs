//! The lane's self-test mode: the settings in force in it, and what the lane then answers.
//!
//! While `selftest` is high and the lane is off or in alarm, edges come from `test_a` and `test_b`, the settings are
//! those of [`TEST_SETTINGS`] and the two long windows are short, so that a stimulus of a few thousand cycles makes
//! each test fail. Nothing of it reaches the lane's state, its counters or `RATE_A` and `RATE_B`.

use photonbox_model::apt::AdaptiveProportion;
use photonbox_model::balance::BalanceWatch;
use photonbox_model::rate::RateWatch;
use photonbox_model::rct::RepetitionCount;
use photonbox_model::{LaneSettings, Sampler, SamplerSettings};
use photonbox_regmap::lane;

/// The first cycle of the stimulus is this many cycles after the first cycle in which `selftest` is high: settings
/// change, what is derived from them follows, the tests start anew. The last is the last in which it is high.
pub const TEST_DELAY: u64 = 3;

/// Cycles of a rate watch window in self-test mode, a power of two.
pub const TEST_RATE_WINDOW: u64 = 1 << 8;

/// Bits of a balance watch window in self-test mode, a power of two.
pub const TEST_BALANCE_WINDOW: u32 = 64;

/// The settings in force in self-test mode.
///
/// An edge every 6 cycles, alternating between A and B, fails no test but, in its 319th bit, the adaptive proportion
/// test; twelve equal bits, 49 edges of one detector in 256 cycles, fewer than 8, or 41 equal bits of 64 each fail
/// one of the others.
pub const TEST_SETTINGS: LaneSettings = LaneSettings {
    sampler: SamplerSettings {
        window: 1,
        holdoff: 3,
        retrigger: false,
    },
    rct_cutoff: 12,
    apt_cutoff: 160,
    rate_min: 8,
    rate_max: 48,
    balance_max: 40,
};

/// What a lane in self-test mode says of one cycle. The outputs are registered: they show it in the next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestOutcome {
    /// `test_valid`: a bit was decided.
    pub valid: bool,
    /// `value`: the bit; false without one.
    pub value: bool,
    /// `test_fail`: the tests that failed, as the bits of `ALARMS` (RCT, APT, RATE_LOW, RATE_HIGH, BALANCE).
    pub fail: u32,
}

/// A lane in self-test mode, from the first cycle of the stimulus on.
#[derive(Clone, Debug)]
pub struct TestModel {
    sampler: Sampler,
    rct: RepetitionCount,
    apt: AdaptiveProportion,
    rate: RateWatch,
    balance: BalanceWatch,
}

impl TestModel {
    /// A lane that has seen none of the stimulus.
    pub fn new() -> Self {
        let settings = TEST_SETTINGS;
        Self {
            sampler: Sampler::new(settings.sampler),
            rct: RepetitionCount::new(settings.rct_cutoff),
            apt: AdaptiveProportion::new(settings.apt_cutoff),
            rate: RateWatch::with_window(settings.rate_min, settings.rate_max, TEST_RATE_WINDOW),
            balance: BalanceWatch::with_window(settings.balance_max, TEST_BALANCE_WINDOW),
        }
    }

    /// One cycle of the stimulus.
    pub fn step(&mut self, a: bool, b: bool) -> TestOutcome {
        let rate = self.rate.step(a, b).unwrap_or_default();
        let mut outcome = TestOutcome {
            fail: lane::ALARM_RATE_LOW.put(u32::from(rate.low))
                | lane::ALARM_RATE_HIGH.put(u32::from(rate.high)),
            ..TestOutcome::default()
        };
        if let Some(value) = self.sampler.step(a, b) {
            outcome.valid = true;
            outcome.value = value;
            outcome.fail |= lane::ALARM_RCT.put(u32::from(self.rct.step(value)))
                | lane::ALARM_APT.put(u32::from(self.apt.step(value)))
                | lane::ALARM_BALANCE.put(u32::from(self.balance.step(value)));
        }
        outcome
    }
}

impl Default for TestModel {
    fn default() -> Self {
        Self::new()
    }
}
