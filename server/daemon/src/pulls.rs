//! What a peer pulls of an on-demand request, as a figure.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::Notify;

/// Bytes of one request that may be pulled and not yet taken up by its task.
pub(crate) const MAX_PULL: u64 = 1 << 24;

/// What a peer has pulled of an on-demand request: a count, so that no number of pulls costs memory.
#[derive(Default)]
struct PullCount {
    bytes: AtomicU64,
    closed: AtomicBool,
    changed: Notify,
}

/// The peer's end of a [`Pulls`].
pub(crate) struct Puller(Arc<PullCount>);

impl Puller {
    /// False: more than [`MAX_PULL`] would be outstanding; nothing is added.
    pub(crate) fn pull(&self, bytes: u64) -> bool {
        let add = |sum: u64| sum.checked_add(bytes).filter(|sum| *sum <= MAX_PULL);
        let added = self
            .0
            .bytes
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, add);
        self.0.changed.notify_one();
        added.is_ok()
    }
}

impl Drop for Puller {
    fn drop(&mut self) {
        self.0.closed.store(true, Ordering::Release);
        self.0.changed.notify_one();
    }
}

/// The task's end: everything pulled since the last look, in one figure.
pub(crate) struct Pulls(Arc<PullCount>);

impl Pulls {
    /// The next bytes to give; none when the peer is gone.
    pub(crate) async fn recv(&mut self) -> Option<u64> {
        loop {
            match self.0.bytes.swap(0, Ordering::AcqRel) {
                0 if self.0.closed.load(Ordering::Acquire) => return None,
                // One permit is kept for a change between the look and the wait.
                0 => self.0.changed.notified().await,
                bytes => return Some(bytes),
            }
        }
    }
}

pub(crate) fn pulls() -> (Puller, Pulls) {
    let count = Arc::new(PullCount::default());
    (Puller(Arc::clone(&count)), Pulls(count))
}
