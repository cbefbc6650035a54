//! What a simulated card is made from.

use crate::core::CoreKind;
use crate::fault::{FaultError, ScheduledFault};
use crate::ptu::PtuError;
use crate::stochastic::{ParamError, StochasticParams};
use photonbox_model::{Build, Pattern};
use std::path::PathBuf;

/// Where the photons of a simulated card come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A recording on lane 0, played in a loop; the other lanes stay dark.
    Capture {
        /// The `.ptu` file.
        path: PathBuf,
    },
    /// Stochastic light on every lane.
    Stochastic(StochasticParams),
    /// A test pattern on every lane, marked *test*.
    Pattern(Pattern),
}

impl Source {
    /// The pattern with this name: `alternate`, `counter`, `stuck-a`, `stuck-b` or `biased`.
    ///
    /// # Errors
    /// [`Error::UnknownPattern`].
    pub fn pattern(name: &str) -> Result<Self, Error> {
        Pattern::from_name(name)
            .map(Self::Pattern)
            .ok_or_else(|| Error::UnknownPattern { name: name.into() })
    }
}

/// How card time passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// As on a real card: its clock follows the wall clock. A verilated core is far slower: then its own pace is the
    /// card's, and nothing is caught up.
    #[default]
    RealTime,
    /// As fast as the machine can, but no faster than the host empties the rings: nothing is dropped.
    AsFastAsPossible,
    /// Only in [`crate::SimCard::advance`], in the caller's thread: for tests that must be repeatable.
    Manual,
}

/// Everything that makes a simulated card.
#[derive(Debug, Clone, PartialEq)]
pub struct SimCardOptions {
    /// What the card's core is.
    pub core: CoreKind,
    /// Which build the card is.
    pub build: Build,
    /// Photons.
    pub source: Source,
    /// Seed of all that is random in the simulation; wins over the stochastic source's own. `None` and
    /// no other: the operating system's generator.
    pub seed: Option<u64>,
    /// How time passes.
    pub pace: Pace,
    /// Faults that set in by themselves.
    pub faults: Vec<ScheduledFault>,
    /// The recording was played before, by whomever: its first pass is labelled replayed, too.
    pub played_before: bool,
}

impl Default for SimCardOptions {
    /// The model, build small, stochastic light seeded by the operating system, real time, no faults.
    fn default() -> Self {
        Self {
            core: CoreKind::default(),
            build: Build::Small,
            source: Source::Stochastic(StochasticParams::default()),
            seed: None,
            pace: Pace::default(),
            faults: Vec::new(),
            played_before: false,
        }
    }
}

/// Why there is no simulated card.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The capture is refused.
    #[error("{}: {source}", path.display())]
    Capture {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PtuError,
    },
    /// The core is not in this program.
    #[error(
        "the card `rtl` is not supported by this build, which has no verilated hardware; build with \
         --features verilated, or use --card model"
    )]
    NoCore,
    /// The core does not come in this build.
    #[error(
        "this program has no verilated card of build `{}`; build it with --features verilated-wide, or use --build small",
        build.name()
    )]
    NoBuild {
        /// The build asked for.
        build: Build,
    },
    /// The stochastic source is refused.
    #[error(transparent)]
    Stochastic(#[from] ParamError),
    /// A pattern that does not exist.
    #[error("there is no pattern {name:?}; choose alternate, counter, stuck-a, stuck-b or biased")]
    UnknownPattern {
        /// The name given.
        name: String,
    },
    /// A fault is refused.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// The operating system gives no seed.
    #[error(
        "the operating system gives no random seed: {0}; give a seed, or repair the system's generator"
    )]
    Entropy(getrandom::Error),
    /// No thread for the card.
    #[error("cannot start the card's thread: {0}; raise the limit of threads")]
    Thread(std::io::Error),
}
