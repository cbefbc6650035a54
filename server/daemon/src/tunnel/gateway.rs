//! What all threads of a gateway share.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags};

use super::networks::Networks;
use super::peer::Peer;
use super::socket::Socket;
use crate::os;

/// Why a packet was dropped that belongs to no peer. The peers' engines have reasons of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drop {
    /// Out of the device: no IP packet.
    Malformed,
    /// Out of the device: for none of the allowed networks.
    Unrouted,
    /// Out of the device: more segments than there are buffers, or longer than the device's MTU says.
    Oversized,
    /// From the network: no peer could have sent it.
    Unknown,
    /// The device took it not.
    Device,
}

const DROPS: [(Drop, &str); 5] = [
    (Drop::Malformed, "malformed"),
    (Drop::Unrouted, "unrouted"),
    (Drop::Oversized, "oversized"),
    (Drop::Unknown, "unknown"),
    (Drop::Device, "device"),
];

/// A running gateway.
pub(super) struct Gateway {
    pub(super) name: String,
    pub(super) mtu: u16,
    pub(super) networks: Networks,
    pub(super) peers: Vec<Peer>,
    pub(super) sockets: Vec<Socket>,
    drops: [AtomicU64; DROPS.len()],
    stopping: AtomicBool,
    /// Readable once the gateway stops.
    bell: OwnedFd,
    /// When the timer's thread wakes next, nanoseconds of [`Gateway::now`].
    planned: AtomicU64,
    /// Held while that is decided or lowered.
    planning: Mutex<()>,
    replanned: Condvar,
    /// The network said that a packet is too long for its way.
    path_changed: AtomicBool,
    /// What ended it, if it was not asked to end.
    failure: OnceLock<String>,
}

impl Gateway {
    pub(super) fn new(
        name: String,
        mtu: u16,
        networks: Networks,
        peers: Vec<Peer>,
        sockets: Vec<Socket>,
    ) -> io::Result<Self> {
        Ok(Self {
            name,
            mtu,
            networks,
            peers,
            sockets,
            drops: Default::default(),
            stopping: AtomicBool::new(false),
            bell: rustix::event::eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            planned: AtomicU64::new(0),
            planning: Mutex::new(()),
            replanned: Condvar::new(),
            path_changed: AtomicBool::new(false),
            failure: OnceLock::new(),
        })
    }

    /// The engines' clock.
    #[allow(
        clippy::unused_self,
        reason = "it is the gateway's clock to its threads"
    )]
    pub(super) fn now(&self) -> Duration {
        os::now()
    }

    pub(super) fn count(&self, drop: Drop) {
        self.drops[drop as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Dropped so far, by reason.
    pub(super) fn drops(&self) -> impl Iterator<Item = (&'static str, u64)> {
        DROPS
            .iter()
            .map(|(drop, name)| (*name, self.drops[*drop as usize].load(Ordering::Relaxed)))
    }

    /// Ends all threads.
    pub(super) fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
        // Never read, so it stays readable. It cannot overflow.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        let _planning = self.planning();
        self.replanned.notify_all();
    }

    /// A way takes less than was thought: the timer's thread is to look at once.
    pub(super) fn path_changed(&self) {
        self.path_changed.store(true, Ordering::Release);
        self.plan(Duration::ZERO);
    }

    /// Whether it was said since this was last asked.
    pub(super) fn take_path_changed(&self) -> bool {
        self.path_changed.swap(false, Ordering::AcqRel)
    }

    /// Ends all threads: something does not work any more.
    pub(super) fn fail(&self, why: String) {
        // The first one tells most.
        let _ = self.failure.set(why);
        self.stop();
    }

    pub(super) fn failure(&self) -> Option<&str> {
        self.failure.get().map(String::as_str)
    }

    pub(super) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Waits until there is something to read, or the gateway stops.
    pub(super) fn wait(&self, what: PollFd<'_>) {
        let mut both = [what, PollFd::new(&self.bell, PollFlags::IN)];
        // Interrupted, or out of memory for a moment: the caller looks again in any case.
        let _ = rustix::event::poll(&mut both, None);
    }

    /// The timer's thread is to look at `at`, or earlier. Costs a look when it does so anyway.
    pub(super) fn plan(&self, at: Duration) {
        let at = nanoseconds(at);
        if at < self.planned.load(Ordering::Relaxed) {
            let _planning = self.planning();
            self.planned.fetch_min(at, Ordering::Relaxed);
            self.replanned.notify_one();
        }
    }

    /// Sleeps until `at`, or what [`Gateway::plan`] said since it last returned if that is earlier; false when the gateway
    /// stops.
    pub(super) fn sleep(&self, at: Duration) -> bool {
        let mut planning = self.planning();
        self.planned.fetch_min(nanoseconds(at), Ordering::Relaxed);
        loop {
            if self.stopping() {
                return false;
            }
            let now = self.now();
            let left =
                Duration::from_nanos(self.planned.load(Ordering::Relaxed)).saturating_sub(now);
            if left.is_zero() {
                // From here on each plan is for the next sleep.
                self.planned.store(u64::MAX, Ordering::Relaxed);
                return true;
            }
            let wait = self.replanned.wait_timeout(planning, left);
            planning = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn planning(&self) -> MutexGuard<'_, ()> {
        self.planning.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn nanoseconds(at: Duration) -> u64 {
    u64::try_from(at.as_nanos()).unwrap_or(u64::MAX)
}
