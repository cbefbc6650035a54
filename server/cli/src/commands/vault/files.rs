//! Files that are there whole or not at all.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::output::Json;
use tempfile::NamedTempFile;

/// Whether a name means the standard stream.
pub(crate) fn is_stream(path: &Path) -> bool {
    path == Path::new("-")
}

/// `--json` has standard output to itself.
pub(crate) fn check_streams(json: Json, out: &Path) -> anyhow::Result<()> {
    if json.json && is_stream(out) {
        return Err(Failure::usage(
            "--json and the file both want standard output",
            "give -o FILE",
        ));
    }
    Ok(())
}

/// Standard input or a file, without a buffer of the library's, which would not be wiped.
pub(crate) fn source(path: &Path) -> anyhow::Result<File> {
    let opened = if is_stream(path) {
        io::stdin().as_fd().try_clone_to_owned().map(File::from)
    } else {
        File::open(path)
    };
    let file = opened.map_err(|error| cannot("read", path, &error))?;
    match file.metadata() {
        Ok(found) if found.is_dir() => Err(Failure::failed(
            format!("{} is a directory", path.display()),
            "give a file; pack a directory first (tar)",
        )),
        _ => Ok(file),
    }
}

fn cannot(action: &str, path: &Path, error: &io::Error) -> anyhow::Error {
    Failure::failed(
        format!("cannot {action} {}: {error}", path.display()),
        "check the path, that you may use it, and that there is room",
    )
}

/// Where something goes: nothing is there before [`Destination::done`], but for a stream.
pub(crate) enum Destination {
    Stream(File),
    File {
        temporary: NamedTempFile,
        path: PathBuf,
        force: bool,
    },
}

/// What may be in a terminal.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holds {
    /// What nobody can read there.
    Bytes,
    /// What the user may have asked to see.
    Text,
}

impl Destination {
    /// `-` is standard output. A file that is there is overwritten only by `force`.
    pub(crate) fn open(path: &Path, force: bool, holds: Holds) -> anyhow::Result<Self> {
        if is_stream(path) {
            let out = io::stdout();
            if holds == Holds::Bytes && out.is_terminal() {
                return Err(Failure::usage(
                    "standard output is a terminal",
                    "name a file, or redirect the output",
                ));
            }
            let out = out.as_fd().try_clone_to_owned();
            return Ok(Self::Stream(
                out.map_err(|error| cannot("write", path, &error))?.into(),
            ));
        }
        if let Some(stream) = stream(path, holds)? {
            return Ok(Self::Stream(stream));
        }
        if !force && path.symlink_metadata().is_ok() {
            return Err(exists(path));
        }
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        // 0600.
        let temporary = tempfile::Builder::new()
            .prefix(".photonbox-")
            .tempfile_in(folder);
        Ok(Self::File {
            temporary: temporary.map_err(|error| cannot("write", path, &error))?,
            path: path.to_owned(),
            force,
        })
    }

    /// What is written to.
    pub(crate) fn as_file_mut(&mut self) -> &mut File {
        match self {
            Self::Stream(out) => out,
            Self::File { temporary, .. } => temporary.as_file_mut(),
        }
    }

    /// On the disk under its name when this returns.
    pub(crate) fn done(self) -> anyhow::Result<()> {
        let Self::File {
            temporary,
            path,
            force,
        } = self
        else {
            return Ok(());
        };
        temporary
            .as_file()
            .sync_all()
            .map_err(|error| cannot("write", &path, &error))?;
        let folder = temporary.path().parent().map(Path::to_owned);
        let kept = if force {
            temporary.persist(&path)
        } else {
            temporary.persist_noclobber(&path)
        };
        match kept {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(exists(&path));
            }
            Err(error) => return Err(cannot("write", &path, &error.error)),
        }
        if let Some(folder) = folder {
            let synced = File::open(folder).and_then(|folder| folder.sync_all());
            synced.map_err(|error| cannot("write", &path, &error))?;
        }
        Ok(())
    }
}

impl Write for Destination {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stream(out) => out.write(bytes),
            Self::File { temporary, .. } => temporary.as_file_mut().write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A pipe or a character device, which is written to: a new file in its place (as `--force` has it) would be what nobody wants.
fn stream(path: &Path, holds: Holds) -> anyhow::Result<Option<File>> {
    let Ok(found) = std::fs::metadata(path) else {
        return Ok(None);
    };
    let kind = found.file_type();
    if kind.is_file() || kind.is_dir() {
        return Ok(None);
    }
    // Behind a link may be this process's own standard output, where the report goes.
    if !(kind.is_fifo() || kind.is_char_device()) || path.is_symlink() {
        return Err(Failure::failed(
            format!("{} is no file, pipe or character device", path.display()),
            "name one; for anything else give `-o -` and redirect the output",
        ));
    }
    let opened = File::options().write(true).open(path);
    let opened = opened.map_err(|error| cannot("write", path, &error))?;
    if holds == Holds::Bytes && opened.is_terminal() {
        return Err(Failure::usage(
            format!("{} is a terminal", path.display()),
            "name a file",
        ));
    }
    Ok(Some(opened))
}

fn exists(path: &Path) -> anyhow::Error {
    Failure::failed(
        format!("{} is there already", path.display()),
        "name another file, or give --force to overwrite it",
    )
}

/// All of a source, if it is not longer than `most`.
pub(crate) fn whole(path: &Path, most: usize) -> anyhow::Result<photonbox_secret::SecretBytes> {
    let mut from = source(path)?;
    let mut bytes = photonbox_secret::SecretBytes::new_zeroed(most + 1);
    let mut length = 0;
    while length <= most {
        match from.read(&mut bytes.as_mut_slice()[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(cannot("read", path, &error)),
        }
    }
    bytes.truncate(length);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::fs::{CWD, Mode};

    #[test]
    fn a_pipe_is_written_to_and_stays_even_by_force() {
        let folder = tempfile::tempdir().expect("a folder");
        let [pipe, link] = ["pipe", "link"].map(|name| folder.path().join(name));
        rustix::fs::mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
        std::os::unix::fs::symlink(&pipe, &link).expect("a link");
        let reading = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe)
        });
        let mut to = Destination::open(&pipe, true, Holds::Bytes).expect("a destination");
        to.write_all(b"bytes").expect("a reader");
        to.done().expect("nothing else to do");
        let read = reading.join().expect("the reader").expect("the pipe");
        assert_eq!(read, b"bytes");
        let still = pipe.symlink_metadata().expect("the pipe");
        assert!(still.file_type().is_fifo());
        // Of a link nobody knows whether it is standard output.
        assert!(Destination::open(&link, true, Holds::Bytes).is_err());
        assert!(link.is_symlink());
    }
}
