//! Rings: back-pressure, gaps, bus errors, flushing, interrupts, seeds that run out, stopping.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

mod support;

use photonbox_model::FrontEnd;
use photonbox_regmap::{extractor, global, lane, ring};
use support::{Bench, Event, blocks, noise, seed_bit, start_up};

#[test]
fn a_full_ring_makes_the_producer_wait_and_nothing_is_overwritten() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.slots = 2;
    bench.bring_up(1, 0);
    bench.start();
    start_up(&mut bench, &[0]);
    let bits: Vec<bool> = (0..8 * 1024).map(|k| noise(k + 40_000_000)).collect();
    bench.bits(0, bits[..2048].iter().copied());
    let status = bench.ring(ring::ENTROPY, ring::STATUS);
    assert!(ring::STATUS_FULL.is_set(status));
    assert_eq!(
        bench.ring(ring::ENTROPY, ring::STALLS),
        0,
        "full, but nobody waits yet"
    );
    let memory = bench.host.memory.clone();
    bench.bits(0, bits[2048..3072 + 100].iter().copied());
    assert_eq!(bench.host.memory, memory);
    assert_eq!(
        (
            bench.ring(ring::ENTROPY, ring::STALLS),
            bench.read(global::ERR_RING_STALLS)
        ),
        (1, 1)
    );
    assert_eq!(
        bench.read(global::ERR_DROPPED_BITS),
        100,
        "the block waits, bits behind it are dropped"
    );
    assert_eq!(bench.host.interrupts(0), 1, "not armed again");
    bench.set_ring(ring::ENTROPY, ring::HEAD, 3);
    assert!(
        ring::STATUS_BAD_HEAD.is_set(bench.ring(ring::ENTROPY, ring::STATUS)),
        "ahead of the tail"
    );
    assert_eq!(bench.ring(ring::ENTROPY, ring::HEAD), 0);
    bench.set_ring(ring::ENTROPY, ring::HEAD, 1);
    assert_eq!(
        bench.ring(ring::ENTROPY, ring::TAIL),
        3,
        "the block that waited went out"
    );
    assert_eq!(bench.host.interrupts(0), 2);
    let (completion, data) = bench.slot(ring::ENTROPY, 2).unwrap();
    assert_eq!(
        (completion.slot, completion.sequence, completion.phase.0),
        (0, 2, false)
    );
    assert_eq!(data, blocks(&bits[2048..3072]));
    bench.set_ring(ring::ENTROPY, ring::HEAD, 3);
    bench.bits(0, bits[4096..6144].iter().copied());
    let first = bench.slot(ring::ENTROPY, 3).unwrap();
    assert!(first.0.flags.gap, "bits were dropped before it");
    assert_eq!(first.1, blocks(&bits[4096..5120]));
    assert!(!bench.slot(ring::ENTROPY, 4).unwrap().0.flags.gap);
    assert_eq!(bench.counter(0, lane::DISCARDED_LO), 1024 + 100);
}

#[test]
fn raw_records_dropped_at_a_full_ring_leave_a_gap_mark() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.slots = 2;
    bench.bring_up(1, 1);
    bench.start();
    start_up(&mut bench, &[0]);
    bench.bits(0, (0..21).map(noise));
    assert_eq!(bench.read(global::ERR_DROPPED_BITS), 5);
    assert_eq!(bench.ring(ring::RAW, ring::STALLS), 1);
    bench.set_ring(ring::RAW, ring::HEAD, 2);
    bench.bits(0, (0..8).map(noise));
    let marks: Vec<bool> = bench.records(2).iter().map(|record| record.gap).collect();
    assert_eq!(
        marks,
        [true, false, false, false, false, false, false, false]
    );
    assert!(bench.slot(ring::RAW, 2).unwrap().0.flags.gap);
}

#[test]
fn stop_writes_what_is_complete_and_discards_the_rest() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.bring_up(0b11, 0b10);
    bench.start();
    start_up(&mut bench, &[0, 1]);
    let bits: Vec<bool> = (0..1100).map(noise).collect();
    bench.bits(0, bits.iter().copied());
    bench.bits(1, [true, false, true]);
    assert_eq!(bench.host.events, [], "4 KiB slots are not full");
    bench.stop();
    let (completion, data) = bench.slot(ring::ENTROPY, 0).unwrap();
    assert_eq!(
        (completion.blocks, completion.raw_bits, data),
        (1, 1024, blocks(&bits))
    );
    let (completion, _) = bench.slot(ring::RAW, 0).unwrap();
    assert_eq!((completion.blocks, completion.bytes), (3, 24));
    assert_eq!(
        bench.host.events.last(),
        Some(&Event::Interrupt(global::EVENT_VECTOR))
    );
    assert!(global::INT_IDLE.is_set(bench.read(global::INT_STATUS)));
    let status = bench.read(global::STATUS);
    assert!(global::STATUS_IDLE.is_set(status) && !global::STATUS_RUNNING.is_set(status));
    assert_eq!(bench.read(global::ERR_DROPPED_BITS), 1100 - 1024);
    let now = bench.card.now();
    bench.edge(now + 1, 0, true);
    bench.card.advance_to(now + 100, &mut bench.host);
    assert_eq!(
        bench.counter(0, lane::BITS_LO),
        2124,
        "an idle card sees no edge"
    );
}

#[test]
fn a_bus_error_stops_the_ring_and_latches() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(0b11, 0b10);
    bench.start();
    start_up(&mut bench, &[0, 1]);
    bench.host.fail_at = Some(support::DATA[1]);
    bench.bits(1, (0..8).map(noise));
    assert!(ring::STATUS_ERROR.is_set(bench.ring(ring::RAW, ring::STATUS)));
    assert_eq!(
        (
            bench.ring(ring::RAW, ring::TAIL),
            bench.ring(ring::RAW, ring::ERRORS)
        ),
        (0, 1)
    );
    assert_eq!(
        (
            bench.read(global::ERR_BUS),
            bench.read(global::ERR_DROPPED_BITS)
        ),
        (1, 8)
    );
    assert!(global::STATUS_RING_ERROR.is_set(bench.read(global::STATUS)));
    assert!(global::INT_ERROR.is_set(bench.read(global::INT_STATUS)));
    assert_eq!(bench.host.interrupts(global::EVENT_VECTOR), 1);
    bench.host.fail_at = None;
    bench.bits(1, (0..8).map(noise));
    assert!(bench.slot(ring::RAW, 0).is_none(), "it stays stopped");
    bench.bits(0, (0..1024).map(noise));
    assert!(
        bench.slot(ring::ENTROPY, 0).is_some(),
        "the other ring goes on"
    );
    bench.stop();
    bench.set_ring(ring::RAW, ring::COMMIT, ring::COMMIT_RELEASE.mask());
    bench.commit(ring::RAW);
    assert!(!global::STATUS_RING_ERROR.is_set(bench.read(global::STATUS)));
}

#[test]
fn slots_flush_by_time_and_interrupts_coalesce() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(1, 1);
    bench.set_ring(ring::RAW, ring::FLUSH_CYCLES, 1000);
    bench.write(global::INT_COALESCE_SLOTS, 3);
    bench.write(global::INT_COALESCE_CYCLES, 5000);
    bench.start();
    start_up(&mut bench, &[0]);
    let first = bench.card.now() + 40;
    bench.edge(first, 0, true);
    bench.card.advance_to(first + 1000, &mut bench.host);
    assert_eq!(bench.ring(ring::RAW, ring::TAIL), 0);
    bench.card.advance_to(first + 1001, &mut bench.host);
    assert_eq!(bench.ring(ring::RAW, ring::TAIL), 1);
    assert_eq!(bench.records(0).len(), 1);
    assert_eq!(bench.host.interrupts(1), 0, "held back");
    bench.card.advance_to(first + 6000, &mut bench.host);
    assert_eq!(bench.host.interrupts(1), 0);
    bench.card.advance_to(first + 6002, &mut bench.host);
    assert_eq!(bench.host.interrupts(1), 1, "by time");
    bench.set_ring(ring::RAW, ring::HEAD, 1);
    bench.bits(0, (0..16).map(noise));
    assert_eq!(bench.host.interrupts(1), 1, "two of three");
    bench.bits(0, (0..8).map(noise));
    assert_eq!(bench.host.interrupts(1), 2, "by number");
    bench.bits(0, (0..24).map(noise));
    assert_eq!(bench.host.interrupts(1), 2, "not armed");
    bench.set_ring(ring::RAW, ring::HEAD, 2);
    assert_eq!(
        bench.host.interrupts(1),
        3,
        "the doorbell arms and re-evaluates"
    );
}

#[test]
fn a_masked_interrupt_waits_until_it_is_allowed() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(1, 1);
    bench.write(global::INT_ENABLE, 0);
    bench.start();
    start_up(&mut bench, &[0]);
    bench.bits(0, (0..8).map(noise).chain(core::iter::repeat_n(true, 81)));
    assert_eq!(bench.host.interrupts(1) + bench.host.interrupts(3), 0);
    let pending = bench.read(global::INT_STATUS);
    assert!(global::INT_RAW.is_set(pending) && global::INT_ALARM.is_set(pending));
    bench.write(global::INT_ENABLE, global::INT_RAW.mask());
    assert_eq!((bench.host.interrupts(1), bench.host.interrupts(3)), (1, 0));
    bench.write(global::INT_ENABLE, 0x7f);
    assert_eq!((bench.host.interrupts(1), bench.host.interrupts(3)), (1, 1));
}

#[test]
fn a_seed_that_is_used_up_stops_the_extractor_until_the_next() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(1, 0);
    bench.write(extractor::BASE + extractor::BLOCKS_PER_SEED, 2);
    bench.start();
    start_up(&mut bench, &[0]);
    bench.bits(0, (0..1024).map(noise));
    assert!(!global::INT_SEED.is_set(bench.read(global::INT_STATUS)));
    bench.bits(0, (0..1024 + 7).map(noise));
    assert!(global::INT_SEED.is_set(bench.read(global::INT_STATUS)));
    let status = bench.read(extractor::BASE + extractor::SEED_STATUS);
    assert!(
        extractor::SEED_STATUS_EXHAUSTED.is_set(status)
            && extractor::SEED_STATUS_DUE.is_set(status)
    );
    assert_eq!(bench.read(global::ERR_DROPPED_BITS), 7);
    assert_eq!(bench.ring(ring::ENTROPY, ring::TAIL), 2);
    bench.load_seed(|index| !seed_bit(index));
    assert_eq!(bench.read(extractor::BASE + extractor::SEED_EPOCH), 2);
    bench.bits(0, (0..1024).map(noise));
    let (completion, _) = bench.slot(ring::ENTROPY, 2).unwrap();
    assert_eq!((completion.seed_epoch, completion.flags.gap), (2, true));
}
