//! What time brings: grants end, deliveries are forgotten.

use super::*;

#[tokio::test]
async fn a_grant_is_said_to_expire_once_and_to_have_expired_once_however_many_look() {
    let told = Told::start().await;
    let world = &told.world;
    world.willing("marta").await;
    told.delivered().await;
    let second = clock::World {
        clock: world.clock.clone(),
        entropy: Arc::new(SystemEntropy::default()),
    };
    let second = Gateway::look(&world.config, second).await.unwrap();
    let look = async || {
        let (one, two) = (&world.app().events, &second.app().events);
        let (a, b, c) = tokio::join!(one.lapse(), two.lapse(), one.lapse());
        a.unwrap() + b.unwrap() + c.unwrap()
    };
    assert_eq!(look().await, 0, "nothing ends for eleven months");
    world.later(Duration::from_hours(24 * 340)).await;
    assert_eq!(look().await, 5);
    assert_eq!(look().await, 0);
    world.later(Duration::from_hours(24 * 26)).await;
    assert_eq!(look().await, 5);
    assert_eq!(look().await, 0);
    told.delivered().await;
    told.nothing_refused();
    for receiver in [&told.folder, &told.recommender] {
        let taken = receiver.taken();
        let expected = ["consent-granted", "consent-expiring", "consent-expired"];
        assert_eq!(kinds(&taken), expected);
        assert_eq!(taken[1].event().get("action"), None);
        assert_eq!(taken[2].event()["action"], "stop_use");
        assert_eq!(taken[2].event()["items"].as_array().unwrap().len(), 5);
        assert_eq!(
            taken[1].claims["toe"], taken[2].claims["toe"],
            "the end itself"
        );
    }
    let entries = "SELECT count(*) FROM log_entry WHERE kind = 'consent-expired'";
    assert_eq!(world.number(entries).await, 1);

    // Nothing renews by itself, whatever was delivered.
    let citizen = world.citizen("marta").await;
    for item in citizen.consents(PURPOSE).await.unwrap() {
        assert_eq!(item["state"], "expired", "{item}");
    }
    assert_eq!(
        slug(citizen.fetch_profile(PURPOSE).await),
        "consent-required"
    );
    // Given anew, it is another grant, and the old one's end is not told again.
    decide_all(&citizen, Decision::Grant).await;
    assert_eq!(look().await, 0);
}

#[tokio::test]
async fn an_expired_grant_is_told_of_even_where_nobody_listens() {
    let world = World::start().await;
    world.willing("marta").await;
    world.later(Duration::from_hours(24 * 370)).await;
    assert_eq!(world.app().events.lapse().await.unwrap(), 5);
    let lapses = "SELECT count(*) FROM consent_lapse";
    assert_eq!(
        world.number(lapses).await,
        5,
        "and no word of the end that came near"
    );
    let entries = "SELECT count(*) FROM log_entry WHERE kind = 'consent-expired'";
    assert_eq!(world.number(entries).await, 1);
    assert_eq!(world.number("SELECT count(*) FROM event_outbox").await, 0);
}

#[tokio::test]
async fn a_delivery_is_forgotten_some_time_after_and_people_still_see_that_it_was_acknowledged() {
    let told = Told::start().await;
    let world = &told.world;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    citizen.revoke_all(PURPOSE).await.unwrap();
    told.delivered().await;
    assert_eq!(world.app().events.sweep().await.unwrap(), 0);
    world.later(Duration::from_hours(24 * 367)).await;
    assert_eq!(world.app().events.sweep().await.unwrap(), 4);
    let citizen = world.citizen("marta").await;
    let recipients = citizen.recipients(PURPOSE).await.unwrap();
    assert_eq!(states(&recipients), all("acknowledged"));
    assert_eq!(recipients[0].get("acknowledged_at"), None);
}
