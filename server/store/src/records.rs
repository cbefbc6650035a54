//! The records that the store keeps.

use photonbox_secret::SecretBytes;
use serde::{Deserialize, Serialize};

/// What this machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Has the card and the CA.
    Hub,
    /// Receives entropy, may relay it.
    Host,
}

impl Role {
    /// `hub` or `host`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Host => "host",
        }
    }
}

/// The machine's own certificate and key.
#[derive(Debug)]
pub struct Identity {
    /// Hub or host.
    pub role: Role,
    /// Its id, the last part of its SAN URI.
    pub name: String,
    /// The id of the hub that enrolled it; a hub's own.
    pub hub: String,
    /// X.509, DER.
    pub certificate: Vec<u8>,
    /// PKCS#8, DER.
    pub private_key: SecretBytes,
    /// The CA that signed it, DER.
    pub ca_certificate: Vec<u8>,
    /// The certificate allows relaying.
    pub relay: bool,
    /// Seconds since 1970.
    pub created: u64,
    /// When certificate and key were last renewed, seconds since 1970.
    pub renewed: Option<u64>,
}

/// The hub's CA.
#[derive(Debug)]
pub struct Authority {
    /// X.509, DER.
    pub certificate: Vec<u8>,
    /// PKCS#8, DER.
    pub private_key: SecretBytes,
    /// Seconds since 1970.
    pub created: u64,
}

/// A certificate that the CA issued to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The host's id.
    pub host: String,
    /// Serial of the certificate, lower-case hex.
    pub serial: String,
    /// SHA-256 of the certificate's DER.
    pub fingerprint: [u8; 32],
    /// The certificate carries the relay role.
    pub relay: bool,
    /// Seconds since 1970.
    pub issued: u64,
    /// Seconds since 1970.
    pub expires: u64,
    /// Seconds since 1970, when revoked, or closed because a newer certificate of the host is in use.
    pub revoked: Option<u64>,
    /// Seconds since 1970, when a newer certificate was issued in the place of this one.
    pub superseded: Option<u64>,
}

/// A refused enrolment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTry {
    /// Seconds since 1970.
    pub at: u64,
    /// Address of the peer.
    pub peer: String,
    /// Why, in one line.
    pub reason: String,
}

/// One source of the ledger, in millibits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRow {
    /// Name of the source.
    pub source: String,
    /// Credited since the run began.
    pub credited: u64,
    /// Debited for conditioning.
    pub conditioned: u64,
    /// Delivered as full entropy.
    pub delivered: u64,
    /// Thrown away.
    pub discarded: u64,
    /// Label.
    pub simulated: bool,
    /// Label.
    pub replayed: bool,
    /// Label.
    pub test: bool,
}

/// One delivery of the ledger: everything that one host got for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryRow {
    /// The final host.
    pub host: String,
    /// `full` or `drbg`.
    pub class: String,
    /// Session and request, unique within the run.
    pub request: String,
    /// 1 for a direct host, one more for each relay.
    pub hops: u8,
    /// So far.
    pub bytes: u64,
    /// Of these bytes.
    pub sha256: [u8; 32],
    /// Label.
    pub simulated: bool,
    /// Label.
    pub replayed: bool,
    /// Label.
    pub test: bool,
    /// Seconds since 1970.
    pub updated: u64,
}

/// One run of the hub, from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunRow {
    /// Counted from 1.
    pub run: u64,
    /// Seconds since 1970.
    pub began: u64,
    /// Seconds since 1970; none while it runs, and for ever after a crash.
    pub ended: Option<u64>,
}

/// A snapshot of the ledger, or the part of it that changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerRows {
    /// Sources.
    pub sources: Vec<SourceRow>,
    /// Deliveries.
    pub deliveries: Vec<DeliveryRow>,
}

/// How much a store holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Hosts with an enrolment that is neither closed nor over.
    pub hosts: u64,
    /// Bytes of the database, without what waits in its log.
    pub bytes: u64,
}

/// A lane that an alarm stopped and that no operator has re-armed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldLane {
    /// What names the card from one start to the next.
    pub card: String,
    /// Number of the lane, from 0.
    pub lane: u8,
    /// What it failed on, by the names of the card's alarms.
    pub alarms: Vec<String>,
    /// Seconds since 1970.
    pub since: u64,
}
