//! The stimulus, and what the model says to it.

use super::signature::turn;
use crate::lane::TestModel;
use photonbox_regmap::lane;

/// Cycles of the stimulus: six phases of 1,024.
pub const CYCLES: u64 = 6 * 1024;

/// Edges of A and B in a cycle of the stimulus.
///
/// Phases 0, 3 and 4: a photon every 8 cycles, alternately on A and on B. 1: all on A, which fails the repetition
/// count, the adaptive proportion, the balance and, for B, the rate. 2: too many on A. 5: coincidences one cycle
/// apart, and edges while blind.
pub const fn stimulus(cycle: u64) -> (bool, bool) {
    match cycle >> 10 {
        1 => (cycle.is_multiple_of(8), false),
        2 => (cycle.is_multiple_of(4), cycle % 16 == 2),
        5 => (
            matches!(cycle % 32, 0 | 16 | 18),
            matches!(cycle % 32, 1 | 24),
        ),
        _ => (cycle.is_multiple_of(16), cycle % 16 == 8),
    }
}

/// The signatures that a card without faults ends with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// Bits and their values.
    pub sampler: u16,
    /// Failures of the repetition count test.
    pub rct: u16,
    /// Failures of the adaptive proportion test.
    pub apt: u16,
    /// Failures of the rate watch.
    pub rate: u16,
    /// Failures of the balance watch.
    pub balance: u16,
}

impl Expected {
    /// Plays the stimulus to the model.
    pub fn compute() -> Self {
        let mut model = TestModel::new();
        let mut signatures = Self::default();
        for cycle in 0..CYCLES {
            let (a, b) = stimulus(cycle);
            let said = model.step(a, b);
            let failed = |alarm: photonbox_regmap::Field| alarm.is_set(said.fail);
            let both = |register: u16, alarm| turn(register, failed(alarm), failed(alarm));
            signatures = Self {
                sampler: turn(signatures.sampler, said.valid, said.value),
                rct: both(signatures.rct, lane::ALARM_RCT),
                apt: both(signatures.apt, lane::ALARM_APT),
                rate: turn(
                    signatures.rate,
                    failed(lane::ALARM_RATE_LOW),
                    failed(lane::ALARM_RATE_HIGH),
                ),
                balance: both(signatures.balance, lane::ALARM_BALANCE),
            };
        }
        signatures
    }
}

#[cfg(test)]
mod tests {
    use super::{CYCLES, stimulus};
    use crate::lane::TestModel;

    #[test]
    fn the_stimulus_fails_every_test_and_none_in_its_first_phase() {
        let mut model = TestModel::new();
        let mut first = [None; 5];
        for cycle in 0..CYCLES {
            let (a, b) = stimulus(cycle);
            let said = model.step(a, b);
            for (index, first) in first.iter_mut().enumerate() {
                if said.fail >> index & 1 == 1 {
                    first.get_or_insert(cycle);
                }
            }
        }
        for (index, cycle) in first.iter().enumerate() {
            assert!(
                cycle.is_some_and(|cycle| cycle >= 1024),
                "{index}: {cycle:?}"
            );
        }
    }
}
