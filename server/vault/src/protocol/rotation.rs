//! Rotation: K_m becomes K_m·δ (specification 4-vault §4.1). One appliance draws δ and sends it to the others, sealed to each; each
//! multiplies its own concealment. Where shares are hidden the vault multiplies them by E(δ) and knows no more than before. Where
//! they are in clear (*blinded*, *optimised*) δ never comes to the vault: what was made before stays under the old K_m, with the
//! old concealments, until it is made anew.
//!
//! A rotation does not heal a captured K_s or a copied share; making the item anew does.

use rand_core::TryCryptoRng;

use super::wire::drawn_value;
use super::{Hidden, HiddenShare, Kind, agents, blinded, homomorphic, optimised};
use crate::group::{Group, NoRandom, Purpose};

/// The last generation. Over whole numbers each rotation adds 512 bits to K_m: after 2^16 of them K_m has 528, which t with its 768 still
/// covers but for 2^-240 (decision 31), and a sum of them is far from the end of a number. Then the set is made anew.
pub const MAX_GENERATION: u64 = 1 << 16;

drawn_value! {
    /// δ, which only appliances know; E(δ) is the vault's. A fresh one for each rotation, encoded for the sealed notes.
    Delta, Purpose::Blinding, "a rotation value"
}

impl<G: Group> Delta<G> {
    /// E(δ), for the shares under this key.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn hidden(
        &self,
        vault: &G::PublicKey,
        random: &mut impl TryCryptoRng,
    ) -> Result<Hidden<G>, NoRandom> {
        let ciphertext = G::encrypt(vault, &self.0, random)?;
        let kind = Kind::Delta;
        Ok(Hidden { kind, ciphertext })
    }
}

impl<G: Group> HiddenShare<G> {
    /// E(K_s·K_m·δ). The same share and E(δ) give the same: a share that was brought up twice is one share.
    #[must_use]
    pub fn rotated(&self, delta: &Hidden<G>) -> Self {
        Self(G::product_of_encrypted(&self.0, &delta.ciphertext))
    }
}

impl<G: Group> blinded::Appliance<G> {
    /// B·δ, for the items of the next generation. The old B stays for those of before.
    #[must_use]
    pub fn rotated(&self, delta: &Delta<G>) -> Self {
        Self::new(G::product(self.stored(), &delta.0))
    }
}

impl<G: Group> agents::Appliance<G> {
    /// B·δ.
    #[must_use]
    pub fn rotated(&self, delta: &Delta<G>) -> Self {
        Self::new(self.vault.clone(), G::product(&self.b, &delta.0))
    }
}

impl<G: Group> homomorphic::Appliance<G> {
    /// E(K_m·δ).
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn rotated(
        &self,
        delta: &Delta<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Self, NoRandom> {
        let delta = G::encrypt(&self.vault, &delta.0, random)?;
        let master = G::product_of_encrypted(&self.master, &delta);
        Ok(Self::new(self.vault.clone(), master))
    }
}

impl<G: Group> optimised::Appliance<G> {
    /// E(K_m·δ) and a fresh r, with the message that sets it up at the vault. The old ones stay for the items of before.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn rotated(
        &self,
        vault: G::PublicKey,
        delta: &Delta<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<(Self, Hidden<G>), NoRandom> {
        Self::conceal(self.concealed(vault).rotated(delta, random)?, random)
    }
}
