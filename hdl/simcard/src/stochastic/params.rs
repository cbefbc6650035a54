//! Parameters of the stochastic photon source, and their text form `KEY=VALUE,…`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// How photons arrive and how the detectors see them. The same for each lane; lanes are independent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StochasticParams {
    /// Photons per second at the beam splitter, of one lane. Poisson.
    pub rate: f64,
    /// Share of the photons that goes to A, 0 … 1.
    pub splitter: f64,
    /// Probability that a photon at a detector makes an avalanche, 0 … 1.
    pub efficiency: f64,
    /// Dark counts per second, of each detector.
    pub dark: f64,
    /// Time after a detection during which that detector sees nothing, picoseconds. Not extended by
    /// what it misses.
    pub dead_time_ps: u64,
    /// Probability that a detection is followed by an afterpulse, 0 … 0.9.
    pub afterpulse: f64,
    /// Time constant of afterpulses, counted from the end of the dead time, picoseconds.
    pub afterpulse_time_ps: u64,
    /// Standard deviation of the detection's time, picoseconds. Bell-shaped, within ±3.5 of it.
    pub jitter_ps: u64,
    /// Seed of the generator; `None` asks the operating system.
    pub seed: Option<u64>,
}

impl Default for StochasticParams {
    /// A lane of silicon avalanche diodes: 500 k photons/s, 60 % of them seen, 100 dark counts/s, 30 ns dead
    /// time, 1 % afterpulses of 40 ns, 350 ps jitter. Four such lanes make about 1.1 Mbit/s of raw bits and
    /// cost a quarter of a core in real time, so that several hubs run on a small machine.
    fn default() -> Self {
        Self {
            rate: 5e5,
            splitter: 0.5,
            efficiency: 0.6,
            dark: 100.0,
            dead_time_ps: 30_000,
            afterpulse: 0.01,
            afterpulse_time_ps: 40_000,
            jitter_ps: 350,
            seed: None,
        }
    }
}

/// The keys of the text form, as the error messages list them.
const KEYS: &str =
    "rate, splitter, efficiency, dark, dead-time, afterpulse, afterpulse-time, jitter, seed";

/// What is wrong with a text form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParamError {
    /// An item without `=`.
    #[error("{item:?} is not KEY=VALUE; the keys are {KEYS}")]
    NotKeyValue {
        /// The item.
        item: String,
    },
    /// A key that does not exist.
    #[error("there is no stochastic parameter {key:?}; the keys are {KEYS}")]
    UnknownKey {
        /// The key.
        key: String,
    },
    /// A key given twice.
    #[error("{key} is given twice; give it once")]
    Twice {
        /// The key.
        key: &'static str,
    },
    /// A value that is not of the key's form.
    #[error("{key}={value} is not {wanted}")]
    Malformed {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// What it should be.
        wanted: &'static str,
    },
    /// A value outside the key's range.
    #[error("{key}={value} is out of range; it must be {range}")]
    Range {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
        /// The range.
        range: &'static str,
    },
}

const RATE: &str = "a number per second, such as 2e6, 500k or 2M";
const TIME: &str = "a time with a unit, such as 350ps, 30ns, 1.5us";
const SHARE: &str = "a number from 0 to 1";
const RATE_RANGE: &str = "0 to 1e9 per second";
const TIME_RANGE: &str = "at most 1 ms";

/// Cuts a suffix off and gives its factor.
fn scaled(text: &str, units: &[(&str, f64)]) -> Option<f64> {
    let (number, factor) = units
        .iter()
        .find_map(|(unit, factor)| text.strip_suffix(unit).map(|n| (n, *factor)))?;
    let number: f64 = number.trim_end().parse().ok()?;
    number.is_finite().then_some(number * factor)
}

/// Picoseconds of a text such as `30ns`.
fn picoseconds(text: &str) -> Option<f64> {
    // `s` last: it ends all the others.
    let units = [
        ("ps", 1.0),
        ("ns", 1e3),
        ("us", 1e6),
        ("µs", 1e6),
        ("ms", 1e9),
        ("s", 1e12),
    ];
    scaled(text, &units)
}

/// A non-negative time such as `2s` or `500ms`, for fault plans.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let seconds = picoseconds(text)? / 1e12;
    Duration::try_from_secs_f64(seconds).ok()
}

impl StochasticParams {
    /// Checks ranges. Text forms are checked already.
    ///
    /// # Errors
    /// [`ParamError::Range`] for the first value that is outside.
    pub fn check(&self) -> Result<(), ParamError> {
        let range = |ok: bool, key, value: &dyn fmt::Display, range| {
            if ok {
                Ok(())
            } else {
                Err(ParamError::Range {
                    key,
                    value: value.to_string(),
                    range,
                })
            }
        };
        let ps = 1_000_000_000;
        range(
            (0.0..=1e9).contains(&self.rate),
            "rate",
            &self.rate,
            RATE_RANGE,
        )?;
        range(
            (0.0..=1.0).contains(&self.splitter),
            "splitter",
            &self.splitter,
            "0 to 1",
        )?;
        range(
            (0.0..=1.0).contains(&self.efficiency),
            "efficiency",
            &self.efficiency,
            "0 to 1",
        )?;
        range(
            (0.0..=1e9).contains(&self.dark),
            "dark",
            &self.dark,
            RATE_RANGE,
        )?;
        range(
            self.dead_time_ps <= ps,
            "dead-time",
            &self.dead_time_ps,
            TIME_RANGE,
        )?;
        // From 1 on, one photon would ring for ever.
        range(
            (0.0..=0.9).contains(&self.afterpulse),
            "afterpulse",
            &self.afterpulse,
            "0 to 0.9",
        )?;
        range(
            self.afterpulse_time_ps <= ps,
            "afterpulse-time",
            &self.afterpulse_time_ps,
            TIME_RANGE,
        )?;
        range(
            self.jitter_ps <= 1_000_000,
            "jitter",
            &self.jitter_ps,
            "at most 1 us",
        )
    }
}

impl FromStr for StochasticParams {
    type Err = ParamError;

    /// Reads `KEY=VALUE,…`; what is not named keeps its default. The empty text is all defaults.
    fn from_str(text: &str) -> Result<Self, ParamError> {
        Self::default().with(text)
    }
}

impl StochasticParams {
    /// Much light, eight times the default's photons: for a card whose time passes slowly.
    #[must_use]
    pub fn bright() -> Self {
        Self {
            rate: 4e6,
            ..Self::default()
        }
    }

    /// Reads `KEY=VALUE,…` over these parameters: what is not named stays.
    ///
    /// # Errors
    /// [`ParamError`] for the first mistake.
    pub fn with(self, text: &str) -> Result<Self, ParamError> {
        let mut p = self;
        let mut seen: Vec<&'static str> = Vec::new();
        for item in text.split(',').map(str::trim).filter(|i| !i.is_empty()) {
            let Some((key, value)) = item.split_once('=') else {
                return Err(ParamError::NotKeyValue { item: item.into() });
            };
            let (name, value) = (
                key.trim().to_ascii_lowercase().replace('_', "-"),
                value.trim(),
            );
            let malformed = |key, wanted| ParamError::Malformed {
                key,
                value: value.into(),
                wanted,
            };
            let rate = |key| {
                scaled(value, &[("k", 1e3), ("M", 1e6), ("G", 1e9), ("", 1.0)])
                    .ok_or_else(|| malformed(key, RATE))
            };
            let share = |key| value.parse::<f64>().map_err(|_| malformed(key, SHARE));
            let time = |key: &'static str| {
                let ps = picoseconds(value).ok_or_else(|| malformed(key, TIME))?;
                if ps < 0.0 {
                    return Err(malformed(key, TIME));
                }
                Ok(ps.round() as u64)
            };
            let key = match name.as_str() {
                "rate" => {
                    p.rate = rate("rate")?;
                    "rate"
                }
                "splitter" | "ratio" => {
                    p.splitter = share("splitter")?;
                    "splitter"
                }
                "efficiency" => {
                    p.efficiency = share("efficiency")?;
                    "efficiency"
                }
                "dark" | "dark-counts" => {
                    p.dark = rate("dark")?;
                    "dark"
                }
                "dead-time" => {
                    p.dead_time_ps = time("dead-time")?;
                    "dead-time"
                }
                "afterpulse" | "afterpulsing" => {
                    p.afterpulse = share("afterpulse")?;
                    "afterpulse"
                }
                "afterpulse-time" => {
                    p.afterpulse_time_ps = time("afterpulse-time")?;
                    "afterpulse-time"
                }
                "jitter" => {
                    p.jitter_ps = time("jitter")?;
                    "jitter"
                }
                "seed" => {
                    p.seed = Some(
                        value
                            .parse()
                            .map_err(|_| malformed("seed", "a whole number below 2^64"))?,
                    );
                    "seed"
                }
                _ => {
                    return Err(ParamError::UnknownKey {
                        key: key.trim().into(),
                    });
                }
            };
            if seen.contains(&key) {
                return Err(ParamError::Twice { key });
            }
            seen.push(key);
        }
        p.check()?;
        Ok(p)
    }
}

impl fmt::Display for StochasticParams {
    /// The text form, without the seed: what `describe` shows must not reproduce a run by accident.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "rate={},splitter={},efficiency={},dark={},dead-time={}ps,afterpulse={},afterpulse-time={}ps,jitter={}ps",
            self.rate,
            self.splitter,
            self.efficiency,
            self.dark,
            self.dead_time_ps,
            self.afterpulse,
            self.afterpulse_time_ps,
            self.jitter_ps
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn text_form_sets_what_it_names_and_nothing_else() {
        let p: StochasticParams =
            "rate=2.5M, splitter=0.25,efficiency=1,dark_counts=5k,dead-time=45ns,\
             afterpulsing=0.02,afterpulse-time=1.5us,jitter=80ps,seed=7"
                .parse()
                .unwrap();
        let want = StochasticParams {
            rate: 2.5e6,
            splitter: 0.25,
            efficiency: 1.0,
            dark: 5e3,
            dead_time_ps: 45_000,
            afterpulse: 0.02,
            afterpulse_time_ps: 1_500_000,
            jitter_ps: 80,
            seed: Some(7),
        };
        assert_eq!(p, want);
        assert_eq!("".parse(), Ok(StochasticParams::default()));
        let one: StochasticParams = "dead-time=0ns".parse().unwrap();
        assert_eq!(
            one,
            StochasticParams {
                dead_time_ps: 0,
                ..StochasticParams::default()
            }
        );
    }

    #[test]
    fn display_reads_back() {
        let p: StochasticParams = "rate=123.5,jitter=1ps".parse().unwrap();
        assert_eq!(p.to_string().parse(), Ok(p));
        let seeded = StochasticParams {
            seed: Some(99),
            ..p
        };
        assert_eq!(seeded.to_string(), p.to_string());
    }

    #[test]
    fn each_mistake_is_named() {
        let error = |text: &str| text.parse::<StochasticParams>().unwrap_err().to_string();
        assert!(error("rate").contains("not KEY=VALUE"));
        assert!(error("ratte=1").contains("no stochastic parameter \"ratte\""));
        assert!(error("rate=1,rate=2").contains("given twice"));
        assert!(error("splitter=0.5,ratio=0.4").contains("splitter is given twice"));
        assert!(error("rate=fast").contains("a number per second"));
        assert!(error("rate=-1").contains("out of range"));
        assert!(error("rate=nan").contains("a number per second"));
        assert!(error("splitter=1.5").contains("0 to 1"));
        assert!(error("splitter=nan").contains("0 to 1"));
        assert!(error("efficiency=-0.1").contains("efficiency"));
        assert!(error("dark=2e9").contains("dark"));
        assert!(error("dead-time=30").contains("a time with a unit"));
        assert!(error("dead-time=-3ns").contains("a time with a unit"));
        assert!(error("dead-time=2ms").contains("at most 1 ms"));
        assert!(error("afterpulse=0.95").contains("0 to 0.9"));
        assert!(error("afterpulse-time=1s").contains("at most 1 ms"));
        assert!(error("jitter=2us").contains("at most 1 us"));
        assert!(error("seed=-1").contains("whole number"));
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration("2s"), Some(Duration::from_secs(2)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("2"), None);
        assert_eq!(duration("-1s"), None);
    }
}
