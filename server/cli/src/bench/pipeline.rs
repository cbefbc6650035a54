//! `pipeline.model` and `pipeline.bits`: stochastic light on the four lanes of the small card, in
//! one pinned thread. `pipeline.rtl`: the same on the verilated hardware, in programs with it; `pipeline.rtl-wide`: on
//! that of build wide, whose 64 lanes are all lit.

use super::harness::{self, Effort, Measured};
use photonbox_driver::transport::inprocess::InProcess;
use photonbox_driver::{Card, CardSettings, Cutoffs, OpenOptions, Ring, RingKind};
use photonbox_simcard::{Build, CoreKind, Pace, SimCard, SimCardOptions, Source};
use std::sync::Arc;

/// Card time between two looks at the ring: 4.2 ms, far less than the ring holds. Verilated hardware takes a second
/// for that: it is asked for less.
const fn stride(core: CoreKind) -> u64 {
    match core {
        CoreKind::Model => 1 << 20,
        CoreKind::Rtl => 1 << 14,
    }
}

/// Cycles after which a slot leaves verilated hardware, so that none takes millions of them.
const RTL_FLUSH: u32 = 1 << 16;
/// The same photons in every run.
const SEED: u64 = 1;

/// A card whose time passes only when told, and the host's end of its entropy ring.
struct Bench {
    device: Arc<SimCard>,
    stride: u64,
    // Kept: an open card is what the ring belongs to.
    card: Card,
    ring: Ring,
    block: Vec<u8>,
}

impl Bench {
    fn start(core: CoreKind, build: Build) -> anyhow::Result<Self> {
        let device = SimCard::new(SimCardOptions {
            core,
            build,
            source: Source::Stochastic(core.default_light()),
            seed: Some(SEED),
            pace: Pace::Manual,
            ..SimCardOptions::default()
        })?;
        let card = Card::open(
            Box::new(InProcess::new(device.clone())),
            OpenOptions {
                expected_build: core.build_hash(build),
                ..OpenOptions::default()
            },
        )?;
        let mut settings = CardSettings::new(card.identity().lanes, Cutoffs::after_reset());
        // One seed throughout: refreshing it is the hub's affair.
        settings.extractor.blocks_per_seed = 0;
        if core == CoreKind::Rtl {
            settings.flush_cycles = RTL_FLUSH;
        }
        card.configure(&settings)?;
        card.load_seed(&super::drbg::os_bytes(settings.extractor.seed_bytes())?)?;
        let ring = card.take_ring(RingKind::Entropy)?;
        card.start()?;
        let mut bench = Self {
            device,
            stride: stride(core),
            card,
            ring,
            block: vec![0; 1 << 16],
        };
        // Past the start-up tests, so that every measured cycle does the whole work.
        bench.slot()?;
        Ok(bench)
    }

    /// Lets [`stride`] cycles pass and takes what the card has put into the ring; raw bits of it.
    fn pass(&mut self) -> anyhow::Result<u64> {
        self.device.advance(self.stride);
        let mut raw_bits = 0;
        while let Some(slot) = self.ring.poll()? {
            raw_bits += u64::from(slot.raw_bits());
            let bytes = slot.copy_to(&mut self.block)?;
            std::hint::black_box(&self.block[..bytes]);
            slot.release()?;
        }
        Ok(raw_bits)
    }

    /// From one filled slot to the next, so that no measurement ends between two; raw bits of it.
    fn slot(&mut self) -> anyhow::Result<u64> {
        loop {
            match self.pass()? {
                0 => {}
                raw_bits => return Ok(raw_bits),
            }
        }
    }
}

/// Cycles a second of the card's core.
fn cycles(
    bench: &mut Bench,
    name: &'static str,
    effort: Effort,
    measuring: &dyn Fn(&str),
) -> anyhow::Result<Measured> {
    measuring(name);
    let stride = bench.stride;
    let cycles = harness::alone(effort.pairs, || {
        harness::rate(effort.slice, || bench.pass().map(|_| stride))
    })?;
    Ok(Measured::alone(name, "cycles/s", cycles))
}

/// Measures them.
pub(crate) fn measure(
    effort: Effort,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    let mut bench = Bench::start(CoreKind::Model, Build::Small)?;
    results.push(cycles(&mut bench, "pipeline.model", effort, measuring)?);
    measuring("pipeline.bits");
    let bits = harness::alone(effort.pairs, || {
        harness::rate(effort.slice, || bench.slot())
    })?;
    results.push(Measured::alone("pipeline.bits", "bit/s", bits));
    bench.card.check_health()?;
    for (name, build) in [
        ("pipeline.rtl", Build::Small),
        ("pipeline.rtl-wide", Build::Wide),
    ] {
        if CoreKind::Rtl.comes_in(build) {
            let mut bench = Bench::start(CoreKind::Rtl, build)?;
            results.push(cycles(&mut bench, name, effort, measuring)?);
            bench.card.check_health()?;
        }
    }
    Ok(())
}
