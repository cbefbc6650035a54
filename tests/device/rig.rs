//! Cards for the tests. Each program says what it takes for a card, and the way to it.

use crate::{AnyCard, CORE, SimCard, connect};
use photonbox_driver::{Card, CardSettings, Cutoffs, OpenOptions, Ring, RingKind, Transport};
use photonbox_simcard::{Build, CoreKind, Pace, SimCardOptions, Source, StochasticParams};
use std::{sync::Arc, time::Duration};

pub(crate) use crate::Forged;

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

pub(crate) fn open(device: Arc<AnyCard>) -> Card {
    open_over(connect(device).expect("a way to the card"))
}

pub(crate) fn open_over(transport: Box<dyn Transport>) -> Card {
    let options = OpenOptions {
        expected_build: CORE.build_hash(Build::Small),
        patience: Duration::from_millis(200),
        ..OpenOptions::default()
    };
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
