//! What a database has to do for the store: run statements, one by one or as a transaction.
//!
//! Statements are written once, for both databases: values are `?1`, `?2`, …, booleans are 0 and 1, and nothing is used that
//! only one of them has.

use crate::root::RootSlot;
use crate::value::{Row, Value};
use crate::{Error, Result};

/// Why a statement, or what was made of its rows, failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// A constraint of the schema: another row is in the way, or a value is out of its range.
    Constraint(Error),
    /// The connection ended: what was not committed is not stored.
    Lost(Error),
    /// Anything else that the database said.
    Database(Error),
    /// A row does not hold what its schema promises.
    Row(String),
}

impl Failure {
    pub(crate) fn row(reason: impl Into<String>) -> Self {
        Self::Row(reason.into())
    }

    /// As callers of the store see it; `at` is the database.
    pub(crate) fn at(self, at: &std::path::Path) -> Error {
        match self {
            Self::Constraint(error) | Self::Lost(error) | Self::Database(error) => error,
            Self::Row(reason) => Error::Corrupt {
                path: at.to_owned(),
                reason,
            },
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Database(error)
    }
}

/// Where statements go.
pub(crate) trait Statements {
    /// Rows of an answer.
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Failure>;

    /// Number of rows that were changed.
    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Failure>;

    /// The first row, if there is one.
    fn first(&mut self, sql: &str, values: &[Value]) -> Result<Option<Row>, Failure> {
        Ok(self.query(sql, values)?.into_iter().next())
    }

    /// The answer of `SELECT EXISTS (…)`.
    fn exists(&mut self, sql: &str, values: &[Value]) -> Result<bool, Failure> {
        self.first(sql, values)?
            .ok_or_else(|| Failure::row("an answer has no row"))?
            .flag(0)
    }
}

/// How a transaction ends.
pub(crate) enum Ending<T> {
    /// What it did is stored, once the answer is given.
    Commit(T),
    /// Everything stays as it was.
    Leave(T),
}

/// A database.
pub(crate) trait Engine: Send + Sync + std::fmt::Debug {
    /// `SELECT` of the bytes that the database takes.
    const SIZE: &'static str;
    /// `SELECT` of the version of the schema.
    const VERSION: &'static str;

    /// What makes the database count a column on from its greatest number, after rows came with numbers of their own; none where
    /// it does so anyway.
    fn count_on(table: &str, column: &str) -> Option<String>;

    /// Where the root key is, once there is one.
    fn root(&self) -> &RootSlot;

    /// What names the database in errors.
    fn place(&self) -> std::path::PathBuf;

    /// Statements that only read, and see one moment. They may be run a second time, from the start.
    fn read<T>(&self, work: impl FnMut(&mut dyn Statements) -> Result<T, Failure>) -> Result<T>;

    /// A transaction that writes. There is one at a time, over all processes: what one reads, no other changes before it
    /// has ended. It is run once.
    fn write<T>(
        &self,
        work: impl FnOnce(&mut dyn Statements) -> Result<Ending<T>, Failure>,
    ) -> Result<T>;

    /// Overwrites what replaced and deleted rows of a table have left in the database's files.
    fn purge(&self, table: &str) -> Result<()>;

    /// One `SELECT`, read row by row.
    fn rows<T>(
        &self,
        sql: &str,
        values: &[Value],
        mut read: impl FnMut(&Row) -> Result<T, Failure>,
    ) -> Result<Vec<T>> {
        self.read(|statements| {
            statements
                .query(sql, values)?
                .iter()
                .map(&mut read)
                .collect()
        })
    }

    /// A transaction of one statement: the number of rows that it changed.
    fn change(&self, sql: &str, values: &[Value]) -> Result<u64> {
        self.write(|statements| statements.execute(sql, values).map(Ending::Commit))
    }
}
