//! Cards for the tests, and a bus that lies.

use photonbox_driver::{Card, CardSettings, Cutoffs, Device, HostBus, OpenOptions, Ring, RingKind};
use photonbox_simcard::{Build, Pace, SimCard, SimCardOptions, Source, StochasticParams};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{CORE, connect};
use photonbox_simcard::CoreKind;

/// How much brighter the light is on the verilated card, and how much shorter the time that a test plays: it executes
/// every cycle. Not more, since the rate watch's window is 2^20 cycles long whatever the light.
pub(crate) const BRIGHTER: u64 = match CORE {
    CoreKind::Model => 1,
    CoreKind::Rtl => 2,
};

/// The tests' unit of time in cycles: a millisecond at 250 MHz, on the model.
pub(crate) const MS: u64 = 250_000 / BRIGHTER;

/// A seed of the extractor; any bytes do.
pub(crate) fn seed() -> Vec<u8> {
    (0..176_u32)
        .map(|index| (index.wrapping_mul(167) ^ 0x5c) as u8)
        .collect()
}

/// Bright enough for a ring to fill within a few milliseconds of card time.
pub(crate) fn photons() -> StochasticParams {
    StochasticParams {
        rate: 1e6 * BRIGHTER as f64,
        ..StochasticParams::default()
    }
}

pub(crate) fn light() -> Source {
    Source::Stochastic(photons())
}

pub(crate) fn sim(source: Source, pace: Pace) -> Arc<SimCard> {
    sim_of(Build::Small, source, pace)
}

pub(crate) fn sim_of(build: Build, source: Source, pace: Pace) -> Arc<SimCard> {
    let options = SimCardOptions {
        core: CORE,
        build,
        source,
        seed: Some(7),
        pace,
        ..SimCardOptions::default()
    };
    SimCard::new(options).expect("a simulated card")
}

pub(crate) fn open(device: Arc<dyn Device>) -> Card {
    let options = OpenOptions {
        expected_build: CORE.build_hash(Build::Small),
        patience: Duration::from_millis(200),
        ..OpenOptions::default()
    };
    let transport = connect(device).expect("a way to the card");
    Card::open(transport, options).expect("a healthy card")
}

/// The defaults on `lanes` lanes, with slots that leave after 1 ms.
pub(crate) fn settings(lanes: u32) -> CardSettings {
    CardSettings {
        flush_cycles: MS as u32,
        ..CardSettings::new(lanes, Cutoffs::after_reset())
    }
}

/// A card that runs, time standing still, and its entropy ring.
pub(crate) fn running(settings: &CardSettings) -> (Arc<SimCard>, Card, Ring) {
    let sim = sim(light(), Pace::Manual);
    let card = open(Arc::clone(&sim) as _);
    card.configure(settings).expect("valid settings");
    card.load_seed(&seed()).expect("a seed of the right length");
    let ring = card.take_ring(RingKind::Entropy).expect("free");
    card.start().expect("a card that starts");
    (sim, card, ring)
}

/// Everything that the ring holds now.
pub(crate) fn drain(ring: &mut Ring) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(slot) = ring.poll().expect("a healthy ring") {
        let start = all.len();
        all.resize(start + slot.len(), 0);
        slot.copy_to(&mut all[start..]).expect("not stale");
        slot.release().expect("a doorbell");
    }
    all
}

/// A card with some registers forged, and whose writes to chosen registers get lost.
pub(crate) struct Forged {
    inner: Arc<dyn Device>,
    reads: Mutex<HashMap<u32, u32>>,
    lost: Mutex<Vec<u32>>,
}

impl Forged {
    pub(crate) fn new(inner: Arc<dyn Device>) -> Arc<Self> {
        Arc::new(Self {
            inner,
            reads: Mutex::default(),
            lost: Mutex::default(),
        })
    }

    pub(crate) fn forge(&self, offset: u32, value: u32) {
        self.reads.lock().expect("lock").insert(offset, value);
    }

    pub(crate) fn honest(&self) {
        self.reads.lock().expect("lock").clear();
    }

    pub(crate) fn lose_writes(&self, offset: u32) {
        self.lost.lock().expect("lock").push(offset);
    }
}

impl Device for Forged {
    fn read32(&self, offset: u32) -> u32 {
        let forged = self.reads.lock().expect("lock").get(&offset).copied();
        forged.unwrap_or_else(|| self.inner.read32(offset))
    }

    fn write32(&self, offset: u32, value: u32) {
        if !self.lost.lock().expect("lock").contains(&offset) {
            self.inner.write32(offset, value);
        }
    }

    fn attach(&self, host: Arc<dyn HostBus>) {
        self.inner.attach(host);
    }

    fn bus_master_enable(&self, on: bool) {
        self.inner.bus_master_enable(on);
    }

    fn function_level_reset(&self) {
        self.inner.function_level_reset();
    }

    fn describe(&self) -> String {
        self.inner.describe()
    }
}
