//! Ephemeral keys made ahead of need, on whatever cores are idle, within a bound (spec 1-entropy §1.5).

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use crate::kx::EphemeralKey;
use crate::source::{ByteSource, SourceExhausted};

/// Keys that one job makes: some milliseconds of a core.
const JOB: usize = 16;

/// Where work is done that can wait: a pool of threads of low priority, say.
pub trait Workers: Send + Sync {
    /// Runs the job at some time, on another thread.
    fn run(&self, job: Box<dyn FnOnce() + Send>);
}

/// Ready-made key pairs for all channels of one side. A channel that finds none makes its own.
pub struct KeyStock {
    source: Arc<dyn ByteSource>,
    workers: Arc<dyn Workers>,
    bound: usize,
    state: Mutex<State>,
    me: Weak<Self>,
}

#[derive(Default)]
struct State {
    ready: VecDeque<EphemeralKey>,
    /// Keys that jobs under way will make.
    making: usize,
    /// Counts [`KeyStock::clear`]: what was begun before is thrown away.
    generation: u64,
}

impl std::fmt::Debug for KeyStock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyStock({} of {})", self.ready(), self.bound)
    }
}

impl KeyStock {
    /// A stock of at most `bound` keys, drawn from `source` by `workers`. It is empty until the first key is
    /// asked for.
    #[must_use]
    pub fn new(source: Arc<dyn ByteSource>, workers: Arc<dyn Workers>, bound: usize) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            source,
            workers,
            bound,
            state: Mutex::default(),
            me: me.clone(),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A job that panicked left keys that are as good as any.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keys that are ready.
    #[must_use]
    pub fn ready(&self) -> usize {
        self.state().ready.len()
    }

    /// A ready-made key, if there is one; and has more made.
    #[must_use]
    pub fn take(&self) -> Option<EphemeralKey> {
        let (key, jobs, generation) = {
            let mut state = self.state();
            let key = state.ready.pop_front();
            let mut jobs = 0;
            if state.ready.len() + state.making <= self.bound / 2 {
                jobs = (self.bound - state.ready.len() - state.making).div_ceil(JOB);
                state.making += jobs * JOB;
            }
            (key, jobs, state.generation)
        };
        for _ in 0..jobs {
            let stock = self.me.clone();
            self.workers.run(Box::new(move || {
                if let Some(stock) = stock.upgrade() {
                    stock.make(generation);
                }
            }));
        }
        key
    }

    /// One job's keys. A source that fails is not asked again by this job; whoever needs a key then asks it
    /// and learns why.
    fn make(&self, generation: u64) {
        for left in (0..JOB).rev() {
            let key = EphemeralKey::generate(&*self.source);
            let mut state = self.state();
            let stale = state.generation != generation;
            if key.is_err() || stale || state.ready.len() >= self.bound {
                state.making -= left + 1;
                return;
            }
            state.making -= 1;
            state.ready.extend(key);
        }
    }

    /// Throws every ready-made key away: they were drawn before something was mixed into the source.
    pub fn clear(&self) {
        let mut state = self.state();
        state.generation += 1;
        state.ready.clear();
    }
}

/// A key pair from the stock if there is one with something in it, else made now.
pub(crate) fn key(
    stock: Option<&KeyStock>,
    source: &dyn ByteSource,
) -> Result<EphemeralKey, SourceExhausted> {
    match stock.and_then(KeyStock::take) {
        Some(key) => Ok(key),
        None => EphemeralKey::generate(source),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a lock that a failed test poisoned must fail the rest

    use super::*;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Counting(AtomicU64, u64);

    impl ByteSource for Counting {
        fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
            let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            if n > self.1 {
                return Err(SourceExhausted);
            }
            out.fill(0);
            let at = out.len() - 8;
            out[at..].copy_from_slice(&n.to_be_bytes());
            Ok(())
        }
    }

    /// Keeps jobs until they are asked for.
    #[derive(Default)]
    struct Later(Mutex<Vec<Box<dyn FnOnce() + Send>>>);

    impl Workers for Later {
        fn run(&self, job: Box<dyn FnOnce() + Send>) {
            self.0.lock().unwrap().push(job);
        }
    }

    impl Later {
        fn work(&self) -> usize {
            let jobs = std::mem::take(&mut *self.0.lock().unwrap());
            let count = jobs.len();
            jobs.into_iter().for_each(|job| job());
            count
        }
    }

    fn stock(bound: usize, keys: u64) -> (Arc<KeyStock>, Arc<Later>) {
        let workers = Arc::new(Later::default());
        let source = Arc::new(Counting(AtomicU64::new(0), keys));
        (KeyStock::new(source, workers.clone(), bound), workers)
    }

    #[test]
    fn it_fills_to_its_bound_and_again_when_half_is_used() {
        let (stock, workers) = stock(40, u64::MAX);
        assert!(stock.take().is_none());
        assert_eq!(workers.work(), 3);
        assert_eq!(stock.ready(), 40);
        let publics: std::collections::HashSet<_> =
            (0..19).map(|_| *stock.take().unwrap().public()).collect();
        assert_eq!(publics.len(), 19);
        assert_eq!(workers.work(), 0);
        assert!(stock.take().is_some());
        assert_eq!(workers.work(), 2);
        assert_eq!(stock.ready(), 40);
    }

    #[test]
    fn what_was_made_or_begun_before_a_clear_is_thrown_away() {
        let (stock, workers) = stock(16, u64::MAX);
        assert!(stock.take().is_none());
        stock.clear();
        workers.work();
        assert_eq!(stock.ready(), 0);
        assert!(stock.take().is_none());
        workers.work();
        assert_eq!(stock.ready(), 16);
        stock.clear();
        assert_eq!(stock.ready(), 0);
    }

    #[test]
    fn a_source_that_fails_ends_the_job_and_is_asked_again_later() {
        let (stock, workers) = stock(32, 5);
        assert!(stock.take().is_none());
        assert_eq!(workers.work(), 2);
        assert_eq!(stock.ready(), 5);
        for _ in 0..5 {
            assert!(stock.take().is_some());
        }
        assert!(stock.take().is_none());
        assert!(workers.work() > 0);
    }

    #[test]
    fn a_job_outlives_its_stock_without_harm() {
        let (stock, workers) = stock(16, 0);
        assert!(stock.take().is_none());
        drop(stock);
        assert_eq!(workers.work(), 1);
    }
}
