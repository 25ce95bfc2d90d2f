//! Reaching a PostgreSQL database.

use std::str::FromStr;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions, PgSslMode};
use url::Url;

use super::{Schema, StoreError, migrate, roles};

/// Connections one process opens for writing, and as many again for reading.
const CONNECTIONS: u32 = 8;

/// How long a request waits for a free connection.
const ACQUIRE: Duration = Duration::from_secs(5);

/// What the server is asked to hold every connection to.
///
/// A replica that stops in the middle of a transaction (paused, cut off) holds row locks that a
/// withdrawal on another replica waits for: the server ends such a transaction after three seconds.
const SESSION: [(&str, &str); 7] = [
    ("idle_in_transaction_session_timeout", "3s"),
    ("lock_timeout", "5s"),
    ("statement_timeout", "10s"),
    ("tcp_keepalives_idle", "5"),
    ("tcp_keepalives_interval", "2"),
    ("tcp_keepalives_count", "3"),
    ("timezone", "UTC"),
];

/// A PostgreSQL database and who connects to it.
#[derive(Clone)]
pub struct Server {
    options: Box<PgConnectOptions>,
}

/// Why an address is not that of a PostgreSQL database.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidServer {
    /// Not `postgres://host/database`.
    #[error("not an address of the form postgres://host:port/database")]
    Address,
    /// A password belongs in a file.
    #[error("the address holds a password; put it into a file and name that in [store.roles]")]
    Password,
}

impl FromStr for Server {
    type Err = InvalidServer;

    /// `postgres://user@host:port/database?sslmode=verify-full&sslrootcert=…`, without password.
    fn from_str(text: &str) -> Result<Self, InvalidServer> {
        let url = Url::parse(text).map_err(|_| InvalidServer::Address)?;
        if !matches!(url.scheme(), "postgres" | "postgresql") || !url.has_host() {
            return Err(InvalidServer::Address);
        }
        let secret = |(name, _): (std::borrow::Cow<'_, str>, _)| name == "password";
        if url.password().is_some() || url.query_pairs().any(secret) {
            return Err(InvalidServer::Password);
        }
        if url.path().len() < 2 {
            return Err(InvalidServer::Address);
        }
        let options = PgConnectOptions::from_str(text).map_err(|_| InvalidServer::Address)?;
        Ok(Self {
            options: Box::new(options),
        })
    }
}

impl Server {
    /// The same database as another user.
    #[must_use]
    pub fn connecting_as(&self, user: &str, password: Option<&SecretString>) -> Self {
        let options = self.options.as_ref().clone().username(user);
        let options = match password {
            Some(password) => options.password(password.expose_secret()),
            None => options,
        };
        Self {
            options: Box::new(options),
        }
    }

    /// Whether the way there is encrypted and the server's certificate checked against its name.
    pub fn is_verified(&self) -> bool {
        matches!(self.options.get_ssl_mode(), PgSslMode::VerifyFull)
    }

    /// The host, for messages and for telling this machine from others.
    pub fn host(&self) -> &str {
        self.options.get_host()
    }

    /// Connects with a schema that is up to date.
    pub(super) async fn open(&self, schema: Schema) -> Result<Pools, StoreError> {
        let options = self
            .options
            .as_ref()
            .clone()
            .application_name("interop-gateway")
            .options(SESSION);
        let pool = |options: PgConnectOptions| {
            PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(ACQUIRE)
                .connect_with(options)
        };
        let reader = pool(
            options
                .clone()
                .options([("default_transaction_read_only", "on")]),
        )
        .await?;
        migrate::is_current(&reader, schema).await?;
        let writer = pool(options).await?;
        Ok(Pools { writer, reader })
    }

    /// Brings the schema up to date; the user must own it.
    pub(super) async fn migrate(&self, schema: Schema) -> Result<(), StoreError> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(ACQUIRE)
            .connect_with(self.options.as_ref().clone())
            .await?;
        let done = match migrate::postgres(&pool, schema).await {
            Ok(()) => roles::grant(&pool, schema).await,
            failed => failed,
        };
        pool.close().await;
        done
    }
}

impl std::fmt::Debug for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Server")
            .field("host", &self.host())
            .field("database", &self.options.get_database())
            .field("user", &self.options.get_username())
            .finish_non_exhaustive()
    }
}

/// Connections that may write, and some the server itself keeps from writing.
#[derive(Clone, Debug)]
pub(super) struct Pools {
    pub(super) writer: PgPool,
    pub(super) reader: PgPool,
}
