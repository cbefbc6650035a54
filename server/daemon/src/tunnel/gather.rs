//! Packets for one peer on their way out: gathered as they come out of the device, then sealed together where they lie.

use std::time::Duration;

use photonbox_keybox::esp;
use photonbox_keybox::peer::Outgoing;

use super::MAX_SEALED;
use super::peer::Side;

/// Packets that are gathered at most.
const PACKETS: usize = 64;
/// Packets that the engine is given together.
const TOGETHER: usize = 16;

/// Packets of one peer.
#[derive(Debug)]
pub(super) struct Gather {
    /// Each with its header and ICV, one after the other: those that are sealed can be sent from here.
    bytes: Vec<u8>,
    end: usize,
    packets: Vec<Packet>,
    /// Of those that are sealed.
    lengths: Vec<usize>,
}

/// A packet that is not sealed yet.
#[derive(Debug)]
struct Packet {
    next_header: u8,
    inner: usize,
}

impl Gather {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; PACKETS * MAX_SEALED],
            end: 0,
            packets: Vec::with_capacity(PACKETS),
            lengths: Vec::with_capacity(PACKETS),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.packets.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.packets.len() == PACKETS
    }

    /// Takes a packet of at most the largest MTU, when it is not full.
    pub(super) fn push(&mut self, next_header: u8, packet: &[u8]) {
        let inner = packet.len();
        self.bytes[self.end + esp::HEADER..][..inner].copy_from_slice(packet);
        self.end += esp::sealed_len(inner);
        self.packets.push(Packet { next_header, inner });
    }

    /// Seals what was gathered. What can't be is wiped, counted with the peer, and left out.
    pub(super) fn seal(&mut self, now: Duration, side: &mut Side, name: &str) {
        let mut rest = &mut self.bytes[..self.end];
        for packets in self.packets.chunks(TOGETHER) {
            let mut batch: [_; TOGETHER] = std::array::from_fn(|n| {
                let Some(packet) = packets.get(n) else {
                    return Outgoing::new(0, &mut [], 0);
                };
                let (buffer, later) =
                    std::mem::take(&mut rest).split_at_mut(esp::sealed_len(packet.inner));
                rest = later;
                Outgoing::new(packet.next_header, buffer, packet.inner)
            });
            let batch = &mut batch[..packets.len()];
            side.engine.seal_batch(now, batch);
            for one in batch {
                let length = match &one.sealed {
                    Ok(sealed) => {
                        side.sent = Some(now);
                        side.can_send(name);
                        sealed.len
                    }
                    Err(error) => {
                        one.buffer.fill(0);
                        side.cannot_send(name, error);
                        0
                    }
                };
                self.lengths.push(length);
            }
        }
        if self.lengths.contains(&0) {
            self.close_gaps();
        }
        self.packets.clear();
    }

    /// Moves what is sealed over what is not.
    fn close_gaps(&mut self) {
        let (mut from, mut to) = (0, 0);
        for (packet, length) in self.packets.iter().zip(&self.lengths) {
            self.bytes.copy_within(from..from + length, to);
            from += esp::sealed_len(packet.inner);
            to += length;
        }
        self.lengths.retain(|length| *length > 0);
    }

    /// What is sealed: the bytes, and the length of each datagram.
    pub(super) fn datagrams(&self) -> (&[u8], &[usize]) {
        (&self.bytes[..self.lengths.iter().sum()], &self.lengths)
    }

    pub(super) fn clear(&mut self) {
        self.end = 0;
        self.packets.clear();
        self.lengths.clear();
    }
}
