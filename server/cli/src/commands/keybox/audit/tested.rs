//! The p-values of all tests, and how many of them are small.

use photonbox_entropy::assess::iid::chi_square_tail;
use photonbox_keybox::audit::Group;
use serde::Serialize;

/// All tests whose p-values should be equally likely everywhere.
#[derive(Debug, Serialize)]
pub(super) struct Tests {
    pub(super) groups: Vec<TestGroup>,
    pub(super) tests: usize,
    pub(super) p_below_001: usize,
    pub(super) p_above_099: usize,
    /// Of each of the two, by chance.
    pub(super) expected: f64,
    pub(super) least_p: f64,
    /// Chance that the least of so many independent p-values is as small.
    pub(super) chance_of_least: f64,
}

/// Tests of one kind.
#[derive(Debug, Serialize)]
pub(super) struct TestGroup {
    pub(super) name: &'static str,
    pub(super) place: &'static str,
    pub(super) tests: usize,
    pub(super) degrees: u32,
    pub(super) p_below_001: usize,
    pub(super) p_above_099: usize,
    pub(super) least_p: f64,
    pub(super) least_p_at: u32,
}

/// Sums up.
pub(super) fn of(groups: &[Group]) -> Tests {
    let p_values = |group: &Group| -> Vec<f64> {
        let statistics = group.statistics.iter();
        statistics
            .map(|s| chi_square_tail(s.value, s.degrees))
            .collect()
    };
    let of_groups: Vec<Vec<f64>> = groups.iter().map(p_values).collect();
    let summed = |(group, p): (&Group, &Vec<f64>)| TestGroup {
        name: group.name,
        place: group.place,
        tests: p.len(),
        degrees: group.statistics.first().map_or(0, |s| s.degrees),
        p_below_001: below(p),
        p_above_099: above(p),
        least_p: least(p).1,
        least_p_at: group.first + least(p).0 as u32,
    };
    let all = of_groups.concat();
    let least_p = least(&all).1;
    Tests {
        groups: groups.iter().zip(&of_groups).map(summed).collect(),
        tests: all.len(),
        p_below_001: below(&all),
        p_above_099: above(&all),
        expected: 0.01 * all.len() as f64,
        least_p,
        // 1 − (1 − p)^tests, also where p is tiny.
        chance_of_least: -(all.len() as f64 * (-least_p).ln_1p()).exp_m1(),
    }
}

fn below(p: &[f64]) -> usize {
    p.iter().filter(|p| **p < 0.01).count()
}

fn above(p: &[f64]) -> usize {
    p.iter().filter(|p| **p > 0.99).count()
}

/// Place and value of the least.
fn least(p: &[f64]) -> (usize, f64) {
    let all = p.iter().copied().enumerate();
    all.fold(
        (0, 1.0),
        |least, here| if here.1 < least.1 { here } else { least },
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use photonbox_keybox::audit::Statistic;

    #[test]
    fn p_values_are_counted_and_the_least_is_found() {
        let group = |first, values: &[f64]| Group {
            name: "name",
            place: "place",
            first,
            statistics: values.iter().map(|&z| Statistic::normal(z)).collect(),
        };
        // Of the normal distribution, two-sided: p = 0.0455, 0.0027, 0.992, 0.317, 0.000063.
        let found = of(&[group(1, &[2.0, 3.0, 0.01]), group(7, &[1.0, 4.0])]);
        assert_eq!(
            (found.tests, found.p_below_001, found.p_above_099),
            (5, 2, 1)
        );
        assert!((found.groups[0].least_p - 0.002_699_8).abs() < 1e-6);
        assert_eq!(
            (found.groups[0].least_p_at, found.groups[1].least_p_at),
            (2, 8)
        );
        assert!((found.chance_of_least / (5.0 * found.least_p) - 1.0).abs() < 1e-3);
    }
}
