//! Min-entropy assessment of binary sources after NIST SP 800-90B: the ten estimators of §6.3 and,
//! on request, the IID tests of §5.
//!
//! The numbers agree with NIST's own tool (`ea_non_iid` on 1-bit symbols) to 1e-6. They describe a
//! recording; nothing here is a validation, which asks for at least
//! [`RECOMMENDED_BITS`] samples, restart tests, and a laboratory.

mod bound;
pub mod collision;
pub mod compression;
mod context;
#[cfg(test)]
mod examples;
pub mod iid;
pub mod lag;
mod lrs;
pub mod lz78y;
pub mod markov;
pub mod mcv;
pub mod multi_mcw;
pub mod multi_mmc;
#[cfg(test)]
mod naive;
pub mod packing;
mod prediction;
pub mod series;
mod suffix;
mod t_tuple;

use serde::Serialize;

pub use iid::IidReport;
pub use packing::{Packing, PackingError};

/// Samples that SP 800-90B §3.1.1 wants for an assessment.
pub const RECOMMENDED_BITS: usize = 1_000_000;

/// Fewest bits that every estimator can work on: the compression estimate needs two blocks of six
/// bits beyond the thousand of its dictionary.
pub const MIN_BITS: usize = 6 * (compression::DICTIONARY_BLOCKS + 2);

/// Most bits that the suffix array can index.
pub const MAX_BITS: usize = 1 << 31;

/// Why bits can't be assessed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssessError {
    /// Fewer than [`MIN_BITS`].
    #[error(
        "{bits} bits are too few to assess; give at least {MIN_BITS}, better {RECOMMENDED_BITS}"
    )]
    TooShort {
        /// Bits given.
        bits: usize,
    },
    /// More than [`MAX_BITS`].
    #[error(
        "{bits} bits are too many to assess at once; give at most {MAX_BITS}, such as a part of the file"
    )]
    TooLong {
        /// Bits given.
        bits: usize,
    },
    /// All bits are the same.
    #[error("all {bits} bits are {value}, so there is no entropy; check that both detectors count")]
    Constant {
        /// Bits given.
        bits: usize,
        /// Their value.
        value: u8,
    },
    /// A sample that is neither 0 nor 1.
    #[error("sample {index} is {value}, not 0 or 1; unpack the file to one bit a byte first")]
    NotABit {
        /// Place of the first such sample, from 0.
        index: usize,
        /// Its value.
        value: u8,
    },
}

/// Min-entropy in bits per bit by each estimator of SP 800-90B §6.3, and the least of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimates {
    /// §6.3.1, most common value.
    pub mcv: f64,
    /// §6.3.2, collision.
    pub collision: f64,
    /// §6.3.3, Markov.
    pub markov: f64,
    /// §6.3.4, compression.
    pub compression: f64,
    /// §6.3.5, t-tuple.
    pub t_tuple: f64,
    /// §6.3.6, longest repeated substring.
    pub lrs: f64,
    /// §6.3.7, multi most common in window.
    pub multi_mcw: f64,
    /// §6.3.8, lag.
    pub lag: f64,
    /// §6.3.9, multi Markov model with counting.
    pub multi_mmc: f64,
    /// §6.3.10, LZ78Y.
    pub lz78y: f64,
    /// The least of the ten: the assessed min-entropy per bit.
    pub h: f64,
}

impl Estimates {
    /// The ten with section and name, in the standard's order.
    pub fn named(&self) -> [(&'static str, &'static str, f64); 10] {
        [
            ("6.3.1", "most common value", self.mcv),
            ("6.3.2", "collision", self.collision),
            ("6.3.3", "Markov", self.markov),
            ("6.3.4", "compression", self.compression),
            ("6.3.5", "t-tuple", self.t_tuple),
            ("6.3.6", "longest repeated substring", self.lrs),
            ("6.3.7", "multi most common in window", self.multi_mcw),
            ("6.3.8", "lag", self.lag),
            ("6.3.9", "multi Markov model with counting", self.multi_mmc),
            ("6.3.10", "LZ78Y", self.lz78y),
        ]
    }
}

/// What was assessed and what came out; the JSON of `photonbox assess`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Assessment {
    /// Number of bits assessed.
    pub bits: usize,
    /// The ten estimates and their minimum.
    pub estimates: Estimates,
    /// The IID tests of §5 where they were asked for.
    pub iid: Option<IidReport>,
}

/// Assesses `bits` (one a byte, 0 or 1) with the ten estimators, on all of rayon's threads.
/// `iid` of the result is empty; [`iid::test`] makes one.
///
/// # Errors
/// [`AssessError`]: too short or too long, constant, or not bits.
pub fn assess(bits: &[u8]) -> Result<Assessment, AssessError> {
    check(bits)?;
    Ok(Assessment {
        bits: bits.len(),
        estimates: estimate_all(bits),
        iid: None,
    })
}

/// Refuses what the estimators can't work on.
pub(crate) fn check(bits: &[u8]) -> Result<(), AssessError> {
    if bits.len() > MAX_BITS {
        return Err(AssessError::TooLong { bits: bits.len() });
    }
    if let Some(index) = bits.iter().position(|&bit| bit > 1) {
        return Err(AssessError::NotABit {
            index,
            value: bits[index],
        });
    }
    if let Some((&value, rest)) = bits.split_first()
        && rest.iter().all(|&bit| bit == value)
    {
        return Err(AssessError::Constant {
            bits: bits.len(),
            value,
        });
    }
    if bits.len() < MIN_BITS {
        return Err(AssessError::TooShort { bits: bits.len() });
    }
    Ok(())
}

/// The ten estimators, side by side: the slow ones each get a task, longest first, so that two
/// cores are both busy to the end.
fn estimate_all(bits: &[u8]) -> Estimates {
    let (mut t_tuple, mut lrs) = (None, None);
    let (mut multi_mmc, mut lz78y, mut lag, mut compression, mut multi_mcw) =
        (0.0, 0.0, 0.0, 0.0, 0.0);
    rayon::scope(|scope| {
        scope.spawn(|_| {
            let repeats = suffix::Repeats::of(bits, 2);
            t_tuple = t_tuple::estimate(&repeats);
            lrs = lrs::estimate(&repeats);
        });
        scope.spawn(|_| multi_mmc = multi_mmc::estimate(bits));
        scope.spawn(|_| lz78y = lz78y::estimate(bits));
        scope.spawn(|_| lag = lag::estimate(bits));
        scope.spawn(|_| compression = compression::estimate(bits));
        scope.spawn(|_| multi_mcw = multi_mcw::estimate(bits));
    });
    let mut estimates = Estimates {
        mcv: mcv::estimate(bits),
        collision: collision::estimate(bits),
        markov: markov::estimate(bits),
        compression,
        // Of MIN_BITS bits one value occurs 35 times, and then some longer tuple repeats without
        // occurring 35 times: both exist. If they didn't, they would have nothing to object.
        t_tuple: t_tuple.unwrap_or(1.0),
        lrs: lrs.unwrap_or(1.0),
        multi_mcw,
        lag,
        multi_mmc,
        lz78y,
        h: 1.0,
    };
    estimates.h = estimates
        .named()
        .iter()
        .map(|(_, _, h)| *h)
        .fold(1.0, f64::min);
    estimates
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::examples::{biased, pseudo_random};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bad_input_is_refused_with_advice() {
        let constant = assess(&[1; 10_000]).unwrap_err();
        assert_eq!(
            constant,
            AssessError::Constant {
                bits: 10_000,
                value: 1
            }
        );
        assert!(
            constant
                .to_string()
                .contains("check that both detectors count")
        );
        assert_eq!(assess(&[]).unwrap_err(), AssessError::TooShort { bits: 0 });
        let short = pseudo_random(MIN_BITS - 1, 1);
        assert_eq!(
            assess(&short).unwrap_err(),
            AssessError::TooShort { bits: MIN_BITS - 1 }
        );
        assert!(assess(&pseudo_random(MIN_BITS, 1)).is_ok());
        let mut foreign = pseudo_random(10_000, 1);
        foreign[77] = 2;
        assert_eq!(
            assess(&foreign).unwrap_err(),
            AssessError::NotABit {
                index: 77,
                value: 2
            }
        );
    }

    #[test]
    fn fair_bits_get_almost_a_bit_each_where_the_estimator_allows() {
        let estimates = assess(&pseudo_random(300_000, 11)).unwrap().estimates;
        for (section, name, h) in estimates.named() {
            assert!((0.6..=1.0).contains(&h), "{section} {name}: {h}");
        }
        assert!(estimates.mcv > 0.98 && estimates.multi_mmc > 0.97 && estimates.lz78y > 0.97);
    }

    #[test]
    fn bias_is_found_by_all_but_not_overstated() {
        // Ones with probability 0.8: −log2 0.8 = 0.3219 bits.
        let estimates = assess(&biased(200_000, 5, 0.8)).unwrap().estimates;
        for (section, name, h) in estimates.named() {
            // A predictor that repeats what was is right with 0.8² + 0.2² = 0.68, which is also
            // the collision probability that LRS sees: 0.556 bits.
            let limit = match name {
                "lag" | "longest repeated substring" => 0.556,
                _ => 0.3219 + 0.01,
            };
            assert!(h > 0.15 && h < limit, "{section} {name}: {h}");
        }
    }

    #[test]
    fn json_has_the_names_that_scripts_rely_on() {
        let assessment = assess(&pseudo_random(20_000, 2)).unwrap();
        let json = serde_json::to_value(&assessment).unwrap();
        assert_eq!(json["bits"], 20_000);
        assert!(json["iid"].is_null());
        let estimates = json["estimates"].as_object().unwrap();
        let mut names: Vec<_> = estimates.keys().map(String::as_str).collect();
        names.sort_unstable();
        let mut expected = [
            "mcv",
            "collision",
            "markov",
            "compression",
            "t_tuple",
            "lrs",
            "multi_mcw",
            "lag",
            "multi_mmc",
            "lz78y",
            "h",
        ];
        expected.sort_unstable();
        assert_eq!(names, expected);
        let least = estimates
            .iter()
            .filter(|(name, _)| *name != "h")
            .map(|(_, h)| h.as_f64().unwrap());
        assert_eq!(json["estimates"]["h"], least.fold(1.0, f64::min));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn estimates_stay_between_zero_and_one(
            seed in any::<u64>(), share in 0.0005_f64..0.9995, extra in 0_usize..3_000,
            period in 0_usize..40,
        ) {
            let mut bits = biased(MIN_BITS + extra, seed, share);
            if period > 0 {
                for i in period..bits.len() {
                    if bits[i] == 0 { bits[i] = bits[i - period] }
                }
            }
            match assess(&bits) {
                Ok(assessment) => for (section, name, h) in assessment.estimates.named() {
                    prop_assert!((0.0..=1.0).contains(&h), "{} {}: {}", section, name, h);
                    prop_assert!(assessment.estimates.h <= h);
                },
                Err(error) => {
                    let constant = matches!(error, AssessError::Constant { .. });
                    prop_assert!(constant, "{}", error);
                }
            }
        }
    }
}
