//! What is newer: a notice that ends grants, an answer that says something else.

use simulator::pci::{Knobs, Transport};
use toml::Table;

use super::super::notices::{self, WIDER_INCOME, add_version_2, own};
use super::*;

/// Another replica over the same database.
async fn another(world: &World) -> Gateway {
    let second = clock::World {
        clock: world.clock.clone(),
        entropy: Arc::new(SystemEntropy::default()),
    };
    Gateway::look(&world.config, second).await.unwrap()
}

/// A person whose profile the folder has.
async fn read(world: &World, key: &str) {
    let citizen = world.willing(key).await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
}

/// The events of a kind.
fn of_kind(taken: &[Taken], kind: &str) -> Vec<Taken> {
    let of_kind = taken.iter().filter(|one| one.kind() == kind);
    of_kind.cloned().collect()
}

fn products(taken: &Taken) -> Vec<String> {
    let items = taken.event()["items"].as_array().unwrap().clone();
    items.iter().map(|one| text(one, "product")).collect()
}

const INVALIDATED: &str = "consent-invalidated";
const CHANGED: &str = "profile-changed";

#[tokio::test]
async fn con_13_those_who_hold_data_learn_once_which_grants_a_newer_notice_ended_and_nobody_else() {
    let files = tempfile::tempdir().unwrap();
    let section = Table::from_iter([("consent".to_owned(), own(files.path()).into())]);
    let mut told = Told::over(false, section).await;
    read(&told.world, "marta").await;
    // Joan's data went nowhere; what was handed over of Josep he took back.
    told.world.willing("joan").await;
    read(&told.world, "josep").await;
    let josep = told.world.citizen("josep").await;
    josep.revoke_all(PURPOSE).await.unwrap();
    told.world.willing("josep").await;
    add_version_2(files.path(), &[WIDER_INCOME]);
    told.world.stop().await;
    told.world.reopen().await;
    let world = &told.world;
    let second = another(world).await;
    let look = async || {
        let (one, two) = (&world.app().events, &second.app().events);
        let (a, b, c) = tokio::join!(one.lapse(), two.lapse(), one.lapse());
        a.unwrap() + b.unwrap() + c.unwrap()
    };
    assert_eq!(look().await, 0, "files change nothing");
    notices::publish(world, 2).await;
    assert_eq!(look().await, 3, "one item of each");
    assert_eq!(look().await, 0);
    told.delivered().await;
    told.nothing_refused();
    let effective = "SELECT MAX(effective_at) FROM notice_publication";
    let effective = world.number(effective).await / 1_000_000;
    for receiver in [&told.folder, &told.recommender] {
        let taken = receiver.taken();
        in_order(&taken);
        let ended = of_kind(&taken, INVALIDATED);
        assert_eq!(ended.len(), 1, "{:?}", kinds(&taken));
        let event = ended[0].event();
        assert_eq!(products(&ended[0]), [C4]);
        assert_eq!(event["action"], "stop_use");
        assert_eq!(event["reason"], "notice_replaced");
        assert_eq!(ended[0].claims["toe"], effective);
        assert_eq!(ended[0].subject(), taken[0].subject(), "Marta came first");
    }
    let citizen = world.citizen("marta").await;
    let mine = item(&citizen, C4).await;
    let ended = of_kind(&told.folder.taken(), INVALIDATED);
    assert_eq!(ended[0].event()["items"][0]["item"], mine);

    // People see who knows; of Joan nobody has anything.
    let known = citizen.recipients(PURPOSE).await.unwrap();
    assert_eq!(states(&known), all("acknowledged"));
    let joan = world.citizen("joan").await;
    assert_eq!(joan.recipients(PURPOSE).await.unwrap(), [Value::Null; 0]);

    // What ended does not end again; the rest does.
    world.later(Duration::from_hours(24 * 370)).await;
    assert_eq!(look().await, 3 * 4);
    told.delivered().await;
    let expired = of_kind(&told.folder.taken(), "consent-expired");
    assert_eq!(expired.len(), 3);
    assert!(
        expired
            .iter()
            .all(|one| !products(one).contains(&C4.to_owned()))
    );
    let twice = "SELECT count(*) FROM (SELECT seq FROM consent_lapse WHERE what <> 'expiring'
                 GROUP BY subject, seq HAVING count(*) > 1) AS twice";
    assert_eq!(world.number(twice).await, 0);
}

#[tokio::test]
async fn a_grant_that_a_newer_notice_ended_is_said_to_have_ended_where_nobody_listens_too() {
    let files = tempfile::tempdir().unwrap();
    let mut world = World::with(Setup {
        over: Table::from_iter([("consent".to_owned(), own(files.path()).into())]),
        ..Setup::default()
    })
    .await;
    read(&world, "marta").await;
    add_version_2(files.path(), &[WIDER_INCOME]);
    world.stop().await;
    world.reopen().await;
    notices::publish(&world, 2).await;
    assert_eq!(world.app().events.lapse().await.unwrap(), 1);
    assert_eq!(world.number("SELECT count(*) FROM event_outbox").await, 0);
    let citizen = world.citizen("marta").await;
    let known = citizen.recipients(PURPOSE).await.unwrap();
    assert_eq!(states(&known), all("not_connected"));
}

/// The tax agency has not got the newest year, once: the answer is about the year before.
fn a_year_less() -> Knobs {
    Knobs {
        product_code: Some("1010".to_owned()),
        times: Some(1),
        ..Knobs::default()
    }
}

#[tokio::test]
async fn who_holds_a_profile_is_told_once_when_another_is_handed_one_that_says_something_else() {
    let told = Told::start().await;
    let world = &told.world;
    read(world, "marta").await;
    let other = world.other_folder(SHOWING_CLIENT);
    let other = other.citizen(world.person("marta")).await.unwrap();
    world.turn(C4, a_year_less());
    let job = text(&fetched(&other).await, "job");
    let newer = other.profile(&job).await.unwrap();
    for _ in 0..2 {
        other.profile(&job).await.unwrap();
    }
    told.delivered().await;
    told.nothing_refused();
    for receiver in [&told.folder, &told.recommender] {
        let taken = receiver.taken();
        in_order(&taken);
        assert_eq!(kinds(&taken), ["consent-granted", CHANGED]);
        assert_eq!(products(&taken[1]), [C4]);
        assert_eq!(taken[1].event().get("action"), None);
        let cents = newer["income"]["annual"]["value"]["cents"]
            .as_i64()
            .unwrap();
        let claims = taken[1].claims.to_string();
        assert!(!claims.contains(&cents.to_string()), "{claims}");
    }
    // Nothing that could be compared is left once consent is taken back.
    let held = "SELECT count(*) FROM handed_over";
    assert!(world.number(held).await > 0);
    let citizen = world.citizen("marta").await;
    citizen.revoke_all(PURPOSE).await.unwrap();
    assert_eq!(world.number(held).await, 0);
}

#[tokio::test]
async fn nobody_is_told_of_a_profile_that_says_the_same_at_another_time_or_by_fewer_sources() {
    let told = Told::start().await;
    let world = &told.world;
    read(world, "marta").await;
    world.later(Duration::from_secs(5)).await;
    let other = world.other_folder(SHOWING_CLIENT);
    let other = other.citizen(world.person("marta")).await.unwrap();
    world.turn(WORK, broken(Transport::BadGateway));
    let job = text(&fetched(&other).await, "job");
    let profile = other.profile(&job).await.unwrap();
    assert_eq!(profile["work"]["in_work"], json!({"gap": "not_answering"}));
    // The same answers, told to another audience.
    other.own_profile(&job).await.unwrap();
    // And one's own newer profile is no news.
    world.turn(C4, a_year_less());
    world.forget("marta").await;
    let citizen = world.citizen("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    told.delivered().await;
    told.nothing_refused();
    assert_eq!(kinds(&told.folder.taken()), ["consent-granted"]);
}
