//! The protocols (specification 4-vault §4.1): who has what, and what goes between them, as types. A party has the methods that it
//! may call with what it knows, and no others.
//!
//! | protocol | appliance | vault | agents |
//! |---|---|---|---|
//! | [`blinded`] | B = K_m·r | r, shares | |
//! | [`homomorphic`] | E(K_m) | D | |
//! | [`agents`]: three locations, N locations | B = K_m·r_1·…·r_k | D | E(r_i) each |
//! | [`optimised`] | E(K_m), r | K_m·r, shares | |
//!
//! How a set gets another appliance and another K_m is in the same types: vouching (`vouching.rs`) and rotation (`rotation.rs`).
//! [`UserBlinding`] is for users who trust neither vault nor appliance with their keys.
//!
//! K_m itself is nowhere. What each protocol does not protect stands in `docs/vault.md`, and the tests of this module do it.
//!
//! Messages that carry an element in clear ([`Clear`]) are secrets of both ends: they go through a channel that encrypts them to the
//! other end.

pub mod agents;
pub mod blinded;
pub mod homomorphic;
#[cfg(test)]
mod honesty;
pub mod optimised;
mod rotation;
#[cfg(test)]
mod set_tests;
mod user;
mod vouching;
mod wire;

use std::fmt;

use photonbox_secret::SecretArray;
use rand_core::TryCryptoRng;

use crate::group::{Group, NoRandom, Purpose};
use crate::item::{ItemName, data_key};

pub use rotation::{Delta, MAX_GENERATION};
pub use user::UserBlinding;
pub use vouching::{Stopped, Transfer};
pub use wire::{Clear, Hidden, Kind, Received};

/// A specific key K_s, which protects an item. Only an appliance ever has one.
pub struct Key<G: Group>(G::Element);

impl<G: Group> Key<G> {
    /// A fresh one.
    fn draw(random: &mut impl TryCryptoRng) -> Result<Self, NoRandom> {
        G::random(Purpose::Key, random).map(Self)
    }

    /// The key for the item's data.
    #[must_use]
    pub fn data_key(&self, name: &ItemName) -> SecretArray<32> {
        data_key::<G>(&self.0, name)
    }

    /// The element, which is the key's only other form.
    #[must_use]
    pub fn element(&self) -> &G::Element {
        &self.0
    }
}

impl<G: Group> fmt::Debug for Key<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({}, ..)", G::SCHEME)
    }
}

/// A share in clear, K_s·K_m: secret, and the vault's alone. With one K_s it gives K_m.
pub struct ClearShare<G: Group>(pub(crate) G::Element);

impl<G: Group> ClearShare<G> {
    /// A stored share.
    #[must_use]
    pub fn new(element: G::Element) -> Self {
        Self(element)
    }

    /// For the vault's store, which encrypts it.
    #[must_use]
    pub fn element(&self) -> &G::Element {
        &self.0
    }
}

impl<G: Group> fmt::Debug for ClearShare<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ClearShare({}, ..)", G::SCHEME)
    }
}

/// A share that only the vault's private key shows, E(K_s·K_m): it may lie with the appliance.
#[derive(Clone, Debug, PartialEq)]
pub struct HiddenShare<G: Group>(pub(crate) G::Ciphertext);

impl<G: Group> HiddenShare<G> {
    /// A stored share.
    #[must_use]
    pub fn new(ciphertext: G::Ciphertext) -> Self {
        Self(ciphertext)
    }

    /// For a store.
    #[must_use]
    pub fn ciphertext(&self) -> &G::Ciphertext {
        &self.0
    }

    /// The share of a message: *homomorphic*, and what the last agent gave of [`Kind::AgentsCreate`].
    #[must_use]
    pub fn of_message(message: Hidden<G>) -> Self {
        Self(message.ciphertext)
    }

    /// A message that carries the share: [`Kind::HomomorphicCreate`] to the vault, [`Kind::AgentsAsk`] to the first agent.
    #[must_use]
    pub fn to_message(&self, kind: Kind) -> Hidden<G> {
        let ciphertext = self.0.clone();
        Hidden { kind, ciphertext }
    }
}

/// What was decrypted is the identity, longer than any protocol makes, or under another key: no message of an honest party.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message that decrypts to nothing; refuse its sender")]
pub struct Nothing;
