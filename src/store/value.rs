//! What a statement is bound with, and what comes back.

use jiff::Timestamp;
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgArgumentBuffer, PgRow, PgTypeInfo};
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArgumentsBuffer, SqliteRow, SqliteTypeInfo};
use sqlx::{
    ColumnIndex, Database, Decode, Encode, IntoArguments, Postgres, Row as _, Sqlite, Type,
};

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

pub(super) fn bind<DB>(sql: &'static str, values: Vec<Value>) -> Query<'static, DB, DB::Arguments>
where
    DB: Database,
    DB::Arguments: IntoArguments<DB>,
    Vec<u8>: for<'a> Encode<'a, DB> + Type<DB>,
    i64: for<'a> Encode<'a, DB> + Type<DB>,
    Nothing: for<'a> Encode<'a, DB> + Type<DB>,
    String: for<'a> Encode<'a, DB> + Type<DB>,
{
    values
        .into_iter()
        .fold(sqlx::query(sql), |query, value| match value {
            Value::Bytes(bytes) => query.bind(bytes),
            Value::Int(number) => query.bind(number),
            Value::Null => query.bind(Nothing),
            Value::Text(text) => query.bind(text),
        })
}

/// NULL of whatever type the column has.
pub(super) struct Nothing;

impl Type<Postgres> for Nothing {
    fn type_info() -> PgTypeInfo {
        PgTypeInfo::with_oid(Oid(0)) // "unspecified": the server infers it
    }
}

impl Encode<'_, Postgres> for Nothing {
    fn encode_by_ref(&self, _: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

impl Type<Sqlite> for Nothing {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info() // SQLite has one NULL for all
    }
}

impl Encode<'_, Sqlite> for Nothing {
    fn encode_by_ref(&self, _: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Ok(IsNull::Yes)
    }
}

/// A row of an answer; columns are read by position.
#[derive(Debug)]
pub enum Row {
    /// Of PostgreSQL.
    Postgres(PgRow),
    /// Of SQLite.
    Sqlite(SqliteRow),
}

impl Row {
    fn read<'r, T>(&'r self, column: usize) -> Result<T, StoreError>
    where
        T: Decode<'r, Postgres> + Type<Postgres> + Decode<'r, Sqlite> + Type<Sqlite>,
        usize: ColumnIndex<PgRow> + ColumnIndex<SqliteRow>,
    {
        let read = match self {
            Self::Postgres(row) => row.try_get(column),
            Self::Sqlite(row) => row.try_get(column),
        };
        read.map_err(|_| StoreError::Corrupt { column })
    }

    /// A whole number.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.read(column)
    }

    /// A whole number, or nothing.
    pub fn int_or_null(&self, column: usize) -> Result<Option<i64>, StoreError> {
        self.read(column)
    }

    /// A text.
    pub fn text(&self, column: usize) -> Result<String, StoreError> {
        self.read(column)
    }

    /// A text, or nothing.
    pub fn text_or_null(&self, column: usize) -> Result<Option<String>, StoreError> {
        self.read(column)
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<Vec<u8>, StoreError> {
        self.read(column)
    }

    /// Bytes, or nothing.
    pub fn bytes_or_null(&self, column: usize) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(column)
    }

    /// An instant.
    pub fn instant(&self, column: usize) -> Result<Timestamp, StoreError> {
        instant(self.int(column)?).ok_or(StoreError::Corrupt { column })
    }

    /// An instant, or nothing.
    pub fn instant_or_null(&self, column: usize) -> Result<Option<Timestamp>, StoreError> {
        let micros = self.int_or_null(column)?;
        let read = |micros| instant(micros).ok_or(StoreError::Corrupt { column });
        micros.map(read).transpose()
    }

    /// A text that reads as a name of ours, such as an id.
    pub fn parsed<T: std::str::FromStr>(&self, column: usize) -> Result<T, StoreError> {
        self.text(column)?
            .parse()
            .map_err(|_| StoreError::Corrupt { column })
    }
}
