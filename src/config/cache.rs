//! `[cache]`: where what may be lost is kept.

use std::num::NonZeroU32;
use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::Environment;
use super::source::Source;
use super::store::password_in;
use crate::store::cache::{DEFAULT_PREFIX, RedisServer, RedisSettings, RedisUrl};
use crate::store::keyring::secret_file::SecretFileError;

/// Rather too many than too few: too few ask a source more than it may be asked.
const FOUR: NonZeroU32 = NonZeroU32::new(4).unwrap();

/// Where what may be lost is kept. Without a server: in the memory of this process.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// The Redis server. At most one of this and `sentinels`.
    pub redis: Option<RedisUrl>,
    /// Sentinels that know the server.
    pub sentinels: Vec<RedisUrl>,
    /// The name they watch it under.
    pub master: Option<String>,
    /// User of its access control list; absent: `default`.
    pub user: Option<String>,
    /// File with the user's password.
    pub password_file: Option<PathBuf>,
    /// File with the password of the sentinels.
    pub sentinel_password_file: Option<PathBuf>,
    /// Roots (PEM) of its TLS certificate; absent: the system's.
    pub tls_roots: Option<PathBuf>,
    /// What the name of every key begins with.
    pub prefix: String,
    /// How many replicas share the limits of the sources: each takes its part while Redis is gone.
    pub replicas: NonZeroU32,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            redis: None,
            sentinels: Vec::new(),
            master: None,
            user: None,
            password_file: None,
            sentinel_password_file: None,
            tls_roots: None,
            prefix: DEFAULT_PREFIX.to_owned(),
            replicas: FOUR,
        }
    }
}

/// What the files of the section hold.
#[derive(Debug, Default)]
pub struct CacheFiles {
    /// Of `password_file`.
    pub password: Option<SecretString>,
    /// Of `sentinel_password_file`.
    pub sentinel_password: Option<SecretString>,
    /// Of `tls_roots`.
    pub tls_roots: Option<Vec<u8>>,
}

impl CacheConfig {
    /// The settings of Redis, with what its files hold; none for memory.
    pub fn settings(&self, files: CacheFiles) -> Option<RedisSettings> {
        let server = match (&self.redis, &self.master) {
            (Some(url), _) => RedisServer::At(url.clone()),
            (None, Some(master)) => RedisServer::Sentinels {
                sentinels: self.sentinels.clone(),
                master: master.clone(),
            },
            (None, None) => return None,
        };
        Some(RedisSettings {
            server,
            user: self.user.clone(),
            password: files.password,
            sentinel_password: files.sentinel_password,
            tls_roots: files.tls_roots,
            prefix: self.prefix.clone(),
        })
    }

    /// Whether replicas share it.
    pub const fn is_shared(&self) -> bool {
        self.redis.is_some() || self.master.is_some()
    }

    /// The settings of Redis, after reading its files; none for memory.
    pub fn open(&self) -> Result<Option<RedisSettings>, SecretFileError> {
        let password = |file: &Option<PathBuf>| file.as_deref().map(password_in).transpose();
        let roots = self.tls_roots.as_deref().map(|file| {
            std::fs::read(file).map_err(|error| SecretFileError::Io(file.to_owned(), error))
        });
        Ok(self.settings(CacheFiles {
            password: password(&self.password_file)?,
            sentinel_password: password(&self.sentinel_password_file)?,
            tls_roots: roots.transpose()?,
        }))
    }

    /// Every path, to be placed below the folder of the configuration.
    pub(super) fn paths_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [
            &mut self.password_file,
            &mut self.sentinel_password_file,
            &mut self.tls_roots,
        ]
        .into_iter()
        .flatten()
    }

    /// Looks at the keys together.
    pub(super) fn check(&self, environment: Environment, source: &mut Source<'_>) {
        if self.redis.is_some() && !self.sentinels.is_empty() {
            source.problem(
                "cache.sentinels",
                "exactly one of redis and sentinels is needed",
            );
        }
        if self.sentinels.is_empty() != self.master.is_none() {
            source.problem("cache.master", "sentinels and master go together");
        }
        let servers: Vec<_> = self.redis.iter().chain(&self.sentinels).collect();
        if servers.is_empty() && self.speaks_of_a_server() {
            source.problem("cache", "names no server; redis or sentinels is needed");
        }
        if self.user.is_some() && self.password_file.is_none() {
            source.problem("cache.user", "needs a password_file");
        }
        if self.sentinel_password_file.is_some() && self.sentinels.is_empty() {
            source.problem(
                "cache.sentinel_password_file",
                "has no use without sentinels",
            );
        }
        let alike = |url: &RedisUrl| (url.tls(), url.database());
        if servers
            .windows(2)
            .any(|pair| alike(pair[0]) != alike(pair[1]))
        {
            source.problem(
                "cache.sentinels",
                "all begin alike (redis:// or rediss://) and name the same database",
            );
        }
        if self.tls_roots.is_some() && servers.iter().all(|url| !url.tls()) {
            source.problem("cache.tls_roots", "has no use without rediss://");
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.".contains(&byte);
        if self.prefix.is_empty() || self.prefix.len() > 64 || !self.prefix.bytes().all(plain) {
            source.problem(
                "cache.prefix",
                "1 to 64 letters, digits and any of : - _ . are needed",
            );
        }
        if environment == Environment::Production
            && servers.iter().any(|url| !url.tls() && !url.is_loopback())
        {
            source.problem(
                "cache",
                "production needs rediss:// towards another machine",
            );
        }
    }

    fn speaks_of_a_server(&self) -> bool {
        self.user.is_some() || self.password_file.is_some() || self.tls_roots.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a section.
    fn problems(section: &str, environment: Environment) -> Vec<String> {
        let text = format!("[cache]\n{section}\n");
        let mut source = Source::parse("gateway.toml", &text, &[]).unwrap();
        let config: CacheConfig = source.optional("cache");
        config.check(environment, &mut source);
        source.finish().iter().map(ToString::to_string).collect()
    }

    fn read(section: &str) -> CacheConfig {
        toml::from_str(section).unwrap()
    }

    #[test]
    fn without_a_section_it_is_memory() {
        assert!(
            CacheConfig::default()
                .settings(CacheFiles::default())
                .is_none()
        );
        assert_eq!(problems("", Environment::Production), Vec::<String>::new());
    }

    #[test]
    fn one_server_or_its_sentinels_is_a_cache_in_redis() {
        let server = |section| {
            read(section)
                .settings(CacheFiles::default())
                .unwrap()
                .server
        };
        let url: RedisUrl = "rediss://cache.example.cat:6379/2".parse().unwrap();
        assert_eq!(
            server("redis = 'rediss://cache.example.cat:6379/2'"),
            RedisServer::At(url.clone())
        );
        assert_eq!(
            server("sentinels = ['rediss://cache.example.cat:6379/2']\nmaster = 'gateway'"),
            RedisServer::Sentinels {
                sentinels: vec![url],
                master: "gateway".to_owned()
            }
        );
    }

    #[test]
    fn what_does_not_go_together_is_named() {
        for (section, expected) in [
            (
                "redis = 'redis://a'\nsentinels = ['redis://b']\nmaster = 'm'",
                "cache.sentinels  exactly one of",
            ),
            ("sentinels = ['redis://a']", "cache.master  "),
            ("redis = 'redis://a'\nmaster = 'm'", "cache.master  "),
            ("password_file = 'p'", "cache  names no server"),
            ("redis = 'redis://a'\nuser = 'u'", "cache.user  "),
            (
                "redis = 'redis://a'\nsentinel_password_file = 'p'",
                "cache.sentinel_password_file  ",
            ),
            (
                "sentinels = ['redis://a', 'rediss://b']\nmaster = 'm'",
                "cache.sentinels  all begin alike",
            ),
            ("redis = 'redis://a'\ntls_roots = 'r'", "cache.tls_roots  "),
            ("redis = 'redis://a'\nprefix = '{'", "cache.prefix  "),
            ("replicas = 0", "cache  invalid value"),
            ("redish = 'redis://a'", "cache  unknown field"),
        ] {
            let found = problems(section, Environment::Pre);
            assert_eq!(found.len(), 1, "{section}: {found:?}");
            assert!(found[0].contains(expected), "{section}: {found:?}");
        }
    }

    #[test]
    fn production_encrypts_what_leaves_the_machine() {
        let found = |section| problems(section, Environment::Production).len();
        assert_eq!(found("redis = 'redis://cache.example.cat'"), 1);
        assert_eq!(found("redis = 'rediss://cache.example.cat'"), 0);
        assert_eq!(found("redis = 'redis://127.0.0.1'"), 0);
        assert_eq!(found("sentinels = ['redis://10.0.0.1']\nmaster = 'm'"), 1);
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        let found = problems("redis = 'redis://:s3cret@cache'", Environment::Pre);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("gateway.toml:2:9  cache  holds a user or a password"),
            "{found:?}"
        );
        assert!(!found[0].contains("s3cret"));
    }
}
