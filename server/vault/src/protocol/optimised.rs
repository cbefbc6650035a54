//! `optimised`, two locations and one trip. The appliance has E(K_m) and r, the vault K_m·r and the shares K_s·K_m.
//!
//! 1. Set-up: E(K_m) as in `homomorphic`; the appliance draws r and sends E(K_m)·E(r); the vault decrypts K_m·r.
//! 2. Create: the appliance sends a part of the share, the vault multiplies its own to it: that is K_s·K_m, and nobody chose it alone.
//! 3. Access, and the end of create: the vault returns (K_s·K_m)/(K_m·r) = K_s/r; the appliance multiplies by r.
//!
//! Leaks: the vault knows every K_s up to the same r: one captured K_s gives r, and with the vault's data the whole set.

use rand_core::TryCryptoRng;

use super::{Clear, ClearShare, Hidden, Key, Kind, Nothing, homomorphic};
use crate::group::{Group, NoRandom, Purpose};

/// An appliance: r. Its E(K_m) stays for rotations and vouching.
pub struct Appliance<G: Group> {
    master: G::Ciphertext,
    r: G::Element,
}

impl<G: Group> Appliance<G> {
    /// Step 1: what the vault sent for a master key, and what it is sent for that.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(
        vault: &G::PublicKey,
        part: &Hidden<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<(Self, Hidden<G>), NoRandom> {
        Self::conceal(
            homomorphic::Appliance::draw(vault.clone(), part, random)?,
            random,
        )
    }

    /// The end of step 1, with E(K_m) of wherever it came from: the first set-up, a voucher, or a rotation.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn conceal(
        concealed: homomorphic::Appliance<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<(Self, Hidden<G>), NoRandom> {
        let homomorphic::Appliance { vault, master } = concealed;
        let r = G::random(Purpose::Blinding, random)?;
        let hidden = G::encrypt(&vault, &r, random)?;
        let ciphertext = G::product_of_encrypted(&master, &hidden);
        let kind = Kind::OptimisedSetUp;
        Ok((Self { master, r }, Hidden { kind, ciphertext }))
    }

    /// What was stored.
    #[must_use]
    pub fn new(master: G::Ciphertext, r: G::Element) -> Self {
        Self { master, r }
    }

    /// E(K_m) and r, for the appliance's own store.
    #[must_use]
    pub fn stored(&self) -> (&G::Ciphertext, &G::Element) {
        (&self.master, &self.r)
    }

    /// Step 2: its part of the next share.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn create(&self, random: &mut impl TryCryptoRng) -> Result<Clear<G>, NoRandom> {
        let element = G::random(Purpose::Key, random)?;
        let kind = Kind::OptimisedCreate;
        Ok(Clear { kind, element })
    }

    /// Step 3: the key out of [`Vault::serve`]'s answer.
    #[must_use]
    pub fn open(&self, served: &Clear<G>) -> Key<G> {
        Key(G::product(&served.element, &self.r))
    }
}

/// The vault: K_m·r. The shares are in its store.
pub struct Vault<G: Group>(G::Element);

impl<G: Group> Vault<G> {
    /// Step 1.
    ///
    /// # Errors
    /// [`Nothing`].
    pub fn set_up(key: &G::PrivateKey, sent: &Hidden<G>) -> Result<Self, Nothing> {
        G::decrypt(key, &sent.ciphertext).map(Self).ok_or(Nothing)
    }

    /// What was stored.
    #[must_use]
    pub fn new(concealed: G::Element) -> Self {
        Self(concealed)
    }

    /// K_m·r, for the vault's own store.
    #[must_use]
    pub fn stored(&self) -> &G::Element {
        &self.0
    }

    /// Step 2: the share of a new key.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn share(
        &self,
        created: &Clear<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<ClearShare<G>, NoRandom> {
        let own = G::random(Purpose::Blinding, random)?;
        Ok(ClearShare(G::product(&created.element, &own)))
    }

    /// Step 3.
    #[must_use]
    pub fn serve(&self, share: &ClearShare<G>) -> Clear<G> {
        let element = G::quotient(&share.0, &self.0);
        let kind = Kind::OptimisedServe;
        Clear { kind, element }
    }
}
