//! The live channels of a hub, a relay or a host: for `status`, and to end some of them.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

use photonbox_channel::{ChannelStatus, CloseCounts, CloseReason, EntropyClass};
use tokio::sync::Notify;

/// Live channels, for `status`; and how the dead ones ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channels {
    inner: Arc<Mutex<ChannelsInner>>,
    pub(crate) evictions: Arc<Notify>,
}

#[derive(Debug, Default)]
struct ChannelsInner {
    next: u64,
    live: BTreeMap<u64, ChannelStatus>,
    closed: CloseCounts,
    /// Of channels that are gone.
    past: Totals,
    /// Live channels that must end, and why: their host was revoked, or has newer ones, or this machine was copied.
    evicted: BTreeMap<u64, CloseReason>,
}

impl Channels {
    fn with<R>(&self, use_it: impl FnOnce(&mut ChannelsInner) -> R) -> R {
        use_it(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn enter(&self, status: ChannelStatus) -> u64 {
        self.with(|inner| {
            inner.next += 1;
            inner.live.insert(inner.next, status);
            inner.next
        })
    }

    /// A reason: the channel was evicted and must close.
    pub(crate) fn update(&self, number: u64, status: ChannelStatus) -> Option<CloseReason> {
        self.with(|inner| {
            inner.live.insert(number, status);
            inner.evicted.get(&number).copied()
        })
    }

    /// Closes every live channel to `peer`; gives their number.
    pub(crate) fn evict(&self, peer: &str) -> usize {
        self.close_oldest(peer, 0, CloseReason::NotAdmitted, |_| true)
    }

    /// Makes room for a further channel to `peer`, of which there may be `most`: the oldest close.
    pub(crate) fn make_room(&self, peer: &str, most: usize) {
        let left = most.saturating_sub(1);
        // The one that is about to stand is not in the list as such yet.
        let stands = |status: &ChannelStatus| status.second_channel_ms.is_some();
        let closed = self.close_oldest(peer, left, CloseReason::Superseded, stands);
        if closed > 0 {
            tracing::info!(
                peer,
                closed,
                most,
                "more channels than a host may have: the oldest close"
            );
        }
    }

    /// Of those channels to `peer`, leaves the newest `left`.
    fn close_oldest(
        &self,
        peer: &str,
        left: usize,
        reason: CloseReason,
        those: impl Fn(&ChannelStatus) -> bool,
    ) -> usize {
        let closed = self.with(|inner| {
            let of_peer = inner.live.iter().filter(|(number, status)| {
                status.peer == peer && those(status) && !inner.evicted.contains_key(number)
            });
            let numbers: Vec<u64> = of_peer.map(|(number, _)| *number).collect();
            let closed = numbers.len().saturating_sub(left);
            inner
                .evicted
                .extend(numbers[..closed].iter().map(|number| (*number, reason)));
            closed
        });
        if closed > 0 {
            self.evictions.notify_waiters();
        }
        closed
    }

    /// This machine was copied, and all live channels' keys with it: each ends as it is, without another word.
    pub(crate) fn cut(&self) {
        self.with(|inner| {
            let numbers = inner.live.keys();
            inner
                .evicted
                .extend(numbers.map(|number| (*number, CloseReason::Copied)));
        });
        self.evictions.notify_waiters();
    }

    pub(crate) fn leave(&self, number: u64, reason: CloseReason) {
        self.with(|inner| {
            if let Some(last) = inner.live.remove(&number) {
                inner.past.add(&last);
            }
            inner.evicted.remove(&number);
            inner.closed.count(reason);
        });
    }

    /// All live channels whose peer is known.
    pub(crate) fn list(&self) -> Vec<ChannelStatus> {
        self.with(|inner| {
            inner
                .live
                .values()
                .filter(|s| !s.peer.is_empty())
                .cloned()
                .collect()
        })
    }

    /// How channels ended.
    pub(crate) fn closed(&self) -> CloseCounts {
        self.with(|inner| inner.closed.clone())
    }

    /// Sums over all channels that ever stood.
    pub(crate) fn totals(&self) -> Totals {
        self.with(|inner| {
            let mut totals = inner.past;
            inner.live.values().for_each(|status| totals.add(status));
            totals
        })
    }

    /// How many live channels' peers are known, and how many peers those are. Names are not copied.
    pub(crate) fn count(&self) -> Count {
        self.with(|inner| {
            let known = || inner.live.values().filter(|s| !s.peer.is_empty());
            let of = |class| known().filter(|status| status.class == class).count();
            let peers: HashSet<&str> = known().map(|status| &*status.peer).collect();
            Count {
                asymmetric: of(EntropyClass::Asymmetric),
                symmetric: of(EntropyClass::Symmetric),
                peers: peers.len(),
            }
        })
    }

    /// Rekeys of all channels that ever stood.
    pub(crate) fn rekeys(&self) -> u64 {
        self.totals().rekeys
    }

    /// Epochs of all channels that ever stood.
    pub(crate) fn epochs(&self) -> u64 {
        self.totals().epochs
    }
}

/// Sums over channels, those that are gone included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) epochs: u64,
    pub(crate) rekeys: u64,
    /// Bytes of service messages.
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// How often a rekey was due and there was no prekey.
    pub(crate) starved: u64,
    /// How often data then went on under the old key.
    pub(crate) stepped_down: u64,
}

impl Totals {
    fn add(&mut self, status: &ChannelStatus) {
        self.epochs += epochs(status);
        self.rekeys += status.rekeys;
        self.sent += status.bytes_sent;
        self.received += status.bytes_received;
        self.starved += status.starved;
        self.stepped_down += status.stepped_down;
    }
}

/// Live channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) asymmetric: usize,
    pub(crate) symmetric: usize,
    /// Different peers of them.
    pub(crate) peers: usize,
}

/// Both directions begin with epoch 0 when the second channel stands; each rekey is one more.
fn epochs(status: &ChannelStatus) -> u64 {
    if status.second_channel_ms.is_some() {
        2 + status.rekeys
    } else {
        0
    }
}
