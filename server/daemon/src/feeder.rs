//! The thread between card and pool: takes slots off the entropy ring, credits them, passes alarms
//! on, refreshes the extractor's seed, brings the card back after a time-out.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use photonbox_channel::ByteSource;
use photonbox_driver::{
    Card, CardSettings, CardStatus, LaneSettings, LaneState, Ring, RingKind, Stage,
};
use photonbox_entropy::credit;
use photonbox_entropy::health::{Alarm, AlarmSet, Observed};
use photonbox_entropy::pool::{Absorbed, PoolError, SourceBlock};
use photonbox_entropy::provenance::Provenance;
use photonbox_secret::SecretBytes;

use crate::card::{OpenedCard, card_failed, first_seed};
use crate::held::HeldLanes;
use crate::source::{DrawError, Entropy};
use crate::{Error, Result};

/// How often lanes are looked at without an alarm.
const LOOK: Duration = Duration::from_millis(50);
/// How long the feeder waits for a slot before it looks around; no slot waits longer for others.
pub(crate) const WAIT: Duration = Duration::from_millis(20);
/// Pause after a card that would not recover, and while the pool is full.
const PAUSE: Duration = Duration::from_millis(200);
/// How often a recovery is tried before the source counts as lost, which only an operator undoes.
const ATTEMPTS: u32 = 3;

/// A running feeder; dropping it stops thread and card.
pub(crate) struct Feeder {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    shared: Arc<Shared>,
}

struct Shared {
    card: Arc<Card>,
    source: String,
    entropy: Arc<Entropy>,
    last: Mutex<Option<CardStatus>>,
    /// Taken while lanes are looked at or re-armed: what was seen before a command would fail the lane again after it.
    held: Mutex<HeldLanes>,
    /// Since when lanes are held, for whoever doesn't wait for the card.
    since: Mutex<BTreeMap<u8, u64>>,
    seed_refreshes: std::sync::atomic::AtomicU64,
}

impl Feeder {
    /// Loads the first seed, starts the card, starts the thread.
    /// Lanes that are held stay off; with every lane held the card waits for an operator.
    pub(crate) fn start(
        opened: OpenedCard,
        entropy: Arc<Entropy>,
        held: HeldLanes,
    ) -> Result<Self> {
        let OpenedCard {
            card,
            settings,
            gathering,
            source,
            simulated,
            reproducible,
            ..
        } = opened;
        let millibits = credit::toeplitz_block_millibits(
            settings.extractor.n,
            settings.extractor.m,
            settings.cutoffs.claimed_h,
        )
        .map_err(|error| Error::usage(error.to_string(), "correct claimed_h in [card]"))?;
        let seed = first_seed(&settings)?;
        card.load_seed(seed.as_slice())
            .map_err(|e| card_failed(&e))?;
        let mut ring = card
            .take_ring(RingKind::Entropy)
            .map_err(|e| card_failed(&e))?;
        ring.coalesce(gathering);
        let kept = held.keep_off(&card, &settings.lanes)?;
        tell_pool(&entropy, &source, &settings, &kept)?;
        match card.start() {
            Err(error @ photonbox_driver::Error::HealthAlarm { .. }) => {
                tracing::error!(%error, "every lane is held: both classes of output are stopped until one is re-armed");
            }
            other => other.map_err(|e| card_failed(&e))?,
        }
        let shared = Arc::new(Shared {
            card,
            source,
            entropy,
            last: Mutex::new(None),
            since: Mutex::new(held.since()),
            held: Mutex::new(held),
            seed_refreshes: 1.into(),
        });
        let stop = Arc::new(AtomicBool::new(false));
        let mut work = Work {
            shared: Arc::clone(&shared),
            stop: Arc::clone(&stop),
            ring,
            millibits,
            block_bytes: settings.extractor.m as usize / 8,
            seed_bytes: settings.extractor.seed_bytes(),
            looked: None,
            copies: shared.entropy.copies(),
            slots: settings.entropy_ring.slots,
            buffer: SecretBytes::new_zeroed(settings.entropy_ring.slot_bytes as usize),
            refused: false,
            labels: Provenance::REAL,
            reproducible,
        };
        let thread = std::thread::Builder::new()
            .name("feeder".into())
            .spawn(move || {
                work.run();
                // The simulated card stops only after the driver has let go of it.
                drop(work);
                drop(simulated);
            })
            .map_err(|error| {
                Error::failed(
                    format!("cannot start the feeder's thread: {error}"),
                    "raise the limit of threads",
                )
            })?;
        Ok(Self {
            stop,
            thread: Some(thread),
            shared,
        })
    }

    /// The card's status as the feeder last saw it.
    pub(crate) fn card_status(&self) -> Option<CardStatus> {
        self.shared
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Since when a lane is held off, seconds since 1970.
    pub(crate) fn held_since(&self, lane: u8) -> Option<u64> {
        let since = self.shared.since.lock();
        since
            .unwrap_or_else(PoisonError::into_inner)
            .get(&lane)
            .copied()
    }

    /// Name of the source in the ledger.
    pub(crate) fn source(&self) -> &str {
        &self.shared.source
    }

    /// An operator's command: the lane begins again with its start-up test.
    pub(crate) async fn rearm(&self, lane: u8) -> Result<()> {
        let shared = Arc::clone(&self.shared);
        // The driver waits for the card: tens of milliseconds.
        tokio::task::spawn_blocking(move || shared.rearm(lane))
            .await
            .map_err(|error| {
                Error::failed(
                    format!("the lane was not re-armed: {error}"),
                    "look at the log",
                )
            })?
    }
}

/// What the pool is to know before anybody asks it: which lanes are held, and that the others are on their way.
fn tell_pool(
    entropy: &Entropy,
    source: &str,
    settings: &CardSettings,
    kept: &[(u8, Vec<String>)],
) -> Result<()> {
    for number in (0..).zip(&settings.lanes).filter_map(on) {
        let observed = match kept.iter().find(|(lane, _)| *lane == number) {
            Some((_, names)) => Observed::Alarm(alarms(names)),
            None => Observed::StartUp,
        };
        entropy
            .pool()
            .observe_lane(source, number, observed)
            .map_err(|error| Error::failed(error.to_string(), "look at the log"))?;
    }
    Ok(())
}

fn on((number, lane): (u8, &LaneSettings)) -> Option<u8> {
    lane.enabled.then_some(number)
}

impl Shared {
    fn held(&self) -> MutexGuard<'_, HeldLanes> {
        // Each change is whole in memory before it goes to the disk.
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rearm(&self, lane: u8) -> Result<()> {
        let Self {
            card,
            entropy,
            source,
            ..
        } = self;
        let mut held = self.held();
        let status = card.status().map_err(|e| card_failed(&e))?;
        if !status
            .lanes
            .iter()
            .any(|known| known.lane == u32::from(lane))
        {
            return Err(Error::usage(
                format!("the card has no lane {lane}"),
                format!(
                    "choose a lane from 0 to {}",
                    status.lanes.len().saturating_sub(1)
                ),
            ));
        }
        card.rearm(u32::from(lane)).map_err(|e| card_failed(&e))?;
        if card.stage() == Stage::Ready {
            // With every lane held it was not started.
            card.start().map_err(|e| card_failed(&e))?;
        }
        entropy
            .pool()
            .rearm(source, lane)
            .map_err(|error| Error::failed(error.to_string(), "look at `photonbox status`"))?;
        held.rearmed(lane);
        tracing::warn!(lane, "lane re-armed by the operator");
        Ok(())
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            // A feeder that panicked has already said so, and has fed nothing since.
            let _ = thread.join();
        }
    }
}

struct Work {
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
    ring: Ring,
    /// Credit of one extractor block.
    millibits: u64,
    block_bytes: usize,
    seed_bytes: usize,
    looked: Option<Instant>,
    /// Copies of this machine, before what lies on the ring came there.
    copies: u64,
    /// Of the ring.
    slots: u32,
    buffer: SecretBytes,
    refused: bool,
    /// Labels of everything that came so far.
    labels: Provenance,
    /// See [`OpenedCard::reproducible`].
    reproducible: bool,
}

/// Adds `more` to `labels`; the sum, if it changed.
fn new_labels(labels: &mut Provenance, more: Provenance) -> Option<Provenance> {
    let before = std::mem::replace(labels, labels.merge(more));
    (before != *labels).then_some(*labels)
}

impl Work {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Acquire)
    }

    fn run(&mut self) {
        while !self.stopped() {
            let done = self.step();
            if let Err(error) = done {
                self.trouble(&error);
            }
        }
        // An alarm of the last moment is remembered, too.
        if let Err(error) = self.look() {
            tracing::debug!(%error, "no last look at the lanes");
        }
        if let Err(error) = self.shared.card.stop() {
            tracing::debug!(%error, "the card did not stop");
        }
    }

    fn step(&mut self) -> Result<(), photonbox_driver::Error> {
        let events = self.shared.card.poll_events()?.unwrap_or_default();
        if events.seed_due {
            self.refresh_seed()?;
        }
        let due = self.looked.is_none_or(|at| at.elapsed() >= LOOK);
        if events.alarm || due {
            self.look()?;
        }
        // Back-pressure: slots stay on the ring, and the ring stops the card.
        if self.shared.entropy.pool().input_full() {
            std::thread::sleep(WAIT);
            return Ok(());
        }
        self.take_slot()
    }

    /// The machine was copied: what lies on the ring lies on the copy's, too.
    fn empty_ring(&mut self) -> Result<(), photonbox_driver::Error> {
        let mut dropped = 0;
        while dropped < self.slots
            && let Some(slot) = self.ring.wait(Duration::ZERO)?
        {
            slot.release()?;
            dropped += 1;
        }
        tracing::warn!(
            slots = dropped,
            "what the card gave before this machine was copied is dropped, without credit"
        );
        Ok(())
    }

    /// Takes one slot in, block by block.
    fn take_slot(&mut self) -> Result<(), photonbox_driver::Error> {
        let copies = self.shared.entropy.copies();
        if copies != self.copies {
            self.empty_ring()?;
            self.copies = copies;
        }
        let Some(slot) = self.ring.wait(WAIT)? else {
            return Ok(());
        };
        let flags = slot.flags();
        let (raw_bits, lanes) = (u64::from(slot.raw_bits()), slot.lanes());
        let blocks = u64::from(slot.blocks());
        let length = slot.copy_to(self.buffer.as_mut_slice())?;
        slot.release()?;
        if flags.error || flags.not_creditable || length == 0 || length % self.block_bytes != 0 {
            tracing::warn!(?flags, length, "a slot that cannot be credited was dropped");
            photonbox_secret::wipe(&mut self.buffer.as_mut_slice()[..length]);
            return Ok(());
        }
        // A lane that has just left its start-up test is known to the pool before its first bits.
        let running = self
            .shared
            .entropy
            .pool()
            .health()
            .running(&self.shared.source);
        if lanes & !running != 0 {
            self.look()?;
        }
        let provenance = Provenance {
            simulated: flags.simulated,
            replayed: flags.replayed,
            test: flags.test || self.reproducible,
        };
        if let Some(labels) = new_labels(&mut self.labels, provenance) {
            tracing::warn!(%labels, source = self.shared.source, "the source's entropy is labelled");
        }
        let data = &self.buffer.as_slice()[..length];
        let per_block = raw_bits / blocks.max(1);
        let mut taken = false;
        for block in data.chunks_exact(self.block_bytes) {
            let offered = SourceBlock {
                source: &self.shared.source,
                data: block,
                credited_millibits: self.millibits,
                raw_bits: per_block,
                lanes,
                provenance,
            };
            match self.shared.entropy.absorb(offered, self.copies) {
                Ok(Absorbed::Taken { .. }) => taken = true,
                Ok(Absorbed::Discarded) => {}
                // Credit nobody has room for is simply not taken.
                Err(PoolError::Full) => break,
                Err(error) => {
                    if !std::mem::replace(&mut self.refused, true) {
                        tracing::error!(%error, "the pool refuses the card's blocks");
                    }
                    break;
                }
            }
        }
        photonbox_secret::wipe(&mut self.buffer.as_mut_slice()[..length]);
        if taken {
            self.maintain();
            self.shared.entropy.tell();
        }
        Ok(())
    }

    fn maintain(&self) {
        match self.shared.entropy.maintain() {
            Ok(()) | Err(DrawError::Pool(PoolError::Unhealthy(_))) => {}
            Err(error) => tracing::error!(%error, "the pool cannot be seeded"),
        }
    }

    /// Reads all lanes and tells the pool.
    fn look(&mut self) -> Result<(), photonbox_driver::Error> {
        let mut held = self.shared.held();
        let status = self.shared.card.status()?;
        self.looked = Some(Instant::now());
        let before = self.shared.entropy.health();
        for lane in &status.lanes {
            let observed = match lane.state {
                LaneState::Off => Observed::Off,
                LaneState::Startup => Observed::StartUp,
                LaneState::Running => Observed::Running,
                LaneState::Alarmed => Observed::Alarm(alarms(&lane.alarms)),
            };
            let number = lane.lane as u8;
            let failed =
                self.shared
                    .entropy
                    .pool()
                    .observe_lane(&self.shared.source, number, observed);
            match failed {
                Ok(true) => {
                    tracing::error!(lane = number, alarms = ?lane.alarms, "a health test failed: the lane is stopped")
                }
                Ok(false) => {}
                Err(error) => tracing::error!(%error, "the pool refuses a lane's state"),
            }
            match lane.state {
                LaneState::Alarmed => held.alarmed(number, &lane.alarms),
                LaneState::Running => held.runs(number),
                LaneState::Off | LaneState::Startup => {}
            }
        }
        *self
            .shared
            .since
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = held.since();
        drop(held);
        // The event may have come before there was anything to seed from.
        let seed_wanted = status.extractor.seed_due || status.extractor.seed_exhausted;
        *self
            .shared
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(status);
        if seed_wanted {
            self.refresh_seed()?;
        }
        let after = self.shared.entropy.health();
        if before != after {
            if after.allows_output() {
                tracing::info!(health = %after, "source");
            } else {
                tracing::error!(health = %after, "source: both classes of output are stopped");
            }
            self.shared.entropy.tell();
        }
        Ok(())
    }

    /// A new seed from the DRBG; before that has its own, the card keeps the one from the system.
    fn refresh_seed(&self) -> Result<(), photonbox_driver::Error> {
        let mut seed = SecretBytes::new_zeroed(self.seed_bytes);
        if self.shared.entropy.fill(seed.as_mut_slice()).is_ok() {
            self.shared.card.load_seed(seed.as_slice())?;
            self.shared.seed_refreshes.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Resets the card and sets it going again, with a fresh seed.
    fn recover(&self) -> Result<(), photonbox_driver::Error> {
        let mut seed = SecretBytes::new_zeroed(self.seed_bytes);
        // The extractor's seed is no output: like the first one it may be the system's.
        if self.shared.entropy.fill(seed.as_mut_slice()).is_err() {
            crate::os::random(seed.as_mut_slice()).map_err(|source| {
                photonbox_driver::Error::Link {
                    what: "drawing a seed from the system's generator".into(),
                    source,
                }
            })?;
        }
        match self.shared.card.recover(seed.as_slice()) {
            Ok(recovery) => tracing::warn!(?recovery, "card recovered"),
            // It is well, and waits for an operator.
            Err(error @ photonbox_driver::Error::HealthAlarm { .. }) => {
                tracing::error!(%error, "the card recovered, and every lane is held: none runs until it is re-armed");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// After an error: a recoverable one resets the card, any other counts as a lost source.
    fn trouble(&mut self, error: &photonbox_driver::Error) {
        if error.is_recoverable() {
            tracing::warn!(%error, "card in trouble: resetting it");
            for attempt in 1..=ATTEMPTS {
                match self.recover() {
                    Ok(()) => return,
                    Err(error) => {
                        tracing::error!(%error, attempt, "the card did not recover");
                        if !error.is_recoverable() || self.stopped() {
                            break;
                        }
                    }
                }
            }
        }
        match self.shared.entropy.pool().source_lost(&self.shared.source) {
            Ok(failed) if !failed.is_empty() => {
                tracing::error!(%error, lanes = ?failed, "the card is lost");
            }
            Ok(_) => {}
            Err(error) => tracing::error!(%error, "the pool refuses the loss of its source"),
        }
        self.shared.entropy.tell();
        std::thread::sleep(PAUSE);
    }
}

/// The driver's names as the hub's alarms; a name of a newer card counts as a failed start.
fn alarms(names: &[String]) -> AlarmSet {
    names
        .iter()
        .map(|name| match name.as_str() {
            "repetition-count" => Alarm::RepetitionCount,
            "adaptive-proportion" => Alarm::AdaptiveProportion,
            "rate-low" => Alarm::RateLow,
            "rate-high" => Alarm::RateHigh,
            "balance" => Alarm::Balance,
            _ => Alarm::StartUp,
        })
        .collect()
}

#[cfg(test)]
#[path = "feeder_tests.rs"]
mod tests;
