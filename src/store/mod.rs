//! SQL behind one type: the statements of the other rooms run here, on either engine.
//!
//! Statements use `$1` placeholders and are bound with integers, text and bytes only, so that one
//! text serves both engines. Instants are stored as microseconds since 1970, UTC.
//!
//! [`Location::File`] is SQLite, for one gateway process. [`Location::Server`] is PostgreSQL, for any
//! number of them; there isolation is READ COMMITTED, and what must not pass each other meets on a row
//! both update (`subject_head`, `log_head`) or on a key both insert.

pub mod cache;
mod db;
mod durability;
#[cfg(test)]
pub(crate) mod faults;
pub mod keyring;
pub mod lease;
mod migrate;
pub mod outbox;
mod postgres;
mod roles;
mod sqlite;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod value;

use std::path::PathBuf;

pub use db::{Db, Tx, Work};
pub use durability::{Durability, Remark, ServerSettings, Standby, Weight};
pub use migrate::Schema;
pub use postgres::{InvalidServer, Server};
pub use value::{Row, Value, instant, micros};

/// Where a database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file of this machine, for one gateway process.
    File(PathBuf),
    /// A PostgreSQL database, for any number of them.
    Server(Server),
}

impl Location {
    /// Whether other processes may work there at the same time.
    pub const fn is_server(&self) -> bool {
        matches!(self, Self::Server(_))
    }
}

/// Why the store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A row with that key is there already.
    #[error("a row with that key exists")]
    Conflict,
    /// A stored value is not of the kind the program wrote: another version, or damage.
    #[error("column {column} does not hold what was written there")]
    Corrupt {
        /// Position of the column in the statement.
        column: usize,
    },
    /// The schema could not be brought up to date.
    #[error("the database schema could not be migrated")]
    Migration(#[source] sqlx::migrate::MigrateError),
    /// The schema is older than this program; nobody but its owner may change it.
    #[error("the database lacks {missing} schema change(s); run `interop-gateway migrate` first")]
    Outdated {
        /// How many changes are missing.
        missing: usize,
    },
    /// The database cannot be reached, is full, locked, or refused the statement.
    #[error("the database did not carry out a statement")]
    Unavailable(#[source] sqlx::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Database(cause) if cause.is_unique_violation() => Self::Conflict,
            _ => Self::Unavailable(error),
        }
    }
}
