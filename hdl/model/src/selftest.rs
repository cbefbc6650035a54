//! Known-answer tests of the blocks, run at reset and on command (spec 6-card §6.1, *Self-test*).

use crate::apt::AdaptiveProportion;
use crate::balance::BalanceWatch;
use crate::keybox;
use crate::rate::{Edges, RateVerdict, RateWatch};
use crate::rct::RepetitionCount;
use crate::sampler::{Sampler, SamplerSettings};
use crate::toeplitz::Toeplitz;
use photonbox_regmap::lane::{APT_WINDOW, BALANCE_WINDOW, RATE_WINDOW_CYCLES};
use photonbox_regmap::{Field, global};

/// The tests by their bit of `SELFTEST_RAN`.
pub const TESTS: [(Field, fn() -> bool); 7] = [
    (global::SELFTEST_SAMPLER, sampler),
    (global::SELFTEST_RCT, rct),
    (global::SELFTEST_APT, apt),
    (global::SELFTEST_RATE, rate),
    (global::SELFTEST_BALANCE, balance),
    (global::SELFTEST_TOEPLITZ, toeplitz),
    (global::SELFTEST_KEYBOX, keybox::known_answer),
];

/// The bits of `SELFTEST_RAN`.
pub fn ran() -> u32 {
    TESTS.iter().fold(0, |mask, (field, _)| mask | field.mask())
}

/// Runs all tests: the bits of `SELFTEST_PASSED`.
pub fn run() -> u32 {
    TESTS
        .iter()
        .fold(0, |mask, (field, test)| mask | field.put(u32::from(test())))
}

/// Arrivals AABABBABAB give 1101001010; then a coincidence one cycle apart, a further edge of the same detector
/// inside a window, and one edge while blind.
fn sampler() -> bool {
    let mut sampler = Sampler::new(SamplerSettings {
        window: 1,
        holdoff: 3,
        retrigger: false,
    });
    let mut bits = String::new();
    let mut take = |sampler: &mut Sampler, a, b, idle| {
        let now = sampler.step(a, b);
        let later = sampler.skip_idle(idle).map(|decided| decided.bit);
        bits.extend(now.or(later).map(|bit| if bit { '1' } else { '0' }));
    };
    for detector in "AABABBABAB".chars() {
        take(&mut sampler, detector == 'A', detector == 'B', 9);
    }
    take(&mut sampler, true, false, 0);
    take(&mut sampler, false, true, 9);
    take(&mut sampler, false, true, 0);
    take(&mut sampler, false, true, 2);
    take(&mut sampler, true, false, 9);
    let counters = sampler.counters();
    bits == "11010010100"
        && (
            counters.bits,
            counters.ones,
            counters.coincidences,
            counters.ignored,
        ) == (11, 5, 1, 2)
        && (counters.edges_a, counters.edges_b) == (7, 8)
}

fn rct() -> bool {
    let mut test = RepetitionCount::new(4);
    let failures =
        [false, true, true, true, false, false, false, false, false].map(|bit| test.step(bit));
    failures == [false, false, false, false, false, false, false, true, true]
}

fn apt() -> bool {
    // Two of three bits are 1: the 513th is seen at index 768 (0, 1, 3, 4, …, 768).
    let mut test = AdaptiveProportion::new(513);
    let first = (0..APT_WINDOW).position(|index| test.step(index % 3 != 2));
    // One more than a whole window allows: never.
    let mut lenient = AdaptiveProportion::new(684);
    first == Some(768)
        && !(0..3 * APT_WINDOW).any(|index| lenient.step(index % APT_WINDOW % 3 != 2))
}

fn rate() -> bool {
    let mut watch = RateWatch::new(2, 3);
    let mut verdicts = Vec::new();
    for edges in [
        [true, true, false],
        [true, true, true],
        [true, false, false],
    ] {
        // Edges of A as given, and always two of B.
        for (index, a) in edges.into_iter().enumerate() {
            verdicts.extend(watch.step(a, index < 2));
        }
        watch.skip_idle(RATE_WINDOW_CYCLES);
        verdicts.extend(watch.step(edges[2], false));
    }
    let passed = RateVerdict {
        low: false,
        high: false,
    };
    let high = RateVerdict {
        low: false,
        high: true,
    };
    let low = RateVerdict {
        low: true,
        high: false,
    };
    verdicts == [passed, high, low] && watch.last() == Edges { a: 1, b: 2 }
}

fn balance() -> bool {
    let mut watch = BalanceWatch::new(BALANCE_WINDOW / 2);
    let even = (0..2 * BALANCE_WINDOW).any(|index| watch.step(index % 2 == 0));
    let odd = (0..=BALANCE_WINDOW / 2).position(|_| watch.step(false));
    !even && odd == Some(BALANCE_WINDOW as usize / 2)
}

fn toeplitz() -> bool {
    // The 8 x 4 matrix of the seed 00010011101, column by column: seed[7..11], seed[6..10], … seed[0..4].
    let Ok(mut extractor) = Toeplitz::new(8, 4, &[0b101_1100_1000]) else {
        return false;
    };
    let answers = [("10010000", "1110"), ("11000000", "0011")].map(|(input, output)| {
        extractor.clear();
        let complete = input
            .chars()
            .fold(false, |_, bit| extractor.absorb(bit == '1'));
        let bits: String = (0..4)
            .map(|index| {
                if extractor.output_bit(index) {
                    '1'
                } else {
                    '0'
                }
            })
            .collect();
        complete && bits == output
    });
    answers == [true, true]
}
