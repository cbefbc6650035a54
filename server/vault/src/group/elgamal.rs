//! EC-ElGamal over a curve of prime order: E(m) = (g·k, m + p·k) with a fresh k; p = g·d is the public key.
//!
//! The curves are libraries': `p384` and `curve25519-dalek`, both with complete formulas and arithmetic whose time does not
//! depend on secrets.

use std::fmt;
use std::marker::PhantomData;

use ::group::ff::{Field as _, PrimeField};
use ::group::prime::PrimeGroup;
use ::group::{Group as _, GroupEncoding};
use photonbox_secret::SecretBytes;
use rand_core::TryCryptoRng;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, Zeroizing};

use super::{Group, NoRandom, Purpose, Scheme, Unfit, of_length};

/// A curve of prime order.
pub trait Curve: 'static {
    /// Its word.
    const SCHEME: Scheme;
    /// Bytes of a point.
    const POINT: usize;
    /// Bytes of a scalar.
    const SCALAR: usize;
    /// A point.
    type Point: PrimeGroup<Scalar = Self::Scalar> + GroupEncoding + Zeroize;
    /// A scalar.
    type Scalar: PrimeField + Zeroize;
}

/// FIPS 186-5, points in compressed form (SEC 1).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct P384Curve;

impl Curve for P384Curve {
    const SCHEME: Scheme = Scheme::P384;
    const POINT: usize = 49;
    const SCALAR: usize = 48;
    type Point = p384::ProjectivePoint;
    type Scalar = p384::Scalar;
}

/// RFC 9496.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RistrettoCurve;

impl Curve for RistrettoCurve {
    const SCHEME: Scheme = Scheme::Ristretto255;
    const POINT: usize = 32;
    const SCALAR: usize = 32;
    type Point = curve25519_dalek::RistrettoPoint;
    type Scalar = curve25519_dalek::Scalar;
}

/// EC-ElGamal over P-384.
pub type P384 = Elgamal<P384Curve>;
/// ElGamal over ristretto255.
pub type Ristretto255 = Elgamal<RistrettoCurve>;

/// ElGamal over a curve.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Elgamal<C>(PhantomData<C>);

/// A secret point.
pub struct Element<C: Curve>(C::Point);

impl<C: Curve> Drop for Element<C> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<C: Curve> fmt::Debug for Element<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({}, ..)", C::SCHEME)
    }
}

impl<C: Curve> PartialEq for Element<C> {
    fn eq(&self, other: &Self) -> bool {
        let [a, b] = [self, other].map(|element| Zeroizing::new(encoded::<C>(&element.0)));
        a.ct_eq(&b).into()
    }
}

/// An encrypted point.
pub struct Ciphertext<C: Curve>([C::Point; 2]);

impl<C: Curve> Clone for Ciphertext<C> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<C: Curve> PartialEq for Ciphertext<C> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<C: Curve> fmt::Debug for Ciphertext<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ciphertext({}, ..)", C::SCHEME)
    }
}

/// A point that encrypts.
pub struct PublicKey<C: Curve>(C::Point);

impl<C: Curve> Clone for PublicKey<C> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<C: Curve> PartialEq for PublicKey<C> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<C: Curve> fmt::Debug for PublicKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PublicKey({}, {:02x?})",
            C::SCHEME,
            encoded::<C>(&self.0)
        )
    }
}

/// A scalar that decrypts.
pub struct PrivateKey<C: Curve>(C::Scalar);

impl<C: Curve> Drop for PrivateKey<C> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl<C: Curve> fmt::Debug for PrivateKey<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ..)", C::SCHEME)
    }
}

fn encoded<C: Curve>(point: &C::Point) -> Vec<u8> {
    point.to_bytes().as_ref().to_vec()
}

/// Reads a point in its one form; `identity` may be.
fn decoded<C: Curve>(what: &'static str, bytes: &[u8], identity: bool) -> Result<C::Point, Unfit> {
    let mut form = <C::Point as GroupEncoding>::Repr::default();
    of_length(what, bytes, C::POINT)?;
    form.as_mut().copy_from_slice(bytes);
    let point = Option::from(C::Point::from_bytes(&form)).ok_or(Unfit::NotInGroup(what))?;
    // Where a library reads more than it writes, a second form would pass for another value.
    if encoded::<C>(&point) != bytes {
        return Err(Unfit::NotInGroup(what));
    }
    if !identity && bool::from(point.is_identity()) {
        return Err(Unfit::Identity(what));
    }
    Ok(point)
}

/// Any scalar but 0.
fn scalar<C: Curve>(random: &mut impl TryCryptoRng) -> Result<Zeroizing<C::Scalar>, NoRandom> {
    loop {
        let scalar = C::Scalar::try_random(random).map_err(|_| NoRandom)?;
        let scalar = Zeroizing::new(scalar);
        if !bool::from(scalar.is_zero()) {
            return Ok(scalar);
        }
    }
}

impl<C: Curve> Group for Elgamal<C> {
    const SCHEME: Scheme = C::SCHEME;
    const ELEMENT: usize = C::POINT;
    const CIPHERTEXT: usize = 2 * C::POINT;
    const PUBLIC_KEY: usize = C::POINT;
    const PRIVATE_KEY: usize = C::SCALAR;

    type Element = Element<C>;
    type Ciphertext = Ciphertext<C>;
    type PublicKey = PublicKey<C>;
    type PrivateKey = PrivateKey<C>;

    fn random(_: Purpose, random: &mut impl TryCryptoRng) -> Result<Element<C>, NoRandom> {
        let scalar = scalar::<C>(random)?;
        Ok(Element(C::Point::mul_by_generator(&scalar)))
    }

    fn product(a: &Element<C>, b: &Element<C>) -> Element<C> {
        Element(a.0 + b.0)
    }

    fn quotient(a: &Element<C>, b: &Element<C>) -> Element<C> {
        Element(a.0 - b.0)
    }

    fn encode(element: &Element<C>) -> SecretBytes {
        SecretBytes::from_vec(encoded::<C>(&element.0))
    }

    fn decode(bytes: &[u8]) -> Result<Element<C>, Unfit> {
        decoded::<C>("an element", bytes, false).map(Element)
    }

    fn key_pair(random: &mut impl TryCryptoRng) -> Result<(PrivateKey<C>, PublicKey<C>), NoRandom> {
        let key = PrivateKey::<C>(*scalar::<C>(random)?);
        let public = Self::public_key(&key);
        Ok((key, public))
    }

    fn public_key(key: &PrivateKey<C>) -> PublicKey<C> {
        PublicKey(C::Point::mul_by_generator(&key.0))
    }

    fn encrypt(
        key: &PublicKey<C>,
        element: &Element<C>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Ciphertext<C>, NoRandom> {
        let k = scalar::<C>(random)?;
        let hidden = element.0 + key.0 * *k;
        Ok(Ciphertext([C::Point::mul_by_generator(&k), hidden]))
    }

    fn decrypt(key: &PrivateKey<C>, ciphertext: &Ciphertext<C>) -> Option<Element<C>> {
        let [nonce, hidden] = ciphertext.0;
        let element = Element::<C>(hidden - nonce * key.0);
        (!bool::from(element.0.is_identity())).then_some(element)
    }

    fn product_of_encrypted(a: &Ciphertext<C>, b: &Ciphertext<C>) -> Ciphertext<C> {
        Ciphertext([a.0[0] + b.0[0], a.0[1] + b.0[1]])
    }

    fn quotient_of_encrypted(a: &Ciphertext<C>, b: &Ciphertext<C>) -> Ciphertext<C> {
        Ciphertext([a.0[0] - b.0[0], a.0[1] - b.0[1]])
    }

    fn encrypt_anew(
        key: &PublicKey<C>,
        ciphertext: &Ciphertext<C>,
        random: &mut impl TryCryptoRng,
    ) -> Result<Ciphertext<C>, NoRandom> {
        let k = scalar::<C>(random)?;
        let [nonce, hidden] = ciphertext.0;
        Ok(Ciphertext([
            nonce + C::Point::mul_by_generator(&k),
            hidden + key.0 * *k,
        ]))
    }

    fn encode_ciphertext(ciphertext: &Ciphertext<C>) -> Vec<u8> {
        ciphertext.0.iter().flat_map(encoded::<C>).collect()
    }

    fn decode_ciphertext(bytes: &[u8]) -> Result<Ciphertext<C>, Unfit> {
        let what = "a ciphertext";
        of_length(what, bytes, Self::CIPHERTEXT)?;
        let (nonce, hidden) = bytes.split_at(C::POINT);
        // What is hidden may come out as the identity by itself; a nonce that is hides nothing.
        Ok(Ciphertext([
            decoded::<C>(what, nonce, false)?,
            decoded::<C>(what, hidden, true)?,
        ]))
    }

    fn encode_public_key(key: &PublicKey<C>) -> Vec<u8> {
        encoded::<C>(&key.0)
    }

    fn decode_public_key(bytes: &[u8]) -> Result<PublicKey<C>, Unfit> {
        decoded::<C>("a public key", bytes, false).map(PublicKey)
    }

    fn encode_private_key(key: &PrivateKey<C>) -> SecretBytes {
        SecretBytes::from_vec(key.0.to_repr().as_ref().to_vec())
    }

    fn decode_private_key(bytes: &[u8]) -> Result<PrivateKey<C>, Unfit> {
        of_length("a private key", bytes, C::SCALAR)?;
        let mut form = <C::Scalar as PrimeField>::Repr::default();
        form.as_mut().copy_from_slice(bytes);
        let scalar: Option<C::Scalar> = C::Scalar::from_repr(form).into();
        form.as_mut().zeroize();
        let key = PrivateKey::<C>(scalar.ok_or(Unfit::Range)?);
        if bool::from(key.0.is_zero()) {
            return Err(Unfit::Range);
        }
        Ok(key)
    }
}
