//! What `photonbox tunnel` takes, and the plan that comes of it once all of it is right.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;
use photonbox_keybox::schedule::Budgets;
use photonbox_keybox::{MAX_S, Parameters};
use serde::{Deserialize, Serialize};

use super::networks::{Networks, Overlap};
use super::{DEFAULT_MTU, MAX_MTU, MIN_MTU, TUNNEL_PORT};
use crate::error::with_default_port;
use crate::options::JoinOptions;
use crate::{Error, Result};

/// Which side of a pair a gateway is: the direction bit of its SPIs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Bit 0.
    A,
    /// Bit 1.
    B,
}

impl Role {
    /// `a` or `b`.
    #[must_use]
    pub fn letter(self) -> &'static str {
        match self {
            Self::A => "a",
            Self::B => "b",
        }
    }
}

/// Where the keys of a pair come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// From the hub, box by box.
    #[default]
    Boxes,
    /// From 64 digits that both ends were given.
    IpKey,
}

/// A peer of a tunnel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PeerOptions {
    /// Its name, for `status` and the log; in mode `boxes` the ID under which it is enrolled at the hub.
    pub name: String,
    /// `HOST[:PORT]`, when this side begins; without it the peer begins, from wherever it is.
    pub endpoint: Option<String>,
    /// Networks behind it: what goes to them goes to it, and it may send from no others.
    pub allowed: Vec<IpNet>,
    /// This side of the pair; the other side takes the other. In mode `boxes` the hub says it.
    pub role: Option<Role>,
    /// Where keys come from.
    pub mode: Mode,
    /// File with the IP key (`/dev/fd/N`, too); without it `photonbox tunnel up` asks.
    pub ip_key_file: Option<PathBuf>,
    /// Leading digits that a session key drops.
    pub s: u32,
    /// Boxes.
    pub boxes: u32,
    /// Keys of a box.
    pub keys: u32,
    /// Packets that a box serves.
    pub box_packets: u64,
    /// Seconds that a box serves.
    pub box_seconds: u64,
    /// Seconds that an SPI serves.
    pub spi_seconds: u64,
}

impl Default for PeerOptions {
    fn default() -> Self {
        let (parameters, budgets) = (Parameters::default(), Budgets::default());
        Self {
            name: String::new(),
            endpoint: None,
            allowed: Vec::new(),
            role: None,
            mode: Mode::default(),
            ip_key_file: None,
            s: parameters.s(),
            boxes: parameters.boxes(),
            keys: parameters.keys(),
            box_packets: budgets.box_packets,
            box_seconds: budgets.box_time.as_secs(),
            spi_seconds: budgets.spi_time.as_secs(),
        }
    }
}

/// `photonbox tunnel up`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TunnelOptions {
    /// State directory (as `--state`); in mode `boxes` an enrolled host's.
    #[serde(skip)]
    pub state: Option<PathBuf>,
    /// Hubs and what else concerns the channel to them, for mode `boxes`.
    #[serde(skip)]
    pub join: JoinOptions,
    /// Name of the TUN device.
    pub name: String,
    /// UDP address; without a port, 4510.
    pub listen: String,
    /// Loopback address of the metrics; none: they are not served.
    pub metrics: Option<String>,
    /// Addresses of the TUN device, with their networks.
    pub addresses: Vec<IpNet>,
    /// MTU of the TUN device, bytes.
    pub mtu: u16,
    /// Queues of the TUN device, each with its threads; 0: one a core.
    pub queues: usize,
    /// Go on when secrets cannot be locked in memory.
    pub allow_unlocked_memory: bool,
    /// The peers.
    #[serde(rename = "peer")]
    pub peers: Vec<PeerOptions>,
}

impl Default for TunnelOptions {
    fn default() -> Self {
        Self {
            state: None,
            join: JoinOptions::default(),
            name: "photonbox0".to_owned(),
            listen: format!("[::]:{TUNNEL_PORT}"),
            metrics: None,
            addresses: Vec::new(),
            mtu: DEFAULT_MTU,
            queues: 0,
            allow_unlocked_memory: false,
            peers: Vec::new(),
        }
    }
}

/// Where the keys of a pair come from, with what is known before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// The hub gives each gateway its side, too.
    Hub,
    /// On this side.
    IpKey(Role),
}

impl Keys {
    pub(super) fn mode(self) -> Mode {
        match self {
            Self::Hub => Mode::Boxes,
            Self::IpKey(_) => Mode::IpKey,
        }
    }
}

/// A peer as it will be.
#[derive(Debug)]
pub(super) struct PeerPlan {
    pub(super) name: String,
    pub(super) endpoint: Option<SocketAddr>,
    pub(super) allowed: Vec<IpNet>,
    pub(super) keys: Keys,
    pub(super) parameters: Parameters,
    pub(super) box_packets: u64,
    pub(super) box_time: Duration,
    pub(super) spi_time: Duration,
}

/// A tunnel as it will be.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) name: String,
    pub(super) listen: SocketAddr,
    pub(super) addresses: Vec<IpNet>,
    pub(super) mtu: u16,
    pub(super) queues: usize,
    pub(super) networks: Networks,
    pub(super) peers: Vec<PeerPlan>,
}

/// The longest name of a network device, and the longest of a peer.
const DEVICE_NAME: usize = 15;
const PEER_NAME: usize = 64;
/// More queues than this serve nobody.
const MAX_QUEUES: usize = 64;

impl TunnelOptions {
    /// Checks all that can be checked before anything is opened.
    ///
    /// # Errors
    /// Usage: what is wrong, and what to write.
    pub(super) fn plan(&self) -> Result<Plan> {
        let fits = |name: &str, most| {
            let good = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            (1..=most).contains(&name.len()) && name.chars().all(good) && !name.starts_with('.')
        };
        if !fits(&self.name, DEVICE_NAME) {
            return Err(Error::usage(
                format!("`{}` is no name of a network device", self.name),
                "use 1 to 15 letters, digits, dots, dashes and underlines",
            ));
        }
        if !(MIN_MTU..=MAX_MTU).contains(&self.mtu) {
            return Err(Error::usage(
                format!("an MTU of {} bytes", self.mtu),
                format!("use {MIN_MTU} to {MAX_MTU}; {DEFAULT_MTU} fits into links of 1500"),
            ));
        }
        if self.mtu < IPV6_MINIMUM {
            let six = |net: &&IpNet| matches!(net, IpNet::V6(_));
            let all = self.peers.iter().flat_map(|peer| &peer.allowed);
            if let Some(net) = all.chain(&self.addresses).find(six) {
                return Err(Error::usage(
                    format!("IPv6 ({net}) with an MTU of {} bytes", self.mtu),
                    format!(
                        "IPv6 needs {IPV6_MINIMUM} (RFC 8200): raise the MTU or leave IPv6 out"
                    ),
                ));
            }
        }
        if self.peers.is_empty() {
            return Err(Error::usage(
                "the tunnel has no peer",
                "give --allowed, --role and what else a peer needs, or [[tunnel.peer]] in the configuration file",
            ));
        }
        let four = self
            .addresses
            .iter()
            .filter(|net| matches!(net, IpNet::V4(_)));
        if four.count() > 1 {
            return Err(Error::usage(
                "the device can have one IPv4 address from here",
                "leave one, and add others with `ip address add`",
            ));
        }
        let from_hub = self.peers.iter().any(|peer| peer.mode == Mode::Boxes);
        if from_hub && self.join.hubs.iter().all(|hub| hub.trim().is_empty()) {
            return Err(Error::usage(
                "no hub to take key boxes from",
                "give --hub ADDR[,ADDR…] or hubs in the [join] table of the configuration, or use --mode ip-key",
            ));
        }
        if self.queues > MAX_QUEUES {
            return Err(Error::usage(
                format!("{} queues", self.queues),
                format!("use at most {MAX_QUEUES}, or 0 for one a core"),
            ));
        }
        let listen = resolve(&self.listen, "--listen")?;
        let mut peers = Vec::with_capacity(self.peers.len());
        for peer in &self.peers {
            if !fits(&peer.name, PEER_NAME) {
                return Err(Error::usage(
                    format!("`{}` is no name of a peer", peer.name),
                    "give each peer a name of 1 to 64 letters, digits, dots, dashes and underlines",
                ));
            }
            if peers.iter().any(|other: &PeerPlan| other.name == peer.name) {
                return Err(Error::usage(
                    format!("two peers are called `{}`", peer.name),
                    "give each peer a name of its own",
                ));
            }
            peers.push(peer.plan()?);
        }
        let allowed: Vec<_> = peers.iter().map(|peer| peer.allowed.clone()).collect();
        let networks = Networks::new(&allowed).map_err(
            |Overlap {
                 peers: [a, b],
                 networks: [x, y],
             }| {
                let name = |peer: usize| &peers[peer].name;
                Error::usage(
                    format!(
                        "allowed networks overlap: {x} of peer `{}` and {y} of peer `{}`",
                        name(a),
                        name(b)
                    ),
                    "give each address to one peer; only a default route may stand beside others",
                )
            },
        )?;
        Ok(Plan {
            name: self.name.clone(),
            listen,
            addresses: self.addresses.clone(),
            mtu: self.mtu,
            queues: self.queues,
            networks,
            peers,
        })
    }
}

/// RFC 8200 §5.
const IPV6_MINIMUM: u16 = 1280;

impl PeerOptions {
    fn plan(&self) -> Result<PeerPlan> {
        let of = |what: String| format!("peer `{}`: {what}", self.name);
        let keys = match (self.mode, self.role) {
            (Mode::IpKey, Some(role)) => Ok(Keys::IpKey(role)),
            (Mode::IpKey, None) => Err(Error::usage(
                of("no role".into()),
                "give one gateway of the pair role a and the other role b (--role)",
            )),
            (Mode::Boxes, Some(_)) => Err(Error::usage(
                of("a role, in mode boxes".into()),
                "leave it out, since the hub gives each gateway its side (or use --mode ip-key)",
            )),
            (Mode::Boxes, None) if self.ip_key_file.is_some() => Err(Error::usage(
                of("an IP key, in mode boxes".into()),
                "leave it out, since keys come from the hub, or use --mode ip-key",
            )),
            (Mode::Boxes, None) => Ok(Keys::Hub),
        }?;
        if self.allowed.is_empty() {
            return Err(Error::usage(
                of("no allowed networks".into()),
                "say which networks are behind it (--allowed), such as 10.2.0.0/16",
            ));
        }
        // Said here for each number, since the library's message names three at once.
        if !(1..=MAX_S).contains(&self.s) {
            return Err(Error::usage(
                of(format!("s = {}", self.s)),
                format!("use s from 1 to {MAX_S}"),
            ));
        }
        let parameters = Parameters::new(self.s, self.boxes, self.keys).map_err(|_| {
            Error::usage(
                of(format!("{} boxes of {} keys", self.boxes, self.keys)),
                "use 1 to 65535 of each, and at most 1048576 keys in all",
            )
        })?;
        let least = |name: &str, value: u64| {
            let error = || Error::usage(of(format!("{name} = {value}")), "use 1 or more");
            (value >= 1).then_some(()).ok_or_else(error)
        };
        least("box_packets", self.box_packets)?;
        least("box_seconds", self.box_seconds)?;
        least("spi_seconds", self.spi_seconds)?;
        let endpoint = self.endpoint.as_deref();
        Ok(PeerPlan {
            name: self.name.clone(),
            endpoint: endpoint
                .map(|address| resolve(address, &of("endpoint".into())))
                .transpose()?,
            allowed: self.allowed.clone(),
            keys,
            parameters,
            box_packets: self.box_packets,
            box_time: Duration::from_secs(self.box_seconds),
            spi_time: Duration::from_secs(self.spi_seconds),
        })
    }
}

fn resolve(address: &str, what: &str) -> Result<SocketAddr> {
    let full = with_default_port(address, TUNNEL_PORT);
    let fail = |reason: String| {
        Error::usage(
            format!("{what}: cannot use the address `{address}`: {reason}"),
            "write ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT",
        )
    };
    let mut all = full
        .to_socket_addrs()
        .map_err(|error| fail(error.to_string()))?;
    all.next()
        .ok_or_else(|| fail("the name has no address".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> TunnelOptions {
        toml::from_str(
            "name = \"pb0\"\nlisten = \"127.0.0.1\"\naddresses = [\"10.9.0.1/24\", \"fd09::1/64\"]\n\
             [[peer]]\nname = \"west\"\nendpoint = \"192.0.2.1\"\nallowed = [\"10.9.0.2/32\", \"10.2.0.0/16\", \"fd02::/32\"]\n\
             role = \"a\"\nmode = \"ip-key\"\nip_key_file = \"key\"\nboxes = 20\nbox_seconds = 1\n",
        )
        .expect("valid")
    }

    #[test]
    fn a_file_becomes_a_plan() {
        let plan = good().plan().expect("a plan");
        assert_eq!(plan.listen.to_string(), "127.0.0.1:4510");
        assert_eq!(plan.mtu, 1418);
        let peer = &plan.peers[0];
        assert_eq!(peer.endpoint.expect("one").to_string(), "192.0.2.1:4510");
        assert_eq!(
            (peer.keys, peer.keys.mode()),
            (Keys::IpKey(Role::A), Mode::IpKey)
        );
        assert_eq!((peer.parameters.boxes(), peer.parameters.keys()), (20, 512));
        assert_eq!(
            plan.networks.of("10.2.3.4".parse().expect("an address")),
            Some(0)
        );
        assert_eq!(PeerOptions::default().mode, Mode::Boxes);
    }

    /// What is wrong is said before anything is opened, in one line that names it.
    #[test]
    fn each_mistake_is_named() {
        type Spoil = fn(&mut TunnelOptions);
        let cases: [(Spoil, &str); 19] = [
            (|t| t.peers[0].mode = Mode::Boxes, "no hub"),
            (
                |t| {
                    t.peers[0].mode = Mode::Boxes;
                    t.join.hubs = vec!["hub".into()];
                },
                "a role, in mode boxes",
            ),
            (
                |t| {
                    (t.peers[0].mode, t.peers[0].role) = (Mode::Boxes, None);
                    t.join.hubs = vec!["hub".into()];
                },
                "an IP key, in mode boxes",
            ),
            (
                |t| t.name = "much-too-long-a-name".into(),
                "much-too-long-a-name",
            ),
            (|t| t.name = "a b".into(), "`a b`"),
            (|t| t.mtu = 100, "an MTU of 100"),
            (|t| t.mtu = 1279, "IPv6"),
            (|t| t.peers.clear(), "no peer"),
            (|t| t.queues = 65, "65 queues"),
            (|t| t.listen = "x:y:z".into(), "--listen"),
            (|t| t.peers[0].role = None, "no role"),
            (|t| t.peers[0].allowed.clear(), "no allowed networks"),
            (|t| t.peers[0].s = 0, "s = 0"),
            (|t| t.peers[0].s = 9, "s = 9"),
            (|t| t.peers[0].boxes = 0, "0 boxes"),
            (|t| t.peers[0].keys = 65_536, "65536 keys"),
            (
                |t| (t.peers[0].boxes, t.peers[0].keys) = (2048, 513),
                "2048 boxes of 513 keys",
            ),
            (|t| t.peers[0].box_seconds = 0, "box_seconds = 0"),
            (
                |t| t.peers.push(t.peers[0].clone()),
                "two peers are called `west`",
            ),
        ];
        for (spoil, word) in cases {
            let mut options = good();
            spoil(&mut options);
            let error = options.plan().expect_err(word);
            assert_eq!(error.exit_code(), 2);
            assert!(error.to_string().contains(word), "{error}");
            assert!(!error.help().is_empty());
        }
        let mut options = good();
        options.peers.push(PeerOptions {
            name: "east".into(),
            ..options.peers[0].clone()
        });
        let error = options.plan().expect_err("an overlap").to_string();
        assert!(error.contains("10.9.0.2/32 of peer `west`"), "{error}");
    }
}
