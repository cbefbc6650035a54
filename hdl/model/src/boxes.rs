//! The key-box ring of a card whose engine fills many boxes at once: several open slots, completed in their order
//! (spec 6-card §6.1, *Write-only DMA*). What the host sees is [`Ring`]'s.

use crate::card::BusMaster;
use crate::ring::{Geometry, Open, Ring};
use photonbox_regmap::{Flags, ring};
use std::collections::VecDeque;
use std::ops::Deref;
use zeroize::Zeroize;

/// Bytes of a key as it lies in a slot.
pub const KEY_BYTES: usize = 32;
/// Jobs that fill boxes at once.
pub const CONTEXTS: usize = 64;
/// Slots that are open, or closed and not completed, at most.
pub const IN_FLIGHT: usize = 128;

/// A key on its way from the engine to its slot.
#[derive(Clone, Copy, Debug)]
pub struct Key<'a> {
    /// Job context that made it, below [`CONTEXTS`].
    pub context: usize,
    /// The key, little-endian.
    pub key: &'a [u8; KEY_BYTES],
    /// First key of its box: wants a slot.
    pub first: bool,
    /// Last key of its box: the slot is complete.
    pub last: bool,
    /// TAG of the job.
    pub tag: u32,
    /// Number of the box, from 1.
    pub number: u32,
}

/// A slot that has been given to a box.
#[derive(Debug)]
struct Slot {
    context: usize,
    open: bool,
    content: Open,
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.content.data.zeroize();
    }
}

/// The key-box ring with a slot for each context. Reads as the [`Ring`] that it is to the host.
#[derive(Debug)]
pub struct Boxes {
    ring: Ring,
    /// Slots from the tail on, in their order.
    slots: VecDeque<Slot>,
}

impl Default for Boxes {
    fn default() -> Self {
        Self {
            ring: Ring::new(ring::KEYBOX),
            slots: VecDeque::new(),
        }
    }
}

impl Deref for Boxes {
    type Target = Ring;

    fn deref(&self) -> &Ring {
        &self.ring
    }
}

impl Boxes {
    /// Takes a geometry; false if it is impossible or the ring is already committed.
    pub fn commit(&mut self, geometry: Geometry) -> bool {
        self.ring.commit(geometry)
    }

    /// Gives the ring up: what was not completed is forgotten, an error is cleared.
    pub fn release(&mut self) {
        self.slots.clear();
        self.ring.release();
    }

    /// The doorbell, as [`Ring::set_head`].
    pub fn set_head(&mut self, head: u32, now: u64) {
        self.ring.set_head(head, now);
    }

    /// Whether to interrupt now, as [`Ring::take_interrupt`].
    pub fn take_interrupt(&mut self, now: u64, slots: u32, cycles: u32) -> bool {
        self.ring.take_interrupt(now, slots, cycles)
    }

    /// FLUSH_CYCLES; kept for the host to read: boxes belong to jobs, and no timer closes them.
    pub fn set_flush_cycles(&mut self, cycles: u32) {
        self.ring.set_flush_cycles(cycles);
    }

    /// Switches the ring. Off, the boxes that are open are cut short.
    pub fn enable(&mut self, on: bool) {
        self.ring.enable(on);
        if !on {
            self.slots.iter_mut().for_each(cut);
        }
    }

    /// A burst was answered with an error, or never: the ring stops and forgets what was not completed.
    pub fn fail(&mut self) {
        self.ring.fail();
        self.slots.clear();
    }

    /// Takes a key. False: the ring is off or in error, or has no slot for a box to begin; a full ring counts a stall.
    pub fn take(&mut self, key: Key<'_>) -> bool {
        if !self.ring.usable() {
            return false;
        }
        if key.first {
            let full = self.no_slot();
            if full || self.slots.len() < IN_FLIGHT {
                self.ring.count_stall(full);
            }
            if full || self.slots.len() >= IN_FLIGHT || self.open(key.context).is_some() {
                return false;
            }
            self.slots.push_back(Slot {
                context: key.context,
                open: true,
                content: Open {
                    lanes: u64::from(key.tag) | u64::from(key.number) << 32,
                    ..Open::default()
                },
            });
        }
        let room = self.ring.geometry().slot_bytes as usize;
        let Some(slot) = self.open(key.context) else {
            return false;
        };
        let content = &mut slot.content;
        if content.data.len() + KEY_BYTES <= room {
            content.data.extend_from_slice(key.key);
            content.pieces = content.pieces.saturating_add(1);
        } else {
            // A job does not ask for more than a slot holds; if it did, the box would be of no use.
            content.flags.error = true;
        }
        slot.open = !key.last;
        true
    }

    /// The context's box ends before its last key, if one is open: its slot is complete, with ERROR.
    pub fn cut(&mut self, context: usize) {
        if let Some(slot) = self.open(context) {
            cut(slot);
        }
    }

    /// Completes the oldest slot if it is closed: data first, then the completion. False if there was nothing to
    /// complete, or the bus failed.
    pub fn complete(&mut self, now: u64, generation: u32, bus: &mut dyn BusMaster) -> bool {
        if self.slots.front().is_none_or(|slot| slot.open) {
            return false;
        }
        if let Some(slot) = self.slots.pop_front() {
            self.ring.write_slot(&slot.content, now, generation, bus);
        }
        if self.ring.in_error() {
            self.slots.clear();
        }
        !self.ring.in_error()
    }

    /// Whether no slot is free for a box to begin.
    pub fn no_slot(&self) -> bool {
        let used = self.ring.waiting() as usize + self.slots.len();
        self.ring.committed() && used >= self.ring.geometry().slot_count as usize
    }

    /// Slots that are open, or closed and not completed.
    pub fn in_flight(&self) -> usize {
        self.slots.len()
    }

    /// Slots that are open.
    pub fn open_slots(&self) -> usize {
        self.slots.iter().filter(|slot| slot.open).count()
    }

    fn open(&mut self, context: usize) -> Option<&mut Slot> {
        self.slots
            .iter_mut()
            .find(|slot| slot.open && slot.context == context)
    }
}

fn cut(slot: &mut Slot) {
    if core::mem::take(&mut slot.open) {
        slot.content.flags = Flags {
            error: true,
            ..slot.content.flags
        };
    }
}
