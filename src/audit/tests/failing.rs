//! The failure table: whichever call of a run fails, and however, the log goes on whole.
//!
//! Calls to the database (on any handle) and to the anchor file are counted; one of them is *lost*, or
//! *persisted* with its answer lost. The table ends with the first run that has no such call.

use super::*;
use crate::store::faults::{Fault, failing};

/// Who goes on after a failure.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// The process that met it.
    Itself,
    /// The same one, started again.
    Restarted,
    /// Another, once the lease has run out; the first one comes back later.
    Another,
}

/// Meets one failure after another in a growing log of `size` entries at first. Gives their number.
async fn table(next: Next, fault: Fault, size: usize) -> usize {
    let mut scratch = scratch().await;
    let other = scratch.replica("other").await;
    let mut staged = Vec::new();
    if size > 0 {
        staged.extend(scratch.stage(size, None).await);
        scratch.log.sequence_once().await.unwrap();
    }
    for n in 0.. {
        scratch.hands.advance(TTL); // so that the lease is taken anew, which may fail as well
        staged.extend(scratch.stage(2, None).await);
        let (run, met) = failing(n, fault, scratch.log.sequence_once()).await;
        assert_eq!(run.is_err(), met, "call {n}");
        let goes_on = match next {
            Next::Itself => &scratch.log,
            Next::Restarted => {
                scratch.log = Arc::new(scratch.reopened().await.unwrap());
                &scratch.log
            }
            Next::Another => {
                scratch.hands.advance(TTL);
                &other
            }
        };
        assert!(
            !goes_on.sequence_once().await.unwrap().elsewhere,
            "call {n}"
        );
        assert_whole(&scratch, goes_on, &staged).await;
        scratch.log.sequence_once().await.unwrap();
        assert_eq!(anchored(&scratch.log), scratch.tree().await, "call {n}");
        if !met {
            return n;
        }
    }
    unreachable!("some run has less calls than there are numbers")
}

/// Fewer would mean that the table misses calls: a run takes its lease, numbers, publishes, keeps its
/// anchor and looks.
const LEAST: usize = 25;

#[tokio::test]
async fn a_process_goes_on_after_any_call_that_was_lost() {
    let calls = table(Next::Itself, Fault::Lost, 0).await;
    assert!(calls > LEAST, "{calls}");
}

#[tokio::test]
async fn a_process_goes_on_after_any_call_whose_answer_was_lost() {
    let calls = table(Next::Itself, Fault::Persisted, 0).await;
    assert!(calls > LEAST, "{calls}");
}

#[tokio::test]
async fn a_process_started_again_goes_on_after_any_call_that_was_lost() {
    let calls = table(Next::Restarted, Fault::Lost, 0).await;
    assert!(calls > LEAST, "{calls}");
}

#[tokio::test]
async fn a_process_started_again_goes_on_after_any_call_whose_answer_was_lost() {
    let calls = table(Next::Restarted, Fault::Persisted, 0).await;
    assert!(calls > LEAST, "{calls}");
}

#[tokio::test]
async fn another_process_goes_on_after_any_call_that_was_lost() {
    let calls = table(Next::Another, Fault::Lost, 0).await;
    assert!(calls > LEAST, "{calls}");
}

#[tokio::test]
async fn another_process_goes_on_after_any_call_whose_answer_was_lost() {
    // From here the table grows over the end of the first tile.
    let calls = table(Next::Another, Fault::Persisted, 200).await;
    assert!(calls > LEAST, "{calls}");
}

#[tokio::test]
async fn a_start_that_failed_at_any_call_succeeds_the_next_time() {
    for fault in [Fault::Lost, Fault::Persisted] {
        let mut scratch = scratch().await;
        let mut staged = Vec::new();
        for n in 0.. {
            // It died after numbering: publishing and the anchor are left to the start.
            staged.extend(scratch.stage(2, None).await);
            scratch.number().await;
            scratch.hands.advance(TTL);
            let opening = open(&scratch.keys, &scratch.db, &scratch.hands);
            let (opened, met) = failing(n, fault, opening).await;
            assert_eq!(opened.is_err(), met, "call {n}");
            scratch.log = Arc::new(scratch.reopened().await.unwrap());
            assert_whole(&scratch, &scratch.log, &staged).await;
            if !met {
                assert!(n > 10, "{n}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_first_start_of_all_may_fail_at_any_call() {
    for fault in [Fault::Lost, Fault::Persisted] {
        for n in 0.. {
            let keys = keyring::scratch().await;
            let file = keys.folder.path().join("gateway.db");
            let db = testing::open(&file, Schema::Gateway).await;
            let hands = Hands::running();
            let (opened, met) = failing(n, fault, open(&keys, &db, &hands)).await;
            assert_eq!(opened.is_err(), met, "call {n}");
            let log = open(&keys, &db, &hands).await.unwrap();
            assert!(log.audit_self().await.unwrap().holds());
            assert_eq!(anchored(&log).size, 0);
            if !met {
                assert!(n > 10, "{n}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn a_run_that_failed_at_any_call_lets_exchanges_stop_in_time() {
    let scratch = scratch().await;
    for n in 0.. {
        scratch.stage(1, None).await;
        let (_, met) = failing(n, Fault::Lost, scratch.log.sequence_once()).await;
        scratch.hands.advance(scratch.log.config.stall_after);
        assert_eq!(scratch.log.admits_exchanges().is_err(), met, "call {n}");
        scratch.log.sequence_once().await.unwrap();
        assert_eq!(scratch.log.admits_exchanges(), Ok(()));
        if !met {
            break;
        }
    }
}
