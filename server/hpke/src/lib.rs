//! HPKE (RFC 9180) as this project uses it everywhere: one suite, and generators whose failures are noticed.
//!
//! The suite is DHKEM(P-384, HKDF-SHA384), HKDF-SHA384, AES-256-GCM. What is sealed with it, and to whom, stands where it is used: the
//! channel's sealed blocks, the vault's notes.
#![forbid(unsafe_code)]

use std::convert::Infallible;

use rand_core::{TryCryptoRng, TryRng};

pub use hpke::aead::AesGcm256 as Aead;
pub use hpke::kdf::HkdfSha384 as Kdf;
pub use hpke::kem::DhP384HkdfSha384 as Dhkem;

/// The generator gave nothing: what HPKE made meanwhile is of zeros.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoRandom;

/// Lends HPKE a generator. An error can't be said there; it is remembered, and what was made of zeros is dropped.
///
/// # Errors
/// [`NoRandom`].
pub fn with_random<T>(
    random: &mut impl TryCryptoRng,
    make: impl FnOnce(&mut Lent<'_>) -> T,
) -> Result<T, NoRandom> {
    let mut fill = |out: &mut [u8]| random.try_fill_bytes(out).is_ok();
    let mut lent = Lent {
        fill: &mut fill,
        failed: false,
    };
    let made = make(&mut lent);
    match lent.failed {
        true => Err(NoRandom),
        false => Ok(made),
    }
}

/// A generator as HPKE asks for one.
pub struct Lent<'a> {
    fill: &'a mut dyn FnMut(&mut [u8]) -> bool,
    failed: bool,
}

impl std::fmt::Debug for Lent<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Lent {{ failed: {} }}", self.failed)
    }
}

impl TryRng for Lent<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        if !(self.fill)(out) {
            out.fill(0);
            self.failed = true;
        }
        Ok(())
    }
}

impl TryCryptoRng for Lent<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use hpke::{Kem, OpModeS, setup_sender_with_rng};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    /// Gives so many calls bytes, and then nothing.
    struct Short {
        inner: ChaCha20Rng,
        calls: usize,
    }

    #[derive(Debug, Clone, Copy)]
    struct Empty;

    impl std::fmt::Display for Empty {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("empty")
        }
    }

    impl std::error::Error for Empty {}

    impl TryRng for Short {
        type Error = Empty;

        fn try_next_u32(&mut self) -> Result<u32, Empty> {
            Err(Empty)
        }

        fn try_next_u64(&mut self) -> Result<u64, Empty> {
            Err(Empty)
        }

        fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Empty> {
            self.calls = self.calls.checked_sub(1).ok_or(Empty)?;
            let Ok(()) = self.inner.try_fill_bytes(out);
            Ok(())
        }
    }

    impl TryCryptoRng for Short {}

    fn sealed(calls: usize) -> Result<bool, NoRandom> {
        let inner = ChaCha20Rng::seed_from_u64(1);
        let (_, public) = Dhkem::derive_keypair(&[7; 48]);
        with_random(&mut Short { inner, calls }, |random| {
            setup_sender_with_rng::<Aead, Kdf, Dhkem>(&OpModeS::Base, &public, b"", random).is_ok()
        })
    }

    #[test]
    fn what_a_failed_generator_gives_is_dropped() {
        assert_eq!(sealed(0), Err(NoRandom));
        assert_eq!(sealed(100), Ok(true));
        // It fails in the middle of what is made, too.
        let cut = with_random(
            &mut Short {
                inner: ChaCha20Rng::seed_from_u64(1),
                calls: 1,
            },
            |random| {
                let mut both = [0; 8];
                let (first, second) = both.split_at_mut(4);
                let Ok(()) = random.try_fill_bytes(first);
                let Ok(()) = random.try_fill_bytes(second);
                both
            },
        );
        assert_eq!(cut, Err(NoRandom));
    }
}
