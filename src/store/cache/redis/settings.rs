//! Where Redis is, as an operator writes it.

use std::fmt;
use std::str::FromStr;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

/// Where Redis is, and how to get in. Safe to print.
#[derive(Clone, Debug)]
pub struct RedisSettings {
    /// The server, or who knows it.
    pub server: RedisServer,
    /// User of its access control list; absent: `default`.
    pub user: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
    /// The password of the sentinels, where they have one.
    pub sentinel_password: Option<SecretString>,
    /// Roots (PEM) of its TLS certificate; absent: the system's.
    pub tls_roots: Option<Vec<u8>>,
    /// What the name of every key begins with.
    pub prefix: String,
}

/// The prefix of keys where nothing else is said.
pub const DEFAULT_PREFIX: &str = "gateway:";

/// The server, or who knows it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum RedisServer {
    /// One server.
    At(RedisUrl),
    /// The master of this name, as the sentinels know it.
    Sentinels {
        /// Where they are. TLS and database number are those of the first, for the master too.
        sentinels: Vec<RedisUrl>,
        /// The name they watch it under.
        master: String,
    },
}

/// Address of a Redis server: `redis://host:port/database` or, with TLS, `rediss://`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub struct RedisUrl {
    host: String,
    port: u16,
    tls: bool,
    database: u16,
}

/// Why a text is not the address of a Redis server. Repeats nothing of it: it may hold a password.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidRedisUrl {
    /// Secrets do not belong in addresses.
    #[error("holds a user or a password; they belong in user and password_file")]
    Credentials,
    /// The path is not a number.
    #[error("its path is not the number of a database")]
    Database,
    /// A query or a fragment.
    #[error("nothing may follow the number of the database")]
    Extra,
    /// Nobody is named.
    #[error("names no host")]
    Host,
    /// Neither `redis` nor `rediss`.
    #[error("must begin with redis:// or, with TLS, rediss://")]
    Scheme,
    /// Not a URL.
    #[error("is not a URL such as redis://host:6379/0")]
    Shape,
}

impl RedisUrl {
    /// Host name or address; of version 6 without brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Port; 6379 where none is written.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is encrypted.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// Number of the database.
    pub fn database(&self) -> u16 {
        self.database
    }

    /// Whether it is this very machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost"
            || (self.host.parse::<std::net::IpAddr>()).is_ok_and(|address| address.is_loopback())
    }
}

impl FromStr for RedisUrl {
    type Err = InvalidRedisUrl;

    fn from_str(text: &str) -> Result<Self, InvalidRedisUrl> {
        let url = Url::parse(text).map_err(|_| InvalidRedisUrl::Shape)?;
        let tls = match url.scheme() {
            "redis" => false,
            "rediss" => true,
            _ => return Err(InvalidRedisUrl::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedisUrl::Credentials);
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(InvalidRedisUrl::Extra);
        }
        let host = url.host_str().unwrap_or("");
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err(InvalidRedisUrl::Host);
        }
        let database = match url.path().trim_start_matches('/') {
            "" => 0,
            number => number.parse().map_err(|_| InvalidRedisUrl::Database)?,
        };
        Ok(Self {
            host: host.to_owned(),
            port: url.port().unwrap_or(6379),
            tls,
            database,
        })
    }
}

impl TryFrom<String> for RedisUrl {
    type Error = InvalidRedisUrl;

    fn try_from(text: String) -> Result<Self, InvalidRedisUrl> {
        text.parse()
    }
}

impl fmt::Display for RedisUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "rediss" } else { "redis" };
        let (host, port, database) = (&self.host, self.port, self.database);
        if host.contains(':') {
            write!(f, "{scheme}://[{host}]:{port}/{database}")
        } else {
            write!(f, "{scheme}://{host}:{port}/{database}")
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_says_where_and_which_database() {
        let url: RedisUrl = "rediss://cache.example.cat:7000/3".parse().unwrap();
        assert_eq!(
            (url.host(), url.port(), url.tls(), url.database()),
            ("cache.example.cat", 7000, true, 3)
        );
        let short: RedisUrl = "redis://[::1]".parse().unwrap();
        assert_eq!(short.to_string(), "redis://[::1]:6379/0");
        assert!(short.is_loopback());
        assert!(!url.is_loopback());
    }

    #[test]
    fn every_defect_has_its_name() {
        for (text, expected) in [
            ("cache", InvalidRedisUrl::Shape),
            ("http://cache", InvalidRedisUrl::Scheme),
            ("redis+unix:///run/redis", InvalidRedisUrl::Scheme),
            ("redis://:secret@cache", InvalidRedisUrl::Credentials),
            ("redis://somebody@cache", InvalidRedisUrl::Credentials),
            ("redis:///0", InvalidRedisUrl::Host),
            ("redis://cache/zero", InvalidRedisUrl::Database),
            ("redis://cache/70000", InvalidRedisUrl::Database),
            ("redis://cache/0?protocol=resp3", InvalidRedisUrl::Extra),
            ("redis://cache/0#insecure", InvalidRedisUrl::Extra),
        ] {
            assert_eq!(text.parse::<RedisUrl>(), Err(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_error_repeats_the_password(user in "[a-z]{0,6}", password in "s3cret[a-zA-Z0-9:/?#@%-]{0,12}") {
            let text = format!("redis://{user}:{password}@cache:6379/0");
            // Where the password ends the address early, what is left may read as another address.
            let shown = match text.parse::<RedisUrl>() {
                Err(error) => format!("{error} {error:?}"),
                Ok(url) => format!("{url} {url:?}"),
            };
            prop_assert!(!shown.contains("s3cret"));
        }

        #[test]
        fn what_is_printed_reads_back(
            host in "[a-z][a-z0-9-]{0,10}(\\.[a-z]{2,5})?", port in 1_u16.., database in 0_u16..1000, tls: bool,
        ) {
            let url = RedisUrl { host, port, tls, database };
            prop_assert_eq!(url.to_string().parse::<RedisUrl>(), Ok(url));
        }
    }
}
