//! RTL and model on the same light, cycle by cycle, from a seed.

use crate::bus::Manners;
use crate::rig::{Beam, Beams, Rig};
use crate::scene::{self, Setup};
use photonbox_cosim::seed;
use photonbox_model::FrontEnd;
use photonbox_regmap::{extractor, global, lane, ring};

/// Cycles in `make test`; `make cosim-long` gives more in `PHOTONBOX_COSIM_CYCLES`.
fn cycles() -> u64 {
    let given = std::env::var("PHOTONBOX_COSIM_CYCLES").ok();
    given.map_or(10_000_000, |text| text.parse().unwrap())
}

#[test]
fn after_power_on_every_register_is_the_models() {
    for front_end in [FrontEnd::Real, FrontEnd::Test, FrontEnd::Simulated] {
        let mut rig = scene::rig(front_end, 1);
        rig.compare_registers();
        let passed = rig.read(global::SELFTEST_PASSED);
        assert_eq!(passed, rig.read(global::SELFTEST_RAN), "{passed:#b}");
    }
}

/// A card's life: set up, started, lit, disturbed, stopped, looked at; again and again.
#[test]
fn a_life_of_ten_million_cycles() {
    let seed = seed("card");
    let mut rig = scene::rig(FrontEnd::Simulated, seed);
    let mut bins = Bins::default();
    let end = cycles();
    while rig.cycle() < end {
        chapter(&mut rig, &mut bins);
    }
    println!("{bins:?}, {:?}", rig.tally());
    bins.all_hit();
    println!("{:?}, {:?}", rig.host.stalls, rig.lite.waits);
    rig.host.stalls.all_of_a_life();
    rig.lite.waits.all();
    let tally = rig.tally();
    assert!(tally.slots > end / 200_000, "{tally:?}");
    assert!(tally.edges_of_4_kib > 0, "{tally:?}");
    assert!(tally.most_outstanding >= 2, "{tally:?}");
}

/// What a life must have seen.
#[derive(Debug, Default)]
struct Bins {
    tap: u64,
    window: u64,
    retrigger: u64,
    alarm: u64,
    rearmed: u64,
    wrap: u64,
    slow_host: u64,
    reset: u64,
    seed_refresh: u64,
    restart_of_one_lane: u64,
}

impl Bins {
    fn all_hit(&self) {
        let all = [
            self.tap,
            self.window,
            self.retrigger,
            self.alarm,
            self.rearmed,
            self.wrap,
            self.slow_host,
            self.reset,
            self.seed_refresh,
            self.restart_of_one_lane,
        ];
        assert!(all.iter().all(|bin| *bin > 0), "{self:?}");
    }
}

fn any_setup(rig: &mut Rig) -> Setup {
    let (n, m) = *rig
        .random
        .pick(&[(1024, 384), (512, 128), (384, 64), (2048, 512), (1000, 320)]);
    Setup {
        lanes: 1 + rig.random.below(15),
        tap: rig.random.below(16) & rig.random.below(16),
        window: [0, 0, 1, 3][rig.random.below(4) as usize],
        holdoff: [0, 3, 4, 30][rig.random.below(4) as usize],
        retrigger: rig.random.one_in(4),
        n,
        m,
        slot_bytes: [64, 128, 192, 4096][rig.random.below(4) as usize],
        slots: [4, 8, 16][rig.random.below(3) as usize],
    }
}

fn chapter(rig: &mut Rig, bins: &mut Bins) {
    let setup = any_setup(rig);
    let slow = rig.random.one_in(2);
    rig.host.manners = if slow { Manners::SLOW } else { Manners::PROMPT };
    rig.gaps = if slow { 3 } else { 0 };
    let every = *rig.random.pick(&[6, 10, 20, 40]);
    // What a full ring drops is not what the model drops. Records leave one in three cycles at best, and a slot in
    // 200 where the host is slow.
    let most = match slow {
        true => u64::from(setup.slot_bytes) / 8 * every / 200,
        false => every / 6,
    };
    let setup = Setup {
        tap: most_tapped(setup.tap & setup.lanes, most.min(every / 6)),
        ..setup
    };
    let beam = Beam {
        every,
        on_a: 1 << 15,
    };
    let mut beams = vec![beam; 4];
    // In some chapters a detector of one lane sticks.
    let stuck = rig.random.one_in(3).then(|| rig.random.below(4) as u32);
    if let Some(lane) = stuck {
        beams[lane as usize].on_a = 1 << 16;
    }
    setup.start(rig);
    rig.shine(Beams::new(beams));
    bins.tap += u64::from(setup.tap & setup.lanes != 0);
    bins.window += u64::from(setup.window > 0);
    bins.retrigger += u64::from(setup.retrigger);
    bins.slow_host += u64::from(slow);
    let drain = setup.drain_cycles(every);
    // Small rings are looked at so often that a chapter would end in the lanes' start-up test.
    if rig.random.one_in(4) {
        let startup = 1_100 * (every + u64::from(setup.holdoff));
        live(rig, &setup, bins, startup, drain);
    }
    let parts = 10 + rig.random.below(60);
    for _ in 0..parts {
        let cycles = 1 + rig.random.below(2 * drain);
        live(rig, &setup, bins, cycles, 2 * drain);
        disturb(rig, &setup, bins);
    }
    if let Some(index) = stuck {
        rearm(rig, index, &setup, bins);
    }
    if rig.random.one_in(3) {
        rig.soft_reset();
        bins.reset += 1;
        rig.compare_registers();
        return;
    }
    rig.write(global::CONTROL, global::CONTROL_STOP.mask());
    rig.wait_idle();
    take(rig, &setup, bins);
    rig.write(global::SNAPSHOT, 1);
    rig.compare_registers();
    for number in [ring::ENTROPY, ring::RAW] {
        rig.write(ring::base(number) + ring::COMMIT, 2);
    }
}

/// The lowest of these lanes, at most so many.
fn most_tapped(mut lanes: u64, most: u64) -> u64 {
    while u64::from(lanes.count_ones()) > most {
        lanes &= !(1 << lanes.ilog2());
    }
    lanes
}

/// Cycles pass, with a look at the rings after each `step` of them, so that none fills.
fn live(rig: &mut Rig, setup: &Setup, bins: &mut Bins, cycles: u64, step: u64) {
    let mut left = cycles;
    while left > 0 {
        let now = left.min(step);
        rig.run(now);
        left -= now;
        take(rig, setup, bins);
    }
}

fn take(rig: &mut Rig, setup: &Setup, bins: &mut Bins) {
    for number in [ring::ENTROPY, ring::RAW] {
        let taken = rig.take(number, setup);
        bins.wrap += u64::from(taken.iter().any(|slot| slot.completion.slot == 0));
    }
}

/// Something that a driver may do at any time.
fn disturb(rig: &mut Rig, setup: &Setup, bins: &mut Bins) {
    match rig.random.below(8) {
        0 => {
            // As a driver does: not before the seed that waits has come into force.
            let status = rig.read(extractor::BASE + extractor::SEED_STATUS);
            if !extractor::SEED_STATUS_WAITING.is_set(status) {
                for _ in 0..extractor::seed_words(setup.n, setup.m) {
                    let word = rig.random.bits() as u32;
                    rig.write(extractor::BASE + extractor::SEED_DATA, word);
                    take(rig, setup, bins);
                }
                rig.write(extractor::BASE + extractor::SEED_COMMIT, 1);
                bins.seed_refresh += 1;
            }
        }
        1 => {
            let index = rig.random.below(4) as u32;
            if setup.lanes >> index & 1 == 1 {
                rig.lane(index, lane::ENABLE, 0);
                let pause = rig.random.below(100);
                live(rig, setup, bins, pause, 30);
                rig.lane(index, lane::ENABLE, 1);
                bins.restart_of_one_lane += 1;
            }
        }
        2 => {
            let value = rig.random.bits() as u32;
            rig.write(global::SCRATCH, value);
            assert_eq!(rig.same(global::SCRATCH), value);
        }
        // Refused by both while it runs, and counted.
        3 => {
            rig.write(extractor::BASE + extractor::N, 77);
            rig.write(global::PATTERN, 1);
            rig.same(global::ERR_REFUSED_WRITE);
        }
        // Refused for a lane that is used, taken for one that is not.
        4 => {
            let lane = rig.random.below(4) as u32;
            rig.write(lane::base(lane) + lane::BALANCE_MAX, 0xb7bf);
            rig.same(lane::base(lane) + lane::BALANCE_MAX);
            rig.same(global::ERR_REFUSED_WRITE);
        }
        _ => {}
    }
}

fn rearm(rig: &mut Rig, index: u32, setup: &Setup, bins: &mut Bins) {
    let base = lane::base(index);
    let alarms = rig.same(base + lane::ALARMS);
    if alarms == 0 {
        return;
    }
    bins.alarm += 1;
    rig.write(base + lane::ALARMS, u32::MAX);
    take(rig, setup, bins);
    assert_eq!(rig.same(base + lane::ALARMS), alarms);
    rig.write(base + lane::RESTART, 1);
    rig.write(base + lane::ALARMS, u32::MAX);
    assert_eq!(rig.same(base + lane::ALARMS), 0);
    live(rig, setup, bins, 50, 30);
    bins.rearmed += 1;
}
