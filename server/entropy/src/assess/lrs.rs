//! SP 800-90B §6.3.6, the Longest Repeated Substring estimate.

use super::bound::{min_entropy, upper_bound};
use super::suffix::Repeats;
use super::t_tuple::CUTOFF;

/// Min-entropy per sample from the collisions of tuples too rare for the t-tuple estimate, or
/// nothing if no tuple of such a length repeats.
pub(crate) fn estimate(repeats: &Repeats) -> Option<f64> {
    estimate_with_cutoff(repeats, CUTOFF)
}

/// The same with the cut-off given, since the standard's worked example uses 3.
pub(crate) fn estimate_with_cutoff(repeats: &Repeats, cutoff: u32) -> Option<f64> {
    let samples = repeats.samples as f64;
    // Step 1: u is the smallest length whose most common tuple occurs fewer than 35 times.
    // Step 2: v is the longest that repeats.
    // Step 3: P_W = Σ C(c, 2) / C(L−W+1, 2) for W = u … v, and the largest P_W^(1/W).
    let p_hat = (1..=repeats.longest())
        .skip_while(|&length| repeats.most[length] >= cutoff)
        .map(|length| {
            let places = samples - length as f64 + 1.0;
            let p = repeats.pairs[length] as f64 / (places * (places - 1.0) / 2.0);
            p.powf(1.0 / length as f64)
        })
        .max_by(f64::total_cmp)?;
    // Step 4.
    Some(min_entropy(upper_bound(p_hat, samples - 1.0)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn the_standards_example() {
        // §6.3.6 with cut-off 3: u = 4, v = 5, p̂ = max((4/153)^(1/4), (1/136)^(1/5)).
        let text = [
            2, 2, 0, 1, 0, 2, 0, 1, 2, 1, 2, 0, 1, 2, 1, 0, 0, 1, 0, 0, 0,
        ];
        let repeats = Repeats::of(&text, 3);
        assert!(repeats.most[3] >= 3 && repeats.most[4] < 3);
        let h = estimate_with_cutoff(&repeats, 3).unwrap();
        let at = |w: usize| {
            let places = 22 - w;
            (repeats.pairs[w] as f64 / (places * (places - 1) / 2) as f64).powf(1.0 / w as f64)
        };
        let p = at(4).max(at(5));
        let p_u: f64 = p + 2.575_829_303_548_901 * (p * (1.0 - p) / 20.0).sqrt();
        assert!((h + p_u.log2()).abs() < 1e-12, "{h}");
    }

    #[test]
    fn constant_text_has_none() {
        assert_eq!(estimate(&Repeats::of(&[1; 500], 2)), Some(0.0));
    }
}
