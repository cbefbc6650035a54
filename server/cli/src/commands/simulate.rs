//! `photonbox simulate`: networks of real channels in virtual time, from a seed.

use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json, Table};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use photonbox_channel::Identity;
use photonbox_daemon::pki::{LEAF_SECONDS, LeafRole, Signer, new_authority};
use photonbox_simulate::{Error, Faults, Options, Progress, Report, Topology};
use std::sync::Arc;
use std::time::{Instant, SystemTime};

/// Identities that are made; beyond that hosts share them, which changes nothing that is measured.
const IDENTITIES: u32 = 1024;

/// Flags of `simulate`.
#[derive(Debug, clap::Args)]
pub(crate) struct SimulateArgs {
    /// Shape of the network: `lattice` (a ring in which each host is linked to its 8 nearest), `tree` (8 children each),
    /// `random` (as many links as the lattice) or `complete` (at most 300 hosts).
    #[arg(long, value_name = "SHAPE", default_value = "lattice", value_parser = topology)]
    topology: Topology,
    /// Hosts, 2 to 1000000.
    #[arg(long, value_name = "COUNT", default_value_t = 100)]
    hosts: u32,
    /// Virtual seconds that are measured; before them one rotation passes in which all links begin.
    #[arg(long, value_name = "S", default_value_t = 60)]
    seconds: u32,
    /// Everything that chance decides hangs on this number: the same seed gives the same run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Seconds between two rekeys of each direction of a link.
    #[arg(long, value_name = "T", default_value_t = 10)]
    rotation: u32,
    /// What goes wrong: `none`, `all`, or a list of loss=P, delay=MS, partition=PER_MINUTE, crash=PER_MINUTE, skew=PPM.
    #[arg(long, value_name = "LIST", default_value = "none", value_parser = faults)]
    faults: Faults,
    #[command(flatten)]
    json: Json,
}

fn topology(text: &str) -> Result<Topology, String> {
    match text {
        "lattice" => Ok(Topology::Lattice),
        "tree" => Ok(Topology::Tree),
        "random" => Ok(Topology::Random),
        "complete" => Ok(Topology::Complete),
        _ => Err("write lattice, tree, random or complete".to_owned()),
    }
}

fn faults(text: &str) -> Result<Faults, String> {
    text.parse().map_err(|error: Error| error.to_string())
}

/// Runs it.
pub(crate) fn run(args: SimulateArgs, _common: &Common) -> anyhow::Result<()> {
    let options = Options {
        topology: args.topology,
        hosts: args.hosts,
        seconds: args.seconds,
        rotation: args.rotation,
        seed: args.seed,
        faults: args.faults,
        planted: None,
    };
    let start = Instant::now();
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template(
        "{msg} {bar:30} {pos}/{len} ({eta})",
    )?);
    let identities = identities(args.hosts.min(IDENTITIES), &bar)?;
    bar.set_message("virtual seconds");
    bar.reset();
    let report = photonbox_simulate::run(&options, identities, &|Progress { seconds, of }| {
        bar.set_length(of as u64);
        bar.set_position(seconds as u64);
    });
    bar.finish_and_clear();
    let report = report.map_err(|error| match error {
        Error::Option(what) => Failure::usage(what, "run `photonbox simulate --help`"),
        Error::SetUp(what) => Failure::failed(what, "the program or the machine is broken"),
    })?;
    if args.json.json {
        output::json(&report)?;
    } else {
        output::write(&text(&report, start.elapsed().as_secs_f64()))?;
    }
    if report.violation_count > 0 {
        return Err(Failure::failed(
            format!(
                "{} invariants were violated in the run of seed {}",
                report.violation_count, report.seed
            ),
            "report it with the command line: the same seed gives the same run",
        ));
    }
    Ok(())
}

fn identities(count: u32, bar: &ProgressBar) -> anyhow::Result<Vec<Arc<Identity>>> {
    let unix_seconds = SystemTime::UNIX_EPOCH
        .elapsed()
        .context("the clock is before 1970; set it")?
        .as_secs();
    let authority = new_authority("simulate", unix_seconds)?;
    let signer = Signer::new(&authority.certificate, &authority.private_key)?;
    bar.set_message("identities");
    bar.set_length(count.into());
    (0..count)
        .map(|number| {
            bar.inc(1);
            let role = LeafRole::HostAndRelay;
            let leaf =
                signer.new_identity(&format!("h{number}"), role, unix_seconds, LEAF_SECONDS)?;
            let identity = Identity::from_der(&leaf.certificate, leaf.private_key.as_slice())?;
            Ok(Arc::new(identity))
        })
        .collect()
}

fn text(report: &Report, wall: f64) -> String {
    let mut table = Table::new(&["", ">"]);
    let mut row = |name: &str, value: String| table.row([name.to_owned(), value]);
    row("hosts", report.hosts.to_string());
    row("links", report.links.to_string());
    row(
        "clustering coefficient",
        format!("{:.3}", report.clustering),
    );
    row("virtual seconds", report.virtual_seconds.to_string());
    row("rekeys", report.rekeys.to_string());
    row(
        "bits that rekeying drew",
        report.entropy_bits_consumed.to_string(),
    );
    row(
        "predicted: links x rotations x bits",
        report.law_predicted_bits.to_string(),
    );
    row("drawn / predicted", format!("{:.4}", report.ratio));
    row("bits a second and host", {
        let hosts = f64::from(report.hosts) * f64::from(report.virtual_seconds);
        format!("{:.1}", report.entropy_bits_consumed as f64 / hosts)
    });
    row("channels that came to stand", report.sessions.to_string());
    row(
        "blocks delivered, once and unaltered",
        report.blocks.to_string(),
    );
    row("record keys, all different", report.keys.to_string());
    row("violations", report.violation_count.to_string());
    row("seed", report.seed.to_string());
    row("seconds it took", format!("{wall:.1}"));
    let mut text = table.text();
    for violation in &report.violations {
        text.push_str(&format!("  {violation}\n"));
    }
    text
}
