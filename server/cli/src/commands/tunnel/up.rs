//! `photonbox tunnel up`.

use crate::args::Common;
use crate::commands::{ip_key, signals};
use crate::exit::Failure;
use crate::output::{self, Json};
use crate::settings;
use photonbox_daemon::Shutdown;
use photonbox_daemon::tunnel::{self, Mode, PeerOptions, Role, TunnelOptions, TunnelReady};
use std::collections::HashMap;
use std::path::PathBuf;

/// Flags of `tunnel up`.
#[derive(Debug, clap::Args)]
pub(super) struct UpArgs {
    /// Name of the TUN device [default: photonbox0].
    #[arg(long, value_name = "NAME", env = "PHOTONBOX_TUNNEL_DEVICE")]
    device: Option<String>,
    /// UDP address, ADDRESS[:PORT] [default: [::]:4510, both families].
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_TUNNEL_LISTEN")]
    listen: Option<String>,
    /// Serve metrics for Prometheus on this loopback address, each role of a machine on its own [without ADDR: 127.0.0.1:4503].
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_TUNNEL_METRICS", num_args = 0..=1, default_missing_value = settings::METRICS)]
    metrics: Option<String>,
    /// Addresses of the device with their networks, such as 10.9.0.1/24,fd09::1/64.
    #[arg(
        long = "address",
        value_name = "NET",
        env = "PHOTONBOX_TUNNEL_ADDRESS",
        value_delimiter = ',',
        value_parser = network
    )]
    addresses: Vec<Net>,
    /// MTU of the device, bytes [default: 1418, which fits into links of 1500].
    #[arg(long, value_name = "BYTES", env = "PHOTONBOX_TUNNEL_MTU")]
    mtu: Option<u16>,
    /// Queues of the device, each with two threads; 0: one a core [default: 0].
    #[arg(long, value_name = "COUNT", env = "PHOTONBOX_TUNNEL_QUEUES")]
    queues: Option<usize>,
    /// Mode `boxes`: the hubs to take key boxes from, HOST[:PORT], tried in this order; the state directory is an enrolled
    /// host's.
    #[arg(
        long = "hub",
        value_name = "ADDR",
        env = "PHOTONBOX_HUB",
        value_delimiter = ','
    )]
    hubs: Vec<String>,
    #[command(flatten)]
    peer: PeerArgs,
    /// Go on when secrets cannot be locked in memory.
    #[arg(long, env = "PHOTONBOX_ALLOW_UNLOCKED_MEMORY", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    allow_unlocked_memory: bool,
    #[command(flatten)]
    json: Json,
}

/// A network, as the configuration file has it.
type Net = String;

/// The peer of a tunnel with one; those of others stand in the configuration file.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "The peer (several: [[tunnel.peer]] in the configuration file)")]
struct PeerArgs {
    /// Its name, for `status` and the log; in mode `boxes` the ID under which it is enrolled at the hub [default: peer].
    #[arg(long, value_name = "NAME", env = "PHOTONBOX_TUNNEL_PEER")]
    peer: Option<String>,
    /// Where it is, HOST[:PORT]; without it, where its packets come from.
    #[arg(long, value_name = "ADDR", env = "PHOTONBOX_TUNNEL_ENDPOINT")]
    endpoint: Option<String>,
    /// Networks behind it, such as 10.2.0.0/16,fd02::/32: what goes to them goes to it, and it may send from no others.
    #[arg(
        long,
        value_name = "NET",
        env = "PHOTONBOX_TUNNEL_ALLOWED",
        value_delimiter = ',',
        value_parser = network
    )]
    allowed: Vec<Net>,
    /// This side of the pair, `a` or `b`; the other side takes the other. In mode `boxes` the hub says it.
    #[arg(long, value_name = "ROLE", env = "PHOTONBOX_TUNNEL_ROLE", value_parser = role)]
    role: Option<Role>,
    /// Where keys come from: `boxes` (default, from the hub), `ip-key` (64 digits that both sides were given).
    #[arg(long, value_name = "MODE", env = "PHOTONBOX_TUNNEL_MODE", value_parser = mode)]
    mode: Option<Mode>,
    /// File with the IP key; /dev/fd/N reads from a file descriptor, `-` from standard input. Without it the terminal is
    /// asked.
    #[arg(long, value_name = "FILE", env = "PHOTONBOX_TUNNEL_IP_KEY_FILE")]
    ip_key_file: Option<PathBuf>,
    /// Leading digits that a session key drops, 1 to 8 [default: 4].
    #[arg(long = "s", value_name = "S", env = "PHOTONBOX_TUNNEL_S")]
    s: Option<u32>,
    /// Boxes [default: 200].
    #[arg(long, value_name = "I", env = "PHOTONBOX_TUNNEL_BOXES")]
    boxes: Option<u32>,
    /// Keys of a box [default: 512]; I * J is at most 2^20.
    #[arg(long, value_name = "J", env = "PHOTONBOX_TUNNEL_KEYS")]
    keys: Option<u32>,
    /// Packets that a box serves [default: 1073741824].
    #[arg(long, value_name = "COUNT", env = "PHOTONBOX_TUNNEL_BOX_PACKETS")]
    box_packets: Option<u64>,
    /// Seconds that a box serves [default: 3600].
    #[arg(long, value_name = "SECONDS", env = "PHOTONBOX_TUNNEL_BOX_SECONDS")]
    box_seconds: Option<u64>,
    /// Seconds that an SPI serves [default: 86400].
    #[arg(long, value_name = "SECONDS", env = "PHOTONBOX_TUNNEL_SPI_SECONDS")]
    spi_seconds: Option<u64>,
}

/// Checked with the rest of the plan, so that a network is refused in the same words wherever it was written.
fn network(text: &str) -> Result<Net, String> {
    tunnel::network(text).map(|_| text.to_owned())
}

fn role(text: &str) -> Result<Role, String> {
    match text {
        "a" => Ok(Role::A),
        "b" => Ok(Role::B),
        _ => Err("write a or b".to_owned()),
    }
}

fn mode(text: &str) -> Result<Mode, String> {
    match text {
        "boxes" => Ok(Mode::Boxes),
        "ip-key" => Ok(Mode::IpKey),
        _ => Err("write boxes or ip-key".to_owned()),
    }
}

fn networks(all: &[Net]) -> anyhow::Result<Vec<tunnel::Network>> {
    let parse = |text: &Net| {
        tunnel::network(text).map_err(|reason| Failure::usage(reason, "write NETWORK/LENGTH"))
    };
    all.iter().map(parse).collect()
}

impl UpArgs {
    fn apply(&self, options: &mut TunnelOptions) -> anyhow::Result<()> {
        settings::set(&mut options.name, self.device.clone());
        settings::set(&mut options.listen, self.listen.clone());
        settings::set_address(&mut options.metrics, self.metrics.clone());
        settings::set(&mut options.mtu, self.mtu);
        settings::set(&mut options.queues, self.queues);
        options.allow_unlocked_memory |= self.allow_unlocked_memory;
        if !self.hubs.is_empty() {
            options.join.hubs.clone_from(&self.hubs);
        }
        if !self.addresses.is_empty() {
            options.addresses = networks(&self.addresses)?;
        }
        if !self.peer.says_something() {
            return Ok(());
        }
        match &mut options.peers[..] {
            [] => options.peers.push(PeerOptions {
                name: "peer".to_owned(),
                ..PeerOptions::default()
            }),
            [_] => {}
            several => {
                return Err(Failure::usage(
                    format!(
                        "flags or variables of one peer, and {} peers in the configuration file",
                        several.len()
                    ),
                    "leave the flags out, and set each peer in the file",
                ));
            }
        }
        self.peer.apply(&mut options.peers[0])
    }
}

impl PeerArgs {
    fn says_something(&self) -> bool {
        let Self {
            peer,
            endpoint,
            allowed,
            role,
            mode,
            ip_key_file,
            s,
            boxes,
            keys,
            box_packets,
            box_seconds,
            spi_seconds,
        } = self;
        let numbers = [
            s.is_some(),
            boxes.is_some(),
            keys.is_some(),
            box_packets.is_some(),
            box_seconds.is_some(),
            spi_seconds.is_some(),
        ];
        let words = [
            peer.is_some(),
            endpoint.is_some(),
            !allowed.is_empty(),
            role.is_some(),
            mode.is_some(),
            ip_key_file.is_some(),
        ];
        numbers.into_iter().chain(words).any(|given| given)
    }

    fn apply(&self, peer: &mut PeerOptions) -> anyhow::Result<()> {
        settings::set(&mut peer.name, self.peer.clone());
        if self.endpoint.is_some() {
            peer.endpoint.clone_from(&self.endpoint);
        }
        if !self.allowed.is_empty() {
            peer.allowed = networks(&self.allowed)?;
        }
        if self.role.is_some() {
            peer.role = self.role;
        }
        settings::set(&mut peer.mode, self.mode);
        if self.ip_key_file.is_some() {
            peer.ip_key_file.clone_from(&self.ip_key_file);
        }
        settings::set(&mut peer.s, self.s);
        settings::set(&mut peer.boxes, self.boxes);
        settings::set(&mut peer.keys, self.keys);
        settings::set(&mut peer.box_packets, self.box_packets);
        settings::set(&mut peer.box_seconds, self.box_seconds);
        settings::set(&mut peer.spi_seconds, self.spi_seconds);
        Ok(())
    }
}

/// Runs the tunnel until it is stopped.
pub(super) fn run(args: UpArgs, common: &Common) -> anyhow::Result<()> {
    let mut options = settings::load(common)?.tunnel_options();
    args.apply(&mut options)?;
    // What is wrong shows before anyone types 66 digits.
    options.check()?;
    let mut keys = HashMap::new();
    for peer in options.peers.iter().filter(|peer| peer.mode == Mode::IpKey) {
        let key = match &peer.ip_key_file {
            Some(path) => ip_key::from_file(&ip_key::of_peer(&peer.name), path)?,
            None => ip_key::from_person(&peer.name)?,
        };
        keys.insert(peer.name.clone(), key);
    }
    let json = args.json.json;
    let runtime = settings::runtime()?;
    runtime.block_on(async {
        let shutdown = Shutdown::new();
        signals::watch(&shutdown)?;
        tunnel::up(options, keys, shutdown, move |ready| announce(&ready, json)).await?;
        Ok(())
    })
}

/// Says once, on standard output, that the tunnel is up.
fn announce(ready: &TunnelReady, json: bool) {
    let said = if json {
        output::json(ready)
    } else {
        let peers = if ready.peers == 1 {
            "1 peer".to_owned()
        } else {
            format!("{} peers", ready.peers)
        };
        output::write(&format!(
            "tunnel {} is up, listening on {}, {peers}{}\n",
            ready.device,
            ready.listen,
            output::metrics(ready.metrics)
        ))
    };
    if let Err(error) = said {
        tracing::warn!("cannot write to standard output: {error}");
    }
}
