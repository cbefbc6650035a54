//! What a peer says about itself.

use super::{DropReason, Drops, Mode, Peer, Traffic};

/// An orbit's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrbitStatus {
    /// Its ID.
    pub id: u64,
    /// Where its boxes come from.
    pub mode: Mode,
    /// We send from it.
    pub sending: bool,
    /// The lowest box that is reserved; I + 1 before the first.
    pub lowest: u32,
    /// Packets that we sent from it in this life.
    pub packets: u64,
    /// The counter of the peer's SPI.
    pub peer_spi: Option<u32>,
    /// Boxes in memory.
    pub held: usize,
    /// All boxes are used up.
    pub exhausted: bool,
}

/// A peer's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerStatus {
    /// Orbits in use, the newer last.
    pub orbits: Vec<OrbitStatus>,
    /// The counter of our SPI; `None` before the first packet of this life.
    pub own_spi: Option<u32>,
    /// The sequence number of our last packet.
    pub seq: u32,
    /// After a restart: nothing was heard yet.
    pub calling: bool,
    /// What was sealed.
    pub sent: Traffic,
    /// What was opened.
    pub received: Traffic,
    /// What was dropped.
    pub drops: Drops,
}

impl Peer {
    /// The peer's state.
    #[must_use]
    pub fn status(&self) -> PeerStatus {
        let orbits = self.orbits.iter().enumerate();
        PeerStatus {
            orbits: orbits
                .map(|(at, orbit)| OrbitStatus {
                    id: orbit.id,
                    mode: orbit.mode,
                    sending: at == self.sending,
                    lowest: orbit.lowest,
                    packets: orbit.place.map_or(0, |place| place.packets()),
                    peer_spi: orbit.peer_spi(),
                    held: orbit.held(),
                    exhausted: orbit.exhausted,
                })
                .collect(),
            own_spi: self.life.map(|_| self.own_spi),
            seq: self.life.map_or(0, |life| life.seq),
            calling: self.call_every.is_some(),
            sent: self.sent,
            received: self.received,
            drops: self.drops,
        }
    }

    /// How many packets were dropped for a reason.
    #[must_use]
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.drops.of(reason)
    }
}
