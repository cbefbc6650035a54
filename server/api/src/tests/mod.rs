//! The interface as its clients see it, on a real store: every protocol in every group, and what is refused.
#![allow(clippy::unwrap_used, reason = "tests")]

mod appliance;
mod document;
mod flows;
mod many;
mod members;
mod refusals;
mod world;

use photonbox_secret::SecretArray;
use photonbox_vault::note::{self, PRIVATE_KEY, PUBLIC_KEY};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

/// The first appliances' keys for notes: all the same.
pub(crate) fn hpke_key() -> (SecretArray<PRIVATE_KEY>, [u8; PUBLIC_KEY]) {
    note::key_pair(&mut ChaCha20Rng::seed_from_u64(5)).unwrap()
}
