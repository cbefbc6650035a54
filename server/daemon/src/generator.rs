//! A host's own generator: CTR_DRBG seeded by this machine's operating system, with what the hub
//! sends mixed in beside it (`1-entropy` §1.5 step 3): what the hub sent is never all that this
//! host's keys hang on.
//!
//! Countermeasure T9 (`docs/threat-model.md`).

use std::sync::{Mutex, MutexGuard, PoisonError};

use photonbox_channel::{ByteSource, MixingSource, SourceExhausted};
use photonbox_entropy::drbg::{CtrDrbg, MAX_REQUEST_BYTES, Moment, SEED_BYTES};
use photonbox_secret::SecretArray;

use crate::{Error, Result, os};

/// The generator of a host or relay.
pub(crate) struct HostGenerator {
    drbg: Mutex<CtrDrbg>,
}

/// What the DRBG's limits are judged by.
pub(crate) fn moment() -> Moment {
    Moment {
        now: os::now(),
        process: photonbox_secret::fork_token().value(),
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
        let drbg = CtrDrbg::instantiate(
            seed.as_slice(),
            &[],
            b"photonbox host",
            Default::default(),
            moment(),
        )
        .map_err(|error| broken(error.to_string()))?;
        Ok(Self {
            drbg: Mutex::new(drbg),
        })
    }

    fn lock(&self) -> MutexGuard<'_, CtrDrbg> {
        // The DRBG replaces its state whole; a panic elsewhere cannot have left half of one.
        self.drbg.lock().unwrap_or_else(PoisonError::into_inner)
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
            let at = moment();
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
            .reseed(os_seed()?.as_slice(), received, moment())
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
}
