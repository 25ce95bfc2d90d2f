//! Several replicas: one numbers, another takes over, none forks the log, each keeps its anchor.

use std::sync::atomic::AtomicBool;

use tokio_util::sync::CancellationToken;

use super::*;
use crate::audit::store::Head;

#[tokio::test]
async fn one_replica_numbers_and_another_follows_when_its_lease_runs_out() {
    let scratch = scratch().await;
    let other = scratch.replica("other").await;
    let mut staged = scratch.stage(1, None).await;
    assert_eq!(scratch.log.sequence_once().await.unwrap().numbered, 1);
    staged.extend(scratch.stage(1, None).await); // and there it crashed
    let report = other.sequence_once().await.unwrap();
    assert_eq!((report.numbered, report.elsewhere), (0, true));
    scratch.hands.advance(TTL);
    let report = other.sequence_once().await.unwrap();
    assert_eq!((report.numbered, report.elsewhere), (1, false));
    assert_whole(&scratch, &other, &staged).await;
}

#[tokio::test]
async fn a_replica_that_stops_in_order_is_followed_at_once() {
    let scratch = scratch().await;
    let other = scratch.replica("other").await;
    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&scratch.log).run(stop.clone()));
    let mut staged = scratch.stage(1, None).await;
    while scratch.tree().await.size == 0 {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    running.await.unwrap();
    staged.extend(scratch.stage(1, None).await);
    assert_eq!(other.sequence_once().await.unwrap().numbered, 1);
    assert_whole(&scratch, &other, &staged).await;
}

#[tokio::test]
async fn a_holder_that_slept_through_its_lease_writes_nothing_more() {
    let scratch = scratch().await;
    let other = scratch.replica("other").await;
    let mut staged = scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();
    let sequencer = scratch.log.sequencer.as_ref().unwrap();
    let slept = fence_of(&scratch.log).await;

    scratch.hands.advance(TTL);
    staged.extend(scratch.stage(1, None).await);
    other.sequence_once().await.unwrap();
    staged.extend(scratch.stage(1, None).await);
    let before = store::head(&scratch.db).await.unwrap();
    assert!(before.fence > slept);
    let overtaken = scratch.log.number(sequencer, slept).await;
    assert!(matches!(overtaken, Err(LogError::Overtaken)));
    assert_eq!(store::head(&scratch.db).await.unwrap(), before);
    // To be overtaken is nothing to complain about.
    assert!(scratch.log.sequence_once().await.unwrap().elsewhere);
    other.sequence_once().await.unwrap();
    assert_whole(&scratch, &other, &staged).await;
}

#[tokio::test]
async fn a_transaction_begun_before_the_take_over_cannot_move_the_head_after_it() {
    let scratch = scratch().await;
    let other = scratch.replica("other").await;
    let staged = scratch.stage(3, None).await;
    let slept = fence_of(&scratch.log).await;
    let mut tx = scratch.db.begin().await.unwrap();
    scratch.hands.advance(TTL);
    if scratch.db.is_shared() {
        other.sequence_once().await.unwrap();
        let late = scratch.log.number_in(&mut tx, slept).await;
        assert!(matches!(late, Err(LogError::Overtaken)), "{late:?}");
        drop(tx);
    } else {
        // On a file nobody can take over as long as a transaction is open.
        let waiting = tokio::spawn({
            let other = Arc::clone(&other);
            async move { other.sequence_once().await }
        });
        assert_eq!(scratch.log.number_in(&mut tx, slept).await.unwrap(), 3);
        tx.commit().await.unwrap();
        waiting.await.unwrap().unwrap();
    }
    assert_whole(&scratch, &other, &staged).await;
}

#[tokio::test]
async fn a_holder_paused_with_the_head_in_its_hands_is_waited_for() {
    for commits in [true, false] {
        let scratch = scratch().await;
        let other = scratch.replica("other").await;
        let staged = scratch.stage(3, None).await;
        let slept = fence_of(&scratch.log).await;
        let mut tx = scratch.db.begin().await.unwrap();
        assert_eq!(scratch.log.number_in(&mut tx, slept).await.unwrap(), 3);
        scratch.hands.advance(TTL);
        let waiting = tokio::spawn({
            let other = Arc::clone(&other);
            async move { other.sequence_once().await }
        });
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!waiting.is_finished());
        if commits {
            tx.commit().await.unwrap();
        } else {
            drop(tx);
        }
        let numbered = waiting.await.unwrap().unwrap().numbered;
        assert_eq!(numbered, if commits { 0 } else { 3 });
        assert_whole(&scratch, &other, &staged).await;
    }
}

#[tokio::test]
async fn a_head_that_moved_meanwhile_is_not_moved() {
    let scratch = scratch().await;
    scratch.stage(1, None).await;
    let seen = store::head(&scratch.db).await.unwrap();
    scratch.number().await;
    let now = store::head(&scratch.db).await.unwrap();
    let other_size = Head {
        fence: now.fence,
        ..seen.clone()
    };
    let other_fence = Head {
        fence: now.fence + 1,
        ..now.clone()
    };
    for from in [seen, other_size, other_fence] {
        let mut tx = scratch.db.begin().await.unwrap();
        let moved = store::move_head(&mut tx, &from, &now.tree).await.unwrap();
        assert!(!moved, "{from:?}");
    }
}

/// Three replicas whose leases run out all the time, while two write.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sequencers_that_all_believe_to_hold_the_lease_never_fork() {
    let scratch = Arc::new(scratch().await);
    let replicas = [
        Arc::clone(&scratch.log),
        scratch.replica("two").await,
        scratch.replica("three").await,
    ];
    let written = Arc::new(AtomicBool::new(false));
    let runs = replicas.clone().map(|log| {
        let (written, hands) = (Arc::clone(&written), scratch.hands.clone());
        tokio::spawn(async move {
            let mut numbered = 0;
            loop {
                let last = written.load(Ordering::SeqCst);
                hands.advance(TTL);
                let report = log.sequence_once().await.unwrap();
                numbered += report.numbered;
                if last && store::oldest_waiting(&log.db).await.unwrap().is_none() {
                    return numbered;
                }
            }
        })
    });
    let writers = [1, 2].map(|most| {
        let scratch = Arc::clone(&scratch);
        tokio::spawn(async move {
            let mut staged = Vec::new();
            while store::head(&scratch.db).await.unwrap().fence < CHANGES {
                staged.extend(scratch.stage(most, None).await);
            }
            staged
        })
    });
    let mut staged = Vec::new();
    for writer in writers {
        staged.extend(writer.await.unwrap());
    }
    written.store(true, Ordering::SeqCst);
    let mut numbered = 0;
    for run in runs {
        numbered += run.await.unwrap();
    }
    assert_eq!(numbered, staged.len() as u64, "each by one of them, once");
    for log in &replicas {
        log.sequence_once().await.unwrap();
        assert_whole(&scratch, log, &staged).await;
    }
}

/// How often the head must have changed hands before the writers end.
const CHANGES: i64 = 15;

#[tokio::test]
async fn a_late_checkpoint_does_not_become_the_newest() {
    let scratch = scratch().await;
    let mut staged = scratch.stage(2, None).await;
    scratch.number().await;
    let slow = store::head(&scratch.db).await.unwrap().tree; // read, and not yet signed
    staged.extend(scratch.stage(2, None).await);
    scratch.log.sequence_once().await.unwrap();
    let note = scratch.log.sign(&slow).unwrap();
    let mut tx = scratch.db.begin().await.unwrap();
    let now = scratch.hands.world().now();
    assert!(store::add_note(&mut tx, 2, &note, now).await.unwrap());
    tx.commit().await.unwrap();
    scratch.log.keep(&slow, &note).await.unwrap();
    assert_eq!(
        (scratch.tree().await.size, anchored(&scratch.log).size),
        (4, 4)
    );
    assert_whole(&scratch, &scratch.log, &staged).await;
}

#[tokio::test]
async fn two_that_publish_the_same_head_agree() {
    let scratch = scratch().await;
    let other = scratch.replica("other").await;
    let staged = scratch.stage(2, None).await;
    scratch.number().await;
    let publish = async |log: &Log| log.publish(log.sequencer.as_ref().unwrap()).await.unwrap();
    let (one, two) = tokio::join!(publish(&scratch.log), publish(&other));
    assert_eq!(one, two);
    scratch.log.sequence_once().await.unwrap();
    assert_whole(&scratch, &scratch.log, &staged).await;
}

#[tokio::test]
async fn a_replica_that_never_numbers_looks_for_stalls_and_keeps_its_anchor() {
    let scratch = scratch().await;
    let onlooker = scratch.onlooker("onlooker").await;
    let staged = scratch.stage(2, None).await;
    scratch.hands.advance(scratch.log.config.stall_after);
    assert!(onlooker.sequence_once().await.unwrap().elsewhere);
    assert!(onlooker.admits_exchanges().is_err());
    assert_eq!(anchored(&onlooker).size, 0);
    scratch.log.sequence_once().await.unwrap();
    onlooker.sequence_once().await.unwrap();
    assert_eq!(onlooker.admits_exchanges(), Ok(()));
    assert_whole(&scratch, &onlooker, &staged).await;
}

#[tokio::test]
async fn a_replica_that_never_numbers_refuses_an_older_copy() {
    let scratch = scratch().await;
    let onlooker = scratch.onlooker("onlooker").await;
    scratch.stage(2, None).await;
    scratch.log.sequence_once().await.unwrap();
    let older = older_copy(&scratch).await;
    scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();
    onlooker.sequence_once().await.unwrap();
    let stores = LogStores {
        db: older,
        sequencer: None,
    };
    let config = config(&scratch.keys, "onlooker");
    assert!(matches!(
        open_with(&scratch.keys, stores, config, &scratch.hands).await,
        Err(LogError::RolledBack {
            anchored: 3,
            found: 2
        })
    ));
}

#[tokio::test]
async fn a_database_that_goes_back_under_a_running_gateway_is_not_written_to() {
    let scratch = scratch().await;
    scratch.stage(2, None).await;
    scratch.log.sequence_once().await.unwrap();
    let older = older_copy(&scratch).await;
    let running = config(&scratch.keys, "running");
    std::fs::copy(scratch.anchor(), &running.anchor).unwrap();
    let opened = open_with(&scratch.keys, older.clone(), running, &scratch.hands).await;
    let back = Scratch {
        log: Arc::new(opened.unwrap()),
        db: older,
        hands: scratch.hands.clone(),
        keys: scratch.keys,
    };
    // What it saw before it lost its last entry.
    let newer = Checkpoint {
        size: 3,
        root: [7; 32],
    };
    std::fs::write(back.anchor(), back.log.sign(&newer).unwrap()).unwrap();
    back.hands.advance(TTL);
    back.stage(1, None).await;
    assert!(matches!(
        back.log.sequence_once().await,
        Err(LogError::RolledBack {
            anchored: 3,
            found: 2
        })
    ));
    assert_eq!(store::head(&back.db).await.unwrap().tree.size, 2);
    back.hands.advance(back.log.config.stall_after);
    assert!(back.log.admits_exchanges().is_err());
}

#[tokio::test]
async fn an_anchor_of_another_history_is_not_overwritten() {
    let scratch = scratch().await;
    scratch.stage(2, None).await;
    scratch.log.sequence_once().await.unwrap();
    let other = Checkpoint {
        size: 2,
        root: [7; 32],
    };
    let evidence = scratch.log.sign(&other).unwrap();
    std::fs::write(scratch.anchor(), &evidence).unwrap();
    scratch.stage(1, None).await;
    assert!(matches!(
        scratch.log.sequence_once().await,
        Err(LogError::OtherHistory { anchored: 2 })
    ));
    assert_eq!(std::fs::read_to_string(scratch.anchor()).unwrap(), evidence);
}

#[tokio::test]
async fn numbering_goes_on_when_the_leases_were_lost() {
    let scratch = scratch().await;
    let other = scratch.replica("other").await;
    let mut staged = Vec::new();
    for log in [&scratch.log, &other, &scratch.log] {
        staged.extend(scratch.stage(1, None).await);
        let mut tx = scratch.db.begin().await.unwrap();
        tx.execute("DELETE FROM lease", vec![]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(log.sequence_once().await.unwrap().numbered, 1);
    }
    assert_whole(&scratch, &scratch.log, &staged).await;
}

#[tokio::test]
async fn a_process_that_may_not_number_cannot_begin_a_log() {
    let keys = keyring::scratch().await;
    let db = testing::open(&keys.folder.path().join("gateway.db"), Schema::Gateway).await;
    let sequencer = None;
    let stores = LogStores { db, sequencer };
    let config = config(&keys, "anchor");
    let opened = open_with(&keys, stores, config, &Hands::running()).await;
    assert!(matches!(opened, Err(LogError::NotBegun)));
}

async fn older_copy(scratch: &Scratch) -> Db {
    let folder = scratch.keys.folder.path();
    let (from, to) = (folder.join("gateway.db"), folder.join("older.db"));
    testing::copy(&scratch.db, &from, &to, Schema::Gateway).await;
    testing::open(&to, Schema::Gateway).await
}

/// As at the first start of a fleet, where one replica publishes the notice before others are there.
#[tokio::test]
async fn replicas_that_start_at_once_on_an_empty_log_take_its_first_checkpoint_as_their_anchor() {
    for replicas in [2, 3] {
        let scratch = scratch().await;
        let staged = scratch.stage(1, None).await;
        let names: Vec<_> = (1..replicas).map(|n| format!("anchor-{n}")).collect();
        let (first, others) = tokio::join!(
            scratch.log.sequence_once(),
            futures_util::future::join_all(names.iter().map(|name| scratch.newcomer(name)))
        );
        first.unwrap();
        for other in others {
            let other = other.unwrap();
            other.sequence_once().await.unwrap();
            assert_eq!(anchored(&other).size, 1);
            assert_whole(&scratch, &other, &staged).await;
        }
        // And one that comes late in that hour.
        scratch.hands.advance(Duration::from_mins(59));
        let late = scratch.newcomer("late").await.unwrap();
        assert_eq!(anchored(&late), scratch.tree().await);
    }
}

#[tokio::test]
async fn a_replica_without_an_anchor_is_refused_by_a_log_older_than_an_hour() {
    let scratch = scratch().await;
    scratch.stage(2, None).await;
    scratch.log.sequence_once().await.unwrap();
    scratch.hands.advance(Duration::from_hours(1));
    // What came since does not make the log new, and neither does what was cut off its end.
    scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();
    let refused = scratch.newcomer("new").await;
    assert!(matches!(refused, Err(LogError::AnchorMissing { size: 3 })));
    let anchor = scratch.anchor();
    std::fs::copy(&anchor, anchor.with_file_name("new")).unwrap();
    scratch.newcomer("new").await.unwrap();
}

#[tokio::test]
async fn a_clock_that_was_set_back_makes_no_log_new() {
    let scratch = scratch().await;
    scratch.hands.advance(Duration::from_hours(48));
    scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();
    let earlier = Hands::running();
    let config = config(&scratch.keys, "new");
    let refused = open_with(&scratch.keys, scratch.db.clone(), config, &earlier).await;
    assert!(matches!(refused, Err(LogError::AnchorMissing { size: 1 })));
}

/// What can and what cannot be told apart: whoever lost the anchor in the first hour cannot know
/// that the log went back within that hour. A replica that kept its own can.
#[tokio::test]
async fn in_the_first_hour_a_log_that_went_back_is_noticed_by_whoever_kept_an_anchor() {
    let scratch = scratch().await;
    scratch.stage(1, None).await;
    scratch.log.sequence_once().await.unwrap();
    let kept = scratch.newcomer("kept").await.unwrap();
    let before = scratch.keys.folder.path().join("before.db");
    let file = scratch.keys.folder.path().join("gateway.db");
    testing::copy(&scratch.db, &file, &before, Schema::Gateway).await;
    scratch.stage(2, None).await;
    scratch.log.sequence_once().await.unwrap();
    kept.sequence_once().await.unwrap();
    assert_eq!(anchored(&kept).size, 3);

    let back = testing::open(&before, Schema::Gateway).await;
    scratch.hands.advance(TTL);
    let open = async |anchor: &str| {
        let config = config(&scratch.keys, anchor);
        open_with(&scratch.keys, back.clone(), config, &scratch.hands).await
    };
    assert!(matches!(
        open("kept").await,
        Err(LogError::RolledBack {
            anchored: 3,
            found: 1
        })
    ));
    std::fs::remove_file(scratch.anchor()).unwrap();
    assert!(open("anchor").await.is_ok());
    // An hour later nobody is taken in, and whoever kept an anchor still says why.
    std::fs::remove_file(scratch.anchor()).unwrap();
    scratch.hands.advance(Duration::from_hours(1));
    assert!(matches!(
        open("anchor").await,
        Err(LogError::AnchorMissing { size: 1 })
    ));
    assert!(matches!(
        open("kept").await,
        Err(LogError::RolledBack { .. })
    ));
}
