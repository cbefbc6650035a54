//! The groups in which keys are split (specification 4-vault): abelian, with an encryption that is homomorphic for `·`.
//!
//! What is an element, what a scalar or a private key is secret, and wiped when dropped. While it is computed with it lies on
//! the stack, which is not locked; what stays is encoded into locked memory.

mod elgamal;
pub mod paillier;
#[cfg(test)]
mod tests;

use std::fmt;

use photonbox_secret::SecretBytes;
use rand_core::TryCryptoRng;

pub use elgamal::{Ciphertext, Curve, Element, Elgamal, P384, PrivateKey, PublicKey, Ristretto255};
pub use paillier::Paillier3072;

/// Which group, by the word that stands in files and messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// P-384 (FIPS 186-5), EC-ElGamal. The usual one.
    P384,
    /// ristretto255 (RFC 9496), ElGamal: faster.
    Ristretto255,
    /// Paillier's encryption (EUROCRYPT 1999) over whole numbers, n of 3072 bits.
    Paillier3072,
}

impl Scheme {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::P384, Self::Ristretto255, Self::Paillier3072];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::P384 => "p384",
            Self::Ristretto255 => "ristretto255",
            Self::Paillier3072 => "paillier3072",
        }
    }

    /// The scheme of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scheme| scheme.name() == name)
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What an element is drawn for: where elements are numbers, how large they may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// A specific key K_s.
    Key,
    /// A blinding value or a share of the master key: B, r, a, b, δ.
    Blinding,
    /// What hides a concealment on its way: t.
    Transfer,
}

/// The generator gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the random generator gave no bytes; check `photonbox status`, then try again")]
pub struct NoRandom;

/// What came from elsewhere and is not to be computed with. It says nothing of what is secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Too short or too long for what it should be.
    #[error("{what} of {length} bytes instead of {right}; ask its sender for the right scheme")]
    Length {
        /// What it should be.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The one right length.
        right: usize,
    },
    /// No element of the group, or not in its one form.
    #[error("{0} that is not in the group; refuse its sender")]
    NotInGroup(&'static str),
    /// The neutral element, which hides nothing.
    #[error("{0} that is the identity; refuse its sender")]
    Identity(&'static str),
    /// A private key that is zero or too large.
    #[error("a private key out of its range; restore it from a backup")]
    Range,
}

fn of_length(what: &'static str, bytes: &[u8], right: usize) -> Result<(), Unfit> {
    let length = bytes.len();
    (length == right).then_some(()).ok_or(Unfit::Length {
        what,
        length,
        right,
    })
}

/// An abelian group whose elements are key shares, and an encryption E with E(a) · E(b) = E(a · b).
///
/// Whatever comes from elsewhere passes `decode…` before it meets a secret. Encodings have one length each, and each value has
/// one encoding.
pub trait Group {
    /// Which one.
    const SCHEME: Scheme;
    /// Bytes of an element.
    const ELEMENT: usize;
    /// Bytes of a ciphertext.
    const CIPHERTEXT: usize;
    /// Bytes of a public key.
    const PUBLIC_KEY: usize;
    /// Bytes of a private key.
    const PRIVATE_KEY: usize;

    /// A share or a key. Secret.
    type Element;
    /// An element that only the private key shows.
    type Ciphertext: Clone + PartialEq + fmt::Debug;
    /// Encrypts.
    type PublicKey: Clone + PartialEq + fmt::Debug;
    /// Decrypts. Secret.
    type PrivateKey;

    /// A random element.
    ///
    /// # Errors
    /// [`NoRandom`].
    fn random(purpose: Purpose, random: &mut impl TryCryptoRng) -> Result<Self::Element, NoRandom>;

    /// Whether the element may be what [`Group::random`] gives for this. In a group of prime order any may; numbers have bounds, which
    /// what comes out of a protocol must keep to before it is used as a key.
    fn fits(_element: &Self::Element, _purpose: Purpose) -> bool {
        true
    }

    /// a · b.
    fn product(a: &Self::Element, b: &Self::Element) -> Self::Element;

    /// a / b.
    fn quotient(a: &Self::Element, b: &Self::Element) -> Self::Element;

    /// The element's encoding.
    fn encode(element: &Self::Element) -> SecretBytes;

    /// Reads an element; the identity is none.
    ///
    /// # Errors
    /// [`Unfit`].
    fn decode(bytes: &[u8]) -> Result<Self::Element, Unfit>;

    /// A pair of keys.
    ///
    /// # Errors
    /// [`NoRandom`].
    fn key_pair(
        random: &mut impl TryCryptoRng,
    ) -> Result<(Self::PrivateKey, Self::PublicKey), NoRandom>;

    /// The public key of a private one.
    fn public_key(key: &Self::PrivateKey) -> Self::PublicKey;

    /// E(element), another one each time.
    ///
    /// # Errors
    /// [`NoRandom`].
    fn encrypt(
        key: &Self::PublicKey,
        element: &Self::Element,
        random: &mut impl TryCryptoRng,
    ) -> Result<Self::Ciphertext, NoRandom>;

    /// D(ciphertext). None: the identity, or a number longer than any protocol makes; no key and no share is either.
    fn decrypt(key: &Self::PrivateKey, ciphertext: &Self::Ciphertext) -> Option<Self::Element>;

    /// E(a) · E(b) = E(a · b), under the same key.
    fn product_of_encrypted(a: &Self::Ciphertext, b: &Self::Ciphertext) -> Self::Ciphertext;

    /// E(a) / E(b) = E(a / b), under the same key.
    fn quotient_of_encrypted(a: &Self::Ciphertext, b: &Self::Ciphertext) -> Self::Ciphertext;

    /// The same element, encrypted anew: nobody without the private key can tell.
    ///
    /// # Errors
    /// [`NoRandom`].
    fn encrypt_anew(
        key: &Self::PublicKey,
        ciphertext: &Self::Ciphertext,
        random: &mut impl TryCryptoRng,
    ) -> Result<Self::Ciphertext, NoRandom>;

    /// A ciphertext's encoding.
    fn encode_ciphertext(ciphertext: &Self::Ciphertext) -> Vec<u8>;

    /// Reads a ciphertext.
    ///
    /// # Errors
    /// [`Unfit`].
    fn decode_ciphertext(bytes: &[u8]) -> Result<Self::Ciphertext, Unfit>;

    /// A public key's encoding.
    fn encode_public_key(key: &Self::PublicKey) -> Vec<u8>;

    /// Reads a public key.
    ///
    /// # Errors
    /// [`Unfit`].
    fn decode_public_key(bytes: &[u8]) -> Result<Self::PublicKey, Unfit>;

    /// A private key's encoding.
    fn encode_private_key(key: &Self::PrivateKey) -> SecretBytes;

    /// Reads a private key.
    ///
    /// # Errors
    /// [`Unfit`].
    fn decode_private_key(bytes: &[u8]) -> Result<Self::PrivateKey, Unfit>;
}

/// Calls a function of a scheme's group, or a method.
#[macro_export]
macro_rules! in_group {
    ($scheme:expr, $function:ident ( $($argument:expr),* )) => {
        match $scheme {
            $crate::group::Scheme::P384 => $function::<$crate::group::P384>($($argument),*),
            $crate::group::Scheme::Ristretto255 => {
                $function::<$crate::group::Ristretto255>($($argument),*)
            }
            $crate::group::Scheme::Paillier3072 => {
                $function::<$crate::group::Paillier3072>($($argument),*)
            }
        }
    };
    ($scheme:expr, $this:ident . $method:ident ( $($argument:expr),* )) => {
        match $scheme {
            $crate::group::Scheme::P384 => $this.$method::<$crate::group::P384>($($argument),*),
            $crate::group::Scheme::Ristretto255 => {
                $this.$method::<$crate::group::Ristretto255>($($argument),*)
            }
            $crate::group::Scheme::Paillier3072 => {
                $this.$method::<$crate::group::Paillier3072>($($argument),*)
            }
        }
    };
}
