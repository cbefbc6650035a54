//! Service messages: what travels in data records once the second channel stands (protocol
//! step 5). Decoding gives views into the decrypted record, so a delivery's payload is never
//! copied on its way to the caller. Layouts: `docs/protocol.md`, "Service messages".

mod boxes;

pub use boxes::{BOX_KEY, BoxMessage, BoxSizes, KeysPart, MAX_DROPPED, MAX_ORBIT_KEYS, MAX_PART};

use serde::{Deserialize, Serialize};

use crate::wire::{Malformed, Out, Reader};

/// The smallest amount that a host may ask for: 128 bits.
pub const MIN_REQUEST_BYTES: u64 = 16;
/// The largest payload of one delivery, in bytes.
pub const MAX_PAYLOAD: usize = 64 * 1024;
/// The longest identity (the ID in `photonbox:host/ID`), in bytes.
pub const MAX_ID: usize = 64;
/// The most relays that a request may pass through.
pub const MAX_PATH: usize = 16;
/// The longest signed request, opening or statement, in bytes.
pub const MAX_SIGNED: usize = 8 * 1024;
/// The longest human-readable text, in bytes.
pub const MAX_TEXT: usize = 256;

/// Which output a host asks for, or got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// Full entropy, limited by the hub's ledger.
    Full,
    /// Output of a DRBG; no entropy credit.
    Drbg,
}

impl Class {
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Full => 1,
            Self::Drbg => 2,
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        match reader.u8("class")? {
            1 => Ok(Self::Full),
            2 => Ok(Self::Drbg),
            _ => Err(Malformed("class")),
        }
    }

    /// `full` or `drbg`, as in JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Drbg => "drbg",
        }
    }
}

/// Labels that stay with bytes to the end: where they came from, if not from a live detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize)]
pub struct Provenance {
    /// From a model of photons or a recording, not from a detector.
    pub simulated: bool,
    /// From a recording's second or later pass.
    pub replayed: bool,
    /// From a test pattern.
    pub test: bool,
}

impl Provenance {
    /// The labels of a mix of both: a label of either is a label of the mix.
    #[must_use]
    pub fn merge(self, other: Self) -> Self {
        Self {
            simulated: self.simulated | other.simulated,
            replayed: self.replayed | other.replayed,
            test: self.test | other.test,
        }
    }

    /// Bit 0 simulated, bit 1 replayed, bit 2 test.
    #[must_use]
    pub fn to_bits(self) -> u8 {
        u8::from(self.simulated) | u8::from(self.replayed) << 1 | u8::from(self.test) << 2
    }

    /// The inverse of [`Self::to_bits`].
    ///
    /// # Errors
    /// [`Malformed`] when an unknown bit is set: a label must never be dropped unread.
    pub fn from_bits(bits: u8) -> Result<Self, Malformed> {
        if bits & !7 != 0 {
            return Err(Malformed("provenance"));
        }
        Ok(Self {
            simulated: bits & 1 != 0,
            replayed: bits & 2 != 0,
            test: bits & 4 != 0,
        })
    }
}

/// How much and when. Amounts in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "mode")]
pub enum Mode {
    /// One shot.
    Once {
        /// Bytes in all.
        bytes: u64,
    },
    /// The same amount again and again.
    Periodic {
        /// Bytes each time.
        bytes: u64,
        /// Milliseconds between the starts of two deliveries; at least 1.
        every_ms: u64,
    },
    /// A continuous stream with back-pressure.
    Stream {
        /// Bytes in all; `None` for no end.
        total: Option<u64>,
        /// Bytes a second at most; `None` for as fast as the hub allows.
        rate: Option<u64>,
    },
    /// Nothing until a [`Message::Pull`] asks.
    OnDemand,
}

impl Mode {
    pub(crate) fn encode(self, out: &mut Out<'_>) {
        match self {
            Self::Once { bytes } => {
                out.u8(1);
                out.u64(bytes);
            }
            Self::Periodic { bytes, every_ms } => {
                out.u8(2);
                out.u64(bytes);
                out.u64(every_ms);
            }
            Self::Stream { total, rate } => {
                out.u8(3);
                out.maybe_u64(total);
                out.maybe_u64(rate);
            }
            Self::OnDemand => out.u8(4),
        }
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match reader.u8("mode")? {
            1 => Self::Once {
                bytes: reader.u64("bytes")?,
            },
            2 => {
                let bytes = reader.u64("bytes")?;
                let every_ms = reader.u64("period")?;
                if every_ms == 0 {
                    return Err(Malformed("period of zero"));
                }
                Self::Periodic { bytes, every_ms }
            }
            3 => Self::Stream {
                total: reader.maybe_u64("total")?,
                rate: reader.maybe_u64("rate")?,
            },
            4 => Self::OnDemand,
            _ => return Err(Malformed("mode")),
        })
    }
}

/// A host asks for entropy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The host's own number for this request; answers repeat it. 0 is for what the hub pushes.
    pub id: u64,
    /// The class asked for.
    pub class: Class,
    /// How much and when.
    pub mode: Mode,
    /// Whether each delivery comes with a signed statement (spec 1-entropy §1.3).
    pub attested: bool,
    /// A [`crate::sealed::SignedRequest`], for a request that passes a relay; its class and mode
    /// are the ones that bind the hub.
    pub signed: Option<Vec<u8>>,
}

impl Request {
    fn encode(&self, out: &mut Out<'_>) {
        out.u64(self.id);
        out.u8(self.class.code());
        self.mode.encode(out);
        out.u8(u8::from(self.attested));
        match &self.signed {
            Some(signed) => {
                out.u8(1);
                out.short(signed);
            }
            None => out.u8(0),
        }
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            id: reader.u64("request id")?,
            class: Class::read(reader)?,
            mode: Mode::read(reader)?,
            attested: reader.flag("attested")?,
            signed: if reader.flag("signed")? {
                Some(reader.short(MAX_SIGNED, "signed request")?.to_vec())
            } else {
                None
            },
        })
    }
}

/// Bytes for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delivery<'a> {
    /// The request that this answers; 0 for a push.
    pub id: u64,
    /// 0, 1, 2, … within the request.
    pub seq: u64,
    /// The class of the payload.
    pub class: Class,
    /// Labels of the payload.
    pub provenance: Provenance,
    /// Relays between the origin and the receiver; 0 straight from the hub.
    pub hops: u8,
    /// ID of the hub that made the bytes.
    pub origin: &'a str,
    /// The request is answered in full with this one.
    pub last: bool,
    /// At most [`MAX_PAYLOAD`] bytes.
    pub payload: &'a [u8],
}

impl<'a> Delivery<'a> {
    fn encode(&self, out: &mut Out<'_>) {
        out.u64(self.id);
        out.u64(self.seq);
        out.u8(self.class.code());
        out.u8(self.provenance.to_bits());
        out.u8(self.hops);
        out.u8(u8::from(self.last));
        out.short(self.origin.as_bytes());
        out.long(self.payload);
    }

    fn read(reader: &mut Reader<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            id: reader.u64("delivery id")?,
            seq: reader.u64("delivery sequence")?,
            class: Class::read(reader)?,
            provenance: Provenance::from_bits(reader.u8("provenance")?)?,
            hops: reader.u8("hops")?,
            last: reader.flag("last")?,
            origin: reader.text(MAX_ID, "origin")?,
            payload: reader.long(MAX_PAYLOAD, "payload")?,
        })
    }
}

/// A delivery with its signed statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttestedDelivery<'a> {
    /// The block.
    pub delivery: Delivery<'a>,
    /// The statement's canonical encoding, opaque here.
    pub statement: &'a [u8],
    /// The HMAC key that only the recipient gets.
    pub key: &'a [u8],
    /// The hub's signature over the statement.
    pub signature: &'a [u8],
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// Not enough credited entropy now; `retry_after_ms` says when.
    Depleted,
    /// The source is unhealthy: both classes are stopped.
    Unhealthy,
    /// The host's quota or rate limit is used up.
    Quota,
    /// The request is outside what the hub serves (size, mode, class).
    Unsupported,
    /// The requester is not entitled to it.
    Forbidden,
    /// The path of relays comes back to one that is on it, or is too long.
    Loop,
    /// The hub or relay is going away.
    Draining,
    /// The signed part of a relayed request does not verify, or was seen before.
    BadSignature,
    /// The relay has no parent now.
    Unreachable,
    /// As the requester asked ([`Message::Cancel`]): nothing of the request comes after this.
    Cancelled,
}

impl RefusalCode {
    const ALL: [(Self, u8); 10] = [
        (Self::Depleted, 1),
        (Self::Unhealthy, 2),
        (Self::Quota, 3),
        (Self::Unsupported, 4),
        (Self::Forbidden, 5),
        (Self::Loop, 6),
        (Self::Draining, 7),
        (Self::BadSignature, 8),
        (Self::Unreachable, 9),
        (Self::Cancelled, 10),
    ];

    fn code(self) -> u8 {
        Self::ALL
            .iter()
            .find(|(refusal, _)| *refusal == self)
            .map_or(0, |(_, code)| *code)
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let code = reader.u8("refusal code")?;
        Self::ALL
            .iter()
            .find(|(_, known)| *known == code)
            .map(|(refusal, _)| *refusal)
            .ok_or(Malformed("refusal code"))
    }
}

/// One service message. Borrowed views; [`Message::decode`] allocates only for signed requests
/// and paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message<'a> {
    /// A host asks.
    Request(Request),
    /// Bytes for a host.
    Delivery(Delivery<'a>),
    /// Bytes with a signed statement.
    AttestedDelivery(AttestedDelivery<'a>),
    /// A request is refused, now or for good: its last word. What was made for it comes before.
    Refused {
        /// The request.
        id: u64,
        /// Why.
        code: RefusalCode,
        /// When to ask again, if that can help.
        retry_after_ms: Option<u64>,
        /// For a person to read, at most [`MAX_TEXT`] bytes.
        text: &'a str,
    },
    /// The host wants no more of a request. What was made for it by then still comes, then
    /// [`RefusalCode::Cancelled`], which also answers for a request that is over or was never made.
    Cancel {
        /// The request.
        id: u64,
    },
    /// Asks for bytes of an [`Mode::OnDemand`] request.
    Pull {
        /// The request.
        id: u64,
        /// How many bytes.
        bytes: u64,
    },
    /// A relay passes on the request of a further host.
    Forward {
        /// The final host's ID first, then each relay passed, the sender last.
        path: Vec<&'a str>,
        /// The request, with the relay's own `id` (answers repeat it).
        request: Request,
    },
    /// The hub's answer to a signed request: a [`crate::sealed::SignedOpening`], passed on
    /// unchanged.
    Opening {
        /// The request.
        id: u64,
        /// The signed opening.
        opening: &'a [u8],
    },
    /// A sealed block ([`crate::sealed::Sealer`]), passed on unchanged by relays.
    SealedDelivery {
        /// The request.
        id: u64,
        /// Relays passed so far; each adds one.
        hops: u8,
        /// The sealed block.
        block: &'a [u8],
    },
    /// Key boxes for two gateways.
    Boxes(BoxMessage<'a>),
}

/// The longest sealed block: a full payload, a statement and their envelope.
pub const MAX_BLOCK: usize = MAX_PAYLOAD + 10 * 1024;

impl<'a> Message<'a> {
    /// Length of the encoding in bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        let mut out = Out::counting();
        self.encode(&mut out);
        out.len()
    }

    /// Writes the encoding to the front of `buf` and returns its length. A `buf` shorter than
    /// [`Self::encoded_len`] gets an incomplete encoding; the returned length tells.
    pub fn encode_into(&self, buf: &mut [u8]) -> usize {
        let mut out = Out::new(buf);
        self.encode(&mut out);
        out.len()
    }

    fn encode(&self, out: &mut Out<'_>) {
        match self {
            Self::Request(request) => {
                out.u8(1);
                request.encode(out);
            }
            Self::Delivery(delivery) => {
                out.u8(2);
                delivery.encode(out);
            }
            Self::AttestedDelivery(attested) => {
                out.u8(3);
                attested.delivery.encode(out);
                out.short(attested.statement);
                out.short(attested.key);
                out.short(attested.signature);
            }
            Self::Refused {
                id,
                code,
                retry_after_ms,
                text,
            } => {
                out.u8(4);
                out.u64(*id);
                out.u8(code.code());
                out.maybe_u64(*retry_after_ms);
                out.short(cut(text, MAX_TEXT).as_bytes());
            }
            Self::Cancel { id } => {
                out.u8(5);
                out.u64(*id);
            }
            Self::Pull { id, bytes } => {
                out.u8(6);
                out.u64(*id);
                out.u64(*bytes);
            }
            Self::Forward { path, request } => {
                out.u8(7);
                encode_path(path, out);
                request.encode(out);
            }
            Self::Opening { id, opening } => {
                out.u8(8);
                out.u64(*id);
                out.short(opening);
            }
            Self::SealedDelivery { id, hops, block } => {
                out.u8(9);
                out.u64(*id);
                out.u8(*hops);
                out.long(block);
            }
            Self::Boxes(message) => message.encode(out),
        }
    }

    /// Reads one message that must fill `bytes`.
    ///
    /// # Errors
    /// [`Malformed`], naming the field; the channel then closes with
    /// [`crate::CloseReason::BadMessage`].
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(bytes);
        let message = match reader.u8("message type")? {
            1 => Self::Request(Request::read(&mut reader)?),
            2 => Self::Delivery(Delivery::read(&mut reader)?),
            3 => Self::AttestedDelivery(AttestedDelivery {
                delivery: Delivery::read(&mut reader)?,
                statement: reader.short(MAX_SIGNED, "statement")?,
                key: reader.short(64, "statement key")?,
                signature: reader.short(256, "signature")?,
            }),
            4 => Self::Refused {
                id: reader.u64("request id")?,
                code: RefusalCode::read(&mut reader)?,
                retry_after_ms: reader.maybe_u64("retry after")?,
                text: reader.text(MAX_TEXT, "text")?,
            },
            5 => Self::Cancel {
                id: reader.u64("request id")?,
            },
            6 => Self::Pull {
                id: reader.u64("request id")?,
                bytes: reader.u64("bytes")?,
            },
            7 => Self::Forward {
                path: read_path(&mut reader)?,
                request: Request::read(&mut reader)?,
            },
            8 => Self::Opening {
                id: reader.u64("request id")?,
                opening: reader.short(MAX_SIGNED, "opening")?,
            },
            9 => Self::SealedDelivery {
                id: reader.u64("request id")?,
                hops: reader.u8("hops")?,
                block: reader.long(MAX_BLOCK, "sealed block")?,
            },
            kind if boxes::NUMBERS.contains(&kind) => {
                Self::Boxes(BoxMessage::read(kind, &mut reader)?)
            }
            _ => return Err(Malformed("message type")),
        };
        reader.end()?;
        Ok(message)
    }
}

/// Cuts text to `max` bytes at a character boundary.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = text.len().min(max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

pub(crate) fn encode_path(path: &[impl AsRef<str>], out: &mut Out<'_>) {
    out.u8(path.len().min(255) as u8);
    for id in path.iter().take(255) {
        out.short(id.as_ref().as_bytes());
    }
}

pub(crate) fn read_path<'a>(reader: &mut Reader<'a>) -> Result<Vec<&'a str>, Malformed> {
    let len = usize::from(reader.u8("path length")?);
    if len > MAX_PATH + 1 {
        return Err(Malformed("path too long"));
    }
    (0..len).map(|_| reader.text(MAX_ID, "path")).collect()
}
