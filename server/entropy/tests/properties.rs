//! Random histories of pool and ledger: whatever happens, the books add up and nothing leaves that
//! should not.
//!
//! Shows T2, T4 (`docs/threat-model.md`).

use std::collections::HashSet;
use std::time::Duration;

use photonbox_entropy::drbg::{Moment, ReseedPolicy};
use photonbox_entropy::health::{AlarmSet, Observed};
use photonbox_entropy::ledger::{Ledger, LedgerError};
use photonbox_entropy::pool::{Absorbed, Pool, PoolConfig, SourceBlock};
use photonbox_entropy::provenance::{Class, Provenance};
use proptest::prelude::*;

const SOURCES: [&str; 2] = ["card-a", "card-b"];

#[derive(Debug, Clone)]
enum Step {
    Absorb {
        source: usize,
        lanes: u64,
        credit: u64,
    },
    Full {
        bytes: usize,
    },
    Drbg {
        bytes: usize,
    },
    Observe {
        source: usize,
        lane: u8,
        state: u8,
    },
    Rearm {
        source: usize,
        lane: u8,
    },
    Lost {
        source: usize,
    },
    Recover {
        source: usize,
    },
    Wait {
        seconds: u64,
    },
    Fork,
}

fn step() -> impl Strategy<Value = Step> {
    let source = 0usize..2;
    let lane = 0u8..3;
    prop_oneof![
        60 => (source.clone(), 1u64..8, 200_000u64..=383_616)
            .prop_map(|(source, lanes, credit)| Step::Absorb { source, lanes, credit }),
        10 => (1usize..120).prop_map(|bytes| Step::Full { bytes }),
        6 => (0usize..300).prop_map(|bytes| Step::Drbg { bytes }),
        2 => (source.clone(), lane.clone(), 0u8..4)
            .prop_map(|(source, lane, state)| Step::Observe { source, lane, state }),
        2 => (source.clone(), lane).prop_map(|(source, lane)| Step::Rearm { source, lane }),
        1 => source.clone().prop_map(|source| Step::Lost { source }),
        4 => source.prop_map(|source| Step::Recover { source }),
        1 => (0u64..90).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Fork),
    ]
}

/// Bytes no two blocks share: a counter through a mixing function.
fn unique(counter: u64) -> [u8; 48] {
    std::array::from_fn(|i| {
        let word = (counter * 6 + i as u64 / 8).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (word ^ word >> 29).to_le_bytes()[i % 8]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn the_pool_keeps_its_promises(steps in prop::collection::vec(step(), 1..400)) {
        let config = PoolConfig {
            capacity_blocks: 40,
            reseed: ReseedPolicy { bytes: 500, time: Duration::from_secs(60) },
            ..PoolConfig::default()
        };
        let mut pool = Pool::new(config).expect("good settings");
        for source in SOURCES {
            for lane in 0..3 {
                pool.observe_lane(source, lane, Observed::Running).expect("a lane");
            }
        }
        let mut at = Moment { now: Duration::from_secs(5), process: 1 };
        let delivery = pool.open_delivery("host", Class::Full, 0).expect("open");
        let (mut blocks, mut credited, mut full_bytes) = (0, 0u64, 0u64);
        let mut given: Vec<u8> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            // New bytes of the operating system for each call, as in life: a reseed never sees the
            // same input twice. Zeros for `full`, so that repeated blocks would show.
            let os: [u8; 48] = unique(1_000_000 + number as u64);
            let allowed = pool.health().health().allows_output();
            match step {
                Step::Absorb { source, lanes, credit } => {
                    blocks += 1;
                    let data = unique(blocks);
                    let block = SourceBlock {
                        source: SOURCES[source],
                        data: &data,
                        credited_millibits: credit,
                        raw_bits: 1024,
                        lanes,
                        provenance: Provenance::REAL,
                    };
                    let runs = lanes & !pool.health().running(SOURCES[source]) == 0;
                    match pool.absorb(block) {
                        Ok(Absorbed::Taken { .. }) => {
                            prop_assert!(runs, "a block of a stopped lane was used");
                            credited += credit;
                        }
                        Ok(Absorbed::Discarded) => prop_assert!(!runs),
                        Err(_) => prop_assert!(pool.input_full()),
                    }
                }
                Step::Full { bytes } => {
                    let before = pool.available_full_bits();
                    if let Ok(output) = pool.full(bytes, &vec![0; bytes], at) {
                        prop_assert!(allowed, "full entropy while unhealthy");
                        prop_assert!(before >= 8 * bytes as u64);
                        prop_assert_eq!(output.bytes.len(), bytes);
                        full_bytes += bytes as u64;
                        given.extend_from_slice(output.bytes.as_slice());
                        let origin = output.origin.provenance;
                        pool.record_delivery(delivery, output.bytes.as_slice(), origin).expect("covered");
                    }
                }
                Step::Drbg { bytes } => {
                    let mut out = vec![0; bytes];
                    match pool.drbg(&mut out, at, &os) {
                        Ok(_) => {
                            prop_assert!(allowed, "DRBG output while unhealthy");
                            given.extend_from_slice(&out);
                        }
                        Err(_) => prop_assert!(out.iter().all(|&byte| byte == 0)),
                    }
                }
                Step::Observe { source, lane, state } => {
                    let observed = match state {
                        0 => Observed::Off,
                        1 => Observed::StartUp,
                        2 => Observed::Running,
                        _ => Observed::Alarm(AlarmSet::from_card(1)),
                    };
                    pool.observe_lane(SOURCES[source], lane, observed).expect("a lane");
                }
                Step::Rearm { source, lane } => {
                    if pool.rearm(SOURCES[source], lane).is_ok() {
                        prop_assert_eq!(pool.health().running(SOURCES[source]) >> lane & 1, 0);
                    }
                }
                Step::Lost { source } => {
                    pool.source_lost(SOURCES[source]).expect("sound books");
                    prop_assert_eq!(pool.health().running(SOURCES[source]), 0);
                }
                Step::Recover { source } => {
                    for lane in 0..3 {
                        // Not failed: nothing to re-arm, and it may be running already.
                        let _ = pool.rearm(SOURCES[source], lane);
                        pool.observe_lane(SOURCES[source], lane, Observed::Running).expect("a lane");
                    }
                    prop_assert_eq!(pool.health().running(SOURCES[source]), 0b111);
                }
                Step::Wait { seconds } => at.now += Duration::from_secs(seconds),
                Step::Fork => at.process += 1,
            }
            let report = pool.ledger_report();
            prop_assert!(report.invariant_holds);
            prop_assert!(report.conditioned_bits + report.discarded_bits <= report.credited_bits + 1);
            prop_assert_eq!(report.delivered_full_bits, 8 * full_bytes);
            // Full entropy, seeds included, costs 448 credited bits of each 384.
            let spent = (8 * full_bytes + report.seed_bits) * 448_000;
            prop_assert!(spent <= credited * 384, "more full entropy than credit");
        }
        // Eight bytes in a row that come twice would be a repeated output, but for 2^-64 · n².
        let windows: HashSet<&[u8]> = given.windows(8).collect();
        prop_assert_eq!(windows.len(), given.len().saturating_sub(7), "output was given twice");
    }

    #[test]
    fn the_ledger_never_overspends(entries in prop::collection::vec((0u8..6, 0u64..2_000_000, 0usize..2), 1..200)) {
        let mut ledger = Ledger::new();
        let sources = SOURCES.map(|name| ledger.source(name).expect("room"));
        for (kind, amount, which) in entries {
            let before = ledger.report();
            let source = sources[which];
            let entered = match kind {
                0 => ledger.credit(source, amount, amount, Provenance::REAL),
                1 => ledger.condition(source, amount, amount * 384 / 448_000),
                2 => ledger.discard_credit(source, amount),
                3 => ledger.seed(source, amount / 5_000),
                4 => ledger.hand_out(source, amount / 5_000),
                _ => ledger.discard_full(source, amount / 5_000),
            };
            let after = ledger.report();
            match entered {
                Ok(()) => prop_assert!(after.invariant_holds),
                Err(LedgerError::Broken(_)) => {
                    prop_assert_eq!(&before.sources, &after.sources, "a bad entry was kept");
                    prop_assert!(!after.invariant_holds);
                    prop_assert!(ledger.credit(source, 1, 1, Provenance::REAL).is_err());
                    break;
                }
                Err(other) => return Err(TestCaseError::fail(other.to_string())),
            }
            for account in &after.sources {
                prop_assert!(account.conditioned_bits + account.discarded_bits <= account.credited_bits);
                let used = account.seed_bits + account.delivered_bits + account.discarded_full_bits;
                prop_assert!(used <= account.full_bits);
            }
        }
    }
}
