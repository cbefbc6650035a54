//! The head of a sealed file: what names the key, in clear.
//!
//! ```text
//! "photonbox sealed" | version (16) | scheme | set | generation (64) | item | share | salt (256)
//! ```
//! Numbers are big-endian; `scheme`, `set`, `item` and `share` each begin with their length (16).

use super::Error;

/// What a sealed file begins with.
const MAGIC: &[u8; 16] = b"photonbox sealed";
/// The only version so far.
const VERSION: u16 = 1;
/// Bytes of the salt.
pub const SALT: usize = 32;
/// The longest name: of a scheme, a set or an item.
pub const MAX_NAME: usize = 255;
/// The longest share, or reference to one: what an encrypted share of the largest scheme takes, twice.
pub const MAX_SHARE: usize = 4096;
/// The longest header.
pub const MAX_HEADER: usize = MAGIC.len() + 2 + 3 * (2 + MAX_NAME) + 8 + 2 + MAX_SHARE + SALT;

/// What names the key of a sealed file (specification 4-vault §4.2). Nobody can change it: each chunk is bound to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Scheme of the item's key, such as `p384`.
    pub scheme: String,
    /// Set of the item.
    pub set: String,
    /// Generation of the set's master key at the item's creation; never updated.
    pub generation: u64,
    /// The item.
    pub item: String,
    /// Where the item's share is, or the share itself where the appliance keeps it; may be empty.
    pub share: Vec<u8>,
    /// Random: of one item each file has a key of its own.
    pub salt: [u8; SALT],
}

impl Header {
    /// The bytes that a file begins with.
    ///
    /// # Errors
    /// [`Error::TooLong`]: a part does not fit.
    pub fn to_bytes(&self) -> Result<Vec<u8>, Error> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_be_bytes());
        let part = |out: &mut Vec<u8>, what, bytes: &[u8], most| {
            if bytes.len() > most {
                return Err(Error::TooLong {
                    what,
                    length: bytes.len(),
                    most,
                });
            }
            out.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
            out.extend_from_slice(bytes);
            Ok(())
        };
        part(&mut out, "scheme", self.scheme.as_bytes(), MAX_NAME)?;
        part(&mut out, "set", self.set.as_bytes(), MAX_NAME)?;
        out.extend_from_slice(&self.generation.to_be_bytes());
        part(&mut out, "item", self.item.as_bytes(), MAX_NAME)?;
        part(&mut out, "share", &self.share, MAX_SHARE)?;
        out.extend_from_slice(&self.salt);
        Ok(out)
    }

    /// Reads the header that a file begins with; gives its length, too. [`MAX_HEADER`] bytes are always enough, and a shorter
    /// file may be a whole one.
    ///
    /// # Errors
    /// [`Error::NotSealed`], [`Error::Version`], [`Error::Truncated`], [`Error::BadHeader`].
    pub fn read(bytes: &[u8]) -> Result<(Self, usize), Error> {
        let mut rest = Rest(bytes);
        if rest.take(MAGIC.len()).ok() != Some(MAGIC) {
            return Err(Error::NotSealed);
        }
        let version = u16::from_be_bytes(rest.array()?);
        if version != VERSION {
            return Err(Error::Version(version));
        }
        let header = Self {
            scheme: rest.name("scheme")?,
            set: rest.name("set")?,
            generation: u64::from_be_bytes(rest.array()?),
            item: rest.name("item")?,
            share: rest.part("share", MAX_SHARE)?.to_vec(),
            salt: rest.array()?,
        };
        let length = bytes.len() - rest.0.len();
        Ok((header, length))
    }
}

/// What is still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Error::Truncated)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.0.split_first_chunk().ok_or(Error::Truncated)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn part(&mut self, what: &'static str, most: usize) -> Result<&'a [u8], Error> {
        let length = usize::from(u16::from_be_bytes(self.array()?));
        if length > most {
            return Err(Error::BadHeader(what));
        }
        self.take(length)
    }

    fn name(&mut self, what: &'static str) -> Result<String, Error> {
        let bytes = self.part(what, MAX_NAME)?;
        let text = std::str::from_utf8(bytes).map_err(|_| Error::BadHeader(what))?;
        Ok(text.to_owned())
    }
}
