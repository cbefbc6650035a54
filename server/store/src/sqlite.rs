//! The embedded store: one SQLite file, WAL, `synchronous=FULL`.

use std::fs;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use photonbox_secret::SecretBytes;
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params};

use crate::key_frame::{frame_key, unframe_key};
use crate::records::{
    Authority, Enrolment, FailedTry, HeldLane, Identity, LedgerRows, Role, RunRow, Sizes,
};
use crate::renewal::{self, RenewalRefusal};
use crate::root::RootKey;
use crate::rows::{
    ENROLMENT_COLUMNS, enrolment_from, explain, insert_enrolment, judge_token, natural, signed,
    time,
};
use crate::sqlite_sql::SqliteSql;
use crate::token::{self, EnrolRefusal, IssuedToken, TOKEN_SECRET_BYTES, TokenTerms};
use crate::vault::Queries;
use crate::{Error, Issue, Result, Store, VaultStore, VaultWork, held, ledger, schema};

/// Name of the database inside the state directory.
pub const DATABASE_FILE: &str = "photonbox.db";

/// How long we wait for another process's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Refused enrolments that are kept.
const FAILED_TRIES_KEPT: u32 = 1000;

/// A state directory's database.
pub struct SqliteStore {
    path: PathBuf,
    connection: Mutex<Connection>,
    root: Option<RootKey>,
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
        let io = |action, path: &Path| {
            let path = path.to_owned();
            move |error| Error::Io {
                action,
                path,
                error,
            }
        };
        let fresh = !directory.exists();
        fs::create_dir_all(directory).map_err(io("create", directory))?;
        if fresh {
            // An existing directory keeps its mode: it may be the operator's (StateDirectoryMode).
            fs::set_permissions(directory, fs::Permissions::from_mode(0o700))
                .map_err(io("set the mode of", directory))?;
        }
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
        Self::open_file(path)
    }

    /// Opens the database of an existing state directory.
    ///
    /// # Errors
    /// [`Error::NotInitialised`], [`Error::NotPhotonbox`], [`Error::NewerSchema`],
    /// [`Error::Corrupt`], [`Error::Locked`].
    pub fn open(directory: &Path) -> Result<Self> {
        let path = directory.join(DATABASE_FILE);
        match fs::metadata(&path) {
            Ok(_) => Self::open_file(path),
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

    fn open_file(path: PathBuf) -> Result<Self> {
        let connection = Self::prepare(&path).map_err(|error| explain(&path, error))??;
        Ok(Self {
            path,
            connection: Mutex::new(connection),
            root: None,
        })
    }

    /// With the root key that its secrets are under.
    #[must_use]
    pub fn with_root_key(self, root: RootKey) -> Self {
        Self {
            root: Some(root),
            ..self
        }
    }

    fn prepare(path: &Path) -> rusqlite::Result<Result<Connection>> {
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
        if version < schema::newest() {
            schema::migrate(&mut connection, schema::MIGRATIONS)?;
        }
        Ok(Ok(connection))
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        // A panic while the lock was held left at most an open transaction, which rolled back.
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn explain(&self, error: rusqlite::Error) -> Error {
        explain(&self.path, error)
    }

    fn corrupt(&self, reason: impl Into<String>) -> Error {
        Error::Corrupt {
            path: self.path.clone(),
            reason: reason.into(),
        }
    }

    fn directory(&self) -> PathBuf {
        self.path.parent().unwrap_or(&self.path).to_owned()
    }

    fn enrolment_where(
        &self,
        clause: &str,
        value: &dyn rusqlite::ToSql,
    ) -> Result<Option<Enrolment>> {
        let sql = format!("SELECT {ENROLMENT_COLUMNS} FROM enrolments WHERE {clause}");
        self.lock()
            .query_row(&sql, [value], enrolment_from)
            .optional()
            .map_err(|error| self.explain(error))
    }
}

impl VaultStore for SqliteStore {
    fn vault(&self, work: VaultWork<'_>) -> Result<bool> {
        let connection = &mut *self.lock();
        let explain = |error| explain(&self.path, error);
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(explain)?;
        let mut sql = SqliteSql {
            connection: &transaction,
            path: &self.path,
        };
        let done = work(&mut Queries {
            sql: &mut sql,
            root: self.root.as_ref(),
        })?;
        if done {
            transaction.commit().map_err(explain)?;
        }
        Ok(done)
    }
}

impl Store for SqliteStore {
    fn create_identity(&self, identity: &Identity, authority: Option<&Authority>) -> Result<()> {
        let connection = &mut *self.lock();
        let existing = (|| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let existing: Option<(String, String)> = transaction
                .query_row("SELECT role, name FROM identity", [], |row| {
                    Ok((row.get(0)?, row.get(1)?))
                })
                .optional()?;
            if existing.is_some() {
                return Ok(existing);
            }
            transaction.execute(
                "INSERT INTO identity VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    identity.role.as_str(),
                    identity.name,
                    identity.hub,
                    identity.certificate,
                    frame_key(&identity.private_key).as_slice(),
                    identity.ca_certificate,
                    identity.relay,
                    signed(identity.created),
                    identity.renewed.map(signed)
                ],
            )?;
            if let Some(authority) = authority {
                transaction.execute(
                    "INSERT INTO authority VALUES (1, ?1, ?2, ?3)",
                    params![
                        authority.certificate,
                        frame_key(&authority.private_key).as_slice(),
                        signed(authority.created)
                    ],
                )?;
            }
            transaction.commit()?;
            Ok(None)
        })()
        .map_err(|error| self.explain(error))?;
        match existing {
            None => Ok(()),
            Some((role, name)) => Err(Error::AlreadyInitialised {
                path: self.directory(),
                role: if role == "hub" { "hub" } else { "host" },
                name,
            }),
        }
    }

    fn identity(&self) -> Result<Identity> {
        let found = self
            .lock()
            .query_row(
                "SELECT role, name, hub, certificate, private_key, ca_certificate, relay, created, \
                 renewed \
                 FROM identity",
                [],
                |row| {
                    let role: String = row.get(0)?;
                    let name = row.get(1)?;
                    let hub = row.get(2)?;
                    let certificate = row.get(3)?;
                    let ca_certificate = row.get(5)?;
                    let relay = row.get(6)?;
                    let created = natural(row, 7)?;
                    let renewed = time(row, 8)?;
                    let role = if role == "hub" { Role::Hub } else { Role::Host };
                    Ok(
                        unframe_key(row.get_ref(4)?.as_blob()?).map(|private_key| Identity {
                            role,
                            name,
                            hub,
                            certificate,
                            private_key,
                            ca_certificate,
                            relay,
                            created,
                            renewed,
                        }),
                    )
                },
            )
            .optional()
            .map_err(|error| self.explain(error))?;
        found
            .ok_or_else(|| Error::NotInitialised {
                path: self.directory(),
            })?
            .map_err(|reason| self.corrupt(reason))
    }

    fn authority(&self) -> Result<Option<Authority>> {
        self.lock()
            .query_row(
                "SELECT certificate, private_key, created FROM authority",
                [],
                |row| {
                    let certificate = row.get(0)?;
                    let created = natural(row, 2)?;
                    let key = unframe_key(row.get_ref(1)?.as_blob()?);
                    Ok(key.map(|private_key| Authority {
                        certificate,
                        private_key,
                        created,
                    }))
                },
            )
            .optional()
            .map_err(|error| self.explain(error))?
            .transpose()
            .map_err(|reason| self.corrupt(reason))
    }

    fn issue_token(
        &self,
        secret: &[u8; TOKEN_SECRET_BYTES],
        terms: TokenTerms,
        now: u64,
    ) -> Result<IssuedToken> {
        let (text, id, hash) = token::compose(secret);
        let expires = now.saturating_add(terms.ttl_seconds);
        self.lock()
            .execute(
                "INSERT INTO tokens VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL, NULL)",
                params![
                    id,
                    hash,
                    terms.relay,
                    signed(now),
                    signed(expires),
                    token::TOKEN_TRIES
                ],
            )
            .map_err(|error| self.explain(error))?;
        Ok(IssuedToken { text, expires })
    }

    fn enrol(
        &self,
        text: &str,
        host: &str,
        now: u64,
        issue: Issue<'_>,
    ) -> Result<std::result::Result<Enrolment, EnrolRefusal>> {
        let id = match token::id_of(text) {
            Ok(id) => id,
            Err(refusal) => return Ok(Err(refusal.into())),
        };
        let connection = &mut *self.lock();
        (|| {
            // Immediate: two connections with one token are judged one after the other. Whatever
            // returns before a commit leaves token and names as they were.
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let grant = match judge_token(&transaction, id, text, now)? {
                Ok(grant) => grant,
                Err(refusal) => {
                    transaction.commit()?;
                    return Ok(Err(refusal.into()));
                }
            };
            // A certificate that has run out is nobody's any more.
            transaction.execute(
                "UPDATE enrolments SET revoked = ?2 WHERE host = ?1 AND revoked IS NULL AND expires <= ?2",
                params![host, signed(now)],
            )?;
            let taken: bool = transaction.query_row(
                "SELECT EXISTS (SELECT 1 FROM enrolments WHERE host = ?1 AND revoked IS NULL)",
                [host],
                |row| row.get(0),
            )?;
            if taken {
                return Ok(Err(EnrolRefusal::HostTaken(host.to_owned())));
            }
            let enrolment = match issue(grant) {
                Ok(enrolment) => enrolment,
                Err(reason) => return Ok(Err(EnrolRefusal::NotIssued(reason))),
            };
            insert_enrolment(&transaction, &enrolment)?;
            transaction.execute(
                "UPDATE tokens SET used = ?2, used_by = ?3 WHERE id = ?1",
                params![id, signed(now), host],
            )?;
            transaction.commit()?;
            Ok(Ok(enrolment))
        })()
        .map_err(|error| self.explain(error))
    }

    fn add_enrolment(&self, enrolment: &Enrolment) -> Result<()> {
        let inserted = insert_enrolment(&self.lock(), enrolment);
        match inserted {
            Ok(_) => Ok(()),
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
                Err(Error::HostTaken {
                    host: enrolment.host.clone(),
                })
            }
            Err(error) => Err(self.explain(error)),
        }
    }

    fn renew_enrolment(
        &self,
        fingerprint: &[u8; 32],
        host: &str,
        now: u64,
        issue: Issue<'_>,
    ) -> Result<std::result::Result<Enrolment, RenewalRefusal>> {
        renewal::renew(&mut self.lock(), fingerprint, host, now, issue)
            .map_err(|error| self.explain(error))
    }

    fn use_enrolment(&self, fingerprint: &[u8; 32], now: u64) -> Result<Option<Enrolment>> {
        renewal::used(&self.lock(), fingerprint, now).map_err(|error| self.explain(error))
    }

    fn replace_identity(
        &self,
        current: &[u8],
        certificate: &[u8],
        private_key: &SecretBytes,
        now: u64,
    ) -> Result<bool> {
        renewal::replace_identity(&self.lock(), current, certificate, private_key, now)
            .map_err(|error| self.explain(error))
    }

    fn enrolments(&self) -> Result<Vec<Enrolment>> {
        let sql = format!("SELECT {ENROLMENT_COLUMNS} FROM enrolments ORDER BY issued, serial");
        let connection = self.lock();
        connection
            .prepare(&sql)
            .and_then(|mut query| query.query_map([], enrolment_from)?.collect())
            .map_err(|error| self.explain(error))
    }

    fn sizes(&self, now: u64) -> Result<Sizes> {
        let connection = self.lock();
        let number = |sql, parameters: &[&dyn rusqlite::ToSql]| {
            connection
                .prepare_cached(sql)?
                .query_row(parameters, |row| natural(row, 0))
        };
        let sizes = || -> rusqlite::Result<Sizes> {
            let hosts = "SELECT count(DISTINCT host) FROM enrolments WHERE revoked IS NULL AND expires > ?1";
            Ok(Sizes {
                hosts: number(hosts, &[&signed(now)])?,
                bytes: number("PRAGMA page_count", &[])?
                    .saturating_mul(number("PRAGMA page_size", &[])?),
            })
        };
        sizes().map_err(|error| self.explain(error))
    }

    fn enrolment_by_fingerprint(&self, fingerprint: &[u8; 32]) -> Result<Option<Enrolment>> {
        self.enrolment_where("fingerprint = ?1", fingerprint)
    }

    fn living_enrolment(&self, host: &str) -> Result<Option<Enrolment>> {
        self.enrolment_where(
            "host = ?1 AND revoked IS NULL AND superseded IS NULL",
            &host,
        )
    }

    fn revoke(&self, host: &str, now: u64) -> Result<bool> {
        self.lock()
            .execute(
                "UPDATE enrolments SET revoked = ?2 WHERE host = ?1 AND revoked IS NULL",
                params![host, signed(now)],
            )
            .map(|changed| changed > 0)
            .map_err(|error| self.explain(error))
    }

    fn add_failed_try(&self, failed: &FailedTry) -> Result<()> {
        let connection = self.lock();
        connection
            .execute(
                "INSERT INTO failed_tries (at, peer, reason) VALUES (?1, ?2, ?3)",
                params![signed(failed.at), failed.peer, failed.reason],
            )
            .and_then(|_| {
                connection.execute(
                    "DELETE FROM failed_tries WHERE number <= \
                     (SELECT max(number) FROM failed_tries) - ?1",
                    [FAILED_TRIES_KEPT],
                )
            })
            .map(drop)
            .map_err(|error| self.explain(error))
    }

    fn failed_tries(&self) -> Result<Vec<FailedTry>> {
        let connection = self.lock();
        connection
            .prepare("SELECT at, peer, reason FROM failed_tries ORDER BY number")
            .and_then(|mut query| {
                query
                    .query_map([], |row| {
                        Ok(FailedTry {
                            at: natural(row, 0)?,
                            peer: row.get(1)?,
                            reason: row.get(2)?,
                        })
                    })?
                    .collect()
            })
            .map_err(|error| self.explain(error))
    }

    fn begin_run(&self, now: u64) -> Result<u64> {
        self.lock()
            .query_row(
                "INSERT INTO ledger_runs (run, began) \
                 SELECT 1 + coalesce(max(run), 0), ?1 FROM ledger_runs RETURNING run",
                [signed(now)],
                |row| natural(row, 0),
            )
            .map_err(|error| self.explain(error))
    }

    fn end_run(&self, run: u64, now: u64) -> Result<()> {
        self.lock()
            .execute(
                "UPDATE ledger_runs SET ended = ?2 WHERE run = ?1",
                params![signed(run), signed(now)],
            )
            .map(drop)
            .map_err(|error| self.explain(error))
    }

    fn runs(&self) -> Result<Vec<RunRow>> {
        let connection = self.lock();
        connection
            .prepare("SELECT run, began, ended FROM ledger_runs ORDER BY run")
            .and_then(|mut query| {
                query
                    .query_map([], |row| {
                        Ok(RunRow {
                            run: natural(row, 0)?,
                            began: natural(row, 1)?,
                            ended: time(row, 2)?,
                        })
                    })?
                    .collect()
            })
            .map_err(|error| self.explain(error))
    }

    fn play_recording(&self, sha256: &[u8; 32], now: u64) -> Result<bool> {
        self.lock()
            .execute(
                "INSERT INTO recordings VALUES (?1, ?2) ON CONFLICT DO NOTHING",
                params![sha256, signed(now)],
            )
            .map(|inserted| inserted == 0)
            .map_err(|error| self.explain(error))
    }

    fn save_ledger(&self, run: u64, rows: &LedgerRows) -> Result<()> {
        ledger::save(&mut self.lock(), run, rows).map_err(|error| self.explain(error))
    }

    fn ledger(&self, run: u64) -> Result<LedgerRows> {
        ledger::load(&self.lock(), run).map_err(|error| self.explain(error))
    }

    fn hold_lane(&self, held: &HeldLane) -> Result<()> {
        held::hold(&self.lock(), held).map_err(|error| self.explain(error))
    }

    fn held_lanes(&self, card: &str) -> Result<Vec<HeldLane>> {
        held::lanes(&self.lock(), card).map_err(|error| self.explain(error))
    }

    fn release_lane(&self, card: &str, lane: u8) -> Result<bool> {
        held::release(&self.lock(), card, lane).map_err(|error| self.explain(error))
    }
}

#[cfg(test)]
#[path = "sqlite_tests.rs"]
mod tests;
