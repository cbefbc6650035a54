//! SP 800-90B §5.1: permutation tests. If the samples are IID, a shuffled copy is as likely as the
//! original, so that each statistic of the original should have an unremarkable rank among those of
//! 10,000 shuffles.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use rayon::prelude::*;
use serde::Serialize;

use super::Progress;
use super::statistics::{self, COUNT, NAMES};

/// Shuffles at most.
pub(crate) const PERMUTATIONS: usize = 10_000;
/// A rank with this many shuffles or fewer on one side is remarkable.
const MARGIN: usize = 5;
/// Shuffles between two looks at who is decided. Fixed, so that the outcome depends on the seed
/// and not on the number of threads.
const BATCH: usize = 8;

/// How one statistic of the data ranked.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PermutationTest {
    /// Name of the statistic, as in NIST's tool.
    pub name: &'static str,
    /// Its value for the data.
    pub statistic: f64,
    /// Shuffles with a greater value, C0; counting ends once the test has passed.
    pub greater: usize,
    /// Shuffles with the same value, C1.
    pub equal: usize,
    /// Shuffles with a smaller value, C2.
    pub less: usize,
    /// Whether C0 + C1 > 5 and C1 + C2 > 5.
    pub passed: bool,
}

impl PermutationTest {
    fn count(&mut self, shuffled: f64) {
        // Once both sides are above the margin no further shuffle can change that.
        if self.passed {
            return;
        }
        if shuffled > self.statistic {
            self.greater += 1;
        } else if shuffled < self.statistic {
            self.less += 1;
        } else {
            self.equal += 1;
        }
        self.passed = self.greater + self.equal > MARGIN && self.equal + self.less > MARGIN;
    }
}

/// Runs all tests; also returns how many shuffles it took. `seed` fixes the shuffles.
pub(crate) fn run(
    bits: &[u8],
    seed: [u8; 32],
    limit: usize,
    progress: &mut dyn FnMut(Progress),
) -> (Vec<PermutationTest>, usize) {
    let mean = bits.iter().map(|&bit| u64::from(bit)).sum::<u64>() as f64 / bits.len() as f64;
    let original = statistics::compute(bits, mean, &[true; COUNT]);
    let mut tests: Vec<_> = NAMES
        .into_iter()
        .zip(original)
        .map(|(name, statistic)| PermutationTest {
            name,
            statistic,
            greater: 0,
            equal: 0,
            less: 0,
            passed: false,
        })
        .collect();

    let mut done = 0;
    while done < limit {
        let mut wanted = [false; COUNT];
        wanted
            .iter_mut()
            .zip(&tests)
            .for_each(|(wanted, test)| *wanted = !test.passed);
        let undecided = wanted.iter().filter(|&&wanted| wanted).count();
        progress(Progress {
            shuffles: done,
            limit,
            undecided,
        });
        if undecided == 0 {
            break;
        }
        let batch = done..limit.min(done + BATCH);
        let values: Vec<_> = batch
            .clone()
            .into_par_iter()
            .map(|index| statistics::compute(&shuffled(bits, seed, index as u64), mean, &wanted))
            .collect();
        for shuffle in values {
            for ((test, value), wanted) in tests.iter_mut().zip(shuffle).zip(wanted) {
                if wanted {
                    test.count(value);
                }
            }
        }
        done = batch.end;
    }
    (tests, done)
}

/// The shuffle with this number: Fisher and Yates on a fresh copy, from its own stream of the
/// generator, so that shuffles can be made in any order.
fn shuffled(bits: &[u8], seed: [u8; 32], index: u64) -> Vec<u8> {
    let mut generator = ChaCha8Rng::from_seed(seed);
    generator.set_stream(index);
    let mut copy = bits.to_vec();
    for last in (1..copy.len()).rev() {
        copy.swap(
            last,
            below(last as u32 + 1, || generator.next_u32()) as usize,
        );
    }
    copy
}

/// A number below `bound` (at least 1), all equally likely: Lemire's multiplication with rejection.
fn below(bound: u32, mut next: impl FnMut() -> u32) -> u32 {
    loop {
        let product = u64::from(next()) * u64::from(bound);
        // 2^32 mod bound of the low halves belong to an incomplete round.
        if (product as u32) >= bound || (product as u32) >= bound.wrapping_neg() % bound {
            return (product >> 32) as u32;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::assess::examples::pseudo_random;

    #[test]
    fn shuffles_keep_the_bits_and_differ() {
        let bits = pseudo_random(4_000, 1);
        let ones = |bits: &[u8]| bits.iter().filter(|&&bit| bit == 1).count();
        let (a, b) = (shuffled(&bits, [7; 32], 0), shuffled(&bits, [7; 32], 1));
        assert_eq!((ones(&a), ones(&b)), (ones(&bits), ones(&bits)));
        assert_ne!(a, b);
        assert_ne!(a, bits);
        assert_eq!(a, shuffled(&bits, [7; 32], 0));
        assert_ne!(a, shuffled(&bits, [8; 32], 0));
    }

    #[test]
    fn every_order_of_three_is_equally_likely() {
        // Positions of the single one among three places, 3,000 shuffles: 1,000 ± 6 sigma (26).
        let mut places = [0_u32; 3];
        for index in 0..3_000 {
            let order = shuffled(&[1, 0, 0], [3; 32], index);
            places[order.iter().position(|&bit| bit == 1).unwrap()] += 1;
        }
        assert!(
            places.iter().all(|count| (845..=1_155).contains(count)),
            "{places:?}"
        );
    }

    #[test]
    fn bounded_numbers_reject_the_incomplete_round() {
        // 2^32 mod 3 = 1: of the low halves only 0 is refused.
        let mut draws = [0_u32, u32::MAX].into_iter();
        assert_eq!(below(3, || draws.next().unwrap()), 2);
        assert_eq!(draws.next(), None);
        assert_eq!(below(1, || 12_345), 0);
    }

    #[test]
    fn ranks_are_counted_until_decided() {
        let mut test = PermutationTest {
            name: "x",
            statistic: 1.0,
            greater: 0,
            equal: 0,
            less: 0,
            passed: false,
        };
        for value in [2.0, 2.0, 2.0, 0.0, 0.0, 0.0, 1.0, 1.0] {
            test.count(value);
            assert!(!test.passed);
        }
        test.count(1.0);
        assert!(test.passed, "3 + 3 equal on either side");
        test.count(2.0);
        assert_eq!(
            (test.greater, test.equal, test.less),
            (3, 3, 3),
            "counting ended"
        );
    }
}
