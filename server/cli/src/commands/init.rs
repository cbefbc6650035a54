//! `photonbox init`: make a hub.

use crate::args::Common;
use crate::output::{self, Json};
use crate::settings::{self, LifeArgs, StoreArgs};
use photonbox_daemon::InitOptions;

/// Flags of `init`.
#[derive(Debug, clap::Args)]
pub(crate) struct InitArgs {
    /// The hub's name in certificates [default: this machine's name].
    #[arg(long, value_name = "NAME", env = "PHOTONBOX_HUB_NAME")]
    hub_name: Option<String>,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    life: LifeArgs,
    #[command(flatten)]
    json: Json,
}

/// Runs `init`.
pub(crate) fn run(args: InitArgs, common: &Common) -> anyhow::Result<()> {
    let mut config = settings::load(common)?;
    args.life.apply(&mut config.certificates);
    args.store.apply(&mut config.store);
    let report = photonbox_daemon::init(&InitOptions {
        state: config.state,
        store: config.store,
        hub_name: args.hub_name,
        certificates: config.certificates,
    })?;
    if args.json.json {
        return output::json(&report);
    }
    output::write(&format!(
        "hub {} is ready in {}\n  CA hash  {}\n\nnext: photonbox serve, then photonbox enroll token for each host\n",
        report.hub,
        report.state.display(),
        report.ca_hash,
    ))
}
