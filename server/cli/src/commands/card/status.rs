//! `photonbox card status`: a card at work, once or again and again.

use super::{OneCard, open, word};
use crate::args::Common;
use crate::commands::signals;
use crate::exit::{Exit, Failure};
use crate::output::{self, Table};
use crate::settings;
use photonbox_daemon::OpenedCard;
use photonbox_driver::status::LaneStatus;
use photonbox_driver::{CardStatus, RingKind};
use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

/// How often `--watch` shows the card.
const EVERY: Duration = Duration::from_secs(1);

#[derive(Debug, clap::Args)]
pub(super) struct StatusArgs {
    /// How long the card runs before it is looked at.
    #[arg(long = "for", value_name = "T", env = "PHOTONBOX_STATUS_FOR", default_value = "500ms", value_parser = crate::quantity::time)]
    run_for: Duration,
    /// Show it every second until interrupted, instead: in place on a terminal, else a line each time.
    #[arg(long, conflicts_with = "json")]
    watch: bool,
    #[command(flatten)]
    one: OneCard,
}

pub(super) fn run(args: StatusArgs, common: &Common) -> anyhow::Result<()> {
    let (_, opened) = open(args.one.card, common)?;
    photonbox_daemon::start_card(&opened)?;
    if args.watch {
        return watch(&opened);
    }
    drain(&opened, args.run_for)?;
    let status = status_of(&opened)?;
    opened.card.stop()?;
    if args.one.json.json {
        output::json(&status)?;
    } else {
        output::write(&status_text(&status))?;
    }
    verdict(&status)
}

fn verdict(status: &CardStatus) -> anyhow::Result<()> {
    if status.all_alarmed {
        return Err(Failure::with(
            Exit::Unhealthy,
            "every lane in use is in alarm",
            "look the alarms up in docs/operations.md, find their cause, then reset the card",
        ));
    }
    Ok(())
}

/// What the card says, and what its photons are known by.
fn status_of(opened: &OpenedCard) -> anyhow::Result<CardStatus> {
    let mut status = opened.card.status()?;
    // Whoever knows the seed has the bits: such a card is a test to the end.
    status.test |= opened.reproducible;
    Ok(status)
}

/// Shows the card every second until it is interrupted: in place on a terminal, else as lines.
fn watch(opened: &OpenedCard) -> anyhow::Result<()> {
    let runtime = settings::runtime()?;
    let stopped = runtime.spawn(runtime.block_on(async { signals::stopped() })?);
    let terminal = std::io::stdout().is_terminal();
    let mut before = status_of(opened)?;
    while !stopped.is_finished() {
        drain(opened, EVERY)?;
        let status = status_of(opened)?;
        if terminal {
            // From the top left corner on, and nothing of what stood there before.
            output::write(&format!("\x1b[H\x1b[2J{}", status_text(&status)))?;
        } else {
            output::write(&line(&before, &status))?;
        }
        before = status;
    }
    opened.card.stop()?;
    verdict(&before)
}

/// One line of `--watch` where there is no terminal.
fn line(before: &CardStatus, now: &CardStatus) -> String {
    let bits = |status: &CardStatus| status.lanes.iter().map(|lane| lane.bits).sum::<u64>();
    let alarms: Vec<String> = now
        .lanes
        .iter()
        .filter(|lane| !lane.alarms.is_empty())
        .map(|lane| format!("lane {} {}", lane.lane, lane.alarms.join(" ")))
        .collect();
    format!(
        "{} raw bits, {} more, {}\n",
        bits(now),
        bits(now).saturating_sub(bits(before)),
        if alarms.is_empty() {
            "no alarm".to_owned()
        } else {
            format!("alarms: {}", alarms.join(", "))
        }
    )
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
