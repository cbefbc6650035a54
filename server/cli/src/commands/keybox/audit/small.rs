//! The map with few digits: cycles, and what is left of all IP keys; both extrapolated to the orbit's size.

use super::Progress;
use photonbox_keybox::audit::small;
use photonbox_keybox::{DIGITS, Parameters};
use serde::Serialize;

/// Starts where a map is too large to take every number.
const STARTS: u32 = 400;

/// Cycles at small D.
#[derive(Debug, Serialize)]
pub(super) struct Cycles {
    pub(super) rows: Vec<CyclesRow>,
    /// λ = a + b · D, by least squares over the rows.
    pub(super) lambda_a: f64,
    pub(super) lambda_b: f64,
    /// D of the orbit.
    pub(super) digits: u32,
    /// λ there: extrapolated.
    pub(super) lambda: f64,
    /// Decimal logarithm of the steps until a number repeats: extrapolated.
    pub(super) repeats_after_log10: f64,
    /// Decimal logarithm of the chance that the orbit's keys repeat: extrapolated.
    pub(super) chance_log10: f64,
}

/// One D.
#[derive(Debug, Serialize)]
pub(super) struct CyclesRow {
    pub(super) digits: u32,
    pub(super) starts: u64,
    pub(super) exhaustive: bool,
    pub(super) mean_cycle: f64,
    pub(super) mean_tail: f64,
    pub(super) random_map: f64,
    pub(super) longest: u64,
    pub(super) cycles: u64,
    /// Mean over so many moduli next to 10^D.
    pub(super) repeats_after: f64,
    pub(super) moduli: u32,
    pub(super) lambda: f64,
}

/// What is left of all IP keys' orbits.
#[derive(Debug, Serialize)]
pub(super) struct Losses {
    pub(super) rows: Vec<LossesRow>,
    /// Bits of an IP key that is drawn at random: log2(10^64).
    pub(super) ip_key_bits: f64,
    /// Bits of the orbit, of which every two IP keys share one.
    pub(super) orbit_bits: f64,
    /// Bits that are left in the X of the last key: extrapolated.
    pub(super) last_bits: f64,
}

/// 10^kept starts, s zeros behind them, n steps.
#[derive(Debug, Serialize)]
pub(super) struct LossesRow {
    pub(super) kept: u32,
    pub(super) s: u32,
    pub(super) n: u32,
    pub(super) left: u64,
    /// By λ of that D.
    pub(super) predicted: f64,
}

/// Measures D = 4 to 11, or to 8, and extrapolates to the orbit of `parameters`.
pub(super) fn cycles(parameters: Parameters, quick: bool, progress: &Progress) -> Cycles {
    let (last, moduli) = if quick { (8, 400) } else { (11, 1_000) };
    let row = |digits| {
        progress.say(format!("cycles of the map with {digits} digits"));
        let found = small::cycles(digits, STARTS, moduli);
        CyclesRow {
            digits,
            starts: found.starts,
            exhaustive: found.exhaustive,
            mean_cycle: found.cycle,
            mean_tail: found.tail,
            random_map: found.of_random_map(),
            longest: found.longest,
            cycles: found.cycles,
            repeats_after: found.repeats_after,
            moduli: found.moduli,
            lambda: found.lambda(),
        }
    };
    let rows: Vec<CyclesRow> = (4..=last).map(row).collect();
    let points: Vec<(f64, f64)> = rows
        .iter()
        .map(|row| (f64::from(row.digits), row.lambda))
        .collect();
    let (lambda_a, lambda_b) = small::line(&points);
    let digits = DIGITS as u32 + parameters.s();
    let lambda = lambda_a + lambda_b * f64::from(digits);
    let half_log = |value: f64| 0.5 * (f64::from(digits) + value.log10());
    Cycles {
        rows,
        lambda_a,
        lambda_b,
        digits,
        lambda,
        repeats_after_log10: half_log(std::f64::consts::FRAC_PI_2 / lambda),
        // n²/2 pairs, of which each falls together with the chance λ/M.
        chance_log10: (0.5 * lambda).log10() + 2.0 * f64::from(parameters.total()).log10()
            - f64::from(digits),
    }
}

/// Steps all starts of small maps, and extrapolates as [`cycles`].
pub(super) fn losses(
    cycles: &Cycles,
    parameters: Parameters,
    quick: bool,
    progress: &Progress,
) -> Losses {
    // The prediction holds while n is well below the steps until a number repeats.
    let (maps, at): (&[(u32, u32)], &[u32]) = if quick {
        (&[(4, 3), (4, 4)], &[16, 64, 256])
    } else {
        (&[(6, 3), (5, 3), (5, 4)], &[16, 256, 4096])
    };
    let mut rows = Vec::new();
    for &(kept, s) in maps {
        progress.say(format!("all starts of {kept} digits, s = {s}"));
        let found = small::distinct(kept, s, at);
        let lambda = cycles.lambda_a + cycles.lambda_b * f64::from(kept + s);
        rows.extend(at.iter().zip(found).map(|(&n, found)| LossesRow {
            kept,
            s,
            n,
            left: found,
            predicted: left(kept, s, n, lambda),
        }));
    }
    let kept = DIGITS as u32;
    let starts = 10_f64.powi(kept as i32);
    Losses {
        rows,
        ip_key_bits: starts.log2(),
        orbit_bits: starts.log2() - 1.0,
        last_bits: left(kept, parameters.s(), parameters.total(), cycles.lambda).log2(),
    }
}

/// Half of the starts are left after the first step; every two of those fall together with the chance λ/M a step.
fn left(kept: u32, s: u32, n: u32, lambda: f64) -> f64 {
    let half = 10_f64.powi(kept as i32) / 2.0;
    // half/M = 10^−s / 2.
    let crowded = 10_f64.powi(-(s as i32)) / 2.0;
    half / (1.0 + crowded * lambda * f64::from(n) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_steps_lose_half_and_many_lose_with_their_number() {
        assert!((left(6, 3, 0, 5.0) - 500_000.0).abs() < 1e-6);
        // 1 + 0.0005 · 4 · 1000 / 2 = 2.
        assert!((left(6, 3, 1_000, 4.0) - 250_000.0).abs() < 1e-6);
    }
}
