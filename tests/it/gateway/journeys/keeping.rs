//! Answers kept for minutes: who may rest on them, and who may not.

use super::super::*;

/// Fetches again and expects every answer to be that of an earlier fetch; gives the job.
async fn fetched_from_kept(world: &World, citizen: &CitizenApi) -> Value {
    let sent = world.sent();
    let job = fetched(citizen).await;
    assert_eq!(world.sent(), sent, "nothing left");
    for product in [C4, WORK, IDENTITY, REGISTER] {
        assert_eq!(source(&job, product), ("received", Some("kept")));
    }
    job
}

/// Fetches again and expects every source to be asked.
async fn fetched_anew(world: &World, citizen: &CitizenApi) -> Value {
    let sent = world.sent();
    let job = fetched(citizen).await;
    assert_eq!(world.sent(), sent + 4);
    job
}

#[tokio::test]
async fn a_second_fetch_rests_on_the_answers_of_the_first() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let first = text(&fetched_anew(&world, &citizen).await, "job");
    let second = text(&fetched_from_kept(&world, &citizen).await, "job");
    assert_ne!(first, second);

    let told = citizen.profile(&first).await.unwrap();
    let again = citizen.profile(&second).await.unwrap();
    assert_eq!(told, again, "when it was obtained included");
    let exchanges = world.number("SELECT count(*) FROM exchange_intent").await;
    assert_eq!(exchanges, 4);
    // Each time it leaves it is a release, and names the exchanges it rests on.
    let released = "SELECT count(*) FROM release_exchange";
    assert_eq!(world.number(released).await, 8);
}

#[tokio::test]
async fn answers_serve_a_new_fetch_for_the_first_half_of_their_time() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    fetched_anew(&world, &citizen).await;
    world.later(Duration::from_mins(7)).await;
    let citizen = world.citizen("marta").await;
    let job = text(&fetched_from_kept(&world, &citizen).await, "job");
    world.later(Duration::from_mins(1)).await;
    let citizen = world.citizen("marta").await;
    citizen.profile(&job).await.unwrap();
    let newer = text(&fetched_anew(&world, &citizen).await, "job");
    // Both rest on the same permission, so both now rest on the newer answers.
    let (job, newer) = (citizen.profile(&job).await, citizen.profile(&newer).await);
    assert_eq!(job.unwrap(), newer.unwrap());
}

#[tokio::test]
async fn newer_answers_do_not_keep_an_older_fetch_alive() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched_anew(&world, &citizen).await, "job");
    world.later(Duration::from_mins(14)).await;
    let citizen = world.citizen("marta").await;
    let newer = text(&fetched_anew(&world, &citizen).await, "job");
    world.later(Duration::from_mins(2)).await;
    let citizen = world.citizen("marta").await;
    assert_eq!(slug(citizen.profile(&job).await), "gone");
    citizen.profile(&newer).await.unwrap();
}

#[tokio::test]
async fn another_client_of_the_same_body_asks_for_itself() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched_anew(&world, &citizen).await, "job");
    let other = world.other_folder(SHOWING_CLIENT);
    let same = other.citizen(world.person("marta")).await.unwrap();
    assert_eq!(slug(same.profile(&job).await), "gone");
    let own = text(&fetched_anew(&world, &same).await, "job");
    same.profile(&own).await.unwrap();
    citizen.profile(&job).await.unwrap();
}

#[tokio::test]
async fn a_source_that_failed_is_asked_again_and_the_others_are_not() {
    let world = World::start().await;
    world.turn(WORK, broken(Transport::BadGateway));
    let citizen = world.willing("marta").await;
    let job = fetched(&citizen).await;
    assert_eq!(source(&job, WORK).0, "failed");
    world.outside.platform.controls.reset();
    let sent = world.sent();
    let job = fetched(&citizen).await;
    assert_eq!(world.sent(), sent + 1);
    assert_eq!(source(&job, WORK), ("received", Some("0001")));
    assert_eq!(source(&job, IDENTITY), ("received", Some("kept")));
    let profile = citizen.profile(&text(&job, "job")).await.unwrap();
    assert_eq!(profile["complete"], true);
}

#[tokio::test]
async fn rev_03_an_answer_outlives_no_decision_even_where_it_was_not_dropped() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let job = text(&fetched_anew(&world, &citizen).await, "job");
    // A refusal drops nothing from the cache, but nobody looks there any more.
    decide(&citizen, &[(WORK, Decision::Refuse)]).await;
    assert_eq!(slug(citizen.profile(&job).await), "gone");
    let sent = world.sent();
    let job = fetched(&citizen).await;
    assert_eq!(world.sent(), sent, "the others stand, and are kept");
    assert_eq!(source(&job, WORK), ("not_asked", None));
    let profile = citizen.own_profile(&text(&job, "job")).await.unwrap();
    assert_eq!(profile["work"]["in_work"], json!({"gap": "refused"}));

    decide(&citizen, &[(WORK, Decision::Grant)]).await;
    fetched(&citizen).await;
    assert_eq!(world.sent(), sent + 1, "asked under the new permission");
}

#[tokio::test]
async fn rev_03_a_withdrawal_drops_every_answer_of_the_person() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    let other = world.willing("joan").await;
    let job = text(&fetched_anew(&world, &citizen).await, "job");
    fetched_anew(&world, &other).await;
    citizen.withdraw(&item(&citizen, WORK).await).await.unwrap();
    assert_eq!(slug(citizen.profile(&job).await), "gone");
    let sent = world.sent();
    fetched(&citizen).await;
    assert_eq!(world.sent(), sent + 3, "all that may still be asked");
    fetched_from_kept(&world, &other).await;
}

#[tokio::test]
async fn whoever_waits_for_a_source_is_told_their_place_and_the_platform_sees_no_crowd() {
    let world = World::start().await;
    let citizen = world.willing("marta").await;
    world.turn(IDENTITY, late(1500));
    let mut jobs = Vec::new();
    for _ in 0..6 {
        jobs.push(started(&citizen).await);
    }
    world.until_sent(IDENTITY, 4).await;
    let mut places = Vec::new();
    while places.len() < 2 {
        places.clear();
        for job in &jobs {
            let view = citizen.job(job).await.unwrap();
            let sources = view["sources"].as_array().unwrap();
            let one = sources.iter().find(|one| one["product"] == IDENTITY);
            let one = one.unwrap();
            if one["state"] == "waiting" {
                places.extend(one["place"].as_u64()); // none before it is in the line
            } else {
                assert_eq!(one.get("place"), None);
            }
        }
    }
    places.sort_unstable();
    assert_eq!(places, [1, 2]);
    world
        .until("SELECT count(*) FROM job WHERE state = 'finished'", 6)
        .await;
    let recorder = &world.outside.platform.recorder;
    assert_eq!(
        (recorder.count(IDENTITY), recorder.most_at_once(IDENTITY)),
        (6, 4)
    );
    let last = citizen.job(&jobs[5]).await.unwrap();
    assert!(!last.to_string().contains("place"), "{last}");
}
