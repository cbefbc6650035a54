//! The elements: signed whole numbers, as wide as the protocols need them, which never wrap.

use std::fmt;

use crypto_bigint::{Choice, Int, U832, Uint};
use rand_core::TryCryptoRng;
use zeroize::{Zeroize as _, Zeroizing};

use super::super::{NoRandom, Purpose, Scheme, Unfit};

/// Bytes of an element: two's complement, big-endian.
pub(super) const BYTES: usize = 104;
/// What comes from elsewhere lies strictly between -2^800 and 2^800: 2^32 of the largest values of the protocols. The width leaves
/// room for 2^31 of such numbers, which no protocol adds up.
pub(super) const MAX_BITS: u32 = 800;

pub(super) type Signed = Int<{ U832::LIMBS }>;

/// A secret whole number.
pub struct Element(pub(super) Signed);

impl Drop for Element {
    fn drop(&mut self) {
        self.0.as_mut_words().zeroize();
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element({}, ..)", Scheme::Paillier3072)
    }
}

impl PartialEq for Element {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 // crypto-bigint compares in constant time
    }
}

/// Bits of a number that is drawn.
fn bits(purpose: Purpose) -> u32 {
    match purpose {
        Purpose::Key => 256,
        Purpose::Blinding => 512,
        Purpose::Transfer => 768,
    }
}

impl Element {
    /// Uniform among those from 1 to 2^bits - 1.
    pub(super) fn random(
        purpose: Purpose,
        random: &mut impl TryCryptoRng,
    ) -> Result<Self, NoRandom> {
        let first = BYTES - bits(purpose) as usize / 8;
        let mut bytes = Zeroizing::new([0; BYTES]);
        loop {
            random
                .try_fill_bytes(&mut bytes[first..])
                .map_err(|_| NoRandom)?;
            let drawn = Self(*U832::from_be_slice(bytes.as_slice()).as_int());
            if !bool::from(drawn.0.is_zero()) {
                return Ok(drawn);
            }
        }
    }

    /// From 1 to 2^bits - 1?
    pub(super) fn fits(&self, purpose: Purpose) -> bool {
        let (magnitude, negative) = self.0.abs_sign();
        let small = Choice::from_u32_le(magnitude.bits(), bits(purpose));
        bool::from(small & !negative & !self.0.is_zero())
    }

    /// The number of this magnitude and sign, unless it is 0 or too large.
    pub(super) fn of<const LIMBS: usize>(
        magnitude: &Uint<LIMBS>,
        negative: Choice,
    ) -> Option<Self> {
        let small = Choice::from_u32_le(magnitude.bits(), MAX_BITS) & magnitude.is_nonzero();
        let number = Self(
            magnitude
                .resize::<{ U832::LIMBS }>()
                .as_int()
                .wrapping_neg_if(negative),
        );
        bool::from(small).then_some(number)
    }

    /// a + b, and with `minus` a - b.
    ///
    /// # Panics
    /// On a sum beyond 831 bits. Operands that were drawn, decoded or decrypted have 800 at most, and only 2^31 of them add up to
    /// that: a loop gone wrong, which must not give a wrong key.
    pub(super) fn sum(a: &Self, b: &Self, minus: bool) -> Self {
        let b = if minus {
            b.0.checked_neg()
        } else {
            b.0.checked_add(&Signed::ZERO)
        };
        let sum = b.and_then(|b| a.0.checked_add(&b)).into_option();
        assert!(sum.is_some(), "a sum of more numbers than any protocol has");
        Self(sum.unwrap_or(Signed::ZERO))
    }

    pub(super) fn encode(&self) -> Zeroizing<[u8; BYTES]> {
        let mut bytes = Zeroizing::new([0; BYTES]);
        let mut encoded = self.0.as_uint().to_be_bytes();
        bytes.copy_from_slice(encoded.as_slice());
        encoded.as_mut_slice().zeroize();
        bytes
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Unfit> {
        let what = "an element";
        super::of_length(what, bytes, BYTES)?;
        let number = Self(*U832::from_be_slice(bytes).as_int());
        let (magnitude, negative) = number.0.abs_sign();
        if bool::from(number.0.is_zero()) {
            return Err(Unfit::Identity(what));
        }
        Self::of(&magnitude, negative).ok_or(Unfit::NotInGroup(what))
    }
}
