//! SP 800-90B §6.3.3, the Markov estimate (binary sources).

/// Length of the sequence whose likeliest value is searched for.
const SEQUENCE: f64 = 128.0;

/// Min-entropy per bit under a first-order Markov model. `bits`: one sample a byte, 0 or 1, at
/// least two.
pub fn estimate(bits: &[u8]) -> f64 {
    // Step 1: the initial probabilities, from all samples.
    let ones = bits.iter().filter(|&&bit| bit == 1).count();
    let initial = [
        (bits.len() - ones) as f64 / bits.len() as f64,
        ones as f64 / bits.len() as f64,
    ];

    // Step 2: the transition matrix; the last sample leads nowhere.
    let mut counts = [[0_u64; 2]; 2];
    for pair in bits.windows(2) {
        counts[usize::from(pair[0])][usize::from(pair[1])] += 1;
    }
    let step = |from: usize, to: usize| {
        let left = counts[from][0] + counts[from][1];
        if left == 0 {
            0.0
        } else {
            counts[from][to] as f64 / left as f64
        }
    };

    // Step 3: the six candidates for the likeliest sequence of 128 samples: first value, then
    // how often each transition 00, 01, 10, 11 is taken. Impossible ones cost infinitely much.
    let candidates = [
        (0, [127.0, 0.0, 0.0, 0.0]), // 00…0
        (0, [0.0, 64.0, 63.0, 0.0]), // 0101…01
        (0, [0.0, 1.0, 0.0, 126.0]), // 011…1
        (1, [126.0, 0.0, 1.0, 0.0]), // 100…0
        (1, [0.0, 63.0, 64.0, 0.0]), // 1010…10
        (1, [0.0, 0.0, 0.0, 127.0]), // 11…1
    ];
    let cheapest = candidates
        .iter()
        .map(|(first, uses)| {
            let steps = [step(0, 0), step(0, 1), step(1, 0), step(1, 1)];
            let transitions: f64 = steps
                .iter()
                .zip(uses)
                .filter(|(_, taken)| **taken > 0.0)
                .map(|(p, taken)| -taken * p.log2())
                .sum();
            transitions - f64::log2(initial[*first])
        })
        .fold(f64::INFINITY, f64::min);

    // Step 4: per sample, at most one bit; `+ 0.0` against a negative zero.
    (cheapest / SEQUENCE).min(1.0) + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::examples::{BINARY_40, bits};

    #[test]
    fn the_standards_example() {
        // §6.3.3: min-entropy 0.761.
        let h = estimate(&bits(BINARY_40));
        assert!((h - 0.761).abs() < 5e-4, "{h}");
    }

    #[test]
    fn cycles_and_constants() {
        let alternating: Vec<u8> = (0..1_000).map(|i| (i % 2) as u8).collect();
        // Only the phase is uncertain: one bit in 128.
        assert!((estimate(&alternating) - 1.0 / 128.0).abs() < 1e-12);
        assert_eq!(estimate(&[0; 100]), 0.0);
        assert_eq!(estimate(&[1; 100]), 0.0);
    }

    #[test]
    fn a_source_that_repeats_each_bit_is_caught() {
        // 00110011…: every transition has probability one half, which this model can't see.
        let doubled: Vec<u8> = (0..4_000).map(|i| ((i / 2) % 2) as u8).collect();
        assert!(estimate(&doubled) > 0.99);
        // 0001000100010001…: after a 1 always 0.
        let sparse: Vec<u8> = (0..4_000).map(|i| u8::from(i % 4 == 3)).collect();
        let h = estimate(&sparse);
        // 100…0: −log2(1/4) − 126·log2(2/3), or 00…0: −log2(3/4) − 127·log2(2/3).
        let expected = (-(0.75_f64.log2()) - 127.0 * (2.0_f64 / 3.0).log2()) / 128.0;
        assert!((h - expected).abs() < 1e-3, "{h} {expected}");
    }
}
