//! Opening and setting up: what a healthy card does, and what is refused.
//!
//! Shows T15 (`docs/threat-model.md`).

use crate::rig::{Forged, MS, drain, light, open, running, seed, settings, sim};
use crate::{CORE, connect};
use photonbox_driver::{Build, Card, Error, FrontEnd, OpenOptions, Ring, RingKind, Route, Stage};
use photonbox_regmap::{ABI_VERSION, global, lane};
use photonbox_simcard::Pace;
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

fn try_open(forged: &Arc<Forged>, accept_any_build: bool) -> Result<Card, Error> {
    let options = OpenOptions {
        expected_build: CORE.build_hash(photonbox_simcard::Build::Small),
        accept_any_build,
        patience: Duration::from_millis(50),
    };
    Card::open(connect(Arc::clone(forged) as _)?, options)
}

fn forged() -> Arc<Forged> {
    Forged::new(sim(light(), Pace::Manual))
}

#[test]
fn the_small_card_says_what_it_is() {
    let card = open(sim(light(), Pace::Manual));
    let identity = card.identity();
    assert_eq!(
        (identity.build, identity.front_end, identity.lanes),
        (Build::Small, FrontEnd::Simulated, 4)
    );
    assert_eq!((identity.toeplitz_width, identity.axi_bytes), (8, 8));
    assert_eq!(
        identity.build_hash,
        CORE.build_hash(photonbox_simcard::Build::Small)
    );
    assert_eq!(card.stage(), Stage::Reset);
    let status = card.status().expect("status");
    assert!(status.simulated && !status.replayed && !status.test && status.selftest_ok);
    assert_eq!(status.lanes.len(), 4);
    assert_eq!(
        status.errors.unknown_register, 0,
        "the driver knows every register it touches"
    );
}

#[test]
fn another_build_is_refused_unless_told() {
    let forged = forged();
    forged.forge(global::build_hash(7), 0x1234_5678);
    match try_open(&forged, false) {
        Err(Error::BuildHashMismatch { found, expected }) => {
            assert_eq!(found[..56], expected[..56]);
            assert_eq!(found[56..], *"78563412", "bytes in memory order");
        }
        other => panic!("{:?}", other.map(|_| "opened")),
    }
    assert!(try_open(&forged, true).is_ok());
}

#[test]
fn whatever_is_no_card_of_ours_has_its_own_error() {
    type Expected = fn(&Error) -> bool;
    let caps = forged();
    let lanes = photonbox_driver::Device::read32(&*caps, global::CAPS) & !global::CAPS_LANES.mask();
    let cases: [(u32, u32, Expected); 5] = [
        (global::MAGIC, u32::MAX, |e| matches!(e, Error::DeadCard)),
        (global::MAGIC, 0x1af4_1000, |e| {
            matches!(
                e,
                Error::NotAPhotonbox {
                    found: 0x1af4_1000,
                    ..
                }
            )
        }),
        (global::ABI, ABI_VERSION + global::ABI_MAJOR.put(1), |e| {
            matches!(
                e,
                Error::AbiMismatch {
                    found: 2,
                    expected: 1
                }
            )
        }),
        (global::CAPS, lanes, |e| {
            matches!(e, Error::BadCapabilities { .. })
        }),
        (global::GENERATION, 5, |e| matches!(e, Error::Hung { .. })),
    ];
    for (offset, value, expected) in cases {
        let forged = forged();
        forged.forge(offset, value);
        let error = try_open(&forged, false).err().expect("refused");
        assert!(expected(&error), "{offset:#x}: {error}");
        forged.honest();
        assert!(
            try_open(&forged, false).is_ok(),
            "{offset:#x}: an honest card opens again"
        );
    }
}

#[test]
fn a_newer_minor_of_the_abi_is_fine() {
    let forged = forged();
    forged.forge(global::ABI, ABI_VERSION + 3);
    let minor = (ABI_VERSION & 0xffff) + 3;
    assert_eq!(
        try_open(&forged, false).expect("opened").identity().abi,
        (1, minor)
    );
}

#[test]
fn a_setting_that_does_not_stick_is_named() {
    let forged = forged();
    let card = try_open(&forged, false).expect("opened");
    forged.lose_writes(lane::base(2) + lane::RCT_CUTOFF);
    let mut wanted = settings(4);
    wanted.cutoffs.rct = 61;
    match card.configure(&wanted) {
        Err(Error::Readback {
            register,
            written: 61,
            found,
        }) => {
            assert_eq!((register, found), ("RCT_CUTOFF", 81));
        }
        other => panic!("{other:?}"),
    }
    assert!(
        matches!(card.start(), Err(Error::Order { .. })),
        "half a card doesn't start"
    );
}

#[test]
fn steps_out_of_order_are_refused_with_what_to_do() {
    let card = open(sim(light(), Pace::Manual));
    assert!(matches!(card.load_seed(&seed()), Err(Error::Order { .. })));
    assert!(matches!(card.start(), Err(Error::Order { .. })));
    assert!(matches!(card.recover(&seed()), Err(Error::Order { .. })));
    card.configure(&settings(1)).expect("valid");
    assert!(matches!(
        card.start(),
        Err(Error::Order {
            help: "load a seed first",
            ..
        })
    ));
    let short = card.load_seed(&seed()[1..]);
    assert!(matches!(
        short,
        Err(Error::SeedLength {
            found: 175,
            expected: 176
        })
    ));
    card.load_seed(&seed()).expect("right length");
    card.start().expect("ready");
    assert_eq!(card.stage(), Stage::Running);
    assert!(matches!(
        card.configure(&settings(1)),
        Err(Error::Order { .. })
    ));
    assert!(matches!(card.selftest(), Err(Error::Order { .. })));
    card.stop().expect("stops");
    card.start().expect("a stopped card keeps its seed");
    assert!(matches!(
        card.take_ring(RingKind::Keybox),
        Err(Error::NoRing { .. })
    ));
}

#[test]
fn too_much_output_is_refused_before_the_card_is_touched() {
    let card = open(sim(light(), Pace::Manual));
    let mut greedy = settings(1);
    greedy.extractor.m = 448;
    assert!(matches!(
        card.configure(&greedy),
        Err(Error::Extractor { most: 384, .. })
    ));
    let mut many = settings(5);
    assert!(matches!(
        card.configure(&many),
        Err(Error::NoLane { lane: 4, last: 3 })
    ));
    many.lanes.pop();
    card.configure(&many).expect("valid");
    assert_eq!(card.status().expect("status").errors.refused_write, 0);
}

#[test]
fn settings_can_change_between_runs() {
    let (sim, card, mut ring) = running(&settings(1));
    sim.advance(20 * MS);
    card.stop().expect("stops");
    assert!(!drain(&mut ring).is_empty());
    let mut other = settings(2);
    other.lanes[1].route = Route::Tap;
    other.entropy_ring.slots = 8;
    other.raw_ring.slot_bytes = 256;
    card.configure(&other).expect("valid");
    card.load_seed(&seed()).expect("seed");
    card.start().expect("starts");
    let mut raw = card.take_ring(RingKind::Raw).expect("free");
    sim.advance(20 * MS);
    assert!(!drain(&mut ring).is_empty());
    assert!(!drain(&mut raw).is_empty());
    assert_eq!(card.status().expect("status").errors.refused_write, 0);
}

#[test]
fn a_closed_card_writes_nowhere() {
    let sim = sim(light(), Pace::Manual);
    let card = open(Arc::clone(&sim) as _);
    card.configure(&settings(1)).expect("valid");
    card.load_seed(&seed()).expect("seed");
    card.start().expect("starts");
    sim.advance(10 * MS);
    drop(card);
    let writes = sim.bus_stats().writes;
    sim.advance(10 * MS);
    let stats = sim.bus_stats();
    assert_eq!((stats.writes, stats.faults, stats.refused), (writes, 0, 0));
}

#[test]
fn opening_anew_takes_over_a_card_that_was_left_running() {
    let (sim, card, ring) = running(&settings(1));
    sim.advance(10 * MS);
    let before = card.status().expect("status").generation;
    // As after a crash: nobody stopped the card. Kept, so that AddressSanitizer finds nothing lost.
    static CRASHED: OnceLock<(Card, Ring)> = OnceLock::new();
    assert!(CRASHED.set((card, ring)).is_ok());
    let card = open(Arc::clone(&sim) as _);
    assert_ne!(card.status().expect("status").generation, before);
    card.configure(&settings(1)).expect("valid");
    card.load_seed(&seed()).expect("seed");
    let mut ring = card.take_ring(RingKind::Entropy).expect("free");
    card.start().expect("starts");
    sim.advance(20 * MS);
    assert!(!drain(&mut ring).is_empty());
    assert_eq!(sim.bus_stats().faults, 0);
}
