//! Cut-offs of the continuous health tests (SP 800-90B §4.4; 1-entropy §1.2).
//!
//! The tests themselves run on the card. The hub computes the cut-offs that it loads and checks
//! what it reads back; hardware model and hub each have their own copy of these formulas, and one
//! vector file holds both to the same numbers.

/// Window of the adaptive proportion test for binary sources, bits (SP 800-90B §4.4.2).
pub const APT_WINDOW: u32 = 1024;
/// Raw bits of the start-up test, thrown away afterwards.
pub const STARTUP_BITS: u32 = 1024;
/// Raw bits over which the balance watch counts.
pub const BALANCE_WINDOW: u32 = 65_536;
/// Standard deviations above 2^-H at which the balance watch alarms.
const BALANCE_SIGMAS: f64 = 6.0;

/// -log2 of the false-positive rate per test: 2^-30 for one lane, 2^-40 for more.
#[must_use]
pub fn default_alpha_log2(lanes: u32) -> u32 {
    if lanes > 1 { 40 } else { 30 }
}

/// Repetition count cut-off C = 1 + ceil(-log2(alpha) / H): alarm when one value comes C times in a
/// row. `alpha_log2` is -log2(alpha); `h` is the claimed min-entropy of a raw bit, in (0, 1].
#[must_use]
pub fn repetition_count(h: f64, alpha_log2: u32) -> u32 {
    1 + (f64::from(alpha_log2) / h).ceil() as u32
}

/// Adaptive proportion cut-off C = 1 + critbinom(W, 2^-H, 1 - alpha): alarm when the window's first
/// value comes C times in `window` bits. `h` is in (0, 1].
#[must_use]
pub fn adaptive_proportion(h: f64, alpha_log2: u32, window: u32) -> u32 {
    // critbinom is the smallest k with P(X > k) <= alpha. The upper tail is summed from its far
    // end, where the terms are smallest: 1 - alpha itself is lost in f64's rounding.
    let w = f64::from(window);
    let log_p = -h;
    let log_q = (-(-h * std::f64::consts::LN_2).exp_m1()).log2();
    let alpha = (-f64::from(alpha_log2)).exp2();
    let mut log_choose = 0.0;
    let mut tail = 0.0;
    let mut k = window;
    while k > 0 {
        let k_real = f64::from(k);
        tail += (log_choose + k_real * log_p + (w - k_real) * log_q).exp2();
        if tail > alpha {
            break;
        }
        // C(W, k-1) = C(W, k) * k / (W - k + 1)
        log_choose += (k_real / (w - k_real + 1.0)).log2();
        k -= 1;
    }
    1 + k
}

/// The most often that one value may come in `window` bits: 2^-H + 6 sigma, rounded down. Alarm
/// above it. `h` is in (0, 1].
#[must_use]
pub fn balance_limit(h: f64, window: u32) -> u32 {
    let w = f64::from(window);
    let p = (-h).exp2();
    let sigma = (w * p * (1.0 - p)).sqrt();
    (w * p + BALANCE_SIGMAS * sigma).min(w) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Vectors {
        rows: Vec<Row>,
    }

    #[derive(Deserialize)]
    struct Row {
        alpha_log2: i32,
        h: f64,
        rct: u32,
        apt_1024: u32,
        apt_512: u32,
    }

    #[test]
    fn all_rows_of_the_vector_file() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/vectors/health.json"
        );
        let text = std::fs::read_to_string(path).expect("the vector file is in the repository");
        let vectors: Vectors = serde_json::from_str(&text).expect("it is well formed");
        assert_eq!(vectors.rows.len(), 42);
        for row in vectors.rows {
            let alpha = row.alpha_log2.unsigned_abs();
            assert_eq!(
                repetition_count(row.h, alpha),
                row.rct,
                "rct {} {alpha}",
                row.h
            );
            assert_eq!(
                adaptive_proportion(row.h, alpha, 1024),
                row.apt_1024,
                "{} {alpha}",
                row.h
            );
            assert_eq!(
                adaptive_proportion(row.h, alpha, 512),
                row.apt_512,
                "{} {alpha}",
                row.h
            );
        }
    }

    #[test]
    fn a_claim_so_low_that_all_windows_pass() {
        // At H = 0.001 even 1,024 equal bits are likelier than 2^-30: the cut-off is out of reach.
        assert_eq!(adaptive_proportion(0.001, 30, 1024), 1025);
    }

    #[test]
    fn balance_limits() {
        // p = 1/2: 32,768 + 6 * 128 exactly.
        assert_eq!(balance_limit(1.0, BALANCE_WINDOW), 33_536);
        // p = 2^-0.5: 46,340.95 + 6 * 116.5.
        assert_eq!(balance_limit(0.5, BALANCE_WINDOW), 47_039);
        assert_eq!(balance_limit(1e-9, 1024), 1024);
    }

    #[test]
    fn more_lanes_mean_a_rarer_false_alarm() {
        assert_eq!(default_alpha_log2(1), 30);
        assert_eq!(default_alpha_log2(2), 40);
        assert_eq!(default_alpha_log2(64), 40);
    }
}
