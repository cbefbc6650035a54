//! The socket's file: made for its owner alone, taken over from a server that died, removed in the end.

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Connections that may wait to be turned away.
const BACKLOG: i32 = 8;

/// A socket that clients can connect to. Its file goes when it is dropped.
pub(crate) struct Listening {
    pub(crate) listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file: another's in its place isn't ours to remove.
    file: (u64, u64),
}

impl Listening {
    /// Binds. `AddrInUse` where somebody listens already, or where a file is that is no socket.
    pub(crate) fn bind(path: &Path) -> io::Result<Self> {
        let address = SocketAddrUnix::new(path)?;
        let socket = rustix::net::socket_with(
            AddressFamily::UNIX,
            SocketType::STREAM,
            SocketFlags::CLOEXEC,
            None,
        )?;
        match rustix::net::bind(&socket, &address) {
            Err(rustix::io::Errno::ADDRINUSE) if is_stale(path)? => {
                fs::remove_file(path)?;
                rustix::net::bind(&socket, &address)?;
            }
            bound => bound?,
        }
        // Before anyone can connect: a client may have the card do all that it can.
        fs::set_permissions(path, Permissions::from_mode(0o600))?;
        rustix::net::listen(&socket, BACKLOG)?;
        let listener = UnixListener::from(socket);
        listener.set_nonblocking(true)?;
        let meta = fs::symlink_metadata(path)?;
        Ok(Self {
            listener,
            path: path.to_owned(),
            file: (meta.dev(), meta.ino()),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Whether it is the socket of a process that died.
fn is_stale(path: &Path) -> io::Result<bool> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        return Ok(false);
    }
    let refused = UnixStream::connect(path).err().map(|error| error.kind());
    Ok(refused == Some(io::ErrorKind::ConnectionRefused))
}

impl Drop for Listening {
    fn drop(&mut self) {
        let is_ours = fs::symlink_metadata(&self.path)
            .is_ok_and(|meta| (meta.dev(), meta.ino()) == self.file);
        if is_ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the socket's file can't be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn a_dead_socket_is_taken_over_and_others_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card");
        // The listener is closed, and its file stays.
        drop(UnixListener::bind(&path).unwrap());
        let bound = Listening::bind(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let again = Listening::bind(&path).err().unwrap();
        assert_eq!(again.kind(), io::ErrorKind::AddrInUse);
        drop(bound);
        assert!(!path.exists());
        fs::write(&path, b"mine").unwrap();
        let file = Listening::bind(&path).err().unwrap();
        assert_eq!(file.kind(), io::ErrorKind::AddrInUse);
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[test]
    fn a_file_that_took_its_place_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("card");
        let bound = Listening::bind(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = UnixListener::bind(&path).unwrap();
        drop(bound);
        assert!(path.exists());
    }
}
