//! Messages on the wire: version, kind and scheme, a byte each, then one element or ciphertext of fixed length.

use std::fmt;

use photonbox_secret::SecretBytes;

use crate::group::{Group, Scheme, Unfit};

/// A secret element that one party draws for a purpose and another may read: the type, and its three ways.
macro_rules! drawn_value {
    ($(#[$about:meta])* $name:ident, $purpose:expr, $words:literal) => {
        $(#[$about])*
        pub struct $name<G: $crate::group::Group>(G::Element);

        impl<G: $crate::group::Group> std::fmt::Debug for $name<G> {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({}, ..)", stringify!($name), G::SCHEME)
            }
        }

        impl<G: $crate::group::Group> $name<G> {
            /// A fresh one.
            ///
            /// # Errors
            /// [`crate::group::NoRandom`].
            pub fn draw(
                random: &mut impl rand_core::TryCryptoRng,
            ) -> Result<Self, $crate::group::NoRandom> {
                G::random($purpose, random).map(Self)
            }

            /// Its bytes, which are as secret.
            #[must_use]
            pub fn encode(&self) -> photonbox_secret::SecretBytes {
                G::encode(&self.0)
            }

            /// Reads one.
            ///
            /// # Errors
            /// [`crate::group::Unfit`].
            pub fn decode(bytes: &[u8]) -> Result<Self, $crate::group::Unfit> {
                let value = G::decode(bytes)?;
                if !G::fits(&value, $purpose) {
                    return Err($crate::group::Unfit::NotInGroup($words));
                }
                Ok(Self(value))
            }
        }
    };
}
pub(super) use drawn_value;

/// Version of all messages so far.
const VERSION: u8 = 1;
/// Bytes before the body.
const HEAD: usize = 3;

/// What a message is, by the number that stands on the wire: an answer of one protocol can't pass for another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `blinded`, appliance to vault: K_s·B.
    BlindedCreate = 1,
    /// `blinded`, vault to appliance: (K_s·K_m)·r.
    BlindedServe = 2,
    /// `homomorphic` and `optimised`, vault to appliance: E(b).
    MasterPart = 3,
    /// `homomorphic`, appliance to vault: E(K_s·r).
    HomomorphicAsk = 4,
    /// `homomorphic`, vault to appliance: K_s·r.
    HomomorphicServe = 5,
    /// `three` and N, appliance to the first agent: E(K_s·B).
    AgentsCreate = 6,
    /// `three` and N, an agent to the next one or to the vault: E of what the agents so far have put in.
    AgentsAsk = 7,
    /// `three` and N, vault to appliance: K_s·B.
    AgentsServe = 8,
    /// `optimised`, appliance to vault: E(K_m·r).
    OptimisedSetUp = 9,
    /// `optimised`, appliance to vault: its part of the next share.
    OptimisedCreate = 10,
    /// `optimised`, vault to appliance: K_s/r.
    OptimisedServe = 11,
    /// `homomorphic`, appliance to vault: the share E(K_s·K_m).
    HomomorphicCreate = 12,
    /// `blinded`, voucher to vault: K_m·r_1·t.
    BlindedVouch = 13,
    /// `blinded`, vault to newcomer: K_m·r_2·t.
    BlindedMoved = 14,
    /// `homomorphic` and `optimised`, voucher to vault: E_1(K_m·t).
    HomomorphicVouch = 15,
    /// `homomorphic` and `optimised`, vault to newcomer: E_2(K_m·t).
    HomomorphicMoved = 16,
    /// `three` and N, voucher to the first agent, and on to the vault: E of K_m·t and of what the agents have moved so far.
    AgentsVouch = 17,
    /// `three` and N, vault to newcomer: K_m·r_2·t.
    AgentsMoved = 18,
    /// Who rotates to the vault: E(δ).
    Delta = 19,
    /// An appliance to a user who blinds: K_s.
    ForUser = 20,
}

impl Kind {
    const ALL: [Self; 20] = [
        Self::BlindedCreate,
        Self::BlindedServe,
        Self::MasterPart,
        Self::HomomorphicAsk,
        Self::HomomorphicServe,
        Self::AgentsCreate,
        Self::AgentsAsk,
        Self::AgentsServe,
        Self::OptimisedSetUp,
        Self::OptimisedCreate,
        Self::OptimisedServe,
        Self::HomomorphicCreate,
        Self::BlindedVouch,
        Self::BlindedMoved,
        Self::HomomorphicVouch,
        Self::HomomorphicMoved,
        Self::AgentsVouch,
        Self::AgentsMoved,
        Self::Delta,
        Self::ForUser,
    ];
}

fn scheme_byte(scheme: Scheme) -> u8 {
    match scheme {
        Scheme::P384 => 1,
        Scheme::Ristretto255 => 2,
        Scheme::Paillier3072 => 3,
    }
}

fn head(kind: Kind, scheme: Scheme) -> [u8; HEAD] {
    [VERSION, kind as u8, scheme_byte(scheme)]
}

/// Why bytes are not the message that was waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Received {
    /// Another version, kind or scheme.
    #[error("another message than {0:?}; ask its sender for the same protocol, scheme and version")]
    Other(Kind),
    /// Not the element or ciphertext that it should be.
    #[error(transparent)]
    Unfit(#[from] Unfit),
}

fn body(bytes: &[u8], kind: Kind, scheme: Scheme) -> Result<&[u8], Received> {
    debug_assert!(Kind::ALL.contains(&kind));
    bytes
        .strip_prefix(&head(kind, scheme))
        .ok_or(Received::Other(kind))
}

/// A message with an element in clear: a secret of both ends.
pub struct Clear<G: Group> {
    pub(super) kind: Kind,
    pub(super) element: G::Element,
}

impl<G: Group> Clear<G> {
    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> SecretBytes {
        let body = G::encode(&self.element);
        SecretBytes::concat(&[&head(self.kind, G::SCHEME), body.as_slice()])
    }

    /// Reads a message of this kind.
    ///
    /// # Errors
    /// [`Received`].
    pub fn read(bytes: &[u8], kind: Kind) -> Result<Self, Received> {
        let element = G::decode(body(bytes, kind, G::SCHEME)?)?;
        Ok(Self { kind, element })
    }
}

impl<G: Group> fmt::Debug for Clear<G> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clear({:?}, {}, ..)", self.kind, G::SCHEME)
    }
}

/// A message with a ciphertext.
#[derive(Clone, Debug, PartialEq)]
pub struct Hidden<G: Group> {
    pub(super) kind: Kind,
    pub(super) ciphertext: G::Ciphertext,
}

impl<G: Group> Hidden<G> {
    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let body = G::encode_ciphertext(&self.ciphertext);
        [&head(self.kind, G::SCHEME), &body[..]].concat()
    }

    /// Reads a message of this kind.
    ///
    /// # Errors
    /// [`Received`].
    pub fn read(bytes: &[u8], kind: Kind) -> Result<Self, Received> {
        let ciphertext = G::decode_ciphertext(body(bytes, kind, G::SCHEME)?)?;
        Ok(Self { kind, ciphertext })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use crate::group::{P384, Purpose, Ristretto255};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    #[test]
    fn a_message_is_read_as_what_it_is_and_as_nothing_else() {
        let mut random = ChaCha20Rng::seed_from_u64(1);
        let element = Ristretto255::random(Purpose::Key, &mut random).unwrap();
        let (_, public) = Ristretto255::key_pair(&mut random).unwrap();
        for kind in Kind::ALL {
            let ciphertext = Ristretto255::encrypt(&public, &element, &mut random).unwrap();
            let hidden = Hidden::<Ristretto255> { kind, ciphertext };
            let element = Ristretto255::decode(Ristretto255::encode(&element).as_slice()).unwrap();
            let clear = Clear::<Ristretto255> { kind, element };
            let (clear, bytes) = (clear.to_bytes(), hidden.to_bytes());
            assert_eq!(Hidden::read(&bytes, kind), Ok(hidden));
            let read = Clear::<Ristretto255>::read(clear.as_slice(), kind).unwrap();
            assert_eq!(read.to_bytes().as_slice(), clear.as_slice());
            for other in Kind::ALL {
                if other != kind {
                    let refused = Clear::<Ristretto255>::read(clear.as_slice(), other);
                    assert_eq!(refused.err(), Some(Received::Other(other)));
                }
            }
            let refused = Hidden::<P384>::read(&bytes, kind);
            assert_eq!(refused.err(), Some(Received::Other(kind)), "another scheme");
            let mut newer = bytes.clone();
            newer[0] = 2;
            assert!(Hidden::<Ristretto255>::read(&newer, kind).is_err());
            for cut in 0..bytes.len() {
                assert!(Hidden::<Ristretto255>::read(&bytes[..cut], kind).is_err());
            }
            let long = [&bytes[..], &[0]].concat();
            assert!(Hidden::<Ristretto255>::read(&long, kind).is_err());
        }
    }
}
