//! The operating system's generator, which has what the hub delivers mixed into it (`photonbox join --sink kernel`).

use std::sync::Arc;

use photonbox_channel::{ByteSource, SourceExhausted};

/// The system's generator. Where it fails, nothing takes its place.
#[derive(Debug, Clone, Copy)]
pub struct OsRandom(());

impl OsRandom {
    /// As clients take it.
    #[must_use]
    pub fn shared() -> Arc<dyn ByteSource> {
        Arc::new(Self(()))
    }
}

impl ByteSource for OsRandom {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        getrandom::fill(out).map_err(|_| SourceExhausted)
    }
}
