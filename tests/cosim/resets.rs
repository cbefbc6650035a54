//! A reset at any moment: bursts end as the bus wants it, nothing of before is seen after, and all works again.

use crate::bus::Manners;
use crate::rig::Rig;
use crate::scene::{self, Setup, balanced};
use crate::stalls::Hold;
use photonbox_cosim::seed;
use photonbox_model::FrontEnd;
use photonbox_regmap::{extractor, global, ring};

/// Resets in `make test`; `make cosim-long` asks for 1,000 in `PHOTONBOX_RESETS`.
fn resets() -> u64 {
    let given = std::env::var("PHOTONBOX_RESETS").ok();
    given.map_or(60, |text| text.parse().unwrap())
}

/// Blocks of a small extractor in small slots: a delivery takes little time.
fn quick() -> Setup {
    Setup {
        n: 384,
        m: 64,
        slot_bytes: 64,
        tap: 0b1110,
        ..Setup::default()
    }
}

#[test]
fn a_reset_at_any_cycle_leaves_nothing_unfinished() {
    let seed = seed("resets");
    let mut rig = scene::rig(FrontEnd::Simulated, seed);
    let setup = quick();
    let (mut cut, mut works) = (0, 0);
    for number in 0..resets() {
        rig.host.manners = Manners::SLOW;
        rig.host.keep_log = true;
        rig.host.log.clear();
        let generation = rig.read(global::GENERATION);
        setup.start(&mut rig);
        rig.shine(balanced(4));
        // From the start-up test to any state of the bus, and of the rings: sometimes nobody takes anything.
        let takes = !rig.random.one_in(4);
        let end = rig.cycle() + rig.random.below(30_000);
        rig.follow = false;
        while rig.cycle() < end {
            let cycles = 1 + rig.random.below(150);
            rig.run(cycles.min(end - rig.cycle()));
            if takes && rig.cycle() < end {
                rig.take(ring::ENTROPY, &setup);
                rig.take(ring::RAW, &setup);
            }
        }
        rig.soft_reset();
        cut += rig.host.log.iter().filter(|burst| !burst.strobed).count();
        assert_eq!(rig.read(global::GENERATION), generation.wrapping_add(1));
        rig.compare_registers();
        // Interrupts of before may still have been on their way; none comes now.
        let before = rig.host.interrupts;
        rig.run(2_000);
        assert_eq!(rig.host.interrupts, before);
        if number % 8 == 0 {
            delivers(&mut rig, &setup);
            works += 1;
        }
    }
    println!("{cut} bursts were cut short");
    println!("{:?}", rig.host.stalls);
    assert!(cut > 0, "no reset met a burst");
    assert!(rig.host.stalls.beat_of_aborted > 0);
    assert!(works > 0);
}

/// The host keeps the write port in `hold` for a while.
fn keep(rig: &mut Rig, hold: Hold) {
    rig.host.hold = Some((hold, u64::MAX));
    let before = rig.host.stalls.held(hold);
    for _ in 0..200_000 {
        rig.step();
        if rig.host.stalls.held(hold) >= before + 500 {
            return;
        }
    }
    panic!("{hold:?} is not reached: {:?}", rig.host.stalls);
}

#[test]
fn a_reset_while_the_host_keeps_the_bus_waiting_ends_when_it_lets_go() {
    let mut rig = scene::rig(FrontEnd::Simulated, seed("held"));
    let setup = Setup {
        slot_bytes: 256,
        ..quick()
    };
    for hold in Hold::ALL {
        for reset in [false, true] {
            rig.host.manners = Manners::PROMPT;
            setup.start(&mut rig);
            rig.follow = false;
            rig.shine(balanced(8));
            keep(&mut rig, hold);
            if reset {
                rig.host.hold = Some((hold, rig.host.now() + 1_000));
                rig.soft_reset();
                rig.compare_registers();
            } else {
                rig.host.hold = None;
                rig.run(3_000);
                for number in [ring::ENTROPY, ring::RAW] {
                    let status = rig.read(ring::base(number) + ring::STATUS);
                    assert!(!ring::STATUS_ERROR.is_set(status), "{hold:?}");
                }
                assert!(!rig.take(ring::RAW, &setup).is_empty(), "{hold:?}");
                rig.soft_reset();
            }
            delivers(&mut rig, &quick());
        }
    }
    let stalls = rig.host.stalls;
    assert!(stalls.address_of_aborted > 0, "{stalls:?}");
}

#[test]
fn eight_bursts_and_no_more_wait_for_their_answers() {
    let mut rig = scene::rig(FrontEnd::Simulated, seed("far"));
    let setup = Setup {
        tap: 0b1111,
        slot_bytes: 4096,
        ..Setup::default()
    };
    setup.start(&mut rig);
    rig.follow = false;
    rig.shine(balanced(12));
    keep(&mut rig, Hold::Answer);
    let filled = |rig: &Rig| rig.host.stalls.eight_unanswered > 1_000;
    for _ in 0..100_000 {
        rig.step();
        if filled(&rig) {
            break;
        }
    }
    assert!(filled(&rig), "{:?}", rig.host.stalls);
    assert_eq!(rig.host.most_outstanding, 8);
    rig.host.hold = None;
    rig.run(10_000);
    assert!(!rig.take(ring::RAW, &setup).is_empty());
    let status = rig.read(ring::base(ring::RAW) + ring::STATUS);
    assert!(!ring::STATUS_ERROR.is_set(status));
}

/// A card that has just been reset delivers blocks and records, and they are the model's.
fn delivers(rig: &mut Rig, setup: &Setup) {
    rig.host.manners = Manners::PROMPT;
    // No faster than the rings are emptied: what is dropped, RTL and model drop each at its own time.
    rig.shine(balanced(20));
    setup.start(rig);
    let mut blocks = 0;
    for _ in 0..1_000 {
        rig.run(200);
        blocks += rig.take(ring::ENTROPY, setup).len();
        rig.take(ring::RAW, setup);
        if blocks >= 2 {
            break;
        }
    }
    let state = rig.same(photonbox_regmap::lane::base(0) + photonbox_regmap::lane::STATE);
    let status = rig.same(extractor::BASE + extractor::SEED_STATUS);
    assert!(
        blocks >= 2,
        "no block came: lane {state:#x}, seed {status:#x}"
    );
    rig.soft_reset();
}

#[test]
fn a_reset_sweeps_the_seed() {
    let mut rig = scene::rig(FrontEnd::Simulated, 3);
    quick().start(&mut rig);
    rig.run(100);
    rig.soft_reset();
    assert_eq!(rig.read(extractor::BASE + extractor::SEED_STATUS), 0);
    rig.write(photonbox_regmap::lane::base(0), 1);
    for number in [ring::ENTROPY, ring::RAW] {
        rig.commit(number, 64, 8);
    }
    rig.write(extractor::BASE + extractor::N, 384);
    rig.write(extractor::BASE + extractor::M, 64);
    rig.write(global::CONTROL, global::CONTROL_START.mask());
    let error = rig.same(global::START_ERROR);
    assert!(global::START_ERROR_NO_SEED.is_set(error));
}
