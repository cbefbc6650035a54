//! `three` locations, and N: the appliance has B = K_m·r_1·…·r_k, each of k agents E(r_i), the vault the private key D.
//!
//! 1. Set-up: the appliance draws B, each agent r_i, of which it keeps E(r_i) alone.
//! 2. Create: the appliance draws K_s and sends E(K_s·B); one agent after the other divides by E(r_i). What the last one has is the
//!    share E(K_s·K_m).
//! 3. Access: one agent after the other multiplies by E(r_i), and encrypts anew, so that the vault does not know again what it
//!    has seen; the vault decrypts K_s·B; the appliance divides by B.
//!
//! A missing agent stops creating and access, and nothing is leaked. Leaks: what any two parties have stored opens nothing, as long
//! as no K_s was captured; with one, who has D and the shares has K_m.

use rand_core::TryCryptoRng;

use super::{Clear, Hidden, HiddenShare, Key, Kind, Nothing};
use crate::group::{Group, NoRandom, Purpose};

/// An appliance: B, and the vault's public key.
pub struct Appliance<G: Group> {
    pub(super) vault: G::PublicKey,
    pub(super) b: G::Element,
}

impl<G: Group> Appliance<G> {
    /// Step 1, for the first appliance of a set.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(vault: G::PublicKey, random: &mut impl TryCryptoRng) -> Result<Self, NoRandom> {
        let b = G::random(Purpose::Blinding, random)?;
        Ok(Self { vault, b })
    }

    /// What was stored.
    #[must_use]
    pub fn new(vault: G::PublicKey, b: G::Element) -> Self {
        Self { vault, b }
    }

    /// B, for the appliance's own store.
    #[must_use]
    pub fn stored(&self) -> &G::Element {
        &self.b
    }

    /// Step 2: a key, and what the first agent is sent for it.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn create(&self, random: &mut impl TryCryptoRng) -> Result<(Key<G>, Hidden<G>), NoRandom> {
        let key = Key::<G>::draw(random)?;
        let blinded = G::product(&key.0, &self.b);
        let ciphertext = G::encrypt(&self.vault, &blinded, random)?;
        let kind = Kind::AgentsCreate;
        Ok((key, Hidden { kind, ciphertext }))
    }

    /// Step 3: the key out of [`Vault::serve`]'s answer.
    #[must_use]
    pub fn open(&self, served: &Clear<G>) -> Key<G> {
        Key(G::quotient(&served.element, &self.b))
    }
}

/// An agent: E(r_i), and the vault's public key.
#[derive(Debug, Clone)]
pub struct Agent<G: Group> {
    pub(super) vault: G::PublicKey,
    pub(super) r: G::Ciphertext,
}

impl<G: Group> Agent<G> {
    /// Step 1. r_i itself is not kept.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(vault: G::PublicKey, random: &mut impl TryCryptoRng) -> Result<Self, NoRandom> {
        let r = G::random(Purpose::Blinding, random)?;
        let r = G::encrypt(&vault, &r, random)?;
        Ok(Self { vault, r })
    }

    /// What was stored.
    #[must_use]
    pub fn new(vault: G::PublicKey, r: G::Ciphertext) -> Self {
        Self { vault, r }
    }

    /// E(r_i), for the agent's own store.
    #[must_use]
    pub fn stored(&self) -> &G::Ciphertext {
        &self.r
    }

    /// Step 2: takes its part out; the next agent's message, or the share. Encrypted anew: who knows what came in and what went
    /// out would have E(r_i).
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn take_out(
        &self,
        created: &Hidden<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Hidden<G>, NoRandom> {
        let ciphertext = G::quotient_of_encrypted(&created.ciphertext, &self.r);
        let ciphertext = G::encrypt_anew(&self.vault, &ciphertext, random)?;
        let kind = Kind::AgentsCreate;
        Ok(Hidden { kind, ciphertext })
    }

    /// Step 2, as the last agent: the share.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn share(
        &self,
        created: &Hidden<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<HiddenShare<G>, NoRandom> {
        self.take_out(created, random).map(HiddenShare::of_message)
    }

    /// Step 3, as the first agent.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn ask(
        &self,
        share: &HiddenShare<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Hidden<G>, NoRandom> {
        let ciphertext = G::product_of_encrypted(&share.0, &self.r);
        let ciphertext = G::encrypt_anew(&self.vault, &ciphertext, random)?;
        let kind = Kind::AgentsAsk;
        Ok(Hidden { kind, ciphertext })
    }

    /// Step 3, as each further agent: puts its part in.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn put_in(
        &self,
        asked: Hidden<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Hidden<G>, NoRandom> {
        self.ask(&HiddenShare(asked.ciphertext), random)
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

    /// Step 3.
    ///
    /// # Errors
    /// [`Nothing`].
    pub fn serve(&self, asked: &Hidden<G>) -> Result<Clear<G>, Nothing> {
        let element = G::decrypt(&self.0, &asked.ciphertext).ok_or(Nothing)?;
        let kind = Kind::AgentsServe;
        Ok(Clear { kind, element })
    }
}
