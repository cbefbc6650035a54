//! A ring from the host's side.
//!
//! The card writes a slot's data, then its 32-byte completion whose last word holds the phase bit, then perhaps an
//! interrupt. The host takes slots in order and tells the card by the head doorbell. It never reads a slot whose
//! phase isn't the pass's, and the card never writes one that isn't given back: a slow host makes it wait.
//!
//! Slots are counted modulo 2^32, and the count is also the completion's sequence number.

mod core;
#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

pub(crate) use self::core::{Arming, Found, RingCore, in_use};

use crate::{error::Error, layout::RingKind, sync::Instant};
use photonbox_regmap::{Completion, Flags, RawRecord, layout::RAW_RECORD_BYTES, ring};
use serde::{Deserialize, Serialize};
use std::{marker::PhantomData, sync::Arc, time::Duration};

/// How often a waiting ring looks even though no interrupt came.
pub const SLOW_POLL: Duration = Duration::from_millis(50);

/// Size of a ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Geometry {
    /// Slots: a power of two, 2 … [`photonbox_regmap::ring::MAX_SLOTS`].
    pub slots: u32,
    /// Bytes of a slot's data: a multiple of [`photonbox_regmap::ring::SLOT_ALIGN`].
    pub slot_bytes: u32,
}

impl Geometry {
    /// A ring whose data take up to `bytes`: slots of a page, and larger ones where there would be too many.
    #[must_use]
    pub fn within(bytes: u64) -> Self {
        const PAGE: u64 = 4096;
        let most = u64::from(ring::MAX_SLOTS);
        let slots = (bytes / PAGE).clamp(2, most);
        let slots = 1 << slots.ilog2();
        let align = u64::from(ring::SLOT_ALIGN);
        let room = (bytes / slots / align * align).min(ring::MAX_SLOT_BYTES.into());
        let slot_bytes = if slots == most { room.max(PAGE) } else { PAGE };
        Self {
            slots: slots as u32,
            slot_bytes: slot_bytes as u32,
        }
    }
}

/// When a ring's consumer is woken: as soon as `slots` wait, or `within` after the first of them. Fewer wake-ups, fewer
/// doorbells and fewer interrupts for more delay. A ring gives each slot at once unless told.
///
/// The card interrupts once, for the first slot; it does so again after the next doorbell, which comes when all that
/// wait are taken. So whether `slots` wait is looked at eight times within `within`, or every [`SLOW_POLL`] where that is
/// more often, not told by the card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coalescing {
    /// Slots; 0 and 1 mean at once. More than half of the ring counts as half, so that the card never waits for it.
    pub slots: u32,
    /// The longest that the first slot waits for others.
    pub within: Duration,
}

impl Coalescing {
    /// Each slot at once.
    pub const NONE: Self = Self {
        slots: 1,
        within: Duration::ZERO,
    };
}

/// The memory that a ring lies in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RingMemory {
    /// The ring.
    pub ring: RingKind,
    /// Its size: whole pages.
    pub bytes: u64,
    /// Whether it lies in pages of 2 MiB.
    pub huge_pages: bool,
    /// What to change so that it does, where that would help.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub advice: Option<String>,
}

/// What went through a ring since the card was opened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RingCounts {
    /// Slots taken.
    pub slots: u64,
    /// Bytes of data in them.
    pub bytes: u64,
    /// Raw bits they were made of.
    pub raw_bits: u64,
    /// Slots that were complete but not taken when the ring was given up, or that the card marked as unusable.
    pub discarded_slots: u64,
    /// Raw bits they were made of.
    pub discarded_raw_bits: u64,
    /// Slots before which the card had dropped bits (a slow host, an alarm, no seed).
    pub gaps: u64,
    /// Slots that the slow poll found and no interrupt announced.
    pub lost_interrupts: u64,
    /// Slots with bits of a recording's second or later pass.
    pub replayed_slots: u64,
    /// Slots with bits of the card's own pattern generator.
    pub test_slots: u64,
}

/// The consumer's end of a ring: one owner, blocking or async, as it likes.
pub struct Ring {
    core: Arc<RingCore>,
    coalescing: Coalescing,
    /// Slots that may be taken without waiting for others.
    due: u32,
    /// When the first slot of those that gather was seen.
    gathers: Option<Instant>,
}

impl Ring {
    pub(crate) fn take(core: &Arc<RingCore>) -> Result<Self, Error> {
        core.take()?;
        Ok(Self {
            core: Arc::clone(core),
            coalescing: Coalescing::NONE,
            due: 0,
            gathers: None,
        })
    }

    /// Sets when [`Ring::wait`] and [`Ring::next`] give slots; [`Ring::poll`] gives them at once.
    pub fn coalesce(&mut self, coalescing: Coalescing) {
        self.coalescing = coalescing;
        self.due = 0;
        self.gathers = None;
    }

    /// How much longer the slot at the head waits for others; zero when it may go.
    fn gathering(&mut self) -> Duration {
        if self.due > 0 {
            self.due -= 1;
            return Duration::ZERO;
        }
        let Coalescing { slots, within } = self.coalescing;
        if slots <= 1 {
            return Duration::ZERO;
        }
        let (waiting, enough) = self.core.waiting(slots);
        let since = *self.gathers.get_or_insert_with(Instant::now);
        let left = within.saturating_sub(since.elapsed());
        if enough || left.is_zero() {
            self.due = waiting.saturating_sub(1);
            return Duration::ZERO;
        }
        left.min(within / 8).min(SLOW_POLL)
    }

    /// A ring that gathers asks the card as often as one that finds nothing: slots that wait don't hide its death. Gives
    /// how much of `gathering` may pass before it asks again.
    fn until_poll(
        &self,
        gathering: Duration,
        polled: &mut Option<Instant>,
    ) -> Result<Duration, Error> {
        let passed = polled.get_or_insert_with(Instant::now).elapsed();
        if passed >= SLOW_POLL {
            self.core.slow_poll()?;
            *polled = Some(Instant::now());
            return Ok(gathering);
        }
        Ok(gathering.min(SLOW_POLL - passed))
    }

    /// Which ring this is.
    #[must_use]
    pub fn kind(&self) -> RingKind {
        self.core.kind()
    }

    /// What went through it.
    #[must_use]
    pub fn counts(&self) -> RingCounts {
        self.core.counts()
    }

    /// The next slot, if it is there. Touches memory only, but for the doorbell.
    ///
    /// # Errors
    /// What is wrong with the ring; the same again until the card is recovered.
    pub fn poll(&mut self) -> Result<Option<Slot<'_>>, Error> {
        Ok(self.core.look()?.map(|found| self.slot(found)))
    }

    /// Waits for the next slot; `None` when `timeout` passed first. A slot that waits for others ([`Coalescing`]) is given
    /// then, too. A card that isn't started gives nothing.
    ///
    /// # Errors
    /// As [`Ring::poll`], and what the slow poll finds: [`Error::DeadCard`], [`Error::RingStopped`],
    /// [`Error::DmaTimeout`], [`Error::GenerationChanged`].
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<Slot<'_>>, Error> {
        let start = Instant::now();
        let mut polled = None;
        let interrupt = Arc::clone(self.core.interrupt());
        let mut late = false;
        loop {
            if let Some(found) = self.core.look()? {
                if late && !interrupt.wait(Duration::ZERO) {
                    self.core.count_lost_interrupt();
                }
                late = false;
                let left = timeout.saturating_sub(start.elapsed());
                let gathering = self.gathering().min(left);
                if gathering.is_zero() {
                    return Ok(Some(self.slot(found)));
                }
                std::thread::sleep(self.until_poll(gathering, &mut polled)?);
                continue;
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            late = !interrupt.wait(left.min(SLOW_POLL));
            if late {
                self.core.slow_poll()?;
            }
        }
    }

    /// Waits for the next slot in a task, however long it takes. Dropping the future loses nothing.
    ///
    /// # Errors
    /// As [`Ring::wait`].
    pub async fn next(&mut self) -> Result<Slot<'_>, Error> {
        let mut polled = None;
        let interrupt = Arc::clone(self.core.interrupt());
        let mut late = false;
        let found = loop {
            if let Some(found) = self.core.look()? {
                if late && !interrupt.wait(Duration::ZERO) {
                    self.core.count_lost_interrupt();
                }
                late = false;
                let gathering = self.gathering();
                if gathering.is_zero() {
                    break found;
                }
                let step = self.until_poll(gathering, &mut polled)?;
                tokio::time::sleep(step).await;
                continue;
            }
            late = !interrupt.wait_async(SLOW_POLL).await;
            if late {
                self.core.slow_poll()?;
            }
        };
        Ok(self.slot(found))
    }

    pub(crate) fn slot(&mut self, found: Found) -> Slot<'_> {
        // However it was asked for: those behind it gather from when they are seen.
        self.gathers = None;
        Slot {
            core: Arc::clone(&self.core),
            found,
            given_back: false,
            _owner: PhantomData,
        }
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.core.give_up();
    }
}

/// A completed slot, in place: its data stay in ring memory and are read from there. It can't outlive the ring's
/// borrow, so there is one at a time:
///
/// ```compile_fail
/// fn two(ring: &mut photonbox_driver::Ring) -> Result<(), photonbox_driver::Error> {
///     let first = ring.poll()?;
///     let second = ring.poll()?; // the ring is still borrowed by `first`
///     drop((first, second));
///     Ok(())
/// }
/// ```
///
/// Released or dropped, its data are wiped and the slot goes back to the card: nothing is ever read twice.
pub struct Slot<'a> {
    core: Arc<RingCore>,
    found: Found,
    given_back: bool,
    _owner: PhantomData<&'a mut Ring>,
}

impl Slot<'_> {
    /// The completion as the card wrote it, checked against the ring.
    #[must_use]
    pub fn completion(&self) -> &Completion {
        &self.found.completion
    }

    /// Bytes of data.
    #[must_use]
    pub fn len(&self) -> usize {
        self.found.completion.bytes as usize
    }

    /// Whether there is no data.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Raw bits that the data were made of.
    #[must_use]
    pub fn raw_bits(&self) -> u32 {
        self.found.completion.raw_bits
    }

    /// One bit for each lane that they came from.
    #[must_use]
    pub fn lanes(&self) -> u64 {
        self.found.completion.lanes
    }

    /// Where they came from: test, simulated, replayed, not creditable.
    #[must_use]
    pub fn flags(&self) -> Flags {
        self.found.completion.flags
    }

    /// Number of the slot since the ring was armed, modulo 2^32.
    #[must_use]
    pub fn sequence(&self) -> u32 {
        self.found.completion.sequence
    }

    /// Extractor blocks in the slot, or records on the raw ring.
    #[must_use]
    pub fn blocks(&self) -> u16 {
        self.found.completion.blocks
    }

    /// Input bits n and output bits m of an extractor block, as in force for this slot.
    #[must_use]
    pub fn extractor(&self) -> (u32, u32) {
        self.found.extractor
    }

    /// Copies the data into the front of `out`; gives the number of bytes.
    ///
    /// # Errors
    /// [`Error::StaleSlot`] when the card was reset meanwhile, [`Error::BufferTooSmall`].
    pub fn copy_to(&self, out: &mut [u8]) -> Result<usize, Error> {
        let length = self.len();
        let found = out.len();
        let out = out
            .get_mut(..length)
            .ok_or(Error::BufferTooSmall { length, found })?;
        self.core.copy(&self.found, 0, out)?;
        Ok(length)
    }

    /// Copies the data from byte `offset` (a multiple of 8) on, as much as `out` holds and there is.
    ///
    /// # Errors
    /// [`Error::StaleSlot`].
    pub fn read_at(&self, offset: usize, out: &mut [u8]) -> Result<usize, Error> {
        let length = self.len().saturating_sub(offset).min(out.len());
        self.core.copy(&self.found, offset, &mut out[..length])?;
        Ok(length)
    }

    /// The records of a raw-ring slot, in the order of their decision.
    ///
    /// # Errors
    /// [`Error::StaleSlot`].
    pub fn records(&self) -> Result<Vec<RawRecord>, Error> {
        let mut bytes = vec![0; self.len()];
        self.copy_to(&mut bytes)?;
        Ok(bytes
            .as_chunks::<RAW_RECORD_BYTES>()
            .0
            .iter()
            .map(|record| RawRecord::from_bytes(*record))
            .collect())
    }

    /// Wipes the data and gives the slot back to the card. Dropping does the same, but can't say what went wrong.
    ///
    /// # Errors
    /// [`Error::Link`] when the doorbell couldn't be rung.
    pub fn release(mut self) -> Result<(), Error> {
        self.given_back = true;
        self.core.give_back(&self.found)
    }
}

impl Drop for Slot<'_> {
    fn drop(&mut self) {
        if !self.given_back
            && let Err(error) = self.core.give_back(&self.found)
        {
            tracing::warn!(%error, ring = %self.core.kind(), "a slot couldn't be given back");
        }
    }
}
