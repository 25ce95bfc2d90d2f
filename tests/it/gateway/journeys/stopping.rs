//! The gateway stops: as it is told to, or from one moment to the next.

use simulator::ambient::send;
use simulator::pci::Transport;

use super::super::*;

#[tokio::test]
async fn a_killed_gateway_leaves_no_open_job_and_no_open_intent_behind() {
    let mut world = World::with(Setup {
        killable: true,
        ..Setup::default()
    })
    .await;
    let citizen = world.willing("marta").await;
    world.turn(WORK, broken(Transport::Hang));
    let job = started(&citizen).await;
    world
        .until("SELECT count(*) FROM exchange_outcome", 3)
        .await;
    world.until_sent(WORK, 1).await;
    world.kill().await;
    let sent = world.sent();

    world.reopen().await;
    // Where others may answer beside it, the dead one is gone once its lease has run out.
    world.clock.advance(Duration::from_secs(10));
    world
        .until("SELECT count(*) FROM job WHERE state = 'running'", 0)
        .await;
    let citizen = world.citizen("marta").await;
    let ended = citizen.job(&job).await.unwrap();
    assert_eq!(ended["state"], "interrupted");
    assert_eq!(ended.get("profile"), None);
    let interrupted = "SELECT count(*) FROM log_entry WHERE kind = 'job-interrupted'";
    assert_eq!(world.number(interrupted).await, 1);
    let exchanges = citizen.exchanges().await.unwrap();
    let open = exchanges.iter().find(|one| one["product"] == WORK).unwrap();
    assert_eq!(open["result"], "abandoned");
    assert_eq!(open["used"], false);
    assert_eq!(slug(citizen.profile(&job).await), "gone");
    assert_eq!(world.sent(), sent, "starting again asks nobody");
    assert!(world.app().log.audit_self().await.unwrap().holds());

    world.outside.platform.controls.reset();
    assert_eq!(source(&fetched(&citizen).await, WORK).0, "received");
}

#[tokio::test]
async fn a_gateway_that_is_told_to_stop_lets_its_fetches_end() {
    let mut world = World::start().await;
    let citizen = world.willing("marta").await;
    world.outside.platform.controls.everywhere(late(300));
    let job = started(&citizen).await;
    world.stop().await;
    world.reopen().await;
    let citizen = world.citizen("marta").await;
    assert_eq!(citizen.job(&job).await.unwrap()["state"], "finished");
    assert_eq!(
        world
            .number("SELECT count(*) FROM exchange_outcome WHERE used = 1")
            .await,
        4
    );
    let profile = citizen.profile(&job).await;
    if world.app().cache.is_shared() {
        profile.unwrap();
    } else {
        assert_eq!(slug(profile), "gone", "what memory kept went with it");
    }
}

#[tokio::test]
async fn a_gateway_that_is_told_to_stop_says_so_while_it_still_answers_and_then_closes() {
    let mut world = World::with(Setup {
        stop_after_s: 1,
        ..Setup::default()
    })
    .await;
    let http = http_client().unwrap();
    let ask = async |path: &str| send(http.get(format!("{}{path}", world.url))).await;
    let ready = ask("/health/ready").await.unwrap();
    assert_eq!(ready.status(), 200);
    assert_eq!(ready.headers().get("connection"), None);
    assert_eq!(
        ready.json::<Value>().await.unwrap(),
        json!({"status": "ok"})
    );

    world.tell_to_stop();
    patiently(async || ask("/health/ready").await.unwrap().status() == 503).await;
    let leaving = ask("/health/ready").await.unwrap();
    assert_eq!(leaving.headers()["connection"], "close");
    let problem: Value = leaving.json().await.unwrap();
    assert_eq!(problem["not_ready"], json!(["stopping"]));
    let live = ask("/health/live").await.unwrap();
    assert_eq!(
        (live.status().as_u16(), &live.headers()["connection"]),
        (200, &"close".parse().unwrap())
    );
    patiently(async || {
        ask("/health/live")
            .await
            .is_err_and(|error| error.is_connect())
    })
    .await;
    world.stop().await;
}
