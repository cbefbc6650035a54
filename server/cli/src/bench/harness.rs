//! Measuring in pairs: ours and the baseline by turns, in one process, on pinned threads.
//!
//! A virtual machine's speed drifts by tens of percent within a minute, so two figures taken one
//! after the other say little about each other. Here each pair is measured back to back, the order
//! within a pair alternates, and what is reported is the median over the pairs.

use core_affinity::CoreId;
use serde::Serialize;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// The fewest pairs that a median is taken over (`8-cli.md`).
pub(crate) const LEAST_PAIRS: usize = 7;

/// How long and how often to measure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// Interleaved pairs, at least [`LEAST_PAIRS`].
    pub(crate) pairs: usize,
    /// Time of one measurement.
    pub(crate) slice: Duration,
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Measured {
    /// Name from `8-cli.md`.
    pub(crate) name: String,
    /// Median of ours, in `unit`.
    pub(crate) value: f64,
    /// `B/s`, `bit/s`, `cycles/s`, `packets/s`, `1/s`, `us`, `ms`, `%`.
    pub(crate) unit: &'static str,
    /// Median of the peer in the same run; null where there is no peer.
    pub(crate) baseline: Option<f64>,
    /// value / baseline.
    pub(crate) ratio: Option<f64>,
}

impl Measured {
    /// A figure without a peer.
    pub(crate) fn alone(name: &str, unit: &'static str, value: f64) -> Self {
        Self {
            name: name.to_owned(),
            value,
            unit,
            baseline: None,
            ratio: None,
        }
    }

    /// A figure beside its peer's.
    pub(crate) fn beside(name: &str, unit: &'static str, value: f64, baseline: f64) -> Self {
        Self {
            name: name.to_owned(),
            value,
            unit,
            baseline: Some(baseline),
            ratio: (baseline > 0.0).then(|| value / baseline),
        }
    }
}

/// Medians of two things measured by turns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Medians {
    pub(crate) ours: f64,
    pub(crate) baseline: f64,
}

/// Measures `ours` and `baseline` by turns; each call gives one figure.
pub(crate) fn pairs<E>(
    count: usize,
    mut ours: impl FnMut() -> Result<f64, E>,
    mut baseline: impl FnMut() -> Result<f64, E>,
) -> Result<Medians, E> {
    let count = count.max(LEAST_PAIRS);
    let (mut a, mut b) = (Vec::with_capacity(count), Vec::with_capacity(count));
    for pair in 0..count {
        if pair % 2 == 0 {
            a.push(ours()?);
            b.push(baseline()?);
        } else {
            b.push(baseline()?);
            a.push(ours()?);
        }
    }
    Ok(Medians {
        ours: median(&mut a),
        baseline: median(&mut b),
    })
}

/// The median of figures measured one after another, for what has no peer.
pub(crate) fn alone<E>(count: usize, mut ours: impl FnMut() -> Result<f64, E>) -> Result<f64, E> {
    let mut figures = Vec::with_capacity(count);
    for _ in 0..count.max(LEAST_PAIRS) {
        figures.push(ours()?);
    }
    Ok(median(&mut figures))
}

/// The middle figure, or the mean of the two in the middle; 0 of none.
pub(crate) fn median(figures: &mut [f64]) -> f64 {
    figures.sort_by(f64::total_cmp);
    let n = figures.len();
    match n {
        0 => 0.0,
        n if n % 2 == 1 => figures[n / 2],
        _ => (figures[n / 2 - 1] + figures[n / 2]) / 2.0,
    }
}

/// Calls `work` until `slice` is over and gives what it did per second.
///
/// `work` says how much it did; it should take well under a slice, and the clock is read after
/// each call only.
pub(crate) fn rate<E>(slice: Duration, mut work: impl FnMut() -> Result<u64, E>) -> Result<f64, E> {
    let start = Instant::now();
    let mut done = 0_u64;
    loop {
        done += work()?;
        let elapsed = start.elapsed();
        if elapsed >= slice {
            return Ok(done as f64 / elapsed.as_secs_f64());
        }
    }
}

/// The cores that the process may use, as they were before any thread was pinned: a pinned thread
/// and those that it starts see only their own.
fn cores_at_start() -> &'static [CoreId] {
    static CORES: OnceLock<Vec<CoreId>> = OnceLock::new();
    CORES.get_or_init(|| core_affinity::get_core_ids().unwrap_or_default())
}

/// Pins the calling thread to the `index`-th core that the process may use (modulo their number).
///
/// Gives false where the system has no such thing; the report then says *not pinned*. The first
/// call must come before anything else has pinned the thread.
pub(crate) fn pin(index: usize) -> bool {
    match cores_at_start() {
        [] => false,
        cores => core_affinity::set_for_current(cores[index % cores.len()]),
    }
}

/// How many cores the process may use.
pub(crate) fn cores() -> usize {
    cores_at_start().len().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn median_of_odd_even_and_none() {
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&mut [4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(&mut []), 0.0);
    }

    #[test]
    fn pairs_alternate_and_are_at_least_seven() {
        let order = std::cell::RefCell::new(String::new());
        let medians = pairs::<Infallible>(
            1,
            || {
                order.borrow_mut().push('o');
                Ok(6.0)
            },
            || {
                order.borrow_mut().push('b');
                Ok(2.0)
            },
        )
        .unwrap_or_else(|never| match never {});
        assert_eq!(order.into_inner(), "obboobboobboob");
        assert_eq!(
            medians,
            Medians {
                ours: 6.0,
                baseline: 2.0
            }
        );
    }

    #[test]
    fn ratio_is_value_over_baseline_and_never_infinite() {
        let m = Measured::beside("drbg", "B/s", 6.0, 2.0);
        assert_eq!(m.ratio, Some(3.0));
        assert_eq!(Measured::beside("drbg", "B/s", 6.0, 0.0).ratio, None);
        let json = serde_json::to_value(Measured::alone("ecdh.p384", "1/s", 1.0));
        let json = json.expect("plain data");
        assert!(json["baseline"].is_null() && json["ratio"].is_null());
    }
}
