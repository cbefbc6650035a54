//! Standard output, files, FIFOs.

use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::unix::pipe;

use super::{Ending, SinkEnd};
use crate::os;
use crate::vm_event::Since;

/// How often we look whether a FIFO has got a reader: opening has no wake-up.
const FIFO_POLL: Duration = Duration::from_millis(50);

/// Something that bytes are written to in order.
pub(crate) enum Writer {
    Stdout(tokio::io::Stdout),
    File(tokio::fs::File),
    Fifo {
        path: PathBuf,
        reader: Option<pipe::Sender>,
        ending: Ending,
    },
}

impl Writer {
    pub(crate) fn stdout() -> Self {
        Self::Stdout(tokio::io::stdout())
    }

    /// Appends; a new file gets mode 0600, since it will hold secrets.
    pub(crate) async fn file(path: &Path) -> io::Result<Self> {
        let file = tokio::fs::File::options()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)
            .await?;
        if file.metadata().await?.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(Self::File(file))
    }

    /// Makes the FIFO where there is none, and tries whether it can be written.
    pub(crate) fn fifo(path: &Path) -> io::Result<Self> {
        match std::fs::metadata(path) {
            Ok(found) if !found.file_type().is_fifo() => {
                return Err(io::Error::new(
                    io::ErrorKind::AlreadyExists,
                    "it is not a FIFO",
                ));
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => os::make_fifo(path)?,
            Err(error) => return Err(error),
        }
        Ok(Self::Fifo {
            path: path.to_owned(),
            reader: open_fifo(path)?,
            ending: Ending::default(),
        })
    }

    pub(crate) fn until(&mut self, near: Ending) {
        if let Self::Fifo { ending, .. } = self {
            *ending = near;
        }
    }

    /// As [`super::Sink::write`]. What a file or standard output was given is out of our hands; a FIFO may have no reader
    /// for long, and what waits for one is let go.
    pub(crate) async fn write(
        &mut self,
        bytes: &[u8],
        since: &mut Since,
    ) -> Result<usize, SinkEnd> {
        match self {
            Self::Stdout(out) => {
                let written = async {
                    out.write_all(bytes).await?;
                    out.flush().await
                };
                written.await.map_err(|error| match error.kind() {
                    io::ErrorKind::BrokenPipe => SinkEnd::ReaderGone,
                    _ => SinkEnd::Failed(error),
                })?;
            }
            Self::File(file) => {
                file.write_all(bytes).await?;
                // tokio writes behind our back; what was counted must be in the file.
                file.flush().await?;
            }
            Self::Fifo {
                path,
                reader,
                ending,
            } => return to_fifo(path, reader, ending, bytes, since).await,
        }
        Ok(bytes.len())
    }

    pub(crate) async fn finish(&mut self) -> Result<(), SinkEnd> {
        match self {
            Self::Stdout(out) => Ok(out.flush().await?),
            Self::File(file) => {
                file.flush().await?;
                match file.sync_all().await {
                    // Devices and pipes given as files have nothing to sync.
                    Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
                    other => Ok(other?),
                }
            }
            Self::Fifo { .. } => Ok(()),
        }
    }
}

async fn to_fifo(
    path: &Path,
    reader: &mut Option<pipe::Sender>,
    ending: &Ending,
    bytes: &[u8],
    since: &mut Since,
) -> Result<usize, SinkEnd> {
    let mut taken = 0;
    while taken < bytes.len() {
        let sender = match reader {
            Some(sender) => sender,
            None => match open_fifo(path)? {
                Some(sender) => reader.insert(sender),
                None if ending.is_near() => return Err(SinkEnd::ReaderGone),
                None => {
                    tokio::select! {
                        () = tokio::time::sleep(FIFO_POLL) => continue,
                        () = since.over() => return Ok(taken),
                    }
                }
            },
        };
        let wrote = tokio::select! {
            biased;
            () = since.over() => return Ok(taken),
            wrote = sender.write(&bytes[taken..]) => wrote,
        };
        match wrote {
            Ok(more) => taken += more,
            // The reader left; what it did not take is dropped, never given twice.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                *reader = None;
                return Ok(bytes.len());
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(taken)
}

/// None: the FIFO has no reader now (`ENXIO`).
fn open_fifo(path: &Path) -> io::Result<Option<pipe::Sender>> {
    match pipe::OpenOptions::new().open_sender(path) {
        Ok(sender) => Ok(Some(sender)),
        Err(error) if error.raw_os_error() == Some(libc::ENXIO) => Ok(None),
        Err(error) => Err(error),
    }
}
