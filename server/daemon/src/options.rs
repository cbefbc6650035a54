//! What the entry points take and give back: plain data, read from TOML or filled from flags.
//!
//! Every field has a default, so that a command line sets only what it was told: flags win over the
//! environment, the environment over the file, the file over these defaults (`8-cli`).

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

pub use photonbox_channel::WhenExhausted;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

pub use crate::boxes::BoxOptions;
pub use crate::reports::*;
use crate::{CertificateOptions, Error, StoreOptions};

/// Default port of the hub's channel.
pub const DEFAULT_PORT: u16 = 4501;

/// Class of output (`1-entropy` §1.3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Full entropy, limited by the ledger.
    Full,
    /// CTR_DRBG seeded from full entropy.
    #[default]
    Drbg,
}

impl Class {
    /// `full` or `drbg`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Drbg => "drbg",
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Class {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "full" => Ok(Self::Full),
            "drbg" => Ok(Self::Drbg),
            other => Err(Error::usage(
                format!("`{other}` is not a class of output"),
                "write --class full or --class drbg",
            )),
        }
    }
}

/// Key exchange of the first channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Group {
    /// SecP384R1MLKEM1024 (0x11ED).
    #[default]
    Hybrid,
    /// Plain P-384.
    P384,
}

impl FromStr for Group {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "hybrid" => Ok(Self::Hybrid),
            "p384" => Ok(Self::P384),
            other => Err(Error::usage(
                format!("`{other}` is not a key-exchange group"),
                "write --group hybrid or --group p384",
            )),
        }
    }
}

/// One place where a host puts what it receives: `stdout`, `file:P`, `fifo:P`, `egd:unix:P`,
/// `egd:tcp:A` or `kernel`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SinkSpec {
    /// Standard output.
    Stdout,
    /// Append to a file.
    File(PathBuf),
    /// An existing or new FIFO.
    Fifo(PathBuf),
    /// EGD server on a Unix socket.
    EgdUnix(PathBuf),
    /// EGD server on a TCP address.
    EgdTcp(String),
    /// The kernel's pool (`RNDADDENTROPY`).
    Kernel,
}

impl FromStr for SinkSpec {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = |what: String| {
            Error::usage(
                what,
                "write stdout, file:PATH, fifo:PATH, egd:unix:PATH, egd:tcp:ADDRESS or kernel",
            )
        };
        let path = |rest: &str| {
            if rest.is_empty() {
                Err(wrong(format!("sink `{text}` has no path")))
            } else {
                Ok(PathBuf::from(rest))
            }
        };
        match text {
            "stdout" | "-" => Ok(Self::Stdout),
            "kernel" => Ok(Self::Kernel),
            _ => {
                if let Some(rest) = text.strip_prefix("file:") {
                    Ok(Self::File(path(rest)?))
                } else if let Some(rest) = text.strip_prefix("fifo:") {
                    Ok(Self::Fifo(path(rest)?))
                } else if let Some(rest) = text.strip_prefix("egd:unix:") {
                    Ok(Self::EgdUnix(path(rest)?))
                } else if let Some(rest) = text.strip_prefix("egd:tcp:") {
                    path(rest)?;
                    Ok(Self::EgdTcp(rest.to_owned()))
                } else {
                    Err(wrong(format!("`{text}` is not a sink")))
                }
            }
        }
    }
}

impl fmt::Display for SinkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("stdout"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Fifo(path) => write!(f, "fifo:{}", path.display()),
            Self::EgdUnix(path) => write!(f, "egd:unix:{}", path.display()),
            Self::EgdTcp(address) => write!(f, "egd:tcp:{address}"),
            Self::Kernel => f.write_str("kernel"),
        }
    }
}

impl TryFrom<String> for SinkSpec {
    type Error = Error;
    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<SinkSpec> for String {
    fn from(sink: SinkSpec) -> Self {
        sink.to_string()
    }
}

/// Which card to open and what drives it when it is simulated. TOML table `[card]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CardOptions {
    /// `model` (default), `rtl`, `vfio-user:PATH`, `vfio:BDF`, `serial:DEV[@BAUD]`.
    pub card: String,
    /// Key file of an encrypted serial line: 32 bytes that its owner alone may read.
    pub serial_key: Option<PathBuf>,
    /// Build of a simulated card: `small`.
    pub build: String,
    /// Recording (`.ptu`, T2) that drives lane 0 of a simulated card. Excludes the other two.
    pub capture: Option<PathBuf>,
    /// Stochastic photon source, `KEY=VALUE,…`; an empty string means its defaults. This is the
    /// default source.
    pub stochastic: Option<String>,
    /// Test pattern: `alternate`, `counter`, `stuck-a`, `stuck-b`, `biased`.
    pub pattern: Option<String>,
    /// Seed of the stochastic source (reproducible, therefore labelled test); OS-seeded without.
    pub seed: Option<u64>,
    /// Run the simulated card as fast as the host takes its data instead of in real time.
    pub fast: bool,
    /// Faults to inject, such as `dead-lane:0`, `stuck-a:0`, `bias:0:0.95`, `lost-interrupt:0.1`, `axi-error`, `removal`.
    pub faults: Vec<String>,
    /// Coincidence window W in cycles.
    pub window: u32,
    /// Hold-off in cycles (4 ns each).
    pub holdoff: u32,
    /// Claimed min-entropy per raw bit, 0 < H <= 1.
    pub claimed_h: f64,
    /// Bytes of the entropy ring's data; 512 KiB without.
    pub ring_memory: Option<u64>,
    /// Slots of the entropy ring that are taken together: the hub wakes once for so many. 1 takes each at once.
    pub gather_slots: u32,
    /// Milliseconds that a slot waits for others at most, up to 20.
    pub gather_ms: u64,
    /// Blocks between refreshes of the Toeplitz seed.
    pub seed_refresh_blocks: u64,
    /// Accept a card whose build hash is not the driver's.
    pub allow_build_mismatch: bool,
    /// The capture was played before: it is replayed from its first photon on. A hub finds this out
    /// by itself.
    #[serde(skip)]
    pub played_before: bool,
}

impl Default for CardOptions {
    fn default() -> Self {
        Self {
            card: "model".into(),
            serial_key: None,
            build: "small".into(),
            capture: None,
            stochastic: None,
            pattern: None,
            seed: None,
            fast: false,
            faults: Vec::new(),
            window: 0,
            holdoff: 30,
            claimed_h: 0.5,
            ring_memory: None,
            gather_slots: 1,
            gather_ms: 10,
            seed_refresh_blocks: 1 << 16,
            allow_build_mismatch: false,
            played_before: false,
        }
    }
}

/// When a channel takes new keys. TOML table `[rekey]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RekeyOptions {
    /// Packets between rekeys (N >= 1); none means only time and the 2^24 record bound.
    pub packets: Option<u64>,
    /// Seconds between rekeys; none means only packets.
    pub seconds: Option<u64>,
    /// Epochs between two that take in a fresh ML-KEM-1024 secret (N_pq >= 1); none means only time.
    pub pq_epochs: Option<u64>,
    /// Seconds between two that take in a fresh ML-KEM-1024 secret; none means only epochs.
    pub pq_seconds: Option<u64>,
    /// What data does when a rekey is due and the other side's prekeys are used up; going on takes both sides' word.
    pub when_exhausted: WhenExhausted,
    /// Prekeys that one peer may hold of ours, 1 to 4096: the window adapts below it.
    pub prekeys: usize,
    /// Key pairs made ahead for all channels, on threads of low priority; 0 makes each when it is needed.
    pub keys_ahead: usize,
}

impl Default for RekeyOptions {
    fn default() -> Self {
        Self {
            packets: Some(1000),
            seconds: Some(60),
            pq_epochs: Some(256),
            pq_seconds: Some(3600),
            when_exhausted: WhenExhausted::Wait,
            prekeys: 1024,
            keys_ahead: 64,
        }
    }
}

/// Bounds that keep one host from hurting others. TOML table `[limits]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LimitOptions {
    /// Connections at once, handshakes included.
    pub max_connections: usize,
    /// Handshakes at once: further ones wait in the listen queue.
    pub max_handshakes: usize,
    /// Of these, those of one address (IPv6: of a network of 64 bits); further ones are closed.
    pub handshakes_per_address: usize,
    /// Connections a second that one address may begin, four times as many in a burst; 0 means no bound.
    pub connections_per_second: u32,
    /// Channels that one host may have; its oldest closes for a newer one.
    pub channels_per_host: usize,
    /// Milliseconds until both channels must stand.
    pub handshake_timeout_ms: u64,
    /// Milliseconds of silence after which a channel sends a ping; three times as long without an answer ends it.
    /// None: 15,000 to hosts, 1,500 to a parent, 500 to one of several parents or to the parent of a relay.
    pub keepalive_ms: Option<u64>,
    /// Bytes a second that one host may receive; none means as fast as it reads.
    pub host_bytes_per_second: Option<u64>,
    /// Bytes that one host may receive between two starts of the hub; none means no bound.
    pub host_quota_bytes: Option<u64>,
    /// Requests that one host may have open at once.
    pub requests_per_host: usize,
    /// Milliseconds that open deliveries get to finish at a graceful stop.
    pub drain_ms: u64,
    /// Longest path from the hub to a host behind relays.
    pub max_hops: u8,
}

impl Default for LimitOptions {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            max_handshakes: 256,
            handshakes_per_address: 64,
            connections_per_second: 100,
            channels_per_host: 4,
            handshake_timeout_ms: 10_000,
            keepalive_ms: None,
            host_bytes_per_second: None,
            host_quota_bytes: None,
            requests_per_host: 64,
            drain_ms: 5_000,
            max_hops: 8,
        }
    }
}

/// `photonbox init`.
#[derive(Clone, Debug, Default)]
pub struct InitOptions {
    /// State directory; none: `$STATE_DIRECTORY`, `/var/lib/photonbox`, the XDG state folder.
    pub state: Option<PathBuf>,
    /// Where the store is.
    pub store: StoreOptions,
    /// The hub's id; none: this machine's name.
    pub hub_name: Option<String>,
    /// Lives of certificates.
    pub certificates: CertificateOptions,
}

/// `photonbox enroll token`, on the hub.
#[derive(Clone, Debug)]
pub struct TokenOptions {
    /// State directory.
    pub state: Option<PathBuf>,
    /// Where the store is.
    pub store: StoreOptions,
    /// Seconds that the token lives.
    pub ttl_seconds: u64,
    /// The host may relay to further hosts.
    pub relay: bool,
}

impl Default for TokenOptions {
    fn default() -> Self {
        Self {
            state: None,
            store: StoreOptions::default(),
            ttl_seconds: 3600,
            relay: true,
        }
    }
}

/// `photonbox enroll`, on the host.
#[derive(Clone, Default)]
pub struct EnrollOptions {
    /// State directory of the host.
    pub state: Option<PathBuf>,
    /// Address of the hub's channel port.
    pub hub: String,
    /// Hex SHA-256 of the hub's CA certificate.
    pub ca_hash: String,
    /// The join token.
    pub token: Zeroizing<String>,
    /// The host's id; none: this machine's name.
    pub host_name: Option<String>,
}

/// Without the token: whoever reads it in a log can enrol.
impl fmt::Debug for EnrollOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnrollOptions")
            .field("state", &self.state)
            .field("hub", &self.hub)
            .field("ca_hash", &self.ca_hash)
            .field("host_name", &self.host_name)
            .finish_non_exhaustive()
    }
}

/// `photonbox serve`. TOML table `[serve]`, with `[card]`, `[rekey]` and `[limits]` beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServeOptions {
    /// State directory.
    #[serde(skip)]
    pub state: Option<PathBuf>,
    /// Where the store is.
    #[serde(skip)]
    pub store: StoreOptions,
    /// Address of the channel port; port 0 takes a free one (the ready callback says which).
    pub listen: String,
    /// Loopback address of the metrics; none: they are not served.
    pub metrics: Option<String>,
    /// Address of the HTTP interface, the vault's; none: it is not served.
    pub api: Option<String>,
    /// File of the root key; none: systemd's credential `root-key`, else `root.key` in the state directory.
    pub root_key: Option<PathBuf>,
    /// Key exchange of the first channel.
    pub group: Group,
    /// Serve a simulated or replayed source, under that label.
    pub allow_simulated: bool,
    /// Go on when secrets cannot be locked in memory.
    pub allow_unlocked_memory: bool,
    /// The card.
    #[serde(skip)]
    pub card: CardOptions,
    /// Rekeying.
    #[serde(skip)]
    pub rekey: RekeyOptions,
    /// Bounds.
    #[serde(skip)]
    pub limits: LimitOptions,
    /// Key boxes.
    #[serde(skip)]
    pub boxes: BoxOptions,
    /// Lives of certificates.
    #[serde(skip)]
    pub certificates: CertificateOptions,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            state: None,
            store: StoreOptions::default(),
            listen: format!("0.0.0.0:{DEFAULT_PORT}"),
            metrics: None,
            api: None,
            root_key: None,
            group: Group::default(),
            allow_simulated: false,
            allow_unlocked_memory: false,
            card: CardOptions::default(),
            rekey: RekeyOptions::default(),
            limits: LimitOptions::default(),
            boxes: BoxOptions::default(),
            certificates: CertificateOptions::default(),
        }
    }
}

/// `photonbox join`. TOML table `[join]`.
///
/// At most one of `bytes`, `rate`, `every_ms` is set. With none: sinks that ask (EGD) are filled on
/// demand, `kernel` gets 64 bytes a second, the others a stream as fast as they take it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JoinOptions {
    /// State directory.
    #[serde(skip)]
    pub state: Option<PathBuf>,
    /// Hubs or relays, tried in this order.
    pub hubs: Vec<String>,
    /// Sinks, all fed at once.
    pub sinks: Vec<SinkSpec>,
    /// Class of output to ask for.
    pub class: Class,
    /// End after this many bytes were delivered to every sink.
    pub bytes: Option<u64>,
    /// Continuous, at this many bytes a second.
    pub rate: Option<u64>,
    /// Periodic: `every_bytes` each so many milliseconds.
    pub every_ms: Option<u64>,
    /// Bytes of each periodic delivery.
    pub every_bytes: u64,
    /// Serve further hosts on this address.
    pub relay: Option<String>,
    /// Directory for the hub's signed statements: each block is then asked for with one, and taken
    /// only when it verifies.
    pub attest: Option<PathBuf>,
    /// Loopback address of the metrics; none: they are not served.
    pub metrics: Option<String>,
    /// Key exchange of the first channel.
    pub group: Group,
    /// Go on when secrets cannot be locked in memory.
    pub allow_unlocked_memory: bool,
    /// Rekeying.
    #[serde(skip)]
    pub rekey: RekeyOptions,
    /// Bounds for the relay.
    #[serde(skip)]
    pub limits: LimitOptions,
    /// When the own certificate is renewed.
    #[serde(skip)]
    pub certificates: CertificateOptions,
}

impl Default for JoinOptions {
    fn default() -> Self {
        Self {
            state: None,
            hubs: Vec::new(),
            sinks: Vec::new(),
            class: Class::default(),
            bytes: None,
            rate: None,
            every_ms: None,
            every_bytes: 64,
            relay: None,
            attest: None,
            metrics: None,
            group: Group::default(),
            allow_unlocked_memory: false,
            rekey: RekeyOptions::default(),
            limits: LimitOptions::default(),
            certificates: CertificateOptions::default(),
        }
    }
}

/// `photonbox demo`.
#[derive(Clone, Debug)]
pub struct DemoOptions {
    /// The card; a capture makes lane 0 the recording's.
    pub card: CardOptions,
    /// How long to run.
    pub seconds: f64,
    /// Rekeying of all channels.
    pub rekey: RekeyOptions,
    /// Key exchange.
    pub group: Group,
    /// Go on when secrets cannot be locked in memory.
    pub allow_unlocked_memory: bool,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            card: CardOptions::default(),
            seconds: 10.0,
            rekey: RekeyOptions {
                packets: Some(20),
                ..RekeyOptions::default()
            },
            group: Group::default(),
            allow_unlocked_memory: false,
        }
    }
}
