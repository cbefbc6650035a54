//! Light through a card while things go wrong, with an account of every raw bit.
//!
//! A slot holds one block of 1,024 raw bits, two writes for the card. At any rest: the writes that reached memory are
//! two for each slot that the host took or counted as discarded, and the lanes' raw bits of this generation are those
//! slots' and what the lanes count as discarded.
//!
//! Shows T15 (`docs/threat-model.md`).

use crate::rig::{light, open_over, seed, settings, sim};
use crate::{SimCard, connect};
use photonbox_driver::{
    Card, CardSettings, Device, Error, Recovery, Ring, RingKind, Stage, Transport, dma::DmaBuffer,
    transport::Interrupt,
};
use photonbox_simcard::{BusStats, Fault, Pace};
use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

const BLOCK: u64 = 1024;
const SECONDS: Duration = Duration::from_secs(60);

/// How often: `default`, or what the environment says for the long run (`make soak`).
pub(crate) fn number(name: &str, default: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}; give a number")),
        Err(_) => default,
    }
}

fn one_block_a_slot() -> CardSettings {
    let mut settings = settings(4);
    settings.entropy_ring.slots = 16;
    settings.entropy_ring.slot_bytes = 64;
    settings
}

/// A running card and the owner of its ring.
struct Traffic {
    sim: Arc<SimCard>,
    card: Card,
    ring: Ring,
    /// The next slot's number.
    next: u32,
    /// Slots of this generation.
    slots: u64,
    /// Whether the next slot says that bits were dropped before it; none where it may.
    gap: Option<bool>,
    last: Vec<u8>,
    /// The bus before the ring was taken.
    bus: BusStats,
}

impl Traffic {
    fn over(sim: &Arc<SimCard>, transport: Box<dyn Transport>) -> Self {
        let bus = sim.bus_stats();
        let card = open_over(transport);
        let ring = card.take_ring(RingKind::Entropy).expect("free");
        let traffic = Self {
            sim: Arc::clone(sim),
            card,
            ring,
            next: 0,
            slots: 0,
            gap: Some(false),
            last: Vec::new(),
            bus,
        };
        traffic.set_up();
        traffic
    }

    fn start(sim: &Arc<SimCard>) -> Self {
        Self::over(sim, connect(Arc::clone(sim) as _).expect("a way to it"))
    }

    fn new() -> Self {
        Self::start(&sim(light(), Pace::AsFastAsPossible))
    }

    fn set_up(&self) {
        self.card.configure(&one_block_a_slot()).expect("valid");
        self.card.load_seed(&seed()).expect("a seed");
        self.card.start().expect("starts");
    }

    /// Takes a slot and looks at all that it says. None after a while without one.
    fn slot(&mut self, patience: Duration) -> Result<Option<()>, Error> {
        let Some(slot) = self.ring.wait(patience)? else {
            return Ok(None);
        };
        assert_eq!(slot.sequence(), self.next, "in order, none twice");
        assert_eq!((slot.len(), slot.blocks()), (48, 1));
        assert_eq!(u64::from(slot.raw_bits()), BLOCK);
        let flags = slot.flags();
        assert!(flags.simulated && !flags.test && !flags.replayed && !flags.error);
        assert!(
            self.gap.is_none_or(|gap| gap == flags.gap),
            "slot {}",
            self.next
        );
        let mut data = vec![0; slot.len()];
        slot.copy_to(&mut data)?;
        slot.release()?;
        assert!(data.iter().any(|byte| *byte != 0), "never wiped memory");
        assert_ne!(data, self.last, "never the same twice");
        self.last = data;
        self.gap = Some(false);
        self.next += 1;
        self.slots += 1;
        Ok(Some(()))
    }

    fn take(&mut self, slots: u64) {
        for _ in 0..slots {
            let slot = self.slot(SECONDS).expect("healthy");
            slot.expect("a slot in a minute");
        }
    }

    /// Takes what still arrives, until the ring says what is wrong.
    fn until_error(&mut self) -> Error {
        let start = Instant::now();
        loop {
            match self.slot(Duration::from_secs(1)) {
                Err(error) => return error,
                Ok(_) => assert!(start.elapsed() < SECONDS, "nothing was noticed"),
            }
        }
    }

    fn recover(&mut self) -> Recovery {
        let recovery = self.card.recover(&seed()).expect("recovers");
        self.begins_anew();
        recovery
    }

    fn begins_anew(&mut self) {
        (self.next, self.slots, self.gap) = (0, 0, Some(false));
    }

    /// Slots that reached memory, by the bus; `torn` of them may have come without their completion.
    fn account(&self, torn: u64) {
        let bus = self.sim.bus_stats();
        let counts = self.ring.counts();
        let slots = counts.slots + counts.discarded_slots;
        let writes = bus.writes - self.bus.writes;
        assert!(
            (2 * slots..=2 * slots + torn).contains(&writes),
            "{writes} writes, {counts:?}"
        );
        assert_eq!(counts.raw_bits + counts.discarded_raw_bits, BLOCK * slots);
    }

    /// Stops the card, takes what is left and settles the account of this generation.
    fn rest(&mut self, torn: u64) {
        self.card.stop().expect("stops");
        while self.slot(Duration::ZERO).expect("healthy").is_some() {}
        self.account(torn);
        let status = self.card.status().expect("alive");
        let (mut made, mut discarded) = (0, 0);
        for lane in &status.lanes {
            made += lane.bits;
            discarded += lane.discarded;
            let decided = lane.bits + 2 * lane.coincidences + lane.ignored;
            assert_eq!(lane.edges_a + lane.edges_b, decided, "lane {}", lane.lane);
        }
        assert_eq!(made, discarded + BLOCK * self.slots, "{status:#?}");
    }

    /// Goes on after a rest, which may have cost a block in progress.
    fn go_on(&mut self) {
        self.card.start().expect("a stopped card keeps its seed");
        self.gap = None;
    }
}

#[test]
fn stops_lose_nothing_that_was_complete() {
    let mut traffic = Traffic::new();
    for round in 0..number("PHOTONBOX_STOPS", 20) {
        traffic.take(1 + round % 20);
        traffic.rest(0);
        traffic.go_on();
    }
    traffic.take(3);
    let counts = traffic.ring.counts();
    assert_eq!(counts.discarded_slots, 0);
    assert_eq!(traffic.card.status().expect("alive").recoveries, 0);
}

#[test]
fn a_card_that_sleeps_loses_nothing_that_was_complete() {
    let mut traffic = Traffic::new();
    for round in 0..number("PHOTONBOX_SLEEPS", 10) {
        traffic.take(1 + round % 5);
        traffic.card.suspend().expect("sleeps");
        assert_eq!(traffic.card.stage(), Stage::Asleep);
        let asleep = traffic.card.status().expect_err("says nothing").to_string();
        assert_eq!(
            asleep,
            "the card is asleep, so it can't tell its status; resume it first"
        );
        assert!(traffic.card.poll_events().expect("no event").is_none());
        // What was complete is there, and then the ring is silent for longer than a slow poll, not dead.
        while traffic
            .slot(Duration::from_millis(60))
            .expect("no fault")
            .is_some()
        {}
        traffic.account(0);
        let writes = traffic.sim.bus_stats().writes;
        match round % 5 {
            3 => {
                traffic.recover();
            }
            4 => {
                traffic.sim.function_level_reset();
                // Somebody resets it in its sleep.
                let error = traffic.card.resume().expect_err("another generation");
                assert!(matches!(error, Error::GenerationChanged { .. }), "{error}");
                traffic.recover();
            }
            _ => {
                assert_eq!(traffic.sim.bus_stats().writes, writes);
                traffic.card.resume().expect("wakes");
                traffic.gap = None;
            }
        }
        assert_eq!(traffic.card.stage(), Stage::Running);
    }
    traffic.take(2);
    traffic.rest(0);
    traffic.card.suspend().expect("a stopped card, too");
    traffic.card.suspend().expect("twice is once");
    traffic.card.resume().expect("wakes");
    traffic.card.resume().expect("twice is once");
    assert_eq!(traffic.card.stage(), Stage::Ready);
}

#[test]
fn resets_lose_nothing_that_is_not_counted() {
    let mut traffic = Traffic::new();
    for round in 0..number("PHOTONBOX_RESETS", 24) {
        traffic.take(1 + round % 7);
        let generation = traffic.card.status().expect("alive").generation;
        match round % 3 {
            0 => {
                let recovery = traffic.recover();
                assert_eq!(recovery.generation, generation + 1);
                assert_eq!(
                    recovery.discarded_raw_bits,
                    BLOCK * recovery.discarded_slots
                );
            }
            1 => {
                traffic.card.reset().expect("an operator may");
                traffic.account(0);
                traffic.begins_anew();
                traffic.set_up();
            }
            _ => {
                // A function-level reset behind the driver's back, which switches bus mastering off as well.
                traffic.sim.function_level_reset();
                let error = traffic.until_error();
                assert!(
                    matches!(error, Error::GenerationChanged { expected, found } if found > expected),
                    "{error}"
                );
                traffic.recover();
            }
        }
        if round % 5 == 4 {
            traffic.take(2);
            traffic.rest(0);
            traffic.go_on();
        }
    }
    traffic.take(2);
    traffic.rest(0);
}

#[test]
fn a_card_that_is_pulled_out_and_put_back_begins_anew() {
    let sim = sim(light(), Pace::AsFastAsPossible);
    for round in 0..number("PHOTONBOX_REMOVALS", 8) {
        let mut traffic = Traffic::start(&sim);
        traffic.take(1 + round % 5);
        sim.inject(Fault::SurpriseRemoval).expect("possible");
        match round % 3 {
            0 => {
                let error = traffic.until_error();
                assert!(matches!(error, Error::DeadCard), "{error}");
                assert!(matches!(
                    traffic.card.recover(&seed()),
                    Err(Error::DeadCard)
                ));
                sim.end(Fault::SurpriseRemoval);
            }
            // Back before anyone looked. A bus with a config space of its own has forgotten the card's.
            1 => {
                sim.end(Fault::SurpriseRemoval);
                let error = traffic.until_error();
                assert!(
                    matches!(error, Error::DeadCard | Error::GenerationChanged { .. }),
                    "{error}"
                );
            }
            // Closed without a look.
            _ => {}
        }
        let Traffic {
            card, ring, bus, ..
        } = traffic;
        drop(card);
        let counts = ring.counts();
        let slots = counts.slots + counts.discarded_slots;
        assert_eq!(sim.bus_stats().writes - bus.writes, 2 * slots, "{counts:?}");
        sim.end(Fault::SurpriseRemoval);
    }
    let mut traffic = Traffic::start(&sim);
    traffic.take(3);
    traffic.rest(0);
}

#[test]
fn bus_mastering_that_goes_off_and_on_stops_the_ring_until_it_is_recovered() {
    let mut traffic = Traffic::new();
    for round in 0..number("PHOTONBOX_BUS_ERRORS", 8) {
        traffic.take(1 + round % 5);
        let before = traffic.sim.bus_stats();
        let by_fault = round % 2 == 1;
        if by_fault {
            traffic.sim.inject(Fault::AxiError).expect("possible");
        } else {
            traffic.sim.bus_master_enable(false);
        }
        let error = traffic.until_error();
        assert_eq!(
            error.to_string(),
            "the card stopped the entropy ring (1 bus errors); reset it and re-arm (what was in flight is discarded)"
        );
        if by_fault {
            traffic.sim.end(Fault::AxiError);
        } else {
            traffic.sim.bus_master_enable(true);
        }
        let after = traffic.sim.bus_stats();
        let refused = (after.refused - before.refused, after.errors - before.errors);
        assert_eq!(refused, if by_fault { (0, 1) } else { (1, 0) });
        assert!(
            matches!(traffic.ring.poll(), Err(Error::RingStopped { .. })),
            "a bus that is well again doesn't start it"
        );
        assert!(
            traffic
                .card
                .poll_events()
                .expect("alive")
                .is_some_and(|events| events.error)
        );
        traffic.recover();
    }
    traffic.take(2);
    traffic.rest(0);
}

#[test]
fn lost_interrupts_lose_no_slot() {
    let mut traffic = Traffic::new();
    for share in [0.1, 1.0] {
        let fault = Fault::LostInterrupt { share };
        traffic.sim.inject(fault).expect("possible");
        traffic.take(number("PHOTONBOX_LOST_SLOTS", 100));
        traffic.sim.end(fault);
    }
    assert!(traffic.sim.bus_stats().interrupts_lost > 0);
    traffic.take(20);
    traffic.rest(0);
}

/// A transport whose memory can be taken from the card behind the driver's back, as by an IOMMU.
struct Unmapping {
    inner: Box<dyn Transport>,
    mapped: Mapped,
}

/// The true buffers, whose end is the mapping's.
type Mapped = Arc<Mutex<Vec<Arc<Mutex<Option<DmaBuffer>>>>>>;

fn unmap(mapped: &Mapped) {
    for buffer in mapped.lock().expect("lock").drain(..) {
        drop(buffer.lock().expect("lock").take());
    }
}

impl Transport for Unmapping {
    fn read32(&self, offset: u32) -> Result<u32, Error> {
        self.inner.read32(offset)
    }

    fn write32(&self, offset: u32, value: u32) -> Result<(), Error> {
        self.inner.write32(offset, value)
    }

    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error> {
        let buffer = self.inner.alloc_dma(bytes)?;
        let (memory, iova) = (buffer.shared_memory(), buffer.iova());
        let mapping = Arc::new(Mutex::new(Some(buffer)));
        self.mapped.lock().expect("lock").push(Arc::clone(&mapping));
        Ok(DmaBuffer::new(memory, iova, Box::new(mapping)))
    }

    fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.inner.interrupt(vector)
    }

    fn bus_master(&self, on: bool) -> Result<(), Error> {
        self.inner.bus_master(on)
    }

    fn reset(&self) -> Result<(), Error> {
        self.inner.reset()
    }

    fn sleep(&self, on: bool) -> Result<bool, Error> {
        self.inner.sleep(on)
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}

#[test]
fn memory_that_is_unmapped_costs_a_time_out_and_nothing_else() {
    let sim = sim(light(), Pace::AsFastAsPossible);
    let mapped = Mapped::default();
    let transport = Unmapping {
        inner: connect(Arc::clone(&sim) as _).expect("a way to it"),
        mapped: Arc::clone(&mapped),
    };
    let mut traffic = Traffic::over(&sim, Box::new(transport));
    let times = number("PHOTONBOX_UNMAPS", 3);
    for round in 1..=times {
        traffic.take(1 + round % 5);
        let before = sim.bus_stats();
        unmap(&mapped);
        let error = traffic.until_error();
        assert_eq!(
            error.to_string(),
            "the entropy ring timed out: the card has completed slots that never arrived, as after an IOMMU fault; see \
             the kernel log for DMAR or AMD-Vi, then reset the card and re-arm (what was in flight is discarded)"
        );
        let after = sim.bus_stats();
        assert!(after.faults > before.faults, "refused and counted");
        assert_eq!((after.refused, after.errors), (0, 0));
        let status = traffic.card.status().expect("the rest of it works");
        assert_eq!(status.errors.bus, 0, "a posted write has no answer");
        assert!(status.rings[0].full, "it waits for a host that saw nothing");
        traffic.recover();
        traffic.take(20);
        assert_eq!(sim.bus_stats().faults, after.faults, "memory of its own");
    }
    // Each time a slot's data may just have arrived, and its completion not.
    traffic.rest(times);
}
