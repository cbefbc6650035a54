//! Messages in data frames: what a bus would carry.
//!
//! In order, both ways. So an answer belongs to the oldest question, and, as on PCIe, what the card wrote before it
//! answered has arrived before the answer.

use super::frame::MAX_PAYLOAD;
use super::seal::TAG;
use crate::transport::About;

/// Most bytes of one posted write.
pub const MAX_DATA: usize = 256;

/// A message. Numbers go little-endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Host: read the register at this byte offset.
    Read(u32),
    /// Card: its value.
    Value(u32),
    /// Host: write the register at this offset.
    Write(u32, u32),
    /// Host: let the card write and interrupt, or not. Answered by `Done`.
    BusMaster(bool),
    /// Host: reset the function. Answered by `Done`.
    Reset,
    /// Card: it is done.
    Done,
    /// Card: write these bytes to this I/O virtual address.
    Posted(u64, Vec<u8>),
    /// Card: interrupt vector.
    Irq(u16),
    /// Host: what is known of the photons? Answered by `About`.
    Ask,
    /// Card: this is.
    About(About),
}

const _: () = assert!(1 + 8 + MAX_DATA + TAG <= MAX_PAYLOAD);

impl Message {
    /// As it lies in a frame.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match self {
            Self::Read(offset) => {
                bytes.push(1);
                bytes.extend(offset.to_le_bytes());
            }
            Self::Value(value) => {
                bytes.push(2);
                bytes.extend(value.to_le_bytes());
            }
            Self::Write(offset, value) => {
                bytes.push(3);
                bytes.extend(offset.to_le_bytes());
                bytes.extend(value.to_le_bytes());
            }
            Self::BusMaster(on) => bytes.extend([4, u8::from(*on)]),
            Self::Reset => bytes.push(5),
            Self::Done => bytes.push(6),
            Self::Posted(iova, data) => {
                bytes.push(7);
                bytes.extend(iova.to_le_bytes());
                bytes.extend(data);
            }
            Self::Irq(vector) => {
                bytes.push(8);
                bytes.extend(vector.to_le_bytes());
            }
            Self::Ask => bytes.push(9),
            Self::About(about) => {
                bytes.extend([10, u8::from(about.reproducible)]);
                bytes.extend(about.lit_lanes.unwrap_or(0).to_le_bytes());
            }
        }
        bytes
    }

    /// The message, if it is one: nothing missing, nothing behind it.
    #[must_use]
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let (&kind, rest) = bytes.split_first()?;
        let word = |rest: &[u8]| rest.try_into().map(u32::from_le_bytes).ok();
        Some(match (kind, rest) {
            (1, rest) => Self::Read(word(rest)?),
            (2, rest) => Self::Value(word(rest)?),
            (3, rest) => {
                let (offset, value) = rest.split_first_chunk::<4>()?;
                Self::Write(u32::from_le_bytes(*offset), word(value)?)
            }
            (4, [on @ 0..=1]) => Self::BusMaster(*on == 1),
            (5, []) => Self::Reset,
            (6, []) => Self::Done,
            (7, rest) => {
                let (iova, data) = rest.split_first_chunk::<8>()?;
                (1..=MAX_DATA).contains(&data.len()).then_some(())?;
                Self::Posted(u64::from_le_bytes(*iova), data.to_vec())
            }
            (8, rest) => Self::Irq(u16::from_le_bytes(rest.try_into().ok()?)),
            (9, []) => Self::Ask,
            (10, [reproducible @ 0..=1, lanes @ ..]) => Self::About(About {
                reproducible: *reproducible == 1,
                lit_lanes: Some(word(lanes)?).filter(|lanes| *lanes > 0),
            }),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn messages() -> Vec<Message> {
        vec![
            Message::Read(0x1234_5678),
            Message::Value(u32::MAX),
            Message::Write(4, 5),
            Message::BusMaster(true),
            Message::BusMaster(false),
            Message::Reset,
            Message::Done,
            Message::Posted(0x20_0000, vec![9; MAX_DATA]),
            Message::Irq(3),
            Message::Ask,
            Message::About(About::default()),
            Message::About(About {
                reproducible: true,
                lit_lanes: Some(1),
            }),
        ]
    }

    #[test]
    fn messages_come_back_and_parts_of_them_do_not() {
        for message in messages() {
            let bytes = message.encode();
            assert_eq!(Message::decode(&bytes).as_ref(), Some(&message));
            let mut longer = bytes.clone();
            longer.push(0);
            assert_eq!(Message::decode(&longer), None, "{message:?} and a byte");
            // A posted write of fewer bytes is one, too.
            if !matches!(message, Message::Posted(..)) {
                assert_eq!(
                    Message::decode(&bytes[..bytes.len() - 1]),
                    None,
                    "{message:?}"
                );
            }
        }
        for bad in [
            &[][..],
            &[0],
            &[11],
            &[4, 2],
            &[7, 0, 0, 0, 0, 0, 0, 0, 0],
            &[10, 2, 0, 0, 0, 0],
        ] {
            assert_eq!(Message::decode(bad), None, "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_message_or_not(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            if let Some(message) = Message::decode(&bytes) {
                prop_assert_eq!(message.encode(), bytes);
            }
        }
    }
}
