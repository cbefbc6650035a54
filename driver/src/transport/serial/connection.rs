//! A [`Link`] on a serial port, and the thread that moves its bytes.

use super::SerialKey;
use super::link::{Link, LinkStats, Lost};
use super::message::Message;
use super::seal::{Role, Session};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use serial2::SerialPort;
use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Bits of the longest frame on the line, with start and stop bits.
const FRAME_BITS: u64 = 340 * 10;
/// Frames of a window there, and as many back.
const FRAMES: u64 = 16;

/// Who takes what comes over the line. Called by the connection's thread, which must not be kept waiting.
pub trait Handler: Send + Sync {
    /// Whether another message may come now. Who says no calls [`Connection::wake`] when that has changed.
    fn wants(&self) -> bool;
    /// A message. Of a false one the connection ends.
    fn take(&self, message: Message) -> bool;
    /// The connection is over: nothing comes any more.
    fn ended(&self);
}

/// Why a connection is over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Ended {
    /// The peer or the line failed.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The port failed: pulled out, most often.
    #[error("the port failed ({0}); check that the adapter is plugged in")]
    Port(String),
    /// This end closed it.
    #[error("the connection was closed; open the card anew")]
    Closed,
}

struct State {
    link: Link,
    ended: Option<Ended>,
}

struct Shared {
    state: Mutex<State>,
    /// Signalled when there may be room, and when the connection ends.
    changed: Condvar,
    wake: OwnedFd,
    stop: AtomicBool,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        // It fails only when 2^64 - 1 wakes are pending: then the thread wakes anyway.
        let _pending = rustix::io::write(&self.wake, &1_u64.to_ne_bytes());
    }
}

/// A connection over a serial port. Dropping it sends nothing more.
pub struct Connection {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Connection {
    /// Begins to look for the peer on this port, which is to be raw and non-blocking as [`SerialPort`] opens it.
    ///
    /// # Errors
    /// No random bytes for the session, no descriptor, no thread.
    pub fn new(
        port: SerialPort,
        baud: u32,
        role: Role,
        key: Option<SerialKey>,
        handler: Arc<dyn Handler>,
    ) -> io::Result<Self> {
        let mut session: Session = [0; 16];
        getrandom::fill(&mut session).map_err(io::Error::other)?;
        let window =
            Duration::from_micros(FRAMES * FRAME_BITS * 1_000_000 / u64::from(baud.max(1)));
        let patience = Duration::from_millis(50) + window;
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                link: Link::new(role, session, key, patience, Instant::now()),
                ended: None,
            }),
            changed: Condvar::new(),
            wake: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            stop: AtomicBool::new(false),
        });
        let mover = Mover {
            port,
            shared: Arc::clone(&shared),
            handler,
            line: Vec::new(),
            written: 0,
        };
        let thread = thread::Builder::new()
            .name("serial".into())
            .spawn(move || mover.run())?;
        Ok(Self {
            shared,
            thread: Some(thread),
        })
    }

    /// Waits until messages may flow.
    ///
    /// # Errors
    /// [`Ended`]; [`Lost::Silent`] when `timeout` passed first.
    pub fn wait_up(&self, timeout: Duration) -> Result<(), Ended> {
        self.wait(timeout, |link| link.is_up().then_some(()))
    }

    /// Gives a message to be sent, when there is room.
    ///
    /// # Errors
    /// As [`Self::wait_up`].
    pub fn send(&self, message: &Message, timeout: Duration) -> Result<(), Ended> {
        let bytes = message.encode();
        self.wait(timeout, |link| {
            link.has_room().then(|| {
                // There is room, so it is taken.
                let _taken = link.send(bytes.clone());
            })
        })?;
        self.shared.wake();
        Ok(())
    }

    fn wait<T>(
        &self,
        timeout: Duration,
        mut ready: impl FnMut(&mut Link) -> Option<T>,
    ) -> Result<T, Ended> {
        let start = Instant::now();
        let mut state = self.shared.state();
        loop {
            if let Some(ended) = &state.ended {
                return Err(ended.clone());
            }
            if let Some(done) = ready(&mut state.link) {
                return Ok(done);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Err(Lost::Silent.into());
            }
            state = self
                .shared
                .changed
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Lets the thread look again whether its handler wants more.
    pub fn wake(&self) {
        self.shared.wake();
    }

    /// Ends the connection for a reason.
    pub fn end(&self, reason: Ended) {
        self.shared.state().ended.get_or_insert(reason);
        self.shared.wake();
    }

    /// Why the connection is over, if it is.
    #[must_use]
    pub fn ended(&self) -> Option<Ended> {
        self.shared.state().ended.clone()
    }

    /// What went over the line.
    #[must_use]
    pub fn stats(&self) -> LinkStats {
        self.shared.state().link.stats()
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.shared.wake();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the thread of the serial line had panicked");
        }
    }
}

/// The thread's own.
struct Mover {
    port: SerialPort,
    shared: Arc<Shared>,
    handler: Arc<dyn Handler>,
    /// Bytes for the line, of which `written` are on it.
    line: Vec<u8>,
    written: usize,
}

impl Mover {
    fn run(mut self) {
        let ended = loop {
            if self.shared.stop.load(Ordering::Acquire) {
                break Ended::Closed;
            }
            match self.turn() {
                Ok(None) => {}
                Ok(Some(ended)) => break ended,
                Err(error) => break Ended::Port(error.to_string()),
            }
        };
        self.shared.state().ended.get_or_insert(ended);
        self.shared.changed.notify_all();
        self.handler.ended();
    }

    fn turn(&mut self) -> io::Result<Option<Ended>> {
        // First, so that a peer that waits for room is told of it in this turn.
        if !self.hand_over() {
            return Ok(Some(Lost::BadMessage.into()));
        }
        let now = Instant::now();
        let deadline = {
            let mut state = self.shared.state();
            if let Some(ended) = &state.ended {
                return Ok(Some(ended.clone()));
            }
            if self.written == self.line.len() {
                self.line.clear();
                self.written = 0;
                state.link.transmit(now, &mut self.line);
            }
            // The last words are on their way before the reason counts.
            if let Some(lost) = state.link.lost() {
                let _unsent = self.port.write(&self.line);
                return Ok(Some(lost.into()));
            }
            state.link.deadline(now)
        };
        self.shared.changed.notify_all();
        self.poll(deadline.saturating_duration_since(now))?;
        Ok(None)
    }

    /// Gives messages to the handler, as long as it wants; false after one that can't be.
    fn hand_over(&self) -> bool {
        while self.handler.wants() {
            let Some(bytes) = self.shared.state().link.take() else {
                break;
            };
            let taken = Message::decode(&bytes).is_some_and(|message| self.handler.take(message));
            if !taken {
                return false;
            }
        }
        true
    }

    /// Waits for the line, a wake or the time, and moves what the line takes and gives.
    fn poll(&mut self, timeout: Duration) -> io::Result<()> {
        let rest = self.written < self.line.len();
        let mut interest = PollFlags::IN;
        if rest {
            interest |= PollFlags::OUT;
        }
        let timeout = Timespec::try_from(timeout).map_err(io::Error::other)?;
        let mut fds = [
            PollFd::new(&self.port, interest),
            PollFd::new(&self.shared.wake, PollFlags::IN),
        ];
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let (line, woken) = (fds[0].revents(), fds[1].revents());
        if woken.contains(PollFlags::IN) {
            let mut count = [0; 8];
            // Nothing to read any more is as good.
            let _count = rustix::io::read(&self.shared.wake, &mut count);
        }
        if line.contains(PollFlags::OUT) {
            match self.port.write(&self.line[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if again(&error) => {}
                Err(error) => return Err(error),
            }
        }
        if line.contains(PollFlags::IN) {
            let mut bytes = [0; 1_024];
            match self.port.read(&mut bytes) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => {
                    let now = Instant::now();
                    self.shared.state().link.receive(now, &bytes[..count]);
                }
                Err(error) if again(&error) => {}
                Err(error) => return Err(error),
            }
        } else if line.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(io::Error::other("it hung up"));
        }
        Ok(())
    }
}

fn again(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted
    )
}
