//! The logistic map in whole numbers (spec 2-keybox §2.1), by the definition: multiply, then divide by 10^D digit
//! group by digit group. The hardware computes the same another way.

use zeroize::Zeroize;

/// Limbs of X, 64 bits each, lowest first.
const LIMBS: usize = 4;
/// 10^19, the largest power of ten in a limb.
const GROUP: u64 = 10_000_000_000_000_000_000;

/// An orbit at X_n.
#[derive(Debug)]
pub struct Orbit {
    x: [u64; LIMBS],
    modulus: [u64; LIMBS],
    /// 10^(D - 57), the last of the factors of M.
    last_group: u64,
}

impl Orbit {
    /// An orbit at X_0 for `s` dropped digits (1 to 8); none if X_0 is not below M = 10^(64 + s).
    pub fn new(x0: &[u8; 32], s: u32) -> Option<Self> {
        if !(1..=8).contains(&s) {
            return None;
        }
        let mut x = [0; LIMBS];
        for (limb, bytes) in x.iter_mut().zip(x0.as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        let last_group = 10_u64.pow(7 + s);
        let mut modulus = [1, 0, 0, 0];
        for factor in [GROUP, GROUP, GROUP, last_group] {
            multiply(&mut modulus, factor);
        }
        let orbit = Self {
            x,
            modulus,
            last_group,
        };
        let below = orbit.x.iter().rev().lt(modulus.iter().rev());
        below.then_some(orbit)
    }

    /// Whether X_n is 0.
    pub fn is_zero(&self) -> bool {
        self.x == [0; LIMBS]
    }

    /// To X_{n+1} = floor(4 · X_n · (M − X_n) / M). False if it is weak: 0, or X_n.
    pub fn step(&mut self) -> bool {
        let mut rest = self.modulus;
        let mut borrow = false;
        for (left, right) in rest.iter_mut().zip(self.x) {
            let (first, one) = left.overflowing_sub(right);
            let (second, two) = first.overflowing_sub(u64::from(borrow));
            *left = second;
            borrow = one | two;
        }
        let mut product = [0_u64; 2 * LIMBS];
        for (i, left) in self.x.iter().enumerate() {
            let mut carry = 0;
            for (j, right) in rest.iter().enumerate() {
                let sum = u128::from(product[i + j])
                    + u128::from(*left) * u128::from(*right)
                    + u128::from(carry);
                product[i + j] = sum as u64;
                carry = (sum >> 64) as u64;
            }
            product[i + LIMBS] = carry;
        }
        multiply(&mut product, 4);
        for divisor in [GROUP, GROUP, GROUP, self.last_group] {
            divide(&mut product, divisor);
        }
        let stands_still = product[..LIMBS] == self.x;
        self.x.copy_from_slice(&product[..LIMBS]);
        product.zeroize();
        rest.zeroize();
        !stands_still && !self.is_zero()
    }

    /// X_n mod 10^64 as a 256-bit little-endian number.
    pub fn session_key(&self) -> [u8; 32] {
        // What 10^64 goes into is dropped: X_n minus the dropped digits times 10^64.
        let mut dropped = self.x;
        for divisor in [GROUP, GROUP, GROUP, 10_u64.pow(7)] {
            divide(&mut dropped, divisor);
        }
        for factor in [GROUP, GROUP, GROUP, 10_u64.pow(7)] {
            multiply(&mut dropped, factor);
        }
        let mut key = [0; 32];
        let mut borrow = false;
        let limbs = self.x.iter().zip(&dropped);
        for (bytes, (left, right)) in key.as_chunks_mut::<8>().0.iter_mut().zip(limbs) {
            let (first, one) = left.overflowing_sub(*right);
            let (second, two) = first.overflowing_sub(u64::from(borrow));
            *bytes = second.to_le_bytes();
            borrow = one | two;
        }
        dropped.zeroize();
        key
    }
}

impl Drop for Orbit {
    fn drop(&mut self) {
        self.x.zeroize();
    }
}

/// `value *= factor`; nothing is carried out of the top.
fn multiply(value: &mut [u64], factor: u64) {
    let mut carry = 0;
    for limb in value {
        let product = u128::from(*limb) * u128::from(factor) + u128::from(carry);
        *limb = product as u64;
        carry = (product >> 64) as u64;
    }
    debug_assert_eq!(carry, 0, "the product fits");
}

/// `value /= divisor`, rounded down.
fn divide(value: &mut [u64], divisor: u64) {
    let mut rest = 0;
    for limb in value.iter_mut().rev() {
        let part = u128::from(rest) << 64 | u128::from(*limb);
        *limb = (part / u128::from(divisor)) as u64;
        rest = (part % u128::from(divisor)) as u64;
    }
}
