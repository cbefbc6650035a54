//! `photonbox join`: run a host.

use super::signals;
use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::quantity;
use crate::settings::{self, ChannelArgs, LimitArgs, METRICS, RenewArgs};
use photonbox_daemon::{Class, JoinOptions, JoinReport, Ready, Shutdown, SinkSpec};
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

/// Flags of `join`.
#[derive(Debug, clap::Args)]
pub(crate) struct JoinArgs {
    /// Hubs or relays, HOST[:PORT], tried in this order.
    #[arg(
        long = "hub",
        value_name = "ADDR",
        env = "PHOTONBOX_HUB",
        value_delimiter = ','
    )]
    hubs: Vec<String>,
    /// Where the bytes go, any number at once: stdout, file:P, fifo:P, egd:unix:P, egd:tcp:A, kernel.
    #[arg(long = "sink", value_name = "SINK", env = "PHOTONBOX_SINKS", value_delimiter = ',', value_parser = sink)]
    sinks: Vec<SinkSpec>,
    /// Class of output: `drbg` (default), or `full`, which the source's rate limits.
    #[arg(long, value_name = "CLASS", env = "PHOTONBOX_CLASS", value_parser = class)]
    class: Option<Class>,
    /// End after this many bytes [env: PHOTONBOX_BYTES].
    #[arg(long, value_name = "BYTES", value_parser = quantity::bytes, group = "delivery")]
    bytes: Option<u64>,
    /// A continuous stream of this many bytes a second [env: PHOTONBOX_RATE].
    #[arg(long, value_name = "BYTES", value_parser = quantity::bytes, group = "delivery")]
    rate: Option<u64>,
    /// Some bytes each T: 500ms, 10s, 1m [env: PHOTONBOX_EVERY].
    #[arg(long, value_name = "T", value_parser = quantity::time, group = "delivery")]
    every: Option<Duration>,
    /// How many bytes each T [default: 64].
    #[arg(long, value_name = "BYTES", env = "PHOTONBOX_EVERY_BYTES", value_parser = quantity::bytes)]
    every_bytes: Option<u64>,
    /// Serve further hosts on this address.
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_RELAY")]
    relay: Option<String>,
    /// Ask for the hub's signed statement about each block, take only blocks whose statement
    /// verifies, and keep the statements in this directory.
    #[arg(long, value_name = "DIR", env = "PHOTONBOX_ATTEST")]
    attest: Option<PathBuf>,
    /// Serve metrics for Prometheus on this loopback address, each role of a machine on its own [without ADDR: 127.0.0.1:4503].
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_METRICS", num_args = 0..=1, default_missing_value = METRICS)]
    metrics: Option<String>,
    #[command(flatten)]
    channel: ChannelArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    renew: RenewArgs,
    #[command(flatten)]
    json: Json,
}

fn sink(text: &str) -> Result<SinkSpec, String> {
    text.parse().map_err(|e: photonbox_daemon::Error| e.help())
}

fn class(text: &str) -> Result<Class, String> {
    text.parse().map_err(|_| "write full or drbg".to_owned())
}

/// Runs `join` until it is stopped, or has delivered `--bytes`.
pub(crate) fn run(args: JoinArgs, common: &Common) -> anyhow::Result<()> {
    let config = settings::load(common)?;
    let json = args.json.json;
    let options = merge(args, config.join_options())?;
    if json && options.sinks.contains(&SinkSpec::Stdout) {
        return Err(Failure::usage(
            "--json and the sink stdout both want standard output",
            "leave one of them out, or write to file:PATH",
        ));
    }
    let runtime = settings::runtime()?;
    let report = runtime.block_on(async {
        let shutdown = Shutdown::new();
        signals::watch(&shutdown)?;
        anyhow::Ok(photonbox_daemon::join(options, shutdown, |ready| announce(&ready)).await?)
    })?;
    if json {
        return output::json(&report);
    }
    summarise(&report);
    Ok(())
}

/// Flags over variables over the file, which has become `options` already.
fn merge(args: JoinArgs, mut options: JoinOptions) -> anyhow::Result<JoinOptions> {
    if !args.hubs.is_empty() {
        options.hubs = args.hubs;
    }
    if options.hubs.is_empty() {
        return Err(Failure::usage(
            "no hub to join",
            "give --hub ADDR[,ADDR…], or hubs in the [join] table of the configuration",
        ));
    }
    if !args.sinks.is_empty() {
        options.sinks = args.sinks;
    }
    settings::set(&mut options.class, args.class);
    let mut delivery = (args.bytes, args.rate, args.every);
    if delivery == (None, None, None) {
        delivery = (
            settings::parsed("PHOTONBOX_BYTES", quantity::bytes)?,
            settings::parsed("PHOTONBOX_RATE", quantity::bytes)?,
            settings::parsed("PHOTONBOX_EVERY", quantity::time)?,
        );
    }
    if delivery != (None, None, None) {
        (options.bytes, options.rate) = (delivery.0, delivery.1);
        options.every_ms = delivery
            .2
            .map(|every| u64::try_from(every.as_millis()).unwrap_or(u64::MAX));
    }
    settings::set(&mut options.every_bytes, args.every_bytes);
    if args.relay.is_some() {
        options.relay = args.relay;
    }
    if args.attest.is_some() {
        options.attest = args.attest;
    }
    settings::set_address(&mut options.metrics, args.metrics);
    options.allow_unlocked_memory |= args.channel.allow_unlocked_memory;
    args.channel.apply(&mut options.rekey, &mut options.group);
    args.limits.apply(&mut options.limits);
    args.renew.apply(&mut options.certificates);
    Ok(options)
}

/// Says once, on standard error (standard output may be a sink), that the host works.
fn announce(ready: &Ready) {
    let relay = ready
        .listen
        .map_or(String::new(), |address| format!(", relaying on {address}"));
    say(&format!(
        "{} ready{relay}{}, control socket {}",
        ready.role,
        output::metrics(ready.metrics),
        ready.control.display()
    ));
}

/// A line on standard error; if that is closed there is nobody to tell.
fn say(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// One line for each sink: no byte goes to two of them.
fn summarise(report: &JoinReport) {
    for sink in &report.sinks {
        let label = match (sink.test, sink.replayed, sink.simulated) {
            (true, ..) => ", test pattern",
            (_, true, _) => ", replayed",
            (.., true) => ", simulated",
            _ => "",
        };
        let attested = match sink.attested {
            0 => String::new(),
            count => format!(", {count} statements verified"),
        };
        say(&format!(
            "{} received {} bytes of class {}{label} for {}, sha256 {}{attested}",
            report.host, sink.bytes, sink.class, sink.sink, sink.sha256
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser as _;

    fn join(flags: &[&str]) -> JoinArgs {
        let line = ["photonbox", "join"].iter().chain(flags);
        match Cli::try_parse_from(line).expect("parses").command {
            Command::Join(args) => args,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_flag_silences_the_other_ways_of_delivery() {
        let file = JoinOptions {
            hubs: vec!["file:1".to_owned()],
            rate: Some(10),
            class: Class::Full,
            ..JoinOptions::default()
        };
        let merged =
            merge(join(&["--bytes", "1MiB", "--hub", "a:1,b:2"]), file.clone()).expect("merges");
        assert_eq!((merged.bytes, merged.rate), (Some(1 << 20), None));
        assert_eq!(merged.hubs, ["a:1", "b:2"]);
        assert_eq!(merged.class, Class::Full);
        let untouched = merge(join(&[]), file.clone()).expect("merges");
        assert_eq!(untouched, file);
    }

    #[test]
    fn rekeying_can_be_switched_off() {
        let merged = merge(
            join(&[
                "--hub",
                "a",
                "--rekey-packets",
                "inf",
                "--rekey-seconds",
                "5",
            ]),
            JoinOptions::default(),
        )
        .expect("merges");
        assert_eq!(
            (merged.rekey.packets, merged.rekey.seconds),
            (None, Some(5))
        );
    }

    #[test]
    fn metrics_need_no_address_and_are_off_without_the_flag() {
        for (flags, address) in [
            (&["--hub", "a"][..], None),
            (&["--metrics", "--hub", "a"], Some("127.0.0.1")),
            (&["--hub", "a", "--metrics"], Some("127.0.0.1")),
            (&["--hub", "a", "--metrics", "[::1]:1"], Some("[::1]:1")),
        ] {
            let merged = merge(join(flags), JoinOptions::default()).expect("merges");
            assert_eq!(merged.metrics.as_deref(), address, "{flags:?}");
        }
    }

    #[test]
    fn without_a_hub_it_says_where_to_name_one() {
        let error = merge(join(&[]), JoinOptions::default()).expect_err("no hub");
        assert!(error.to_string().contains("no hub"), "{error}");
    }

    #[test]
    fn the_ways_of_delivery_exclude_each_other() {
        for pair in [
            ["--bytes", "--rate"],
            ["--bytes", "--every"],
            ["--rate", "--every"],
        ] {
            let line = [
                "photonbox",
                "join",
                "--hub",
                "a",
                pair[0],
                "1",
                pair[1],
                "1",
            ];
            assert!(Cli::try_parse_from(line).is_err(), "{pair:?}");
        }
    }
}
