//! The rings by name. Everything else about registers and rings comes from `photonbox-regmap`.

use photonbox_regmap::{Field, lane, layout::ring_name, ring};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One of the card's rings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RingKind {
    /// Extracted bits, the only ones that may be credited.
    Entropy,
    /// Raw bits with their times (TAP): never creditable.
    Raw,
    /// Key boxes.
    Keybox,
}

impl RingKind {
    /// All of them, in the card's order.
    pub const ALL: [Self; 3] = [Self::Entropy, Self::Raw, Self::Keybox];

    /// The ring's number in the register map; its interrupt vector too.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Entropy => ring::ENTROPY,
            Self::Raw => ring::RAW,
            Self::Keybox => ring::KEYBOX,
        }
    }
}

impl fmt::Display for RingKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ring_name(self.number()))
    }
}

/// What a lane is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LaneState {
    /// Not used.
    Off,
    /// In its start-up test: bits are thrown away.
    Startup,
    /// Giving bits.
    Running,
    /// Stopped by a health test, until an operator re-arms it.
    Alarmed,
}

impl LaneState {
    /// From `STATE.STATE`.
    #[must_use]
    pub const fn from_register(state: u32) -> Self {
        match lane::STATE_STATE.get(state) {
            lane::OFF => Self::Off,
            lane::STARTUP => Self::Startup,
            lane::RUNNING => Self::Running,
            _ => Self::Alarmed,
        }
    }
}

impl fmt::Display for LaneState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Off => "off",
            Self::Startup => "in its start-up test",
            Self::Running => "running",
            Self::Alarmed => "in alarm",
        })
    }
}

/// The alarms of a lane and their names, as hub and documents call them.
fn alarms_by_name() -> impl Iterator<Item = (String, &'static Field)> {
    let register = lane::REGISTERS
        .iter()
        .find(|register| register.offset == lane::ALARMS);
    let fields = register.map_or(&[][..], |register| register.fields);
    fields.iter().map(|field| {
        let name = match field.name.to_ascii_lowercase().as_str() {
            "rct" => "repetition-count".to_owned(),
            "apt" => "adaptive-proportion".to_owned(),
            "startup" => "start-up".to_owned(),
            other => other.replace('_', "-"),
        };
        (name, field)
    })
}

/// Names of the alarms in an `ALARMS` word: `repetition-count`, `adaptive-proportion`, `rate-low`, `rate-high`,
/// `balance`, `start-up`; an alarm of a newer map by its own name.
#[must_use]
pub fn alarm_names(alarms: u32) -> Vec<String> {
    alarms_by_name()
        .filter(|(_, field)| field.is_set(alarms))
        .map(|(name, _)| name)
        .collect()
}

/// The `ALARMS` word of these names. One that this map doesn't know, or none at all, counts as a failed start-up test:
/// never as health.
pub(crate) fn alarm_bits(names: &[String]) -> u32 {
    let start_up = lane::ALARM_STARTUP.mask();
    let bits = names.iter().map(|name| {
        let known = alarms_by_name().find(|(known, _)| known == name);
        known.map_or(start_up, |(_, field)| field.mask())
    });
    match bits.fold(0, |word, bit| word | bit) {
        0 => start_up,
        word => word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_have_the_hub_s_names() {
        assert!(alarm_names(0).is_empty());
        let both = lane::ALARM_RCT.mask() | lane::ALARM_RATE_LOW.mask();
        assert_eq!(alarm_names(both), ["repetition-count", "rate-low"]);
        let all = [
            "repetition-count",
            "adaptive-proportion",
            "rate-low",
            "rate-high",
            "balance",
            "start-up",
        ];
        assert_eq!(alarm_names(u32::MAX), all);
        assert_eq!(alarm_bits(&alarm_names(both)), both);
        let start_up = lane::ALARM_STARTUP.mask();
        let unknown = ["rate-low".to_owned(), "of a newer map".to_owned()];
        assert_eq!(alarm_bits(&unknown), lane::ALARM_RATE_LOW.mask() | start_up);
        assert_eq!(alarm_bits(&[]), start_up);
    }

    #[test]
    fn states_are_the_map_s() {
        let of = |state| {
            LaneState::from_register(lane::STATE_STATE.put(state) | lane::STATE_RESTART.mask())
        };
        assert_eq!(
            [lane::OFF, lane::STARTUP, lane::RUNNING, lane::ALARMED].map(of),
            [
                LaneState::Off,
                LaneState::Startup,
                LaneState::Running,
                LaneState::Alarmed
            ]
        );
    }
}
