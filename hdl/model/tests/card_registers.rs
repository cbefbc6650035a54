//! The register file: identity, what does not exist, refusals, self-test, reset.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

mod support;

use photonbox_model::{Build, Card, FrontEnd, selftest};
use photonbox_regmap::{
    ABI_VERSION, Access, BLOCKS, Field, MAGIC, MODEL_BUILD_HASH, extractor, find, global, lane,
    ring,
};
use support::{Bench, Host};

#[test]
fn identity() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    assert_eq!(bench.read(global::MAGIC), MAGIC);
    assert_eq!(bench.read(global::ABI), ABI_VERSION);
    assert_eq!(bench.read(global::CLOCK_HZ), 250_000_000);
    let hash: Vec<u8> = (0..8)
        .flat_map(|word| bench.read(global::build_hash(word)).to_le_bytes())
        .collect();
    assert_eq!(hash, MODEL_BUILD_HASH);
    let caps = bench.read(global::CAPS);
    assert_eq!(global::CAPS_BUILD.get(caps), global::BUILD_SMALL);
    assert_eq!(
        global::CAPS_FRONT_END.get(caps),
        global::FRONT_END_SIMULATED
    );
    assert_eq!(global::CAPS_LANES.get(caps), 4);
    assert_eq!(
        (
            global::CAPS_TOEPLITZ_W.get(caps),
            global::CAPS_AXI_BYTES.get(caps)
        ),
        (8, 8)
    );
    assert!(global::CAPS_KEYBOX.is_set(caps));
    let caps = bench.read(global::CAPS_EXTRACTOR);
    assert!(global::CAPS_MAX_N.get(caps) >= 1024 && global::CAPS_MAX_M.get(caps) >= 384);
    let mut wide = Card::new(Build::Wide, [7; 32], FrontEnd::Real);
    let caps = wide.read32(global::CAPS);
    assert_eq!(global::CAPS_BUILD.get(caps), global::BUILD_WIDE);
    assert_eq!(global::CAPS_FRONT_END.get(caps), global::FRONT_END_REAL);
    assert_eq!(
        (
            global::CAPS_LANES.get(caps),
            global::CAPS_TOEPLITZ_W.get(caps)
        ),
        (64, 64)
    );
    assert_eq!(wide.read32(global::build_hash(3)), 0x0707_0707);
    assert_eq!(wide.read32(lane::base(63) + lane::HOLDOFF), 30);
    assert_eq!(wide.read32(global::ERR_UNKNOWN_REGISTER), 0);
}

#[test]
fn what_does_not_exist_reads_zero_and_is_counted() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    let strange = [
        0x0c4,
        0x001,
        lane::base(4),
        ring::base(3),
        0xfffc,
        0x1_0000,
        u32::MAX,
    ];
    for (count, offset) in strange.into_iter().enumerate() {
        assert_eq!(bench.read(offset), 0);
        bench.write(offset, u32::MAX);
        assert_eq!(
            bench.read(global::ERR_UNKNOWN_REGISTER),
            2 * (count as u32 + 1),
            "{offset:#x}"
        );
    }
}

#[test]
fn reads_have_no_side_effects_and_agree_with_the_map() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    let live = [
        "CAPS",
        "CAPS_EXTRACTOR",
        "STATUS",
        "SELFTEST_RAN",
        "SELFTEST_PASSED",
    ];
    for pass in 0..2 {
        for offset in (0..0x5000).step_by(4) {
            let Some(found) = find(offset) else { continue };
            let beyond = found.block.name == "lane" && found.instance >= 4;
            let name = found.register.name;
            if beyond || live.contains(&name) || name.starts_with("BUILD_HASH") {
                continue;
            }
            assert_eq!(
                bench.read(offset),
                found.register.reset,
                "{} {name} pass {pass}",
                found.block.name
            );
        }
    }
    assert_eq!(bench.read(global::ERR_UNKNOWN_REGISTER), 0);
}

#[test]
fn every_writable_register_keeps_its_fields_and_read_only_ones_nothing() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    for block in &BLOCKS {
        for register in block.registers {
            let offset = block.base + register.offset;
            let before = bench.read(offset);
            match register.access {
                // The doorbell takes only what was completed, a job slot is one that exists.
                Access::Rw if !["HEAD", "JOB_SLOT"].contains(&register.name) => {
                    bench.write(offset, u32::MAX);
                    assert_eq!(bench.read(offset), register.bits(), "{}", register.name);
                    bench.write(offset, before);
                }
                Access::Ro => {
                    bench.write(offset, !before);
                    assert_eq!(bench.read(offset), before, "{}", register.name);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn seeds_cannot_be_read_back() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.write(extractor::BASE + extractor::SEED_DATA, 0xdead_beef);
    assert_eq!(bench.read(extractor::BASE + extractor::SEED_DATA), 0);
    let status = bench.read(extractor::BASE + extractor::SEED_STATUS);
    assert_eq!(extractor::SEED_STATUS_WORDS.get(status), 1);
    assert_eq!(bench.read(global::ERR_UNKNOWN_REGISTER), 0);
    for _ in 1..44 {
        bench.write(extractor::BASE + extractor::SEED_DATA, 1);
    }
    assert_eq!(bench.read(global::ERR_REFUSED_WRITE), 0);
    bench.write(extractor::BASE + extractor::SEED_DATA, 1);
    assert_eq!(bench.read(global::ERR_REFUSED_WRITE), 1, "the seed is full");
}

fn refused(bench: &mut Bench, reason: Field) {
    bench.write(global::CONTROL, global::CONTROL_START.mask());
    let error = bench.read(global::START_ERROR);
    assert!(reason.is_set(error), "{} not in {error:#x}", reason.name);
    let status = bench.read(global::STATUS);
    assert!(global::STATUS_START_REFUSED.is_set(status));
    assert!(global::STATUS_IDLE.is_set(status) != (reason == global::START_ERROR_NOT_IDLE));
}

#[test]
fn start_is_refused_with_the_reason() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    refused(&mut bench, global::START_ERROR_NO_LANE);
    bench.set_lane(0, lane::ENABLE, 1);
    refused(&mut bench, global::START_ERROR_NO_SEED);
    refused(&mut bench, global::START_ERROR_NO_RING);
    bench.bring_up(1, 0);
    bench.write(extractor::BASE + extractor::M, 448);
    refused(&mut bench, global::START_ERROR_LEFTOVER);
    bench.write(extractor::BASE + extractor::CLAIMED_H, 0x9000);
    bench.load_seed(support::seed_bit);
    bench.start();
    refused(&mut bench, global::START_ERROR_NOT_IDLE);
    bench.stop();
    bench.write(extractor::BASE + extractor::CLAIMED_H, 0x1_ffff);
    bench.write(extractor::BASE + extractor::N, 512);
    bench.write(extractor::BASE + extractor::M, 448);
    refused(&mut bench, global::START_ERROR_LEFTOVER);
    bench.write(extractor::BASE + extractor::M, 392);
    refused(&mut bench, global::START_ERROR_GEOMETRY);
    bench.write(extractor::BASE + extractor::M, 576);
    refused(&mut bench, global::START_ERROR_GEOMETRY);
    bench.write(extractor::BASE + extractor::M, 0);
    refused(&mut bench, global::START_ERROR_GEOMETRY);
    bench.write(extractor::BASE + extractor::M, 384);
    bench.write(extractor::BASE + extractor::N, 4104);
    refused(&mut bench, global::START_ERROR_GEOMETRY);
    bench.write(extractor::BASE + extractor::N, 1024);
    bench.set_ring(ring::ENTROPY, ring::CONTROL, 0);
    refused(&mut bench, global::START_ERROR_NO_RING);
    bench.set_ring(ring::ENTROPY, ring::CONTROL, 1);
    bench
        .card
        .inject_selftest_fault(global::SELFTEST_APT.mask());
    bench.write(global::CONTROL, global::CONTROL_SELFTEST.mask());
    refused(&mut bench, global::START_ERROR_SELFTEST);
    assert!(!global::STATUS_SELFTEST_OK.is_set(bench.read(global::STATUS)));
    bench.card.inject_selftest_fault(0);
    bench.write(global::CONTROL, global::CONTROL_SELFTEST.mask());
    bench.load_seed(support::seed_bit);
    bench.start();
}

#[test]
fn real_pins_want_a_window_and_small_slots_are_refused() {
    let mut bench = Bench::new(FrontEnd::Real);
    bench.slot_bytes = 64;
    bench.bring_up(1, 0);
    refused(&mut bench, global::START_ERROR_WINDOW);
    bench.set_lane(0, lane::WINDOW, 1);
    bench.start();
    bench.set_lane(1, lane::ENABLE, 1);
    assert_eq!(bench.lane(1, lane::ENABLE), 0, "no window on lane 1");
    assert_eq!(bench.read(global::ERR_REFUSED_WRITE), 1);
    bench.stop();
    let mut bench = Bench::of(Build::Wide, FrontEnd::Simulated);
    bench.slot_bytes = 64;
    bench.bring_up(1, 0);
    bench.write(extractor::BASE + extractor::N, 2048);
    bench.write(extractor::BASE + extractor::M, 576);
    bench.load_seed(support::seed_bit);
    refused(&mut bench, global::START_ERROR_SLOT);
    bench.write(extractor::BASE + extractor::M, 512);
    bench.load_seed(support::seed_bit);
    bench.start();
}

#[test]
fn a_tap_alone_needs_neither_seed_nor_entropy_ring() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.commit(ring::RAW);
    bench.set_lane(2, lane::ENABLE, 1);
    bench.set_lane(2, lane::CONFIG, lane::CONFIG_TAP.mask());
    bench.start();
}

#[test]
fn settings_in_use_are_refused_and_counted() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    bench.bring_up(1, 0);
    bench.start();
    let places = [
        lane::base(0) + lane::HOLDOFF,
        lane::base(0) + lane::CONFIG,
        lane::base(0) + lane::BALANCE_MAX,
        extractor::BASE + extractor::N,
        extractor::BASE + extractor::CLAIMED_H,
        global::PATTERN,
        ring::base(ring::ENTROPY) + ring::SLOT_COUNT,
    ];
    for (count, offset) in places.into_iter().enumerate() {
        let before = bench.read(offset);
        bench.write(offset, before ^ 1);
        assert_eq!(bench.read(offset), before);
        assert_eq!(
            bench.read(global::ERR_REFUSED_WRITE),
            count as u32 + 1,
            "{offset:#x}"
        );
    }
    bench.set_lane(1, lane::HOLDOFF, 99);
    assert_eq!(bench.lane(1, lane::HOLDOFF), 99, "lane 1 is stopped");
    bench.write(global::CONTROL, global::CONTROL_SELFTEST.mask());
    assert_eq!(bench.read(global::ERR_REFUSED_WRITE), 8);
    bench.set_ring(ring::ENTROPY, ring::COMMIT, ring::COMMIT_RELEASE.mask());
    assert_eq!(bench.read(global::ERR_REFUSED_WRITE), 9);
    bench.stop();
    bench.set_lane(0, lane::HOLDOFF, 98);
    assert_eq!(bench.lane(0, lane::HOLDOFF), 98);
}

#[test]
fn reset_gives_everything_back_but_generation_and_time() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    let generation = bench.read(global::GENERATION);
    assert_eq!(generation, 1);
    bench.bring_up(1, 0);
    bench.start();
    bench.write(global::SCRATCH, 5);
    bench.bits(0, (0..1500).map(support::noise));
    let now = bench.card.now();
    assert!(bench.card.extractor().taken() > 0);
    let writes = bench.host.events.len();
    bench.write(global::CONTROL, global::CONTROL_SOFT_RESET.mask());
    assert_eq!(
        bench.host.events.len(),
        writes,
        "bits in flight are discarded, not written"
    );
    assert_eq!(bench.read(global::GENERATION), generation + 1);
    assert_eq!(
        (bench.read(global::SCRATCH), bench.lane(0, lane::ENABLE)),
        (0, 0)
    );
    assert_eq!(bench.read(extractor::BASE + extractor::SEED_STATUS), 0);
    assert!(global::STATUS_IDLE.is_set(bench.read(global::STATUS)));
    assert_eq!(bench.counter(0, lane::BITS_LO), 0);
    assert_eq!(bench.ring(ring::ENTROPY, ring::STATUS), 0);
    assert_eq!(bench.card.now(), now);
}

#[test]
fn the_self_test_runs_at_reset_and_every_part_of_it_passes() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    assert_eq!(bench.read(global::SELFTEST_RAN), 0x7f);
    assert_eq!(bench.read(global::SELFTEST_PASSED), 0x7f);
    assert!(global::STATUS_SELFTEST_OK.is_set(bench.read(global::STATUS)));
    for (field, test) in selftest::TESTS {
        assert!(test(), "{}", field.name);
    }
    bench
        .card
        .inject_selftest_fault(global::SELFTEST_TOEPLITZ.mask());
    bench.write(global::CONTROL, global::CONTROL_SOFT_RESET.mask());
    assert_eq!(bench.read(global::SELFTEST_PASSED), 0x5f);
}

#[test]
fn bad_ring_geometry_is_refused() {
    let mut bench = Bench::new(FrontEnd::Simulated);
    let good = [
        (ring::DATA_BASE_LO, 0x10_0000),
        (ring::CPL_BASE_LO, 0x1000),
        (ring::SLOT_BYTES, 4096),
        (ring::SLOT_COUNT, 8),
        (ring::DATA_BASE_HI, 0),
        (ring::CPL_BASE_HI, 0),
    ];
    let bad = [
        (ring::DATA_BASE_LO, 0x10_0020),
        (ring::CPL_BASE_LO, 0x1010),
        (ring::SLOT_BYTES, 96),
        (ring::SLOT_BYTES, 0),
        (ring::SLOT_BYTES, (1 << 20) + 64),
        (ring::SLOT_COUNT, 0),
        (ring::SLOT_COUNT, 1),
        (ring::SLOT_COUNT, 6),
        (ring::SLOT_COUNT, 65_535),
    ];
    for (register, value) in bad {
        for (register, value) in good.into_iter().chain([(register, value)]) {
            bench.set_ring(0, register, value);
        }
        bench.set_ring(0, ring::COMMIT, 1);
        let status = bench.ring(0, ring::STATUS);
        assert!(
            ring::STATUS_BAD_GEOMETRY.is_set(status),
            "{register:#x} {value}"
        );
        assert!(!ring::STATUS_COMMITTED.is_set(status));
    }
    for (register, value) in good {
        bench.set_ring(0, register, value);
    }
    bench.set_ring(0, ring::DATA_BASE_HI, u32::MAX);
    bench.set_ring(0, ring::DATA_BASE_LO, 0xffff_f000);
    bench.set_ring(0, ring::COMMIT, 1);
    assert!(
        ring::STATUS_BAD_GEOMETRY.is_set(bench.ring(0, ring::STATUS)),
        "wraps the address"
    );
    for (register, value) in good {
        bench.set_ring(0, register, value);
    }
    bench.set_ring(0, ring::COMMIT, 1);
    assert!(ring::STATUS_COMMITTED.is_set(bench.ring(0, ring::STATUS)));
    bench.set_ring(0, ring::COMMIT, 1);
    assert!(
        ring::STATUS_BAD_GEOMETRY.is_set(bench.ring(0, ring::STATUS)),
        "committed twice"
    );
    bench.set_ring(0, ring::COMMIT, ring::COMMIT_RELEASE.mask());
    assert!(!ring::STATUS_COMMITTED.is_set(bench.ring(0, ring::STATUS)));
}

#[test]
fn edges_out_of_time_or_place_are_errors() {
    let mut card = Card::new(Build::Small, MODEL_BUILD_HASH, FrontEnd::Simulated);
    let mut host = Host::new();
    card.advance_to(100, &mut host);
    assert!(
        card.edges(99, 0, true, false, &mut host)
            .unwrap_err()
            .to_string()
            .contains("at 100")
    );
    assert!(
        card.edges(100, 4, true, false, &mut host)
            .unwrap_err()
            .to_string()
            .contains("0 to 3")
    );
    assert_eq!(card.edges(100, 3, true, false, &mut host), Ok(()));
    card.advance_to(50, &mut host);
    assert_eq!(card.now(), 100, "time does not go back");
    assert_eq!(
        card.next_due(),
        None,
        "a card that is idle has nothing to do"
    );
}
