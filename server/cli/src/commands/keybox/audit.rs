//! `photonbox keybox audit`: what an orbit gives away, on numbers (spec 2-keybox §2.2, `docs/keybox-audit.md`).

mod attacks;
mod pictures;
mod report;
mod sample;
mod small;
mod tested;

use super::usage;
use crate::exit::Failure;
use crate::output::{self, Json};
use indicatif::{ProgressBar, ProgressStyle};
use photonbox_keybox::{IpKey, Parameters};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Fewest keys that the statistics' approximations hold for: each pair of digits is expected ten times.
const FEWEST: u32 = 1_000;

/// Flags of `keybox audit`.
#[derive(Debug, clap::Args)]
pub(super) struct AuditArgs {
    /// The IP key, 64 decimal digits, of an orbit that nothing uses: what is computed here is not wiped. Without one a key
    /// is drawn, and shown, for this audit alone.
    #[arg(long, value_name = "DIGITS", conflicts_with = "ip_key_file")]
    ip_key: Option<String>,
    /// File with the IP key; /dev/fd/N reads from a file descriptor, `-` from standard input.
    #[arg(long, value_name = "FILE")]
    ip_key_file: Option<PathBuf>,
    /// Leading digits that a session key drops, 1 to 8.
    #[arg(long = "s", value_name = "S", default_value_t = 4)]
    s: u32,
    /// Boxes.
    #[arg(long, value_name = "I", default_value_t = 200)]
    boxes: u32,
    /// Keys of a box; I * J is at least 1000 and at most 2^20.
    #[arg(long, value_name = "J", default_value_t = 512)]
    keys: u32,
    /// Seconds instead of about twenty: smaller maps, a shorter way back, and more of it extrapolated.
    #[arg(long)]
    quick: bool,
    /// Draw the map, the Lorenz plot, the digits and the cycles (SVG) into this folder.
    #[arg(long, value_name = "DIR")]
    plots: Option<PathBuf>,
    #[command(flatten)]
    json: Json,
}

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Audit {
    /// The digits, if they were drawn for this audit.
    drawn_ip_key: Option<String>,
    s: u32,
    boxes: u32,
    keys: u32,
    attack: attacks::Attack,
    cycles: small::Cycles,
    losses: small::Losses,
    digits: sample::DigitsFound,
    bits: sample::BitsFound,
    tests: tested::Tests,
    plots: Vec<PathBuf>,
}

/// Runs the audit.
pub(super) fn run(args: &AuditArgs) -> anyhow::Result<()> {
    let parameters = Parameters::new(args.s, args.boxes, args.keys)
        .map_err(|error| usage(&error.to_string()))?;
    if parameters.total() < FEWEST {
        return Err(Failure::usage(
            format!("{} keys are too few for the statistics", parameters.total()),
            format!("let --boxes times --keys be at least {FEWEST}"),
        ));
    }
    let given = super::given_ip_key(args.ip_key.as_deref(), args.ip_key_file.as_deref())?;
    // Before any work: a folder that cannot be made.
    if let Some(folder) = &args.plots {
        pictures::make(folder)?;
    }
    let drawn = given.is_none();
    let ip_key = match given {
        Some(key) => key,
        None => photonbox_daemon::boxes::new_ip_key()?,
    };
    let progress = Progress::new();
    let audit = audit(args, &ip_key, parameters, drawn, &progress)?;
    progress.0.finish_and_clear();
    if args.json.json {
        return output::json(&audit);
    }
    output::write(&report::text(&audit))
}

fn audit(
    args: &AuditArgs,
    ip_key: &IpKey,
    parameters: Parameters,
    drawn: bool,
    progress: &Progress,
) -> anyhow::Result<Audit> {
    let sample = sample::Sample::of(ip_key, parameters, progress)?;
    let attack = attacks::run(
        ip_key,
        parameters,
        args.quick,
        sample.session_keys(),
        progress,
    )?;
    let cycles = small::cycles(parameters, args.quick, progress);
    let losses = small::losses(&cycles, parameters, args.quick, progress);
    let plots = match &args.plots {
        Some(folder) => pictures::draw(folder, &sample, &cycles)?,
        None => Vec::new(),
    };
    let digits = || std::str::from_utf8(ip_key.digits()).map(str::to_owned);
    Ok(Audit {
        drawn_ip_key: drawn.then(digits).transpose()?,
        s: parameters.s(),
        boxes: parameters.boxes(),
        keys: parameters.keys(),
        attack,
        cycles,
        losses,
        digits: sample.digits_found(),
        bits: sample.bits_found(),
        tests: tested::of(&sample.groups()),
        plots,
    })
}

/// What is being done, on standard error, if that is a terminal.
struct Progress(ProgressBar);

impl Progress {
    fn new() -> Self {
        let bar = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    fn say(&self, what: impl Into<String>) {
        self.0.set_message(what.into());
    }
}
