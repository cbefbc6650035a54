//! Keys that neither vault nor appliance ever knows (specification 4-vault §4.1, seed 004): a user has a value u of its own, and its
//! key is K_s/u. Whoever has K_s has a uniform element without u, and whoever has u has one without K_s.

use photonbox_secret::SecretBytes;
use rand_core::TryCryptoRng;

use super::{Clear, Key, Kind};
use crate::group::{Group, NoRandom, Purpose, Unfit};

/// A user's u. It stays with the user: who loses it loses the keys.
pub struct UserBlinding<G: Group>(G::Element);

impl<G: Group> std::fmt::Debug for UserBlinding<G> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "UserBlinding({}, ..)", G::SCHEME)
    }
}

impl<G: Group> UserBlinding<G> {
    /// A fresh one.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(random: &mut impl TryCryptoRng) -> Result<Self, NoRandom> {
        G::random(Purpose::Blinding, random).map(Self)
    }

    /// For the user's own file.
    #[must_use]
    pub fn encode(&self) -> SecretBytes {
        G::encode(&self.0)
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`Unfit`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Unfit> {
        let u = G::decode(bytes)?;
        if !G::fits(&u, Purpose::Blinding) {
            return Err(Unfit::NotInGroup("a blinding value"));
        }
        Ok(Self(u))
    }

    /// The user's key of what an appliance serves ([`Key::for_user`]).
    #[must_use]
    pub fn open(&self, served: &Clear<G>) -> Key<G> {
        Key(G::quotient(&served.element, &self.0))
    }
}

impl<G: Group> Key<G> {
    /// K_s, for the user who blinds: no data key is made of it.
    #[must_use]
    pub fn for_user(self) -> Clear<G> {
        let kind = Kind::ForUser;
        let element = self.0;
        Clear { kind, element }
    }
}
