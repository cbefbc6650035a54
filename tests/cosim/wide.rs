//! Build wide: 64 lanes, 64 bits a cycle, 256-bit bus. What the small card's tests show is shown again where the widths
//! matter.

use crate::bus::Manners;
use crate::rig::{Beam, Beams, Rig};
use crate::scene::{self, Setup};
use photonbox_cosim::seed;
use photonbox_model::{Build, FrontEnd};
use photonbox_regmap::{BAR_BYTES, extractor, find, global, lane, ring};

/// Cycles in `make test`; `make cosim-long` gives more in `PHOTONBOX_WIDE_CYCLES`.
pub fn cycles() -> u64 {
    let given = std::env::var("PHOTONBOX_WIDE_CYCLES").ok();
    given.map_or(400_000, |text| text.parse().unwrap())
}

fn rig(seed: u64) -> Rig {
    scene::rig_of(Build::Wide, FrontEnd::Simulated, seed)
}

#[test]
fn after_power_on_every_register_is_the_models() {
    let mut rig = rig(41);
    let caps = rig.same(global::CAPS);
    assert_eq!(global::CAPS_BUILD.get(caps), global::BUILD_WIDE);
    rig.compare_registers();
    let passed = rig.read(global::SELFTEST_PASSED);
    assert_eq!(passed, rig.read(global::SELFTEST_RAN), "{passed:#b}");
}

/// What a life must have seen.
#[derive(Debug, Default)]
struct Bins {
    /// Entropy slots and raw slots with a lane above 32.
    slots: [u64; 2],
    alarm: u64,
    reset: u64,
    seed_refresh: u64,
    restart_of_one_lane: u64,
    stop: u64,
    bad_input: u64,
}

/// A life from a seed: chapters of set-up, light, disturbance, and STOP or reset. The first few end with a reset, a
/// lane in alarm, and some lanes routed to TAP.
#[test]
fn a_life_of_the_wide_card() {
    let seed = seed("wide");
    let mut rig = rig(seed);
    let mut bins = Bins::default();
    let end = cycles();
    let mut number = 0;
    while rig.cycle() < end || number < 3 {
        chapter(&mut rig, number, &mut bins);
        number += 1;
    }
    println!("{number} chapters, {bins:?}, {:?}", rig.tally());
    let Bins {
        slots: [entropy, raw],
        alarm,
        reset,
        seed_refresh,
        restart_of_one_lane,
        stop,
        bad_input,
    } = bins;
    for bin in [
        entropy,
        raw,
        alarm,
        reset,
        seed_refresh,
        restart_of_one_lane,
        stop,
        bad_input,
    ] {
        assert!(bin > 0, "{bins:?}");
    }
    assert!(rig.tally().most_outstanding >= 2, "{:?}", rig.tally());
}

fn chapter(rig: &mut Rig, number: u64, bins: &mut Bins) {
    let (n, m) = *rig
        .random
        .pick(&[(1024, 384), (2048, 896), (1000, 320), (4096, 1024)]);
    // Records leave one in three cycles at best; blocks at more than the lanes can give.
    let (tap, every) = match number % 3 {
        0 => (0, 40),
        1 => (1 << rig.random.below(64) | 1 << 63, 64),
        _ => (
            rig.random.bits() & rig.random.bits() & rig.random.bits(),
            64,
        ),
    };
    let setup = Setup {
        lanes: if number < 3 {
            u64::MAX
        } else {
            rig.random.bits() | 1 << 63
        },
        tap,
        window: rig.random.below(3) as u32,
        holdoff: [0, 4, 31][rig.random.below(3) as usize],
        retrigger: rig.random.one_in(4),
        n,
        m,
        slot_bytes: 512,
        slots: 16,
    };
    let slow = rig.random.one_in(2);
    rig.host.manners = if slow { Manners::SLOW } else { Manners::PROMPT };
    rig.gaps = if slow { 3 } else { 0 };
    let mut beams = vec![
        Beam {
            every,
            on_a: 1 << 15,
        };
        64
    ];
    // A detector of one lane sticks; its alarm comes at the end of the start-up test at the latest.
    let stuck = rig.random.below(64) as u32;
    if number % 2 == 1 {
        beams[stuck as usize].on_a = 1 << 16;
    }
    setup.start(rig);
    rig.shine(Beams::new(beams));
    let parts = 100 + rig.random.below(40);
    for part in 0..parts {
        let cycles = 400 + rig.random.below(1_200);
        rig.run(cycles);
        take(rig, &setup, bins);
        if part % 4 == 0 {
            disturb(rig, &setup, bins);
        }
    }
    if number % 2 == 1 {
        rearm(rig, stuck, bins);
    }
    if number % 3 == 1 {
        rig.soft_reset();
        bins.reset += 1;
        rig.compare_registers();
        return;
    }
    rig.write(global::CONTROL, global::CONTROL_STOP.mask());
    rig.wait_idle();
    bins.stop += 1;
    take(rig, &setup, bins);
    rig.write(global::SNAPSHOT, 1);
    rig.compare_registers();
    for number in [ring::ENTROPY, ring::RAW] {
        rig.write(ring::base(number) + ring::COMMIT, 2);
    }
}

fn take(rig: &mut Rig, setup: &Setup, bins: &mut Bins) {
    for number in [ring::ENTROPY, ring::RAW] {
        let taken = rig.take(number, setup);
        let high = taken.iter().filter(|slot| slot.completion.lanes >> 32 != 0);
        bins.slots[number as usize] += high.count() as u64;
    }
}

/// Something that a driver may do, or should not.
fn disturb(rig: &mut Rig, setup: &Setup, bins: &mut Bins) {
    match rig.random.below(5) {
        0 => {
            let status = rig.read(extractor::BASE + extractor::SEED_STATUS);
            if !extractor::SEED_STATUS_WAITING.is_set(status) {
                rig.seed(setup.n, setup.m);
                bins.seed_refresh += 1;
            }
        }
        1 => {
            let index = rig.random.below(64) as u32;
            if setup.lanes >> index & 1 == 1 {
                rig.lane(index, lane::ENABLE, 0);
                let pause = rig.random.below(100);
                rig.run(pause);
                rig.lane(index, lane::ENABLE, 1);
                bins.restart_of_one_lane += 1;
            }
        }
        2 => {
            rig.write(extractor::BASE + extractor::N, 77);
            let lane = lane::base(rig.random.below(64) as u32);
            rig.write(lane + lane::BALANCE_MAX, 0xb7bf);
            rig.same(lane + lane::BALANCE_MAX);
            rig.same(global::ERR_REFUSED_WRITE);
            bins.bad_input += 1;
        }
        3 => {
            let offset = rig.random.below(u64::from(BAR_BYTES)) as u32;
            if find(offset).is_none() {
                assert_eq!(rig.same_once(offset), 0, "{offset:#x}");
                rig.same(global::ERR_UNKNOWN_REGISTER);
                bins.bad_input += 1;
            }
        }
        _ => {
            let value = rig.random.bits() as u32;
            rig.write(global::SCRATCH, value);
            assert_eq!(rig.same(global::SCRATCH), value);
        }
    }
}

fn rearm(rig: &mut Rig, index: u32, bins: &mut Bins) {
    let base = lane::base(index);
    let alarms = rig.same(base + lane::ALARMS);
    if alarms == 0 {
        return;
    }
    bins.alarm += 1;
    rig.write(base + lane::RESTART, 1);
    rig.write(base + lane::ALARMS, u32::MAX);
    assert_eq!(rig.same(base + lane::ALARMS), 0);
    rig.run(50);
}
