//! A ring in host memory, as the card sees it: slots, completions, phase, head and tail, back-pressure
//! (spec 6-card §6.1, *Write-only DMA*). Functionally exact; bursts are formed, their timing is not.

use crate::card::BusMaster;
use photonbox_regmap::{Completion, Flags, Phase, layout::COMPLETION_BYTES, ring};
use zeroize::Zeroize;

/// Where a ring lies and how large it is: the values of the ring's registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Geometry {
    /// Bus address of slot 0's data.
    pub data_base: u64,
    /// Bus address of slot 0's completion.
    pub completion_base: u64,
    /// Bytes from one slot to the next.
    pub slot_bytes: u32,
    /// Slots.
    pub slot_count: u32,
}

impl Geometry {
    /// Whether the card can use it: alignment, sizes, no wrap of the address.
    pub fn valid(&self) -> bool {
        let bytes = u64::from(self.slot_bytes) * u64::from(self.slot_count);
        self.slot_count.is_power_of_two()
            && (2..=ring::MAX_SLOTS).contains(&self.slot_count)
            && (ring::SLOT_ALIGN..=ring::MAX_SLOT_BYTES).contains(&self.slot_bytes)
            && self.slot_bytes.is_multiple_of(ring::SLOT_ALIGN)
            && self.data_base.is_multiple_of(u64::from(ring::SLOT_ALIGN))
            && self.completion_base.is_multiple_of(COMPLETION_BYTES as u64)
            && self.data_base.checked_add(bytes).is_some()
            && self
                .completion_base
                .checked_add(u64::from(self.slot_count) * COMPLETION_BYTES as u64)
                .is_some()
    }
}

/// One piece of data for a slot: an extractor block or a raw record.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The bytes.
    pub data: &'a [u8],
    /// What they are.
    pub flags: Flags,
    /// Lanes they came from.
    pub lanes: u64,
    /// Raw bits they were made of.
    pub raw_bits: u32,
    /// Seed epoch that made them (entropy ring).
    pub seed_epoch: u32,
}

/// A slot being filled.
#[derive(Debug, Default)]
pub(crate) struct Open {
    pub(crate) data: Vec<u8>,
    pub(crate) flags: Flags,
    pub(crate) lanes: u64,
    pub(crate) raw_bits: u32,
    pub(crate) pieces: u16,
    pub(crate) seed_epoch: u32,
    pub(crate) since: u64,
}

/// A ring.
#[derive(Debug)]
pub struct Ring {
    number: u32,
    geometry: Geometry,
    committed: bool,
    enabled: bool,
    head: u32,
    tail: u32,
    armed: bool,
    stopped_on_error: bool,
    bad_geometry: bool,
    bad_head: bool,
    errors: u32,
    stalls: u32,
    stalling: bool,
    gap: bool,
    lost_bits: u64,
    flush_cycles: u32,
    open: Option<Open>,
    /// Cycle in which the oldest slot that was not interrupted for was completed.
    waiting_since: u64,
}

impl Ring {
    /// A ring that is not committed.
    pub fn new(number: u32) -> Self {
        Self {
            number,
            geometry: Geometry::default(),
            committed: false,
            enabled: false,
            head: 0,
            tail: 0,
            armed: false,
            stopped_on_error: false,
            bad_geometry: false,
            bad_head: false,
            errors: 0,
            stalls: 0,
            stalling: false,
            gap: false,
            lost_bits: 0,
            flush_cycles: 0,
            open: None,
            waiting_since: 0,
        }
    }

    /// Takes a geometry; false if it is impossible or the ring is already committed.
    pub fn commit(&mut self, geometry: Geometry) -> bool {
        self.bad_geometry = self.committed || !geometry.valid();
        if !self.bad_geometry {
            self.geometry = geometry;
            self.committed = true;
            self.head = 0;
            self.tail = 0;
            self.armed = true;
            self.bad_head = false;
            self.gap = false;
            self.stalling = false;
        }
        !self.bad_geometry
    }

    /// Gives the ring up: what was not completed is swept, an error is cleared.
    pub fn release(&mut self) {
        self.sweep();
        self.committed = false;
        self.stopped_on_error = false;
        self.bad_geometry = false;
    }

    /// Adds a piece, completing the slot before it if that has no room. False: the ring is full, off or in error.
    pub fn push(
        &mut self,
        piece: Piece<'_>,
        now: u64,
        generation: u32,
        bus: &mut dyn BusMaster,
    ) -> bool {
        let bytes = piece.data.len();
        if bytes > self.geometry.slot_bytes as usize {
            return false;
        }
        if self
            .open
            .as_ref()
            .is_some_and(|open| self.room(open) < bytes)
        {
            self.complete(now, generation, bus);
        }
        if !self.ready() {
            return false;
        }
        let gap = core::mem::take(&mut self.gap);
        let open = self.open.get_or_insert_with(|| Open {
            data: Vec::with_capacity(self.geometry.slot_bytes as usize),
            since: now,
            ..Open::default()
        });
        open.data.extend_from_slice(piece.data);
        open.flags = merge(open.flags, piece.flags);
        open.flags.gap |= gap;
        open.lanes |= piece.lanes;
        open.raw_bits = open.raw_bits.saturating_add(piece.raw_bits);
        open.pieces = open.pieces.saturating_add(1);
        open.seed_epoch = piece.seed_epoch;
        // A slot without room for another piece of this size is complete: waiting would only delay it.
        if self.geometry.slot_bytes as usize - open.data.len() < bytes {
            self.complete(now, generation, bus);
        }
        true
    }

    /// Whether a slot is open or can be opened; if the ring is full, that is a stall, counted once until it ends.
    pub fn ready(&mut self) -> bool {
        if !self.usable() {
            return false;
        }
        let stalled = self.open.is_none() && self.full();
        self.count_stall(stalled);
        !stalled
    }

    /// A slot was wanted: counts a stall once, until one was to be had.
    pub(crate) fn count_stall(&mut self, stalled: bool) {
        self.stalls = self
            .stalls
            .wrapping_add(u32::from(stalled && !self.stalling));
        self.stalling = stalled;
    }

    /// Completes the slot being filled, if any: data first, then the completion.
    pub fn complete(&mut self, now: u64, generation: u32, bus: &mut dyn BusMaster) {
        let Some(mut open) = self.open.take() else {
            return;
        };
        if self.usable() {
            self.write_slot(&open, now, generation, bus);
        } else {
            self.lost_bits += u64::from(open.raw_bits);
        }
        open.data.zeroize();
    }

    /// Writes a slot at the tail: its data, then its completion.
    pub(crate) fn write_slot(
        &mut self,
        open: &Open,
        now: u64,
        generation: u32,
        bus: &mut dyn BusMaster,
    ) {
        let slot = self.tail % self.geometry.slot_count;
        let completion = Completion {
            slot: slot as u16,
            blocks: open.pieces,
            bytes: open.data.len() as u32,
            ring: self.number,
            flags: open.flags,
            seed_epoch: open.seed_epoch as u16,
            lanes: open.lanes,
            raw_bits: open.raw_bits,
            sequence: self.tail,
            generation,
            phase: Phase::of(self.tail, self.geometry.slot_count),
        };
        let data_address =
            self.geometry.data_base + u64::from(slot) * u64::from(self.geometry.slot_bytes);
        let completion_address =
            self.geometry.completion_base + u64::from(slot) * COMPLETION_BYTES as u64;
        let written = bursts(data_address, &open.data, bus)
            .and_then(|()| bus.write(completion_address, &completion.to_bytes()));
        if written.is_ok() {
            if self.tail == self.head {
                self.waiting_since = now;
            }
            self.tail = self.tail.wrapping_add(1);
        } else {
            self.fail();
            self.lost_bits += u64::from(open.raw_bits);
        }
    }

    /// A burst was answered with an error: the ring stops.
    pub(crate) fn fail(&mut self) {
        self.stopped_on_error = true;
        self.errors = self.errors.wrapping_add(1);
    }

    /// Sweeps the slot being filled; its bits count as lost.
    fn sweep(&mut self) {
        if let Some(mut open) = self.open.take() {
            open.data.zeroize();
            self.lost_bits += u64::from(open.raw_bits);
        }
    }

    /// The doorbell: slots below `head` are free again, the interrupt is armed. A head that was never completed
    /// is ignored and flagged.
    pub fn set_head(&mut self, head: u32, now: u64) {
        let taken = head.wrapping_sub(self.head);
        self.bad_head = taken > self.waiting();
        if !self.bad_head {
            self.head = head;
            self.armed = true;
            if taken != 0 {
                self.waiting_since = now;
            }
        }
    }

    /// Whether to interrupt now; if so the interrupt is disarmed until the next doorbell.
    pub fn take_interrupt(&mut self, now: u64, slots: u32, cycles: u32) -> bool {
        let raise = self.armed
            && self.waiting() > 0
            && (self.waiting() >= slots
                || self
                    .interrupt_due(slots, cycles)
                    .is_some_and(|due| due <= now));
        if raise {
            self.armed = false;
        }
        raise
    }

    /// Cycle in which coalescing ends by time alone, if an interrupt is being held back.
    pub fn interrupt_due(&self, slots: u32, cycles: u32) -> Option<u64> {
        (self.armed && self.waiting() > 0 && self.waiting() < slots && cycles != 0)
            .then(|| self.waiting_since + u64::from(cycles))
    }

    /// Cycle in which the slot being filled is completed even if it is not full.
    pub fn flush_due(&self) -> Option<u64> {
        let open = self.open.as_ref()?;
        (self.flush_cycles != 0).then(|| open.since + u64::from(self.flush_cycles))
    }

    /// Switches the ring.
    pub fn enable(&mut self, on: bool) {
        self.enabled = on;
    }

    /// Sets the flush time; 0: only full slots.
    pub fn set_flush_cycles(&mut self, cycles: u32) {
        self.flush_cycles = cycles;
    }

    /// Remembers that bits were dropped before the next piece.
    pub fn mark_gap(&mut self) {
        self.gap = true;
    }

    /// Whether bits were dropped before the next piece.
    pub fn gap(&self) -> bool {
        self.gap
    }

    /// Whether pieces are taken at all.
    pub fn usable(&self) -> bool {
        self.committed && self.enabled && !self.stopped_on_error
    }

    /// Whether no slot is free for another slot to be opened.
    pub fn full(&self) -> bool {
        self.committed && self.waiting() >= self.geometry.slot_count
    }

    /// Slots completed and not acknowledged.
    pub fn waiting(&self) -> u32 {
        self.tail.wrapping_sub(self.head)
    }

    /// Bus errors so far.
    pub fn errors(&self) -> u32 {
        self.errors
    }

    /// Times that a slot was wanted and none was free.
    pub fn stalls(&self) -> u32 {
        self.stalls
    }

    /// Raw bits in slots that a bus error lost.
    pub fn lost_bits(&self) -> u64 {
        self.lost_bits
    }

    /// Number of the ring, and of its vector.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Slots that the host has taken.
    pub fn head(&self) -> u32 {
        self.head
    }

    /// Slots completed.
    pub fn tail(&self) -> u32 {
        self.tail
    }

    /// Whether a geometry is in force.
    pub fn committed(&self) -> bool {
        self.committed
    }

    /// Whether a bus error stopped the ring.
    pub fn in_error(&self) -> bool {
        self.stopped_on_error
    }

    /// The geometry in force.
    pub fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The register `STATUS`.
    pub fn status(&self) -> u32 {
        ring::STATUS_COMMITTED.put(u32::from(self.committed))
            | ring::STATUS_FULL.put(u32::from(self.full()))
            | ring::STATUS_ERROR.put(u32::from(self.stopped_on_error))
            | ring::STATUS_BAD_GEOMETRY.put(u32::from(self.bad_geometry))
            | ring::STATUS_BAD_HEAD.put(u32::from(self.bad_head))
            | ring::STATUS_ARMED.put(u32::from(self.armed))
    }

    fn room(&self, open: &Open) -> usize {
        self.geometry.slot_bytes as usize - open.data.len()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        self.sweep();
    }
}

/// Flags of data made of both.
pub(crate) fn merge(left: Flags, right: Flags) -> Flags {
    Flags {
        not_creditable: left.not_creditable | right.not_creditable,
        test: left.test | right.test,
        simulated: left.simulated | right.simulated,
        replayed: left.replayed | right.replayed,
        error: left.error | right.error,
        gap: left.gap | right.gap,
    }
}

/// Largest burst in bytes; bursts are aligned to it, so none crosses 4 KiB.
const BURST_BYTES: u64 = 256;

fn bursts(
    mut address: u64,
    mut data: &[u8],
    bus: &mut dyn BusMaster,
) -> Result<(), crate::BusError> {
    while !data.is_empty() {
        let room = (BURST_BYTES - address % BURST_BYTES) as usize;
        let (burst, rest) = data.split_at(room.min(data.len()));
        bus.write(address, burst)?;
        address += burst.len() as u64;
        data = rest;
    }
    Ok(())
}
