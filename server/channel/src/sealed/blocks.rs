//! S3: sealed blocks, in the order of their HPKE context.

use std::time::Duration;

use hpke::aead::{AeadCtxR, AeadCtxS};
use hpke::{Deserializable, Serializable};
use photonbox_hpke::{Aead, Dhkem, Kdf};
use photonbox_secret::SecretBytes;

use super::{BLOCK_MAGIC, PREFIX, SealError, StreamLimits, VERSION, unframe};
use crate::message::{MAX_BLOCK, MAX_PAYLOAD, MAX_SIGNED, Provenance};
use crate::record::TAG_LEN;
use crate::wire::{Out, Reader};

/// Prefix, stream, generation, sequence, provenance, last.
const BLOCK_HEADER: usize = PREFIX + 8 + 4 + 8 + 1 + 1;

/// A statement that goes inside a sealed block (spec 1-entropy §1.3), opaque here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attestation<'a> {
    /// The statement's canonical encoding.
    pub statement: &'a [u8],
    /// The HMAC key that only the recipient gets.
    pub key: &'a [u8],
    /// The hub's signature over the statement.
    pub signature: &'a [u8],
}

/// S3, the hub's side: seals blocks in order.
pub struct Sealer {
    pub(super) context: AeadCtxS<Aead, Kdf, Dhkem>,
    pub(super) stream: u64,
    pub(super) generation: u32,
    pub(super) next: u64,
    pub(super) limits: StreamLimits,
    pub(super) opened: Duration,
}

impl Sealer {
    /// Whether S4 is due.
    #[must_use]
    pub fn is_used_up(&self, now: Duration) -> bool {
        self.next >= u64::from(self.limits.blocks)
            || now >= self.opened + Duration::from_secs(u64::from(self.limits.seconds))
    }

    /// Seals one block.
    ///
    /// # Errors
    /// [`SealError::Renew`] when N_s or T_s is reached, [`SealError::Size`].
    pub fn seal(
        &mut self,
        payload: &[u8],
        attestation: Option<Attestation<'_>>,
        provenance: Provenance,
        last: bool,
        now: Duration,
    ) -> Result<Vec<u8>, SealError> {
        if self.is_used_up(now) {
            return Err(SealError::Renew);
        }
        if payload.is_empty() || payload.len() > MAX_PAYLOAD {
            return Err(SealError::Size);
        }
        let encode = |out: &mut Out<'_>| {
            match attestation {
                Some(attestation) => {
                    out.u8(1);
                    out.short(attestation.statement);
                    out.short(attestation.key);
                    out.short(attestation.signature);
                }
                None => out.u8(0),
            }
            out.bytes(payload);
        };
        let mut count = Out::counting();
        encode(&mut count);
        let plain_len = count.len();
        let total = BLOCK_HEADER + plain_len + TAG_LEN;
        if total > MAX_BLOCK {
            return Err(SealError::Size);
        }
        let mut block = vec![0; total];
        let mut out = Out::new(&mut block);
        out.bytes(&BLOCK_MAGIC);
        out.u8(VERSION);
        out.u32((total - PREFIX) as u32);
        out.u64(self.stream);
        out.u32(self.generation);
        out.u64(self.next);
        out.u8(provenance.to_bits());
        out.u8(u8::from(last));
        let (header, sealed) = block.split_at_mut(BLOCK_HEADER);
        let (plain, tag) = sealed.split_at_mut(plain_len);
        encode(&mut Out::new(plain));
        let made = self
            .context
            .seal_inout_detached(plain.into(), header)
            .map_err(|_| SealError::Renew)?;
        tag.copy_from_slice(&made.to_bytes());
        self.next += 1;
        Ok(block)
    }
}

/// S3, the host's side: opens blocks in order. A refused block changes nothing: the right one can
/// still come.
pub struct Opener {
    pub(super) context: AeadCtxR<Aead, Kdf, Dhkem>,
    pub(super) stream: u64,
    pub(super) generation: u32,
    pub(super) next: u64,
}

/// An opened block.
#[derive(Debug)]
pub struct OpenedBlock {
    plain: SecretBytes,
    payload_at: usize,
    attestation: Option<[(usize, usize); 3]>,
    /// 0, 1, 2, … within the generation.
    pub seq: u64,
    /// Labels, as the hub set them.
    pub provenance: Provenance,
    /// The request is answered in full.
    pub last: bool,
}

impl OpenedBlock {
    /// The entropy.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.plain.as_slice()[self.payload_at..]
    }

    /// The statement, if one was asked for.
    #[must_use]
    pub fn attestation(&self) -> Option<Attestation<'_>> {
        let plain = self.plain.as_slice();
        self.attestation
            .map(|[statement, key, signature]| Attestation {
                statement: &plain[statement.0..statement.1],
                key: &plain[key.0..key.1],
                signature: &plain[signature.0..signature.1],
            })
    }
}

impl Opener {
    /// Opens the next block.
    ///
    /// # Errors
    /// [`SealError`]: malformed, of another stream, replayed, out of order, or not authentic.
    pub fn open(&mut self, block: &[u8]) -> Result<OpenedBlock, SealError> {
        unframe(BLOCK_MAGIC, block, MAX_BLOCK)?;
        let mut reader = Reader::new(&block[PREFIX..]);
        let stream = reader.u64("stream")?;
        let generation = reader.u32("generation")?;
        let seq = reader.u64("sequence")?;
        let provenance = Provenance::from_bits(reader.u8("provenance")?)?;
        let last = reader.flag("last")?;
        let sealed = reader.remainder();
        if stream != self.stream || generation != self.generation {
            return Err(SealError::NotForUs("stream"));
        }
        if seq < self.next {
            return Err(SealError::Replayed);
        }
        if seq > self.next {
            return Err(SealError::Reordered);
        }
        let plain_len = sealed
            .len()
            .checked_sub(TAG_LEN)
            .filter(|len| *len > 0)
            .ok_or(SealError::Malformed("block"))?;
        let tag = hpke::aead::AeadTag::from_bytes(&sealed[plain_len..])
            .map_err(|_| SealError::Malformed("tag"))?;
        let mut plain = SecretBytes::from_slice(&sealed[..plain_len]);
        self.context
            .open_inout_detached(plain.as_mut_slice().into(), &block[..BLOCK_HEADER], &tag)
            .map_err(|_| SealError::BadTag)?;
        self.next += 1;
        let (attestation, payload_at) = layout(plain.as_slice())?;
        Ok(OpenedBlock {
            plain,
            payload_at,
            attestation,
            seq,
            provenance,
            last,
        })
    }
}

/// Where statement, key, signature and payload lie in a block's plaintext.
type Layout = (Option<[(usize, usize); 3]>, usize);

fn layout(plain: &[u8]) -> Result<Layout, SealError> {
    let mut reader = Reader::new(plain);
    if !reader.flag("attested")? {
        return Ok((None, 1));
    }
    let mut at = 1;
    let mut spans = [(0, 0); 3];
    for (span, max) in spans.iter_mut().zip([MAX_SIGNED, 64, 256]) {
        let field = reader.short(max, "statement")?;
        *span = (at + 2, at + 2 + field.len());
        at = span.1;
    }
    Ok((Some(spans), at))
}
