//! The hub's generator as the group library asks for it.

use photonbox_channel::ByteSource;
use rand_core::{TryCryptoRng, TryRng};

/// The generator had no bytes.
#[derive(Debug, thiserror::Error)]
#[error("the generator gave no bytes")]
pub(crate) struct Empty;

/// Draws from a [`ByteSource`].
pub(crate) struct Drawn<'a>(pub(crate) &'a dyn ByteSource);

impl TryRng for Drawn<'_> {
    type Error = Empty;

    fn try_next_u32(&mut self) -> Result<u32, Empty> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, Empty> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Empty> {
        self.0.fill(out).map_err(|_| Empty)
    }
}

impl TryCryptoRng for Drawn<'_> {}
