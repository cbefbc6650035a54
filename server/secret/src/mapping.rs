//! One anonymous mapping between two guard pages: `[no access | data | no access]`.

use std::io;
use std::ptr::NonNull;

/// Asks the operating system to keep `len` bytes at `addr` in memory; replaceable in tests.
pub(crate) type LockFn = fn(NonNull<u8>, usize) -> io::Result<()>;

/// What became of the mapping's protection.
#[derive(Debug)]
pub(crate) struct Protection {
    /// Why the pages could be swapped or dumped, if they could.
    pub(crate) failure: Option<io::Error>,
}

/// Data pages with a guard page before and after. Unmapped (and wiped first) when dropped.
#[derive(Debug)]
pub(crate) struct Mapping {
    data: NonNull<u8>,
    len: usize,
    page: usize,
}

// SAFETY: a mapping is process-wide memory with no tie to the thread that made it; the arena's
// mutex orders all use of this struct itself.
unsafe impl Send for Mapping {}

/// The system's page size in bytes.
pub(crate) fn page_size() -> usize {
    // SAFETY: sysconf takes no pointers and has no preconditions.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}

/// Locks pages with `mlock`: they stay in memory until they are unmapped.
pub(crate) fn mlock(addr: NonNull<u8>, len: usize) -> io::Result<()> {
    // SAFETY: mlock only reads the page tables for the range; a bad range is an error, not UB.
    if unsafe { libc::mlock(addr.as_ptr().cast(), len) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

impl Mapping {
    /// Maps at least `bytes` (rounded up to pages) zeroed bytes, locks them with `lock` and keeps
    /// them out of dumps.
    ///
    /// # Errors
    /// Only where there is no address space or memory at all. A refused lock is not an error here:
    /// it is in the [`Protection`].
    pub(crate) fn new(bytes: usize, lock: LockFn) -> io::Result<(Self, Protection)> {
        let page = page_size();
        let out_of_memory = || io::Error::from(io::ErrorKind::OutOfMemory);
        let len = bytes
            .max(1)
            .checked_next_multiple_of(page)
            .ok_or_else(out_of_memory)?;
        let total = len.checked_add(2 * page).ok_or_else(out_of_memory)?;
        // SAFETY: a fresh anonymous private mapping at an address of the kernel's choice; no
        // existing memory is touched.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                total,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: base + page lies inside the mapping just made, which is larger than one page.
        let data = unsafe { base.cast::<u8>().add(page) };
        // SAFETY: the range [data, data + len) lies wholly inside the mapping just made.
        let opened =
            unsafe { libc::mprotect(data.cast(), len, libc::PROT_READ | libc::PROT_WRITE) };
        let (Some(data), 0) = (NonNull::new(data), opened) else {
            let error = io::Error::last_os_error();
            // SAFETY: base and total are the mapping just made; nothing refers to it yet.
            unsafe { libc::munmap(base, total) };
            return Err(error);
        };
        let locked = lock(data, len);
        // SAFETY: the range is ours; MADV_DONTDUMP changes no contents.
        let hidden =
            if unsafe { libc::madvise(data.as_ptr().cast(), len, libc::MADV_DONTDUMP) } == 0 {
                Ok(())
            } else {
                Err(io::Error::last_os_error())
            };
        let protection = Protection {
            failure: locked.and(hidden).err(),
        };
        Ok((Self { data, len, page }, protection))
    }

    /// First data byte.
    pub(crate) fn data(&self) -> NonNull<u8> {
        self.data
    }

    /// Data bytes, a multiple of the page size.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the data range is mapped read-write and the arena hands out no slot of a mapping
        // that it drops, so no reference into it is alive.
        unsafe { libc::explicit_bzero(self.data.as_ptr().cast(), self.len) };
        // SAFETY: data - page is the start of the mapping made in `new`, of this total length.
        unsafe {
            libc::munmap(
                self.data.as_ptr().sub(self.page).cast(),
                self.len + 2 * self.page,
            )
        };
    }
}
