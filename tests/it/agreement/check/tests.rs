//! Each promise broken once, in a history that keeps all the others.

use std::collections::BTreeSet;

use super::super::history::{Outcome, Seen, Standing};
use super::super::tables::{Close, Event, Intent, Receipt, Release};
use super::*;

const P: &str = "AEAT_IRPF/C4";

const SECOND: Micros = 1_000_000;

/// Marta grants (1 s), fetches and is given her profile (4 s), takes it back (10 s), and looks (12 s).
fn kept() -> Evidence {
    let mut tables = Tables::default();
    for (seq, event, receipt) in [(1, "granted", "yes"), (2, "withdrawn", "no")] {
        tables.events.push(Event {
            subject: "s".into(),
            seq,
            epoch: seq,
            item: "i".into(),
            product: P.into(),
            what: event.into(),
            receipt: receipt.into(),
        });
        let (event, kind) = match seq {
            1 => ("granted-and-refused", "consent-granted"),
            _ => ("withdrawn", "consent-withdrawn"),
        };
        let row = Receipt {
            subject: "s".into(),
            what: event.into(),
            entry: format!("e-{receipt}"),
        };
        tables.receipts.insert(receipt.into(), row);
        log(&mut tables, &format!("e-{receipt}"), kind);
    }
    let intent = Intent {
        subject: "s".into(),
        item: "i".into(),
        product: P.into(),
        epoch: 1,
        consent_seq: 1,
        counter: 1,
        request_id: "r".into(),
        at: 3 * SECOND,
        entry: "e-intent".into(),
    };
    tables.intents.insert("x".into(), intent);
    let close = Close {
        result: "ok".into(),
        used: true,
        epoch: 1,
        counter: 2,
        entry: "e-outcome".into(),
    };
    tables.outcomes.insert("x".into(), close);
    tables.releases.push(Release {
        job: "j".into(),
        subject: "s".into(),
        epoch: 1,
        counter: 3,
        entry: "e-release".into(),
        exchanges: BTreeSet::from(["x".into()]),
    });
    for kind in ["intent", "outcome", "release"] {
        log(&mut tables, &format!("e-{kind}"), kind);
    }
    tables.heads.insert("s".into(), (2, 3));
    tables.jobs.insert("j".into(), "finished".into());
    let history = vec![
        op(1, Wish::Grant(vec![P.into()]), decided("yes", "granted")),
        op(4, Wish::Profile("j".into()), profile()),
        op(6, Wish::List, listed()),
        op(8, Wish::Read, stands("yes", "granted")),
        op(10, Wish::Revoke(P.into()), decided("no", "revoked")),
        op(12, Wish::Read, stands("no", "revoked")),
    ];
    let arrivals = vec![Arrival {
        at: 3 * SECOND + 5,
        request_id: Some("r".into()),
        product: Some(P.into()),
    }];
    Evidence {
        history,
        tables,
        arrivals,
        faults: Vec::new(),
    }
}

fn log(tables: &mut Tables, entry: &str, kind: &str) {
    let number = i64::try_from(tables.entries.len()).unwrap();
    let row = (kind.to_owned(), Some(number));
    tables.entries.insert(entry.to_owned(), row);
}

/// Lasts half a second.
fn op(second: i64, wish: Wish, seen: Seen) -> Op {
    Op {
        person: "marta".into(),
        device: 0,
        wish,
        began: second * SECOND,
        ended: second * SECOND + SECOND / 2,
        outcome: Outcome::Done(seen),
    }
}

fn stands(receipt: &str, state: &str) -> Seen {
    let standing = Standing {
        state: state.into(),
        receipt: (!receipt.is_empty()).then(|| receipt.into()),
    };
    Seen {
        items: [(P.to_owned(), standing)].into(),
        ..Seen::default()
    }
}

fn decided(receipt: &str, state: &str) -> Seen {
    Seen {
        receipt: Some(receipt.into()),
        ..stands(receipt, state)
    }
}

fn profile() -> Seen {
    Seen {
        sources: [("x".to_owned(), P.to_owned())].into(),
        ..Seen::default()
    }
}

fn listed() -> Seen {
    Seen {
        listed: BTreeSet::from(["x".into()]),
        ..Seen::default()
    }
}

/// What is found when one thing is changed.
fn found(change: impl FnOnce(&mut Evidence)) -> Vec<Finding> {
    let mut evidence = kept();
    change(&mut evidence);
    check(&evidence)
}

fn named(word: &str) -> String {
    word.to_owned()
}

#[test]
fn a_history_in_which_every_promise_was_kept_has_no_finding() {
    assert_eq!(check(&kept()), []);
}

#[test]
fn an_acknowledged_decision_that_is_not_there_is_found() {
    let lost = found(|evidence| {
        evidence.tables.receipts.remove("no");
    });
    let receipt = named("no");
    assert!(lost.contains(&Finding::ReceiptLost { receipt }), "{lost:?}");
}

#[test]
fn an_entry_without_a_number_is_found_and_one_that_is_gone_too() {
    let entry = named("e-outcome");
    let lost = [Finding::EntryLost { entry }];
    let waits = found(|evidence| {
        evidence.tables.entries.get_mut("e-outcome").unwrap().1 = None;
    });
    assert_eq!(waits, lost);
    let gone = found(|evidence| {
        evidence.tables.entries.remove("e-outcome");
    });
    assert_eq!(gone, lost);
}

#[test]
fn a_profile_given_without_release_is_found() {
    let none = found(|evidence| {
        evidence.tables.releases.clear();
        evidence.tables.heads.insert("s".into(), (2, 2));
    });
    let job = named("j");
    let lost = Finding::ReleaseLost { job: job.clone() };
    assert_eq!(none, [lost, Finding::ReleaseMissing { job: job.clone() }]);
    let twice = found(|evidence| {
        let again = op(5, Wish::Profile("j".into()), profile());
        evidence.history.push(again);
    });
    assert_eq!(twice, [Finding::ReleaseMissing { job }]);
}

#[test]
fn a_list_that_forgets_an_exchange_is_found() {
    let forgotten = found(|evidence| {
        evidence.history[2].outcome = Outcome::Done(Seen::default());
    });
    let exchange = named("x");
    assert_eq!(forgotten, [Finding::ListForgets { exchange }]);
}

#[test]
fn a_request_that_nothing_announces_is_found() {
    let request_id = named("other");
    let found = found(|evidence| {
        evidence.arrivals[0].request_id = Some("other".into());
    });
    assert_eq!(found, [Finding::RequestWithoutIntent { request_id }]);
}

#[test]
fn a_request_for_another_product_than_its_intent_is_found() {
    let request_id = named("r");
    let found = found(|evidence| evidence.arrivals[0].product = Some("PADRO/X".into()));
    assert_eq!(found, [Finding::RequestWithoutIntent { request_id }]);
}

#[test]
fn a_request_sent_twice_is_found() {
    let request_id = named("r");
    let found = found(|evidence| {
        let again = evidence.arrivals[0].clone();
        evidence.arrivals.push(again);
    });
    assert_eq!(found, [Finding::RequestTwice { request_id }]);
}

#[test]
fn a_request_id_of_two_intents_is_found() {
    let request_id = named("r");
    let found = found(|evidence| {
        let mut again = evidence.tables.intents["x"].clone();
        again.counter = 4;
        let mut close = evidence.tables.outcomes["x"].clone();
        close.counter = 5;
        evidence.tables.intents.insert("y".into(), again);
        evidence.tables.outcomes.insert("y".into(), close);
        evidence.tables.heads.insert("s".into(), (2, 5));
    });
    assert_eq!(found, [Finding::RequestIdReused { request_id }]);
}

#[test]
fn a_request_before_its_intent_is_found() {
    let request_id = named("r");
    let found = found(|evidence| evidence.arrivals[0].at = 2 * SECOND);
    assert_eq!(found, [Finding::RequestBeforeIntent { request_id }]);
}

#[test]
fn an_intent_without_outcome_is_found() {
    let found = found(|evidence| {
        evidence.tables.outcomes.clear();
        evidence.tables.releases.clear();
        evidence.tables.heads.insert("s".into(), (2, 1));
        evidence.history.drain(1..3);
    });
    let exchange = named("x");
    assert_eq!(found, [Finding::IntentWithoutOutcome { exchange }]);
}

#[test]
fn a_gap_in_the_count_of_entries_is_found() {
    let subject = named("s");
    let found = found(|evidence| evidence.tables.releases[0].counter = 4);
    assert_eq!(found, [Finding::CounterGap { subject }]);
}

#[test]
fn a_gap_in_the_count_of_decisions_is_found_and_epochs_out_of_order_too() {
    let gap = [Finding::DecisionGap {
        subject: named("s"),
    }];
    let missing = found(|evidence| evidence.tables.events[1].seq = 3);
    assert_eq!(missing, gap);
    let swapped = found(|evidence| {
        let subject = evidence.tables.heads.get_mut("s").unwrap();
        subject.0 = 1;
        evidence.tables.events[0].epoch = 3;
        evidence.tables.events[1].epoch = 1;
    });
    assert!(swapped.contains(&gap[0]), "{swapped:?}");
}

#[test]
fn a_head_that_stands_elsewhere_is_found() {
    let subject = named("s");
    let found = found(|evidence| {
        evidence.tables.heads.insert("s".into(), (3, 3));
    });
    assert_eq!(found, [Finding::HeadElsewhere { subject }]);
}

#[test]
fn a_decision_recorded_twice_is_found() {
    let person = named("marta");
    let found = found(|evidence| {
        let again = evidence.tables.receipts["yes"].clone();
        evidence.tables.receipts.insert("again".into(), again);
    });
    assert_eq!(found, [Finding::DecisionTwice { person }]);
}

#[test]
fn one_person_with_two_identities_is_found() {
    let person = named("marta");
    let found = found(|evidence| {
        evidence.tables.receipts.get_mut("no").unwrap().subject = "t".into();
    });
    assert_eq!(found, [Finding::TwoSubjects { person }]);
}

#[test]
fn an_intent_that_rests_on_no_grant_is_found() {
    let exchange = named("x");
    let without = [Finding::IntentWithoutGrant { exchange }];
    let missing = found(|evidence| intent(evidence).consent_seq = 7);
    assert_eq!(missing, without);
    let other_item = found(|evidence| intent(evidence).item = "other".into());
    assert_eq!(other_item, without);
    let withdrawn = found(|evidence| {
        intent(evidence).consent_seq = 2;
        intent(evidence).epoch = 2;
    });
    assert_eq!(withdrawn, without);
    let not_yet = found(|evidence| intent(evidence).epoch = 0);
    assert_eq!(not_yet, without);
}

fn intent(evidence: &mut Evidence) -> &mut Intent {
    evidence.tables.intents.get_mut("x").unwrap()
}

#[test]
fn an_intent_a_use_and_a_release_after_the_grant_ended_are_found() {
    let exchange = || named("x");
    let asked = found(|evidence| {
        intent(evidence).epoch = 2;
        evidence.tables.outcomes.get_mut("x").unwrap().used = false;
        evidence.tables.releases.clear();
        evidence.tables.heads.insert("s".into(), (2, 2));
        evidence.history.drain(1..3);
    });
    let exchange_x = exchange();
    assert_eq!(
        asked,
        [Finding::IntentAfterEnd {
            exchange: exchange_x
        }]
    );
    let used = found(|evidence| {
        evidence.tables.outcomes.get_mut("x").unwrap().epoch = 2;
    });
    let after_end = Finding::UseAfterEnd {
        exchange: exchange(),
    };
    assert_eq!(used, [after_end]);
    let released = found(|evidence| evidence.tables.releases[0].epoch = 2);
    let after_end = Finding::ReleaseAfterEnd {
        exchange: exchange(),
    };
    assert_eq!(released, [after_end]);
}

#[test]
fn a_release_of_what_was_not_used_or_is_somebody_elses_is_found() {
    let exchange = named("x");
    let without = [Finding::ReleaseWithoutUse { exchange }];
    let unused = found(|evidence| {
        evidence.tables.outcomes.get_mut("x").unwrap().used = false;
    });
    assert_eq!(unused, without);
    let early = found(|evidence| {
        evidence.tables.outcomes.get_mut("x").unwrap().counter = 3;
        evidence.tables.releases[0].counter = 2;
    });
    assert_eq!(early, without);
    let other = found(|evidence| {
        evidence.tables.releases[0].subject = "t".into();
        evidence.tables.heads.insert("s".into(), (2, 2));
        evidence.tables.releases[0].counter = 1;
        evidence.tables.heads.insert("t".into(), (0, 1));
    });
    assert!(other.contains(&without[0]), "{other:?}");
}

#[test]
fn a_request_after_the_reply_to_a_revocation_is_found_when_its_two_seconds_are_over() {
    let told = 10 * SECOND + SECOND / 2;
    let in_time = found(|evidence| evidence.arrivals[0].at = told + MAY_STILL_LEAVE);
    assert_eq!(in_time, []);
    let late = found(|evidence| evidence.arrivals[0].at = told + 4 * SECOND);
    let request_id = named("r");
    let late_by_ms = 4_000;
    let finding = Finding::RequestAfterReply {
        request_id,
        late_by_ms,
    };
    assert_eq!(late, [finding]);
}

#[test]
fn the_request_of_a_later_grant_is_none_after_the_reply() {
    let again = found(|evidence| {
        let mut grant = evidence.tables.events[0].clone();
        (grant.seq, grant.epoch, grant.receipt) = (3, 3, "again".into());
        evidence.tables.events.push(grant);
        let mut receipt = evidence.tables.receipts["yes"].clone();
        receipt.entry = "e-again".into();
        evidence.tables.receipts.insert("again".into(), receipt);
        log(&mut evidence.tables, "e-again", "consent-granted");
        evidence.tables.heads.insert("s".into(), (3, 3));
        let granted = decided("again", "granted");
        let grant = op(14, Wish::Grant(vec![P.into()]), granted);
        evidence.history.push(grant);
        let mut profile = evidence.history.remove(1);
        (profile.began, profile.ended) = (16 * SECOND, 17 * SECOND);
        evidence.history.push(profile);
        (intent(evidence).consent_seq, intent(evidence).epoch) = (3, 3);
        evidence.tables.outcomes.get_mut("x").unwrap().epoch = 3;
        evidence.tables.releases[0].epoch = 3;
        evidence.arrivals[0].at = 15 * SECOND;
    });
    assert_eq!(again, []);
}

#[test]
fn a_profile_asked_for_after_the_reply_to_a_revocation_is_found() {
    let found = found(|evidence| {
        let mut profile = evidence.history.remove(1);
        (profile.began, profile.ended) = (11 * SECOND, 12 * SECOND);
        evidence.history.push(profile);
    });
    let (job, exchange) = (named("j"), named("x"));
    assert_eq!(found, [Finding::ProfileAfterReply { job, exchange }]);
}

#[test]
fn a_reply_that_shows_less_than_one_before_it_is_found() {
    let found = found(|evidence| {
        evidence.history[5].outcome = Outcome::Done(stands("yes", "granted"));
    });
    let (person, product) = (named("marta"), named(P));
    assert_eq!(found, [Finding::WentBack { person, product }]);
}

#[test]
fn replies_that_overlap_may_show_either() {
    let found = found(|evidence| {
        evidence.history[5].outcome = Outcome::Done(stands("yes", "granted"));
        evidence.history[5].began = 10 * SECOND;
    });
    assert_eq!(found, []);
}

#[test]
fn a_reply_that_shows_what_nobody_asked_for_yet_is_found() {
    let found = found(|evidence| {
        evidence.history[3].outcome = Outcome::Done(stands("no", "revoked"));
    });
    let receipt = named("no");
    assert_eq!(found, [Finding::SeenTooSoon { receipt }]);
}

#[test]
fn a_decision_of_unknown_outcome_may_be_seen_or_not() {
    let unknown = |evidence: &mut Evidence| {
        evidence.history[4].outcome = Outcome::Unknown("time-out".into());
    };
    assert_eq!(found(unknown), []);
    let not_seen = found(|evidence| {
        unknown(evidence);
        evidence.history[5].outcome = Outcome::Done(stands("yes", "granted"));
    });
    assert_eq!(not_seen, []);
}

#[test]
fn a_state_that_the_decision_it_names_did_not_make_is_found() {
    let found = found(|evidence| {
        evidence.history[5].outcome = Outcome::Done(stands("no", "granted"));
    });
    let (receipt, state) = (named("no"), named("granted"));
    assert_eq!(found, [Finding::StateDiffers { receipt, state }]);
}

#[test]
fn a_revocation_that_took_nothing_back_is_found() {
    let found = found(|evidence| {
        evidence.tables.events.pop();
        evidence.tables.receipts.remove("no");
        evidence.tables.entries.remove("e-no");
        evidence.tables.heads.insert("s".into(), (1, 3));
        evidence.history[4].outcome = Outcome::Done(decided("yes", "granted"));
        evidence.history[5].outcome = Outcome::Done(stands("yes", "granted"));
    });
    let (person, product) = (named("marta"), named(P));
    assert_eq!(found, [Finding::RevocationIgnored { person, product }]);
}
