//! What each database role may do, and what it is refused.

mod attempts;
mod journey;
mod keys;
mod matrix;

use std::fs::File;
use std::path::Path;
use std::process::Command;

use interop_gateway::store::{Db, Location, Schema};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::servers::Postgres;

/// Makes the roles, their users and the two databases, as a database administrator would.
pub(super) fn make(server: &Postgres) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/postgres/roles.sql");
    for _ in ["the first time", "and again"] {
        let output = Command::new("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1"])
            .arg(server.url("postgres"))
            .stdin(File::open(&script).unwrap())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
    }
}

/// The address of a database for the user with this duty.
pub(super) fn url(server: &Postgres, duty: &str, database: &str) -> String {
    let user = format!("//interop_{duty}@");
    server.url(database).replace("//postgres@", &user)
}

/// A server with roles, databases and tables.
pub(super) async fn granted() -> Postgres {
    let server = Postgres::start().await;
    make(&server);
    for (schema, name) in SCHEMAS {
        Db::migrate(&place(&server, "owner", name), schema)
            .await
            .unwrap();
    }
    server
}

/// Where the user with this duty finds a database.
fn place(server: &Postgres, duty: &str, database: &str) -> Location {
    Location::Server(url(server, duty, database).parse().unwrap())
}

/// Both, by the names that roles.sql gives them.
const SCHEMAS: [(Schema, &str); 2] = [(Schema::Gateway, "gateway"), (Schema::Keyring, "keyring")];

/// A statement as the user with this duty: its rows, or the SQLSTATE it is refused with.
async fn tried(
    server: &Postgres,
    duty: &str,
    database: &str,
    sql: &str,
) -> Result<Vec<PgRow>, String> {
    let state = |error: sqlx::Error| {
        let code = error.as_database_error().and_then(DatabaseError::code);
        code.unwrap_or_else(|| panic!("{sql}: {error}"))
            .into_owned()
    };
    let url = url(server, duty, database);
    let mut connection = PgConnection::connect(&url).await.map_err(state)?;
    let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    query.fetch_all(&mut connection).await.map_err(state)
}

/// SQLSTATE of whoever may not.
const DENIED: &str = "42501";

/// SQLSTATE of a row that is kept as it is (`restrict_violation`).
const KEPT: &str = "23001";
