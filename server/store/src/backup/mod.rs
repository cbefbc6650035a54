//! The whole of a store in one file, and back: from either database into either.
//!
//! Rows go as they are. What lies under the root key stays under it, and the root key is not in the file; the rest, the private key
//! of the own certificate among it, is in the clear. The digest at the file's end shows damage, not who wrote it.
//!
//! Countermeasure T25 (`docs/threat-model.md`).

mod tables;
mod wire;

use std::path::Path;

use self::tables::{SEALED, TABLES, Table};
use self::wire::{Head, Part, Writer};
use crate::engine::{Ending, Engine, Failure, Statements};
use crate::key_frame::is_framed;
use crate::location;
use crate::root::{Place, RootKey};
use crate::sqlite::schema::newest;
use crate::value::{Row, Value};
use crate::{Error, Result};

pub use self::wire::BackupFile;

/// Rows that are read at a time.
const PAGE: u64 = 200;

/// Is told how many rows are done, of how many.
pub type Progress<'a> = &'a mut dyn FnMut(u64, u64);

/// What is wrong with a backup's file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackupFault {
    /// Something else.
    #[error("is no backup of a photonbox store")]
    NotBackup,
    /// Of a newer program.
    #[error("has format version {0}, and this program knows only up to {v}", v = wire::VERSION)]
    NewerVersion(u8),
    /// Of a newer program.
    #[error("holds schema version {found}, and this program knows only up to {known}")]
    NewerSchema {
        /// Version in the file.
        found: u32,
        /// Newest version that this program knows.
        known: u32,
    },
    /// The store that it should go into was made by a newer program than the backup.
    #[error("holds schema version {found}, and the empty store that is there has {store} already")]
    OlderSchema {
        /// Version in the file.
        found: u32,
        /// Version of the store.
        store: u32,
    },
    /// Its end is not there.
    #[error("is cut short")]
    CutShort,
    /// Its digest is another one.
    #[error("was changed or is damaged: its SHA-384 does not fit")]
    Changed,
    /// Its parts do not fit together.
    #[error("is damaged: {0}")]
    Malformed(String),
    /// A row that no backup takes.
    #[error("cannot hold a row of more than {} MiB", wire::LONGEST >> 20)]
    TooLong,
}

impl BackupFault {
    fn malformed(reason: impl Into<String>) -> Self {
        Self::Malformed(reason.into())
    }

    fn of(self, path: &Path) -> Error {
        Error::Backup {
            path: path.to_owned(),
            fault: self,
        }
    }

    /// One line that says what to do.
    #[must_use]
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotBackup => "give a file that `photonbox backup` made",
            Self::NewerVersion(_) | Self::NewerSchema { .. } => {
                "restore it with the program version that made it, or a newer one"
            }
            Self::OlderSchema { .. } => {
                "restore into a --state directory or database in which nothing was made yet"
            }
            Self::CutShort | Self::Changed | Self::Malformed(_) => {
                "copy it again from where it is kept, or take an older backup"
            }
            Self::TooLong => "report this with the version of photonbox",
        }
    }
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupSummary {
    /// Version of the schema.
    pub schema: u32,
    /// When it was taken, seconds since 1970.
    pub taken: u64,
    /// Tables and their rows.
    pub tables: Vec<(&'static str, u64)>,
    /// Length of the file.
    pub bytes: u64,
    /// SHA-384 of the file but for its last 48 bytes, which are this.
    pub digest: [u8; 48],
}

impl BackupSummary {
    /// Rows of all tables.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.tables.iter().map(|(_, rows)| rows).sum()
    }

    fn of(read: wire::Read) -> Self {
        Self {
            schema: read.head.schema,
            taken: read.head.taken,
            tables: read.tables,
            bytes: read.bytes,
            digest: read.digest,
        }
    }
}

/// Whether the root key is the one that a backup's secrets are under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKeyCheck {
    /// Nothing lies under a root key.
    NotNeeded,
    /// It opens them.
    Opens,
    /// There is none here; the secrets are under the one with this number.
    Missing(u32),
}

/// A store that can be carried elsewhere.
pub trait PortableStore {
    /// Writes all of it into a file, as it is at one moment; others go on meanwhile.
    ///
    /// # Errors
    /// Failures of the database and the file.
    fn back_up(
        &self,
        out: &mut BackupFile<'_>,
        taken: u64,
        progress: Progress<'_>,
    ) -> Result<BackupSummary>;

    /// Writes what a backup holds into this store, which must be empty and of the backup's schema: all of it or, after an error,
    /// nothing. Where there is a root key, it must be the right one.
    ///
    /// # Errors
    /// [`Error::NotEmpty`], [`Error::Backup`], [`Error::RootKey`], and failures of the database.
    fn take_over(&self, from: &mut BackupFile<'_>, progress: Progress<'_>) -> Result<RootKeyCheck>;
}

impl<E: Engine> PortableStore for E {
    fn back_up(
        &self,
        out: &mut BackupFile<'_>,
        taken: u64,
        progress: Progress<'_>,
    ) -> Result<BackupSummary> {
        // Begun anew if the connection is lost.
        self.read(|statements| write(statements, E::VERSION, out, taken, progress))
    }

    fn take_over(&self, from: &mut BackupFile<'_>, progress: Progress<'_>) -> Result<RootKeyCheck> {
        let backup = inspect(from)?;
        let (root, place) = (self.root().get(), self.place());
        self.write(|statements| {
            empty(statements, "identity", &place)?;
            let store = version(statements, E::VERSION)?;
            let found = backup.schema;
            if store != found {
                return Err(from.fault(BackupFault::OlderSchema { found, store }).into());
            }
            for (table, _) in &backup.tables {
                empty(statements, table, &place)?;
            }
            let again = read_into(statements, from, backup.rows(), progress)?;
            if again != backup {
                return Err(from.fault(BackupFault::Changed).into());
            }
            for table in TABLES.iter().filter(|table| table.counts) {
                if let Some(sql) = E::count_on(table.name, table.columns[0]) {
                    statements.query(&sql, &[])?;
                }
            }
            check_root_key(statements, root.as_deref()).map(Ending::Commit)
        })
    }
}

fn empty(
    statements: &mut dyn Statements,
    table: &'static str,
    place: &Path,
) -> Result<(), Failure> {
    if statements.exists(&format!("SELECT EXISTS (SELECT 1 FROM {table})"), &[])? {
        let path = place.to_owned();
        return Err(Error::NotEmpty { path, table }.into());
    }
    Ok(())
}

fn version(statements: &mut dyn Statements, sql: &str) -> Result<u32, Failure> {
    let row = statements.first(sql, &[])?;
    row.ok_or_else(|| Failure::row("an answer has no row"))?
        .small(0)
}

fn write(
    statements: &mut dyn Statements,
    sql: &str,
    out: &mut BackupFile<'_>,
    taken: u64,
    progress: Progress<'_>,
) -> Result<BackupSummary, Failure> {
    let schema = version(statements, sql)?;
    let mut tables = Vec::with_capacity(TABLES.len());
    for table in TABLES {
        let row = statements.first(&format!("SELECT count(*) FROM {}", table.name), &[])?;
        let row = row.ok_or_else(|| Failure::row("an answer has no row"))?;
        tables.push((table.name, row.natural(0)?));
    }
    let all = tables.iter().map(|(_, rows)| rows).sum();
    let mut done = 0;
    let mut writer = Writer::new(out, Head { schema, taken })?;
    for (table, (_, rows)) in TABLES.iter().zip(&tables) {
        writer.table(table.name, table.columns, *rows)?;
        let mut last: Option<Row> = None;
        loop {
            let page = page(statements, table, last.as_ref())?;
            for Row(values) in &page {
                writer.row(values)?;
            }
            done += page.len() as u64;
            progress(done, all);
            match page.into_iter().next_back() {
                Some(row) => last = Some(row),
                None => break,
            }
        }
    }
    if done != all {
        return Err(Failure::row("rows came or went while they were read"));
    }
    let (bytes, digest) = writer.end(all)?;
    Ok(BackupSummary {
        schema,
        taken,
        tables,
        bytes,
        digest,
    })
}

/// The rows behind one, in the order of the key.
fn page(
    statements: &mut dyn Statements,
    table: &Table,
    after: Option<&Row>,
) -> Result<Vec<Row>, Failure> {
    let (columns, key) = (table.columns.join(", "), table.key());
    let mut values = after.map_or_else(Vec::new, |Row(row)| row[..table.key].to_vec());
    let behind = if values.is_empty() {
        String::new()
    } else {
        format!("WHERE ({key}) > ({})", numbered(values.len()))
    };
    values.push(PAGE.into());
    let limit = values.len();
    let sql = format!(
        "SELECT {columns} FROM {} {behind} ORDER BY {key} LIMIT ?{limit}",
        table.name
    );
    statements.query(&sql, &values)
}

/// `?1, ?2, …`
fn numbered(count: usize) -> String {
    let all: Vec<String> = (1..=count).map(|number| format!("?{number}")).collect();
    all.join(", ")
}

/// Reads a backup to its end and says what it holds, or what is wrong with it. No store is needed.
///
/// # Errors
/// [`Error::Backup`] and failures of the file.
pub fn inspect(from: &mut BackupFile<'_>) -> Result<BackupSummary> {
    wire::read(from, newest(), |_| Ok::<_, Error>(())).map(BackupSummary::of)
}

fn read_into(
    statements: &mut dyn Statements,
    from: &mut BackupFile<'_>,
    all: u64,
    progress: Progress<'_>,
) -> Result<BackupSummary, Failure> {
    let mut sql = String::new();
    let mut done = 0_u64;
    let read = wire::read(from, newest(), |part| {
        match part {
            Part::Table(table, columns) => {
                sql = format!(
                    "INSERT INTO {} ({}) VALUES ({})",
                    table.name,
                    columns.join(", "),
                    numbered(columns.len())
                );
            }
            Part::Row(values) => {
                statements.execute(&sql, &values)?;
                done += 1;
                if done.is_multiple_of(PAGE) || done == all {
                    progress(done, all);
                }
            }
        }
        Ok::<_, Failure>(())
    });
    read.map(BackupSummary::of)
}

/// Opens one value of each column that lies under the root key.
pub(crate) fn check_root_key(
    statements: &mut dyn Statements,
    root: Option<&RootKey>,
) -> Result<RootKeyCheck, Failure> {
    let mut check = RootKeyCheck::NotNeeded;
    for (name, column) in SEALED {
        let table = Table::named(name).ok_or_else(|| Failure::row("a table has no name"))?;
        let sql = format!(
            "SELECT {}, {column} FROM {name} WHERE {column} IS NOT NULL LIMIT 1",
            table.key()
        );
        let Some(row) = statements.first(&sql, &[])? else {
            continue;
        };
        let sealed = row.bytes(table.key)?;
        if is_framed(sealed) {
            continue;
        }
        let Some(root) = root else {
            let number = RootKey::number_of(sealed)
                .ok_or_else(|| Failure::row(format!("a secret of {name} is none")))?;
            return Ok(RootKeyCheck::Missing(number));
        };
        let key: Vec<String> = row.0[..table.key].iter().map(key_text).collect();
        let key: Vec<&str> = key.iter().map(String::as_str).collect();
        let place = Place {
            table: name,
            column,
            row: &key,
        };
        root.open(&place, sealed).map_err(Error::from)?;
        check = RootKeyCheck::Opens;
    }
    Ok(check)
}

/// A part of a primary key, as it is bound into what is sealed in its row.
fn key_text(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Null | Value::Bytes(_) => String::new(),
    }
}

/// Makes a store of what a backup holds: PostgreSQL where a `url` is given, else SQLite in `directory`. Nothing is made before the
/// whole file was judged. A backup of an older schema is brought up to date afterwards.
///
/// # Errors
/// What [`create`](crate::create) and [`PortableStore::take_over`] refuse.
pub fn restore(
    url: Option<&str>,
    directory: &Path,
    from: &mut BackupFile<'_>,
    root: Option<RootKey>,
    progress: Progress<'_>,
) -> Result<(BackupSummary, RootKeyCheck)> {
    let backup = inspect(from)?;
    let store = location::create_at(url, directory, backup.schema)?;
    store.set_root_key(root);
    let check = store.take_over(from, progress)?;
    drop(store);
    location::open(url, directory)?;
    Ok((backup, check))
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
