//! What goes over the vault's HTTP interface, as JSON (`docs/vault.md`): the service and its clients share these types.
//!
//! Bytes are base64 (RFC 4648 §4). What is secret in a body is wiped when dropped; on its way through HTTP it lies in memory that is
//! not locked.

mod agents;
mod json;
mod members;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize as _, Zeroizing};

pub use agents::{AgentCarry, AgentDraw, AgentMove, AgentTurn, AgentTurned};
pub use json::{json_length, to_secret_json};
pub use members::{Accept, Note, Notes, Renew, Rotate, Rotated, RotatedAppliance, Vouch};

/// Header of requests that make something: the same key with the same body gives the same answer, and makes nothing twice.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// The longest idempotency key, characters.
pub const MAX_IDEMPOTENCY_KEY: usize = 64;
/// The most entries of a page.
pub const MAX_PAGE: u32 = 1000;
/// Entries of a page, where nobody says otherwise.
pub const PAGE: u32 = 100;
/// The longest body, bytes: an imported key of 64 KiB in base64, and what is around it.
pub const MAX_BODY: usize = 128 * 1024;
/// The longest body of a rotation, bytes: a note for each appliance, and in *homomorphic* an E(δ). In the widest group these are 1.4 kB.
pub const MAX_ROTATION: usize = 1024 * 1024;

/// Bytes, in JSON as base64. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, format = Byte))]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// These.
    #[must_use]
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Bytes {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({} bytes)", self.0.len())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = Zeroizing::new(STANDARD.encode(&self.0));
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let bytes = STANDARD.decode(text.as_bytes());
        bytes
            .map(Self)
            .map_err(|_| serde::de::Error::custom("bytes that are not base64"))
    }
}

/// Which protocol a set follows (`docs/vault.md`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Protocol {
    /// Two locations; the vault has r.
    Blinded,
    /// Two locations; the appliance has E(K_m). An enrolled appliance can learn K_m.
    Homomorphic,
    /// Three locations: one agent has E(r).
    Three,
    /// N locations: two agents or more.
    N,
    /// Two locations, one trip.
    Optimised,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Blinded,
        Self::Homomorphic,
        Self::Three,
        Self::N,
        Self::Optimised,
    ];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blinded => "blinded",
            Self::Homomorphic => "homomorphic",
            Self::Three => "three",
            Self::N => "n",
            Self::Optimised => "optimised",
        }
    }

    /// The protocol of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|protocol| protocol.name() == name)
    }

    /// Whether its shares are under E, so that a rotation takes them along. Others are in clear and need the vault's own key.
    #[must_use]
    pub fn has_hidden_shares(self) -> bool {
        matches!(self, Self::Homomorphic | Self::Three | Self::N)
    }

    /// Whether it has agents.
    #[must_use]
    pub fn has_agents(self) -> bool {
        matches!(self, Self::Three | Self::N)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How far an appliance is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ApplianceState {
    /// Another one vouches for it, and it has not come yet.
    Vouched,
    /// Its concealment is not set up yet, or has not followed a rotation.
    Pending,
    /// It may create and open.
    Trusted,
    /// It may do nothing any more.
    Revoked,
}

impl ApplianceState {
    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Vouched => "vouched",
            Self::Pending => "pending",
            Self::Trusted => "trusted",
            Self::Revoked => "revoked",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Vouched, Self::Pending, Self::Trusted, Self::Revoked]
            .into_iter()
            .find(|state| state.name() == name)
    }
}

/// An agent of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Agent {
    /// Its id, in its certificate.
    pub host: String,
    /// `HOST:PORT`.
    pub address: String,
}

/// `POST /v1/sets`: makes a set, with who asks as its first appliance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateSet {
    /// Its name: 1 to 63 letters, digits, dots, dashes or underscores.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 63,
            pattern = "^[A-Za-z0-9][A-Za-z0-9._-]*$"
        )
    )]
    pub set: String,
    /// `p384`, `ristretto255` or `paillier3072`.
    #[serde(default = "usual_scheme")]
    #[cfg_attr(
        feature = "openapi",
        schema(pattern = "^(p384|ristretto255|paillier3072)$")
    )]
    pub scheme: String,
    /// Without one: `three` or `n` where agents are named, else `blinded`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<Protocol>,
    /// In the order in which they are asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(max_items = 8))]
    pub agents: Vec<Agent>,
    /// The appliances keep the shares; the vault keeps none.
    #[serde(default)]
    pub appliances_keep_shares: bool,
    /// The appliance's public key for what other appliances send it: HPKE, P-384 (RFC 9180), 97 bytes.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Byte, pattern = "^B[A-P][A-Za-z0-9+/]{127}[AQgw]==$"))]
    pub hpke_key: Bytes,
}

fn usual_scheme() -> String {
    crate::group::Scheme::P384.name().to_owned()
}

/// What an appliance needs to set its concealment up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SetUp {
    /// The set.
    pub set: String,
    /// The group.
    pub scheme: String,
    /// The protocol.
    pub protocol: Protocol,
    /// Generation of the master key.
    pub generation: u64,
    /// The appliances keep the shares.
    pub appliances_keep_shares: bool,
    /// How far the appliance is: `pending` where [`Conceal`] has to follow.
    pub state: ApplianceState,
    /// E's public key, where there is an E.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Bytes>,
    /// E(b), a message of [`crate::protocol::Kind::MasterPart`]: homomorphic and optimised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Bytes>,
    /// To a newcomer: the covered concealment, which it divides by the voucher's t.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moved: Option<Bytes>,
}

/// `POST /v1/sets/{set}/concealment`: the end of an appliance's set-up, and of its part in a rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Conceal {
    /// Generation of the master key that the appliance has its concealment for.
    pub generation: u64,
    /// *optimised*: E(K_m·r), a message of [`crate::protocol::Kind::OptimisedSetUp`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Bytes>,
}

/// A set, as one of its appliances sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Set {
    /// Its name.
    pub set: String,
    /// The group.
    pub scheme: String,
    /// The protocol.
    pub protocol: Protocol,
    /// Generation of the master key.
    pub generation: u64,
    /// In the order in which they are asked.
    pub agents: Vec<Agent>,
    /// The appliances keep the shares.
    pub appliances_keep_shares: bool,
    /// The appliance that made it.
    pub owner: String,
    /// Seconds since 1970.
    pub created: u64,
    /// How far the appliance that asks is, in the present generation.
    pub state: ApplianceState,
}

/// An appliance of a set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Appliance {
    /// Its id, in its certificate.
    pub appliance: String,
    /// How far it is.
    pub state: ApplianceState,
    /// Its public key for what others send it (HPKE).
    pub hpke_key: Bytes,
    /// Public key of the encryption E that is its own, where each appliance has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_key: Option<Bytes>,
    /// Who vouched for it; nobody for the first one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vouched_by: Option<String>,
    /// Seconds since 1970.
    pub created: u64,
    /// Seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked: Option<u64>,
}

/// `POST /v1/sets/{set}/items`: makes an item's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateItem {
    /// Its name in the set: 1 to 255 bytes, no control characters.
    #[cfg_attr(
        feature = "openapi",
        schema(
            min_length = 1,
            max_length = 255,
            pattern = r"^[^\x00-\x1f\x7f-\x9f]+$"
        )
    )]
    pub item: String,
    /// The protocol's message of creation.
    pub message: Bytes,
    /// A blinding value of the user's own is in the key.
    #[serde(default)]
    pub user_blinded: bool,
}

/// An item that was made, or looked up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ItemTicket {
    /// The item.
    #[serde(flatten)]
    pub item: Item,
    /// Opens it, for the appliance that asked.
    pub ticket: Bytes,
    /// Until when, seconds since 1970; none: as long as the appliance may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket_expires: Option<u64>,
    /// The share as the ticket names it, where the appliance has to have it: it keeps the shares, or the protocol is *homomorphic*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Bytes>,
    /// The vault's message, where creating gives the key in the same trip (*optimised*).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Bytes>,
}

/// An item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    /// The item.
    pub item: String,
    /// Generation of the master key when it was created: part of its name.
    pub generation: u64,
    /// Generation of the master key that its share is under.
    pub share_generation: u64,
    /// Who created it.
    pub appliance: String,
    /// It carries a user's own key.
    pub imported: bool,
    /// A blinding value of the user's own is in it.
    pub user_blinded: bool,
    /// Seconds since 1970.
    pub created: u64,
}

/// `POST /v1/sets/{set}/items/{item}/open`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenItem {
    /// Generation of the item.
    pub generation: u64,
    /// The ticket.
    pub ticket: Bytes,
    /// The share that the ticket names, where the appliance has it. Without it the vault takes its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share: Option<Bytes>,
    /// The ciphertext that was derived of it: *homomorphic*.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Bytes>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Opened {
    /// The protocol's message; the appliance makes K_s of it.
    pub message: Bytes,
    /// A user's own key, wrapped under the item's data key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapped: Option<Bytes>,
}

/// `PUT /v1/sets/{set}/items/{item}/wrapped`: a user's own key, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutWrapped {
    /// Generation of the item.
    pub generation: u64,
    /// The wrapped key ([`crate::item::wrap`]).
    pub wrapped: Bytes,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// What to give as `after` for the next ones; none at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// Why a request was refused (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// A word that stays: `unknown-set`, `ticket-refused`, ….
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What failed, in one line.
    pub detail: String,
    /// What to do, in one line.
    pub help: String,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;

    #[test]
    fn bytes_are_base64_and_nothing_else() {
        let bytes = Bytes::new(*b"\x00\xff photon");
        let text = serde_json::to_string(&bytes).unwrap();
        assert_eq!(text, "\"AP8gcGhvdG9u\"");
        assert_eq!(serde_json::from_str::<Bytes>(&text).unwrap(), bytes);
        for wrong in [
            "\"AP8gcGhvdG9\"",
            "\"AP8 cGhvdG9u\"",
            "\"AP8gcGhvdG9u=\"",
            "7",
        ] {
            assert!(serde_json::from_str::<Bytes>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(format!("{bytes:?}"), "Bytes(9 bytes)");
    }

    #[test]
    fn words_are_the_same_in_files_and_in_json() {
        for protocol in Protocol::ALL {
            let json = serde_json::to_value(protocol).unwrap();
            assert_eq!(json, protocol.name());
            assert_eq!(Protocol::of_name(protocol.name()), Some(protocol));
        }
        for state in ["vouched", "pending", "trusted", "revoked"] {
            let known = ApplianceState::of_name(state).unwrap();
            assert_eq!(serde_json::to_value(known).unwrap(), state);
        }
    }

    #[test]
    fn a_field_that_nobody_knows_is_refused() {
        let given = r#"{"set":"s","hpke_key":"","shceme":"p384"}"#;
        assert!(serde_json::from_str::<CreateSet>(given).is_err());
        let given = r#"{"set":"s","hpke_key":""}"#;
        assert_eq!(
            serde_json::from_str::<CreateSet>(given).unwrap().scheme,
            "p384"
        );
    }
}
