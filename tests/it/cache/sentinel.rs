//! A master that is lost, and sentinels that make another one.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use interop_gateway::store::cache::{Cache, FirstUse, RedisServer, RedisSettings};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{at, settings, until};
use crate::servers::{Redis, Sentinel};

fn settings_of(sentinels: &[&str]) -> RedisSettings {
    let urls = sentinels.iter().map(|address| address.parse().unwrap());
    RedisSettings {
        server: RedisServer::Sentinels {
            sentinels: urls.collect(),
            master: "gateway".to_owned(),
        },
        ..settings(sentinels[0])
    }
}

async fn put(cache: &Cache) -> bool {
    cache
        .put("group", "field", b"value", at(60), at(0))
        .await
        .is_ok()
}

#[tokio::test]
async fn after_the_loss_of_the_master_the_next_one_is_found_and_old_proofs_are_refused() {
    let mut master = Redis::start().await;
    let _replica = Redis::replica_of(&master).await;
    let sentinel = Sentinel::start("gateway", &master).await;
    let cache = Cache::redis(&settings_of(&[&sentinel.url()]))
        .await
        .unwrap();
    cache.born(at(0)).await.unwrap();
    let used = async |identifier, made| {
        let now = at(made + 1);
        cache.first_use(identifier, at(made), at(1000), now).await
    };
    assert_eq!(used("a", 10).await.unwrap(), FirstUse::First);
    master.kill().await;
    assert!(!put(&cache).await, "nobody is master yet");
    until(async || put(&cache).await).await;
    assert_eq!(used("a", 10).await.unwrap(), FirstUse::TooOld);
    assert_eq!(used("b", 21).await.unwrap(), FirstUse::First);
}

/// The server we are connected to lives on, as a replica: it answers, but takes nothing.
#[tokio::test]
async fn a_master_that_became_a_replica_is_left_at_once() {
    let (old, new) = (Redis::start().await, Redis::start().await);
    let said = Arc::new(AtomicU16::new(old.port()));
    let cache = Cache::redis(&settings_of(&[&says(&said).await]))
        .await
        .unwrap();
    assert!(put(&cache).await);
    let mut follow = redis::cmd("REPLICAOF");
    follow.arg("127.0.0.1").arg(new.port());
    follow
        .exec_async(&mut old.connection().await)
        .await
        .unwrap();
    assert!(!put(&cache).await, "the sentinel still names the old one");
    said.store(new.port(), Ordering::SeqCst);
    assert!(put(&cache).await);
    let mut there = redis::cmd("HEXISTS");
    there.arg("gateway:group:group").arg("field");
    let there: bool = there
        .query_async(&mut new.connection().await)
        .await
        .unwrap();
    assert!(there, "the new master has it");
}

#[tokio::test]
async fn a_dead_sentinel_and_one_that_knows_nothing_do_not_matter() {
    let (master, mut dead) = (Redis::start().await, Redis::start().await);
    let ignorant = Sentinel::start("another", &master).await;
    let knowing = Sentinel::start("gateway", &master).await;
    dead.kill().await;
    let sentinels = [&dead.url(), &ignorant.url(), &knowing.url()];
    let settings = settings_of(&sentinels.map(String::as_str));
    assert!(put(&Cache::redis(&settings).await.unwrap()).await);
    let settings = settings_of(&[&ignorant.url()]);
    assert!(Cache::redis(&settings).await.is_err());
}

/// A sentinel that names whichever port it is told to.
async fn says(port: &Arc<AtomicU16>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("redis://{}", listener.local_addr().unwrap());
    let port = Arc::clone(port);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let port = Arc::clone(&port);
            tokio::spawn(async move {
                let mut question = [0; 1024];
                while stream.read(&mut question).await.is_ok_and(|read| read > 0) {
                    let port = port.load(Ordering::SeqCst).to_string();
                    let length = port.len();
                    let answer = format!("*2\r\n$9\r\n127.0.0.1\r\n${length}\r\n{port}\r\n");
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    address
}
