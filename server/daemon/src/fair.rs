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
    /// Hosts that wait, next first; each is here once.
    rotation: VecDeque<String>,
    requests: HashMap<String, VecDeque<oneshot::Sender<Turn>>>,
}

impl Waiting {
    /// The next waiter; its host goes to the end of the rotation if it waits for more.
    fn next(&mut self) -> Option<oneshot::Sender<Turn>> {
        let host = self.rotation.pop_front()?;
        let queue = self.requests.get_mut(&host)?;
        let next = queue.pop_front();
        if queue.is_empty() {
            self.requests.remove(&host);
        } else {
            self.rotation.push_back(host);
        }
        next
    }
}

/// Hands out turns, round robin by host.
#[derive(Clone, Default)]
pub(crate) struct FairQueue {
    waiting: Arc<Mutex<Waiting>>,
}

/// The right to make one chunk; dropping it passes it on.
pub(crate) struct Turn {
    queue: Option<FairQueue>,
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
                waiting.busy = true;
                return Turn {
                    queue: Some(self.clone()),
                };
            }
            let (sender, receiver) = oneshot::channel();
            if !waiting.requests.contains_key(host) {
                waiting.rotation.push_back(host.to_owned());
            }
            waiting
                .requests
                .entry(host.to_owned())
                .or_default()
                .push_back(sender);
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

    #[tokio::test]
    async fn a_greedy_host_gets_every_other_turn() {
        let queue = FairQueue::default();
        let first = queue.turn("greedy").await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = Vec::new();
        for host in ["greedy", "greedy", "greedy", "greedy", "modest", "modest"] {
            let (queue, order) = (queue.clone(), Arc::clone(&order));
            tasks.push(tokio::spawn(async move {
                let _turn = queue.turn(host).await;
                order.lock().expect("order").push(host);
            }));
            tokio::task::yield_now().await;
        }
        drop(first);
        for task in tasks {
            task.await.expect("turn");
        }
        let order = order.lock().expect("order").clone();
        assert_eq!(
            order,
            ["greedy", "modest", "greedy", "modest", "greedy", "greedy"]
        );
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
