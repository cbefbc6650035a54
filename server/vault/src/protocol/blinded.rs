//! `blinded`, two locations. The appliance has B = K_m·r, the vault r and the shares K_s·K_m.
//!
//! 1. Set-up: the appliance draws B, the vault r; K_m = B/r is never computed.
//! 2. Create: the appliance draws K_s and sends K_s·B; the vault divides by r and keeps K_s·K_m.
//! 3. Access: the vault sends (K_s·K_m)·r = K_s·B; the appliance divides by B.
//!
//! Leaks: who has one K_s and the vault's data has K_m, and so the whole set. The vault sees K_s·B, which the appliance's B
//! opens.

use rand_core::TryCryptoRng;

use super::{Clear, ClearShare, Key, Kind};
use crate::group::{Group, NoRandom, Purpose};

/// An appliance: B.
pub struct Appliance<G: Group>(G::Element);

impl<G: Group> Appliance<G> {
    /// Step 1, for the first appliance of a set.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(random: &mut impl TryCryptoRng) -> Result<Self, NoRandom> {
        G::random(Purpose::Blinding, random).map(Self)
    }

    /// What was stored.
    #[must_use]
    pub fn new(b: G::Element) -> Self {
        Self(b)
    }

    /// B, for the appliance's own store.
    #[must_use]
    pub fn stored(&self) -> &G::Element {
        &self.0
    }

    /// Step 2: a key, and what the vault is sent for it.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn create(&self, random: &mut impl TryCryptoRng) -> Result<(Key<G>, Clear<G>), NoRandom> {
        let key = Key::<G>::draw(random)?;
        let element = G::product(&key.0, &self.0);
        let kind = Kind::BlindedCreate;
        Ok((key, Clear { kind, element }))
    }

    /// Step 3: the key out of [`Vault::serve`]'s answer.
    #[must_use]
    pub fn open(&self, served: &Clear<G>) -> Key<G> {
        Key(G::quotient(&served.element, &self.0))
    }
}

/// The vault: r. The shares are in its store.
pub struct Vault<G: Group>(G::Element);

impl<G: Group> Vault<G> {
    /// Step 1.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(random: &mut impl TryCryptoRng) -> Result<Self, NoRandom> {
        G::random(Purpose::Blinding, random).map(Self)
    }

    /// What was stored.
    #[must_use]
    pub fn new(r: G::Element) -> Self {
        Self(r)
    }

    /// r, for the vault's own store.
    #[must_use]
    pub fn stored(&self) -> &G::Element {
        &self.0
    }

    /// Step 2: the share of a new key.
    #[must_use]
    pub fn share(&self, created: &Clear<G>) -> ClearShare<G> {
        ClearShare(G::quotient(&created.element, &self.0))
    }

    /// Step 3.
    #[must_use]
    pub fn serve(&self, share: &ClearShare<G>) -> Clear<G> {
        let element = G::product(&share.0, &self.0);
        let kind = Kind::BlindedServe;
        Clear { kind, element }
    }
}
