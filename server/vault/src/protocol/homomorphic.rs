//! `homomorphic`, two locations. The appliance has E(K_m), the vault the private key D; the share E(K_s·K_m) may lie with either.
//!
//! 1. Set-up: the vault draws b and sends E(b); the appliance draws a and keeps E(a)·E(b) = E(K_m). The vault never sees E(a), which
//!    it could decrypt.
//! 2. Create: the appliance draws K_s and makes the share E(K_s)·E(K_m).
//! 3. Access: the appliance draws a fresh r and sends E(K_s·K_m)/E(K_m)·E(r) = E(K_s·r); the vault decrypts; the appliance divides
//!    by r.
//!
//! Leaks: an enrolled appliance has a decryption oracle: it can ask for E(K_m)·E(r). Never the default.

use rand_core::TryCryptoRng;

use super::{Clear, Hidden, HiddenShare, Key, Kind, Nothing};
use crate::group::{Group, NoRandom, Purpose};

/// An appliance: E(K_m), and the vault's public key.
#[derive(Debug, Clone)]
pub struct Appliance<G: Group> {
    pub(super) vault: G::PublicKey,
    pub(super) master: G::Ciphertext,
}

impl<G: Group> Appliance<G> {
    /// Step 1: takes the vault's part.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(
        vault: G::PublicKey,
        part: &Hidden<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Self, NoRandom> {
        let a = G::random(Purpose::Blinding, random)?;
        let own = G::encrypt(&vault, &a, random)?;
        let master = G::product_of_encrypted(&own, &part.ciphertext);
        Ok(Self { vault, master })
    }

    /// What was stored.
    #[must_use]
    pub fn new(vault: G::PublicKey, master: G::Ciphertext) -> Self {
        Self { vault, master }
    }

    /// E(K_m), for the appliance's own store.
    #[must_use]
    pub fn stored(&self) -> &G::Ciphertext {
        &self.master
    }

    /// Step 2: a key and its share.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn create(
        &self,
        random: &mut impl TryCryptoRng,
    ) -> Result<(Key<G>, HiddenShare<G>), NoRandom> {
        let key = Key::<G>::draw(random)?;
        let hidden = G::encrypt(&self.vault, &key.0, random)?;
        let share = HiddenShare(G::product_of_encrypted(&hidden, &self.master));
        Ok((key, share))
    }

    /// Step 3: what the vault is asked, and what opens its answer.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn ask(
        &self,
        share: &HiddenShare<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<(Asked<G>, Hidden<G>), NoRandom> {
        let r = G::random(Purpose::Blinding, random)?;
        let own = G::encrypt(&self.vault, &r, random)?;
        let key = G::quotient_of_encrypted(&share.0, &self.master);
        let ciphertext = G::product_of_encrypted(&key, &own);
        let kind = Kind::HomomorphicAsk;
        Ok((Asked(r), Hidden { kind, ciphertext }))
    }
}

/// A question that the vault was asked: its r, for one answer.
pub struct Asked<G: Group>(G::Element);

impl<G: Group> Asked<G> {
    /// The key out of [`Vault::serve`]'s answer.
    #[must_use]
    pub fn open(self, served: &Clear<G>) -> Key<G> {
        Key(G::quotient(&served.element, &self.0))
    }
}

/// The vault: D.
pub struct Vault<G: Group>(pub(super) G::PrivateKey);

impl<G: Group> Vault<G> {
    /// With its private key.
    #[must_use]
    pub fn new(key: G::PrivateKey) -> Self {
        Self(key)
    }

    /// Step 1: its part of a master key. b is not kept.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn part(&self, random: &mut impl TryCryptoRng) -> Result<Hidden<G>, NoRandom> {
        let b = G::random(Purpose::Blinding, random)?;
        let ciphertext = G::encrypt(&G::public_key(&self.0), &b, random)?;
        let kind = Kind::MasterPart;
        Ok(Hidden { kind, ciphertext })
    }

    /// Step 3.
    ///
    /// # Errors
    /// [`Nothing`].
    pub fn serve(&self, asked: &Hidden<G>) -> Result<Clear<G>, Nothing> {
        let element = G::decrypt(&self.0, &asked.ciphertext).ok_or(Nothing)?;
        let kind = Kind::HomomorphicServe;
        Ok(Clear { kind, element })
    }
}
