//! Vouching: how a newcomer gets a concealment of its own (specification 4-vault §4.1). Nobody sees K_m on the way, for a fresh t of the
//! voucher covers it: the newcomer has t from the voucher, past the vault, and divides by it.
//!
//! | protocol | voucher to vault | vault (and agents) to newcomer | newcomer has |
//! |---|---|---|---|
//! | *blinded* | K_m·r_1·t | K_m·r_2·t | B_2 = K_m·r_2 |
//! | *homomorphic* | E_1(K_m·t) | E_2(K_m·t) | E_2(K_m) |
//! | *three*, N | E(K_m·r_1·t) | K_m·r_2·t | B_2 |
//! | *optimised* | as *homomorphic* | as *homomorphic* | E_2(K_m), then its own r_2 |
//!
//! Concealments differ, so what one appliance has does not open what another may.

use rand_core::TryCryptoRng;

use super::wire::drawn_value;
use super::{Clear, Hidden, HiddenShare, Kind, Nothing, agents, blinded, homomorphic, optimised};
use crate::group::{Group, NoRandom, Purpose};

/// Why a step was not done that decrypts and draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stopped {
    /// What came is nothing.
    #[error(transparent)]
    Nothing(#[from] Nothing),
    /// The generator gave nothing.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

drawn_value! {
    /// t, which voucher and newcomer alone know. A fresh one for each newcomer, encoded for the sealed note to it.
    Transfer, Purpose::Transfer, "a transfer value"
}

impl<G: Group> blinded::Appliance<G> {
    /// As the voucher: K_m·r_1·t, for the vault.
    #[must_use]
    pub fn vouch(&self, t: &Transfer<G>) -> Clear<G> {
        let element = G::product(self.stored(), &t.0);
        let kind = Kind::BlindedVouch;
        Clear { kind, element }
    }

    /// As the newcomer: its B.
    #[must_use]
    pub fn accept(moved: &Clear<G>, t: &Transfer<G>) -> Self {
        Self::new(G::quotient(&moved.element, &t.0))
    }
}

impl<G: Group> blinded::Vault<G> {
    /// From the voucher's r to the newcomer's: K_m·r_2·t.
    #[must_use]
    pub fn move_to(&self, newcomer: &Self, vouched: &Clear<G>) -> Clear<G> {
        let without = G::quotient(&vouched.element, self.stored());
        let element = G::product(&without, newcomer.stored());
        let kind = Kind::BlindedMoved;
        Clear { kind, element }
    }
}

impl<G: Group> homomorphic::Appliance<G> {
    /// As the voucher: E_1(K_m·t), for the vault.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn vouch(
        &self,
        t: &Transfer<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Hidden<G>, NoRandom> {
        let t = G::encrypt(&self.vault, &t.0, random)?;
        let ciphertext = G::product_of_encrypted(&self.master, &t);
        let kind = Kind::HomomorphicVouch;
        Ok(Hidden { kind, ciphertext })
    }

    /// As the newcomer, for which the vault has a key of its own: E_2(K_m).
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn accept(
        vault: G::PublicKey,
        moved: &Hidden<G>,
        t: &Transfer<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Self, NoRandom> {
        let t = G::encrypt(&vault, &t.0, random)?;
        let master = G::quotient_of_encrypted(&moved.ciphertext, &t);
        Ok(Self::new(vault, master))
    }
}

impl<G: Group> homomorphic::Vault<G> {
    /// From the voucher's key, which is this one, to the newcomer's: E_2(K_m·t).
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn move_to(
        &self,
        newcomer: &G::PublicKey,
        vouched: &Hidden<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Hidden<G>, Stopped> {
        let covered = G::decrypt(&self.0, &vouched.ciphertext).ok_or(Nothing)?;
        let ciphertext = G::encrypt(newcomer, &covered, random)?;
        let kind = Kind::HomomorphicMoved;
        Ok(Hidden { kind, ciphertext })
    }

    /// A share under this key as one under another appliance's. The vault, which has both keys, could see K_s·K_m at any time.
    ///
    /// # Errors
    /// [`Stopped`].
    pub fn share_for(
        &self,
        other: &G::PublicKey,
        share: &HiddenShare<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<HiddenShare<G>, Stopped> {
        let clear = G::decrypt(&self.0, &share.0).ok_or(Nothing)?;
        Ok(HiddenShare(G::encrypt(other, &clear, random)?))
    }
}

impl<G: Group> optimised::Appliance<G> {
    /// Its E(K_m), which vouches and rotates as that of *homomorphic*.
    #[must_use]
    pub fn concealed(&self, vault: G::PublicKey) -> homomorphic::Appliance<G> {
        homomorphic::Appliance::new(vault, self.stored().0.clone())
    }
}

impl<G: Group> agents::Appliance<G> {
    /// As the voucher: E(K_m·r_1·t), for the first agent.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn vouch(
        &self,
        t: &Transfer<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Hidden<G>, NoRandom> {
        let covered = G::product(&self.b, &t.0);
        let ciphertext = G::encrypt(&self.vault, &covered, random)?;
        let kind = Kind::AgentsVouch;
        Ok(Hidden { kind, ciphertext })
    }

    /// As the newcomer: its B.
    #[must_use]
    pub fn accept(vault: G::PublicKey, moved: &Clear<G>, t: &Transfer<G>) -> Self {
        Self::new(vault, G::quotient(&moved.element, &t.0))
    }
}

impl<G: Group> agents::Agent<G> {
    /// From the voucher's r_i to the newcomer's, and encrypted anew: for the next agent, or the vault.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn move_to(
        &self,
        newcomer: &Self,
        vouched: &Hidden<G>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Hidden<G>, NoRandom> {
        let without = G::quotient_of_encrypted(&vouched.ciphertext, &self.r);
        let moved = G::product_of_encrypted(&without, &newcomer.r);
        let ciphertext = G::encrypt_anew(&self.vault, &moved, random)?;
        let kind = Kind::AgentsVouch;
        Ok(Hidden { kind, ciphertext })
    }
}

impl<G: Group> agents::Vault<G> {
    /// What the last agent gave, for the newcomer: K_m·r_2·t.
    ///
    /// # Errors
    /// [`Nothing`].
    pub fn moved(&self, vouched: &Hidden<G>) -> Result<Clear<G>, Nothing> {
        let element = G::decrypt(&self.0, &vouched.ciphertext).ok_or(Nothing)?;
        let kind = Kind::AgentsMoved;
        Ok(Clear { kind, element })
    }
}
