//! What a block of the extractor is credited with (SP 800-90B §3.1.5, spec 1-entropy §1.3).

/// Margin in bits of the leftover hash lemma: m <= nH - 128 gives epsilon = 2^-64.
pub const LEFTOVER_MARGIN: u32 = 128;

/// `Output_Entropy(n_in, n_out, nw, h_in)` of SP 800-90B §3.1.5.1.2, all in bits, by logarithms so that 2^n_in
/// need not be formed.
pub fn output_entropy(n_in: u32, n_out: u32, nw: u32, h_in: f64) -> f64 {
    // Step 1: P_high = 2^-h_in, P_low = (1 - P_high) / (2^n_in - 1).
    let n_in = f64::from(n_in);
    let log_p_high = -h_in;
    let log_p_low = log2_one_minus(h_in) - (n_in + log2_one_minus(n_in));
    // Step 2: n = min(n_out, nw).
    let n = f64::from(n_out.min(nw));
    // Step 3: psi = 2^(n_in - n) P_low + P_high.
    let log_psi = log2_sum(n_in - n + log_p_low, log_p_high);
    // Step 4: U = 2^(n_in - n) + sqrt(2 n 2^(n_in - n) ln 2).
    let log_spread = 0.5 * (1.0 + n.log2() + (n_in - n) + core::f64::consts::LN_2.log2());
    let log_u = log2_sum(n_in - n, log_spread);
    // Step 5: omega = U P_low. Step 6: -log2(max(psi, omega)).
    (-log_psi.max(log_u + log_p_low)).max(0.0)
}

/// Bits credited for one block of m bits made of n raw bits with min-entropy H each:
/// min(Output_Entropy(n, m, m, nH), 0.999 m), for the extractor is not a vetted conditioner.
pub fn credited_bits_per_block(n: u32, m: u32, h: f64) -> f64 {
    output_entropy(n, m, m, f64::from(n) * h).min(0.999 * f64::from(m))
}

/// Whether m <= nH - 128, H in units of 2^-16 bit.
pub fn leftover_ok(n: u32, m: u32, h_q16: u32) -> bool {
    (u64::from(m) + u64::from(LEFTOVER_MARGIN)) << 16 <= u64::from(n) * u64::from(h_q16)
}

/// log2(1 - 2^-x).
fn log2_one_minus(x: f64) -> f64 {
    (-(-x * core::f64::consts::LN_2).exp_m1()).log2()
}

/// log2(2^a + 2^b).
fn log2_sum(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY {
        return high;
    }
    high + (low - high).exp2().ln_1p() / core::f64::consts::LN_2
}
