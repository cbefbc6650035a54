//! SP 800-90B §6.3.2, the collision estimate (binary sources).

use super::bound::{Z_ALPHA, min_entropy};

/// Min-entropy per bit from the mean distance to the first repeated value. `bits`: one sample a
/// byte, 0 or 1, at least six (two collisions).
pub fn estimate(bits: &[u8]) -> f64 {
    // Steps 1–4: walk the input from collision to collision. With two values the second sample
    // already collides (t = 2) or the third must (t = 3); a started search at the end is dropped.
    let (mut twos, mut threes) = (0_u64, 0_u64);
    let mut index = 0;
    while index + 1 < bits.len() {
        if bits[index] == bits[index + 1] {
            twos += 1;
            index += 2;
        } else if index + 2 < bits.len() {
            threes += 1;
            index += 3;
        } else {
            break;
        }
    }

    // Step 5: mean and standard deviation of the distances.
    let count = (twos + threes) as f64;
    let sum = (2 * twos + 3 * threes) as f64;
    let squares = (4 * twos + 9 * threes) as f64;
    let mean = sum / count;
    let deviation = ((squares - sum * mean) / (count - 1.0)).max(0.0).sqrt();

    // Step 6: lower end of the 99 % confidence interval; no distance is below 2.
    let lower = (mean - Z_ALPHA * deviation / count.sqrt()).max(2.0);

    // Steps 7–8: for two values the expectation of the distance, p·q^−2(1 + ½(p⁻¹−q⁻¹))F(q) −
    // p·q⁻¹·½(p⁻¹−q⁻¹), is the polynomial 2 + 2p − 2p²; its root above one half is p. Without a
    // root the source shows no deviation that this test can see.
    if lower < 2.5 {
        min_entropy(0.5 + (1.25 - 0.5 * lower).sqrt())
    } else {
        1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::examples::{BINARY_40, bits};

    #[test]
    fn the_standards_example() {
        // §6.3.2: p = 0.7329, min-entropy 0.4483.
        let h = estimate(&bits(BINARY_40));
        assert!((h - 0.4483).abs() < 1e-4, "{h}");
    }

    #[test]
    fn alternating_bits_look_perfect_to_it_and_constant_bits_do_not() {
        let alternating: Vec<u8> = (0..999).map(|i| (i % 2) as u8).collect();
        assert_eq!(estimate(&alternating), 1.0);
        assert_eq!(estimate(&[1; 999]), 0.0);
    }

    #[test]
    fn closed_form_solves_the_printed_equation() {
        // The right side of step 7 as printed, with F(q) = q(2q² + 2q + 1), at the p we return.
        for lower in [2.0001, 2.1, 2.25, 2.4999] {
            let p: f64 = 0.5 + f64::sqrt(1.25 - 0.5 * lower);
            let q = 1.0 - p;
            let skew = 0.5 * (1.0 / p - 1.0 / q);
            let f = q * (2.0 * q * q + 2.0 * q + 1.0);
            let right = p / (q * q) * (1.0 + skew) * f - p / q * skew;
            assert!((right - lower).abs() < 1e-6, "{lower}: {right}");
        }
    }
}
