//! Rows of the vault.

use photonbox_secret::SecretBytes;

/// One tenant's appliances with one master key.
#[derive(Debug)]
pub struct SetRow {
    /// Its name.
    pub set: String,
    /// The vault's word for the group.
    pub scheme: String,
    /// The vault's word for the protocol.
    pub protocol: String,
    /// Shares lie with the appliances; the vault keeps none.
    pub appliances_keep_shares: bool,
    /// Generation of the master key, from 1.
    pub generation: u64,
    /// The set's private key, where the protocol has one for all appliances. Under the root key.
    pub private_key: Option<SecretBytes>,
    /// Its public key.
    pub public_key: Option<Vec<u8>>,
    /// In the order in which they are asked.
    pub agents: Vec<AgentRow>,
    /// The appliance that made it.
    pub owner: String,
    /// Seconds since 1970.
    pub created: u64,
}

/// An agent of a set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentRow {
    /// Its id, in its certificate.
    pub host: String,
    /// `HOST:PORT`.
    pub address: String,
}

/// An appliance of a set, in one generation of the master key.
#[derive(Debug)]
pub struct ApplianceRow {
    /// The set.
    pub set: String,
    /// Generation of the master key.
    pub generation: u64,
    /// The appliance's id, in its certificate.
    pub appliance: String,
    /// The vault's word for how far it is.
    pub state: String,
    /// What the vault has for it: r, K_m·r, in the encoding of its group. Under the root key.
    pub concealment: Option<SecretBytes>,
    /// Its private key at the vault, where each appliance has one. Under the root key.
    pub private_key: Option<SecretBytes>,
    /// The public key of that.
    pub public_key: Option<Vec<u8>>,
    /// Its own key for what others send it (HPKE).
    pub hpke_key: Vec<u8>,
    /// Who vouched for it; nobody for the first one.
    pub vouched_by: Option<String>,
    /// Seconds since 1970.
    pub created: u64,
    /// Seconds since 1970.
    pub revoked: Option<u64>,
}

/// An item.
#[derive(Debug)]
pub struct ItemRow {
    /// The set.
    pub set: String,
    /// Generation of the master key when it was created: part of its name.
    pub generation: u64,
    /// The item.
    pub item: String,
    /// Generation of the master key that its share is under.
    pub share_generation: u64,
    /// Who created it.
    pub appliance: String,
    /// The share, as the vault wrote it: encrypted. None where the appliance keeps it.
    pub share: Option<Vec<u8>>,
    /// A user's own key, wrapped by the appliance under the item's data key.
    pub wrapped: Option<Vec<u8>>,
    /// A blinding value of the user's own is in it: who opens it has to divide by that.
    pub user_blinded: bool,
    /// Seconds since 1970.
    pub created: u64,
}

/// An answer that was given under an idempotency key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRow {
    /// Who asked.
    pub appliance: String,
    /// The idempotency key.
    pub key: String,
    /// SHA-384 of method, path and body.
    pub digest: [u8; 48],
    /// HTTP status of the answer.
    pub status: u16,
    /// Body of the answer. It has no secrets in clear.
    pub body: Vec<u8>,
    /// Seconds since 1970.
    pub created: u64,
}

/// A message that waits for an appliance; the vault can't read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteRow {
    /// The set.
    pub set: String,
    /// Whom it is for.
    pub appliance: String,
    /// Unique for set and appliance.
    pub id: String,
    /// Who left it.
    pub from: String,
    /// What it is.
    pub kind: String,
    /// Generation of the master key that it is about.
    pub generation: u64,
    /// Its bytes.
    pub body: Vec<u8>,
    /// Seconds since 1970.
    pub created: u64,
}
