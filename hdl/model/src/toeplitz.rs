//! The Toeplitz extractor's arithmetic (spec 1-entropy §1.3): T[i][j] = seed[i - j + n - 1], output i is the XOR
//! over j of T[i][j] and input[j]. Functionally exact; the hardware takes w input bits a cycle.
//!
//! Column j of T is `seed[n-1-j .. n-1-j+m]`: each input bit that is 1 adds one window of the seed, m bits wide,
//! and the window moves down by one with each input bit. That is how the hardware does it ("coded by columns").

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Largest n and m: what the registers hold.
pub const MAX_BITS: u32 = 65_535;

/// A shape or a seed that makes no extractor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ToeplitzError {
    /// n or m is 0 or above [`MAX_BITS`].
    #[error("an extractor of {n} to {m} bits is impossible: choose 1 to {MAX_BITS} for both")]
    Shape {
        /// Input bits.
        n: u32,
        /// Output bits.
        m: u32,
    },
    /// The seed has too few words.
    #[error("the seed has {got} bits, {want} are needed: give n + m - 1 bits")]
    ShortSeed {
        /// Bits needed.
        want: u32,
        /// Bits given.
        got: u32,
    },
}

/// One seed and one block in progress. Bits lie in words with index 0 lowest.
#[derive(Clone, Debug, Zeroize, ZeroizeOnDrop)]
pub struct Toeplitz {
    n: u32,
    m: u32,
    /// One word more than the seed has, so that a window may read past its end.
    seed: Vec<u64>,
    accumulator: Vec<u64>,
    taken: u32,
}

impl Toeplitz {
    /// An extractor of n input bits to m output bits. `seed` holds n + m - 1 bits, the first in bit 0 of word 0;
    /// bits beyond are ignored.
    ///
    /// # Errors
    /// [`ToeplitzError`] when n or m is out of range or the seed is too short.
    pub fn new(n: u32, m: u32, seed: &[u32]) -> Result<Self, ToeplitzError> {
        if !(1..=MAX_BITS).contains(&n) || !(1..=MAX_BITS).contains(&m) {
            return Err(ToeplitzError::Shape { n, m });
        }
        let want = n + m - 1;
        if (seed.len() as u64) < u64::from(want.div_ceil(32)) {
            return Err(ToeplitzError::ShortSeed {
                want,
                got: 32 * seed.len() as u32,
            });
        }
        let mut words = vec![0_u64; want.div_ceil(64) as usize + 1];
        for (index, &word) in seed.iter().take(want.div_ceil(32) as usize).enumerate() {
            words[index / 2] |= u64::from(word) << (32 * (index % 2));
        }
        Ok(Self {
            n,
            m,
            seed: words,
            accumulator: vec![0; m.div_ceil(64) as usize],
            taken: 0,
        })
    }

    /// Takes the next input bit; true when the block is complete: read [`Self::output`], then [`Self::clear`].
    /// Bits beyond a complete block are ignored.
    pub fn absorb(&mut self, bit: bool) -> bool {
        if self.taken < self.n {
            self.taken += 1;
            // The same work for a 0 and a 1: the bit is secret, and no processor can predict it.
            let mask = u64::from(bit).wrapping_neg();
            let offset = self.n - self.taken;
            let (word, shift) = ((offset / 64) as usize, offset % 64);
            let low = &self.seed[word..];
            let high = &low[1..];
            for ((sum, low), high) in self.accumulator.iter_mut().zip(low).zip(high) {
                // Shifted left in two steps, for a shift of 64 is none.
                *sum ^= (low >> shift | high << 1 << (63 - shift)) & mask;
            }
        }
        self.taken == self.n
    }

    /// Input bits of the block in progress so far.
    pub fn taken(&self) -> u32 {
        self.taken
    }

    /// Bit `index` of the output of a complete block.
    pub fn output_bit(&self, index: u32) -> bool {
        index < self.m && self.accumulator[(index / 64) as usize] >> (index % 64) & 1 == 1
    }

    /// The output of a complete block: output bit i is bit i mod 8 of byte i / 8; a last partial byte is padded
    /// with zeros.
    pub fn output(&self) -> impl Iterator<Item = u8> {
        let bytes = self.m.div_ceil(8);
        let spare = 8 * bytes - self.m;
        self.accumulator
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .take(bytes as usize)
            .enumerate()
            .map(move |(index, byte)| {
                if index as u32 + 1 == bytes {
                    byte & (0xff >> spare)
                } else {
                    byte
                }
            })
    }

    /// Forgets the block in progress; the seed stays.
    pub fn clear(&mut self) {
        // Not `Vec::zeroize`, which also empties.
        self.accumulator.as_mut_slice().zeroize();
        self.taken = 0;
    }

    /// Input bits of a block.
    pub fn n(&self) -> u32 {
        self.n
    }

    /// Output bits of a block.
    pub fn m(&self) -> u32 {
        self.m
    }
}
