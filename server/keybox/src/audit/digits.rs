//! Decimal digits of an orbit: the dropped ones against the arcsine law, the kept ones against equal shares.

use super::{Group, Statistic, arcsine};
use crate::{DIGITS, Error, Parameters};
use std::collections::VecDeque;

/// Lags of the serial correlation.
pub const LAGS: usize = 16;
/// Digits that make a number of a session key or of X; a double holds about as many.
const PRECISION: usize = 16;
/// Variance of a number that is equally likely everywhere from 0 to 1, and of its squared distance from 1/2.
const FLAT: (f64, f64) = (1.0 / 12.0, 1.0 / 180.0);
/// The same of a number with the arcsine density.
const ARCSINE: (f64, f64) = (1.0 / 8.0, 1.0 / 128.0);

/// Counts over successive X_n.
#[derive(Debug, Clone)]
pub struct Digits {
    s: usize,
    n: u64,
    last: Vec<u8>,
    /// Each place of X.
    single: Vec<[u64; 10]>,
    /// Neighbouring kept places.
    pairs: Vec<[u64; 100]>,
    /// The same kept place of successive keys.
    successive: Vec<[u64; 100]>,
    kept: Moments,
    whole: Moments,
}

impl Digits {
    /// Nothing counted yet, of an orbit with `s` dropped digits.
    ///
    /// # Errors
    /// [`Error::Parameters`] for s out of range.
    pub fn new(s: u32) -> Result<Self, Error> {
        Parameters::new(s, 1, 1)?;
        let s = s as usize;
        Ok(Self {
            s,
            n: 0,
            last: Vec::new(),
            single: vec![[0; 10]; s + DIGITS],
            pairs: vec![[0; 100]; DIGITS - 1],
            successive: vec![[0; 100]; DIGITS],
            kept: Moments::new(FLAT),
            whole: Moments::new(ARCSINE),
        })
    }

    /// Counts the next X: 64 + s digits.
    pub fn push(&mut self, x: &str) {
        let digits: Vec<u8> = x.bytes().map(|byte| byte.wrapping_sub(b'0') % 10).collect();
        let kept = &digits[self.s..];
        for (counts, digit) in self.single.iter_mut().zip(&digits) {
            counts[usize::from(*digit)] += 1;
        }
        for (counts, pair) in self.pairs.iter_mut().zip(kept.windows(2)) {
            counts[usize::from(10 * pair[0] + pair[1])] += 1;
        }
        if let Some(last) = self.last.get(self.s..) {
            for ((counts, before), digit) in self.successive.iter_mut().zip(last).zip(kept) {
                counts[usize::from(10 * before + digit)] += 1;
            }
        }
        self.kept
            .push(fraction(x.get(self.s..).unwrap_or_default()));
        self.whole.push(fraction(x));
        self.last = digits;
        self.n += 1;
    }

    /// Values counted.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.n
    }

    /// How often each digit stands at a place of X, from 1; the first s are dropped.
    #[must_use]
    pub fn at(&self, place: u32) -> &[u64; 10] {
        &self.single[place as usize - 1]
    }

    /// Dropped digits against the arcsine law: it fits.
    #[must_use]
    pub fn dropped(&self) -> Group {
        let fit = |place| Statistic::fit(self.at(place), &arcsine::digit(place));
        Group {
            name: "dropped digits, arcsine law",
            place: "digit of X",
            first: 1,
            statistics: (1..=self.s as u32).map(fit).collect(),
        }
    }

    /// Dropped digits against equal shares: not a test that they could pass.
    #[must_use]
    pub fn dropped_as_flat(&self) -> Vec<Statistic> {
        self.single[..self.s]
            .iter()
            .map(|counts| Statistic::flat(counts))
            .collect()
    }

    /// Tests of the session keys' digits. What they would look like if the digits were drawn one by one is chi-square
    /// distributed, and the groups are close to independent of each other.
    #[must_use]
    pub fn kept(&self) -> Vec<Group> {
        let first = self.s as u32 + 1;
        let independent = |counts: &[u64; 100]| Statistic::independence(counts, 10);
        vec![
            Group {
                name: "kept digits, equal shares",
                place: "digit of X",
                first,
                statistics: self.single[self.s..]
                    .iter()
                    .map(|counts| Statistic::flat(counts))
                    .collect(),
            },
            Group {
                name: "neighbouring kept digits, independence",
                place: "digit of X and the next",
                first,
                statistics: self.pairs.iter().map(independent).collect(),
            },
            Group {
                name: "the same kept digit of successive keys, independence",
                place: "digit of X",
                first,
                statistics: self.successive.iter().map(independent).collect(),
            },
            Group {
                name: "serial correlation of session keys",
                place: "lag",
                first: 1,
                statistics: self.kept.lags(),
            },
            Group {
                name: "session keys against the square of the last",
                place: "lag",
                first: 1,
                statistics: vec![Statistic::normal(self.kept.parabola_z())],
            },
        ]
    }

    /// Serial correlation of X itself at lag 1, and correlation of X_{n+1} with (X_n − 1/2)², which is −1 by the map's
    /// definition: the first cannot see the map.
    #[must_use]
    pub fn correlations_of_x(&self) -> (f64, f64) {
        let pairs = self.n.saturating_sub(1).max(1) as f64;
        let scale = pairs.sqrt();
        (
            self.whole.products[0] / self.whole.variance.0 / pairs,
            self.whole.parabola_z() / scale,
        )
    }
}

/// Sums that a correlation is made of, about the means that are expected.
#[derive(Debug, Clone)]
struct Moments {
    /// Expected, of the number and of its squared distance from 1/2.
    variance: (f64, f64),
    n: u64,
    /// The last numbers less 1/2, the newest first.
    last: VecDeque<f64>,
    /// Sums of products, by lag.
    products: [f64; LAGS],
    parabola: f64,
}

impl Moments {
    fn new(variance: (f64, f64)) -> Self {
        Self {
            variance,
            n: 0,
            last: VecDeque::with_capacity(LAGS + 1),
            products: [0.0; LAGS],
            parabola: 0.0,
        }
    }

    fn push(&mut self, number: f64) {
        let here = number - 0.5;
        for (sum, before) in self.products.iter_mut().zip(&self.last) {
            *sum += before * here;
        }
        if let Some(before) = self.last.front() {
            self.parabola += (before * before - self.variance.0) * here;
        }
        self.last.push_front(here);
        self.last.truncate(LAGS);
        self.n += 1;
    }

    fn lags(&self) -> Vec<Statistic> {
        let z = |(index, sum): (usize, &f64)| {
            let pairs = self.n.saturating_sub(index as u64 + 1).max(1) as f64;
            Statistic::normal(sum / self.variance.0 / pairs.sqrt())
        };
        self.products.iter().enumerate().map(z).collect()
    }

    fn parabola_z(&self) -> f64 {
        let pairs = self.n.saturating_sub(1).max(1) as f64;
        self.parabola / (self.variance.0 * self.variance.1 * pairs).sqrt()
    }
}

/// 0.d₁d₂d₃… of decimal digits.
#[must_use]
pub fn fraction(digits: &str) -> f64 {
    let leading = digits.bytes().take(PRECISION);
    let number = leading.fold(0.0, |number, digit| {
        number * 10.0 + f64::from(digit.wrapping_sub(b'0'))
    });
    number / 10_f64.powi(PRECISION.min(digits.len()) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha512};

    /// 68 digits that nothing is wrong with.
    fn digits(n: u64) -> String {
        let mut text = String::new();
        for part in 0..2_u8 {
            let hash = Sha512::digest([&n.to_le_bytes()[..], &[part]].concat());
            let fair = hash.iter().filter(|byte| **byte < 250);
            text.extend(fair.map(|byte| char::from(b'0' + byte % 10)));
        }
        text.truncate(68);
        text
    }

    /// Largest statistic of each group, in standard deviations of it.
    fn worst(change: impl Fn(u64, &mut String)) -> Vec<f64> {
        let mut counts = Digits::new(4).expect("s");
        for n in 0..20_000 {
            let mut x = digits(n);
            change(n, &mut x);
            counts.push(&x);
        }
        assert_eq!(counts.count(), 20_000);
        let sigma =
            |s: &Statistic| (s.value - f64::from(s.degrees)) / f64::from(2 * s.degrees).sqrt();
        let groups = counts.kept();
        let worst = |group: &Group| group.statistics.iter().map(sigma).fold(0.0, f64::max);
        groups.iter().map(worst).collect()
    }

    fn set(x: &mut String, at: usize, digit: char) {
        x.replace_range(at..=at, &digit.to_string());
    }

    #[test]
    fn nothing_is_found_where_there_is_nothing() {
        let worst = worst(|_, _| {});
        assert!(worst.iter().all(|sigma| *sigma < 6.0), "{worst:?}");
    }

    #[test]
    fn what_was_planted_is_found_in_its_group() {
        // Digit 30 is 3 a hundredth too often; digit 41 repeats digit 40 one time in thirty.
        let biased = worst(|n, x| {
            if n % 100 < 3 {
                set(x, 30, '3');
            }
        });
        assert!(biased[0] > 10.0 && biased[1] < 6.0, "{biased:?}");
        let paired = worst(|n, x| {
            if n % 30 == 0 {
                let digit = x.as_bytes()[40].into();
                set(x, 41, digit);
            }
        });
        assert!(paired[1] > 6.0 && paired[0] < 6.0, "{paired:?}");
        // Key n repeats digits of key n − 1 one time in twenty.
        let repeated = worst(|n, x| {
            if n % 20 == 1 {
                let before = digits(n - 1);
                x.replace_range(4..24, &before[4..24]);
            }
        });
        assert!(repeated[2] > 10.0 && repeated[3] > 10.0, "{repeated:?}");
        assert!(repeated[0] < 6.0 && repeated[1] < 6.0, "{repeated:?}");
    }

    #[test]
    fn correlation_cannot_see_the_map_and_a_parabola_can() {
        let mut counts = Digits::new(1).expect("s");
        let mut x = 0.3_f64;
        for _ in 0..50_000 {
            x = 4.0 * x * (1.0 - x);
            counts.push(&format!("{:0<65}", format!("{x:.16}").split_off(2)));
        }
        let (lag1, parabola) = counts.correlations_of_x();
        assert!(lag1.abs() < 0.02, "{lag1}");
        assert!((parabola + 1.0).abs() < 0.02, "{parabola}");
        let flat = counts.dropped_as_flat()[0];
        let arcsine = counts.dropped().statistics[0];
        assert!(
            flat.value > 1000.0 && arcsine.value < 40.0,
            "{flat:?} {arcsine:?}"
        );
    }

    #[test]
    fn fractions() {
        assert_eq!(fraction("25"), 0.25);
        assert_eq!(fraction(&"0".repeat(64)), 0.0);
        assert!((fraction(&"9".repeat(64)) - 1.0).abs() < 1e-15);
    }
}
