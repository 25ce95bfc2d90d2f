//! The hashing key is replaced, and nobody is lost or becomes two people.

use super::*;

const OLD: &[(u32, u8)] = &[(1, 1)];
const BOTH: &[(u32, u8)] = &[(1, 1), (2, 2)];
const NEW: &[(u32, u8)] = &[(2, 2)];

/// A gateway started with these look-up keys.
async fn start(folder: &TempDir, keys: &[(u32, u8)]) -> Keyring {
    open(folder.path(), &lookup(keys)).await
}

#[tokio::test]
async fn while_two_hashing_keys_are_in_use_everybody_is_indexed_under_both() {
    let Scratch { folder, keyring } = &scratch().await;
    let (anna, pere) = (document("11111111H"), document("22222222J"));
    let subject = keyring.enrol(&anna).await.unwrap();
    let both = start(folder, BOTH).await;
    assert_eq!(both.use_lookup_key().await.unwrap(), 2);
    assert_eq!(both.use_lookup_key().await.unwrap(), 2);
    assert_eq!(both.unindexed(None, 9).await.unwrap(), [subject]);
    assert_eq!(both.subject_of(&anna).await.unwrap(), Some(subject));
    assert_eq!(both.enrol(&anna).await.unwrap(), subject);
    both.enrol(&pere).await.unwrap();
    assert_eq!(both.unindexed(None, 9).await.unwrap(), []);
    for keys in [OLD, NEW] {
        let gateway = start(folder, keys).await;
        assert_eq!(gateway.subject_of(&anna).await.unwrap(), Some(subject));
        assert!(gateway.subject_of(&pere).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_newer_key_at_hand_is_not_used_before_it_is_put_to_use() {
    let Scratch { folder, keyring } = &scratch().await;
    let both = start(folder, BOTH).await;
    let anna = document("11111111H");
    keyring.enrol(&document("22222222J")).await.unwrap();
    let subject = both.enrol(&anna).await.unwrap();
    assert_eq!(keyring.enrol(&anna).await.unwrap(), subject);
}

#[tokio::test]
async fn a_hashing_key_comes_into_use_only_once_every_running_gateway_has_it() {
    let Scratch { folder, keyring } = &scratch().await;
    keyring.enrol(&document("11111111H")).await.unwrap();
    keyring.announce().await.unwrap();
    let both = start(folder, BOTH).await;
    let refused = both.use_lookup_key().await.unwrap_err();
    assert!(matches!(refused, KeyringError::Behind { readers: 1, .. }));
    keyring.depart().await.unwrap();
    // One with another key of that version counts as well.
    let other = start(folder, &[(1, 1), (2, 9)]).await;
    other.announce().await.unwrap();
    let refused = both.use_lookup_key().await.unwrap_err();
    assert!(matches!(refused, KeyringError::Behind { readers: 1, .. }));
    other.depart().await.unwrap();
    both.use_lookup_key().await.unwrap();
}

#[tokio::test]
async fn a_gateway_without_a_hashing_key_in_use_or_with_another_says_so_and_enrols_nobody() {
    let Scratch { folder, keyring } = &scratch().await;
    let anna = document("11111111H");
    keyring.enrol(&anna).await.unwrap();
    let missing = start(folder, NEW).await;
    for refused in [
        missing.check().await.unwrap_err(),
        missing.enrol(&anna).await.unwrap_err(),
    ] {
        assert!(matches!(
            refused,
            KeyringError::LookupKeyMissing { version: 1 }
        ));
    }
    let changed = start(folder, &[(1, 7)]).await;
    for refused in [
        changed.check().await.unwrap_err(),
        changed.enrol(&anna).await.unwrap_err(),
    ] {
        assert!(matches!(
            refused,
            KeyringError::LookupKeyChanged { version: 1 }
        ));
    }
}

#[tokio::test]
async fn a_person_of_two_documents_is_not_indexed_until_both_are() {
    let Scratch { folder, keyring } = &scratch().await;
    let (nie, dni) = (document("Y1234567X"), document("44444444A"));
    let subject = keyring.enrol(&nie).await.unwrap();
    keyring.alias(subject, &dni).await.unwrap();
    let both = start(folder, BOTH).await;
    both.use_lookup_key().await.unwrap();
    both.alias(subject, &dni).await.unwrap();
    assert!(!both.is_indexed(subject).await.unwrap());
    let refused = both.retire_lookup_key(1).await;
    assert!(matches!(
        refused,
        Err(KeyringError::StillNeeded { rows: 1 })
    ));
    both.alias(subject, &nie).await.unwrap();
    assert!(both.is_indexed(subject).await.unwrap());
    assert_eq!(both.retire_lookup_key(1).await.unwrap(), 2);
    let new = start(folder, NEW).await;
    new.check().await.unwrap();
    assert_eq!(new.enrol(&nie).await.unwrap(), subject);
    assert_eq!(new.enrol(&dni).await.unwrap(), subject);
}

#[tokio::test]
async fn retiring_a_hashing_key_goes_on_after_each_step_it_was_killed_at() {
    let Scratch { folder, keyring } = &scratch().await;
    let people = ["11111111H", "22222222J", "33333333P"].map(document);
    for person in &people {
        keyring.enrol(person).await.unwrap();
    }
    let both = start(folder, BOTH).await;
    both.use_lookup_key().await.unwrap();
    for person in &people {
        both.enrol(person).await.unwrap();
    }
    // Killed after nobody is indexed under the old key any more, ...
    both.stop_indexing(1).await.unwrap();
    let late = document("44444444A");
    let subject = both.enrol(&late).await.unwrap();
    // ... and after its look-ups went, but not the key.
    let (gone, _) = both.drop_lookups(1, String::new()).await.unwrap().unwrap();
    assert_eq!(gone, 3);
    let next = start(folder, BOTH).await;
    assert_eq!(next.retire_lookup_key(1).await.unwrap(), 0);
    let again = next.retire_lookup_key(1).await;
    assert!(matches!(
        again,
        Err(KeyringError::LookupKeyUnknown { version: 1 })
    ));
    let new = start(folder, NEW).await;
    assert_eq!(new.enrol(&late).await.unwrap(), subject);
    for person in &people {
        assert!(new.subject_of(person).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn the_newest_hashing_key_in_use_cannot_be_retired() {
    let Scratch { keyring, .. } = &scratch().await;
    keyring.enrol(&document("11111111H")).await.unwrap();
    let refused = keyring.retire_lookup_key(1).await;
    assert!(matches!(
        refused,
        Err(KeyringError::LookupKeyNewest { version: 1 })
    ));
}

#[tokio::test]
async fn the_status_counts_and_names_nobody() {
    let Scratch { folder, keyring } = &scratch().await;
    let subject = keyring.enrol(&document("Y1234567X")).await.unwrap();
    keyring
        .alias(subject, &document("44444444A"))
        .await
        .unwrap();
    let class = RetentionClass::Identity;
    keyring.seal(subject, class, "t/1", b"x").await.unwrap();
    let gone = keyring.enrol(&document("11111111H")).await.unwrap();
    keyring.erase(gone).await.unwrap();
    let both = start(folder, BOTH).await;
    let status = both.status().await.unwrap();
    assert_eq!((status.people, status.erased), (1, 1));
    assert_eq!((status.wrapping.len(), status.wrapping[0].keys), (1, 1));
    let documents: Vec<_> = status
        .lookup
        .iter()
        .map(|key| (key.version, key.documents, key.role))
        .collect();
    assert_eq!(documents, [(1, 2, Role::Current), (2, 0, Role::Unused)]);
    assert!(!format!("{status:?}").contains(&subject.to_string()));
}
