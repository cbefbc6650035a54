//! The step in limbs of 64 bits, for every machine.

use super::constants::{BY_64, Constants, KEY_BY_64};
use crate::KEY_BYTES;
use zeroize::Zeroize;

const L: usize = 4;

/// X, lowest limb first.
type Limbs = [u64; L];

/// An orbit between two steps.
pub(super) struct Orbit {
    x: Limbs,
    /// Steps that were not weak, before the first that was.
    good: u32,
    /// 1 until a step was weak, then 0.
    alive: u32,
    constants: &'static Constants<L>,
}

impl Orbit {
    /// An orbit at X_0, a 256-bit little-endian number below 10^(64 + s); s is 1 to 8.
    pub(super) fn new(x0: &[u8; 32], s: u32) -> Self {
        let mut x = [0; L];
        for (limb, bytes) in x.iter_mut().zip(x0.as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        Self {
            x,
            good: 0,
            alive: 1,
            constants: &BY_64[s as usize - 1],
        }
    }

    /// Makes a step for each key.
    pub(super) fn fill(&mut self, keys: &mut [[u8; KEY_BYTES]]) {
        for key in keys {
            let next = step(&self.x, self.constants);
            self.alive &= goes_on(&self.x, &next);
            self.good += self.alive;
            self.x = next;
            for (bytes, limb) in key.as_chunks_mut().0.iter_mut().zip(session_key(&next)) {
                *bytes = limb.to_le_bytes();
            }
        }
    }

    /// Steps that were not weak, before the first that was.
    pub(super) fn good(&self) -> u32 {
        self.good
    }
}

impl Drop for Orbit {
    fn drop(&mut self) {
        self.x.zeroize();
    }
}

/// 1 if the next X is neither 0 nor X, else 0.
#[inline(always)]
fn goes_on(x: &Limbs, next: &Limbs) -> u32 {
    let (mut bits, mut changes) = (0, 0);
    for (x, next) in x.iter().zip(next) {
        bits |= next;
        changes |= next ^ x;
    }
    u32::from(bits != 0) & u32::from(changes != 0)
}

/// `sum + left · right + carry`: low half and high half. It cannot overflow.
#[inline(always)]
fn multiply_add(sum: u64, left: u64, right: u64, carry: u64) -> (u64, u64) {
    let all = u128::from(left) * u128::from(right) + u128::from(sum) + u128::from(carry);
    (all as u64, (all >> 64) as u64)
}

#[inline(always)]
fn high(left: u64, right: u64) -> u64 {
    ((u128::from(left) * u128::from(right)) >> 64) as u64
}

/// X².
#[inline(always)]
fn square(x: &Limbs) -> [u64; 2 * L] {
    // Products of different limbs, once.
    let (y1, c) = multiply_add(0, x[0], x[1], 0);
    let (y2, c) = multiply_add(0, x[0], x[2], c);
    let (y3, y4) = multiply_add(0, x[0], x[3], c);
    let (y3, c) = multiply_add(y3, x[1], x[2], 0);
    let (y4, y5) = multiply_add(y4, x[1], x[3], c);
    let (y5, y6) = multiply_add(y5, x[2], x[3], 0);
    // Twice, and the squares of the limbs.
    let squares = x.map(|limb| u128::from(limb) * u128::from(limb));
    let doubled = [
        0,
        y1 << 1,
        y2 << 1 | y1 >> 63,
        y3 << 1 | y2 >> 63,
        y4 << 1 | y3 >> 63,
        y5 << 1 | y4 >> 63,
        y6 << 1 | y5 >> 63,
        y6 >> 63,
    ];
    let mut y = [0; 2 * L];
    let mut carry = false;
    for i in 0..2 * L {
        let half = (squares[i / 2] >> (64 * (i % 2))) as u64;
        (y[i], carry) = doubled[i].carrying_add(half, carry);
    }
    y
}

/// q of the module `constants`.
#[inline(always)]
fn estimate(y: &[u64; 2 * L], constants: &Constants<L>) -> Limbs {
    let shift = constants.shift;
    // The shift is 3 to 39, and what it takes from limb 7 is 0: T has at most 2b − h < 256 bits.
    let t: Limbs = std::array::from_fn(|i| y[L - 1 + i] >> shift | y[L + i] << (64 - shift));
    let r = &constants.reciprocal;
    // Column 3, of which only what it carries on is wanted; s is its sum. Nothing overflows: the limbs 3 of T and R are
    // below 2^63, and so are the high halves that they give.
    let (s, c) = constants.bias.carrying_add(high(t[0], r[2]), false);
    let (s, d) = s.carrying_add(high(t[1], r[1]), false);
    let (s, e) = s.carrying_add(high(t[2], r[0]), false);
    let over = u64::from(c) + u64::from(d) + u64::from(e);
    let (s, c) = multiply_add(s, t[0], r[3], 0);
    let q0 = c + over;
    let (s, c) = multiply_add(s, t[1], r[2], 0);
    let (q0, q1) = multiply_add(q0, t[1], r[3], c);
    let (s, c) = multiply_add(s, t[2], r[1], 0);
    let (q0, c) = multiply_add(q0, t[2], r[2], c);
    let (q1, q2) = multiply_add(q1, t[2], r[3], c);
    let (_, c) = multiply_add(s, t[3], r[0], 0);
    let (q0, c) = multiply_add(q0, t[3], r[1], c);
    let (q1, c) = multiply_add(q1, t[3], r[2], c);
    let (q2, q3) = multiply_add(q2, t[3], r[3], c);
    [q0, q1, q2, q3]
}

/// Whether Y > q · N.
#[inline(always)]
fn too_low(y: &[u64; 2 * L], q: &Limbs, constants: &Constants<L>) -> bool {
    let n = &constants.twice_n;
    let (p1, c) = multiply_add(0, q[0], n[0], 0);
    let (p2, c) = multiply_add(0, q[0], n[1], c);
    let p3 = q[0].wrapping_mul(n[2]).wrapping_add(c);
    let (p2, c) = multiply_add(p2, q[1], n[0], 0);
    let p3 = p3.wrapping_add(q[1].wrapping_mul(n[1])).wrapping_add(c);
    let p3 = p3.wrapping_add(q[2].wrapping_mul(n[0]));
    let nothing_below = y[0] << 1 == 0;
    let twice = |i: usize| y[i] << 1 | y[i - 1] >> 63;
    let (_, borrow) = twice(1).borrowing_sub(p1, nothing_below);
    let (_, borrow) = twice(2).borrowing_sub(p2, borrow);
    let top = twice(3).wrapping_sub(p3).wrapping_sub(u64::from(borrow));
    top >> 63 == 0
}

/// X to the next X.
#[inline(always)]
fn step(x: &Limbs, constants: &Constants<L>) -> Limbs {
    let y = square(x);
    let q = estimate(&y, constants);
    let mut next = [0; L];
    let mut borrow = false;
    for i in 0..L {
        let four = if i == 0 {
            x[0] << 2
        } else {
            x[i] << 2 | x[i - 1] >> 62
        };
        (next[i], borrow) = four.borrowing_sub(q[i], borrow);
    }
    let mut borrow = too_low(&y, &q, constants);
    for limb in &mut next {
        (*limb, borrow) = limb.borrowing_sub(0, borrow);
    }
    next
}

/// X mod 10^64.
#[inline(always)]
fn session_key(x: &Limbs) -> Limbs {
    let dropped = high(x[3], KEY_BY_64.reciprocal);
    let modulus = &KEY_BY_64.modulus;
    let (p1, c) = multiply_add(0, dropped, modulus[0], 0);
    let (p2, c) = multiply_add(0, dropped, modulus[1], c);
    let p3 = dropped.wrapping_mul(modulus[2]).wrapping_add(c);
    let (k1, b) = x[1].borrowing_sub(p1, false);
    let (k2, b) = x[2].borrowing_sub(p2, b);
    let (k3, _) = x[3].borrowing_sub(p3, b);
    // Once more, if that still leaves something.
    let (l1, b) = k1.borrowing_sub(modulus[0], false);
    let (l2, b) = k2.borrowing_sub(modulus[1], b);
    let (l3, b) = k3.borrowing_sub(modulus[2], b);
    let keep = u64::from(b).wrapping_neg();
    let choose = |kept: u64, less: u64| less ^ (keep & (kept ^ less));
    [x[0], choose(k1, l1), choose(k2, l2), choose(k3, l3)]
}
