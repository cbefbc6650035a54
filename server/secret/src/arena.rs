//! The process-wide arena: slots of equal size share a locked mapping.

use std::alloc::{Layout, handle_alloc_error};
use std::io;
use std::ptr::NonNull;
use std::sync::{Mutex, MutexGuard};

use crate::mapping::{LockFn, Mapping, mlock, page_size};

/// Smallest slot, bytes: one AES-256 key.
const MIN_SLOT: usize = 32;
/// Largest slot that shares the class scheme, bytes: one DRBG request. Above it, own mappings.
const MAX_SLOT: usize = 64 * 1024;
/// Powers of two from `MIN_SLOT` to `MAX_SLOT`.
const CLASSES: usize = (MAX_SLOT.trailing_zeros() - MIN_SLOT.trailing_zeros() + 1) as usize;
/// A class grows by doubling up to mappings of this many bytes.
const MAX_GROWTH: usize = 64 * 1024;

/// What the operating system made of the requests to lock secret memory.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LockState {
    /// Bytes of secret memory that are locked and left out of dumps.
    pub locked_bytes: u64,
    /// Bytes of secret memory that could reach the disk, by swapping or in a core dump.
    pub unlocked_bytes: u64,
    /// The last refusal, in the operating system's words; kept after that memory is gone.
    pub last_error: Option<String>,
}

impl LockState {
    /// True if all secret memory in use is locked.
    #[must_use]
    pub fn all_locked(&self) -> bool {
        self.unlocked_bytes == 0
    }
}

/// The state of all secret memory of this process. At least one page is always allocated first, so
/// that asking before any secret exists already tells whether locking works.
#[must_use]
pub fn lock_state() -> LockState {
    drop(crate::SecretBytes::new_zeroed(MIN_SLOT));
    global().state.clone()
}

/// A place in the arena. Not `Clone`: exactly one owner, who gives it back.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) ptr: NonNull<u8>,
    /// Usable bytes.
    pub(crate) capacity: usize,
    chunk: usize,
    index: u32,
}

#[derive(Debug)]
struct Chunk {
    mapping: Mapping,
    locked: bool,
    /// `None`: one large secret has the mapping to itself.
    class: Option<usize>,
    free: Vec<u32>,
    slots: u32,
}

#[derive(Debug)]
pub(crate) struct Arena {
    lock: LockFn,
    chunks: Vec<Option<Chunk>>,
    vacant: Vec<usize>,
    /// Per class: chunks with a free slot.
    partial: [Vec<usize>; CLASSES],
    /// Per class: bytes mapped.
    mapped: [usize; CLASSES],
    state: LockState,
}

static ARENA: Mutex<Arena> = Mutex::new(Arena::new(mlock));

/// A panic while the lock is held can't leave the lists half changed in a way that hands out one
/// slot twice (each slot moves by a single push or pop), so a poisoned lock is used on.
fn global() -> MutexGuard<'static, Arena> {
    ARENA
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A zeroed slot of at least `bytes` bytes from the process's arena.
///
/// Ends the process, as any other allocation in Rust does, where there is no memory at all.
pub(crate) fn allocate(bytes: usize) -> Slot {
    let slot = global().allocate(bytes);
    slot.unwrap_or_else(|_| {
        handle_alloc_error(Layout::from_size_align(bytes, MIN_SLOT).unwrap_or(Layout::new::<u8>()))
    })
}

/// Gives a slot back, after wiping all of it.
pub(crate) fn release(slot: &mut Slot) {
    // Outside the mutex: wiping 64 KiB must not hold up others. The slot is still ours here.
    // SAFETY: the slot's owner is dropping it, so no reference into it is alive, and the arena
    // keeps [ptr, ptr + capacity) mapped until `free` below.
    unsafe { libc::explicit_bzero(slot.ptr.as_ptr().cast(), slot.capacity) };
    global().free(slot);
}

fn class_of(bytes: usize) -> Option<usize> {
    if bytes > MAX_SLOT {
        return None;
    }
    let slot = bytes.max(MIN_SLOT).next_power_of_two();
    Some((slot.trailing_zeros() - MIN_SLOT.trailing_zeros()) as usize)
}

impl Arena {
    pub(crate) const fn new(lock: LockFn) -> Self {
        Self {
            lock,
            chunks: Vec::new(),
            vacant: Vec::new(),
            partial: [const { Vec::new() }; CLASSES],
            mapped: [0; CLASSES],
            state: LockState {
                locked_bytes: 0,
                unlocked_bytes: 0,
                last_error: None,
            },
        }
    }

    fn allocate(&mut self, bytes: usize) -> io::Result<Slot> {
        let Some(class) = class_of(bytes) else {
            let chunk = self.map(bytes, None, bytes)?;
            return self.take(chunk, bytes);
        };
        let slot = MIN_SLOT << class;
        let chunk = match self.partial[class].last() {
            Some(&chunk) => chunk,
            None => {
                let bytes = self.mapped[class].clamp(page_size().max(slot), MAX_GROWTH.max(slot));
                let chunk = self.map(bytes, Some(class), slot)?;
                self.partial[class].push(chunk);
                chunk
            }
        };
        self.take(chunk, slot)
    }

    /// Pops a free slot of `chunk`; a class chunk that is now full leaves the partial list, whose
    /// last entry it is.
    fn take(&mut self, chunk: usize, slot: usize) -> io::Result<Slot> {
        let entry = self.chunks.get_mut(chunk).and_then(Option::as_mut);
        let Some((entry, index)) =
            entry.and_then(|entry| entry.free.pop().map(|index| (entry, index)))
        else {
            return Err(io::Error::other("the arena's lists disagree"));
        };
        if let (Some(class), true) = (entry.class, entry.free.is_empty()) {
            self.partial[class].pop();
        }
        let capacity = if entry.class.is_some() {
            slot
        } else {
            entry.mapping.len()
        };
        // SAFETY: index < slots and slots * slot <= mapping.len(), so the result is inside.
        let ptr = unsafe { entry.mapping.data().add(index as usize * slot) };
        Ok(Slot {
            ptr,
            capacity,
            chunk,
            index,
        })
    }

    fn map(&mut self, bytes: usize, class: Option<usize>, slot: usize) -> io::Result<usize> {
        let (mapping, protection) = Mapping::new(bytes, self.lock)?;
        let len = mapping.len();
        let slots = if class.is_some() {
            (len / slot) as u32
        } else {
            1
        };
        let locked = protection.failure.is_none();
        if let Some(error) = protection.failure {
            self.state.last_error = Some(error.to_string());
        }
        *self.account(locked) += len as u64;
        if let Some(class) = class {
            self.mapped[class] += len;
        }
        let chunk = Chunk {
            mapping,
            locked,
            class,
            free: (0..slots).rev().collect(),
            slots,
        };
        Ok(match self.vacant.pop() {
            Some(index) => {
                self.chunks[index] = Some(chunk);
                index
            }
            None => {
                self.chunks.push(Some(chunk));
                self.chunks.len() - 1
            }
        })
    }

    fn account(&mut self, locked: bool) -> &mut u64 {
        if locked {
            &mut self.state.locked_bytes
        } else {
            &mut self.state.unlocked_bytes
        }
    }

    /// Takes back a slot that its owner has wiped. One empty chunk a class is kept, so that a
    /// single secret made and dropped in a loop doesn't map and unmap each time.
    fn free(&mut self, slot: &Slot) {
        let Some(entry) = self.chunks.get_mut(slot.chunk).and_then(Option::as_mut) else {
            return;
        };
        entry.free.push(slot.index);
        let empty = entry.free.len() as u32 == entry.slots;
        let Some(class) = entry.class else {
            self.unmap(slot.chunk);
            return;
        };
        if entry.free.len() == 1 {
            self.partial[class].push(slot.chunk);
        }
        if empty && self.partial[class].len() > 1 {
            self.partial[class].retain(|&chunk| chunk != slot.chunk);
            self.unmap(slot.chunk);
        }
    }

    fn unmap(&mut self, index: usize) {
        if let Some(chunk) = self.chunks.get_mut(index).and_then(Option::take) {
            let len = chunk.mapping.len();
            if let Some(class) = chunk.class {
                self.mapped[class] -= len;
            }
            *self.account(chunk.locked) -= len as u64;
            self.vacant.push(index);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn refuse(_: NonNull<u8>, _: usize) -> io::Result<()> {
        Err(io::Error::from_raw_os_error(libc::ENOMEM))
    }

    fn accept(_: NonNull<u8>, _: usize) -> io::Result<()> {
        Ok(())
    }

    #[test]
    fn a_refused_lock_is_counted_and_explained() {
        let mut arena = Arena::new(refuse);
        let slot = arena.allocate(48).expect("memory");
        assert_eq!(arena.state.locked_bytes, 0);
        assert_eq!(arena.state.unlocked_bytes, page_size() as u64);
        assert!(!arena.state.all_locked());
        let reason = arena.state.last_error.clone().expect("a reason");
        assert!(reason.contains("memory"), "{reason}");
        let large = arena.allocate(MAX_SLOT + 1).expect("memory");
        assert!(arena.state.unlocked_bytes > MAX_SLOT as u64);
        arena.free(&large);
        assert_eq!(arena.state.unlocked_bytes, page_size() as u64);
        arena.free(&slot);
        assert_eq!(
            arena.state.last_error,
            Some(reason),
            "the refusal is remembered"
        );
    }

    #[test]
    fn small_secrets_share_pages_and_never_overlap() {
        let mut arena = Arena::new(accept);
        let slots: Vec<Slot> = (0..4000)
            .map(|_| arena.allocate(32).expect("memory"))
            .collect();
        let mut seen = HashSet::new();
        for slot in &slots {
            assert_eq!(slot.capacity, 32);
            let at = slot.ptr.as_ptr() as usize;
            assert_eq!(at % 32, 0);
            assert!(seen.insert(at), "a slot was given out twice");
        }
        // 4,000 × 32 B are 125 KiB; doubling may waste at most one growth step.
        assert!(arena.state.locked_bytes <= 125 * 1024 + MAX_GROWTH as u64);
        for slot in &slots {
            arena.free(slot);
        }
        assert!(
            arena.state.locked_bytes <= MAX_GROWTH as u64,
            "empty chunks go back"
        );
        let again = arena.allocate(1).expect("memory");
        assert!(
            seen.contains(&(again.ptr.as_ptr() as usize)),
            "the kept chunk is used again"
        );
    }

    #[test]
    fn classes_are_powers_of_two_and_large_secrets_stand_alone() {
        assert_eq!(class_of(0), Some(0));
        assert_eq!(class_of(32), Some(0));
        assert_eq!(class_of(33), Some(1));
        assert_eq!(class_of(MAX_SLOT), Some(CLASSES - 1));
        assert_eq!(class_of(MAX_SLOT + 1), None);
        let mut arena = Arena::new(accept);
        let large = arena.allocate(100_000).expect("memory");
        assert!(large.capacity >= 100_000);
        assert_eq!(arena.state.locked_bytes, large.capacity as u64);
        arena.free(&large);
        assert_eq!(arena.state, LockState::default());
        for class in 0..CLASSES {
            let slot = arena.allocate(MIN_SLOT << class).expect("memory");
            assert_eq!(slot.capacity, MIN_SLOT << class);
        }
    }

    #[test]
    fn freed_chunk_numbers_are_used_again() {
        let mut arena = Arena::new(accept);
        for _ in 0..100 {
            let large = arena.allocate(MAX_SLOT + 1).expect("memory");
            arena.free(&large);
        }
        assert_eq!(arena.chunks.len(), 1);
    }
}
