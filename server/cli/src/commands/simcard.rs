//! `photonbox simcard`: serve simulated cards on sockets and serial lines, until stopped.

use super::signals;
use crate::args::Common;
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::settings::{self, SimulatedArgs};
use photonbox_daemon::CardOptions;
use photonbox_driver::Device as _;
use photonbox_driver::transport::serial::{SerialKey, open_port, parse_address};
use photonbox_simcard::serial::SerialServer;
use photonbox_simcard::vfio_user::Server;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// Flags of `simcard`.
#[derive(Debug, clap::Args)]
pub(crate) struct SimcardArgs {
    /// Socket to serve a card on, over vfio-user; again for each further card.
    #[arg(
        long = "socket",
        value_name = "PATH",
        required_unless_present = "lines"
    )]
    sockets: Vec<PathBuf>,
    /// Serial line to serve a card on, as a board without PCIe; again for each further card.
    #[arg(long = "serial", value_name = "DEV[@BAUD]")]
    lines: Vec<String>,
    /// Encrypt the serial lines with the 32 bytes in this file.
    #[arg(
        long,
        value_name = "FILE",
        env = "PHOTONBOX_SERIAL_KEY",
        requires = "lines"
    )]
    serial_key: Option<PathBuf>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    socket: Option<&'a Path>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serial: Option<&'a str>,
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
                socket: Some(socket),
                serial: None,
                card: format!("vfio-user:{}", socket.display()),
                description,
            });
        }
        let key = args.serial_key.as_deref().map(SerialKey::from_file);
        let key = key.transpose().map_err(refused)?;
        let mut lines = Vec::new();
        for (number, line) in (args.sockets.len() as u64..).zip(&args.lines) {
            let (server, description) = serve_line(&options, number, line, key.clone())?;
            lines.push(server);
            cards.push(Served {
                socket: None,
                serial: Some(line),
                card: format!("serial:{line}"),
                description,
            });
        }
        announce(&Ready { cards }, args.json.json)?;
        stopped.await;
        // Clients find their socket closed, and the next ones none.
        drop((servers, lines));
        Ok(())
    })
}

/// Serves the card with this number.
fn serve(options: &CardOptions, number: u64, socket: &Path) -> anyhow::Result<(Server, String)> {
    let simulated = photonbox_daemon::simulated_card(options, number)?;
    let description = simulated.card.describe();
    let server = Server::new(simulated.card, socket, simulated.about)?;
    Ok((server, description))
}

/// The same on a serial line.
fn serve_line(
    options: &CardOptions,
    number: u64,
    line: &str,
    key: Option<SerialKey>,
) -> anyhow::Result<(SerialServer, String)> {
    let (device, baud) = parse_address(line).map_err(refused)?;
    let port = open_port(device, baud).map_err(refused)?;
    let simulated = photonbox_daemon::simulated_card(options, number)?;
    let description = simulated.card.describe();
    let server = SerialServer::new(simulated.card, port, baud, key, simulated.about);
    let server = server.map_err(|error| {
        Failure::failed(
            format!("cannot start the thread of the serial line: {error}"),
            "raise the limit of threads",
        )
    })?;
    Ok((server, description))
}

fn refused(error: photonbox_driver::Error) -> anyhow::Error {
    photonbox_daemon::card_failed(&error).into()
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
