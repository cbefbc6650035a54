//! Frames on the line: COBS with a zero byte behind each, so that a receiver finds the next frame after any noise.
//!
//! ```text
//! body: kind, room, seq (2), ack (2), payload (0 … MAX_PAYLOAD), CRC-32/ISO-HDLC of all before (4)
//! ```
//! Numbers are little-endian.

/// Longest payload in bytes: a posted write of [`super::message::MAX_DATA`] bytes, its header, and a tag.
pub(super) const MAX_PAYLOAD: usize = 320;
const HEADER: usize = 6;
const CRC: usize = 4;
const MAX_BODY: usize = HEADER + MAX_PAYLOAD + CRC;
/// COBS adds a byte for each 254, and one.
const MAX_CODED: usize = MAX_BODY + MAX_BODY / 254 + 1;

/// What a frame is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Says who is there ([`super::hello`]).
    Hello = 1,
    /// Carries a message.
    Data = 2,
    /// Says what has arrived.
    Ack = 3,
    /// The same, and that a frame is missing.
    Missing = 4,
}

impl Kind {
    fn from_byte(byte: u8) -> Option<Self> {
        [Self::Hello, Self::Data, Self::Ack, Self::Missing]
            .into_iter()
            .find(|kind| *kind as u8 == byte)
    }
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) kind: Kind,
    /// Data frames that the sender can still take, counted from `ack`.
    pub(super) room: u8,
    /// Number of a data frame, modulo 2^16; else 0.
    pub(super) seq: u16,
    /// Number of the data frame that the sender expects next.
    pub(super) ack: u16,
    pub(super) payload: Vec<u8>,
}

impl Frame {
    /// The part that a seal binds besides the payload. `room` and `ack` change when a frame is sent again.
    pub(super) fn bound(kind: Kind, seq: u16) -> [u8; 3] {
        let [low, high] = seq.to_le_bytes();
        [kind as u8, low, high]
    }

    /// Appends the frame as it goes over the line.
    pub(super) fn write(&self, line: &mut Vec<u8>) {
        debug_assert!(self.payload.len() <= MAX_PAYLOAD, "{}", self.payload.len());
        let mut body = Vec::with_capacity(HEADER + self.payload.len() + CRC);
        body.extend([self.kind as u8, self.room]);
        body.extend(self.seq.to_le_bytes());
        body.extend(self.ack.to_le_bytes());
        body.extend(&self.payload);
        body.extend(crc32fast::hash(&body).to_le_bytes());
        line.extend(cobs::encode_vec(&body));
        line.push(0);
    }

    fn read(coded: &[u8]) -> Option<Self> {
        let body = cobs::decode_vec(coded).ok()?;
        let (rest, crc) = body.split_last_chunk::<CRC>()?;
        if crc32fast::hash(rest) != u32::from_le_bytes(*crc) {
            return None;
        }
        let (header, payload) = rest.split_first_chunk::<HEADER>()?;
        let [kind, room, seq0, seq1, ack0, ack1] = *header;
        (payload.len() <= MAX_PAYLOAD).then_some(())?;
        Some(Self {
            kind: Kind::from_byte(kind)?,
            room,
            seq: u16::from_le_bytes([seq0, seq1]),
            ack: u16::from_le_bytes([ack0, ack1]),
            payload: payload.to_vec(),
        })
    }
}

/// Bytes from the line into frames. Holds at most one frame.
#[derive(Debug, Default)]
pub(super) struct Deframer {
    coded: Vec<u8>,
    /// More than a frame came without an end: nothing counts before the next zero.
    overlong: bool,
    /// Pieces between two zero bytes that were no frame.
    pub(super) bad: u64,
}

impl Deframer {
    /// Takes one byte; a frame, if it was the last of one.
    pub(super) fn push(&mut self, byte: u8) -> Option<Frame> {
        if byte != 0 {
            if self.coded.len() == MAX_CODED {
                self.overlong = true;
                self.coded.clear();
            }
            if !self.overlong {
                self.coded.push(byte);
            }
            return None;
        }
        // Two zeros in a row are a line at rest.
        let rest = self.coded.is_empty() && !self.overlong;
        let frame = if self.overlong {
            None
        } else {
            Frame::read(&self.coded)
        };
        self.coded.clear();
        self.overlong = false;
        if frame.is_none() && !rest {
            self.bad += 1;
        }
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(payload: Vec<u8>) -> Frame {
        Frame {
            kind: Kind::Data,
            room: 7,
            seq: 0xfffe,
            ack: 3,
            payload,
        }
    }

    proptest! {
        #[test]
        fn a_frame_survives_what_is_before_it(
            payload in prop::collection::vec(any::<u8>(), 0..=MAX_PAYLOAD),
            noise in prop::collection::vec(any::<u8>(), 0..2_000),
        ) {
            let sent = frame(payload);
            let mut line = noise;
            line.push(0);
            sent.write(&mut line);
            let mut deframer = Deframer::default();
            let got: Vec<_> = line.into_iter().filter_map(|byte| deframer.push(byte)).collect();
            prop_assert_eq!(got.last(), Some(&sent));
        }

        #[test]
        fn a_changed_bit_is_no_frame(payload in prop::collection::vec(any::<u8>(), 0..64), at in any::<usize>()) {
            let mut line = Vec::new();
            frame(payload).write(&mut line);
            let bit = at % (8 * (line.len() - 1));
            line[bit / 8] ^= 1 << (bit % 8);
            let mut deframer = Deframer::default();
            let got: Vec<_> = line.into_iter().filter_map(|byte| deframer.push(byte)).collect();
            prop_assert!(got.is_empty());
            prop_assert!(deframer.bad >= 1);
        }
    }

    #[test]
    fn the_longest_frame_passes_and_a_longer_one_does_not() {
        let mut line = Vec::new();
        frame(vec![1; MAX_PAYLOAD]).write(&mut line);
        assert!(line.len() <= MAX_CODED + 1);
        let mut deframer = Deframer::default();
        let got = line.iter().filter_map(|&byte| deframer.push(byte)).count();
        assert_eq!((got, deframer.bad), (1, 0));
        for _ in 0..10 * MAX_CODED {
            assert!(deframer.push(9).is_none());
        }
        assert!(deframer.push(0).is_none());
        assert_eq!(deframer.bad, 1, "counted once");
        let got = line.iter().filter_map(|&byte| deframer.push(byte)).count();
        assert_eq!(got, 1, "the next frame is whole");
    }
}
