//! Nothing happens after the reply to a revocation: by the citizens' own watch.

use std::collections::BTreeMap;

use super::super::history::{Micros, Wish};
use super::super::tables::Intent;
use super::{Finding, Index, MAY_STILL_LEAVE, SCHEDULING};

pub(super) fn check(index: &Index<'_>, findings: &mut Vec<Finding>) {
    let told = index.told();
    let gone_since = |intent: &Intent| {
        let item = (intent.subject.as_str(), intent.product.as_str());
        since(told.get(&item)?, intent.consent_seq)
    };
    for arrival in &index.evidence.arrivals {
        let request_id = arrival.request_id.clone().unwrap_or_default();
        let intent = index.requests.get(request_id.as_str());
        let Some(told) = intent.and_then(|intent| gone_since(intent)) else {
            continue;
        };
        let late_by = arrival.at - told;
        if late_by > MAY_STILL_LEAVE + SCHEDULING {
            findings.push(Finding::RequestAfterReply {
                request_id,
                late_by_ms: late_by / 1000,
            });
        }
    }
    for op in &index.evidence.history {
        let (Wish::Profile(job), Some(seen)) = (&op.wish, op.done()) else {
            continue;
        };
        for exchange in seen.sources.keys() {
            let intent = index.tables.intents.get(exchange);
            let gone = intent.and_then(&gone_since);
            if gone.is_some_and(|told| told < op.began) {
                findings.push(Finding::ProfileAfterReply {
                    job: job.clone(),
                    exchange: exchange.clone(),
                });
            }
        }
    }
}

/// When somebody was first told that a grant of this number is gone.
fn since(told: &BTreeMap<i64, Micros>, grant: i64) -> Option<Micros> {
    told.range(grant + 1..).map(|(_, at)| *at).min()
}
