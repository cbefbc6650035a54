//! Each fault against the health tests of its lane: the right alarm, in time, and nothing from that lane after it.
//!
//! Shows T1 (`docs/threat-model.md`).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use photonbox_regmap::{Field, global, lane, ring};
use photonbox_simcard::ptu::{Capture, Detector};
use photonbox_simcard::{Error, Fault, SimCardOptions};
use std::time::Duration;
use support::*;

/// One watch window.
const WATCH: u64 = 1 << 20;
const TEN_MS: u64 = 2_500_000;

/// Starts all lanes and lets them run; then breaks lane 1 and plays until it is in alarm, at most `cycles`.
/// Gives the raw bits that it made from the fault to the alarm.
fn break_lane_1(rig: &mut Rig, fault: Fault, cycles: u64) -> u64 {
    rig.start_all();
    assert!(!rig.play(ring::ENTROPY, 3 * WATCH).is_empty());
    assert!((0..4).all(|n| rig.state(n) == lane::RUNNING));
    let before = rig.bits(1);
    rig.card.inject(fault).unwrap();
    let end = rig.card.cycle() + cycles;
    while rig.state(1) != lane::ALARMED && rig.card.cycle() < end {
        rig.play(ring::ENTROPY, 1_000);
    }
    rig.bits(1) - before
}

/// Only lane 1 is in alarm, its bits are in no block any more, the others go on, and an interrupt came.
fn only_lane_1_stopped(rig: &mut Rig, alarm: Field) {
    assert_eq!(rig.state(1), lane::ALARMED);
    assert!(alarm.is_set(rig.alarms(1)), "{:#x}", rig.alarms(1));
    let status = rig.read(global::STATUS);
    assert!(global::STATUS_ALARM.is_set(status) && !global::STATUS_ALL_ALARMED.is_set(status));
    assert!(rig.host.irqs.lock().unwrap()[&global::EVENT_VECTOR] > 0);
    let made = rig.bits(1);
    let after = rig.play(ring::ENTROPY, TEN_MS);
    assert!(after.len() > 5);
    assert!(after.iter().all(|s| s.completion.lanes == 0b1101));
    assert_eq!(rig.bits(1), made);
    assert!(
        [0, 2, 3]
            .iter()
            .all(|&n| rig.state(n) == lane::RUNNING && rig.alarms(n) == 0)
    );
}

#[test]
fn a_dead_lane_is_seen_by_the_rate_watch() {
    let mut rig = Rig::new(stochastic());
    let bits = break_lane_1(&mut rig, Fault::DeadLane { lane: 1 }, 2 * WATCH);
    assert!(bits <= 1, "an open window may still end: {bits}");
    only_lane_1_stopped(&mut rig, lane::ALARM_RATE_LOW);
    assert_eq!(rig.alarms(1), lane::ALARM_RATE_LOW.mask());
}

#[test]
fn a_stuck_detector_is_seen_by_the_repetition_count() {
    for detector in [Detector::A, Detector::B] {
        let mut rig = Rig::new(stochastic());
        let bits = break_lane_1(&mut rig, Fault::StuckDetector { lane: 1, detector }, WATCH);
        // Cut-off 81; some of the run may lie before the fault, and the last step is 1,000 cycles.
        assert!((60..=81).contains(&bits), "{bits}");
        only_lane_1_stopped(&mut rig, lane::ALARM_RCT);
    }
}

#[test]
fn a_strong_bias_is_seen_by_the_adaptive_proportion() {
    let fault = Fault::StrongBias {
        lane: 1,
        share_a: 0.9,
    };
    let mut rig = Rig::new(stochastic());
    let bits = break_lane_1(&mut rig, fault, 10 * WATCH);
    // The window in progress and the next whole one, and another for each that begins with the rare
    // value, one in ten: that one watches the rare value, not the frequent one.
    assert!(bits <= 4 * 1024, "{bits}");
    only_lane_1_stopped(&mut rig, lane::ALARM_APT);
}

#[test]
fn a_lesser_bias_is_seen_by_the_balance_watch() {
    let fault = Fault::StrongBias {
        lane: 1,
        share_a: 0.735,
    };
    let mut rig = Rig::new(stochastic());
    let bits = break_lane_1(&mut rig, fault, 200 * WATCH);
    assert!((30_000..=2 * 65_536).contains(&bits), "{bits}");
    only_lane_1_stopped(&mut rig, lane::ALARM_BALANCE);
    assert_eq!(rig.alarms(1), lane::ALARM_BALANCE.mask());
}

#[test]
fn an_operator_rearms_a_repaired_lane_and_only_then_it_delivers() {
    let mut rig = Rig::new(stochastic());
    break_lane_1(
        &mut rig,
        Fault::StuckDetector {
            lane: 1,
            detector: Detector::A,
        },
        WATCH,
    );
    // Still broken: the new start-up test fails, and nothing of the lane gets out.
    rig.rearm(1);
    assert_eq!(rig.state(1), lane::STARTUP);
    let slots = rig.play(ring::ENTROPY, TEN_MS);
    assert_eq!(rig.state(1), lane::ALARMED);
    assert!(slots.iter().all(|s| s.completion.lanes == 0b1101));
    // Repaired, but not re-armed.
    rig.card.clear_faults();
    rig.play(ring::ENTROPY, TEN_MS);
    assert_eq!(rig.state(1), lane::ALARMED);
    rig.rearm(1);
    let slots = rig.play(ring::ENTROPY, 2 * TEN_MS);
    assert_eq!((rig.state(1), rig.alarms(1)), (lane::RUNNING, 0));
    assert_eq!(slots.last().unwrap().completion.lanes, 0b1111);
}

#[test]
fn faults_set_in_at_their_time() {
    let mut rig = Rig::new(SimCardOptions {
        faults: vec![
            "removal@40ms".parse().unwrap(),
            "stuck-b:2@20ms".parse().unwrap(),
            "dead-lane:3".parse().unwrap(),
        ],
        ..stochastic()
    });
    rig.start_all();
    rig.play(ring::ENTROPY, 4_999_000);
    assert_eq!(rig.state(2), lane::RUNNING);
    assert!(lane::ALARM_RATE_LOW.is_set(rig.alarms(3)));
    assert_eq!(rig.bits(3), 0);
    rig.play(ring::ENTROPY, 100_000);
    assert!(lane::ALARM_RCT.is_set(rig.alarms(2)));
    rig.card.advance(10_000_000);
    assert_eq!(rig.read(global::MAGIC), u32::MAX);
    assert_eq!(
        Duration::from_nanos(rig.card.cycle() * 4),
        Duration::from_millis(40)
    );
}

#[test]
fn a_removed_card_is_all_ones_and_silent() {
    let mut rig = Rig::new(stochastic());
    rig.start_all();
    rig.play(ring::ENTROPY, TEN_MS);
    rig.card.inject(Fault::SurpriseRemoval).unwrap();
    let before = rig.card.bus_stats();
    for offset in [
        global::MAGIC,
        global::STATUS,
        lane::base(0),
        0xFFFC,
        0x1_0000,
    ] {
        assert_eq!(rig.read(offset), u32::MAX);
    }
    rig.write(global::SCRATCH, 3);
    rig.write(global::CONTROL, global::CONTROL_SOFT_RESET.put(1));
    assert_eq!(rig.read(global::SCRATCH), u32::MAX);
    rig.card.advance(TEN_MS);
    assert_eq!(rig.card.bus_stats(), before);
    // Neither repair nor reset brings it back.
    rig.card.clear_faults();
    photonbox_driver::device::Device::function_level_reset(&*rig.card);
    assert_eq!(rig.read(global::MAGIC), u32::MAX);
}

#[test]
fn faults_are_checked_against_the_card() {
    let rig = Rig::new(stochastic());
    let e = rig.card.inject(Fault::DeadLane { lane: 9 }).unwrap_err();
    assert!(matches!(e, Error::Fault(_)) && e.to_string().contains("lane 9"));
}

/// Plays `bytes` on lane 0 for `cycles`, re-arming whenever the lane stops, and wants silence.
fn never_yields(bytes: &[u8], cycles: u64) {
    let file = file(bytes);
    let mut rig = Rig::new(capture(&file));
    rig.start(&[0], &[]);
    let mut alarms = 0;
    let end = rig.card.cycle() + cycles;
    while rig.card.cycle() < end {
        assert_eq!(rig.play(ring::ENTROPY, cycles / 20), []);
        if rig.state(0) == lane::ALARMED {
            alarms += 1;
            assert!(
                lane::ALARM_RCT.is_set(rig.alarms(0)) && lane::ALARM_STARTUP.is_set(rig.alarms(0))
            );
            rig.rearm(0);
        }
    }
    assert!(alarms > 10, "{alarms}");
    assert_eq!(rig.card.bus_stats().writes, 0);
}

#[test]
fn a_capture_with_one_dark_channel_never_yields_entropy() {
    let bytes = recording(
        20_000,
        |x| if x & 1 == 0 { Detector::A } else { Detector::B },
    );
    let capture = Capture::parse(&bytes).unwrap();
    never_yields(&all_on_a(capture.events()), 50_000_000);
}

#[test]
fn the_recording_with_one_dark_channel_never_yields_entropy() {
    let Some(path) = std::env::var_os("PHOTONBOX_CAPTURE") else {
        eprintln!("skipped: PHOTONBOX_CAPTURE is not set");
        return;
    };
    let capture = Capture::open(path).unwrap();
    // Two passes, so that the seam is crossed too.
    never_yields(&all_on_a(capture.events()), 500_000_000);
}

#[test]
fn the_recording_passes_its_health_tests_and_loops() {
    let Some(path) = std::env::var_os("PHOTONBOX_CAPTURE") else {
        eprintln!("skipped: PHOTONBOX_CAPTURE is not set");
        return;
    };
    let mut rig = Rig::new(options(photonbox_simcard::Source::Capture {
        path: path.into(),
    }));
    rig.start(&[0], &[]);
    let first = rig.play(ring::ENTROPY, 249_000_000);
    assert_eq!((rig.state(0), rig.alarms(0)), (lane::RUNNING, 0));
    // 336,488 bits a pass, 1,024 of them for the start-up test.
    assert!((320..=327).contains(&first.len()), "{}", first.len());
    assert!(
        first
            .iter()
            .all(|s| s.completion.flags.simulated && !s.completion.flags.replayed)
    );
    let second = rig.play(ring::ENTROPY, 252_000_000);
    assert!(second.last().unwrap().completion.flags.replayed);
    assert_eq!((rig.state(0), rig.alarms(0)), (lane::RUNNING, 0));
}
