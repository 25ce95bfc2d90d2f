//! The evidence, found by what it is about.

use std::collections::{BTreeMap, BTreeSet};

use super::super::history::{Micros, Op};
use super::super::tables::{Event, Intent, Tables};
use super::{Evidence, Finding};

pub(super) struct Index<'a> {
    pub(super) evidence: &'a Evidence,
    pub(super) tables: &'a Tables,
    /// Decisions about an item, oldest first, by subject and product.
    pub(super) items: BTreeMap<(&'a str, &'a str), Vec<&'a Event>>,
    /// Decisions by subject and number.
    pub(super) events: BTreeMap<(&'a str, i64), &'a Event>,
    /// The intent of each request id.
    pub(super) requests: BTreeMap<&'a str, &'a Intent>,
    /// Who a person is to the database.
    pub(super) subjects: BTreeMap<&'a str, &'a str>,
}

impl<'a> Index<'a> {
    pub(super) fn of(evidence: &'a Evidence, findings: &mut Vec<Finding>) -> Self {
        let tables = &evidence.tables;
        let mut index = Self {
            evidence,
            tables,
            items: BTreeMap::new(),
            events: BTreeMap::new(),
            requests: BTreeMap::new(),
            subjects: BTreeMap::new(),
        };
        for event in &tables.events {
            let item = (event.subject.as_str(), event.product.as_str());
            index.items.entry(item).or_default().push(event);
            index.events.insert((&event.subject, event.seq), event);
        }
        for intent in tables.intents.values() {
            if index.requests.insert(&intent.request_id, intent).is_some() {
                findings.push(Finding::RequestIdReused {
                    request_id: intent.request_id.clone(),
                });
            }
        }
        index.find_subjects(findings);
        index
    }

    /// By the receipts of what people decided.
    fn find_subjects(&mut self, findings: &mut Vec<Finding>) {
        let mut split = BTreeSet::new();
        for op in &self.evidence.history {
            let receipt = op.done().and_then(|seen| seen.receipt.as_ref());
            let Some(row) = receipt.and_then(|receipt| self.tables.receipts.get(receipt)) else {
                continue;
            };
            let known = self.subjects.entry(&op.person).or_insert(&row.subject);
            if **known != row.subject && split.insert(&op.person) {
                findings.push(Finding::TwoSubjects {
                    person: op.person.clone(),
                });
            }
        }
    }

    /// The person's ops, with their subject.
    pub(super) fn subject(&self, op: &Op) -> Option<&'a str> {
        self.subjects.get(op.person.as_str()).copied()
    }

    /// For each item, by the number of its decision: when a citizen was first told that what it took
    /// back is gone. Only decisions that were told.
    pub(super) fn told(&self) -> BTreeMap<(&'a str, &'a str), BTreeMap<i64, Micros>> {
        let mut told: BTreeMap<_, BTreeMap<i64, Micros>> = BTreeMap::new();
        for op in &self.evidence.history {
            let (Some(seen), Some(subject)) = (op.done(), self.subject(op)) else {
                continue;
            };
            let of_subject = self.items.range((subject, "")..);
            for ((_, product), events) in of_subject.take_while(|((one, _), _)| *one == subject) {
                if !op.revokes(product) {
                    continue;
                }
                let ended = events.iter().find(|event| {
                    Some(&event.receipt) == seen.receipt.as_ref() && event.what != "granted"
                });
                if let Some(event) = ended {
                    let item = told.entry((subject, *product)).or_default();
                    let at = item.entry(event.seq).or_insert(op.ended);
                    *at = (*at).min(op.ended);
                }
            }
        }
        told
    }
}
