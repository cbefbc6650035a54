//! Several packets of one box at a time.

use super::{BoxKeys, Header, MAX_PACKET, Opened, Refusal, open, seal, sealed_len};

/// A packet that is to be sealed.
#[derive(Debug, Default)]
pub struct Sealing<'a> {
    /// Its header.
    pub header: Header,
    /// Protocol of the inner packet.
    pub next_header: u8,
    /// The inner packet lies at `buffer[16..16 + inner]`; the packet becomes `buffer[..sealed_len(inner)]`.
    pub buffer: &'a mut [u8],
    /// Length of the inner packet.
    pub inner: usize,
}

/// A packet that is to be opened.
#[derive(Debug)]
pub struct Opening<'a> {
    /// Its header.
    pub header: Header,
    /// The packet, opened in place: the inner packet is `packet[16..16 + len]`.
    pub packet: &'a mut [u8],
    /// What [`open_batch`] found; before it, that nothing is there.
    pub opened: Result<Opened, Refusal>,
}

impl Default for Opening<'_> {
    fn default() -> Self {
        Self {
            header: Header::default(),
            packet: &mut [],
            opened: Err(Refusal::Truncated),
        }
    }
}

/// Seals packets in place.
///
/// # Errors
/// As [`seal()`], for the first packet that can't be sealed: then none is, and the buffers are as they were.
pub fn seal_batch(keys: &BoxKeys, batch: &mut [Sealing<'_>]) -> Result<(), Refusal> {
    for one in &*batch {
        // Bounded first, so that the sum can't overflow.
        let most = one.buffer.len().min(MAX_PACKET);
        if one.inner > MAX_PACKET || sealed_len(one.inner) > most {
            return Err(Refusal::Oversized);
        }
        keys.key(&one.header)?;
    }
    for one in batch {
        seal(keys, &one.header, one.next_header, one.buffer, one.inner)?;
    }
    Ok(())
}

/// Opens packets in place, each for itself, as [`open()`].
pub fn open_batch(keys: &BoxKeys, batch: &mut [Opening<'_>]) {
    for one in batch {
        one.opened = open(keys, &one.header, one.packet);
    }
}
