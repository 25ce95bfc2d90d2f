//! Everybody sees their own decisions, at every gateway, in the order of real time.
//!
//! The decisions about an item stand in one order, and every reply that shows the item names one of
//! them. Some order of all replies fits both that one and real time if, and only if, no reply shows an
//! older decision than a reply that came before it was asked for, and none shows a decision before
//! anybody asked for it.

use super::super::history::{Micros, Op};
use super::super::tables::Event;
use super::{Finding, Index};

/// A reply that shows which decision about an item was the newest.
struct Sight {
    began: Micros,
    ended: Micros,
    /// 0 before the first decision.
    newest: usize,
}

pub(super) fn check(index: &Index<'_>, findings: &mut Vec<Finding>) {
    for (person, subject) in &index.subjects {
        let history = index.evidence.history.iter();
        let own: Vec<&Op> = history.filter(|op| op.person == *person).collect();
        let of_subject = index.items.range((*subject, "")..);
        for ((_, product), events) in of_subject.take_while(|((one, _), _)| one == subject) {
            let item = Item {
                person,
                product,
                events,
                own: &own,
            };
            item.check(findings);
        }
    }
}

struct Item<'a> {
    person: &'a str,
    product: &'a str,
    events: &'a [&'a Event],
    own: &'a [&'a Op],
}

impl Item<'_> {
    fn check(&self, findings: &mut Vec<Finding>) {
        let mut sights = self.sights(findings);
        sights.sort_unstable_by_key(|sight| sight.began);
        if went_back(&sights) {
            findings.push(Finding::WentBack {
                person: self.person.to_owned(),
                product: self.product.to_owned(),
            });
        }
        let asked: Vec<Micros> = self.events.iter().map(|event| self.asked(event)).collect();
        for (place, event) in self.events.iter().enumerate() {
            let mut seen = sights.iter().filter(|sight| sight.newest > place);
            if seen.any(|sight| sight.ended < asked[place]) {
                findings.push(Finding::SeenTooSoon {
                    receipt: event.receipt.clone(),
                });
            }
        }
        let revocations = self.own.iter().filter(|op| op.revokes(self.product));
        for op in revocations.filter(|op| op.done().is_some()) {
            if !self.was_gone(op, &sights, &asked) {
                findings.push(Finding::RevocationIgnored {
                    person: self.person.to_owned(),
                    product: self.product.to_owned(),
                });
            }
        }
    }

    /// Every reply that shows this item.
    fn sights(&self, findings: &mut Vec<Finding>) -> Vec<Sight> {
        let mut sights = Vec::new();
        for op in self.own {
            let Some(seen) = op.done() else { continue };
            let mut saw = |newest| {
                sights.push(Sight {
                    began: op.began,
                    ended: op.ended,
                    newest,
                });
            };
            let decided = op.grants(self.product) || op.revokes(self.product);
            if decided && let Some(place) = seen.receipt.as_ref().and_then(|one| self.place(one)) {
                saw(place + 1);
            }
            let Some(shown) = seen.items.get(self.product) else {
                continue;
            };
            let place = shown.receipt.as_ref().and_then(|one| self.place(one));
            let made = place.map_or("not_asked", |place| word(&self.events[place].what));
            if made != shown.state || place.is_some() != shown.receipt.is_some() {
                findings.push(Finding::StateDiffers {
                    receipt: shown.receipt.clone().unwrap_or_default(),
                    state: shown.state.clone(),
                });
                continue;
            }
            saw(place.map_or(0, |place| place + 1));
        }
        sights
    }

    fn place(&self, receipt: &str) -> Option<usize> {
        self.events
            .iter()
            .position(|event| event.receipt == receipt)
    }

    /// When somebody first asked for something that can have become this decision.
    fn asked(&self, event: &Event) -> Micros {
        let can_be = self.own.iter().filter(|op| match op.done() {
            Some(seen) => seen.receipt.as_ref() == Some(&event.receipt),
            None if event.what == "withdrawn" => op.revokes(self.product),
            None => op.grants(self.product),
        });
        can_be.map(|op| op.began).min().unwrap_or(Micros::MAX)
    }

    /// Whether there was no consent at some instant between the asking and the reply of a revocation.
    fn was_gone(&self, op: &Op, sights: &[Sight], asked: &[Micros]) -> bool {
        let before = sights.iter().filter(|sight| sight.ended < op.began);
        let oldest = before.map(|sight| sight.newest).max().unwrap_or(0);
        let newest = asked.iter().rposition(|asked| *asked <= op.ended);
        let newest = newest.map_or(0, |place| place + 1);
        (oldest..=newest).any(|state| state == 0 || self.events[state - 1].what != "granted")
    }
}

/// Whether a reply shows less than one that had come before it was asked for.
fn went_back(by_beginning: &[Sight]) -> bool {
    let mut by_end: Vec<&Sight> = by_beginning.iter().collect();
    by_end.sort_unstable_by_key(|sight| sight.ended);
    let (mut ended, mut most) = (0, 0);
    for sight in by_beginning {
        while by_end[ended].ended < sight.began {
            most = most.max(by_end[ended].newest);
            ended += 1;
        }
        if sight.newest < most {
            return true;
        }
    }
    false
}

/// The word a reply has for a decision.
fn word(event: &str) -> &str {
    match event {
        "withdrawn" => "revoked",
        other => other,
    }
}
