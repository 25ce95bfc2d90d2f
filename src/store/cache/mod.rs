//! What may be lost: sessions, answers kept for a while, identifiers used once, rates, and the
//! line before each source.
//!
//! In the memory of one process, or in Redis for a fleet; the answers are the same. Every instant
//! is passed in, so that tests move the clock; the engines' own clocks only clear away what has
//! run out. Names (groups, fields, keys, lanes, tickets) are opaque and never personal, and values
//! come encrypted: who reads the store learns nothing about anyone.

mod gcra;
mod memory;
mod redis;
#[cfg(test)]
mod tests;
mod turns;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;

use super::{instant, micros};
use memory::Memory;
use redis::Redis;

pub use redis::{DEFAULT_PREFIX, InvalidRedisUrl, RedisServer, RedisSettings, RedisUrl};

/// Why the cache gave no answer. What it kept may be gone.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// What came back is not what was written: another version, or damage.
    #[error("the cache holds something that was not written there")]
    Corrupt,
    /// The file of TLS roots is empty or damaged.
    #[error("the TLS roots of the cache hold no certificate")]
    Roots,
    /// Redis cannot be reached, or refused the command.
    #[error("the cache did not answer")]
    Unavailable(#[source] ::redis::RedisError),
}

/// Whether an identifier is used for the first time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FirstUse {
    /// It was not used before.
    First,
    /// It was.
    Again,
    /// It was made before this cache began to remember, so nobody can tell.
    TooOld,
}

/// How often something may happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// Times at once, after a pause. At least 1.
    pub burst: u32,
    /// Times a minute, sustained. At least 1.
    pub per_minute: u32,
}

/// Whether it may happen now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Allowed {
    /// It may, and was counted.
    Yes,
    /// It may after this long. Asking too early costs nothing.
    RetryAfter(Duration),
}

/// How hard one source may be asked by the whole fleet.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TurnLimit {
    /// Requests under way at once. At least 1.
    pub at_once: u32,
    /// Requests that start each minute, evenly spaced. At least 1.
    pub per_minute: u32,
}

/// Whether it is a ticket's turn.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Turn {
    /// It is: ask now, keep the turn, end it.
    Go,
    /// It is not yet.
    Wait {
        /// Place in the fair order; 1 is next.
        place: u32,
        /// When to try again. Never longer than three seconds.
        again_in: Duration,
    },
    /// The ticket is not in the line, or no longer (the cache was lost, or nobody tried for ten
    /// seconds): queue again.
    Forgotten,
}

/// What may be lost, in memory or in Redis. Clones share it.
#[derive(Clone, Debug)]
pub struct Cache {
    engine: Engine,
    news: News,
}

#[derive(Clone, Debug)]
enum Engine {
    Memory(Arc<Memory>),
    Redis(Arc<Redis>),
}

/// Turns ended in this process, by lane.
type News = Arc<Mutex<HashMap<String, Arc<Notify>>>>;

impl Cache {
    /// A cache in the memory of this process. It begins to remember with [`Cache::born`].
    pub fn memory() -> Self {
        Self::with(Engine::Memory(Arc::default()))
    }

    /// A cache in Redis, which must answer now.
    pub async fn redis(settings: &RedisSettings) -> Result<Self, CacheError> {
        let cache = Self::with(Engine::Redis(Arc::new(Redis::new(settings)?)));
        cache.ping().await?;
        Ok(cache)
    }

    fn with(engine: Engine) -> Self {
        Self {
            engine,
            news: News::default(),
        }
    }

    /// Whether other replicas see the same.
    pub fn is_shared(&self) -> bool {
        match &self.engine {
            Engine::Memory(_) => false,
            Engine::Redis(_) => true,
        }
    }

    /// Whether the cache answers.
    pub async fn ping(&self) -> Result<(), CacheError> {
        match &self.engine {
            Engine::Memory(_) => Ok(()),
            Engine::Redis(redis) => redis.ping().await,
        }
    }

    /// Since when this cache remembers identifiers: since `now`, if it did not before.
    ///
    /// Called once at the start, so that the first caller's proof is not refused as
    /// [`FirstUse::TooOld`].
    pub async fn born(&self, now: Timestamp) -> Result<Timestamp, CacheError> {
        let born = match &self.engine {
            Engine::Memory(memory) => memory.born(micros(now)),
            Engine::Redis(redis) => redis.born(micros(now)).await?,
        };
        instant(born).ok_or(CacheError::Corrupt)
    }

    /// Keeps a value in a group until an instant, instead of the one that was there.
    pub async fn put(
        &self,
        group: &str,
        field: &str,
        value: &[u8],
        until: Timestamp,
        now: Timestamp,
    ) -> Result<(), CacheError> {
        let (until, now) = (micros(until), micros(now));
        match &self.engine {
            Engine::Memory(memory) => memory.put(group, field, value, until, now),
            Engine::Redis(redis) => redis.put(group, field, value, until, now).await?,
        }
        Ok(())
    }

    /// A value, if it is there and has not run out.
    pub async fn get(
        &self,
        group: &str,
        field: &str,
        now: Timestamp,
    ) -> Result<Option<Vec<u8>>, CacheError> {
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.get(group, field, micros(now))),
            Engine::Redis(redis) => redis.get(group, field, micros(now)).await,
        }
    }

    /// Drops one value.
    pub async fn drop_field(&self, group: &str, field: &str) -> Result<(), CacheError> {
        match &self.engine {
            Engine::Memory(memory) => memory.drop_field(group, field),
            Engine::Redis(redis) => redis.drop_field(group, field).await?,
        }
        Ok(())
    }

    /// Drops every value of a group.
    pub async fn drop_group(&self, group: &str) -> Result<(), CacheError> {
        match &self.engine {
            Engine::Memory(memory) => memory.drop_group(group),
            Engine::Redis(redis) => redis.drop_group(group).await?,
        }
        Ok(())
    }

    /// Uses an identifier up: exactly one caller of the fleet gets [`FirstUse::First`] before
    /// `forget_at`.
    ///
    /// `made_at` is the earliest instant at which it may have been used: of a proof whose clock may
    /// run ahead, its own time less what is forgiven. Anything made before this cache began to
    /// remember is [`FirstUse::TooOld`], even in the same second: whole seconds look older than
    /// they are, and the caller makes a new one.
    pub async fn first_use(
        &self,
        identifier: &str,
        made_at: Timestamp,
        forget_at: Timestamp,
        now: Timestamp,
    ) -> Result<FirstUse, CacheError> {
        let (made, forget, now) = (micros(made_at), micros(forget_at), micros(now));
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.first_use(identifier, made, forget, now)),
            Engine::Redis(redis) => redis.first_use(identifier, made, forget, now).await,
        }
    }

    /// Counts one event of `key`, if its rate allows it.
    pub async fn allow(
        &self,
        key: &str,
        rate: Rate,
        now: Timestamp,
    ) -> Result<Allowed, CacheError> {
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.allow(key, rate.into(), micros(now))),
            Engine::Redis(redis) => redis.allow(key, rate.into(), micros(now)).await,
        }
    }

    /// Puts a ticket of a body in the line of a lane; one that is there keeps its place.
    pub async fn queue(
        &self,
        lane: &str,
        body: &str,
        ticket: &str,
        now: Timestamp,
    ) -> Result<(), CacheError> {
        match &self.engine {
            Engine::Memory(memory) => memory.queue(lane, body, ticket, micros(now)),
            Engine::Redis(redis) => redis.queue(lane, body, ticket, micros(now)).await?,
        }
        Ok(())
    }

    /// Asks whether it is a ticket's turn, and says that somebody still waits.
    ///
    /// The next is a ticket of the body that was served longest ago, the one that came first. It
    /// gets its turn when fewer than `at_once` are under way and the last start is long enough ago.
    /// Asking again with a turn says [`Turn::Go`] again.
    pub async fn try_turn(
        &self,
        lane: &str,
        ticket: &str,
        limit: TurnLimit,
        now: Timestamp,
    ) -> Result<Turn, CacheError> {
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.try_turn(lane, ticket, limit, micros(now))),
            Engine::Redis(redis) => redis.try_turn(lane, ticket, limit, micros(now)).await,
        }
    }

    /// Says that a turn is still used. One not kept for ten seconds counts as given back: false.
    pub async fn keep_turn(
        &self,
        lane: &str,
        ticket: &str,
        now: Timestamp,
    ) -> Result<bool, CacheError> {
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.keep_turn(lane, ticket, micros(now))),
            Engine::Redis(redis) => redis.keep_turn(lane, ticket, micros(now)).await,
        }
    }

    /// Gives a turn back, or leaves the line.
    pub async fn end_turn(&self, lane: &str, ticket: &str) -> Result<(), CacheError> {
        match &self.engine {
            Engine::Memory(memory) => memory.end_turn(lane, ticket),
            Engine::Redis(redis) => redis.end_turn(lane, ticket).await?,
        }
        self.lane_news(lane).notify_waiters();
        Ok(())
    }

    /// The place of a waiting ticket, 1 is next; none when it has its turn or is not there.
    pub async fn place(&self, lane: &str, ticket: &str) -> Result<Option<u32>, CacheError> {
        match &self.engine {
            Engine::Memory(memory) => Ok(memory.place(lane, ticket)),
            Engine::Redis(redis) => redis.place(lane, ticket).await,
        }
    }

    /// Resolves when a turn of the lane ends in this process, after this call: made before
    /// [`Cache::try_turn`] and awaited after it, nothing is missed.
    ///
    /// Ends elsewhere are found by trying again in time.
    pub fn turn_news(&self, lane: &str) -> impl Future<Output = ()> + Send + 'static {
        self.lane_news(lane).notified_owned()
    }

    fn lane_news(&self, lane: &str) -> Arc<Notify> {
        let mut lanes = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(lanes.entry(lane.to_owned()).or_default())
    }
}
