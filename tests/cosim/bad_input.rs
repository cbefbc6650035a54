//! What no driver should do: counted, reported, and nothing hangs.

use crate::rig::Rig;
use crate::scene::{self, Setup, balanced};
use photonbox_model::FrontEnd;
use photonbox_regmap::{BAR_BYTES, find, global, lane, ring};

#[test]
fn registers_that_do_not_exist_read_as_zero_and_are_counted() {
    let mut rig = scene::rig(FrontEnd::Simulated, 21);
    for _ in 0..300 {
        let offset = rig.random.below(u64::from(BAR_BYTES)) as u32;
        // Lanes that the build does not have do not exist.
        let lanes = lane::BASE..lane::BASE + 64 * lane::STRIDE;
        let there = find(offset).is_some() && !lanes.contains(&offset);
        if there {
            continue;
        }
        if rig.random.one_in(2) {
            rig.write(offset, u32::MAX);
        } else {
            let value = rig.same_once(offset);
            if !lanes.contains(&offset) {
                assert_eq!(value, 0, "{offset:#x}");
            }
        }
    }
    assert!(rig.same(global::ERR_UNKNOWN_REGISTER) > 100);
}

#[test]
fn partial_writes_are_refused_and_counted() {
    let mut rig = scene::rig(FrontEnd::Simulated, 22);
    rig.write(global::SCRATCH, 0x1234_5678);
    for strobe in 0..15 {
        rig.partial(global::SCRATCH, u32::MAX, strobe);
        assert_eq!(rig.read(global::SCRATCH), 0x1234_5678);
    }
    assert_eq!(rig.read(global::ERR_REFUSED_WRITE), 15);
}

#[test]
fn a_doorbell_out_of_range_is_ignored_and_flagged() {
    let mut rig = scene::rig(FrontEnd::Simulated, 23);
    let setup = Setup {
        slots: 16,
        ..Setup::default()
    };
    setup.start(&mut rig);
    rig.shine(balanced(8));
    for head in [1, 17, u32::MAX] {
        rig.write(ring::base(0) + ring::HEAD, head);
        let status = rig.same(ring::base(0) + ring::STATUS);
        assert!(ring::STATUS_BAD_HEAD.is_set(status), "{head}");
    }
    goes_on(&mut rig, &setup);
}

#[test]
fn geometries_that_cannot_be_are_refused() {
    let mut rig = scene::rig(FrontEnd::Simulated, 24);
    let base = ring::base(ring::ENTROPY);
    for (register, value) in [
        (ring::DATA_BASE_LO, 32),
        (ring::CPL_BASE_LO, 16),
        (ring::SLOT_BYTES, 0),
        (ring::SLOT_BYTES, 100),
        (ring::SLOT_BYTES, (1 << 20) + 64),
        (ring::SLOT_COUNT, 0),
        (ring::SLOT_COUNT, 1),
        (ring::SLOT_COUNT, 3),
        (ring::SLOT_COUNT, 65_536),
    ] {
        for (register, value) in [
            (ring::DATA_BASE_LO, 0x10_0000),
            (ring::CPL_BASE_LO, 0x1000),
            (ring::SLOT_BYTES, 4096),
            (ring::SLOT_COUNT, 4),
        ] {
            rig.write(base + register, value);
        }
        rig.write(base + register, value);
        rig.write(base + ring::COMMIT, 1);
        let status = rig.same(base + ring::STATUS);
        assert!(
            ring::STATUS_BAD_GEOMETRY.is_set(status),
            "{register:#x} = {value}"
        );
        assert!(!ring::STATUS_COMMITTED.is_set(status));
    }
    let setup = Setup::default();
    setup.start(&mut rig);
    rig.shine(balanced(8));
    goes_on(&mut rig, &setup);
}

#[test]
fn a_start_is_refused_with_the_models_reasons() {
    let mut rig = scene::rig(FrontEnd::Real, 25);
    let start = |rig: &mut Rig| {
        rig.write(global::CONTROL, global::CONTROL_START.mask());
        rig.same(global::STATUS);
        rig.same(global::START_ERROR)
    };
    let refused = |error: u32, reason: photonbox_regmap::Field| {
        assert!(reason.is_set(error), "{error:#x} lacks {}", reason.name);
    };
    refused(start(&mut rig), global::START_ERROR_NO_LANE);
    rig.lane(0, lane::ENABLE, 1);
    let error = start(&mut rig);
    refused(error, global::START_ERROR_NO_SEED);
    refused(error, global::START_ERROR_NO_RING);
    refused(error, global::START_ERROR_WINDOW);
    rig.write(photonbox_regmap::extractor::BASE + 4, 400);
    refused(start(&mut rig), global::START_ERROR_GEOMETRY);
    rig.write(photonbox_regmap::extractor::BASE + 4, 448);
    refused(start(&mut rig), global::START_ERROR_LEFTOVER);
    rig.lane(0, lane::ENABLE, 0);
    let setup = Setup {
        window: 1,
        ..Setup::default()
    };
    setup.start(&mut rig);
    refused(start(&mut rig), global::START_ERROR_NOT_IDLE);
    rig.shine(balanced(8));
    goes_on(&mut rig, &setup);
}

#[test]
fn a_failed_self_test_refuses_the_start() {
    for test in 0..5 {
        let mut rig = scene::rig(FrontEnd::Simulated, 26);
        let fault = rig.rtl.port("selftest_fault");
        rig.rtl.set(fault, 1 << test);
        rig.model.inject_selftest_fault(1 << test);
        rig.write(global::CONTROL, global::CONTROL_SELFTEST.mask());
        rig.wait_idle();
        let passed = rig.read(global::SELFTEST_PASSED);
        let ran = rig.read(global::SELFTEST_RAN);
        assert_eq!(ran ^ passed, 1 << test);
        rig.lane(0, lane::ENABLE, 1);
        rig.write(global::CONTROL, global::CONTROL_START.mask());
        let error = rig.same(global::START_ERROR);
        assert!(global::START_ERROR_SELFTEST.is_set(error));
        rig.rtl.set(fault, 0);
        rig.write(global::CONTROL, global::CONTROL_SELFTEST.mask());
        rig.wait_idle();
        assert_eq!(rig.read(global::SELFTEST_PASSED), ran);
    }
}

/// The card still delivers, and what it delivers is the model's.
fn goes_on(rig: &mut Rig, setup: &Setup) {
    let mut slots = 0;
    for _ in 0..100 {
        rig.run(1_000);
        slots += rig.take(ring::ENTROPY, setup).len();
    }
    assert!(slots > 0);
}
