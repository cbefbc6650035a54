//! The map's invariant density 1 / (π·√(x(1 − x))), and the decimal digits of a number that has it.

/// Places whose shares are summed up; from here on they are extrapolated.
const SUMMED: u32 = 5;

/// Share of numbers below `x`, 0 to 1.
#[must_use]
pub fn below(x: f64) -> f64 {
    std::f64::consts::FRAC_2_PI * x.sqrt().asin()
}

/// Shares of the digits 0 to 9 at a place; 1 is the leading one.
///
/// A digit's share differs from 1/10 by what the two ends of the density add, where it is like 1/√x: that falls by √10
/// from one place to the next, which the tests show, and from the fifth place on is all there is.
#[must_use]
pub fn digit(place: u32) -> [f64; 10] {
    let summed = place.clamp(1, SUMMED);
    let intervals = 10_u32.pow(summed);
    let mut shares = [0.0; 10];
    let mut lower = 0.0;
    for n in 0..intervals {
        let upper = below(f64::from(n + 1) / f64::from(intervals));
        shares[n as usize % 10] += upper - lower;
        lower = upper;
    }
    let scale = 10_f64.powf(-0.5 * f64::from(place.max(1) - summed));
    shares.map(|share| 0.1 + (share - 0.1) * scale)
}

/// By how much the chi-square statistic of one digit's counts rises, on average, for each number counted, if equal shares
/// are expected: 10·Σ(share − 1/10)².
#[must_use]
pub fn excess(place: u32) -> f64 {
    digit(place)
        .iter()
        .map(|share| 10.0 * (share - 0.1).powi(2))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_leading_digit() {
        // P(x < 1/10) = 2/π · asin(√0.1).
        let shares = digit(1);
        assert!((shares[0] - 0.204_832_764_699_133_5).abs() < 1e-12);
        assert!((shares[0] - shares[9]).abs() < 1e-12 && shares[4] < 0.1);
        for place in 1..10 {
            assert!((digit(place).iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert!((below(0.5) - 0.5).abs() < 1e-15 && below(0.0) == 0.0 && below(1.0) == 1.0);
    }

    #[test]
    fn bias_falls_by_the_root_of_ten_a_place() {
        for place in 3..SUMMED {
            for (here, next) in digit(place).into_iter().zip(digit(place + 1)) {
                let ratio = (here - 0.1) / (next - 0.1);
                assert!((ratio - 10_f64.sqrt()).abs() < 0.05, "{place}: {ratio}");
            }
        }
        assert!((excess(6) / excess(8) - 100.0).abs() < 1e-6);
    }
}
