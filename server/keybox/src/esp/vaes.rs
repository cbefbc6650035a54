//! The packet's key and cipher with AVX-512, VAES and VPCLMULQDQ: four blocks in a register.
//!
//! The key expansions of four packets are the four lanes of one. What this code may be relied on for:
//! [`ready`](super::ready).

use std::arch::x86_64::*;

use subtle::ConstantTimeEq as _;
use zerocopy::transmute;
use zeroize::Zeroize as _;

use super::ready::{AT_ONCE, LAST_ROUND, POLYNOMIAL, RCON, READY, ROUND_KEYS, seal_and_open};
use super::{HEADER, Header, ICV, aesni, cipher};

/// Round keys, each in all four lanes.
type Schedule = [__m512i; ROUND_KEYS];

/// Whether this machine has the instructions.
pub(super) fn is_available() -> bool {
    aesni::is_available()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("vaes")
        && is_x86_feature_detected!("vpclmulqdq")
}

macro_rules! with_features {
    ($(#[$doc:meta])* $vis:vis fn $($rest:tt)*) => {
        $(#[$doc])*
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,vaes,vpclmulqdq,aes,pclmulqdq")]
        #[inline]
        $vis fn $($rest)*
    };
}

with_features! {
    /// The key expansion of AES-256 in each lane (FIPS 197 §5.2). SubWord is that of AESENCLAST: all four words of its
    /// block are the same, which ShiftRows leaves as they are.
    fn expand(low: __m512i, high: __m512i) -> Schedule {
        let rotate = _mm512_set1_epi32(0x0c0f_0e0d);
        let keep = _mm512_set1_epi32(0x0f0e_0d0c);
        let next = |before: __m512i, last: __m512i, order: __m512i, constant: i32| {
            let word = _mm512_shuffle_epi8(last, order);
            let word = _mm512_aesenclast_epi128(word, _mm512_set1_epi32(constant));
            let sums = _mm512_xor_si512(before, _mm512_bslli_epi128::<4>(before));
            let sums = _mm512_xor_si512(sums, _mm512_bslli_epi128::<8>(sums));
            _mm512_xor_si512(sums, word)
        };
        let mut schedule = [low; ROUND_KEYS];
        schedule[1] = high;
        for round in 2..ROUND_KEYS {
            let (order, constant) = match round % 2 {
                0 => (rotate, RCON[round / 2 - 1]),
                _ => (keep, 0),
            };
            schedule[round] = next(schedule[round - 2], schedule[round - 1], order, constant);
        }
        schedule
    }
}

with_features! {
    /// AES-256 of four blocks in each register.
    fn encrypt<const N: usize>(schedule: &Schedule, blocks: [__m512i; N]) -> [__m512i; N] {
        let mut blocks = blocks.map(|block| _mm512_xor_si512(block, schedule[0]));
        for round in &schedule[1..ROUND_KEYS - 1] {
            for block in &mut blocks {
                *block = _mm512_aesenc_epi128(*block, *round);
            }
        }
        blocks.map(|block| _mm512_aesenclast_epi128(block, schedule[ROUND_KEYS - 1]))
    }
}

with_features! {
    /// The packets' keys: CMAC of two messages that differ in their first block only, side by side in the two lanes of a
    /// packet.
    fn packet_keys<const N: usize>(
        ready: [&[u8; READY]; N],
        headers: [&Header; N],
    ) -> [__m256i; N] {
        let blocks = ready.map(|ready| ready.as_chunks::<16>().0);
        let round = |packet: usize, n: usize| {
            _mm256_broadcastsi128_si256(transmute!(blocks[packet][n]))
        };
        let mut rest = [[[0; 16]; 2]; N];
        for (rest, header) in rest.iter_mut().zip(headers) {
            *rest = cipher::rest_of_message(header);
        }
        let both = |packet: usize, n: usize| {
            _mm256_broadcastsi128_si256(transmute!(rest[packet][n]))
        };
        let pass = |mut states: [__m256i; N]| {
            for (packet, state) in states.iter_mut().enumerate() {
                *state = _mm256_xor_si256(*state, round(packet, 0));
            }
            for n in 1..LAST_ROUND {
                for (packet, state) in states.iter_mut().enumerate() {
                    *state = _mm256_aesenc_epi128(*state, round(packet, n));
                }
            }
            for (packet, state) in states.iter_mut().enumerate() {
                *state = _mm256_aesenclast_epi128(*state, round(packet, LAST_ROUND));
            }
            states
        };
        let mut states = [_mm256_setzero_si256(); N];
        for (packet, state) in states.iter_mut().enumerate() {
            let start: [[u8; 16]; 2] =
                [blocks[packet][ROUND_KEYS], blocks[packet][ROUND_KEYS + 1]];
            *state = _mm256_xor_si256(transmute!(start), both(packet, 0));
        }
        let mut states = pass(states);
        for (packet, state) in states.iter_mut().enumerate() {
            let last = _mm256_xor_si256(both(packet, 1), round(packet, ROUND_KEYS + 2));
            *state = _mm256_xor_si256(*state, last);
        }
        pass(states)
    }
}

/// A packet's key, nonce and hash key. Wiped when dropped.
struct Gcm {
    schedule: Schedule,
    /// Counter blocks 0 … 3, the counter not yet in its byte order.
    counters: __m512i,
    /// E(counter block 1), which covers the tag.
    cover: __m128i,
    /// H as POLYVAL wants it.
    hash_key: __m128i,
}

impl Drop for Gcm {
    fn drop(&mut self) {
        self.schedule.zeroize();
        self.cover.zeroize();
        self.hash_key.zeroize();
    }
}

with_features! {
    /// Lane `n` of a register in all of its lanes.
    fn lane(value: __m512i, n: usize) -> __m512i {
        match n {
            0 => _mm512_shuffle_i32x4::<0b00_00_00_00>(value, value),
            1 => _mm512_shuffle_i32x4::<0b01_01_01_01>(value, value),
            2 => _mm512_shuffle_i32x4::<0b10_10_10_10>(value, value),
            _ => _mm512_shuffle_i32x4::<0b11_11_11_11>(value, value),
        }
    }
}

with_features! {
    /// Of up to four packets: their key expansions are the four lanes of one, and their other chains go side by side. A
    /// packet's chains by themselves leave the processor waiting most of the time.
    fn gcms<const N: usize>(ready: [&[u8; READY]; N], headers: [&Header; N]) -> [Gcm; N] {
        const { assert!(N <= AT_ONCE) }
        let keys = packet_keys(ready, headers);
        let mut halves = [_mm512_setzero_si512(); 2];
        for (n, key) in keys.into_iter().enumerate() {
            let key = _mm512_castsi256_si512(key);
            // The lanes of its own and those above, which the packets after it take.
            let mask = 0xff << (2 * n);
            for (half, lanes) in halves.iter_mut().enumerate() {
                *lanes = _mm512_mask_mov_epi64(*lanes, mask, lane(key, half));
            }
        }
        let schedule = expand(halves[0], halves[1]);
        let word = |n: u32| n.swap_bytes() as i32;
        let numbers = _mm512_set_epi32(3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0);
        // SPI || 0 || Seq || counter, as numbers in the machine's order.
        let counters = headers.map(|header| {
            let first = _mm_set_epi32(0, word(header.seq), 0, word(header.spi));
            _mm512_add_epi32(_mm512_broadcast_i32x4(first), numbers)
        });
        // Lane 0 is wanted of the block 0, and lane 1 of counter 1.
        let mut blocks = counters.map(|counters| _mm512_maskz_mov_epi64(0b1111_1100, in_order(counters)));
        let mut made: [Gcm; N] = counters.map(|counters| Gcm {
            schedule: [_mm512_setzero_si512(); ROUND_KEYS],
            counters,
            cover: _mm_setzero_si128(),
            hash_key: _mm_setzero_si128(),
        });
        for (round, keys) in schedule.into_iter().enumerate() {
            for (n, (gcm, block)) in made.iter_mut().zip(&mut blocks).enumerate() {
                // Of a single packet all lanes are the same.
                let key = if N == 1 { keys } else { lane(keys, n) };
                gcm.schedule[round] = key;
                *block = match round {
                    0 => _mm512_xor_si512(*block, key),
                    LAST_ROUND => _mm512_aesenclast_epi128(*block, key),
                    _ => _mm512_aesenc_epi128(*block, key),
                };
            }
        }
        for (gcm, block) in made.iter_mut().zip(blocks) {
            gcm.cover = _mm512_extracti32x4_epi32::<1>(block);
            gcm.hash_key = double(reversed(_mm512_castsi512_si128(block)));
        }
        made
    }
}

with_features! {
    /// Counters in the byte order of a counter block.
    fn in_order(counters: __m512i) -> __m512i {
        let order = _mm_set_epi8(12, 13, 14, 15, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
        _mm512_shuffle_epi8(counters, _mm512_broadcast_i32x4(order))
    }
}

with_features! {
    /// Encrypts or decrypts: counters from 2 on.
    fn apply(gcm: &Gcm, text: &mut [u8]) {
        let plus = |n: i32| _mm512_set_epi32(n, 0, 0, 0, n, 0, 0, 0, n, 0, 0, 0, n, 0, 0, 0);
        let mut counters = _mm512_add_epi32(gcm.counters, plus(2));
        let mut four = || {
            let these = [0, 4, 8, 12].map(|n| in_order(_mm512_add_epi32(counters, plus(n))));
            counters = _mm512_add_epi32(counters, plus(16));
            these
        };
        let (whole, rest) = text.as_chunks_mut::<256>();
        for chunk in whole {
            cover(chunk, encrypt(&gcm.schedule, four()));
        }
        if rest.is_empty() {
            return;
        }
        let mut chunk = [0; 256];
        chunk[..rest.len()].copy_from_slice(rest);
        let [a, b, c, d] = four();
        match rest.len().div_ceil(64) {
            1 => cover(&mut chunk, encrypt(&gcm.schedule, [a])),
            2 => cover(&mut chunk, encrypt(&gcm.schedule, [a, b])),
            3 => cover(&mut chunk, encrypt(&gcm.schedule, [a, b, c])),
            _ => cover(&mut chunk, encrypt(&gcm.schedule, [a, b, c, d])),
        }
        rest.copy_from_slice(&chunk[..rest.len()]);
    }
}

with_features! {
    fn cover<const N: usize>(chunk: &mut [u8; 256], key_stream: [__m512i; N]) {
        for (bytes, key) in chunk.as_chunks_mut::<64>().0.iter_mut().zip(key_stream) {
            *bytes = transmute!(_mm512_xor_si512(transmute!(*bytes), key));
        }
    }
}

with_features! {
    fn reversed(block: __m128i) -> __m128i {
        let order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        _mm_shuffle_epi8(block, order)
    }
}

with_features! {
    /// Times x: bit 127 comes back as bits 127, 126, 121 and 0.
    fn double(value: __m128i) -> __m128i {
        let value: u128 = transmute!(value);
        let back = (value >> 127).wrapping_neg() & ((POLYNOMIAL as u64 as u128) << 64 | 1);
        transmute!(value << 1 ^ back)
    }
}

/// Sums of products, not yet reduced: low, middle and high 128 bits.
#[derive(Clone, Copy)]
struct Sums(__m512i, __m512i, __m512i);

with_features! {
    /// Adds the lanes' products.
    fn add_product(sums: Option<Sums>, left: __m512i, right: __m512i) -> Sums {
        let low = _mm512_clmulepi64_epi128::<0x00>(left, right);
        let high = _mm512_clmulepi64_epi128::<0x11>(left, right);
        let cross = _mm512_clmulepi64_epi128::<0x01>(left, right);
        let other = _mm512_clmulepi64_epi128::<0x10>(left, right);
        match sums {
            None => Sums(low, _mm512_xor_si512(cross, other), high),
            Some(Sums(l, m, h)) => Sums(
                _mm512_xor_si512(l, low),
                // Three at once.
                _mm512_ternarylogic_epi64::<0x96>(m, cross, other),
                _mm512_xor_si512(h, high),
            ),
        }
    }
}

with_features! {
    /// Each lane's sums times x^−128 modulo the polynomial (Montgomery).
    fn reduce(Sums(low, middle, high): Sums) -> __m512i {
        let polynomial = _mm512_set1_epi64(POLYNOMIAL);
        let low = _mm512_xor_si512(low, _mm512_bslli_epi128::<8>(middle));
        let high = _mm512_xor_si512(high, _mm512_bsrli_epi128::<8>(middle));
        let once = _mm512_clmulepi64_epi128::<0x00>(low, polynomial);
        let low = _mm512_xor_si512(_mm512_shuffle_epi32::<0b01_00_11_10>(low), once);
        let twice = _mm512_clmulepi64_epi128::<0x00>(low, polynomial);
        let low = _mm512_shuffle_epi32::<0b01_00_11_10>(low);
        _mm512_ternarylogic_epi64::<0x96>(high, low, twice)
    }
}

with_features! {
    fn product(left: __m512i, right: __m512i) -> __m512i {
        reduce(add_product(None, left, right))
    }
}

with_features! {
    /// Sum of the four lanes, in lane 0.
    fn fold(value: __m512i) -> __m512i {
        let high = _mm512_shuffle_i32x4::<0b11_10_11_10>(value, value);
        let two = _mm512_xor_si512(value, high);
        let other = _mm512_shuffle_i32x4::<0b01_01_01_01>(two, two);
        let one = _mm512_xor_si512(two, other);
        _mm512_maskz_mov_epi64(0b11, one)
    }
}

with_features! {
    /// Powers of the hash key, 4 to 1 in the lanes of the first, 8 to 5 of the second, and so on. `wanted` of them are right.
    fn powers(hash_key: __m128i, wanted: usize) -> [__m512i; 4] {
        let one = _mm512_broadcast_i32x4(hash_key);
        let two = product(one, one);
        let two_and_one = _mm512_mask_mov_epi64(one, 0b0011_0011, two);
        let four_and_three = product(two_and_one, two);
        let first = _mm512_mask_mov_epi64(two_and_one, 0b0000_1111, four_and_three);
        let mut powers = [first; 4];
        if wanted > 1 {
            let four = _mm512_shuffle_i32x4::<0>(first, first);
            powers[1] = product(first, four);
        }
        if wanted > 2 {
            let eight = _mm512_shuffle_i32x4::<0>(powers[1], powers[1]);
            powers[2] = product(first, eight);
            powers[3] = product(powers[1], eight);
        }
        powers
    }
}

with_features! {
    /// The ICV of header and ciphertext: GHASH over both, padded with zeros, and their lengths.
    fn icv(gcm: &Gcm, clear: &[u8]) -> [u8; ICV] {
        let order = _mm_set_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
        let order = _mm512_broadcast_i32x4(order);
        let bits = |bytes: usize| 8 * bytes as u128;
        let lengths = bits(HEADER) << 64 | bits(clear.len() - HEADER);
        let registers = (clear.len().div_ceil(16) + 1).div_ceil(4);
        // Zeros in front change nothing, and bring the last block into the last lane.
        let front = registers * 64 - (clear.len().next_multiple_of(16) + 16);
        let load = |register: usize| -> __m512i {
            let bytes = if register > 0 && register + 1 < registers {
                let at = register * 64 - front;
                match clear[at..].first_chunk::<64>() {
                    Some(bytes) => *bytes,
                    None => [0; 64],
                }
            } else {
                let mut bytes = [0; 64];
                let from = (register * 64).saturating_sub(front);
                let into = if register == 0 { front } else { 0 };
                let part = &clear[from..clear.len().min(from + 64 - into)];
                bytes[into..into + part.len()].copy_from_slice(part);
                if register + 1 == registers {
                    bytes[48..].copy_from_slice(&lengths.to_be_bytes());
                }
                bytes
            };
            _mm512_shuffle_epi8(transmute!(bytes), order)
        };
        let at_once = match registers {
            1 => 1,
            2 => 2,
            _ => 4,
        };
        let powers = powers(gcm.hash_key, at_once);
        let mut hash = _mm512_setzero_si512();
        let mut register = 0;
        while register < registers {
            let left = (registers - register) % at_once;
            let these = if left == 0 { at_once } else { left };
            let mut sums = None;
            for n in 0..these {
                let blocks = load(register + n);
                let blocks = match n {
                    0 => _mm512_xor_si512(blocks, hash),
                    _ => blocks,
                };
                sums = Some(add_product(sums, blocks, powers[these - 1 - n]));
            }
            if let Some(sums) = sums {
                hash = fold(reduce(sums));
            }
            register += these;
        }
        let hash = reversed(_mm512_castsi512_si128(hash));
        transmute!(_mm_xor_si128(hash, gcm.cover))
    }
}

seal_and_open!(with_features);
