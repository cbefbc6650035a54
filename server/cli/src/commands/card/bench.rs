//! `photonbox card bench`: the way to a card and back, and how fast its rings run.

use crate::args::Common;
use crate::bench::card::{self, Rounds};
use crate::exit::Failure;
use crate::output::{self, Json, Table, si};
use crate::settings::{self, CardArgs};
use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use photonbox_driver::RingKind;
use serde::Serialize;
use std::time::Duration;

/// Quantiles that are shown.
const QUANTILES: [(&str, f64); 6] = [
    ("p50", 0.5),
    ("p90", 0.9),
    ("p99", 0.99),
    ("p99.9", 0.999),
    ("p99.99", 0.9999),
    ("max", 1.0),
];

/// Flags of `card bench`.
#[derive(Debug, clap::Args)]
pub(super) struct BenchArgs {
    /// Rounds of doorbell, data and interrupt.
    #[arg(long, value_name = "COUNT", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each ring is measured.
    #[arg(long = "for", value_name = "T", default_value = "1s", value_parser = crate::quantity::time)]
    time: Duration,
    #[command(flatten)]
    card: CardArgs,
    #[command(flatten)]
    json: Json,
}

/// The answer.
#[derive(Debug, Serialize)]
struct Report<'a> {
    card: &'a str,
    identity: String,
    rounds: u32,
    lost_interrupts: u64,
    doorbell_us: Latency,
    interrupt_us: Latency,
    rings: Vec<Ring>,
    /// What the driver's thread would need of a core, carrying a gigabit a second from the key-box ring.
    cpu_percent_at_gigabit: f64,
}

/// Microseconds, by quantile.
#[derive(Debug, Serialize)]
struct Latency {
    min: f64,
    #[serde(flatten)]
    quantiles: std::collections::BTreeMap<&'static str, f64>,
}

#[derive(Debug, Serialize)]
struct Ring {
    ring: RingKind,
    bytes_per_second: f64,
}

impl Latency {
    fn of(histogram: &Histogram<u64>) -> Self {
        let micros = |nanos: u64| nanos as f64 / 1000.0;
        Self {
            min: micros(histogram.min()),
            quantiles: QUANTILES
                .map(|(name, quantile)| (name, micros(histogram.value_at_quantile(quantile))))
                .into(),
        }
    }
}

/// Runs it.
pub(super) fn run(args: BenchArgs, common: &Common) -> anyhow::Result<()> {
    let options = args.card.apply(settings::load(common)?.card);
    let opened = photonbox_daemon::open_card(&options)?;
    let card = &*opened.card;
    let bar = ProgressBar::new(u64::from(args.rounds));
    bar.set_style(ProgressStyle::with_template(
        "{msg} {bar:30} {pos}/{len} ({eta})",
    )?);
    bar.set_message("rounds");
    if !card.identity().keybox {
        return Err(Failure::failed(
            "the card has no key-box engine, so nothing answers a doorbell",
            "take a card with one",
        ));
    }
    let rounds = card::rounds(card, args.rounds, &|done| {
        if done.is_multiple_of(64) {
            bar.set_position(u64::from(done));
        }
    })?;
    bar.finish_and_clear();
    let bar = ProgressBar::new_spinner();
    bar.enable_steady_tick(Duration::from_millis(250));
    let mut rings = Vec::new();
    let mut ring = |ring, bytes_per_second| {
        rings.push(Ring {
            ring,
            bytes_per_second,
        });
    };
    bar.set_message("key-box ring");
    let flow = card::keybox_ring(card, args.time)?;
    ring(RingKind::Keybox, flow.bytes_per_second);
    bar.set_message("entropy ring");
    photonbox_daemon::start_card(&opened)?;
    ring(
        RingKind::Entropy,
        card::light_ring(card, RingKind::Entropy, args.time)?,
    );
    bar.set_message("raw ring");
    card.stop()?;
    card.configure(&card::tapped(&opened.settings))?;
    card.start()?;
    ring(
        RingKind::Raw,
        card::light_ring(card, RingKind::Raw, args.time)?,
    );
    card.stop()?;
    bar.finish_and_clear();

    let report = Report {
        card: &options.card,
        identity: card.identity().describe.clone(),
        rounds: args.rounds,
        lost_interrupts: rounds.lost,
        doorbell_us: Latency::of(&rounds.data),
        interrupt_us: Latency::of(&rounds.interrupt),
        rings,
        cpu_percent_at_gigabit: flow.cpu_percent_at_gigabit,
    };
    if args.json.json {
        return output::json(&report);
    }
    output::write(&text(&report, &rounds))
}

fn text(report: &Report<'_>, rounds: &Rounds) -> String {
    let mut table = Table::new(&["from the doorbell", ">to the data", ">to the interrupt"]);
    let micros = |nanos: u64| format!("{:.1} us", nanos as f64 / 1000.0);
    for (name, quantile) in QUANTILES {
        table.row([
            name.to_owned(),
            micros(rounds.data.value_at_quantile(quantile)),
            micros(rounds.interrupt.value_at_quantile(quantile)),
        ]);
    }
    let mut rings = Table::new(&["ring", ">throughput"]);
    for ring in &report.rings {
        rings.row([
            ring.ring.to_string(),
            format!("{}B/s", si(ring.bytes_per_second)),
        ]);
    }
    format!(
        "{}\n{} rounds, each key as the reference engine has it, {} interrupts lost\n\n{}\n{}\n{}\n\
         the driver's thread, at a gigabit a second of keys: {:.1} % of a core\n",
        report.identity,
        report.rounds,
        report.lost_interrupts,
        table.text(),
        picture(&rounds.data),
        rings.text(),
        report.cpu_percent_at_gigabit,
    )
}

/// The histogram to the data, a line for each step of about a quarter; rare rounds are counted, not drawn.
fn picture(histogram: &Histogram<u64>) -> String {
    const WIDTH: u64 = 50;
    let mut lines: Vec<(u64, u64)> = Vec::new();
    let first = histogram.min().max(1);
    for step in histogram.iter_log(first, 1.25) {
        let count = step.count_since_last_iteration();
        lines.push((step.value_iterated_to(), count));
    }
    let most = lines.iter().map(|(_, count)| *count).max().unwrap_or(1);
    let shown = lines.iter().filter(|(_, count)| *count > 0);
    shown
        .map(|(to, count)| {
            let bar = "#".repeat((count * WIDTH).div_ceil(most.max(1)) as usize);
            format!(
                "  up to {:>10.1} us {count:>8} {bar}\n",
                *to as f64 / 1000.0
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_picture_counts_each_round_once() {
        let mut histogram = Histogram::new(3).expect("a histogram");
        for nanos in (1..=1000).map(|n| n * 997) {
            histogram.record(nanos).expect("fits");
        }
        let picture = picture(&histogram);
        let counts = picture.lines().map(|line| {
            let word = line.split_whitespace().nth(4).expect("a count");
            word.parse::<u64>().expect("a number")
        });
        assert_eq!(counts.sum::<u64>(), 1000, "{picture}");
        assert!(picture.lines().all(|line| line.contains('#')));
    }

    #[test]
    fn latencies_are_in_microseconds() {
        let mut histogram = Histogram::new(3).expect("a histogram");
        histogram.record(1500).expect("fits");
        let latency = Latency::of(&histogram);
        assert!((latency.min - 1.5).abs() < 0.01);
        assert_eq!(latency.quantiles.len(), QUANTILES.len());
        let json = serde_json::to_value(&latency).expect("plain data");
        assert!((json["p99"].as_f64().expect("a number") - 1.5).abs() < 0.01);
    }
}
