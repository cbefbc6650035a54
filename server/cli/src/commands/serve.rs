//! `photonbox serve`: run the hub.

use super::signals;
use crate::args::Common;
use crate::output::{self, Json};
use crate::settings::{
    self, API, CardArgs, ChannelArgs, LifeArgs, LimitArgs, METRICS, RenewArgs, StoreArgs,
};
use photonbox_daemon::{Ready, Shutdown};

/// Flags of `serve`.
#[derive(Debug, clap::Args)]
pub(crate) struct ServeArgs {
    /// Address of the channel port; port 0 takes a free one [default: 0.0.0.0:4501].
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_LISTEN")]
    listen: Option<String>,
    /// Serve metrics for Prometheus on this loopback address, each role of a machine on its own [without ADDR: 127.0.0.1:4503].
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_METRICS", num_args = 0..=1, default_missing_value = METRICS)]
    metrics: Option<String>,
    /// Serve the HTTP interface, the vault's, on this address [without ADDR: 0.0.0.0:4502].
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_API", num_args = 0..=1, default_missing_value = API)]
    api: Option<String>,
    /// File of the root key [default: systemd's credential root-key, else root.key in the state directory].
    #[arg(long, value_name = "FILE", env = "PHOTONBOX_ROOT_KEY")]
    root_key: Option<std::path::PathBuf>,
    /// Serve a simulated or replayed source, under that label.
    #[arg(long, env = "PHOTONBOX_ALLOW_SIMULATED", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    allow_simulated: bool,
    #[command(flatten)]
    store: StoreArgs,
    #[command(flatten)]
    card: CardArgs,
    #[command(flatten)]
    channel: ChannelArgs,
    #[command(flatten)]
    limits: LimitArgs,
    #[command(flatten)]
    life: LifeArgs,
    #[command(flatten)]
    renew: RenewArgs,
    #[command(flatten)]
    json: Json,
}

/// Runs `serve` until it is stopped.
pub(crate) fn run(args: ServeArgs, common: &Common) -> anyhow::Result<()> {
    let config = settings::load(common)?;
    let mut options = config.serve_options();
    settings::set(&mut options.listen, args.listen);
    settings::set_address(&mut options.metrics, args.metrics);
    settings::set_address(&mut options.api, args.api);
    if args.root_key.is_some() {
        options.root_key = args.root_key;
    }
    options.allow_simulated |= args.allow_simulated;
    options.allow_unlocked_memory |= args.channel.allow_unlocked_memory;
    args.channel.apply(&mut options.rekey, &mut options.group);
    args.limits.apply(&mut options.limits);
    args.life.apply(&mut options.certificates);
    args.store.apply(&mut options.store);
    args.renew.apply(&mut options.certificates);
    options.card = args.card.apply(options.card);
    let json = args.json.json;
    let runtime = settings::runtime()?;
    runtime.block_on(async {
        let shutdown = Shutdown::new();
        signals::watch(&shutdown)?;
        photonbox_daemon::serve(options, shutdown, move |ready| announce(&ready, json)).await?;
        Ok(())
    })
}

/// Says once, on standard output, that the hub listens and where.
fn announce(ready: &Ready, json: bool) {
    let said = if json {
        output::json(ready)
    } else {
        let label = ready
            .label
            .map_or(String::new(), |label| format!(", source {label}"));
        let listen = ready.listen.map_or("nothing".to_owned(), |a| a.to_string());
        let metrics = output::metrics(ready.metrics);
        let api = ready.api.map_or(String::new(), |api| {
            format!(", HTTP interface on https://{api}")
        });
        output::write(&format!(
            "{} listening on {listen}{label}{metrics}{api}\n",
            ready.role
        ))
    };
    if let Err(error) = said {
        tracing::warn!("cannot write to standard output: {error}");
    }
}
