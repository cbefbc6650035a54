//! The seal on data frames: AES-256-GCM under keys of this connection, so that a tapped line tells nothing and an
//! altered one is noticed ("the generator may encrypt before it transmits", seed 000).
//!
//! Both ends draw 16 bytes for each connection; with the provisioned key, HKDF-SHA-384 gives a key for each direction.
//! The nonce is the frame's full number, which never comes twice under a key: a frame that is sent again is the same
//! bytes again.

use super::SerialKey;
use super::frame::{Frame, Kind};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA384, Salt};

/// Bytes that a seal adds.
pub(super) const TAG: usize = 16;

/// Which end of the line this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one with the driver.
    Host,
    /// The one with the photons.
    Card,
}

/// What an end draws for a connection.
pub type Session = [u8; 16];

pub(super) struct Seal {
    send: LessSafeKey,
    receive: LessSafeKey,
}

impl Seal {
    /// The keys of a connection; none if the library refuses to make them.
    pub(super) fn new(
        key: &SerialKey,
        role: Role,
        mine: &Session,
        peers: &Session,
    ) -> Option<Self> {
        let (host, card) = match role {
            Role::Host => (mine, peers),
            Role::Card => (peers, mine),
        };
        let secret = Salt::new(HKDF_SHA384, b"photonbox serial 1").extract(key.bytes());
        let derive = |from: &[u8]| {
            let info = [from, host, card];
            let unbound = UnboundKey::from(secret.expand(&info, &AES_256_GCM).ok()?);
            Some(LessSafeKey::new(unbound))
        };
        let (hosts, cards) = (derive(b"host")?, derive(b"card")?);
        Some(match role {
            Role::Host => Self {
                send: hosts,
                receive: cards,
            },
            Role::Card => Self {
                send: cards,
                receive: hosts,
            },
        })
    }

    fn nonce(number: u64) -> Nonce {
        let mut bytes = [0; 12];
        bytes[4..].copy_from_slice(&number.to_be_bytes());
        Nonce::assume_unique_for_key(bytes)
    }

    /// Seals the message of data frame `number`; none if the library fails.
    pub(super) fn close(&self, number: u64, mut message: Vec<u8>) -> Option<Vec<u8>> {
        let aad = Aad::from(Frame::bound(Kind::Data, number as u16));
        self.send
            .seal_in_place_append_tag(Self::nonce(number), aad, &mut message)
            .ok()?;
        Some(message)
    }

    /// Opens it; none if it isn't what the peer sealed.
    pub(super) fn open(&self, number: u64, mut sealed: Vec<u8>) -> Option<Vec<u8>> {
        let aad = Aad::from(Frame::bound(Kind::Data, number as u16));
        let length = self
            .receive
            .open_in_place(Self::nonce(number), aad, &mut sealed)
            .ok()?
            .len();
        sealed.truncate(length);
        Some(sealed)
    }
}
