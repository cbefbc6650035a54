//! HPKE (RFC 9180) as this project uses it everywhere: one suite, and generators whose failures are noticed.
//!
//! The suite is DHKEM(P-384, HKDF-SHA384), HKDF-SHA384, AES-256-GCM. What is sealed with it, and to whom, stands where it is used: the
//! channel's sealed blocks, the vault's notes.
#![forbid(unsafe_code)]

use std::convert::Infallible;

use hpke::{Deserializable as _, Kem, OpModeR, OpModeS, Serializable as _};
use photonbox_secret::{SecretArray, SecretBytes};
use rand_core::{TryCryptoRng, TryRng};

pub use hpke::aead::AesGcm256 as Aead;
pub use hpke::kdf::HkdfSha384 as Kdf;
pub use hpke::kem::DhP384HkdfSha384 as Dhkem;

/// Bytes of a public key: an uncompressed point of P-384 (SEC 1).
pub const PUBLIC_KEY: usize = 97;
/// Bytes of a private key.
pub const PRIVATE_KEY: usize = 48;
/// What sealing adds: the encapsulated key and the tag.
pub const SEALING: usize = PUBLIC_KEY + 16;

/// The generator gave nothing: what HPKE made meanwhile is of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the generator gives nothing")]
pub struct NoRandom;

/// Why something was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Failed {
    /// The key is none of P-384's.
    #[error("a key that is none of P-384's")]
    Key,
    /// For another key or another info, cut, or changed.
    #[error("sealed for something else, or changed")]
    Forged,
    /// No bytes for a key.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// A pair of keys: private, public.
///
/// # Errors
/// [`NoRandom`].
pub fn key_pair(
    random: &mut impl TryCryptoRng,
) -> Result<(SecretArray<PRIVATE_KEY>, [u8; PUBLIC_KEY]), NoRandom> {
    let mut seed = SecretArray::<48>::new_zeroed();
    let filled = random.try_fill_bytes(seed.as_mut_slice());
    filled.map_err(|_| NoRandom)?;
    let (private, public) = Dhkem::derive_keypair(seed.as_slice());
    let bytes = private.to_bytes();
    let Ok(private) = SecretArray::from_slice(&bytes) else {
        unreachable!("a scalar of P-384 has 48 bytes")
    };
    let mut encoded = [0; PUBLIC_KEY];
    encoded.copy_from_slice(&public.to_bytes());
    Ok((private, encoded))
}

/// Whether a public key is a point of the curve.
#[must_use]
pub fn is_public_key(key: &[u8]) -> bool {
    <Dhkem as Kem>::PublicKey::from_bytes(key).is_ok()
}

/// Seals a secret to a public key, in base mode: the encapsulated key, then text and tag. It opens with the same `info` alone, which names
/// purpose and parties; who sealed it is for others to say.
///
/// # Errors
/// [`Failed::Key`], [`Failed::NoRandom`].
pub fn seal(
    to: &[u8],
    info: &[u8],
    secret: &[u8],
    random: &mut impl TryCryptoRng,
) -> Result<Vec<u8>, Failed> {
    let key = <Dhkem as Kem>::PublicKey::from_bytes(to).map_err(|_| Failed::Key)?;
    let made = with_random(random, |random| {
        hpke::single_shot_seal_with_rng::<Aead, Kdf, Dhkem>(
            &OpModeS::Base,
            &key,
            info,
            secret,
            &[],
            random,
        )
    })?;
    let (encapsulated, text) = made.map_err(|_| Failed::Key)?;
    let mut sealed = encapsulated.to_bytes().to_vec();
    sealed.extend_from_slice(&text);
    Ok(sealed)
}

/// Opens what [`seal`] made, with the private key.
///
/// # Errors
/// [`Failed::Forged`], and [`Failed::Key`] of a private key that is none.
pub fn open(private: &[u8], info: &[u8], sealed: &[u8]) -> Result<SecretBytes, Failed> {
    let key = <Dhkem as Kem>::PrivateKey::from_bytes(private).map_err(|_| Failed::Key)?;
    let (encapsulated, text) = sealed.split_at_checked(PUBLIC_KEY).ok_or(Failed::Forged)?;
    let encapsulated = <Dhkem as Kem>::EncappedKey::from_bytes(encapsulated);
    let opened = hpke::single_shot_open::<Aead, Kdf, Dhkem>(
        &OpModeR::Base,
        &key,
        &encapsulated.map_err(|_| Failed::Forged)?,
        info,
        text,
        &[],
    );
    let opened = opened.map_err(|_| Failed::Forged)?;
    Ok(SecretBytes::from_vec(opened))
}

/// Lends HPKE a generator. An error can't be said there; it is remembered, and what was made of zeros is dropped.
///
/// # Errors
/// [`NoRandom`].
pub fn with_random<T>(
    random: &mut impl TryCryptoRng,
    make: impl FnOnce(&mut Lent<'_>) -> T,
) -> Result<T, NoRandom> {
    let mut fill = |out: &mut [u8]| random.try_fill_bytes(out).is_ok();
    let mut lent = Lent {
        fill: &mut fill,
        failed: false,
    };
    let made = make(&mut lent);
    match lent.failed {
        true => Err(NoRandom),
        false => Ok(made),
    }
}

/// A generator as HPKE asks for one.
pub struct Lent<'a> {
    fill: &'a mut dyn FnMut(&mut [u8]) -> bool,
    failed: bool,
}

impl std::fmt::Debug for Lent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lent {{ failed: {} }}", self.failed)
    }
}

impl TryRng for Lent<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        if !(self.fill)(out) {
            out.fill(0);
            self.failed = true;
        }
        Ok(())
    }
}

impl TryCryptoRng for Lent<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use hpke::setup_sender_with_rng;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    /// Gives so many calls bytes, and then nothing.
    struct Short {
        inner: ChaCha20Rng,
        calls: usize,
    }

    #[derive(Debug, Clone, Copy)]
    struct Empty;

    impl std::fmt::Display for Empty {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("empty")
        }
    }

    impl std::error::Error for Empty {}

    impl TryRng for Short {
        type Error = Empty;

        fn try_next_u32(&mut self) -> Result<u32, Empty> {
            Err(Empty)
        }

        fn try_next_u64(&mut self) -> Result<u64, Empty> {
            Err(Empty)
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Empty> {
            self.calls = self.calls.checked_sub(1).ok_or(Empty)?;
            let Ok(()) = self.inner.try_fill_bytes(out);
            Ok(())
        }
    }

    impl TryCryptoRng for Short {}

    fn sealed(calls: usize) -> Result<bool, NoRandom> {
        let inner = ChaCha20Rng::seed_from_u64(1);
        let (_, public) = Dhkem::derive_keypair(&[7; 48]);
        with_random(&mut Short { inner, calls }, |random| {
            setup_sender_with_rng::<Aead, Kdf, Dhkem>(&OpModeS::Base, &public, b"", random).is_ok()
        })
    }

    #[test]
    fn a_secret_opens_for_its_key_and_info_alone() {
        let random = &mut ChaCha20Rng::seed_from_u64(2);
        let (Ok((private, public)), Ok((other, _))) = (key_pair(random), key_pair(random)) else {
            panic!("keys")
        };
        assert!(is_public_key(&public) && !is_public_key(&[4; PUBLIC_KEY]));
        let sealed = seal(&public, b"info", b"secret", random).expect("sealed");
        assert_eq!(sealed.len(), SEALING + 6);
        let opened = open(private.as_slice(), b"info", &sealed).expect("opened");
        assert_eq!(opened.as_slice(), b"secret");
        let refused = |key: &[u8], info, sealed: &[u8]| open(key, info, sealed).err();
        assert_eq!(
            refused(private.as_slice(), b"inf", &sealed),
            Some(Failed::Forged)
        );
        assert_eq!(
            refused(other.as_slice(), b"info", &sealed),
            Some(Failed::Forged)
        );
        assert_eq!(refused(&[0; 48], b"info", &sealed), Some(Failed::Key));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(
                refused(private.as_slice(), b"info", &changed),
                Some(Failed::Forged)
            );
            assert_eq!(
                refused(private.as_slice(), b"info", &sealed[..at]),
                Some(Failed::Forged)
            );
        }
        let nobody = seal(&[4; PUBLIC_KEY], b"info", b"secret", random);
        assert_eq!(nobody.err(), Some(Failed::Key));
    }

    #[test]
    fn what_a_failed_generator_gives_is_dropped() {
        assert_eq!(sealed(0), Err(NoRandom));
        assert_eq!(sealed(100), Ok(true));
        // It fails in the middle of what is made, too.
        let cut = with_random(
            &mut Short {
                inner: ChaCha20Rng::seed_from_u64(1),
                calls: 1,
            },
            |random| {
                let mut both = [0; 8];
                let (first, second) = both.split_at_mut(4);
                let Ok(()) = random.try_fill_bytes(first);
                let Ok(()) = random.try_fill_bytes(second);
                both
            },
        );
        assert_eq!(cut, Err(NoRandom));
    }
}
