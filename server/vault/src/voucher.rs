//! Vouchers (specification 4-vault): a trusted appliance says once, and until a time, that another one may be of its set.
//!
//! 1. The newcomer signs a [`Request`] with the key of its certificate; it goes to the voucher as a file.
//! 2. The voucher looks whose it is and writes a [`Letter`] back: the signed [`Voucher`], and t sealed to the newcomer. The vault has the
//!    covered concealment of it by then, and never sees t.
//! 3. The newcomer shows the voucher to the vault, which spends its number, and divides what it gets by t.
//!
//! Each is signed with the key of a certificate, which goes with it; what judges them lies outside.

pub use photonbox_signed::{Body, Malformed, Parts, Signed};

use crate::item::MAX_NAME;
use crate::note::{PUBLIC_KEY, SEALING};
use photonbox_signed::put;

/// The longest sealed t.
const MAX_SEALED: usize = SEALING + 256;
/// The longest signed object, bytes: a letter, with the voucher in it.
pub const MAX_SIGNED: usize = 16 * 1024;
/// Bytes of a voucher's number.
pub const NONCE: usize = 32;
/// Bytes of the hash of a newcomer's HPKE key (SHA-384).
pub const KEY_HASH: usize = 48;

/// What a newcomer asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The set.
    pub set: String,
    /// Its id, in its certificate.
    pub newcomer: String,
    /// Its public key for notes, of which it has the private one.
    pub hpke_key: [u8; PUBLIC_KEY],
}

impl Body for Request {
    const WHAT: &'static str = "a request to be vouched for";
    const MAGIC: [u8; 4] = *b"PBVQ";
    const LABEL: &'static [u8] = b"photonbox/vault/v1/vouch-request";
    const MOST: usize = MAX_SIGNED;

    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.set.as_bytes());
        put(out, self.newcomer.as_bytes());
        out.extend_from_slice(&self.hpke_key);
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            set: parts.text(MAX_NAME)?,
            newcomer: parts.text(MAX_NAME)?,
            hpke_key: parts.array()?,
        })
    }
}

/// That a newcomer may be of a set: good once, and until it expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Voucher {
    /// The set.
    pub set: String,
    /// Generation of its master key.
    pub generation: u64,
    /// Who may.
    pub newcomer: String,
    /// SHA-384 of its HPKE key.
    pub hpke_key_hash: [u8; KEY_HASH],
    /// Who says so.
    pub voucher: String,
    /// The voucher's number.
    pub nonce: [u8; NONCE],
    /// Seconds since 1970.
    pub expires: u64,
}

impl Body for Voucher {
    const WHAT: &'static str = "a voucher";
    const MAGIC: [u8; 4] = *b"PBVV";
    const LABEL: &'static [u8] = b"photonbox/vault/v1/voucher";
    const MOST: usize = MAX_SIGNED;

    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.set.as_bytes());
        out.extend_from_slice(&self.generation.to_be_bytes());
        put(out, self.newcomer.as_bytes());
        out.extend_from_slice(&self.hpke_key_hash);
        put(out, self.voucher.as_bytes());
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.expires.to_be_bytes());
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            set: parts.text(MAX_NAME)?,
            generation: parts.number()?,
            newcomer: parts.text(MAX_NAME)?,
            hpke_key_hash: parts.array()?,
            voucher: parts.text(MAX_NAME)?,
            nonce: parts.array()?,
            expires: parts.number()?,
        })
    }
}

/// What the voucher gives the newcomer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// For the vault.
    pub voucher: Signed<Voucher>,
    /// t, sealed to the newcomer ([`crate::note`]).
    pub transfer: Vec<u8>,
}

impl Body for Letter {
    const WHAT: &'static str = "a letter of a voucher";
    const MAGIC: [u8; 4] = *b"PBVL";
    const LABEL: &'static [u8] = b"photonbox/vault/v1/vouch-letter";
    const MOST: usize = MAX_SIGNED;

    fn write(&self, out: &mut Vec<u8>) {
        put(out, &self.voucher.to_bytes());
        put(out, &self.transfer);
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            voucher: Signed::read(parts.part(MAX_SIGNED)?).ok()?,
            transfer: parts.part(MAX_SEALED)?.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;

    fn voucher() -> Signed<Voucher> {
        let body = Voucher {
            set: "tenant".into(),
            generation: 3,
            newcomer: "beta".into(),
            hpke_key_hash: [1; KEY_HASH],
            voucher: "alpha".into(),
            nonce: [2; NONCE],
            expires: 1_800_000_000,
        };
        Signed::sign(body, b"certificate", |message| {
            Ok::<_, ()>(message.to_vec())
        })
        .unwrap()
    }

    fn letter() -> Signed<Letter> {
        let (voucher, transfer) = (voucher(), vec![7; SEALING + 32]);
        let body = Letter { voucher, transfer };
        let sign = |message: &[u8]| Ok::<_, ()>(message[..64].to_vec());
        Signed::sign(body, b"certificate", sign).unwrap()
    }

    #[test]
    fn bytes_that_are_not_it_are_refused() {
        for (bytes, other) in [(voucher().to_bytes(), false), (letter().to_bytes(), true)] {
            let read = |bytes: &[u8]| match other {
                false => Signed::<Voucher>::read(bytes).err(),
                true => Signed::<Letter>::read(bytes).err(),
            };
            assert_eq!(read(&bytes), None);
            for at in 0..bytes.len() {
                assert!(read(&bytes[..at]).is_some(), "cut at {at}");
            }
            assert!(read(&[&bytes[..], &[0]].concat()).is_some(), "longer");
            let mut newer = bytes.clone();
            newer[4] = 2;
            assert!(matches!(read(&newer), Some(Malformed::Other(_))));
        }
        let refused = Signed::<Request>::read(&voucher().to_bytes());
        assert_eq!(refused.err(), Some(Malformed::Other(Request::WHAT)));
        assert_eq!(
            Signed::<Letter>::read(&letter().to_bytes()).unwrap(),
            letter()
        );
    }
}
