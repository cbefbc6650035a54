//! Who comes in: bounds on connections and on handshakes, before anybody has shown a certificate.
//!
//! A connection costs a file and some memory, a handshake a signature and two key agreements. So handshakes wait for
//! each other in the listen queue, where they cost nothing, and one address has a bounded part of them: whoever opens
//! connections and says nothing, or says it slowly, takes only its own part, and that for one handshake's time-out.
//!
//! Countermeasure T14 (`docs/threat-model.md`).

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::options::LimitOptions;
use crate::os;

/// Addresses that are remembered one by one; all beyond share one place.
const MOST_ADDRESSES: usize = 1 << 16;
/// Seconds of its rate that an address may use at once.
const BURST: f64 = 4.0;
/// Refusals are told this often, with their number.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// Pause after a connection could not be accepted: out of files, for one.
const PAUSE: Duration = Duration::from_millis(100);

/// Connections turned away, by the bound that they met.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Refused {
    /// `max_connections`.
    pub(crate) connections: u64,
    /// `handshakes_per_address`.
    pub(crate) handshakes_per_address: u64,
    /// `connections_per_second`, of one address.
    pub(crate) connections_per_second: u64,
}

/// What `status` says.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct GateStatus {
    /// Connections now, handshakes included.
    pub(crate) open: usize,
    /// Of these, those without both channels.
    pub(crate) handshaking: usize,
    pub(crate) refused: Refused,
}

/// What is known of one address.
#[derive(Debug)]
struct Visitor {
    handshaking: usize,
    /// Connections that it may begin now.
    tokens: f64,
    /// When `tokens` was right.
    at: Duration,
}

#[derive(Debug, Default)]
struct Known {
    visitors: HashMap<IpAddr, Visitor>,
    refused: Refused,
    /// Refused since it was last told, and when that was.
    untold: u64,
    told: Option<Duration>,
}

/// Bounds shared by all connections of one listener.
#[derive(Debug)]
pub(crate) struct Gate {
    slots: Arc<Semaphore>,
    handshakes: Arc<Semaphore>,
    max_connections: usize,
    per_address: usize,
    per_second: Option<f64>,
    known: Mutex<Known>,
}

/// One connection's part of the bounds; given back when it is dropped.
#[derive(Debug)]
pub(crate) struct Entry {
    _slot: OwnedSemaphorePermit,
    handshake: Option<Handshake>,
}

impl Entry {
    /// The peer is known and both channels stand: from here on the connection counts as such only.
    pub(crate) fn stands(&mut self) {
        self.handshake = None;
    }
}

#[derive(Debug)]
struct Handshake {
    gate: Arc<Gate>,
    address: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Handshake {
    fn drop(&mut self) {
        let mut known = self.gate.known();
        if let Some(visitor) = known.visitors.get_mut(&self.address) {
            visitor.handshaking = visitor.handshaking.saturating_sub(1);
        }
    }
}

/// Whose part it is: an IPv4 address, an IPv6 network of 64 bits (one machine may have all of it).
fn of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        v4 => v4,
    }
}

/// Lets this process have as many files as `limits` allow connections, as far as the system does.
pub(crate) fn make_room_for_files(limits: &LimitOptions) {
    // Databases, sockets of its own, the card.
    let wanted = limits.max_connections as u64 + 64;
    let now = getrlimit(Resource::Nofile);
    let most = now.maximum.unwrap_or(u64::MAX);
    let current = now.current.unwrap_or(u64::MAX);
    if current >= wanted {
        return;
    }
    let raised = Rlimit {
        current: Some(wanted.min(most)),
        maximum: now.maximum,
    };
    let result = setrlimit(Resource::Nofile, raised);
    if most < wanted || result.is_err() {
        tracing::warn!(
            max_connections = limits.max_connections,
            files = most,
            "fewer files may be open than connections are allowed: raise LimitNOFILE= (ulimit -Hn), or lower max_connections"
        );
    }
}

impl Gate {
    pub(crate) fn new(limits: &LimitOptions) -> Arc<Self> {
        let bound = |most: usize| most.clamp(1, Semaphore::MAX_PERMITS);
        let (connections, handshakes) = (
            bound(limits.max_connections),
            bound(limits.max_handshakes.min(limits.max_connections)),
        );
        Arc::new(Self {
            slots: Arc::new(Semaphore::new(connections)),
            handshakes: Arc::new(Semaphore::new(handshakes)),
            max_connections: connections,
            per_address: bound(limits.handshakes_per_address),
            per_second: (limits.connections_per_second > 0)
                .then(|| f64::from(limits.connections_per_second)),
            known: Mutex::default(),
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next connection that may come in. Dropping the future loses none.
    pub(crate) async fn accept(
        self: &Arc<Self>,
        listener: &TcpListener,
    ) -> (TcpStream, SocketAddr, Entry) {
        loop {
            // First the right to a handshake: whoever finds none free waits in the listen queue.
            let Ok(permit) = Arc::clone(&self.handshakes).acquire_owned().await else {
                // Only a closed semaphore refuses, and nobody closes this one.
                std::future::pending::<()>().await;
                continue;
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    if let Some(entry) = self.enter(peer.ip(), permit, os::now()) {
                        return (stream, peer, entry);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    /// Judges a connection; none is counted, and told now and then.
    fn enter(
        self: &Arc<Self>,
        peer: IpAddr,
        permit: OwnedSemaphorePermit,
        now: Duration,
    ) -> Option<Entry> {
        let mut known = self.known();
        let address = known.place_of(of(peer), self.per_second, now);
        let visitor = known.visitors.entry(address).or_insert(Visitor {
            handshaking: 0,
            tokens: self.per_second.unwrap_or(0.0) * BURST,
            at: now,
        });
        if let Some(rate) = self.per_second {
            visitor.refill(rate, now);
        }
        let busy = visitor.handshaking >= self.per_address;
        let hasty = self.per_second.is_some() && visitor.tokens < 1.0;
        let slot = if busy || hasty {
            None
        } else {
            Arc::clone(&self.slots).try_acquire_owned().ok()
        };
        if let Some(slot) = slot {
            visitor.handshaking += 1;
            visitor.tokens -= 1.0;
            drop(known);
            return Some(Entry {
                _slot: slot,
                handshake: Some(Handshake {
                    gate: Arc::clone(self),
                    address,
                    _permit: permit,
                }),
            });
        }
        let refused = &mut known.refused;
        let (count, bound) = if busy {
            (
                &mut refused.handshakes_per_address,
                "handshakes_per_address",
            )
        } else if hasty {
            (
                &mut refused.connections_per_second,
                "connections_per_second",
            )
        } else {
            (&mut refused.connections, "max_connections")
        };
        *count += 1;
        known.untold += 1;
        if known.told.is_none_or(|told| now >= told + TELL_EVERY) {
            let refused = std::mem::take(&mut known.untold);
            known.told = Some(now);
            tracing::warn!(%peer, bound, refused, "connections refused; the bound is one of [limits]");
        }
        None
    }

    pub(crate) fn status(&self) -> GateStatus {
        let known = self.known();
        GateStatus {
            open: self.max_connections - self.slots.available_permits(),
            handshaking: known.visitors.values().map(|one| one.handshaking).sum(),
            refused: known.refused,
        }
    }
}

impl Visitor {
    fn refill(&mut self, rate: f64, now: Duration) {
        let since = now.saturating_sub(self.at).as_secs_f64();
        self.tokens = (self.tokens + since * rate).min(rate * BURST);
        self.at = now;
    }

    /// As if it had never come.
    fn is_forgotten(&mut self, rate: Option<f64>, now: Duration) -> bool {
        if let Some(rate) = rate {
            self.refill(rate, now);
        }
        self.handshaking == 0 && rate.is_none_or(|rate| self.tokens >= rate * BURST)
    }
}

impl Known {
    /// `address`, or where too many are remembered the place that all further ones share.
    fn place_of(&mut self, address: IpAddr, rate: Option<f64>, now: Duration) -> IpAddr {
        if self.visitors.len() >= MOST_ADDRESSES && !self.visitors.contains_key(&address) {
            self.visitors
                .retain(|_, visitor| !visitor.is_forgotten(rate, now));
            if self.visitors.len() >= MOST_ADDRESSES {
                return IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        address
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
