//! The step in limbs of 52 bits with AVX-512 IFMA: eight orbits in the lanes of a register, and several registers side by
//! side, since a multiplication takes four cycles and two can start in each.
//!
//! All that is here but the one call in [`Orbits::step_all`] is safe code: intrinsics that take and give registers are safe
//! in a function that has their features.

use super::constants::{BY_52, Constants, KEY_BY_52};
use crate::KEY_BYTES;
use std::arch::x86_64::*;
use std::array::from_fn;
use zerocopy::transmute;
use zeroize::Zeroize;

/// Limbs of X.
const L: usize = 5;
/// Orbits in a register.
const LANES: usize = 8;
/// Registers side by side.
const SETS: usize = 2;
/// Orbits that are computed together.
pub(super) const ORBITS: usize = LANES * SETS;
/// Bits of a limb.
const WIDTH: u32 = 52;
const MASK: i64 = (1 << WIDTH) - 1;

/// A limb of all orbits. What is done to one set is done to the next before anything waits for it.
type V = [__m512i; SETS];
/// A bit of each orbit.
type Lanes = [__mmask8; SETS];

/// Whether this machine has the instructions.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma")
}

/// The values of [`ORBITS`] orbits, as memory holds them between calls.
pub(super) struct Orbits {
    /// For each set: limbs, lowest first, each with the limb of eight orbits.
    x: [[[u64; LANES]; L]; SETS],
    /// Steps of each orbit that were not weak, before the first that was.
    good: [[u64; LANES]; SETS],
    /// One bit for each orbit that has not been weak.
    alive: [u8; SETS],
    constants: &'static Constants<L>,
}

impl Orbits {
    /// Orbits at X_0, each a 256-bit little-endian number below 10^(64 + s); s is 1 to 8. Lanes without an orbit have 0.
    ///
    /// None where the machine has not got the instructions.
    pub(super) fn new<'a>(x0: impl Iterator<Item = &'a [u8; 32]>, s: u32) -> Option<Self> {
        if !is_available() {
            return None;
        }
        let mut orbits = Self {
            x: [[[0; LANES]; L]; SETS],
            good: [[0; LANES]; SETS],
            alive: [u8::MAX; SETS],
            constants: &BY_52[s as usize - 1],
        };
        for (orbit, x0) in x0.take(ORBITS).enumerate() {
            let (set, lane) = (orbit / LANES, orbit % LANES);
            let mut words = [0; 4];
            for (word, bytes) in words.iter_mut().zip(x0.as_chunks::<8>().0) {
                *word = u64::from_le_bytes(*bytes);
            }
            let [a, b, c, d] = words;
            let limbs = [
                a,
                a >> 52 | b << 12,
                b >> 40 | c << 24,
                c >> 28 | d << 36,
                d >> 16,
            ];
            for (limb, value) in orbits.x[set].iter_mut().zip(limbs) {
                limb[lane] = value & MASK as u64;
            }
            words.zeroize();
        }
        Some(orbits)
    }

    /// Steps of an orbit that were not weak, before the first that was.
    pub(super) fn good(&self, orbit: usize) -> u32 {
        self.good[orbit / LANES][orbit % LANES] as u32
    }

    /// Makes `each` steps of every orbit. Its session keys lie in `keys` from number `orbit` · `each` on.
    pub(super) fn fill(&mut self, keys: &mut [[u8; KEY_BYTES]], each: usize) {
        assert_eq!(keys.len(), each * ORBITS, "room for all keys");
        // SAFETY: `new` made this value, and only on a machine that has AVX-512 F and IFMA.
        unsafe { self.step_all(keys, each) }
    }

    #[target_feature(enable = "avx512f,avx512ifma")]
    fn step_all(&mut self, keys: &mut [[u8; KEY_BYTES]], each: usize) {
        let mut x: [V; L] = from_fn(|limb| from_fn(|set| transmute!(self.x[set][limb])));
        let mut good: V = from_fn(|set| transmute!(self.good[set]));
        for n in 0..each {
            let next = step(&x, self.constants);
            let goes_on = goes_on(&x, &next);
            for set in 0..SETS {
                self.alive[set] &= goes_on[set];
                let one = _mm512_set1_epi64(1);
                good[set] = _mm512_mask_add_epi64(good[set], self.alive[set], good[set], one);
            }
            x = next;
            let words = session_key(&next);
            for set in 0..SETS {
                let lanes = in_order(words.map(|word| word[set]));
                for (lane, key) in lanes.into_iter().enumerate() {
                    keys[(set * LANES + lane) * each + n] = transmute!(key);
                }
            }
        }
        for set in 0..SETS {
            self.x[set] = x.map(|limb| transmute!(limb[set]));
            self.good[set] = transmute!(good[set]);
        }
    }
}

impl Drop for Orbits {
    fn drop(&mut self) {
        self.x.zeroize();
    }
}

/// The low 52 bits of each product, on top of `sum`.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn low(sum: V, left: V, right: V) -> V {
    from_fn(|set| _mm512_madd52lo_epu64(sum[set], left[set], right[set]))
}

/// The high 52 bits of each product, on top of `sum`.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn high(sum: V, left: V, right: V) -> V {
    from_fn(|set| _mm512_madd52hi_epu64(sum[set], left[set], right[set]))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn add(left: V, right: V) -> V {
    from_fn(|set| _mm512_add_epi64(left[set], right[set]))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn subtract(left: V, right: V) -> V {
    from_fn(|set| _mm512_sub_epi64(left[set], right[set]))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn or(left: V, right: V) -> V {
    from_fn(|set| _mm512_or_si512(left[set], right[set]))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn shift_left<const BY: u32>(value: V) -> V {
    value.map(|value| _mm512_slli_epi64::<BY>(value))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn shift_right<const BY: u32>(value: V) -> V {
    value.map(|value| _mm512_srli_epi64::<BY>(value))
}

#[target_feature(enable = "avx512f")]
#[inline]
fn splat(value: u64) -> V {
    [_mm512_set1_epi64(value as i64); SETS]
}

/// What is in each limb below 2^52.
#[target_feature(enable = "avx512f")]
#[inline]
fn limb(value: V) -> V {
    value.map(|value| _mm512_and_si512(value, _mm512_set1_epi64(MASK)))
}

/// What is beyond; limbs are signed.
#[target_feature(enable = "avx512f")]
#[inline]
fn carry(value: V) -> V {
    value.map(|value| _mm512_srai_epi64::<WIDTH>(value))
}

/// X², in whole limbs.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn square(x: &[V; L]) -> [V; 2 * L] {
    let zero = splat(0);
    // Columns of at most ten terms below 2^52.
    let mut different = [zero; 2 * L];
    let mut same = [zero; 2 * L];
    for i in 0..L {
        for j in i + 1..L {
            different[i + j] = low(different[i + j], x[i], x[j]);
            different[i + j + 1] = high(different[i + j + 1], x[i], x[j]);
        }
        same[2 * i] = low(zero, x[i], x[i]);
        same[2 * i + 1] = high(zero, x[i], x[i]);
    }
    let mut y = [zero; 2 * L];
    let mut over = zero;
    for i in 0..2 * L {
        let column = add(add(shift_left::<1>(different[i]), same[i]), over);
        y[i] = limb(column);
        over = carry(column);
    }
    y
}

/// q of the module `constants`, in whole limbs.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn estimate(y: &[V; 2 * L], constants: &Constants<L>) -> [V; L] {
    let zero = splat(0);
    let right = _mm_cvtsi32_si128(constants.shift as i32);
    let left = _mm_cvtsi32_si128((WIDTH - constants.shift) as i32);
    let mut t = [zero; L];
    for i in 0..L {
        // T has at most 2b − h <= 260 bits: the shift leaves nothing in limb 9 that is not in T.
        let above = y[L + i].map(|y| _mm512_sll_epi64(y, left));
        let below = y[L - 1 + i].map(|y| _mm512_srl_epi64(y, right));
        t[i] = or(below, limb(above));
    }
    // Columns L − 1 to 2L − 1, each of at most ten terms below 2^52; low and high halves apart, for shorter chains.
    let (mut lows, mut highs) = ([zero; L + 1], [zero; L + 1]);
    highs[0] = splat(constants.bias);
    for i in 0..L {
        for j in 0..L {
            let r = splat(constants.reciprocal[j]);
            if i + j >= L - 1 {
                lows[i + j - (L - 1)] = low(lows[i + j - (L - 1)], t[i], r);
            }
            if i + j >= L - 2 {
                highs[i + j - (L - 2)] = high(highs[i + j - (L - 2)], t[i], r);
            }
        }
    }
    let mut q = [zero; L];
    let mut over = carry(add(lows[0], highs[0]));
    for i in 0..L {
        let column = add(add(lows[i + 1], highs[i + 1]), over);
        q[i] = limb(column);
        over = carry(column);
    }
    q
}

/// One bit for each lane where Y > q · N.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn too_low(y: &[V; 2 * L], q: &[V; L], constants: &Constants<L>) -> Lanes {
    let zero = splat(0);
    let (mut lows, mut highs) = ([zero; L - 1], [zero; L - 1]);
    for i in 0..L - 1 {
        for j in 0..L - 1 - i {
            let n = splat(constants.twice_n[j]);
            lows[i + j] = low(lows[i + j], q[i], n);
            if i + j + 1 < L - 1 {
                highs[i + j + 1] = high(highs[i + j + 1], q[i], n);
            }
        }
    }
    // The lowest limb of 2Y: what it leaves to the next, and whether it is 0.
    let lowest = shift_left::<1>(y[0]);
    let mut over = carry(lowest);
    for (over, lowest) in over.iter_mut().zip(lowest) {
        let nothing = _mm512_testn_epi64_mask(lowest, _mm512_set1_epi64(MASK));
        *over = _mm512_mask_sub_epi64(*over, nothing, *over, _mm512_set1_epi64(1));
    }
    let mut difference = zero;
    for i in 0..L - 1 {
        let column = subtract(shift_left::<1>(y[i + 1]), add(lows[i], highs[i]));
        difference = add(column, over);
        over = carry(difference);
    }
    let sign = _mm512_set1_epi64(1 << (WIDTH - 1));
    difference.map(|difference| _mm512_testn_epi64_mask(difference, sign))
}

/// X to the next X.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn step(x: &[V; L], constants: &Constants<L>) -> [V; L] {
    let y = square(x);
    let q = estimate(&y, constants);
    let more = too_low(&y, &q, constants);
    let mut over = more.map(|more| _mm512_maskz_set1_epi64(more, -1));
    let mut next = [over; L];
    for i in 0..L {
        let column = add(subtract(shift_left::<2>(x[i]), q[i]), over);
        next[i] = limb(column);
        over = carry(column);
    }
    next
}

/// One bit for each lane where the next X is neither 0 nor X.
#[target_feature(enable = "avx512f")]
#[inline]
fn goes_on(x: &[V; L], next: &[V; L]) -> Lanes {
    from_fn(|set| {
        let (mut bits, mut changes) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for (x, next) in x.iter().zip(next) {
            bits = _mm512_or_si512(bits, next[set]);
            changes = _mm512_or_si512(changes, _mm512_xor_si512(next[set], x[set]));
        }
        _mm512_test_epi64_mask(bits, bits) & _mm512_test_epi64_mask(changes, changes)
    })
}

/// X mod 10^64 in limbs of 64 bits.
#[target_feature(enable = "avx512f,avx512ifma")]
#[inline]
fn session_key(x: &[V; L]) -> [V; 4] {
    let zero = splat(0);
    let dropped = high(zero, x[L - 1], splat(KEY_BY_52.reciprocal));
    let modulus: [V; L] = KEY_BY_52.modulus.map(|limb| splat(limb));
    // Less the estimate times 10^64, and less another 10^64, kept unless it is negative.
    let (mut once, mut twice) = (*x, *x);
    let (mut over, mut over_twice) = (zero, zero);
    for i in 1..L {
        let mut product = low(zero, dropped, modulus[i - 1]);
        if i > 1 {
            product = high(product, dropped, modulus[i - 2]);
        }
        let column = add(subtract(x[i], product), over);
        once[i] = limb(column);
        over = carry(column);
        let column = add(subtract(once[i], modulus[i - 1]), over_twice);
        twice[i] = limb(column);
        over_twice = carry(column);
    }
    let negative = over_twice.map(|over| _mm512_cmplt_epi64_mask(over, _mm512_setzero_si512()));
    let k: [V; L] = from_fn(|i| {
        from_fn(|set| _mm512_mask_mov_epi64(twice[i][set], negative[set], once[i][set]))
    });
    [
        or(k[0], shift_left::<52>(k[1])),
        or(shift_right::<12>(k[1]), shift_left::<40>(k[2])),
        or(shift_right::<24>(k[2]), shift_left::<28>(k[3])),
        or(shift_right::<36>(k[3]), shift_left::<16>(k[4])),
    ]
}

/// From words of eight keys to keys of four words.
#[target_feature(enable = "avx512f")]
#[inline]
fn in_order(words: [__m512i; 4]) -> [__m256i; LANES] {
    let [a, b, c, d] = words;
    // Words 0 and 1, 2 and 3, of keys 0, 2, 4, 6 and 1, 3, 5, 7.
    let (even_low, even_high) = (_mm512_unpacklo_epi64(a, b), _mm512_unpacklo_epi64(c, d));
    let (odd_low, odd_high) = (_mm512_unpackhi_epi64(a, b), _mm512_unpackhi_epi64(c, d));
    let first = _mm512_set_epi64(11, 10, 3, 2, 9, 8, 1, 0);
    let second = _mm512_set_epi64(15, 14, 7, 6, 13, 12, 5, 4);
    let keys = [
        _mm512_permutex2var_epi64(even_low, first, even_high),
        _mm512_permutex2var_epi64(odd_low, first, odd_high),
        _mm512_permutex2var_epi64(even_low, second, even_high),
        _mm512_permutex2var_epi64(odd_low, second, odd_high),
    ];
    let low = |keys: __m512i| _mm512_castsi512_si256(keys);
    let high = |keys: __m512i| _mm512_extracti64x4_epi64::<1>(keys);
    [
        low(keys[0]),
        low(keys[1]),
        high(keys[0]),
        high(keys[1]),
        low(keys[2]),
        low(keys[3]),
        high(keys[2]),
        high(keys[3]),
    ]
}
