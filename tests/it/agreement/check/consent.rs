//! Nothing is asked, used or released without consent: by the numbers in the database.

use super::super::tables::{Event, Intent};
use super::{Finding, Index};

pub(super) fn check(index: &Index<'_>, findings: &mut Vec<Finding>) {
    for (exchange, intent) in &index.tables.intents {
        let exchange = exchange.clone();
        let Some(grant) = grant(index, intent) else {
            findings.push(Finding::IntentWithoutGrant { exchange });
            continue;
        };
        if ended(index, grant, intent.epoch) {
            findings.push(Finding::IntentAfterEnd { exchange });
            continue;
        }
        let close = index.tables.outcomes.get(&exchange);
        if close.is_some_and(|close| close.used && ended(index, grant, close.epoch)) {
            findings.push(Finding::UseAfterEnd { exchange });
        }
    }
    for release in &index.tables.releases {
        for exchange in &release.exchanges {
            let intent = index.tables.intents.get(exchange);
            let close = index.tables.outcomes.get(exchange);
            let (Some(intent), Some(close)) = (intent, close) else {
                findings.push(Finding::ReleaseWithoutUse {
                    exchange: exchange.clone(),
                });
                continue;
            };
            let own = intent.subject == release.subject;
            if !own || !close.used || close.counter >= release.counter {
                findings.push(Finding::ReleaseWithoutUse {
                    exchange: exchange.clone(),
                });
            }
            if grant(index, intent).is_some_and(|grant| ended(index, grant, release.epoch)) {
                findings.push(Finding::ReleaseAfterEnd {
                    exchange: exchange.clone(),
                });
            }
        }
    }
}

/// The grant an intent names, if it is one, and about the same.
fn grant<'a>(index: &Index<'a>, intent: &Intent) -> Option<&'a Event> {
    let named = index.events.get(&(&intent.subject, intent.consent_seq))?;
    let is_it = named.what == "granted"
        && named.item == intent.item
        && named.product == intent.product
        && named.epoch <= intent.epoch;
    is_it.then_some(named)
}

/// Whether anything newer was decided about the item by this epoch.
fn ended(index: &Index<'_>, grant: &Event, epoch: i64) -> bool {
    let item = (grant.subject.as_str(), grant.product.as_str());
    let decided = index.items.get(&item).into_iter().flatten();
    decided
        .filter(|event| event.seq > grant.seq)
        .any(|event| event.epoch <= epoch)
}
