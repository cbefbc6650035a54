//! What the entry points give back: plain data, for people and as JSON.

use std::path::PathBuf;

use serde::Serialize;

use crate::options::Class;

/// Result of `init`.
#[derive(Clone, Debug, Serialize)]
pub struct InitReport {
    /// State directory that was made.
    pub state: PathBuf,
    /// The hub's id.
    pub hub: String,
    /// SHA-256 of the CA certificate (DER), hex: what hosts pin when they enrol.
    pub ca_hash: String,
    /// Serial of the hub's certificate, hex.
    pub certificate_serial: String,
    /// End of the hub certificate's life, seconds since 1970.
    pub expires: u64,
}

/// Result of `enroll token`.
#[derive(Clone, Serialize)]
pub struct TokenReport {
    /// The token: shown once, only its hash is stored.
    pub token: String,
    /// SHA-256 of the CA certificate (DER), hex.
    pub ca_hash: String,
    /// Seconds since 1970.
    pub expires: u64,
}

/// Without the token: whoever reads it in a log can enrol.
impl std::fmt::Debug for TokenReport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TokenReport")
            .field("ca_hash", &self.ca_hash)
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// Result of `enroll`.
#[derive(Clone, Debug, Serialize)]
pub struct EnrollReport {
    /// The host's id.
    pub host: String,
    /// Serial of its certificate, hex.
    pub certificate_serial: String,
    /// Whether the certificate allows it to relay.
    pub relay: bool,
    /// End of the certificate's life, seconds since 1970.
    pub expires: u64,
}

/// Result of `enroll revoke`.
#[derive(Clone, Debug, Serialize)]
pub struct RevokeReport {
    /// The host's id.
    pub host: String,
    /// Channels that the running hub closed; none where no hub runs.
    pub channels_closed: Option<u64>,
}

/// Said once, when a hub or relay listens (a host without relay: when its sinks are open).
#[derive(Clone, Debug, Serialize)]
pub struct Ready {
    /// `hub` or `host`.
    pub role: &'static str,
    /// Where it listens; none for a host that doesn't relay.
    pub listen: Option<std::net::SocketAddr>,
    /// Where its metrics are served, if they are.
    pub metrics: Option<std::net::SocketAddr>,
    /// Where its HTTP interface is, if it has one.
    pub api: Option<std::net::SocketAddr>,
    /// Its control socket.
    pub control: PathBuf,
    /// The source is simulated or replayed (`simulated`, `replayed` or none).
    pub label: Option<&'static str>,
}

/// What a host delivered when `join` ends.
#[derive(Clone, Debug, Default, Serialize)]
pub struct JoinReport {
    /// The host's id.
    pub host: String,
    /// Bytes put into all sinks together.
    pub bytes: u64,
    /// Hex SHA-256 of what the first sink got.
    pub sha256: String,
    /// Each sink: no byte goes to two of them.
    pub sinks: Vec<SinkReport>,
    /// Class that was asked for.
    pub class: Class,
    /// Any of it came from a simulated source.
    pub simulated: bool,
    /// Any of it came from a recording's second or later pass.
    pub replayed: bool,
    /// Rekeys of the channels to the parent, both directions.
    pub rekeys: u64,
}

/// One sink of a host.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SinkReport {
    /// As on the command line.
    pub sink: String,
    /// Class that it asks for.
    pub class: Class,
    /// `waiting`, `receiving`, `blocked: …`, `done` or `failed: …`.
    pub state: String,
    /// Bytes that it took.
    pub bytes: u64,
    /// Hex SHA-256 of them.
    pub sha256: String,
    /// Signed statements of the hub that came with its blocks and verified.
    pub attested: u64,
    /// Bytes in it that nobody fetched yet (EGD).
    pub waiting_bytes: Option<usize>,
    /// Links between hub and this host; 0 before the first delivery.
    pub hops: u8,
    /// Label of anything that it got.
    pub simulated: bool,
    /// Label of anything that it got.
    pub replayed: bool,
    /// Label of anything that it got.
    pub test: bool,
}

impl SinkReport {
    /// Whether any of it is not from a live detector.
    #[must_use]
    pub fn is_labelled(&self) -> bool {
        self.simulated || self.replayed || self.test
    }
}

/// Live figures of a running demo; counts are totals since its start.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DemoProgress {
    /// Seconds since the start.
    pub seconds: f64,
    /// Raw bits that entered the extractor.
    pub raw_bits: u64,
    /// Bits credited.
    pub credited_bits: u64,
    /// Full-entropy bits that can be asked for now.
    pub full_bits_available: u64,
    /// Full-entropy bits made.
    pub full_entropy_bits: u64,
    /// Per host so far.
    pub hosts: Vec<DemoDelivery>,
    /// Epochs of all channels together.
    pub epochs: u64,
    /// `healthy`, `degraded`, `unhealthy`, `starting`.
    pub health: String,
    /// `simulated`, `replayed` or empty.
    pub label: String,
    /// What the demo is doing.
    pub stage: String,
}

/// One line of a demo's deliveries.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct DemoDelivery {
    /// Host id.
    pub host: String,
    /// Bytes.
    pub bytes: u64,
    /// Relays between hub and host, plus one.
    pub hops: u8,
    /// Class of output.
    pub class: Class,
    /// Not from a live detector: simulated, replayed or a test.
    pub simulated: bool,
    /// Some of it from a recording's second or later pass.
    pub replayed: bool,
    /// Some of it from a test pattern or a given seed.
    pub test: bool,
    /// Hex SHA-256 of what arrived (checked against the hub's ledger).
    pub sha256: String,
}

/// Microseconds.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub struct Latency {
    /// Median.
    pub p50: f64,
    /// 99th percentile.
    pub p99: f64,
    /// 99.9th percentile.
    pub p999: f64,
}

/// Result of `demo`, keys of `8-cli`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct DemoReport {
    /// Raw bits that entered the extractor.
    pub raw_bits: u64,
    /// Bits credited.
    pub credited_bits: u64,
    /// Full-entropy bits made.
    pub full_entropy_bits: u64,
    /// What each host got.
    pub delivered: Vec<DemoDelivery>,
    /// Epochs of all channels together.
    pub epochs: u64,
    /// Milliseconds until host 1's first (asymmetric) channel stood.
    pub first_channel_ms: f64,
    /// Milliseconds until its second (symmetric) channel stood.
    pub second_channel_ms: f64,
    /// Request to delivery of 32 bytes `drbg`.
    pub latency_us: Latency,
    /// Alarms by name (`lane 0: rate`).
    pub alarms: Vec<String>,
}
