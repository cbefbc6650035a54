//! Several peers behind one socket. SPIs are per peer, so two peers may use the same one: every peer whose record allows
//! it is tried, the one that it last belonged to first.

use std::time::Duration;

use super::Peer;
use super::inbound::{Opened, read_header};
use super::reasons::{DropReason, Drops};
use crate::esp::MAX_PACKET;

/// Slots of the memory of who an SPI belonged to.
const REMEMBERED: usize = 256;

/// The peers of one socket.
#[derive(Debug, Default)]
pub struct Peers {
    peers: Vec<Peer>,
    /// By the SPI's low bits: whom a packet with it last opened for. Only a hint.
    last: Vec<u32>,
    /// What a packet was before a trial with the wrong peer's keys.
    scratch: Vec<u8>,
    /// Drops that are no peer's.
    drops: Drops,
}

impl Peers {
    /// No peers yet.
    #[must_use]
    pub fn new() -> Self {
        Self {
            last: vec![0; REMEMBERED],
            ..Self::default()
        }
    }

    /// Adds a peer; its number stays.
    pub fn add(&mut self, peer: Peer) -> usize {
        if !self.peers.is_empty() {
            self.scratch.reserve_exact(MAX_PACKET);
        }
        self.peers.push(peer);
        self.peers.len() - 1
    }

    /// A peer by its number.
    #[must_use]
    pub fn get(&self, number: usize) -> Option<&Peer> {
        self.peers.get(number)
    }

    /// A peer by its number.
    pub fn get_mut(&mut self, number: usize) -> Option<&mut Peer> {
        self.peers.get_mut(number)
    }

    /// All peers, by number.
    pub fn iter(&self) -> impl Iterator<Item = &Peer> {
        self.peers.iter()
    }

    /// All peers, by number.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Peer> {
        self.peers.iter_mut()
    }

    /// Packets that were dropped and belonged to no peer in particular.
    #[must_use]
    pub fn drops(&self) -> Drops {
        self.drops
    }

    /// When the first of them has something to do.
    #[must_use]
    pub fn poll_at(&self) -> Option<Duration> {
        self.peers.iter().filter_map(Peer::poll_at).min()
    }

    /// Opens a packet for whichever peer sealed it, whose number is the first part.
    ///
    /// # Errors
    /// [`DropReason`], counted with the peer that the SPI belongs to, or here.
    pub fn open(
        &mut self,
        now: Duration,
        packet: &mut [u8],
    ) -> Result<(usize, Opened), DropReason> {
        let header = match read_header(packet) {
            Ok(header) => header,
            Err(reason) => {
                self.drops.count(reason);
                return Err(reason);
            }
        };
        let slot = header.spi as usize % REMEMBERED;
        let hint = self.last.get(slot).map_or(0, |number| *number as usize);
        let several = self.peers.len() > 1;
        let mut told: Option<(usize, DropReason)> = None;
        let mut plain = DropReason::UnknownSpi;
        let mut saved = false;
        let others = (0..self.peers.len()).filter(|number| *number != hint);
        for number in std::iter::once(hint).chain(others) {
            let Some(peer) = self.peers.get_mut(number) else {
                continue;
            };
            if let Err(reason) = peer.admits(now, &header) {
                match reason {
                    DropReason::UnknownSpi | DropReason::OldSpi | DropReason::OwnDirection => {
                        plain = reason;
                    }
                    _ if told.is_none() => told = Some((number, reason)),
                    _ => {}
                }
                continue;
            }
            if saved {
                packet.copy_from_slice(&self.scratch);
            } else if several {
                self.scratch.clear();
                self.scratch.extend_from_slice(packet);
                saved = true;
            }
            match peer.try_open(now, &header, packet) {
                Ok(opened) => {
                    if let Some(last) = self.last.get_mut(slot) {
                        *last = number as u32;
                    }
                    return Ok((number, opened));
                }
                Err(DropReason::Forged) => told = Some((number, DropReason::Forged)),
                Err(reason) => {
                    // The ICV was right: it is this peer's and nobody else's.
                    told = Some((number, reason));
                    break;
                }
            }
        }
        match told {
            Some((number, reason)) => {
                self.peers[number].count_drop(reason);
                Err(reason)
            }
            None => {
                self.drops.count(plain);
                Err(plain)
            }
        }
    }
}
