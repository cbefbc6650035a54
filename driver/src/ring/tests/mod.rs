//! The ring against a scripted card: one ring, no photons, every fault on command.

mod coalescing;
mod script;

use self::script::{ScriptedCard, at};
use super::*;
use crate::transport::{Transport, inprocess::InProcess};
use photonbox_regmap::{global, ring};
use proptest::prelude::*;
use rustix::time::{ClockId, clock_gettime};
use std::collections::VecDeque;

const GENERATION: u32 = 7;
const KIND: RingKind = RingKind::Entropy;

fn arming(slots: u32) -> Arming {
    Arming {
        geometry: Geometry {
            slots,
            slot_bytes: 64,
        },
        generation: GENERATION,
        extractor: (1024, 384),
        flush_cycles: 0,
    }
}

fn set_up(slots: u32, patience: Duration) -> (Arc<ScriptedCard>, Arc<RingCore>, Ring) {
    let card = ScriptedCard::new();
    let transport: Arc<dyn Transport> = Arc::new(InProcess::new(Arc::clone(&card) as _));
    let core = RingCore::new(KIND, transport, patience).expect("ring");
    core.arm(arming(slots)).expect("armed");
    let ring = Ring::take(&core).expect("free");
    (card, core, ring)
}

fn ring_of(slots: u32) -> (Arc<ScriptedCard>, Arc<RingCore>, Ring) {
    set_up(slots, Duration::from_secs(3600))
}

fn data(slot: &Slot<'_>) -> Vec<u8> {
    let mut out = vec![0; slot.len()];
    assert_eq!(slot.copy_to(&mut out).expect("not stale"), out.len());
    out
}

fn take(ring: &mut Ring) -> Option<Vec<u8>> {
    let slot = ring.poll().expect("healthy")?;
    let bytes = data(&slot);
    slot.release().expect("doorbell");
    Some(bytes)
}

#[test]
fn slots_come_in_order_over_many_passes() {
    let (card, _core, mut ring) = ring_of(4);
    assert_eq!(take(&mut ring), None);
    for round in 0..40_u8 {
        assert!(card.complete(&[round; 48]));
        assert!(card.complete(&[round, 1, 2]));
        assert_eq!(take(&mut ring), Some(vec![round; 48]), "round {round}");
        assert_eq!(take(&mut ring), Some(vec![round, 1, 2]));
        assert_eq!(take(&mut ring), None);
    }
    let counts = ring.counts();
    assert_eq!(
        (counts.slots, counts.bytes, counts.raw_bits),
        (80, 40 * 51, 8000)
    );
    assert_eq!(counts.discarded_slots, 0);
}

/// What this thread has computed so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

#[test]
fn an_idle_ring_sleeps() {
    let (_card, _core, mut ring) = ring_of(2);
    let before = cpu_time();
    let waited = 8 * SLOW_POLL;
    assert!(ring.wait(waited).expect("healthy").is_none());
    let used = cpu_time() - before;
    assert!(used < waited / 4, "{used:?} of {waited:?}");
}

#[test]
fn a_ring_is_as_large_as_was_asked_for() {
    for (bytes, slots, slot_bytes) in [
        (0, 2, 4096),
        (512 << 10, 128, 4096),
        (1_000_000, 128, 4096),
        (128 << 20, 32_768, 4096),
        (1 << 30, 32_768, 32_768),
        (u64::MAX, 32_768, 1 << 20),
    ] {
        let expected = Geometry { slots, slot_bytes };
        assert_eq!(Geometry::within(bytes), expected, "{bytes} bytes");
    }
}

#[test]
fn a_slot_says_what_it_holds() {
    let (card, _core, mut ring) = ring_of(2);
    card.complete_as(&[9; 16], |completion| {
        completion.flags = Flags {
            replayed: true,
            simulated: true,
            test: true,
            gap: true,
            ..Flags::default()
        };
        completion.lanes = 0x8000_0000_0000_0005;
    });
    let slot = ring.poll().expect("healthy").expect("a slot");
    assert_eq!(
        (slot.len(), slot.raw_bits(), slot.sequence(), slot.blocks()),
        (16, 100, 0, 1)
    );
    assert_eq!(
        (slot.extractor(), slot.lanes()),
        ((1024, 384), 0x8000_0000_0000_0005)
    );
    assert!(slot.flags().replayed && slot.flags().simulated && !slot.flags().not_creditable);
    let mut few = [0; 3];
    assert_eq!(slot.read_at(8, &mut few).expect("not stale"), 3);
    assert_eq!(few, [9; 3]);
    assert_eq!(slot.read_at(16, &mut few).expect("not stale"), 0);
    assert!(matches!(
        slot.copy_to(&mut few),
        Err(Error::BufferTooSmall {
            length: 16,
            found: 3
        })
    ));
    drop(slot);
    let counts = ring.counts();
    assert_eq!(
        (
            counts.replayed_slots,
            counts.test_slots,
            counts.gaps,
            counts.slots
        ),
        (1, 1, 1, 1)
    );
}

#[test]
fn a_slow_host_makes_the_card_wait_and_loses_nothing() {
    let (card, _core, mut ring) = ring_of(8);
    for value in 0..8 {
        assert!(card.complete(&[value; 8]));
    }
    assert!(!card.complete(&[99; 8]), "full");
    for value in 0..8 {
        assert_eq!(take(&mut ring), Some(vec![value; 8]));
    }
    assert!(card.complete(&[8; 8]), "given back");
    assert_eq!(take(&mut ring), Some(vec![8; 8]));
}

#[test]
fn a_dropped_slot_goes_back_too_and_its_data_are_wiped() {
    let (card, _core, mut ring) = ring_of(2);
    card.complete(&[0xaa; 64]);
    drop(ring.poll().expect("healthy").expect("a slot"));
    assert_eq!(take(&mut ring), None, "not read twice");
    // A card that claims bytes it never wrote shows what the host left there: nothing.
    card.complete(&[]);
    assert_eq!(take(&mut ring), Some(vec![]));
    card.complete_as(&[], |completion| completion.bytes = 64);
    assert_eq!(take(&mut ring), Some(vec![0; 64]));
}

#[test]
fn doorbells_are_batched_and_none_is_owed_to_an_empty_ring() {
    let (card, _core, mut ring) = ring_of(16);
    for value in 0..10 {
        card.complete(&[value; 8]);
    }
    for _ in 0..10 {
        assert!(take(&mut ring).is_some());
    }
    assert_eq!(
        card.script().doorbells,
        2,
        "one for every four of sixteen slots"
    );
    assert_eq!(take(&mut ring), None);
    assert_eq!(card.script().doorbells, 3);
    assert_eq!(card.script().registers[&at(ring::HEAD)], 10);
    assert_eq!(take(&mut ring), None);
    assert_eq!(card.script().doorbells, 3, "nothing new to tell");
}

#[test]
fn a_doorbell_that_came_too_early_is_rung_again() {
    let (card, core, mut ring) = ring_of(2);
    card.complete(&[1; 8]);
    card.script().early_doorbells = 1;
    assert_eq!(take(&mut ring), Some(vec![1; 8]));
    assert_eq!(card.script().registers[&at(ring::HEAD)], 0, "ignored");
    core.slow_poll().expect("healthy");
    assert_eq!(card.script().registers[&at(ring::HEAD)], 1);
    core.slow_poll().expect("healthy");
    assert_eq!(card.script().doorbells, 2, "the card has taken it");
}

#[test]
fn a_lost_interrupt_costs_a_slow_poll_only() {
    let (card, _core, mut ring) = ring_of(4);
    // Completed while the slow poll looks at the registers: no interrupt will ever tell of it.
    card.script().on_generation_read = Some(vec![1; 8]);
    let slot = ring
        .wait(Duration::from_secs(60))
        .expect("healthy")
        .expect("a slot");
    assert_eq!(data(&slot), [1; 8]);
    drop(slot);
    assert_eq!(ring.counts().lost_interrupts, 1);
    card.script().lose_interrupts = false;
    card.complete(&[2; 8]);
    assert!(
        ring.wait(Duration::from_secs(60))
            .expect("healthy")
            .is_some()
    );
    assert_eq!(ring.counts().lost_interrupts, 1, "this one was announced");
}

#[test]
fn tasks_wait_too() {
    let (card, _core, mut ring) = ring_of(4);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("runtime");
    let completer = Arc::clone(&card);
    let thread = std::thread::spawn(move || {
        for value in 0..50 {
            while !completer.complete(&[value; 8]) {
                std::thread::yield_now();
            }
        }
    });
    runtime.block_on(async {
        for value in 0..50 {
            let slot = ring.next().await.expect("healthy");
            assert_eq!(data(&slot), [value; 8]);
        }
        // A dropped future takes nothing with it.
        assert!(
            tokio::time::timeout(Duration::from_millis(1), ring.next())
                .await
                .is_err()
        );
    });
    thread.join().expect("completer");
    card.complete(&[50; 8]);
    assert_eq!(take(&mut ring), Some(vec![50; 8]));
}

type Change = fn(&mut Completion);
type Expected = fn(&Error) -> bool;

#[test]
fn what_contradicts_the_ring_stops_it_until_it_is_armed_anew() {
    let cases: [(&str, Change, Expected); 6] = [
        (
            "gap",
            |c| c.sequence += 2,
            |e| {
                matches!(
                    e,
                    Error::SequenceGap {
                        expected: 1,
                        found: 3,
                        ..
                    }
                )
            },
        ),
        (
            "generation",
            |c| c.generation += 1,
            |e| {
                matches!(
                    e,
                    Error::GenerationChanged {
                        expected: 7,
                        found: 8
                    }
                )
            },
        ),
        (
            "place",
            |c| c.slot = 0,
            |e| matches!(e, Error::BadCompletion { .. }),
        ),
        (
            "ring",
            |c| c.ring = ring::RAW,
            |e| matches!(e, Error::BadCompletion { .. }),
        ),
        (
            "length",
            |c| c.bytes = 65,
            |e| matches!(e, Error::BadCompletion { .. }),
        ),
        (
            "all-ones",
            |c| *c = Completion::from_bytes(&[0xff; 32]),
            |e| matches!(e, Error::GenerationChanged { .. }),
        ),
    ];
    for (name, change, expected) in cases {
        let (card, core, mut ring) = ring_of(4);
        card.complete(&[1; 8]);
        assert!(take(&mut ring).is_some(), "{name}");
        card.complete_as(&[2; 8], change);
        card.complete(&[3; 8]);
        for _ in 0..2 {
            let error = ring
                .poll()
                .err()
                .unwrap_or_else(|| panic!("{name} went through"));
            assert!(expected(&error), "{name}: {error}");
            assert!(error.is_recoverable(), "{name}");
        }
        core.arm(arming(4)).expect("armed anew");
        assert_eq!(take(&mut ring), None, "{name}: nothing old");
        assert_eq!(ring.counts().discarded_slots, 2, "{name}");
        card.complete(&[4; 8]);
        assert_eq!(take(&mut ring), Some(vec![4; 8]), "{name}: goes on");
    }
}

#[test]
fn a_slot_marked_unusable_is_skipped_and_counted() {
    let (card, _core, mut ring) = ring_of(4);
    card.complete_as(&[1; 8], |completion| completion.flags.error = true);
    card.complete(&[2; 8]);
    assert_eq!(take(&mut ring), Some(vec![2; 8]));
    let counts = ring.counts();
    assert_eq!(
        (
            counts.slots,
            counts.discarded_slots,
            counts.discarded_raw_bits
        ),
        (1, 1, 100)
    );
}

#[test]
fn a_card_that_dies_is_found_by_the_slow_poll() {
    let (card, _core, mut ring) = ring_of(4);
    card.complete(&[1; 8]);
    card.script().dead = true;
    assert_eq!(
        take(&mut ring),
        Some(vec![1; 8]),
        "what had arrived is good"
    );
    assert!(matches!(
        ring.wait(Duration::from_secs(60)),
        Err(Error::DeadCard)
    ));
    assert!(
        matches!(ring.poll(), Err(Error::DeadCard)),
        "and stays dead"
    );
}

#[test]
fn a_reset_behind_the_driver_is_found_by_the_slow_poll() {
    let (card, _core, mut ring) = ring_of(4);
    card.script()
        .registers
        .insert(global::GENERATION, GENERATION + 1);
    let error = ring.wait(Duration::from_secs(60)).err().expect("found");
    assert!(
        matches!(
            error,
            Error::GenerationChanged {
                expected: 7,
                found: 8
            }
        ),
        "{error}"
    );
}

#[test]
fn writes_that_never_arrive_are_a_timeout() {
    let (card, _core, mut ring) = set_up(4, Duration::ZERO);
    assert!(
        ring.wait(Duration::from_millis(60))
            .expect("idle is no fault")
            .is_none()
    );
    card.script().lose_writes = true;
    card.script().lose_interrupts = true;
    card.complete(&[1; 8]);
    assert!(matches!(
        ring.wait(Duration::from_secs(60)),
        Err(Error::DmaTimeout { ring: KIND })
    ));
}

#[test]
fn a_ring_stopped_by_the_card_says_so() {
    let (card, _core, mut ring) = ring_of(4);
    card.script().registers.insert(
        at(ring::STATUS),
        ring::STATUS_COMMITTED.mask() | ring::STATUS_ERROR.mask(),
    );
    card.script().registers.insert(at(ring::ERRORS), 3);
    let error = ring.wait(Duration::from_secs(60)).err().expect("found");
    assert!(
        matches!(&error, Error::RingStopped { reason, .. } if reason.starts_with('3')),
        "{error}"
    );
}

#[test]
fn a_slot_in_use_over_a_reset_is_stale() {
    let (card, core, mut ring) = ring_of(4);
    card.complete(&[1; 8]);
    card.complete(&[2; 8]);
    let slot = ring.poll().expect("healthy").expect("a slot");
    core.disarm();
    core.arm(arming(4)).expect("armed");
    assert!(matches!(slot.copy_to(&mut [0; 8]), Err(Error::StaleSlot)));
    slot.release().expect("no doorbell is due");
    assert_eq!(ring.counts().discarded_slots, 2);
    card.complete(&[3; 8]);
    assert_eq!(
        take(&mut ring),
        Some(vec![3; 8]),
        "the stale slot's release moved nothing"
    );
}

#[test]
fn a_ring_has_one_owner_at_a_time() {
    let (card, core, ring) = ring_of(16);
    assert!(matches!(
        Ring::take(&core),
        Err(Error::RingTaken { ring: KIND })
    ));
    card.complete(&[1; 8]);
    let mut ring = ring;
    assert!(take(&mut ring).is_some());
    drop(ring);
    assert_eq!(
        card.script().registers[&at(ring::HEAD)],
        1,
        "the owed doorbell was rung"
    );
    card.complete(&[2; 8]);
    assert_eq!(
        take(&mut Ring::take(&core).expect("free again")),
        Some(vec![2; 8])
    );
}

#[test]
fn a_ring_is_given_up_when_its_last_write_is_answered() {
    let (card, core, mut ring) = ring_of(4);
    card.script().unanswered = 3;
    core.arm(arming(4)).expect("asked again until it was taken");
    assert_eq!(card.script().unanswered, 0);
    card.complete(&[1; 8]);
    assert_eq!(take(&mut ring), Some(vec![1; 8]));

    let (card, core, _ring) = set_up(4, Duration::from_millis(5));
    card.script().unanswered = u32::MAX;
    let error = core.arm(arming(4)).expect_err("never answered");
    assert_eq!(
        error.to_string(),
        "the card hung: the answer to a ring's last write did not come within 5ms; reset it (`photonbox card reset`), \
         then go on"
    );
    let running = global::STATUS_RUNNING.mask();
    card.script().registers.insert(global::STATUS, running);
    let error = core.arm(arming(4)).expect_err("refused");
    assert_eq!(
        error.to_string(),
        "the card is running, so it can't give up a ring that was in use; stop it first"
    );
}

#[test]
fn a_ring_whose_writes_went_astray_gets_other_memory() {
    let (card, core, mut ring) = set_up(4, Duration::ZERO);
    let base = |card: &ScriptedCard| card.script().registers[&at(ring::DATA_BASE_LO)];
    let first = base(&card);
    core.arm(arming(4)).expect("armed");
    assert_eq!(base(&card), first, "memory is kept where nothing is wrong");
    card.script().lose_writes = true;
    card.complete(&[1; 8]);
    let error = ring.wait(Duration::from_secs(60)).err().expect("a fault");
    assert!(matches!(error, Error::DmaTimeout { .. }), "{error}");
    card.script().lose_writes = false;
    core.arm(arming(4)).expect("armed");
    assert_ne!(base(&card), first);
    card.complete(&[2; 8]);
    assert_eq!(take(&mut ring), Some(vec![2; 8]));
    let second = base(&card);
    core.arm(arming(4)).expect("armed");
    assert_eq!(base(&card), second);
}

#[test]
fn sizes_that_no_ring_has_are_refused() {
    let (_card, core, _ring) = ring_of(4);
    for (slots, slot_bytes) in [
        (0, 64),
        (1, 64),
        (3, 64),
        (65_536, 64),
        (4, 0),
        (4, 63),
        (4, 1 << 21),
    ] {
        let geometry = Geometry { slots, slot_bytes };
        let refused = core.arm(Arming {
            geometry,
            ..arming(4)
        });
        assert!(
            matches!(refused, Err(Error::Settings { .. })),
            "{slots} of {slot_bytes}"
        );
    }
}

proptest! {
    /// Whatever the order of completing, taking, dropping, waiting and re-arming: each slot arrives once, in order,
    /// with its own bytes, or was counted as discarded.
    #[test]
    fn any_interleaving_keeps_every_slot(
        exponent in 1_u32..5,
        steps in prop::collection::vec((0_u8..12, any::<bool>()), 1..300),
    ) {
        let slots = 1 << exponent;
        let (card, core, mut ring) = ring_of(slots);
        let mut waiting = VecDeque::new();
        let (mut made, mut taken, mut discarded) = (0_u64, 0_u64, 0_u64);
        for (step, lose) in steps {
            match step {
                0..6 => {
                    card.script().lose_interrupts = lose;
                    let bytes = made.to_le_bytes();
                    if card.complete(&bytes) {
                        waiting.push_back(bytes.to_vec());
                        made += 1;
                    } else {
                        // The card may see the ring fuller than it is by the doorbells still owed, no more.
                        prop_assert!(waiting.len() as u32 + (slots / 4).max(1) > slots);
                    }
                }
                6..9 => {
                    let expected = waiting.pop_front();
                    taken += u64::from(expected.is_some());
                    prop_assert_eq!(take(&mut ring), expected);
                }
                9..11 => {
                    let slot = ring.wait(Duration::ZERO).expect("healthy");
                    let expected = waiting.pop_front();
                    taken += u64::from(expected.is_some());
                    prop_assert_eq!(slot.as_ref().map(data), expected);
                }
                _ => {
                    discarded += waiting.len() as u64;
                    waiting.clear();
                    core.arm(arming(slots)).expect("armed");
                }
            }
            prop_assert!(core.slow_poll().is_ok());
        }
        let counts = ring.counts();
        prop_assert_eq!((counts.slots, counts.discarded_slots), (taken, discarded));
        prop_assert_eq!(made, taken + discarded + waiting.len() as u64);
    }
}
