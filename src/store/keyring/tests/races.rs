//! Two replicas do at once what must not pass each other.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::*;

/// How often each race is run.
const ROUNDS: usize = 12;

/// Two replicas over one keyring.
struct Pair {
    #[expect(dead_code, reason = "the files go when it does")]
    folder: TempDir,
    one: Arc<Keyring>,
    other: Arc<Keyring>,
}

async fn pair() -> Pair {
    let Scratch { folder, keyring } = scratch().await;
    FileWrapper::make(folder.path(), &[10; 32]).unwrap();
    let replica = async || {
        let wrapper = FileWrapper::open_folder(folder.path()).unwrap();
        Arc::new(open_with(folder.path(), &lookup(&[(1, 1), (2, 2)]), wrapper).await)
    };
    // Begun with one key of each kind, so that the second can come into use.
    let first = keyring.enrol(&document("00000000T")).await.unwrap();
    let class = RetentionClass::Session;
    keyring.seal(first, class, "t", b"x").await.unwrap();
    let (one, other) = (replica().await, replica().await);
    Pair { folder, one, other }
}

/// Starts something on one of the replicas.
fn on<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
    keyring: &Arc<Keyring>,
    act: impl FnOnce(Arc<Keyring>) -> F,
) -> JoinHandle<T> {
    tokio::spawn(act(Arc::clone(keyring)))
}

/// A document for each round, with its control letter.
fn numbered(round: usize) -> Document {
    let letter = b"TRWAGMYFPDXBNJZSQVHLCKE"[(10_000_000 + round) % 23];
    document(&format!("{}{}", 10_000_000 + round, char::from(letter)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_enrolled_while_a_hashing_key_comes_into_use_is_one_person() {
    let pair = pair().await;
    let mut enrolling = Vec::new();
    for round in 0..4 * ROUNDS {
        for keyring in [&pair.one, &pair.other] {
            let enrol = async move |keyring: Arc<Keyring>| keyring.enrol(&numbered(round)).await;
            enrolling.push((round, on(keyring, enrol)));
        }
    }
    let comes = on(&pair.one, async |keyring| keyring.use_lookup_key().await);
    assert_eq!(comes.await.unwrap().unwrap(), 2);
    let mut found = std::collections::BTreeMap::new();
    for (round, enrolled) in enrolling {
        let subject = enrolled.await.unwrap().unwrap();
        assert_eq!(*found.entry(round).or_insert(subject), subject);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_belongs_to_whoever_got_it_first_the_alias_or_the_newcomer() {
    let pair = pair().await;
    for round in 0..ROUNDS {
        let known = pair.one.enrol(&numbered(1000 + round)).await.unwrap();
        let wanted = numbered(round);
        let document = wanted.clone();
        let alias = on(&pair.one, async move |keyring| {
            keyring.alias(known, &document).await
        });
        let document = wanted.clone();
        let enrolled = on(&pair.other, async move |keyring| {
            keyring.enrol(&document).await
        });
        let enrolled = enrolled.await.unwrap().unwrap();
        match alias.await.unwrap() {
            Ok(()) => assert_eq!(enrolled, known),
            Err(KeyringError::AnotherSubject) => assert_ne!(enrolled, known),
            Err(error) => panic!("{error}"),
        }
        let found = pair.one.subject_of(&wanted).await.unwrap();
        assert_eq!(found, Some(enrolled));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn once_an_erasure_has_returned_nobody_makes_the_person_a_key() {
    let pair = pair().await;
    for _ in 0..ROUNDS {
        let anna = nobody();
        let class = RetentionClass::Evidence;
        let sealing = [&pair.one, &pair.other, &pair.one].map(|keyring| {
            on(keyring, async move |keyring| {
                keyring.seal(anna, class, "t/1", b"x").await
            })
        });
        let erased = on(&pair.other, async move |keyring| keyring.erase(anna).await);
        erased.await.unwrap().unwrap();
        let again = pair.one.seal(anna, class, "t/1", b"x").await;
        assert!(matches!(again, Err(KeyringError::Erased)));
        for sealed in sealing {
            match sealed.await.unwrap() {
                Ok(sealed) => {
                    let opened = pair.one.open_sealed(anna, class, "t/1", &sealed).await;
                    assert!(matches!(opened, Err(KeyringError::Erased)));
                }
                Err(error) => assert!(matches!(error, KeyringError::Erased), "{error}"),
            }
        }
        let left = "SELECT COUNT(*) FROM data_key WHERE subject = $1";
        let left = pair.one.db.row(left, vec![anna.to_string().into()]).await;
        assert_eq!(left.unwrap().unwrap().int(0).unwrap(), 0);
    }
}

/// Whether something waits for a transaction that is open. Long enough for what does not wait.
async fn waits<T>(done: &mut JoinHandle<T>) -> bool {
    tokio::time::timeout(Duration::from_millis(300), done)
        .await
        .is_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn making_a_key_waits_for_an_erasure_that_began_before_and_gives_up() {
    let pair = pair().await;
    let (anna, class) = (nobody(), RetentionClass::Evidence);
    let other = RetentionClass::Session;
    pair.one.seal(anna, other, "t", b"x").await.unwrap();
    let mut erasure = erasing(&pair.one, anna).await;
    let mut sealing = on(&pair.other, async move |keyring| {
        keyring.seal(anna, class, "t/1", b"x").await
    });
    assert!(waits(&mut sealing).await);
    let tombstone = vec![anna.to_string().into()];
    let sql = "INSERT INTO erased (subject, at) VALUES ($1, 0)";
    erasure.execute(sql, tombstone).await.unwrap();
    erasure.commit().await.unwrap();
    let sealed = sealing.await.unwrap();
    assert!(matches!(sealed, Err(KeyringError::Erased)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_waits_for_a_key_that_is_being_made_and_destroys_it() {
    let pair = pair().await;
    let anna = nobody();
    let class = RetentionClass::Session;
    pair.one.seal(anna, class, "t", b"x").await.unwrap();
    let mut making = pair.one.db.begin().await.unwrap();
    hold_living(&mut making, &anna.to_string()).await.unwrap();
    let sql = "INSERT INTO data_key (subject, year, class, wrapper, wrapped, created_at)
               SELECT subject, year + 1, class, wrapper, wrapped, created_at FROM data_key
               WHERE subject = $1";
    let values = vec![anna.to_string().into()];
    assert_eq!(making.execute(sql, values).await.unwrap(), 1);
    let mut erased = on(&pair.other, async move |keyring| keyring.erase(anna).await);
    assert!(waits(&mut erased).await);
    making.commit().await.unwrap();
    assert_eq!(erased.await.unwrap().unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_in_waits_for_an_erasure_that_began_before_and_is_somebody_new() {
    let pair = pair().await;
    let anna = numbered(0);
    let before = pair.one.enrol(&anna).await.unwrap();
    // The log-in has something to write: it is the first since another key came into use.
    pair.one.use_lookup_key().await.unwrap();
    let mut erasure = erasing(&pair.one, before).await;
    let document = anna.clone();
    let mut login = on(&pair.other, async move |keyring| {
        keyring.enrol(&document).await
    });
    assert!(waits(&mut login).await);
    for sql in [
        "INSERT INTO erased (subject, at) VALUES ($1, 0)",
        "DELETE FROM subject_lookup WHERE subject = $1",
    ] {
        let whose = vec![before.to_string().into()];
        erasure.execute(sql, whose).await.unwrap();
    }
    erasure.commit().await.unwrap();
    let after = login.await.unwrap().unwrap();
    assert_ne!(after, before);
    assert_eq!(pair.one.subject_of(&anna).await.unwrap(), Some(after));
}

/// An erasure that has only just begun.
async fn erasing(keyring: &Keyring, whom: SubjectId) -> Tx {
    let mut tx = keyring.eraser.begin().await.unwrap();
    hold(&mut tx, &whom.to_string()).await.unwrap();
    tx
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrapping_key_is_not_retired_past_a_key_that_is_being_wrapped_under_it() {
    let pair = pair().await;
    let next = pair.one.wrapper.ids()[1].to_owned();
    pair.one.use_wrapping_key(&next).await.unwrap();
    while pair.one.rewrap_some(9).await.unwrap() > 0 {}
    // A replica that read which key wraps before the new one came into use, and was slow since.
    let mut late = pair.one.db.begin().await.unwrap();
    let sql = "INSERT INTO data_key (subject, year, class, wrapper, wrapped, created_at)
               SELECT subject, year + 1, class, $1, wrapped, created_at FROM data_key";
    let old = pair.one.wrapper.ids()[0].to_owned();
    late.execute(sql, vec![old.into()]).await.unwrap();
    let mut retired = on(&pair.other, async |keyring| {
        keyring.retire_wrapping_keys().await
    });
    assert!(waits(&mut retired).await);
    late.commit().await.unwrap();
    assert!(retired.await.unwrap().is_err());
    let status = pair.one.status().await.unwrap();
    assert_eq!((status.wrapping.len(), status.wrapping[0].keys), (2, 1));
}

#[tokio::test]
async fn what_deletes_and_replaces_goes_through_the_eraser_alone() {
    let folder = folder();
    FileWrapper::make(folder.path(), &[10; 32]).unwrap();
    let open = async || {
        let wrapper = FileWrapper::open_folder(folder.path()).unwrap();
        open_with(folder.path(), &lookup(&[(1, 1)]), wrapper).await
    };
    let anna = nobody();
    let class = RetentionClass::Evidence;
    let keyring = open().await;
    keyring.seal(anna, class, "t", b"x").await.unwrap();
    let next = keyring.wrapper.ids()[1].to_owned();
    let application = keyring.db.clone();
    let keyring = keyring.with_eraser(open().await.db);
    application.close().await;
    assert!(keyring.seal(nobody(), class, "t", b"x").await.is_err());
    keyring.use_wrapping_key(&next).await.unwrap();
    assert_eq!(keyring.rewrap_some(9).await.unwrap(), 1);
    assert_eq!(keyring.retire_wrapping_keys().await.unwrap().len(), 1);
    assert_eq!(keyring.erase(anna).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_logs_in_while_being_erased_can_come_back_as_somebody_new() {
    let pair = pair().await;
    for round in 0..ROUNDS {
        let anna = numbered(round);
        let before = pair.one.enrol(&anna).await.unwrap();
        pair.one.use_lookup_key().await.unwrap();
        // Not indexed under the newest key: the log-in has something to write.
        let mut tx = pair.one.db.begin().await.unwrap();
        let forget = "DELETE FROM subject_lookup WHERE version = 2";
        tx.execute(forget, vec![]).await.unwrap();
        tx.commit().await.unwrap();
        let document = anna.clone();
        let login = on(&pair.one, async move |keyring| {
            keyring.enrol(&document).await
        });
        let erased = on(&pair.other, async move |keyring| {
            keyring.erase(before).await
        });
        login.await.unwrap().unwrap();
        erased.await.unwrap().unwrap();
        let after = pair.other.enrol(&anna).await.unwrap();
        assert_ne!(after, before);
        let class = RetentionClass::Identity;
        pair.one.seal(after, class, "t/1", b"x").await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rewrapping_on_two_replicas_while_people_come_and_go_loses_nobody() {
    let pair = pair().await;
    let class = RetentionClass::Evidence;
    let mut kept = Vec::new();
    let mut leaving = Vec::new();
    for _ in 0..ROUNDS {
        let (anna, pere) = (nobody(), nobody());
        let sealed = pair.one.seal(anna, class, "t/1", b"x").await.unwrap();
        kept.push((anna, sealed));
        pair.one.seal(pere, class, "t/1", b"x").await.unwrap();
        leaving.push(pere);
    }
    let next = pair.one.wrapper.ids()[1].to_owned();
    pair.one.use_wrapping_key(&next).await.unwrap();
    let rewrapping = [&pair.one, &pair.other].map(|keyring| {
        on(
            keyring,
            async |keyring| {
                while keyring.rewrap_some(5).await.unwrap() > 0 {}
            },
        )
    });
    let erasing = on(&pair.other, async move |keyring| {
        for pere in leaving {
            assert_eq!(keyring.erase(pere).await.unwrap(), 1);
        }
    });
    let sealing = on(&pair.one, async move |keyring| {
        let mut sealed = Vec::new();
        for _ in 0..ROUNDS {
            let whom = nobody();
            sealed.push((whom, keyring.seal(whom, class, "t/1", b"x").await.unwrap()));
        }
        sealed
    });
    for rewrapped in rewrapping {
        rewrapped.await.unwrap();
    }
    erasing.await.unwrap();
    kept.extend(sealing.await.unwrap());
    assert_eq!(pair.other.retire_wrapping_keys().await.unwrap().len(), 1);
    for (whom, sealed) in kept {
        let opened = pair.other.open_sealed(whom, class, "t/1", &sealed).await;
        assert_eq!(opened.unwrap().as_slice(), b"x");
    }
}
