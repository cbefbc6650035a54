//! The embedded store: one SQLite file, WAL, `synchronous=FULL`.

pub(crate) mod schema;

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use zeroize::Zeroizing;

use crate::engine::{Ending, Engine, Failure, Statements};
use crate::location::make_directory;
use crate::root::RootSlot;
use crate::value::{Row, Value};
use crate::{Error, Result};

/// Name of the database inside the state directory.
pub const DATABASE_FILE: &str = "photonbox.db";

/// How long we wait for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A state directory's database.
pub struct SqliteStore {
    path: PathBuf,
    connection: Mutex<Connection>,
    root: RootSlot,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Makes `directory` (mode 0700) and its database (0600) when they are not there, and brings
    /// the schema up to date.
    ///
    /// # Errors
    /// A directory that cannot be made, and everything that [`SqliteStore::open`] refuses.
    pub fn create(directory: &Path) -> Result<Self> {
        Self::create_at(directory, schema::newest())
    }

    /// The same, with the schema of an older version where there is none yet.
    pub(crate) fn create_at(directory: &Path, version: u32) -> Result<Self> {
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |error| Error::Io {
                action,
                path,
                error,
            }
        };
        make_directory(directory)?;
        let path = directory.join(DATABASE_FILE);
        // SQLite gives its WAL and shared-memory files the mode of the database.
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(&path)
            .map_err(io("create", &path))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))
            .map_err(io("set the mode of", &path))?;
        Self::open_file(path, version)
    }

    /// Opens the database of an existing state directory.
    ///
    /// # Errors
    /// [`Error::NotInitialised`], [`Error::NotPhotonbox`], [`Error::NewerSchema`],
    /// [`Error::Corrupt`], [`Error::Locked`].
    pub fn open(directory: &Path) -> Result<Self> {
        let path = directory.join(DATABASE_FILE);
        match fs::metadata(&path) {
            Ok(_) => Self::open_file(path, schema::newest()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Err(Error::NotInitialised {
                    path: directory.to_owned(),
                })
            }
            Err(error) => Err(Error::Io {
                action: "read",
                path,
                error,
            }),
        }
    }

    fn open_file(path: PathBuf, wanted: u32) -> Result<Self> {
        let connection = Self::prepare(&path, wanted).map_err(|error| explain(&path, error))??;
        Ok(Self {
            path,
            connection: Mutex::new(connection),
            root: RootSlot::default(),
        })
    }

    fn prepare(path: &Path, wanted: u32) -> rusqlite::Result<Result<Connection>> {
        let mut connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        let (application, version, tables) = schema::probe(&connection)?;
        let empty = application == 0 && version == 0 && tables == 0;
        if application != schema::APPLICATION_ID && !empty {
            return Ok(Err(Error::NotPhotonbox {
                path: path.to_owned(),
            }));
        }
        if version > schema::newest() {
            let known = schema::newest();
            return Ok(Err(Error::NewerSchema {
                path: path.to_owned(),
                found: version,
                known,
            }));
        }
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", "ON")?;
        // Deleted secrets are overwritten in the file.
        connection.pragma_update(None, "secure_delete", "ON")?;
        if version < wanted {
            schema::migrate(&mut connection, &schema::MIGRATIONS[..wanted as usize])?;
        }
        Ok(Ok(connection))
    }

    /// Waits for nobody.
    #[cfg(test)]
    pub(crate) fn be_impatient(&self) {
        let told = self.lock().busy_timeout(Duration::ZERO);
        told.unwrap_or_else(|error| panic!("{error}"));
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held left at most an open transaction, which rolled back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) fn explain(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Locked { path },
        Some(ErrorCode::NotADatabase) => Error::NotPhotonbox { path },
        Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt {
            path,
            reason: error.to_string(),
        },
        Some(_) => Error::Database {
            path,
            error: Box::new(error),
        },
        // Not SQLite's complaint but the row's: a type or range that the schema does not allow.
        None => Error::Corrupt {
            path,
            reason: error.to_string(),
        },
    }
}

impl rusqlite::ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Integer(value) => ValueRef::Integer(*value),
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

fn value_from(value: ValueRef<'_>) -> Result<Value, Failure> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(value) => Value::Integer(value),
        ValueRef::Text(text) => Value::Text(
            String::from_utf8(text.to_vec()).map_err(|_| Failure::row("a text is not UTF-8"))?,
        ),
        ValueRef::Blob(bytes) => Value::Bytes(Zeroizing::new(bytes.to_vec())),
        ValueRef::Real(_) => return Err(Failure::row("a row holds a fraction")),
    })
}

/// Statements on an open connection.
struct OnConnection<'a> {
    connection: &'a Connection,
    path: &'a Path,
}

impl OnConnection<'_> {
    fn failed(&self, error: rusqlite::Error) -> Failure {
        let constraint = error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation);
        let error = explain(self.path, error);
        if constraint {
            Failure::Constraint(error)
        } else {
            Failure::Database(error)
        }
    }
}

impl Statements for OnConnection<'_> {
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Failure> {
        let failed = |error| self.failed(error);
        let mut query = self.connection.prepare_cached(sql).map_err(failed)?;
        let columns = query.column_count();
        let mut found = query
            .query(rusqlite::params_from_iter(values))
            .map_err(failed)?;
        let mut rows = Vec::new();
        while let Some(row) = found.next().map_err(failed)? {
            let values = (0..columns).map(|index| value_from(row.get_ref(index).map_err(failed)?));
            rows.push(Row(values.collect::<Result<_, Failure>>()?));
        }
        Ok(rows)
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Failure> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut query| query.execute(rusqlite::params_from_iter(values)))
            .map(|changed| changed as u64)
            .map_err(|error| self.failed(error))
    }
}

impl Engine for SqliteStore {
    const SIZE: &'static str =
        "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()";
    const VERSION: &'static str = "SELECT user_version FROM pragma_user_version()";

    fn count_on(_table: &str, _column: &str) -> Option<String> {
        None
    }

    fn root(&self) -> &RootSlot {
        &self.root
    }

    fn place(&self) -> PathBuf {
        self.path.parent().unwrap_or(&self.path).to_owned()
    }

    fn read<T>(
        &self,
        mut work: impl FnMut(&mut dyn Statements) -> Result<T, Failure>,
    ) -> Result<T> {
        let path = &self.path;
        let connection = &mut *self.lock();
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Deferred)
            .map_err(|error| explain(path, error))?;
        work(&mut OnConnection {
            connection: &transaction,
            path,
        })
        .map_err(|failure| failure.at(path))
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&mut dyn Statements) -> Result<Ending<T>, Failure>,
    ) -> Result<T> {
        let path = &self.path;
        let connection = &mut *self.lock();
        // Immediate: it waits for another writer here, and not in the middle.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| explain(path, error))?;
        let ending = work(&mut OnConnection {
            connection: &transaction,
            path,
        });
        match ending.map_err(|failure| failure.at(path))? {
            Ending::Commit(done) => {
                transaction.commit().map_err(|error| explain(path, error))?;
                Ok(done)
            }
            // Dropped, it rolls back.
            Ending::Leave(done) => Ok(done),
        }
    }

    fn purge(&self, _table: &str) -> Result<()> {
        let connection = self.lock();
        let failed = |error| explain(&self.path, error);
        // Into the file, and the log is cut to nothing; the file is written anew, since pages that were filled up or split may hold
        // copies of what moved; and that, too, goes from the log into the file.
        for rewrite in [true, false] {
            let busy: i64 = connection
                .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
                .map_err(failed)?;
            if busy != 0 {
                let path = self.path.clone();
                return Err(Error::Locked { path });
            }
            if rewrite {
                connection.execute_batch("VACUUM").map_err(failed)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
