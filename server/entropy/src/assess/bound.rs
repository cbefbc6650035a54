//! Steps that several estimators of SP 800-90B §6.3 share: the upper end of a 99 % confidence
//! interval, and the turn from a probability to bits.

/// Two-sided 99 % quantile of the normal distribution. The standard prints it as 2.576; NIST's
/// tool carries all digits of a double, and so do we, since the results must agree to 1e-6.
pub(crate) const Z_ALPHA: f64 = 2.575_829_303_548_901;

/// Upper end of the 99 % confidence interval of a proportion `p` estimated with `n − 1` in the
/// denominator of its variance, never above 1 (SP 800-90B §6.3.1 step 2 and its siblings).
pub(crate) fn upper_bound(p: f64, n_minus_1: f64) -> f64 {
    (p + Z_ALPHA * (p * (1.0 - p) / n_minus_1).sqrt()).min(1.0)
}

/// Min-entropy in bits of an event of probability `p`; `+ 0.0` turns the −0 of `p` = 1 into 0.
pub(crate) fn min_entropy(p: f64) -> f64 {
    -p.log2() + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bound_of_the_standards_example() {
        // §6.3.1: p̂ = 0.4 over 20 samples gives p_u = 0.6895 and so 0.536 bits.
        let upper = upper_bound(0.4, 19.0);
        assert!((upper - 0.6895).abs() < 5e-5, "{upper}");
        assert!((min_entropy(upper) - 0.536).abs() < 5e-4);
    }

    #[test]
    fn bound_never_exceeds_one() {
        assert_eq!(upper_bound(0.99, 3.0), 1.0);
        assert_eq!(
            min_entropy(1.0).to_bits(),
            0.0_f64.to_bits(),
            "no negative zero"
        );
    }
}
