//! Light and hosts that fail: each alarm on the RTL as in the model, and a bus that refuses.

use crate::bus::Manners;
use crate::rig::{Beam, Beams, Dark, Rig};
use crate::scene::{self, Setup, balanced};
use photonbox_model::FrontEnd;
use photonbox_regmap::{Field, global, lane, ring};

fn alarms(rig: &mut Rig, index: u32) -> u32 {
    rig.same(lane::base(index) + lane::ALARMS)
}

/// Runs until lane 0 is in alarm, and says which; at most `most` cycles.
fn first_alarm(rig: &mut Rig, setup: &Setup, most: u64) -> u32 {
    let end = rig.cycle() + most;
    while rig.cycle() < end {
        rig.run(2_000);
        for number in [ring::ENTROPY, ring::RAW] {
            rig.take(number, setup);
        }
        let seen = alarms(rig, 0);
        if seen != 0 {
            assert_eq!(
                rig.same(lane::base(0) + lane::STATE) & 3,
                lane::ALARMED,
                "a latched alarm stops the lane"
            );
            assert!(global::INT_ALARM.is_set(rig.read(global::INT_STATUS)));
            return seen;
        }
    }
    panic!("no alarm in {most} cycles");
}

fn lit(on_a: u64, every: u64) -> Beams {
    Beams::new(vec![Beam { every, on_a }; 4])
}

fn expect(seen: u32, alarm: Field) {
    assert!(alarm.is_set(seen), "{seen:#b} lacks {}", alarm.name);
}

#[test]
fn each_fault_of_the_light_raises_its_alarm() {
    let setup = Setup {
        slots: 16,
        ..Setup::default()
    };
    let share = |of: f64| (of * 65_536.0) as u64;
    for (light, alarm, most) in [
        (lit(share(1.0), 8), lane::ALARM_RCT, 40_000),
        (lit(share(0.84), 8), lane::ALARM_APT, 100_000),
        (lit(share(0.75), 8), lane::ALARM_BALANCE, 2_000_000),
    ] {
        let mut rig = scene::rig(FrontEnd::Simulated, 11);
        // Cut-offs for H = 0.5: the APT's would see the lesser bias in a long run.
        setup.start(&mut rig);
        rig.shine(light);
        let seen = first_alarm(&mut rig, &setup, most);
        expect(seen, alarm);
    }
}

#[test]
fn darkness_and_glare_raise_the_rate_alarms() {
    for (every, alarm) in [(0, lane::ALARM_RATE_LOW), (4, lane::ALARM_RATE_HIGH)] {
        let setup = Setup {
            slots: 16,
            lanes: 1,
            ..Setup::default()
        };
        let mut rig = scene::rig(FrontEnd::Simulated, 12);
        setup.start(&mut rig);
        rig.write(global::CONTROL, global::CONTROL_STOP.mask());
        rig.wait_idle();
        rig.lane(0, lane::RATE_MAX, 100_000);
        rig.write(global::CONTROL, global::CONTROL_START.mask());
        match every {
            0 => rig.shine(Dark),
            _ => rig.shine(balanced(every)),
        }
        let seen = first_alarm(&mut rig, &setup, (1 << 20) + 10_000);
        expect(seen, alarm);
        for register in [lane::RATE_A, lane::RATE_B] {
            rig.same(lane::base(0) + register);
        }
    }
}

#[test]
fn the_pattern_generator_exercises_the_health_tests() {
    for (kind, alarm) in [
        (global::PATTERN_STUCK_A, Some(lane::ALARM_RCT)),
        (global::PATTERN_STUCK_B, Some(lane::ALARM_RCT)),
        (global::PATTERN_BIASED, Some(lane::ALARM_APT)),
        (global::PATTERN_ALTERNATE, None),
        (global::PATTERN_COUNTER, None),
    ] {
        let setup = Setup {
            slots: 16,
            ..Setup::default()
        };
        let mut rig = scene::rig(FrontEnd::Simulated, 13);
        rig.write(global::PATTERN, kind);
        rig.write(global::PATTERN_PERIOD, 9);
        setup.start(&mut rig);
        match alarm {
            Some(alarm) => expect(first_alarm(&mut rig, &setup, 60_000), alarm),
            None => {
                let mut slots = Vec::new();
                for _ in 0..40 {
                    rig.run(2_000);
                    slots.extend(rig.take(ring::ENTROPY, &setup));
                }
                assert!(!slots.is_empty());
                assert!(slots.iter().all(|slot| slot.completion.flags.test));
            }
        }
        let status = rig.same(global::STATUS);
        assert!(global::STATUS_TEST_PATTERN.is_set(status));
    }
}

#[test]
fn an_error_response_stops_the_ring_and_release_mends_it() {
    let setup = Setup {
        n: 384,
        m: 64,
        slot_bytes: 64,
        slots: 16,
        ..Setup::default()
    };
    // Errors on data, then on completions.
    for fail_from in [crate::rig::DATA[0], crate::rig::COMPLETIONS[0]] {
        let mut rig = scene::rig(FrontEnd::Simulated, 14);
        setup.start(&mut rig);
        rig.shine(balanced(8));
        rig.follow = false;
        rig.host.manners = Manners::SLOW;
        rig.host.fail_from = Some(fail_from);
        for _ in 0..200 {
            rig.run(500);
            if ring::STATUS_ERROR.is_set(rig.read(ring::base(0) + ring::STATUS)) {
                break;
            }
        }
        assert!(ring::STATUS_ERROR.is_set(rig.read(ring::base(0) + ring::STATUS)));
        assert_eq!(
            rig.read(ring::base(0) + ring::TAIL),
            0,
            "no completion of a failed slot"
        );
        assert!(rig.read(global::ERR_BUS) >= 1);
        assert!(global::STATUS_RING_ERROR.is_set(rig.read(global::STATUS)));
        assert!(global::INT_ERROR.is_set(rig.read(global::INT_STATUS)));
        rig.host.fail_from = None;
        rig.run(5_000);
        assert_eq!(rig.read(ring::base(0) + ring::TAIL), 0, "it stays stopped");
        rig.write(global::CONTROL, global::CONTROL_STOP.mask());
        rig.wait_idle();
        rig.write(ring::base(0) + ring::COMMIT, 2);
        rig.commit(ring::ENTROPY, 64, 16);
        rig.write(global::CONTROL, global::CONTROL_START.mask());
        assert_eq!(rig.read(global::START_ERROR), 0);
        rig.run(60_000);
        assert!(rig.read(ring::base(0) + ring::TAIL) > 0, "it works again");
    }
}

#[test]
fn a_full_ring_loses_nothing_uncounted() {
    let setup = Setup {
        n: 384,
        m: 64,
        slot_bytes: 64,
        slots: 4,
        lanes: 0b0011,
        tap: 0b0010,
        ..Setup::default()
    };
    let mut rig = scene::rig(FrontEnd::Simulated, 15);
    setup.start(&mut rig);
    rig.shine(balanced(8));
    rig.follow = false;
    // Nobody takes anything for long.
    rig.run(300_000);
    assert!(rig.read(global::ERR_RING_STALLS) >= 2);
    let mut delivered = [0_u64; 2];
    let mut gap = false;
    let mut collect = |rig: &mut Rig| {
        for number in [ring::ENTROPY, ring::RAW] {
            for slot in rig.take(number, &setup) {
                delivered[number as usize] += u64::from(slot.completion.raw_bits);
                gap |= slot.completion.flags.gap;
            }
        }
    };
    for _ in 0..20 {
        collect(&mut rig);
        rig.run(5_000);
    }
    rig.shine(Dark);
    rig.write(global::CONTROL, global::CONTROL_STOP.mask());
    for _ in 0..100 {
        collect(&mut rig);
        rig.run(200);
    }
    rig.wait_idle();
    collect(&mut rig);
    rig.write(global::SNAPSHOT, 1);
    let mut counter = |index: u32, low: u32| {
        let base = lane::base(index) + low;
        u64::from(rig.read(base)) | u64::from(rig.read(base + 4)) << 32
    };
    for index in 0..2 {
        let bits = counter(index, lane::BITS_LO);
        let discarded = counter(index, lane::DISCARDED_LO);
        assert_eq!(
            bits,
            discarded + delivered[index as usize],
            "lane {index}: every bit is delivered or counted as discarded"
        );
    }
    assert!(gap, "a slot after the gap says so");
}
