//! Keys: n = p·q with p > q, 1536 bits each. The private key decrypts modulo p² and q² (CRT), a third of the work modulo n².

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Choice, CtEq as _, CtGt as _, CtSelect as _, Odd, U1536, U3072, U6144};
use crypto_primes::hazmat::SmallFactorsSieve;
use crypto_primes::{Flavor, is_prime};
use rand_core::TryCryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use super::super::{NoRandom, Scheme, Unfit};
use super::number::Element;

/// Bytes of p and of q.
pub(super) const PRIME: usize = 192;
/// Bytes of n.
pub(super) const MODULUS: usize = 2 * PRIME;
/// p - q is at least 2^this (FIPS 186-5, A.1.3: nlen/2 - 100): otherwise n falls to Fermat's method.
const APART: u32 = 1436;

/// n, and what multiplying modulo n² takes.
#[derive(PartialEq)]
pub(super) struct Modulus {
    pub(super) n: Odd<U3072>,
    pub(super) square: FixedMontyParams<{ U6144::LIMBS }>,
}

impl Modulus {
    /// n is public: nothing here hides it.
    fn new(n: U3072) -> Option<Arc<Self>> {
        let n = Odd::new(n).into_option()?;
        let full = n.as_ref().bits_vartime() == U3072::BITS;
        let square: U6144 = n.as_ref().concatenating_square();
        let square = FixedMontyParams::new_vartime(Odd::new(square).into_option()?);
        full.then(|| Arc::new(Self { n, square }))
    }

    /// Reads n: odd and of full length. That it is the product of two primes only its owner knows; another n harms who
    /// encrypts no more than an owner who gives the private key away.
    pub(super) fn decode(what: &'static str, bytes: &[u8]) -> Result<Arc<Self>, Unfit> {
        super::of_length(what, bytes, MODULUS)?;
        Self::new(U3072::from_be_slice(bytes)).ok_or(Unfit::NotInGroup(what))
    }

    pub(super) fn encode(&self) -> Vec<u8> {
        self.n.as_ref().to_be_bytes().as_slice().to_vec()
    }
}

/// A number n that encrypts.
#[derive(Clone, PartialEq)]
pub struct PublicKey(pub(super) Arc<Modulus>);

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "PublicKey({}, {:02x?})",
            Scheme::Paillier3072,
            self.0.encode()
        )
    }
}

/// Decrypts modulo the square of one prime.
struct Half {
    modulo: FixedMontyParams<{ U1536::LIMBS }>,
    square: FixedMontyParams<{ U3072::LIMBS }>,
    /// 1/p modulo 2^1536, by which an exact division by p is a multiplication.
    inverse: U1536,
    /// 1/L(g^(p-1)) = -1/q modulo p.
    factor: U1536,
}

impl Half {
    /// None: no prime, as far as Fermat's test to base 2 shows, or not one that goes with the other.
    fn new(prime: &U1536, other: &U1536) -> Option<Self> {
        let odd = Odd::new(*prime).into_option()?;
        let modulo = FixedMontyParams::new(odd);
        let less = Zeroizing::new(prime.wrapping_sub(&U1536::ONE));
        let power = FixedMontyForm::new(&U1536::from(2u8), &modulo).pow(&less);
        if power != FixedMontyForm::one(&modulo) {
            return None;
        }
        let other = Zeroizing::new(other.rem(odd.as_nz_ref()));
        let square: U3072 = prime.concatenating_square();
        let inverted = other.invert_odd_mod(&odd).into_option()?;
        Some(Self {
            modulo,
            square: FixedMontyParams::new(Odd::new(square).into_option()?),
            inverse: prime.invert_mod2k(U1536::BITS).into_option()?,
            factor: prime.wrapping_sub(&inverted),
        })
    }

    fn prime(&self) -> &Odd<U1536> {
        self.modulo.modulus()
    }

    /// The plaintext modulo p: L(c^(p-1) mod p²)/L(g^(p-1) mod p²) with L(u) = (u - 1)/p.
    fn decrypt(&self, ciphertext: &U6144) -> Zeroizing<U1536> {
        let reduced = ciphertext.rem(self.square.modulus().as_nz_ref());
        let less = Zeroizing::new(self.prime().as_ref().wrapping_sub(&U1536::ONE));
        let power = FixedMontyForm::new(&reduced, &self.square).pow(&*less);
        let power = Zeroizing::new(power.retrieve().resize::<{ U1536::LIMBS }>());
        let log = Zeroizing::new(power.wrapping_sub(&U1536::ONE).wrapping_mul(&self.inverse));
        let log = FixedMontyForm::new(&log, &self.modulo);
        let factor = FixedMontyForm::new(&self.factor, &self.modulo);
        Zeroizing::new(log.mul(&factor).retrieve())
    }

    fn wipe(&mut self) {
        self.modulo.zeroize();
        self.square.zeroize();
        self.inverse.zeroize();
        self.factor.zeroize();
    }
}

struct Halves {
    p: Half,
    q: Half,
    /// 1/p modulo q.
    inverse: U1536,
}

/// The primes that decrypt. On the heap, so that no move leaves a copy.
pub struct PrivateKey {
    halves: Box<Halves>,
    pub(super) modulus: Arc<Modulus>,
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.halves.p.wipe();
        self.halves.q.wipe();
        self.halves.inverse.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, ..)", Scheme::Paillier3072)
    }
}

impl PrivateKey {
    /// None: not two primes of full length, the larger one first, and far enough apart.
    fn new(p: &U1536, q: &U1536) -> Option<Self> {
        let apart = Zeroizing::new(p.wrapping_sub(q));
        let long = p.bits().ct_eq(&U1536::BITS) & q.bits().ct_eq(&U1536::BITS);
        let fit = long & p.ct_gt(q) & apart.bits().ct_gt(&APART);
        if !bool::from(fit) {
            return None;
        }
        let halves = Box::new(Halves {
            p: Half::new(p, q)?,
            q: Half::new(q, p)?,
            inverse: Zeroizing::new(p.rem(Odd::new(*q).into_option()?.as_nz_ref()))
                .invert_odd_mod(&Odd::new(*q).into_option()?)
                .into_option()?,
        });
        let modulus = Modulus::new(p.concatenating_mul(q))?;
        Some(Self { halves, modulus })
    }

    /// Both primes drawn with their two highest bits set, so that n has full length.
    pub(super) fn random(random: &mut impl TryCryptoRng) -> Result<Self, NoRandom> {
        loop {
            let a = prime(random)?;
            let b = prime(random)?;
            let swap = b.ct_gt(&*a);
            let p = Zeroizing::new(a.ct_select(&b, swap));
            let q = Zeroizing::new(b.ct_select(&a, swap));
            if let Some(key) = Self::new(&p, &q) {
                return Ok(key);
            }
        }
    }

    pub(super) fn encode(&self) -> Zeroizing<[u8; MODULUS]> {
        let mut bytes = Zeroizing::new([0; MODULUS]);
        for (half, out) in [&self.halves.p, &self.halves.q]
            .into_iter()
            .zip(bytes.chunks_exact_mut(PRIME))
        {
            let mut encoded = half.prime().as_ref().to_be_bytes();
            out.copy_from_slice(encoded.as_slice());
            encoded.as_mut_slice().zeroize();
        }
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Unfit> {
        super::of_length("a private key", bytes, MODULUS)?;
        let (p, q) = bytes.split_at(PRIME);
        let [p, q] = [p, q].map(|bytes| Zeroizing::new(U1536::from_be_slice(bytes)));
        Self::new(&p, &q).ok_or(Unfit::Range)
    }

    /// The number in (-n/2, n/2) that is encrypted here, unless it is 0 or longer than any of the protocols'.
    pub(super) fn decrypt(&self, ciphertext: &U6144) -> Option<Element> {
        let Halves { p, q, inverse } = &*self.halves;
        let (m_p, m_q) = (p.decrypt(ciphertext), q.decrypt(ciphertext));
        // Garner: m = m_p + p·((m_q - m_p)/p mod q).
        let in_q = |number: &U1536| {
            let reduced = Zeroizing::new(number.rem(q.prime().as_nz_ref()));
            FixedMontyForm::new(&reduced, &q.modulo)
        };
        let steps = in_q(&m_q).sub(&in_q(&m_p)).mul(&in_q(inverse));
        let steps = Zeroizing::new(steps.retrieve());
        let high: U3072 = p.prime().as_ref().concatenating_mul(&*steps);
        let high = Zeroizing::new(high);
        let m = Zeroizing::new(high.wrapping_add(&m_p.resize::<{ U3072::LIMBS }>()));

        let n = self.modulus.n.as_ref();
        let negative: Choice = m.ct_gt(&n.shr_vartime(1));
        let magnitude = Zeroizing::new(m.ct_select(&n.wrapping_sub(&*m), negative));
        Element::of(&*magnitude, negative)
    }
}

/// A random prime: the next one from a random number on, as Baillie, Pomerance, Selfridge and Wagstaff test for it, to which no
/// composite is known. How long it takes tells of numbers that are thrown away.
fn prime(random: &mut impl TryCryptoRng) -> Result<Zeroizing<U1536>, NoRandom> {
    let mut bytes = Zeroizing::new([0; PRIME]);
    loop {
        random
            .try_fill_bytes(bytes.as_mut_slice())
            .map_err(|_| NoRandom)?;
        bytes[0] |= 0xc0;
        let start = U1536::from_be_slice(bytes.as_slice());
        let bits = NonZeroU32::MIN.saturating_add(U1536::BITS - 1);
        let Ok(mut sieve) = SmallFactorsSieve::new(start, bits, false) else {
            unreachable!("1536 bits fit 1536 bits")
        };
        if let Some(prime) = sieve.find(|number| is_prime(Flavor::Any, number)) {
            return Ok(Zeroizing::new(prime));
        }
    }
}
