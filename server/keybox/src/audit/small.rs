//! The same map with few digits, where its cycles and losses can be counted.

use rayon::prelude::*;

/// Moduli below this have squares that fit 64 bits.
const NARROW: u64 = 1 << 32;
/// Moduli up to this have all their numbers walked.
const EXHAUSTIVE: u64 = 10_000_000;
/// 2^64 divided by the golden ratio: multiples of it are spread evenly.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// X to floor(4X(M − X)/M), for M up to 10^18.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SmallMap {
    modulus: u64,
}

/// Steps before the cycle, and steps of the cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walk {
    /// Steps before the first number of the cycle.
    pub tail: u64,
    /// Steps around it.
    pub cycle: u64,
}

/// Cycles of the map with D digits.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycles {
    /// D.
    pub digits: u32,
    /// Starts with M = 10^D: all of them, if `exhaustive`.
    pub starts: u64,
    /// Whether every number was a start.
    pub exhaustive: bool,
    /// Mean length of the cycle that a start ends in, steps.
    pub cycle: f64,
    /// Mean tail of a start, steps.
    pub tail: f64,
    /// Longest cycle that was met.
    pub longest: u64,
    /// Cycles that were met.
    pub cycles: u64,
    /// Other moduli, close to 10^D, that were each walked once.
    pub moduli: u32,
    /// Mean of tail and cycle together over those moduli: steps until a number repeats.
    pub repeats_after: f64,
}

impl Cycles {
    /// What a random map of as many numbers has for mean cycle, and for mean tail: √(π·10^D / 8).
    #[must_use]
    pub fn of_random_map(&self) -> f64 {
        (std::f64::consts::PI * 10_f64.powi(self.digits as i32) / 8.0).sqrt()
    }

    /// How much likelier two numbers fall together in a step than under a random map, by `repeats_after`: a random map's
    /// √(πM/2) becomes √(πM/(2λ)).
    #[must_use]
    pub fn lambda(&self) -> f64 {
        (2.0 * self.of_random_map() / self.repeats_after).powi(2)
    }
}

impl SmallMap {
    /// The map with this M, from 2 to 10^18; None for another.
    #[must_use]
    pub fn new(modulus: u64) -> Option<Self> {
        (2..=10_u64.pow(18))
            .contains(&modulus)
            .then_some(Self { modulus })
    }

    /// The next number.
    #[must_use]
    pub fn step(self, x: u64) -> u64 {
        let m = self.modulus;
        if m < NARROW {
            return 4 * x * (m - x) / m;
        }
        (u128::from(4 * x) * u128::from(m - x) / u128::from(m)) as u64
    }

    /// Where a start leads to, by Brent's algorithm.
    #[must_use]
    pub fn walk(self, start: u64) -> Walk {
        self.brent(start).0
    }

    /// The walk, and the least number of its cycle.
    fn brent(self, start: u64) -> (Walk, u64) {
        let (mut power, mut cycle) = (1, 1);
        let (mut slow, mut fast) = (start, self.step(start));
        while slow != fast {
            if power == cycle {
                slow = fast;
                power *= 2;
                cycle = 0;
            }
            fast = self.step(fast);
            cycle += 1;
        }
        let mut least = fast;
        fast = start;
        for _ in 0..cycle {
            fast = self.step(fast);
            least = least.min(slow);
            slow = self.step(slow);
        }
        let (mut slow, mut tail) = (start, 0);
        while slow != fast {
            slow = self.step(slow);
            fast = self.step(fast);
            tail += 1;
        }
        (Walk { tail, cycle }, least)
    }

    /// Start number `n` of a sequence that is spread evenly from 1 to M − 1.
    fn start(self, n: u64) -> u64 {
        let place = u128::from((n + 1).wrapping_mul(GOLDEN));
        1 + ((place * u128::from(self.modulus - 1)) >> 64) as u64
    }

    /// Tail and cycle of every number, in an array of M places: mean cycle, mean tail, longest cycle, cycles.
    fn all(self) -> (f64, f64, u64, u64) {
        let m = self.modulus as usize;
        // The tail and 2, and which cycle; 0 is not known yet, 1 is on the path that is being walked.
        let mut tails = vec![0_u32; m];
        let mut cycle_of = vec![0_u32; m];
        let mut lengths: Vec<u64> = Vec::new();
        let mut path = Vec::new();
        for start in 0..m {
            let mut x = start;
            while tails[x] == 0 {
                tails[x] = 1;
                path.push(x);
                // M itself, which only M/2 leads to, leads to 0.
                x = (self.step(x as u64) % self.modulus) as usize;
            }
            if tails[x] == 1 {
                // The path closed upon itself: from x on it is a cycle.
                let from = path.iter().rposition(|&on| on == x).unwrap_or(0);
                for &on in &path[from..] {
                    (tails[on], cycle_of[on]) = (2, lengths.len() as u32);
                }
                lengths.push((path.len() - from) as u64);
                path.truncate(from);
            }
            let (mut tail, number) = (tails[x], cycle_of[x]);
            for on in path.drain(..).rev() {
                tail += 1;
                (tails[on], cycle_of[on]) = (tail, number);
            }
        }
        let tail: u64 = tails.iter().map(|tail| u64::from(tail - 2)).sum();
        let cycle: u64 = cycle_of.iter().map(|&c| lengths[c as usize]).sum();
        (
            cycle as f64 / m as f64,
            tail as f64 / m as f64,
            lengths.iter().copied().max().unwrap_or(0),
            lengths.len() as u64,
        )
    }
}

/// Measures the map of `digits` digits (2 to 18) with so many starts, if they are too many to take all, and with so many
/// moduli below 10^`digits`. On all threads of the present rayon pool.
///
/// # Panics
/// For digits out of range.
#[must_use]
pub fn cycles(digits: u32, starts: u32, moduli: u32) -> Cycles {
    assert!((2..=18).contains(&digits), "{digits} digits");
    let modulus = 10_u64.pow(digits);
    let map = SmallMap { modulus };
    let exhaustive = modulus <= EXHAUSTIVE;
    let (cycle, tail, longest, met) = if exhaustive {
        map.all()
    } else {
        let walks: Vec<(Walk, u64)> = (0..u64::from(starts))
            .into_par_iter()
            .map(|n| map.brent(map.start(n)))
            .collect();
        let mean = |of: fn(&Walk) -> u64| {
            let sum: u64 = walks.iter().map(|(walk, _)| of(walk)).sum();
            sum as f64 / walks.len().max(1) as f64
        };
        let mut least: Vec<u64> = walks.iter().map(|(_, least)| *least).collect();
        least.sort_unstable();
        least.dedup();
        (
            mean(|walk| walk.cycle),
            mean(|walk| walk.tail),
            walks.iter().map(|(walk, _)| walk.cycle).max().unwrap_or(0),
            least.len() as u64,
        )
    };
    let repeats: u64 = (1..=u64::from(moduli))
        .into_par_iter()
        .map(|less| {
            let map = SmallMap {
                modulus: modulus - less % (modulus / 2),
            };
            let walk = map.walk(map.start(less));
            walk.tail + walk.cycle
        })
        .sum();
    Cycles {
        digits,
        starts: if exhaustive {
            modulus
        } else {
            u64::from(starts)
        },
        exhaustive,
        cycle,
        tail,
        longest,
        cycles: met,
        moduli,
        repeats_after: repeats as f64 / f64::from(moduli.max(1)),
    }
}

/// How many different X_n are left of all 10^`kept` − 1 starts X_0 = k · 10^`s`, at each n of `at`, which rises. Numbers have
/// `kept` + `s` digits, 18 at most.
///
/// # Panics
/// For more digits.
#[must_use]
pub fn distinct(kept: u32, s: u32, at: &[u32]) -> Vec<u64> {
    assert!(kept + s <= 18, "{kept} + {s} digits");
    let map = SmallMap {
        modulus: 10_u64.pow(kept + s),
    };
    let mut here: Vec<u64> = (1..10_u64.pow(kept)).map(|k| k * 10_u64.pow(s)).collect();
    let mut n = 0;
    let mut left = Vec::new();
    for &at in at {
        // What falls together stays together: to look for it now and then is enough.
        while n < at {
            let steps = (at - n).min(64);
            here.par_iter_mut().for_each(|x| {
                for _ in 0..steps {
                    *x = map.step(*x);
                }
            });
            here.par_sort_unstable();
            here.dedup();
            n += steps;
        }
        left.push(here.len() as u64);
    }
    left
}

/// Least squares: (a, b) of y = a + b·x.
#[must_use]
pub fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / n;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let b = mean(&|p| (p.0 - x) * (p.1 - y)) / mean(&|p| (p.0 - x).powi(2));
    (y - b * x, b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    /// Tail and cycle, by remembering every number.
    fn remembered(map: SmallMap, start: u64) -> Walk {
        let mut seen = HashMap::new();
        let (mut x, mut n) = (start, 0);
        loop {
            if let Some(tail) = seen.insert(x, n) {
                return Walk {
                    tail,
                    cycle: n - tail,
                };
            }
            x = map.step(x);
            n += 1;
        }
    }

    #[test]
    fn walks_are_those_of_a_memory() {
        for modulus in [2, 10, 1_000, 99_991, 100_000_000, 10_u64.pow(12)] {
            let map = SmallMap::new(modulus).expect("in range");
            for n in 0..20 {
                let start = map.start(n);
                assert!(start < modulus);
                assert_eq!(map.walk(start), remembered(map, start), "{modulus} {start}");
            }
        }
        assert_eq!(SmallMap::new(1), None);
        assert_eq!(SmallMap::new(10_u64.pow(18) + 1), None);
    }

    #[test]
    fn both_widths_of_the_step_agree_with_the_definition() {
        for (modulus, x) in [
            (10_000, 1_234),
            (NARROW, 123_456_789),
            (10_u64.pow(18), 10_u64.pow(17) + 7),
        ] {
            let wide = 4 * u128::from(x) * u128::from(modulus - x) / u128::from(modulus);
            assert_eq!(u128::from(SmallMap { modulus }.step(x)), wide);
        }
    }

    #[test]
    fn every_number_once() {
        let found = cycles(4, 0, 50);
        let map = SmallMap { modulus: 10_000 };
        let walks: Vec<Walk> = (0..10_000).map(|x| remembered(map, x)).collect();
        let mean = |of: fn(&Walk) -> u64| walks.iter().map(of).sum::<u64>() as f64 / 10_000.0;
        assert!(found.exhaustive && found.starts == 10_000);
        assert!((found.cycle - mean(|walk| walk.cycle)).abs() < 1e-9);
        // M/2 goes to M and then to 0; the array has it there one step earlier.
        assert!((found.tail - mean(|walk| walk.tail)).abs() < 2e-4);
        assert_eq!(
            Some(found.longest),
            walks.iter().map(|walk| walk.cycle).max()
        );
        assert!((found.of_random_map() - 62.67).abs() < 0.01);
        assert!(found.repeats_after > 10.0 && found.lambda() > 1.0);
    }

    #[test]
    fn what_is_left_of_all_starts() {
        // X and M − X fall together in the first step: at most half is left.
        let left = distinct(4, 2, &[1, 2, 100, 300]);
        assert!(
            left[0] <= 5_000 && left.is_sorted_by(|a, b| a >= b),
            "{left:?}"
        );
        let map = SmallMap { modulus: 1_000_000 };
        let mut all: Vec<u64> = (1..10_000)
            .map(|k| (0..100).fold(k * 100, |x, _| map.step(x)))
            .collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(left[2], all.len() as u64);
    }

    #[test]
    fn a_line_is_found() {
        let (a, b) = line(&[(1.0, 5.0), (2.0, 7.0), (4.0, 11.0)]);
        assert!((a - 3.0).abs() < 1e-12 && (b - 2.0).abs() < 1e-12);
    }

    #[test]
    fn the_widest_narrow_modulus_overflows_nothing() {
        for m in [NARROW - 1, NARROW, NARROW + 1] {
            let map = SmallMap::new(m).expect("in range");
            let half = u128::from(m / 2);
            let next = 4 * half * (u128::from(m) - half) / u128::from(m);
            assert_eq!(u128::from(map.step(m / 2)), next, "{m}");
        }
    }
}
