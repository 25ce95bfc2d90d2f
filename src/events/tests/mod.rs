//! The outbox and its couriers' statements on a real database, without anybody to send to.

mod handed;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use serde_json::Value;

use super::parked::Resend;
use super::set::{Addressee, Event, Pen, type_uri};
use super::store;
use crate::audit::LogSigner;
use crate::citizen::{ItemId, SubjectId};
use crate::clock::{SystemEntropy, World};
use crate::identity::PairwiseKey;
use crate::identity::jwt::Signer;
use crate::store::outbox::{EventKind, News, NewsItem, Outbox, Route};
use crate::store::testing::{self, Hands};
use crate::store::{Db, Schema};

const RECEIVER: &str = "folder";

fn route(receiver: &str, kinds: impl IntoIterator<Item = EventKind>) -> Route {
    Route {
        receiver: receiver.to_owned(),
        recipient: receiver.to_owned(),
        body: "prova".parse().unwrap(),
        purposes: None,
        kinds: kinds.into_iter().collect(),
    }
}

fn item(world: &World) -> NewsItem {
    NewsItem {
        item: ItemId::random(&*world.entropy),
        product: "AEAT_IRPF/C4".parse().unwrap(),
    }
}

/// A database with people in it.
struct Town {
    _folder: tempfile::TempDir,
    hands: Hands,
    world: World,
    db: Db,
    people: Vec<SubjectId>,
}

impl Town {
    async fn of(people: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hands = Hands::default();
        let world = hands.world();
        let db = testing::open(&folder.path().join("t.db"), Schema::Gateway).await;
        let mut names = Vec::new();
        let mut tx = db.begin().await.unwrap();
        for _ in 0..people {
            let name = SubjectId::random(&*world.entropy);
            tx.execute(
                "INSERT INTO subject (subject, created_at, person) VALUES ($1, 0, $2)",
                vec![name.to_string().into(), Vec::new().into()],
            )
            .await
            .unwrap();
            names.push(name);
        }
        tx.commit().await.unwrap();
        Self {
            _folder: folder,
            hands,
            world,
            db,
            people: names,
        }
    }

    fn news(&self, person: usize, kind: EventKind) -> News {
        News {
            subject: self.people[person],
            body: "prova".parse().unwrap(),
            purpose: "social-aid-recommendation".parse().unwrap(),
            kind,
            items: vec![item(&self.world)],
            epoch: 1,
            cause: "a receipt".to_owned(),
            effective_at: self.world.now(),
            at: self.world.now(),
        }
    }

    async fn stage(&self, outbox: &Outbox, news: &News) -> usize {
        let mut tx = self.db.begin().await.unwrap();
        let staged = outbox.stage(&mut tx, &*self.world.entropy, news).await;
        tx.commit().await.unwrap();
        staged.unwrap()
    }

    async fn oldest_pending(&self, subject: SubjectId) -> i64 {
        let sql = "SELECT MIN(number) FROM event_delivery WHERE state = 'pending' AND subject = $1";
        let row = self.db.row(sql, vec![subject.to_string().into()]).await;
        row.unwrap().unwrap().int(0).unwrap()
    }

    async fn due(&self) -> Vec<store::Due> {
        store::due(&self.db, RECEIVER, self.world.now(), 100)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn news_goes_to_those_who_asked_for_it_and_to_nobody_else() {
    let town = Town::of(1).await;
    let mut elsewhere = route("elsewhere", EventKind::ALL);
    elsewhere.body = "altra".parse().unwrap();
    let mut other = route("other-purpose", EventKind::ALL);
    other.purposes = Some(["another".parse().unwrap()].into());
    let outbox = Outbox::new(vec![
        route(RECEIVER, [EventKind::Revoked]),
        elsewhere,
        other,
        route("all", EventKind::ALL),
    ]);
    assert_eq!(
        town.stage(&outbox, &town.news(0, EventKind::Revoked)).await,
        2
    );
    assert_eq!(
        town.stage(&outbox, &town.news(0, EventKind::Granted)).await,
        1
    );
    let mut nothing = town.news(0, EventKind::Revoked);
    nothing.items.clear();
    assert_eq!(town.stage(&outbox, &nothing).await, 0);
    let none = Outbox::default();
    assert!(none.is_empty() && !none.wants(EventKind::Expired));
    assert_eq!(
        town.stage(&none, &town.news(0, EventKind::Revoked)).await,
        0
    );
}

#[tokio::test]
async fn of_each_person_only_the_oldest_event_is_due_and_another_persons_is_not_held_up() {
    let town = Town::of(2).await;
    let outbox = Outbox::new(vec![route(RECEIVER, EventKind::ALL)]);
    for (person, kind) in [
        (0, EventKind::Granted),
        (0, EventKind::Revoked),
        (1, EventKind::Granted),
    ] {
        town.stage(&outbox, &town.news(person, kind)).await;
    }
    let due = town.due().await;
    assert_eq!(due.len(), 2);
    assert!(due.iter().all(|one| one.event.number == 1));
    let first = due
        .iter()
        .find(|one| one.event.subject == town.people[0])
        .unwrap();
    let later = town.world.now() + SignedDuration::from_secs(60);
    assert!(store::claim(&town.db, first, later).await.unwrap());
    // Claimed: nobody else has it, and what follows it still waits.
    assert!(!store::claim(&town.db, first, later).await.unwrap());
    assert_eq!(town.due().await.len(), 1);
    // Lost: due again, as the next attempt.
    town.hands.advance(std::time::Duration::from_mins(1));
    let again = town.due().await;
    let again = again
        .iter()
        .find(|one| one.event.id == first.event.id)
        .unwrap();
    assert_eq!(again.attempts, 1);
    // What a courier that was paused concludes of its lost attempt no longer counts...
    assert!(
        store::claim(&town.db, again, later + SignedDuration::from_secs(60))
            .await
            .unwrap()
    );
    store::put_off(&town.db, &first.event.id, 1, "late", Timestamp::MIN)
        .await
        .unwrap();
    assert_eq!(town.due().await.len(), 1);
    // ...but an acknowledgement does.
    store::acknowledged(&town.db, &first.event.id, town.world.now())
        .await
        .unwrap();
    let next = town.due().await;
    let next = next
        .iter()
        .find(|one| one.event.subject == town.people[0])
        .unwrap();
    assert_eq!(
        (next.event.number, next.event.kind),
        (2, EventKind::Revoked)
    );
    // A parked one makes room too.
    store::refused(&town.db, &next.event.id, "refused")
        .await
        .unwrap();
    town.stage(&outbox, &town.news(0, EventKind::Granted)).await;
    assert!(town.due().await.iter().any(|one| one.event.number == 3));
    // Sent again it comes before what is still on its way, and as if it had never been tried.
    let id = next.event.id.as_str();
    for (which, resent) in [
        (Resend::Event("another"), 0),
        (Resend::Recipient("another"), 0),
        (Resend::Event(id), 1),
        (Resend::Recipient(RECEIVER), 0),
    ] {
        let now = town.world.now();
        assert_eq!(store::resend(&town.db, which, now).await.unwrap(), resent);
    }
    let due = town.due().await;
    let mut theirs = due.iter().filter(|one| one.event.subject == town.people[0]);
    let again = theirs.next().unwrap();
    assert_eq!((again.event.id.as_str(), again.attempts), (id, 0));
    assert!(theirs.next().is_none());
}

#[tokio::test]
async fn what_is_not_acknowledged_is_counted_and_listed_the_refused_first() {
    let town = Town::of(2).await;
    let outbox = Outbox::new(vec![route(RECEIVER, EventKind::ALL)]);
    for person in [0, 1, 1] {
        let news = town.news(person, EventKind::Granted);
        town.stage(&outbox, &news).await;
    }
    let due = town.due().await;
    let ids = [&due[0].event.id, &due[1].event.id];
    store::acknowledged(&town.db, ids[0], town.world.now())
        .await
        .unwrap();
    store::refused(&town.db, ids[1], "invalid_request")
        .await
        .unwrap();
    let counts = store::counts(&town.db).await.unwrap();
    let counts: Vec<_> = counts.iter().map(|one| (one.pending, one.parked)).collect();
    assert_eq!(counts, [(1, 1)]);
    let parked = store::waiting(&town.db, "refused", 9).await.unwrap();
    assert_eq!(parked.len(), 1);
    assert_eq!(parked[0].event, *ids[1]);
    assert_eq!(parked[0].code.as_deref(), Some("invalid_request"));
    assert!(parked[0].parked);
    let pending = store::waiting(&town.db, "pending", 9).await.unwrap();
    assert!(pending.len() == 1 && !pending[0].parked);
    let none = store::waiting(&town.db, "pending", 0).await.unwrap();
    assert_eq!(none, []);
}

/// What couriers do, in any order, to events of some people.
#[derive(Clone, Copy, Debug)]
enum Step {
    Stage(usize),
    /// Claim one of those due, and conclude at once.
    Conclude(usize, End),
    /// Claim one and die.
    Lose(usize),
    /// Send again whatever was refused.
    Resend,
    Wait,
}

#[derive(Clone, Copy, Debug)]
enum End {
    Acknowledge,
    Refuse,
    PutOff,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let end = prop_oneof![Just(End::Acknowledge), Just(End::Refuse), Just(End::PutOff)];
    let step = prop_oneof![
        3 => (0_usize..3).prop_map(Step::Stage),
        3 => (any::<usize>(), end).prop_map(|(which, end)| Step::Conclude(which, end)),
        1 => any::<usize>().prop_map(Step::Lose),
        1 => Just(Step::Resend),
        1 => Just(Step::Wait),
    ];
    prop::collection::vec(step, 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn whatever_becomes_of_attempts_each_persons_events_are_first_sent_in_order(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.unwrap().block_on(async {
            let town = Town::of(3).await;
            let outbox = Outbox::new(vec![route(RECEIVER, EventKind::ALL)]);
            let mut sent: BTreeMap<SubjectId, i64> = BTreeMap::new();
            let mut known = BTreeSet::new();
            for step in steps {
                let (which, end) = match step {
                    Step::Stage(person) => {
                        town.stage(&outbox, &town.news(person, EventKind::Granted)).await;
                        continue;
                    }
                    Step::Resend => {
                        let all = Resend::Recipient(RECEIVER);
                        store::resend(&town.db, all, town.world.now()).await.unwrap();
                        continue;
                    }
                    Step::Wait => {
                        town.hands.advance(std::time::Duration::from_secs(61));
                        continue;
                    }
                    Step::Conclude(which, end) => (which, Some(end)),
                    Step::Lose(which) => (which, None),
                };
                let due = town.due().await;
                let people: BTreeSet<_> = due.iter().map(|one| one.event.subject).collect();
                assert_eq!(people.len(), due.len(), "one of each person at a time");
                for one in &due {
                    let oldest = town.oldest_pending(one.event.subject).await;
                    assert_eq!(one.event.number, oldest, "none is sent before an older one");
                }
                let Some(one) = due.get(which % due.len().max(1)) else { continue };
                let lost_at = town.world.now() + SignedDuration::from_secs(60);
                assert!(store::claim(&town.db, one, lost_at).await.unwrap());
                if known.insert(one.event.id.clone()) {
                    let newest = sent.entry(one.event.subject).or_insert(0);
                    assert_eq!(one.event.number, *newest + 1, "sent for the first time, in order");
                    *newest += 1;
                }
                let id = &one.event.id;
                match end {
                    Some(End::Acknowledge) => {
                        store::acknowledged(&town.db, id, town.world.now()).await.unwrap();
                    }
                    Some(End::Refuse) => store::refused(&town.db, id, "refused").await.unwrap(),
                    Some(End::PutOff) => {
                        let attempt = one.attempts + 1;
                        store::put_off(&town.db, id, attempt, "x", lost_at).await.unwrap();
                    }
                    None => {}
                }
            }
        });
    }
}

fn pen() -> Pen {
    let pem = LogSigner::new_pem(&SystemEntropy::default());
    Pen {
        issuer: "https://gateway.example.cat".to_owned(),
        signer: Signer::from_pem(pem.as_bytes(), None).unwrap(),
        pairwise: PairwiseKey::new(&[7; 32]).unwrap(),
    }
}

fn event(world: &World, kind: EventKind) -> Event {
    Event {
        id: "6c0bde05-124f-48a7-bccd-31b18834e219".to_owned(),
        subject: SubjectId::random(&*world.entropy),
        number: 3,
        kind,
        body: "prova".parse().unwrap(),
        purpose: "social-aid-recommendation".parse().unwrap(),
        items: vec![item(world)],
        epoch: 17,
        effective_at: "2026-11-22T16:05:00.5Z".parse().unwrap(),
        at: "2026-11-22T16:05:01Z".parse().unwrap(),
    }
}

fn addressee(recipient: &str, is_client: bool) -> Addressee {
    Addressee {
        recipient: recipient.to_owned(),
        audience: "https://receiver.example.cat".to_owned(),
        is_client,
    }
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn an_event_is_written_the_same_however_often_and_says_what_rfc_8417_asks() {
    let world = World::real();
    let (pen, to) = (pen(), addressee("el-meu-espai", true));
    let event = event(&world, EventKind::Revoked);
    let token = pen.write(&to, &event).unwrap();
    assert_eq!(token, pen.write(&to, &event).unwrap());
    let claims = claims(&token);
    let members: Vec<_> = claims.as_object().unwrap().keys().collect();
    assert_eq!(
        members,
        ["aud", "events", "iat", "iss", "jti", "sub_id", "toe"]
    );
    assert_eq!(claims["jti"], event.id);
    assert_eq!(
        (&claims["iat"], &claims["toe"]),
        (&1_795_363_501.into(), &1_795_363_500.into())
    );
    let said = &claims["events"][type_uri(EventKind::Revoked)];
    assert_eq!(said["action"], "erase");
    assert_eq!((&said["epoch"], &said["number"]), (&17.into(), &3.into()));
    assert_eq!(said["items"][0]["item"], event.items[0].item.to_string());
}

#[test]
fn a_person_and_an_item_have_another_name_at_every_receiver() {
    let world = World::real();
    let pen = pen();
    let event = event(&world, EventKind::Expired);
    let receivers = [
        addressee("el-meu-espai", true),
        addressee("altre-espai", true),
        addressee("social-aid-recommender", false),
        // Even if somebody took a client's name.
        addressee("el-meu-espai", false),
    ];
    let names: BTreeSet<_> = receivers
        .iter()
        .map(|to| pen.name(to, event.subject))
        .collect();
    assert_eq!(names.len(), receivers.len());
    let item = |to: &Addressee| {
        let said = claims(&pen.write(to, &event).unwrap());
        said["events"][type_uri(EventKind::Expired)]["items"][0]["item"].to_string()
    };
    assert_ne!(item(&receivers[2]), item(&receivers[0]));
    assert_ne!(item(&receivers[2]), item(&receivers[3]));
    let text = pen.write(&receivers[0], &event).unwrap();
    assert!(
        !claims(&text)
            .to_string()
            .contains(&event.subject.to_string())
    );
}
