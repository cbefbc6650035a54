//! SP 800-90B §5: tests of the hypothesis that samples are independent and identically
//! distributed. They are opt-in: they take their time, a source may only be called IID if its
//! design says so too, and detectors with dead time are not, unless a hold-off hides it.

mod chi_square;
mod permutation;
mod statistics;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::suffix::Repeats;
use super::{AssessError, check};

pub use chi_square::{ChiSquare, upper_tail as chi_square_tail};
pub use permutation::PermutationTest;

/// How far the permutation tests, which take most of the time, have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Shuffles done.
    pub shuffles: usize,
    /// Shuffles at most.
    pub limit: usize,
    /// Statistics not decided yet; at 0 the tests end early.
    pub undecided: usize,
}

/// Outcome of §5.2.5, the length of the longest repeated substring.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LongestRepeat {
    /// Its length W.
    pub length: usize,
    /// Probability that IID samples of the same bias have a repeat this long.
    pub p: f64,
    /// Whether `p` is at least 0.001.
    pub passed: bool,
}

/// What the tests of §5 say.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IidReport {
    /// Whether all tests passed: the samples may be called IID.
    pub passed: bool,
    /// Shuffles that the permutation tests of §5.1 took, at most 10,000.
    pub shuffles: usize,
    /// The permutation tests.
    pub permutation: Vec<PermutationTest>,
    /// §5.2.2.
    pub independence: ChiSquare,
    /// §5.2.4.
    pub goodness_of_fit: ChiSquare,
    /// §5.2.5.
    pub longest_repeat: LongestRepeat,
}

/// Runs all IID tests on `bits` (one a byte, 0 or 1). `seed`, of any length, fixes the shuffles;
/// `progress` is called from time to time, from this thread. Minutes for a source that fails.
///
/// # Errors
/// As [`assess`](super::assess).
pub fn test(
    bits: &[u8],
    seed: &[u8],
    progress: &mut dyn FnMut(Progress),
) -> Result<IidReport, AssessError> {
    test_with_limit(bits, seed, permutation::PERMUTATIONS, progress)
}

fn test_with_limit(
    bits: &[u8],
    seed: &[u8],
    limit: usize,
    progress: &mut dyn FnMut(Progress),
) -> Result<IidReport, AssessError> {
    check(bits)?;
    let seed = Sha256::new_with_prefix(b"photonbox iid shuffles")
        .chain_update(seed)
        .finalize()
        .into();
    let independence = chi_square::independence(bits);
    let goodness_of_fit = chi_square::goodness_of_fit(bits);
    let longest_repeat = longest_repeat(bits);
    let (permutation, shuffles) = permutation::run(bits, seed, limit, progress);
    let passed = independence.passed
        && goodness_of_fit.passed
        && longest_repeat.passed
        && permutation.iter().all(|test| test.passed);
    Ok(IidReport {
        passed,
        shuffles,
        permutation,
        independence,
        goodness_of_fit,
        longest_repeat,
    })
}

/// §5.2.5.
fn longest_repeat(bits: &[u8]) -> LongestRepeat {
    // Step 1: the proportions; step 2: the collision probability of one sample.
    let p1 = bits.iter().map(|&bit| u64::from(bit)).sum::<u64>() as f64 / bits.len() as f64;
    let p_col = p1 * p1 + (1.0 - p1) * (1.0 - p1);
    // Step 3: the longest repeat W.
    let length = Repeats::of(bits, 2).longest();
    // Step 4: of C(L−W+1, 2) pairs of places at least one collides. In logarithms, since a single
    // pair is improbable.
    let places = (bits.len() - length + 1) as f64;
    let pairs = places * (places - 1.0) / 2.0;
    let log_none = pairs * (-p_col.powf(length as f64)).ln_1p();
    let p = -log_none.exp_m1();
    LongestRepeat {
        length,
        p,
        passed: p >= 0.001,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::assess::examples::{biased, pseudo_random};

    #[test]
    fn independent_bits_pass_biased_or_not() {
        for (bits, seed) in [
            (pseudo_random(12_000, 21), b"a"),
            (biased(12_000, 22, 0.42), b"b"),
        ] {
            let report = test(&bits, seed, &mut |_| {}).unwrap();
            assert!(report.passed, "{report:?}");
            assert!(report.shuffles < 2_000, "ends early: {}", report.shuffles);
            assert_eq!(report.permutation.len(), 19);
        }
    }

    #[test]
    fn correlated_bits_fail_where_they_should() {
        // Each bit equals its predecessor with probability 0.6.
        let flips = biased(12_000, 23, 0.4);
        let bits: Vec<u8> = flips
            .iter()
            .scan(0, |last, &flip| {
                *last ^= flip;
                Some(*last)
            })
            .collect();
        let report = test_with_limit(&bits, b"c", 200, &mut |_| {}).unwrap();
        assert!(!report.passed && !report.independence.passed);
        assert_eq!(
            report.shuffles, 200,
            "an undecided statistic goes to the end"
        );
        let runs = report
            .permutation
            .iter()
            .find(|test| test.name == "numRunsMedian")
            .unwrap();
        assert!(
            !runs.passed && runs.less == 0 && runs.greater == 200,
            "{runs:?}"
        );
    }

    #[test]
    fn the_seed_fixes_the_outcome_and_progress_is_told() {
        let bits = pseudo_random(8_000, 24);
        let mut told = Vec::new();
        let first = test(&bits, b"seed", &mut |progress| told.push(progress)).unwrap();
        assert_eq!(first, test(&bits, b"seed", &mut |_| {}).unwrap());
        assert_eq!(
            told[0],
            Progress {
                shuffles: 0,
                limit: 10_000,
                undecided: 19
            }
        );
        assert_eq!(told.last().unwrap().undecided, 0);
        assert!(told.is_sorted_by_key(|progress| progress.shuffles));
    }

    #[test]
    fn a_copied_stretch_is_an_improbable_repeat() {
        let mut bits = pseudo_random(20_000, 25);
        let fair = longest_repeat(&bits);
        assert!(fair.passed && (20..=40).contains(&fair.length), "{fair:?}");
        let stretch: Vec<u8> = bits[100..200].to_vec();
        bits[9_000..9_100].copy_from_slice(&stretch);
        let copied = longest_repeat(&bits);
        assert!(
            !copied.passed && copied.length >= 100 && copied.p < 1e-9,
            "{copied:?}"
        );
    }

    #[test]
    fn bad_input_is_refused() {
        assert_eq!(
            test(&[0; 10_000], b"", &mut |_| {}),
            Err(AssessError::Constant {
                bits: 10_000,
                value: 0
            })
        );
    }
}
