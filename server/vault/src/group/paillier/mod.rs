//! Paillier's encryption over whole numbers (Paillier, EUROCRYPT 1999), n of 3072 bits: E(m) = (1 + m·n)·r^n modulo n² with a fresh
//! r; `·` is addition. Elements are signed and never wrap (`number.rs`).
//!
//! A ciphertext carries its n, so that what was encrypted under different keys is seen: put together it is an encryption of
//! nothing, which [`Group::decrypt`] refuses. Arithmetic on secrets is crypto-bigint's, in constant time; that on ciphertexts, which
//! anyone may see, need not be.

mod keys;
mod number;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use crypto_bigint::modular::FixedMontyForm;
use crypto_bigint::{CtSelect as _, U3072, U6144};
use photonbox_secret::SecretBytes;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use super::{Group, NoRandom, Purpose, Scheme, Unfit, of_length};
use keys::{MODULUS, Modulus};
pub use keys::{PrivateKey, PublicKey};
pub use number::Element;

/// Bytes of a number modulo n².
const SQUARE: usize = 2 * MODULUS;

type Residue = FixedMontyForm<{ U6144::LIMBS }>;

/// Paillier's encryption with n of 3072 bits.
#[derive(Debug, Clone, Copy)]
pub struct Paillier3072;

/// An encrypted number.
#[derive(Clone, PartialEq)]
pub struct Ciphertext {
    modulus: Arc<Modulus>,
    value: U6144,
}

impl fmt::Debug for Ciphertext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ciphertext({}, ..)", Scheme::Paillier3072)
    }
}

impl Ciphertext {
    fn residue(&self) -> Residue {
        Residue::new(&self.value, &self.modulus.square)
    }

    /// 1 = (1 + 0·n)·1^n: 0, encrypted for everyone to see.
    fn nothing(modulus: &Arc<Modulus>) -> Self {
        let (modulus, value) = (Arc::clone(modulus), U6144::ONE);
        Self { modulus, value }
    }

    /// The product with what `other` gives. Under another key it would say nothing, and tell the other key's owner
    /// something: there it is nothing.
    fn with(&self, other: &Self, of_other: impl FnOnce(Residue) -> Option<Residue>) -> Self {
        let factor = (self.modulus == other.modulus)
            .then(|| of_other(other.residue()))
            .flatten();
        let Some(factor) = factor else {
            return Self::nothing(&self.modulus);
        };
        Self {
            modulus: Arc::clone(&self.modulus),
            value: self.residue().mul(&factor).retrieve(),
        }
    }
}

/// r^n modulo n² for a random r from 1 to n - 1. One that has a factor of n is as unlikely as to guess a factor.
fn noise(modulus: &Modulus, random: &mut impl TryCryptoRng) -> Result<Residue, NoRandom> {
    let mut bytes = Zeroizing::new([0; MODULUS]);
    let r = loop {
        random
            .try_fill_bytes(bytes.as_mut_slice())
            .map_err(|_| NoRandom)?;
        let r = Zeroizing::new(U3072::from_be_slice(bytes.as_slice()));
        // What the comparison tells is about numbers that are thrown away.
        if *r < *modulus.n.as_ref() && bool::from(r.is_nonzero()) {
            break r;
        }
    };
    let r = Residue::new(&r.resize(), &modulus.square);
    // Variable in the exponent, and that is public.
    Ok(r.pow_vartime(modulus.n.as_ref()))
}

impl Group for Paillier3072 {
    const SCHEME: Scheme = Scheme::Paillier3072;
    const ELEMENT: usize = number::BYTES;
    const CIPHERTEXT: usize = MODULUS + SQUARE;
    const PUBLIC_KEY: usize = MODULUS;
    const PRIVATE_KEY: usize = MODULUS;

    type Element = Element;
    type Ciphertext = Ciphertext;
    type PublicKey = PublicKey;
    type PrivateKey = PrivateKey;

    fn random(purpose: Purpose, random: &mut impl TryCryptoRng) -> Result<Element, NoRandom> {
        Element::random(purpose, random)
    }

    fn fits(element: &Element, purpose: Purpose) -> bool {
        element.fits(purpose)
    }

    fn product(a: &Element, b: &Element) -> Element {
        Element::sum(a, b, false)
    }

    fn quotient(a: &Element, b: &Element) -> Element {
        Element::sum(a, b, true)
    }

    fn encode(element: &Element) -> SecretBytes {
        SecretBytes::from_slice(element.encode().as_slice())
    }

    fn decode(bytes: &[u8]) -> Result<Element, Unfit> {
        Element::decode(bytes)
    }

    fn key_pair(random: &mut impl TryCryptoRng) -> Result<(PrivateKey, PublicKey), NoRandom> {
        let key = PrivateKey::random(random)?;
        let public = Self::public_key(&key);
        Ok((key, public))
    }

    fn public_key(key: &PrivateKey) -> PublicKey {
        PublicKey(Arc::clone(&key.modulus))
    }

    fn encrypt(
        key: &PublicKey,
        element: &Element,
        random: &mut impl TryCryptoRng,
    ) -> Result<Ciphertext, NoRandom> {
        let modulus = &key.0;
        let n = modulus.n.as_ref();
        let (magnitude, negative) = element.0.abs_sign();
        let magnitude = Zeroizing::new(magnitude.resize::<{ U3072::LIMBS }>());
        let m = Zeroizing::new(magnitude.ct_select(&n.wrapping_sub(&*magnitude), negative));
        let power: U6144 = m.concatenating_mul(n);
        // At most (n - 1)·n + 1, less than n².
        let power = Zeroizing::new(power.wrapping_add(&U6144::ONE));
        let noise = noise(modulus, random)?;
        Ok(Ciphertext {
            modulus: Arc::clone(modulus),
            value: Residue::new(&power, &modulus.square).mul(&noise).retrieve(),
        })
    }

    fn decrypt(key: &PrivateKey, ciphertext: &Ciphertext) -> Option<Element> {
        (key.modulus == ciphertext.modulus)
            .then(|| key.decrypt(&ciphertext.value))
            .flatten()
    }

    fn product_of_encrypted(a: &Ciphertext, b: &Ciphertext) -> Ciphertext {
        a.with(b, Some)
    }

    fn quotient_of_encrypted(a: &Ciphertext, b: &Ciphertext) -> Ciphertext {
        a.with(b, |b| b.invert_vartime().into_option())
    }

    fn encrypt_anew(
        key: &PublicKey,
        ciphertext: &Ciphertext,
        random: &mut impl TryCryptoRng,
    ) -> Result<Ciphertext, NoRandom> {
        let modulus = Arc::clone(&key.0);
        let value = noise(&modulus, random)?.retrieve();
        Ok(Ciphertext { modulus, value }.with(ciphertext, Some))
    }

    fn encode_ciphertext(ciphertext: &Ciphertext) -> Vec<u8> {
        let mut bytes = ciphertext.modulus.encode();
        bytes.extend_from_slice(ciphertext.value.to_be_bytes().as_slice());
        bytes
    }

    fn decode_ciphertext(bytes: &[u8]) -> Result<Ciphertext, Unfit> {
        let what = "a ciphertext";
        of_length(what, bytes, Self::CIPHERTEXT)?;
        let (modulus, value) = bytes.split_at(MODULUS);
        let modulus = Modulus::decode(what, modulus)?;
        let value = U6144::from_be_slice(value);
        // Without an inverse modulo n it is no ciphertext, and 1 hides nothing.
        let reduced = value.rem_vartime(modulus.n.as_nz_ref());
        let divisor = modulus.n.gcd_unsigned_vartime(&reduced);
        if value >= *modulus.square.modulus().as_ref() || *divisor.as_ref() != U3072::ONE {
            return Err(Unfit::NotInGroup(what));
        }
        if value == U6144::ONE {
            return Err(Unfit::Identity(what));
        }
        Ok(Ciphertext { modulus, value })
    }

    fn encode_public_key(key: &PublicKey) -> Vec<u8> {
        key.0.encode()
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey, Unfit> {
        Modulus::decode("a public key", bytes).map(PublicKey)
    }

    fn encode_private_key(key: &PrivateKey) -> SecretBytes {
        SecretBytes::from_slice(key.encode().as_slice())
    }

    fn decode_private_key(bytes: &[u8]) -> Result<PrivateKey, Unfit> {
        PrivateKey::decode(bytes)
    }
}
