//! The packet's key and cipher with AES-NI and PCLMULQDQ: one block in a register, eight of them in flight.
//!
//! The eight blocks that a packet's key encrypts first are the hash key, what covers the tag, and the key stream of 96
//! bytes: all that a short packet needs. What this code may be relied on for: [`ready`](super::ready).

use std::arch::x86_64::*;

use subtle::ConstantTimeEq as _;
use zerocopy::transmute;
use zeroize::Zeroize as _;

use super::ready::{LAST_ROUND, POLYNOMIAL, RCON, READY, ROUND_KEYS, seal_and_open};
use super::{HEADER, Header, ICV, cipher};
use crate::KEY_BYTES;

type Schedule = [__m128i; ROUND_KEYS];

/// Blocks in flight: on most processors as many as hide the latency of a round.
const LANES: usize = 8;
/// Blocks of key stream out of the first eight.
const AHEAD: usize = LANES - 2;

/// Whether this machine has the instructions.
pub(super) fn is_available() -> bool {
    is_x86_feature_detected!("aes")
        && is_x86_feature_detected!("pclmulqdq")
        && is_x86_feature_detected!("ssse3")
        && is_x86_feature_detected!("sse4.1")
}

macro_rules! with_features {
    ($(#[$doc:meta])* $vis:vis fn $($rest:tt)*) => {
        $(#[$doc])*
        #[target_feature(enable = "aes,pclmulqdq,ssse3,sse4.1")]
        #[inline]
        $vis fn $($rest)*
    };
}

with_features! {
    /// All that packets need of K(i, j) whatever their headers.
    pub(super) fn prepare(key: &[u8; KEY_BYTES], ready: &mut [u8; READY]) {
        let mut schedule = [_mm_setzero_si128(); ROUND_KEYS];
        expand([transmute!(*key)], [&mut schedule]);
        // The first block of each CMAC, and 0, of which the subkeys are made.
        let mut start = [[0_u8; 16]; 3];
        for (n, block) in (1..).zip(&mut start[..2]) {
            block[3] = n;
            block[4..].copy_from_slice(&cipher::LABEL[..12]);
        }
        let [one, two, zero]: [[u8; 16]; 3] = transmute!(encrypt::<3>(&schedule, transmute!(start)));
        let (blocks, _) = ready.as_chunks_mut::<16>();
        for (block, round) in blocks.iter_mut().zip(schedule) {
            *block = transmute!(round);
        }
        schedule.zeroize();
        blocks[ROUND_KEYS] = one;
        blocks[ROUND_KEYS + 1] = two;
        // K2 = 4 · L (SP 800-38B §6.1).
        let double = |value: u128| value << 1 ^ (value >> 127).wrapping_neg() & 0x87;
        blocks[ROUND_KEYS + 2] = double(double(u128::from_be_bytes(zero))).to_be_bytes();
    }
}

with_features! {
    /// The key expansion of AES-256, of several keys side by side (FIPS 197 §5.2). SubWord is that of AESENCLAST: all four
    /// words of its block are the same, which ShiftRows leaves as they are.
    fn expand<const N: usize>(keys: [[__m128i; 2]; N], mut schedules: [&mut Schedule; N]) {
        let rotate = _mm_set1_epi32(0x0c0f_0e0d);
        let keep = _mm_set1_epi32(0x0f0e_0d0c);
        for (schedule, halves) in schedules.iter_mut().zip(keys) {
            schedule[..2].copy_from_slice(&halves);
        }
        for round in 2..ROUND_KEYS {
            let (order, constant) = match round % 2 {
                0 => (rotate, RCON[round / 2 - 1]),
                _ => (keep, 0),
            };
            for schedule in &mut schedules {
                let word = _mm_shuffle_epi8(schedule[round - 1], order);
                let word = _mm_aesenclast_si128(word, _mm_set1_epi32(constant));
                let before = schedule[round - 2];
                let sums = _mm_xor_si128(before, _mm_slli_si128::<4>(before));
                let sums = _mm_xor_si128(sums, _mm_slli_si128::<8>(sums));
                schedule[round] = _mm_xor_si128(sums, word);
            }
        }
    }
}

with_features! {
    fn encrypt<const N: usize>(schedule: &Schedule, blocks: [__m128i; N]) -> [__m128i; N] {
        let mut blocks = blocks.map(|block| _mm_xor_si128(block, schedule[0]));
        for round in &schedule[1..LAST_ROUND] {
            for block in &mut blocks {
                *block = _mm_aesenc_si128(*block, *round);
            }
        }
        blocks.map(|block| _mm_aesenclast_si128(block, schedule[LAST_ROUND]))
    }
}

with_features! {
    /// The packets' keys: CMAC of two messages that differ in their first block only, all side by side.
    fn packet_keys<const N: usize>(
        ready: [&[u8; READY]; N],
        headers: [&Header; N],
    ) -> [[__m128i; 2]; N] {
        let of = |packet: usize, n: usize| -> __m128i {
            transmute!(ready[packet].as_chunks::<16>().0[n])
        };
        let pass = |mut states: [[__m128i; 2]; N]| {
            for n in 0..ROUND_KEYS {
                for (packet, states) in states.iter_mut().enumerate() {
                    let key = of(packet, n);
                    *states = states.map(|state| match n {
                        0 => _mm_xor_si128(state, key),
                        LAST_ROUND => _mm_aesenclast_si128(state, key),
                        _ => _mm_aesenc_si128(state, key),
                    });
                }
            }
            states
        };
        let mut rest = [[[0; 16]; 2]; N];
        for (rest, header) in rest.iter_mut().zip(headers) {
            *rest = cipher::rest_of_message(header);
        }
        let mut states = [[_mm_setzero_si128(); 2]; N];
        for (packet, states) in states.iter_mut().enumerate() {
            let block = transmute!(rest[packet][0]);
            *states = [0, 1].map(|n| _mm_xor_si128(of(packet, ROUND_KEYS + n), block));
        }
        let mut states = pass(states);
        for (packet, states) in states.iter_mut().enumerate() {
            let last = _mm_xor_si128(transmute!(rest[packet][1]), of(packet, ROUND_KEYS + 2));
            *states = states.map(|state| _mm_xor_si128(state, last));
        }
        pass(states)
    }
}

/// A packet's key, nonce and hash key. Wiped when dropped.
struct Gcm {
    schedule: Schedule,
    /// Counter block 0, the counter not yet in its byte order.
    counter: __m128i,
    /// E(0), E(counter block 1), which covers the tag, and the key stream from counter 2 on.
    first: [__m128i; LANES],
}

impl Drop for Gcm {
    fn drop(&mut self) {
        self.schedule.zeroize();
        self.first.zeroize();
    }
}

with_features! {
    fn gcms<const N: usize>(ready: [&[u8; READY]; N], headers: [&Header; N]) -> [Gcm; N] {
        let word = |n: u32| n.swap_bytes() as i32;
        // SPI || 0 || Seq || counter, as numbers in the machine's order.
        let mut made = headers.map(|header| Gcm {
            schedule: [_mm_setzero_si128(); ROUND_KEYS],
            counter: _mm_set_epi32(0, word(header.seq), 0, word(header.spi)),
            first: [_mm_setzero_si128(); LANES],
        });
        let keys = packet_keys(ready, headers);
        expand(keys, made.each_mut().map(|gcm| &mut gcm.schedule));
        for gcm in &mut made {
            let mut blocks = counters(gcm, 0);
            blocks[0] = _mm_setzero_si128();
            gcm.first = encrypt(&gcm.schedule, blocks);
        }
        made
    }
}

with_features! {
    /// Counter blocks from a counter on.
    fn counters<const N: usize>(gcm: &Gcm, from: i32) -> [__m128i; N] {
        let order = _mm_set_epi8(12, 13, 14, 15, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        let first = _mm_add_epi32(gcm.counter, _mm_set_epi32(from, 0, 0, 0));
        let mut blocks = [first; N];
        for (n, block) in (0..).zip(&mut blocks) {
            *block = _mm_shuffle_epi8(_mm_add_epi32(first, _mm_set_epi32(n, 0, 0, 0)), order);
        }
        blocks
    }
}

with_features! {
    /// Encrypts or decrypts: counters from 2 on.
    fn apply(gcm: &Gcm, text: &mut [u8]) {
        let (near, far) = text.split_at_mut(text.len().min(16 * AHEAD));
        cover(near, &gcm.first[2..]);
        let (whole, rest) = far.as_chunks_mut::<{ 16 * LANES }>();
        let mut from = LANES as i32;
        for chunk in whole {
            cover(chunk, &encrypt(&gcm.schedule, counters::<LANES>(gcm, from)));
            from += LANES as i32;
        }
        // Fewer in flight are faster where a round's latency is not what binds.
        match rest.len().div_ceil(16) {
            0 => (),
            1..=4 => cover(rest, &encrypt(&gcm.schedule, counters::<4>(gcm, from))),
            _ => cover(rest, &encrypt(&gcm.schedule, counters::<LANES>(gcm, from))),
        }
    }
}

with_features! {
    fn cover(text: &mut [u8], key_stream: &[__m128i]) {
        let (whole, rest) = text.as_chunks_mut::<16>();
        for (block, key) in whole.iter_mut().zip(key_stream) {
            *block = transmute!(_mm_xor_si128(transmute!(*block), *key));
        }
        if let Some(key) = key_stream.get(whole.len()) {
            let key: [u8; 16] = transmute!(*key);
            for (byte, key) in rest.iter_mut().zip(key) {
                *byte ^= key;
            }
        }
    }
}

with_features! {
    fn reversed(block: __m128i) -> __m128i {
        let order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        _mm_shuffle_epi8(block, order)
    }
}

/// Sums of products, not yet reduced, after Karatsuba: of the low halves, of the sums of halves, of the high halves.
struct Sums(__m128i, __m128i, __m128i);

/// A power of the hash key, and the sum of its halves.
type Power = [__m128i; 2];

with_features! {
    /// Low half: the sum of both halves.
    fn halves(value: __m128i) -> __m128i {
        _mm_xor_si128(value, _mm_shuffle_epi32::<0b01_00_11_10>(value))
    }
}

with_features! {
    fn add_product(sums: &mut Sums, value: __m128i, power: &Power) {
        let low = _mm_clmulepi64_si128::<0x00>(value, power[0]);
        let both = _mm_clmulepi64_si128::<0x00>(halves(value), power[1]);
        let high = _mm_clmulepi64_si128::<0x11>(value, power[0]);
        sums.0 = _mm_xor_si128(sums.0, low);
        sums.1 = _mm_xor_si128(sums.1, both);
        sums.2 = _mm_xor_si128(sums.2, high);
    }
}

with_features! {
    /// The sums times x^−128 modulo the polynomial (Montgomery).
    fn reduce(Sums(low, both, high): Sums) -> __m128i {
        let polynomial = _mm_set1_epi64x(POLYNOMIAL);
        let middle = _mm_xor_si128(both, _mm_xor_si128(low, high));
        let low = _mm_xor_si128(low, _mm_slli_si128::<8>(middle));
        let high = _mm_xor_si128(high, _mm_srli_si128::<8>(middle));
        let once = _mm_clmulepi64_si128::<0x00>(low, polynomial);
        let low = _mm_xor_si128(_mm_shuffle_epi32::<0b01_00_11_10>(low), once);
        let twice = _mm_clmulepi64_si128::<0x00>(low, polynomial);
        let low = _mm_shuffle_epi32::<0b01_00_11_10>(low);
        _mm_xor_si128(high, _mm_xor_si128(low, twice))
    }
}

with_features! {
    fn product(value: __m128i, power: &Power) -> Power {
        let zero = _mm_setzero_si128();
        let mut sums = Sums(zero, zero, zero);
        add_product(&mut sums, value, power);
        let product = reduce(sums);
        [product, halves(product)]
    }
}

/// Powers of the hash key, from the first. Wiped when dropped.
struct Powers<const N: usize>([Power; N]);

impl<const N: usize> Drop for Powers<N> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

with_features! {
    fn powers<const N: usize>(gcm: &Gcm) -> Powers<N> {
        // Times x, as POLYVAL wants it: bit 127 comes back as bits 127, 126, 121 and 0.
        let key: u128 = transmute!(reversed(gcm.first[0]));
        let back = (key >> 127).wrapping_neg() & ((POLYNOMIAL as u64 as u128) << 64 | 1);
        let key = transmute!(key << 1 ^ back);
        let mut powers = Powers([[key, halves(key)]; N]);
        for n in 1..N {
            // The sum of the two powers' exponents is n + 1; halving it keeps the chain short.
            let (left, right) = (n / 2, n - n / 2 - 1);
            powers.0[n] = product(powers.0[left][0], &powers.0[right]);
        }
        powers
    }
}

with_features! {
    /// The ICV of header and ciphertext: GHASH over both, padded with zeros, and their lengths.
    fn icv(gcm: &Gcm, clear: &[u8]) -> [u8; ICV] {
        if clear.len() <= 16 * 16 {
            icv_with::<4>(gcm, clear)
        } else {
            icv_with::<8>(gcm, clear)
        }
    }
}

with_features! {
    /// By so many powers of the hash key, so many blocks at a time.
    fn icv_with<const N: usize>(gcm: &Gcm, clear: &[u8]) -> [u8; ICV] {
        let bits = |bytes: usize| 8 * bytes as u128;
        let lengths = bits(HEADER) << 64 | bits(clear.len() - HEADER);
        let (whole, rest) = clear.as_chunks::<16>();
        let mut ends = [lengths.to_be_bytes(); 2];
        if !rest.is_empty() {
            ends[0] = [0; 16];
            ends[0][..rest.len()].copy_from_slice(rest);
        }
        let blocks = clear.len().div_ceil(16) + 1;
        let Powers(powers) = &powers::<N>(gcm);
        let zero = _mm_setzero_si128();
        let mut hash = zero;
        let mut at = 0;
        while at < blocks {
            let mut sums = Sums(zero, zero, zero);
            if let Some(several) = whole[at.min(whole.len())..].first_chunk::<N>() {
                for (n, block) in several.iter().enumerate() {
                    let block = reversed(transmute!(*block));
                    let block = if n == 0 { _mm_xor_si128(block, hash) } else { block };
                    add_product(&mut sums, block, &powers[N - 1 - n]);
                }
                at += N;
            } else {
                let these = (blocks - at).min(N);
                for n in 0..these {
                    let block = whole.get(at + n).unwrap_or_else(|| &ends[at + n - whole.len()]);
                    let block = reversed(transmute!(*block));
                    let block = if n == 0 { _mm_xor_si128(block, hash) } else { block };
                    add_product(&mut sums, block, &powers[these - 1 - n]);
                }
                at += these;
            }
            hash = reduce(sums);
        }
        transmute!(_mm_xor_si128(reversed(hash), gcm.first[1]))
    }
}

seal_and_open!(with_features);
