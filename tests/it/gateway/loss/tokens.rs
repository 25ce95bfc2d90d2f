//! Programs: their tokens, their proofs, and how often they may call.

use simulator::folder::TokenRequest;

use super::*;

/// A token request of its own, but for one field.
fn with(world: &World, other: &TokenRequest, field: &str) -> TokenRequest {
    let client = world.folder.client();
    let mut request = client.exchange_request(world.person("marta"), &Bent::default());
    for (name, value) in &mut request.form {
        if *name == field {
            let same = other.form.iter().find(|(name, _)| *name == field);
            value.clone_from(&same.unwrap().1);
        }
    }
    request
}

/// Tokens come, and what was used for one is refused for another.
async fn used_once(world: &World, requests: &[&TokenRequest]) {
    for request in requests {
        for (field, error) in [
            ("client_assertion", "invalid_client"),
            ("subject_token", "invalid_request"),
        ] {
            let again = with(world, request, field);
            let refused = world.folder.client().redeem(&again).await;
            assert_eq!(slug(refused), error, "{field}");
        }
    }
}

#[tokio::test]
async fn tokens_are_issued_and_assertions_used_once_whether_redis_is_there_or_gone() {
    let mut town = Town::start().await;
    let client = town.world.folder.client().clone();
    let request = || client.exchange_request(town.world.person("marta"), &Bent::default());
    let (before, meanwhile) = (request(), request());
    client.redeem(&before).await.unwrap();
    town.redis.kill().await;
    client.redeem(&meanwhile).await.unwrap();
    used_once(&town.world, &[&before, &meanwhile]).await;
    town.redis.restart().await;
    used_once(&town.world, &[&before, &meanwhile]).await;
}

#[tokio::test]
async fn while_redis_is_gone_no_call_is_let_in_unchecked_and_nothing_is_done() {
    let mut town = Town::start().await;
    let citizen = town.world.willing("marta").await;
    let unused = proof(&citizen);
    let stored = town.world.stored().await;
    town.redis.kill().await;
    assert_eq!(
        me(&town.world, &citizen, &unused).await,
        Said::unavailable()
    );
    let all = json!({"purpose": PURPOSE});
    let refused = citizen.post("/v1/me/consents/revoke-all", &all).await;
    assert_eq!(refused.unwrap().status, 503);
    assert_eq!(town.world.stored().await, stored);

    town.redis.restart().await;
    assert_eq!(me(&town.world, &citizen, &unused).await, Said::forgotten());
    citizen.revoke_all(PURPOSE).await.unwrap();
}

#[tokio::test]
async fn a_proof_used_before_redis_lost_its_memory_is_never_let_in_again() {
    let mut town = Town::start().await;
    let citizen = town.world.citizen("marta").await;
    let used = proof(&citizen);
    assert_eq!(me(&town.world, &citizen, &used).await, Said::let_in());
    assert_eq!(me(&town.world, &citizen, &used).await, Said::replayed());
    town.empty().await;
    assert_eq!(me(&town.world, &citizen, &used).await, Said::forgotten());
    town.world.clock.advance(Duration::from_secs(1));
    assert_eq!(me_anew(&town.world, &citizen).await, Said::let_in());
    assert_eq!(me(&town.world, &citizen, &used).await, Said::forgotten());
}

#[tokio::test]
async fn a_silent_redis_costs_a_caller_three_seconds_at_most_and_keeps_its_memory() {
    let town = Town::start().await;
    let world = &town.world;
    let citizen = world.citizen("marta").await;
    let used = proof(&citizen);
    assert_eq!(me(world, &citizen, &used).await, Said::let_in());
    town.redis.pause();
    for _ in 0..2 {
        let said = soon(me_anew(world, &citizen)).await;
        assert_eq!(said, Said::unavailable());
    }
    soon(world.folder.citizen(world.person("marta")))
        .await
        .unwrap();
    town.redis.resume();
    patiently(async || me_anew(world, &citizen).await == Said::let_in()).await;
    assert_eq!(me(world, &citizen, &used).await, Said::replayed());
}

#[tokio::test]
async fn a_cut_network_is_as_bad_as_a_lost_redis_and_takes_nothing_from_its_memory() {
    let redis = Redis::start().await;
    let mut network = Cut::before(redis.port());
    let (world, _postgres) = gateway(at(&through(&network)), Setup::default()).await;
    let citizen = world.citizen("marta").await;
    let used = proof(&citizen);
    assert_eq!(me(&world, &citizen, &used).await, Said::let_in());
    network.cut().await;
    assert_eq!(me_anew(&world, &citizen).await, Said::unavailable());
    network.heal();
    assert_eq!(me(&world, &citizen, &used).await, Said::replayed());
    assert_eq!(me_anew(&world, &citizen).await, Said::let_in());
}

/// Three tokens asked for; how many came, and that too many is said with a time.
async fn tokens(world: &World) -> usize {
    let mut came = 0;
    for _ in 0..3 {
        match world.folder.citizen(world.person("marta")).await {
            Ok(_) => came += 1,
            Err(error) => {
                let problem = error.problem().expect("a refusal");
                assert_eq!(problem.status, 429, "{problem}");
                assert!(problem.headers.contains_key("retry-after"));
            }
        }
    }
    came
}

#[tokio::test]
async fn while_redis_is_gone_a_replica_counts_callers_for_itself_and_still_refuses_too_many() {
    let rates: Table = "client = { burst = 2, per_minute = 1 }".parse().unwrap();
    let mut setup = Setup::default();
    setup.over.insert("rates".to_owned(), rates.into());
    let mut town = Town::with(setup).await;
    assert_eq!(tokens(&town.world).await, 2);
    town.redis.kill().await;
    assert_eq!(tokens(&town.world).await, 2, "it begins anew");
    town.redis.restart().await;
    assert_eq!(tokens(&town.world).await, 2, "so does an empty Redis");
    assert_eq!(tokens(&town.world).await, 0);
}
