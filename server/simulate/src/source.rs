//! A host's own generator in the simulation: the real CTR_DRBG, seeded by the run's seed in its operating system's place,
//! and a count of what was drawn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use photonbox_channel::{ByteSource, MixingSource, SourceExhausted};
use photonbox_entropy::drbg::{CtrDrbg, DrbgError, Moment, ReseedPolicy, SEED_BYTES};

use crate::dice::digest;

/// A seeded generator that counts.
pub(crate) struct Source {
    drbg: Mutex<CtrDrbg>,
    drawn: AtomicU64,
}

const MOMENT: Moment = Moment {
    now: Duration::ZERO,
    process: 0,
};

impl Source {
    pub(crate) fn new(seed: u64, host: u32) -> Result<Self, DrbgError> {
        let mut entropy = [0; SEED_BYTES];
        entropy[..32].copy_from_slice(&digest(seed, "generator", host.into()));
        // A seeded run has no operating system to reseed from.
        let policy = ReseedPolicy {
            bytes: u64::MAX,
            time: Duration::MAX,
        };
        let drbg = CtrDrbg::instantiate(&entropy, &[], b"photonbox simulate", policy, MOMENT)?;
        Ok(Self {
            drbg: Mutex::new(drbg),
            drawn: AtomicU64::new(0),
        })
    }

    /// Bytes drawn so far.
    pub(crate) fn drawn(&self) -> u64 {
        self.drawn.load(Ordering::Relaxed)
    }
}

impl ByteSource for Source {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        self.drawn.fetch_add(out.len() as u64, Ordering::Relaxed);
        let mut drbg = self.drbg.lock().unwrap_or_else(PoisonError::into_inner);
        drbg.generate(out, &[], MOMENT).map_err(|_| SourceExhausted)
    }
}

impl MixingSource for Source {
    fn mix(&self, received: &[u8]) -> Result<(), SourceExhausted> {
        let mut drbg = self.drbg.lock().unwrap_or_else(PoisonError::into_inner);
        drbg.mix(received).map_err(|_| SourceExhausted)
    }
}
