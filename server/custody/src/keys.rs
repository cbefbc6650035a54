//! Keys of holders: one pair to sign with (Ed25519, RFC 8032, or ECDSA P-384, FIPS 186-5), one to be sent shares by (HPKE).

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1, ECDSA_P384_SHA384_ASN1_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, UnparsedPublicKey,
};
use photonbox_hpke::{NoRandom, PRIVATE_KEY};
use photonbox_secret::SecretBytes;
use photonbox_signed::{Body, Signed};
use rand_core::TryCryptoRng;
use sha2::{Digest as _, Sha384};
use std::convert::Infallible;
use std::fmt;

/// Bytes of a key's id.
pub const KEY_ID: usize = 16;

/// How a holder signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// The usual one.
    Ed25519,
    /// With SHA-384.
    P384,
}

impl Algorithm {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Ed25519, Self::P384];

    /// Its word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::P384 => "p384",
        }
    }

    /// The algorithm of a word.
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name() == name)
    }

    fn code(self) -> u8 {
        match self {
            Self::Ed25519 => 1,
            Self::P384 => 2,
        }
    }

    fn public_length(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::P384 => 97,
        }
    }

    fn private_length(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::P384 => PRIVATE_KEY,
        }
    }
}

/// Why a key or a signature is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not a key of a known algorithm.
    #[error("a signing key that is damaged, or of an algorithm that is not known here")]
    Key,
    /// Of another key, or over something else.
    #[error("a signature that is not over this, or not by this key")]
    Signature,
}

/// What a holder's signatures are judged by: a byte for the algorithm, then the key.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VerifyingKey(Vec<u8>);

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({})", self.id())
    }
}

/// The first bytes of a key's SHA-384, in hex where people read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub [u8; KEY_ID]);

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl VerifyingKey {
    /// Reads one.
    ///
    /// # Errors
    /// [`KeyError::Key`].
    pub fn read(bytes: &[u8]) -> Result<Self, KeyError> {
        let (_, key) = parts(bytes)?;
        // A point of P-384 that is none would only be noticed by its signatures.
        if key.len() == 97 && !photonbox_hpke::is_public_key(key) {
            return Err(KeyError::Key);
        }
        Ok(Self(bytes.to_vec()))
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        let digest = Sha384::digest(&self.0);
        let mut id = [0; KEY_ID];
        id.copy_from_slice(&digest[..KEY_ID]);
        KeyId(id)
    }

    /// Judges a signature.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let (algorithm, key) = parts(&self.0)?;
        let judged = match algorithm {
            Algorithm::Ed25519 => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Algorithm::P384 => {
                UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, key).verify(message, signature)
            }
        };
        judged.map_err(|_| KeyError::Signature)
    }
}

/// What was signed, and the key that signed it; none where the signature is not over this, or the key is none.
pub(crate) fn signer<T: Body>(signed: &Signed<T>) -> (&T, Option<VerifyingKey>) {
    let judged = signed.check(|signer, message, signature| {
        let key = VerifyingKey::read(signer);
        let judged = key.and_then(|key| key.verify(message, signature).map(|()| key));
        Ok::<_, Infallible>(judged.ok())
    });
    let Ok(judged) = judged;
    judged
}

fn parts(bytes: &[u8]) -> Result<(Algorithm, &[u8]), KeyError> {
    let (&code, key) = bytes.split_first().ok_or(KeyError::Key)?;
    let mut all = Algorithm::ALL.into_iter();
    let algorithm = all.find(|one| one.code() == code && one.public_length() == key.len());
    Ok((algorithm.ok_or(KeyError::Key)?, key))
}

/// A holder's pair.
pub struct SigningKey {
    algorithm: Algorithm,
    /// The seed of Ed25519, the scalar of P-384.
    secret: SecretBytes,
    public: VerifyingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ..)", self.public.id())
    }
}

impl SigningKey {
    /// A fresh one.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(algorithm: Algorithm, random: &mut impl TryCryptoRng) -> Result<Self, NoRandom> {
        let (secret, public) = match algorithm {
            Algorithm::Ed25519 => {
                let mut seed = SecretBytes::new_zeroed(32);
                let filled = random.try_fill_bytes(seed.as_mut_slice());
                filled.map_err(|_| NoRandom)?;
                let Ok(pair) = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()) else {
                    unreachable!("32 bytes are a seed")
                };
                let public = pair.public_key().as_ref().to_vec();
                (seed, public)
            }
            Algorithm::P384 => {
                let (private, public) = photonbox_hpke::key_pair(random)?;
                (SecretBytes::from_slice(private.as_slice()), public.to_vec())
            }
        };
        let public = VerifyingKey([&[algorithm.code()][..], &public].concat());
        Ok(Self {
            algorithm,
            secret,
            public,
        })
    }

    /// What was stored: the secret, and the key that goes with it.
    ///
    /// # Errors
    /// [`KeyError::Key`]: they don't go together.
    pub fn new(secret: SecretBytes, public: VerifyingKey) -> Result<Self, KeyError> {
        let (algorithm, _) = parts(public.as_bytes())?;
        let key = Self {
            algorithm,
            secret,
            public,
        };
        if key.secret.len() != algorithm.private_length() {
            return Err(KeyError::Key);
        }
        let signature = key.sign(b"photonbox/custody/v1/check")?;
        let fits = key.public.verify(b"photonbox/custody/v1/check", &signature);
        fits.map_err(|_| KeyError::Key)?;
        Ok(key)
    }

    /// For the holder's own store, which encrypts it.
    #[must_use]
    pub fn secret(&self) -> &SecretBytes {
        &self.secret
    }

    /// What its signatures are judged by.
    #[must_use]
    pub fn public(&self) -> &VerifyingKey {
        &self.public
    }

    /// Signs an object, its key beside it.
    pub(crate) fn sign_object<T: Body>(&self, body: T) -> Result<Signed<T>, KeyError> {
        Signed::sign(body, self.public.as_bytes(), |message| self.sign(message))
    }

    /// Signs.
    ///
    /// # Errors
    /// [`KeyError::Key`], and the library's generator failed (ECDSA takes its number for one signature from there: one that is used twice
    /// gives the key away).
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (secret, public) = (self.secret.as_slice(), &self.public.0[1..]);
        match self.algorithm {
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::from_seed_and_public_key(secret, public);
                let pair = pair.map_err(|_| KeyError::Key)?;
                Ok(pair.sign(message).as_ref().to_vec())
            }
            Algorithm::P384 => {
                let algorithm = &ECDSA_P384_SHA384_ASN1_SIGNING;
                let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, secret, public);
                let pair = pair.map_err(|_| KeyError::Key)?;
                let signature = pair.sign(&SystemRandom::new(), message);
                let signature = signature.map_err(|_| KeyError::Signature)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    fn key(algorithm: Algorithm, seed: u64) -> SigningKey {
        SigningKey::draw(algorithm, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap()
    }

    #[test]
    fn a_signature_is_over_its_message_and_by_its_key() {
        for algorithm in Algorithm::ALL {
            let (own, other) = (key(algorithm, 1), key(algorithm, 2));
            let signature = own.sign(b"lock").unwrap();
            let public = own.public();
            assert_eq!(public.verify(b"lock", &signature), Ok(()));
            let wrong = Err(KeyError::Signature);
            assert_eq!(public.verify(b"lok", &signature), wrong);
            assert_eq!(other.public().verify(b"lock", &signature), wrong);
            assert_eq!(public.verify(b"lock", &signature[1..]), wrong);
            let mut changed = signature.clone();
            *changed.last_mut().unwrap() ^= 1;
            assert_eq!(public.verify(b"lock", &changed), wrong);
            let read = VerifyingKey::read(public.as_bytes()).unwrap();
            assert_eq!((&read, read.id()), (public, public.id()));
            assert_ne!(public.id(), other.public().id());
            assert_eq!(public.id().to_string().len(), 32);
            let kept = SigningKey::new(own.secret().duplicate(), read).unwrap();
            public
                .verify(b"again", &kept.sign(b"again").unwrap())
                .unwrap();
        }
    }

    #[test]
    fn keys_that_are_none_are_refused() {
        for algorithm in Algorithm::ALL {
            let (own, other) = (key(algorithm, 1), key(algorithm, 2));
            let bytes = own.public().as_bytes();
            for cut in 0..bytes.len() {
                assert_eq!(VerifyingKey::read(&bytes[..cut]), Err(KeyError::Key));
            }
            let long = [bytes, &[0]].concat();
            assert_eq!(VerifyingKey::read(&long), Err(KeyError::Key));
            let mut unknown = bytes.to_vec();
            unknown[0] = 3;
            assert_eq!(VerifyingKey::read(&unknown), Err(KeyError::Key));
            let crossed = SigningKey::new(own.secret().duplicate(), other.public().clone());
            assert_eq!(crossed.err(), Some(KeyError::Key));
            let short = SecretBytes::from_slice(&own.secret().as_slice()[1..]);
            let short = SigningKey::new(short, own.public().clone());
            assert_eq!(short.err(), Some(KeyError::Key));
        }
        let mut off = key(Algorithm::P384, 1).public().as_bytes().to_vec();
        *off.last_mut().unwrap() ^= 1;
        assert_eq!(
            VerifyingKey::read(&off),
            Err(KeyError::Key),
            "no point of the curve"
        );
        assert_eq!(Algorithm::of_name("ed25519"), Some(Algorithm::Ed25519));
        assert_eq!(Algorithm::of_name("rsa"), None);
    }
}
