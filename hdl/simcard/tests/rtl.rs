//! The verilated card: what a host sees of it is what it sees of the model.
#![cfg(feature = "verilated")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use photonbox_driver::device::Device;
use photonbox_model::SamplerSettings;
use photonbox_regmap::{MAGIC, global, lane, ring};
use photonbox_simcard::capture_bits::capture_bits;
use photonbox_simcard::ptu::{Capture, Detector};
use photonbox_simcard::{
    Build, CoreKind, Error, Fault, PERIOD_PS, Pace, SimCard, SimCardOptions, Source,
    StochasticParams,
};
use std::time::Instant;
use support::*;

/// One watch window of the rate test.
const WATCH: u64 = 1 << 20;

fn on(core: CoreKind, options: SimCardOptions) -> Rig {
    Rig::new(SimCardOptions { core, ..options })
}

fn rtl(options: SimCardOptions) -> Rig {
    on(CoreKind::Rtl, options)
}

/// The light that a card on hardware has by default.
fn bright() -> SimCardOptions {
    options(Source::Stochastic(StochasticParams::bright()))
}

fn capture_of(photons: u32) -> (Vec<u8>, u64) {
    let bytes = recording(
        photons,
        |x| {
            if x & 1 == 0 { Detector::A } else { Detector::B }
        },
    );
    let cycles = Capture::parse(&bytes).unwrap().info().duration_ps / PERIOD_PS + 1;
    (bytes, cycles)
}

#[test]
fn it_says_what_it_is_and_its_self_test_has_passed() {
    let rig = rtl(bright());
    assert_eq!(rig.read(global::MAGIC), MAGIC);
    for (word, bytes) in CoreKind::Rtl
        .build_hash(Build::Small)
        .chunks_exact(4)
        .enumerate()
    {
        let want = u32::from_le_bytes(bytes.try_into().unwrap());
        assert_eq!(rig.read(global::build_hash(word as u32)), want, "{word}");
    }
    let caps = rig.read(global::CAPS);
    let model = on(CoreKind::Model, bright());
    assert_eq!(caps, model.read(global::CAPS));
    let ran = rig.read(global::SELFTEST_RAN);
    assert_eq!(ran, model.read(global::SELFTEST_RAN));
    assert_eq!(rig.read(global::SELFTEST_PASSED), ran);
    let status = rig.read(global::STATUS);
    assert!(global::STATUS_IDLE.is_set(status) && global::STATUS_SELFTEST_OK.is_set(status));
    assert!(rig.card.describe().starts_with("rtl, small build, "));
    let before = rig.card.cycle();
    rig.card.advance(100_000);
    assert_eq!(rig.card.cycle(), before + 100_000);
    assert_eq!((rig.bits(0), rig.card.bus_stats().writes), (0, 0));
}

/// Block for block: the same photons give the same bytes, labels and lanes on either core. Says how fast it was.
#[test]
fn blocks_are_the_model_s() {
    let blocks = |core| {
        let mut rig = on(core, bright());
        rig.start_all();
        let (begin, cycle) = (Instant::now(), rig.card.cycle());
        let slots = rig.play(ring::ENTROPY, 1_000_000);
        let speed = (rig.card.cycle() - cycle) as f64 / begin.elapsed().as_secs_f64() / 1e6;
        println!("{}: {speed:.2} M cycles/s", core.name());
        slots
    };
    let (model, rtl) = (blocks(CoreKind::Model), blocks(CoreKind::Rtl));
    assert!(model.len() > 20, "{}", model.len());
    assert!(rtl.len() >= model.len(), "accesses take time, too");
    for (model, rtl) in model.iter().zip(&rtl) {
        assert_eq!(model.data, rtl.data);
        let (m, r) = (&model.completion, &rtl.completion);
        assert_eq!(m.flags, r.flags);
        assert_eq!(
            (m.lanes, m.raw_bits, m.seed_epoch, m.sequence),
            (r.lanes, r.raw_bits, r.seed_epoch, r.sequence)
        );
    }
}

#[test]
fn a_capture_gives_lane_0_the_samplers_bits() {
    let (bytes, cycles) = capture_of(4_000);
    let file = file(&bytes);
    let settings = SamplerSettings::default();
    let want = capture_bits(&Capture::parse(&bytes).unwrap(), PERIOD_PS, settings)
        .unwrap()
        .values;
    let mut rig = rtl(capture(&file));
    rig.start(&[0, 1], &[0, 1]);
    let mut slots = rig.play(ring::RAW, cycles);
    rig.write(global::CONTROL, global::CONTROL_STOP.put(1));
    slots.extend(rig.drain(ring::RAW));
    // The start-up test throws the first 1,024 away; the second pass may just have begun.
    let bits = raw_bits(&slots);
    assert!(bits.len() + 1_024 >= want.len(), "{} bits", bits.len());
    assert_eq!(bits[..want.len() - 1_024], want[1_024..]);
    assert_eq!(rig.bits(1), 0, "the other lanes stay dark");
    for slot in &slots {
        let c = &slot.completion;
        assert_eq!(c.lanes, 1);
        assert!(c.flags.simulated && c.flags.not_creditable);
    }
    assert!(!slots[0].completion.flags.replayed);
}

#[test]
fn later_passes_of_a_capture_are_labelled_replayed() {
    let (bytes, cycles) = capture_of(2_500);
    let file = file(&bytes);
    let mut rig = rtl(capture(&file));
    rig.start(&[0], &[]);
    let first = rig.play(ring::ENTROPY, cycles - 1_000);
    let second = rig.play(ring::ENTROPY, cycles);
    assert!(!first.is_empty() && first.iter().all(|s| !s.completion.flags.replayed));
    assert!(second.len() >= 2 && second[1..].iter().all(|s| s.completion.flags.replayed));
}

#[test]
fn a_stuck_detector_is_seen_by_the_repetition_count() {
    let mut rig = rtl(bright());
    rig.start_all();
    assert!(!rig.play(ring::ENTROPY, WATCH / 2).is_empty());
    let (lane, detector) = (1, Detector::B);
    rig.card
        .inject(Fault::StuckDetector { lane, detector })
        .unwrap();
    rig.play(ring::ENTROPY, WATCH / 4);
    assert_eq!(rig.state(1), lane::ALARMED);
    assert!(lane::ALARM_RCT.is_set(rig.alarms(1)));
    assert!(rig.host.irqs.lock().unwrap()[&global::EVENT_VECTOR] > 0);
    let after = rig.play(ring::ENTROPY, WATCH / 4);
    assert!(after.len() > 2);
    assert!(
        after[1..]
            .iter()
            .all(|slot| slot.completion.lanes == 0b1101)
    );
    rig.card.clear_faults();
    rig.rearm(1);
    rig.play(ring::ENTROPY, WATCH / 2);
    assert_eq!((rig.state(1), rig.alarms(1)), (lane::RUNNING, 0));
}

#[test]
fn without_bus_mastering_nothing_leaves_the_card() {
    let mut rig = rtl(bright());
    rig.card.bus_master_enable(false);
    rig.start_all();
    rig.card.advance(WATCH / 4);
    let stats = rig.card.bus_stats();
    assert!(
        stats.refused > 0 && stats.interrupts_refused > 0,
        "{stats:?}"
    );
    assert_eq!((stats.writes, stats.interrupts), (0, 0));
    assert!(global::STATUS_RING_ERROR.is_set(rig.read(global::STATUS)));
}

#[test]
fn function_level_reset_starts_anew() {
    let mut rig = rtl(bright());
    rig.start_all();
    assert!(!rig.play(ring::ENTROPY, WATCH / 4).is_empty());
    let generation = rig.read(global::GENERATION);
    rig.write(global::SCRATCH, 77);
    rig.card.function_level_reset();
    let writes = rig.card.bus_stats().writes;
    assert_eq!(rig.read(global::GENERATION), generation + 1);
    assert_eq!(rig.read(global::SCRATCH), 0);
    assert!(global::STATUS_IDLE.is_set(rig.read(global::STATUS)));
    rig.card.advance(WATCH / 4);
    assert_eq!(rig.card.bus_stats().writes, writes);
    rig.card.bus_master_enable(true);
    rig.start_all();
    assert!(!rig.play(ring::ENTROPY, WATCH / 4).is_empty());
}

#[test]
fn it_runs_by_itself_at_its_own_pace() {
    for pace in [Pace::RealTime, Pace::AsFastAsPossible] {
        let mut rig = rtl(SimCardOptions { pace, ..bright() });
        rig.start_all();
        let mut slots = Vec::new();
        let begin = Instant::now();
        while slots.len() < 10 {
            assert!(begin.elapsed().as_secs() < 60, "no data");
            slots.extend(rig.drain(ring::ENTROPY));
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(slots.iter().all(|slot| slot.completion.flags.simulated));
        rig.write(global::CONTROL, global::CONTROL_STOP.put(1));
        assert!(global::STATUS_IDLE.is_set(rig.read(global::STATUS)));
        if pace == Pace::AsFastAsPossible {
            assert!(slots.iter().all(|slot| !slot.completion.flags.gap));
        }
        // A stopped card comes to rest: its time stands still.
        let rest = Instant::now();
        let mut cycle = rig.card.cycle();
        loop {
            std::thread::sleep(std::time::Duration::from_millis(50));
            let now = rig.card.cycle();
            if now == cycle {
                break;
            }
            cycle = now;
            assert!(rest.elapsed().as_secs() < 30, "never rests");
        }
    }
}

/// The wide card, where the program has it: its self-test, its identity, light on all lanes. Else it says what to do.
#[test]
fn the_wide_one_is_there_or_says_so() {
    let wide = || SimCardOptions {
        core: CoreKind::Rtl,
        build: Build::Wide,
        ..bright()
    };
    if !CoreKind::Rtl.comes_in(Build::Wide) {
        let error = SimCard::new(wide()).err().unwrap();
        assert!(matches!(error, Error::NoBuild { .. }));
        assert!(error.to_string().contains("--features verilated-wide"));
        println!("skipped: no wide card in this program (feature verilated-wide)");
        return;
    }
    let blocks = |core| {
        let mut rig = Rig::new(SimCardOptions { core, ..wide() });
        let ran = rig.read(global::SELFTEST_RAN);
        assert_eq!(rig.read(global::SELFTEST_PASSED), ran);
        let lanes: Vec<u32> = (0..64).collect();
        rig.start(&lanes, &[]);
        (rig.play(ring::ENTROPY, 260_000), rig.read(global::CAPS))
    };
    let ((model, caps), (rtl, same)) = (blocks(CoreKind::Model), blocks(CoreKind::Rtl));
    assert_eq!(caps, same);
    assert!(!model.is_empty() && rtl.len() >= model.len());
    for (model, rtl) in model.iter().zip(&rtl) {
        assert_eq!(model.data, rtl.data);
        assert_eq!(model.completion.lanes, rtl.completion.lanes);
    }
}
