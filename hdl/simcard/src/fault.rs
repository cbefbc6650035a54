//! Injected faults, and their text form.

use crate::ptu::Detector;
use crate::source::Edge;
use crate::stochastic::{Seed, duration, uniform};
use rand_chacha::ChaCha12Rng;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// Something that breaks, until it ends or is cleared. Clearing repairs; it puts no removed card back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Fault {
    /// No detector of the lane answers: the rate watch must see it.
    DeadLane {
        /// Lane number.
        lane: u32,
    },
    /// Every pulse of the lane comes from this detector: the repetition count test must see it.
    StuckDetector {
        /// Lane number.
        lane: u32,
        /// The one that answers.
        detector: Detector,
    },
    /// The splitter sends this share of the photons to A: the adaptive proportion test must see it.
    StrongBias {
        /// Lane number.
        lane: u32,
        /// Share of the photons at A, 0 … 1.
        share_a: f64,
    },
    /// Each interrupt is lost on its way with this probability: the driver's slow poll must find what it told of.
    LostInterrupt {
        /// Share of the interrupts that is lost, 0 … 1.
        share: f64,
    },
    /// Every write of the card is answered with SLVERR: its ring must stop and say so.
    AxiError,
    /// The card leaves its slot: reads give all-ones, writes are lost, no DMA and no interrupt comes. When that ends
    /// it is back as after power-on, and knows nothing of before.
    SurpriseRemoval,
}

/// A fault and the card's time at which it sets in, and ends.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ScheduledFault {
    /// What breaks.
    pub fault: Fault,
    /// Card time since it was made (its cycles, not the wall clock's); zero is at once.
    pub at: Duration,
    /// Card time at which it ends, after `at`; none for never.
    pub until: Option<Duration>,
}

/// Why a fault's text is not understood, or the fault not possible on this card.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// Not one of the forms.
    #[error(
        "{text:?} is no fault; write dead-lane:LANE, stuck-a:LANE, stuck-b:LANE, bias:LANE:SHARE, \
         lost-interrupt:SHARE, axi-error or removal, with @TIME (such as @2s) to begin later, @TIME..TIME (such as \
         @2s..4s) to end as well"
    )]
    Malformed {
        /// The text.
        text: String,
    },
    /// A lane that the card does not have.
    #[error("there is no lane {lane}; this card has lanes 0 to {}", lanes.saturating_sub(1))]
    NoSuchLane {
        /// The lane asked for.
        lane: u32,
        /// Lanes of the card.
        lanes: u32,
    },
    /// A share outside 0 … 1.
    #[error("a share of {share} is out of range; give one from 0 to 1")]
    Share {
        /// The share, as text.
        share: String,
    },
}

impl Fault {
    /// Checks it against a card with this many lanes.
    ///
    /// # Errors
    /// [`FaultError::NoSuchLane`], [`FaultError::Share`].
    pub fn check(&self, lanes: u32) -> Result<(), FaultError> {
        match *self {
            Self::DeadLane { lane }
            | Self::StuckDetector { lane, .. }
            | Self::StrongBias { lane, .. }
                if lane >= lanes =>
            {
                Err(FaultError::NoSuchLane { lane, lanes })
            }
            Self::StrongBias { share_a: share, .. } | Self::LostInterrupt { share }
                if !(0.0..=1.0).contains(&share) =>
            {
                Err(FaultError::Share {
                    share: share.to_string(),
                })
            }
            _ => Ok(()),
        }
    }
}

impl FromStr for ScheduledFault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let malformed = || FaultError::Malformed { text: text.into() };
        let (what, at, until) = match text.split_once('@') {
            Some((what, times)) => {
                let time = |text: &str| duration(text).ok_or_else(malformed);
                match times.split_once("..") {
                    Some((at, until)) => (what, time(at)?, Some(time(until)?)),
                    None => (what, time(times)?, None),
                }
            }
            None => (text, Duration::ZERO, None),
        };
        if until.is_some_and(|until| until <= at) {
            return Err(malformed());
        }
        let parts: Vec<&str> = what.trim().split(':').collect();
        let lane = |text: &str| text.parse::<u32>().map_err(|_| malformed());
        let fault = match parts[..] {
            ["dead-lane", n] => Fault::DeadLane { lane: lane(n)? },
            ["stuck-a", n] => Fault::StuckDetector {
                lane: lane(n)?,
                detector: Detector::A,
            },
            ["stuck-b", n] => Fault::StuckDetector {
                lane: lane(n)?,
                detector: Detector::B,
            },
            ["bias", n, share] => Fault::StrongBias {
                lane: lane(n)?,
                share_a: share.parse().map_err(|_| malformed())?,
            },
            ["lost-interrupt", share] => Fault::LostInterrupt {
                share: share.parse().map_err(|_| malformed())?,
            },
            ["axi-error"] => Fault::AxiError,
            ["removal"] => Fault::SurpriseRemoval,
            _ => return Err(malformed()),
        };
        fault.check(u32::MAX)?;
        Ok(Self { fault, at, until })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DeadLane { lane } => write!(f, "dead-lane:{lane}"),
            Self::StuckDetector { lane, detector } => {
                let name = match detector {
                    Detector::A => 'a',
                    Detector::B => 'b',
                };
                write!(f, "stuck-{name}:{lane}")
            }
            Self::StrongBias { lane, share_a } => write!(f, "bias:{lane}:{share_a}"),
            Self::LostInterrupt { share } => write!(f, "lost-interrupt:{share}"),
            Self::AxiError => f.write_str("axi-error"),
            Self::SurpriseRemoval => f.write_str("removal"),
        }
    }
}

/// Stream of the generator that redraws biased photons: apart from those of the detectors, which are
/// numbered from 0.
const BIAS_STREAM: u64 = 1 << 63;
/// Stream of the generator that says which interrupts are lost.
pub(crate) const INTERRUPT_STREAM: u64 = BIAS_STREAM + 1;

/// The faults in force.
pub(crate) struct ActiveFaults {
    active: Vec<Fault>,
    rng: ChaCha12Rng,
}

impl ActiveFaults {
    pub(crate) fn new(seed: &Seed) -> Self {
        Self {
            active: Vec::new(),
            rng: seed.generator(BIAS_STREAM),
        }
    }

    pub(crate) fn add(&mut self, fault: Fault) {
        self.active.push(fault);
    }

    /// Ends one fault of this kind.
    pub(crate) fn end(&mut self, fault: Fault) {
        if let Some(index) = self.active.iter().position(|active| *active == fault) {
            self.active.remove(index);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.active.clear();
    }

    /// Whether writes are answered with an error.
    pub(crate) fn axi_error(&self) -> bool {
        self.active.contains(&Fault::AxiError)
    }

    /// Share of the interrupts that is lost: the largest, of several.
    pub(crate) fn lost_interrupts(&self) -> f64 {
        let shares = self.active.iter().map(|fault| match *fault {
            Fault::LostInterrupt { share } => share,
            _ => 0.0,
        });
        shares.fold(0.0, f64::max)
    }

    /// What the broken detectors make of `edge`.
    pub(crate) fn apply(&mut self, mut edge: Edge) -> Option<Edge> {
        for fault in &self.active {
            match *fault {
                Fault::DeadLane { lane } if lane == edge.lane => return None,
                Fault::StuckDetector { lane, detector } if lane == edge.lane => {
                    edge.a = detector == Detector::A;
                    edge.b = !edge.a;
                }
                Fault::StrongBias { lane, share_a } if lane == edge.lane => {
                    let photons = u32::from(edge.a) + u32::from(edge.b);
                    (edge.a, edge.b) = (false, false);
                    for _ in 0..photons {
                        if uniform(&mut self.rng) < share_a {
                            edge.a = true;
                        } else {
                            edge.b = true;
                        }
                    }
                }
                _ => {}
            }
        }
        Some(edge)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn text_forms() {
        let parse = |t: &str| t.parse::<ScheduledFault>().unwrap();
        let (lane, now) = (2, Duration::ZERO);
        let stuck = |detector| Fault::StuckDetector { lane, detector };
        for (text, fault, at) in [
            ("dead-lane:2", Fault::DeadLane { lane }, now),
            ("stuck-a:2", stuck(Detector::A), now),
            (
                "stuck-b:2@500ms",
                stuck(Detector::B),
                Duration::from_millis(500),
            ),
            (
                "bias:2:0.95",
                Fault::StrongBias {
                    lane,
                    share_a: 0.95,
                },
                now,
            ),
            (
                "lost-interrupt:0.1",
                Fault::LostInterrupt { share: 0.1 },
                now,
            ),
            ("axi-error", Fault::AxiError, now),
            ("removal@2s", Fault::SurpriseRemoval, Duration::from_secs(2)),
        ] {
            let until = None;
            assert_eq!(parse(text), ScheduledFault { fault, at, until }, "{text}");
            assert_eq!(text.split('@').next().unwrap(), fault.to_string());
        }
    }

    #[test]
    fn a_fault_may_end() {
        let both = "dead-lane:1@2s..4500ms".parse::<ScheduledFault>().unwrap();
        assert_eq!(both.at, Duration::from_secs(2));
        assert_eq!(both.until, Some(Duration::from_millis(4500)));
        let back = "removal@1s..2s".parse::<ScheduledFault>().unwrap();
        assert_eq!(back.until, Some(Duration::from_secs(2)));
        for text in [
            "dead-lane:1@4s..2s",
            "dead-lane:1@2s..2s",
            "dead-lane:1@..2s",
            "removal@2s..1s",
        ] {
            assert!(text.parse::<ScheduledFault>().is_err(), "{text}");
        }
        let (lane, a) = (1, Fault::DeadLane { lane: 1 });
        let mut faults = with(a);
        faults.add(a);
        faults.end(Fault::DeadLane { lane: 0 });
        faults.end(a);
        assert_eq!(
            faults.apply(edge(lane, true, false)),
            None,
            "one of two is left"
        );
        faults.end(a);
        assert!(faults.apply(edge(lane, true, false)).is_some());
    }

    #[test]
    fn wrong_texts_are_refused_by_name() {
        let error = |t: &str| t.parse::<ScheduledFault>().unwrap_err().to_string();
        for text in [
            "",
            "dead-lane",
            "dead-lane:x",
            "bias:0",
            "removal:0",
            "axi-error:0",
            "lost-interrupt",
            "lost-interrupt:often",
            "fire",
            "removal@2",
            "stuck-a:-1",
        ] {
            assert!(error(text).contains("write dead-lane:LANE"), "{text}");
        }
        assert!(error("bias:0:1.5").contains("1.5 is out of range"));
        assert!(error("bias:0:nan").contains("out of range"));
        assert!(error("lost-interrupt:-0.1").contains("-0.1 is out of range"));
        let e = Fault::DeadLane { lane: 4 }
            .check(4)
            .unwrap_err()
            .to_string();
        assert!(e.contains("no lane 4") && e.contains("0 to 3"), "{e}");
        assert_eq!(Fault::DeadLane { lane: 3 }.check(4), Ok(()));
    }

    fn edge(lane: u32, a: bool, b: bool) -> Edge {
        Edge {
            cycle: 9,
            lane,
            a,
            b,
            replayed: true,
        }
    }

    fn with(fault: Fault) -> ActiveFaults {
        let mut f = ActiveFaults::new(&Seed::Fixed(1));
        f.add(fault);
        f
    }

    #[test]
    fn each_touches_its_own_lane_only() {
        let lane = 1;
        for fault in [
            Fault::DeadLane { lane },
            Fault::StuckDetector {
                lane,
                detector: Detector::A,
            },
            Fault::StrongBias { lane, share_a: 1.0 },
        ] {
            let mut f = with(fault);
            assert_eq!(f.apply(edge(0, false, true)), Some(edge(0, false, true)));
            let want = match fault {
                Fault::DeadLane { .. } => None,
                _ => Some(edge(1, true, false)),
            };
            assert_eq!(f.apply(edge(1, false, true)), want);
            assert_eq!(f.apply(edge(1, true, true)), want);
            f.clear();
            assert_eq!(f.apply(edge(1, false, true)), Some(edge(1, false, true)));
        }
        let mut b = with(Fault::StuckDetector {
            lane,
            detector: Detector::B,
        });
        assert_eq!(b.apply(edge(1, true, false)), Some(edge(1, false, true)));
    }

    #[test]
    fn faults_of_the_bus_last_until_they_end() {
        let mut f = with(Fault::LostInterrupt { share: 0.25 });
        f.add(Fault::LostInterrupt { share: 0.5 });
        f.add(Fault::AxiError);
        assert!(f.axi_error());
        assert_eq!(f.lost_interrupts(), 0.5);
        f.end(Fault::LostInterrupt { share: 0.5 });
        f.end(Fault::AxiError);
        assert_eq!((f.axi_error(), f.lost_interrupts()), (false, 0.25));
        f.clear();
        assert_eq!(f.lost_interrupts(), 0.0);
    }

    #[test]
    fn bias_has_its_share() {
        let mut f = with(Fault::StrongBias {
            lane: 0,
            share_a: 0.9,
        });
        let a = (0..10_000)
            .filter(|i| f.apply(edge(0, i % 2 == 0, i % 2 == 1)).unwrap().a)
            .count();
        // Six standard deviations of 30.
        assert!((8_820..=9_180).contains(&a), "{a}");
    }
}
