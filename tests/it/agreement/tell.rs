//! What a run says about itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::time::Duration;

use serde_json::json;

use super::check::{Evidence, Finding};
use super::fleet::Fleet;
use super::history::{Outcome, Wish};

/// Names a folder where every run leaves its history, not only one that broke a promise.
pub(super) const KEEP: &str = "AGREEMENT_KEEP";

/// The figures, for those who look (`-- --nocapture`).
#[expect(clippy::print_stderr, reason = "the figures of a run are its result")]
pub(super) fn summary(
    seed: u64,
    length: Duration,
    evidence: &Evidence,
    fleet: &Fleet,
    proofs: usize,
) {
    eprintln!("{}", figures(seed, length, evidence, fleet, proofs));
}

fn figures(
    seed: u64,
    length: Duration,
    evidence: &Evidence,
    fleet: &Fleet,
    proofs: usize,
) -> String {
    let outcomes = |is: fn(&Outcome) -> bool| {
        let history = evidence.history.iter();
        history.filter(|op| is(&op.outcome)).count()
    };
    let revoked = evidence
        .history
        .iter()
        .filter(|op| op.done().is_some() && matches!(op.wish, Wish::Revoke(_) | Wish::RevokeAll));
    let starts: usize = fleet.replicas.iter().map(|replica| replica.starts).sum();
    let tables = &evidence.tables;
    let mut text = format!(
        "agreement: seed {seed}, {} s: {} operations ({} done, {} refused, {} unknown), \
         {} revocations, {} requests received, {} intents ({} used), {} releases, {} log entries, \
         {} proofs verified, {} starts",
        length.as_secs(),
        evidence.history.len(),
        outcomes(|outcome| matches!(outcome, Outcome::Done(_))),
        outcomes(|outcome| matches!(outcome, Outcome::Refused(_))),
        outcomes(|outcome| matches!(outcome, Outcome::Unknown(_))),
        revoked.count(),
        evidence.arrivals.len(),
        tables.intents.len(),
        tables.outcomes.values().filter(|close| close.used).count(),
        tables.releases.len(),
        tables.entries.len(),
        proofs,
        starts,
    );
    let mut faults: BTreeMap<&str, usize> = BTreeMap::new();
    for happened in &evidence.faults {
        *faults.entry(happened.fault.kind()).or_default() += 1;
    }
    for (kind, count) in faults {
        let _ = write!(text, ", {count} {kind}");
    }
    text
}

/// Keeps everything about a run that broke a promise. Gives the folder.
pub(super) fn keep(seed: u64, evidence: &Evidence, findings: &[Finding], fleet: &Fleet) -> String {
    let folder = std::env::var_os(KEEP).map_or_else(std::env::temp_dir, Into::into);
    let folder = folder.join(format!("agreement-{seed}"));
    fs::create_dir_all(&folder).unwrap();
    let all = json!({"findings": findings, "evidence": evidence});
    let text = serde_json::to_vec_pretty(&all).unwrap();
    fs::write(folder.join("history.json"), text).unwrap();
    for replica in &fleet.replicas {
        let log = replica.log();
        fs::copy(&log, folder.join(log.file_name().unwrap())).unwrap();
    }
    folder.display().to_string()
}
