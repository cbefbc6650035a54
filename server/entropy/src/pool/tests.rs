use super::*;
use crate::drbg::ReseedPolicy;
use crate::health::{AlarmSet, Health};
use sha2::{Digest, Sha384};
use std::time::Duration;

const AT: Moment = Moment {
    now: Duration::from_secs(1),
    process: 11,
};
const OS: [u8; SEED_BYTES] = [0x3c; SEED_BYTES];
const STUCK: Observed = Observed::Alarm(AlarmSet::NONE);

fn pool(lanes: u8) -> Pool {
    let mut pool = Pool::new(PoolConfig {
        capacity_blocks: 64,
        ..PoolConfig::default()
    })
    .expect("good settings");
    for lane in 0..lanes {
        pool.observe_lane("card", lane, Observed::Running)
            .expect("a lane");
    }
    pool
}

/// The n-th block of a card: bytes that no other block has.
fn data(number: u8) -> [u8; 48] {
    std::array::from_fn(|i| number ^ (i as u8).wrapping_mul(37))
}

fn block(data: &[u8], lanes: u64) -> SourceBlock<'_> {
    SourceBlock {
        source: "card",
        data,
        credited_millibits: 383_616,
        raw_bits: 1024,
        lanes,
        provenance: Provenance::REAL,
    }
}

/// 19 blocks of 48 bytes are 16 inputs of 57.
fn feed(pool: &mut Pool, lanes: u64) -> usize {
    let mut made = 0;
    for number in 0..19 {
        match pool
            .absorb(block(&data(number), lanes))
            .expect("good blocks")
        {
            Absorbed::Taken { blocks } => made += blocks,
            Absorbed::Discarded => {}
        }
    }
    made
}

fn expected_blocks() -> Vec<u8> {
    let input: Vec<u8> = (0..19).flat_map(data).collect();
    input
        .chunks(57)
        .flat_map(|chunk| Sha384::digest(chunk).to_vec())
        .collect()
}

fn xor(bytes: &[u8], with: u8) -> Vec<u8> {
    bytes.iter().map(|byte| byte ^ with).collect()
}

#[test]
fn full_is_sha_384_of_57_fresh_bytes_xor_the_operating_system() {
    let mut pool = pool(1);
    assert_eq!(feed(&mut pool, 1), 16);
    assert_eq!(pool.maintain(AT, &OS), Ok(Maintained::Seeded));
    let expected = expected_blocks();
    assert_eq!(
        pool.available_full_bits(),
        14 * 384,
        "one block was the seed, one is the reserve"
    );
    // Across block boundaries: the first block is the seed's.
    let first = pool.full(50, &[0xff; 50], AT).expect("there is enough");
    assert_eq!(first.bytes.as_slice(), xor(&expected[48..98], 0xff));
    let second = pool.full(16, &[0; 16], AT).expect("there is enough");
    assert_eq!(second.bytes.as_slice(), &expected[98..114]);
    assert_eq!(first.origin.sources, ["card"]);
    assert_eq!(first.origin.lanes, 1);
    assert!(first.origin.provenance.is_real());
    let report = pool.ledger_report();
    assert_eq!(report.credited_bits, 19 * 383_616 / 1000);
    assert_eq!(report.conditioned_bits, 16 * 455_544 / 1000);
    assert_eq!((report.full_bits, report.seed_bits), (16 * 384, 384));
    assert_eq!(report.sources[0].delivered_bits, 8 * 66);
    assert!(report.invariant_holds);
}

#[test]
fn the_drbg_is_seeded_with_full_entropy_xor_the_operating_system() {
    let mut pool = pool(1);
    feed(&mut pool, 1);
    let mut out = [0u8; 100];
    pool.drbg(&mut out, AT, &OS).expect("there is a seed");
    let seed = xor(&expected_blocks()[..48], 0x3c);
    let mut reference =
        CtrDrbg::instantiate(&seed, &[], PERSONALIZATION, ReseedPolicy::default(), AT)
            .expect("a good seed");
    let mut expected = [0u8; 100];
    reference.generate(&mut expected, &[], AT).expect("fresh");
    assert_eq!(out, expected);
    assert_eq!(pool.drbg_origin().sources, ["card"]);
}

#[test]
fn nothing_leaves_before_the_first_seed() {
    let mut pool = pool(1);
    let mut out = [0u8; 32];
    assert_eq!(
        pool.drbg(&mut out, AT, &OS),
        Err(PoolError::NotSeeded { missing_bits: 384 })
    );
    assert_eq!(
        pool.maintain(AT, &OS),
        Ok(Maintained::Waits { missing_bits: 384 })
    );
    feed(&mut pool, 1);
    assert!(!pool.is_seeded());
    assert_eq!(
        pool.full(32, &out, AT).err(),
        Some(PoolError::NotSeeded { missing_bits: 0 })
    );
    assert_eq!(out, [0; 32]);
    pool.drbg(&mut out, AT, &OS).expect("seeds itself");
    pool.full(32, &[0; 32], AT).expect("ready");
}

#[test]
fn requests_are_checked_and_told_what_is_missing() {
    let mut pool = pool(1);
    feed(&mut pool, 1);
    pool.maintain(AT, &OS).expect("healthy");
    assert_eq!(pool.full(0, &[], AT).err(), Some(PoolError::BadRequest(0)));
    let long = vec![0; MAX_FULL_BYTES + 1];
    assert_eq!(
        pool.full(long.len(), &long, AT).err(),
        Some(PoolError::BadRequest(65_537))
    );
    let wrong = PoolError::WrongOsLength {
        expected: 16,
        found: 15,
    };
    assert_eq!(pool.full(16, &[0; 15], AT).err(), Some(wrong));
    let available = (pool.available_full_bits() / 8) as usize;
    assert_eq!(available, 14 * 48);
    let os = vec![0; available + 1];
    assert_eq!(
        pool.full(available + 1, &os, AT).err(),
        Some(PoolError::Wait { missing_bits: 8 })
    );
    assert_eq!(
        pool.available_full_bits(),
        14 * 384,
        "a refused request costs nothing"
    );
    pool.full(available, &os[1..], AT)
        .expect("exactly what is there");
    assert_eq!(pool.available_full_bits(), 0);
    let mut out = vec![0; MAX_REQUEST_BYTES + 1];
    assert!(matches!(
        pool.drbg(&mut out, AT, &OS),
        Err(PoolError::Drbg(DrbgError::LongRequest(_)))
    ));
}

#[test]
fn the_reserve_reseeds_the_drbg_when_full_is_used_up() {
    let mut pool = pool(1);
    feed(&mut pool, 1);
    pool.maintain(AT, &OS).expect("healthy");
    let all = (pool.available_full_bits() / 8) as usize;
    pool.full(all, &vec![0; all], AT).expect("all of it");
    let later = Moment {
        now: AT.now + Duration::from_secs(60),
        ..AT
    };
    let mut out = [0u8; 16];
    pool.drbg(&mut out, later, &OS)
        .expect("the reserve is for this");
    assert_eq!(pool.status().reseeds, 1);
    let much_later = Moment {
        now: later.now + Duration::from_secs(60),
        ..AT
    };
    let waits = PoolError::ReseedWaits { missing_bits: 384 };
    out = [0; 16];
    assert_eq!(pool.drbg(&mut out, much_later, &OS), Err(waits));
    assert_eq!(out, [0; 16], "nothing without the reseed that is due");
}

#[test]
fn both_classes_stop_when_the_last_lane_fails() {
    let mut pool = pool(2);
    feed(&mut pool, 0b10);
    pool.maintain(AT, &OS).expect("healthy");
    assert_eq!(pool.observe_lane("card", 0, STUCK), Ok(true));
    assert_eq!(pool.health().health(), Health::Degraded);
    pool.full(16, &[0; 16], AT).expect("lane 1 goes on");
    assert_eq!(pool.observe_lane("card", 1, STUCK), Ok(true));
    let unhealthy = PoolError::Unhealthy(Health::Unhealthy);
    let mut out = [0u8; 16];
    assert_eq!(pool.full(16, &out, AT).err(), Some(unhealthy.clone()));
    assert_eq!(pool.drbg(&mut out, AT, &OS), Err(unhealthy.clone()));
    assert_eq!(pool.maintain(AT, &OS), Err(unhealthy));
    assert_eq!(out, [0; 16]);
    assert_eq!(pool.available_full_bits(), 0, "what that lane gave is gone");
    // Re-armed and started: the DRBG goes on, full entropy has to come anew.
    pool.rearm("card", 1).expect("it failed");
    assert_eq!(
        pool.drbg(&mut out, AT, &OS),
        Err(PoolError::Unhealthy(Health::Unhealthy))
    );
    pool.observe_lane("card", 1, Observed::Running)
        .expect("a lane");
    pool.drbg(&mut out, AT, &OS).expect("healthy again");
    assert!(matches!(
        pool.full(16, &[0; 16], AT),
        Err(PoolError::Wait { .. })
    ));
    assert!(pool.ledger().invariant_holds());
}

#[test]
fn output_that_reached_nobody_is_discarded_in_the_books() {
    let mut pool = pool(1);
    feed(&mut pool, 1);
    pool.maintain(AT, &OS).expect("seeded");
    let output = pool.full(100, &[0; 100], AT).expect("enough");
    assert_eq!(pool.ledger_report().sources[0].delivered_bits, 800);
    pool.discard_output(output.shares).expect("booked");
    let source = &pool.ledger_report().sources[0];
    assert_eq!(
        (source.delivered_bits, source.discarded_full_bits),
        (0, 800)
    );
    assert!(pool.ledger().invariant_holds());
}

#[test]
fn a_failed_lane_takes_its_waiting_blocks_with_it_and_no_others() {
    let mut pool = pool(2);
    feed(&mut pool, 0b01);
    feed(&mut pool, 0b10);
    pool.absorb(block(&data(99), 0b01)).expect("waits as input");
    pool.observe_lane("card", 0, STUCK).expect("a lane");
    assert_eq!(pool.ready.bits(), 16 * 384);
    let report = pool.ledger_report();
    assert_eq!(report.sources[0].discarded_full_bits, 16 * 384);
    assert_eq!(report.discarded_bits, 383);
    // Blocks with a share of the failed lane are not used any more.
    assert_eq!(pool.absorb(block(&data(1), 0b11)), Ok(Absorbed::Discarded));
    assert_eq!(
        pool.absorb(block(&data(1), 0b100)),
        Ok(Absorbed::Discarded),
        "unknown lane"
    );
    assert_eq!(pool.discarded_blocks(), 2);
    assert_eq!(pool.ledger_report().discarded_bits, 3 * 383_616 / 1000);
    assert_eq!(
        pool.absorb(block(&data(1), 0b10)),
        Ok(Absorbed::Taken { blocks: 0 })
    );
    assert!(pool.ledger().invariant_holds());
}

#[test]
fn a_removed_card_leaves_nothing_behind() {
    let mut pool = pool(3);
    feed(&mut pool, 0b111);
    pool.maintain(AT, &OS).expect("healthy");
    assert_eq!(pool.source_lost("card"), Ok(vec![0, 1, 2]));
    assert_eq!(pool.available_full_bits(), 0);
    assert_eq!(pool.health().health(), Health::Unhealthy);
    assert!(pool.full(16, &[0; 16], AT).is_err());
}

#[test]
fn labelled_sources_need_permission_and_keep_their_labels() {
    let labels = [
        Provenance::SIMULATED,
        Provenance {
            replayed: true,
            ..Provenance::REAL
        },
        Provenance {
            test: true,
            ..Provenance::REAL
        },
    ];
    for provenance in labels {
        let mut strict = pool(1);
        let refused = strict.absorb(SourceBlock {
            provenance,
            ..block(&data(0), 1)
        });
        assert_eq!(refused, Err(PoolError::SimulatedRefused(provenance)));
        assert_eq!(strict.ledger_report().credited_bits, 0);
    }
    let config = PoolConfig {
        allow_simulated: true,
        ..PoolConfig::default()
    };
    let mut pool = Pool::new(config).expect("good settings");
    pool.observe_lane("card", 0, Observed::Running)
        .expect("a lane");
    feed(&mut pool, 1);
    pool.maintain(AT, &OS).expect("healthy");
    let mut out = [0u8; 16];
    assert_eq!(pool.drbg(&mut out, AT, &OS), Ok(Provenance::REAL));
    for number in 0..19 {
        pool.absorb(SourceBlock {
            provenance: Provenance::SIMULATED,
            ..block(&data(number), 1)
        })
        .expect("allowed");
    }
    assert!(pool.status().provenance.simulated, "it waits in the pool");
    let real = pool
        .full(15 * 48, &[0; 15 * 48], AT)
        .expect("the real blocks are first");
    assert!(real.origin.provenance.is_real());
    let simulated = pool.full(1, &[0], AT).expect("then the others");
    assert!(simulated.origin.provenance.simulated);
    assert_eq!(
        pool.drbg(&mut out, AT, &OS),
        Ok(Provenance::REAL),
        "not in the DRBG yet"
    );
    let later = Moment {
        now: AT.now + Duration::from_secs(60),
        ..AT
    };
    assert_eq!(
        pool.drbg(&mut out, later, &OS),
        Ok(Provenance::SIMULATED),
        "the label comes with the reseed"
    );
}

#[test]
fn blocks_that_claim_too_much_are_refused_uncredited() {
    let mut pool = pool(1);
    let good = data(0);
    let bad = [
        SourceBlock {
            data: &[],
            ..block(&good, 1)
        },
        SourceBlock {
            lanes: 0,
            ..block(&good, 1)
        },
        SourceBlock {
            credited_millibits: 0,
            ..block(&good, 1)
        },
        SourceBlock {
            credited_millibits: 383_617,
            ..block(&good, 1)
        },
        SourceBlock {
            raw_bits: 767,
            ..block(&good, 1)
        },
    ];
    for block in bad {
        assert!(
            matches!(pool.absorb(block), Err(PoolError::BadBlock { .. })),
            "{block:?}"
        );
    }
    let long = vec![0; MAX_BLOCK_BYTES + 1];
    assert!(matches!(
        pool.absorb(block(&long, 1)),
        Err(PoolError::BadBlock { .. })
    ));
    assert_eq!(pool.ledger_report().credited_bits, 0);
    // 768 raw bits at 0.5 are 384 bits: enough for 383.616.
    pool.absorb(SourceBlock {
        raw_bits: 768,
        ..block(&good, 1)
    })
    .expect("covered");
    for claim in [0.0, 1.5] {
        assert!(
            Pool::new(PoolConfig {
                claimed_h: claim,
                ..PoolConfig::default()
            })
            .is_err()
        );
    }
}

#[test]
fn a_full_pool_says_so_before_it_credits() {
    let mut pool = Pool::new(PoolConfig {
        capacity_blocks: 4,
        ..PoolConfig::default()
    })
    .expect("good settings");
    pool.observe_lane("card", 0, Observed::Running)
        .expect("a lane");
    let mut taken = 0;
    while pool.absorb(block(&data(taken), 1)).is_ok() {
        taken += 1;
    }
    assert!(pool.input_full());
    let credited = pool.ledger_report().credited_bits;
    assert_eq!(pool.absorb(block(&data(0), 1)), Err(PoolError::Full));
    assert_eq!(pool.ledger_report().credited_bits, credited);
    pool.maintain(AT, &OS).expect("healthy");
    assert!(!pool.input_full(), "the seed made room");
    assert!(pool.absorb(block(&data(0), 1)).is_ok());
}

#[test]
fn a_forked_child_gives_nothing_of_its_parents() {
    let mut pool = pool(1);
    feed(&mut pool, 1);
    pool.maintain(AT, &OS).expect("healthy");
    pool.full(16, &[0; 16], AT).expect("ready");
    let child = Moment { process: 12, ..AT };
    let mut out = [0u8; 16];
    assert_eq!(
        pool.drbg(&mut out, child, &OS),
        Err(PoolError::ReseedWaits { missing_bits: 384 })
    );
    assert_eq!(
        pool.available_full_bits(),
        0,
        "the parent has these blocks too"
    );
    assert!(pool.ledger().invariant_holds());
    feed(&mut pool, 1);
    pool.drbg(&mut out, child, &OS).expect("its own seed");
}

#[test]
fn a_copied_pool_discards_what_waits_and_needs_a_new_seed() {
    let mut pool = pool(1);
    feed(&mut pool, 1);
    // Nothing was drawn yet: what waits is in the copy all the same.
    let copy = Moment { process: 12, ..AT };
    pool.copied(copy).expect("booked");
    assert_eq!(pool.status().full_bits, 0);
    feed(&mut pool, 1);
    pool.maintain(copy, &OS).expect("healthy");
    feed(&mut pool, 1);
    let discarded = |pool: &Pool| pool.ledger_report().sources[0].discarded_full_bits;
    let before = discarded(&pool);
    let waiting = pool.available_full_bits() + RESERVE_BITS;
    let again = Moment { process: 13, ..AT };
    pool.copied(again).expect("booked");
    assert_eq!(discarded(&pool), before + waiting);
    assert!(pool.ledger().invariant_holds());
    let mut out = [0u8; 16];
    let waits = Err(PoolError::ReseedWaits { missing_bits: 384 });
    assert_eq!(pool.drbg(&mut out, again, &OS), waits);
    // The first block of afterwards is not taken for one of before.
    feed(&mut pool, 1);
    pool.drbg(&mut out, again, &OS).expect("its own seed");
}

#[test]
fn deliveries_are_recorded_through_the_pool() {
    let mut pool = pool(1);
    feed(&mut pool, 1);
    pool.maintain(AT, &OS).expect("healthy");
    let delivery = pool.open_delivery("host", Class::Full, 1).expect("open");
    let given = pool.full(32, &[5; 32], AT).expect("ready");
    pool.record_delivery(delivery, given.bytes.as_slice(), given.origin.provenance)
        .expect("open");
    assert_eq!(pool.status().delivered_bits, 256);
    let report = pool.close_delivery(delivery).expect("open");
    assert_eq!((report.bytes, report.hops), (32, 1));
    assert_eq!(pool.take_closed_deliveries(), [report]);
    let restored = Pool::restore(PoolConfig::default(), pool.ledger().snapshot()).expect("sound");
    assert_eq!(restored.status().delivered_bits, 256);
    assert_eq!(restored.available_full_bits(), 0);
    let counters = pool.health_counters();
    assert_eq!((counters.lanes_running, counters.lanes_failed), (1, 0));
    assert_eq!(counters.raw_bits, 19 * 1024);
}

#[test]
fn status_has_the_keys_that_scripts_rely_on() {
    let json = serde_json::to_value(pool(1).status()).expect("plain");
    for key in ["full_bits", "credited_bits", "delivered_bits"] {
        assert_eq!(json[key], 0, "{key}");
    }
    assert_eq!(json["health"], "healthy");
}
