//! The prediction estimators once more, straight from the text of SP 800-90B, slow and with maps:
//! what the fast ones are compared with. Predictions are listed as the standard's array `correct`.

use super::examples::{biased, pseudo_random};
use super::prediction::Tally;
use super::{lag, lz78y, multi_mcw, multi_mmc};
use proptest::prelude::*;
use std::collections::HashMap;

fn count(correct: &[bool]) -> Tally {
    let mut tally = Tally::default();
    correct.iter().for_each(|&hit| tally.note(hit));
    tally
}

/// Steps b to d of all three: count the winner, then score everybody in turn.
fn judge(
    predictions: &[Option<u8>],
    sample: u8,
    scoreboard: &mut [usize],
    winner: &mut usize,
) -> bool {
    let hit = predictions[*winner] == Some(sample);
    for (j, prediction) in predictions.iter().enumerate() {
        if *prediction == Some(sample) {
            scoreboard[j] += 1;
            if scoreboard[j] >= scoreboard[*winner] {
                *winner = j;
            }
        }
    }
    hit
}

fn multi_mcw(s: &[u8], widths: [usize; 4]) -> Vec<bool> {
    let (mut scoreboard, mut winner) = ([0; 4], 0);
    (widths[0]..s.len())
        .map(|i| {
            let predictions = widths.map(|w| {
                (i >= w).then(|| {
                    let window = &s[i - w..i];
                    u8::from(window.iter().filter(|&&bit| bit == 1).count() * 2 > w)
                })
            });
            judge(&predictions, s[i], &mut scoreboard, &mut winner)
        })
        .collect()
}

fn lag_by_definition(s: &[u8]) -> Vec<bool> {
    let (mut scoreboard, mut winner) = ([0; 128], 0);
    (1..s.len())
        .map(|i| {
            let predictions: Vec<_> = (1..=128).map(|d| (i >= d).then(|| s[i - d])).collect();
            judge(&predictions, s[i], &mut scoreboard, &mut winner)
        })
        .collect()
}

fn multi_mmc_by_definition(s: &[u8], max_entries: usize) -> Vec<bool> {
    let mut models: Vec<HashMap<(Vec<u8>, u8), usize>> = vec![HashMap::new(); 16];
    let (mut scoreboard, mut winner) = ([0; 16], 0);
    (2..s.len())
        .map(|i| {
            for d in 1..=16_usize.min(i - 1) {
                let (model, key) = (&mut models[d - 1], (s[i - d - 1..i - 1].to_vec(), s[i - 1]));
                if let Some(count) = model.get_mut(&key) {
                    *count += 1;
                } else if model.len() < max_entries {
                    model.insert(key, 1);
                }
            }
            let predictions: Vec<_> = (1..=16)
                .map(|d| {
                    let context = s.get(i.checked_sub(d)?..i)?;
                    let followed = |y| {
                        models[d - 1]
                            .get(&(context.to_vec(), y))
                            .copied()
                            .unwrap_or(0)
                    };
                    match (followed(0), followed(1)) {
                        (0, 0) => None,
                        (zeros, ones) => Some(u8::from(ones >= zeros)),
                    }
                })
                .collect();
            judge(&predictions, s[i], &mut scoreboard, &mut winner)
        })
        .collect()
}

fn lz78y_by_definition(s: &[u8], max_dictionary: usize) -> Vec<bool> {
    let mut dictionary: HashMap<Vec<u8>, [usize; 2]> = HashMap::new();
    (17..s.len())
        .map(|i| {
            for j in (1..=16).rev() {
                let context = &s[i - j - 1..i - 1];
                if !dictionary.contains_key(context) && dictionary.len() < max_dictionary {
                    dictionary.insert(context.to_vec(), [0, 0]);
                }
                if let Some(followed) = dictionary.get_mut(context) {
                    followed[usize::from(s[i - 1])] += 1;
                }
            }
            let (mut prediction, mut max_count) = (None, 0);
            for j in (1..=16).rev() {
                if let Some([zeros, ones]) = dictionary.get(&s[i - j..i]) {
                    let count = *zeros.max(ones);
                    if count > max_count {
                        prediction = Some(u8::from(ones >= zeros));
                        max_count = count;
                    }
                }
            }
            prediction == Some(s[i])
        })
        .collect()
}

/// Bits of one of several kinds: fair, biased, periodic with errors.
fn inputs() -> impl Strategy<Value = Vec<u8>> {
    (20_usize..900, any::<u64>(), 0.02_f64..0.98, 1_usize..140).prop_flat_map(
        |(n, seed, share, period)| {
            let mut repeating = pseudo_random(n, seed);
            let errors = biased(n, seed ^ 1, 0.05);
            for i in period..n {
                repeating[i] = repeating[i - period] ^ errors[i];
            }
            prop_oneof![Just(biased(n, seed, share)), Just(repeating)]
        },
    )
}

proptest! {
    #[test]
    fn fast_lag_is_the_defined_one(bits in inputs()) {
        prop_assert_eq!(lag::tally(&bits), count(&lag_by_definition(&bits)));
    }

    #[test]
    fn fast_multi_mmc_is_the_defined_one(bits in inputs(), cap in 3_u32..400) {
        prop_assert_eq!(multi_mmc::tally(&bits, cap), count(&multi_mmc_by_definition(&bits, cap as usize)));
    }

    #[test]
    fn fast_lz78y_is_the_defined_one(bits in inputs(), cap in 3_u32..4_000) {
        prop_assert_eq!(lz78y::tally(&bits, cap), count(&lz78y_by_definition(&bits, cap as usize)));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn fast_multi_mcw_is_the_defined_one(seed in any::<u64>(), n in 4_096_usize..6_000, share in 0.3_f64..0.7) {
        // The bias turns over half-way, so that short windows win for a while.
        let mut bits = biased(n / 2, seed, share);
        bits.extend(biased(n - n / 2, seed ^ 3, 1.0 - share));
        prop_assert_eq!(multi_mcw::tally(&bits), count(&multi_mcw(&bits, multi_mcw::WINDOWS)));
    }
}
