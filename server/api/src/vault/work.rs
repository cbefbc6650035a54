//! Transactions that can be refused, and threads for what waits or computes.

use std::sync::Arc;

use photonbox_store::{VaultRows, VaultStore, VaultWork};
use tokio::sync::Semaphore;

use crate::problem::Refusal;

/// Why a transaction was rolled back.
pub(crate) enum Stop {
    /// The request can't be.
    Refused(Refusal),
    /// The database failed.
    Store(photonbox_store::Error),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<photonbox_store::Error> for Stop {
    fn from(error: photonbox_store::Error) -> Self {
        Self::Store(error)
    }
}

/// One transaction that writes; what is refused rolls back.
pub(crate) fn transaction<T>(
    store: &dyn VaultStore,
    work: impl FnMut(&mut dyn VaultRows) -> Result<T, Stop>,
) -> Result<T, Refusal> {
    run(|work| store.vault(work), work)
}

/// Work that only reads.
pub(crate) fn reading<T>(
    store: &dyn VaultStore,
    work: impl FnMut(&mut dyn VaultRows) -> Result<T, Stop>,
) -> Result<T, Refusal> {
    run(|work| store.read_vault(work), work)
}

fn run<T>(
    on: impl FnOnce(VaultWork<'_>) -> photonbox_store::Result<bool>,
    mut work: impl FnMut(&mut dyn VaultRows) -> Result<T, Stop>,
) -> Result<T, Refusal> {
    let mut out = None;
    on(&mut |rows| match work(rows) {
        Ok(done) => {
            out = Some(Ok(done));
            Ok(true)
        }
        Err(Stop::Refused(refusal)) => {
            out = Some(Err(refusal));
            Ok(false)
        }
        Err(Stop::Store(error)) => Err(error),
    })?;
    out.unwrap_or(Err(Refusal::Internal))
}

/// Threads beside the runtime's: what waits for a disk or computes with large numbers. So many at once, and others wait.
#[derive(Debug, Clone)]
pub(crate) struct Workers(Arc<Semaphore>);

impl Workers {
    pub(crate) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        // Some wait for the database while others compute.
        Self(Arc::new(Semaphore::new(4 * cores)))
    }

    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let permit = Arc::clone(&self.0).acquire_owned().await;
        let done = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            work()
        });
        done.await.unwrap_or_else(|error| {
            tracing::error!(%error, "a request's work ended badly");
            Err(Refusal::Internal)
        })
    }
}
