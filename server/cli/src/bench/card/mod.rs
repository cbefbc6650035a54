//! `card.*`: the way to a card and back, and how fast its rings run, through the driver.
//!
//! The doorbell of a round is the one that submits a key-box job of a single key: the only work that a card does when
//! told, whatever the light. So every block has a known content, which the reference engine says.

mod pump;

use super::harness::{self, Effort, Measured};
use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use photonbox_driver::transport::inprocess::InProcess;
use photonbox_driver::{
    Card, CardSettings, Cutoffs, Device, Error, KeyboxJob, LaneSettings, OpenOptions, RingKind,
    Route,
};
use photonbox_keybox::{Engine as _, IpKey, Parameters, Reference};
use photonbox_simcard::{Build, CoreKind, Pace, SimCard, SimCardOptions, Source, StochasticParams};
use pump::Pump;
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Rounds of `bench card`.
const ROUNDS: u32 = 20_000;
/// Dropped digits of the jobs.
const S: u32 = 8;
/// Keys of a box, where its throughput is measured: 16 KiB.
const KEYS: u32 = 512;
/// Longest wait for light.
const DARK: Duration = Duration::from_secs(10);
/// A gigabit a second, in bytes.
const GIGABIT: f64 = 125e6;

/// What rounds took, in nanoseconds.
pub(crate) struct Rounds {
    /// From the doorbell to the data in memory.
    pub(crate) data: Histogram<u64>,
    /// From the doorbell to the interrupt.
    pub(crate) interrupt: Histogram<u64>,
    /// Rounds whose interrupt didn't come.
    pub(crate) lost: u64,
}

/// The IP key of a round. Anyone can compute it: the keys are for nothing but this.
fn ip_key(round: u32) -> anyhow::Result<IpKey> {
    let spread = |by: u64| (u64::from(round) + 1).wrapping_mul(by);
    let digits = format!(
        "{:020}{:020}{:024}",
        spread(0x9e37_79b9_7f4a_7c15),
        spread(0xc2b2_ae3d_27d4_eb4f),
        spread(0x1656_67b1_9e37_79f9)
    );
    Ok(IpKey::parse(digits.as_bytes())?)
}

/// Round after round: doorbell, data, interrupt. Each key must be the reference engine's.
pub(crate) fn rounds(card: &Card, count: u32, done: &dyn Fn(u32)) -> anyhow::Result<Rounds> {
    // A minute is more than any round is waited for.
    let histogram =
        || Histogram::new_with_bounds(1, 60_000_000_000, 3).context("cannot make a histogram");
    let mut rounds = Rounds {
        data: histogram()?,
        interrupt: histogram()?,
        lost: 0,
    };
    let one = Parameters::new(S, 1, 1)?;
    // A closure that the driver calls can't end it: the first thing that went wrong is told afterwards.
    let mut wrong = None;
    let mut job = |round| match ip_key(round) {
        Ok(key) => *key.x0(S).as_array(),
        Err(_) => [0; 32],
    };
    let mut take = |number, round: photonbox_driver::Round, key: &[u8; 32]| {
        let nanos = |time: Duration| u64::try_from(time.as_nanos()).unwrap_or(u64::MAX).max(1);
        rounds.data.saturating_record(nanos(round.data));
        match round.interrupt {
            Some(time) => rounds.interrupt.saturating_record(nanos(time)),
            None => rounds.lost += 1,
        }
        let mut expected = None;
        let computed = ip_key(number).and_then(|ip_key| {
            Ok(Reference.orbit(&ip_key, one, &mut |_, key| expected = Some(*key))?)
        });
        if computed.is_err() || expected.as_ref() != Some(key) {
            wrong.get_or_insert(number);
        }
        done(number + 1);
    };
    card.keybox_rounds(count, S, &mut job, &mut take)?;
    if let Some(number) = wrong {
        bail!(
            "round {number}: the card's key is not the reference engine's; run `photonbox card selftest`"
        );
    }
    Ok(rounds)
}

/// What went through a ring.
pub(crate) struct Flow {
    /// Bytes a second.
    pub(crate) bytes_per_second: f64,
    /// Share of a core, in percent, that the driver's thread would need at a gigabit a second: what a byte cost it.
    pub(crate) cpu_percent_at_gigabit: f64,
}

/// The key-box ring, over about `time`. The first box of all jobs must be the same, since their IP key is.
pub(crate) fn keybox_ring(card: &Card, time: Duration) -> anyhow::Result<Flow> {
    let x0 = *ip_key(0)?.x0(S).as_array();
    let (start, cpu, mut boxes, mut bytes) = (Instant::now(), thread_time(), 1, 0_u64);
    let mut first = None;
    while start.elapsed() < time {
        let begin = Instant::now();
        let job = KeyboxJob {
            s: S,
            boxes,
            keys: KEYS,
        };
        let mut same = true;
        card.keybox(&job, &x0, &mut |number, keys| {
            bytes += keys.len() as u64;
            if number == 1 {
                same &= *first.get_or_insert_with(|| keys.to_vec()) == keys;
            }
        })?;
        anyhow::ensure!(
            same,
            "two orbits of one IP key differ; run `photonbox card selftest`"
        );
        // Longer jobs until one takes a tenth of the time: its setting up then weighs nothing.
        if begin.elapsed() < time / 10 {
            boxes = (boxes * 2).min(1 << 14);
        }
    }
    let busy = thread_time().saturating_sub(cpu).as_secs_f64();
    Ok(Flow {
        bytes_per_second: bytes as f64 / start.elapsed().as_secs_f64(),
        cpu_percent_at_gigabit: 100.0 * busy / bytes as f64 * GIGABIT,
    })
}

/// Bytes a second of the entropy or the raw ring of a card that is configured for it and runs, over about `time`
/// from its first slot on.
pub(crate) fn light_ring(card: &Card, kind: RingKind, time: Duration) -> anyhow::Result<f64> {
    let mut ring = card.take_ring(kind)?;
    let mut block = Vec::new();
    let (mut start, mut bytes) = (None, 0);
    let dark = Instant::now();
    loop {
        if let Some(slot) = ring.wait(Duration::from_millis(100))? {
            block.resize(slot.len(), 0);
            bytes += slot.copy_to(&mut block)?;
            slot.release()?;
            std::hint::black_box(&mut block);
            let start = *start.get_or_insert_with(|| {
                // What filled before counts for nothing.
                bytes = 0;
                Instant::now()
            });
            let passed = start.elapsed();
            if passed >= time && bytes > 0 {
                block.fill(0);
                return Ok(bytes as f64 / passed.as_secs_f64());
            }
        } else if dark.elapsed() > DARK {
            card.check_health()?;
            bail!(
                "no slot of the {kind} ring in {} s; look at `photonbox card status`",
                DARK.as_secs()
            );
        }
    }
}

/// The settings with every lane that is on going to the raw ring.
pub(crate) fn tapped(settings: &CardSettings) -> CardSettings {
    let mut tapped = settings.clone();
    for lane in &mut tapped.lanes {
        *lane = LaneSettings {
            route: Route::Tap,
            ..*lane
        };
    }
    tapped
}

/// A simulated card of this process, opened.
fn open(device: Arc<dyn Device>) -> Result<Card, Error> {
    let options = OpenOptions {
        expected_build: CoreKind::Model.build_hash(Build::Small),
        ..OpenOptions::default()
    };
    Card::open(Box::new(InProcess::new(device)), options)
}

fn simulated(pace: Pace) -> anyhow::Result<Arc<SimCard>> {
    Ok(SimCard::new(SimCardOptions {
        source: Source::Stochastic(StochasticParams::bright()),
        seed: Some(1),
        pace,
        ..SimCardOptions::default()
    })?)
}

/// Configures the card and starts it, with the operating system's bits for a seed where one is wanted.
fn start(card: &Card, settings: &CardSettings) -> anyhow::Result<()> {
    card.configure(settings)?;
    if settings.uses(Route::Extract) {
        card.load_seed(&super::drbg::os_bytes(settings.extractor.seed_bytes())?)?;
    }
    Ok(card.start()?)
}

/// `memcpy` of a ring's slots, one after the other, from memory that the cache doesn't hold: bytes a second.
fn copying(slot_bytes: usize, slice: Duration) -> anyhow::Result<f64> {
    let source = vec![0xa5_u8; 1 << 26];
    let mut block = vec![0; slot_bytes];
    let mut slots = source.chunks_exact(slot_bytes).cycle();
    harness::rate(slice, || {
        for slot in slots.by_ref().take(64) {
            block.copy_from_slice(slot);
            std::hint::black_box(&mut block);
        }
        Ok(64 * slot_bytes as u64)
    })
}

/// Measures them on the model, in this process.
pub(crate) fn measure(
    effort: Effort,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    // The card's thread stays where its maker was; the driver is on the other core.
    harness::pin(1);
    let device = simulated(Pace::RealTime)?;
    let fast = simulated(Pace::AsFastAsPossible)?;
    let pump = Pump::new(simulated(Pace::Manual)?)?;
    harness::pin(0);

    measuring("card.doorbell");
    let card = open(device)?;
    let rounds = rounds(&card, ROUNDS, &|_| {})?;
    anyhow::ensure!(rounds.lost == 0, "{} interrupts were lost", rounds.lost);
    let micros = |histogram: &Histogram<u64>, q| histogram.value_at_quantile(q) as f64 / 1000.0;
    for (name, histogram, quantile) in [
        ("card.doorbell.p50", &rounds.data, 0.5),
        ("card.doorbell.p99", &rounds.data, 0.99),
        ("card.interrupt.p50", &rounds.interrupt, 0.5),
        ("card.interrupt.p99", &rounds.interrupt, 0.99),
    ] {
        results.push(Measured::alone(name, "us", micros(histogram, quantile)));
    }
    drop(card);

    let card = open(fast)?;
    let mut settings = CardSettings::new(card.identity().lanes, Cutoffs::after_reset());
    let beside = |name: &str, slot_bytes, ours: &mut dyn FnMut() -> anyhow::Result<f64>| {
        measuring(name);
        let medians = harness::pairs(effort.pairs, ours, || copying(slot_bytes, effort.slice))?;
        let (value, baseline) = (medians.ours, medians.baseline);
        anyhow::Ok(Measured::beside(name, "B/s", value, baseline))
    };
    for (name, kind, settings) in [
        ("card.ring.entropy", RingKind::Entropy, settings.clone()),
        ("card.ring.raw", RingKind::Raw, tapped(&settings)),
    ] {
        start(&card, &settings)?;
        let slot_bytes = settings.entropy_ring.slot_bytes as usize;
        results.push(beside(name, slot_bytes, &mut || {
            light_ring(&card, kind, effort.slice)
        })?);
        card.reset()?;
    }
    results.push(beside("card.ring.keybox", 32 * KEYS as usize, &mut || {
        keybox_ring(&card, effort.slice).map(|flow| flow.bytes_per_second)
    })?);
    drop(card);

    let card = open(pump.clone())?;
    // A slot's own cost is that of the slots above; here it is to weigh little.
    settings.entropy_ring.slot_bytes = 1 << 16;
    start(&card, &settings)?;
    let slot_bytes = settings.entropy_ring.slot_bytes as usize;
    results.push(beside("card.ring.driver", slot_bytes, &mut || {
        light_ring(&card, RingKind::Entropy, effort.slice)
    })?);
    measuring("card.cpu.gigabit");
    pump.pace(Some(GIGABIT));
    let busy = harness::alone(effort.pairs, || {
        let (cpu, wall) = (thread_time(), Instant::now());
        let rate = light_ring(&card, RingKind::Entropy, effort.slice)?;
        let busy = thread_time().saturating_sub(cpu);
        // On a machine that is busy elsewhere less comes through; what a byte costs is the same.
        let share = busy.as_secs_f64() / wall.elapsed().as_secs_f64();
        anyhow::Ok(100.0 * share * GIGABIT / rate)
    })?;
    results.push(Measured::alone("card.cpu.gigabit", "%", busy));
    Ok(())
}

/// Processor time of this thread so far.
fn thread_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_and_rings_of_the_model_and_of_the_pump() {
        let card = open(simulated(Pace::AsFastAsPossible).expect("a card")).expect("opens");
        let rounds = rounds(&card, 20, &|_| {}).expect("rounds");
        assert_eq!(rounds.data.len(), 20);
        assert_eq!(rounds.interrupt.len() + rounds.lost, 20);
        assert!(rounds.data.min() <= rounds.interrupt.max());
        let moment = Duration::from_millis(5);
        let flow = keybox_ring(&card, moment).expect("keys");
        assert!(flow.bytes_per_second > 0.0 && flow.cpu_percent_at_gigabit > 0.0);
        let settings = CardSettings::new(card.identity().lanes, Cutoffs::after_reset());
        start(&card, &tapped(&settings)).expect("starts");
        assert!(light_ring(&card, RingKind::Raw, moment).expect("raw bits") > 0.0);
        card.reset().expect("resets");

        let pump = Pump::new(simulated(Pace::Manual).expect("a card")).expect("a thread");
        let card = open(pump.clone()).expect("opens");
        start(&card, &settings).expect("starts");
        assert!(light_ring(&card, RingKind::Entropy, moment).expect("slots") > 0.0);
        pump.pace(Some(1e6));
        // What fills the ring is there at once; from then on the pace is kept.
        let mut ring = card.take_ring(RingKind::Entropy).expect("free");
        while ring.poll().expect("healthy").is_some() {}
        let slot = ring.wait(DARK).expect("healthy").expect("a slot");
        assert!(slot.flags().test && slot.flags().simulated);
    }
}
