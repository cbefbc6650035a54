//! `photonbox card`: look at a card, test it, reset it.
//!
//! A simulated card lives in the process that opened it: what these commands show is a card of
//! their own, not the one of a running hub (`photonbox status` shows that one).

use super::card_bench::{self, BenchArgs};
use crate::args::Common;
use crate::exit::{Exit, Failure};
use crate::output::{self, Json, Table, si};
use crate::settings::{self, CardArgs};
use photonbox_daemon::{CardOptions, OpenedCard};
use photonbox_driver::status::LaneStatus;
use photonbox_driver::transport::vfio::Sysfs;
use photonbox_driver::{CardStatus, Identity, RingKind, SelfTest};
use photonbox_simcard::CoreKind;
use serde::Serialize;
use std::time::{Duration, Instant};

/// `card` and its commands.
#[derive(Debug, clap::Args)]
pub(crate) struct CardCommand {
    #[command(subcommand)]
    command: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// List the cards that this build can open.
    List(ListArgs),
    /// Say what the card is.
    Info(OneCard),
    /// Run the card for a moment and show its lanes, counters and alarms.
    Status(StatusArgs),
    /// Test registers, blocks and rings; ends with 1 if a check fails.
    Selftest(OneCard),
    /// Measure the way to the card and back, and its rings.
    Bench(BenchArgs),
    /// Reset the card: settings, latched alarms and what is in flight are dropped.
    Reset(OneCard),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
struct OneCard {
    #[command(flatten)]
    card: CardArgs,
    #[command(flatten)]
    json: Json,
}

#[derive(Debug, clap::Args)]
struct StatusArgs {
    /// How long the card runs before it is looked at.
    #[arg(long = "for", value_name = "T", env = "PHOTONBOX_STATUS_FOR", default_value = "500ms", value_parser = crate::quantity::time)]
    run_for: Duration,
    #[command(flatten)]
    one: OneCard,
}

/// Runs a `card` command.
pub(crate) fn run(args: CardCommand, common: &Common) -> anyhow::Result<()> {
    match args.command {
        Action::List(args) => list(&args),
        Action::Info(args) => info(args, common),
        Action::Status(args) => status(args, common),
        Action::Selftest(args) => selftest(args, common),
        Action::Bench(args) => card_bench::run(args, common),
        Action::Reset(args) => reset(args, common),
    }
}

fn open(card: CardArgs, common: &Common) -> anyhow::Result<(CardOptions, OpenedCard)> {
    let options = card.apply(settings::load(common)?.card);
    let opened = photonbox_daemon::open_card(&options)?;
    Ok((options, opened))
}

/// One line of `card list`.
#[derive(Debug, Serialize)]
struct Listed {
    /// What `--card` takes.
    card: String,
    /// What it is.
    description: String,
    /// None if only its registers know.
    simulated: Option<bool>,
}

/// The answer of `card list`.
#[derive(Debug, Serialize)]
struct List {
    cards: Vec<Listed>,
}

fn list(args: &ListArgs) -> anyhow::Result<()> {
    let mut cards = vec![Listed {
        card: "model".into(),
        description: "simulated card, bit-exact Rust model, build small (4 lanes) or wide (64)"
            .into(),
        simulated: Some(true),
    }];
    if CoreKind::Rtl.available() {
        cards.push(Listed {
            card: "rtl".into(),
            description: "simulated card, verilated hardware, build small (4 lanes)".into(),
            simulated: Some(true),
        });
    }
    for found in Sysfs::default().cards() {
        let driver = found.driver.as_deref().unwrap_or("no driver");
        let description = match &found.group {
            Some(group) => format!("PCI function, {driver}, IOMMU group {group}"),
            None => format!("PCI function, {driver}, no IOMMU"),
        };
        cards.push(Listed {
            card: format!("vfio:{}", found.bdf.as_str()),
            description,
            simulated: None,
        });
    }
    let list = List { cards };
    if args.json.json {
        return output::json(&list);
    }
    let mut table = Table::new(&["--card", "what it is"]);
    for card in list.cards {
        table.row([card.card, card.description]);
    }
    output::write(&table.text())
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
    };
    if args.json.json {
        return output::json(&info);
    }
    output::write(&format!(
        "{}\n  build       {} lanes, {}, {} front end\n  ABI         {}\n  build hash  {}\n  \
         clock       {}Hz\n  extractor   {} → {} bits, credited {:.3}; up to {} → {}, {} bits a cycle\n",
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

fn status(args: StatusArgs, common: &Common) -> anyhow::Result<()> {
    let (_, opened) = open(args.one.card, common)?;
    photonbox_daemon::start_card(&opened)?;
    drain(&opened, args.run_for)?;
    let status = opened.card.status()?;
    opened.card.stop()?;
    if args.one.json.json {
        output::json(&status)?;
    } else {
        output::write(&status_text(&status))?;
    }
    if status.all_alarmed {
        return Err(Failure::with(
            Exit::Unhealthy,
            "every lane in use is in alarm",
            "look the alarms up in docs/operations.md, find their cause, then reset the card",
        ));
    }
    Ok(())
}

/// Takes what the card makes, for a time, and throws it away: nobody asked for bytes here.
fn drain(opened: &OpenedCard, time: Duration) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut ring = opened.card.take_ring(RingKind::Entropy)?;
    while let Some(left) = time
        .checked_sub(start.elapsed())
        .filter(|left| !left.is_zero())
    {
        if let Some(slot) = ring.wait(left)? {
            slot.release()?;
        }
    }
    Ok(())
}

fn status_text(status: &CardStatus) -> String {
    let mut text = format!(
        "{}\n  generation {}, ABI {}, source {}\n  build hash {}\n\n",
        status.identity,
        status.generation,
        status.abi,
        match (status.test, status.replayed, status.simulated) {
            (true, _, _) => "test",
            (_, true, _) => "replayed",
            (_, _, true) => "simulated",
            _ => "real",
        },
        status.build_hash,
    );
    let mut table = Table::new(&[
        ">lane",
        "state",
        ">bits",
        ">ones",
        ">coincidences",
        ">ignored",
        ">A/s",
        ">B/s",
        "alarms",
    ]);
    for lane in &status.lanes {
        table.row(lane_row(lane));
    }
    text.push_str(&table.text());
    text
}

fn lane_row(lane: &LaneStatus) -> [String; 9] {
    [
        lane.lane.to_string(),
        word(&lane.state),
        lane.bits.to_string(),
        lane.ones.to_string(),
        lane.coincidences.to_string(),
        lane.ignored.to_string(),
        format!("{:.0}", lane.rate_a),
        format!("{:.0}", lane.rate_b),
        if lane.alarms.is_empty() {
            "none".to_owned()
        } else {
            lane.alarms.join(" ")
        },
    ]
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
