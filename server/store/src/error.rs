//! Why a state directory cannot be used.

use std::path::PathBuf;

/// A failure of the store. `Display` says what failed, [`Error::help`] what to do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process holds the database for longer than we wait.
    #[error("the state database {path} is locked by another process")]
    Locked {
        /// The database.
        path: PathBuf,
    },
    /// There is no database where one was expected.
    #[error("{path} is not a photonbox state directory: it has no database")]
    NotInitialised {
        /// The directory.
        path: PathBuf,
    },
    /// A database that somebody else made.
    #[error("{path} is not a photonbox database")]
    NotPhotonbox {
        /// The file.
        path: PathBuf,
    },
    /// A database of a newer program.
    #[error("{path} has schema version {found}, and this program knows only up to {known}")]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Version in the file.
        found: u32,
        /// Newest version that this program knows.
        known: u32,
    },
    /// The file is damaged, or a row does not hold what its schema promises.
    #[error("the state database {path} is corrupt: {reason}")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// `init` or `enroll` on a directory that already has an identity.
    #[error("{path} already holds the identity of {role} `{name}`")]
    AlreadyInitialised {
        /// The directory.
        path: PathBuf,
        /// `hub` or `host`.
        role: &'static str,
        /// Its id.
        name: String,
    },
    /// Someone with that id is enrolled.
    #[error("a host `{host}` is enrolled already")]
    HostTaken {
        /// The id.
        host: String,
    },
    /// A file operation failed.
    #[error("cannot {action} {path}: {error}")]
    Io {
        /// `create`, `read`, …
        action: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's reason.
        error: std::io::Error,
    },
    /// The connection was lost while a transaction was being committed: it may have been done or not.
    #[error("the database {place} went away before it said whether the change was made")]
    Unacknowledged {
        /// The database.
        place: String,
    },
    /// A secret was asked for, and there is no root key that would open it.
    #[error("the secrets of this store are locked: there is no root key")]
    SecretsLocked,
    /// The root key is not right, or a secret does not open under it.
    #[error(transparent)]
    RootKey(#[from] crate::RootKeyError),
    /// SQLite failed otherwise (disk full, I/O error).
    #[error("the state database {path} failed: {error}")]
    Database {
        /// The file.
        path: PathBuf,
        /// SQLite's reason.
        error: rusqlite::Error,
    },
}

impl Error {
    /// One line that says what to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Locked { .. } => {
                "stop the other photonbox process on this directory and try again"
            }
            Self::NotInitialised { .. } => {
                "run `photonbox init` (hub) or `photonbox enroll` (host) with this --state first"
            }
            Self::NotPhotonbox { .. } => "give --state a directory of its own",
            Self::NewerSchema { .. } => "run the program version that wrote it, or a newer one",
            Self::Corrupt { .. } => "restore the directory from a backup",
            Self::AlreadyInitialised { .. } => "give --state another directory, or remove this one",
            Self::HostTaken { .. } => {
                "choose another --host-name, or revoke the old enrolment on the hub"
            }
            Self::Io { .. } => "check that the directory exists and that you own it",
            Self::Unacknowledged { .. } => {
                "look whether the change is there, and make it again if not"
            }
            Self::SecretsLocked => "give the root key that this store was made with",
            Self::RootKey(error) => error.help(),
            Self::Database { .. } => "check free space and the health of the disk",
        }
    }
}

/// Result of the store's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
