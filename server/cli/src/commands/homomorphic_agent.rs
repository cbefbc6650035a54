//! `photonbox homomorphic-agent`: the third location of the vault's protocols.

use super::signals;
use crate::args::Common;
use crate::output::{self, Json};
use crate::settings;
use photonbox_daemon::{AgentOptions, Shutdown};

/// Flags of `homomorphic-agent`.
#[derive(Debug, clap::Args)]
pub(crate) struct AgentArgs {
    /// Address where hubs ask it; port 0 takes a free one [default: 0.0.0.0:4504].
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_AGENT_LISTEN")]
    listen: Option<String>,
    /// Go on when secrets cannot be locked in memory.
    #[arg(long, env = "PHOTONBOX_ALLOW_UNLOCKED_MEMORY", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    allow_unlocked_memory: bool,
    #[command(flatten)]
    json: Json,
}

/// Runs the agent until it is stopped.
pub(crate) fn run(args: AgentArgs, common: &Common) -> anyhow::Result<()> {
    let config = settings::load(common)?;
    let mut options = AgentOptions {
        state: config.state,
        allow_unlocked_memory: args.allow_unlocked_memory,
        ..AgentOptions::default()
    };
    settings::set(&mut options.listen, args.listen);
    let json = args.json.json;
    settings::runtime()?.block_on(async {
        let shutdown = Shutdown::new();
        signals::watch(&shutdown)?;
        let ready = move |ready: &photonbox_daemon::AgentReady| {
            let said = if json {
                output::json(ready)
            } else {
                let (host, listen) = (&ready.host, ready.listen);
                output::write(&format!("agent {host} listening on {listen}\n"))
            };
            if let Err(error) = said {
                tracing::warn!("cannot write to standard output: {error}");
            }
        };
        photonbox_daemon::agent(options, shutdown, ready).await?;
        Ok(())
    })
}
