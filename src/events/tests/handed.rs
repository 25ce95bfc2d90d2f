//! Whether somebody holds what others are handed no more.

use super::*;
use crate::store::outbox::{Handed, HandedItem, OWN_PAGES, ValuesKey};

const FOLDER: &str = RECEIVER;
const OTHER: &str = "another-client";

/// A person's answers, handed over.
struct Counter {
    town: Town,
    outbox: Outbox,
    items: [NewsItem; 2],
}

impl Counter {
    /// The folder is told, and somebody behind it; the other client is not.
    async fn open(kinds: impl IntoIterator<Item = EventKind> + Clone) -> Self {
        let town = Town::of(2).await;
        let mut behind = route("behind", kinds.clone());
        behind.purposes = Some(["social-aid-recommendation".parse().unwrap()].into());
        let outbox = Outbox::new(vec![route(FOLDER, kinds), behind]);
        Self {
            items: [item(&town.world), item(&town.world)],
            outbox: outbox.comparing(ValuesKey::new(&[7; 32])),
            town,
        }
    }

    /// Hands values over, one for each item; gives who is told of what, newly.
    async fn hand(&self, recipient: &str, values: &[&str]) -> BTreeSet<(String, usize)> {
        self.hand_about(0, recipient, values).await
    }

    async fn hand_about(
        &self,
        person: usize,
        recipient: &str,
        values: &[&str],
    ) -> BTreeSet<(String, usize)> {
        let (town, now) = (&self.town, self.town.world.now());
        let handed = |(item, values): (&NewsItem, &&str)| HandedItem {
            item: item.clone(),
            until: now + SignedDuration::from_hours(24),
            values: (*values).to_owned(),
        };
        let handed = Handed {
            subject: town.people[person],
            body: "prova".parse().unwrap(),
            purpose: "social-aid-recommendation".parse().unwrap(),
            recipient: recipient.to_owned(),
            release: town.world.entropy.uuid().to_string(),
            epoch: 1,
            at: now,
            items: self.items.iter().zip(values).map(handed).collect(),
        };
        let mut tx = town.db.begin().await.unwrap();
        let entropy = &*town.world.entropy;
        let done = self.outbox.hand_over(&mut tx, entropy, &handed).await;
        done.unwrap();
        let rows = tx.rows(
            "SELECT receiver, items FROM event_outbox WHERE cause = $1 AND kind = 'profile-changed'",
            vec![handed.release.as_str().into()],
        );
        let rows = rows.await.unwrap();
        tx.commit().await.unwrap();
        let told = rows.iter().map(|row| {
            let items: Vec<NewsItem> = serde_json::from_str(&row.text(1).unwrap()).unwrap();
            (row.text(0).unwrap(), items.len())
        });
        told.collect()
    }

    async fn rows(&self) -> i64 {
        let row = self.town.db.row("SELECT COUNT(*) FROM handed_over", vec![]);
        row.await.unwrap().unwrap().int(0).unwrap()
    }
}

fn told(items: usize) -> BTreeSet<(String, usize)> {
    [FOLDER, "behind"]
        .map(|name| (name.to_owned(), items))
        .into()
}

fn nobody() -> BTreeSet<(String, usize)> {
    BTreeSet::new()
}

#[tokio::test]
async fn who_holds_something_else_is_told_once_of_each_state_and_who_is_handed_it_is_not() {
    let counter = Counter::open(EventKind::ALL).await;
    assert_eq!(counter.hand(FOLDER, &["a", "b"]).await, nobody());
    assert_eq!(counter.hand(FOLDER, &["a", "c"]).await, nobody());
    assert_eq!(counter.hand(OTHER, &["a", "c"]).await, nobody());
    assert_eq!(counter.hand(OTHER, &["x", "c"]).await, told(1));
    assert_eq!(counter.hand(OTHER, &["x", "c"]).await, nobody());
    assert_eq!(counter.hand(OTHER, &["y", "d"]).await, told(2));
    // What the folder holds is true again; of what comes then it is told anew.
    assert_eq!(counter.hand(OTHER, &["a", "c"]).await, nobody());
    assert_eq!(counter.hand(OTHER, &["y", "d"]).await, told(2));
    // Up to date, by whatever way.
    assert_eq!(counter.hand(FOLDER, &["y", "d"]).await, nobody());
    assert_eq!(counter.hand(OTHER, &["y", "d"]).await, nobody());
}

#[tokio::test]
async fn what_our_own_pages_show_is_news_for_others_and_they_are_told_nothing() {
    let counter = Counter::open(EventKind::ALL).await;
    counter.hand(FOLDER, &["a"]).await;
    assert_eq!(counter.hand(OWN_PAGES, &["x"]).await, told(1));
    assert_eq!(counter.hand(OWN_PAGES, &["x"]).await, nobody());
    assert_eq!(counter.hand(FOLDER, &["x"]).await, nobody());
    assert_eq!(counter.rows().await, 1);
}

#[tokio::test]
async fn what_was_not_in_both_profiles_or_is_somebody_elses_is_not_compared() {
    let counter = Counter::open(EventKind::ALL).await;
    counter.hand(FOLDER, &["a"]).await;
    assert_eq!(counter.hand(OTHER, &[]).await, nobody());
    assert_eq!(counter.hand(OTHER, &["a", "new"]).await, nobody());
    assert_eq!(counter.hand_about(1, OTHER, &["x"]).await, nobody());
    // The same of two people does not look the same.
    counter.hand_about(1, FOLDER, &["a"]).await;
    let same = "SELECT COUNT(DISTINCT digest) FROM handed_over WHERE recipient = 'folder'";
    let row = counter.town.db.row(same, vec![]).await.unwrap().unwrap();
    assert_eq!(row.int(0).unwrap(), 2);
}

#[tokio::test]
async fn what_was_taken_back_or_ran_out_is_forgotten() {
    let counter = Counter::open(EventKind::ALL).await;
    counter.hand(FOLDER, &["a", "b"]).await;
    let (db, subject) = (&counter.town.db, counter.town.people[0]);
    let mut tx = db.begin().await.unwrap();
    let item = counter.items[0].item;
    counter
        .outbox
        .take_back(&mut tx, subject, item)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(counter.hand(OTHER, &["x", "y"]).await, told(1));
    let now = counter.town.world.now();
    assert_eq!(counter.outbox.forget(db, now).await.unwrap(), 0);
    let later = now + SignedDuration::from_hours(25);
    assert_eq!(counter.outbox.forget(db, later).await.unwrap(), 3);
    assert_eq!(counter.rows().await, 0);
}

#[tokio::test]
async fn what_somebody_was_handed_of_a_person_who_was_erased_is_forgotten() {
    let counter = Counter::open(EventKind::ALL).await;
    counter.hand(FOLDER, &["a", "b"]).await;
    counter.hand_about(1, FOLDER, &["a"]).await;
    let (town, erased) = (&counter.town, counter.town.people[0]);
    let mut tx = town.db.begin().await.unwrap();
    tx.execute(
        "INSERT INTO log_entry (entry, kind, at, leaf, sealed) VALUES ('e', 'x', 0, $1, $1)",
        vec![Vec::new().into()],
    )
    .await
    .unwrap();
    tx.execute(
        "INSERT INTO erasure (subject, entry, at) VALUES ($1, 'e', 0)",
        vec![erased.to_string().into()],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let now = town.world.now();
    assert_eq!(counter.outbox.forget(&town.db, now).await.unwrap(), 2);
    assert_eq!(counter.rows().await, 1);
}

#[tokio::test]
async fn where_nobody_wants_to_be_told_nothing_is_written() {
    let counter = Counter::open([EventKind::Revoked]).await;
    counter.hand(FOLDER, &["a"]).await;
    assert_eq!(counter.rows().await, 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn whoever_holds_something_old_knows_of_the_newest_and_nobody_hears_the_same_twice(
        steps in prop::collection::vec((0_usize..3, 0_usize..3), 1..25),
    ) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        runtime.unwrap().block_on(async {
            let counter = Counter::open(EventKind::ALL).await;
            // What the folder holds, and the newest it was told of since.
            let (mut held, mut knows) = (None, None);
            for (who, what) in steps {
                let value = ["a", "b", "c"][what];
                let told = counter.hand([FOLDER, OTHER, OWN_PAGES][who], &[value]).await;
                let told = told.contains(&(FOLDER.to_owned(), 1));
                if who == 0 {
                    assert!(!told, "nobody is told what they are handed");
                    (held, knows) = (Some(value), None);
                    continue;
                }
                let is_news = held.is_some_and(|held| held != value) && knows != Some(value);
                assert_eq!(told, is_news, "{held:?} is held, {knows:?} known, {value} newest");
                knows = held.filter(|held| *held != value).map(|_| value);
            }
        });
    }
}
