//! A peer as the gateway's threads see it: its engine behind a lock, where it is, and how much fits on the way there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use photonbox_keybox::peer::{CannotSend, IPV6, Peer as Engine};

use super::gateway::Gateway;
use super::options::PeerPlan;
use super::supply::Supply;
use super::{MIN_MTU, inner};

/// Why a packet of a peer was dropped outside its engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lost {
    /// From the network: its inner source is not in the peer's allowed networks.
    Source,
    /// From the network: no IP packet inside, or not the one that its next header says.
    Inside,
    /// Out of the device: nothing was heard of the peer yet, and no endpoint is configured.
    NoEndpoint,
    /// Out of the device: longer than the way takes; its sender was told where that may be.
    TooBig,
    /// The network took it not.
    Network,
    /// No key box, SPI or record to send it with.
    NoBox,
    HardLimit,
    Exhausted,
    NoSpi,
    NotStored,
    Unfit,
}

impl Lost {
    /// Every reason.
    pub(super) const ALL: [Self; 11] = [
        Self::Source,
        Self::Inside,
        Self::NoEndpoint,
        Self::TooBig,
        Self::Network,
        Self::NoBox,
        Self::HardLimit,
        Self::Exhausted,
        Self::NoSpi,
        Self::NotStored,
        Self::Unfit,
    ];

    /// The word in `status`.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Inside => "inside",
            Self::NoEndpoint => "no-endpoint",
            Self::TooBig => "too-big",
            Self::Network => "network",
            Self::NoBox => "no-box",
            Self::HardLimit => "hard-limit",
            Self::Exhausted => "unsent-exhausted",
            Self::NoSpi => "no-spi",
            Self::NotStored => "unsent-not-stored",
            Self::Unfit => "unfit",
        }
    }
}

impl From<&CannotSend> for Lost {
    fn from(error: &CannotSend) -> Self {
        match error {
            CannotSend::NoBox => Self::NoBox,
            CannotSend::HardLimit => Self::HardLimit,
            CannotSend::Exhausted => Self::Exhausted,
            CannotSend::NoSpi => Self::NoSpi,
            CannotSend::NotStored(_) => Self::NotStored,
            CannotSend::Unfit { .. } => Self::Unfit,
        }
    }
}

/// What is changed under the lock.
pub(super) struct Side {
    pub(super) engine: Engine,
    /// Where it is: as configured, then where its newest packet came from.
    pub(super) endpoint: Option<SocketAddr>,
    /// When it was heard last.
    pub(super) heard: Option<Duration>,
    /// When it was sent something last.
    pub(super) sent: Option<Duration>,
    /// Mode `boxes`: how it stands with the hub.
    pub(super) supply: Option<Supply>,
    lost: BTreeMap<Lost, u64>,
    /// What was last said of it in the log, so that it is said once.
    said: Option<Lost>,
}

impl Side {
    pub(super) fn lose(&mut self, why: Lost) {
        self.lose_several(why, 1);
    }

    pub(super) fn lose_several(&mut self, why: Lost, packets: usize) {
        *self.lost.entry(why).or_default() += packets as u64;
    }

    pub(super) fn lost(&self) -> impl Iterator<Item = (Lost, u64)> {
        self.lost.iter().map(|(why, count)| (*why, *count))
    }

    /// A packet could not be sealed: counted, and said once until one can.
    pub(super) fn cannot_send(&mut self, peer: &str, error: &CannotSend) {
        let why = Lost::from(error);
        self.lose(why);
        if self.said != Some(why) && why != Lost::Unfit {
            self.said = Some(why);
            tracing::error!(peer, "nothing can be sent: {error}");
        }
    }

    /// Before the lock is given back: the timer and the hub's task learn what was changed.
    pub(super) fn settle(&mut self, gateway: &Gateway) {
        if let Some(at) = self.engine.poll_at() {
            gateway.plan(at);
        }
        if let Some(supply) = &mut self.supply {
            supply.want(self.engine.wanted());
        }
    }

    /// One could.
    pub(super) fn can_send(&mut self, peer: &str) {
        if self.said.take().is_some() {
            tracing::info!(peer, "packets can be sent again");
        }
    }
}

/// A peer that is locked for as long as its packets come.
pub(super) struct Hold<'a> {
    gateway: &'a Gateway,
    held: Option<(usize, MutexGuard<'a, Side>)>,
}

impl<'a> Hold<'a> {
    pub(super) fn new(gateway: &'a Gateway) -> Self {
        let held = None;
        Self { gateway, held }
    }

    pub(super) fn side(&mut self, number: usize) -> &mut Side {
        if self
            .held
            .as_ref()
            .is_some_and(|(other, _)| *other != number)
        {
            // Given back before the next one is taken: no thread ever waits for one while it has another.
            self.release();
        }
        let peers = &self.gateway.peers;
        &mut self
            .held
            .get_or_insert_with(|| (number, peers[number].lock()))
            .1
    }

    /// Gives the lock back; false when there is none.
    pub(super) fn release(&mut self) -> bool {
        let held = self.held.take();
        if let Some((_, mut side)) = held {
            side.settle(self.gateway);
            return true;
        }
        false
    }
}

/// A peer.
pub(super) struct Peer {
    pub(super) name: String,
    pub(super) plan: PeerPlan,
    /// Inner packets of at most this length fit on the way.
    mtu: AtomicU16,
    side: Mutex<Side>,
}

impl Peer {
    pub(super) fn new(plan: PeerPlan, engine: Engine, mtu: u16) -> Self {
        let side = Side {
            engine,
            endpoint: plan.endpoint.map(super::socket::plain),
            heard: None,
            sent: None,
            supply: None,
            lost: BTreeMap::new(),
            said: None,
        };
        Self {
            name: plan.name.clone(),
            plan,
            mtu: AtomicU16::new(mtu),
            side: Mutex::new(side),
        }
    }

    /// A thread that panicked while it had the lock left counters at worst: the engine counts a number as used before it
    /// uses it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Side> {
        self.side.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The longest inner packet that is carried now.
    pub(super) fn mtu(&self, next_header: u8) -> u16 {
        let mtu = self.mtu.load(Ordering::Relaxed);
        // No IPv6 sender goes below its minimum (RFC 8200 §5): it would be told in vain.
        if next_header == IPV6 {
            mtu.max(inner::V6_MINIMUM as u16)
        } else {
            mtu
        }
    }

    /// The way to it takes IP packets of `path` bytes; the device's own MTU is `most`.
    pub(super) fn path_takes(&self, path: u32, to: SocketAddr, most: u16) {
        let mtu = room(path, to).clamp(MIN_MTU, most);
        let before = self.mtu.swap(mtu, Ordering::Relaxed);
        if before != mtu {
            tracing::info!(peer = self.name, path, mtu, "another path MTU");
        }
    }
}

/// The longest inner packet whose outer one has at most `path` bytes.
fn room(path: u32, to: SocketAddr) -> u16 {
    let headers = if to.is_ipv4() { 20 + 8 } else { 40 + 8 };
    let payload = path.min(u32::from(u16::MAX)).saturating_sub(headers) as usize;
    let sealed = photonbox_keybox::esp::HEADER + photonbox_keybox::esp::ICV;
    // The ciphertext is a multiple of 4, with the trailer's two bytes in it.
    (payload.saturating_sub(sealed) & !3).saturating_sub(2) as u16
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_listed_once_and_named_as_no_other_is() {
        // `Unfit` is the last one.
        assert_eq!(Lost::ALL.len(), Lost::Unfit as usize + 1);
        let of_engine = photonbox_keybox::peer::DropReason::ALL.iter();
        let names = of_engine.map(|reason| reason.name());
        let names: Vec<&str> = names.chain(Lost::ALL.map(Lost::name)).collect();
        let different: std::collections::HashSet<_> = names.iter().collect();
        assert_eq!(different.len(), names.len(), "{names:?}");
    }

    #[test]
    fn what_fits_is_what_sealing_makes() {
        for (to, headers) in [("192.0.2.1:4510", 28), ("[2001:db8::1]:4510", 48)] {
            let to = to.parse().expect("an address");
            for path in 1280..1600 {
                let room = usize::from(room(path, to));
                let fits =
                    |inner| photonbox_keybox::esp::sealed_len(inner) + headers <= path as usize;
                assert!(fits(room) && !fits(room + 1), "{path}");
            }
        }
        assert_eq!(
            room(1500, "[::1]:1".parse().expect("an address")),
            super::super::DEFAULT_MTU
        );
        assert_eq!(room(0, "[::1]:1".parse().expect("an address")), 0);
    }
}
