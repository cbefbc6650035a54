//! What a card in trouble says: each failure is provoked, and its whole message looked at.
//!
//! The failures of specification 6.3, and where each is provoked with its message:
//!
//! | failure | test |
//! |---|---|
//! | dead card | `a_dead_card` here; under traffic `traffic::a_card_that_is_pulled_out…` |
//! | hung job | `a_hung_job` here |
//! | hung command | `a_hung_command` here; `faults::a_card_that_ignores_its_soft_reset…` |
//! | health alarm | `a_health_alarm` here; by each fault `hdl/simcard/tests/health.rs` |
//! | ABI or hash mismatch, another card | `a_card_of_another_kind` here |
//! | time-out of a ring (IOMMU fault) | `traffic::memory_that_is_unmapped…` |
//! | ring stopped (bus error) | `traffic::bus_mastering_that_goes_off_and_on…` |
//! | reset behind the driver's back | `a_reset_behind_the_driver` here; `traffic::resets_lose_nothing…` |
//! | lost or impossible completions | `driver/src/ring/tests`: `what_contradicts_the_ring…` |
//! | RELEASE refused | `a_ring_in_use` here; `driver/src/ring/tests`: `a_ring_is_given_up…` |
//! | no IOMMU, another driver, no such function | `driver/src/transport/vfio/sysfs.rs` |
//! | no permission, not enough locked memory, not bound | `tests/vm/card.rs` |
//! | no server, in use, link lost, refused by the bus | `driver/src/transport/vfio_user/tests.rs`, `hdl/simcard/tests/vfio_user` |
//! | wrong settings, steps out of order | `bringup.rs`; `a_card_that_refuses` here |
//! | key-box: weak, refused | `keybox.rs`; busy, aborted, none: `key_box_errors` here |

use crate::connect;
use crate::rig::{Forged, MS, light, open, running, seed, settings, sim};
use photonbox_driver::{Card, Device, Error, KeyboxJob, OpenOptions, RingKind};
use photonbox_regmap::{ABI_VERSION, global, keybox};
use photonbox_simcard::{Fault, Pace};
use std::{sync::Arc, time::Duration};

/// One line: what failed, then what to do.
#[track_caller]
fn says<T>(result: Result<T, Error>, whole: &str) {
    let said = result.err().expect("an error").to_string();
    assert_eq!(said, whole);
    assert!(!said.contains('\n') && said.contains([';', ',']), "{said}");
}

const DEAD: &str = "the card is dead (every register reads all-ones); check its power and seat, `lspci` and the kernel \
                    log, then open it anew";

#[test]
fn a_dead_card() {
    let (sim, card, mut ring) = running(&settings(1));
    sim.inject(Fault::SurpriseRemoval).expect("possible");
    says(ring.wait(Duration::from_secs(60)).map(drop), DEAD);
    says(card.status(), DEAD);
    says(card.check_health(), DEAD);
    says(card.poll_events(), DEAD);
    says(card.rearm(0), DEAD);
    says(card.stop(), DEAD);
    says(card.reset(), DEAD);
    says(card.recover(&seed()), DEAD);
}

#[test]
fn a_card_of_another_kind() {
    let forged = Forged::new(sim(light(), Pace::Manual));
    let opened = || {
        let options = OpenOptions {
            patience: Duration::from_millis(50),
            ..OpenOptions::default()
        };
        connect(Arc::clone(&forged) as _).and_then(|transport| Card::open(transport, options))
    };
    forged.forge(global::MAGIC, 0x1af4_1000);
    says(
        opened(),
        "this is not a Photonbox card (magic 0x1af41000, not 0x58424850); check the device address",
    );
    forged.honest();
    forged.forge(global::ABI, ABI_VERSION + global::ABI_MAJOR.put(1));
    says(
        opened(),
        "the card has register ABI 2, this driver 1; load the bitstream of this release, or use its driver",
    );
    forged.honest();
    forged.forge(global::build_hash(0), 0);
    let said = opened().err().expect("refused").to_string();
    let (found, rest) = said.split_once(", expected ").expect(&said);
    assert!(
        found.starts_with("the card's build hash is 00000000"),
        "{said}"
    );
    assert!(
        rest.ends_with(
            ": it was built from another source; load the bitstream of this release, or accept the card explicitly \
             (`accept_any_build`)"
        ),
        "{said}"
    );
    forged.honest();
    forged.forge(global::CLOCK_HZ, 0);
    says(
        opened(),
        "the card claims a clock of 0 Hz, which no card has; load the bitstream of this release",
    );
    forged.honest();
    assert!(opened().is_ok(), "an honest card opens");
}

#[test]
fn a_hung_command() {
    let forged = Forged::new(sim(light(), Pace::Manual));
    let card = open(Arc::clone(&forged) as _);
    card.configure(&settings(1)).expect("valid");
    card.load_seed(&seed()).expect("a seed");
    card.start().expect("starts");
    forged.lose_writes(global::CONTROL);
    says(
        card.stop(),
        "the card hung: idle after STOP did not come within 200ms; reset it (`photonbox card reset`), then go on",
    );
}

#[test]
fn a_health_alarm() {
    let (sim, card, _ring) = running(&settings(2));
    sim.advance(20 * MS);
    for lane in 0..2 {
        sim.inject(Fault::DeadLane { lane }).expect("possible");
    }
    sim.advance(50 * MS);
    says(
        card.check_health(),
        "health alarm, no lane is left: lane 0: rate-low, lane 1: rate-low; check light, detectors and threshold \
         voltages, then re-arm the lanes",
    );
}

#[test]
fn a_reset_behind_the_driver() {
    let (sim, card, mut ring) = running(&settings(1));
    sim.advance(20 * MS);
    let generation = card.status().expect("alive").generation;
    let held = ring.poll().expect("healthy").expect("a slot");
    let recovery = card.recover(&seed()).expect("recovers");
    says(
        held.copy_to(&mut [0; 4096]),
        "the slot's data is gone: the card was reset while it was in use; take the next slot",
    );
    drop(held);
    assert_eq!(recovery.generation, generation + 1);
    sim.function_level_reset();
    says(
        ring.wait(Duration::from_secs(60)).map(drop),
        &format!(
            "the card was reset behind the driver's back (generation {}, not {}); make sure nobody else uses it, then \
             reset and re-arm",
            generation + 2,
            generation + 1
        ),
    );
}

#[test]
fn a_card_that_refuses() {
    let sim = sim(light(), Pace::Manual);
    let card = open(Arc::clone(&sim) as _);
    sim.inject_selftest_fault(global::SELFTEST_SAMPLER.mask());
    card.reset().expect("resets");
    card.configure(&settings(1)).expect("valid");
    card.load_seed(&seed()).expect("a seed");
    let said = card.start().expect_err("refused").to_string();
    assert!(
        said.starts_with("the card refuses to start: ") && said.ends_with("; correct the settings"),
        "{said}"
    );
    says(
        card.configure(&settings(5)),
        "the card has no lane 4 (0 to 3); correct the settings",
    );
    says(
        card.load_seed(&[0; 3]),
        "the extractor's seed has 3 bytes, and 176 are due (n + m - 1 bits); draw that many",
    );
    let _ring = card.take_ring(RingKind::Entropy).expect("free");
    says(
        card.take_ring(RingKind::Entropy).map(drop),
        "the entropy ring is taken already; each ring has one owner",
    );
    sim.inject_selftest_fault(0);
    card.reset().expect("resets");
    card.configure(&settings(1)).expect("valid");
    card.load_seed(&seed()).expect("a seed");
    card.start().expect("starts");
    says(
        card.configure(&settings(1)),
        "the card is running, so it can't be configured; stop it first",
    );
    sim.advance(20 * MS);
    card.load_seed(&seed()).expect("waits for a block's end");
    let said = card.load_seed(&seed()).expect_err("no room").to_string();
    assert!(
        said.starts_with("the card refuses the extractor's seed (SEED_STATUS 0x")
            && said.ends_with("); wait until the last one is in force, or reset the card"),
        "{said}"
    );
}

const JOB: KeyboxJob = KeyboxJob {
    s: 4,
    boxes: 20,
    keys: 3,
};

/// An X_0 that is not weak.
fn x0() -> [u8; 32] {
    let mut x0 = [0; 32];
    x0[..16].copy_from_slice(&[0x5c; 16]);
    x0
}

fn at(register: u32) -> u32 {
    keybox::BASE + register
}

#[test]
fn a_hung_job() {
    let forged = Forged::new(sim(light(), Pace::RealTime));
    let card = open(Arc::clone(&forged) as _);
    forged.forge(at(keybox::STATUS), 0);
    says(
        card.keybox(&JOB, &x0(), &mut |_, _| {}),
        "the card hung: the end of the key-box job did not come within 200ms; reset it (`photonbox card reset`), then go \
         on",
    );
    forged.honest();
    card.keybox(&JOB, &x0(), &mut |_, _| {}).expect("goes on");
    forged.lose_writes(at(keybox::SUBMIT));
    let said = card
        .keybox(&JOB, &x0(), &mut |_, _| panic!("no box"))
        .expect_err("nothing comes")
        .to_string();
    assert!(
        said.starts_with("the card hung: the next key box did not come within 1."),
        "{said}"
    );
}

#[test]
fn key_box_errors() {
    let simulated = sim(light(), Pace::RealTime);
    let forged = Forged::new(Arc::clone(&simulated) as _);
    let card = open(Arc::clone(&forged) as _);
    forged.forge(at(keybox::STATUS), keybox::STATUS_BUSY.mask());
    let run = || card.keybox(&JOB, &x0(), &mut |_, _| {});
    says(
        run(),
        "the card's key-box engine is busy with another job; try again when that has ended",
    );
    forged.honest();
    // In the midst of a job the bus refuses its boxes. Whichever of ring and engine is asked first tells.
    let mut boxes = 0;
    let error = card
        .keybox(&JOB, &x0(), &mut |_, _| {
            boxes += 1;
            simulated.inject(Fault::AxiError).expect("possible");
        })
        .expect_err("no more boxes");
    assert!(
        matches!(
            error,
            Error::RingStopped {
                ring: RingKind::Keybox,
                ..
            } | Error::KeyboxAborted
        ),
        "{error}"
    );
    assert!(boxes > 0);
    simulated.clear_faults();
    run().expect("the next job works");
    let caps = simulated.read32(global::CAPS);
    forged.forge(global::CAPS, caps & !global::CAPS_KEYBOX.mask());
    let without = open(Arc::clone(&forged) as _);
    says(
        without.keybox(&JOB, &x0(), &mut |_, _| {}),
        "the card has no key-box engine; use the engine `reference`",
    );
}

#[test]
fn a_ring_in_use() {
    let simulated = sim(light(), Pace::RealTime);
    let card = open(simulated as _);
    let run = || card.keybox(&JOB, &x0(), &mut |_, _| {});
    run().expect("the first");
    run().expect("another, on a card that stands");
    card.configure(&settings(1)).expect("valid");
    card.load_seed(&seed()).expect("a seed");
    card.start().expect("starts");
    says(
        run(),
        "the card is running, so it can't give up a ring that was in use; stop it first",
    );
    card.stop().expect("stops");
    run().expect("given up");
}
