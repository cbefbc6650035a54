//! The root key: what encrypts the secrets that the store holds (specification 3-custody, 1-entropy §1.7).
//!
//! A sealed value is `version (8) | key id (32) | nonce (96) | ciphertext | tag (128)`, AES-256-GCM under a key derived from the
//! root key; associated data are table, column and the row's primary key, so that a value opens in its own place alone. Nonces are
//! random: one root key is good for 2^32 values (SP 800-38D §8.3).
//!
//! Countermeasure T25 (`docs/threat-model.md`).

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use hkdf::Hkdf;
use photonbox_secret::{SecretArray, SecretBytes};
use sha2::Sha384;

/// Bytes of a root key.
pub const ROOT_KEY: usize = 32;
/// Name of its file in a hub's state directory.
pub const ROOT_KEY_FILE: &str = "root.key";

const LABEL: &[u8] = b"photonbox/store/v1/row";
const ID_LABEL: &[u8] = b"photonbox/store/v1/key id";
const VERSION: u8 = 1;
const HEAD: usize = 1 + 4 + NONCE_LEN;
const TAG: usize = 16;

/// Where in the store a value lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) table: &'a str,
    pub(crate) column: &'a str,
    /// The row's primary key.
    pub(crate) row: &'a [&'a str],
}

impl Place<'_> {
    fn bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for part in [self.table, self.column].iter().chain(self.row) {
            out.extend_from_slice(&(part.len() as u32).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
        out
    }
}

/// Why there is no root key, or why it does not open what is there.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// There is none.
    #[error("the root key {0} is not there")]
    Missing(PathBuf),
    /// There is one already.
    #[error("there is a root key {0} already")]
    Exists(PathBuf),
    /// Others may read it.
    #[error("the root key {path} can be read by others (mode {mode:03o})")]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is not 32 bytes.
    #[error("the root key {path} has {length} bytes instead of {ROOT_KEY}")]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// It could not be read or written.
    #[error("cannot {action} the root key {path}: {error}")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// A value that was sealed under another one.
    #[error("a secret of {table} is under root key {found:08x}, and this one is {own:08x}")]
    Another {
        /// Where.
        table: String,
        /// Number of its key.
        found: u32,
        /// Number of this one.
        own: u32,
    },
    /// A value that does not belong in its place, or was changed.
    #[error("a secret of {0} does not belong where it lies, or was changed")]
    Forged(String),
    /// The system's generator gave nothing.
    #[error("the system's generator failed")]
    NoRandom,
}

impl RootKeyError {
    /// One line that says what to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Missing(_) => {
                "put it back from where you keep its copy, or name it with --root-key"
            }
            Self::Exists(_) => "give --state another directory, or keep this key",
            Self::Open { .. } => "make it your own alone: chmod 600",
            Self::Length { .. } | Self::Another { .. } => {
                "give the root key that this store was made with"
            }
            Self::Io { .. } => "check that you own the file and its directory",
            Self::Forged(_) => "restore the store from a backup",
            Self::NoRandom => "check the kernel's log",
        }
    }
}

/// The root key, ready for use.
pub struct RootKey {
    id: u32,
    /// The schedule is the library's, in memory that it wipes but does not lock.
    rows: LessSafeKey,
}

impl std::fmt::Debug for RootKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RootKey({:08x}, ..)", self.id)
    }
}

impl RootKey {
    /// From its bytes.
    #[must_use]
    pub fn new(key: &SecretArray<ROOT_KEY>) -> Self {
        let derive = Hkdf::<Sha384>::new(None, key.as_slice());
        let mut rows = SecretArray::<32>::new_zeroed();
        let mut id = [0; 4];
        let expanded = derive
            .expand(LABEL, rows.as_mut_slice())
            .and_then(|()| derive.expand(ID_LABEL, &mut id));
        assert!(expanded.is_ok(), "32 bytes are less than 255 blocks");
        let Ok(rows) = UnboundKey::new(&AES_256_GCM, rows.as_slice()) else {
            unreachable!("32 bytes are a key of AES-256")
        };
        Self {
            id: u32::from_be_bytes(id),
            rows: LessSafeKey::new(rows),
        }
    }

    /// Reads it from a file that nobody else may read.
    ///
    /// # Errors
    /// [`RootKeyError`].
    pub fn read(path: &Path) -> Result<Self, RootKeyError> {
        let io = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => RootKeyError::Missing(path.to_owned()),
            _ => RootKeyError::Io {
                action: "read",
                path: path.to_owned(),
                error,
            },
        };
        let mut file = fs::File::open(path).map_err(io)?;
        let about = file.metadata().map_err(io)?;
        let mode = about.mode() & 0o777;
        if mode & 0o077 != 0 {
            let path = path.to_owned();
            return Err(RootKeyError::Open { path, mode });
        }
        let mut bytes = SecretBytes::new_zeroed(ROOT_KEY + 1);
        let mut length = 0;
        while length < bytes.len() {
            match file.read(&mut bytes.as_mut_slice()[length..]).map_err(io)? {
                0 => break,
                read => length += read,
            }
        }
        match SecretArray::from_slice(&bytes.as_slice()[..length]) {
            Ok(key) => Ok(Self::new(&key)),
            Err(_) => Err(RootKeyError::Length {
                path: path.to_owned(),
                length: (about.len() as usize).max(length),
            }),
        }
    }

    /// Makes a file (0600) with a new one, of the system's generator.
    ///
    /// # Errors
    /// [`RootKeyError`].
    pub fn create(path: &Path) -> Result<Self, RootKeyError> {
        let io = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::AlreadyExists => RootKeyError::Exists(path.to_owned()),
            _ => RootKeyError::Io {
                action: "write",
                path: path.to_owned(),
                error,
            },
        };
        let mut key = SecretArray::<ROOT_KEY>::new_zeroed();
        let filled = SystemRandom::new().fill(key.as_mut_slice());
        filled.map_err(|_| RootKeyError::NoRandom)?;
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)
            .map_err(io)?;
        file.write_all(key.as_slice()).map_err(io)?;
        file.sync_all().map_err(io)?;
        if let Some(directory) = path.parent() {
            // The name is on the disk as well, before anything is sealed under the key.
            fs::File::open(directory)
                .and_then(|directory| directory.sync_all())
                .map_err(io)?;
        }
        Ok(Self::new(&key))
    }

    /// Its number, which says nothing of the key.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The number of the key that a value was sealed under.
    pub(crate) fn number_of(sealed: &[u8]) -> Option<u32> {
        match sealed {
            [VERSION, a, b, c, d, ..] => Some(u32::from_be_bytes([*a, *b, *c, *d])),
            _ => None,
        }
    }

    pub(crate) fn seal(
        &self,
        place: &Place<'_>,
        secret: &SecretBytes,
    ) -> Result<Vec<u8>, RootKeyError> {
        let mut nonce = [0; NONCE_LEN];
        let filled = SystemRandom::new().fill(&mut nonce);
        filled.map_err(|_| RootKeyError::NoRandom)?;
        let mut out = Vec::with_capacity(HEAD + secret.len() + TAG);
        out.push(VERSION);
        out.extend_from_slice(&self.id.to_be_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(secret.as_slice());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(place.bytes());
        let sealed = self
            .rows
            .seal_in_place_separate_tag(nonce, aad, &mut out[HEAD..]);
        let Ok(tag) = sealed else {
            unreachable!("a secret is not too long for GCM")
        };
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    pub(crate) fn open(
        &self,
        place: &Place<'_>,
        sealed: &[u8],
    ) -> Result<SecretBytes, RootKeyError> {
        let forged = || RootKeyError::Forged(place.table.to_owned());
        let (head, text) = sealed.split_at_checked(HEAD).ok_or_else(forged)?;
        let [VERSION, a, b, c, d, nonce @ ..] = head else {
            return Err(forged());
        };
        let found = u32::from_be_bytes([*a, *b, *c, *d]);
        if found != self.id {
            return Err(RootKeyError::Another {
                table: place.table.to_owned(),
                found,
                own: self.id,
            });
        }
        let length = text.len().checked_sub(TAG).ok_or_else(forged)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| forged())?;
        let mut text = SecretBytes::from_slice(text);
        let aad = Aad::from(place.bytes());
        let opened = self.rows.open_in_place(nonce, aad, text.as_mut_slice());
        opened.map_err(|_| forged())?;
        text.truncate(length);
        Ok(text)
    }
}

/// Where a store has its root key: none while it is locked.
#[derive(Debug, Default)]
pub(crate) struct RootSlot(RwLock<Option<Arc<RootKey>>>);

impl RootSlot {
    pub(crate) fn get(&self) -> Option<Arc<RootKey>> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set(&self, key: Option<RootKey>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = key.map(Arc::new);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    const PLACE: Place<'_> = Place {
        table: "vault_sets",
        column: "private_key",
        row: &["tenant"],
    };

    #[test]
    fn a_value_opens_in_its_own_place_alone() {
        let key = RootKey::new(&SecretArray::from_array([1; ROOT_KEY]));
        let secret = SecretBytes::from_slice(b"a private key");
        let sealed = key.seal(&PLACE, &secret).unwrap();
        assert_eq!(key.open(&PLACE, &sealed).unwrap(), secret);
        let places = [
            Place {
                table: "vault_appliances",
                ..PLACE
            },
            Place {
                column: "public_key",
                ..PLACE
            },
            Place {
                row: &["tenan", "t"],
                ..PLACE
            },
            Place {
                row: &["tenant", ""],
                ..PLACE
            },
        ];
        for place in places {
            let refused = key.open(&place, &sealed).unwrap_err();
            assert!(matches!(refused, RootKeyError::Forged(_)), "{place:?}");
        }
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 0x10;
            assert!(key.open(&PLACE, &changed).is_err(), "byte {at}");
            assert!(key.open(&PLACE, &sealed[..at]).is_err(), "cut at {at}");
        }
        let other = RootKey::new(&SecretArray::from_array([2; ROOT_KEY]));
        let refused = other.open(&PLACE, &sealed).unwrap_err();
        assert!(matches!(refused, RootKeyError::Another { .. }));
        assert_ne!(key.seal(&PLACE, &secret).unwrap(), sealed, "another nonce");
    }

    #[test]
    fn a_file_is_made_once_and_read_by_its_owner_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(ROOT_KEY_FILE);
        assert!(matches!(
            RootKey::read(&path),
            Err(RootKeyError::Missing(_))
        ));
        let made = RootKey::create(&path).unwrap();
        assert_eq!(RootKey::read(&path).unwrap().id(), made.id());
        assert!(matches!(
            RootKey::create(&path),
            Err(RootKeyError::Exists(_))
        ));
        let about = fs::metadata(&path).unwrap();
        assert_eq!((about.mode() & 0o777, about.len()), (0o600, 32));
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = RootKey::read(&path).unwrap_err();
            assert!(matches!(refused, RootKeyError::Open { .. }), "{mode:o}");
        }
        for length in [0, 31, 33, 4096] {
            fs::write(&path, vec![7; length]).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            let refused = RootKey::read(&path).unwrap_err();
            assert!(
                matches!(refused, RootKeyError::Length { length: said, .. } if said == length),
                "{length}"
            );
        }
    }
}
