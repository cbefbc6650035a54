//! Constants of the step, one table for each width of limbs and each s; all made at compile time.
//!
//! What is computed, with D = 64 + s, M = 10^D, N = M/4 = 2^(D−2) · 5^D, Y = X²:
//!
//! ```text
//! 4·X·(M − X)/M = 4X − Y/N,   so   X' = floor(…) = 4X − k   with   k = ceil(Y/N)
//! ```
//!
//! A reciprocal gives q with q = k or q = k − 1, and one comparison tells which: k = q + [Y > q·N].
//!
//! **The estimate.** Let b be the number of bits of M (M < 2^b, N > 2^(b−3)) and W the bits of all limbs (256 or 260).
//! With T = floor(Y / 2^h) and R = floor(2^(W+h) / N) + 1
//!
//! ```text
//! Y/N  <  (T + 1)·R / 2^W  =  (T·R + R) / 2^W
//! (T + 1)·R / 2^W − Y/N  <=  R/2^W + (T + 1)/2^W  <=  2^(h−b+3) + 2^(2b−h−W) + 2^(1−W)   (*)
//! ```
//!
//! Let there be L limbs of w bits. Of the limb products of T·R, column c of which has the weight 2^(wc), the columns below
//! L − 2 and the low halves of column L − 2 are left out: less than `dropped` units of 2^(w(L−1)). `bias` adds those units,
//! and R rounded up to such a unit, so that the sum is (T + 1)·R or more, by at most `dropped` + 1 units of 2^−w of the
//! quotient. So
//!
//! ```text
//! Y/N <= estimate < Y/N + 1      (`gap` of the tests: (*) + 2^−48 is at most 1/16 for every s)
//! ```
//!
//! and floor(estimate) is ceil(Y/N) or one less: it is below ceil(Y/N) + 1, and not below floor(Y/N).
//!
//! **The comparison.** 2N = 2^(D−1) · 5^D has at least 64 zero bits at its end, so its lowest limb is 0. Y > q·N is
//! 2Y − q·2N >= 1. Without lowest limbs, where [u] is 1 if 2Y's is not 0: floor(2Y/2^w) + [u] − 1 − q·(2N/2^w) >= 0. That
//! difference is at most N·2^(1−w) in magnitude, so that it is enough to have it modulo 2^(W−w) and to look at its sign.

/// Most limbs of what the tables are computed with.
const WIDE: usize = 9;
type Wide = [u64; WIDE];

/// Units that `bias` makes up for, see above: L − 1 low halves, L − 2 high ones, and one for all below.
const fn dropped(limbs: usize) -> u64 {
    2 * limbs as u64 - 2
}

/// What one width of limbs needs of one s. Limbs are below 2^52 or 2^64, lowest first; unused ones are 0.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Constants<const L: usize> {
    /// h without the whole limbs in it.
    pub(super) shift: u32,
    /// R.
    pub(super) reciprocal: [u64; L],
    /// What is added to limb L − 1 of T·R.
    pub(super) bias: u64,
    /// 2N without its lowest limb.
    pub(super) twice_n: [u64; L],
}

/// What a session key needs, whatever s is: floor(X / 10^64) is estimated from the top limb x of X, as the high half of
/// x · `reciprocal`.
///
/// With t = 2^(w(L−1)) and `reciprocal` = floor(2^w · t / 10^64), x·t <= X < (x + 1)·t and the estimate is not above
/// X/10^64; it is below by less than t/10^64 + x/2^w + 1 < 2, so floor(X / 10^64) is the estimate or one more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct KeyConstants<const L: usize> {
    /// See above.
    pub(super) reciprocal: u64,
    /// 10^64, whose lowest limb is 0, without it.
    pub(super) modulus: [u64; L],
}

/// Of limbs of 64 bits.
pub(super) static BY_64: [Constants<4>; 8] = tables::<4>(64);
/// Of limbs of 52 bits.
pub(super) static BY_52: [Constants<5>; 8] = tables::<5>(52);
/// Of limbs of 64 bits.
pub(super) static KEY_BY_64: KeyConstants<4> = key_constants::<4>(64);
/// Of limbs of 52 bits.
pub(super) static KEY_BY_52: KeyConstants<5> = key_constants::<5>(52);

const fn tables<const L: usize>(width: u32) -> [Constants<L>; 8] {
    [
        constants(1, width),
        constants(2, width),
        constants(3, width),
        constants(4, width),
        constants(5, width),
        constants(6, width),
        constants(7, width),
        constants(8, width),
    ]
}

/// Bits of M = 10^(64 + s).
pub(super) const fn bits(s: u32) -> u32 {
    bit_length(&power_of_ten(64 + s))
}

/// h: in the middle between what T and what R lose, and at least L − 1 limbs, so that T starts in limb L − 1 of Y.
pub(super) const fn h(s: u32, width: u32, limbs: u32) -> u32 {
    let middle = (3 * bits(s) - width * limbs - 2) / 2;
    let least = width * (limbs - 1);
    if middle > least { middle } else { least }
}

const fn constants<const L: usize>(s: u32, width: u32) -> Constants<L> {
    let h = h(s, width, L as u32);
    let m = power_of_ten(64 + s);
    // 2^(W + h) / N = 2^(W + h + 2) / M.
    let mut reciprocal = divided(width * L as u32 + h + 2, &m);
    add_one(&mut reciprocal);
    let reciprocal = limbs::<L>(&reciprocal, width);
    let twice_n = shifted_right(&m, 1 + width);
    Constants {
        shift: h - width * (L as u32 - 1),
        // Rounded up, that is by one.
        bias: reciprocal[L - 1] + 1 + dropped(L),
        reciprocal,
        twice_n: limbs::<L>(&twice_n, width),
    }
}

const fn key_constants<const L: usize>(width: u32) -> KeyConstants<L> {
    let modulus = power_of_ten(64);
    KeyConstants {
        reciprocal: divided(width * L as u32, &modulus)[0],
        modulus: limbs::<L>(&shifted_right(&modulus, width), width),
    }
}

const fn power_of_ten(exponent: u32) -> Wide {
    let mut value = [0; WIDE];
    value[0] = 1;
    let mut n = 0;
    while n < exponent {
        let (mut carry, mut i) = (0, 0);
        while i < WIDE {
            carry += value[i] as u128 * 10;
            value[i] = carry as u64;
            carry >>= 64;
            i += 1;
        }
        n += 1;
    }
    value
}

const fn bit_length(value: &Wide) -> u32 {
    let mut i = WIDE;
    while i > 0 {
        i -= 1;
        if value[i] != 0 {
            return 64 * i as u32 + 64 - value[i].leading_zeros();
        }
    }
    0
}

const fn shifted_right(value: &Wide, by: u32) -> Wide {
    let mut result = [0; WIDE];
    let (whole, part) = ((by / 64) as usize, by % 64);
    let mut i = 0;
    while i + whole < WIDE {
        result[i] = value[i + whole] >> part;
        if part != 0 && i + whole + 1 < WIDE {
            result[i] |= value[i + whole + 1] << (64 - part);
        }
        i += 1;
    }
    result
}

/// floor(2^exponent / divisor), bit by bit.
const fn divided(exponent: u32, divisor: &Wide) -> Wide {
    let (mut quotient, mut rest) = ([0; WIDE], [0; WIDE]);
    rest[0] = 1;
    let mut left = exponent;
    loop {
        let (less, borrow) = subtracted(&rest, divisor);
        if !borrow {
            rest = less;
            quotient[left as usize / 64] |= 1 << (left % 64);
        }
        if left == 0 {
            return quotient;
        }
        left -= 1;
        let mut i = WIDE - 1;
        while i > 0 {
            rest[i] = rest[i] << 1 | rest[i - 1] >> 63;
            i -= 1;
        }
        rest[0] <<= 1;
    }
}

const fn subtracted(left: &Wide, right: &Wide) -> (Wide, bool) {
    let (mut result, mut borrow, mut i) = ([0; WIDE], false, 0);
    while i < WIDE {
        let (less, first) = left[i].overflowing_sub(right[i]);
        let (less, second) = less.overflowing_sub(borrow as u64);
        result[i] = less;
        borrow = first | second;
        i += 1;
    }
    (result, borrow)
}

const fn add_one(value: &mut Wide) {
    let (mut carry, mut i) = (true, 0);
    while i < WIDE {
        (value[i], carry) = value[i].overflowing_add(carry as u64);
        i += 1;
    }
}

/// The value in limbs of another width; it has to fit.
const fn limbs<const L: usize>(value: &Wide, width: u32) -> [u64; L] {
    assert!(bit_length(value) <= width * L as u32, "it fits");
    let mut result = [0; L];
    let mut i = 0;
    while i < L {
        result[i] = shifted_right(value, width * i as u32)[0] & (u64::MAX >> (64 - width));
        i += 1;
    }
    result
}
