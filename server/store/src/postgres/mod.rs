//! The store in PostgreSQL, for several hubs on one database.
//!
//! A writing transaction begins by locking the one row of `photonbox_store`. So there is one writer at a time over all
//! processes, as there is in SQLite, and what it reads nobody changes meanwhile; the row also says whether a newer program
//! has changed the schema since.

mod address;
mod link;
mod pool;
mod schema;

use std::path::PathBuf;

use self::address::Address;
use self::link::Link;
use self::pool::Pool;
use self::schema::Found;
use crate::engine::{Ending, Engine, Failure, Statements};
use crate::root::RootSlot;
use crate::sqlite::schema::MIGRATIONS;
use crate::value::{Row, Value};
use crate::{Error, Result};

const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
const BEGIN_WRITING: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT version FROM photonbox_store FOR UPDATE";

/// A PostgreSQL database.
#[derive(Debug)]
pub struct PostgresStore {
    pool: Pool,
    root: RootSlot,
}

impl PostgresStore {
    /// Makes the tables where the user's schema is empty, and brings them up to date.
    ///
    /// # Errors
    /// Everything that [`PostgresStore::open`] refuses but an empty schema.
    pub fn create(url: &str) -> Result<Self> {
        Self::create_at(url, schema::newest())
    }

    /// The same, with the schema of an older version where there is none yet.
    pub(crate) fn create_at(url: &str, version: u32) -> Result<Self> {
        Self::connect(url, Some(version))
    }

    /// Opens a database that has our tables.
    ///
    /// # Errors
    /// [`Error::Address`], [`Error::Unreachable`], [`Error::Refused`], [`Error::Unfit`], [`Error::NotInitialised`],
    /// [`Error::NotPhotonbox`], [`Error::NewerSchema`].
    pub fn open(url: &str) -> Result<Self> {
        Self::connect(url, None)
    }

    /// `create`: the version of the schema to make where there is none.
    fn connect(url: &str, create: Option<u32>) -> Result<Self> {
        let store = Self {
            pool: Pool::new(Address::parse(url)?)?,
            root: RootSlot::default(),
        };
        let path = store.place();
        let mut lease = store.pool.lease()?;
        let wanted = create.unwrap_or(schema::newest());
        let found = schema::probe(&mut lease.link).map_err(|failure| failure.at(&path))?;
        match found {
            Found::Foreign => return Err(Error::NotPhotonbox { path }),
            Found::Nothing if create.is_none() => return Err(Error::NotInitialised { path }),
            Found::Version(version) if version > schema::newest() => {
                return Err(store.newer(version));
            }
            Found::Version(version) if version >= wanted => {}
            Found::Nothing | Found::Version(_) => {
                schema::migrate(&mut lease.link, &MIGRATIONS[..wanted as usize])
                    .map_err(|failure| failure.at(&path))?;
            }
        }
        lease.give_back();
        Ok(store)
    }

    fn newer(&self, found: u32) -> Error {
        Error::NewerSchema {
            path: self.place(),
            found,
            known: schema::newest(),
        }
    }

    /// Runs what only reads; once more on a new connection if this one was lost.
    fn reading<T>(&self, mut work: impl FnMut(&mut Link) -> Result<T, Failure>) -> Result<T> {
        let mut again = true;
        loop {
            let mut lease = self.pool.lease()?;
            match work(&mut lease.link) {
                Ok(done) => {
                    lease.give_back();
                    return Ok(done);
                }
                Err(Failure::Lost(_)) if again => {
                    again = false;
                    self.pool.forget_idle();
                }
                Err(failure) => {
                    // Not given back: a transaction may be open on it.
                    return Err(failure.at(&self.place()));
                }
            }
        }
    }

    /// A connection on which a writing transaction is open. One that turns out to be dead is replaced: nothing has happened.
    fn begin_writing(&self) -> Result<pool::Lease<'_>> {
        let mut again = true;
        loop {
            let mut lease = self.pool.lease()?;
            match lease.link.ask(BEGIN_WRITING) {
                Ok(version) => {
                    let version = version.and_then(|text| text.parse().ok()).unwrap_or(0);
                    if version > schema::newest() {
                        return Err(self.newer(version));
                    }
                    return Ok(lease);
                }
                Err(Failure::Lost(_)) if again => {
                    again = false;
                    self.pool.forget_idle();
                }
                Err(failure) => return Err(failure.at(&self.place())),
            }
        }
    }
}

impl Engine for PostgresStore {
    const SIZE: &'static str = "SELECT pg_database_size(current_database())";
    const VERSION: &'static str = "SELECT version FROM photonbox_store";

    fn count_on(table: &str, column: &str) -> Option<String> {
        Some(format!(
            "SELECT setval(pg_get_serial_sequence('{table}', '{column}'), coalesce(max({column}), 0) + 1, false) FROM {table}"
        ))
    }

    fn root(&self) -> &RootSlot {
        &self.root
    }

    fn place(&self) -> PathBuf {
        self.pool.address.shown.clone()
    }

    fn read<T>(
        &self,
        mut work: impl FnMut(&mut dyn Statements) -> Result<T, Failure>,
    ) -> Result<T> {
        self.reading(|link| {
            link.batch(BEGIN_READING)?;
            let done = work(link)?;
            link.batch("COMMIT")?;
            Ok(done)
        })
    }

    fn rows<T>(
        &self,
        sql: &str,
        values: &[Value],
        mut read: impl FnMut(&Row) -> Result<T, Failure>,
    ) -> Result<Vec<T>> {
        // One statement sees one moment anyway.
        self.reading(|link| link.query(sql, values)?.iter().map(&mut read).collect())
    }

    fn write<T>(
        &self,
        work: impl FnOnce(&mut dyn Statements) -> Result<Ending<T>, Failure>,
    ) -> Result<T> {
        let mut lease = self.begin_writing()?;
        // With the lease a failed transaction's connection ends, and with it the transaction.
        let ending = work(&mut lease.link).map_err(|failure| failure.at(&self.place()))?;
        let (done, sql) = match ending {
            Ending::Commit(done) => (done, "COMMIT"),
            Ending::Leave(done) => (done, "ROLLBACK"),
        };
        match lease.link.batch(sql) {
            Ok(()) => lease.give_back(),
            // It has ended with the connection.
            Err(Failure::Lost(_)) if sql == "ROLLBACK" => {}
            Err(Failure::Lost(_)) => return Err(Error::Unsure { path: self.place() }),
            Err(failure) => return Err(failure.at(&self.place())),
        }
        Ok(done)
    }

    fn purge(&self, table: &str) -> Result<()> {
        // The rows go into a new file, and the old one is removed with the commit. VACUUM FULL would keep what anybody's snapshot might
        // still see, be it only that of a connection that is being made. The server's own log keeps what it keeps.
        let sql = format!(
            "{BEGIN_WRITING}; CREATE TEMPORARY TABLE purged ON COMMIT DROP AS TABLE {table}; TRUNCATE {table}; \
             INSERT INTO {table} TABLE purged; COMMIT"
        );
        self.reading(|link| link.batch(&sql))
    }
}

#[cfg(test)]
mod tests;
