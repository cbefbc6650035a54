//! Where ring memory lies in the card's address space.

use super::{DmaMemory, HUGE_PAGE, Locking};
use crate::error::Error;
use std::sync::{Arc, Mutex, PoisonError};

/// Hands out I/O virtual addresses: from [`IovaSpace::FIRST`] on, never inside the range that x86 keeps for
/// message-signalled interrupts, each on a 2 MiB boundary so that huge pages stay whole. Addresses aren't reused: a
/// late write to a buffer that is gone then faults instead of landing in another.
#[derive(Debug)]
pub struct IovaSpace {
    next: u64,
    /// What the IOMMU translates, first and last address each, rising.
    ranges: Vec<(u64, u64)>,
}

impl IovaSpace {
    /// Lowest address handed out; 0 … 0xfff are never used.
    pub const FIRST: u64 = 0x1000;
    /// The range of message-signalled interrupts, last byte included.
    pub const RESERVED: (u64, u64) = (0xfee0_0000, 0xfeef_ffff);

    /// A space of `bits` address bits (at most 63).
    #[must_use]
    pub fn new(bits: u32) -> Self {
        Self::within(vec![(0, (1 << bits.min(63)) - 1)])
    }

    /// The addresses of these ranges, first and last each.
    #[must_use]
    pub fn within(mut ranges: Vec<(u64, u64)>) -> Self {
        ranges.sort_unstable();
        Self {
            next: HUGE_PAGE as u64,
            ranges,
        }
    }

    /// Takes `length` bytes.
    ///
    /// # Errors
    /// [`Error::NoIovaSpace`] when they don't fit any more.
    pub fn take(&mut self, length: usize) -> Result<u64, Error> {
        let length = length as u64;
        let next = self.next;
        let start = self
            .ranges
            .iter()
            .find_map(|&range| fits(range, next, length))
            .ok_or(Error::NoIovaSpace { bytes: length })?;
        self.next = (start + length).next_multiple_of(HUGE_PAGE as u64);
        Ok(start)
    }
}

/// New memory and its address in the space, for a transport to tell whatever translates.
pub(crate) fn place(
    space: &Mutex<IovaSpace>,
    bytes: usize,
    locking: Locking,
) -> Result<(Arc<DmaMemory>, u64), Error> {
    let memory = Arc::new(DmaMemory::allocate(bytes, locking)?);
    let mut space = space.lock().unwrap_or_else(PoisonError::into_inner);
    let iova = space.take(memory.len())?;
    Ok((memory, iova))
}

/// Where `length` bytes fit into a range, from `next` on.
fn fits((first, last): (u64, u64), next: u64, length: u64) -> Option<u64> {
    let aligned = |at: u64| at.checked_next_multiple_of(HUGE_PAGE as u64);
    let mut start = aligned(next.max(first).max(IovaSpace::FIRST))?;
    let (low, high) = IovaSpace::RESERVED;
    if start <= high && start.checked_add(length).is_none_or(|end| end > low) {
        start = aligned(high + 1)?;
    }
    let end = start.checked_add(length)?;
    (end - 1 <= last && length > 0).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn addresses_never_overlap_nor_touch_what_is_reserved(
            sizes in prop::collection::vec(1_usize..0x1000_0000, 1..64),
        ) {
            let mut space = IovaSpace::new(40);
            let mut end = 0;
            for size in sizes {
                let start = space.take(size).expect("40 bits are plenty");
                prop_assert!(start >= IovaSpace::FIRST && start >= end);
                end = start + size as u64;
                prop_assert!(end <= IovaSpace::RESERVED.0 || start > IovaSpace::RESERVED.1);
            }
        }
    }

    #[test]
    fn only_what_the_iommu_translates_is_handed_out() {
        let huge = HUGE_PAGE as u64;
        let mut space = IovaSpace::within(vec![(8 * huge + 1, 12 * huge - 1), (0, 4 * huge - 1)]);
        let taken: Vec<_> = (0..3).map(|_| space.take(HUGE_PAGE).ok()).collect();
        assert_eq!(taken, [Some(huge), Some(2 * huge), Some(3 * huge)]);
        assert_eq!(space.take(HUGE_PAGE + 1).ok(), Some(9 * huge), "aligned");
        assert_eq!(space.take(1).ok(), Some(11 * huge));
        assert!(space.take(1).is_err());
        assert!(IovaSpace::within(Vec::new()).take(1).is_err());
    }

    #[test]
    fn a_full_space_says_so() {
        let mut space = IovaSpace::new(22);
        assert!(space.take(HUGE_PAGE).is_ok());
        assert!(matches!(
            space.take(1),
            Err(Error::NoIovaSpace { bytes: 1 })
        ));
    }
}
