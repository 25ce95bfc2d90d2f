//! The same promises, on the engine the environment names: memory, or the Redis server of
//! `GATEWAY_TEST_REDIS`.

mod kept;
mod rates;
mod turns;
mod used;

use jiff::{Timestamp, ToSpan as _};

use super::{Cache, DEFAULT_PREFIX, RedisServer, RedisSettings};
use crate::clock::World;

/// An empty cache of its own.
async fn cache() -> Cache {
    let Ok(url) = std::env::var("GATEWAY_TEST_REDIS") else {
        return Cache::memory();
    };
    let settings = RedisSettings {
        server: RedisServer::At(url.parse().unwrap()),
        user: None,
        password: None,
        sentinel_password: None,
        tls_roots: None,
        prefix: format!("{DEFAULT_PREFIX}test:{}:", World::real().entropy.uuid()),
    };
    Cache::redis(&settings).await.unwrap()
}

/// An instant of the tests, so many milliseconds after their noon.
fn at(milliseconds: i64) -> Timestamp {
    let noon: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    noon + milliseconds.milliseconds()
}
