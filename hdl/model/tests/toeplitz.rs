//! The extractor's arithmetic, its seed banks, and what its output is credited with.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_model::credit::{credited_bits_per_block, leftover_ok, output_entropy};
use photonbox_model::extractor::{Absorbed, Extractor};
use photonbox_model::toeplitz::{MAX_BITS, Toeplitz, ToeplitzError};
use proptest::prelude::*;
use serde_json::Value;

fn words(bits: &[bool]) -> Vec<u32> {
    bits.chunks(32)
        .map(|chunk| {
            chunk
                .iter()
                .enumerate()
                .fold(0, |word, (k, &bit)| word | u32::from(bit) << k)
        })
        .collect()
}

fn bits(text: &str) -> Vec<bool> {
    text.chars().map(|c| c == '1').collect()
}

/// The definition, word for word: T[i][j] = seed[i - j + n - 1].
fn by_definition(n: usize, m: usize, seed: &[bool], input: &[bool]) -> Vec<bool> {
    (0..m)
        .map(|i| (0..n).fold(false, |sum, j| sum ^ (seed[i + n - 1 - j] & input[j])))
        .collect()
}

fn run(extractor: &mut Toeplitz, input: &[bool]) -> Vec<bool> {
    for (index, &bit) in input.iter().enumerate() {
        assert_eq!(extractor.absorb(bit), index + 1 == input.len());
    }
    let output: Vec<bool> = (0..extractor.m())
        .map(|i| extractor.output_bit(i))
        .collect();
    let bytes: Vec<u8> = extractor.output().collect();
    assert_eq!(bytes.len() as u32, extractor.m().div_ceil(8));
    for (i, byte) in bytes.iter().enumerate() {
        for k in 0..8 {
            let expected = output.get(8 * i + k).copied().unwrap_or(false);
            assert_eq!(byte >> k & 1 == 1, expected, "byte {i} bit {k}");
        }
    }
    extractor.clear();
    output
}

#[test]
fn vectors() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/toeplitz.json"
    );
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = file["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 5);
    for case in cases {
        let (n, m) = (
            case["n"].as_u64().unwrap() as u32,
            case["m"].as_u64().unwrap() as u32,
        );
        let seed = bits(case["seed"].as_str().unwrap());
        assert_eq!(seed.len() as u32, n + m - 1);
        let mut extractor = Toeplitz::new(n, m, &words(&seed)).unwrap();
        let inputs = case["input"].as_array().unwrap();
        for (input, output) in inputs.iter().zip(case["output"].as_array().unwrap()) {
            let expected = bits(output.as_str().unwrap());
            assert_eq!(
                run(&mut extractor, &bits(input.as_str().unwrap())),
                expected,
                "{n} x {m}"
            );
        }
    }
}

proptest! {
    #[test]
    fn any_shape_follows_the_definition(
        n in 1_usize..200, m in 1_usize..200, pool in prop::collection::vec(any::<bool>(), 800)
    ) {
        let (seed, input) = (&pool[..n + m - 1], &pool[500..500 + n]);
        let mut extractor = Toeplitz::new(n as u32, m as u32, &words(seed)).unwrap();
        prop_assert_eq!(run(&mut extractor, input), by_definition(n, m, seed, input));
    }

    #[test]
    fn extraction_is_linear(x in prop::collection::vec(any::<bool>(), 96), y in prop::collection::vec(any::<bool>(), 96)) {
        let seed: Vec<u32> = (0..5).map(|k: u32| 0x9e37_79b9_u32.rotate_left(k)).collect();
        let mut extractor = Toeplitz::new(96, 40, &seed).unwrap();
        let sum: Vec<bool> = x.iter().zip(&y).map(|(a, b)| a ^ b).collect();
        let (of_x, of_y) = (run(&mut extractor, &x), run(&mut extractor, &y));
        let of_both: Vec<bool> = of_x.iter().zip(&of_y).map(|(a, b)| a ^ b).collect();
        prop_assert_eq!(run(&mut extractor, &sum), of_both);
    }
}

#[test]
fn bad_shapes_and_seeds_are_refused() {
    assert_eq!(
        Toeplitz::new(0, 4, &[0]).unwrap_err(),
        ToeplitzError::Shape { n: 0, m: 4 }
    );
    assert_eq!(
        Toeplitz::new(4, 0, &[0]).unwrap_err(),
        ToeplitzError::Shape { n: 4, m: 0 }
    );
    assert!(Toeplitz::new(MAX_BITS + 1, 1, &[]).is_err());
    let short = Toeplitz::new(33, 1, &[0]).unwrap_err();
    assert_eq!(short, ToeplitzError::ShortSeed { want: 33, got: 32 });
    assert!(Toeplitz::new(32, 1, &[0]).is_ok());
}

#[test]
fn the_credit_of_the_default_block_is_0_999_a_bit() {
    // n_in = 1024, h_in = 512, m = 384: 128 bits of slack, so Output_Entropy is 384 but for about 2^-64.
    assert!((output_entropy(1024, 384, 384, 512.0) - 384.0).abs() < 1e-9);
    assert!((credited_bits_per_block(1024, 384, 0.5) - 383.616).abs() < 1e-9);
}

#[test]
fn output_entropy_where_the_formula_can_be_done_by_hand() {
    // n_in = 8, h_in = 8 (uniform), m = 4: P_low = P_high = 1/256; psi = 16/256 + 1/256; U = 16 + sqrt(8*16*ln 2).
    let p_low = (1.0 - 1.0 / 256.0) / 255.0;
    let psi = 16.0 * p_low + 1.0 / 256.0;
    let omega = (16.0 + (2.0 * 4.0 * 16.0 * core::f64::consts::LN_2).sqrt()) * p_low;
    let expected = -f64::max(psi, omega).log2();
    assert!((output_entropy(8, 4, 4, 8.0) - expected).abs() < 1e-12);
    // min(n_out, nw): a narrow inner width limits like a narrow output.
    assert_eq!(output_entropy(8, 6, 4, 8.0), output_entropy(8, 4, 4, 8.0));
    // h_in = 3: P_high = 1/8 dominates psi.
    let p_low = (1.0 - 0.125) / 255.0;
    let psi: f64 = 16.0 * p_low + 0.125;
    assert!((output_entropy(8, 4, 4, 3.0) + psi.log2()).abs() < 1e-12);
    assert_eq!(output_entropy(1024, 384, 384, 0.0), 0.0);
}

proptest! {
    #[test]
    fn credit_never_exceeds_input_or_output(n in 1_u32..4096, m in 1_u32..2048, h in 0.001_f64..=1.0) {
        let credit = credited_bits_per_block(n, m, h);
        prop_assert!(credit >= 0.0);
        prop_assert!(credit <= 0.999 * f64::from(m) + 1e-9);
        prop_assert!(credit <= f64::from(n) * h + 1e-9);
    }
}

#[test]
fn leftover_hash_margin_is_128_bits_exactly() {
    assert!(leftover_ok(1024, 384, 0x8000));
    assert!(!leftover_ok(1024, 385, 0x8000));
    assert!(!leftover_ok(1023, 384, 0x8000));
    assert!(!leftover_ok(1024, 384, 0x7fff));
    assert!(leftover_ok(1024, 896, 0x1_0000));
}

fn loaded(extractor: &mut Extractor, word: u32) -> bool {
    let (n, m) = extractor.shape();
    for _ in 0..photonbox_regmap::extractor::seed_words(n, m) {
        assert!(extractor.load_word(word));
    }
    extractor.commit()
}

/// Absorbs a block of ones; its bytes and epoch.
fn block(extractor: &mut Extractor) -> (Vec<u8>, u32) {
    let (n, _) = extractor.shape();
    for _ in 1..n {
        assert_eq!(extractor.absorb(true), Absorbed::Taken);
    }
    assert_eq!(extractor.absorb(true), Absorbed::Complete);
    assert!(extractor.block_waits());
    assert_eq!(extractor.absorb(true), Absorbed::Refused, "a block waits");
    extractor.take_block().unwrap()
}

#[test]
fn a_seed_switches_at_a_block_boundary_and_no_block_is_lost() {
    let mut extractor = Extractor::new(65, 8, 0);
    assert_eq!(extractor.absorb(true), Absorbed::Refused, "no seed");
    assert!(loaded(&mut extractor, 0x0000_0001));
    assert_eq!(
        (extractor.epoch(), extractor.seed_waits()),
        (1, false),
        "the first takes over at once"
    );
    let bank = extractor.bank();
    let old = block(&mut extractor);
    for _ in 0..10 {
        extractor.absorb(true);
    }
    assert!(loaded(&mut extractor, 0x8421_0007));
    assert!(extractor.seed_waits());
    assert_eq!(
        (extractor.epoch(), extractor.bank(), extractor.taken()),
        (1, bank, 10)
    );
    assert!(!extractor.load_word(0), "the spare bank is taken");
    assert!(!extractor.commit(), "nothing is loaded");
    assert!(
        extractor.seed_waits(),
        "a refused commit does not drop the seed that waits"
    );
    for _ in 10..64 {
        assert_eq!(extractor.absorb(true), Absorbed::Taken);
    }
    assert_eq!(extractor.absorb(true), Absorbed::Complete);
    let (bytes, epoch) = extractor.take_block().unwrap();
    assert_eq!(
        (bytes, epoch),
        old,
        "the block in progress ends with the seed it began with"
    );
    assert_eq!(
        (extractor.epoch(), extractor.bank(), extractor.seed_blocks()),
        (2, !bank, 0)
    );
    let new = block(&mut extractor);
    assert_eq!(new.1, 2);
    assert_ne!(new.0, old.0);
    assert_eq!(
        (
            extractor.blocks(),
            extractor.input_bits(),
            extractor.seed_blocks()
        ),
        (3, 195, 1)
    );
    assert_eq!(extractor.take_block(), None);
}

#[test]
fn a_seed_serves_no_more_blocks_than_it_may() {
    let mut extractor = Extractor::new(8, 8, 4);
    assert!(loaded(&mut extractor, 5));
    for blocks in 0..4 {
        assert_eq!(
            (extractor.seed_due(), extractor.exhausted()),
            (blocks >= 3, false)
        );
        block(&mut extractor);
    }
    assert!(extractor.exhausted() && extractor.seed_due());
    assert_eq!(extractor.absorb(true), Absorbed::Refused);
    assert!(loaded(&mut extractor, 6));
    assert!(!extractor.exhausted() && !extractor.seed_due());
    assert_eq!(block(&mut extractor).1, 2);
}

#[test]
fn commits_of_the_wrong_length_are_refused_and_swept() {
    let mut extractor = Extractor::new(64, 8, 0);
    assert!(!extractor.commit() && extractor.commit_error());
    extractor.load_word(1);
    assert_eq!(extractor.words_loaded(), 1);
    assert!(!extractor.commit());
    assert_eq!(extractor.words_loaded(), 0);
    assert!(!extractor.seeded());
    for _ in 0..3 {
        assert!(extractor.load_word(1));
    }
    assert!(!extractor.load_word(1), "71 bits are three words");
    extractor.abandon_load();
    assert_eq!(
        (extractor.words_loaded(), extractor.commit_error()),
        (0, false)
    );
    assert!(loaded(&mut extractor, 1));
    extractor.set_shape(64, 8);
    assert!(extractor.seeded(), "the same shape is no change");
    extractor.set_shape(64, 16);
    assert!(!extractor.seeded());
}

#[test]
fn a_discarded_block_leaves_nothing_behind() {
    let mut extractor = Extractor::new(16, 8, 0);
    assert!(loaded(&mut extractor, 0xabcd_1234));
    let clean = block(&mut extractor);
    for _ in 0..7 {
        extractor.absorb(true);
    }
    assert_eq!(extractor.discard(), 7);
    assert_eq!(extractor.taken(), 0);
    assert_eq!(block(&mut extractor), clean);
}
