//! SQLite as [`Sql`].

use std::path::Path;

use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, Value as Stored, ValueRef};

use crate::rows::explain;
use crate::sql::{Sql, Value};
use crate::{Error, Result};

/// A connection inside a transaction.
pub(crate) struct SqliteSql<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) path: &'a Path,
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Stored::Null),
            Self::Integer(number) => ToSqlOutput::Owned(Stored::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}

impl Sql for SqliteSql<'_> {
    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64> {
        let run = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(rusqlite::params_from_iter(parameters))
        };
        run()
            .map(|changed| changed as u64)
            .map_err(|error| explain(self.path, error))
    }

    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Vec<Value>>> {
        let run = || -> rusqlite::Result<Vec<Vec<Value>>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            let columns = statement.column_count();
            let rows = statement.query_map(rusqlite::params_from_iter(parameters), |row| {
                (0..columns).map(|at| Ok(value(row.get(at)?))).collect()
            })?;
            rows.collect()
        };
        run().map_err(|error| explain(self.path, error))
    }

    fn corrupt(&self, reason: String) -> Error {
        Error::Corrupt {
            path: self.path.to_owned(),
            reason,
        }
    }
}

fn value(stored: Stored) -> Value {
    match stored {
        Stored::Null => Value::Null,
        Stored::Integer(number) => Value::Integer(number),
        Stored::Text(text) => Value::Text(text),
        Stored::Blob(bytes) => Value::Bytes(bytes),
        // No column of ours has one: whoever reads it finds no number that it wants.
        Stored::Real(number) => Value::Text(number.to_string()),
    }
}
