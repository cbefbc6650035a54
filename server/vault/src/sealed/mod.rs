//! Sealed files (specification 4-vault §4.2): a header in clear, then chunks of 64 KiB, each sealed for its place.
//!
//! The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár: "Online Authenticated-Encryption and its Nonce-Reuse
//! Misuse-Resistance", 2015) in the form that age gives it: the nonce is the chunk's number and whether it is the last one. So
//! chunks that are cut off, left out, doubled, swapped, or taken from another file do not open, and neither does one that
//! was last and has others behind it. Every chunk is bound to the header.
//!
//! A file's key is HKDF-SHA-384 of the item's data key, with the file's own salt: of one key no nonce comes twice.

mod files;
mod header;
#[cfg(test)]
mod tests;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use hkdf::Hkdf;
use photonbox_secret::SecretArray;
use sha2::Sha384;
use zeroize::Zeroize as _;

pub use files::{FileError, SealedFile, seal_file};
pub use header::{Header, MAX_HEADER, MAX_NAME, MAX_SHARE, SALT};

/// Plaintext of a chunk, but of the last one, which may have less, and has none only when the file has none.
pub const CHUNK: usize = 64 * 1024;
/// What sealing adds to a chunk.
pub const TAG: usize = 16;
/// Label of a file's key.
const LABEL: &[u8] = b"photonbox/seal/v1";

/// Why a file was not sealed or opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// It begins otherwise.
    #[error("this is no file that photonbox has sealed; give one that has")]
    NotSealed,
    /// A newer program's.
    #[error("sealed files of version {0} are not known; use a newer photonbox")]
    Version(u16),
    /// It ends too early.
    #[error("the sealed file is truncated; get it again from where it was kept")]
    Truncated,
    /// A part of the header is none.
    #[error("the sealed file's header is damaged ({0}); get it again from where it was kept")]
    BadHeader(&'static str),
    /// A part does not fit into a header.
    #[error("{what} of {length} bytes; use at most {most}")]
    TooLong {
        /// Which.
        what: &'static str,
        /// Its length.
        length: usize,
        /// The longest.
        most: usize,
    },
    /// A chunk does not authenticate.
    #[error(
        "chunk {0} of the sealed file is not what was sealed there (changed, moved, cut off, or another key); get it again from where it was kept"
    )]
    Forged(u64),
    /// Chunks out of their sizes.
    #[error("chunk {number} of {length} bytes; give 65536 bytes but for the last one")]
    Size {
        /// Its number, from 0.
        number: u64,
        /// Its plaintext's length.
        length: usize,
    },
    /// Something follows the last chunk.
    #[error("nothing may follow the last chunk of a sealed file")]
    Ended,
}

/// The key of one file, and the place in it.
struct Stream {
    key: LessSafeKey,
    header: Vec<u8>,
    next: u64,
    ended: bool,
}

impl Stream {
    fn new(data_key: &SecretArray<32>, header: &Header) -> Result<Self, Error> {
        let bytes = header.to_bytes()?;
        let mut file_key = SecretArray::<32>::new_zeroed();
        let expanded = Hkdf::<Sha384>::new(Some(&header.salt), data_key.as_slice())
            .expand(LABEL, file_key.as_mut_slice());
        assert!(expanded.is_ok(), "32 bytes are less than 255 blocks");
        let Ok(key) = UnboundKey::new(&AES_256_GCM, file_key.as_slice()) else {
            unreachable!("32 bytes are a key of AES-256")
        };
        Ok(Self {
            key: LessSafeKey::new(key),
            header: bytes,
            next: 0,
            ended: false,
        })
    }

    /// Takes the number of the chunk, whose plaintext has this length.
    fn take(&mut self, length: usize, last: bool) -> Result<(u64, Nonce), Error> {
        let number = self.next;
        if self.ended {
            return Err(Error::Ended);
        }
        let sizes = if last {
            usize::from(number > 0)..=CHUNK
        } else {
            CHUNK..=CHUNK
        };
        if !sizes.contains(&length) {
            return Err(Error::Size { number, length });
        }
        (self.next, self.ended) = (number + 1, last);
        // Number (88 bits), then whether it is the last one.
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&number.to_be_bytes());
        nonce[11] = last.into();
        Ok((number, Nonce::assume_unique_for_key(nonce)))
    }
}

/// Seals a file, chunk by chunk.
pub struct Sealer(Stream);

impl Sealer {
    /// For a file whose header this is; `data_key` is the item's.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn new(data_key: &SecretArray<32>, header: &Header) -> Result<Self, Error> {
        Stream::new(data_key, header).map(Self)
    }

    /// The header's bytes, with which the file begins.
    #[must_use]
    pub fn header(&self) -> &[u8] {
        &self.0.header
    }

    /// Encrypts the next chunk in place, and gives what follows it in the file.
    ///
    /// # Errors
    /// [`Error::Size`], [`Error::Ended`]: nothing was encrypted.
    pub fn seal(&mut self, chunk: &mut [u8], last: bool) -> Result<[u8; TAG], Error> {
        let (_, nonce) = self.0.take(chunk.len(), last)?;
        let aad = Aad::from(&self.0.header);
        let Ok(tag) = self.0.key.seal_in_place_separate_tag(nonce, aad, chunk) else {
            unreachable!("64 KiB are not too long for GCM")
        };
        let mut out = [0; TAG];
        out.copy_from_slice(tag.as_ref());
        Ok(out)
    }
}

/// Opens a file, chunk by chunk.
pub struct Opener(Stream);

impl Opener {
    /// For a file whose header this is; `data_key` is the item's.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn new(data_key: &SecretArray<32>, header: &Header) -> Result<Self, Error> {
        Stream::new(data_key, header).map(Self)
    }

    /// Decrypts the next chunk in place, tag included, and gives the plaintext. The last one is that behind which the file
    /// ends. Of a chunk that fails nothing is left, and nothing after it opens.
    ///
    /// # Errors
    /// [`Error::Truncated`], [`Error::Forged`], [`Error::Size`], [`Error::Ended`].
    pub fn open<'a>(&mut self, chunk: &'a mut [u8], last: bool) -> Result<&'a [u8], Error> {
        let opened = self.try_open(chunk, last);
        if opened.is_err() {
            self.0.ended = true;
            chunk.zeroize();
        }
        opened.map(|length| &chunk[..length])
    }

    fn try_open(&mut self, chunk: &mut [u8], last: bool) -> Result<usize, Error> {
        let length = chunk.len().checked_sub(TAG).ok_or(Error::Truncated)?;
        let (number, nonce) = self.0.take(length, last)?;
        let aad = Aad::from(&self.0.header);
        let opened = self.0.key.open_in_place(nonce, aad, chunk);
        opened.map(|_| length).map_err(|_| Error::Forged(number))
    }
}
