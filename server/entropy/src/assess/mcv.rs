//! SP 800-90B §6.3.1, the Most Common Value estimate.

use super::bound::{min_entropy, upper_bound};

/// Min-entropy per bit from the share of the more frequent value. `bits`: one sample a byte,
/// 0 or 1, at least two.
pub fn estimate(bits: &[u8]) -> f64 {
    // Step 1: the proportion p̂ of the most common value.
    let ones = bits.iter().map(|&bit| u64::from(bit)).sum::<u64>();
    let mode = ones.max(bits.len() as u64 - ones);
    let p_hat = mode as f64 / bits.len() as f64;
    // Step 2: upper bound of the probability of the most common value.
    let p_u = upper_bound(p_hat, bits.len() as f64 - 1.0);
    // Step 3: the estimated min-entropy.
    min_entropy(p_u)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // 3 ones of 4: p̂ = 0.75, its bound exceeds 1.
        assert_eq!(estimate(&[1, 0, 1, 1]), 0.0);
        // 10,000 balanced bits: p_u = 0.5 + z·0.5/√9999.
        let bits: Vec<u8> = (0..10_000).map(|i| (i % 2) as u8).collect();
        let p_u: f64 = 0.5 + 2.575_829_303_548_901 * 0.5 / 9_999.0_f64.sqrt();
        assert!((estimate(&bits) + p_u.log2()).abs() < 1e-12);
    }
}
