//! Where a setting comes from: flags over the environment over the file over the defaults.
//!
//! clap itself puts a single flag over its variable. Choices that exclude each other (the photon
//! source, the way of delivery) are settled here as a whole: a flag for one of them silences
//! variables and file for all of them.

use crate::args::Common;
use crate::exit::Failure;
use crate::quantity::{self, Bound};
use anyhow::Context as _;
use photonbox_daemon::config::Config;
use photonbox_daemon::{
    CardOptions, CertificateOptions, Group, RekeyOptions, StoreOptions, WhenExhausted,
};
use std::path::PathBuf;

/// Reads the configuration file that was asked for, or gives the defaults.
pub(crate) fn load(common: &Common) -> anyhow::Result<Config> {
    let mut config = match &common.config {
        Some(path) => Config::load(path)?,
        None => Config::default(),
    };
    if common.state.is_some() {
        config.state.clone_from(&common.state);
    }
    Ok(config)
}

/// Where a hub's store is.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct StoreArgs {
    /// PostgreSQL database of the hub, postgres://USER@HOST/DATABASE?sslrootcert=FILE&passwordfile=FILE; several hubs may
    /// share it [default: SQLite in the state directory].
    #[arg(
        long,
        value_name = "URL",
        env = "PHOTONBOX_STORE",
        hide_env_values = true
    )]
    store: Option<String>,
}

impl StoreArgs {
    /// Puts the flag over what the file says.
    pub(crate) fn apply(self, store: &mut StoreOptions) {
        if self.store.as_ref().is_some_and(|url| !url.is_empty()) {
            store.url = self.store;
        }
    }
}

/// The value of an environment variable, unless it is empty.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The same, parsed by a flag's own parser.
pub(crate) fn parsed<T>(
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, String>,
) -> anyhow::Result<Option<T>> {
    variable(name)
        .map(|text| {
            parse(&text).map_err(|e| {
                Failure::usage(format!("{name}: {e}"), "correct or unset the variable")
            })
        })
        .transpose()
}

/// What a simulated card is made from.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Simulated card")]
pub(crate) struct SimulatedArgs {
    /// Build of a simulated card: `small` (4 lanes, default) or `wide` (64 lanes; on `rtl` in
    /// programs with it).
    #[arg(long, value_name = "BUILD", env = "PHOTONBOX_BUILD")]
    build: Option<String>,
    /// Recording of photons (.ptu, T2) that drives lane 0 [env: PHOTONBOX_CAPTURE].
    #[arg(long, value_name = "FILE", group = "photons")]
    capture: Option<PathBuf>,
    /// Stochastic photons, `KEY=VALUE,…`; the default source, with rate=500k, on `rtl` with
    /// rate=4M photons/s of card time and lane [env: PHOTONBOX_STOCHASTIC].
    #[arg(long, value_name = "KEY=VALUE,…", num_args = 0..=1, default_missing_value = "", group = "photons")]
    stochastic: Option<String>,
    /// Test pattern: alternate, counter, stuck-a, stuck-b, biased [env: PHOTONBOX_PATTERN].
    #[arg(long, value_name = "PATTERN", group = "photons")]
    pattern: Option<String>,
    /// Seed of the stochastic source; its output is then labelled *test*.
    #[arg(long, value_name = "N", env = "PHOTONBOX_SEED")]
    seed: Option<u64>,
    /// Run a simulated card as fast as its data is taken instead of in real time.
    #[arg(long, env = "PHOTONBOX_FAST", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    fast: bool,
    /// Fault to inject into a simulated card: dead-lane:0, stuck-a:0, bias:0:0.95, lost-interrupt:0.1,
    /// axi-error, removal; with @2s it begins after 2 s of card time, with @2s..4s it ends, too.
    #[arg(
        long = "fault",
        value_name = "FAULT",
        env = "PHOTONBOX_FAULTS",
        value_delimiter = ','
    )]
    faults: Vec<String>,
}

impl SimulatedArgs {
    /// Puts the flags over what file and defaults say.
    pub(crate) fn apply(self, mut card: CardOptions) -> CardOptions {
        set(&mut card.build, self.build);
        let flags = (self.capture, self.stochastic, self.pattern);
        let variables = || {
            (
                variable("PHOTONBOX_CAPTURE").map(PathBuf::from),
                variable("PHOTONBOX_STOCHASTIC"),
                variable("PHOTONBOX_PATTERN"),
            )
        };
        let source = if flags == (None, None, None) {
            variables()
        } else {
            flags
        };
        if source != (None, None, None) {
            (card.capture, card.stochastic, card.pattern) = source;
        }
        if self.seed.is_some() {
            card.seed = self.seed;
        }
        card.fast |= self.fast;
        if !self.faults.is_empty() {
            card.faults = self.faults;
        }
        card
    }
}

/// Which card, and how it is set up.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Card")]
pub(crate) struct CardArgs {
    /// The card: `model` (default), `rtl`, `vfio-user:PATH`, `vfio:BDF`, `serial:DEV[@BAUD]`. `rtl`
    /// is the verilated hardware, in builds with it: its time passes a hundred times more slowly.
    /// `vfio-user` is a card that `photonbox simcard` serves: what drives it is said there.
    #[arg(long, value_name = "CARD", env = "PHOTONBOX_CARD")]
    card: Option<String>,
    /// Key file of an encrypted serial line: the 32 bytes that the board was provisioned with.
    #[arg(long, value_name = "FILE", env = "PHOTONBOX_SERIAL_KEY")]
    serial_key: Option<PathBuf>,
    #[command(flatten)]
    simulated: SimulatedArgs,
    /// Coincidence window W in cycles of 4 ns [default: 0].
    #[arg(long, value_name = "CYCLES", env = "PHOTONBOX_WINDOW")]
    window: Option<u32>,
    /// Hold-off after a bit in cycles of 4 ns [default: 30].
    #[arg(long, value_name = "CYCLES", env = "PHOTONBOX_HOLDOFF")]
    holdoff: Option<u32>,
    /// Min-entropy claimed per raw bit [default: 0.5].
    #[arg(long, value_name = "H", env = "PHOTONBOX_CLAIMED_H")]
    claimed_h: Option<f64>,
    /// Memory of the ring that entropy comes through [default: 512KiB]. A larger one bridges longer pauses of this program;
    /// from 1 MiB on it lies in huge pages where there are some.
    #[arg(long, value_name = "BYTES", env = "PHOTONBOX_RING_MEMORY", value_parser = quantity::bytes)]
    ring_memory: Option<u64>,
    /// Accept a card whose build hash is not the one this driver was made for.
    #[arg(long, env = "PHOTONBOX_ALLOW_BUILD_MISMATCH", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    allow_build_mismatch: bool,
}

impl CardArgs {
    /// Whether a flag says where photons come from.
    pub(crate) fn names_photons(&self) -> bool {
        let SimulatedArgs {
            capture,
            stochastic,
            pattern,
            ..
        } = &self.simulated;
        capture.is_some() || stochastic.is_some() || pattern.is_some()
    }

    /// Puts the flags over what file and defaults say.
    pub(crate) fn apply(self, card: CardOptions) -> CardOptions {
        let mut card = self.simulated.apply(card);
        set(&mut card.card, self.card);
        if self.serial_key.is_some() {
            card.serial_key = self.serial_key;
        }
        set(&mut card.window, self.window);
        set(&mut card.holdoff, self.holdoff);
        set(&mut card.claimed_h, self.claimed_h);
        if self.ring_memory.is_some() {
            card.ring_memory = self.ring_memory;
        }
        card.allow_build_mismatch |= self.allow_build_mismatch;
        card
    }
}

/// When channels take new keys, and how the first one is made.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Channel")]
pub(crate) struct ChannelArgs {
    /// Packets between rekeys, 1 or more, or `inf`.
    #[arg(long, value_name = "N", env = "PHOTONBOX_REKEY_PACKETS")]
    rekey_packets: Option<Bound>,
    /// Seconds between rekeys, 1 or more, or `inf`.
    #[arg(long, value_name = "T", env = "PHOTONBOX_REKEY_SECONDS")]
    rekey_seconds: Option<Bound>,
    /// Epochs between two that take in a fresh ML-KEM-1024 secret, 1 or more, or `inf`.
    #[arg(long, value_name = "N", env = "PHOTONBOX_PQ_EPOCHS")]
    pq_epochs: Option<Bound>,
    /// Seconds between two that take in a fresh ML-KEM-1024 secret, 1 or more, or `inf`.
    #[arg(long, value_name = "T", env = "PHOTONBOX_PQ_SECONDS")]
    pq_seconds: Option<Bound>,
    /// When a rekey is due and the other side's prekeys are used up: `wait` (default), or `step-down` to go on under the
    /// old key, if the other side allows it too.
    #[arg(long, value_name = "POLICY", env = "PHOTONBOX_WHEN_EXHAUSTED", value_parser = when_exhausted)]
    when_exhausted: Option<WhenExhausted>,
    /// Key exchange of the first channel: `hybrid` (SecP384R1MLKEM1024, default) or `p384`.
    #[arg(long, value_name = "GROUP", env = "PHOTONBOX_GROUP", value_parser = group)]
    group: Option<Group>,
    /// Go on when secrets cannot be locked in memory.
    #[arg(long, env = "PHOTONBOX_ALLOW_UNLOCKED_MEMORY", value_parser = clap::builder::FalseyValueParser::new(), action = clap::ArgAction::SetTrue)]
    pub(crate) allow_unlocked_memory: bool,
}

impl ChannelArgs {
    /// Puts the flags over what file and defaults say.
    pub(crate) fn apply(&self, rekey: &mut RekeyOptions, group: &mut Group) {
        if let Some(Bound(packets)) = self.rekey_packets {
            rekey.packets = packets;
        }
        if let Some(Bound(seconds)) = self.rekey_seconds {
            rekey.seconds = seconds;
        }
        if let Some(Bound(epochs)) = self.pq_epochs {
            rekey.pq_epochs = epochs;
        }
        if let Some(Bound(seconds)) = self.pq_seconds {
            rekey.pq_seconds = seconds;
        }
        set(&mut rekey.when_exhausted, self.when_exhausted);
        set(group, self.group);
    }
}

fn when_exhausted(text: &str) -> Result<WhenExhausted, String> {
    match text {
        "wait" => Ok(WhenExhausted::Wait),
        "step-down" => Ok(WhenExhausted::StepDown),
        _ => Err("write wait or step-down".to_owned()),
    }
}

fn group(text: &str) -> Result<Group, String> {
    text.parse().map_err(|_| "write hybrid or p384".to_owned())
}

/// Bounds that keep one host from hurting others.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Connections at once, handshakes included.
    #[arg(long, value_name = "COUNT", env = "PHOTONBOX_MAX_CONNECTIONS")]
    max_connections: Option<usize>,
    /// Bytes a second that one host may receive.
    #[arg(long, value_name = "BYTES", env = "PHOTONBOX_HOST_RATE", value_parser = quantity::bytes)]
    host_rate: Option<u64>,
    /// Bytes that one host may receive until the next start.
    #[arg(long, value_name = "BYTES", env = "PHOTONBOX_HOST_QUOTA", value_parser = quantity::bytes)]
    host_quota: Option<u64>,
}

impl LimitArgs {
    /// Puts the flags over what file and defaults say.
    pub(crate) fn apply(&self, limits: &mut photonbox_daemon::LimitOptions) {
        set(&mut limits.max_connections, self.max_connections);
        if self.host_rate.is_some() {
            limits.host_bytes_per_second = self.host_rate;
        }
        if self.host_quota.is_some() {
            limits.host_quota_bytes = self.host_quota;
        }
    }
}

/// How long certificates live that a hub issues.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Certificates")]
pub(crate) struct LifeArgs {
    /// Life of the certificates that the hub issues, its own too: 365d (default), 12h, 90s.
    #[arg(long, value_name = "T", env = "PHOTONBOX_CERTIFICATE_LIFE", value_parser = quantity::time)]
    certificate_life: Option<std::time::Duration>,
}

impl LifeArgs {
    /// Puts the flag over what file and defaults say.
    pub(crate) fn apply(&self, certificates: &mut CertificateOptions) {
        // Less than a second is rounded up: no life at all would be a certificate that never worked.
        let life = self.certificate_life.map(|life| life.as_secs().max(1));
        set(&mut certificates.life_seconds, life);
    }
}

/// When a running hub or host renews its own certificate.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Certificates")]
pub(crate) struct RenewArgs {
    /// Renew the own certificate when so many hundredths of its life are left, 0 to 90; 0: only on command [default: 33].
    #[arg(long, value_name = "PERCENT", env = "PHOTONBOX_RENEW_LEFT")]
    renew_left: Option<u8>,
}

impl RenewArgs {
    /// Puts the flag over what file and defaults say.
    pub(crate) fn apply(&self, certificates: &mut CertificateOptions) {
        set(&mut certificates.renew_left_percent, self.renew_left);
    }
}

/// What `--metrics` without an address means: the port is [`photonbox_daemon::METRICS_PORT`].
pub(crate) const METRICS: &str = "127.0.0.1";

/// What `--api` without an address means: the port is [`photonbox_daemon::API_PORT`].
pub(crate) const API: &str = "0.0.0.0";

/// The address of metrics or of the HTTP interface; an empty variable is as good as none.
pub(crate) fn set_address(setting: &mut Option<String>, given: Option<String>) {
    if let Some(address) = given.filter(|address| !address.is_empty()) {
        *setting = Some(address);
    }
}

/// Replaces a setting if there is something to replace it with.
pub(crate) fn set<T>(setting: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *setting = value;
    }
}

/// A runtime for the commands that talk to the network or the control socket.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
}
