//! Keys that neither vault nor appliance ever knows (specification 4-vault §4.1, seed 004): a user has a value u of its own, and its
//! key is K_s/u. Whoever has K_s has a uniform element without u, and whoever has u has one without K_s.

use super::wire::drawn_value;
use super::{Clear, Key, Kind};
use crate::group::{Group, Purpose};

drawn_value! {
    /// A user's u, encoded for the user's own file. It stays with the user: who loses it loses the keys.
    UserBlinding, Purpose::Blinding, "a blinding value"
}

impl<G: Group> UserBlinding<G> {
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
