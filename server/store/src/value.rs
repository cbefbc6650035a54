//! Values and rows that both databases take and give: integers, text, bytes.

use zeroize::Zeroizing;

use crate::engine::Failure;

/// One value, on its way into a statement or out of a row.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Text(String),
    /// Some are private keys.
    Bytes(Zeroizing<Vec<u8>>),
}

impl Value {
    pub(crate) fn bytes(bytes: &[u8]) -> Self {
        Self::Bytes(Zeroizing::new(bytes.to_vec()))
    }
}

/// The databases' integers are signed, and no count of ours reaches 2^63: it saturates.
impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Integer(i64::try_from(value).unwrap_or(i64::MAX))
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Integer(value.into())
    }
}

impl From<u8> for Value {
    fn from(value: u8) -> Self {
        Self::Integer(value.into())
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Integer(value.into())
    }
}

/// PostgreSQL knows no text with a NUL in it; what a stranger sends may have one, and then it is stored, and found, without.
impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.replace('\0', "\u{fffd}"))
    }
}

impl From<&String> for Value {
    fn from(value: &String) -> Self {
        value.as_str().into()
    }
}

impl<const N: usize> From<&[u8; N]> for Value {
    fn from(value: &[u8; N]) -> Self {
        Self::bytes(value)
    }
}

impl From<&[u8]> for Value {
    fn from(value: &[u8]) -> Self {
        Self::bytes(value)
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Values of a statement, `?1` first.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::value::Value::from($value)),*][..] };
}
pub(crate) use values;

/// One row of an answer.
#[derive(Debug)]
pub(crate) struct Row(pub(crate) Vec<Value>);

impl Row {
    fn value(&self, index: usize) -> Result<&Value, Failure> {
        self.0
            .get(index)
            .ok_or_else(|| Failure::row(format!("a row has no column {index}")))
    }

    fn odd(&self, index: usize, wanted: &str) -> Failure {
        Failure::row(format!("column {index} of a row is not {wanted}"))
    }

    pub(crate) fn is_null(&self, index: usize) -> Result<bool, Failure> {
        Ok(*self.value(index)? == Value::Null)
    }

    fn integer(&self, index: usize) -> Result<i64, Failure> {
        match self.value(index)? {
            Value::Integer(value) => Ok(*value),
            _ => Err(self.odd(index, "an integer")),
        }
    }

    /// A count or time; the schema's checks keep ours natural.
    pub(crate) fn natural(&self, index: usize) -> Result<u64, Failure> {
        u64::try_from(self.integer(index)?).map_err(|_| self.odd(index, "0 or more"))
    }

    /// A smaller one.
    pub(crate) fn small<T: TryFrom<i64>>(&self, index: usize) -> Result<T, Failure> {
        T::try_from(self.integer(index)?).map_err(|_| self.odd(index, "in its range"))
    }

    pub(crate) fn flag(&self, index: usize) -> Result<bool, Failure> {
        match self.integer(index)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(self.odd(index, "0 or 1")),
        }
    }

    /// A time that may be missing.
    pub(crate) fn time(&self, index: usize) -> Result<Option<u64>, Failure> {
        if self.is_null(index)? {
            return Ok(None);
        }
        self.natural(index).map(Some)
    }

    pub(crate) fn text(&self, index: usize) -> Result<String, Failure> {
        match self.value(index)? {
            Value::Text(text) => Ok(text.clone()),
            _ => Err(self.odd(index, "text")),
        }
    }

    pub(crate) fn bytes(&self, index: usize) -> Result<&[u8], Failure> {
        match self.value(index)? {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(self.odd(index, "bytes")),
        }
    }

    pub(crate) fn array<const N: usize>(&self, index: usize) -> Result<[u8; N], Failure> {
        self.bytes(index)?
            .try_into()
            .map_err(|_| self.odd(index, &format!("{N} bytes")))
    }
}
