//! Constants of the engine, in limbs of 36 bits.
//!
//! M = 10^D with D = 64 + s, G = M / 4 = 2^(D-2) * 5^D, P = X². The next X is 4X - ceil(P / G).

use super::schedule::{KEY_LIMBS, QUOTIENT_LIMBS, constant};
use num_bigint::BigUint;

/// Bits of a limb.
pub(super) const LIMB_BITS: usize = 36;
/// Limbs of X and of all numbers modulo 2^252.
pub(super) const LIMBS: usize = 7;

/// Constants of one s.
pub(super) struct Constants {
    m: BigUint,
    g: BigUint,
    inverse: BigUint,
}

impl Constants {
    /// Lowest limb of P that the quotient is estimated from. Cutting the limbs below off costs less than
    /// 2^(36 low) / G, and what 1/G lacks costs less than P / 2^(36 low + 288): both are below 2^-10 for each s.
    pub(super) fn low_limb(s: u32) -> usize {
        if s <= 4 { 5 } else { 6 }
    }

    /// The constants for `s` dropped digits.
    pub(super) fn new(s: u32) -> Self {
        let m = ten().pow(64 + s);
        let g = &m / 4_u32;
        let inverse = (one() << (LIMB_BITS * (Self::low_limb(s) + 8))) / &g;
        Self { m, g, inverse }
    }
}

fn one() -> BigUint {
    BigUint::from(1_u32)
}

fn ten() -> BigUint {
    BigUint::from(10_u32)
}

/// 10^64.
pub(super) fn key_modulus() -> BigUint {
    ten().pow(64)
}

/// Limb `index` of a number.
pub(super) fn limb(value: &BigUint, index: usize) -> u64 {
    let mask = (one() << LIMB_BITS) - 1_u32;
    let limb = (value >> (LIMB_BITS * index)) & mask;
    limb.iter_u64_digits().next().unwrap_or(0)
}

/// What the memory of operand `b` holds at power-on.
pub(super) fn constants() -> Vec<u64> {
    let mut memory = vec![0; 256];
    let mut put = |at: usize, value: &BigUint, limbs: usize| {
        assert!(
            *value < one() << (LIMB_BITS * limbs),
            "a constant at {at} fits"
        );
        for index in 0..limbs {
            memory[at + index] = limb(value, index);
        }
    };
    put(constant::ONE, &one(), 1);
    put(constant::FOUR, &BigUint::from(4_u32), 1);
    // An operand of all ones times these: 2^66 of 2^72, and 2^63 of 2^72.
    put(constant::QUOTIENT_BIAS, &(one() << 30), 1);
    put(constant::TOP_BIAS, &(one() << 27), 1);
    put(
        constant::TOP_INVERSE,
        &((one() << (LIMB_BITS * LIMBS)) / key_modulus()),
        2,
    );
    put(
        constant::MINUS_KEY_MODULUS,
        &((one() << (LIMB_BITS * KEY_LIMBS)) - key_modulus()),
        KEY_LIMBS,
    );
    for s in 1..=8 {
        let of_s = Constants::new(s);
        let at = constant::OF_S + constant::STRIDE * (s as usize - 1);
        put(at + constant::INVERSE, &of_s.inverse, QUOTIENT_LIMBS);
        put(at + constant::G, &of_s.g, LIMBS);
        put(
            at + constant::MINUS_M,
            &((one() << (LIMB_BITS * LIMBS)) - &of_s.m),
            LIMBS,
        );
    }
    memory
}
