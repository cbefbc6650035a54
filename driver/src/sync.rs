//! Locks, atomics and the clock of the ring logic: the standard library's, or, built with `--cfg loom`, those of loom,
//! which tries the interleavings of a model's threads and the values that their loads may give (`make loom`).

#[cfg(not(loom))]
pub(crate) use std::{
    sync::{
        Condvar, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64},
    },
    time::Instant,
};
#[cfg(not(loom))]
pub(crate) use tokio::time::timeout;

#[cfg(loom)]
pub(crate) use self::still::{Instant, timeout};
#[cfg(loom)]
pub(crate) use loom::sync::{
    Condvar, Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64},
};

/// Time stands still in a model: whoever waits for long waits until he is woken, and a lost wake-up is a deadlock, which
/// loom reports, instead of a delay.
#[cfg(loom)]
mod still {
    use std::{convert::Infallible, time::Duration};

    #[derive(Debug, Clone, Copy)]
    pub(crate) struct Instant;

    impl Instant {
        pub(crate) fn now() -> Self {
            Self
        }

        pub(crate) fn elapsed(self) -> Duration {
            Duration::ZERO
        }
    }

    pub(crate) async fn timeout<F: Future>(
        _time: Duration,
        future: F,
    ) -> Result<F::Output, Infallible> {
        Ok(future.await)
    }
}
