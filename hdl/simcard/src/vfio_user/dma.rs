//! The table that plays the IOMMU: which addresses are which bytes of which memory.
//!
//! A virtual machine maps page by page out of one file. That file is mapped once here, as a whole, so that the number
//! of mappings in the table isn't that of the process.

use photonbox_driver::dma::DmaMemory;
use photonbox_driver::transport::vfio_user::wire::dma as flag;
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Weak};

/// Most mappings; as many as a kernel allows by default.
const MAX_MAPPINGS: usize = 65_535;
/// Most files behind them.
const MAX_FILES: usize = 256;
/// Smallest unit of a mapping.
const PAGE: u64 = 4096;

struct Mapping {
    bytes: u64,
    /// None where the card may not write.
    memory: Option<Arc<DmaMemory>>,
    offset: usize,
}

/// A file that is mapped: device, inode, and the mapping while any of the table uses it.
struct Mapped(u64, u64, Weak<DmaMemory>);

/// The table of one function.
#[derive(Default)]
pub(crate) struct DmaTable {
    /// By first address; they don't overlap.
    mappings: BTreeMap<u64, Mapping>,
    files: Vec<Mapped>,
}

impl DmaTable {
    /// Adds a mapping. One without a descriptor isn't shared memory; the card can't reach it, and it is passed over.
    ///
    /// # Errors
    /// What the client did wrong, as an errno.
    pub(crate) fn map(
        &mut self,
        flags: u32,
        address: u64,
        bytes: u64,
        offset: u64,
        descriptor: Option<OwnedFd>,
    ) -> Result<(), Errno> {
        let end = address.checked_add(bytes).ok_or(Errno::INVAL)?;
        let aligned = [address, bytes, offset].iter().all(|n| n % PAGE == 0);
        let known = flag::READ | flag::WRITE;
        if bytes == 0 || !aligned || flags & known == 0 || flags & !known != 0 {
            return Err(Errno::INVAL);
        }
        let Some(descriptor) = descriptor else {
            tracing::debug!(address, bytes, "memory that isn't shared; passed over");
            return Ok(());
        };
        if self.overlaps(address, end) {
            return Err(Errno::EXIST);
        }
        if self.mappings.len() >= MAX_MAPPINGS {
            return Err(Errno::NOSPC);
        }
        let memory = if flags & flag::WRITE == 0 {
            None
        } else {
            Some(self.memory(descriptor, offset, bytes)?)
        };
        let mapping = Mapping {
            bytes,
            memory,
            // It lies in memory that is mapped, so it fits.
            offset: usize::try_from(offset).unwrap_or(usize::MAX),
        };
        self.mappings.insert(address, mapping);
        Ok(())
    }

    fn overlaps(&self, start: u64, end: u64) -> bool {
        self.mappings
            .range(..end)
            .next_back()
            .is_some_and(|(first, mapping)| first + mapping.bytes > start)
    }

    /// The file's mapping, which holds the range.
    fn memory(
        &mut self,
        descriptor: OwnedFd,
        offset: u64,
        bytes: u64,
    ) -> Result<Arc<DmaMemory>, Errno> {
        let holds = |memory: &DmaMemory| {
            offset
                .checked_add(bytes)
                .is_some_and(|end| end <= memory.len() as u64)
        };
        let stat = rustix::fs::fstat(&descriptor)?;
        self.files.retain(|file| file.2.strong_count() > 0);
        let known = self
            .files
            .iter()
            .filter(|file| (file.0, file.1) == (stat.st_dev, stat.st_ino))
            .find_map(|file| file.2.upgrade().filter(|memory| holds(memory)));
        if let Some(memory) = known {
            return Ok(memory);
        }
        if self.files.len() >= MAX_FILES {
            return Err(Errno::NOSPC);
        }
        let memory = DmaMemory::of_peer(File::from(descriptor)).map_err(|error| {
            tracing::warn!(%error, "a client's memory is refused");
            Errno::from_io_error(&error).unwrap_or(Errno::INVAL)
        })?;
        if !holds(&memory) {
            return Err(Errno::INVAL);
        }
        let memory = Arc::new(memory);
        self.files
            .push(Mapped(stat.st_dev, stat.st_ino, Arc::downgrade(&memory)));
        Ok(memory)
    }

    /// Removes the mappings inside a range, and says how many bytes those were.
    ///
    /// # Errors
    /// The range would cut a mapping.
    pub(crate) fn unmap(&mut self, address: u64, bytes: u64) -> Result<u64, Errno> {
        let end = address.checked_add(bytes).ok_or(Errno::INVAL)?;
        let cut_in_front = self
            .mappings
            .range(..address)
            .next_back()
            .is_some_and(|(first, mapping)| first + mapping.bytes > address);
        let inside: Vec<(u64, u64)> = self
            .mappings
            .range(address..end)
            .map(|(first, mapping)| (*first, mapping.bytes))
            .collect();
        let cut_behind = inside
            .last()
            .is_some_and(|(first, bytes)| first + bytes > end);
        if bytes == 0 || cut_in_front || cut_behind {
            return Err(Errno::INVAL);
        }
        for (first, _) in &inside {
            self.mappings.remove(first);
        }
        Ok(inside.iter().map(|(_, bytes)| bytes).sum())
    }

    /// Removes all, and says how many bytes those were.
    pub(crate) fn clear(&mut self) -> u64 {
        let bytes = self.mappings.values().map(|mapping| mapping.bytes).sum();
        *self = Self::default();
        bytes
    }

    /// A posted write: all of it, or nothing where a part isn't mapped to be written.
    #[must_use]
    pub(crate) fn write(&self, address: u64, data: &[u8]) -> bool {
        let Some(first) = self.piece(address, data) else {
            return false;
        };
        if first.data.len() == data.len() {
            return first.store();
        }
        let mut at = address + first.data.len() as u64;
        let mut rest = &data[first.data.len()..];
        let mut pieces = vec![first];
        while !rest.is_empty() {
            let Some(piece) = self.piece(at, rest) else {
                return false;
            };
            at += piece.data.len() as u64;
            rest = &rest[piece.data.len()..];
            pieces.push(piece);
        }
        pieces.iter().all(Piece::store)
    }

    /// The beginning of a write, as far as one mapping holds it.
    fn piece<'a>(&'a self, address: u64, data: &'a [u8]) -> Option<Piece<'a>> {
        let (first, mapping) = self.mappings.range(..=address).next_back()?;
        let within = address - first;
        let room = mapping.bytes.checked_sub(within).filter(|room| *room > 0)?;
        let length = data.len().min(usize::try_from(room).unwrap_or(usize::MAX));
        Some(Piece {
            memory: mapping.memory.as_deref()?,
            offset: mapping.offset.checked_add(usize::try_from(within).ok()?)?,
            data: &data[..length],
        })
    }
}

/// Bytes of a write that go to one memory.
struct Piece<'a> {
    memory: &'a DmaMemory,
    offset: usize,
    data: &'a [u8],
}

impl Piece<'_> {
    fn store(&self) -> bool {
        self.memory.device_write(self.offset, self.data)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use photonbox_driver::dma::Locking;

    const BOTH: u32 = flag::READ | flag::WRITE;

    fn ram(pages: usize) -> DmaMemory {
        DmaMemory::allocate(pages * 4096, Locking::Preferred).unwrap()
    }

    fn fd(memory: &DmaMemory) -> Option<OwnedFd> {
        Some(memory.descriptor().try_clone_to_owned().unwrap())
    }

    #[test]
    fn pages_of_one_file_are_one_mapping_of_the_process() {
        let memory = ram(16);
        let mut table = DmaTable::default();
        for page in 0..16_u64 {
            // Backwards: neighbours in the file aren't neighbours on the bus.
            let address = 0x10_0000 - page * 4096;
            table
                .map(BOTH, address, 4096, page * 4096, fd(&memory))
                .unwrap();
        }
        assert_eq!(table.files.len(), 1);
        assert!(table.write(0x10_0000 - 3 * 4096 + 8, &[7; 8]));
        assert_eq!(memory.load_acquire(3 * 4096 + 8), 0x0707_0707_0707_0707);
        // Across a boundary: the first half lies in page 1, the second in page 0.
        assert!(table.write(0x10_0000 - 8, &[9; 16]));
        assert_eq!(memory.load_acquire(2 * 4096 - 8), 0x0909_0909_0909_0909);
        assert_eq!(memory.load_acquire(0), 0x0909_0909_0909_0909);
        assert!(
            !table.write(0x10_1000 - 8, &[5; 16]),
            "half of it is mapped"
        );
        assert_eq!(memory.load_acquire(4096 - 8), 0, "nothing is written");
        assert_eq!(table.unmap(0x0f_1000, 0x1_0000), Ok(16 * 4096));
        assert!(!table.write(0x10_0000, &[1; 8]));
    }

    #[test]
    fn ranges_that_cannot_be_are_refused() {
        let memory = ram(4);
        let mut table = DmaTable::default();
        let mut map =
            |flags, address, bytes, offset| table.map(flags, address, bytes, offset, fd(&memory));
        assert_eq!(map(BOTH, 0x2000, 0x2000, 0), Ok(()));
        assert_eq!(map(BOTH, 0x3000, 0x2000, 0), Err(Errno::EXIST));
        assert_eq!(map(BOTH, 0x1000, 0x4000, 0), Err(Errno::EXIST));
        assert_eq!(
            map(BOTH, 0x9000, 0x2000, 0x3000),
            Err(Errno::INVAL),
            "past the end"
        );
        assert_eq!(
            map(BOTH, 0x9000, 0x1000, u64::MAX - 0xfff),
            Err(Errno::INVAL)
        );
        for (flags, address, bytes) in [
            (BOTH, u64::MAX - 0xfff, 0x2000),
            (BOTH, 0x9000, 0),
            (BOTH, 0x9001, 0x1000),
            (BOTH, 0x9000, 0x1001),
            (0, 0x9000, 0x1000),
            (8, 0x9000, 0x1000),
        ] {
            assert_eq!(map(flags, address, bytes, 0), Err(Errno::INVAL));
        }
        assert_eq!(map(flag::READ, 0x8000, 0x1000, 0), Ok(()));
        assert!(!table.write(0x8000, &[1; 8]), "the card may only read it");
        assert_eq!(
            table.map(BOTH, 0x2000, 0x1000, 0, None),
            Ok(()),
            "passed over"
        );
        assert_eq!(table.unmap(0x2000, 0x1000), Err(Errno::INVAL), "cut behind");
        assert_eq!(
            table.unmap(0x3000, 0x1000),
            Err(Errno::INVAL),
            "cut in front"
        );
        assert_eq!(table.unmap(u64::MAX, 2), Err(Errno::INVAL));
        assert_eq!(table.unmap(0x2000, 0), Err(Errno::INVAL));
        assert_eq!(table.unmap(0x10_0000, 0x1000), Ok(0), "nothing there");
        assert_eq!(table.clear(), 0x3000);
        assert!(!table.write(0x2000, &[1; 8]));
    }

    #[test]
    fn memory_that_may_vanish_is_refused() {
        let mut table = DmaTable::default();
        let zero = File::open("/dev/zero").unwrap();
        assert_eq!(
            table.map(BOTH, 0x1000, 0x1000, 0, Some(zero.into())),
            Err(Errno::INVAL)
        );
        assert!(table.files.is_empty() && table.mappings.is_empty());
    }
}
