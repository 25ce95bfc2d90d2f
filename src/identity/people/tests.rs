use tempfile::TempDir;

use super::*;
use crate::citizen::{Person, PersonName};
use crate::store::keyring::tests as keys;
use crate::store::{Schema, testing};

const OLD: &[(u32, u8)] = &[(1, 1)];
const BOTH: &[(u32, u8)] = &[(1, 1), (2, 2)];
const NEW: &[(u32, u8)] = &[(2, 2)];

/// A gateway's people, as it was started with some look-up keys.
struct Bench {
    people: People,
    keyring: Arc<Keyring>,
}

async fn start(folder: &TempDir, lookup: &[(u32, u8)]) -> Bench {
    let db = testing::open(&folder.path().join("gateway.db"), Schema::Gateway).await;
    let keyring = Arc::new(keys::with_lookup_keys(folder.path(), lookup).await);
    Bench {
        people: People::new(db, Arc::clone(&keyring), World::real()),
        keyring,
    }
}

impl Bench {
    async fn log_in(&self, nif: &str) -> SubjectId {
        let person = Person {
            document: document(nif),
            name: PersonName {
                given: Some("Anna".to_owned()),
                surname1: None,
                surname2: None,
            },
        };
        let People { db, subjects } = &self.people;
        let enrolled = subjects.enrol(db, &person).await.unwrap();
        let subject = enrolled.subject;
        let mut tx = db.begin().await.unwrap();
        let now = subjects.world.now();
        Subjects::write(&mut tx, enrolled, now).await.unwrap();
        tx.commit().await.unwrap();
        subject
    }

    async fn kept(&self) -> i64 {
        let sql = "SELECT COUNT(*) FROM subject_document";
        let row = self.people.db.row(sql, vec![]).await.unwrap().unwrap();
        row.int(0).unwrap()
    }
}

fn document(nif: &str) -> Document {
    Document::Nif(nif.parse().unwrap())
}

/// Somebody who came with a NIE and then with the DNI it became.
async fn nationalised(folder: &TempDir) -> SubjectId {
    let bench = start(folder, OLD).await;
    let subject = bench.log_in("Y1234567X").await;
    let dni = document("44444444A");
    bench.people.join(subject, &dni).await.unwrap();
    bench.people.join(subject, &dni).await.unwrap();
    assert_eq!(bench.log_in("44444444A").await, subject);
    assert_eq!(bench.log_in("Y1234567X").await, subject);
    assert_eq!(bench.kept().await, 2, "each document once");
    subject
}

#[tokio::test]
async fn every_document_of_a_person_finds_them_after_the_key_was_replaced() {
    let folder = keys::folder();
    let subject = nationalised(&folder).await;
    let both = start(&folder, BOTH).await;
    both.keyring.use_lookup_key().await.unwrap();
    let done = both.people.reindex().await.unwrap();
    assert_eq!((done.indexed, done.left, done.strays), (1, 0, 0));
    assert_eq!(both.people.reindex().await.unwrap(), Reindexed::default());
    assert_eq!(both.people.retire(1).await.unwrap(), 2);
    let new = start(&folder, NEW).await;
    for nif in ["Y1234567X", "44444444A"] {
        assert_eq!(new.log_in(nif).await, subject);
    }
}

#[tokio::test]
async fn a_person_whose_other_document_is_not_kept_is_left_and_the_old_key_with_them() {
    let folder = keys::folder();
    let old = start(&folder, OLD).await;
    let subject = old.log_in("Y1234567X").await;
    // Killed between the two databases: indexed, and not kept.
    let dni = document("44444444A");
    old.keyring.alias(subject, &dni).await.unwrap();
    let both = start(&folder, BOTH).await;
    both.keyring.use_lookup_key().await.unwrap();
    assert_eq!(both.people.reindex().await.unwrap().left, 1);
    let refused = both.people.retire(1).await;
    assert!(matches!(refused, Err(RetireError::Lost { people: 1 })));
    // Doing it again, or a log-in with it, mends that.
    both.people.join(subject, &dni).await.unwrap();
    assert_eq!(both.people.retire(1).await.unwrap(), 2);
}

#[tokio::test]
async fn a_document_of_somebody_else_joins_nobody() {
    let folder = keys::folder();
    let bench = start(&folder, OLD).await;
    let anna = bench.log_in("11111111H").await;
    let pere = bench.log_in("22222222J").await;
    let refused = bench.people.join(anna, &document("22222222J")).await;
    assert!(matches!(refused, Err(JoinError::AnotherSubject)));
    assert_eq!(bench.log_in("22222222J").await, pere);
    assert_eq!(bench.kept().await, 2);
}

#[tokio::test]
async fn a_log_in_that_never_ended_keeps_no_key_in_use_for_longer_than_an_hour() {
    let folder = keys::folder();
    let old = start(&folder, OLD).await;
    old.log_in("11111111H").await;
    old.keyring.enrol(&document("22222222J")).await.unwrap();
    let both = start(&folder, BOTH).await;
    both.keyring.use_lookup_key().await.unwrap();
    assert_eq!(both.people.reindex().await.unwrap().strays, 1);
    let early = both.people.retire(1).await;
    assert!(matches!(early, Err(RetireError::Lost { people: 1 })));
    keys::age_look_ups(&both.keyring).await;
    assert_eq!(both.people.retire(1).await.unwrap(), 1);
    let found = both.keyring.subject_of(&document("22222222J")).await;
    assert_eq!(found.unwrap(), None);
}

#[tokio::test]
async fn the_erased_are_neither_indexed_nor_missed() {
    let folder = keys::folder();
    let old = start(&folder, OLD).await;
    let anna = old.log_in("11111111H").await;
    old.keyring.erase(anna).await.unwrap();
    let both = start(&folder, BOTH).await;
    both.keyring.use_lookup_key().await.unwrap();
    assert_eq!(both.people.reindex().await.unwrap(), Reindexed::default());
    assert_eq!(both.people.retire(1).await.unwrap(), 0);
    assert_ne!(both.log_in("11111111H").await, anna);
}
