//! Which lanes may be trusted (1-entropy §1.2): a failure latches, stops that lane, and only an
//! operator's command re-arms it. Without a running lane nothing leaves the pool.
//!
//! The tests run on the card; this state machine holds what the hub concludes from its reports,
//! and does not forget an alarm because the card, say after a reset, no longer shows it.
//!
//! Countermeasure T1 (`docs/threat-model.md`).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

/// Lanes of one source at most: a block's lanes are the bits of a u64.
pub const MAX_LANES: u8 = 64;
/// Sources at most, so that a misbehaving feeder can't grow the hub's tables without end.
pub const MAX_SOURCES: usize = 256;

/// One kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Alarm {
    /// Repetition count test (SP 800-90B §4.4.1).
    RepetitionCount,
    /// Adaptive proportion test (SP 800-90B §4.4.2).
    AdaptiveProportion,
    /// A detector had too few edges.
    RateLow,
    /// A detector had too many edges.
    RateHigh,
    /// One value came too often over a long window.
    Balance,
    /// Another alarm came during the start-up test.
    StartUp,
    /// The card is gone or no longer answers.
    Removed,
}

impl Alarm {
    /// All alarms, in the order of the card's alarm bits; [`Alarm::Removed`] is the hub's own.
    pub const ALL: [Self; 7] = [
        Self::RepetitionCount,
        Self::AdaptiveProportion,
        Self::RateLow,
        Self::RateHigh,
        Self::Balance,
        Self::StartUp,
        Self::Removed,
    ];

    fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RepetitionCount => "repetition-count",
            Self::AdaptiveProportion => "adaptive-proportion",
            Self::RateLow => "rate-low",
            Self::RateHigh => "rate-high",
            Self::Balance => "balance",
            Self::StartUp => "start-up",
            Self::Removed => "removed",
        })
    }
}

/// A set of alarms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AlarmSet(u32);

impl AlarmSet {
    /// No alarm.
    pub const NONE: Self = Self(0);

    /// From the bits of a lane's alarm register (bit 0 repetition count, 1 adaptive proportion,
    /// 2 rate low, 3 rate high, 4 balance, 5 start-up). Bits without a meaning are kept as
    /// start-up alarms: an unknown complaint must not read as health.
    #[must_use]
    pub fn from_card(bits: u32) -> Self {
        let known = (1 << Alarm::Removed as u32) - 1;
        let unknown = if bits & !known == 0 {
            0
        } else {
            Alarm::StartUp.bit()
        };
        Self(bits & known | unknown)
    }

    /// With `alarm` added.
    #[must_use]
    pub fn with(self, alarm: Alarm) -> Self {
        Self(self.0 | alarm.bit())
    }

    /// The alarms of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// True if there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True if `alarm` is in it.
    #[must_use]
    pub fn contains(self, alarm: Alarm) -> bool {
        self.0 & alarm.bit() != 0
    }

    /// The alarms, in the order of [`Alarm::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Alarm> {
        Alarm::ALL
            .into_iter()
            .filter(move |&alarm| self.contains(alarm))
    }
}

impl FromIterator<Alarm> for AlarmSet {
    fn from_iter<I: IntoIterator<Item = Alarm>>(alarms: I) -> Self {
        alarms.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Display for AlarmSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, alarm) in self.iter().enumerate() {
            write!(f, "{}{alarm}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

impl Serialize for AlarmSet {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for AlarmSet {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Vec::<Alarm>::deserialize(deserializer)?
            .into_iter()
            .collect())
    }
}

/// What the card reports about a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// Switched off.
    Off,
    /// In its start-up test.
    StartUp,
    /// Giving bits.
    Running,
    /// Stopped by these alarms.
    Alarm(AlarmSet),
}

/// What the hub holds about a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LaneState {
    /// Switched off, not counted.
    Off,
    /// In its start-up test; its bits are not used.
    StartUp,
    /// Trusted.
    Running,
    /// Failed; waits for an operator.
    Failed,
}

/// One lane in reports.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneReport {
    /// Name of the source.
    pub source: String,
    /// Number of the lane, from 0.
    pub lane: u8,
    /// Its state.
    pub state: LaneState,
    /// What it failed on; empty unless failed.
    pub alarms: AlarmSet,
    /// Failures since the hub started.
    pub failures: u64,
}

/// The state of all lanes together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// No lane runs yet, none has failed. No output.
    Starting,
    /// Each lane that is on runs.
    Healthy,
    /// Some lanes failed, others go on.
    Degraded,
    /// Lanes failed and none is left. No output until an operator re-arms one.
    Unhealthy,
}

impl Health {
    /// Whether output may leave the pool.
    #[must_use]
    pub fn allows_output(self) -> bool {
        matches!(self, Self::Healthy | Self::Degraded)
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Starting => "starting",
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        })
    }
}

/// A lane or source that can't be kept track of.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HealthError {
    /// Lane numbers go from 0 to 63.
    #[error("source {source_name} has no lane {lane}: number lanes from 0 to {}", MAX_LANES - 1)]
    NoSuchLane {
        /// Name of the source.
        source_name: String,
        /// Number that was given.
        lane: u8,
    },
    /// More than [`MAX_SOURCES`] names.
    #[error("more than {MAX_SOURCES} sources were named: use the same name for the same card")]
    TooManySources,
    /// A lane that has not failed was re-armed.
    #[error("lane {lane} of {source_name} has not failed: only a failed lane is re-armed")]
    NotFailed {
        /// Name of the source.
        source_name: String,
        /// Number of the lane.
        lane: u8,
    },
}

#[derive(Debug, Clone)]
struct Lane {
    state: LaneState,
    alarms: AlarmSet,
    failures: u64,
}

/// The state machine of all lanes of all sources.
#[derive(Debug, Clone, Default)]
pub struct HealthState {
    sources: BTreeMap<String, BTreeMap<u8, Lane>>,
}

impl HealthState {
    /// No lanes yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lane(&mut self, source: &str, lane: u8) -> Result<&mut Lane, HealthError> {
        if lane >= MAX_LANES {
            return Err(HealthError::NoSuchLane {
                source_name: source.to_owned(),
                lane,
            });
        }
        if !self.sources.contains_key(source) && self.sources.len() >= MAX_SOURCES {
            return Err(HealthError::TooManySources);
        }
        let fresh = Lane {
            state: LaneState::Off,
            alarms: AlarmSet::NONE,
            failures: 0,
        };
        Ok(self
            .sources
            .entry(source.to_owned())
            .or_default()
            .entry(lane)
            .or_insert(fresh))
    }

    /// Takes in what the card reports about a lane. Returns true if the lane failed just now.
    ///
    /// A failed lane stays failed whatever is reported. After [`HealthState::rearm`] a report of an
    /// alarm fails it again, so the card's lane is to be restarted before.
    ///
    /// # Errors
    /// [`HealthError`] for a lane above 63 or one source too many.
    pub fn observe(
        &mut self,
        source: &str,
        lane: u8,
        observed: Observed,
    ) -> Result<bool, HealthError> {
        let lane = self.lane(source, lane)?;
        if lane.state == LaneState::Failed {
            if let Observed::Alarm(alarms) = observed {
                lane.alarms = lane.alarms.union(alarms);
            }
            return Ok(false);
        }
        lane.state = match observed {
            Observed::Off => LaneState::Off,
            Observed::StartUp => LaneState::StartUp,
            Observed::Running => LaneState::Running,
            Observed::Alarm(alarms) => {
                // "In alarm" without a reason is still an alarm.
                lane.alarms = if alarms.is_empty() {
                    AlarmSet::NONE.with(Alarm::StartUp)
                } else {
                    alarms
                };
                lane.failures += 1;
                LaneState::Failed
            }
        };
        Ok(lane.state == LaneState::Failed)
    }

    /// The card is gone: each of its lanes that is on has failed. Returns those that failed now.
    pub fn source_lost(&mut self, source: &str) -> Vec<u8> {
        let mut failed = Vec::new();
        for (&number, lane) in self.sources.get_mut(source).into_iter().flatten() {
            match lane.state {
                LaneState::Off => {}
                LaneState::Failed => lane.alarms = lane.alarms.with(Alarm::Removed),
                LaneState::StartUp | LaneState::Running => {
                    lane.state = LaneState::Failed;
                    lane.alarms = AlarmSet::NONE.with(Alarm::Removed);
                    lane.failures += 1;
                    failed.push(number);
                }
            }
        }
        failed
    }

    /// The operator's command: the lane may begin a new start-up test. It counts again once it is
    /// observed running.
    ///
    /// # Errors
    /// [`HealthError::NotFailed`] for a lane that is unknown or has not failed.
    pub fn rearm(&mut self, source: &str, lane: u8) -> Result<(), HealthError> {
        let known = self
            .sources
            .get_mut(source)
            .and_then(|lanes| lanes.get_mut(&lane));
        match known {
            Some(known) if known.state == LaneState::Failed => {
                known.state = LaneState::StartUp;
                known.alarms = AlarmSet::NONE;
                Ok(())
            }
            _ => Err(HealthError::NotFailed {
                source_name: source.to_owned(),
                lane,
            }),
        }
    }

    /// Lanes of `source` that run, as a mask.
    #[must_use]
    pub fn running(&self, source: &str) -> u64 {
        let lanes = self.sources.get(source).into_iter().flatten();
        lanes
            .filter(|(_, lane)| lane.state == LaneState::Running)
            .fold(0, |mask, (&number, _)| mask | 1 << number)
    }

    /// How many lanes are in `state`.
    #[must_use]
    pub fn count(&self, state: LaneState) -> u32 {
        self.sources
            .values()
            .flatten()
            .filter(|(_, lane)| lane.state == state)
            .count() as u32
    }

    /// Failures of all lanes since the hub started.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.sources
            .values()
            .flatten()
            .map(|(_, lane)| lane.failures)
            .sum()
    }

    /// The state of all together.
    #[must_use]
    pub fn health(&self) -> Health {
        match (
            self.count(LaneState::Running) > 0,
            self.count(LaneState::Failed) > 0,
        ) {
            (true, false) => Health::Healthy,
            (true, true) => Health::Degraded,
            (false, true) => Health::Unhealthy,
            (false, false) => Health::Starting,
        }
    }

    /// All lanes, by source and number.
    #[must_use]
    pub fn report(&self) -> Vec<LaneReport> {
        let of_source = |(source, lanes): (&String, &BTreeMap<u8, Lane>)| {
            let report = |(&number, lane): (&u8, &Lane)| LaneReport {
                source: source.clone(),
                lane: number,
                state: lane.state,
                alarms: lane.alarms,
                failures: lane.failures,
            };
            lanes.iter().map(report).collect::<Vec<_>>()
        };
        self.sources.iter().flat_map(of_source).collect()
    }
}

#[cfg(test)]
mod tests;
