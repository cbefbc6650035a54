//! What the statements here need of a database: values in, rows out.

use crate::Result;

/// A parameter or a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing.
    Null,
    /// 64 bits, signed.
    Integer(i64),
    /// UTF-8.
    Text(String),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

/// Numbers of ours are natural, and times and counters stay below 2^63.
impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Integer(i64::try_from(number).unwrap_or(i64::MAX))
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Integer(i64::from(flag))
    }
}

impl<T> From<Option<T>> for Value
where
    Self: From<T>,
{
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::from)
    }
}

/// A database inside a transaction. Parameters are `?1`, `?2`, …
pub(crate) trait Sql {
    /// How many rows it changed.
    fn execute(&mut self, sql: &str, parameters: &[Value]) -> Result<u64>;

    /// The rows that it gives.
    fn query(&mut self, sql: &str, parameters: &[Value]) -> Result<Vec<Vec<Value>>>;

    /// The error for a row that does not hold what its schema promises.
    fn corrupt(&self, reason: String) -> crate::Error;
}

/// A row that is read from left to right.
pub(crate) struct Row<'a> {
    columns: std::vec::IntoIter<Value>,
    sql: &'a dyn Sql,
    table: &'static str,
}

impl<'a> Row<'a> {
    pub(crate) fn new(columns: Vec<Value>, table: &'static str, sql: &'a dyn Sql) -> Self {
        Self {
            columns: columns.into_iter(),
            sql,
            table,
        }
    }

    fn wrong<T>(&self, wanted: &str) -> Result<T> {
        let reason = format!("a column of {} is not {wanted}", self.table);
        Err(self.sql.corrupt(reason))
    }

    pub(crate) fn text(&mut self) -> Result<String> {
        match self.columns.next() {
            Some(Value::Text(text)) => Ok(text),
            _ => self.wrong("a text"),
        }
    }

    pub(crate) fn optional_text(&mut self) -> Result<Option<String>> {
        match self.columns.next() {
            Some(Value::Text(text)) => Ok(Some(text)),
            Some(Value::Null) => Ok(None),
            _ => self.wrong("a text or nothing"),
        }
    }

    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>> {
        match self.columns.next() {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            _ => self.wrong("bytes"),
        }
    }

    pub(crate) fn optional_bytes(&mut self) -> Result<Option<Vec<u8>>> {
        match self.columns.next() {
            Some(Value::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Value::Null) => Ok(None),
            _ => self.wrong("bytes or nothing"),
        }
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        match self.bytes()?.try_into() {
            Ok(array) => Ok(array),
            Err(_) => self.wrong("so many bytes"),
        }
    }

    pub(crate) fn natural(&mut self) -> Result<u64> {
        match self.columns.next() {
            Some(Value::Integer(number)) if number >= 0 => Ok(number.unsigned_abs()),
            _ => self.wrong("a natural number"),
        }
    }

    pub(crate) fn optional_natural(&mut self) -> Result<Option<u64>> {
        match self.columns.next() {
            Some(Value::Null) => Ok(None),
            Some(Value::Integer(number)) if number >= 0 => Ok(Some(number.unsigned_abs())),
            _ => self.wrong("a natural number or nothing"),
        }
    }

    pub(crate) fn flag(&mut self) -> Result<bool> {
        match self.columns.next() {
            Some(Value::Integer(flag @ (0 | 1))) => Ok(flag == 1),
            _ => self.wrong("a flag"),
        }
    }
}
