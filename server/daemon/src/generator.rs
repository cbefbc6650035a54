//! A host's own generator: CTR_DRBG seeded by this machine's operating system, with what the hub
//! sends mixed in beside it (`1-entropy` §1.5 step 3): what the hub sent is never all that this
//! host's keys hang on.
//!
//! Countermeasure T9 (`docs/threat-model.md`).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use photonbox_channel::{ByteSource, MixingSource, SourceExhausted};
use photonbox_entropy::drbg::{CtrDrbg, MAX_REQUEST_BYTES, Moment, SEED_BYTES};
use photonbox_secret::SecretArray;

use crate::{Error, Result, os, vm_event};

/// The generator of a host or relay.
pub(crate) struct HostGenerator {
    drbg: Mutex<CtrDrbg>,
    copies: Copies,
}

/// How often this machine was copied: a copy is like a child of the process, which has the state in common with it.
#[derive(Debug, Default)]
pub(crate) struct Copies(AtomicU64);

impl Copies {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }

    /// What a DRBG's limits are judged by.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            now: os::now(),
            // Tokens of processes stay far below 2^40.
            process: photonbox_secret::fork_token().value() ^ (self.count() << 40),
        }
    }
}

fn os_seed() -> Result<SecretArray<SEED_BYTES>, SourceExhausted> {
    let mut seed = SecretArray::<SEED_BYTES>::new_zeroed();
    os::random(seed.as_mut_slice()).map_err(|_| SourceExhausted)?;
    Ok(seed)
}

impl HostGenerator {
    /// # Errors
    /// The known-answer test or the OS generator failed: nothing takes their place.
    pub(crate) fn new() -> Result<Self> {
        let broken = |reason: String| {
            Error::failed(
                format!("this machine's generator cannot start: {reason}"),
                "the program or the machine is broken: do not use it for keys",
            )
        };
        let seed = os_seed().map_err(|_| broken("getrandom failed".into()))?;
        let copies = Copies::default();
        let drbg = CtrDrbg::instantiate(
            seed.as_slice(),
            &[],
            b"photonbox host",
            Default::default(),
            copies.moment(),
        )
        .map_err(|error| broken(error.to_string()))?;
        Ok(Self {
            drbg: Mutex::new(drbg),
            copies,
        })
    }

    fn lock(&self) -> MutexGuard<'_, CtrDrbg> {
        // The DRBG replaces its state whole; a panic elsewhere cannot have left half of one.
        self.drbg.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The machine was copied, or its kernel's generator has new state: nothing more comes of the present state alone.
    pub(crate) fn renew(&self) {
        self.copies.add();
        // Where the kernel of both copies should still have the same state, their clocks differ.
        if self.mix(&vm_event::reading()).is_err() {
            // From now on each request asks the system first, and gets nothing without it.
            tracing::error!("the system's generator failed: this host has no keys until it works");
        }
    }

    /// Mixes bytes of unknown quality in, without credit.
    pub(crate) fn contribute(&self, bytes: &[u8]) {
        if let Err(error) = self.lock().mix(bytes) {
            tracing::debug!(%error, "a contribution was too long to mix in");
        }
    }
}

impl ByteSource for HostGenerator {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        let mut drbg = self.lock();
        for chunk in out.chunks_mut(MAX_REQUEST_BYTES) {
            let at = self.copies.moment();
            if drbg.reseed_due(at).is_some() {
                drbg.reseed(os_seed()?.as_slice(), &[], at)
                    .map_err(|_| SourceExhausted)?;
            }
            drbg.generate(chunk, &[], at).map_err(|_| SourceExhausted)?;
        }
        Ok(())
    }
}

impl MixingSource for HostGenerator {
    fn mix(&self, received: &[u8]) -> Result<(), SourceExhausted> {
        self.lock()
            .reseed(os_seed()?.as_slice(), received, self.copies.moment())
            .map_err(|_| SourceExhausted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_fills_differ_everywhere_and_mixing_changes_what_comes() {
        let generator = HostGenerator::new().expect("generator");
        let mut long = vec![0; MAX_REQUEST_BYTES + 1000];
        generator.fill(&mut long).expect("fill");
        assert!(long[MAX_REQUEST_BYTES..].iter().any(|byte| *byte != 0));
        assert_ne!(long[..1000], long[MAX_REQUEST_BYTES..]);
        generator.mix(&[7; 64]).expect("mix");
        assert_eq!(generator.lock().reseeds(), 1);
        assert_eq!(generator.lock().bytes_since_seed(), 0);
        generator.contribute(b"anything");
        assert_eq!(
            generator.lock().reseeds(),
            1,
            "a contribution is not a reseed"
        );
    }

    #[test]
    fn a_renewed_generator_has_new_state_at_once() {
        let generator = HostGenerator::new().expect("generator");
        let mut bytes = [0; 16];
        generator.fill(&mut bytes).expect("fill");
        let before = generator.copies.moment().process;
        generator.renew();
        assert_eq!(generator.lock().reseeds(), 1);
        assert_ne!(generator.copies.moment().process, before);
        generator.fill(&mut bytes).expect("fill");
        assert_eq!(generator.lock().reseeds(), 1, "not once more");
        // Whoever comes between the count and the reseed reseeds by itself.
        generator.copies.add();
        generator.fill(&mut bytes).expect("fill");
        assert_eq!(generator.lock().reseeds(), 2);
    }
}
