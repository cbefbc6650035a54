//! What a card without an IOMMU of its own may write: first address → memory. Plays the IOMMU.

use crate::{
    device::DmaFault,
    dma::{DmaBuffer, DmaMemory, IovaSpace, Locking, place},
    error::Error,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, RwLock, Weak},
};

/// Address bits that the table translates, as the smallest of Intel's IOMMUs do.
const ADDRESS_BITS: u32 = 39;

/// The memory that was handed out, and the addresses that are left.
pub(super) struct DmaTable {
    mapped: RwLock<BTreeMap<u64, Arc<DmaMemory>>>,
    space: Mutex<IovaSpace>,
}

impl Default for DmaTable {
    fn default() -> Self {
        Self {
            mapped: RwLock::default(),
            space: Mutex::new(IovaSpace::new(ADDRESS_BITS)),
        }
    }
}

impl DmaTable {
    /// Memory that the card may write until the buffer is dropped.
    pub(super) fn alloc(self: &Arc<Self>, bytes: usize) -> Result<DmaBuffer, Error> {
        let (memory, iova) = place(&self.space, bytes, Locking::Preferred)?;
        self.mapped
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(iova, Arc::clone(&memory));
        let mapping = Mapping {
            table: Arc::downgrade(self),
            iova,
        };
        Ok(DmaBuffer::new(memory, iova, Box::new(mapping)))
    }

    /// A write by the card: wholly into one buffer, or refused.
    pub(super) fn write(&self, iova: u64, data: &[u8]) -> Result<(), DmaFault> {
        let mapped = self.mapped.read().unwrap_or_else(PoisonError::into_inner);
        let fits = mapped
            .range(..=iova)
            .next_back()
            .is_some_and(|(start, memory)| {
                usize::try_from(iova - start).is_ok_and(|offset| memory.device_write(offset, data))
            });
        if fits {
            Ok(())
        } else {
            Err(DmaFault {
                iova,
                length: data.len(),
            })
        }
    }
}

struct Mapping {
    table: Weak<DmaTable>,
    iova: u64,
}

impl Drop for Mapping {
    fn drop(&mut self) {
        if let Some(table) = self.table.upgrade() {
            // Waits for a write in progress; later ones fault.
            table
                .mapped
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(&self.iova);
        }
    }
}
