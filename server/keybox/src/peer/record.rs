//! What is stored of a peer, so that no key and nonce is ever used twice and nothing is delivered twice, restarts
//! included (spec 2-keybox §2.4; `docs/keybox.md`, step 3).
//!
//! Countermeasure T19 (`docs/threat-model.md`).

use sha2::{Digest, Sha256};

/// What binds a peer at its next start, per orbit. 32 bytes when stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The orbit: its ID from the hub, or the fingerprint of the IP key.
    pub orbit: u64,
    /// The highest counter of our SPIs that may have been used; 0 before the first.
    pub own_spi: u32,
    /// The counter of the peer's highest SPI that authenticated.
    pub peer_spi: Option<u32>,
    /// The lowest box that we reserved: neither it nor any above it is sent from after a start. I + 1 before the first,
    /// 0 when the orbit is used up.
    pub lowest: u32,
}

/// Length of a stored record.
pub const RECORD_LEN: usize = 32;
const MAGIC: [u8; 8] = *b"PBXKBR\0\x01";

impl Record {
    /// The stored form: magic and version, orbit, own SPI, peer SPI + 1 (0: none), lowest box, then the first four
    /// bytes of the SHA-256 of all that; numbers are big-endian.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; RECORD_LEN] {
        let peer = self.peer_spi.map_or(0, |spi| spi + 1);
        let mut bytes = [0; RECORD_LEN];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..16].copy_from_slice(&self.orbit.to_be_bytes());
        let words = [self.own_spi, peer, self.lowest];
        for (slot, word) in bytes[16..28].chunks_exact_mut(4).zip(words) {
            slot.copy_from_slice(&word.to_be_bytes());
        }
        let check = check(&bytes);
        bytes[28..].copy_from_slice(&check);
        bytes
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// [`BadRecord`]: then the orbit must not be used any more.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadRecord> {
        let bytes: &[u8; RECORD_LEN] = bytes.try_into().map_err(|_| BadRecord)?;
        let (magic, rest) = bytes.split_at(8);
        let (orbit, words) = rest.split_at(8);
        let orbit = u64::from_be_bytes(orbit.try_into().map_err(|_| BadRecord)?);
        let mut numbers = [0; 3];
        for (number, word) in numbers.iter_mut().zip(words.chunks_exact(4)) {
            *number = u32::from_be_bytes(word.try_into().map_err(|_| BadRecord)?);
        }
        let [own_spi, peer, lowest] = numbers;
        let good = magic == MAGIC
            && own_spi <= LAST_SPI
            && peer <= LAST_SPI + 1
            && lowest <= crate::MAX_BOXES + 1
            && bytes[28..] == check(bytes);
        good.then_some(Self {
            orbit,
            own_spi,
            peer_spi: peer.checked_sub(1),
            lowest,
        })
        .ok_or(BadRecord)
    }
}

fn check(bytes: &[u8; RECORD_LEN]) -> [u8; 4] {
    let hash = Sha256::digest(&bytes[..28]);
    [hash[0], hash[1], hash[2], hash[3]]
}

/// The first counter of an SPI: RFC 4303 §2.1 keeps 0 to 255 for other uses.
pub const FIRST_SPI: u32 = 256;
/// The last one.
pub const LAST_SPI: u32 = (1 << 31) - 1;

/// A stored record that can't be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored record of a key box orbit is damaged; give both sides a new IP key")]
pub struct BadRecord;

/// Where records are kept.
pub trait Store {
    /// Replaces the record of this peer and `record.orbit`. It must be on stable storage when this returns.
    ///
    /// # Errors
    /// [`StoreError`]: then nothing is sent or delivered that would need it.
    fn store(&mut self, record: &Record) -> Result<(), StoreError>;
}

/// A record could not be stored.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a key box record could not be stored ({0}); see to the state folder")]
pub struct StoreError(
    /// In the words of whatever stores.
    pub String,
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_stored_is_read(orbit: u64, own_spi in 0..=LAST_SPI, peer in prop::option::of(0..=LAST_SPI), lowest in 0_u32..=65_536) {
            let record = Record { orbit, own_spi, peer_spi: peer, lowest };
            let bytes = record.to_bytes();
            prop_assert_eq!(Record::from_bytes(&bytes), Ok(record));
            for bit in 0..RECORD_LEN * 8 {
                let mut bad = bytes;
                bad[bit / 8] ^= 1 << (bit % 8);
                prop_assert_eq!(Record::from_bytes(&bad), Err(BadRecord), "bit {}", bit);
            }
            prop_assert_eq!(Record::from_bytes(&bytes[..31]), Err(BadRecord));
        }
    }
}
