//! A few connections, made when they are wanted, made anew when they are lost.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Handle, Runtime};

use super::address::Address;
use super::link::Link;
use crate::{Error, Result};

/// Connections of one process.
const LINKS: usize = 4;
/// How long a caller waits for one of them, and for a server that is away (a restart takes a second or two).
const PATIENCE: Duration = Duration::from_secs(5);
/// Between tries to connect, doubled each time.
const PAUSE: Duration = Duration::from_millis(50);
/// A server that was away for all that time is not waited for again by those who come right after.
const REST: Duration = Duration::from_secs(1);

#[derive(Default)]
struct State {
    idle: Vec<Link>,
    lent: usize,
    /// Until when nobody tries, and why.
    away: Option<(Instant, String)>,
}

/// The connections, and the thread that they live on.
pub(super) struct Pool {
    pub(super) address: Address,
    state: Mutex<State>,
    returned: Condvar,
    runtime: Option<Runtime>,
    handle: Handle,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.address.fmt(f)
    }
}

/// One of the connections that there may be.
struct Lent<'a>(&'a Pool);

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        self.0.state().lent -= 1;
        self.0.returned.notify_one();
    }
}

/// A connection on loan. One that is well goes back; otherwise it is closed.
pub(super) struct Lease<'a> {
    pub(super) link: Link,
    lent: Lent<'a>,
}

impl Lease<'_> {
    /// Nothing is open on it any more.
    pub(super) fn give_back(self) {
        if !self.link.is_closed() {
            self.lent.0.state().idle.push(self.link);
        }
    }
}

impl Pool {
    pub(super) fn new(address: Address) -> Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(2)
            .thread_name("postgres")
            .enable_all()
            .build()
            .map_err(|error| Error::Io {
                action: "start a thread for",
                path: address.shown.clone(),
                error,
            })?;
        Ok(Self {
            address,
            state: Mutex::default(),
            returned: Condvar::new(),
            handle: runtime.handle().clone(),
            runtime: Some(runtime),
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Counters and idle connections: whole at any point.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn away(&self, reason: String) -> Error {
        Error::Unreachable {
            path: self.address.shown.clone(),
            reason,
        }
    }

    /// A connection.
    ///
    /// # Errors
    /// [`Error::Locked`] when all are lent for long, [`Error::Unreachable`], [`Error::Refused`], [`Error::Unfit`].
    pub(super) fn lease(&self) -> Result<Lease<'_>> {
        let full = |state: &mut State| state.lent >= LINKS;
        let (mut state, waited) = self
            .returned
            .wait_timeout_while(self.state(), PATIENCE, full)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            return Err(Error::Locked {
                path: self.address.shown.clone(),
            });
        }
        let idle = loop {
            match state.idle.pop() {
                Some(link) if link.is_closed() => {}
                other => break other,
            }
        };
        if idle.is_none()
            && let Some((until, reason)) = &state.away
            && Instant::now() < *until
        {
            return Err(self.away(reason.clone()));
        }
        state.lent += 1;
        drop(state);
        let lent = Lent(self);
        let link = idle.map_or_else(|| self.connect(), Ok)?;
        Ok(Lease { link, lent })
    }

    /// Connections that were made before one of them was lost are lost, too, as a rule.
    pub(super) fn forget_idle(&self) {
        self.state().idle.clear();
    }

    fn connect(&self) -> Result<Link> {
        let began = Instant::now();
        let mut pause = PAUSE;
        loop {
            match Link::connect(&self.address, &self.handle) {
                Ok(link) => {
                    self.state().away = None;
                    return Ok(link);
                }
                Err(Error::Unreachable { reason, .. }) => {
                    if began.elapsed() + pause > PATIENCE {
                        self.state().away = Some((Instant::now() + REST, reason.clone()));
                        return Err(self.away(reason));
                    }
                    std::thread::sleep(pause);
                    pause *= 2;
                }
                Err(error) => return Err(error),
            }
        }
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.state().idle.clear();
        // It may be dropped on a thread of another runtime, where one may not wait for its end.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
