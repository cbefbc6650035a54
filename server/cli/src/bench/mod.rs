//! `photonbox bench`: figures with their peers, measured in one run.

pub(crate) mod card;
mod channel;
mod custody;
mod delay;
mod drbg;
mod duo;
mod ecdh;
mod esp;
mod esp_batches;
mod harness;
mod hub;
mod keybox;
mod machine;
mod pipeline;
mod tls;
mod vault;

use crate::output::{self, Json, Table, si};
use harness::{Effort, LEAST_PAIRS, Measured};
use indicatif::{ProgressBar, ProgressStyle};
use machine::Machine;
use serde::Serialize;
use std::time::Duration;

/// Flags of `bench`.
#[derive(Debug, clap::Args)]
pub(crate) struct BenchArgs {
    /// What to measure.
    #[arg(value_name = "NAME")]
    name: Name,
    /// Interleaved pairs of ours and the baseline; the median is reported.
    #[arg(long, value_name = "COUNT", default_value_t = LEAST_PAIRS as u16, value_parser = clap::value_parser!(u16).range(LEAST_PAIRS as i64..))]
    pairs: u16,
    /// Milliseconds of each measurement.
    #[arg(long, value_name = "MS", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=60_000))]
    slice: u32,
    #[command(flatten)]
    hub: hub::HubArgs,
    #[command(flatten)]
    json: Json,
}

/// The benchmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// Photons to the entropy ring, and the DRBG.
    Pipeline,
    /// Streams, latency and P-384, beside plain rustls.
    Channel,
    /// Doorbell to data to interrupt, and the rings, through the driver to the model.
    Card,
    /// CTR_DRBG beside the operating system's generator.
    Drbg,
    /// P-384 key generation and agreement.
    Ecdh,
    /// Orbits of IP keys on the processor, beside num-bigint and GMP.
    Keybox,
    /// Packets of the tunnel, sealed and opened, beside boringtun.
    Esp,
    /// One hub with a thousand hosts and a greedy one: shares, waits, memory.
    Hub,
    /// The vault's protocols beside envelope encryption, refused tickets, sealed files.
    Vault,
    /// Keys split among holders and put together again, beside vsss-rs.
    Custody,
    /// All of them.
    All,
}

/// The whole answer.
#[derive(Debug, Serialize)]
struct Report {
    machine: Machine,
    results: Vec<Measured>,
}

/// Runs `bench`.
pub(crate) fn run(args: &BenchArgs) -> anyhow::Result<()> {
    let effort = Effort {
        pairs: usize::from(args.pairs),
        slice: Duration::from_millis(u64::from(args.slice)),
    };
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{spinner} {msg} ({elapsed})")?);
    bar.enable_steady_tick(Duration::from_millis(250));
    let measuring = |what: &str| bar.set_message(format!("measuring {what}"));
    let wants = |name: Name| args.name == name || args.name == Name::All;
    let mut results = Vec::new();
    if wants(Name::Hub) {
        // Before this thread is pinned: the hub and its crowd share all cores.
        hub::measure(args.hub, &measuring, &mut results)?;
    }
    let pinned = harness::pin(0);
    if wants(Name::Pipeline) {
        pipeline::measure(effort, &measuring, &mut results)?;
    }
    if wants(Name::Pipeline) || wants(Name::Drbg) {
        measuring("drbg");
        results.push(drbg::measure(effort)?);
    }
    if wants(Name::Channel) || wants(Name::Ecdh) {
        measuring("ecdh.p384");
        let rate = harness::alone(effort.pairs, || ecdh::one_thread(effort.slice))?;
        results.push(Measured::alone("ecdh.p384", "1/s", rate));
    }
    if wants(Name::Channel) {
        channel::measure(effort, &measuring, &mut results)?;
    }
    if wants(Name::Card) {
        card::measure(effort, &measuring, &mut results)?;
    }
    if wants(Name::Keybox) {
        keybox::measure(effort, &measuring, &mut results)?;
    }
    if wants(Name::Esp) {
        esp::measure(effort, &measuring, &mut results)?;
    }
    if wants(Name::Vault) {
        vault::measure(effort, &measuring, &mut results)?;
    }
    if wants(Name::Custody) {
        custody::measure(effort, &measuring, &mut results)?;
    }
    bar.finish_and_clear();
    let report = Report {
        machine: Machine::here(pinned),
        results,
    };
    if args.json.json {
        return output::json(&report);
    }
    output::write(&text(&report, effort))
}

fn text(report: &Report, effort: Effort) -> String {
    let mut table = Table::new(&["name", ">value", ">baseline", ">ratio"]);
    for result in &report.results {
        // `2.1 k/s` rather than `2.1 k1/s`; microseconds and shares as they are.
        let figure = |value: f64| match result.unit {
            "us" => format!("{value:.1} us"),
            "ms" => format!("{value:.2} ms"),
            "%" => format!("{value:.2} %"),
            unit => format!("{}{}", si(value), unit.trim_start_matches('1')),
        };
        table.row([
            result.name.clone(),
            figure(result.value),
            result.baseline.map_or("-".to_owned(), figure),
            result.ratio.map_or("-".to_owned(), |ratio| match ratio {
                // Of what is thousands of times as slow three decimals say nothing.
                ..0.001 => format!("{ratio:.1e}"),
                _ => format!("{ratio:.3}"),
            }),
        ]);
    }
    format!(
        "{}\nmedian of {} interleaved pairs of {} ms each\n\n{}",
        report.machine.line(),
        effort.pairs,
        effort.slice.as_millis(),
        table.text()
    )
}
