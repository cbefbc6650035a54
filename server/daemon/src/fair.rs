//! Fair shares: one turn at a time, hosts in rotation, however many requests each of them has open.
//! And what one host may have: bytes a second, bytes in all.
//!
//! Countermeasure T14 (`docs/threat-model.md`).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

#[derive(Default)]
struct Waiting {
    busy: bool,
    /// Hosts that came after a round in which they wanted nothing, next first: each goes before those in rotation, once.
    fresh: VecDeque<String>,
    /// Hosts that had a turn, next first; one that wants nothing when its next one comes is forgotten.
    rotation: VecDeque<String>,
    /// Of each host in `fresh` or `rotation`.
    requests: HashMap<String, VecDeque<oneshot::Sender<Turn>>>,
    /// Hosts with requests that wait.
    hosts: usize,
}

impl Waiting {
    /// A turn for a host where nobody waits.
    fn begin(&mut self, host: &str) {
        self.busy = true;
        if !self.requests.contains_key(host) {
            self.requests.insert(host.to_owned(), VecDeque::new());
            self.rotation.push_back(host.to_owned());
        }
    }

    fn wait(&mut self, host: &str, sender: oneshot::Sender<Turn>) {
        let queue = self.requests.entry(host.to_owned()).or_insert_with(|| {
            self.fresh.push_back(host.to_owned());
            VecDeque::new()
        });
        self.hosts += usize::from(queue.is_empty());
        queue.push_back(sender);
    }

    /// The next waiter; its host goes to the end of the rotation.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        loop {
            let host = self
                .fresh
                .pop_front()
                .or_else(|| self.rotation.pop_front())?;
            let queue = self.requests.get_mut(&host)?;
            match queue.pop_front() {
                Some(next) => {
                    self.hosts -= usize::from(queue.is_empty());
                    self.rotation.push_back(host);
                    return Some(next);
                }
                None => drop(self.requests.remove(&host)),
            }
        }
    }
}

/// Hands out turns, round robin by host; who asks now and then goes first (as the sparse flows of RFC 8290 §4.2).
#[derive(Clone, Default)]
pub(crate) struct FairQueue {
    waiting: Arc<Mutex<Waiting>>,
}

/// The right to make one chunk; dropping it passes it on.
pub(crate) struct Turn {
    queue: Option<FairQueue>,
}

impl Turn {
    /// Hosts among which what is there is to be divided: this one, and all that wait.
    pub(crate) fn shares(&self) -> usize {
        let waiting = |queue: &FairQueue| queue.lock().hosts;
        1 + self.queue.as_ref().map_or(0, waiting)
    }
}

impl FairQueue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a turn of `host`. Dropping the future gives the place up.
    pub(crate) async fn turn(&self, host: &str) -> Turn {
        let receiver = {
            let mut waiting = self.lock();
            if !waiting.busy {
                waiting.begin(host);
                return Turn {
                    queue: Some(self.clone()),
                };
            }
            let (sender, receiver) = oneshot::channel();
            waiting.wait(host, sender);
            receiver
        };
        // A sender leaves the queue only to be used.
        receiver.await.unwrap_or(Turn { queue: None })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let Some(queue) = self.queue.take() else {
            return;
        };
        loop {
            let next = {
                let mut waiting = queue.lock();
                let next = waiting.next();
                waiting.busy = next.is_some();
                next
            };
            let Some(next) = next else { return };
            match next.send(Turn {
                queue: Some(queue.clone()),
            }) {
                Ok(()) => return,
                // That waiter went away: take the turn back and try the next.
                Err(mut turn) => drop(turn.queue.take()),
            }
        }
    }
}

/// What one host may have.
#[derive(Debug)]
struct Share {
    /// When the bytes given so far are paid for.
    paid_until: Duration,
    given: u64,
}

/// Quotas and rate limits, per final host.
#[derive(Debug)]
pub(crate) struct Allowances {
    bytes_per_second: Option<u64>,
    quota: Option<u64>,
    shares: Mutex<HashMap<String, Share>>,
}

/// Answer of [`Allowances::take`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    /// Send so many bytes after waiting so long.
    Bytes(usize, Duration),
    /// The quota is used up.
    Exhausted,
}

impl Allowances {
    pub(crate) fn new(bytes_per_second: Option<u64>, quota: Option<u64>) -> Self {
        Self {
            bytes_per_second,
            quota,
            shares: Mutex::default(),
        }
    }

    /// Takes up to `bytes` from the host's share. `now` is monotonic.
    pub(crate) fn take(&self, host: &str, bytes: usize, now: Duration) -> Allowed {
        if self.bytes_per_second.is_none() && self.quota.is_none() {
            return Allowed::Bytes(bytes, Duration::ZERO);
        }
        let mut shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let share = shares.entry(host.to_owned()).or_insert(Share {
            paid_until: Duration::ZERO,
            given: 0,
        });
        let left = self
            .quota
            .map_or(u64::MAX, |quota| quota.saturating_sub(share.given));
        // A chunk under a rate limit is at most what a quarter of a second pays for.
        let paced = self
            .bytes_per_second
            .map_or(u64::MAX, |rate| (rate / 4).max(16));
        let bytes = (bytes as u64).min(left).min(paced);
        if bytes == 0 {
            return Allowed::Exhausted;
        }
        share.given += bytes;
        let wait = self.bytes_per_second.map_or(Duration::ZERO, |rate| {
            let begin = share.paid_until.max(now);
            share.paid_until = begin + Duration::from_secs_f64(bytes as f64 / rate.max(1) as f64);
            begin - now
        });
        Allowed::Bytes(bytes as usize, wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order in which requests of these hosts get their turns, all made while `first` has its own.
    async fn order(first: &str, hosts: &[&'static str]) -> Vec<&'static str> {
        let queue = FairQueue::default();
        let first = queue.turn(first).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for host in hosts.iter().copied() {
            let (queue, order) = (queue.clone(), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let _turn = queue.turn(host).await;
                order.lock().expect("order").push(host);
            }));
            tokio::task::yield_now().await;
        }
        let waiting: std::collections::HashSet<_> = hosts.iter().collect();
        assert_eq!(first.shares(), 1 + waiting.len());
        drop(first);
        for task in tasks {
            task.await.expect("turn");
        }
        order.lock().expect("order").clone()
    }

    #[tokio::test]
    async fn a_greedy_host_gets_every_other_turn() {
        let hosts = ["greedy", "greedy", "greedy", "greedy", "modest", "modest"];
        assert_eq!(
            order("other", &hosts).await,
            ["greedy", "modest", "greedy", "modest", "greedy", "greedy"]
        );
    }

    #[tokio::test]
    async fn who_had_no_turn_lately_goes_first_and_only_once() {
        let hosts = ["greedy", "greedy", "rare", "rare", "rare"];
        assert_eq!(
            order("greedy", &hosts).await,
            ["rare", "greedy", "rare", "greedy", "rare"]
        );
    }

    #[tokio::test]
    async fn hosts_that_want_nothing_any_more_are_forgotten() {
        let queue = FairQueue::default();
        for number in 0..100 {
            drop(queue.turn(&format!("host-{number}")).await);
        }
        let waiting = queue.lock();
        assert!(waiting.requests.is_empty() && waiting.rotation.is_empty());
        assert!(waiting.fresh.is_empty() && waiting.hosts == 0);
    }

    #[tokio::test]
    async fn a_waiter_that_left_does_not_hold_the_turn() {
        let queue = FairQueue::default();
        let first = queue.turn("a").await;
        let (leaving, other) = (queue.clone(), queue.clone());
        let leaver = tokio::spawn(async move { drop(leaving.turn("b").await) });
        tokio::task::yield_now().await;
        leaver.abort();
        let _ = leaver.await;
        let stayer = tokio::spawn(async move { drop(other.turn("c").await) });
        tokio::task::yield_now().await;
        drop(first);
        stayer.await.expect("got its turn");
        drop(queue.turn("d").await);
    }

    #[test]
    fn rate_is_kept_and_quota_ends() {
        let allowances = Allowances::new(Some(1000), Some(600));
        let at = Duration::from_secs;
        assert_eq!(
            allowances.take("h", 250, at(1)),
            Allowed::Bytes(250, Duration::ZERO)
        );
        assert_eq!(
            allowances.take("h", 400, at(1)),
            Allowed::Bytes(250, Duration::from_millis(250))
        );
        assert_eq!(
            allowances.take("other", 100, at(1)),
            Allowed::Bytes(100, Duration::ZERO)
        );
        assert_eq!(
            allowances.take("h", 400, at(9)),
            Allowed::Bytes(100, Duration::ZERO)
        );
        assert_eq!(allowances.take("h", 1, at(10)), Allowed::Exhausted);
        assert_eq!(
            allowances.take("other", 1, at(10)),
            Allowed::Bytes(1, Duration::ZERO)
        );
    }

    #[test]
    fn no_limits_no_bookkeeping() {
        let allowances = Allowances::new(None, None);
        assert_eq!(
            allowances.take("h", 70_000, Duration::ZERO),
            Allowed::Bytes(70_000, Duration::ZERO)
        );
        assert!(allowances.shares.lock().expect("shares").is_empty());
    }
}
