//! An EGD server on a Unix or TCP socket, fed from upstream through a bounded reservoir.

use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use photonbox_secret::SecretBytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinHandle;

use super::egd_protocol::{self as protocol, Command};
use super::{Contribute, Discard, Ending, SinkEnd};
use crate::vm_event::Since;

/// Bytes kept ready for clients.
pub(crate) const RESERVOIR: usize = 4096;
/// Clients at once; one more waits to be accepted.
const CLIENTS: usize = 64;
/// How long a client may say nothing while another waits for its place. With places left it may
/// stay for ever: a virtual machine asks rarely and does not connect again.
const IDLE: Duration = Duration::from_secs(60);
/// A client that takes its answer slower than this is dropped.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// A ring of secret bytes; each leaves it once.
struct Ring {
    bytes: SecretBytes,
    start: usize,
    len: usize,
    /// Counts [`Ring::discard`]: what was taken out before may not be given any more.
    discards: u64,
}

impl Ring {
    fn discard(&mut self) -> usize {
        self.discards += 1;
        photonbox_secret::wipe(self.bytes.as_mut_slice());
        self.start = 0;
        std::mem::take(&mut self.len)
    }

    fn put(&mut self, bytes: &[u8]) -> usize {
        let taken = bytes.len().min(RESERVOIR - self.len);
        for (offset, byte) in bytes[..taken].iter().enumerate() {
            let at = (self.start + self.len + offset) % RESERVOIR;
            self.bytes.as_mut_slice()[at] = *byte;
        }
        self.len += taken;
        taken
    }

    fn take(&mut self, out: &mut [u8]) -> usize {
        let taken = out.len().min(self.len);
        for byte in &mut out[..taken] {
            *byte = std::mem::take(&mut self.bytes.as_mut_slice()[self.start]);
            self.start = (self.start + 1) % RESERVOIR;
        }
        self.len -= taken;
        taken
    }
}

struct Shared {
    ring: Mutex<Ring>,
    arrived: Notify,
    taken: Notify,
    discarded: Notify,
    clients: Arc<Semaphore>,
    /// One permit for each client that waits for a place: an idle one takes it and leaves.
    wanted: Semaphore,
    idle: Duration,
    contribute: Contribute,
}

impl Shared {
    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A listening EGD socket.
pub(crate) struct EgdServer {
    shared: Arc<Shared>,
    accept: JoinHandle<()>,
    socket: Option<PathBuf>,
    ending: Ending,
}

impl EgdServer {
    fn shared(contribute: Contribute, clients: usize, idle: Duration) -> Arc<Shared> {
        Arc::new(Shared {
            ring: Mutex::new(Ring {
                bytes: SecretBytes::new_zeroed(RESERVOIR),
                start: 0,
                len: 0,
                discards: 0,
            }),
            arrived: Notify::new(),
            taken: Notify::new(),
            discarded: Notify::new(),
            clients: Arc::new(Semaphore::new(clients)),
            wanted: Semaphore::new(0),
            idle,
            contribute,
        })
    }

    /// Listens on a Unix socket (mode 0660: QEMU often runs under another user of the group).
    pub(crate) fn unix(path: &Path, contribute: Contribute) -> io::Result<Self> {
        let listener = bind_unix(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        let shared = Self::shared(contribute, CLIENTS, IDLE);
        let serving = Arc::clone(&shared);
        let accept = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => admit(&serving, stream).await,
                    Err(error) => pause(&error).await,
                }
            }
        });
        Ok(Self {
            shared,
            accept,
            socket: Some(path.to_owned()),
            ending: Ending::default(),
        })
    }

    /// Listens on a TCP address.
    pub(crate) async fn tcp(address: &str, contribute: Contribute) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "EGD sink listens");
        }
        let shared = Self::shared(contribute, CLIENTS, IDLE);
        let serving = Arc::clone(&shared);
        let accept = tokio::spawn(async move {
            loop {
                match listener.accept().await {
                    Ok((stream, _)) => admit(&serving, stream).await,
                    Err(error) => pause(&error).await,
                }
            }
        });
        Ok(Self {
            shared,
            accept,
            socket: None,
            ending: Ending::default(),
        })
    }

    pub(crate) fn until(&mut self, ending: Ending) {
        self.ending = ending;
    }

    /// Puts `bytes` into the reservoir, waiting for clients to make room, but not at the end, which empties the reservoir
    /// anyway; gives how many, which is fewer only when this machine was copied `since`.
    pub(crate) async fn fill(&self, bytes: &[u8], since: &Since) -> Result<usize, SinkEnd> {
        let mut done = 0;
        while done < bytes.len() {
            let taken = self.shared.taken.notified();
            let put = {
                let mut ring = self.shared.ring();
                // Looked at under the lock: a copy is counted before the ring is emptied for it.
                if since.is_over() {
                    break;
                }
                ring.put(&bytes[done..])
            };
            done += put;
            if put > 0 {
                self.shared.arrived.notify_waiters();
            } else {
                tokio::select! {
                    () = taken => {}
                    () = self.ending.near() => return Err(SinkEnd::ReaderGone),
                }
            }
        }
        Ok(done)
    }

    /// Empties the reservoir, takes back what waits for a client, and breaks answers off that are under way.
    pub(crate) fn discarder(&self) -> Discard {
        let shared = Arc::clone(&self.shared);
        Box::new(move || {
            let bytes = shared.ring().discard();
            tracing::info!(bytes, "EGD sink: what nobody had fetched is thrown away");
            shared.discarded.notify_waiters();
            shared.taken.notify_waiters();
        })
    }

    /// Resolves when clients have taken everything, or the end is near.
    pub(crate) async fn drained(&self) {
        loop {
            let taken = self.shared.taken.notified();
            if self.shared.ring().len == 0 {
                return;
            }
            tokio::select! {
                () = taken => {}
                () = self.ending.near() => return,
            }
        }
    }

    /// Bytes ready.
    pub(crate) fn level(&self) -> usize {
        self.shared.ring().len
    }
}

impl Drop for EgdServer {
    fn drop(&mut self) {
        self.accept.abort();
        if let Some(path) = &self.socket {
            // Someone may have removed it already; there is nobody left to tell.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Binds, taking over the socket file of a process that died.
pub(crate) fn bind_unix(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            use std::os::unix::fs::FileTypeExt;
            let is_socket = std::fs::symlink_metadata(path)?.file_type().is_socket();
            match std::os::unix::net::UnixStream::connect(path) {
                Err(refused) if is_socket && refused.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path)?;
                    UnixListener::bind(path)
                }
                _ => Err(error),
            }
        }
        other => other,
    }
}

async fn pause(error: &io::Error) {
    tracing::warn!(%error, "EGD sink cannot accept a client; trying again");
    tokio::time::sleep(Duration::from_millis(200)).await;
}

async fn admit<S>(shared: &Arc<Shared>, stream: S)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let free = Arc::clone(&shared.clients).try_acquire_owned();
    let permit = match free {
        Ok(permit) => permit,
        Err(_) => {
            shared.wanted.add_permits(1);
            let freed = Arc::clone(&shared.clients).acquire_owned().await;
            // If somebody left by itself, nobody else needs to.
            shared.wanted.forget_permits(1);
            match freed {
                Ok(permit) => permit,
                // The semaphore is never closed.
                Err(_) => return,
            }
        }
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        if let Err(error) = converse(&shared, stream).await {
            tracing::debug!(%error, "EGD client dropped");
        }
        drop(permit);
    });
}

/// Resolves when a client that says nothing has to go.
async fn evicted(shared: &Shared) {
    tokio::time::sleep(shared.idle).await;
    match shared.wanted.acquire().await {
        Ok(permit) => permit.forget(),
        // The semaphore is never closed.
        Err(_) => std::future::pending().await,
    }
}

/// One client, until it goes away, has to, or says something that is not EGD.
async fn converse<S>(shared: &Shared, mut stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut input = [0_u8; 2 * protocol::MAX_COMMAND];
    let mut filled = 0;
    loop {
        let mut discards = shared.ring().discards;
        let (answer, used) = match protocol::parse(&input[..filled]) {
            Err(unknown) => return Err(io::Error::new(io::ErrorKind::InvalidData, unknown)),
            Ok(None) => {
                // A command is at most half of the buffer, so there is always room here.
                let read = tokio::select! {
                    read = stream.read(&mut input[filled..]) => read?,
                    () = evicted(shared) => {
                        let text = "idle while others wait for a place";
                        return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                    }
                };
                if read == 0 {
                    return Ok(());
                }
                filled += read;
                continue;
            }
            Ok(Some((Command::ReadWaiting(wanted), used))) => {
                input.copy_within(used..filled, 0);
                filled -= used;
                let mut taken = Taken::new(shared, usize::from(wanted));
                while !taken.fill() {
                    let arrived = shared.arrived.notified();
                    if taken.fill() {
                        break;
                    }
                    tokio::select! {
                        () = arrived => {}
                        // Only who has gone says nothing more for ever; what comes before its turn
                        // is kept, as far as there is room.
                        read = stream.read(&mut input[filled..]), if filled < input.len() => match read? {
                            0 => return Ok(()),
                            read => filled += read,
                        },
                    }
                }
                // Nothing was said before a discard that came while it waited.
                discards = taken.discards;
                (taken.into_answer(), 0)
            }
            Ok(Some((command, used))) => (answer(shared, command), used),
        };
        input.copy_within(used..filled, 0);
        filled -= used;
        if answer.is_empty() {
            continue;
        }
        // Made before the look, so that no discard is missed.
        let mut discarded = std::pin::pin!(shared.discarded.notified());
        discarded.as_mut().enable();
        let copied = || io::Error::other("this machine was copied before the answer was out");
        if shared.ring().discards != discards {
            return Err(copied());
        }
        let written = tokio::time::timeout(WRITE_TIMEOUT, stream.write_all(answer.as_slice()));
        tokio::select! {
            biased;
            () = discarded => return Err(copied()),
            written = written => written.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??,
        }
    }
}

/// Bytes on their way to a client that waits; if it leaves first, they go back.
struct Taken<'a> {
    shared: &'a Shared,
    bytes: SecretBytes,
    got: usize,
    /// Of the ring, when the first of them was taken.
    discards: u64,
}

impl<'a> Taken<'a> {
    fn new(shared: &'a Shared, wanted: usize) -> Self {
        Self {
            shared,
            bytes: SecretBytes::new_zeroed(wanted),
            got: 0,
            discards: shared.ring().discards,
        }
    }

    /// Takes what there is; true when it is all. What was taken before a discard is overwritten.
    fn fill(&mut self) -> bool {
        let more = {
            let mut ring = self.shared.ring();
            if self.discards != ring.discards {
                self.discards = ring.discards;
                self.got = 0;
            }
            ring.take(&mut self.bytes.as_mut_slice()[self.got..])
        };
        if more > 0 {
            self.got += more;
            self.shared.taken.notify_waiters();
        }
        self.got == self.bytes.len()
    }

    fn into_answer(mut self) -> SecretBytes {
        self.got = 0;
        std::mem::replace(&mut self.bytes, SecretBytes::new_zeroed(0))
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        let mut ring = self.shared.ring();
        if self.got > 0 && self.discards == ring.discards {
            // Where the place is taken by now, the rest is wiped with `bytes`.
            ring.put(&self.bytes.as_slice()[..self.got]);
            drop(ring);
            self.shared.arrived.notify_waiters();
        }
    }
}

fn answer(shared: &Shared, command: Command<'_>) -> SecretBytes {
    match command {
        Command::Level => SecretBytes::from_slice(&protocol::level_answer(shared.ring().len)),
        Command::ProcessId => {
            SecretBytes::from_slice(&protocol::process_id_answer(std::process::id()))
        }
        Command::Write { data, .. } => {
            (shared.contribute)(data);
            SecretBytes::new_zeroed(0)
        }
        Command::ReadNow(wanted) => {
            let mut answer = SecretBytes::new_zeroed(1 + usize::from(wanted));
            let got = shared.ring().take(&mut answer.as_mut_slice()[1..]);
            shared.taken.notify_waiters();
            answer.as_mut_slice()[0] = got as u8;
            answer.truncate(1 + got);
            answer
        }
        // It waits: `converse` answers it.
        Command::ReadWaiting(_) => SecretBytes::new_zeroed(0),
    }
}

#[cfg(test)]
#[path = "egd_tests.rs"]
mod tests;
