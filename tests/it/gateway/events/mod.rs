//! Those who hold data learn what people decide, and people see who knows.

mod ends;
mod newer;
mod parked;
mod seen;

use std::collections::{BTreeMap, BTreeSet};

use interop_gateway::store::keyring::secret_file;
use simulator::receiver::{Mood, Receiver, Taken};

use super::*;

/// The recipient that the purpose names.
const RECOMMENDER: &str = "social-aid-recommender";

/// A world in which the folder, and the recommender behind it, are told.
struct Told {
    world: World,
    folder: Receiver,
    recommender: Receiver,
    /// The folder's bearer token, which a gateway that starts again reads again.
    _secrets: TempDir,
}

/// A section with these receivers: id, recipient, receiver, further lines.
fn section(receivers: &[(&str, &Receiver, String)]) -> toml::Table {
    let tables = receivers.iter().map(|(recipient, receiver, more)| {
        format!(
            "[[events.receivers]]\nid = \"{recipient}\"\nrecipient = \"{recipient}\"\n\
             body = \"ajuntament-de-prova\"\nendpoint = \"{}\"\naudience = \"{recipient}\"\n{more}\n",
            receiver.url()
        )
    });
    tables.collect::<String>().parse().unwrap()
}

impl Told {
    async fn start() -> Self {
        Self::with(false).await
    }

    async fn with(killable: bool) -> Self {
        Self::over(killable, toml::Table::new()).await
    }

    async fn over(killable: bool, more: toml::Table) -> Self {
        let folder = Receiver::start("el-meu-espai", Some("a-bearer-token")).await;
        let recommender = Receiver::start(RECOMMENDER, None).await;
        let (folder, recommender) = (folder.unwrap(), recommender.unwrap());
        let secrets = tempfile::tempdir().unwrap();
        let token = secrets.path().join("token");
        secret_file::create(&token, b"a-bearer-token\n").unwrap();
        let mut over = section(&[
            ("el-meu-espai", &folder, format!("token_file = {token:?}")),
            (RECOMMENDER, &recommender, String::new()),
        ]);
        over.extend(more);
        let world = World::with(Setup {
            killable,
            over,
            ..Setup::default()
        })
        .await;
        folder.trust(&world.url);
        recommender.trust(&world.url);
        Self {
            world,
            folder,
            recommender,
            _secrets: secrets,
        }
    }

    /// Waits until nothing is on its way, moving the clock so that what failed is tried again.
    async fn delivered(&self) {
        for _ in 0..40 {
            if self.pending().await == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(250)).await;
            self.world.later(Duration::from_mins(16)).await;
        }
        panic!("{} events are still on their way", self.pending().await);
    }

    async fn pending(&self) -> i64 {
        self.world.number(PENDING).await
    }

    fn nothing_refused(&self) {
        assert_eq!(self.folder.refusals(), [""; 0]);
        assert_eq!(self.recommender.refusals(), [""; 0]);
    }
}

const PENDING: &str = "SELECT count(*) FROM event_delivery WHERE state = 'pending'";

fn kinds(taken: &[Taken]) -> Vec<String> {
    taken.iter().map(Taken::kind).collect()
}

/// Each recipient's state in a reply.
fn states(recipients: &[Value]) -> BTreeMap<String, String> {
    let states = recipients
        .iter()
        .map(|one| (text(one, "recipient"), text(one, "state")));
    states.collect()
}

fn all(state: &str) -> BTreeMap<String, String> {
    let names = ["el-meu-espai", RECOMMENDER];
    names.map(|name| (name.to_owned(), state.to_owned())).into()
}

/// Numbers per person: each begins with 1 and has no gap.
fn in_order(taken: &[Taken]) {
    let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
    for one in taken {
        let newest = newest.entry(one.subject()).or_insert(0);
        *newest += 1;
        assert_eq!(one.event()["number"], *newest, "{:?}", one.claims);
    }
}

#[tokio::test]
async fn rev_07_a_grant_and_a_withdrawal_reach_those_who_have_data_and_are_acknowledged() {
    let told = Told::start().await;
    let world = &told.world;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    let item = item(&citizen, C4).await;
    citizen.withdraw(&item).await.unwrap();
    told.delivered().await;
    told.nothing_refused();
    for receiver in [&told.folder, &told.recommender] {
        let taken = receiver.taken();
        assert_eq!(kinds(&taken), ["consent-granted", "consent-revoked"]);
        in_order(&taken);
        let granted = taken[0].event();
        assert_eq!(granted["items"].as_array().unwrap().len(), 5);
        assert_eq!(granted.get("action"), None);
        let revoked = taken[1].event();
        assert_eq!(revoked["action"], "erase");
        assert_eq!(revoked["purpose"], PURPOSE);
        assert_eq!(revoked["items"].as_array().unwrap().len(), 1);
        assert_eq!(revoked["items"][0]["product"], C4);
        assert_eq!(revoked["epoch"], 2);
    }
    assert_eq!(told.folder.taken()[1].event()["items"][0]["item"], item);
    let citizen = world.citizen("marta").await;
    let recipients = citizen.recipients(PURPOSE).await.unwrap();
    assert_eq!(states(&recipients), all("acknowledged"));
    for recipient in &recipients {
        assert!(recipient["acknowledged_at"].is_string(), "{recipient}");
    }
    assert_eq!(recipients[1]["via"], "el-meu-espai");
}

#[tokio::test]
async fn rev_07_a_receiver_that_was_down_learns_of_everything_once_it_is_back_in_each_persons_order()
 {
    let told = Told::start().await;
    let world = &told.world;
    told.folder.behave(Mood::Down);
    for key in ["marta", "joan"] {
        let citizen = world.willing(key).await;
        let began = std::time::Instant::now();
        citizen.revoke_all(PURPOSE).await.unwrap();
        assert!(
            began.elapsed() < Duration::from_secs(5),
            "nobody waits for delivery"
        );
        decide_all(&citizen, Decision::Grant).await;
        decide_all(&citizen, Decision::Refuse).await;
    }
    patiently(async || told.folder.attempts() >= 2).await;
    assert_eq!(told.folder.taken().len(), 0);
    world.later(Duration::from_hours(1)).await;
    told.folder.behave(Mood::Strict);
    told.delivered().await;
    told.nothing_refused();
    let taken = told.folder.taken();
    in_order(&taken);
    let people: BTreeSet<_> = taken.iter().map(Taken::subject).collect();
    assert_eq!(people.len(), 2);
    for person in people {
        let theirs = taken.iter().filter(|one| one.subject() == person);
        let kinds: Vec<_> = theirs.map(Taken::kind).collect();
        let (granted, revoked) = ("consent-granted", "consent-revoked");
        assert_eq!(kinds, [granted, revoked, granted, revoked]);
    }
}

#[tokio::test]
async fn con_16_a_no_to_what_was_never_granted_is_told_to_nobody() {
    let told = Told::start().await;
    let citizen = told.world.citizen("marta").await;
    decide_all(&citizen, Decision::Refuse).await;
    let staged = "SELECT count(*) FROM event_outbox";
    assert_eq!(told.world.number(staged).await, 0);
}

#[tokio::test]
async fn rev_07_a_refused_event_is_parked_and_the_persons_next_ones_go_on() {
    let told = Told::start().await;
    let world = &told.world;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    citizen.profile(&job).await.unwrap();
    told.delivered().await;
    told.folder.behave(Mood::Refusing("invalid_request"));
    let citizen = world.citizen("marta").await;
    citizen.revoke_all(PURPOSE).await.unwrap();
    let parked = "SELECT count(*) FROM event_delivery
                  WHERE state = 'refused' AND code = 'invalid_request'";
    world.until(parked, 1).await;
    told.delivered().await;
    told.folder.behave(Mood::Strict);
    world.willing("marta").await;
    told.delivered().await;
    let citizen = world.citizen("marta").await;
    let granted = "consent-granted";
    assert_eq!(kinds(&told.folder.taken()), [granted, granted]);
    let states = states(&citizen.recipients(PURPOSE).await.unwrap());
    assert_eq!(states["el-meu-espai"], "refused");
    assert_eq!(states[RECOMMENDER], "acknowledged");
}

#[tokio::test]
async fn rev_07_an_event_whose_acknowledgement_was_lost_comes_again_under_the_same_jti() {
    let told = Told::start().await;
    told.folder.behave(Mood::Forgetful);
    let citizen = told.world.willing("marta").await;
    citizen.revoke_all(PURPOSE).await.unwrap();
    patiently(async || told.folder.taken().len() == 1).await;
    told.folder.behave(Mood::Strict);
    told.delivered().await;
    told.nothing_refused();
    let taken = told.folder.taken();
    assert_eq!(kinds(&taken), ["consent-granted", "consent-revoked"]);
    assert!(
        taken[0].times >= 2,
        "the same, to the byte: the receiver compares"
    );
    assert_eq!(taken[1].times, 1);
}

#[tokio::test]
async fn rev_07_a_gateway_that_dies_before_it_reads_the_acknowledgement_sends_the_same_again() {
    let mut told = Told::with(true).await;
    told.folder.behave(Mood::Slow(60_000));
    let citizen = told.world.willing("marta").await;
    citizen.revoke_all(PURPOSE).await.unwrap();
    patiently(async || told.folder.taken().len() == 1).await;
    told.world.kill().await;
    told.folder.behave(Mood::Strict);
    told.world.reopen().await;
    told.delivered().await;
    told.nothing_refused();
    let taken = told.folder.taken();
    in_order(&taken);
    assert_eq!(kinds(&taken), ["consent-granted", "consent-revoked"]);
    // Taken before the gateway died, and again after: the receiver compares them to the byte.
    assert_eq!((taken[0].times, taken[1].times), (2, 1));
}

#[tokio::test]
async fn rev_07_two_gateways_over_one_database_never_deliver_out_of_order() {
    let told = Told::start().await;
    let world = &told.world;
    told.folder.behave(Mood::Slow(30));
    let second = clock::World {
        clock: world.clock.clone(),
        entropy: Arc::new(SystemEntropy::default()),
    };
    let second = Gateway::look(&world.config, second).await.unwrap();
    // It has no lease, and carries all the same: what a paused courier does.
    let rogue = second.app().events.clone();
    let stop = CancellationToken::new();
    let stopped = stop.clone();
    let carrying = tokio::spawn(async move {
        let mut carried = 0;
        while !stopped.is_cancelled() {
            carried += rogue.deliver().await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        carried
    });
    for key in ["marta", "joan", "josep"] {
        let citizen = world.citizen(key).await;
        for _ in 0..3 {
            decide_all(&citizen, Decision::Grant).await;
            citizen.revoke_all(PURPOSE).await.unwrap();
        }
    }
    told.delivered().await;
    stop.cancel();
    assert!(carrying.await.unwrap() > 0);
    told.nothing_refused();
    for receiver in [&told.folder, &told.recommender] {
        let taken = receiver.taken();
        assert_eq!(taken.len(), 18);
        in_order(&taken);
    }
}

#[tokio::test]
async fn an_event_holds_nothing_of_a_person_and_no_two_receivers_know_them_by_the_same_name() {
    let told = Told::start().await;
    let world = &told.world;
    let citizen = world.willing("marta").await;
    let job = text(&fetched(&citizen).await, "job");
    let profile = citizen.profile(&job).await.unwrap();
    citizen.revoke_all(PURPOSE).await.unwrap();
    told.delivered().await;
    let (folder, recommender) = (told.folder.taken(), told.recommender.taken());
    let marta = world.person("marta");
    let cents = profile["income"]["annual"]["value"]["cents"].as_i64();
    let mut secrets = vec![
        marta.document.clone(),
        marta.given_name.clone(),
        marta.surname1.clone(),
        cents.unwrap().to_string(),
        world.subject("marta").await.to_string(),
    ];
    let income = cents.unwrap() / 100;
    secrets.push(income.to_string());
    for taken in folder.iter().chain(&recommender) {
        let claims = taken.claims.to_string().to_lowercase();
        for secret in &secrets {
            assert!(
                !claims.contains(&secret.to_lowercase()),
                "{secret} in {claims}"
            );
        }
    }
    assert_ne!(folder[0].subject(), recommender[0].subject());
    let items = |taken: &Taken| -> BTreeSet<String> {
        let items = taken.event()["items"].as_array().unwrap().clone();
        items.iter().map(|one| text(one, "item")).collect()
    };
    assert!(items(&folder[0]).is_disjoint(&items(&recommender[0])));
    assert_eq!(items(&folder[0]), items(&folder[1]));
    assert_eq!(items(&recommender[0]), items(&recommender[1]));
    // Signed with a key of its own.
    let keys = citizen
        .client()
        .public("/.well-known/jwks.json")
        .await
        .unwrap()
        .json();
    let kids: BTreeSet<_> = keys["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| text(key, "kid"))
        .collect();
    assert_eq!(kids.len(), 3, "receipts, tokens, events");
}
