//! Real servers for one test: PostgreSQL, Redis and Sentinel as child processes on free ports of
//! the loopback, with folders of their own, to be killed, paused and started again; and [`Cut`], the
//! network in front of one of them. All of it ends when it is dropped.
//!
//! A test that only needs *a* server takes the shared pair, which `./check` starts.

mod cut;
mod postgres;
mod process;
mod redis;
mod sentinel;
#[cfg(test)]
mod tests;
mod tls;

pub(crate) use cut::Cut;
pub(crate) use postgres::{Postgres, run_sql};
pub(crate) use process::Port;
pub(crate) use redis::Redis;
pub(crate) use sentinel::Sentinel;
pub(crate) use tls::Tls;

use std::time::{Duration, Instant};

/// Longest that a server may take for anything; reached only when something is broken.
const PATIENCE: Duration = Duration::from_mins(1);

/// Looks again until it holds.
pub(crate) async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
