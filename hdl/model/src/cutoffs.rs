//! Cut-offs of the health tests from the claimed min-entropy H per bit and the false-positive rate 2^-k
//! (SP 800-90B §4.4.1 and §4.4.2, spec 1-entropy §1.2).

use core::f64::consts::LN_2;
use photonbox_regmap::lane::BALANCE_WINDOW;

/// A claim from which no cut-off follows.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum CutoffError {
    /// H is not within 0 < H <= 1.
    #[error("claimed min-entropy {0} per bit is impossible for a binary source: choose 0 < H <= 1")]
    Entropy(f64),
    /// The false-positive rate is not one that a register can express.
    #[error("false-positive rate 2^-{0} is out of range: choose 2^-1 to 2^-1000")]
    Rate(u32),
}

/// False-positive rate for a card with `lanes` lanes in use: 2^-30 for one, 2^-40 for more, as k of 2^-k.
pub const fn default_alpha_log2(lanes: u32) -> u32 {
    if lanes > 1 { 40 } else { 30 }
}

/// Cut-off of the repetition count test: 1 + ceil(k / H).
///
/// # Errors
/// [`CutoffError`] when H or k is out of range.
pub fn rct(h: f64, alpha_log2: u32) -> Result<u32, CutoffError> {
    check(h, alpha_log2)?;
    let repetitions = f64::from(alpha_log2) / h;
    // k / H is often a whole number (30 / 0.3) that binary fractions miss by one part in 10^16.
    let whole = repetitions.round();
    let repetitions = if (repetitions - whole).abs() < 1e-9 * whole {
        whole
    } else {
        repetitions.ceil()
    };
    Ok(1 + repetitions.min(f64::from(u32::MAX - 1)) as u32)
}

/// Cut-off of the adaptive proportion test over `window` samples: 1 + critbinom(window, 2^-H, 1 - 2^-k).
///
/// `window + 1` means that no proportion is improbable enough at this H: the test cannot fail.
///
/// # Errors
/// [`CutoffError`] when H or k is out of range.
pub fn apt(h: f64, alpha_log2: u32, window: u32) -> Result<u32, CutoffError> {
    check(h, alpha_log2)?;
    let ln_alpha = -f64::from(alpha_log2) * LN_2;
    // critbinom is the smallest k with P(X <= k) >= 1 - alpha, so with P(X > k) <= alpha. Summing the upper tail
    // from its far end adds small to large and never forms 1 - alpha, which has no digits left at 2^-40.
    let ln_p = -h * LN_2;
    let ln_odds = (-ln_p.exp_m1()).ln() - ln_p;
    let mut ln_term = f64::from(window) * ln_p;
    let mut tail = 0.0_f64;
    let mut k = window;
    loop {
        // `tail` is P(X > k), scaled by 1 / alpha so that tiny alphas do not underflow.
        tail += (ln_term - ln_alpha).exp();
        if tail > 1.0 || k == 0 {
            return Ok(k + 1);
        }
        ln_term += (f64::from(k) / f64::from(window - k + 1)).ln() + ln_odds;
        k -= 1;
    }
}

/// Most bits of one value in the balance watch's window: the floor of N 2^-H + 6 sigma, N = 65,536.
///
/// # Errors
/// [`CutoffError`] when H is out of range.
pub fn balance(h: f64) -> Result<u32, CutoffError> {
    check(h, 1)?;
    let n = f64::from(BALANCE_WINDOW);
    let p = (-h).exp2();
    Ok((n * p + 6.0 * (n * p * (1.0 - p)).sqrt()).min(n) as u32)
}

/// Expected bits of one lane between false alarms: the repetition count fails with probability of at most alpha at
/// each bit, the adaptive proportion test at each window.
pub fn false_alarm_interval_bits(alpha_log2: u32, window: u32) -> f64 {
    f64::from(alpha_log2).exp2() / (1.0 + 1.0 / f64::from(window.max(1)))
}

fn check(h: f64, alpha_log2: u32) -> Result<(), CutoffError> {
    if !(h > 0.0 && h <= 1.0) {
        return Err(CutoffError::Entropy(h));
    }
    if !(1..=1000).contains(&alpha_log2) {
        return Err(CutoffError::Rate(alpha_log2));
    }
    Ok(())
}
