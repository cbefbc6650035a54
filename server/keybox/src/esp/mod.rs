//! The packet: tunnel-mode ESP under a key of its own (spec 2-keybox §2.4).
//!
//! ```text
//!  0          4          8      10     12         16
//!  | SPI (32) | Seq (32) | i(16)| j(16)| flicker(32) | AES-256-GCM( inner packet | pad 1,2,3… | pad length | next header ) | ICV (16) |
//! ```
//!
//! The packet's key is SP 800-108 in counter mode with CMAC-AES-256 under K(i, j), its nonce SPI || 0 || Seq, its
//! additional data the header. Whoever calls sees to it that no header comes twice under one K(i, j), and that a packet is
//! not too old or a replay: [`crate::peer`].
//!
//! Nothing is allocated for a packet. Three ways to the same bytes, chosen when a box is made: the instructions of
//! AVX-512 (VAES, VPCLMULQDQ), AES-NI with PCLMULQDQ, and libraries everywhere else (decisions 23 and 27).

#[cfg(target_arch = "x86_64")]
mod aesni;
mod batch;
#[cfg(test)]
mod batch_tests;
mod cipher;
mod keys;
#[cfg(target_arch = "x86_64")]
#[allow(
    unsafe_code,
    reason = "calls functions for instructions that it has looked for"
)]
mod ready;
#[cfg(test)]
mod tests;
#[cfg(target_arch = "x86_64")]
mod vaes;

pub use batch::{Opening, Sealing, open_batch, seal_batch};
pub use cipher::Instructions;
pub use keys::BoxKeys;

/// Bytes of the header.
pub const HEADER: usize = 16;
/// Bytes of the integrity check value.
pub const ICV: usize = 16;
/// The longest packet: what UDP over IPv4 takes.
pub const MAX_PACKET: usize = 65_507;
/// Pad length and next header.
const TRAILER: usize = 2;
/// Padding brings the trailer's end to a multiple of this (RFC 4303 §2.4).
const ALIGN: usize = 4;

/// The clear part of a packet. Anyone may read it, nobody can change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// Security parameters index.
    pub spi: u32,
    /// Sequence number.
    pub seq: u32,
    /// Box, from 1.
    pub i: u16,
    /// Key in the box, from 1.
    pub j: u16,
    /// A number that differs from packet to packet.
    pub flicker: u32,
}

impl Header {
    /// Reads the header of a packet.
    ///
    /// # Errors
    /// [`Refusal::Truncated`].
    pub fn read(packet: &[u8]) -> Result<Self, Refusal> {
        let bytes: &[u8; HEADER] = packet.first_chunk().ok_or(Refusal::Truncated)?;
        let (words, _) = bytes.as_chunks::<4>();
        let [spi, seq, pointers, flicker] = [0, 1, 2, 3].map(|n| u32::from_be_bytes(words[n]));
        Ok(Self {
            spi,
            seq,
            i: (pointers >> 16) as u16,
            j: pointers as u16,
            flicker,
        })
    }

    /// Writes the header of a packet.
    pub fn write(&self, out: &mut [u8; HEADER]) {
        let pointers = u32::from(self.i) << 16 | u32::from(self.j);
        let words = [self.spi, self.seq, pointers, self.flicker];
        for (bytes, word) in out.as_chunks_mut().0.iter_mut().zip(words) {
            *bytes = word.to_be_bytes();
        }
    }
}

/// Why a packet was not opened, or not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Shorter than any packet, or not a multiple of four.
    #[error("truncated packet")]
    Truncated,
    /// Longer than a packet may be, or than its buffer.
    #[error("oversized packet")]
    Oversized,
    /// The key is not of this box.
    #[error("index pointers of another box, or beyond its keys")]
    WrongIndex,
    /// It does not authenticate.
    #[error("forged packet")]
    Forged,
    /// It authenticates, but its padding is not 1, 2, 3 …
    #[error("bad padding")]
    BadPadding,
}

/// What a packet was found to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Protocol of the inner packet: 4, 41, or 59 for none.
    pub next_header: u8,
    /// Length of the inner packet, which begins after the header.
    pub len: usize,
}

/// Length of the packet that `inner` bytes become.
#[must_use]
pub const fn sealed_len(inner: usize) -> usize {
    HEADER + (inner + TRAILER).next_multiple_of(ALIGN) + ICV
}

/// Seals in place. The inner packet lies at `buffer[16..16 + inner]`; the packet is `buffer[..returned]`.
///
/// # Errors
/// [`Refusal::Oversized`] when the packet is longer than the buffer or [`MAX_PACKET`], [`Refusal::WrongIndex`]. The buffer
/// is then as it was.
pub fn seal(
    keys: &BoxKeys,
    header: &Header,
    next_header: u8,
    buffer: &mut [u8],
    inner: usize,
) -> Result<usize, Refusal> {
    fits(buffer, inner)?;
    let key = keys.key(header)?;
    let packet = frame(header, next_header, buffer, inner);
    key.seal(header, packet);
    Ok(packet.len())
}

/// Whether a packet of so many bytes fits into its buffer once it is sealed.
fn fits(buffer: &[u8], inner: usize) -> Result<(), Refusal> {
    // Bounded first, so that the sum can't overflow.
    if inner > MAX_PACKET || sealed_len(inner) > buffer.len().min(MAX_PACKET) {
        return Err(Refusal::Oversized);
    }
    Ok(())
}

/// Writes header and trailer of a packet that [`fits`]; gives all of it, the ICV's place included.
fn frame<'a>(header: &Header, next_header: u8, buffer: &'a mut [u8], inner: usize) -> &'a mut [u8] {
    let packet = &mut buffer[..sealed_len(inner)];
    if let Some(head) = packet.first_chunk_mut() {
        header.write(head);
    }
    let end = packet.len() - ICV;
    let trailer = &mut packet[HEADER + inner..end];
    let padding = trailer.len() - TRAILER;
    for (byte, n) in trailer[..padding].iter_mut().zip(1..) {
        *byte = n;
    }
    trailer[padding] = padding as u8;
    trailer[padding + 1] = next_header;
    packet
}

/// Opens in place: the inner packet is `packet[16..16 + len]`. Of a packet that does not authenticate no plaintext is ever
/// left; what is in one that was refused is not to be used, nor to be tried with another key: it may have been zeroed.
///
/// # Errors
/// [`Refusal`].
pub fn open(keys: &BoxKeys, header: &Header, packet: &mut [u8]) -> Result<Opened, Refusal> {
    whole(packet)?;
    let key = keys.key(header)?;
    if !key.open(header, packet) {
        return Err(Refusal::Forged);
    }
    inside(packet)
}

/// Whether this can be a packet by its length.
fn whole(packet: &[u8]) -> Result<(), Refusal> {
    if packet.len() < sealed_len(0) || !packet.len().is_multiple_of(ALIGN) {
        return Err(Refusal::Truncated);
    }
    if packet.len() > MAX_PACKET {
        return Err(Refusal::Oversized);
    }
    Ok(())
}

/// What is in a packet that was authentic.
fn inside(packet: &[u8]) -> Result<Opened, Refusal> {
    let inner = &packet[HEADER..packet.len() - ICV];
    let (inner, trailer) = inner.split_at(inner.len() - TRAILER);
    let padding = usize::from(trailer[0]);
    let len = inner.len().checked_sub(padding);
    let len = len.ok_or(Refusal::BadPadding)?;
    if !inner[len..]
        .iter()
        .zip(1..=u8::MAX)
        .all(|(byte, n)| *byte == n)
    {
        return Err(Refusal::BadPadding);
    }
    Ok(Opened {
        next_header: trailer[1],
        len,
    })
}
