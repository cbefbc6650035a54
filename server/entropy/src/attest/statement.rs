//! The statement: what is said about a block, in one encoding only.

use serde::Serialize;

use super::{AttestError, MAC_BYTES};
use crate::hex::hex;
use crate::provenance::{Class, Origin, Provenance};

const MAGIC: [u8; 4] = *b"PBXA";
const VERSION: u8 = 1;
/// Longest name of a hub or source, bytes.
const MAX_NAME: usize = 255;
/// Most sources of one block.
const MAX_SOURCES: usize = 255;

/// Health figures at the time of the statement.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct HealthCounters {
    /// Lanes that run.
    pub lanes_running: u32,
    /// Lanes that failed and were not re-armed.
    pub lanes_failed: u32,
    /// Failures of lanes since the hub started.
    pub failures: u64,
    /// Raw bits behind all credit.
    pub raw_bits: u64,
    /// Credited min-entropy, whole bits.
    pub credited_bits: u64,
    /// Credit thrown away, whole bits.
    pub discarded_bits: u64,
}

/// What a hub says about one block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Identity of the hub.
    pub hub: String,
    /// Number of the delivery in the hub's ledger.
    pub delivery: u64,
    /// Class of output.
    pub class: Class,
    /// Sources, lanes and labels. Sources sorted, each once.
    pub origin: Origin,
    /// Health figures.
    pub health: HealthCounters,
    /// Claimed min-entropy of a raw bit, thousandths of a bit.
    pub claimed_millibits: u16,
    /// Time of the statement, milliseconds since 1970 (UTC).
    pub unix_ms: u64,
    /// Length of the block.
    pub block_bytes: u32,
    /// HMAC-SHA-384 of the block.
    pub mac: [u8; MAC_BYTES],
}

/// A statement for people and scripts.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StatementView {
    /// Identity of the hub.
    pub hub: String,
    /// Number of the delivery in the hub's ledger.
    pub delivery: u64,
    /// Class of output.
    pub class: Class,
    /// Names of the sources.
    pub sources: Vec<String>,
    /// Numbers of the lanes.
    pub lanes: Vec<u8>,
    /// Labels.
    #[serde(flatten)]
    pub provenance: Provenance,
    /// Health figures.
    pub health: HealthCounters,
    /// Claimed min-entropy of a raw bit.
    pub claimed_h: f64,
    /// Time, milliseconds since 1970 (UTC).
    pub unix_ms: u64,
    /// Length of the block.
    pub block_bytes: u32,
    /// HMAC-SHA-384 of the block, hexadecimal.
    pub hmac_sha384: String,
}

impl Statement {
    /// The statement for people and scripts.
    #[must_use]
    pub fn view(&self) -> StatementView {
        StatementView {
            hub: self.hub.clone(),
            delivery: self.delivery,
            class: self.class,
            sources: self.origin.sources.clone(),
            lanes: (0..64)
                .filter(|lane| self.origin.lanes >> lane & 1 != 0)
                .collect(),
            provenance: self.origin.provenance,
            health: self.health,
            claimed_h: f64::from(self.claimed_millibits) / 1000.0,
            unix_ms: self.unix_ms,
            block_bytes: self.block_bytes,
            hmac_sha384: hex(&self.mac),
        }
    }

    /// Encodes: magic `PBXA`, version, length of the rest (u32), then the fields in the order of
    /// this struct; integers big-endian, names with one length byte in front, sources with one
    /// count byte, labels as bits 0 to 2 of one byte.
    ///
    /// # Errors
    /// [`AttestError::TooLong`] for a name over 255 bytes or more than 255 sources.
    pub fn encode(&self) -> Result<Vec<u8>, AttestError> {
        let mut body = Vec::with_capacity(256);
        put_name(&mut body, &self.hub)?;
        body.extend_from_slice(&self.delivery.to_be_bytes());
        body.push(self.class.to_byte());
        body.push(self.origin.provenance.to_bits());
        body.extend_from_slice(&self.origin.lanes.to_be_bytes());
        if self.origin.sources.len() > MAX_SOURCES {
            return Err(AttestError::TooLong("more than 255 sources took part"));
        }
        if !self.origin.sources.is_sorted_by(|a, b| a < b) {
            return Err(AttestError::Malformed("sources are not sorted, each once"));
        }
        body.push(self.origin.sources.len() as u8);
        for source in &self.origin.sources {
            put_name(&mut body, source)?;
        }
        body.extend_from_slice(&self.health.lanes_running.to_be_bytes());
        body.extend_from_slice(&self.health.lanes_failed.to_be_bytes());
        body.extend_from_slice(&self.health.failures.to_be_bytes());
        body.extend_from_slice(&self.health.raw_bits.to_be_bytes());
        body.extend_from_slice(&self.health.credited_bits.to_be_bytes());
        body.extend_from_slice(&self.health.discarded_bits.to_be_bytes());
        body.extend_from_slice(&self.claimed_millibits.to_be_bytes());
        body.extend_from_slice(&self.unix_ms.to_be_bytes());
        body.extend_from_slice(&self.block_bytes.to_be_bytes());
        body.extend_from_slice(&self.mac);
        let mut bytes = Vec::with_capacity(super::HEADER_BYTES + body.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.push(VERSION);
        bytes.extend_from_slice(&(body.len() as u32).to_be_bytes());
        bytes.extend_from_slice(&body);
        Ok(bytes)
    }

    /// Reads what [`Statement::encode`] made, and nothing else: one statement has one encoding.
    ///
    /// # Errors
    /// [`AttestError::Malformed`].
    pub fn decode(bytes: &[u8]) -> Result<Self, AttestError> {
        let mut reader = Reader::open(bytes, MAGIC, VERSION)?;
        let hub = reader.name()?;
        let delivery = reader.u64()?;
        let class =
            Class::from_byte(reader.u8()?).ok_or(AttestError::Malformed("an unknown class"))?;
        let provenance = Provenance::from_bits(reader.u8()?)
            .ok_or(AttestError::Malformed("an unknown label"))?;
        let lanes = reader.u64()?;
        let count = reader.u8()?;
        let sources = (0..count)
            .map(|_| reader.name())
            .collect::<Result<Vec<_>, _>>()?;
        if !sources.is_sorted_by(|a, b| a < b) {
            return Err(AttestError::Malformed("sources are not sorted, each once"));
        }
        let statement = Self {
            hub,
            delivery,
            class,
            origin: Origin {
                provenance,
                lanes,
                sources,
            },
            health: HealthCounters {
                lanes_running: reader.u32()?,
                lanes_failed: reader.u32()?,
                failures: reader.u64()?,
                raw_bits: reader.u64()?,
                credited_bits: reader.u64()?,
                discarded_bits: reader.u64()?,
            },
            claimed_millibits: u16::from_be_bytes(reader.array()?),
            unix_ms: reader.u64()?,
            block_bytes: reader.u32()?,
            mac: reader.array()?,
        };
        if reader.rest().is_empty() {
            Ok(statement)
        } else {
            Err(AttestError::Malformed("bytes after the end"))
        }
    }
}

fn put_name(body: &mut Vec<u8>, name: &str) -> Result<(), AttestError> {
    if name.len() > MAX_NAME {
        return Err(AttestError::TooLong("a name is over 255 bytes"));
    }
    body.push(name.len() as u8);
    body.extend_from_slice(name.as_bytes());
    Ok(())
}

/// Takes fields off the front of untrusted bytes.
#[derive(Debug)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// Checks magic, version and length; what is left is the body.
    pub(super) fn open(bytes: &'a [u8], magic: [u8; 4], version: u8) -> Result<Self, AttestError> {
        let mut reader = Self(bytes);
        if reader.array::<4>()? != magic {
            return Err(AttestError::Malformed("the magic number"));
        }
        if reader.u8()? != version {
            return Err(AttestError::Malformed("the version"));
        }
        let length = reader.u32()?;
        if usize::try_from(length) != Ok(reader.0.len()) {
            return Err(AttestError::Malformed("the length"));
        }
        Ok(reader)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], AttestError> {
        let (head, tail) = self
            .0
            .split_at_checked(count)
            .ok_or(AttestError::Malformed("it is cut off"))?;
        self.0 = tail;
        Ok(head)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], AttestError> {
        let (head, tail) = self
            .0
            .split_first_chunk()
            .ok_or(AttestError::Malformed("it is cut off"))?;
        self.0 = tail;
        Ok(*head)
    }

    fn u8(&mut self) -> Result<u8, AttestError> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u32(&mut self) -> Result<u32, AttestError> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, AttestError> {
        self.array().map(u64::from_be_bytes)
    }

    fn name(&mut self) -> Result<String, AttestError> {
        let length = self.u8()?;
        let bytes = self.bytes(usize::from(length))?;
        let text = std::str::from_utf8(bytes)
            .map_err(|_| AttestError::Malformed("a name is not UTF-8"))?;
        Ok(text.to_owned())
    }

    /// What is left.
    pub(super) fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
