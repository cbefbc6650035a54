//! Noticing a fork, so that parent and child never draw the same bytes from one DRBG state.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::mapping::page_size;

/// A value that is the same throughout one process and different in each of its children.
///
/// A generator keeps the token that it was seeded under and reseeds when [`fork_token`] differs.
/// Only tokens of one line of descent may be compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ForkToken(u64);

impl ForkToken {
    /// The token as a plain number, for crates that know no processes.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}

/// Counts the generations of this line of descent; a child inherits its parent's count.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// The wiped word, or `None` where the kernel can't wipe on fork (before Linux 4.14).
static WORD: OnceLock<Option<&'static AtomicU64>> = OnceLock::new();

/// The token of the calling process. Costs a load; no system call.
#[must_use]
pub fn fork_token() -> ForkToken {
    let Some(word) = WORD.get_or_init(map_word) else {
        // A process number can come back only after the parent itself is gone, and the odd bit
        // keeps these apart from generations.
        return ForkToken(u64::from(std::process::id()) << 1 | 1);
    };
    let token = word.load(Ordering::Acquire);
    if token != 0 {
        return ForkToken(token);
    }
    // First call in this process: the word is new, or the kernel wiped it in the fork. The count
    // is above all of the ancestors', since theirs came from it before the fork.
    let fresh = (GENERATION.fetch_add(1, Ordering::AcqRel) + 1) << 1;
    match word.compare_exchange(0, fresh, Ordering::AcqRel, Ordering::Acquire) {
        Ok(_) => ForkToken(fresh),
        Err(other_thread) => ForkToken(other_thread),
    }
}

/// A page that reads as zero in every child. It stays mapped for the life of the process.
fn map_word() -> Option<&'static AtomicU64> {
    let page = page_size();
    // SAFETY: a fresh anonymous private mapping; no existing memory is touched.
    let addr = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            page,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
            -1,
            0,
        )
    };
    if addr == libc::MAP_FAILED {
        return None;
    }
    // SAFETY: the range is the mapping just made, and nothing refers to it yet.
    if unsafe { libc::madvise(addr, page, libc::MADV_WIPEONFORK) } != 0 {
        // SAFETY: as above.
        unsafe { libc::munmap(addr, page) };
        return None;
    }
    // SAFETY: page-aligned, zeroed, at least 8 bytes, mapped for ever, and only used as this atomic.
    Some(unsafe { &*addr.cast::<AtomicU64>() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_the_same_in_one_process() {
        let first = fork_token();
        let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(fork_token)).collect();
        for thread in threads {
            assert_eq!(thread.join().expect("no panic"), first);
        }
        assert_ne!(first.value(), 0);
    }

    #[test]
    fn differs_in_a_child_and_in_its_child() {
        let parent = fork_token();
        // SAFETY: the child only calls async-signal-safe things (atomics, fork, waitpid, _exit).
        let child = unsafe { libc::fork() };
        assert!(child >= 0, "fork failed");
        if child == 0 {
            let own = fork_token();
            let mut good = own != parent && own == fork_token();
            // SAFETY: as above.
            let grandchild = unsafe { libc::fork() };
            if grandchild == 0 {
                let third = fork_token();
                let code = i32::from(third == own || third == parent);
                // SAFETY: ends this process without running anybody's destructors.
                unsafe { libc::_exit(code) };
            }
            let mut status = 0;
            // SAFETY: `status` is valid for the call; the pid is our own child's.
            unsafe { libc::waitpid(grandchild, &raw mut status, 0) };
            good &= grandchild > 0 && status == 0;
            // SAFETY: as above.
            unsafe { libc::_exit(i32::from(!good)) };
        }
        let mut status = -1;
        // SAFETY: `status` is valid for the call; the pid is our own child's.
        unsafe { libc::waitpid(child, &raw mut status, 0) };
        assert_eq!(status, 0, "the child saw its parent's token");
        assert_eq!(fork_token(), parent);
    }
}
