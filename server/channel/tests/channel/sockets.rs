//! The channel on a wire that takes and gives little at a time, as a non-blocking socket does.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};

use photonbox_channel::{Class, Delivery, Message, Provenance};

use crate::pair::{Setup, payloads};

/// A one-way wire that holds at most `room` bytes.
struct Narrow {
    held: VecDeque<u8>,
    room: usize,
}

impl Write for Narrow {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let taken = bytes.len().min(self.room - self.held.len());
        if taken == 0 {
            return Err(ErrorKind::WouldBlock.into());
        }
        self.held.extend(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Read for Narrow {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self.held.read(into)? {
            0 => Err(ErrorKind::WouldBlock.into()),
            n => Ok(n),
        }
    }
}

#[test]
fn a_narrow_wire_loses_nothing() {
    for room in [1, 7, 1000] {
        let mut pair = Setup::new().open();
        let sent: Vec<u8> = (0..20_000_u32).map(|i| i as u8).collect();
        for (seq, payload) in sent.chunks(5000).enumerate() {
            let delivery = Delivery {
                id: 1,
                seq: seq as u64,
                class: Class::Drbg,
                provenance: Provenance::default(),
                hops: 0,
                origin: "hub-1",
                last: false,
                payload,
            };
            pair.a.send(&Message::Delivery(delivery)).unwrap();
        }
        let mut wire = Narrow {
            held: VecDeque::new(),
            room,
        };
        let mut events = Vec::new();
        while payloads(&events).len() < sent.len() {
            let full = match pair.a.write_wire(&mut wire) {
                Ok(_) => false,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    true
                }
            };
            assert!(full || pair.a.is_flushed());
            while pair.b.read_wire(&mut wire, pair.now).is_ok() {}
            while let Some(event) = pair.b.poll_event() {
                events.push(event);
            }
        }
        assert_eq!(payloads(&events), sent);
        assert!(pair.a.is_flushed());
    }
}

#[test]
fn a_fault_on_the_wire_is_an_event() {
    let mut pair = Setup::new().open();
    let mut wire = &[0x17, 3, 3, 0, 32][..];
    assert_eq!(pair.b.read_wire(&mut wire, pair.now).unwrap(), 5);
    let mut garbage = &[0xa5; 32][..];
    assert_eq!(pair.b.read_wire(&mut garbage, pair.now).unwrap(), 32);
    let closed = std::iter::from_fn(|| pair.b.poll_event()).any(|event| {
        matches!(
            event,
            photonbox_channel::Event::Closed { by_peer: false, .. }
        )
    });
    assert!(closed && pair.b.is_closed());
    let refused = pair.b.read_wire(&mut &[0; 5][..], pair.now).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::WouldBlock);
}
