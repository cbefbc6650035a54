//! SP 800-90B §5.2.2 and §5.2.4: chi-square tests of independence and of goodness of fit, for
//! binary data.

use serde::Serialize;

/// A p-value below this fails a test (§5.2).
const ALPHA: f64 = 0.001;
/// Longest tuple of the independence test, m.
const MAX_TUPLE: u32 = 11;
/// Least expected count of the rarest tuple.
const MIN_EXPECTED: f64 = 5.0;
/// Pieces of the goodness-of-fit test.
const PIECES: usize = 10;

/// Outcome of a chi-square test.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ChiSquare {
    /// The test statistic T.
    pub statistic: f64,
    /// Degrees of freedom; 0 if the data are too biased for the test to run.
    pub degrees: u32,
    /// Probability of a statistic at least as large if the data are IID.
    pub p: f64,
    /// Whether `p` is at least 0.001.
    pub passed: bool,
}

impl ChiSquare {
    fn new(statistic: f64, degrees: u32) -> Self {
        let p = if degrees == 0 {
            1.0
        } else {
            upper_tail(statistic, degrees)
        };
        Self {
            statistic,
            degrees,
            p,
            passed: p >= ALPHA,
        }
    }
}

/// §5.2.2, testing independence for binary data. `bits` holds both values.
pub(crate) fn independence(bits: &[u8]) -> ChiSquare {
    // Step 1: p0 and p1; step 2: the longest tuple whose rarest value is expected five times.
    let p1 = share_of_ones(bits);
    let rarer = p1.min(1.0 - p1);
    let expected = |m: u32| rarer.powi(m as i32) * (bits.len() / m as usize) as f64;
    let Some(m) = (2..=MAX_TUPLE).rev().find(|&m| expected(m) >= MIN_EXPECTED) else {
        return ChiSquare::new(0.0, 0);
    };
    // Step 3: counts of the non-overlapping tuples.
    let mut observed = vec![0_u32; 1 << m];
    for tuple in bits.chunks_exact(m as usize) {
        observed[tuple
            .iter()
            .fold(0, |value, &bit| value << 1 | usize::from(bit))] += 1;
    }
    let tuples = (bits.len() / m as usize) as f64;
    // Step 4: T, with w the number of ones of a tuple.
    let statistic = observed.iter().enumerate().map(|(tuple, &count)| {
        let ones = tuple.count_ones() as i32;
        let expected = p1.powi(ones) * (1.0 - p1).powi(m as i32 - ones) * tuples;
        (f64::from(count) - expected).powi(2) / expected
    });
    ChiSquare::new(statistic.sum(), (1 << m) - 2)
}

/// §5.2.4, testing goodness of fit for binary data: whether ten pieces have the same bias. `bits`
/// holds both values, and at least ten.
pub(crate) fn goodness_of_fit(bits: &[u8]) -> ChiSquare {
    let p1 = share_of_ones(bits);
    let width = bits.len() / PIECES;
    let (e0, e1) = ((1.0 - p1) * width as f64, p1 * width as f64);
    let statistic = bits.chunks_exact(width).take(PIECES).map(|piece| {
        let ones = piece.iter().filter(|&&bit| bit == 1).count() as f64;
        let zeros = width as f64 - ones;
        (zeros - e0).powi(2) / e0 + (ones - e1).powi(2) / e1
    });
    ChiSquare::new(statistic.sum(), PIECES as u32 - 1)
}

fn share_of_ones(bits: &[u8]) -> f64 {
    bits.iter().filter(|&&bit| bit == 1).count() as f64 / bits.len() as f64
}

/// Probability that a chi-square variable with this many degrees of freedom (at least one) is at
/// least `statistic`: the regularised upper incomplete gamma function Q(degrees/2, statistic/2),
/// by its power series below the mean and its continued fraction above.
#[must_use]
pub fn upper_tail(statistic: f64, degrees: u32) -> f64 {
    let (a, x) = (f64::from(degrees) / 2.0, statistic / 2.0);
    if x <= 0.0 {
        return 1.0;
    }
    let scale = (a * x.ln() - x - ln_gamma_of_half(degrees)).exp();
    if x < a + 1.0 {
        // P(a, x) = x^a e^−x / Γ(a) · Σ x^k / (a(a+1)…(a+k)).
        let (mut term, mut sum, mut next) = (1.0 / a, 1.0 / a, a);
        while term > sum * f64::EPSILON {
            next += 1.0;
            term *= x / next;
            sum += term;
        }
        (1.0 - scale * sum).max(0.0)
    } else {
        // Q(a, x) = x^a e^−x / Γ(a) · 1/(x+1−a − 1(1−a)/(x+3−a − 2(2−a)/(x+5−a − …))), evaluated
        // from the front (modified Lentz). It converges for x > a, faster the larger x.
        let mut b = x + 1.0 - a;
        let mut c = f64::MAX;
        let mut d = 1.0 / b;
        let mut fraction = d;
        for k in 1..100_000 {
            let k = f64::from(k);
            let numerator = -k * (k - a);
            b += 2.0;
            d = 1.0 / (numerator * d + b);
            c = b + numerator / c;
            let step = c * d;
            fraction *= step;
            if (step - 1.0).abs() <= f64::EPSILON {
                break;
            }
        }
        (scale * fraction).clamp(0.0, 1.0)
    }
}

/// ln Γ(n/2) for n ≥ 1, by the recurrence from Γ(1) = 1 or Γ(1/2) = √π: degrees of freedom here
/// are at most some thousands.
fn ln_gamma_of_half(n: u32) -> f64 {
    let start = if n.is_multiple_of(2) {
        0.0
    } else {
        0.5 * std::f64::consts::PI.ln()
    };
    let first = if n.is_multiple_of(2) { 2 } else { 1 };
    start
        + (first..n)
            .step_by(2)
            .map(|k| (f64::from(k) / 2.0).ln())
            .sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::examples::{biased, pseudo_random};

    #[test]
    fn tail_has_the_tabulated_critical_values() {
        for (degrees, statistic, p) in [
            (1, 10.828, 0.001),
            (1, 3.841, 0.05),
            (9, 27.877, 0.001),
            (9, 16.919, 0.05),
            (9, 4.168, 0.90),
            (30, 59.703, 0.001),
            (100, 149.449, 0.001),
            (100, 77.929, 0.95),
        ] {
            let ours = upper_tail(statistic, degrees);
            assert!(
                (ours / p - 1.0).abs() < 2e-3,
                "{degrees} {statistic}: {ours}"
            );
        }
    }

    #[test]
    fn tail_is_a_poisson_sum_for_even_degrees() {
        // Q(n, x) = e^−x Σ_{k<n} x^k/k!.
        for (n, x) in [(1_u32, 0.3_f64), (4, 2.5), (4, 9.0), (20, 13.0), (20, 40.0)] {
            let (mut term, mut sum) = (1.0, 0.0);
            for k in 0..n {
                sum += term;
                term *= x / f64::from(k + 1);
            }
            let exact = (-x).exp() * sum;
            assert!(
                (upper_tail(2.0 * x, 2 * n) / exact - 1.0).abs() < 1e-12,
                "{n} {x}"
            );
        }
        // The median of a distribution with many degrees is near n − 2/3.
        assert!((upper_tail(2_046.0 - 2.0 / 3.0, 2_046) - 0.5).abs() < 1e-3);
    }

    #[test]
    fn independence_by_hand() {
        // p1 = 1/2 and 40 bits: m = 2 since 0.25·20 = 5, and 0.125·13 < 5.
        let bits: Vec<u8> = [0, 0, 1, 1].repeat(10);
        let result = independence(&bits);
        assert_eq!(result.degrees, 2);
        // Ten 00 and ten 11 where five of each tuple are expected: 4·25/5.
        assert!((result.statistic - 20.0).abs() < 1e-12);
        assert!((result.p - (-10.0_f64).exp()).abs() < 1e-12);
        assert!(!result.passed);
    }

    #[test]
    fn fair_and_biased_bits_pass_dependent_and_drifting_ones_fail() {
        for bits in [pseudo_random(100_000, 3), biased(100_000, 4, 0.3)] {
            assert!(independence(&bits).passed && goodness_of_fit(&bits).passed);
        }
        let fair = pseudo_random(100_000, 5);
        let doubled: Vec<u8> = fair.iter().flat_map(|&bit| [bit, bit]).collect();
        assert!(!independence(&doubled).passed);
        let mut drifting = biased(50_000, 6, 0.48);
        drifting.extend(biased(50_000, 7, 0.52));
        assert!(!goodness_of_fit(&drifting).passed);
    }

    #[test]
    fn extreme_bias_leaves_no_tuple_to_test() {
        let mut bits = vec![0; 10_000];
        bits[17] = 1;
        assert_eq!(
            independence(&bits),
            ChiSquare {
                statistic: 0.0,
                degrees: 0,
                p: 1.0,
                passed: true
            }
        );
    }
}
