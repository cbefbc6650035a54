//! What the four prediction estimators (SP 800-90B §6.3.7–§6.3.10) share: counting hits, and the
//! last steps that turn global and local performance into min-entropy.

use super::bound::{min_entropy, upper_bound};

/// Hits of a predictor: how many, and the longest run of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    predictions: u64,
    correct: u64,
    run: u64,
    longest: u64,
}

impl Tally {
    /// Notes one prediction.
    #[inline]
    pub(crate) fn note(&mut self, hit: bool) {
        self.predictions += 1;
        self.correct += u64::from(hit);
        self.run = if hit { self.run + 1 } else { 0 };
        self.longest = self.longest.max(self.run);
    }

    /// Min-entropy per bit of a binary source that was predicted this well.
    pub(crate) fn min_entropy(&self) -> f64 {
        let n = self.predictions as f64;
        // P_global and the upper end of its 99 % confidence interval.
        let global = if self.correct == 0 {
            1.0 - 0.01_f64.powf(1.0 / n)
        } else {
            upper_bound(self.correct as f64 / n, n - 1.0)
        };
        // A guess between two values is right half the time: P is never below 1/k.
        let floor = global.max(0.5);
        // P_local matters only when it is above that, that is, when the longest run is
        // improbable for a predictor of that strength.
        if floor < 1.0 && log_no_run(floor, self.longest + 1, n) > LOG_ALPHA {
            min_entropy(self.local(floor))
        } else {
            min_entropy(floor)
        }
    }

    /// P_local: the success probability for which, with probability 0.99, no run of
    /// `longest + 1` hits occurs; searched above `floor` by halving.
    fn local(&self, floor: f64) -> f64 {
        let (mut low, mut high) = (floor, 1.0_f64);
        loop {
            let middle = 0.5 * (low + high);
            if middle <= low || middle >= high {
                return high;
            }
            if log_no_run(middle, self.longest + 1, self.predictions as f64) > LOG_ALPHA {
                low = middle;
            } else {
                high = middle;
            }
        }
    }
}

/// ln 0.99.
const LOG_ALPHA: f64 = -0.010_050_335_853_501_44;

/// ln of the probability that `n` trials of success probability `p` hold no run of `r` successes:
/// (1 − px) / ((r + 1 − rx)·q) · x^−(n+1), where x is the smallest root above 1 of
/// 1 − x + q·p^r·x^(r+1) (Feller, as SP 800-90B §6.3.7 step 6 has it).
///
/// Works with y = x − 1, which is tiny for long runs: 1 − px = q − py, and r + 1 − rx = 1 − ry.
fn log_no_run(p: f64, r: u64, n: f64) -> f64 {
    let (q, r) = (1.0 - p, r as f64);
    let log_start = q.ln() + r * p.ln();
    let mut y = 0.0_f64;
    // The iteration rises monotonically to the root; NIST's tool gives up after as many rounds.
    for _ in 0..66 {
        let next = (log_start + (r + 1.0) * y.ln_1p()).exp();
        if next - y <= f64::EPSILON * y {
            break;
        }
        y = next;
    }
    // Where p is beyond r/(r+1), x runs into the other root 1/p: no run is as good as impossible.
    let ratio = ((q - p * y) / (q * (1.0 - r * y))).max(0.0);
    ratio.ln() - (n + 1.0) * y.ln_1p()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The probability of no run of r in n trials, by dynamic programming over the current run.
    fn exact_no_run(p: f64, r: usize, n: usize) -> f64 {
        let mut state = vec![0.0; r];
        state[0] = 1.0;
        for _ in 0..n {
            let total: f64 = state.iter().sum();
            for run in (1..r).rev() {
                state[run] = state[run - 1] * p;
            }
            state[0] = total * (1.0 - p);
        }
        state.iter().sum()
    }

    #[test]
    fn approximation_agrees_with_the_exact_recurrence() {
        for (p, r, n) in [
            (0.5, 12, 4_000),
            (0.6, 20, 20_000),
            (0.55, 17, 9_000),
            (0.9, 60, 3_000),
        ] {
            let exact = exact_no_run(p, r, n).ln();
            let ours = log_no_run(p, r as u64, n as f64);
            assert!(
                (exact - ours).abs() < 1e-4 * exact.abs().max(1e-3),
                "{p} {r} {n}: {exact} {ours}"
            );
        }
    }

    #[test]
    fn global_bound_with_no_hit_at_all_is_the_floor() {
        let mut tally = Tally::default();
        (0..1_000).for_each(|_| tally.note(false));
        assert_eq!(tally.min_entropy(), 1.0);
    }

    #[test]
    fn all_hits_mean_no_entropy() {
        let mut tally = Tally::default();
        (0..1_000).for_each(|_| tally.note(true));
        assert_eq!(tally.min_entropy(), 0.0);
    }

    #[test]
    fn one_long_run_lowers_the_estimate() {
        let (mut spread, mut run) = (Tally::default(), Tally::default());
        for i in 0..10_000 {
            spread.note(i % 2 == 0);
            run.note((i < 200) || i % 2 == 0);
        }
        assert!(run.longest >= 200 && spread.longest == 1);
        let (without, with) = (spread.min_entropy(), run.min_entropy());
        assert!(
            (without + (0.5_f64 + 2.575_829_303_548_901 * (0.25 / 9_999.0_f64).sqrt()).log2())
                .abs()
                < 1e-12
        );
        assert!(with < 0.2, "{with}");
        // At P_local the run of 201 is avoided with probability 0.99, by the exact recurrence.
        let p = 2.0_f64.powf(-with);
        let exact = exact_no_run(p, run.longest as usize + 1, 10_000);
        assert!((exact - 0.99).abs() < 1e-3, "{exact}");
    }
}
