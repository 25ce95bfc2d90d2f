//! Nothing is lost, and nothing is there twice.

use std::collections::{BTreeMap, BTreeSet};

use super::super::history::Wish;
use super::{CLOCKS, Finding, Index};

pub(super) fn check(index: &Index<'_>, findings: &mut Vec<Finding>) {
    told_is_kept(index, findings);
    profiles_are_released(index, findings);
    lists_remember(index, findings);
    requests_have_intents(index, findings);
    everything_is_numbered(index, findings);
    entries_are_logged(index, findings);
    nothing_is_done_twice(index, findings);
}

/// Every receipt a citizen was told of is there.
fn told_is_kept(index: &Index<'_>, findings: &mut Vec<Finding>) {
    let mut told = BTreeSet::new();
    for seen in index.evidence.history.iter().filter_map(|op| op.done()) {
        told.extend(&seen.receipt);
        told.extend(seen.items.values().filter_map(|item| item.receipt.as_ref()));
    }
    let named = index.tables.events.iter().map(|event| &event.receipt);
    for receipt in told.into_iter().chain(named).collect::<BTreeSet<_>>() {
        if !index.tables.receipts.contains_key(receipt) {
            findings.push(Finding::ReceiptLost {
                receipt: receipt.clone(),
            });
        }
    }
}

fn profiles_are_released(index: &Index<'_>, findings: &mut Vec<Finding>) {
    let mut given: BTreeMap<&String, usize> = BTreeMap::new();
    for op in &index.evidence.history {
        let (Wish::Profile(job), Some(seen)) = (&op.wish, op.done()) else {
            continue;
        };
        *given.entry(job).or_default() += 1;
        let held = index.tables.releases.iter().any(|release| {
            let mut sources = seen.sources.keys();
            release.job == *job && sources.all(|source| release.exchanges.contains(source))
        });
        if !held {
            findings.push(Finding::ReleaseLost { job: job.clone() });
        }
    }
    for (job, times) in given {
        let releases = index.tables.releases.iter();
        if releases.filter(|release| release.job == *job).count() < times {
            findings.push(Finding::ReleaseMissing { job: job.clone() });
        }
    }
}

/// What a profile rested on is in every list that was asked for later.
fn lists_remember(index: &Index<'_>, findings: &mut Vec<Finding>) {
    for list in &index.evidence.history {
        let (Wish::List, Some(listed)) = (&list.wish, list.done()) else {
            continue;
        };
        let before = index.evidence.history.iter();
        for op in before.filter(|op| op.person == list.person && op.ended < list.began) {
            let sources = op.done().into_iter().flat_map(|seen| seen.sources.keys());
            for exchange in sources.filter(|source| !listed.listed.contains(*source)) {
                findings.push(Finding::ListForgets {
                    exchange: exchange.clone(),
                });
            }
        }
    }
}

fn requests_have_intents(index: &Index<'_>, findings: &mut Vec<Finding>) {
    let mut arrived = BTreeSet::new();
    for arrival in &index.evidence.arrivals {
        let request_id = arrival.request_id.clone().unwrap_or_default();
        if !arrived.insert(request_id.clone()) {
            findings.push(Finding::RequestTwice { request_id });
            continue;
        }
        let intent = index.requests.get(request_id.as_str());
        match intent.filter(|intent| Some(&intent.product) == arrival.product.as_ref()) {
            None => findings.push(Finding::RequestWithoutIntent { request_id }),
            Some(intent) if arrival.at + CLOCKS < intent.at => {
                findings.push(Finding::RequestBeforeIntent { request_id });
            }
            Some(_) => {}
        }
    }
    for exchange in index.tables.intents.keys() {
        if !index.tables.outcomes.contains_key(exchange) {
            findings.push(Finding::IntentWithoutOutcome {
                exchange: exchange.clone(),
            });
        }
    }
}

/// Entries and decisions of each person: 1, 2, 3, none missing and none twice.
fn everything_is_numbered(index: &Index<'_>, findings: &mut Vec<Finding>) {
    let tables = index.tables;
    let mut counters: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for (exchange, intent) in &tables.intents {
        let all = counters.entry(&intent.subject).or_default();
        all.push(intent.counter);
        all.extend(tables.outcomes.get(exchange).map(|close| close.counter));
    }
    for release in &tables.releases {
        let all = counters.entry(&release.subject).or_default();
        all.push(release.counter);
    }
    let mut decisions: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
    for event in &tables.events {
        let all = decisions.entry(&event.subject).or_default();
        all.push((event.seq, event.epoch));
    }
    for (subject, (epoch, entries)) in &tables.heads {
        let mut found = counters.remove(subject.as_str()).unwrap_or_default();
        found.sort_unstable();
        if !found.into_iter().eq(1..=*entries) {
            findings.push(Finding::CounterGap {
                subject: subject.clone(),
            });
        }
        let mut decided = decisions.remove(subject.as_str()).unwrap_or_default();
        decided.sort_unstable();
        let count = i64::try_from(decided.len()).unwrap();
        let numbered = decided.iter().map(|(seq, _)| *seq).eq(1..=count);
        if !numbered || !decided.iter().is_sorted_by_key(|(_, epoch)| *epoch) {
            findings.push(Finding::DecisionGap {
                subject: subject.clone(),
            });
        }
        if decided.last().map_or(0, |(_, epoch)| *epoch) != *epoch {
            findings.push(Finding::HeadElsewhere {
                subject: subject.clone(),
            });
        }
    }
    for subject in counters.into_keys().chain(decisions.into_keys()) {
        findings.push(Finding::HeadElsewhere {
            subject: subject.to_owned(),
        });
    }
}

/// Every row has its entry, and every entry its number.
fn entries_are_logged(index: &Index<'_>, findings: &mut Vec<Finding>) {
    let tables = index.tables;
    let intents = tables.intents.values().map(|row| (&row.entry, "intent"));
    let outcomes = tables.outcomes.values().map(|row| (&row.entry, "outcome"));
    let releases = tables.releases.iter().map(|row| (&row.entry, "release"));
    let receipts = tables.receipts.values().map(|row| {
        let kind = match row.what.as_str() {
            "withdrawn" => "consent-withdrawn",
            _ => "consent-granted",
        };
        (&row.entry, kind)
    });
    let mut named = BTreeSet::new();
    for (entry, kind) in intents.chain(outcomes).chain(releases).chain(receipts) {
        named.insert(entry);
        let logged = tables.entries.get(entry);
        if !logged.is_some_and(|(found, number)| found == kind && number.is_some()) {
            findings.push(Finding::EntryLost {
                entry: entry.clone(),
            });
        }
    }
    for (entry, (_, number)) in &tables.entries {
        if number.is_none() && !named.contains(entry) {
            findings.push(Finding::EntryLost {
                entry: entry.clone(),
            });
        }
    }
}

/// A decision sent again to another gateway is recorded once.
fn nothing_is_done_twice(index: &Index<'_>, findings: &mut Vec<Finding>) {
    for (person, subject) in &index.subjects {
        let wishes = index
            .evidence
            .history
            .iter()
            .filter(|op| op.person == *person && matches!(op.wish, Wish::Grant(_)));
        let recorded =
            index.tables.receipts.values().filter(|receipt| {
                receipt.subject == *subject && receipt.what == "granted-and-refused"
            });
        if recorded.count() > wishes.count() {
            findings.push(Finding::DecisionTwice {
                person: (*person).to_owned(),
            });
        }
    }
}
