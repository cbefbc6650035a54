//! `Card::selftest` on a good card and on bad ones.

use crate::rig::{Forged, light, open, seed, settings, sim};
use photonbox_driver::{Card, RingKind, SelfTest, Stage};
use photonbox_regmap::{BAR_BYTES, global};
use photonbox_simcard::{Fault, Pace, Pattern, Source};
use std::sync::Arc;

const NAMES: [&str; 7] = [
    "identity",
    "scratch",
    "unknown-register",
    "generation",
    "known-answers",
    "pattern-through-ring",
    "reset-after-pattern",
];

fn failing(test: &SelfTest) -> Vec<&str> {
    test.checks
        .iter()
        .filter(|check| !check.ok)
        .map(|check| check.name.as_str())
        .collect()
}

fn tested(card: &Card) -> SelfTest {
    let test = card.selftest().expect("a stopped card");
    assert_eq!(
        test.checks
            .iter()
            .map(|check| check.name.as_str())
            .collect::<Vec<_>>(),
        NAMES
    );
    assert_eq!(test.passed + test.failed, NAMES.len());
    assert_eq!(test.failed, failing(&test).len());
    assert!(test.checks.iter().all(|check| !check.detail.is_empty()));
    test
}

#[test]
fn a_good_card_passes_whatever_feeds_it() {
    for source in [light(), Source::Pattern(Pattern::StuckA)] {
        let sim = sim(source.clone(), Pace::AsFastAsPossible);
        let card = open(Arc::clone(&sim) as _);
        let test = tested(&card);
        assert_eq!(failing(&test), [""; 0], "{source:?}: {test:#?}");
        assert_eq!(card.stage(), Stage::Reset);
        // And it works afterwards.
        card.configure(&settings(1)).expect("valid");
        card.load_seed(&seed()).expect("seed");
        card.start().expect("starts");
    }
}

#[test]
fn a_real_time_card_passes() {
    let card = open(sim(light(), Pace::RealTime));
    assert_eq!(tested(&card).failed, 0);
}

#[test]
fn each_defect_fails_its_own_check() {
    type Break = fn(&Forged);
    let cases: [(&str, Break); 3] = [
        ("scratch", |card| card.forge(global::SCRATCH, 0)),
        ("unknown-register", |card| card.forge(BAR_BYTES - 4, 1)),
        ("known-answers", |card| {
            card.forge(global::SELFTEST_PASSED, 0)
        }),
    ];
    for (name, defect) in cases {
        let forged = Forged::new(sim(light(), Pace::AsFastAsPossible));
        let card = open(Arc::clone(&forged) as _);
        defect(&forged);
        let test = tested(&card);
        assert!(failing(&test).contains(&name), "{name}: {test:#?}");
        assert!(
            !failing(&test).contains(&"pattern-through-ring"),
            "{name}: {test:#?}"
        );
    }
}

#[test]
fn a_known_answer_that_comes_out_wrong_fails_its_check_and_no_other() {
    for answer in [global::SELFTEST_SAMPLER, global::SELFTEST_TOEPLITZ] {
        let sim = sim(light(), Pace::AsFastAsPossible);
        let card = open(Arc::clone(&sim) as _);
        sim.inject_selftest_fault(answer.mask());
        let test = tested(&card);
        // A card that fails them refuses to start, so that nothing comes through the ring either.
        assert!(failing(&test).contains(&"known-answers"), "{test:#?}");
        assert!(!failing(&test).contains(&"scratch"), "{test:#?}");
        sim.inject_selftest_fault(0);
        assert_eq!(failing(&tested(&card)), [""; 0]);
    }
}

#[test]
fn a_pattern_that_never_starts_fails_its_check() {
    let forged = Forged::new(sim(light(), Pace::AsFastAsPossible));
    let card = open(Arc::clone(&forged) as _);
    forged.lose_writes(global::PATTERN);
    let test = tested(&card);
    assert_eq!(failing(&test), ["pattern-through-ring"], "{test:#?}");
}

#[test]
fn a_dead_card_fails_everything() {
    let sim = sim(light(), Pace::AsFastAsPossible);
    let card = open(Arc::clone(&sim) as _);
    sim.inject(Fault::SurpriseRemoval).expect("possible");
    assert_eq!(tested(&card).failed, NAMES.len());
}

#[test]
fn a_ring_in_use_is_a_failed_check_not_a_shared_ring() {
    let card = open(sim(light(), Pace::AsFastAsPossible));
    let _ring = card.take_ring(RingKind::Entropy).expect("free");
    assert_eq!(failing(&tested(&card)), ["pattern-through-ring"]);
}
