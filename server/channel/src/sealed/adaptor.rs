//! A [`ByteSource`] as the generator that HPKE wants.

use std::convert::Infallible;

use hpke::rand_core::{TryCryptoRng, TryRng};

use crate::source::{ByteSource, SourceExhausted};

/// A byte source as HPKE's generator. It cannot report an error there, so it remembers one; the
/// caller must ask [`Self::check`] and drop what was made of zeros.
pub(super) struct Adaptor<'a> {
    source: &'a dyn ByteSource,
    failed: bool,
}

impl<'a> Adaptor<'a> {
    pub(super) fn new(source: &'a dyn ByteSource) -> Self {
        Self {
            source,
            failed: false,
        }
    }

    pub(super) fn check(&self) -> Result<(), SourceExhausted> {
        if self.failed {
            Err(SourceExhausted)
        } else {
            Ok(())
        }
    }
}

impl TryRng for Adaptor<'_> {
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
        if self.source.fill(out).is_err() {
            out.fill(0);
            self.failed = true;
        }
        Ok(())
    }
}

impl TryCryptoRng for Adaptor<'_> {}
