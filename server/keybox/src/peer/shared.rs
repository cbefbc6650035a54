//! A peer among others that each have a lock of their own: whoever has several of them tries one after the other, as
//! [`super::Peers`] does for those that share one lock, and counts a drop once.

use std::time::Duration;

use super::inbound::{Opened, read_header};
use super::{DropReason, Peer};

impl Peer {
    /// Whether a packet may be this peer's, by its header. Nothing is counted.
    ///
    /// # Errors
    /// Why it can't be.
    pub fn may_open(&mut self, now: Duration, packet: &[u8]) -> Result<(), DropReason> {
        let header = read_header(packet)?;
        self.admits(now, &header)
    }

    /// [`Self::open`], but nothing is counted.
    ///
    /// # Errors
    /// [`DropReason`]; after [`DropReason::Forged`] another peer may try the packet as it was.
    pub fn try_to_open(&mut self, now: Duration, packet: &mut [u8]) -> Result<Opened, DropReason> {
        let header = read_header(packet)?;
        self.try_open(now, &header, packet)
    }

    /// Counts a drop that [`Self::may_open`] or [`Self::try_to_open`] gave, once all peers were tried.
    pub fn count(&mut self, reason: DropReason) {
        self.count_drop(reason);
    }
}
