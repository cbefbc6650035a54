//! What a program that drives a card and the card's owner say to each other, where they are two: a question a line, an
//! answer a line, both JSON.

use photonbox_simcard::{
    Build, BusStats, CoreKind, Pace, Pattern, SimCardOptions, Source, StochasticParams,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::io::{self, BufRead, Read, Write};

/// Longer than any question or answer.
const MAX_BYTES: u64 = 4096;

/// What the driving program asks. Cards have numbers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Ask {
    /// A new card: its number.
    New(NewCard),
    /// The card isn't needed any more.
    Drop { card: u32 },
    /// Puts the card into the slot that the bus leads to: whether it answers there.
    Plug { card: u32 },
    /// Another card, of no interest, takes its place.
    Unplug,
    /// A register, as the bus would read it.
    Read { card: u32, offset: u32 },
    /// The same to write it.
    Write { card: u32, offset: u32, value: u32 },
    /// Bus mastering, behind the driver's back.
    BusMaster { card: u32, on: bool },
    /// A function-level reset, behind the driver's back.
    Reset { card: u32 },
    /// Card time passes.
    Advance { card: u32, cycles: u64 },
    /// A fault, in its text form.
    Inject { card: u32, fault: String },
    /// The end of a fault, in its text form.
    End { card: u32, fault: String },
    /// Known-answer tests that fail.
    InjectSelftest { card: u32, mask: u32 },
    /// Repairs the lanes.
    ClearFaults { card: u32 },
    /// What went over the bus.
    BusStats { card: u32 },
    /// From now on this register reads so.
    Forge { card: u32, offset: u32, value: u32 },
    /// No register is forged any more.
    Honest { card: u32 },
    /// From now on writes to this register get lost.
    LoseWrites { card: u32, offset: u32 },
}

/// What the owner answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) enum Answer {
    /// So it is.
    Done,
    /// A number.
    Number(u64),
    /// Yes or no.
    Flag(bool),
    /// What went over the bus.
    Stats(BusStats),
    /// It isn't done, and why.
    Refused(String),
}

/// What a card is made from.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct NewCard {
    #[serde(with = "CoreForm")]
    core: CoreKind,
    #[serde(with = "BuildForm")]
    build: Build,
    #[serde(with = "PaceForm")]
    pace: Pace,
    /// `pattern:NAME`, or the stochastic source's parameters.
    light: String,
    seed: Option<u64>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "CoreKind", rename_all = "kebab-case")]
enum CoreForm {
    Model,
    Rtl,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Build", rename_all = "kebab-case")]
enum BuildForm {
    Small,
    Wide,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Pace", rename_all = "kebab-case")]
enum PaceForm {
    RealTime,
    AsFastAsPossible,
    Manual,
}

impl NewCard {
    /// Says it for the line.
    ///
    /// # Errors
    /// What the line has no words for.
    pub(crate) fn from_options(options: &SimCardOptions) -> Result<Self, String> {
        let light = match &options.source {
            Source::Stochastic(params) if params.seed.is_none() => params.to_string(),
            Source::Pattern(pattern) => format!("pattern:{}", pattern.name()),
            other => return Err(format!("{other:?} isn't where the card is made")),
        };
        if !options.faults.is_empty() || options.played_before {
            return Err("inject faults once the card is made".into());
        }
        Ok(Self {
            core: options.core,
            build: options.build,
            pace: options.pace,
            light,
            seed: options.seed,
        })
    }

    /// What the line says.
    ///
    /// # Errors
    /// No such light.
    pub(crate) fn into_options(self) -> Result<SimCardOptions, String> {
        let source = match self.light.strip_prefix("pattern:") {
            Some(name) => {
                Source::Pattern(Pattern::from_name(name).ok_or(format!("no pattern {name}"))?)
            }
            None => {
                let params: Result<StochasticParams, _> = self.light.parse();
                Source::Stochastic(params.map_err(|error| error.to_string())?)
            }
        };
        Ok(SimCardOptions {
            core: self.core,
            build: self.build,
            source,
            seed: self.seed,
            pace: self.pace,
            ..SimCardOptions::default()
        })
    }
}

/// Sends a line.
///
/// # Errors
/// What the system says.
pub(crate) fn send(to: &mut impl Write, what: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(what)?;
    line.push(b'\n');
    to.write_all(&line)?;
    to.flush()
}

/// Receives a line; none at the end.
///
/// # Errors
/// What the system says, and `InvalidData` for what is no such line.
pub(crate) fn receive<T: DeserializeOwned>(from: &mut impl BufRead) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    from.take(MAX_BYTES).read_until(b'\n', &mut line)?;
    match line.pop() {
        None => Ok(None),
        Some(b'\n') => Ok(Some(serde_json::from_slice(&line)?)),
        Some(_) => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a line has no end",
        )),
    }
}
