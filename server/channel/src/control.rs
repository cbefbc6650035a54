//! Handshake messages (clear records, steps 3 and 4) and control messages (sealed). The handshake's slots for
//! prekeys and ML-KEM must be empty in this version: both travel as control messages.

use crate::batch::{BatchKind, SignedBatch};
use crate::error::CloseReason;
use crate::kx::POINT_LEN;
use crate::message::{MAX_TEXT, cut};
use crate::mlkem::MLKEM_LEN;
use crate::schedule::Direction;
use crate::terms::Terms;
use crate::wire::{Malformed, Out, Reader};

/// Why a control message is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(pub(crate) CloseReason, pub(crate) &'static str);

impl From<Malformed> for Refusal {
    fn from(Malformed(what): Malformed) -> Self {
        Self(CloseReason::BadMessage, what)
    }
}

/// The two reserved slots: a count of prekeys and an ML-KEM field, both empty.
fn empty_slots(out: &mut Out<'_>) {
    out.u16(0);
    out.u16(0);
}

fn read_empty_slots(reader: &mut Reader<'_>) -> Result<(), Refusal> {
    let prekeys = reader.u16("prekey slot")?;
    if prekeys != 0 {
        return Err(Refusal(
            CloseReason::ReservedSlot,
            "prekeys are not used in version 1",
        ));
    }
    let mlkem = reader.short(MLKEM_LEN, "ML-KEM slot")?;
    if !mlkem.is_empty() {
        return Err(Refusal(
            CloseReason::ReservedSlot,
            "ML-KEM in the chain is not used in version 1",
        ));
    }
    Ok(())
}

/// A clear handshake message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Handshake<'a> {
    /// Step 3, A to B: the second portion, and A's share of the second ECDH.
    Portion {
        terms: Terms,
        share: [u8; POINT_LEN],
        portion: &'a [u8],
    },
    /// Step 4, B to A: B's share.
    Share {
        terms: Terms,
        share: [u8; POINT_LEN],
    },
    /// Either side gives up before there are keys.
    Close { code: u16, text: &'a str },
}

impl<'a> Handshake<'a> {
    pub(crate) fn encode(&self, out: &mut Out<'_>) {
        match self {
            Self::Portion {
                terms,
                share,
                portion,
            } => {
                out.u8(1);
                terms.encode(out);
                out.bytes(share);
                empty_slots(out);
                out.short(portion);
            }
            Self::Share { terms, share } => {
                out.u8(2);
                terms.encode(out);
                out.bytes(share);
                empty_slots(out);
            }
            Self::Close { code, text } => {
                out.u8(3);
                out.u16(*code);
                out.short(cut(text, MAX_TEXT).as_bytes());
            }
        }
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(bytes);
        let message = match reader.u8("handshake type")? {
            1 => {
                let terms = Terms::read(&mut reader)?;
                let share = reader.array("share")?;
                read_empty_slots(&mut reader)?;
                let portion = reader.short(1024, "second portion")?;
                if portion.len() < 16 {
                    return Err(Refusal(CloseReason::BadMessage, "second portion too short"));
                }
                Self::Portion {
                    terms,
                    share,
                    portion,
                }
            }
            2 => {
                let terms = Terms::read(&mut reader)?;
                let share = reader.array("share")?;
                read_empty_slots(&mut reader)?;
                Self::Share { terms, share }
            }
            3 => Self::Close {
                code: reader.u16("close code")?,
                text: reader.text(MAX_TEXT, "close text")?,
            },
            _ => return Err(Refusal(CloseReason::BadMessage, "handshake type")),
        };
        reader.end()?;
        Ok(message)
    }
}

/// A sealed control message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Control<'a> {
    /// Step 4: the sender has the second channel's keys.
    Ready,
    /// Step 6a: the receiver of a direction sends keys ahead.
    Prekeys(SignedBatch<'a>),
    /// Step 6b: the sender of a direction announces its own.
    Announcement(SignedBatch<'a>),
    /// Step 6d: the sender of a direction has no prekey for this epoch.
    Starved { direction: Direction, epoch: u32 },
    /// Asks for a sign of life.
    Ping { token: u64 },
    /// Gives it.
    Pong { token: u64 },
    /// The last record of its direction.
    Close { code: u16, text: &'a str },
}

impl<'a> Control<'a> {
    pub(crate) fn encode(&self, out: &mut Out<'_>) {
        match self {
            Self::Ready => out.u8(1),
            Self::Prekeys(signed) => {
                out.u8(BatchKind::Prekeys.code());
                signed.encode(out);
            }
            Self::Announcement(signed) => {
                out.u8(BatchKind::Announcement.code());
                signed.encode(out);
            }
            Self::Starved { direction, epoch } => {
                out.u8(9);
                out.u8(direction.code());
                out.u32(*epoch);
            }
            Self::Ping { token } => {
                out.u8(4);
                out.u64(*token);
            }
            Self::Pong { token } => {
                out.u8(5);
                out.u64(*token);
            }
            Self::Close { code, text } => {
                out.u8(6);
                out.u16(*code);
                out.short(cut(text, MAX_TEXT).as_bytes());
            }
        }
    }

    pub(crate) fn decode(bytes: &'a [u8]) -> Result<Self, Refusal> {
        let mut reader = Reader::new(bytes);
        let message = match reader.u8("control type")? {
            1 => Self::Ready,
            4 => Self::Ping {
                token: reader.u64("token")?,
            },
            5 => Self::Pong {
                token: reader.u64("token")?,
            },
            6 => Self::Close {
                code: reader.u16("close code")?,
                text: reader.text(MAX_TEXT, "close text")?,
            },
            7 => Self::Prekeys(SignedBatch::read(BatchKind::Prekeys, &mut reader)?),
            8 => Self::Announcement(SignedBatch::read(BatchKind::Announcement, &mut reader)?),
            9 => Self::Starved {
                direction: Direction::read(&mut reader)?,
                epoch: reader.u32("epoch")?,
            },
            _ => return Err(Refusal(CloseReason::UnknownKind, "control type")),
        };
        reader.end()?;
        Ok(message)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed decode must fail the test

    use super::*;
    use crate::batch::{Batch, Point};
    use crate::wire::to_vec;

    const SHARE: Point = [4; POINT_LEN];

    #[test]
    fn handshake_messages_round_trip_and_their_slots_are_refused() {
        let terms = Terms {
            packets: 20,
            seconds: 60,
            pq_epochs: 7,
            pq_seconds: 9,
            step_down: true,
        };
        for message in [
            Handshake::Portion {
                terms,
                share: SHARE,
                portion: &[7; 64],
            },
            Handshake::Share {
                terms,
                share: SHARE,
            },
            Handshake::Close { code: 3, text: "x" },
        ] {
            let bytes = to_vec(|out| message.encode(out));
            assert_eq!(Handshake::decode(&bytes).unwrap(), message);
            for cut in 0..bytes.len() {
                assert!(Handshake::decode(&bytes[..cut]).is_err(), "{cut}");
            }
        }
        let share = to_vec(|out| {
            Handshake::Share {
                terms,
                share: SHARE,
            }
            .encode(out);
        });
        for (from_end, what) in [(3, "prekeys"), (1, "ML-KEM")] {
            let mut used = share.clone();
            let at = used.len() - from_end;
            used[at] = 1;
            used.push(0);
            assert_eq!(
                Handshake::decode(&used).unwrap_err().0,
                CloseReason::ReservedSlot,
                "{what}"
            );
        }
    }

    fn batch<'a>(
        keys: &'a [Point],
        mlkem_epoch: u32,
        mlkem: Option<&'a [u8; MLKEM_LEN]>,
    ) -> SignedBatch<'a> {
        SignedBatch {
            batch: Batch {
                direction: Direction::AToB,
                first: 9,
                keys,
                mlkem_epoch,
                mlkem,
            },
            signature: (&[5; 70][..]).into(),
        }
    }

    #[test]
    fn control_messages_round_trip() {
        for message in [
            Control::Ready,
            Control::Prekeys(batch(&[SHARE; 3], 0, None)),
            Control::Prekeys(batch(&[], 0, Some(&[6; MLKEM_LEN]))),
            Control::Announcement(batch(&[SHARE], 9, Some(&[6; MLKEM_LEN]))),
            Control::Starved {
                direction: Direction::BToA,
                epoch: 9,
            },
            Control::Ping { token: 1 },
            Control::Pong { token: 2 },
            Control::Close { code: 0, text: "" },
        ] {
            let bytes = to_vec(|out| message.encode(out));
            assert_eq!(Control::decode(&bytes).unwrap(), message);
            let mut longer = bytes.clone();
            longer.push(0);
            assert!(Control::decode(&longer).is_err());
            assert!(Control::decode(&bytes[..bytes.len() - 1]).is_err());
        }
        for unknown in [2, 3, 10, 99] {
            assert_eq!(
                Control::decode(&[unknown]).unwrap_err().0,
                CloseReason::UnknownKind
            );
        }
    }

    #[test]
    fn batches_that_say_nothing_or_too_much_do_not_parse() {
        let encode = |message: &Control<'_>| to_vec(|out| message.encode(out));
        for (what, bytes) in [
            ("empty", encode(&Control::Prekeys(batch(&[], 0, None)))),
            (
                "too many",
                encode(&Control::Prekeys(batch(&[SHARE; 257], 0, None))),
            ),
            (
                "an epoch with an encapsulation key",
                encode(&Control::Prekeys(batch(&[], 9, Some(&[6; MLKEM_LEN])))),
            ),
            (
                "a ciphertext without an epoch",
                encode(&Control::Announcement(batch(
                    &[SHARE],
                    0,
                    Some(&[6; MLKEM_LEN]),
                ))),
            ),
            (
                "an epoch without a ciphertext",
                encode(&Control::Announcement(batch(&[SHARE], 9, None))),
            ),
        ] {
            assert_eq!(
                Control::decode(&bytes).unwrap_err().0,
                CloseReason::BadMessage,
                "{what}"
            );
        }
    }
}
