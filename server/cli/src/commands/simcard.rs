//! `photonbox simcard`: serve simulated cards on sockets, until stopped.

use super::signals;
use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::settings::{self, SimulatedArgs};
use photonbox_daemon::CardOptions;
use photonbox_driver::Device as _;
use photonbox_simcard::vfio_user::{About, Server};
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Flags of `simcard`.
#[derive(Debug, clap::Args)]
pub(crate) struct SimcardArgs {
    /// Socket to serve a card on, over vfio-user; again for each further card.
    #[arg(long = "socket", value_name = "PATH", required = true)]
    sockets: Vec<PathBuf>,
    /// The cards' core: `model` (default) or `rtl`, the verilated hardware, in builds with it.
    #[arg(long, value_name = "CORE")]
    card: Option<String>,
    #[command(flatten)]
    simulated: SimulatedArgs,
    #[command(flatten)]
    json: Json,
}

/// One card that is served.
#[derive(Debug, Serialize)]
struct Served<'a> {
    socket: &'a Path,
    /// What `--card` takes.
    card: String,
    description: String,
}

/// What is said, on one line, once clients can come.
#[derive(Debug, Serialize)]
struct Ready<'a> {
    cards: Vec<Served<'a>>,
}

/// Runs `simcard` until it is stopped.
pub(crate) fn run(args: SimcardArgs, common: &Common) -> anyhow::Result<()> {
    let mut options = args.simulated.apply(settings::load(common)?.card);
    options.card = args.card.unwrap_or_else(|| "model".to_owned());
    // Who takes the card can't know whether the recording was played before.
    options.played_before = true;
    let runtime = settings::runtime()?;
    runtime.block_on(async {
        let stopped = signals::stopped()?;
        let mut servers = Vec::new();
        let mut cards = Vec::new();
        for (number, socket) in (0..).zip(&args.sockets) {
            let (server, description) = serve(&options, number, socket)?;
            servers.push(server);
            cards.push(Served {
                socket,
                card: format!("vfio-user:{}", socket.display()),
                description,
            });
        }
        announce(&Ready { cards }, args.json.json)?;
        stopped.await;
        // Clients find their socket closed, and the next ones none.
        drop(servers);
        Ok(())
    })
}

/// Serves the card with this number.
fn serve(options: &CardOptions, number: u64, socket: &Path) -> anyhow::Result<(Server, String)> {
    let options = CardOptions {
        // Cards with one seed would all make the same bits.
        seed: options.seed.map(|seed| seed.wrapping_add(number)),
        ..options.clone()
    };
    let simulated = photonbox_daemon::simulated_card(&options)?;
    let description = simulated.card.describe();
    let about = About {
        reproducible: simulated.reproducible,
        lit_lanes: simulated.lit_lanes,
    };
    let server = Server::new(simulated.card, socket, about)?;
    Ok((server, description))
}

fn announce(ready: &Ready<'_>, json: bool) -> anyhow::Result<()> {
    let mut text = String::new();
    if json {
        text = serde_json::to_string(ready).map_err(|e| {
            Failure::failed(format!("cannot write JSON: {e}"), "name other sockets")
        })?;
        text.push('\n');
    } else {
        for card in &ready.cards {
            text.push_str(&format!("{} at --card {}\n", card.description, card.card));
        }
    }
    output::write(&text)
}
