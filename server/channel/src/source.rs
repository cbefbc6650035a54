//! Where random bytes come from: always an argument, never the operating system by way of this crate.
//!
//! Countermeasure T5 (`docs/threat-model.md`).

use rand_core::{TryCryptoRng, TryRng};

/// The byte source could not give what was asked of it.
///
/// The caller must stop, never take bytes from somewhere else.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the byte source is exhausted or unhealthy; check `photonbox status`, re-arm the source, then retry"
)]
pub struct SourceExhausted;

/// Random bytes for ephemeral secrets.
///
/// Side A gives the hub's DRBG, side B its own. An error ends the handshake or the channel.
pub trait ByteSource: Send + Sync {
    /// Fills all of `out`, or fails without any promise about what is in it.
    ///
    /// # Errors
    /// [`SourceExhausted`] when the source cannot give good bytes now.
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted>;
}

/// Side B's generator: it can take in what side A sends (protocol step 3).
pub trait MixingSource: ByteSource {
    /// Mixes received bytes into the generator's state, beside its own OS seed and never in
    /// place of it.
    ///
    /// # Errors
    /// [`SourceExhausted`] when the generator cannot be reseeded.
    fn mix(&self, received: &[u8]) -> Result<(), SourceExhausted>;
}

/// A byte source as the libraries of groups and keys ask for it.
pub struct Drawn<'a>(pub &'a dyn ByteSource);

impl TryRng for Drawn<'_> {
    type Error = SourceExhausted;

    fn try_next_u32(&mut self) -> Result<u32, SourceExhausted> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, SourceExhausted> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        self.0.fill(out)
    }
}

impl TryCryptoRng for Drawn<'_> {}
