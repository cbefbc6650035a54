//! What computes orbits.

use crate::{Error, IpKey, Parameters};

/// Bytes of a session key: a 256-bit little-endian number.
pub const KEY_BYTES: usize = 32;

/// Place of a session key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// Number in the orbit, from 1.
    pub n: u32,
    /// Box, from 1.
    pub i: u32,
    /// Key in the box, from 1.
    pub j: u32,
}

/// Something that computes all session keys of an orbit. All engines give the same bits.
pub trait Engine {
    /// Name, as `--engine` takes it.
    fn name(&self) -> &'static str;

    /// Gives every session key in order, n from 1 to I · J. What `take` is given is wiped afterwards.
    ///
    /// # Errors
    /// [`Error::Weak`] when the orbit turns out weak: no key is given from there on, and those given are not to be
    /// used. [`Error::Engine`] for what else an engine can meet.
    fn orbit(
        &mut self,
        ip_key: &IpKey,
        parameters: Parameters,
        take: &mut dyn FnMut(Position, &[u8; KEY_BYTES]),
    ) -> Result<(), Error>;
}
