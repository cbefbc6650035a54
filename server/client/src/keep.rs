//! What an appliance keeps of its sets, in a folder of its own: its part of each concealment, its tickets, and shares where appliances
//! keep them. Files are 0600, and there whole or not at all.
//!
//! A request is noted before it is sent: whoever ends between its answer and the next file finds the note, and asks again. Of an
//! item's creation that is its idempotency key alone: its body would give the key of the item, together with the other files here.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use photonbox_secret::SecretBytes;
use photonbox_vault::api::{Bytes, CreateSet, Protocol, Rotate, to_secret_json};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;

/// Begins the names of files that are being written.
const TEMPORARY: &str = ".new-";
/// How long another process is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an appliance has of a set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeptSet {
    pub(crate) scheme: String,
    pub(crate) protocol: Protocol,
    pub(crate) generation: u64,
    pub(crate) appliances_keep_shares: bool,
    /// E's public key.
    pub(crate) public_key: Option<Bytes>,
    /// B; in *optimised* r.
    pub(crate) own: Option<Bytes>,
    /// E(K_m).
    pub(crate) master: Option<Bytes>,
    /// Own key for what other appliances send (HPKE).
    pub(crate) hpke_private: Bytes,
    /// The message that ends the set-up, or the part in a rotation, until the vault has taken it.
    pub(crate) conceal: Option<Bytes>,
    /// Where shares are in clear: the concealments of earlier generations, for the items of then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) before: Vec<Former>,
}

/// What it had before a rotation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Former {
    pub(crate) generation: u64,
    pub(crate) own: Option<Bytes>,
    pub(crate) master: Option<Bytes>,
}

/// What it has of an item.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct KeptItem {
    pub(crate) generation: u64,
    /// Generation of the master key that the share is under; none in files of before there were rotations: the first.
    #[serde(default)]
    pub(crate) share_generation: Option<u64>,
    pub(crate) ticket: Bytes,
    pub(crate) ticket_expires: Option<u64>,
    pub(crate) share: Option<Bytes>,
    /// Its key is made by a user, of what the vault serves.
    #[serde(default)]
    pub(crate) user_blinded: bool,
}

impl KeptItem {
    pub(crate) fn share_generation(&self) -> u64 {
        self.share_generation.unwrap_or(self.generation)
    }
}

/// The request for a set, which was not answered yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingSet {
    /// The idempotency key.
    pub(crate) key: String,
    /// What was asked for. Nothing of it is secret.
    pub(crate) asked: CreateSet,
    /// Own key for what other appliances send.
    pub(crate) hpke_private: Option<Bytes>,
}

/// The request for an item, which was not answered yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingItem {
    /// The idempotency key.
    pub(crate) key: String,
}

/// What a newcomer has of a set that it asked to be let into.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Newcomer {
    /// For what its voucher sends it (HPKE).
    pub(crate) hpke_private: Bytes,
    pub(crate) hpke_public: Bytes,
    /// The voucher that it shows, and under which idempotency key.
    pub(crate) showing: Option<Showing>,
}

/// A voucher that is shown to the vault, which may have taken it already.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Showing {
    pub(crate) key: String,
    pub(crate) voucher: Bytes,
}

/// A rotation that was asked for, and not answered yet. Who lost what it would become, and was answered, would lose the set.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingRotation {
    /// The idempotency key.
    pub(crate) key: String,
    /// What was asked. Nothing of it is secret.
    pub(crate) asked: Rotate,
    /// What the set is then.
    pub(crate) next: KeptSet,
}

/// The folder.
#[derive(Debug, Clone)]
pub struct Keep {
    folder: PathBuf,
}

/// Held while a set's files are changed; the system lets go of it with the process.
#[derive(Debug)]
pub(crate) struct Locked {
    file: File,
}

impl Drop for Locked {
    fn drop(&mut self) {
        // Closing is not enough: a process that is just being started may hold a copy of the descriptor.
        let _ = self.file.unlock();
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> Error {
    let path = path.to_owned();
    move |error| Error::Keep {
        action,
        path,
        reason: error.to_string(),
    }
}

impl Keep {
    /// A folder, made (0700) if it is not there.
    ///
    /// # Errors
    /// [`Error::Keep`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let keep = Self {
            folder: folder.to_owned(),
        };
        keep.make(folder)?;
        Ok(keep)
    }

    fn make(&self, folder: &Path) -> Result<(), Error> {
        let mut builder = fs::DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(folder);
        made.map_err(failed("write", folder))
    }

    /// One process at a time changes a set, or one of its items.
    pub(crate) fn lock(&self, set: &str) -> Result<Locked, Error> {
        let path = self.folder.join(format!("{set}.lock"));
        let mut options = File::options();
        let file = options.create(true).append(true).mode(0o600).open(&path);
        let file = file.map_err(failed("write", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(Locked { file }),
            Err(TryLockError::WouldBlock) => Err(Error::Busy(path)),
            Err(TryLockError::Error(error)) => Err(failed("lock", &path)(error)),
        }
    }

    /// The same, after some time if another process has it: for what many processes begin at once, because of the same rotation.
    pub(crate) async fn lock_in_time(&self, set: &str) -> Result<Locked, Error> {
        let began = Instant::now();
        loop {
            match self.lock(set) {
                Err(Error::Busy(_)) if began.elapsed() < PATIENCE => {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                locked => return locked,
            }
        }
    }

    pub(crate) fn set_file(&self, set: &str) -> PathBuf {
        self.folder.join(format!("{set}.set"))
    }

    pub(crate) fn pending_set_file(&self, set: &str) -> PathBuf {
        self.folder.join(format!("{set}.pending"))
    }

    pub(crate) fn newcomer_file(&self, set: &str) -> PathBuf {
        self.folder.join(format!("{set}.newcomer"))
    }

    pub(crate) fn rotation_file(&self, set: &str) -> PathBuf {
        self.folder.join(format!("{set}.rotation"))
    }

    /// Items have names of any characters: their files are named by the name's hash.
    pub(crate) fn item_file(&self, set: &str, item: &str) -> PathBuf {
        self.folder.join(set).join(format!("{}.item", hash(item)))
    }

    pub(crate) fn pending_item_file(&self, set: &str, item: &str) -> PathBuf {
        self.folder
            .join(set)
            .join(format!("{}.pending", hash(item)))
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, path: &Path) -> Result<Option<T>, Error> {
        let bytes = match fs::read(path) {
            Ok(bytes) => SecretBytes::from_vec(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("read", path)(error)),
        };
        let read = serde_json::from_slice(bytes.as_slice());
        read.map(Some).map_err(|error| Error::Keep {
            action: "read",
            path: path.to_owned(),
            reason: error.to_string(),
        })
    }

    /// On the disk, whole, when this returns.
    pub(crate) fn write(&self, path: &Path, value: &impl Serialize) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(&self.folder);
        self.make(folder)?;
        let text = to_secret_json(value).map_err(|error| failed("write", path)(error.into()))?;
        let written = (|| {
            // A name of its own (0600), that goes with it when this fails.
            let mut file = tempfile::Builder::new()
                .prefix(TEMPORARY)
                .tempfile_in(folder)?;
            file.write_all(text.as_slice())?;
            file.as_file().sync_all()?;
            file.persist(path)?;
            File::open(folder)?.sync_all()
        })();
        written.map_err(failed("write", path))
    }

    pub(crate) fn remove(&self, path: &Path) -> Result<(), Error> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(failed("remove", path)(error))
            }
            _ => Ok(()),
        }
    }
}

fn hash(item: &str) -> String {
    let digest = Sha256::digest(item.as_bytes());
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_with_its_holder_whoever_has_a_copy_of_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let keep = Keep::open(folder.path()).expect("a folder");
        let locked = keep.lock("set").expect("nobody holds it");
        let _copy = locked.file.try_clone().expect("a copy");
        assert!(matches!(keep.lock("set"), Err(Error::Busy(_))));
        let _other = keep.lock("other").expect("another set's");
        drop(locked);
        let _again = keep.lock("set").expect("it was let go of");
    }
}
