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

    /// `count` words from `first` on.
    pub(super) fn range(&self, first: usize, count: usize) -> &[AtomicU64] {
        assert!(
            first
                .checked_add(count)
                .is_some_and(|end| end <= self.bytes() / WORD),
            "{count} words from {first} on of {} bytes of ring memory",
            self.bytes()
        );
        // SAFETY: in bounds by the assertion, aligned because mappings start on a page, alive as long as `self`.
        // The references are to atomics, which may change under them; nothing else is ever made from this memory.
        unsafe {
            let start = self.0.as_mut_ptr().cast::<AtomicU64>().add(first);
            std::slice::from_raw_parts(start, count)
        }
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

    pub(super) fn range(&self, first: usize, count: usize) -> &[AtomicU64] {
        &self.0[first..first + count]
    }
}
