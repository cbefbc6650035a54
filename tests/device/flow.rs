//! Data from photons to slots.

use crate::CORE;
use crate::rig::{BRIGHTER, MS, drain, light, open, photons, running, seed, settings, sim};
use photonbox_driver::{LaneSettings, LaneState, RingKind};
use photonbox_model::{Sampler, SamplerSettings, Toeplitz};
use photonbox_regmap::lane::STARTUP_BITS;
use photonbox_simcard::{
    CoreKind, PERIOD_PS, Pace,
    source::PhotonSource,
    stochastic::{Seed, StochasticSource},
};
use std::{sync::Arc, time::Duration};

/// The raw bits of lane 0 in the first `time` cycles, from the source's edges alone.
fn bits_of_lane_0(time: u64) -> Vec<bool> {
    let mut source =
        StochasticSource::new(photons(), &Seed::Fixed(7), 4, PERIOD_PS).expect("source");
    let mut sampler = Sampler::new(SamplerSettings {
        window: 0,
        holdoff: 30,
        retrigger: false,
    });
    let mut bits = Vec::new();
    let mut now = 0;
    while let Some(edge) = source.next_edge().filter(|edge| edge.cycle < time) {
        if edge.lane == 0 {
            bits.extend(
                sampler
                    .skip_idle(edge.cycle - now)
                    .map(|decided| decided.bit),
            );
            bits.extend(sampler.step(edge.a, edge.b));
            now = edge.cycle + 1;
        }
    }
    bits.extend(sampler.finish());
    bits
}

#[test]
fn raw_bits_are_the_sampler_s_with_their_times() {
    let mut tap = settings(1);
    tap.lanes[0] = LaneSettings::tap();
    let sim = sim(light(), Pace::Manual);
    let card = open(Arc::clone(&sim) as _);
    card.configure(&tap).expect("valid");
    let mut ring = card.take_ring(RingKind::Raw).expect("free");
    card.start().expect("TAP alone needs no seed");
    let mut records = Vec::new();
    for _ in 0..20 {
        sim.advance(MS);
        while let Some(slot) = ring.poll().expect("healthy") {
            assert!(slot.flags().not_creditable && slot.flags().simulated);
            assert!(!slot.flags().gap && !slot.flags().replayed && !slot.flags().test);
            records.extend(slot.records().expect("not stale"));
        }
    }
    let expected = bits_of_lane_0(21 * MS);
    let expected = &expected[STARTUP_BITS as usize..];
    let found: Vec<_> = records.iter().map(|record| record.bit).collect();
    assert!(found.len() > 5000, "{} bits in 20 ms", found.len());
    // The last slot may still be open on the card.
    assert_eq!(found, expected[..found.len()]);
    assert!(records.iter().all(|record| record.lane == 0 && !record.gap));
    assert!(
        records.is_sorted_by(|before, after| before.timestamp + 30 < after.timestamp),
        "hold-off"
    );
}

#[test]
fn extracted_bits_are_the_model_s() {
    let (sim, card, mut ring) = running(&settings(1));
    let mut found = Vec::new();
    let mut raw_bits = 0;
    for _ in 0..20 {
        sim.advance(MS);
        while let Some(slot) = ring.poll().expect("healthy") {
            let mut data = vec![0; slot.len()];
            slot.copy_to(&mut data).expect("not stale");
            found.extend(data);
            raw_bits += u64::from(slot.raw_bits());
            assert_eq!((slot.extractor(), slot.lanes()), ((1024, 384), 1));
            assert!(slot.flags().simulated && !slot.flags().not_creditable);
        }
    }
    let words: Vec<_> = seed()
        .chunks(4)
        .map(|word| u32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
    let mut toeplitz = Toeplitz::new(1024, 384, &words).expect("a whole seed");
    let bits = bits_of_lane_0(21 * MS);
    let mut expected = Vec::new();
    for bit in &bits[STARTUP_BITS as usize..] {
        if toeplitz.absorb(*bit) {
            expected.extend(toeplitz.output());
            toeplitz.clear();
        }
    }
    assert!(found.len() >= 5 * 48, "{} bytes", found.len());
    assert_eq!(found, expected[..found.len()]);
    assert_eq!(
        raw_bits,
        found.len() as u64 / 48 * 1024,
        "every raw bit is counted once"
    );
    let status = card.status().expect("status");
    assert_eq!(status.lanes[0].state, LaneState::Running);
    let least = bits_of_lane_0(20 * MS).len() as u64;
    match CORE {
        CoreKind::Model => assert_eq!(status.lanes[0].bits, least),
        // A register access takes some of the hardware's time.
        CoreKind::Rtl => assert!((least..=bits.len() as u64).contains(&status.lanes[0].bits)),
    }
    assert!(
        status
            .expected_false_alarm_seconds
            .is_some_and(|seconds| seconds > 3600.0)
    );
}

#[test]
fn counters_keep_the_conservation_law() {
    let (sim, card, mut ring) = running(&settings(4));
    sim.advance(30 * MS);
    drain(&mut ring);
    for lane in card.status().expect("status").lanes {
        let decided = lane.bits + 2 * lane.coincidences + lane.ignored;
        let edges = lane.edges_a + lane.edges_b;
        // W = 0: no window stays open over a cycle.
        assert_eq!(edges, decided, "lane {}", lane.lane);
        assert!(lane.ones > lane.bits / 3 && lane.ones < lane.bits * 2 / 3);
        assert!(
            (200_000.0..400_000.0).contains(&(lane.rate_a / BRIGHTER as f64)),
            "{}",
            lane.rate_a
        );
        assert!(lane.alarms.is_empty());
    }
}

#[test]
fn a_slow_host_makes_the_card_wait() {
    let mut narrow = settings(4);
    narrow.entropy_ring.slots = 4;
    narrow.entropy_ring.slot_bytes = 64;
    let (sim, card, mut ring) = running(&narrow);
    sim.advance(50 * MS);
    let status = card.status().expect("status");
    assert!(status.rings[0].full && status.rings[0].stalls > 0);
    assert!(status.errors.dropped_bits > 0, "live photons can't wait");
    // What was complete before the ring was full is whole, and what comes after says that bits are missing.
    let mut sequence = 0;
    for round in 0..10 {
        while let Some(slot) = ring.poll().expect("healthy") {
            assert_eq!(slot.sequence(), sequence);
            assert_eq!(slot.len(), 48);
            sequence += 1;
        }
        assert!(sequence >= 4, "round {round}");
        sim.advance(MS);
    }
    assert!(sequence > 12, "goes on: {sequence} slots");
    assert!(ring.counts().gaps > 0);
}

#[test]
fn an_unhurried_card_loses_nothing_to_a_slow_host() {
    let mut narrow = settings(4);
    narrow.entropy_ring.slots = 4;
    let sim = sim(light(), Pace::AsFastAsPossible);
    let card = open(Arc::clone(&sim) as _);
    card.configure(&narrow).expect("valid");
    card.load_seed(&seed()).expect("seed");
    let mut ring = card.take_ring(RingKind::Entropy).expect("free");
    card.start().expect("starts");
    let mut bytes = 0;
    for _ in 0..50 {
        let slot = ring
            .wait(Duration::from_secs(60))
            .expect("healthy")
            .expect("a slot");
        bytes += slot.len();
        assert!(!slot.flags().gap);
    }
    assert!(bytes > 50 * 48);
    assert_eq!(card.status().expect("status").errors.dropped_bits, 0);
    card.stop().expect("stops");
}

#[test]
fn a_task_reads_the_ring_in_real_time() {
    let sim = sim(light(), Pace::RealTime);
    let card = open(Arc::clone(&sim) as _);
    card.configure(&settings(4)).expect("valid");
    card.load_seed(&seed()).expect("seed");
    let mut ring = card.take_ring(RingKind::Entropy).expect("free");
    card.start().expect("starts");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("runtime");
    let sequences: Vec<_> = runtime.block_on(async {
        let mut sequences = Vec::new();
        for _ in 0..5 {
            sequences.push(ring.next().await.expect("healthy").sequence());
        }
        sequences
    });
    assert_eq!(sequences, [0, 1, 2, 3, 4]);
}

#[test]
fn a_fresh_seed_takes_over_at_a_block_boundary_without_losing_a_block() {
    let mut often = settings(1);
    often.extractor.blocks_per_seed = 8;
    let (sim, card, mut ring) = running(&often);
    let mut epochs = Vec::new();
    for _ in 0..60 {
        sim.advance(MS);
        if card
            .poll_events()
            .expect("alive")
            .is_some_and(|events| events.seed_due)
        {
            card.load_seed(&seed()).expect("room for a seed");
        }
        while let Some(slot) = ring.poll().expect("healthy") {
            assert!(!slot.flags().gap, "no bit waited for a seed");
            epochs.push(slot.completion().seed_epoch);
        }
    }
    assert!(epochs.is_sorted());
    assert!(*epochs.last().expect("slots") >= 3, "{epochs:?}");
    let status = card.status().expect("status").extractor;
    assert!(status.seed_epoch >= 3 && !status.seed_exhausted);
}

#[test]
fn without_a_fresh_seed_the_extractor_waits() {
    let mut once = settings(1);
    once.extractor.blocks_per_seed = 4;
    let (sim, card, mut ring) = running(&once);
    sim.advance(40 * MS);
    assert_eq!(drain(&mut ring).len(), 4 * 48);
    let status = card.status().expect("status").extractor;
    assert!(status.seed_exhausted && status.blocks == 4);
    card.load_seed(&seed()).expect("room");
    sim.advance(40 * MS);
    assert_eq!(drain(&mut ring).len(), 4 * 48);
}
