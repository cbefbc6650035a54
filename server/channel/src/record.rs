//! Records: the unit of the second channel, inside TLS. Layout (`docs/protocol.md`, "Records"):
//! magic `PBXR`, version, kind, flags, reserved, epoch, counter, length; then the body. Sealed
//! kinds: AES-256-GCM, nonce = counter, AAD = header, the tag last.
//!
//! Countermeasure T6 (`docs/threat-model.md`).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use crate::error::CloseReason;
use crate::message::MAX_PAYLOAD;
use crate::schedule::RecordKey;

/// The first four bytes of each record.
pub const MAGIC: [u8; 4] = *b"PBXR";
/// The version of this format.
pub const VERSION: u8 = 1;
/// Length of a header in bytes.
pub const HEADER_LEN: usize = 20;
/// Length of the AES-GCM tag in bytes.
pub const TAG_LEN: usize = 16;
/// The longest plaintext: a full payload, a statement and their envelope.
pub const MAX_PLAINTEXT: usize = MAX_PAYLOAD + 12 * 1024;
/// The longest body of a clear record.
pub const MAX_CLEAR: usize = 4096;
/// The most records of one epoch and direction, control records included.
pub const MAX_EPOCH_RECORDS: u32 = 1 << 24;

/// What a record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A handshake message, protected by TLS alone: only before the second channel.
    Clear,
    /// A service message, sealed; counts toward N.
    Data,
    /// A control message, sealed; counts only toward 2^24.
    Control,
}

impl Kind {
    fn code(self) -> u8 {
        match self {
            Self::Clear => 1,
            Self::Data => 2,
            Self::Control => 3,
        }
    }
}

/// A header that was checked as far as it can be alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Header {
    /// What the record holds.
    pub kind: Kind,
    /// Epoch of its direction; 0 for clear records.
    pub epoch: u32,
    /// Counter within the epoch, from 0; the nonce.
    pub counter: u32,
    /// Bytes after the header, tag included.
    pub length: u32,
}

impl Header {
    /// The encoding.
    #[must_use]
    pub fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..4].copy_from_slice(&MAGIC);
        bytes[4] = VERSION;
        bytes[5] = self.kind.code();
        // bytes 6 and 7: flags and reserved, zero in version 1
        bytes[8..12].copy_from_slice(&self.epoch.to_be_bytes());
        bytes[12..16].copy_from_slice(&self.counter.to_be_bytes());
        bytes[16..].copy_from_slice(&self.length.to_be_bytes());
        bytes
    }
}

/// Reads the header at the front of `bytes` (more may follow). The checks run in the order of
/// the fields, so each fault has one answer.
///
/// # Errors
/// `Truncated` below 20 bytes, `BadMagic`, `BadVersion`, `UnknownKind`, `BadReserved`, then
/// `Oversized` or `Truncated` for a length that no record of the kind can have.
pub fn parse_record_header(bytes: &[u8]) -> Result<Header, CloseReason> {
    let Some((header, _)) = bytes.split_first_chunk::<HEADER_LEN>() else {
        return Err(CloseReason::Truncated);
    };
    let word = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    if header[..4] != MAGIC {
        return Err(CloseReason::BadMagic);
    }
    if header[4] != VERSION {
        return Err(CloseReason::BadVersion);
    }
    let kind = match header[5] {
        1 => Kind::Clear,
        2 => Kind::Data,
        3 => Kind::Control,
        _ => return Err(CloseReason::UnknownKind),
    };
    if header[6] != 0 || header[7] != 0 {
        return Err(CloseReason::BadReserved);
    }
    let header = Header {
        kind,
        epoch: word(8),
        counter: word(12),
        length: word(16),
    };
    let (least, most) = match kind {
        Kind::Clear => (1, MAX_CLEAR),
        Kind::Data | Kind::Control => (TAG_LEN + 1, MAX_PLAINTEXT + TAG_LEN),
    };
    let length = header.length as usize;
    if length > most {
        return Err(CloseReason::Oversized);
    }
    if length < least {
        return Err(CloseReason::Truncated);
    }
    Ok(header)
}

fn nonce(counter: u32) -> Nonce {
    let mut bytes = [0; 12];
    bytes[8..].copy_from_slice(&counter.to_be_bytes());
    Nonce::assume_unique_for_key(bytes)
}

fn aead_key(key: &RecordKey) -> LessSafeKey {
    match UnboundKey::new(&AES_256_GCM, key.bytes()) {
        Ok(key) => LessSafeKey::new(key),
        Err(_) => unreachable!("a record key has AES-256's key length"),
    }
}

#[cfg(feature = "pipe")]
fn name(key: &RecordKey) -> [u8; 16] {
    let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA384);
    hash.update(b"name of a key");
    hash.update(key.bytes());
    let mut name = [0; 16];
    name.copy_from_slice(&hash.finish().as_ref()[..16]);
    name
}

/// Seals the records of one epoch and direction.
pub struct RecordSealer {
    key: LessSafeKey,
    epoch: u32,
    next: u32,
    limit: u32,
    #[cfg(feature = "pipe")]
    name: [u8; 16],
}

impl RecordSealer {
    /// Uses up the key of an epoch. At most `limit` records (never above 2^24).
    #[must_use]
    pub fn new(key: RecordKey, epoch: u32, limit: u32) -> Self {
        Self {
            key: aead_key(&key),
            epoch,
            next: 0,
            limit: limit.min(MAX_EPOCH_RECORDS),
            #[cfg(feature = "pipe")]
            name: name(&key),
        }
    }

    /// What tells this epoch's key from others, and says nothing else about it.
    #[cfg(feature = "pipe")]
    pub(crate) fn name(&self) -> [u8; 16] {
        self.name
    }

    /// Records that may still be sealed.
    #[must_use]
    pub fn left(&self) -> u32 {
        self.limit - self.next
    }

    /// Epoch of the key.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Seals in place: `record` holds room for the header (20 bytes), the plaintext, and room for
    /// the tag (16 bytes).
    ///
    /// # Errors
    /// `RecordLimit` when the epoch is used up, `Oversized` for a plaintext that is too long or
    /// empty; then nothing was sealed.
    pub fn seal(&mut self, kind: Kind, record: &mut [u8]) -> Result<(), CloseReason> {
        let body = record
            .len()
            .checked_sub(HEADER_LEN)
            .filter(|body| (TAG_LEN + 1..=MAX_PLAINTEXT + TAG_LEN).contains(body))
            .ok_or(CloseReason::Oversized)?;
        if self.next >= self.limit {
            return Err(CloseReason::RecordLimit);
        }
        let header = Header {
            kind,
            epoch: self.epoch,
            counter: self.next,
            length: body as u32,
        }
        .to_bytes();
        self.next += 1;
        let (head, body_and_tag) = record.split_at_mut(HEADER_LEN);
        let (plaintext, tag) = body_and_tag.split_at_mut(body - TAG_LEN);
        head.copy_from_slice(&header);
        let sealed = self
            .key
            .seal_in_place_separate_tag(
                nonce(header_counter(&header)),
                Aad::from(header),
                plaintext,
            )
            .map_err(|_| CloseReason::Oversized)?;
        tag.copy_from_slice(sealed.as_ref());
        Ok(())
    }
}

fn header_counter(header: &[u8; HEADER_LEN]) -> u32 {
    u32::from_be_bytes([header[12], header[13], header[14], header[15]])
}

/// Opens the records of one epoch and direction, strictly in order.
pub struct RecordOpener {
    key: LessSafeKey,
    epoch: u32,
    next: u32,
    limit: u32,
}

impl RecordOpener {
    /// Uses up the key of an epoch.
    #[must_use]
    pub fn new(key: RecordKey, epoch: u32) -> Self {
        Self {
            key: aead_key(&key),
            epoch,
            next: 0,
            limit: MAX_EPOCH_RECORDS,
        }
    }

    /// Epoch of the key.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Opens a body (ciphertext and tag) in place and returns the plaintext's length.
    ///
    /// # Errors
    /// `WrongEpoch`, `Replayed`, `Reordered`, `RecordLimit`, `Truncated`, or `BadTag`.
    pub fn open(&mut self, header: &Header, body: &mut [u8]) -> Result<usize, CloseReason> {
        if header.epoch != self.epoch {
            return Err(CloseReason::WrongEpoch);
        }
        if header.counter < self.next {
            return Err(CloseReason::Replayed);
        }
        if header.counter > self.next {
            return Err(CloseReason::Reordered);
        }
        if self.next >= self.limit {
            return Err(CloseReason::RecordLimit);
        }
        if body.len() != header.length as usize {
            return Err(CloseReason::Truncated);
        }
        let plaintext = self
            .key
            .open_in_place(nonce(header.counter), Aad::from(header.to_bytes()), body)
            .map_err(|_| CloseReason::BadTag)?;
        self.next += 1;
        Ok(plaintext.len())
    }
}

/// Walks the records in a byte string and opens each: what fuzzing and the malformed-record
/// vectors drive. Returns how many opened before the end.
///
/// # Errors
/// The reason with which a channel would close at the first record that it refuses.
pub fn open_all(opener: &mut RecordOpener, mut bytes: &[u8]) -> Result<usize, CloseReason> {
    let mut opened = 0;
    while !bytes.is_empty() {
        let header = parse_record_header(bytes)?;
        if header.kind == Kind::Clear {
            return Err(CloseReason::Unexpected);
        }
        let body = &bytes[HEADER_LEN..];
        let Some((body, rest)) = body.split_at_checked(header.length as usize) else {
            return Err(CloseReason::Truncated);
        };
        opener.open(&header, &mut body.to_vec())?;
        opened += 1;
        bytes = rest;
    }
    Ok(opened)
}
