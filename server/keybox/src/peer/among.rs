//! Several peers behind one socket. SPIs are per peer, so two peers may use the same one: every peer whose record allows
//! it is tried, the likeliest first, and a drop is counted once.

use std::time::Duration;

use super::inbound::{Incoming, Opened, read_header};
use super::{DropReason, Peer};

/// Peers, however they are kept and locked.
pub trait Among {
    /// How many there are; their numbers begin with 0.
    fn count(&self) -> usize;

    /// A peer by its number.
    fn peer(&mut self, number: usize) -> &mut Peer;
}

impl Among for Vec<Peer> {
    fn count(&self) -> usize {
        self.len()
    }

    fn peer(&mut self, number: usize) -> &mut Peer {
        &mut self[number]
    }
}

/// A packet that no peer took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dropped {
    /// Why.
    pub reason: DropReason,
    /// The peer that has counted it; none for what no peer in particular could have sent, which the caller counts.
    pub by: Option<usize>,
}

/// Memory for packets as they were, kept from call to call so that nothing is allocated for a packet.
#[derive(Debug, Default)]
pub struct Scratch {
    batch: Vec<u8>,
    one: Vec<u8>,
}

/// Opens packets in place, most likely all of peer `likely`, for whichever peer sealed each: [`Incoming::by`] says which did.
/// Those of `likely` are taken first, then the others, else in their order.
pub fn open_batch_among(
    peers: &mut impl Among,
    likely: usize,
    now: Duration,
    batch: &mut [Incoming<'_>],
    scratch: &mut Scratch,
) {
    if peers.count() == 1 {
        peers.peer(0).open_batch(now, batch);
        for one in batch {
            one.by = Some(0);
        }
        return;
    }
    let Scratch {
        batch: all,
        one: copy,
    } = scratch;
    all.clear();
    for one in &*batch {
        all.extend_from_slice(one.packet);
    }
    let likely = if likely < peers.count() { likely } else { 0 };
    peers.peer(likely).try_open_batch(now, batch);
    let mut before = &all[..];
    for one in batch {
        let (was, rest) = before.split_at(one.packet.len());
        before = rest;
        if one.opened.is_ok() {
            one.by = Some(likely);
            continue;
        }
        one.packet.copy_from_slice(was);
        (one.opened, one.by) = match open_among(peers, likely, now, one.packet, copy) {
            Ok((number, opened)) => (Ok(opened), Some(number)),
            Err(dropped) => (Err(dropped.reason), dropped.by),
        };
    }
}

/// Opens a packet in place for whichever peer sealed it, whose number is the first part; `likely` is tried first. `copy` is
/// memory for the packet as it was, kept from call to call so that nothing is allocated for a packet.
///
/// # Errors
/// [`Dropped`]: what is then in `packet` is not to be used.
pub fn open_among(
    peers: &mut impl Among,
    likely: usize,
    now: Duration,
    packet: &mut [u8],
    copy: &mut Vec<u8>,
) -> Result<(usize, Opened), Dropped> {
    let count = peers.count();
    if count == 1 {
        let opened = peers.peer(0).open(now, packet);
        return opened.map(|opened| (0, opened)).map_err(|reason| Dropped {
            reason,
            by: Some(0),
        });
    }
    let nobodys = |reason| Dropped { reason, by: None };
    let header = read_header(packet).map_err(nobodys)?;
    let likely = if likely < count { likely } else { 0 };
    let others = (0..count).filter(|number| *number != likely);
    let mut told = None;
    let mut plain = DropReason::UnknownSpi;
    let mut tried = false;
    for number in (0..count).filter(|number| *number == likely).chain(others) {
        let peer = peers.peer(number);
        if let Err(reason) = peer.admits(now, &header) {
            match reason {
                DropReason::UnknownSpi | DropReason::OldSpi | DropReason::OwnDirection => {
                    plain = reason;
                }
                _ => told = told.or(Some((number, reason))),
            }
            continue;
        }
        if tried {
            // A trial with the wrong peer's keys may spoil the packet.
            packet.copy_from_slice(copy);
        } else {
            copy.clear();
            copy.extend_from_slice(packet);
            tried = true;
        }
        match peer.try_open(now, &header, packet) {
            Ok(opened) => return Ok((number, opened)),
            Err(reason) => {
                told = Some((number, reason));
                if reason != DropReason::Forged {
                    // The ICV was right: it is this peer's and nobody else's.
                    break;
                }
            }
        }
    }
    let Some((number, reason)) = told else {
        return Err(nobodys(plain));
    };
    peers.peer(number).drops.count(reason);
    Err(Dropped {
        reason,
        by: Some(number),
    })
}
