//! Two replicas do at once what must not pass each other.

use std::future::Future;

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
