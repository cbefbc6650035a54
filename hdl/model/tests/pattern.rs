//! The pattern generator.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_model::{Pattern, PatternGenerator};

fn bits(pattern: Pattern, count: usize) -> Vec<bool> {
    let mut generator = PatternGenerator::new(pattern, 2);
    let mut bits = Vec::new();
    while bits.len() < count {
        let (a, b) = generator.step();
        assert_ne!(a, b, "one pulse");
        bits.push(a);
        assert_eq!(generator.step(), (false, false));
    }
    bits
}

#[test]
fn names_and_kinds_are_one_to_one() {
    for pattern in Pattern::ALL {
        assert_eq!(Pattern::from_name(pattern.name()), Some(pattern));
        assert_eq!(Pattern::from_kind(pattern.kind()), Some(pattern));
    }
    assert_eq!(
        (
            Pattern::from_kind(0),
            Pattern::from_kind(6),
            Pattern::from_name("")
        ),
        (None, None, None)
    );
    assert_eq!(
        Pattern::ALL.map(Pattern::name),
        ["alternate", "counter", "stuck-a", "stuck-b", "biased"]
    );
}

#[test]
fn patterns_are_what_they_are_called() {
    assert_eq!(bits(Pattern::Alternate, 4), [true, false, true, false]);
    assert!(bits(Pattern::StuckA, 100).iter().all(|&bit| bit));
    assert!(!bits(Pattern::StuckB, 100).iter().any(|&bit| bit));
    let counter: Vec<u8> = bits(Pattern::Counter, 8 * 260)
        .chunks(8)
        .map(|byte| {
            byte.iter()
                .fold(0, |value, &bit| value << 1 | u8::from(bit))
        })
        .collect();
    let expected: Vec<u8> = (0..260).map(|value: u32| value as u8).collect();
    assert_eq!(counter, expected);
    let biased = bits(Pattern::Biased, 80_000);
    let ones = biased.iter().filter(|&&bit| bit).count() as f64 / 80_000.0;
    assert!((ones - 0.875).abs() < 0.005, "{ones}");
    assert_ne!(biased[..1000], biased[1000..2000]);
}

#[test]
fn skipping_is_stepping() {
    let mut stepped = PatternGenerator::new(Pattern::Biased, 7);
    let mut skipped = stepped.clone();
    for _ in 0..100 {
        let idle = skipped.idle_left();
        skipped.skip_idle(idle);
        for _ in 0..idle {
            assert_eq!(stepped.step(), (false, false));
        }
        let pulse = skipped.step();
        assert!(pulse.0 != pulse.1);
        assert_eq!(pulse, stepped.step());
        assert_eq!(skipped.idle_left(), 6);
        skipped.skip_idle(2);
        stepped.step();
        stepped.step();
        assert_eq!(skipped.idle_left(), stepped.idle_left());
    }
}
