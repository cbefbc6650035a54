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
    #[error("{path} holds no hub or host of photonbox")]
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
    /// The database failed otherwise (disk full, I/O error).
    #[error("the state database {path} failed: {error}")]
    Database {
        /// The file, or the address.
        path: PathBuf,
        /// The database's reason.
        error: Box<dyn std::error::Error + Send + Sync>,
    },
    /// An address that no database can have, or that would have secrets travel in the clear.
    #[error("the database's address is not usable: {reason}")]
    Address {
        /// What does not fit.
        reason: String,
    },
    /// PostgreSQL did not take the connection for as long as we wait.
    #[error("cannot connect to the database {path}: {reason}")]
    Unreachable {
        /// The address, without a password.
        path: PathBuf,
        /// The last try's reason.
        reason: String,
    },
    /// PostgreSQL knows this user or database not, or not from here.
    #[error("the database {path} refused the connection: {reason}")]
    Refused {
        /// The address, without a password.
        path: PathBuf,
        /// The server's reason.
        reason: String,
    },
    /// A server on which an acknowledged row could be lost, or that takes no rows.
    #[error("the database {path} cannot hold a photonbox store: {reason}")]
    Unfit {
        /// The address, without a password.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// A backup that cannot be used.
    #[error("the backup {path} {fault}")]
    Backup {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        fault: crate::BackupFault,
    },
    /// Something was to be restored over what is there.
    #[error("the store {path} is not empty: there are rows in its table {table}")]
    NotEmpty {
        /// The directory, or the address.
        path: PathBuf,
        /// A table with rows.
        table: &'static str,
    },
    /// A secret was asked for, and there is no root key that would open it.
    #[error("the secrets of this store are locked: there is no root key")]
    SecretsLocked,
    /// The root key is not right, or a secret does not open under it.
    #[error(transparent)]
    RootKey(#[from] crate::RootKeyError),
    /// The connection ended before the transaction did.
    #[error("the connection to the database {path} was lost; nothing of this was stored")]
    Interrupted {
        /// The address, without a password.
        path: PathBuf,
    },
    /// The connection ended while the transaction was being committed.
    #[error(
        "the connection to the database {path} was lost while it stored; whether it did is not known"
    )]
    Unsure {
        /// The address, without a password.
        path: PathBuf,
    },
}

impl Error {
    /// One line that says what to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "stop the other photonbox process on it and try again",
            Self::NotInitialised { .. } => {
                "run `photonbox init` (hub) or `photonbox enroll` (host) with this --state (or --store) first"
            }
            Self::NotPhotonbox { .. } => {
                "give --state a directory, or --store a database, of its own"
            }
            Self::NewerSchema { .. } => "run the program version that wrote it, or a newer one",
            Self::Corrupt { .. } => "restore the directory from a backup",
            Self::AlreadyInitialised { .. } => "give --state another directory, or remove this one",
            Self::HostTaken { .. } => {
                "choose another --host-name, or revoke the old enrolment on the hub"
            }
            Self::Io { .. } => "check that the directory exists and that you own it",
            Self::Database { .. } => "check free space and the health of the disk",
            Self::Address { .. } => {
                "give --store postgres://USER@HOST/DATABASE?sslrootcert=FILE; docs/operations.md has examples"
            }
            Self::Unreachable { .. } | Self::Refused { .. } => {
                "check that PostgreSQL runs, and the address, user and password of --store"
            }
            Self::Unfit { .. } => "give --store a PostgreSQL server that fits",
            Self::Interrupted { .. } => "try again; look at the server's log if it happens again",
            Self::Backup { fault, .. } => fault.help(),
            Self::NotEmpty { .. } => "restore into a new --state directory, or an empty database",
            Self::SecretsLocked => {
                "put the root key back (root.key in the state directory, or name it with --root-key), and start again"
            }
            Self::RootKey(error) => error.help(),
            Self::Unsure { .. } => "look at what is there, then try again",
        }
    }
}

/// Result of the store's operations.
pub type Result<T, E = Error> = std::result::Result<T, E>;
