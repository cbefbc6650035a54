//! Everything that chance decides, from one seed: no draw of one place changes another's.

use sha2::{Digest, Sha256};

/// A small generator (SplitMix64, Steele, Lea and Flood 2014) for faults and times: nothing secret comes from it.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of one place: `what` and `number` name it.
    pub(crate) fn of(seed: u64, what: &str, number: u64) -> Self {
        Self(u64::from_be_bytes(first(&digest(seed, what, number))))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `bound`, which must not be 0. The bias is below bound / 2^64.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// With this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        ((self.next() >> 11) as f64) < probability * (1_u64 << 53) as f64
    }
}

/// 32 bytes that belong to one place of one run.
pub(crate) fn digest(seed: u64, what: &str, number: u64) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(what.as_bytes());
    hash.update(number.to_be_bytes());
    hash.finalize().into()
}

fn first(bytes: &[u8; 32]) -> [u8; 8] {
    let mut out = [0; 8];
    out.copy_from_slice(&bytes[..8]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_differ_runs_repeat_and_bounds_hold() {
        let draw = |seed, number| Dice::of(seed, "x", number).next();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(2, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        let mut dice = Dice::of(7, "bounds", 0);
        let mut counts = [0; 5];
        for _ in 0..10_000 {
            counts[dice.below(5) as usize] += 1;
        }
        assert!(
            counts.iter().all(|count| (1800..2200).contains(count)),
            "{counts:?}"
        );
        let hits = (0..10_000).filter(|_| dice.chance(0.25)).count();
        assert!((2300..2700).contains(&hits), "{hits}");
        assert!(!dice.chance(0.0) && dice.chance(1.0));
    }
}
