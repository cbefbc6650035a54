//! SP 800-90B §6.3.4, the compression estimate (binary sources): Maurer's statistic.

use super::bound::{Z_ALPHA, min_entropy};

/// Samples in a block, b.
const BLOCK_BITS: usize = 6;
/// Different blocks, 2^b.
const BLOCKS: usize = 1 << BLOCK_BITS;
/// Blocks that fill the dictionary before the test begins, d.
pub const DICTIONARY_BLOCKS: usize = 1_000;
/// The correction of the standard deviation for b = 6, c.
const CORRECTION: f64 = 0.5907;

/// Min-entropy per bit from how far apart equal 6-bit blocks are. `bits`: one sample a byte, 0 or
/// 1, at least 6·1002 (two tested blocks).
pub fn estimate(bits: &[u8]) -> f64 {
    estimate_with_dictionary(bits, DICTIONARY_BLOCKS)
}

/// The same with d given, since the standard's worked example uses d = 4.
pub(crate) fn estimate_with_dictionary(bits: &[u8], dictionary_blocks: usize) -> f64 {
    // Step 1: blocks of six bits, a trailing partial one is dropped.
    let blocks: Vec<usize> = bits
        .as_chunks::<BLOCK_BITS>()
        .0
        .iter()
        .map(|block| {
            block
                .iter()
                .fold(0, |value, &bit| value << 1 | usize::from(bit))
        })
        .collect();
    let logs = Logs::up_to(blocks.len());

    // Steps 2–3: the dictionary holds where each block was last seen, counted from 1, 0 = never.
    let mut last_seen = [0_usize; BLOCKS];
    for (index, &block) in blocks[..dictionary_blocks].iter().enumerate() {
        last_seen[block] = index + 1;
    }
    // Step 4: the distances of the rest; step 5 needs the sums of their logarithms only.
    let (mut sum, mut squares) = (0.0, 0.0);
    for (index, &block) in blocks.iter().enumerate().skip(dictionary_blocks) {
        let log = logs.of(index + 1 - last_seen[block]);
        last_seen[block] = index + 1;
        sum += log;
        squares += log * log;
    }
    // Step 5: sample mean and deviation.
    let tested = (blocks.len() - dictionary_blocks) as f64;
    let mean = sum / tested;
    let deviation = CORRECTION * (squares / (tested - 1.0) - mean * mean).max(0.0).sqrt();
    // Step 6: lower end of the 99 % confidence interval of the mean.
    let lower = mean - Z_ALPHA * deviation / tested.sqrt();

    // Step 7: the probability of the likeliest block for which that mean is expected; the
    // expectation falls as p rises from 2^−b to 1.
    let expectation = |p: f64| {
        let q = (1.0 - p) / (BLOCKS as f64 - 1.0);
        logs.g(p, dictionary_blocks) + (BLOCKS as f64 - 1.0) * logs.g(q, dictionary_blocks)
    };
    let (mut low, mut high) = (1.0 / BLOCKS as f64, 1.0_f64);
    if expectation(low) <= lower {
        // Step 8: no solution, full entropy.
        return 1.0;
    }
    // Halving ends when no double is left in between: some 58 rounds.
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if expectation(middle) > lower {
            low = middle
        } else {
            high = middle
        }
    }
    min_entropy(high) / BLOCK_BITS as f64
}

/// Base-2 logarithms of 0 (never used, kept as 0), 1, …, n.
struct Logs(Vec<f64>);

impl Logs {
    fn up_to(n: usize) -> Self {
        Self(
            (0..=n)
                .map(|k| if k == 0 { 0.0 } else { (k as f64).log2() })
                .collect(),
        )
    }

    fn of(&self, k: usize) -> f64 {
        self.0[k]
    }

    /// G(z) of step 7, for n blocks with d in the dictionary (n = the length of the table):
    /// 1/(n−d) · Σ_{t=d+1..n} Σ_{u=1..t} log2(u)·F(z,t,u), with F = z²(1−z)^(u−1) for u < t and
    /// z(1−z)^(t−1) for u = t.
    ///
    /// Swapping the sums makes it linear in n: the term log2(u)·z²(1−z)^(u−1) with u < t occurs
    /// n−d times for u ≤ d and n−u times beyond, and the term with u = t once for each u > d.
    fn g(&self, z: f64, dictionary_blocks: usize) -> f64 {
        // A power below this can't move a sum whose first terms are near 1 by one part in 10^30.
        const NEGLIGIBLE: f64 = 1e-40;
        let total = self.0.len() - 1;
        let tested = (total - dictionary_blocks) as f64;
        let miss = 1.0 - z;
        let mut power = 1.0; // (1−z)^(u−1)
        let mut inner = 0.0; // Σ log2(u)(1−z)^(u−1)·(times it occurs)
        let mut ends = 0.0; // Σ_{u>d} log2(u)(1−z)^(u−1)
        for &log in &self.0[1..=dictionary_blocks] {
            inner += log * power;
            power *= miss;
        }
        inner *= tested;
        let mut remaining = tested;
        for &log in &self.0[dictionary_blocks + 1..] {
            remaining -= 1.0;
            let term = log * power;
            inner += remaining * term;
            ends += term;
            power *= miss;
            if power < NEGLIGIBLE {
                break;
            }
        }
        z * (z * inner + ends) / tested
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::examples::{BINARY_48, bits, pseudo_random};

    #[test]
    fn the_standards_example() {
        // §6.3.4 with d = 4: p = 0.5715, min-entropy 0.1345.
        let h = estimate_with_dictionary(&bits(BINARY_48), 4);
        assert!((h - 0.1345).abs() < 5e-5, "{h}");
    }

    #[test]
    fn g_equals_the_printed_double_sum() {
        let (total, d) = (60, 7);
        let logs = Logs::up_to(total);
        for z in [1.0 / 64.0, 0.003, 0.2, 0.77, 1.0] {
            let mut sum = 0.0;
            for t in d + 1..=total {
                for u in 1..=t {
                    let f = if u < t {
                        z * z * f64::powi(1.0 - z, u as i32 - 1)
                    } else {
                        z * f64::powi(1.0 - z, t as i32 - 1)
                    };
                    sum += (u as f64).log2() * f;
                }
            }
            let printed = sum / (total - d) as f64;
            assert!(
                (logs.g(z, d) - printed).abs() < 1e-12 * printed.max(1.0),
                "{z}"
            );
        }
    }

    #[test]
    fn constant_bits_have_nothing_random_ones_much() {
        assert!(estimate(&vec![1; 10_000]) < 1e-9);
        let h = estimate(&pseudo_random(200_000, 7));
        assert!((0.6..=1.0).contains(&h), "{h}");
    }
}
