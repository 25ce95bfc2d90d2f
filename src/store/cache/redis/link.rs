//! One connection to Redis, made again when it is lost, and never waited for without end.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ErrorKind, IntoConnectionInfo,
    RedisConnectionInfo, RedisError, RedisResult, ServerErrorKind, TlsCertificates, Value,
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;

use super::settings::{RedisServer, RedisSettings, RedisUrl};
use crate::store::cache::CacheError;

/// No operation takes longer, connecting included.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);
/// The server has this long for one command.
const RESPOND_WITHIN: Duration = Duration::from_secs(1);
/// A sentinel has this long, so that a dead one leaves time to ask another.
const SENTINEL_WITHIN: Duration = Duration::from_millis(500);

/// The way to the server.
pub(super) struct Link {
    way: Way,
    current: Mutex<Current>,
}

/// The connection all operations share.
#[derive(Default)]
struct Current {
    connection: Option<MultiplexedConnection>,
    /// Counts the connections, so that nobody drops a newer one than failed.
    number: u64,
}

enum Way {
    Server(Client),
    Sentinels(Sentinels),
}

struct Sentinels {
    known: Vec<Client>,
    /// The one to ask first.
    first: AtomicUsize,
    master: String,
    door: Door,
}

/// How a server lets us in, wherever it is.
struct Door {
    login: RedisConnectionInfo,
    tls: bool,
    certificates: TlsCertificates,
}

impl Link {
    /// Prepares the way; nothing is asked yet.
    pub(super) fn new(settings: &RedisSettings) -> RedisResult<Self> {
        let door = |url: &RedisUrl, user: Option<&str>, password: Option<&SecretString>| Door {
            login: login(user, password).set_db(i64::from(url.database())),
            tls: url.tls(),
            certificates: TlsCertificates {
                client_tls: None,
                root_cert: settings.tls_roots.clone(),
            },
        };
        let (user, password) = (settings.user.as_deref(), settings.password.as_ref());
        let way = match &settings.server {
            RedisServer::At(url) => {
                Way::Server(door(url, user, password).at(url.host(), url.port())?)
            }
            RedisServer::Sentinels { sentinels, master } => {
                let first = sentinels.first().ok_or(ErrorKind::EmptySentinelList);
                let first =
                    first.map_err(|kind| RedisError::from((kind, "no sentinel is named")))?;
                let at = |url: &RedisUrl| {
                    let mut door = door(url, None, settings.sentinel_password.as_ref());
                    door.login = door.login.set_db(0);
                    door.at(url.host(), url.port())
                };
                Way::Sentinels(Sentinels {
                    known: sentinels.iter().map(at).collect::<RedisResult<_>>()?,
                    first: AtomicUsize::new(0),
                    master: master.clone(),
                    door: door(first, user, password),
                })
            }
        };
        Ok(Self {
            way,
            current: Mutex::default(),
        })
    }

    /// Sends a command; once more where the connection turned out to be dead before it could arrive.
    pub(super) async fn ask(&self, command: &Cmd) -> Result<Value, CacheError> {
        let asked = tokio::time::timeout(ANSWER_WITHIN, self.ask_patiently(command)).await;
        asked
            .unwrap_or_else(|_| Err(late()))
            .map_err(CacheError::Unavailable)
    }

    async fn ask_patiently(&self, command: &Cmd) -> RedisResult<Value> {
        let (mut connection, number, old) = self.connection().await?;
        let error = match command.query_async(&mut connection).await {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
        if !is_lost(&error) {
            return Err(error);
        }
        self.drop_connection(number).await;
        // A server that is merely slow may have carried it out: asking twice would not be fair.
        if !old || error.is_timeout() {
            return Err(error);
        }
        let (mut connection, number, _) = self.connection().await?;
        let again = command.query_async(&mut connection).await;
        if again.as_ref().is_err_and(is_lost) {
            self.drop_connection(number).await;
        }
        again
    }

    /// The shared connection, its number, and whether it was there before.
    async fn connection(&self) -> RedisResult<(MultiplexedConnection, u64, bool)> {
        let mut current = self.current.lock().await;
        if let Some(connection) = &current.connection {
            return Ok((connection.clone(), current.number, true));
        }
        let connection = match &self.way {
            Way::Server(client) => connect(client, ANSWER_WITHIN, RESPOND_WITHIN).await?,
            Way::Sentinels(sentinels) => sentinels.master().await?,
        };
        current.number += 1;
        current.connection = Some(connection.clone());
        Ok((connection, current.number, false))
    }

    async fn drop_connection(&self, number: u64) {
        let mut current = self.current.lock().await;
        if current.number == number {
            current.connection = None;
        }
    }
}

impl Sentinels {
    /// Connects to the master one of them names, asking the last helpful one first.
    async fn master(&self) -> RedisResult<MultiplexedConnection> {
        let first = self.first.load(Ordering::Relaxed);
        let mut problem = late();
        for step in 0..self.known.len() {
            let index = (first + step) % self.known.len();
            // Should our own time end while we wait for this one, the next attempt begins after it.
            self.first.store(index + 1, Ordering::Relaxed);
            match self.master_through(&self.known[index]).await {
                Ok(connection) => {
                    self.first.store(index, Ordering::Relaxed);
                    return Ok(connection);
                }
                Err(error) => problem = error,
            }
        }
        Err(problem)
    }

    async fn master_through(&self, sentinel: &Client) -> RedisResult<MultiplexedConnection> {
        let mut asked = connect(sentinel, SENTINEL_WITHIN, SENTINEL_WITHIN).await?;
        let mut question = redis::cmd("SENTINEL");
        question.arg("get-master-addr-by-name").arg(&self.master);
        let address: Option<(String, u16)> = question.query_async(&mut asked).await?;
        let (host, port) = address.ok_or_else(|| {
            let unknown = "the sentinels know no master of that name";
            RedisError::from((ErrorKind::MasterNameNotFoundBySentinel, unknown))
        })?;
        let client = self.door.at(&host, port)?;
        let mut connection = connect(&client, SENTINEL_WITHIN, RESPOND_WITHIN).await?;
        // During a fail-over they may still name the old one, which may be a replica by now.
        let role: Vec<Value> = redis::cmd("ROLE").query_async(&mut connection).await?;
        match role.first() {
            Some(Value::BulkString(role)) if role == b"master" => Ok(connection),
            _ => Err((ErrorKind::Client, "the server named is no master").into()),
        }
    }
}

impl Door {
    fn at(&self, host: &str, port: u16) -> RedisResult<Client> {
        let host = host.to_owned();
        let address = if self.tls {
            ConnectionAddr::TcpTls {
                host,
                port,
                insecure: false,
                tls_params: None,
            }
        } else {
            ConnectionAddr::Tcp(host, port)
        };
        let info = address
            .into_connection_info()?
            .set_redis_settings(self.login.clone());
        if self.tls && self.certificates.root_cert.is_some() {
            Client::build_with_tls(info, self.certificates.clone())
        } else {
            Client::open(info)
        }
    }
}

fn login(user: Option<&str>, password: Option<&SecretString>) -> RedisConnectionInfo {
    let mut login = RedisConnectionInfo::default().set_skip_set_lib_name();
    if let Some(user) = user {
        login = login.set_username(user);
    }
    if let Some(password) = password {
        login = login.set_password(password.expose_secret());
    }
    login
}

async fn connect(
    client: &Client,
    within: Duration,
    respond_within: Duration,
) -> RedisResult<MultiplexedConnection> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(within))
        .set_response_timeout(Some(respond_within));
    client
        .get_multiplexed_async_connection_with_config(&config)
        .await
}

/// Whether another connection may do better: this one broke, hangs, or leads to a replica.
fn is_lost(error: &RedisError) -> bool {
    error.is_io_error()
        || error.is_unrecoverable_error()
        || error.kind() == ErrorKind::Server(ServerErrorKind::ReadOnly)
}

fn late() -> RedisError {
    std::io::Error::from(std::io::ErrorKind::TimedOut).into()
}
