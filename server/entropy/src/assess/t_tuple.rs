//! SP 800-90B §6.3.5, the t-tuple estimate.

use super::bound::{min_entropy, upper_bound};
use super::suffix::Repeats;

/// Occurrences that the most common tuple of a length must have for that length to count.
pub(crate) const CUTOFF: u32 = 35;

/// Min-entropy per sample from the most common tuples of each length that is frequent enough, or
/// nothing if no sample value occurs 35 times.
pub(crate) fn estimate(repeats: &Repeats) -> Option<f64> {
    estimate_with_cutoff(repeats, CUTOFF)
}

/// The same with the cut-off given, since the standard's worked example uses 3.
pub(crate) fn estimate_with_cutoff(repeats: &Repeats, cutoff: u32) -> Option<f64> {
    let samples = repeats.samples as f64;
    // Steps 1–2: t is the largest length with Q[t] ≥ 35; Q falls as the length grows.
    // Step 3: P[i] = Q[i]/(L−i+1), P_max[i] = P[i]^(1/i), and the largest of them.
    let p_max = (1..=repeats.longest())
        .take_while(|&length| repeats.most[length] >= cutoff)
        .map(|length| {
            let p = f64::from(repeats.most[length]) / (samples - length as f64 + 1.0);
            p.powf(1.0 / length as f64)
        })
        .max_by(f64::total_cmp)?;
    // Steps 4–5.
    Some(min_entropy(upper_bound(p_max, samples - 1.0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_standards_example() {
        // §6.3.5 with cut-off 3.
        let text = [
            2, 2, 0, 1, 0, 2, 0, 1, 2, 1, 2, 0, 1, 2, 1, 0, 0, 1, 0, 0, 0,
        ];
        let h = estimate_with_cutoff(&Repeats::of(&text, 3), 3).unwrap();
        // P_max = max(9/21, √(4/20), ∛(3/19)) = 0.5405, p_u = 0.8276, 0.2731 bits.
        let p: f64 = (3.0_f64 / 19.0).cbrt();
        let p_u = p + 2.575_829_303_548_901 * (p * (1.0 - p) / 20.0).sqrt();
        assert!((h + p_u.log2()).abs() < 1e-12, "{h}");
        assert!((h - 0.273).abs() < 1e-3, "{h}");
    }

    #[test]
    fn nothing_frequent_enough() {
        assert_eq!(estimate(&Repeats::of(&[0, 1, 0, 1, 1], 2)), None);
    }

    #[test]
    fn constant_text_has_none() {
        assert_eq!(estimate(&Repeats::of(&[0; 500], 2)), Some(0.0));
    }
}
