//! The servers do what the tests that use them rely on.

use std::io::ErrorKind;
use std::time::Duration;

use redis::AsyncCommands;
use simulator::ambient::install_crypto;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::{Cut, Postgres, Redis, Sentinel, Tls, run_sql, until};

/// Long enough for a reply on the loopback, were there one.
const A_MOMENT: Duration = Duration::from_millis(200);

const COUNT: &str = "SELECT count(*) FROM visit";

#[tokio::test]
async fn a_killed_postgresql_comes_back_with_what_was_committed() {
    let mut server = Postgres::start().await;
    server
        .sql("postgres", "CREATE TABLE visit (id BIGINT)")
        .await;
    server
        .sql("postgres", "INSERT INTO visit VALUES (1), (2)")
        .await;
    let url = server.url("postgres");
    server.kill().await;
    assert!(run_sql(&url, COUNT).await.is_err());
    server.restart().await;
    assert_eq!(run_sql(&url, COUNT).await.unwrap(), ["2"]);
}

#[tokio::test]
async fn a_paused_postgresql_keeps_a_question_and_answers_it_later() {
    let server = Postgres::start().await;
    let url = server.url("postgres");
    server.pause();
    let mut question = Box::pin(run_sql(&url, "SELECT 7"));
    assert!(timeout(A_MOMENT, &mut question).await.is_err());
    server.resume();
    assert_eq!(question.await.unwrap(), ["7"]);
}

#[tokio::test]
async fn a_promoted_standby_has_what_it_received_and_takes_more() {
    let mut primary = Postgres::start().await;
    primary
        .sql("postgres", "CREATE TABLE visit (id BIGINT)")
        .await;
    let mut standby = primary.standby().await;
    primary
        .sql("postgres", "INSERT INTO visit VALUES (1)")
        .await;
    standby.catch_up_with(&primary).await;
    primary.kill().await;
    standby.promote().await;
    standby
        .sql("postgres", "INSERT INTO visit VALUES (2)")
        .await;
    assert_eq!(standby.sql("postgres", COUNT).await, ["2"]);
}

#[tokio::test]
async fn a_standby_behind_a_cut_lacks_what_was_committed_since() {
    let primary = Postgres::start().await;
    primary
        .sql("postgres", "CREATE TABLE visit (id BIGINT)")
        .await;
    let mut network = Cut::before(primary.port());
    let standby = primary.standby_through(&network).await;
    standby.catch_up_with(&primary).await;
    network.cut().await;
    primary
        .sql("postgres", "INSERT INTO visit VALUES (1)")
        .await;
    assert_eq!(standby.sql("postgres", COUNT).await, ["0"]);
    network.heal();
    standby.catch_up_with(&primary).await;
    assert_eq!(standby.sql("postgres", COUNT).await, ["1"]);
}

#[tokio::test]
async fn postgresql_takes_settings_and_asks_for_passwords() {
    let server = Postgres::start_with(&[("fsync", "on")]).await;
    assert_eq!(server.sql("postgres", "SHOW fsync").await, ["on"]);
    let role = "CREATE ROLE anna LOGIN PASSWORD 'right'";
    server.sql("postgres", role).await;
    server.ask_passwords().await;
    let url = |password| {
        server
            .url("postgres")
            .replace("postgres@", &format!("anna:{password}@"))
    };
    assert!(run_sql(&url("wrong"), "SELECT 1").await.is_err());
    assert_eq!(run_sql(&url("right"), "SELECT 1").await.unwrap(), ["1"]);
}

#[tokio::test]
async fn postgresql_shows_a_certificate_that_only_its_authority_vouches_for() {
    let tls = Tls::new();
    let server = Postgres::start_tls(&tls).await;
    let folder = tempfile::tempdir().unwrap();
    let url = |roots: &Tls| {
        let file = folder.path().join("roots.pem");
        std::fs::write(&file, &roots.roots).unwrap();
        let url = server.url("postgres");
        format!("{url}?sslmode=verify-full&sslrootcert={}", file.display())
    };
    let question = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(run_sql(&url(&tls), question).await.unwrap(), ["t"]);
    assert!(run_sql(&url(&Tls::new()), question).await.is_err());
}

#[tokio::test]
async fn a_redis_that_was_killed_is_empty_when_it_is_back() {
    let mut server = Redis::start().await;
    let _: () = server.connection().await.set("key", "value").await.unwrap();
    server.kill().await;
    server.restart().await;
    let held: Option<String> = server.connection().await.get("key").await.unwrap();
    assert_eq!(held, None);
}

#[tokio::test]
async fn a_paused_redis_keeps_a_question_and_answers_it_later() {
    let server = Redis::start().await;
    let mut client = TcpStream::connect(("127.0.0.1", server.port()))
        .await
        .unwrap();
    server.pause();
    client.write_all(b"PING\r\n").await.unwrap();
    let mut reply = [0; 7];
    assert!(
        timeout(A_MOMENT, client.read_exact(&mut reply))
            .await
            .is_err()
    );
    server.resume();
    client.read_exact(&mut reply).await.unwrap();
    assert_eq!(&reply, b"+PONG\r\n");
}

#[tokio::test]
async fn redis_shows_a_certificate_that_only_its_authority_vouches_for() {
    install_crypto();
    let tls = Tls::new();
    let server = Redis::start_tls(&tls).await;
    let ping = async |roots: &Tls| {
        let certificates = redis::TlsCertificates {
            client_tls: None,
            root_cert: Some(roots.roots.clone().into_bytes()),
        };
        let client = redis::Client::build_with_tls(server.url(), certificates)?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        redis::cmd("PING")
            .query_async::<String>(&mut connection)
            .await
    };
    assert_eq!(ping(&tls).await.unwrap(), "PONG");
    assert!(ping(&Tls::new()).await.is_err());
}

#[tokio::test]
async fn sentinel_makes_the_replica_master_and_tells_its_address() {
    let mut primary = Redis::start().await;
    let replica = Redis::replica_of(&primary).await;
    let sentinel = Sentinel::start("gateway", &primary).await;
    assert_eq!(sentinel.master_port().await, primary.port());
    primary.kill().await;
    until("the replica is master", async || {
        sentinel.master_port().await == replica.port()
    })
    .await;
    until("it takes writes", async || {
        let set = redis::cmd("SET").arg(&["key", "value"]).to_owned();
        let mut connection = replica.connection().await;
        set.query_async::<()>(&mut connection).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_cut_network_drops_what_is_connected_and_refuses_until_it_heals() {
    let mut network = Cut::before(echo().await);
    let mut before = connect(&network).await.unwrap();
    assert!(answers(&mut before).await);
    network.cut().await;
    assert_eq!(before.read(&mut [0]).await.unwrap_or(0), 0);
    let refused = connect(&network).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    network.heal();
    assert!(answers(&mut connect(&network).await.unwrap()).await);
}

#[tokio::test]
async fn a_stalled_network_holds_bytes_back_until_it_heals() {
    let mut network = Cut::before(echo().await);
    let mut before = connect(&network).await.unwrap();
    assert!(answers(&mut before).await);
    network.stall();
    let mut meanwhile = connect(&network).await.unwrap();
    assert!(!answers(&mut before).await);
    assert!(!answers(&mut meanwhile).await);
    network.heal();
    assert_eq!(before.read_u8().await.unwrap(), b'?');
    assert_eq!(meanwhile.read_u8().await.unwrap(), b'?');
}

#[tokio::test]
async fn stalled_replies_hide_that_a_statement_took_effect() {
    let server = Redis::start().await;
    let network = Cut::before(server.port());
    let mut client = connect(&network).await.unwrap();
    network.stall_replies();
    client.write_all(b"SET key value\r\n").await.unwrap();
    let mut direct = server.connection().await;
    until("the statement took effect", async || {
        direct.exists("key").await.unwrap()
    })
    .await;
    assert!(timeout(A_MOMENT, client.read_u8()).await.is_err());
}

#[tokio::test]
async fn a_network_led_elsewhere_takes_new_connections_there() {
    let (old, new) = (Redis::start().await, Redis::start().await);
    let network = Cut::before(old.port());
    network.lead_to(new.port());
    let mut client = connect(&network).await.unwrap();
    client.write_all(b"SET key value\r\n").await.unwrap();
    client.read_u8().await.unwrap();
    assert!(
        new.connection()
            .await
            .exists::<_, bool>("key")
            .await
            .unwrap()
    );
}

/// Says back what it hears.
async fn echo() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut from, mut to) = stream.into_split();
                tokio::io::copy(&mut from, &mut to).await
            });
        }
    });
    port
}

async fn connect(network: &Cut) -> std::io::Result<TcpStream> {
    TcpStream::connect(("127.0.0.1", network.port())).await
}

/// Whether a byte comes back.
async fn answers(stream: &mut TcpStream) -> bool {
    stream.write_all(b"?").await.unwrap();
    timeout(A_MOMENT, stream.read_u8())
        .await
        .is_ok_and(|read| read.is_ok())
}
