//! The words that ring memory is made of: the one place where its address becomes something to load and store.

use super::WORD;
use crate::sync::AtomicU64;
use memmap2::MmapRaw;

/// A mapping, as words.
#[cfg(not(loom))]
pub(super) struct Words(MmapRaw);

#[cfg(not(loom))]
impl From<MmapRaw> for Words {
    fn from(map: MmapRaw) -> Self {
        Self(map)
    }
}

#[cfg(not(loom))]
impl Words {
    pub(super) fn bytes(&self) -> usize {
        self.0.len()
    }

    pub(super) fn address(&self) -> u64 {
        self.0.as_ptr() as u64
    }

    pub(super) fn get(&self, index: usize) -> &AtomicU64 {
        assert!(
            index < self.bytes() / WORD,
            "word {index} of {} bytes of ring memory",
            self.bytes()
        );
        // SAFETY: in bounds by the assertion, aligned because mappings start on a page, alive as long as `self`.
        // The reference is to an atomic, which may change under it; nothing else is ever made from this memory.
        unsafe { AtomicU64::from_ptr(self.0.as_mut_ptr().cast::<u64>().add(index)) }
    }
}

/// Under loom: words that it watches.
#[cfg(loom)]
pub(super) struct Words(Vec<AtomicU64>);

#[cfg(loom)]
impl From<MmapRaw> for Words {
    /// As many words as the mapping has. Nobody else sees them: a loom model has no other process.
    fn from(map: MmapRaw) -> Self {
        Self::zeroed(map.len() / WORD)
    }
}

#[cfg(loom)]
impl Words {
    pub(super) fn zeroed(count: usize) -> Self {
        Self((0..count).map(|_| AtomicU64::new(0)).collect())
    }

    pub(super) fn bytes(&self) -> usize {
        self.0.len() * WORD
    }

    pub(super) fn address(&self) -> u64 {
        self.0.as_ptr() as u64
    }

    pub(super) fn get(&self, index: usize) -> &AtomicU64 {
        &self.0[index]
    }
}
