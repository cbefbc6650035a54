#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
//! Statistics with fixed seeds: each bound is at least six standard deviations wide.
use super::*;

const PERIOD: u64 = 4_000;
/// One second in cycles.
const SECOND: u64 = 250_000_000;

fn bare(rate: f64) -> StochasticParams {
    StochasticParams {
        rate,
        splitter: 0.5,
        efficiency: 1.0,
        dark: 0.0,
        dead_time_ps: 0,
        afterpulse: 0.0,
        afterpulse_time_ps: 40_000,
        jitter_ps: 0,
        seed: None,
    }
}

fn source(params: StochasticParams, seed: u64, lanes: u32) -> StochasticSource {
    StochasticSource::new(params, &Seed::Fixed(seed), lanes, PERIOD).unwrap()
}

fn edges(params: StochasticParams, seed: u64, lanes: u32, cycles: u64) -> Vec<Edge> {
    let mut s = source(params, seed, lanes);
    core::iter::from_fn(|| s.next_edge())
        .take_while(|e| e.cycle < cycles)
        .collect()
}

fn counts(edges: &[Edge]) -> (f64, f64) {
    let a = edges.iter().filter(|e| e.a).count();
    let b = edges.iter().filter(|e| e.b).count();
    (a as f64, b as f64)
}

/// Within six standard deviations of a Poisson count.
fn near(count: f64, expected: f64) -> bool {
    (count - expected).abs() < 6.0 * expected.sqrt()
}

/// Cycles between neighbouring edges of detector A of lane 0.
fn gaps_of_a(edges: &[Edge]) -> Vec<u64> {
    let at: Vec<u64> = edges.iter().filter(|e| e.a).map(|e| e.cycle).collect();
    at.windows(2).map(|w| w[1] - w[0]).collect()
}

#[test]
fn rate_splitter_efficiency_and_dark_counts_add_up() {
    // A low rate: two photons of one detector in one cycle are then rare (4e-4 of them).
    let p = StochasticParams {
        splitter: 0.3,
        efficiency: 0.5,
        dark: 2e4,
        ..bare(2e5)
    };
    let (a, b) = counts(&edges(p, 1, 1, SECOND));
    assert!(near(a, 2e5 * 0.5 * 0.3 + 2e4), "A: {a}");
    assert!(near(b, 2e5 * 0.5 * 0.7 + 2e4), "B: {b}");
}

#[test]
fn own_logarithm_and_division_are_right() {
    let scale = 2f64.powi(64);
    for x in [
        1,
        2,
        3,
        1 << 32,
        u64::MAX / 3,
        u64::MAX / 2,
        u64::MAX - 1,
        u64::MAX,
    ] {
        let want = -(x as f64 / scale).ln();
        assert!((minus_ln(x) - want).abs() < 1e-11, "{x}");
    }
    assert_eq!(minus_ln(0), minus_ln(1));
    // On either side of each seam of the series, and steadily falling across it.
    let mut x = u64::MAX;
    while x > 1 << 30 {
        let y = x - x / 1_000;
        let step = minus_ln(y) - minus_ln(x);
        assert!((step / 1.0005e-3 - 1.0).abs() < 1e-4, "{x}: {step}");
        x = y;
    }
    for period in [1, 2, 3, 7, 4_000, 4_096, 999_983, u64::MAX / 2, u64::MAX] {
        let divider = Divider::new(period);
        for n in [0, 1, 2, 1_000_003, u64::MAX / period] {
            let at = n.min(u64::MAX / period) * period;
            for time in [at.saturating_sub(1), at, at.saturating_add(1), u64::MAX] {
                assert_eq!(divider.periods(time), time / period, "{time} / {period}");
            }
        }
    }
}

#[test]
fn gaps_are_exponential() {
    let gaps = gaps_of_a(&edges(bare(2e5), 2, 1, SECOND));
    let n = gaps.len() as f64;
    let mean = gaps.iter().sum::<u64>() as f64 / n;
    assert!((mean / 2_500.0 - 1.0).abs() < 6.0 / n.sqrt(), "mean {mean}");
    let beyond = gaps.iter().filter(|&&g| g as f64 > mean).count() as f64;
    let share = (-1.0f64).exp();
    assert!((beyond - n * share).abs() < 6.0 * (n * share).sqrt());
}

#[test]
fn dead_time_is_kept_and_lowers_the_rate_as_it_must() {
    let dead = 100_000;
    let p = StochasticParams {
        splitter: 1.0,
        dead_time_ps: dead,
        ..bare(4e6)
    };
    let edges = edges(p, 3, 1, SECOND / 4);
    assert!(gaps_of_a(&edges).iter().all(|&g| g >= dead / PERIOD));
    let (a, b) = counts(&edges);
    assert_eq!(b, 0.0);
    // Not extended by what it misses: rate / (1 + rate × dead time).
    let expected = 1e6 / (1.0 + 4e6 * 1e-7);
    assert!(near(a, expected), "{a} against {expected}");
}

#[test]
fn afterpulses_follow_the_dead_time() {
    let p = StochasticParams {
        splitter: 1.0,
        dead_time_ps: 40_000,
        afterpulse: 0.1,
        afterpulse_time_ps: 40_000,
        ..bare(1e4)
    };
    let edges = edges(p, 4, 1, 10 * SECOND);
    let (a, _) = counts(&edges);
    // Each detection has 0.1 afterpulses, each of which has 0.1, and so on.
    let expected = 1e5 / 0.9;
    assert!((a - expected).abs() < 6.0 * (expected * 1.3).sqrt(), "{a}");
    let close = gaps_of_a(&edges).iter().filter(|&&g| g < 110).count() as f64;
    assert!((close - a * 0.1).abs() < 0.02 * a, "{close} of {a}");
}

#[test]
fn jitter_moves_pulses_by_its_standard_deviation() {
    // In blinding light a pulse follows each dead time at once, so that gaps vary by jitter alone:
    // √2 · 20 ns, next to 1 ns of waiting for a photon.
    let p = StochasticParams {
        dead_time_ps: 1_000_000,
        jitter_ps: 20_000,
        ..bare(1e9)
    };
    let mut s = DetectorStream::new(Seed::Fixed(6).generator(0), p, 1.0, PERIOD);
    let times: Vec<f64> = (0..50_000).map(|_| s.pulse().unwrap() as f64).collect();
    let gaps: Vec<f64> = times.windows(2).map(|w| w[1] - w[0]).collect();
    let n = gaps.len() as f64;
    let mean = gaps.iter().sum::<f64>() / n;
    let sigma = (gaps.iter().map(|g| (g - mean).powi(2)).sum::<f64>() / n).sqrt();
    assert!((mean / 1_001_000.0 - 1.0).abs() < 1e-3, "{mean}");
    assert!((sigma / 28_300.0 - 1.0).abs() < 0.03, "{sigma}");
}

#[test]
fn jitter_keeps_pulses_in_order_and_loses_none() {
    // Jitter far wider than the gaps: nearly every pulse overtakes another.
    let stream = |jitter_ps| {
        let p = StochasticParams {
            jitter_ps,
            ..bare(1e8)
        };
        let mut s = DetectorStream::new(Seed::Fixed(5).generator(0), p, 1.0, PERIOD);
        (0..20_000).map(|_| s.pulse().unwrap()).collect::<Vec<_>>()
    };
    let jittered = stream(100_000);
    assert!(jittered.windows(2).all(|w| w[0] <= w[1]));
    // 20,000 pulses still take 20,000 gaps of 10 ns.
    let last = *jittered.last().unwrap() as f64;
    assert!((last / 2e8 - 1.0).abs() < 0.05, "{last}");
}

#[test]
fn a_stream_that_moves_its_base_goes_on_as_if_it_had_not() {
    for jitter_ps in [0, 100_000] {
        let p = StochasticParams {
            jitter_ps,
            afterpulse: 0.5,
            ..bare(1e7)
        };
        let stream = || DetectorStream::new(Seed::Fixed(3).generator(0), p, 1.0, PERIOD);
        let (mut one, mut other) = (stream(), stream());
        for n in 0..5_000 {
            if n % 7 == 0 {
                other.rebase();
            }
            assert_eq!(one.next_cycle(), other.next_cycle());
        }
        assert!(other.base > 0 && one.base == 0);
    }
    // Times near the limit move it by themselves: one photon in eleven days.
    let p = bare(1e-6);
    let mut dim = DetectorStream::new(Seed::Fixed(4).generator(0), p, 1.0, PERIOD);
    let cycles: Vec<u64> = (0..200).map(|_| dim.next_cycle()).collect();
    assert!(cycles.windows(2).all(|w| w[0] < w[1]));
    assert!(dim.base > 0);
    // 200 gaps of 10^6 s, cut at 1.15 of it: at least half of that on average.
    assert!(cycles[199] > 200 * 125_000_000_000_000);
}

#[test]
fn a_seed_determines_the_run_and_another_gives_another() {
    let p = StochasticParams::default();
    assert_eq!(edges(p, 7, 4, 100_000), edges(p, 7, 4, 100_000));
    assert_ne!(edges(p, 7, 4, 100_000), edges(p, 8, 4, 100_000));
    let os = || Seed::from_os().unwrap().generator(0).next_u64();
    assert_ne!(os(), os());
}

#[test]
fn lanes_are_independent_and_come_in_order() {
    let all = edges(bare(5e6), 9, 4, 1_000_000);
    assert!(
        all.windows(2)
            .all(|w| (w[0].cycle, w[0].lane) < (w[1].cycle, w[1].lane))
    );
    let lane = |n: u32| -> Vec<u64> {
        all.iter()
            .filter(|e| e.lane == n)
            .map(|e| e.cycle)
            .collect()
    };
    assert!((0..4).all(|n| lane(n).len() > 10_000));
    assert_ne!(lane(0), lane(1));
    // A lane's photons don't depend on how many others there are.
    let alone: Vec<u64> = edges(bare(5e6), 9, 1, 1_000_000)
        .iter()
        .map(|e| e.cycle)
        .collect();
    assert_eq!(lane(0), alone);
}

#[test]
fn photons_of_one_cycle_are_one_edge_per_detector() {
    let all = edges(bare(1e9), 10, 1, 1_000);
    // Two photons per detector and cycle on average: nearly each cycle has both.
    assert!(all.iter().filter(|e| e.a && e.b).count() > 600);
    assert!(all.windows(2).all(|w| w[0].cycle < w[1].cycle));
}

#[test]
fn darkness_ends_the_source() {
    assert_eq!(source(bare(0.0), 1, 4).next_edge(), None);
    let only_a = StochasticParams {
        splitter: 1.0,
        ..bare(1e6)
    };
    assert!(
        edges(only_a, 1, 1, SECOND / 100)
            .iter()
            .all(|e| e.a && !e.b)
    );
    let bad = StochasticParams {
        splitter: 2.0,
        ..bare(1e6)
    };
    assert!(StochasticSource::new(bad, &Seed::Fixed(1), 1, PERIOD).is_err());
}
