//! How a set gets another appliance, and another master key.

use serde::{Deserialize, Serialize};

use super::Bytes;

/// `POST /v1/sets/{set}/vouchers`: an appliance vouches for another host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Vouch {
    /// The signed voucher ([`crate::voucher::Voucher`]).
    pub voucher: Bytes,
    /// The newcomer's public key for notes, of its request.
    pub hpke_key: Bytes,
    /// The covered concealment, a message of [`crate::protocol::Kind::BlindedVouch`], [`crate::protocol::Kind::HomomorphicVouch`] or
    /// [`crate::protocol::Kind::AgentsVouch`].
    pub message: Bytes,
}

/// `POST /v1/sets/{set}/vouchers/accept`: the newcomer comes. The answer is a [`super::SetUp`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Accept {
    /// The signed voucher, which is spent by this.
    pub voucher: Bytes,
}

/// `POST /v1/sets/{set}/rotations`: K_m becomes K_m·δ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rotate {
    /// The next generation.
    pub generation: u64,
    /// All appliances of the set that are not waiting to come, the one that asks among them.
    pub appliances: Vec<RotatedAppliance>,
    /// *three*, N: E(δ) under the set's key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Bytes>,
    /// *optimised*: E(K_m·δ·r) of the appliance that asks, a message of [`crate::protocol::Kind::OptimisedSetUp`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Bytes>,
}

/// An appliance's part of a rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RotatedAppliance {
    /// Which.
    pub appliance: String,
    /// *homomorphic*: E(δ) under its key, for the shares under that. A revoked one's shares are taken along, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<Bytes>,
    /// δ, sealed to it ([`crate::note`]). None for the one that asks, and for who is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<Bytes>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rotated {
    /// The set.
    pub set: String,
    /// Its generation by now.
    pub generation: u64,
}

/// `GET /v1/sets/{set}/notes`: what other appliances left for this one, oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Notes {
    /// All of them.
    pub notes: Vec<Note>,
}

/// A sealed note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Note {
    /// Its name.
    pub id: String,
    /// Who left it.
    pub from: String,
    /// Generation of the master key that it gives.
    pub generation: u64,
    /// Its bytes.
    pub body: Bytes,
    /// Seconds since 1970.
    pub created: u64,
}

/// `POST /v1/sets/{set}/items/{item}/ticket`: a share that the appliance keeps, brought up to the present generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Renew {
    /// Generation of the item.
    pub generation: u64,
    /// Generation of the master key that the share is under.
    pub share_generation: u64,
    /// Its ticket of then.
    pub ticket: Bytes,
    /// The share that the ticket names.
    pub share: Bytes,
}
