//! Numbering, crashes at every step, stalls, and what start-up refuses.

use super::*;

#[tokio::test]
async fn staged_entries_get_dense_numbers_in_the_order_they_were_made() {
    let scratch = scratch().await;
    let first = scratch.stage(3, None).await;
    scratch.log.sequence_once().await.unwrap();
    let second = scratch.stage(2, Some(somebody())).await;
    let report = scratch.log.sequence_once().await.unwrap();
    let expected = SequenceReport {
        numbered: 2,
        size: 5,
        more: false,
        elsewhere: false,
    };
    assert_eq!(report, expected);
    let mut positions = Vec::new();
    for staged in first.iter().chain(&second) {
        let entry = scratch.log.entry(staged.entry).await.unwrap();
        positions.push((entry.at, entry.position.unwrap()));
    }
    positions.sort_unstable();
    let numbers: Vec<_> = positions.iter().map(|(_, position)| *position).collect();
    assert_eq!(numbers, [0, 1, 2, 3, 4]);
    assert_eq!(
        scratch.tree().await.root,
        rfc6962::root(&scratch.leaves().await)
    );
}

#[tokio::test]
async fn an_entry_of_an_undone_transaction_never_existed() {
    let scratch = scratch().await;
    let mut tx = scratch.db.begin().await.unwrap();
    let staged = scratch
        .log
        .stage(&mut tx, Kind::Intent, None, payload(json!({})));
    let staged = staged.await.unwrap();
    drop(tx);
    assert_eq!(scratch.log.sequence_once().await.unwrap().numbered, 0);
    assert!(matches!(
        scratch.log.entry(staged.entry).await,
        Err(LogError::UnknownEntry)
    ));
}

#[tokio::test]
async fn a_crash_while_numbering_leaves_every_entry_waiting() {
    let scratch = scratch().await;
    scratch.stage(3, None).await;
    let fence = fence_of(&scratch.log).await;
    let mut tx = scratch.db.begin().await.unwrap();
    assert_eq!(scratch.log.number_in(&mut tx, fence).await.unwrap(), 3);
    drop(tx);
    let log = scratch.reopened().await.unwrap();
    assert_eq!(scratch.tree().await.size, 0);
    assert_eq!(log.sequence_once().await.unwrap().numbered, 3);
    assert_eq!(
        scratch.tree().await.root,
        rfc6962::root(&scratch.leaves().await)
    );
}

#[tokio::test]
async fn a_crash_before_the_checkpoint_is_mended_at_start_up() {
    let scratch = scratch().await;
    let staged = scratch.stage(3, None).await;
    scratch.number().await;
    assert_eq!(scratch.tree().await.size, 0);
    assert_eq!(scratch.log.proof(staged[0].entry).await.unwrap(), None);
    let log = scratch.reopened().await.unwrap();
    assert_eq!(scratch.tree().await.size, 3);
    assert!(log.proof(staged[0].entry).await.unwrap().is_some());
    assert_eq!(anchored(&scratch.log).size, 3);
}

#[tokio::test]
async fn a_crash_before_the_anchor_is_mended_at_start_up() {
    let scratch = scratch().await;
    scratch.stage(3, None).await;
    scratch.number().await;
    scratch.publish().await;
    assert_eq!(
        (anchored(&scratch.log).size, scratch.tree().await.size),
        (0, 3)
    );
    scratch.reopened().await.unwrap();
    assert_eq!(anchored(&scratch.log).size, 3);
}

#[tokio::test]
async fn a_crash_while_the_anchor_is_written_leaves_the_old_one() {
    let scratch = scratch().await;
    scratch.stage(3, None).await;
    scratch.log.sequence_once().await.unwrap();
    let aside = scratch.anchor().with_extension("00ff");
    std::fs::write(aside, "log.example.cat/exch").unwrap();
    scratch.reopened().await.unwrap();
    assert_eq!(anchored(&scratch.log).size, 3);
}

#[tokio::test]
async fn a_running_sequencer_numbers_entries_by_itself_and_stops_when_told() {
    let scratch = scratch().await;
    let stop = tokio_util::sync::CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&scratch.log).run(stop.clone()));
    let entry = scratch.stage(600, None).await[0].entry;
    while scratch.log.proof(entry).await.unwrap().is_none() {
        tokio::task::yield_now().await;
    }
    scratch.stage(1, None).await;
    stop.cancel();
    running.await.unwrap();
    assert_eq!(scratch.tree().await.size, 601);
}

#[tokio::test]
async fn exchanges_stop_when_entries_wait_too_long_and_go_on_once_they_are_numbered() {
    let keys = keyring::scratch().await;
    let db = testing::open(&keys.folder.path().join("gateway.db"), Schema::Gateway).await;
    let config = LogConfig {
        stall_after: Duration::ZERO,
        ..config(&keys, "anchor")
    };
    let hands = Hands::running();
    let opened = open_with(&keys, db.clone(), config.clone(), &hands).await;
    let log = opened.unwrap();
    assert_eq!(log.admits_exchanges(), Ok(()));
    let mut tx = db.begin().await.unwrap();
    let staged = log
        .stage(&mut tx, Kind::Intent, None, payload(json!({})))
        .await;
    tx.commit().await.unwrap();
    let since = staged.unwrap().at;
    while hands.world().now() <= since {}
    assert_eq!(log.admits_exchanges(), Err(Stalled { since }));
    // A replica that staged nothing itself learns it from the database.
    let replica = open_with(&keys, db, config, &hands).await.unwrap();
    assert_eq!(replica.admits_exchanges(), Err(Stalled { since }));
    log.sequence_once().await.unwrap();
    assert_eq!(log.admits_exchanges(), Ok(()));
    replica.look().await.unwrap();
    assert_eq!(replica.admits_exchanges(), Ok(()));
}

#[tokio::test]
async fn an_older_copy_of_the_database_is_refused() {
    let scratch = scratch().await;
    scratch.stage(2, None).await;
    scratch.log.sequence_once().await.unwrap();
    let older = scratch.keys.folder.path().join("older.db");
    copy(&scratch, &older).await;
    scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();

    let older = testing::open(&older, Schema::Gateway).await;
    assert!(matches!(
        open(&scratch.keys, &older, &scratch.hands).await,
        Err(LogError::RolledBack {
            anchored: 3,
            found: 2
        })
    ));
}

#[tokio::test]
async fn a_copy_that_went_its_own_way_is_refused() {
    let scratch = scratch().await;
    scratch.stage(2, None).await;
    scratch.log.sequence_once().await.unwrap();
    let other = scratch.keys.folder.path().join("other.db");
    copy(&scratch, &other).await;
    scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();

    let anchor = std::fs::read(scratch.anchor()).unwrap();
    std::fs::remove_file(scratch.anchor()).unwrap();
    let other = testing::open(&other, Schema::Gateway).await;
    scratch.hands.advance(Duration::from_hours(1)); // a new log would take anyone
    assert!(matches!(
        open(&scratch.keys, &other, &scratch.hands).await,
        Err(LogError::AnchorMissing { size: 2 })
    ));
    let forked = LogConfig {
        anchor: scratch.anchor().with_extension("forked"),
        ..scratch.log.config.clone()
    };
    std::fs::write(&forked.anchor, scratch.note_of(2).await).unwrap();
    let log = open_with(&scratch.keys, other.clone(), forked, &scratch.hands).await;
    let fork = Scratch {
        log: Arc::new(log.unwrap()),
        db: other,
        keys: scratch.keys,
        hands: scratch.hands,
    };
    fork.hands.advance(TTL);
    fork.stage(4, None).await;
    fork.log.sequence_once().await.unwrap();
    std::fs::write(fork.keys.folder.path().join("anchor"), anchor).unwrap();
    assert!(matches!(
        fork.reopened().await,
        Err(LogError::OtherHistory { anchored: 3 })
    ));
}

#[tokio::test]
async fn an_anchor_of_another_log_or_key_or_none_at_all_is_refused() {
    let scratch = scratch().await;
    scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();
    let note = std::fs::read_to_string(scratch.anchor()).unwrap();
    for (anchor, expected) in [
        (note.replace("\n1\n", "\n2\n"), CheckpointError::Signature),
        (
            note.replace(ORIGIN, "log.example.cat/exchange/2027"),
            CheckpointError::Unsigned,
        ),
        ("not a note\n".to_owned(), CheckpointError::Note),
        (String::new(), CheckpointError::Note),
    ] {
        std::fs::write(scratch.anchor(), anchor).unwrap();
        let refused = scratch.reopened().await.unwrap_err();
        assert!(
            matches!(refused, LogError::Checkpoint(error) if error == expected),
            "{refused:?}"
        );
    }
}

#[tokio::test]
async fn a_log_needs_a_name_a_checkpoint_can_carry() {
    let scratch = scratch().await;
    for origin in ["", "two words", "a+b", "line\nbreak"] {
        let config = LogConfig {
            origin: origin.to_owned(),
            ..scratch.log.config.clone()
        };
        let refused = open_with(&scratch.keys, scratch.db.clone(), config, &scratch.hands).await;
        assert!(matches!(refused, Err(LogError::Origin)), "{origin:?}");
    }
}

async fn copy(scratch: &Scratch, to: &std::path::Path) {
    let from = scratch.keys.folder.path().join("gateway.db");
    testing::copy(&scratch.db, &from, to, Schema::Gateway).await;
}
