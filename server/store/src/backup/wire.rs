//! The bytes of a backup, version 1. Numbers are big endian, a text is its length (u32) and its UTF-8.
//!
//! ```text
//! magic (8) | version (u8) | schema (u32) | taken (u64, seconds since 1970)
//! records: kind (u8) | length (u32) | body
//!   T  a table: name, rows (u64), columns (u16), their names; its rows follow
//!   R  a row: a value for each column: 0 null, 1 integer (i64), 2 text, 3 bytes (u32 and they)
//!   E  the end: all rows (u64)
//! SHA-384 of everything before (48)
//! ```

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use sha2::{Digest as _, Sha384};
use zeroize::Zeroizing;

use super::BackupFault;
use super::tables::Table;
use crate::value::Value;
use crate::{Error, Result};

const MAGIC: &[u8; 8] = b"PBXSTORE";
pub(super) const VERSION: u8 = 1;
/// Bytes of one record's body at most.
pub(super) const LONGEST: usize = 64 << 20;
/// Bytes that go to the file, or come from it, at a time.
const BUFFER: usize = 64 << 10;
/// Bytes of a record that are reserved before they are there.
const RESERVED: usize = 1 << 20;
pub(super) const DIGEST: usize = 48;

const TABLE: u8 = b'T';
const ROW: u8 = b'R';
const END: u8 = b'E';

/// A backup's file, and what it is called in errors.
#[derive(Debug)]
pub struct BackupFile<'a> {
    /// Open for reading (restore) or writing (backup). It has to be a file: both go back to its beginning.
    pub file: &'a mut File,
    /// Its name.
    pub path: &'a Path,
}

impl BackupFile<'_> {
    pub(super) fn fault(&self, fault: BackupFault) -> Error {
        fault.of(self.path)
    }

    fn io(&self, action: &'static str, error: io::Error) -> Error {
        Error::Io {
            action,
            path: self.path.to_owned(),
            error,
        }
    }

    fn rewind(&mut self, action: &'static str) -> Result<()> {
        let back = self.file.seek(SeekFrom::Start(0)).map(drop);
        back.map_err(|error| self.io(action, error))
    }
}

/// What stands before the records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) schema: u32,
    pub(super) taken: u64,
}

/// Writes one. Some of what passes through is a private key.
pub(super) struct Writer<'a, 'f> {
    out: &'a mut BackupFile<'f>,
    buffer: Zeroizing<Vec<u8>>,
    hash: Sha384,
    bytes: u64,
}

impl<'a, 'f> Writer<'a, 'f> {
    /// From the file's beginning: whatever was in it is gone.
    pub(super) fn new(out: &'a mut BackupFile<'f>, head: Head) -> Result<Self> {
        out.rewind("write")?;
        let cut = out.file.set_len(0);
        cut.map_err(|error| out.io("write", error))?;
        let mut writer = Self {
            out,
            buffer: Zeroizing::new(Vec::with_capacity(BUFFER)),
            hash: Sha384::new(),
            bytes: 0,
        };
        writer.put(MAGIC)?;
        writer.put(&[VERSION])?;
        writer.put(&head.schema.to_be_bytes())?;
        writer.put(&head.taken.to_be_bytes())?;
        Ok(writer)
    }

    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
        if self.buffer.len() + bytes.len() > BUFFER {
            self.flush()?;
        }
        if bytes.len() > BUFFER {
            return self.write(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.out.file.write_all(bytes);
        written.map_err(|error| self.out.io("write", error))
    }

    fn flush(&mut self) -> Result<()> {
        let full = std::mem::replace(&mut *self.buffer, Vec::with_capacity(BUFFER));
        let full = Zeroizing::new(full);
        self.write(&full)
    }

    fn record(&mut self, kind: u8, parts: &[&[u8]]) -> Result<()> {
        let length: usize = parts.iter().map(|part| part.len()).sum();
        if length > LONGEST {
            return Err(self.out.fault(BackupFault::TooLong));
        }
        self.put(&[kind])?;
        self.put(&(length as u32).to_be_bytes())?;
        parts.iter().try_for_each(|part| self.put(part))
    }

    pub(super) fn table(&mut self, name: &str, columns: &[&str], rows: u64) -> Result<()> {
        let mut body = text(name);
        body.extend_from_slice(&rows.to_be_bytes());
        body.extend_from_slice(&(columns.len() as u16).to_be_bytes());
        for column in columns {
            body.extend(text(column));
        }
        self.record(TABLE, &[&body])
    }

    pub(super) fn row(&mut self, values: &[Value]) -> Result<()> {
        // The kinds and lengths first: they are borrowed while the values are.
        let heads: Vec<Vec<u8>> = values.iter().map(head_of).collect();
        let mut parts = Vec::with_capacity(2 * values.len());
        for (value, head) in values.iter().zip(&heads) {
            parts.push(head.as_slice());
            match value {
                Value::Null | Value::Integer(_) => {}
                Value::Text(text) => parts.push(text.as_bytes()),
                Value::Bytes(bytes) => parts.push(bytes),
            }
        }
        self.record(ROW, &parts)
    }

    /// The end and the digest; gives length and digest of the file.
    pub(super) fn end(mut self, rows: u64) -> Result<(u64, [u8; DIGEST])> {
        self.record(END, &[&rows.to_be_bytes()])?;
        let digest: [u8; DIGEST] = self.hash.finalize_reset().into();
        self.put(&digest)?;
        self.flush()?;
        Ok((self.bytes, digest))
    }
}

fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u32).to_be_bytes(), text.as_bytes()].concat()
}

fn head_of(value: &Value) -> Vec<u8> {
    let long = |kind: u8, length: usize| [&[kind][..], &(length as u32).to_be_bytes()].concat();
    match value {
        Value::Null => vec![0],
        Value::Integer(value) => [&[1][..], &value.to_be_bytes()].concat(),
        Value::Text(text) => long(2, text.len()),
        Value::Bytes(bytes) => long(3, bytes.len()),
    }
}

/// What comes out of a backup, in order.
pub(super) enum Part {
    /// A table, and those of its columns that the backup has.
    Table(&'static Table, Vec<&'static str>),
    /// A row of the table before.
    Row(Vec<Value>),
}

/// What a backup that was read to its end holds.
pub(super) struct Read {
    pub(super) head: Head,
    pub(super) tables: Vec<(&'static str, u64)>,
    pub(super) bytes: u64,
    pub(super) digest: [u8; DIGEST],
}

/// Reads one.
struct Reader<'a, 'f> {
    from: &'a mut BackupFile<'f>,
    buffer: Zeroizing<Vec<u8>>,
    at: usize,
    hash: Sha384,
    bytes: u64,
}

impl Reader<'_, '_> {
    fn fault(&self, fault: BackupFault) -> Error {
        self.from.fault(fault)
    }

    /// Whether there is another byte.
    fn more(&mut self) -> Result<bool> {
        if self.at < self.buffer.len() {
            return Ok(true);
        }
        self.buffer.resize(BUFFER, 0);
        self.at = 0;
        loop {
            match self.from.file.read(&mut self.buffer) {
                Ok(read) => {
                    self.buffer.truncate(read);
                    return Ok(read > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.from.io("read", error)),
            }
        }
    }

    /// Adds exactly `length` bytes.
    fn take(&mut self, length: usize, out: &mut Vec<u8>) -> Result<()> {
        let mut left = length;
        while left > 0 {
            if !self.more()? {
                return Err(self.fault(BackupFault::CutShort));
            }
            let some = left.min(self.buffer.len() - self.at);
            let part = &self.buffer[self.at..self.at + some];
            out.extend_from_slice(part);
            self.hash.update(part);
            self.at += some;
            self.bytes += some as u64;
            left -= some;
        }
        Ok(())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut out = Vec::with_capacity(N);
        self.take(N, &mut out)?;
        let mut array = [0; N];
        array.copy_from_slice(&out);
        Ok(array)
    }

    fn head(&mut self) -> Result<Head> {
        if self.array()? != *MAGIC {
            return Err(self.fault(BackupFault::NotBackup));
        }
        match self.array()? {
            [VERSION] => {}
            [0] => return Err(self.fault(BackupFault::malformed("it has no version"))),
            [found] => return Err(self.fault(BackupFault::NewerVersion(found))),
        }
        Ok(Head {
            schema: u32::from_be_bytes(self.array()?),
            taken: u64::from_be_bytes(self.array()?),
        })
    }

    fn record(&mut self) -> Result<(u8, Zeroizing<Vec<u8>>)> {
        let [kind] = self.array()?;
        let length = u32::from_be_bytes(self.array()?) as usize;
        if length > LONGEST {
            return Err(self.fault(BackupFault::malformed("a record is too long")));
        }
        // A length alone takes no memory: the bytes have to be there.
        let mut body = Zeroizing::new(Vec::with_capacity(length.min(RESERVED)));
        self.take(length, &mut body)?;
        Ok((kind, body))
    }
}

/// Goes through a backup from its beginning to its end; everything is judged, the digest last. What was told before that is good
/// only if this returns without an error.
pub(super) fn read<E: From<Error>>(
    from: &mut BackupFile<'_>,
    newest: u32,
    mut tell: impl FnMut(Part) -> Result<(), E>,
) -> Result<Read, E> {
    from.rewind("read")?;
    let path = from.path.to_owned();
    let mut reader = Reader {
        from,
        buffer: Zeroizing::new(Vec::with_capacity(BUFFER)),
        at: 0,
        hash: Sha384::new(),
        bytes: 0,
    };
    let head = reader.head()?;
    if head.schema > newest {
        let found = head.schema;
        let known = newest;
        return Err(reader
            .fault(BackupFault::NewerSchema { found, known })
            .into());
    }
    let odd = |reason: &'static str| BackupFault::malformed(reason).of(&path);
    let mut tables: Vec<(&'static str, u64)> = Vec::new();
    let (mut columns, mut left, mut rows) = (0, 0, 0_u64);
    loop {
        let (kind, body) = reader.record()?;
        let mut body = Body(&body);
        match kind {
            TABLE if left == 0 => {
                let (table, named, count) = body.table().map_err(odd)?;
                if tables.iter().any(|(name, _)| *name == table.name) {
                    return Err(odd("a table comes twice").into());
                }
                tables.push((table.name, count));
                (columns, left) = (named.len(), count);
                rows = rows.saturating_add(count);
                tell(Part::Table(table, named))?;
            }
            ROW if left > 0 => {
                let values: std::result::Result<Vec<Value>, _> =
                    (0..columns).map(|_| body.value()).collect();
                tell(Part::Row(values.map_err(odd)?))?;
                left -= 1;
            }
            END if left == 0 => {
                if body.array().map(u64::from_be_bytes) != Ok(rows) {
                    return Err(odd("rows are missing").into());
                }
            }
            _ => return Err(odd("a record does not belong where it stands").into()),
        }
        if !body.0.is_empty() {
            return Err(odd("a record holds more than its values").into());
        }
        if kind == END {
            break;
        }
    }
    // Whatever is in it, without a hub's or host's identity it is none of a store.
    if !tables.contains(&("identity", 1)) {
        return Err(odd("it holds no identity").into());
    }
    let digest: [u8; DIGEST] = reader.hash.finalize_reset().into();
    if reader.array::<DIGEST>()? != digest || reader.more()? {
        return Err(reader.fault(BackupFault::Changed).into());
    }
    Ok(Read {
        head,
        tables,
        bytes: reader.bytes,
        digest,
    })
}

/// What is left of a record's body.
struct Body<'a>(&'a [u8]);

type Parsed<T> = std::result::Result<T, &'static str>;

impl Body<'_> {
    fn bytes(&mut self, length: usize) -> Parsed<&[u8]> {
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or("a record ends too early")?;
        self.0 = rest;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Parsed<[u8; N]> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    fn text(&mut self) -> Parsed<&str> {
        let length = u32::from_be_bytes(self.array()?) as usize;
        let text = std::str::from_utf8(self.bytes(length)?);
        let text = text.map_err(|_| "a text is not UTF-8")?;
        if text.contains('\0') {
            return Err("a text has a NUL in it");
        }
        Ok(text)
    }

    fn table(&mut self) -> Parsed<(&'static Table, Vec<&'static str>, u64)> {
        let table = Table::named(self.text()?).ok_or("it has a table that no store has")?;
        let rows = u64::from_be_bytes(self.array()?);
        let count = u16::from_be_bytes(self.array()?);
        let mut columns: Vec<&'static str> = Vec::new();
        for _ in 0..count {
            let name = self.text()?;
            let mut known = table.columns.iter().copied();
            let column = known.find(|column| *column == name);
            let column = column.ok_or("it has a column that no store has")?;
            if columns.contains(&column) {
                return Err("a column comes twice");
            }
            columns.push(column);
        }
        if columns.is_empty() {
            return Err("a table has no columns");
        }
        Ok((table, columns, rows))
    }

    fn value(&mut self) -> Parsed<Value> {
        Ok(match self.array()? {
            [0] => Value::Null,
            [1] => Value::Integer(i64::from_be_bytes(self.array()?)),
            [2] => Value::Text(self.text()?.to_owned()),
            [3] => {
                let length = u32::from_be_bytes(self.array()?) as usize;
                Value::bytes(self.bytes(length)?)
            }
            _ => return Err("a value is of no kind"),
        })
    }
}
