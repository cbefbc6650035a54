//! Handshake messages (clear records, steps 3 and 4) and control messages (sealed). Slots for
//! prekeys and ML-KEM are in the encoding from this first version on and must be empty in it.

use crate::error::CloseReason;
use crate::kx::{MLKEM_LEN, POINT_LEN};
use crate::message::{MAX_TEXT, cut};
use crate::schedule::Direction;
use crate::wire::{Malformed, Out, Reader};

/// N and T as one side wants them; 0 stands for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) packets: u64,
    pub(crate) seconds: u32,
}

impl Terms {
    /// The stricter of both sides' wishes.
    pub(crate) fn stricter(self, other: Self) -> Self {
        fn min<T: Ord + Default + Copy>(a: T, b: T) -> T {
            let none = T::default();
            if a == none {
                b
            } else if b == none {
                a
            } else {
                a.min(b)
            }
        }
        Self {
            packets: min(self.packets, other.packets),
            seconds: min(self.seconds, other.seconds),
        }
    }

    fn encode(self, out: &mut Out<'_>) {
        out.u64(self.packets);
        out.u32(self.seconds);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            packets: reader.u64("N")?,
            seconds: reader.u32("T")?,
        })
    }
}

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
    /// Step 6: the sender of a direction wants its next epoch.
    RekeyRequest {
        direction: Direction,
        epoch: u32,
        share: [u8; POINT_LEN],
    },
    /// Step 6: the receiver of that direction answers with its own share.
    RekeyReply {
        direction: Direction,
        epoch: u32,
        share: [u8; POINT_LEN],
    },
    /// Asks for a sign of life.
    Ping { token: u64 },
    /// Gives it.
    Pong { token: u64 },
    /// The last record of its direction.
    Close { code: u16, text: &'a str },
}

fn read_direction(reader: &mut Reader<'_>) -> Result<Direction, Malformed> {
    match reader.u8("direction")? {
        0 => Ok(Direction::AToB),
        1 => Ok(Direction::BToA),
        _ => Err(Malformed("direction")),
    }
}

impl<'a> Control<'a> {
    pub(crate) fn encode(&self, out: &mut Out<'_>) {
        match self {
            Self::Ready => out.u8(1),
            Self::RekeyRequest {
                direction,
                epoch,
                share,
            } => {
                out.u8(2);
                out.u8(direction.code());
                out.u32(*epoch);
                out.bytes(share);
                empty_slots(out);
            }
            Self::RekeyReply {
                direction,
                epoch,
                share,
            } => {
                out.u8(3);
                out.u8(direction.code());
                out.u32(*epoch);
                out.bytes(share);
                empty_slots(out);
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
        let kind = reader.u8("control type")?;
        let message = match kind {
            1 => Self::Ready,
            2 | 3 => {
                let direction = read_direction(&mut reader)?;
                let epoch = reader.u32("epoch")?;
                let share = reader.array("share")?;
                read_empty_slots(&mut reader)?;
                if kind == 2 {
                    Self::RekeyRequest {
                        direction,
                        epoch,
                        share,
                    }
                } else {
                    Self::RekeyReply {
                        direction,
                        epoch,
                        share,
                    }
                }
            }
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
            7 | 8 => {
                return Err(Refusal(
                    CloseReason::ReservedSlot,
                    "prekeys and announcements are not used in version 1",
                ));
            }
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
    use crate::wire::to_vec;

    const SHARE: [u8; POINT_LEN] = [4; POINT_LEN];

    #[test]
    fn stricter_terms_hold_and_zero_is_no_limit() {
        let terms = |packets, seconds| Terms { packets, seconds };
        assert_eq!(terms(20, 0).stricter(terms(0, 9)), terms(20, 9));
        assert_eq!(terms(20, 7).stricter(terms(5, 9)), terms(5, 7));
        assert_eq!(terms(0, 0).stricter(terms(0, 0)), terms(0, 0));
    }

    #[test]
    fn handshake_messages_round_trip() {
        let terms = Terms {
            packets: 20,
            seconds: 60,
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
    }

    #[test]
    fn control_messages_round_trip_and_reserved_slots_are_refused() {
        for message in [
            Control::Ready,
            Control::RekeyRequest {
                direction: Direction::AToB,
                epoch: 9,
                share: SHARE,
            },
            Control::RekeyReply {
                direction: Direction::BToA,
                epoch: 9,
                share: SHARE,
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
        }
        let request = to_vec(|out| {
            Control::RekeyRequest {
                direction: Direction::AToB,
                epoch: 1,
                share: SHARE,
            }
            .encode(out);
        });
        for (from_end, what) in [(3, "prekeys"), (1, "ML-KEM")] {
            let mut used = request.clone();
            let at = used.len() - from_end;
            used[at] = 1;
            used.push(0);
            assert_eq!(
                Control::decode(&used).unwrap_err().0,
                CloseReason::ReservedSlot,
                "{what}"
            );
        }
        assert_eq!(
            Control::decode(&[7]).unwrap_err().0,
            CloseReason::ReservedSlot
        );
        assert_eq!(
            Control::decode(&[99]).unwrap_err().0,
            CloseReason::UnknownKind
        );
    }
}
