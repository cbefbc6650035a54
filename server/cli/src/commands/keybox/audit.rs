//! `photonbox keybox audit`: what an orbit gives away, on numbers (spec 2-keybox §2.2, `docs/keybox-audit.md`).

mod attacks;
mod pictures;
mod report;
mod sample;
mod small;
mod tested;

use super::OrbitOf;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::plots;
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
    #[command(flatten)]
    orbit: OrbitOf,
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
    let parameters = args.orbit.parameters()?;
    if parameters.total() < FEWEST {
        return Err(Failure::usage(
            format!("{} keys are too few for the statistics", parameters.total()),
            format!("let --boxes times --keys be at least {FEWEST}"),
        ));
    }
    let given = args.orbit.ip_key()?;
    // Before any work: a folder that cannot be made.
    if let Some(folder) = &args.plots {
        plots::make(folder)?;
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
