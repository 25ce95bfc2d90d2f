//! Redis servers of our own, killed, stopped, flushed, encrypted and failed over.

mod loss;
mod permissions;
mod sentinel;
mod tls;

use interop_gateway::store::cache::{Cache, DEFAULT_PREFIX, RedisServer, RedisSettings};
use jiff::{Timestamp, ToSpan as _};

/// The settings of a server without a password.
fn settings(address: &str) -> RedisSettings {
    RedisSettings {
        server: RedisServer::At(address.parse().unwrap()),
        user: None,
        password: None,
        sentinel_password: None,
        tls_roots: None,
        prefix: DEFAULT_PREFIX.to_owned(),
    }
}

async fn cache(address: &str) -> Cache {
    Cache::redis(&settings(address)).await.unwrap()
}

/// An instant of the tests, so many seconds after their noon.
fn at(seconds: i64) -> Timestamp {
    let noon: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
    noon + seconds.seconds()
}

/// Asks until it is so, for half a minute at most.
async fn until(mut so: impl AsyncFnMut() -> bool) {
    for _ in 0..600 {
        if so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("it did not become so within half a minute");
}
