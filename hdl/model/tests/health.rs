//! Cut-offs, the health tests one by one, and what they do to a lane.
//!
//! Shows T1 (`docs/threat-model.md`).
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_model::apt::AdaptiveProportion;
use photonbox_model::balance::BalanceWatch;
use photonbox_model::rate::RateWatch;
use photonbox_model::rct::RepetitionCount;
use photonbox_model::{Alarms, Lane, LaneSettings, LaneState, SamplerSettings, cutoffs};
use photonbox_regmap::{Field, lane};
use proptest::prelude::*;
use serde_json::Value;

#[test]
fn cutoff_vectors() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/health.json"
    );
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let rows = file["rows"].as_array().unwrap();
    assert!(rows.len() >= 42);
    for row in rows {
        let h = row["h"].as_f64().unwrap();
        let alpha = -row["alpha_log2"].as_i64().unwrap() as u32;
        assert_eq!(
            u64::from(cutoffs::rct(h, alpha).unwrap()),
            row["rct"].as_u64().unwrap(),
            "{row}"
        );
        for window in [512, 1024] {
            let expected = row[format!("apt_{window}")].as_u64().unwrap();
            assert_eq!(
                u64::from(cutoffs::apt(h, alpha, window).unwrap()),
                expected,
                "{row}"
            );
        }
    }
}

#[test]
fn reset_values_are_the_cutoffs_of_half_a_bit() {
    let reset = |offset| {
        lane::REGISTERS
            .iter()
            .find(|r| r.offset == offset)
            .unwrap()
            .reset
    };
    assert_eq!(cutoffs::rct(0.5, 40), Ok(reset(lane::RCT_CUTOFF)));
    assert_eq!(
        cutoffs::apt(0.5, 40, lane::APT_WINDOW),
        Ok(reset(lane::APT_CUTOFF))
    );
    assert_eq!(cutoffs::balance(0.5), Ok(reset(lane::BALANCE_MAX)));
    assert_eq!(
        (
            cutoffs::default_alpha_log2(1),
            cutoffs::default_alpha_log2(2)
        ),
        (30, 40)
    );
}

#[test]
fn impossible_claims_are_refused_and_extreme_ones_are_survived() {
    for h in [0.0, -0.1, 1.000_001, f64::NAN, f64::INFINITY] {
        assert!(cutoffs::rct(h, 30).is_err() && cutoffs::apt(h, 30, 1024).is_err());
        assert!(cutoffs::balance(h).is_err());
    }
    assert!(cutoffs::rct(0.5, 0).is_err() && cutoffs::apt(0.5, 1001, 1024).is_err());
    // So little entropy is claimed that no proportion is improbable.
    assert_eq!(cutoffs::apt(1e-6, 30, 1024), Ok(1025));
    // 2^-1024 is the chance of 1,024 equal fair bits: at 2^-1000 only a handful of windows remain.
    assert!((1020..=1025).contains(&cutoffs::apt(1.0, 1000, 1024).unwrap()));
    assert_eq!(cutoffs::balance(1.0), Ok(32_768 + 768));
    let interval = cutoffs::false_alarm_interval_bits(30, 1024);
    assert!(interval > 0.998 * 2_f64.powi(30) && interval < 2_f64.powi(30));
}

proptest! {
    #[test]
    fn repetition_count_fails_exactly_in_runs(
        bits in prop::collection::vec(proptest::bool::weighted(0.7), 1..300), cutoff in 2_u32..12
    ) {
        let mut test = RepetitionCount::new(cutoff);
        for index in 0..bits.len() {
            let run = bits[..=index].iter().rev().take_while(|&&bit| bit == bits[index]).count();
            prop_assert_eq!(test.step(bits[index]), run as u32 >= cutoff);
        }
    }

    #[test]
    fn adaptive_proportion_counts_the_first_of_each_window(
        bits in prop::collection::vec(any::<bool>(), 2048..2500), cutoff in 480_u32..560
    ) {
        let mut test = AdaptiveProportion::new(cutoff);
        for (index, &bit) in bits.iter().enumerate() {
            let window = &bits[index / 1024 * 1024..=index];
            let same = window.iter().filter(|&&other| other == window[0]).count();
            prop_assert_eq!(test.step(bit), same as u32 >= cutoff);
        }
    }

    #[test]
    fn rate_watch_skips_as_it_steps(gaps in prop::collection::vec(1_u64..200_000, 1..40)) {
        let mut stepped = RateWatch::new(3, 20);
        let mut skipped = RateWatch::new(3, 20);
        for (index, gap) in gaps.into_iter().enumerate() {
            let (a, b) = (index % 3 != 0, index % 4 == 0);
            prop_assert_eq!(stepped.step(a, b), skipped.step(a, b));
            let mut rest = gap;
            let mut verdict = None;
            while rest > 0 {
                let quiet = rest.min(skipped.idle_left());
                skipped.skip_idle(quiet);
                rest -= quiet;
                if rest > 0 {
                    verdict = verdict.or(skipped.step(false, false));
                    rest -= 1;
                }
            }
            let by_step = (0..gap).filter_map(|_| stepped.step(false, false)).last();
            prop_assert_eq!(verdict, by_step);
            prop_assert_eq!(stepped.last(), skipped.last());
        }
    }
}

#[test]
fn balance_watch_fails_at_the_first_bit_too_many_and_starts_afresh() {
    let mut watch = BalanceWatch::new(40_000);
    let first = (0..lane::BALANCE_WINDOW).position(|_| watch.step(true));
    assert_eq!(first, Some(40_000));
    let mut watch = BalanceWatch::new(40_000);
    // 40,000 zeros then ones: allowed, twice over.
    for _ in 0..2 {
        assert!(!(0..lane::BALANCE_WINDOW).any(|index| watch.step(index >= 40_000)));
    }
}

fn settings() -> LaneSettings {
    LaneSettings {
        sampler: SamplerSettings {
            window: 0,
            holdoff: 0,
            retrigger: false,
        },
        rct_cutoff: 61,
        apt_cutoff: 810,
        rate_min: 0,
        rate_max: 1 << 20,
        balance_max: 47_039,
    }
}

fn started(settings: LaneSettings) -> Lane {
    let mut lane = Lane::new(settings);
    lane.start();
    assert_eq!(lane.state(), LaneState::Startup);
    lane
}

/// A lane that has passed its start-up test with alternating bits.
fn running(settings: LaneSettings) -> Lane {
    let mut lane = started(settings);
    let SamplerSettings {
        window, holdoff, ..
    } = settings.sampler;
    for index in 0..lane::STARTUP_BITS {
        assert_eq!(lane.startup_left(), lane::STARTUP_BITS - index);
        let out = lane.step(index % 2 == 0, index % 2 == 1);
        let later = lane.skip_idle(u64::from(window + holdoff));
        assert_eq!((out, later), (None, None), "start-up bits are thrown away");
    }
    assert_eq!(lane.state(), LaneState::Running);
    lane
}

#[test]
fn the_bit_after_start_up_leaves_the_lane() {
    let mut lane = running(settings());
    assert_eq!((lane.discarded(), lane.startup_left()), (1024, 0));
    assert_eq!(lane.step(true, false), Some(true));
    assert_eq!(lane.step(false, true), Some(false));
    assert_eq!(lane.counters().bits, 1026);
    assert_eq!(lane.discarded(), 1024);
}

/// Steps until the alarm; says after how many bits, and checks that nothing left the lane with or after it.
fn steps_to(lane: &mut Lane, alarm: Field, bit: impl Fn(u32) -> bool, limit: u32) -> u32 {
    for index in 0..limit {
        let out = lane.step(bit(index), !bit(index));
        if lane.state() == LaneState::Alarmed {
            assert_eq!(out, None);
            assert!(lane.alarms().has(alarm), "{:?}", lane.alarms());
            assert!(!lane.alarms().has(lane::ALARM_STARTUP));
            let counters = *lane.counters();
            for _ in 0..100 {
                assert_eq!(lane.step(true, false), None);
            }
            assert_eq!(lane.skip_idle(1 << 22), None);
            assert_eq!(
                *lane.counters(),
                counters,
                "a stopped lane looks at nothing"
            );
            return index + 1;
        }
        assert_eq!(out, Some(bit(index)));
    }
    panic!("no alarm within {limit} bits");
}

#[test]
fn each_alarm_comes_within_the_bits_that_the_standard_allows() {
    // The last start-up bit is a 0: a run of ones begins with its first.
    assert_eq!(
        steps_to(&mut running(settings()), lane::ALARM_RCT, |_| true, 100),
        61
    );
    assert_eq!(
        steps_to(&mut running(settings()), lane::ALARM_RCT, |_| false, 100),
        60
    );
    // Seven of eight ones: the window's first bit is a 1, and the 810th comes within the window.
    assert_eq!(
        steps_to(
            &mut running(settings()),
            lane::ALARM_APT,
            |k| k % 8 != 7,
            1024
        ),
        925
    );
    // Three of four ones pass the proportion test at this cut-off (768 < 810), and the balance watch catches them.
    let bits = steps_to(
        &mut running(settings()),
        lane::ALARM_BALANCE,
        |k| k % 4 != 3,
        65_536,
    );
    assert_eq!(bits, 62_037);
    let min = LaneSettings {
        rate_min: 16,
        ..settings()
    };
    let mut lane = running(min);
    for _ in 0..15 {
        // 1,024 + 15 bits: enough of both detectors for one window.
        assert!(lane.step(true, false).is_some());
    }
    assert_eq!(lane.skip_idle((1 << 20) - 1039), None);
    assert_eq!(lane.rates().a, 527);
    assert_eq!(lane.rates().b, 512);
    assert_eq!(lane.state(), LaneState::Running);
    lane.skip_idle((1 << 20) - 1);
    assert_eq!(lane.state(), LaneState::Running);
    lane.skip_idle(1);
    assert_eq!(lane.alarms(), Alarms(lane::ALARM_RATE_LOW.mask()));
    let max = LaneSettings {
        rate_max: 513,
        ..settings()
    };
    let mut lane = running(max);
    assert_eq!(lane.step(false, true), Some(false));
    assert_eq!(lane.step(false, true), Some(false));
    lane.skip_idle(1 << 20);
    assert_eq!(lane.alarms(), Alarms(lane::ALARM_RATE_HIGH.mask()));
}

#[test]
fn one_dark_detector_is_a_rate_alarm_of_its_own() {
    let mut lane = started(LaneSettings {
        rate_min: 16,
        rct_cutoff: 60_000,
        apt_cutoff: 1025,
        ..settings()
    });
    for _ in 0..20 {
        lane.step(true, false);
    }
    lane.skip_idle(1 << 20);
    assert_eq!(
        lane.alarms().0,
        lane::ALARM_RATE_LOW.mask() | lane::ALARM_STARTUP.mask()
    );
}

#[test]
fn a_failure_in_start_up_says_so() {
    let mut lane = started(settings());
    for _ in 0..61 {
        lane.step(true, false);
    }
    assert_eq!(
        lane.alarms().0,
        lane::ALARM_RCT.mask() | lane::ALARM_STARTUP.mask()
    );
    assert_eq!((lane.state(), lane.discarded()), (LaneState::Alarmed, 61));
}

#[test]
fn an_alarm_clears_after_a_request_only_and_the_start_up_test_runs_anew() {
    let mut lane = running(settings());
    for _ in 0..61 {
        lane.step(true, false);
    }
    let all = u32::MAX;
    assert!(!lane.clear_alarms(all), "no request");
    assert!(lane.alarms().has(lane::ALARM_RCT));
    lane.stop();
    lane.start();
    assert_eq!(
        lane.state(),
        LaneState::Alarmed,
        "starting is not re-arming"
    );
    lane.request_restart();
    assert!(lane.restart_requested());
    assert!(!lane.clear_alarms(lane::ALARM_APT.mask()), "another alarm");
    assert_eq!(lane.state(), LaneState::Alarmed);
    assert!(lane.clear_alarms(all));
    assert_eq!(lane.state(), LaneState::Off);
    assert_eq!(lane.step(true, false), None);
    lane.start();
    assert_eq!(
        (lane.state(), lane.startup_left()),
        (LaneState::Startup, 1024)
    );
    // The run before the alarm is forgotten: sixty equal bits pass again.
    for _ in 0..60 {
        lane.step(true, false);
    }
    assert_eq!(lane.state(), LaneState::Startup);
}

#[test]
fn settings_change_on_a_stopped_lane_only() {
    let mut lane = running(settings());
    let other = LaneSettings {
        rct_cutoff: 5,
        ..settings()
    };
    assert!(!lane.configure(other));
    assert_eq!(lane.settings().rct_cutoff, 61);
    lane.stop();
    assert!(lane.configure(other));
    lane.start();
    for _ in 0..5 {
        lane.step(true, false);
    }
    assert!(lane.alarms().has(lane::ALARM_RCT));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_lane_skips_as_it_steps(
        events in prop::collection::vec((0_u64..90_000, 0_u8..3), 1..60), window in 0_u32..5, holdoff in 0_u32..5
    ) {
        let settings = LaneSettings {
            sampler: SamplerSettings { window, holdoff, retrigger: false },
            rct_cutoff: 8,
            rate_min: 2,
            rate_max: 530,
            ..settings()
        };
        let mut stepped = running(settings);
        let mut skipped = stepped.clone();
        for (gap, who) in events {
            let due = skipped.next_due();
            let decided = skipped.skip_idle(gap);
            let by_step: Vec<(u64, bool)> =
                (0..gap).filter_map(|k| stepped.step(false, false).map(|bit| (k, bit))).collect();
            prop_assert_eq!(decided.map(|d| (d.cycle, d.bit)), by_step.first().copied());
            if let Some(decided) = decided {
                prop_assert!(due.is_some_and(|due| due <= decided.cycle));
            }
            let (a, b) = (who != 1, who != 0);
            prop_assert_eq!(stepped.step(a, b), skipped.step(a, b));
            prop_assert_eq!(stepped.state(), skipped.state());
            prop_assert_eq!(stepped.alarms(), skipped.alarms());
            prop_assert_eq!(stepped.rates(), skipped.rates());
            prop_assert_eq!(stepped.counters(), skipped.counters());
            prop_assert_eq!(stepped.discarded(), skipped.discarded());
            prop_assert_eq!(stepped.next_due(), skipped.next_due());
        }
    }
}
