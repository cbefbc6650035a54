//! One source's input that waits until there is enough for a full-entropy block.

use std::collections::VecDeque;

use photonbox_secret::SecretBytes;

use crate::conditioner::{INPUT_BYTES, REQUIRED_MILLIBITS};
use crate::provenance::Provenance;

#[derive(Debug)]
struct Chunk {
    data: SecretBytes,
    /// Bytes already taken from the front.
    used: usize,
    /// Credit of the bytes that are left.
    millibits: u64,
    lanes: u64,
    provenance: Provenance,
}

/// Blocks of one source, in order, each byte used once.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    chunks: VecDeque<Chunk>,
    bytes: usize,
    millibits: u64,
}

/// Input of one full-entropy block.
#[derive(Debug)]
pub(super) struct Input {
    pub(super) bytes: SecretBytes,
    pub(super) millibits: u64,
    pub(super) lanes: u64,
    pub(super) provenance: Provenance,
}

impl Gatherer {
    pub(super) fn add(&mut self, data: &[u8], millibits: u64, lanes: u64, provenance: Provenance) {
        self.bytes += data.len();
        self.millibits += millibits;
        let data = SecretBytes::from_slice(data);
        self.chunks.push_back(Chunk {
            data,
            used: 0,
            millibits,
            lanes,
            provenance,
        });
    }

    /// The fewest bytes from the front, at least 57, that carry at least 448 credited bits; `None`
    /// if there are not enough. A part of a chunk carries its share of the chunk's credit, rounded
    /// down; the rest keeps the remainder, so that no credit appears or is lost.
    pub(super) fn take(&mut self) -> Option<Input> {
        if self.bytes < INPUT_BYTES || self.millibits < REQUIRED_MILLIBITS {
            return None;
        }
        let mut input = Input {
            bytes: SecretBytes::new_zeroed(self.needed()),
            millibits: 0,
            lanes: 0,
            provenance: Provenance::REAL,
        };
        let mut filled = 0;
        while filled < input.bytes.len() {
            let chunk = self.chunks.front_mut()?;
            let left = chunk.data.len() - chunk.used;
            let count = left.min(input.bytes.len() - filled);
            let credit = share(chunk.millibits, count, left);
            let from = &mut chunk.data.as_mut_slice()[chunk.used..chunk.used + count];
            input.bytes.as_mut_slice()[filled..filled + count].copy_from_slice(from);
            photonbox_secret::wipe(from);
            chunk.used += count;
            chunk.millibits -= credit;
            input.millibits += credit;
            input.lanes |= chunk.lanes;
            input.provenance = input.provenance.merge(chunk.provenance);
            filled += count;
            if count == left {
                self.chunks.pop_front();
            }
        }
        self.bytes -= filled;
        self.millibits -= input.millibits;
        Some(input)
    }

    /// How many bytes from the front make up a block's input. Called when all together are enough.
    fn needed(&self) -> usize {
        let (mut bytes, mut millibits) = (0, 0);
        for chunk in &self.chunks {
            let left = chunk.data.len() - chunk.used;
            let for_length = INPUT_BYTES.saturating_sub(bytes);
            let for_credit = match REQUIRED_MILLIBITS.saturating_sub(millibits) {
                0 => 0,
                missing if missing > chunk.millibits => left,
                missing => bytes_for(missing, chunk.millibits, left),
            };
            let count = for_length.max(for_credit).min(left);
            bytes += count;
            millibits += share(chunk.millibits, count, left);
            if bytes >= INPUT_BYTES && millibits >= REQUIRED_MILLIBITS {
                break;
            }
        }
        bytes
    }

    /// Wipes the chunks that one of `lanes` took part in; returns their credit.
    pub(super) fn discard(&mut self, lanes: u64) -> u64 {
        let mut discarded = 0;
        self.chunks.retain(|chunk| {
            let keep = chunk.lanes & lanes == 0;
            if !keep {
                discarded += chunk.millibits;
                self.bytes -= chunk.data.len() - chunk.used;
            }
            keep
        });
        self.millibits -= discarded;
        discarded
    }
}

/// floor(millibits · count / of).
fn share(millibits: u64, count: usize, of: usize) -> u64 {
    (u128::from(millibits) * count as u128 / of as u128) as u64
}

/// The fewest of `of` bytes whose share of `millibits` is at least `missing` (<= `millibits`).
fn bytes_for(missing: u64, millibits: u64, of: usize) -> usize {
    (u128::from(missing) * of as u128).div_ceil(u128::from(millibits)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn filled(blocks: &[(usize, u64)]) -> Gatherer {
        let mut gatherer = Gatherer::default();
        let mut next = 0u8;
        for &(bytes, millibits) in blocks {
            let data: Vec<u8> = (0..bytes)
                .map(|_| {
                    next = next.wrapping_add(1);
                    next
                })
                .collect();
            gatherer.add(&data, millibits, 1, Provenance::REAL);
        }
        gatherer
    }

    #[test]
    fn default_blocks_give_57_bytes_and_455_544_millibits() {
        let mut gatherer = filled(&[(48, 383_616); 19]);
        for i in 0..16 {
            let input = gatherer.take().expect("19 · 48 = 16 · 57");
            assert_eq!(input.millibits, 455_544);
            let expected: Vec<u8> = (0..57).map(|k| (i * 57 + k + 1) as u8).collect();
            assert_eq!(input.bytes.as_slice(), &expected[..]);
        }
        assert!(gatherer.take().is_none());
        assert_eq!((gatherer.bytes, gatherer.millibits), (0, 0));
    }

    #[test]
    fn poor_blocks_give_more_bytes() {
        // 100 bytes with 224 bits each: two of them are exactly enough, one millibit less is not.
        assert_eq!(
            filled(&[(100, 224_000); 2])
                .take()
                .map(|input| input.bytes.len()),
            Some(200)
        );
        assert!(filled(&[(100, 224_000), (100, 223_999)]).take().is_none());
        // Rich and short: still 57 bytes.
        assert!(filled(&[(56, 500_000)]).take().is_none());
        assert_eq!(
            filled(&[(60, 500_000)])
                .take()
                .map(|input| input.bytes.len()),
            Some(57)
        );
    }

    #[test]
    fn discarding_takes_the_credit_of_that_lane_alone() {
        let mut gatherer = Gatherer::default();
        gatherer.add(&[1; 48], 300_000, 0b01, Provenance::REAL);
        gatherer.add(&[2; 48], 200_000, 0b10, Provenance::SIMULATED);
        assert_eq!(gatherer.discard(0b01), 300_000);
        assert_eq!((gatherer.bytes, gatherer.millibits), (48, 200_000));
        assert_eq!(gatherer.discard(0b01), 0);
        gatherer.add(&[3; 48], 300_000, 0b100, Provenance::REAL);
        let input = gatherer.take().expect("500 bits");
        assert_eq!(input.lanes, 0b110);
        assert!(input.provenance.simulated);
    }

    proptest! {
        #[test]
        fn credit_and_bytes_are_conserved(blocks in prop::collection::vec((1usize..200, 1u64..400_000), 0..40)) {
            let mut gatherer = filled(&blocks);
            let (mut bytes, mut millibits) = (0, 0);
            let mut next = 0u8;
            while let Some(input) = gatherer.take() {
                prop_assert!(input.bytes.len() >= INPUT_BYTES);
                prop_assert!(input.millibits >= REQUIRED_MILLIBITS);
                for &byte in input.bytes.as_slice() {
                    next = next.wrapping_add(1);
                    prop_assert_eq!(byte, next);
                }
                bytes += input.bytes.len();
                millibits += input.millibits;
            }
            prop_assert!(gatherer.bytes < INPUT_BYTES || gatherer.millibits < REQUIRED_MILLIBITS);
            prop_assert_eq!(bytes + gatherer.bytes, blocks.iter().map(|block| block.0).sum::<usize>());
            prop_assert_eq!(millibits + gatherer.millibits, blocks.iter().map(|block| block.1).sum::<u64>());
            prop_assert_eq!(gatherer.discard(1) + millibits, blocks.iter().map(|block| block.1).sum::<u64>());
        }
    }
}
