//! LOG-01: whatever is altered in the stored log, the check of the whole log says so, and what.

use super::*;
use crate::store::Value as Bound;

/// A log of 300 entries in three checkpoints: a full tile, partial ones, and two levels.
async fn healthy() -> Scratch {
    let scratch = scratch().await;
    for count in [100, 150, 50] {
        scratch.stage(count, Some(somebody())).await;
        scratch.log.sequence_once().await.unwrap();
    }
    scratch
}

/// Does what only somebody with the whole database in their hands can do.
async fn tamper(scratch: &Scratch, statements: &[&'static str]) {
    let statements = statements.iter().map(|statement| (*statement, vec![]));
    tamper_with(scratch, statements.collect()).await;
}

async fn tamper_with(scratch: &Scratch, statements: Vec<(&'static str, Vec<Bound>)>) {
    let mut tx = scratch.db.begin().await.unwrap();
    let unguarded: &[&'static str] = if scratch.db.is_shared() {
        &["SET LOCAL session_replication_role = replica"]
    } else {
        &[
            "PRAGMA defer_foreign_keys = on",
            "DROP TRIGGER log_entry_is_append_only_u",
            "DROP TRIGGER log_entry_is_append_only_d",
            "DROP TRIGGER log_sequence_is_append_only_u",
            "DROP TRIGGER log_sequence_is_append_only_d",
            "DROP TRIGGER log_checkpoint_is_append_only_u",
            "DROP TRIGGER log_checkpoint_is_append_only_d",
            "DROP TRIGGER log_tile_is_append_only_u",
            "DROP TRIGGER log_tile_is_append_only_d",
        ]
    };
    for statement in unguarded {
        tx.execute(statement, vec![]).await.unwrap();
    }
    for (statement, values) in statements {
        let changed = tx.execute(statement, values).await;
        let changed = changed.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        assert_ne!(changed, 0, "{statement}");
    }
    tx.commit().await.unwrap();
}

/// Alters stored bytes: reads them with one statement, writes them back with another.
async fn alter(
    scratch: &Scratch,
    read: &'static str,
    write: &'static str,
    change: impl FnOnce(&mut Vec<u8>),
) {
    let row = scratch.db.row(read, vec![]).await.unwrap().unwrap();
    let mut bytes = row.bytes(0).unwrap();
    change(&mut bytes);
    tamper_with(scratch, vec![(write, vec![bytes.into()])]).await;
}

/// Alters the first tile of the leaves.
async fn alter_first_tile(scratch: &Scratch) {
    alter(
        scratch,
        "SELECT hashes FROM log_tile WHERE level = 0 AND number = 0",
        "UPDATE log_tile SET hashes = $1 WHERE level = 0 AND number = 0",
        |hashes| hashes[0] ^= 1,
    )
    .await;
}

async fn findings(statements: &[&'static str]) -> Vec<Finding> {
    let scratch = healthy().await;
    tamper(&scratch, statements).await;
    scratch.log.audit_self().await.unwrap().findings
}

#[tokio::test]
async fn an_untouched_log_holds_also_while_it_grows_and_after_erasure() {
    let scratch = scratch().await;
    let checked = scratch.log.audit_self().await.unwrap();
    let empty = Checked {
        checkpoints: 1,
        ..Checked::default()
    };
    assert_eq!(checked, empty);
    let anna = somebody();
    scratch.stage(260, Some(anna)).await;
    scratch.log.sequence_once().await.unwrap();
    scratch.stage(3, None).await;
    scratch.number().await; // not yet published
    scratch.stage(2, None).await; // not yet numbered
    scratch.keys.keyring.erase(anna).await.unwrap();
    let expected = Checked {
        entries: 263,
        erased: 260,
        checkpoints: 2,
        findings: vec![],
    };
    assert_eq!(scratch.log.audit_self().await.unwrap(), expected);
    assert!(expected.holds());
}

#[tokio::test]
async fn the_database_itself_refuses_to_alter_the_log() {
    let scratch = healthy().await;
    for statement in [
        "UPDATE log_entry SET at = 0",
        "DELETE FROM log_entry",
        "UPDATE log_sequence SET position = position + 1000",
        "DELETE FROM log_sequence",
        "UPDATE log_checkpoint SET note = ''",
        "DELETE FROM log_checkpoint",
        "UPDATE log_tile SET width = width + 1",
        "DELETE FROM log_tile",
    ] {
        let mut tx = scratch.db.begin().await.unwrap();
        let refused = format!("{:?}", tx.execute(statement, vec![]).await.unwrap_err());
        assert!(refused.contains("append only"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn an_altered_payload_is_found() {
    let scratch = healthy().await;
    alter(
        &scratch,
        "SELECT e.sealed FROM log_entry e JOIN log_sequence s ON s.entry = e.entry
         WHERE s.position = 7",
        "UPDATE log_entry SET sealed = $1
         WHERE entry = (SELECT entry FROM log_sequence WHERE position = 7)",
        |sealed| sealed[20] ^= 1,
    )
    .await;
    let found = scratch.log.audit_self().await.unwrap().findings;
    assert_eq!(found, [Finding::PayloadUnreadable { position: 7 }]);
}

#[tokio::test]
async fn a_payload_put_in_the_place_of_another_is_found() {
    let found = findings(&[
        "UPDATE log_entry SET sealed = (SELECT e.sealed FROM log_entry e
            JOIN log_sequence s ON s.entry = e.entry WHERE s.position = 8)
         WHERE entry = (SELECT entry FROM log_sequence WHERE position = 7)",
    ]);
    assert_eq!(found.await, [Finding::PayloadUnreadable { position: 7 }]);
}

#[tokio::test]
async fn an_altered_time_or_kind_is_found() {
    for statement in [
        "UPDATE log_entry SET at = at - 60000000
         WHERE entry = (SELECT entry FROM log_sequence WHERE position = 7)",
        "UPDATE log_entry SET kind = 'login'
         WHERE entry = (SELECT entry FROM log_sequence WHERE position = 7)",
    ] {
        assert_eq!(
            findings(&[statement]).await,
            [Finding::LeafBroken { position: 7 }]
        );
    }
}

#[tokio::test]
async fn an_altered_leaf_is_found() {
    let scratch = healthy().await;
    alter(
        &scratch,
        "SELECT e.leaf FROM log_entry e JOIN log_sequence s ON s.entry = e.entry
         WHERE s.position = 7",
        "UPDATE log_entry SET leaf = $1
         WHERE entry = (SELECT entry FROM log_sequence WHERE position = 7)",
        |leaf| {
            let text = String::from_utf8_lossy(leaf).replace("\"v\":1", "\"v\":2");
            *leaf = text.into_bytes();
        },
    )
    .await;
    let found = scratch.log.audit_self().await.unwrap().findings;
    assert_eq!(found[0], Finding::LeafBroken { position: 7 });
    assert!(found.contains(&Finding::LeafDiffers { position: 7 }));
    assert!(found.contains(&Finding::CheckpointDiffers { size: 100 }));
    assert!(found.contains(&Finding::HeadDiffers));
}

#[tokio::test]
async fn two_entries_that_changed_places_are_found() {
    let found = findings(&[
        "UPDATE log_sequence SET position = 1000 WHERE position = 7",
        "UPDATE log_sequence SET position = 7 WHERE position = 8",
        "UPDATE log_sequence SET position = 8 WHERE position = 1000",
    ]);
    let found = found.await;
    assert!(found.contains(&Finding::LeafDiffers { position: 7 }));
    assert!(found.contains(&Finding::LeafDiffers { position: 8 }));
}

#[tokio::test]
async fn a_deleted_entry_or_number_is_found() {
    let found = findings(&[
        "DELETE FROM log_entry WHERE entry = (SELECT entry FROM log_sequence WHERE position = 7)",
        "DELETE FROM log_sequence WHERE position = 7",
    ]);
    assert_eq!(found.await[0], Finding::EntryMissing { position: 7 });

    let scratch = healthy().await;
    let entry = entry_at(&scratch, 7).await;
    tamper(&scratch, &["DELETE FROM log_sequence WHERE position = 7"]).await;
    let found = scratch.log.audit_self().await.unwrap().findings;
    assert_eq!(found[0], Finding::EntryMissing { position: 7 });
    assert!(found.contains(&Finding::EntryUnnumbered { entry }));
}

#[tokio::test]
async fn an_entry_kept_from_being_numbered_is_found() {
    let scratch = healthy().await;
    let entry = scratch.stage(1, None).await[0].entry;
    tamper(&scratch, &["DELETE FROM log_staged"]).await;
    let found = scratch.log.audit_self().await.unwrap().findings;
    assert_eq!(found, [Finding::EntryUnnumbered { entry }]);
}

#[tokio::test]
async fn an_inserted_entry_is_found() {
    let scratch = healthy().await;
    let mut statements = vec![
        "INSERT INTO log_entry SELECT '00000000-0000-4000-8000-000000000001', kind, subject, at, leaf,
            sealed FROM log_entry LIMIT 1",
        "INSERT INTO log_sequence VALUES (300, '00000000-0000-4000-8000-000000000001')",
    ];
    if !scratch.db.is_shared() {
        statements.push("DELETE FROM log_staged"); // here the trigger that stages was left in place
    }
    tamper(&scratch, &statements).await;
    let found = scratch.log.audit_self().await.unwrap().findings;
    assert_eq!(found, [Finding::PositionAhead { position: 300 }]);
}

#[tokio::test]
async fn an_altered_or_missing_or_additional_tile_is_found() {
    let place = |level, number, width| Place {
        level,
        number,
        width,
    };
    let found = async |scratch: &Scratch| scratch.log.audit_self().await.unwrap().findings;
    let scratch = healthy().await;
    alter_first_tile(&scratch).await;
    let expected = [
        Finding::TileDiffers {
            place: place(0, 0, 256),
        },
        Finding::LeafDiffers { position: 0 },
    ];
    assert_eq!(found(&scratch).await, expected);

    let scratch = healthy().await;
    alter(
        &scratch,
        "SELECT hashes FROM log_tile WHERE level = 1",
        "UPDATE log_tile SET hashes = $1 WHERE level = 1",
        |hashes| hashes[0] ^= 1,
    )
    .await;
    let differs = Finding::TileDiffers {
        place: place(1, 0, 1),
    };
    assert_eq!(found(&scratch).await, [differs]);

    let missing = findings(&["DELETE FROM log_tile WHERE level = 1"]);
    assert_eq!(
        missing.await,
        [Finding::TileMissing {
            place: place(1, 0, 1)
        }]
    );

    let scratch = healthy().await;
    let add = "INSERT INTO log_tile VALUES (1, 0, 2, $1)";
    tamper_with(&scratch, vec![(add, vec![vec![0; 64].into()])]).await;
    let found = found(&scratch).await;
    assert!(
        found.contains(&Finding::TileDiffers {
            place: place(1, 0, 2)
        }),
        "{found:?}"
    );
    let short = findings(&["UPDATE log_tile SET hashes = substr(hashes, 1, 31) WHERE level = 1"]);
    assert!(short.await.contains(&differs));
}

#[tokio::test]
async fn an_altered_head_is_found_and_nothing_is_built_on_it() {
    let scratch = healthy().await;
    let alter = "UPDATE log_head SET root = $1";
    tamper_with(&scratch, vec![(alter, vec![vec![0; 32].into()])]).await;
    let found = scratch.log.audit_self().await.unwrap().findings;
    assert_eq!(found, [Finding::HeadDiffers]);
    scratch.stage(1, None).await;
    assert!(matches!(
        scratch.log.sequence_once().await,
        Err(LogError::Damaged(_))
    ));
}

#[tokio::test]
async fn a_forged_missing_or_borrowed_checkpoint_is_found() {
    let found =
        findings(&["UPDATE log_checkpoint SET note = replace(note, '— ', '—  ') WHERE size = 100"]);
    assert_eq!(found.await, [Finding::CheckpointForged { size: 100 }]);
    let found = findings(&[
        "UPDATE log_checkpoint SET note = (SELECT note FROM log_checkpoint WHERE size = 250)
         WHERE size = 100",
    ]);
    assert_eq!(found.await, [Finding::CheckpointForged { size: 100 }]);
    let found = findings(&["DELETE FROM log_checkpoint WHERE size = 300"]);
    assert_eq!(found.await, [Finding::CheckpointMissing { size: 300 }]);
    let found = findings(&["UPDATE log_checkpoint SET size = 301 WHERE size = 100"]);
    assert_eq!(found.await, [Finding::CheckpointAhead { size: 301 }]);
}

#[tokio::test]
async fn a_log_cut_back_with_everything_that_shows_it_is_found_by_its_anchor() {
    let scratch = healthy().await;
    let root = rfc6962::root(&scratch.leaves().await[..250]);
    let tile = scratch.log.tile(0, 0, 250).await.unwrap().unwrap();
    tamper(
        &scratch,
        &[
            "CREATE TABLE cut AS SELECT entry FROM log_sequence WHERE position >= 250",
            "DELETE FROM log_sequence WHERE position >= 250",
            "DELETE FROM log_entry WHERE entry IN (SELECT entry FROM cut)",
            "DELETE FROM log_checkpoint WHERE size > 250",
            "DELETE FROM log_tile",
        ],
    )
    .await;
    let mut tx = scratch.db.begin().await.unwrap();
    let add = "INSERT INTO log_tile VALUES (0, 0, 250, $1)";
    tx.execute(add, vec![tile.into()]).await.unwrap();
    let cut = "UPDATE log_head SET size = 250, root = $1";
    let root = root.as_slice().into();
    tx.execute(cut, vec![root]).await.unwrap();
    tx.commit().await.unwrap();
    let found = scratch.log.audit_self().await.unwrap().findings;
    assert_eq!(found, [Finding::AnchorAhead { anchored: 300 }]);
    assert!(matches!(
        scratch.reopened().await,
        Err(LogError::RolledBack {
            anchored: 300,
            found: 250
        })
    ));
    std::fs::remove_file(scratch.anchor()).unwrap();
    let found = scratch.log.audit_self().await.unwrap().findings;
    assert_eq!(found, [Finding::AnchorUnusable]);
}

#[tokio::test]
async fn a_proof_is_not_given_out_when_the_store_was_altered() {
    let scratch = healthy().await;
    let entry = entry_at(&scratch, 7).await;
    alter_first_tile(&scratch).await;
    assert!(matches!(
        scratch.log.proof(entry).await,
        Err(LogError::Damaged(_))
    ));
}

#[tokio::test]
async fn an_erasure_is_recorded_and_outlives_a_restored_keyring() {
    let scratch = healthy().await;
    let anna = somebody();
    let of_anna = scratch.stage(1, Some(anna)).await[0].entry;
    keyring::copy_of(&scratch.keys, "backup.db").await;

    let staged = scratch.log.erase(anna).await.unwrap();
    let payload = scratch.log.payload(staged.entry).await.unwrap();
    assert_eq!(
        (&payload["event"], &payload["whose"]),
        (&json!("erased"), &json!(anna.to_string()))
    );
    assert!(matches!(
        scratch.log.payload(of_anna).await,
        Err(LogError::Erased)
    ));

    let keys = keyring::restored(scratch.keys, "backup.db").await;
    let log = open(&keys, &scratch.db, &scratch.hands).await.unwrap();
    assert!(
        log.payload(of_anna).await.is_ok(),
        "the backup brought the key back"
    );
    assert_eq!(log.repeat_erasures().await.unwrap(), 1);
    assert!(matches!(log.payload(of_anna).await, Err(LogError::Erased)));
}

async fn entry_at(scratch: &Scratch, position: i64) -> crate::citizen::EntryId {
    let row = scratch.db.row(
        "SELECT entry FROM log_sequence WHERE position = $1",
        vec![position.into()],
    );
    row.await.unwrap().unwrap().parsed(0).unwrap()
}
