//! The gateway as it is keeps the invariants; spoilt in any one way, it does not.

use stateright::{Checker, Expectation, HasDiscoveries};

use super::bounds::{SPOILT, chosen};
use super::invariants::{
    APPEND_ONLY, BLOCKED, GAPLESS, NO_CONSENT_NO_CALL, NO_LATE_GRANT, NO_RECORD_NO_CALL,
    NO_RECORD_NO_DATA, NOTHING_REVIVES, ONE_OUTCOME, REVOCATION_IS_IMMEDIATE,
};
use super::*;

/// The document that states what was explored.
const DOCUMENT: &str = include_str!("../../../docs/model.md");

#[test]
fn in_every_order_of_steps_within_the_bounds_the_invariants_hold() {
    let mut happened = BTreeSet::new();
    let mut unsaid = Vec::new();
    for bounds in chosen() {
        let gateway = Gateway {
            bounds: bounds.clone(),
            mutation: Mutation::None,
        };
        let checker = gateway.checker().spawn_bfs().join();
        assert!(checker.is_done());
        for (name, path) in checker.discoveries() {
            let property = checker.model().property(name);
            assert_eq!(
                property.expectation,
                Expectation::Sometimes,
                "{name} is violated:\n{path}"
            );
            happened.insert(name);
        }
        let line = bounds.line(checker.unique_state_count(), checker.max_depth());
        if !DOCUMENT.contains(&line) {
            unsaid.push(line);
        }
    }
    assert!(unsaid.is_empty(), "docs/model.md does not say {unsaid:#?}");
    for property in invariants::properties() {
        let must_happen = property.expectation == Expectation::Sometimes;
        assert_eq!(
            happened.contains(property.name),
            must_happen,
            "{}",
            property.name
        );
    }
}

/// Whether the checker finds a way from nothing to a violation, and none without the mutation.
fn violates(mutation: Mutation, property: &'static str, bounds: &Bounds) -> bool {
    let found = |mutation| {
        let bounds = bounds.clone();
        let only = HasDiscoveries::AllOf([property].into());
        let checker = Gateway { bounds, mutation }.checker().finish_when(only);
        checker.spawn_bfs().join().discovery(property).is_some()
    };
    found(mutation) && !found(Mutation::None)
}

#[test]
fn an_outcome_judged_before_the_lock_breaks_revocation() {
    let mutation = Mutation::CloseChecksBeforeLock;
    assert!(violates(mutation, REVOCATION_IS_IMMEDIATE, &SPOILT));
}

#[test]
fn an_answer_used_whatever_was_decided_breaks_revocation() {
    let mutation = Mutation::CloseIgnoresWithdrawal;
    assert!(violates(mutation, REVOCATION_IS_IMMEDIATE, &SPOILT));
}

#[test]
fn an_answer_used_under_any_live_grant_lets_a_new_grant_revive_an_old_exchange() {
    let bounds = Bounds {
        decisions: 3,
        ..SPOILT
    };
    let mutation = Mutation::CloseTakesAnyGrant;
    assert!(violates(mutation, NOTHING_REVIVES, &bounds));
}

#[test]
fn a_number_taken_apart_from_its_entry_leaves_a_gap() {
    assert!(violates(Mutation::CountApart, GAPLESS, &SPOILT));
}

#[test]
fn a_grant_checked_before_the_lock_brings_consent_back_late() {
    let bounds = Bounds { tabs: 2, ..SPOILT };
    let mutation = Mutation::DecideChecksBeforeLock;
    assert!(violates(mutation, NO_LATE_GRANT, &bounds));
}

#[test]
fn an_intent_that_ignores_the_epoch_calls_without_consent() {
    let mutation = Mutation::IntentIgnoresEpoch;
    assert!(violates(mutation, NO_CONSENT_NO_CALL, &SPOILT));
    assert!(violates(mutation, REVOCATION_IS_IMMEDIATE, &SPOILT));
}

#[test]
fn an_intent_that_looks_at_the_clock_once_calls_after_the_end_of_the_grant() {
    let bounds = Bounds {
        ticks: GRANT,
        ..SPOILT
    };
    let mutation = Mutation::IntentLooksOnce;
    assert!(violates(mutation, NO_CONSENT_NO_CALL, &bounds));
}

#[test]
fn an_intent_that_reads_the_epoch_last_breaks_revocation() {
    let mutation = Mutation::NewestBeforeEpoch;
    assert!(violates(mutation, REVOCATION_IS_IMMEDIATE, &SPOILT));
}

#[test]
fn a_profile_handed_over_before_its_release_leaves_without_a_record() {
    let mutation = Mutation::LeaveWithoutRelease;
    assert!(violates(mutation, NO_RECORD_NO_DATA, &SPOILT));
}

#[test]
fn without_a_sweeper_a_crash_leaves_an_intent_open_for_ever() {
    assert!(violates(Mutation::NobodySweeps, ONE_OUTCOME, &SPOILT));
}

#[test]
fn without_the_key_of_outcomes_the_sweeper_gives_an_intent_a_second_one() {
    assert!(violates(Mutation::OutcomeTwice, ONE_OUTCOME, &SPOILT));
}

#[test]
fn a_proof_that_never_goes_stale_lets_bytes_leave_after_two_seconds() {
    let mutation = Mutation::ProofNeverStale;
    assert!(violates(mutation, NO_CONSENT_NO_CALL, &SPOILT));
}

#[test]
fn a_release_judged_before_the_lock_breaks_revocation() {
    let mutation = Mutation::ReleaseChecksBeforeLock;
    assert!(violates(mutation, REVOCATION_IS_IMMEDIATE, &SPOILT));
}

#[test]
fn a_reply_before_the_commit_breaks_revocation() {
    let mutation = Mutation::ReplyBeforeCommit;
    assert!(violates(mutation, REVOCATION_IS_IMMEDIATE, &SPOILT));
}

#[test]
fn bytes_that_leave_before_the_intent_leave_without_a_record() {
    let mutation = Mutation::SendWithoutIntent;
    assert!(violates(mutation, NO_RECORD_NO_CALL, &SPOILT));
}

#[test]
fn a_sweeper_that_overwrites_an_outcome_changes_what_was_written() {
    assert!(violates(Mutation::SweepOverwrites, APPEND_ONLY, &SPOILT));
}

#[test]
fn an_answer_read_before_its_outcome_is_used_without_a_record() {
    let mutation = Mutation::UseWithoutOutcome;
    assert!(violates(mutation, NO_RECORD_NO_DATA, &SPOILT));
}

#[test]
fn log_11_without_any_one_of_its_checks_a_block_does_not_hold() {
    let bounds = Bounds {
        blocks: 1,
        ..SPOILT
    };
    for mutation in [
        Mutation::GrantWhileBlocked,
        Mutation::IntentChecksBlockBeforeLock,
        Mutation::IntentIgnoresBlock,
        Mutation::ReleaseIgnoresBlock,
    ] {
        assert!(violates(mutation, BLOCKED, &bounds), "{mutation:?}");
    }
}
