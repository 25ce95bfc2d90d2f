//! The engine in Redis: for a fleet of replicas that share what they keep.
//!
//! Every operation is one command or one script, so that it happens at once or not at all. Scripts
//! are named by their digest and sent in full only to a server that does not know them yet.

mod link;
mod settings;

use redis::{Cmd, ErrorKind, FromRedisValue, Script, ServerErrorKind, Value, cmd};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::gcra::{Gcra, duration};
use super::turns::{self, FORGOTTEN_AFTER};
use super::{Allowed, CacheError, FirstUse, Turn, TurnLimit};
use link::Link;

pub use settings::{DEFAULT_PREFIX, InvalidRedisUrl, RedisServer, RedisSettings, RedisUrl};

/// Milliseconds that things stay longer than they count: the clocks of replicas differ.
const SLACK: i64 = 60_000;
/// Milliseconds after which the memory of an idle lane may go: who was served last.
const IDLE: i64 = 3_600_000;

/// A Redis server and what we run there.
pub(super) struct Redis {
    link: Link,
    prefix: String,
    scripts: Scripts,
}

struct Scripts {
    allow: OurScript,
    born: OurScript,
    end_turn: OurScript,
    first_use: OurScript,
    keep_turn: OurScript,
    place: OurScript,
    put: OurScript,
    queue: OurScript,
    try_turn: OurScript,
}

struct OurScript {
    text: &'static str,
    digest: String,
}

impl std::fmt::Debug for Redis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redis(·)")
    }
}

impl Redis {
    /// Prepares the way to the server; fails where the settings cannot be right.
    pub(super) fn new(settings: &RedisSettings) -> Result<Self, CacheError> {
        if let Some(pem) = &settings.tls_roots {
            let roots: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            if roots.map_or(true, |roots| roots.is_empty()) {
                return Err(CacheError::Roots);
            }
        }
        Ok(Self {
            link: Link::new(settings).map_err(CacheError::Unavailable)?,
            prefix: settings.prefix.clone(),
            scripts: Scripts::default(),
        })
    }

    pub(super) async fn ping(&self) -> Result<(), CacheError> {
        self.link.ask(&cmd("PING")).await.map(drop)
    }

    pub(super) async fn put(
        &self,
        group: &str,
        field: &str,
        value: &[u8],
        until: i64,
        now: i64,
    ) -> Result<(), CacheError> {
        let stored = [&until.to_be_bytes(), value].concat();
        let call = (self.scripts.put.call(&[self.group(group)]))
            .arg(field)
            .arg(stored)
            .arg(milliseconds(now, until));
        self.run(&self.scripts.put, call).await
    }

    pub(super) async fn get(
        &self,
        group: &str,
        field: &str,
        now: i64,
    ) -> Result<Option<Vec<u8>>, CacheError> {
        let mut command = cmd("HGET");
        command.arg(self.group(group)).arg(field);
        let stored: Option<Vec<u8>> = read(self.link.ask(&command).await?)?;
        let Some(mut stored) = stored else {
            return Ok(None);
        };
        let (until, _) = stored.split_first_chunk().ok_or(CacheError::Corrupt)?;
        let lives = i64::from_be_bytes(*until) > now;
        Ok(lives.then(|| stored.split_off(size_of::<i64>())))
    }

    pub(super) async fn drop_field(&self, group: &str, field: &str) -> Result<(), CacheError> {
        let mut command = cmd("HDEL");
        command.arg(self.group(group)).arg(field);
        self.link.ask(&command).await.map(drop)
    }

    pub(super) async fn drop_group(&self, group: &str) -> Result<(), CacheError> {
        let mut command = cmd("UNLINK");
        command.arg(self.group(group));
        self.link.ask(&command).await.map(drop)
    }

    pub(super) async fn born(&self, now: i64) -> Result<i64, CacheError> {
        let call = self.scripts.born.call(&[self.key("born")]).arg(now);
        self.run(&self.scripts.born, call).await
    }

    pub(super) async fn first_use(
        &self,
        identifier: &str,
        made: i64,
        forget: i64,
        now: i64,
    ) -> Result<FirstUse, CacheError> {
        let keys = [self.key("born"), self.key(&format!("used:{identifier}"))];
        let call = (self.scripts.first_use.call(&keys))
            .arg(now)
            .arg(made)
            .arg(forget)
            .arg(milliseconds(now, forget));
        match self.run(&self.scripts.first_use, call).await? {
            0 => Ok(FirstUse::First),
            1 => Ok(FirstUse::Again),
            2 => Ok(FirstUse::TooOld),
            _ => Err(CacheError::Corrupt),
        }
    }

    pub(super) async fn allow(
        &self,
        key: &str,
        rate: Gcra,
        now: i64,
    ) -> Result<Allowed, CacheError> {
        let call = (self.scripts.allow.call(&[self.key(&format!("rate:{key}"))]))
            .arg(now)
            .arg(rate.interval)
            .arg(rate.depth)
            .arg(milliseconds(0, rate.depth));
        match self.run(&self.scripts.allow, call).await? {
            0 => Ok(Allowed::Yes),
            wait => Ok(Allowed::RetryAfter(duration(wait))),
        }
    }

    pub(super) async fn queue(
        &self,
        lane: &str,
        body: &str,
        ticket: &str,
        now: i64,
    ) -> Result<(), CacheError> {
        let script = &self.scripts.queue;
        let call = self.lane(script, lane, ticket, now).arg(body);
        self.run(script, call).await
    }

    pub(super) async fn try_turn(
        &self,
        lane: &str,
        ticket: &str,
        limit: TurnLimit,
        now: i64,
    ) -> Result<Turn, CacheError> {
        let script = &self.scripts.try_turn;
        let interval = turns::interval(limit);
        let call = (self.lane(script, lane, ticket, now))
            .arg(limit.at_once.max(1))
            .arg(interval);
        let answer: Vec<i64> = self.run(script, call).await?;
        match answer[..] {
            [0] => Ok(Turn::Forgotten),
            [1] => Ok(Turn::Go),
            [2, place, wait] => {
                let place = u32::try_from(place).map_err(|_| CacheError::Corrupt)?;
                let again_in = turns::again_in(place, wait, interval);
                Ok(Turn::Wait { place, again_in })
            }
            _ => Err(CacheError::Corrupt),
        }
    }

    pub(super) async fn keep_turn(
        &self,
        lane: &str,
        ticket: &str,
        now: i64,
    ) -> Result<bool, CacheError> {
        let script = &self.scripts.keep_turn;
        self.run(script, self.lane(script, lane, ticket, now)).await
    }

    pub(super) async fn end_turn(&self, lane: &str, ticket: &str) -> Result<(), CacheError> {
        let script = &self.scripts.end_turn;
        self.run(script, self.lane(script, lane, ticket, 0)).await
    }

    pub(super) async fn place(&self, lane: &str, ticket: &str) -> Result<Option<u32>, CacheError> {
        let script = &self.scripts.place;
        self.run(script, self.lane(script, lane, ticket, 0)).await
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn group(&self, group: &str) -> String {
        self.key(&format!("group:{group}"))
    }

    /// A call of a script that begins with `lane.lua`.
    fn lane(&self, script: &OurScript, lane: &str, ticket: &str, now: i64) -> Call {
        (script.call(&[self.key(&format!("lane:{{{lane}}}"))]))
            .arg(ticket)
            .arg(now)
            .arg(FORGOTTEN_AFTER)
            .arg(IDLE)
    }

    async fn run<T: FromRedisValue>(
        &self,
        script: &OurScript,
        call: Call,
    ) -> Result<T, CacheError> {
        let unknown = ErrorKind::Server(ServerErrorKind::NoScript);
        let value = match self.link.ask(&call.command).await {
            Err(CacheError::Unavailable(error)) if error.kind() == unknown => {
                let mut load = cmd("SCRIPT");
                load.arg("LOAD").arg(script.text);
                self.link.ask(&load).await?;
                self.link.ask(&call.command).await?
            }
            answer => answer?,
        };
        read(value)
    }
}

impl Default for Scripts {
    fn default() -> Self {
        Self {
            allow: OurScript::new(include_str!("allow.lua")),
            born: OurScript::new(concat!(include_str!("born.lua"), "return born(ARGV[1])")),
            end_turn: OurScript::new(concat!(
                include_str!("lane.lua"),
                include_str!("end_turn.lua")
            )),
            first_use: OurScript::new(concat!(
                include_str!("born.lua"),
                include_str!("first_use.lua")
            )),
            keep_turn: OurScript::new(concat!(
                include_str!("lane.lua"),
                include_str!("keep_turn.lua")
            )),
            place: OurScript::new(concat!(include_str!("lane.lua"), include_str!("place.lua"))),
            put: OurScript::new(include_str!("put.lua")),
            queue: OurScript::new(concat!(include_str!("lane.lua"), include_str!("queue.lua"))),
            try_turn: OurScript::new(concat!(
                include_str!("lane.lua"),
                include_str!("try_turn.lua")
            )),
        }
    }
}

impl OurScript {
    fn new(text: &'static str) -> Self {
        let digest = Script::new(text).get_hash().to_owned();
        Self { text, digest }
    }

    fn call(&self, keys: &[String]) -> Call {
        let mut command = cmd("EVALSHA");
        command.arg(&self.digest).arg(keys.len()).arg(keys);
        Call { command }
    }
}

/// A script with its keys and arguments.
struct Call {
    command: Cmd,
}

impl Call {
    fn arg(mut self, argument: impl redis::ToRedisArgs) -> Self {
        self.command.arg(argument);
        self
    }
}

/// For how long Redis keeps what counts until an instant.
fn milliseconds(now: i64, until: i64) -> i64 {
    let left = until.saturating_sub(now).max(0);
    left / 1000 + SLACK
}

fn read<T: FromRedisValue>(value: Value) -> Result<T, CacheError> {
    T::from_redis_value(value).map_err(|_| CacheError::Corrupt)
}
