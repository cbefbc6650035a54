//! The state of a ring, shared by its consumer and by the card that arms, stops and recovers it.

use super::{Geometry, RingCounts, RingMemory};
use crate::{
    dma::DmaBuffer,
    error::Error,
    layout::RingKind,
    regs::Registers,
    sync::{AtomicBool, Instant, Mutex, MutexGuard},
    transport::{Interrupt, Transport},
};
use photonbox_regmap::{
    Completion, Phase, global,
    layout::{COMPLETION_BYTES, GENERATION, PHASE, RAW_RECORD_BYTES},
    ring,
};
use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::Duration,
};

/// A slot that is the host's.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    pub(crate) completion: Completion,
    /// n and m.
    pub(crate) extractor: (u32, u32),
    /// Which life of the ring it belongs to.
    life: u64,
}

/// What a ring is armed with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arming {
    pub(crate) geometry: Geometry,
    pub(crate) generation: u32,
    pub(crate) extractor: (u32, u32),
    pub(crate) flush_cycles: u32,
}

pub(crate) struct RingCore {
    kind: RingKind,
    registers: Registers,
    interrupt: Arc<Interrupt>,
    /// How long the card may be ahead of what arrived in memory.
    patience: Duration,
    taken: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    buffer: Option<DmaBuffer>,
    arming: Option<Arming>,
    /// Counts armings and disarmings; slots of an earlier life are stale.
    life: u64,
    /// Slots taken, modulo 2^32.
    head: u32,
    /// The head that the card was told last.
    rung: u32,
    /// Since when the card's tail is ahead of what arrived.
    behind: Option<Instant>,
    fault: Option<Fault>,
    /// Writes went astray: the mapping may be gone, so the next life gets memory of its own.
    astray: bool,
    /// The card sleeps: doorbells wait, and its registers say nothing.
    paused: bool,
    counts: RingCounts,
}

/// Why nothing more comes; stays until the ring is armed anew.
#[derive(Debug, Clone)]
enum Fault {
    Dead,
    Gap { expected: u32, found: u32 },
    Generation { expected: u32, found: u32 },
    Bad(String),
    Stopped(String),
    Timeout,
}

impl Fault {
    fn error(&self, ring: RingKind) -> Error {
        match self.clone() {
            Self::Dead => Error::DeadCard,
            Self::Gap { expected, found } => Error::SequenceGap {
                ring,
                expected,
                found,
            },
            Self::Generation { expected, found } => Error::GenerationChanged { expected, found },
            Self::Bad(what) => Error::BadCompletion { ring, what },
            Self::Stopped(reason) => Error::RingStopped { ring, reason },
            Self::Timeout => Error::DmaTimeout { ring },
        }
    }
}

impl Arming {
    /// Where the completion of slot number `count` lies; the data of all slots come first.
    fn completion_at(&self, count: u32) -> usize {
        let Geometry { slots, slot_bytes } = self.geometry;
        slots as usize * slot_bytes as usize + (count % slots) as usize * COMPLETION_BYTES
    }

    fn data_at(&self, count: u32) -> usize {
        (count % self.geometry.slots) as usize * self.geometry.slot_bytes as usize
    }

    fn bytes(&self) -> usize {
        let Geometry { slots, slot_bytes } = self.geometry;
        slots as usize * (slot_bytes as usize + COMPLETION_BYTES)
    }

    /// Everything that a completion whose phase is right must also be.
    fn check(&self, kind: RingKind, count: u32, completion: &Completion) -> Result<(), Fault> {
        let expected = GENERATION.get(self.generation);
        if completion.generation != expected {
            return Err(Fault::Generation {
                expected,
                found: completion.generation,
            });
        }
        if completion.sequence != count {
            return Err(Fault::Gap {
                expected: count,
                found: completion.sequence,
            });
        }
        let place = count % self.geometry.slots;
        if u32::from(completion.slot) != place {
            return Err(Fault::Bad(format!(
                "slot {} in place {place}",
                completion.slot
            )));
        }
        if completion.ring != kind.number() {
            return Err(Fault::Bad(format!(
                "it belongs to ring {}",
                completion.ring
            )));
        }
        if completion.bytes > self.geometry.slot_bytes {
            return Err(Fault::Bad(format!(
                "{} bytes in a slot of {}",
                completion.bytes, self.geometry.slot_bytes
            )));
        }
        if kind == RingKind::Raw {
            if !completion.bytes.is_multiple_of(RAW_RECORD_BYTES as u32) {
                return Err(Fault::Bad(format!(
                    "{} bytes aren't whole records",
                    completion.bytes
                )));
            }
            if !completion.flags.not_creditable {
                return Err(Fault::Bad("raw bits marked as creditable".into()));
            }
        }
        Ok(())
    }
}

/// What a running card is asked in vain.
pub(crate) fn in_use() -> Error {
    Error::Order {
        state: "running",
        action: "give up a ring that was in use",
        help: "stop it first",
    }
}

impl RingCore {
    pub(crate) fn new(
        kind: RingKind,
        transport: Arc<dyn Transport>,
        patience: Duration,
    ) -> Result<Arc<Self>, Error> {
        let interrupt = transport.interrupt(kind.number() as u16)?;
        let registers = Registers::new(transport);
        let (taken, state) = (AtomicBool::new(false), Mutex::default());
        Ok(Arc::new(Self {
            kind,
            registers,
            interrupt,
            patience,
            taken,
            state,
        }))
    }

    pub(crate) fn kind(&self) -> RingKind {
        self.kind
    }

    pub(crate) fn interrupt(&self) -> &Arc<Interrupt> {
        &self.interrupt
    }

    pub(crate) fn counts(&self) -> RingCounts {
        self.lock().counts
    }

    /// What it lies in, once it was armed.
    pub(crate) fn memory(&self) -> Option<RingMemory> {
        let state = self.lock();
        let memory = state.buffer.as_ref()?.memory();
        Some(RingMemory {
            ring: self.kind,
            bytes: memory.len() as u64,
            huge_pages: memory.is_huge(),
            advice: memory.huge_page_advice(),
        })
    }

    pub(crate) fn count_lost_interrupt(&self) {
        self.lock().counts.lost_interrupts += 1;
    }

    pub(crate) fn is_armed(&self) -> bool {
        self.lock().arming.is_some()
    }

    /// Whether it is armed and sound, in this life of the card, with slots of so many bytes or more: then the next user can go
    /// on with it.
    pub(crate) fn goes_on(&self, slot_bytes: u32, generation: u32) -> bool {
        let state = self.lock();
        let fits = |arming: Arming| {
            arming.geometry.slot_bytes >= slot_bytes && arming.generation == generation
        };
        state.arming.is_some_and(fits) && state.fault.is_none()
    }

    /// While the card sleeps its registers are let alone.
    pub(crate) fn pause(&self, on: bool) {
        self.lock().paused = on;
    }

    pub(crate) fn take(&self) -> Result<(), Error> {
        if self.taken.swap(true, Ordering::AcqRel) {
            Err(Error::RingTaken { ring: self.kind })
        } else {
            Ok(())
        }
    }

    pub(crate) fn give_up(&self) {
        let mut state = self.lock();
        if let Err(error) = self.ring_doorbell(&mut state) {
            tracing::debug!(%error, ring = %self.kind, "the last doorbell failed");
        }
        self.taken.store(false, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic elsewhere leaves counters at worst one behind; the ring's own checks catch the rest.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn offset(&self, register: u32) -> u32 {
        ring::base(self.kind.number()) + register
    }

    /// Commits the ring to the card: memory, geometry, and everything at its start. The card must be idle.
    pub(crate) fn arm(&self, arming: Arming) -> Result<(), Error> {
        let Geometry { slots, slot_bytes } = arming.geometry;
        let fits = slots.is_power_of_two()
            && (2..=ring::MAX_SLOTS).contains(&slots)
            && slot_bytes != 0
            && slot_bytes <= ring::MAX_SLOT_BYTES
            && slot_bytes.is_multiple_of(ring::SLOT_ALIGN);
        if !fits {
            return Err(Error::Settings {
                what: format!(
                    "a ring of {slots} slots of {slot_bytes} bytes; use a power of two from 2 to {} slots, of a \
                     multiple of {} up to {} bytes",
                    ring::MAX_SLOTS,
                    ring::SLOT_ALIGN,
                    ring::MAX_SLOT_BYTES
                ),
            });
        }
        self.disarm();
        let registers = &self.registers;
        if registers.is_set(self.offset(ring::STATUS), ring::STATUS_COMMITTED)? {
            self.release()?;
        }
        let mut state = self.lock();
        let fitting = state
            .buffer
            .take()
            .filter(|buffer| !state.astray && buffer.memory().len() >= arming.bytes());
        // Phase 0 everywhere: nothing is complete in the first pass. No old entropy either. New memory is zeroed, and
        // to do it again would take as long as all the rest where a ring is large.
        let buffer = match fitting {
            Some(buffer) => {
                buffer.memory().wipe(0, buffer.memory().len());
                buffer
            }
            None => registers.transport().alloc_dma(arming.bytes())?,
        };
        let data = buffer.iova();
        let completions = data + u64::from(slots) * u64::from(slot_bytes);
        registers.set(self.offset(ring::DATA_BASE_LO), data as u32)?;
        registers.set(self.offset(ring::DATA_BASE_HI), (data >> 32) as u32)?;
        registers.set(self.offset(ring::CPL_BASE_LO), completions as u32)?;
        registers.set(self.offset(ring::CPL_BASE_HI), (completions >> 32) as u32)?;
        registers.set(self.offset(ring::SLOT_BYTES), slot_bytes)?;
        registers.set(self.offset(ring::SLOT_COUNT), slots)?;
        registers.set(self.offset(ring::FLUSH_CYCLES), arming.flush_cycles)?;
        registers.write(self.offset(ring::COMMIT), ring::COMMIT_COMMIT.mask())?;
        let status = registers.read(self.offset(ring::STATUS))?;
        if ring::STATUS_BAD_GEOMETRY.is_set(status) || !ring::STATUS_COMMITTED.is_set(status) {
            return Err(Error::Settings {
                what: format!(
                    "the card refuses a {} ring of {slots} slots of {slot_bytes} bytes; use another size",
                    self.kind
                ),
            });
        }
        registers.set(self.offset(ring::CONTROL), ring::CONTROL_ENABLE.mask())?;
        let State { life, counts, .. } = *state;
        *state = State {
            buffer: Some(buffer),
            arming: Some(arming),
            life: life + 1,
            counts,
            ..State::default()
        };
        Ok(())
    }

    /// Gives a committed ring up: its addresses can't be changed before. The card refuses while a burst is unanswered,
    /// and forgets that it was asked; while it runs it refuses for good.
    fn release(&self) -> Result<(), Error> {
        let registers = &self.registers;
        if registers.is_set(global::STATUS, global::STATUS_RUNNING)? {
            return Err(in_use());
        }
        registers.write(self.offset(ring::CONTROL), 0)?;
        registers.wait(
            "the answer to a ring's last write",
            self.patience,
            |registers| {
                registers.write(self.offset(ring::COMMIT), ring::COMMIT_RELEASE.mask())?;
                Ok(!registers.is_set(self.offset(ring::STATUS), ring::STATUS_COMMITTED)?)
            },
        )
    }

    /// Takes the ring from its consumer; counts and wipes what was complete and not taken. The memory stays mapped.
    pub(crate) fn disarm(&self) {
        let mut state = self.lock();
        let Some(arming) = state.arming.take() else {
            return;
        };
        let mut count = state.head;
        let (mut slots, mut bits) = (0, 0);
        if let Some(buffer) = &state.buffer {
            while slots < u64::from(arming.geometry.slots) {
                let Some(completion) = complete(buffer, &arming, count) else {
                    break;
                };
                slots += 1;
                bits += u64::from(completion.raw_bits);
                count = count.wrapping_add(1);
            }
            buffer.memory().wipe(0, buffer.memory().len());
        }
        state.counts.discarded_slots += slots;
        state.counts.discarded_raw_bits += bits;
        state.life += 1;
        state.astray |= matches!(state.fault, Some(Fault::Timeout | Fault::Stopped(_)));
        state.fault = None;
        state.behind = None;
    }

    /// The slot at the head, if it is complete.
    pub(crate) fn look(&self) -> Result<Option<Found>, Error> {
        let mut state = self.lock();
        loop {
            if let Some(fault) = &state.fault {
                return Err(fault.error(self.kind));
            }
            let (Some(arming), Some(buffer)) = (state.arming, &state.buffer) else {
                return Ok(None);
            };
            let count = state.head;
            let Some(completion) = complete(buffer, &arming, count) else {
                // Nothing to do: the moment to tell the card about all that was taken, which re-arms its interrupt.
                self.ring_doorbell(&mut state)?;
                return Ok(None);
            };
            state.behind = None;
            if let Err(fault) = arming.check(self.kind, count, &completion) {
                state.fault = Some(fault);
                continue;
            }
            if completion.flags.error {
                state.counts.discarded_slots += 1;
                state.counts.discarded_raw_bits += u64::from(completion.raw_bits);
                self.advance(&mut state, &arming, completion.bytes)?;
                continue;
            }
            return Ok(Some(Found {
                completion,
                extractor: arming.extractor,
                life: state.life,
            }));
        }
    }

    /// How many slots wait, counted up to `most` or half of the ring, and whether that is all of it. Those behind one
    /// that is no good count, too: what is wrong is told when it is its turn.
    pub(crate) fn waiting(&self, most: u32) -> (u32, bool) {
        let state = self.lock();
        let (Some(arming), Some(buffer)) = (state.arming, &state.buffer) else {
            return (0, true);
        };
        let enough = most.min(arming.geometry.slots / 2);
        let is_there =
            |ahead: &u32| complete(buffer, &arming, state.head.wrapping_add(*ahead)).is_some();
        let found = (0..enough).take_while(is_there).count() as u32;
        (found, found == enough)
    }

    /// Looks at what only registers tell: is the card there, is it the same life, did it stop, is it ahead.
    pub(crate) fn slow_poll(&self) -> Result<(), Error> {
        let mut state = self.lock();
        let quiet = state.paused || state.fault.is_some();
        let Some(arming) = state.arming.filter(|_| !quiet) else {
            return Ok(());
        };
        let fault = match self.examine(&mut state, &arming) {
            Ok(fault) => fault,
            Err(Error::DeadCard) => Some(Fault::Dead),
            Err(error) => return Err(error),
        };
        match fault {
            Some(fault) => {
                let error = fault.error(self.kind);
                state.fault = Some(fault);
                Err(error)
            }
            None => Ok(()),
        }
    }

    fn examine(&self, state: &mut State, arming: &Arming) -> Result<Option<Fault>, Error> {
        let registers = &self.registers;
        self.ring_doorbell(state)?;
        let generation = registers.read(global::GENERATION)?;
        if generation != arming.generation {
            return Ok(Some(Fault::Generation {
                expected: arming.generation,
                found: generation,
            }));
        }
        let status = registers.read(self.offset(ring::STATUS))?;
        if ring::STATUS_ERROR.is_set(status) {
            let errors = registers.read(self.offset(ring::ERRORS))?;
            return Ok(Some(Fault::Stopped(format!("{errors} bus errors"))));
        }
        if ring::STATUS_BAD_HEAD.is_set(status) {
            // The data were seen before the card had the answer to their write, and so was the doorbell.
            tracing::debug!(ring = %self.kind, "the card ignored a doorbell that came early; it is rung again");
            registers.write(self.offset(ring::HEAD), state.rung)?;
        }
        let tail = registers.read(self.offset(ring::TAIL))?;
        let arrived = state
            .buffer
            .as_ref()
            .is_some_and(|buffer| complete(buffer, arming, state.head).is_some());
        if tail == state.head || arrived {
            state.behind = None;
        } else if state.behind.get_or_insert_with(Instant::now).elapsed() >= self.patience {
            return Ok(Some(Fault::Timeout));
        }
        Ok(None)
    }

    pub(crate) fn copy(&self, found: &Found, offset: usize, out: &mut [u8]) -> Result<(), Error> {
        let state = self.lock();
        match (&state.arming, &state.buffer) {
            (Some(arming), Some(buffer)) if state.life == found.life => {
                if !out.is_empty() {
                    buffer
                        .memory()
                        .copy_out(arming.data_at(found.completion.sequence) + offset, out);
                }
                Ok(())
            }
            _ => Err(Error::StaleSlot),
        }
    }

    pub(crate) fn give_back(&self, found: &Found) -> Result<(), Error> {
        let mut state = self.lock();
        let Some(arming) = state.arming.filter(|_| state.life == found.life) else {
            return Ok(());
        };
        let Completion {
            bytes,
            raw_bits,
            flags,
            ..
        } = found.completion;
        let counts = &mut state.counts;
        counts.slots += 1;
        counts.bytes += u64::from(bytes);
        counts.raw_bits += u64::from(raw_bits);
        counts.gaps += u64::from(flags.gap);
        counts.replayed_slots += u64::from(flags.replayed);
        counts.test_slots += u64::from(flags.test);
        self.advance(&mut state, &arming, bytes)
    }

    /// Wipes the slot at the head and steps over it.
    fn advance(&self, state: &mut State, arming: &Arming, bytes: u32) -> Result<(), Error> {
        if let Some(buffer) = &state.buffer {
            buffer.memory().wipe(
                arming.data_at(state.head),
                (bytes as usize).next_multiple_of(8),
            );
        }
        state.head = state.head.wrapping_add(1);
        // Doorbells cost a bus write each: one a quarter of the ring, and one whenever there is nothing to take.
        if state.head.wrapping_sub(state.rung) >= (arming.geometry.slots / 4).max(1) {
            self.ring_doorbell(state)?;
        }
        Ok(())
    }

    fn ring_doorbell(&self, state: &mut State) -> Result<(), Error> {
        if state.arming.is_some() && state.rung != state.head && !state.paused {
            self.registers.write(self.offset(ring::HEAD), state.head)?;
            state.rung = state.head;
        }
        Ok(())
    }
}

/// The completion of slot number `count`, when its phase says that the card has written it.
fn complete(buffer: &DmaBuffer, arming: &Arming, count: u32) -> Option<Completion> {
    let at = arming.completion_at(count);
    // Acquire: with the phase seen, the rest of the completion and all the data are visible too.
    let last = (buffer.memory().load_acquire(at + COMPLETION_BYTES - 8) >> 32) as u32;
    if Phase(PHASE.is_set(last)) != Phase::of(count, arming.geometry.slots) {
        return None;
    }
    let mut bytes = [0; COMPLETION_BYTES];
    buffer.memory().copy_out(at, &mut bytes);
    Some(Completion::from_bytes(&bytes))
}
