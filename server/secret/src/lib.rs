//! Memory for secrets: locked against swapping, left out of core dumps, zeroised when freed
//! (specification 1-entropy §1.3).
//!
//! All secrets of a process live in one arena of anonymous mappings. Each mapping stands between
//! two guard pages, is `mlock`ed and marked `MADV_DONTDUMP`; slots of equal size share a mapping,
//! so thousands of 32-byte keys cost a few pages and not a page each (`RLIMIT_MEMLOCK` is often
//! 8 MiB). A slot is wiped before it is free again.
//!
//! A lock that the operating system refuses is not hidden: the memory still works, and
//! [`lock_state`] says how many bytes are unlocked and why, so that the daemon can refuse to serve.
//!
//! Countermeasure T13 (`docs/threat-model.md`).

mod arena;
mod bytes;
mod fixed;
mod fork;
mod mapping;
mod wipe;

pub use arena::{LockState, lock_state};
pub use bytes::SecretBytes;
pub use fixed::{LengthError, SecretArray};
pub use fork::{ForkToken, fork_token};
pub use wipe::wipe;
