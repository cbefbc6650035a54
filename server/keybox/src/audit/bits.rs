//! Bits of keys: raw session keys, which are numbers below 10^64, and derived ones.

use super::{Group, Statistic};
use crate::KEY_BYTES;

const BITS: usize = 8 * KEY_BYTES;
/// Bits of a raw key that are tested as fair ones. A number below 10^64 < 2^213 has its bit b set with a share that differs
/// from 1/2 by less than 2^(b−213): at the last of these by 10^−6.
const FAIR_RAW: usize = 192;

/// Counts over successive keys of 256 bits.
#[derive(Debug, Clone)]
pub struct Bits {
    n: u64,
    last: Option<[u8; KEY_BYTES]>,
    ones: [u64; BITS],
    /// Bits that differ from the same bit of the key before.
    changes: [u64; BITS],
    bytes: Vec<[u64; 256]>,
}

impl Default for Bits {
    fn default() -> Self {
        Self {
            n: 0,
            last: None,
            ones: [0; BITS],
            changes: [0; BITS],
            bytes: vec![[0; 256]; KEY_BYTES],
        }
    }
}

impl Bits {
    /// Counts the next key.
    pub fn push(&mut self, key: &[u8; KEY_BYTES]) {
        let last = self.last.replace(*key);
        for (at, byte) in key.iter().enumerate() {
            self.bytes[at][usize::from(*byte)] += 1;
            let change = last.map_or(0, |last| last[at] ^ byte);
            for bit in 0..8 {
                self.ones[8 * at + bit] += u64::from(byte >> bit & 1);
                self.changes[8 * at + bit] += u64::from(change >> bit & 1);
            }
        }
        self.n += 1;
    }

    /// Share of ones of a bit, 0 the lowest.
    #[must_use]
    pub fn share(&self, bit: usize) -> f64 {
        self.ones[bit] as f64 / self.n.max(1) as f64
    }

    /// Bits that no key has set.
    #[must_use]
    pub fn never_set(&self) -> usize {
        self.ones.iter().filter(|ones| **ones == 0).count()
    }

    /// Tests of raw session keys: their lower bits.
    #[must_use]
    pub fn raw(&self) -> Vec<Group> {
        vec![Group {
            name: "bits of raw session keys, equal shares",
            place: "bit",
            first: 0,
            statistics: self.coins(&self.ones[..FAIR_RAW], self.n),
        }]
    }

    /// Tests of derived keys.
    #[must_use]
    pub fn derived(&self) -> Vec<Group> {
        let group = |name, place, statistics| Group {
            name,
            place,
            first: 0,
            statistics,
        };
        let bytes = self.bytes.iter().map(|counts| Statistic::flat(counts));
        vec![
            group(
                "bits of K(i, j), equal shares",
                "bit",
                self.coins(&self.ones, self.n),
            ),
            group(
                "bits of K(i, j) that change to the next key",
                "bit",
                self.coins(&self.changes, self.n.saturating_sub(1)),
            ),
            group("bytes of K(i, j), equal shares", "byte", bytes.collect()),
        ]
    }

    fn coins(&self, ones: &[u64], all: u64) -> Vec<Statistic> {
        ones.iter()
            .map(|ones| Statistic::coin(*ones, all.max(1)))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn worst(change: impl Fn(u64, &mut [u8; KEY_BYTES])) -> Vec<(usize, f64)> {
        let mut bits = Bits::default();
        for n in 0..20_000_u64 {
            let mut key: [u8; KEY_BYTES] = Sha256::digest(n.to_le_bytes()).into();
            change(n, &mut key);
            bits.push(&key);
        }
        let sigma =
            |s: &Statistic| (s.value - f64::from(s.degrees)) / f64::from(2 * s.degrees).sqrt();
        let worst = |group: &Group| {
            let all = group.statistics.iter().map(sigma).enumerate();
            all.fold(
                (0, 0.0),
                |worst, here| {
                    if here.1 > worst.1 { here } else { worst }
                },
            )
        };
        bits.derived().iter().map(worst).collect()
    }

    #[test]
    fn what_was_planted_is_found_and_nothing_else() {
        let good = worst(|_, _| {});
        assert!(good.iter().all(|(_, sigma)| *sigma < 15.0), "{good:?}");
        let biased = worst(|n, key| {
            if n % 20 == 0 {
                key[3] |= 4;
            }
        });
        assert!(biased[0].0 == 26 && biased[0].1 > 20.0, "{biased:?}");
        let alternating = worst(|n, key| {
            if n % 10 < 2 {
                key[5] = key[5] & 0x7f | (n as u8 & 1) << 7;
            }
        });
        assert!(
            alternating[1].0 == 47 && alternating[1].1 > 20.0,
            "{alternating:?}"
        );
        let byte = worst(|n, key| {
            if n % 100 == 0 {
                key[9] = 0xa5;
            }
        });
        assert!(byte[2].0 == 9 && byte[2].1 > 10.0, "{byte:?}");
    }

    #[test]
    fn shares() {
        let mut bits = Bits::default();
        let mut key = [0; KEY_BYTES];
        bits.push(&key);
        key[1] = 0x81;
        bits.push(&key);
        assert_eq!(
            (bits.share(8), bits.share(15), bits.share(0)),
            (0.5, 0.5, 0.0)
        );
        assert_eq!(bits.never_set(), 254);
        assert_eq!(bits.raw()[0].statistics.len(), FAIR_RAW);
    }
}
