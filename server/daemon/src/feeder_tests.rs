//! The feeder over a simulated card: seeds refreshed, a lost DMA write survived, a card that leaves.

use std::sync::atomic::AtomicU32;

use photonbox_driver::Device;
use photonbox_driver::device::{DmaFault, HostBus};
use photonbox_entropy::health::{self, Health};
use photonbox_entropy::pool::PoolConfig;
use photonbox_regmap::ring;
use photonbox_simcard::{Fault, SimCard};
use photonbox_store::{SqliteStore, Store};

use super::*;
use crate::card::{bring_up, open_card, simulate};
use crate::options::CardOptions;

const PATIENCE: Duration = Duration::from_secs(60);

fn options() -> CardOptions {
    CardOptions {
        seed: Some(11),
        ..CardOptions::default()
    }
}

fn entropy() -> Arc<Entropy> {
    Entropy::new(PoolConfig {
        allow_simulated: true,
        ..PoolConfig::default()
    })
    .expect("pool")
}

/// What a hub remembers of held lanes: nothing, in a folder that goes with it.
struct Memory {
    directory: tempfile::TempDir,
}

impl Memory {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("folder");
        SqliteStore::create(directory.path()).expect("store");
        Self { directory }
    }

    fn store(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.directory.path()).expect("store"))
    }

    fn held(&self) -> HeldLanes {
        HeldLanes::load(self.store(), CARD).expect("read")
    }

    /// Numbers of the lanes that are held on the disk.
    fn on_disk(&self) -> Vec<u8> {
        let rows = self.store().held_lanes(CARD).expect("read");
        rows.into_iter().map(|row| row.lane).collect()
    }
}

const CARD: &str = "model:small";

fn start(opened: OpenedCard, entropy: &Arc<Entropy>) -> Feeder {
    Feeder::start(opened, Arc::clone(entropy), Memory::new().held()).expect("feeder")
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Keeps the pool from filling up: back-pressure would stop the card.
fn drink(entropy: &Entropy) {
    let bits = entropy.pool().available_full_bits();
    if bits >= 8 * 48 {
        // Between a reset by another and the recovery no lane runs, and nothing is given.
        drop(entropy.full(48));
    }
}

fn credited(entropy: &Entropy) -> u64 {
    entropy.pool().status().credited_bits
}

#[test]
fn the_extractors_seed_is_refreshed_and_blocks_go_on() {
    let options = CardOptions {
        seed_refresh_blocks: 16,
        ..options()
    };
    let entropy = entropy();
    let feeder = start(open_card(&options).expect("card"), &entropy);
    let epoch = || {
        let status = feeder.card_status();
        status.map_or(0, |status| status.extractor.seed_epoch)
    };
    for wanted in [3, 6, 9] {
        let before = credited(&entropy);
        until("a fresh seed", || {
            drink(&entropy);
            epoch() >= wanted
        });
        until("more credit", || {
            drink(&entropy);
            credited(&entropy) > before
        });
    }
    let status = feeder.card_status().expect("status");
    // No seed is used for longer than it may be.
    assert!(status.extractor.seed_blocks <= 16, "{status:?}");
    assert!(
        status.extractor.blocks <= 16 * u64::from(status.extractor.seed_epoch),
        "{status:?}"
    );
    assert_eq!(entropy.health(), Health::Healthy);
}

#[test]
fn photons_from_a_given_seed_are_labelled_test() {
    for (options, test) in [
        (options(), true),
        (
            CardOptions {
                stochastic: Some("seed=3".into()),
                ..CardOptions::default()
            },
            true,
        ),
        (CardOptions::default(), false),
    ] {
        let entropy = entropy();
        let _feeder = start(open_card(&options).expect("card"), &entropy);
        until("full entropy", || {
            entropy.pool().available_full_bits() >= 8 * 48
        });
        let output = entropy.full(48).expect("there is enough");
        let provenance = output.origin.provenance;
        assert!(provenance.simulated);
        assert_eq!(provenance.test, test, "{options:?}");
    }
}

/// A card whose writes to host memory get lost while `losing` is above 0, as after an IOMMU fault, and which hears no
/// command while `deaf` is.
struct Lossy {
    card: Arc<SimCard>,
    losing: Arc<AtomicU32>,
    deaf: AtomicU32,
    doorbells: AtomicU32,
}

impl Lossy {
    fn new(card: &Arc<SimCard>) -> Arc<Self> {
        Arc::new(Self {
            card: Arc::clone(card),
            losing: Arc::default(),
            deaf: AtomicU32::new(0),
            doorbells: AtomicU32::new(0),
        })
    }
}

fn one_less(left: u32) -> Option<u32> {
    left.checked_sub(1)
}

struct LossyBus {
    host: Arc<dyn HostBus>,
    losing: Arc<AtomicU32>,
}

impl HostBus for LossyBus {
    fn dma_write(&self, iova: u64, data: &[u8]) -> std::result::Result<(), DmaFault> {
        if self
            .losing
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
            .is_ok()
        {
            return Err(DmaFault {
                iova,
                length: data.len(),
            });
        }
        self.host.dma_write(iova, data)
    }

    fn raise_irq(&self, vector: u16) {
        self.host.raise_irq(vector);
    }
}

impl Device for Lossy {
    fn read32(&self, offset: u32) -> u32 {
        self.card.read32(offset)
    }

    fn write32(&self, offset: u32, value: u32) {
        if offset == ring::base(ring::ENTROPY) + ring::HEAD {
            self.doorbells.fetch_add(1, Ordering::Relaxed);
        }
        let lost = offset == photonbox_regmap::global::CONTROL
            && self
                .deaf
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less)
                .is_ok();
        if !lost {
            self.card.write32(offset, value);
        }
    }

    fn attach(&self, host: Arc<dyn HostBus>) {
        self.card.attach(Arc::new(LossyBus {
            host,
            losing: Arc::clone(&self.losing),
        }));
    }

    fn bus_master_enable(&self, on: bool) {
        self.card.bus_master_enable(on);
    }

    fn function_level_reset(&self) {
        self.card.function_level_reset();
    }

    fn describe(&self) -> String {
        self.card.describe()
    }
}

#[test]
fn a_card_whose_writes_got_lost_is_reset_and_goes_on() {
    let card = simulate(&options()).expect("card");
    let lossy = Lossy::new(&card);
    let losing = Arc::clone(&lossy.losing);
    let opened = bring_up(&options(), card, Arc::clone(&lossy) as _).expect("card");
    let entropy = entropy();
    let feeder = start(opened, &entropy);
    let recoveries = || {
        let status = feeder.card_status();
        status.map_or(0, |status| status.recoveries)
    };
    for round in 1..=2 {
        let before = credited(&entropy);
        until("credit", || {
            drink(&entropy);
            credited(&entropy) > before
        });
        let generation = feeder.card_status().expect("status").generation;
        losing.store(6, Ordering::Relaxed);
        until("a recovery", || {
            drink(&entropy);
            recoveries() == round
        });
        let status = feeder.card_status().expect("status");
        assert_ne!(status.generation, generation, "the card was reset");
        let before = credited(&entropy);
        until("credit after the recovery", || {
            drink(&entropy);
            credited(&entropy) > before
        });
        assert_eq!(entropy.health(), Health::Healthy);
    }
    // Neither the reset nor START of the next recovery is heard: the bus's reset helps, and a second try.
    lossy.deaf.store(2, Ordering::Relaxed);
    losing.store(6, Ordering::Relaxed);
    until("a recovery at the second try", || {
        drink(&entropy);
        recoveries() == 4
    });
    assert_eq!(lossy.deaf.load(Ordering::Relaxed), 0);
    let before = credited(&entropy);
    until("credit after it", || {
        drink(&entropy);
        credited(&entropy) > before
    });
    until("all lanes again", || entropy.health() == Health::Healthy);
}

#[test]
fn a_bus_error_and_a_reset_by_another_are_recovered_without_an_operator() {
    let opened = open_card(&options()).expect("card");
    let card = opened.simulated.clone().expect("simulated");
    let entropy = entropy();
    let feeder = start(opened, &entropy);
    let recoveries = || {
        let status = feeder.card_status();
        status.map_or(0, |status| status.recoveries)
    };
    type Trouble = fn(&SimCard);
    let troubles: [Trouble; 2] = [
        |card| {
            card.inject(Fault::AxiError).expect("possible");
            let errors = card.bus_stats().errors;
            until("an error", || card.bus_stats().errors > errors);
            card.end(Fault::AxiError);
        },
        |card| card.function_level_reset(),
    ];
    for trouble in troubles {
        let before = credited(&entropy);
        until("credit", || {
            drink(&entropy);
            credited(&entropy) > before
        });
        let recovered = recoveries();
        trouble(&card);
        until("a recovery", || {
            drink(&entropy);
            recoveries() > recovered
        });
        let before = credited(&entropy);
        until("credit after the recovery", || {
            drink(&entropy);
            credited(&entropy) > before
        });
        until("all lanes again", || entropy.health() == Health::Healthy);
    }
}

#[test]
fn a_card_that_leaves_stops_both_classes_for_good() {
    let opened = open_card(&options()).expect("card");
    let card = opened.simulated.clone().expect("simulated");
    let entropy = entropy();
    let feeder = start(opened, &entropy);
    until("a seeded pool", || {
        entropy.pool().is_seeded() && entropy.pool().available_full_bits() >= 8 * 48
    });
    card.inject(Fault::SurpriseRemoval).expect("removed");
    until("the loss", || entropy.health() == Health::Unhealthy);
    // What was in the pool before is not given either.
    assert!(matches!(
        entropy.full(48),
        Err(DrawError::Pool(PoolError::Unhealthy(_)))
    ));
    assert!(matches!(
        entropy.drbg(&mut [0; 16]),
        Err(DrawError::Pool(PoolError::Unhealthy(_)))
    ));
    assert!(entropy.can_make_keys().is_err());
    let lanes = entropy.pool().health().report();
    assert!(!lanes.is_empty(), "the lanes stay in the report");
    for lane in lanes {
        assert!(!lane.alarms.is_empty(), "{lane:?}");
    }
    // Nor does the hub trust whatever is put into the slot later: somebody had the card in his hands.
    card.end(Fault::SurpriseRemoval);
    let card_answers = || {
        let status = feeder.card_status();
        status.is_some_and(|status| status.generation == 1)
    };
    until("a card that answers", card_answers);
    std::thread::sleep(2 * LOOK);
    assert_eq!(entropy.health(), Health::Unhealthy);
    assert!(entropy.can_make_keys().is_err());
    drop(feeder);
}

#[test]
fn slots_that_gather_are_taken_together_and_a_card_that_dies_is_noticed() {
    let options = CardOptions {
        gather_slots: 32,
        gather_ms: 20,
        ..options()
    };
    let card = simulate(&options).expect("card");
    let watched = Lossy::new(&card);
    let opened = bring_up(&options, Arc::clone(&card), Arc::clone(&watched) as _).expect("opens");
    let entropy = entropy();
    let feeder = start(opened, &entropy);
    let taken = || {
        let status = feeder.card_status();
        status.map_or(0, |status| status.rings[0].counts.slots)
    };
    until("many slots", || {
        drink(&entropy);
        taken() >= 60
    });
    // A slot leaves the card every 10 ms at the latest; taken one by one, each would have its own doorbell.
    let (doorbells, slots) = (watched.doorbells.load(Ordering::Relaxed), taken());
    assert!(
        4 * u64::from(doorbells) < 3 * slots,
        "{doorbells} doorbells for {slots} slots"
    );
    card.inject(Fault::SurpriseRemoval).expect("removed");
    until("the loss", || entropy.health() == Health::Unhealthy);
}

fn lanes_in(entropy: &Entropy, state: health::LaneState) -> Vec<u8> {
    let lanes = entropy.pool().health().report();
    let there = lanes.iter().filter(|lane| lane.state == state);
    there.map(|lane| lane.lane).collect()
}

fn failed(entropy: &Entropy) -> Vec<u8> {
    lanes_in(entropy, health::LaneState::Failed)
}

fn rearm(feeder: &Feeder, lane: u8) -> Result<()> {
    feeder.shared.rearm(lane)
}

#[test]
fn a_lane_in_alarm_is_held_by_the_next_start_until_an_operator_re_arms_it() {
    let memory = Memory::new();
    let opened = open_card(&options()).expect("card");
    assert_eq!(opened.name, CARD);
    let card = opened.simulated.clone().expect("simulated");
    let first = entropy();
    let feeder = Feeder::start(opened, Arc::clone(&first), memory.held()).expect("feeder");
    until("all lanes", || first.health() == Health::Healthy);
    card.inject(Fault::DeadLane { lane: 2 }).expect("possible");
    until("the alarm", || failed(&first) == [2]);
    until("it is on the disk", || memory.on_disk() == [2]);
    let since = feeder.held_since(2).expect("held");
    assert_eq!(feeder.held_since(1), None);
    drop(feeder);

    // The next card is as after power-on: it knows of no alarm.
    for _ in 0..2 {
        let opened = open_card(&options()).expect("card");
        let again = entropy();
        let feeder = Feeder::start(opened, Arc::clone(&again), memory.held()).expect("feeder");
        until("the others", || again.health() == Health::Degraded);
        assert_eq!(failed(&again), [2]);
        assert_eq!(feeder.held_since(2), Some(since));
        let before = credited(&again);
        until("credit without it", || {
            drink(&again);
            credited(&again) > before
        });
        let status = feeder.card_status().expect("status");
        assert_eq!(status.lanes[2].state, LaneState::Alarmed);
        assert_eq!(status.lanes[2].alarms, ["rate-low"]);
        assert_eq!(status.lanes[2].bits, 0);
        assert!(rearm(&feeder, 1).is_err(), "lane 1 runs");
        assert_eq!(memory.on_disk(), [2]);
    }

    let again = entropy();
    let opened = open_card(&options()).expect("card");
    let feeder = Feeder::start(opened, Arc::clone(&again), memory.held()).expect("feeder");
    rearm(&feeder, 2).expect("the operator may");
    until("all lanes", || again.health() == Health::Healthy);
    until("it is forgotten", || memory.on_disk().is_empty());
    until("nobody says so", || feeder.held_since(2).is_none());
}

#[test]
fn with_every_lane_held_a_hub_waits_for_its_operator() {
    let memory = Memory::new();
    for lane in 0..4 {
        memory.held().alarmed(lane, &["balance".to_owned()]);
    }
    let entropy = entropy();
    let opened = open_card(&options()).expect("card");
    let card = opened.simulated.clone().expect("simulated");
    let feeder = Feeder::start(opened, Arc::clone(&entropy), memory.held()).expect("feeder");
    assert_eq!(entropy.health(), Health::Unhealthy);
    until("a look", || feeder.card_status().is_some());
    assert!(entropy.can_make_keys().is_err());
    rearm(&feeder, 3).expect("the operator may");
    until("one lane", || entropy.health() == Health::Degraded);
    until("keys", || entropy.can_make_keys().is_ok());
    until("its row is gone", || memory.on_disk() == [0, 1, 2]);
    // A recovery brings back what ran, and nothing else.
    card.function_level_reset();
    let recovered = || {
        let status = feeder.card_status();
        status.is_some_and(|status| status.recoveries == 1)
    };
    until("a recovery", || {
        drink(&entropy);
        recovered()
    });
    until("one lane again", || {
        lanes_in(&entropy, health::LaneState::Running) == [3]
    });
    assert_eq!(failed(&entropy), [0, 1, 2]);
    assert_eq!(memory.on_disk(), [0, 1, 2]);
}

#[test]
fn a_recovery_with_every_lane_in_alarm_leaves_the_card_to_the_operator() {
    let memory = Memory::new();
    let opened = open_card(&options()).expect("card");
    let card = opened.simulated.clone().expect("simulated");
    let entropy = entropy();
    let feeder = Feeder::start(opened, Arc::clone(&entropy), memory.held()).expect("feeder");
    until("all lanes", || entropy.health() == Health::Healthy);
    for lane in 0..4 {
        card.inject(Fault::DeadLane { lane }).expect("possible");
    }
    until("four alarms", || memory.on_disk() == [0, 1, 2, 3]);
    card.clear_faults();
    card.function_level_reset();
    let recoveries = || feeder.card_status().map_or(0, |status| status.recoveries);
    until("a recovery", || recoveries() == 1);
    assert_eq!(entropy.health(), Health::Unhealthy);
    for lane in lanes_in(&entropy, health::LaneState::Failed) {
        rearm(&feeder, lane).expect("not lost, only held");
    }
    until("all lanes again", || entropy.health() == Health::Healthy);
    until("no row is left", || memory.on_disk().is_empty());
}

#[test]
fn a_held_lane_that_this_card_has_not_or_does_not_use_is_left_alone() {
    let memory = Memory::new();
    memory.held().alarmed(9, &["balance".to_owned()]);
    let entropy = entropy();
    let feeder = Feeder::start(
        open_card(&options()).expect("card"),
        Arc::clone(&entropy),
        memory.held(),
    )
    .expect("feeder");
    until("all lanes", || entropy.health() == Health::Healthy);
    drop(feeder);
    assert_eq!(memory.on_disk(), [9]);
}

#[test]
fn a_label_is_new_once() {
    let simulated = Provenance {
        simulated: true,
        ..Provenance::REAL
    };
    let both = Provenance {
        replayed: true,
        ..simulated
    };
    let mut labels = Provenance::REAL;
    assert_eq!(new_labels(&mut labels, Provenance::REAL), None);
    assert_eq!(new_labels(&mut labels, simulated), Some(simulated));
    assert_eq!(new_labels(&mut labels, simulated), None);
    assert_eq!(new_labels(&mut labels, both), Some(both));
    assert_eq!(new_labels(&mut labels, simulated), None, "labels stay");
}

#[test]
fn the_driver_s_alarms_are_the_hub_s_by_the_same_name() {
    for alarm in Alarm::ALL
        .into_iter()
        .filter(|alarm| *alarm != Alarm::Removed)
    {
        let found = alarms(&[alarm.to_string()]);
        assert!(
            found.contains(alarm) && found.iter().count() == 1,
            "{alarm}"
        );
    }
}
