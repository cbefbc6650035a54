//! Clients, one after the other.

use super::function::Function;
use super::session::{Reply, Session, refusal};
use super::socket::Listening;
use super::status::StatusPage;
use photonbox_driver::device::Device;
use photonbox_driver::transport::About;
use photonbox_driver::transport::vfio_user::frame::{self, Broken};
use photonbox_driver::transport::vfio_user::wire::{Command, Header};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// How often a thread that waits looks whether it shall stop.
const TICK: Duration = Duration::from_millis(50);
/// How long the rest of a message may take, and the taking of a reply.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a client may take to leave before the next is turned away.
const GRACE: Duration = Duration::from_millis(500);

/// Why a card isn't served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// There is somebody, or something, at that path.
    #[error(
        "{} is taken: another server listens there, or it is no socket; give another path, or end that server",
        path.display()
    )]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// The socket can't be made.
    #[error(
        "no socket can be made at {}: {source}; give a path in a folder that you may write, of at most 107 bytes",
        path.display()
    )]
    Socket {
        /// The socket.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// No memory or thread.
    #[error("the card can't be served: {0}; free memory, or raise the limits of files and threads")]
    Resources(String),
}

/// A card on a socket. Dropping it ends its client's session, and removes the socket.
pub struct Server {
    path: PathBuf,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the card at `path`, to one client at a time.
    ///
    /// # Errors
    /// [`ServeError`].
    pub fn new(device: Arc<dyn Device>, path: &Path, about: About) -> Result<Self, ServeError> {
        let listening = Listening::bind(path).map_err(|source| match source.kind() {
            io::ErrorKind::AddrInUse => ServeError::Taken { path: path.into() },
            _ => ServeError::Socket {
                path: path.into(),
                source,
            },
        })?;
        let function = function(device, about)?;
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::Builder::new()
            .name("card-server".into())
            .spawn(move || serve(&listening, function, &stopped))
            .map_err(|error| ServeError::Resources(error.to_string()))?;
        Ok(Self {
            path: path.into(),
            stop,
            thread: Some(thread),
        })
    }

    /// Where it is served.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread that served a card had panicked");
        }
    }
}

fn function(device: Arc<dyn Device>, about: About) -> Result<Function, ServeError> {
    let status = StatusPage::new(&device.describe(), about)
        .map_err(|error| ServeError::Resources(error.to_string()))?;
    Ok(Function::new(device, status))
}

/// Serves one client that is connected already, until it leaves.
///
/// # Errors
/// [`ServeError::Resources`].
pub fn serve_connection(stream: &UnixStream, device: Arc<dyn Device>) -> Result<(), ServeError> {
    let mut function = function(device, About::default())?;
    converse(stream, &mut function, &AtomicBool::new(false));
    function.detach();
    Ok(())
}

fn serve(listening: &Listening, mut function: Function, stop: &AtomicBool) {
    let mut waiting = None;
    while !stop.load(Ordering::Acquire) {
        let Some(client) = waiting.take().or_else(|| accept(listening)) else {
            continue;
        };
        tracing::info!(socket = %listening.path().display(), "a client has the card");
        let left = AtomicBool::new(false);
        waiting = thread::scope(|scope| {
            let others = thread::Builder::new()
                .name("card-in-use".into())
                .spawn_scoped(scope, || turn_away(listening, &left));
            converse(&client, &mut function, stop);
            // Closed only now, so that whoever sees the end finds the card detached.
            function.detach();
            drop(client);
            left.store(true, Ordering::Release);
            match others {
                Ok(others) => others.join().ok().flatten(),
                Err(error) => {
                    tracing::debug!(%error, "other clients had to wait without a word");
                    None
                }
            }
        });
        tracing::info!(socket = %listening.path().display(), "the client left; the card is detached");
    }
}

/// The next client, if one comes before the next look at whether to stop.
fn accept(listening: &Listening) -> Option<UnixStream> {
    let time = Timespec {
        tv_sec: 0,
        tv_nsec: TICK.subsec_nanos().into(),
    };
    let mut ready = [PollFd::new(&listening.listener, PollFlags::IN)];
    if poll(&mut ready, Some(&time)) != Ok(1) {
        return None;
    }
    match listening.listener.accept() {
        Ok((stream, _)) => Some(stream),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => None,
        Err(error) => {
            tracing::warn!(%error, "a client can't be taken; trying again");
            thread::sleep(TICK);
            None
        }
    }
}

/// Tells others that the card is in use, until its client has left. Gives one that came while it left.
fn turn_away(listening: &Listening, left: &AtomicBool) -> Option<UnixStream> {
    while !left.load(Ordering::Acquire) {
        let Some(other) = accept(listening) else {
            continue;
        };
        // A client may be followed at once by another: the end of the first is seen a moment later.
        let came = Instant::now();
        while came.elapsed() < GRACE {
            if left.load(Ordering::Acquire) {
                return Some(other);
            }
            thread::sleep(Duration::from_millis(1));
        }
        // The answer to the first request, which clients number 0 and wait for.
        let first = Header::request(0, Command::Version, 0);
        let told = other
            .set_write_timeout(Some(TICK))
            .and_then(|()| frame::send(&other, &refusal(&first, Errno::BUSY), &[]));
        if let Err(error) = told {
            tracing::debug!(%error, "a client couldn't be told that the card is in use");
        }
    }
    None
}

/// Answers a client until it leaves, breaks the framing, or the server stops.
fn converse(stream: &UnixStream, function: &mut Function, stop: &AtomicBool) {
    let set_up = stream
        .set_nonblocking(false)
        .and_then(|()| stream.set_read_timeout(Some(TICK)))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    if let Err(error) = set_up {
        tracing::warn!(%error, "a client's socket can't be set up");
        return;
    }
    let mut session = Session::new(function);
    loop {
        let mut begun: Option<Instant> = None;
        let message = frame::receive(stream, &mut |in_part| {
            if stop.load(Ordering::Acquire) {
                return Err(io::Error::other("the server stops"));
            }
            session.look();
            if in_part && begun.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                return Err(io::ErrorKind::TimedOut.into());
            }
            Ok(())
        });
        let reply = match message {
            Ok(message) => session.handle(message),
            Err(Broken::Closed) => return,
            Err(Broken::Length(header)) => {
                tracing::warn!(
                    bytes = header.size.get(),
                    "a client's message has a length that can't be; it is disconnected"
                );
                let last = Reply {
                    bytes: refusal(&header, Errno::MSGSIZE),
                    with_status_page: false,
                };
                answer(stream, &session, &last);
                return;
            }
            Err(Broken::Io(error)) => {
                if !stop.load(Ordering::Acquire) {
                    tracing::warn!(%error, "a client is disconnected");
                }
                return;
            }
        };
        if let Some(reply) = reply
            && !answer(stream, &session, &reply)
        {
            return;
        }
        if stop.load(Ordering::Acquire) {
            return;
        }
    }
}

/// Sends a reply; false when the client doesn't take it.
fn answer(stream: &UnixStream, session: &Session<'_>, reply: &Reply) -> bool {
    let page = [session.status_page()];
    let descriptors = if reply.with_status_page {
        &page[..]
    } else {
        &[]
    };
    frame::send(stream, &reply.bytes, descriptors)
        .inspect_err(
            |error| tracing::warn!(%error, "a client doesn't take replies; it is disconnected"),
        )
        .is_ok()
}
