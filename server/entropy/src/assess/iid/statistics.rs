//! The test statistics of SP 800-90B §5.1.1 to §5.1.11, for binary data.

use std::io::{self, Write};

use bzip2::Compression;
use bzip2::write::BzEncoder;

/// Number of statistics; periodicity and covariance count once a lag.
pub(crate) const COUNT: usize = 19;

/// Their names, as NIST's tool has them.
pub(crate) const NAMES: [&str; COUNT] = [
    "excursion",
    "numDirectionalRuns",
    "lenDirectionalRuns",
    "numIncreasesDecreases",
    "numRunsMedian",
    "lenRunsMedian",
    "avgCollision",
    "maxCollision",
    "periodicity(1)",
    "periodicity(2)",
    "periodicity(8)",
    "periodicity(16)",
    "periodicity(32)",
    "covariance(1)",
    "covariance(2)",
    "covariance(8)",
    "covariance(16)",
    "covariance(32)",
    "compression",
];

/// Lags p of the periodicity and covariance tests.
const LAGS: [usize; 5] = [1, 2, 8, 16, 32];

/// Block size of bzip2, in 100 kB, as in NIST's tool.
const BZIP2_LEVEL: u32 = 5;

/// Those statistics of `bits` that are `wanted`; the others are 0, or right where they come for
/// free. `mean` is the share of ones.
pub(crate) fn compute(bits: &[u8], mean: f64, wanted: &[bool; COUNT]) -> [f64; COUNT] {
    let mut values = [0.0; COUNT];
    if wanted[0] {
        values[0] = excursion(bits, mean);
    }
    let any = |range: std::ops::Range<usize>| wanted[range].contains(&true);
    if any(1..4) || any(8..18) {
        let sums = sums_of_eight(bits);
        if any(1..4) {
            let directions: Vec<bool> = sums.windows(2).map(|pair| pair[0] <= pair[1]).collect();
            let (runs, longest) = runs(&directions);
            let up = directions.iter().filter(|&&up| up).count();
            values[1] = runs as f64;
            values[2] = longest as f64;
            values[3] = up.max(directions.len() - up) as f64;
        }
        for (index, lag) in LAGS.into_iter().enumerate() {
            let pairs = || sums.iter().zip(sums.get(lag..).unwrap_or_default());
            if wanted[8 + index] {
                values[8 + index] = pairs().filter(|(a, b)| a == b).count() as f64;
            }
            if wanted[13 + index] {
                values[13 + index] = pairs()
                    .map(|(&a, &b)| u64::from(a) * u64::from(b))
                    .sum::<u64>() as f64;
            }
        }
    }
    if any(4..6) {
        // §5.1.5: the median of binary data is taken as 0.5, so the bits are their own sequence.
        let (runs, longest) = runs(bits);
        values[4] = runs as f64;
        values[5] = longest as f64;
    }
    if any(6..8) {
        (values[6], values[7]) = collisions(&bytes_of_eight(bits));
    }
    if wanted[18] {
        values[18] = compressed_length(bits) as f64;
    }
    values
}

/// §5.1.1: how far the running sum strays from what the mean predicts.
fn excursion(bits: &[u8], mean: f64) -> f64 {
    let mut sum = 0_u64;
    let mut farthest = 0.0_f64;
    for (index, &bit) in bits.iter().enumerate() {
        sum += u64::from(bit);
        farthest = farthest.max((sum as f64 - (index + 1) as f64 * mean).abs());
    }
    farthest
}

/// Conversion I: the number of ones in each block of eight bits, the last one filled with zeros.
fn sums_of_eight(bits: &[u8]) -> Vec<u8> {
    bits.chunks(8).map(|block| block.iter().sum()).collect()
}

/// Conversion II: each block of eight bits as a number, the last one filled with zeros.
fn bytes_of_eight(bits: &[u8]) -> Vec<u8> {
    let value = |block: &[u8]| {
        (0..8).fold(0, |value, i| {
            value << 1 | block.get(i).copied().unwrap_or(0)
        })
    };
    bits.chunks(8).map(value).collect()
}

/// §5.1.2, §5.1.3, §5.1.5, §5.1.6: how many runs of equal values there are, and the longest.
fn runs<T: PartialEq>(values: &[T]) -> (usize, usize) {
    let lengths = values.chunk_by(|a, b| a == b).map(<[T]>::len);
    lengths.fold((0, 0), |(count, longest), length| {
        (count + 1, longest.max(length))
    })
}

/// §5.1.7 and §5.1.8: the mean and the greatest number of values up to and including the first
/// that repeats, each search beginning after the last; an unfinished one is dropped.
fn collisions(values: &[u8]) -> (f64, f64) {
    let (mut searches, mut total, mut greatest) = (0_u64, 0_u64, 0_u64);
    let mut seen = [false; 256];
    let mut length = 0;
    for &value in values {
        length += 1;
        if std::mem::replace(&mut seen[usize::from(value)], true) {
            searches += 1;
            total += length;
            greatest = greatest.max(length);
            seen = [false; 256];
            length = 0;
        }
    }
    if searches == 0 {
        (0.0, 0.0)
    } else {
        (total as f64 / searches as f64, greatest as f64)
    }
}

/// §5.1.11: the length of the samples, written in decimal with single spaces between, after bzip2.
fn compressed_length(bits: &[u8]) -> u64 {
    let mut text = vec![b' '; (2 * bits.len()).saturating_sub(1)];
    for (place, &bit) in text.iter_mut().step_by(2).zip(bits) {
        *place = b'0' + bit;
    }
    let mut encoder = BzEncoder::new(Length(0), Compression::new(BZIP2_LEVEL));
    let finished = encoder.write_all(&text).and_then(|()| encoder.finish());
    finished
        .expect("bzip2 fails only if its sink does, and a counter does not")
        .0
}

/// A sink that only counts.
struct Length(u64);

impl Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::examples::{bits, pseudo_random};

    #[test]
    fn excursion_by_hand() {
        // Mean 0.5 of 1,1,0,0: the running sum minus i/2 is 0.5, 1, 0.5, 0.
        assert_eq!(excursion(&[1, 1, 0, 0], 0.5), 1.0);
        assert_eq!(excursion(&[0, 0, 1, 1], 0.5), 1.0);
    }

    #[test]
    fn conversions_by_hand() {
        // §5.1: (1,0,0,0,1,1,1,0,1,1,0,1,1,0,1,1,0,0,1,1) becomes (4, 6, 2) and (142, 219, 48).
        let example = bits("10001110110110110011");
        assert_eq!(sums_of_eight(&example), [4, 6, 2]);
        assert_eq!(bytes_of_eight(&example), [142, 219, 48]);
    }

    #[test]
    fn runs_and_collisions_by_hand() {
        assert_eq!(runs(&[true, true, false, true, true, true, false]), (4, 3));
        assert_eq!(runs::<u8>(&[]), (0, 0));
        // 5 9 5 | 7 7 | 1 2: lengths 3 and 2, the rest unfinished.
        assert_eq!(collisions(&[5, 9, 5, 7, 7, 1, 2]), (2.5, 3.0));
        assert_eq!(collisions(&[1, 2, 3]), (0.0, 0.0));
    }

    #[test]
    fn lagged_statistics_by_hand() {
        // Blocks of eight with 1, 2, 1 and 3 ones.
        let example = bits("10000000110000001000000011100000");
        let values = compute(&example, 0.21875, &[true; COUNT]);
        assert_eq!(values[8..10], [0.0, 1.0], "1≠2≠1≠3; 1=1, 2≠3");
        assert_eq!(values[13..15], [2.0 + 2.0 + 3.0, 1.0 + 6.0]);
        assert_eq!(values[10], 0.0, "no block is eight back");
        // Directions up (1≤2), down, up.
        assert_eq!(values[1..4], [3.0, 1.0, 2.0]);
    }

    #[test]
    fn order_compresses_and_unwanted_statistics_are_left_out() {
        let random = compressed_length(&pseudo_random(20_000, 9));
        let regular = compressed_length(&[0, 1].repeat(10_000));
        // No compressor gets fair bits below one bit each.
        assert!(random > 2_500 && random < 5_000, "{random}");
        assert!(regular < 200, "{regular}");
        let mut wanted = [false; COUNT];
        wanted[5] = true;
        let values = compute(&[1, 1, 1, 0], 0.75, &wanted);
        assert_eq!(values[4..6], [2.0, 3.0]);
        assert!(
            values
                .iter()
                .enumerate()
                .all(|(i, &value)| (4..6).contains(&i) || value == 0.0)
        );
    }
}
