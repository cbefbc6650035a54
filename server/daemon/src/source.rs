//! The hub's pool, shared: the feeder fills it, requests and channels draw from it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use photonbox_channel::{ByteSource, SourceExhausted};
use photonbox_entropy::drbg::{MAX_REQUEST_BYTES, SEED_BYTES};
use photonbox_entropy::health::Health;
use photonbox_entropy::pool::{Absorbed, FullOutput, Pool, PoolConfig, PoolError, SourceBlock};
use photonbox_entropy::provenance::Provenance;
use photonbox_secret::{SecretArray, SecretBytes};
use tokio::sync::Notify;

use crate::generator::Copies;
use crate::{Error, Result, os};

/// Why the hub has no bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DrawError {
    /// Health, seed or credit.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The operating system's share: nothing is given without it.
    #[error("the system's generator failed: {0}; check the kernel's log")]
    System(#[from] std::io::Error),
}

/// The pool behind its lock. Every call is short: nothing waits while it holds the lock.
#[derive(Debug)]
pub(crate) struct Entropy {
    pool: Mutex<Pool>,
    changed: Notify,
    /// Counted while the pool is held.
    copies: Copies,
}

/// The labels of the entropy crate as the channel writes them.
pub(crate) fn on_the_wire(provenance: Provenance) -> photonbox_channel::Provenance {
    photonbox_channel::Provenance {
        simulated: provenance.simulated,
        replayed: provenance.replayed,
        test: provenance.test,
    }
}

/// One word for people: the strongest label.
pub(crate) fn label(provenance: Provenance) -> Option<&'static str> {
    if provenance.test {
        Some("test")
    } else if provenance.replayed {
        Some("replayed")
    } else if provenance.simulated {
        Some("simulated")
    } else {
        None
    }
}

impl Entropy {
    pub(crate) fn new(config: PoolConfig) -> Result<Arc<Self>> {
        let pool = Pool::new(config)
            .map_err(|error| Error::usage(error.to_string(), "correct claimed_h in [card]"))?;
        Ok(Arc::new(Self {
            pool: Mutex::new(pool),
            changed: Notify::new(),
            copies: Copies::default(),
        }))
    }

    /// The pool, for whoever needs more than one call at once.
    pub(crate) fn pool(&self) -> MutexGuard<'_, Pool> {
        // The pool checks its own invariants at each step and fails closed.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes everybody who waits in [`Entropy::changed`].
    pub(crate) fn tell(&self) {
        self.changed.notify_waiters();
    }

    /// Resolves when the pool has changed since this was called.
    pub(crate) fn changed(&self) -> impl Future<Output = ()> + '_ {
        self.changed.notified()
    }

    /// Full entropy, mixed once with the operating system's.
    pub(crate) fn full(&self, bytes: usize) -> Result<FullOutput, DrawError> {
        let mut share = SecretBytes::new_zeroed(bytes);
        os::random(share.as_mut_slice())?;
        Ok(self
            .pool()
            .full(bytes, share.as_slice(), self.copies.moment())?)
    }

    /// DRBG output, at most 64 KiB.
    pub(crate) fn drbg(&self, out: &mut [u8]) -> Result<Provenance, DrawError> {
        let fresh = fresh_os()?;
        Ok(self
            .pool()
            .drbg(out, self.copies.moment(), fresh.as_array())?)
    }

    /// How often this machine was copied.
    pub(crate) fn copies(&self) -> u64 {
        self.copies.count()
    }

    /// The machine was copied: what waits in the pool is discarded, and the DRBG gives nothing until it has a new seed of
    /// bits that come from now on. `give_up` ends what drew from it before; nobody draws meanwhile.
    pub(crate) fn copied(&self, give_up: impl FnOnce()) {
        {
            let mut pool = self.pool();
            give_up();
            self.copies.add();
            if let Err(error) = pool.copied(self.copies.moment()) {
                tracing::error!(%error, "the ledger refuses what was discarded");
            }
        }
        self.tell();
    }

    /// Takes a block in that the card gave when this machine had been copied `copies` times; one of before a copy is
    /// dropped.
    pub(crate) fn absorb(
        &self,
        block: SourceBlock<'_>,
        copies: u64,
    ) -> Result<Absorbed, PoolError> {
        let mut pool = self.pool();
        if self.copies() != copies {
            return Ok(Absorbed::Discarded);
        }
        pool.absorb(block)
    }

    /// Whether keys wait only for bits of a source that is well.
    pub(crate) fn waits_for_seed(&self) -> bool {
        match self.can_make_keys() {
            Err(DrawError::Pool(PoolError::NotSeeded { .. } | PoolError::ReseedWaits { .. })) => {
                true
            }
            _ => !self.pool().is_seeded(),
        }
    }

    /// Whether a handshake would get bytes for its keys now.
    pub(crate) fn can_make_keys(&self) -> Result<(), DrawError> {
        // Only drawing shows it: health, seed and a reseed that may be due decide together.
        let mut probe = SecretBytes::new_zeroed(16);
        self.drbg(probe.as_mut_slice()).map(drop)
    }

    /// Seeds and reseeds when that is due.
    pub(crate) fn maintain(&self) -> Result<(), DrawError> {
        let fresh = fresh_os()?;
        self.pool()
            .maintain(self.copies.moment(), fresh.as_array())?;
        Ok(())
    }

    /// Health of all lanes together.
    pub(crate) fn health(&self) -> Health {
        self.pool().health().health()
    }
}

fn fresh_os() -> std::io::Result<SecretArray<SEED_BYTES>> {
    let mut fresh = SecretArray::new_zeroed();
    os::random(fresh.as_mut_slice())?;
    Ok(fresh)
}

/// The hub's side of every channel draws its keys here (`1-entropy` §1.5 steps 2 to 4).
impl ByteSource for Entropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        for chunk in out.chunks_mut(MAX_REQUEST_BYTES) {
            self.drbg(chunk).map_err(|error| {
                tracing::warn!(%error, "no bytes for a channel's keys");
                SourceExhausted
            })?;
        }
        Ok(())
    }
}
