//! Batches of one-time keys (protocol steps 6a and 6b): prekeys, and announcements of the sender's own
//! fresh keys. Each is signed by its maker's identity over all that says where it belongs, so that
//! whoever holds an epoch's record key still cannot bring keys of his own.
//!
//! Countermeasure T8 (`docs/threat-model.md`).

use crate::error::CloseReason;
use crate::identity::{Identity, IdentityError, PeerIdentity, verify_signature};
use crate::kx::POINT_LEN;
use crate::labels;
use crate::mlkem::MLKEM_LEN;
use crate::schedule::Direction;
use crate::wire::{Malformed, Out, Reader, to_vec};

/// The most keys of one batch.
pub(crate) const MAX_BATCH: usize = 256;
/// Length of a session's name.
pub(crate) const SESSION_LEN: usize = 32;
/// An ASN.1 signature of P-384 at its longest.
const MAX_SIGNATURE: usize = 104;

/// A public key as it travels.
pub(crate) type Point = [u8; POINT_LEN];

/// What a batch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BatchKind {
    /// The receiver's keys, ahead of need: each is a credit for one epoch.
    Prekeys,
    /// The sender's keys for epochs that it is about to use.
    Announcement,
}

impl BatchKind {
    /// The type of its control message.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Prekeys => 7,
            Self::Announcement => 8,
        }
    }
}

/// The public side of keys just made, from which a batch is made.
#[derive(Debug, Default)]
pub(crate) struct Made {
    pub(crate) points: Vec<Point>,
    pub(crate) mlkem: Option<Box<[u8; MLKEM_LEN]>>,
}

impl Made {
    pub(crate) fn is_empty(&self) -> bool {
        self.points.is_empty() && self.mlkem.is_none()
    }
}

/// Keys of consecutive epochs of one direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Batch<'a> {
    pub(crate) direction: Direction,
    /// Epoch of the first key; without keys, the epoch that the next key will have.
    pub(crate) first: u32,
    pub(crate) keys: &'a [Point],
    /// In an announcement the epoch whose step takes in the ML-KEM secret, else 0.
    pub(crate) mlkem_epoch: u32,
    /// With prekeys an encapsulation key, in an announcement a ciphertext; or nothing.
    pub(crate) mlkem: Option<&'a [u8; MLKEM_LEN]>,
}

impl<'a> Batch<'a> {
    /// All but the direction.
    fn fields(&self, out: &mut Out<'_>) {
        out.u32(self.first);
        out.u16(self.keys.len() as u16);
        out.bytes(self.keys.as_flattened());
        out.u32(self.mlkem_epoch);
        out.short(self.mlkem.map_or(&[], |mlkem| &mlkem[..]));
    }

    /// What is signed: label, session, direction, kind, then every other field.
    fn signed(&self, kind: BatchKind, session: &[u8; SESSION_LEN]) -> Vec<u8> {
        to_vec(|out| {
            out.bytes(labels::SIGN_BATCH);
            out.bytes(session);
            out.u8(self.direction.code());
            out.u8(kind.code());
            self.fields(out);
        })
    }

    pub(crate) fn sign(
        self,
        kind: BatchKind,
        session: &[u8; SESSION_LEN],
        identity: &Identity,
    ) -> Result<SignedBatch<'a>, IdentityError> {
        let signature = identity.sign(&self.signed(kind, session))?;
        Ok(SignedBatch {
            batch: self,
            signature: signature.into(),
        })
    }
}

/// A batch with its maker's signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignedBatch<'a> {
    pub(crate) batch: Batch<'a>,
    pub(crate) signature: std::borrow::Cow<'a, [u8]>,
}

impl<'a> SignedBatch<'a> {
    pub(crate) fn encode(&self, out: &mut Out<'_>) {
        out.u8(self.batch.direction.code());
        self.batch.fields(out);
        out.short(&self.signature);
    }

    pub(crate) fn read(kind: BatchKind, reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let direction = Direction::read(reader)?;
        let first = reader.u32("first epoch")?;
        let count = usize::from(reader.u16("count of keys")?);
        if count > MAX_BATCH {
            return Err(Malformed("count of keys"));
        }
        let (keys, _) = reader.take(count * POINT_LEN, "keys")?.as_chunks();
        let mlkem_epoch = reader.u32("ML-KEM epoch")?;
        let mlkem = reader.short(MLKEM_LEN, "ML-KEM field")?;
        let mlkem = match mlkem {
            [] => None,
            field => Some(field.try_into().map_err(|_| Malformed("ML-KEM field"))?),
        };
        if keys.is_empty() && mlkem.is_none() {
            return Err(Malformed("an empty batch"));
        }
        if (mlkem_epoch != 0) != (mlkem.is_some() && kind == BatchKind::Announcement) {
            return Err(Malformed("ML-KEM epoch"));
        }
        Ok(Self {
            batch: Batch {
                direction,
                first,
                keys,
                mlkem_epoch,
                mlkem,
            },
            signature: reader.short(MAX_SIGNATURE, "batch signature")?.into(),
        })
    }

    /// Whether the other side's identity signed this batch for this session.
    pub(crate) fn verify(
        &self,
        kind: BatchKind,
        session: &[u8; SESSION_LEN],
        peer: &PeerIdentity,
    ) -> Result<(), CloseReason> {
        let signed = self.batch.signed(kind, session);
        verify_signature(&peer.certificate, &signed, &self.signature)
            .map_err(|_| CloseReason::BadSignature)
    }
}
