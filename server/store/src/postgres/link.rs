//! One connection, and the statements on it.
//!
//! The library is asynchronous, and the store's callers are not: some of them stand on threads of an asynchronous runtime,
//! where one may not wait for another. So the connections live on a thread of their own, and a caller waits for the answer
//! as it waits for SQLite's disk.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use tokio_postgres::{Client, SimpleQueryMessage};
use zeroize::Zeroizing;

use super::address::{Address, Way};
use crate::engine::{Failure, Statements};
use crate::value::{Row, Value};
use crate::{Error, Result};

/// Longer than the server itself lets a statement run: whoever waited so long waits for nobody.
const PATIENCE: Duration = Duration::from_secs(25);

/// What every connection is told first. A transaction that waits for another one's rows gives up as SQLite's does; one whose
/// process hangs holds the others up for a while only.
const SESSION: &str = "SET lock_timeout = '5s'; SET statement_timeout = '20s'; \
     SET idle_in_transaction_session_timeout = '30s'; SET default_transaction_isolation = 'read committed'; \
     SET default_transaction_read_only = off; SET client_min_messages = warning";

/// A connection.
pub(super) struct Link {
    client: Arc<Client>,
    runtime: Handle,
    shown: PathBuf,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link")
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

/// The server's own words where it said some; the library's otherwise.
fn words(error: &tokio_postgres::Error) -> String {
    if let Some(error) = error.as_db_error() {
        return error.message().to_owned();
    }
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = format!("{text}: {inner}");
        source = inner.source();
    }
    text
}

/// Whether the connection, and not the statement, failed.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        // No word of the server: it is gone, or it speaks something else.
        return true;
    };
    // 08: connection exception; 57P: the operator ends it, a crash elsewhere, starting or stopping; 25P03: idle too long.
    code.code().starts_with("08")
        || code.code().starts_with("57P")
        || *code == SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT
}

pub(super) fn explain(shown: &Path, error: tokio_postgres::Error) -> Failure {
    let path = shown.to_owned();
    if is_lost(&error) {
        tracing::debug!(database = %shown.display(), reason = words(&error), "connection lost");
        return Failure::Lost(Error::Interrupted { path });
    }
    let code = error.code().map_or("", SqlState::code);
    match code {
        // Integrity constraint violation.
        _ if code.starts_with("23") => Failure::Constraint(Error::Corrupt {
            path,
            reason: words(&error),
        }),
        // Lock not available, deadlock.
        "55P03" | "40P01" => Failure::Database(Error::Locked { path }),
        // Data or index corrupted.
        "XX001" | "XX002" => Failure::Database(Error::Corrupt {
            path,
            reason: words(&error),
        }),
        _ => Failure::Database(Error::Database {
            path,
            error: words(&error).into(),
        }),
    }
}

impl Link {
    /// Makes one, and looks whether the server keeps what it acknowledges.
    pub(super) fn connect(address: &Address, runtime: &Handle) -> Result<Self> {
        let unreachable = |reason| Error::Unreachable {
            path: address.shown.clone(),
            reason,
        };
        let connecting = address.clone();
        let driver = runtime.clone();
        let client = wait(runtime, async move {
            // Each way has its own type of connection; both are driven to their end here.
            macro_rules! connect {
                ($tls:expr) => {{
                    let (client, connection) = connecting.config.connect($tls).await?;
                    driver.spawn(async move {
                        if let Err(error) = connection.await {
                            tracing::debug!(
                                reason = words(&error),
                                "connection to the database ended"
                            );
                        }
                    });
                    Ok::<_, tokio_postgres::Error>(client)
                }};
            }
            match connecting.way.clone() {
                Way::Plain(tls) => connect!(tls),
                Way::Tls(tls) => connect!(tls),
            }
        })
        .ok_or_else(|| unreachable("no answer".into()))?
        .map_err(|error| match error.code() {
            // Waiting changes nothing of it: authorisation (28), no such database (3D).
            Some(code) if code.code().starts_with("28") || code.code().starts_with("3D") => {
                Error::Refused {
                    path: address.shown.clone(),
                    reason: words(&error),
                }
            }
            _ => unreachable(words(&error)),
        })?;
        let mut link = Self {
            client: Arc::new(client),
            runtime: runtime.clone(),
            shown: address.shown.clone(),
        };
        link.prepare()
            .map_err(|failure| match failure.at(&link.shown) {
                Error::Interrupted { .. } => unreachable("it closed the connection".into()),
                error => error,
            })?;
        Ok(link)
    }

    fn prepare(&mut self) -> Result<(), Failure> {
        self.batch(SESSION)?;
        let settings = self.first(
            "SELECT current_setting('fsync'), current_setting('synchronous_commit'), \
             CASE WHEN pg_is_in_recovery() THEN 1::BIGINT ELSE 0::BIGINT END, coalesce(current_schema(), ''), \
             current_setting('server_encoding')",
            &[],
        )?;
        let settings = settings.ok_or_else(|| Failure::row("an answer has no row"))?;
        let unfit = |reason: &str| {
            Err(Failure::Database(Error::Unfit {
                path: self.shown.clone(),
                reason: reason.to_owned(),
            }))
        };
        if settings.flag(2)? {
            return unfit("it is a standby, which takes no rows");
        }
        if settings.text(0)? != "on" {
            return unfit("fsync is off: what it acknowledged could be lost");
        }
        if settings.text(3)?.is_empty() {
            return unfit("the user has no schema to put tables into");
        }
        if settings.text(4)? != "UTF8" {
            return unfit("its encoding is not UTF8");
        }
        if settings.text(1)? == "off" {
            self.batch("SET synchronous_commit = on")?;
        }
        Ok(())
    }

    /// Whether it has ended already.
    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    fn run<T, F>(&self, work: impl FnOnce(Arc<Client>) -> F) -> Result<T, Failure>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, tokio_postgres::Error>> + Send + 'static,
    {
        match wait(&self.runtime, work(Arc::clone(&self.client))) {
            Some(done) => done.map_err(|error| explain(&self.shown, error)),
            None => Err(Failure::Lost(Error::Interrupted {
                path: self.shown.clone(),
            })),
        }
    }

    /// Statements without values, in one go.
    pub(super) fn batch(&mut self, sql: &str) -> Result<(), Failure> {
        let sql = sql.to_owned();
        self.run(|client| async move { client.batch_execute(&sql).await })
    }

    /// The same; the first field of the last row is their answer.
    pub(super) fn ask(&mut self, sql: &str) -> Result<Option<String>, Failure> {
        let sql = sql.to_owned();
        let said = self.run(|client| async move { client.simple_query(&sql).await })?;
        Ok(said.iter().rev().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        }))
    }
}

/// The answer of what runs on the connections' thread; none after a long time.
fn wait<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = T> + Send + 'static,
) -> Option<T> {
    let (say, said) = mpsc::sync_channel(1);
    let task = runtime.spawn(async move {
        // Nobody listens any more if it took too long.
        let _ = say.send(work.await);
    });
    let answer = said.recv_timeout(PATIENCE).ok();
    if answer.is_none() {
        task.abort();
    }
    answer
}

/// `?1` is `$1` to PostgreSQL. No statement has a question mark otherwise.
fn translated(sql: &str) -> String {
    sql.replace('?', "$")
}

fn type_of(value: &Value) -> Type {
    match value {
        Value::Null => Type::UNKNOWN,
        Value::Integer(_) => Type::INT8,
        Value::Text(_) => Type::TEXT,
        Value::Bytes(_) => Type::BYTEA,
    }
}

impl ToSql for Value {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            Self::Integer(value) => value.to_sql(kind, out),
            Self::Text(text) => text.as_str().to_sql(kind, out),
            Self::Bytes(bytes) => bytes.as_slice().to_sql(kind, out),
        }
    }

    fn accepts(kind: &Type) -> bool {
        [Type::INT8, Type::TEXT, Type::BYTEA, Type::UNKNOWN].contains(kind)
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Value {
    fn from_sql(
        kind: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(match *kind {
            Type::BOOL => Self::Integer(bool::from_sql(kind, raw)?.into()),
            Type::INT8 => Self::Integer(i64::from_sql(kind, raw)?),
            Type::INT4 => Self::Integer(i32::from_sql(kind, raw)?.into()),
            Type::BYTEA => Self::Bytes(Zeroizing::new(raw.to_vec())),
            _ => Self::Text(<&str>::from_sql(kind, raw)?.to_owned()),
        })
    }

    fn from_sql_null(_: &Type) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self::Null)
    }

    fn accepts(kind: &Type) -> bool {
        matches!(
            *kind,
            Type::BOOL
                | Type::INT8
                | Type::INT4
                | Type::BYTEA
                | Type::TEXT
                | Type::VARCHAR
                | Type::NAME
        )
    }
}

/// Values with their types, as the library takes them.
fn typed(values: &[Value]) -> Vec<(&(dyn ToSql + Sync), Type)> {
    values
        .iter()
        .map(|value| (value as &(dyn ToSql + Sync), type_of(value)))
        .collect()
}

impl Statements for Link {
    fn query(&mut self, sql: &str, values: &[Value]) -> Result<Vec<Row>, Failure> {
        let (sql, values) = (translated(sql), values.to_vec());
        let rows =
            self.run(|client| async move { client.query_typed(&sql, &typed(&values)).await })?;
        rows.iter()
            .map(|row| {
                (0..row.len())
                    .map(|index| {
                        row.try_get(index)
                            .map_err(|error| Failure::row(error.to_string()))
                    })
                    .collect::<Result<_, Failure>>()
                    .map(Row)
            })
            .collect()
    }

    fn execute(&mut self, sql: &str, values: &[Value]) -> Result<u64, Failure> {
        let (sql, values) = (translated(sql), values.to_vec());
        self.run(|client| async move { client.execute_typed(&sql, &typed(&values)).await })
    }
}
