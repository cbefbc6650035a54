//! Whole files through a [`Sealer`] or an [`Opener`], in constant memory: two chunks, of which the second says whether the first
//! was the last.

use std::io::{self, Read, Write};

use photonbox_secret::SecretArray;
use zeroize::Zeroizing;

use super::{CHUNK, Error, Header, MAX_HEADER, Opener, Sealer, TAG};

/// Why a file was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It was read, and is not right.
    #[error(transparent)]
    Sealed(#[from] Error),
    /// It could not be read.
    #[error("cannot read: {0}; see that the file is there and that you may read it")]
    Read(#[source] io::Error),
    /// The other one could not be written.
    #[error("cannot write: {0}; see that there is room and that you may write there")]
    Write(#[source] io::Error),
}

/// Seals all that `from` gives; `done` hears how many bytes of plaintext were sealed so far. Gives their number.
///
/// # Errors
/// [`FileError`]; what was written is then no whole file.
pub fn seal_file(
    data_key: &SecretArray<32>,
    header: &Header,
    from: &mut impl Read,
    to: &mut impl Write,
    mut done: impl FnMut(u64),
) -> Result<u64, FileError> {
    let mut sealer = Sealer::new(data_key, header)?;
    to.write_all(sealer.header()).map_err(FileError::Write)?;
    let mut sealed = 0;
    pieces(from, CHUNK, &mut |chunk, last| {
        sealed += chunk.len() as u64;
        let tag = sealer.seal(chunk, last)?;
        to.write_all(chunk).map_err(FileError::Write)?;
        to.write_all(&tag).map_err(FileError::Write)?;
        done(sealed);
        Ok(())
    })?;
    to.flush().map_err(FileError::Write)?;
    Ok(sealed)
}

/// A sealed file of which only the header was read.
#[derive(Debug)]
pub struct SealedFile<R> {
    /// The header.
    pub header: Header,
    /// What was read with it.
    ahead: Vec<u8>,
    rest: R,
}

impl<R: Read> SealedFile<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn begin(mut from: R) -> Result<Self, FileError> {
        let mut ahead = vec![0; MAX_HEADER];
        let read = fill(&mut from, &mut ahead).map_err(FileError::Read)?;
        ahead.truncate(read);
        let (header, length) = Header::read(&ahead)?;
        ahead.drain(..length);
        Ok(Self {
            header,
            ahead,
            rest: from,
        })
    }

    /// Opens the file; `done` hears how many bytes of plaintext were written so far. Gives their number. Nothing of a chunk that
    /// fails is written, but those before it are: until this has returned nobody knows whether the file was whole.
    ///
    /// # Errors
    /// [`FileError`].
    pub fn open(
        self,
        data_key: &SecretArray<32>,
        to: &mut impl Write,
        mut done: impl FnMut(u64),
    ) -> Result<u64, FileError> {
        let mut opener = Opener::new(data_key, &self.header)?;
        let mut from = self.ahead.chain(self.rest);
        let mut opened = 0;
        pieces(&mut from, CHUNK + TAG, &mut |chunk, last| {
            let text = opener.open(chunk, last)?;
            to.write_all(text).map_err(FileError::Write)?;
            opened += text.len() as u64;
            done(opened);
            Ok(())
        })?;
        to.flush().map_err(FileError::Write)?;
        Ok(opened)
    }
}

/// What is done with a piece, and whether it is the last.
type Does<'a> = &'a mut dyn FnMut(&mut [u8], bool) -> Result<(), FileError>;

/// Cuts into pieces of `size` bytes: the last one is known by the end behind it. There is always one, if an empty one.
fn pieces(from: &mut impl Read, size: usize, does: Does<'_>) -> Result<(), FileError> {
    // Plaintext passes through both.
    let [mut piece, mut next] = [(); 2].map(|()| Zeroizing::new(vec![0; size]));
    let mut length = fill(from, &mut piece).map_err(FileError::Read)?;
    loop {
        let following = if length < size {
            0
        } else {
            fill(from, &mut next).map_err(FileError::Read)?
        };
        let last = following == 0;
        does(&mut piece[..length], last)?;
        if last {
            return Ok(());
        }
        std::mem::swap(&mut piece, &mut next);
        length = following;
    }
}

/// Reads until the buffer is full or there is no more.
fn fill(from: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match from.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
