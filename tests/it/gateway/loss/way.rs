//! The ways to Redis that a configuration can name: TLS, a user with a password, Sentinel.

use interop_gateway::clock::World as Ambient;

use super::*;
use crate::servers::{Sentinel, Tls};

const PASSWORD: &str = "s3cret-of-the-cache";

/// Lets in nobody but `gateway`, who may do what `docs/configure.md` says.
async fn lock(redis: &Redis, tls: &Tls) {
    let certificates = redis::TlsCertificates {
        client_tls: None,
        root_cert: Some(tls.roots.clone().into_bytes()),
    };
    let client = redis::Client::build_with_tls(redis.url(), certificates).unwrap();
    let mut admin = client.get_multiplexed_async_connection().await.unwrap();
    let rights = "~gateway:* +@read +@write +@connection +evalsha +script|load +info";
    let mut user = redis::cmd("ACL");
    user.arg(&["SETUSER", "gateway", "on", &format!(">{PASSWORD}")]);
    user.arg(rights.split(' ').collect::<Vec<_>>());
    user.exec_async(&mut admin).await.unwrap();
    let mut others = redis::cmd("ACL");
    others.arg(&["SETUSER", "default", "off"]);
    others.exec_async(&mut admin).await.unwrap();
}

/// Why a gateway with the world's configuration does not start.
async fn refusal(world: &World) -> String {
    let opened = Gateway::look(&world.config, Ambient::real()).await;
    opened.expect_err("it starts").to_string()
}

#[tokio::test]
async fn a_gateway_reaches_redis_over_tls_as_a_user_whose_password_is_in_a_file() {
    install_crypto();
    let tls = Tls::new();
    let redis = Redis::start_tls(&tls).await;
    lock(&redis, &tls).await;
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("redis-roots.pem");
    std::fs::write(&roots, &tls.roots).unwrap();
    let mut cache = at(&redis.url());
    for (key, value) in [
        ("user", "gateway".to_owned()),
        ("password_file", secret(&folder, PASSWORD)),
        ("tls_roots", roots.display().to_string()),
    ] {
        cache.insert(key.to_owned(), value.into());
    }
    let (world, _postgres) = gateway(cache, Setup::default()).await;

    let citizen = world.willing("marta").await;
    assert_eq!(source(&fetched(&citizen).await, WORK).0, "received");
    let mut browser = Browser::new().unwrap();
    let inside = log_in(&world, &mut browser, "/exchanges").await;
    assert_eq!((inside.status, inside.url.path()), (200, "/exchanges"));

    secret(&folder, "wr0ng");
    let refusal = refusal(&world).await;
    assert!(refusal.contains("cache  "), "{refusal}");
    assert!(!refusal.contains("wr0ng"), "{refusal}");
}

#[tokio::test]
async fn a_gateway_does_not_start_while_its_redis_is_gone_and_says_so() {
    let mut town = Town::start().await;
    town.redis.kill().await;
    let refusal = refusal(&town.world).await;
    assert!(
        refusal.contains("cache  the cache did not answer"),
        "{refusal}"
    );
}

/// The copy has as many keys as the master.
async fn in_step(master: &Redis, replica: &Redis) {
    let size = async |server: &Redis| -> usize {
        let mut connection = server.connection().await;
        redis::cmd("DBSIZE")
            .query_async(&mut connection)
            .await
            .unwrap()
    };
    patiently(async || size(master).await == size(replica).await).await;
}

#[tokio::test]
async fn a_fail_over_amid_a_journey_ends_no_session_and_no_fetch_and_lets_no_old_proof_in() {
    let mut master = Redis::start().await;
    let replica = Redis::replica_of(&master).await;
    let sentinel = Sentinel::start("gateway", &master).await;
    let cache = Table::from_iter([
        ("sentinels".to_owned(), vec![sentinel.url()].into()),
        ("master".to_owned(), "gateway".into()),
    ]);
    let (world, _postgres) = gateway(cache, Setup::default()).await;
    let mut browser = Browser::new().unwrap();
    log_in(&world, &mut browser, "/notice").await;
    let citizen = world.willing("marta").await;
    let used = proof(&citizen);
    assert_eq!(me(&world, &citizen, &used).await, Said::let_in());
    world.turn(WORK, late(1000));
    let job = started(&citizen).await;
    in_step(&master, &replica).await;

    master.kill().await;
    assert_eq!(me_anew(&world, &citizen).await, Said::unavailable());
    let exchanges = format!("{}/exchanges", world.url);
    let page = browser.open(&exchanges).await.unwrap();
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    patiently(async || browser.open(&exchanges).await.unwrap().status == 200).await;
    assert_eq!(me(&world, &citizen, &used).await, Said::forgotten());

    world
        .until("SELECT count(*) FROM job WHERE state = 'finished'", 1)
        .await;
    let ended = citizen.job(&job).await.unwrap();
    assert_eq!(source(&ended, WORK).0, "received");
    let exchanges = citizen.exchanges().await.unwrap();
    assert!(exchanges.iter().all(|one| one["result"] == "ok"));
    assert!(world.app().log.audit_self().await.unwrap().holds());
}
