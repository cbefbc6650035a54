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

use super::Contribute;
use super::egd_protocol::{self as protocol, Command};

/// Bytes kept ready for clients.
pub(crate) const RESERVOIR: usize = 4096;
/// Clients at once; one more waits to be accepted.
const CLIENTS: usize = 64;
/// A client that takes its answer slower than this is dropped.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// A ring of secret bytes; each leaves it once.
struct Ring {
    bytes: SecretBytes,
    start: usize,
    len: usize,
}

impl Ring {
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
    clients: Arc<Semaphore>,
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
}

impl EgdServer {
    fn shared(contribute: Contribute) -> Arc<Shared> {
        Arc::new(Shared {
            ring: Mutex::new(Ring {
                bytes: SecretBytes::new_zeroed(RESERVOIR),
                start: 0,
                len: 0,
            }),
            arrived: Notify::new(),
            taken: Notify::new(),
            clients: Arc::new(Semaphore::new(CLIENTS)),
            contribute,
        })
    }

    /// Listens on a Unix socket (mode 0660: QEMU often runs under another user of the group).
    pub(crate) fn unix(path: &Path, contribute: Contribute) -> io::Result<Self> {
        let listener = bind_unix(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
        let shared = Self::shared(contribute);
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
        })
    }

    /// Listens on a TCP address.
    pub(crate) async fn tcp(address: &str, contribute: Contribute) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        if let Ok(address) = listener.local_addr() {
            tracing::info!(%address, "EGD sink listens");
        }
        let shared = Self::shared(contribute);
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
        })
    }

    /// Puts all of `bytes` into the reservoir, waiting for clients to make room.
    pub(crate) async fn fill(&self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let taken = self.shared.taken.notified();
            let put = self.shared.ring().put(bytes);
            bytes = &bytes[put..];
            if put > 0 {
                self.shared.arrived.notify_waiters();
            } else {
                taken.await;
            }
        }
    }

    /// Resolves when clients have taken everything.
    pub(crate) async fn drained(&self) {
        loop {
            let taken = self.shared.taken.notified();
            if self.shared.ring().len == 0 {
                return;
            }
            taken.await;
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
    // The semaphore is never closed.
    let Ok(permit) = Arc::clone(&shared.clients).acquire_owned().await else {
        return;
    };
    let shared = Arc::clone(shared);
    tokio::spawn(async move {
        if let Err(error) = converse(&shared, stream).await {
            tracing::debug!(%error, "EGD client dropped");
        }
        drop(permit);
    });
}

/// One client, until it goes away or says something that is not EGD.
async fn converse<S>(shared: &Shared, mut stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut input = [0_u8; 2 * protocol::MAX_COMMAND];
    let mut filled = 0;
    loop {
        let (answer, used) = match protocol::parse(&input[..filled]) {
            Err(unknown) => return Err(io::Error::new(io::ErrorKind::InvalidData, unknown)),
            Ok(None) => {
                // A command is at most half of the buffer, so there is always room here.
                match stream.read(&mut input[filled..]).await? {
                    0 => return Ok(()),
                    read => filled += read,
                }
                continue;
            }
            Ok(Some((command, used))) => (answer(shared, command).await?, used),
        };
        input.copy_within(used..filled, 0);
        filled -= used;
        if !answer.is_empty() {
            tokio::time::timeout(WRITE_TIMEOUT, stream.write_all(answer.as_slice()))
                .await
                .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
        }
    }
}

async fn answer(shared: &Shared, command: Command<'_>) -> io::Result<SecretBytes> {
    Ok(match command {
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
        Command::ReadWaiting(wanted) => {
            let mut answer = SecretBytes::new_zeroed(usize::from(wanted));
            let mut got = 0;
            while got < answer.len() {
                let arrived = shared.arrived.notified();
                let more = shared.ring().take(&mut answer.as_mut_slice()[got..]);
                got += more;
                if more > 0 {
                    shared.taken.notify_waiters();
                } else {
                    arrived.await;
                }
            }
            answer
        }
    })
}
