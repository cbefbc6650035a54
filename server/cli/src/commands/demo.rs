//! `photonbox demo`: photons become random numbers on two hosts, one of them behind a relay.

use super::signals;
use crate::args::Common;
use crate::output::{self, Json, Table, si};
use crate::settings::{self, CardArgs, ChannelArgs};
use indicatif::{ProgressBar, ProgressStyle};
use photonbox_daemon::{DemoDelivery, DemoOptions, DemoProgress, DemoReport, Shutdown};

/// Flags of `demo`.
#[derive(Debug, clap::Args)]
pub(crate) struct DemoArgs {
    /// How long to run.
    #[arg(long, value_name = "S", env = "PHOTONBOX_SECONDS", default_value_t = 10.0, value_parser = seconds)]
    seconds: f64,
    #[command(flatten)]
    card: CardArgs,
    #[command(flatten)]
    channel: ChannelArgs,
    #[command(flatten)]
    json: Json,
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(s) if s > 0.0 && s <= 86_400.0 => Ok(s),
        _ => Err("write a number of seconds above 0 and up to 86400".to_owned()),
    }
}

/// Runs the demo.
pub(crate) fn run(args: DemoArgs, common: &Common) -> anyhow::Result<()> {
    let config = settings::load(common)?;
    let mut options = DemoOptions {
        seconds: args.seconds,
        allow_unlocked_memory: args.channel.allow_unlocked_memory,
        ..DemoOptions::default()
    };
    let photons = args.card.names_photons();
    options.card = args.card.apply(config.serve_options().card);
    if options.card.card == "rtl" && !photons {
        // Card time is slow there: a recording would not get through start-up. Only for who asks for it by a flag.
        options.card.capture = None;
    }
    args.channel.apply(&mut options.rekey, &mut options.group);
    // Drawn on standard error, and by indicatif only if that is a terminal.
    let bar = ProgressBar::new_spinner();
    bar.set_style(ProgressStyle::with_template("{msg}")?);
    let drawn = bar.clone();
    let total = args.seconds;
    let report = settings::runtime()?.block_on(async {
        let shutdown = Shutdown::new();
        signals::watch(&shutdown)?;
        let progress = move |now: &DemoProgress| drawn.set_message(live(now, total));
        anyhow::Ok(photonbox_daemon::demo(options, shutdown, progress).await?)
    });
    bar.finish_and_clear();
    let report = report?;
    if args.json.json {
        return output::json(&report);
    }
    output::write(&text(&report))
}

/// The live figures, drawn again and again in place.
fn live(now: &DemoProgress, total: f64) -> String {
    let label = if now.label.is_empty() {
        String::new()
    } else {
        format!(", {}", now.label)
    };
    let mut text = format!(
        "photonbox demo  {:5.1} s of {total:.0} s  {}\n\n  \
         photons → sampler → health tests   {:>12} raw bits  ({}{label})\n  \
         extractor → ring → driver          {:>12} bits credited\n  \
         pool                               {:>12} full-entropy bits made, {} ready\n  \
         channels                           {:>12} epochs\n",
        now.seconds,
        now.stage,
        now.raw_bits,
        now.health,
        now.credited_bits,
        now.full_entropy_bits,
        now.full_bits_available,
        now.epochs,
    );
    for host in &now.hosts {
        text.push_str(&format!(
            "  → {:<16} {:>2} hop{}  {:<4}   {:>12} bytes  ({}B/s)\n",
            host.host,
            host.hops,
            if host.hops == 1 { " " } else { "s" },
            host.class.as_str(),
            host.bytes,
            si(host.bytes as f64 / now.seconds.max(0.001)),
        ));
    }
    text
}

/// The result for people.
fn text(report: &DemoReport) -> String {
    let mut text = format!(
        "photons gave {} raw bits, {} bits credited, {} bits of full entropy\n\n",
        report.raw_bits, report.credited_bits, report.full_entropy_bits
    );
    let mut table = Table::new(&["host", "class", ">bytes", ">hops", "source", "sha256"]);
    for delivery in &report.delivered {
        table.row(row(delivery));
    }
    text.push_str(&table.text());
    text.push_str(&format!(
        "\n  first channel {:.1} ms, second channel {:.1} ms, {} epochs\n  \
         32 bytes on request: p50 {:.0} µs, p99 {:.0} µs, p99.9 {:.0} µs\n",
        report.first_channel_ms,
        report.second_channel_ms,
        report.epochs,
        report.latency_us.p50,
        report.latency_us.p99,
        report.latency_us.p999,
    ));
    if report.alarms.is_empty() {
        text.push_str("  no alarms\n");
    } else {
        text.push_str(&format!("  alarms: {}\n", report.alarms.join(", ")));
    }
    if report.delivered.iter().any(|d| d.simulated) {
        text.push_str(
            "  the source is simulated or a recording: do not use these numbers as secrets\n",
        );
    }
    text
}

fn row(delivery: &DemoDelivery) -> [String; 6] {
    [
        delivery.host.clone(),
        delivery.class.to_string(),
        delivery.bytes.to_string(),
        delivery.hops.to_string(),
        source(delivery).to_owned(),
        delivery.sha256.clone(),
    ]
}

/// The strongest label that the bytes have.
fn source(delivery: &DemoDelivery) -> &'static str {
    match delivery {
        DemoDelivery { test: true, .. } => "test",
        DemoDelivery { replayed: true, .. } => "replayed",
        DemoDelivery {
            simulated: true, ..
        } => "simulated",
        _ => "real",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_label_is_shown() {
        let mut delivery = DemoDelivery::default();
        assert_eq!(source(&delivery), "real");
        delivery.simulated = true;
        assert_eq!(source(&delivery), "simulated");
        delivery.replayed = true;
        assert_eq!(source(&delivery), "replayed");
        delivery.test = true;
        assert_eq!(source(&delivery), "test");
    }

    #[test]
    fn the_report_warns_of_a_simulated_source() {
        let mut report = DemoReport {
            delivered: vec![DemoDelivery {
                host: "host-1".to_owned(),
                simulated: true,
                ..DemoDelivery::default()
            }],
            ..DemoReport::default()
        };
        assert!(text(&report).contains("do not use these numbers as secrets"));
        report.delivered[0].simulated = false;
        report.alarms.push("lane 0: rate".to_owned());
        let shown = text(&report);
        assert!(
            !shown.contains("do not use") && shown.contains("alarms: lane 0: rate"),
            "{shown}"
        );
    }

    #[test]
    fn seconds_are_bounded() {
        assert_eq!(seconds("2.5"), Ok(2.5));
        for wrong in ["0", "-1", "nan", "inf", "86401", "ten"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
