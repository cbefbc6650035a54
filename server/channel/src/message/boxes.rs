//! Key boxes for two gateways, in data records of the channels that both have to their hub (spec 2-keybox §2.3, mode
//! `boxes`). Layouts and steps: `docs/protocol.md`, "Key boxes".

use super::{Class, MAX_ID, MAX_PAYLOAD, MAX_TEXT, Provenance, RefusalCode, cut};
use crate::wire::{Malformed, Out, Reader};

/// Bytes of a key of a box.
pub const BOX_KEY: usize = 32;
/// Most keys of all boxes of an orbit together.
pub const MAX_ORBIT_KEYS: u32 = 1 << 20;
/// Most dropped digits.
pub const MAX_DROPPED: u8 = 8;
/// Keys of one [`KeysPart`], at most.
pub const MAX_PART: usize = MAX_PAYLOAD / BOX_KEY;

/// How many digits are dropped, boxes and keys: of each at least one, of digits at most 8, of keys in all at most 2^20.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BoxSizes {
    /// Dropped digits, s.
    pub s: u8,
    /// Boxes, I.
    pub boxes: u16,
    /// Keys of a box, J.
    pub keys: u16,
}

impl BoxSizes {
    fn encode(self, out: &mut Out<'_>) {
        out.u8(self.s);
        out.u16(self.boxes);
        out.u16(self.keys);
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let sizes = Self {
            s: reader.u8("dropped digits")?,
            boxes: reader.u16("boxes")?,
            keys: reader.u16("keys")?,
        };
        let total = u32::from(sizes.boxes) * u32::from(sizes.keys);
        if !(1..=MAX_DROPPED).contains(&sizes.s) || !(1..=MAX_ORBIT_KEYS).contains(&total) {
            return Err(Malformed("sizes of boxes"));
        }
        Ok(sizes)
    }
}

/// Keys of a box, or a part of them: in order, each once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeysPart<'a> {
    /// The request.
    pub id: u64,
    /// The orbit.
    pub orbit: u64,
    /// Number of the box, from 1.
    pub number: u16,
    /// Number of the first key here, from 1.
    pub first: u16,
    /// Labels of all that the keys come from.
    pub provenance: Provenance,
    /// Class of the random numbers that the keys come from; the keys themselves carry no entropy credit.
    pub class: Class,
    /// Whole keys, [`BOX_KEY`] bytes each, 1 to [`MAX_PART`] of them.
    pub keys: &'a [u8],
}

/// What hub and gateways say of key boxes. All of it belongs to the request that [`BoxMessage::Open`] makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoxMessage<'a> {
    /// A gateway asks for boxes that it will share with another one. [`super::Message::Cancel`] ends it.
    Open {
        /// The gateway's own number for this request.
        id: u64,
        /// The other gateway's ID.
        peer: &'a str,
        /// What both must ask for alike.
        sizes: BoxSizes,
    },
    /// An orbit of which boxes will come.
    Opened {
        /// The request.
        id: u64,
        /// The orbit: no two of a hub have the same.
        orbit: u64,
        /// 0 or 1, the other gateway has the other one: the direction bit of its SPIs.
        role: u8,
        /// As asked for.
        sizes: BoxSizes,
    },
    /// Keys of a box.
    Keys(KeysPart<'a>),
    /// The gateway holds all keys of a box.
    Held {
        /// The request.
        id: u64,
        /// The orbit.
        orbit: u64,
        /// Number of the box, from 1.
        number: u16,
    },
    /// Both gateways hold the box: either may send from it.
    Ready {
        /// The request.
        id: u64,
        /// The orbit.
        orbit: u64,
        /// Number of the box, from 1.
        number: u16,
    },
    /// The gateway wants the box below the one that it got last; 0 after the last box: one of a new orbit.
    Next {
        /// The request.
        id: u64,
        /// The orbit.
        orbit: u64,
        /// Number of the box.
        number: u16,
    },
    /// No box for now; the request goes on, and one comes as soon as there can be one.
    Waits {
        /// The request.
        id: u64,
        /// Why.
        code: RefusalCode,
        /// For a person to read, at most [`MAX_TEXT`] bytes.
        text: &'a str,
    },
}

/// Numbers of these messages, in the order of [`BoxMessage`].
pub(super) const NUMBERS: std::ops::RangeInclusive<u8> = 10..=16;

impl<'a> BoxMessage<'a> {
    /// The request that it belongs to.
    #[must_use]
    pub fn id(&self) -> u64 {
        match *self {
            Self::Keys(KeysPart { id, .. })
            | Self::Open { id, .. }
            | Self::Opened { id, .. }
            | Self::Held { id, .. }
            | Self::Ready { id, .. }
            | Self::Next { id, .. }
            | Self::Waits { id, .. } => id,
        }
    }

    pub(super) fn encode(&self, out: &mut Out<'_>) {
        let place = |out: &mut Out<'_>, kind: u8, id: u64, orbit: u64, number: u16| {
            out.u8(kind);
            out.u64(id);
            out.u64(orbit);
            out.u16(number);
        };
        match *self {
            Self::Open { id, peer, sizes } => {
                out.u8(10);
                out.u64(id);
                out.short(peer.as_bytes());
                sizes.encode(out);
            }
            Self::Opened {
                id,
                orbit,
                role,
                sizes,
            } => {
                out.u8(11);
                out.u64(id);
                out.u64(orbit);
                out.u8(role);
                sizes.encode(out);
            }
            Self::Keys(part) => {
                place(out, 12, part.id, part.orbit, part.number);
                out.u16(part.first);
                out.u8(part.provenance.to_bits());
                out.u8(part.class.code());
                out.long(part.keys);
            }
            Self::Held { id, orbit, number } => place(out, 13, id, orbit, number),
            Self::Ready { id, orbit, number } => place(out, 14, id, orbit, number),
            Self::Next { id, orbit, number } => place(out, 15, id, orbit, number),
            Self::Waits { id, code, text } => {
                out.u8(16);
                out.u64(id);
                out.u8(code.code());
                out.short(cut(text, MAX_TEXT).as_bytes());
            }
        }
    }

    /// Reads what follows the number of the message.
    pub(super) fn read(kind: u8, reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        let id = reader.u64("request id")?;
        Ok(match kind {
            10 => Self::Open {
                id,
                peer: reader.text(MAX_ID, "peer")?,
                sizes: BoxSizes::read(reader)?,
            },
            11 => Self::Opened {
                id,
                orbit: reader.u64("orbit")?,
                role: match reader.u8("role")? {
                    role @ (0 | 1) => role,
                    _ => return Err(Malformed("role")),
                },
                sizes: BoxSizes::read(reader)?,
            },
            12 => Self::Keys(KeysPart {
                id,
                orbit: reader.u64("orbit")?,
                number: positive(reader, "box")?,
                first: positive(reader, "first key")?,
                provenance: Provenance::from_bits(reader.u8("provenance")?)?,
                class: Class::read(reader)?,
                keys: whole_keys(reader.long(MAX_PAYLOAD, "keys")?)?,
            }),
            13 => Self::Held {
                id,
                orbit: reader.u64("orbit")?,
                number: positive(reader, "box")?,
            },
            14 => Self::Ready {
                id,
                orbit: reader.u64("orbit")?,
                number: positive(reader, "box")?,
            },
            15 => Self::Next {
                id,
                orbit: reader.u64("orbit")?,
                number: reader.u16("box")?,
            },
            16 => Self::Waits {
                id,
                code: RefusalCode::read(reader)?,
                text: reader.text(MAX_TEXT, "text")?,
            },
            _ => return Err(Malformed("message type")),
        })
    }
}

/// Boxes and keys are numbered from 1.
fn positive(reader: &mut Reader<'_>, what: &'static str) -> Result<u16, Malformed> {
    match reader.u16(what)? {
        0 => Err(Malformed(what)),
        number => Ok(number),
    }
}

fn whole_keys(keys: &[u8]) -> Result<&[u8], Malformed> {
    if keys.is_empty() || !keys.len().is_multiple_of(BOX_KEY) {
        return Err(Malformed("keys"));
    }
    Ok(keys)
}
