//! Statistics that follow the chi-square distribution if there is nothing to be found.

/// A statistic and its degrees of freedom. A number that is normal with variance 1 is here as its square, with one degree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Statistic {
    /// Chi-square distributed if the hypothesis is true.
    pub value: f64,
    /// Degrees of freedom.
    pub degrees: u32,
}

/// Statistics of the same kind, one a place.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What is tested.
    pub name: &'static str,
    /// What a place is: a digit, a lag, a bit.
    pub place: &'static str,
    /// Number of the first place.
    pub first: u32,
    /// In the order of the places.
    pub statistics: Vec<Statistic>,
}

impl Statistic {
    /// Pearson's goodness of fit of counts to shares, which are above 0 and whose sum is 1.
    #[must_use]
    pub fn fit(counts: &[u64], shares: &[f64]) -> Self {
        let all = counts.iter().sum::<u64>() as f64;
        let terms = counts.iter().zip(shares).map(|(&count, share)| {
            let expected = share * all;
            (count as f64 - expected).powi(2) / expected
        });
        Self {
            value: terms.sum(),
            degrees: counts.len() as u32 - 1,
        }
    }

    /// Goodness of fit to equal shares.
    #[must_use]
    pub fn flat(counts: &[u64]) -> Self {
        Self::fit(counts, &vec![1.0 / counts.len() as f64; counts.len()])
    }

    /// Pearson's test of independence, whatever the two margins are: `counts` is a table with `columns` columns, row by
    /// row, each of which was met.
    #[must_use]
    pub fn independence(counts: &[u64], columns: usize) -> Self {
        let all = counts.iter().sum::<u64>() as f64;
        let row = |r: usize| counts[r * columns..][..columns].iter().sum::<u64>() as f64;
        let column = |c: usize| counts[c..].iter().step_by(columns).sum::<u64>() as f64;
        let rows: Vec<f64> = (0..counts.len() / columns).map(row).collect();
        let margins: Vec<f64> = (0..columns).map(column).collect();
        let terms = counts.iter().enumerate().map(|(at, &count)| {
            let expected = rows[at / columns] * margins[at % columns] / all;
            (count as f64 - expected).powi(2) / expected
        });
        Self {
            value: terms.sum(),
            degrees: ((rows.len() - 1) * (columns - 1)) as u32,
        }
    }

    /// Of a number that is normal with mean 0 and variance 1.
    #[must_use]
    pub fn normal(z: f64) -> Self {
        Self {
            value: z * z,
            degrees: 1,
        }
    }

    /// Of `ones` heads among `all` throws of a fair coin.
    #[must_use]
    pub fn coin(ones: u64, all: u64) -> Self {
        Self::normal((2.0 * ones as f64 - all as f64) / (all as f64).sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_near(statistic: Statistic, value: f64, degrees: u32) {
        assert!((statistic.value - value).abs() < 1e-9, "{statistic:?}");
        assert_eq!(statistic.degrees, degrees);
    }

    #[test]
    fn by_hand() {
        // A die thrown 60 times: 16/10 for the pairs (8, 12), 2/10 for (9, 11).
        is_near(Statistic::flat(&[8, 12, 9, 11, 10, 10]), 1.0, 5);
        is_near(Statistic::fit(&[30, 70], &[0.25, 0.75]), 4.0 / 3.0, 1);
        // 2 × 2: N·(ad − bc)² / (the four sums) = 100·(300 − 200)² / (40·60·50·50).
        is_near(Statistic::independence(&[15, 25, 35, 25], 2), 25.0 / 6.0, 1);
        is_near(Statistic::independence(&[10, 20, 30, 60], 2), 0.0, 1);
        is_near(Statistic::independence(&[5, 5, 10, 10, 15, 15], 2), 0.0, 2);
        is_near(Statistic::coin(60, 100), 4.0, 1);
    }
}
