//! How much entropy conditioned bytes are credited with (SP 800-90B §3.1.5; 1-entropy §1.3).

/// Raw bits that a block of the default extractor takes.
pub const DEFAULT_INPUT_BITS: u32 = 1024;
/// Bits that a block of the default extractor gives.
pub const DEFAULT_OUTPUT_BITS: u32 = 384;
/// Default claimed min-entropy of a raw bit, bits.
pub const DEFAULT_CLAIMED_H: f64 = 0.5;
/// n·H must exceed m by this: leftover hash lemma with ε = 2^-64 (6-card §6.1).
pub const EXTRACTOR_MARGIN_BITS: f64 = 128.0;

/// Why an extractor's dimensions or a claim can't be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CreditError {
    /// The claimed min-entropy of a raw bit is not a number above 0 and at most 1.
    #[error(
        "a claimed min-entropy of {0} bit per raw bit is impossible: claim more than 0 and at most 1"
    )]
    Claim(f64),
    /// m <= n·H - 128 does not hold.
    #[error(
        "an extractor of {n} to {m} bits is too generous at {h} bit per raw bit: \
         it may give at most {most} bits; lower m, raise n, or claim more if an assessment allows it"
    )]
    TooGenerous {
        /// Input bits.
        n: u32,
        /// Output bits.
        m: u32,
        /// Claimed min-entropy of a raw bit.
        h: f64,
        /// Largest m that this claim allows.
        most: u32,
    },
}

/// Checks a claimed min-entropy per raw bit.
///
/// # Errors
/// [`CreditError::Claim`] unless it is in (0, 1].
pub fn check_claim(h: f64) -> Result<(), CreditError> {
    if h > 0.0 && h <= 1.0 {
        Ok(())
    } else {
        Err(CreditError::Claim(h))
    }
}

/// `log2(2^a + 2^b)` without leaving the range of f64.
fn log2_sum(a: f64, b: f64) -> f64 {
    let (high, low) = if a >= b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY {
        return high;
    }
    high + (low - high).exp2().ln_1p() / std::f64::consts::LN_2
}

/// `log2(1 - 2^-a)` for a > 0, exact also where 2^-a is close to 0 or 1.
fn log2_one_minus_exp2(a: f64) -> f64 {
    let ln = -a * std::f64::consts::LN_2;
    (-ln.exp_m1()).ln() / std::f64::consts::LN_2
}

/// Output_Entropy(n_in, n_out, nw, h_in) of SP 800-90B §3.1.5.1.2, in bits: the entropy of the
/// n_out-bit output of a conditioning function with n_in input bits that carry h_in bits of
/// min-entropy and whose narrowest inner width is nw bits.
///
/// Worked in logarithms, since 2^n_in is beyond f64 for n_in = 1024. Arguments outside the
/// standard's range (h_in above n_in or not positive, a width of zero) give 0: no credit.
#[must_use]
pub fn output_entropy(n_in: u32, n_out: u32, nw: u32, h_in: f64) -> f64 {
    let bits_in = f64::from(n_in);
    let n = n_out.min(nw);
    if n == 0 || n_in == 0 || h_in.is_nan() || h_in <= 0.0 || h_in > bits_in {
        return 0.0;
    }
    let n_bits = f64::from(n);
    // Step 1: P_high = 2^-h_in, P_low = (1 - P_high) / (2^n_in - 1).
    let p_high = -h_in;
    let p_low = log2_one_minus_exp2(h_in) - (bits_in + log2_one_minus_exp2(bits_in));
    // Step 2: n = min(n_out, nw).
    // Step 3: psi = 2^(n_in - n) * P_low + P_high.
    let excess = bits_in - n_bits;
    let psi = log2_sum(excess + p_low, p_high);
    // Step 4: U = 2^(n_in - n) + sqrt(2 n 2^(n_in - n) ln 2).
    let spread = ((2.0 * n_bits * std::f64::consts::LN_2).log2() + excess) / 2.0;
    let u = log2_sum(excess, spread);
    // Step 5: omega = U * P_low.
    let omega = u + p_low;
    // Step 6: -log2(max(psi, omega)).
    (-psi.max(omega)).max(0.0)
}

/// Checks m <= n·H - 128 for a Toeplitz extractor of n to m bits.
///
/// # Errors
/// [`CreditError`] for an impossible claim or an extractor that gives more than the claim allows.
pub fn check_extractor(n: u32, m: u32, h: f64) -> Result<(), CreditError> {
    check_claim(h)?;
    let most = f64::from(n) * h - EXTRACTOR_MARGIN_BITS;
    if m > 0 && f64::from(m) <= most {
        Ok(())
    } else {
        Err(CreditError::TooGenerous {
            n,
            m,
            h,
            most: most.max(0.0) as u32,
        })
    }
}

/// Credit of one m-bit Toeplitz block of n raw bits at `h` bit each, in millibits:
/// min(Output_Entropy(n, m, m, n·H), 0.999·m), rounded down. Toeplitz hashing is not a vetted
/// conditioner, hence the factor 0.999 (SP 800-90B §3.1.5.2).
///
/// # Errors
/// As [`check_extractor`].
pub fn toeplitz_block_millibits(n: u32, m: u32, h: f64) -> Result<u64, CreditError> {
    check_extractor(n, m, h)?;
    let formula = (output_entropy(n, m, m, f64::from(n) * h) * 1000.0).floor() as u64;
    Ok(formula.min(cap_millibits(u64::from(m))))
}

/// 0.999 of `bits`, in millibits: the most that a non-vetted conditioner's output may be credited.
#[must_use]
pub fn cap_millibits(bits: u64) -> u64 {
    bits.saturating_mul(999)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The standard's formula as it is written, for sizes that f64 holds.
    fn plainly(n_in: i32, n_out: i32, nw: i32, h_in: f64) -> f64 {
        let p_high = 2f64.powf(-h_in);
        let p_low = (1.0 - p_high) / (2f64.powi(n_in) - 1.0);
        let n = n_out.min(nw);
        let psi = 2f64.powi(n_in - n) * p_low + p_high;
        let u = 2f64.powi(n_in - n)
            + (2.0 * f64::from(n) * 2f64.powi(n_in - n) * std::f64::consts::LN_2).sqrt();
        -psi.max(u * p_low).log2()
    }

    #[test]
    fn agrees_with_the_formula_as_written() {
        for n_in in [1, 2, 8, 16, 64, 200, 400] {
            for n_out in [1, 2, 8, 48, 128, 384] {
                for nw in [1, 64, 512] {
                    for share in [0.01, 0.25, 0.5, 0.9, 1.0] {
                        let h_in = share * f64::from(n_in);
                        let expected = plainly(n_in, n_out, nw, h_in).max(0.0);
                        let got = output_entropy(n_in as u32, n_out as u32, nw as u32, h_in);
                        assert!(
                            (got - expected).abs() <= 1e-9 * expected.max(1e-3),
                            "{n_in} {n_out} {nw} {h_in}: {got} is not {expected}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn the_default_block_is_credited_383_616_bits() {
        let millibits =
            toeplitz_block_millibits(DEFAULT_INPUT_BITS, DEFAULT_OUTPUT_BITS, DEFAULT_CLAIMED_H);
        assert_eq!(millibits, Ok(383_616));
        let formula = output_entropy(1024, 384, 384, 512.0);
        assert!((formula - 384.0).abs() < 1e-9, "{formula}");
    }

    #[test]
    fn poor_input_is_credited_by_the_formula_and_not_by_the_cap() {
        // h_in far below the output's width: no conditioner makes entropy.
        let got = output_entropy(1024, 384, 384, 100.0);
        assert!(got <= 100.0 && got > 99.9, "{got}");
        assert_eq!(output_entropy(1024, 384, 384, 0.0), 0.0);
        assert_eq!(output_entropy(1024, 384, 384, 1025.0), 0.0);
        assert_eq!(output_entropy(1024, 384, 384, f64::NAN), 0.0);
        assert_eq!(output_entropy(1024, 384, 0, 500.0), 0.0);
        assert_eq!(output_entropy(0, 384, 384, 0.5), 0.0);
    }

    #[test]
    fn the_leftover_hash_margin_is_exact() {
        assert!(check_extractor(1024, 384, 0.5).is_ok());
        assert_eq!(
            check_extractor(1024, 385, 0.5),
            Err(CreditError::TooGenerous {
                n: 1024,
                m: 385,
                h: 0.5,
                most: 384
            })
        );
        assert!(check_extractor(1024, 384, 0.499).is_err());
        assert!(check_extractor(1024, 0, 0.5).is_err());
        assert!(check_extractor(128, 1, 1.0).is_err());
        for claim in [0.0, -0.1, 1.01, f64::INFINITY] {
            assert_eq!(
                check_extractor(1024, 384, claim),
                Err(CreditError::Claim(claim))
            );
        }
        assert!(check_claim(f64::NAN).is_err());
        assert!(check_claim(1.0).is_ok());
    }
}
