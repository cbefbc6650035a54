//! Memory that a card may write.
//!
//! # The aliasing rule
//! A card changes this memory at any moment, without regard for Rust's references. So no `&` or `&mut` to plain
//! bytes of it ever exists: all access goes through [`DmaMemory`], which loads and stores single 64-bit words atomically. For
//! a card in this process that makes every interleaving defined; for one on a bus, an aligned word is what the bus
//! delivers whole. What a load returns is a value from outside, to be checked like any other input.

mod iova;
mod pages;
mod words;

pub use self::iova::IovaSpace;
pub(crate) use self::iova::place;

use self::pages::HugePages;
use self::words::Words;
use crate::{error::Error, sync::AtomicU64};
use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{SealFlags, fcntl_add_seals, fcntl_get_seals};
use std::{
    any::Any,
    fs::File,
    io,
    os::fd::{AsFd, BorrowedFd, FromRawFd},
    sync::{Arc, atomic::Ordering},
};

const WORD: usize = 8;
const HUGE_PAGE: usize = 2 << 20;
/// From here on small pages cost a start its second: it is worth a warning.
const LARGE: usize = 32 << 20;

/// Who keeps the memory in RAM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Locking {
    /// The IOMMU's pinning does, when the memory is mapped for the card: locking it, too, would count twice against
    /// the limit.
    Pinned,
    /// We lock it; where that isn't allowed we warn and go on: for a simulated card, whose bits are no secret.
    Preferred,
}

/// Whose memory it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Owner {
    /// Ours: wiped in the end.
    Us,
    /// Another process's, which lets us write it.
    Peer,
    /// Another process's, to read only.
    PeerToRead,
}

/// Anonymous shared memory on its own descriptor, so that any transport can hand it on (IOMMU, another process).
/// Zeroed at birth and at death; left out of core dumps. Sealed against shrinking: whoever maps it too can't lose
/// pages under his hands.
pub struct DmaMemory {
    words: Words,
    file: File,
    owner: Owner,
    huge: bool,
    locked: bool,
}

impl DmaMemory {
    /// At least `bytes` bytes (not 0), in 2 MiB pages when it is worth it and there are some.
    ///
    /// # Errors
    /// [`Error::DmaMemory`] when the system has none left, [`Error::LockedMemory`] when locking is required and the
    /// limit is too low.
    pub fn allocate(bytes: usize, locking: Locking) -> Result<Self, Error> {
        let fault = |source: io::Error| match source.kind() {
            io::ErrorKind::PermissionDenied => Error::NoPermission {
                what: "ring memory".into(),
                source,
            },
            _ => Error::DmaMemory { bytes, source },
        };
        if bytes == 0 {
            return Err(fault(io::Error::from(io::ErrorKind::InvalidInput)));
        }
        // Half a huge page is the point where it saves more mappings than it wastes memory.
        let huge = (bytes >= HUGE_PAGE / 2)
            .then(|| {
                Self::map(
                    bytes.next_multiple_of(HUGE_PAGE),
                    libc::MFD_HUGETLB | libc::MFD_HUGE_2MB,
                )
                .ok()
            })
            .flatten();
        let is_huge = huge.is_some();
        if !is_huge && bytes >= LARGE {
            tracing::warn!("{}", HugePages::of_the_system().advice(bytes));
        }
        let (map, file) = match huge {
            Some(mapped) => mapped,
            None => Self::map(bytes.next_multiple_of(page_size()), 0).map_err(fault)?,
        };
        // SAFETY: the range is exactly one mapping of ours; the advice changes only what a core dump holds.
        unsafe { libc::madvise(map.as_mut_ptr().cast(), map.len(), libc::MADV_DONTDUMP) };
        let locked = match locking {
            Locking::Pinned => false,
            Locking::Preferred => {
                // SAFETY: as above; locking doesn't change contents.
                let locked = unsafe { libc::mlock(map.as_ptr().cast(), map.len()) } == 0;
                if !locked {
                    tracing::warn!(
                        bytes = map.len(),
                        limit = memlock_limit(),
                        "ring memory isn't locked and may be swapped out; raise `ulimit -l` (RLIMIT_MEMLOCK)"
                    );
                }
                locked
            }
        };
        Ok(Self {
            words: map.into(),
            file,
            owner: Owner::Us,
            huge: is_huge,
            locked,
        })
    }

    /// Memory of another process, to be written as a card on a bus would: all of the file, whose size is rounded down
    /// to whole words. Pages are touched only when they are written.
    ///
    /// # Errors
    /// `InvalidInput` for a file that isn't sealed against shrinking, or is empty: an access to pages that went away
    /// would be a signal, not an error. Else what the system says.
    pub fn of_peer(file: File) -> io::Result<Self> {
        Self::shared(file, Owner::Peer)
    }

    /// The same for memory that another process writes and this one only reads.
    ///
    /// # Errors
    /// As [`DmaMemory::of_peer`].
    pub fn of_peer_to_read(file: File) -> io::Result<Self> {
        Self::shared(file, Owner::PeerToRead)
    }

    fn shared(file: File, owner: Owner) -> io::Result<Self> {
        // Only memory files have seals: this also keeps out what may block or fail under a page fault.
        let sealed = fcntl_get_seals(&file).is_ok_and(|seals| seals.contains(SealFlags::SHRINK));
        if !sealed {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the memory is no memfd that is sealed against shrinking",
            ));
        }
        let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX) / WORD * WORD;
        if length == 0 {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "the memory has no room for a word",
            ));
        }
        let mut options = MmapOptions::new();
        options.len(length).no_reserve_swap();
        let map = match owner {
            Owner::PeerToRead => options.map_raw_read_only(&file)?,
            Owner::Us | Owner::Peer => options.map_raw(&file)?,
        };
        Ok(Self {
            words: map.into(),
            file,
            owner,
            huge: false,
            locked: false,
        })
    }

    /// Memory of exactly `bytes` bytes for loom to watch; few words, because each is a step of every run.
    #[cfg(loom)]
    pub(crate) fn modelled(bytes: usize) -> io::Result<Self> {
        Ok(Self {
            words: Words::zeroed(bytes / WORD),
            file: File::open("/dev/null")?,
            owner: Owner::Us,
            huge: false,
            locked: false,
        })
    }

    fn map(length: usize, flags: libc::c_uint) -> io::Result<(MmapRaw, File)> {
        // SAFETY: the name is a C string; the call touches no other memory.
        let descriptor = unsafe {
            libc::memfd_create(
                c"photonbox-ring".as_ptr(),
                libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING | flags,
            )
        };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: just created, and owned by nobody else.
        let file = unsafe { File::from_raw_fd(descriptor) };
        file.set_len(length as u64)?;
        fcntl_add_seals(&file, SealFlags::SHRINK | SealFlags::GROW)?;
        // Touched now (MAP_POPULATE), so that a lack of pages is an error here, not a signal later.
        let map = MmapOptions::new().len(length).populate().map_raw(&file)?;
        Ok((map, file))
    }

    /// Length in bytes; a whole number of pages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.words.bytes()
    }

    /// Never true: there is always a page.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.words.bytes() == 0
    }

    /// Whether it lies in huge pages.
    #[must_use]
    pub fn is_huge(&self) -> bool {
        self.huge
    }

    /// What to change for it to lie in huge pages; none where it does, or is too small to gain by it.
    #[must_use]
    pub fn huge_page_advice(&self) -> Option<String> {
        let gains = !self.huge && self.len() >= HUGE_PAGE / 2;
        gains.then(|| HugePages::of_the_system().advice(self.len()))
    }

    /// Whether it is locked into RAM.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        self.locked
    }

    /// The descriptor, for transports that map it elsewhere.
    #[must_use]
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    /// Where it is mapped, for transports that tell an IOMMU. Not for access: see the module's rule.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.words.address()
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        &self.words.range(index, 1)[0]
    }

    /// The little-endian 64-bit word at byte `offset` (a multiple of 8), loaded with acquire ordering: what the card
    /// wrote before this word is visible after.
    ///
    /// # Panics
    /// Outside the memory, or unaligned: offsets come from checked ring geometry.
    #[must_use]
    pub fn load_acquire(&self, offset: usize) -> u64 {
        assert!(offset.is_multiple_of(WORD), "unaligned load at {offset}");
        u64::from_le(self.word(offset / WORD).load(Ordering::Acquire))
    }

    /// Copies bytes out, starting at byte `offset` (a multiple of 8).
    ///
    /// # Panics
    /// Outside the memory, or unaligned.
    pub fn copy_out(&self, offset: usize, out: &mut [u8]) {
        assert!(offset.is_multiple_of(WORD), "unaligned copy at {offset}");
        let words = self.words.range(offset / WORD, out.len().div_ceil(WORD));
        let load = |word: &AtomicU64| word.load(Ordering::Relaxed).to_ne_bytes();
        let (whole, rest) = out.as_chunks_mut::<WORD>();
        for (chunk, word) in whole.iter_mut().zip(words) {
            *chunk = load(word);
        }
        if let (false, Some(word)) = (rest.is_empty(), words.last()) {
            rest.copy_from_slice(&load(word)[..rest.len()]);
        }
    }

    /// Zeroes `length` bytes from `offset` on, both multiples of 8.
    ///
    /// # Panics
    /// Outside the memory, or unaligned.
    pub fn wipe(&self, offset: usize, length: usize) {
        assert!(
            offset.is_multiple_of(WORD) && length.is_multiple_of(WORD),
            "unaligned wipe at {offset}"
        );
        assert!(self.is_writable(), "a wipe of memory that is only read");
        for word in self.words.range(offset / WORD, length / WORD) {
            word.store(0, Ordering::Relaxed);
        }
    }

    fn is_writable(&self) -> bool {
        self.owner != Owner::PeerToRead
    }

    /// A write by a card in this process, at any byte offset: words in rising order, the last with release
    /// ordering, as a posted write's bytes arrive. False, and nothing written, when it doesn't fit or may only be read.
    #[must_use]
    pub fn device_write(&self, offset: usize, data: &[u8]) -> bool {
        let Some(end) = offset
            .checked_add(data.len())
            .filter(|&end| end <= self.len() && self.is_writable())
        else {
            return false;
        };
        let mut at = offset;
        let mut rest = data;
        while at < end {
            let within = at % WORD;
            let (now, later) = rest.split_at(rest.len().min(WORD - within));
            let word = self.word(at / WORD);
            // Part of a word: the card is the only writer of slots it owns, so load and store need not be one step.
            let mut bytes = if now.len() == WORD {
                [0; WORD]
            } else {
                word.load(Ordering::Relaxed).to_ne_bytes()
            };
            bytes[within..within + now.len()].copy_from_slice(now);
            at += now.len();
            rest = later;
            let order = if at == end {
                Ordering::Release
            } else {
                Ordering::Relaxed
            };
            word.store(u64::from_ne_bytes(bytes), order);
        }
        true
    }
}

impl Drop for DmaMemory {
    fn drop(&mut self) {
        if self.owner == Owner::Us {
            // Entropy may still lie here, and the pages return to the system.
            self.wipe(0, self.len());
        }
    }
}

/// Memory together with the address at which the card sees it. Dropping it takes it from the card.
pub struct DmaBuffer {
    iova: u64,
    /// Undoes the mapping when dropped; declared first, so that the card loses sight before the memory goes.
    _mapping: Box<dyn Any + Send + Sync>,
    memory: Arc<DmaMemory>,
}

impl DmaBuffer {
    /// For transports: `mapping` is whatever undoes the mapping when it is dropped.
    #[must_use]
    pub fn new(memory: Arc<DmaMemory>, iova: u64, mapping: Box<dyn Any + Send + Sync>) -> Self {
        Self {
            iova,
            _mapping: mapping,
            memory,
        }
    }

    /// First address as the card sees it.
    #[must_use]
    pub fn iova(&self) -> u64 {
        self.iova
    }

    /// The memory behind it.
    #[must_use]
    pub fn memory(&self) -> &DmaMemory {
        &self.memory
    }

    /// The same, for a transport around another one.
    #[must_use]
    pub fn shared_memory(&self) -> Arc<DmaMemory> {
        Arc::clone(&self.memory)
    }
}

fn page_size() -> usize {
    // SAFETY: no memory is involved.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// The limit of locked memory in bytes, as it is in force.
pub(crate) fn memlock_limit() -> u64 {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the pointer is to a local of the right type.
    unsafe { libc::getrlimit(libc::RLIMIT_MEMLOCK, &raw mut limit) };
    limit.rlim_cur
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn memory_is_whole_zeroed_pages() {
        let memory = DmaMemory::allocate(1, Locking::Preferred).expect("a page");
        assert_eq!(memory.len() % 4096, 0);
        assert!(!memory.is_empty());
        let mut bytes = vec![1; memory.len()];
        memory.copy_out(0, &mut bytes);
        assert!(bytes.iter().all(|&byte| byte == 0));
        assert!(matches!(
            DmaMemory::allocate(0, Locking::Preferred),
            Err(Error::DmaMemory { bytes: 0, .. })
        ));
    }

    #[test]
    fn big_buffers_fall_back_to_ordinary_pages() {
        // Whichever the machine has, the memory must work to its last byte.
        let memory = DmaMemory::allocate(HUGE_PAGE, Locking::Preferred).expect("2 MiB");
        let last = memory.len() - 8;
        assert!(memory.device_write(last, &7_u64.to_le_bytes()));
        assert_eq!(memory.load_acquire(last), 7);
    }

    #[test]
    fn a_write_past_the_end_changes_nothing() {
        let memory = DmaMemory::allocate(4096, Locking::Preferred).expect("a page");
        assert!(!memory.device_write(memory.len() - 4, &[0xff; 8]));
        assert!(!memory.device_write(usize::MAX, &[0xff; 8]));
        assert_eq!(memory.load_acquire(memory.len() - 8), 0);
    }

    fn copy_of(memory: &DmaMemory) -> File {
        File::from(memory.descriptor().try_clone_to_owned().expect("a copy"))
    }

    #[test]
    fn memory_of_a_peer_is_the_same_memory() {
        let ours = DmaMemory::allocate(4096, Locking::Preferred).expect("a page");
        let theirs = DmaMemory::of_peer(copy_of(&ours)).expect("sealed");
        assert!(theirs.device_write(16, &[7; 8]));
        assert_eq!(ours.load_acquire(16), 0x0707_0707_0707_0707);
        let read = DmaMemory::of_peer_to_read(copy_of(&ours)).expect("sealed");
        assert!(!read.device_write(16, &[8; 8]), "not to be written");
        let mut seen = [0; 8];
        read.copy_out(16, &mut seen);
        drop((theirs, read));
        assert_eq!(
            (seen, ours.load_acquire(16)),
            ([7; 8], 0x0707_0707_0707_0707)
        );
        assert!(copy_of(&ours).set_len(0).is_err(), "nobody shrinks it");
    }

    #[test]
    fn memory_that_may_shrink_is_refused() {
        use rustix::fs::{MemfdFlags, memfd_create};
        let open = File::from(memfd_create("test", MemfdFlags::CLOEXEC).expect("memfd"));
        open.set_len(4096).expect("room");
        for file in [open, File::open("/dev/zero").expect("there")] {
            let error = DmaMemory::of_peer(file).err().expect("refused");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        }
        let empty = memfd_create("test", MemfdFlags::ALLOW_SEALING).expect("memfd");
        fcntl_add_seals(&empty, SealFlags::SHRINK).expect("sealed");
        assert!(DmaMemory::of_peer(File::from(empty)).is_err(), "empty");
    }

    proptest! {
        #[test]
        fn device_writes_are_what_a_byte_array_would_hold(
            writes in prop::collection::vec((0_usize..200, prop::collection::vec(any::<u8>(), 0..60)), 1..20),
        ) {
            let memory = DmaMemory::allocate(4096, Locking::Preferred).expect("a page");
            let mut shadow = [0_u8; 264];
            for (offset, data) in &writes {
                prop_assert!(memory.device_write(*offset, data));
                shadow[*offset..offset + data.len()].copy_from_slice(data);
            }
            let mut seen = [0; 264];
            memory.copy_out(0, &mut seen);
            prop_assert_eq!(seen, shadow);
            memory.wipe(8, 16);
            memory.copy_out(0, &mut seen);
            shadow[8..24].fill(0);
            prop_assert_eq!(seen, shadow);
        }
    }
}
