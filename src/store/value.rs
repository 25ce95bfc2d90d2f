//! What a statement is bound with, and what comes back.

use jiff::Timestamp;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Row as _, Sqlite};

use super::StoreError;

/// A value bound to a placeholder.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Bytes.
    Bytes(Vec<u8>),
    /// A whole number; booleans are 0 and 1, instants are microseconds since 1970.
    Int(i64),
    /// Nothing.
    Null,
    /// Text.
    Text(String),
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<u32> for Value {
    fn from(number: u32) -> Self {
        Self::Int(i64::from(number))
    }
}

impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Int(i64::from(truth))
    }
}

impl From<Timestamp> for Value {
    fn from(instant: Timestamp) -> Self {
        Self::Int(micros(instant))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// Microseconds since 1970, as instants are stored.
pub fn micros(instant: Timestamp) -> i64 {
    instant.as_microsecond()
}

/// The instant stored as microseconds since 1970.
pub fn instant(micros: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(micros).ok()
}

pub(super) fn bind(
    sql: &'static str,
    values: Vec<Value>,
) -> Query<'static, Sqlite, SqliteArguments> {
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Bytes(bytes) => query.bind(bytes),
            Value::Int(number) => query.bind(number),
            Value::Null => query.bind(None::<i64>),
            Value::Text(text) => query.bind(text),
        })
}

/// A row of an answer; columns are read by position.
#[derive(Debug)]
pub struct Row {
    inner: SqliteRow,
}

impl Row {
    pub(super) fn new(inner: SqliteRow) -> Self {
        Self { inner }
    }

    /// A whole number.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.inner
            .try_get(column)
            .map_err(|_| StoreError::Corrupt { column })
    }

    /// A whole number, or nothing.
    pub fn int_or_null(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.inner
            .try_get(column)
            .map_err(|_| StoreError::Corrupt { column })
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.inner
            .try_get(column)
            .map_err(|_| StoreError::Corrupt { column })
    }

    /// A text, or nothing.
    pub fn text_or_null(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.inner
            .try_get(column)
            .map_err(|_| StoreError::Corrupt { column })
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.inner
            .try_get(column)
            .map_err(|_| StoreError::Corrupt { column })
    }

    /// Bytes, or nothing.
    pub fn bytes_or_null(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner
            .try_get(column)
            .map_err(|_| StoreError::Corrupt { column })
    }

    /// An instant.
    pub fn instant(&self, column: usize) -> Result<Timestamp, StoreError> {
        instant(self.int(column)?).ok_or(StoreError::Corrupt { column })
    }

    /// A text that reads as a name of ours, such as an id.
    pub fn parsed<T: std::str::FromStr>(&self, column: usize) -> Result<T, StoreError> {
        self.text(column)?
            .parse()
            .map_err(|_| StoreError::Corrupt { column })
    }
}
