//! Series over a bit string that a report plots: autocorrelation and bias over time.

/// Autocorrelation at lags 0, …, `max_lag`: Σ(x_i−m)(x_{i+k}−m) / Σ(x_i−m)², the first sum over
/// the n−k pairs that exist. Empty for constant or too few bits, where it is not defined.
///
/// For independent bits each value beyond lag 0 lies within ±2.576/√n with probability 0.99.
pub fn autocorrelation(bits: &[u8], max_lag: usize) -> Vec<f64> {
    let ones = bits.iter().filter(|&&bit| bit == 1).count();
    if ones == 0 || ones == bits.len() || bits.len() <= max_lag {
        return Vec::new();
    }
    let mean = ones as f64 / bits.len() as f64;
    let variance = ones as f64 * (1.0 - mean);
    (0..=max_lag)
        .map(|lag| {
            let (early, late) = (&bits[..bits.len() - lag], &bits[lag..]);
            // Counting pairs of ones is exact; the means enter afterwards.
            let both = early
                .iter()
                .zip(late)
                .map(|(a, b)| u64::from(a & b))
                .sum::<u64>() as f64;
            let sum = |part: &[u8]| part.iter().map(|&bit| u64::from(bit)).sum::<u64>() as f64;
            let cross = mean * (sum(early) + sum(late));
            (both - cross + early.len() as f64 * mean * mean) / variance
        })
        .collect()
}

/// The share of ones in each of at most `pieces` consecutive pieces of equal length (the last one
/// holds the rest), with the index of the piece's first bit.
pub fn bias(bits: &[u8], pieces: usize) -> Vec<(usize, f64)> {
    let width = bits.len().div_ceil(pieces.max(1)).max(1);
    bits.chunks(width)
        .enumerate()
        .map(|(piece, part)| {
            let ones = part.iter().filter(|&&bit| bit == 1).count();
            (piece * width, ones as f64 / part.len() as f64)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn alternation_is_anticorrelated() {
        let bits: Vec<u8> = (0..1_000).map(|i| (i % 2) as u8).collect();
        let r = autocorrelation(&bits, 2);
        assert!((r[0] - 1.0).abs() < 1e-12);
        assert!((r[1] + 0.999).abs() < 1e-12, "{}", r[1]);
        assert!((r[2] - 0.998).abs() < 1e-12, "{}", r[2]);
    }

    #[test]
    fn constant_bits_have_none() {
        assert!(autocorrelation(&[1; 50], 3).is_empty());
        assert!(autocorrelation(&[1, 0], 2).is_empty());
    }

    #[test]
    fn bias_by_hand() {
        assert_eq!(
            bias(&[1, 1, 0, 1, 0, 0, 1], 3),
            [(0, 2.0 / 3.0), (3, 1.0 / 3.0), (6, 1.0)]
        );
        assert_eq!(bias(&[], 3), []);
    }

    proptest! {
        #[test]
        fn equals_the_definition(bits in prop::collection::vec(0_u8..2, 8..80), lag in 0_usize..7) {
            let n = bits.len();
            let mean = bits.iter().map(|&b| f64::from(b)).sum::<f64>() / n as f64;
            let from = |i: usize| f64::from(bits[i]) - mean;
            let below: f64 = (0..n).map(|i| from(i) * from(i)).sum();
            let ours = autocorrelation(&bits, lag);
            if below < 1e-9 {
                prop_assert!(ours.is_empty());
            } else {
                let above: f64 = (0..n - lag).map(|i| from(i) * from(i + lag)).sum();
                prop_assert!((ours[lag] - above / below).abs() < 1e-9);
            }
        }
    }
}
