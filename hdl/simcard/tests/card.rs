//! The card from the bus: photons in, slots out, labels, resets, paces.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use photonbox_driver::device::{Device, DmaFault, HostBus};
use photonbox_model::SamplerSettings;
use photonbox_regmap::{MAGIC, MODEL_BUILD_HASH, global, lane, ring};
use photonbox_simcard::capture_bits::capture_bits;
use photonbox_simcard::ptu::{Capture, Detector};
use photonbox_simcard::{
    Build, Error, PERIOD_PS, Pace, Pattern, SimCard, SimCardOptions, Source, StochasticParams,
};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use support::*;

/// Ten milliseconds of card time.
const TEN_MS: u64 = 2_500_000;

#[test]
fn identity_and_rest_before_start() {
    let rig = Rig::new(stochastic());
    assert_eq!(rig.read(global::MAGIC), MAGIC);
    for (word, bytes) in MODEL_BUILD_HASH.chunks_exact(4).enumerate() {
        let want = u32::from_le_bytes(bytes.try_into().unwrap());
        assert_eq!(rig.read(global::build_hash(word as u32)), want);
    }
    let caps = rig.read(global::CAPS);
    assert_eq!(
        global::CAPS_FRONT_END.get(caps),
        global::FRONT_END_SIMULATED
    );
    assert_eq!(global::CAPS_LANES.get(caps), 4);
    rig.card.advance(TEN_MS);
    assert_eq!(rig.card.cycle(), TEN_MS);
    assert_eq!(rig.bits(0), 0);
    assert_eq!(rig.card.bus_stats().writes, 0);
    let what = rig.card.describe();
    assert!(
        what.starts_with("model, small build, stochastic rate="),
        "{what}"
    );
}

#[test]
fn stochastic_light_fills_the_entropy_ring() {
    let mut rig = Rig::new(stochastic());
    rig.start_all();
    let slots = rig.play(ring::ENTROPY, TEN_MS);
    // 4 lanes of 0.5 Mbit/s for 10 ms, less 1,024 bits each at the start, 1,024 a block.
    assert!((14..22).contains(&slots.len()), "{}", slots.len());
    for slot in &slots {
        let c = &slot.completion;
        assert_eq!((c.bytes, c.raw_bits, c.lanes), (48, 1024, 0b1111));
        assert!(c.flags.simulated);
        assert!(!c.flags.replayed && !c.flags.test && !c.flags.not_creditable && !c.flags.gap);
    }
    assert!((0..4).all(|n| rig.state(n) == lane::RUNNING));
    assert!(rig.host.irqs.lock().unwrap()[&0] > 0);
}

#[test]
fn a_seed_determines_what_comes_out_and_paces_do_not() {
    let manual = |seed, steps: &[u64]| {
        let mut rig = Rig::new(SimCardOptions {
            seed: Some(seed),
            ..stochastic()
        });
        rig.start_all();
        steps
            .iter()
            .flat_map(|&cycles| rig.play(ring::ENTROPY, cycles))
            .collect::<Vec<_>>()
    };
    let one = manual(5, &[TEN_MS]);
    assert_eq!(one, manual(5, &[77, 1_000_003, TEN_MS - 1_000_080]));
    assert_ne!(one[0].data, manual(6, &[TEN_MS])[0].data);

    let mut fast = Rig::new(SimCardOptions {
        seed: Some(5),
        pace: Pace::AsFastAsPossible,
        ..stochastic()
    });
    fast.start_all();
    let mut free = Vec::new();
    // A host that is slow at first: the card waits for it and drops nothing.
    std::thread::sleep(std::time::Duration::from_millis(50));
    while free.len() < 10 * one.len() {
        free.extend(fast.drain(ring::ENTROPY));
        std::thread::yield_now();
    }
    // The card's cycle at START differs, but photons come from START on.
    let data = |slots: &[Slot]| slots.iter().map(|s| s.data.clone()).collect::<Vec<_>>();
    assert_eq!(data(&free)[..one.len()], data(&one));
    assert!(free.iter().all(|s| !s.completion.flags.gap));
    assert_eq!(fast.read(global::ERR_DROPPED_BITS), 0);
}

#[test]
fn a_capture_gives_lane_0_the_samplers_bits() {
    let bytes = recording(
        6_000,
        |x| if x & 1 == 0 { Detector::A } else { Detector::B },
    );
    let file = file(&bytes);
    let settings = SamplerSettings::default();
    let want = capture_bits(&Capture::parse(&bytes).unwrap(), PERIOD_PS, settings)
        .unwrap()
        .values;
    let mut rig = Rig::new(capture(&file));
    rig.start(&[0, 1], &[0, 1]);
    let cycles = Capture::parse(&bytes).unwrap().info().duration_ps / PERIOD_PS + 1;
    let mut slots = rig.play(ring::RAW, cycles);
    rig.write(global::CONTROL, global::CONTROL_STOP.put(1));
    slots.extend(rig.drain(ring::RAW));
    // The start-up test throws the first 1,024 away.
    assert_eq!(raw_bits(&slots), want[1024..]);
    assert_eq!(rig.bits(0), want.len() as u64);
    assert_eq!(rig.bits(1), 0, "the other lanes stay dark");
    for slot in &slots {
        let c = &slot.completion;
        assert_eq!(c.lanes, 1);
        assert!(c.flags.simulated && !c.flags.replayed && c.flags.not_creditable);
    }
}

#[test]
fn later_passes_of_a_capture_are_labelled_replayed() {
    let bytes = recording(
        4_000,
        |x| if x & 1 == 0 { Detector::A } else { Detector::B },
    );
    let file = file(&bytes);
    let one_pass = Capture::parse(&bytes).unwrap().info().duration_ps / PERIOD_PS + 1;
    let mut rig = Rig::new(capture(&file));
    rig.start(&[0], &[]);
    let first = rig.play(ring::ENTROPY, one_pass);
    let second = rig.play(ring::ENTROPY, one_pass);
    let third = rig.play(ring::ENTROPY, one_pass);
    let replayed = |slots: &[Slot]| {
        slots
            .iter()
            .map(|s| s.completion.flags.replayed)
            .collect::<Vec<_>>()
    };
    assert_eq!(replayed(&first), [false; 2]);
    // The block that was half full at the seam holds bits of the second pass too.
    assert!(second.len() >= 3 && replayed(&second).iter().all(|r| *r));
    assert!(third.len() >= 3 && replayed(&third).iter().all(|r| *r));
    // A stopped card keeps its place: what comes after a restart is replayed all the same.
    rig.write(global::CONTROL, global::CONTROL_SOFT_RESET.put(1));
    rig.card.advance(12_345);
    rig.start(&[0], &[]);
    let after = rig.play(ring::ENTROPY, one_pass);
    assert!(!after.is_empty() && replayed(&after).iter().all(|r| *r));
}

#[test]
fn the_wide_build_has_light_on_all_its_lanes() {
    let mut rig = Rig::new(SimCardOptions {
        build: Build::Wide,
        ..stochastic()
    });
    assert_eq!(global::CAPS_LANES.get(rig.read(global::CAPS)), 64);
    let lanes: Vec<u32> = (0..64).collect();
    rig.start(&lanes, &[]);
    let slots = rig.play(ring::ENTROPY, 1_500_000);
    assert_eq!(slots.last().unwrap().completion.lanes, u64::MAX);
}

#[test]
fn patterns_are_marked_test() {
    let mut rig = Rig::new(options(Source::pattern("alternate").unwrap()));
    let caps = rig.read(global::CAPS);
    assert_eq!(global::CAPS_FRONT_END.get(caps), global::FRONT_END_TEST);
    assert_eq!(rig.card.describe(), "model, small build, pattern alternate");
    rig.start(&[2], &[2]);
    let slots = rig.play(ring::RAW, TEN_MS);
    assert!(
        slots
            .iter()
            .all(|s| s.completion.flags.test && s.completion.flags.not_creditable)
    );
    let bits = raw_bits(&slots);
    assert!(bits.len() > 4_000 && bits.windows(2).all(|w| w[0] != w[1]));
    let e = Source::pattern("plaid").unwrap_err().to_string();
    assert!(
        e.contains("plaid") && e.contains("alternate, counter"),
        "{e}"
    );
}

#[test]
fn stuck_and_biased_patterns_alarm() {
    for (pattern, alarm) in [
        (Pattern::StuckA, lane::ALARM_RCT),
        (Pattern::StuckB, lane::ALARM_RCT),
        (Pattern::Biased, lane::ALARM_APT),
    ] {
        let mut rig = Rig::new(options(Source::Pattern(pattern)));
        rig.start_all();
        assert_eq!(rig.play(ring::ENTROPY, TEN_MS), []);
        for n in 0..4 {
            assert_eq!(rig.state(n), lane::ALARMED);
            assert!(alarm.is_set(rig.alarms(n)), "{pattern:?}");
        }
        assert!(global::STATUS_ALL_ALARMED.is_set(rig.read(global::STATUS)));
    }
}

#[test]
fn without_bus_mastering_nothing_leaves_the_card() {
    let mut rig = Rig::new(stochastic());
    rig.card.bus_master_enable(false);
    rig.start_all();
    rig.card.advance(TEN_MS);
    let stats = rig.card.bus_stats();
    assert!(
        stats.refused > 0 && stats.interrupts_refused > 0,
        "{stats:?}"
    );
    assert_eq!((stats.writes, stats.interrupts), (0, 0));
    assert_eq!(rig.drain(ring::ENTROPY), []);
    // The bridge answers the card with an error, which stops the ring.
    assert!(global::STATUS_RING_ERROR.is_set(rig.read(global::STATUS)));
    assert!(rig.host.irqs.lock().unwrap().is_empty());
}

#[test]
fn writes_to_unmapped_memory_are_counted_and_the_card_sees_nothing() {
    let mut rig = Rig::new(stochastic());
    rig.host.unmapped.store(true, Ordering::SeqCst);
    rig.start_all();
    rig.card.advance(TEN_MS);
    let stats = rig.card.bus_stats();
    assert!(stats.faults > 0, "{stats:?}");
    assert_eq!((stats.writes, stats.refused), (0, 0));
    assert_eq!(rig.read(global::ERR_BUS), 0);
    assert!(rig.read(ring::base(ring::ENTROPY) + ring::TAIL) > 0);
}

#[test]
fn function_level_reset_starts_anew() {
    let mut rig = Rig::new(stochastic());
    rig.start_all();
    assert!(!rig.play(ring::ENTROPY, TEN_MS).is_empty());
    let generation = rig.read(global::GENERATION);
    rig.write(global::SCRATCH, 77);
    let writes = rig.card.bus_stats().writes;
    rig.card.function_level_reset();
    assert_eq!(rig.read(global::GENERATION), generation + 1);
    assert_eq!(rig.read(global::SCRATCH), 0);
    assert!(global::STATUS_IDLE.is_set(rig.read(global::STATUS)));
    rig.card.advance(TEN_MS);
    assert_eq!(rig.card.bus_stats().writes, writes);
    // Bus mastering is off after it.
    rig.start_all();
    rig.card.advance(TEN_MS);
    assert!(rig.card.bus_stats().refused > 0);
    assert_eq!(rig.card.bus_stats().writes, writes);
}

#[test]
fn real_time_runs_by_itself_and_ends_with_the_card() {
    let mut rig = Rig::new(SimCardOptions {
        pace: Pace::RealTime,
        seed: None,
        ..stochastic()
    });
    rig.start_all();
    let mut slots = Vec::new();
    while slots.len() < 20 {
        slots.extend(rig.drain(ring::ENTROPY));
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(slots.iter().all(|s| s.completion.flags.simulated));
    let host = Arc::clone(&rig.host);
    drop(rig);
    // The card's thread held the host, and has ended.
    assert_eq!(Arc::strong_count(&host), 1);
}

/// A host whose memory fails in the worst way.
struct Bomb;

impl HostBus for Bomb {
    fn dma_write(&self, _: u64, _: &[u8]) -> Result<(), DmaFault> {
        panic!("the host's memory is on fire")
    }
    fn raise_irq(&self, _: u16) {}
}

#[test]
fn a_panic_under_the_lock_is_a_dead_card_not_a_dead_process() {
    let mut rig = Rig::new(SimCardOptions {
        pace: Pace::AsFastAsPossible,
        ..stochastic()
    });
    rig.card.attach(Arc::new(Bomb));
    // START alone: the card may be dead before anything could be read back.
    rig.prepare(&[0, 1, 2, 3], &[]);
    rig.write(global::CONTROL, global::CONTROL_START.put(1));
    while rig.read(global::MAGIC) != u32::MAX {
        std::thread::yield_now();
    }
    rig.write(global::SCRATCH, 1);
    assert_eq!(rig.read(global::SCRATCH), u32::MAX);
}

#[test]
fn wrong_options_are_refused_by_name() {
    let error = |options: SimCardOptions| SimCard::new(options).err().unwrap();
    let nowhere = options(Source::Capture {
        path: "nowhere.ptu".into(),
    });
    let e = error(nowhere);
    assert!(matches!(e, Error::Capture { .. }));
    assert!(e.to_string().contains("nowhere.ptu"));
    let e = error(SimCardOptions {
        faults: vec!["dead-lane:4".parse().unwrap()],
        ..stochastic()
    });
    assert!(e.to_string().contains("lanes 0 to 3"), "{e}");
    let params = StochasticParams {
        rate: -1.0,
        ..StochasticParams::default()
    };
    let e = error(options(Source::Stochastic(params)));
    assert!(e.to_string().contains("rate=-1"), "{e}");
}
