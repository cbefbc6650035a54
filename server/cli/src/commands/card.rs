//! `photonbox card`: look at a card, test it, reset it.
//!
//! A simulated card lives in the process that opened it: what these commands show is a card of
//! their own, not the one of a running hub (`photonbox status` shows that one).

mod bench;
mod list;
mod status;

use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::output::{self, Json, Table, si};
use crate::settings::{self, CardArgs};
use photonbox_daemon::{CardOptions, OpenedCard};
use photonbox_driver::{Identity, RingMemory, SelfTest};
use serde::Serialize;

/// `card` and its commands.
#[derive(Debug, clap::Args)]
pub(crate) struct CardCommand {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the cards that this build can open: its own, those in slots, and those served on sockets.
    List(list::ListArgs),
    /// Say what the card is.
    Info(OneCard),
    /// Run the card for a moment and show its lanes, counters and alarms.
    Status(status::StatusArgs),
    /// Test registers, blocks and rings; ends with 1 if a check fails.
    Selftest(OneCard),
    /// Measure the way to the card and back, and its rings.
    Bench(bench::BenchArgs),
    /// Reset the card: settings, latched alarms and what is in flight are dropped.
    Reset(OneCard),
}

#[derive(Debug, clap::Args)]
struct OneCard {
    #[command(flatten)]
    card: CardArgs,
    #[command(flatten)]
    json: Json,
}

/// Runs a `card` command.
pub(crate) fn run(args: CardCommand, common: &Common) -> anyhow::Result<()> {
    match args.command {
        Action::List(args) => list::run(&args),
        Action::Info(args) => info(args, common),
        Action::Status(args) => status::run(args, common),
        Action::Selftest(args) => selftest(args, common),
        Action::Bench(args) => bench::run(args, common),
        Action::Reset(args) => reset(args, common),
    }
}

fn open(card: CardArgs, common: &Common) -> anyhow::Result<(CardOptions, OpenedCard)> {
    let options = card.apply(settings::load(common)?.card);
    let opened = photonbox_daemon::open_card(&options)?;
    Ok((options, opened))
}

/// The answer of `card info`.
#[derive(Debug, Serialize)]
struct Info<'a> {
    card: &'a str,
    identity: &'a str,
    abi: String,
    build_hash: String,
    simulated: bool,
    lanes: u32,
    build: photonbox_driver::Build,
    front_end: photonbox_driver::FrontEnd,
    clock_hz: u32,
    /// The largest block that the card can be set to: n and m.
    extractor_max: [u32; 2],
    /// Input bits of a block, as configured.
    n: u32,
    /// Output bits of a block, as configured.
    m: u32,
    /// Bits that a block is credited with.
    credited_bits: f64,
    toeplitz_width: u32,
    axi_bytes: u32,
    keybox: bool,
    /// What the rings lie in.
    ring_memory: Vec<RingMemory>,
}

fn info(args: OneCard, common: &Common) -> anyhow::Result<()> {
    let (options, opened) = open(args.card, common)?;
    let identity: &Identity = opened.card.identity();
    let photonbox_driver::ExtractorSettings { n, m, .. } = opened.settings.extractor;
    let h = opened.settings.cutoffs.claimed_h;
    let credited = photonbox_entropy::credit::toeplitz_block_millibits(n, m, h)?;
    let info = Info {
        card: &options.card,
        identity: &identity.describe,
        abi: format!("{}.{}", identity.abi.0, identity.abi.1),
        build_hash: identity.build_hash_hex(),
        simulated: !identity.is_real(),
        lanes: identity.lanes,
        build: identity.build,
        front_end: identity.front_end,
        clock_hz: identity.clock_hz,
        extractor_max: [identity.max_n, identity.max_m],
        n,
        m,
        credited_bits: credited as f64 / 1000.0,
        toeplitz_width: identity.toeplitz_width,
        axi_bytes: identity.axi_bytes,
        keybox: identity.keybox,
        ring_memory: opened.card.ring_memory(),
    };
    if args.json.json {
        return output::json(&info);
    }
    let mut memory = String::new();
    for ring in &info.ring_memory {
        let pages = if ring.huge_pages { "huge" } else { "small" };
        memory.push_str(&format!(
            "  ring memory {}, {}B in {pages} pages\n",
            word(&ring.ring),
            si(ring.bytes as f64)
        ));
        if let Some(advice) = &ring.advice {
            memory.push_str(&format!("              {advice}\n"));
        }
    }
    output::write(&format!(
        "{}\n  build       {} lanes, {}, {} front end\n  ABI         {}\n  build hash  {}\n  \
         clock       {}Hz\n  extractor   {} → {} bits, credited {:.3}; up to {} → {}, {} bits a cycle\n{memory}",
        info.identity,
        info.lanes,
        word(&info.build),
        word(&info.front_end),
        info.abi,
        info.build_hash,
        si(f64::from(info.clock_hz)),
        info.n,
        info.m,
        info.credited_bits,
        info.extractor_max[0],
        info.extractor_max[1],
        info.toeplitz_width,
    ))
}

fn selftest(args: OneCard, common: &Common) -> anyhow::Result<()> {
    let (_, opened) = open(args.card, common)?;
    let report = opened.card.selftest()?;
    if args.json.json {
        output::json(&report)?;
    } else {
        output::write(&selftest_text(&report))?;
    }
    if report.failed > 0 {
        return Err(Failure::with(
            Exit::Failed,
            format!("{} of {} checks failed", report.failed, report.checks.len()),
            "reset the card and test it again; replace it if it fails again",
        ));
    }
    Ok(())
}

fn selftest_text(report: &SelfTest) -> String {
    let mut table = Table::new(&["check", "result", "what was seen"]);
    for check in &report.checks {
        let result = if check.ok { "ok" } else { "FAILED" };
        table.row([check.name.clone(), result.to_owned(), check.detail.clone()]);
    }
    format!(
        "{}\n{} passed, {} failed\n",
        table.text(),
        report.passed,
        report.failed
    )
}

/// The answer of `card reset`.
#[derive(Debug, Serialize)]
struct Reset {
    generation: u32,
}

fn reset(args: OneCard, common: &Common) -> anyhow::Result<()> {
    let (_, opened) = open(args.card, common)?;
    opened.card.reset()?;
    let generation = opened.card.status()?.generation;
    if args.json.json {
        return output::json(&Reset { generation });
    }
    output::write(&format!("the card is reset, generation {generation}\n"))
}

/// A plain enumeration's name as in JSON, with spaces.
fn word(value: &impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name.replace('_', " "),
        Ok(other) => other.to_string(),
        Err(_) => "unknown".to_owned(),
    }
}
