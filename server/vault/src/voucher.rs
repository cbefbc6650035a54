//! Vouchers (specification 4-vault): a trusted appliance says once, and until a time, that another one may be of its set.
//!
//! 1. The newcomer signs a [`Request`] with the key of its certificate; it goes to the voucher as a file.
//! 2. The voucher looks whose it is and writes a [`Letter`] back: the signed [`Voucher`], and t sealed to the newcomer. The vault has the
//!    covered concealment of it by then, and never sees t.
//! 3. The newcomer shows the voucher to the vault, which spends its number, and divides what it gets by t.
//!
//! Signatures and certificates are arguments: what judges them lies outside. Wire form: magic, version, parts each with its length (32
//! bits, big-endian), then the signer's certificate and the signature over label and parts.

use crate::item::{MAX_NAME, put};
use crate::note::{PUBLIC_KEY, SEALING};

/// Version of the wire forms.
const VERSION: u8 = 1;
/// The longest certificate, bytes.
const MAX_CERTIFICATE: usize = 4096;
/// The longest signature, bytes.
const MAX_SIGNATURE: usize = 256;
/// The longest sealed t.
const MAX_SEALED: usize = SEALING + 256;
/// The longest signed object, bytes: a letter, with the voucher in it.
pub const MAX_SIGNED: usize = 16 * 1024;
/// Bytes of a voucher's number.
pub const NONCE: usize = 32;
/// Bytes of the hash of a newcomer's HPKE key (SHA-384).
pub const KEY_HASH: usize = 48;

/// Why bytes are not the signed object that they should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Another magic or version.
    #[error("not {0}, or of another version; look whether it is the right file")]
    Other(&'static str),
    /// A part is too short, too long or not text.
    #[error("{0} that is cut or damaged; have it made anew")]
    Damaged(&'static str),
}

/// What can be signed.
pub trait Body: Sized {
    /// What it is, in words.
    const WHAT: &'static str;
    /// First bytes of its file.
    const MAGIC: [u8; 4];
    /// Before what is signed.
    const LABEL: &'static [u8];

    /// Its parts.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads them; none if they are not right.
    fn read(parts: &mut Parts<'_>) -> Option<Self>;
}

/// Bytes that are read from left to right.
#[derive(Debug)]
pub struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (part, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(part)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn part(&mut self, most: usize) -> Option<&'a [u8]> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        (length <= most).then(|| self.take(length)).flatten()
    }

    fn name(&mut self) -> Option<String> {
        let name = std::str::from_utf8(self.part(MAX_NAME)?).ok()?;
        (!name.is_empty()).then(|| name.to_owned())
    }

    fn number(&mut self) -> Option<u64> {
        Some(u64::from_be_bytes(self.array()?))
    }
}

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

    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.set.as_bytes());
        put(out, self.newcomer.as_bytes());
        out.extend_from_slice(&self.hpke_key);
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            set: parts.name()?,
            newcomer: parts.name()?,
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
            set: parts.name()?,
            generation: parts.number()?,
            newcomer: parts.name()?,
            hpke_key_hash: parts.array()?,
            voucher: parts.name()?,
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

/// A body with its signer's certificate and signature. What reads one believes nothing of it before [`Signed::check`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<T> {
    body: T,
    certificate: Vec<u8>,
    signature: Vec<u8>,
}

impl<T: Body> Signed<T> {
    /// Signs a body: `sign` is called with the message, and the certificate (DER) is the signer's.
    ///
    /// # Errors
    /// What `sign` returns.
    pub fn sign<E>(
        body: T,
        certificate: &[u8],
        sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Self, E> {
        let signature = sign(&message(&body))?;
        let certificate = certificate.to_vec();
        Ok(Self {
            body,
            certificate,
            signature,
        })
    }

    /// The body, if `judge` says that the certificate is good and the signature over the message is its owner's. With it what the judge
    /// found of the signer.
    ///
    /// # Errors
    /// What `judge` returns.
    pub fn check<S, E>(
        &self,
        judge: impl FnOnce(&[u8], &[u8], &[u8]) -> Result<S, E>,
    ) -> Result<(&T, S), E> {
        let signer = judge(&self.certificate, &message(&self.body), &self.signature)?;
        Ok((&self.body, signer))
    }

    /// Its bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = T::MAGIC.to_vec();
        out.push(VERSION);
        self.body.write(&mut out);
        put(&mut out, &self.certificate);
        put(&mut out, &self.signature);
        out
    }

    /// Reads one. It is not checked.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let (head, version) = (T::MAGIC, [VERSION]);
        let rest = bytes
            .strip_prefix(&head)
            .and_then(|rest| rest.strip_prefix(&version))
            .ok_or(Malformed::Other(T::WHAT))?;
        let damaged = Malformed::Damaged(T::WHAT);
        if bytes.len() > MAX_SIGNED {
            return Err(damaged);
        }
        let mut parts = Parts(rest);
        let read = (|| {
            let body = T::read(&mut parts)?;
            let certificate = parts.part(MAX_CERTIFICATE)?.to_vec();
            let signature = parts.part(MAX_SIGNATURE)?.to_vec();
            parts.0.is_empty().then_some(Self {
                body,
                certificate,
                signature,
            })
        })();
        read.ok_or(damaged)
    }
}

/// Label, version and body.
fn message<T: Body>(body: &T) -> Vec<u8> {
    let mut message = Vec::new();
    put(&mut message, T::LABEL);
    message.push(VERSION);
    body.write(&mut message);
    message
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

    /// A "signature" that is the message shows what is signed.
    #[test]
    fn what_is_signed_is_all_of_it_and_of_its_kind() {
        let signed = voucher();
        let judge = |certificate: &[u8], message: &[u8], signature: &[u8]| {
            assert_eq!(certificate, b"certificate");
            (message == signature).then_some("alpha").ok_or("forged")
        };
        let bytes = signed.to_bytes();
        let read = Signed::<Voucher>::read(&bytes).unwrap();
        assert_eq!(read, signed);
        let (body, signer) = read.check(judge).unwrap();
        assert_eq!((body.generation, signer), (3, "alpha"));
        let mut other = signed.clone();
        other.body.newcomer = "gamma".into();
        assert_eq!(other.check(judge).err(), Some("forged"));
        let named = message(&other.body);
        other.body.newcomer = "gamm".into();
        assert_ne!(message(&other.body), named);
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
        let mut long = voucher();
        long.certificate = vec![0; MAX_CERTIFICATE + 1];
        let refused = Signed::<Voucher>::read(&long.to_bytes());
        assert_eq!(refused.err(), Some(Malformed::Damaged(Voucher::WHAT)));
        assert_eq!(
            Signed::<Letter>::read(&letter().to_bytes()).unwrap(),
            letter()
        );
    }
}
