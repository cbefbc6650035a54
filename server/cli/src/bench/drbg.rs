//! `drbg`: CTR_DRBG-AES-256 in 64 KiB requests, reseeded by its own policy, beside the operating
//! system's generator in reads of the same size.

use super::harness::{self, Effort, Measured};
use anyhow::Context as _;
use photonbox_channel::{ByteSource, MixingSource, SourceExhausted};
use photonbox_entropy::drbg::{CtrDrbg, MAX_REQUEST_BYTES, Moment, ReseedPolicy, SEED_BYTES};
use std::fs::File;
use std::io::Read as _;
use std::sync::Mutex;
use std::time::Instant;

/// A CTR_DRBG seeded by the operating system, for measuring.
pub(crate) struct Generator {
    drbg: Mutex<CtrDrbg>,
    started: Instant,
    os: File,
}

impl Generator {
    /// Seeds one.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let os = os_generator()?;
        let started = Instant::now();
        let moment = moment(started);
        let drbg = CtrDrbg::instantiate(
            &seed(&os)?,
            &[],
            b"photonbox bench",
            ReseedPolicy::default(),
            moment,
        )?;
        Ok(Self {
            drbg: Mutex::new(drbg),
            started,
            os,
        })
    }

    /// Fills `out`, of any length.
    fn generate(&self, out: &mut [u8]) -> anyhow::Result<()> {
        let mut drbg = self
            .drbg
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        for request in out.chunks_mut(MAX_REQUEST_BYTES) {
            let moment = moment(self.started);
            if drbg.reseed_due(moment).is_some() {
                drbg.reseed(&seed(&self.os)?, &[], moment)?;
            }
            drbg.generate(request, &[], moment)?;
        }
        Ok(())
    }
}

impl ByteSource for Generator {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        self.generate(out).map_err(|_| SourceExhausted)
    }
}

impl MixingSource for Generator {
    fn mix(&self, received: &[u8]) -> Result<(), SourceExhausted> {
        let mut drbg = self
            .drbg
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        drbg.mix(received).map_err(|_| SourceExhausted)
    }
}

fn moment(started: Instant) -> Moment {
    Moment {
        now: started.elapsed(),
        process: photonbox_secret::fork_token().value(),
    }
}

fn os_generator() -> anyhow::Result<File> {
    File::open("/dev/urandom").context("cannot open the operating system's generator; mount /dev")
}

fn seed(mut os: &File) -> anyhow::Result<[u8; SEED_BYTES]> {
    let mut seed = [0; SEED_BYTES];
    os.read_exact(&mut seed)
        .context("cannot read the operating system's generator")?;
    Ok(seed)
}

/// Bytes of the operating system's generator.
pub(super) fn os_bytes(count: usize) -> anyhow::Result<Vec<u8>> {
    let mut bytes = vec![0; count];
    os_generator()?
        .read_exact(&mut bytes)
        .context("cannot read the operating system's generator")?;
    Ok(bytes)
}

/// Bytes per second beside the operating system's.
pub(crate) fn measure(effort: Effort) -> anyhow::Result<Measured> {
    let generator = Generator::new()?;
    let mut os = os_generator()?;
    let mut ours = vec![0; MAX_REQUEST_BYTES];
    let mut theirs = vec![0; MAX_REQUEST_BYTES];
    let medians = harness::pairs::<anyhow::Error>(
        effort.pairs,
        || {
            harness::rate(effort.slice, || {
                generator.generate(&mut ours)?;
                std::hint::black_box(&mut ours);
                Ok(ours.len() as u64)
            })
        },
        || {
            harness::rate(effort.slice, || {
                os.read_exact(&mut theirs)?;
                std::hint::black_box(&mut theirs);
                Ok(theirs.len() as u64)
            })
        },
    )?;
    Ok(Measured::beside(
        "drbg",
        "B/s",
        medians.ours,
        medians.baseline,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_any_length_and_never_repeats() {
        let generator = Generator::new().expect("a generator");
        let (mut one, mut two) = (vec![0; 3 * MAX_REQUEST_BYTES + 5], [0; 48]);
        generator.fill(&mut one).expect("bytes");
        generator.mix(b"from the other side").expect("mixes");
        generator.fill(&mut two).expect("bytes");
        assert!(
            one.chunks(48)
                .all(|chunk| chunk != &two[..chunk.len()] || chunk.len() < 48)
        );
        assert!(one[3 * MAX_REQUEST_BYTES..].iter().any(|&byte| byte != 0));
    }
}
