//! The agreement test: three gateways, PostgreSQL, Redis and the simulated world as real processes.
//! Citizens grant, fetch, read and withdraw at whichever gateway they reach, while processes are
//! killed and paused, Redis is lost, PostgreSQL crashes and the network between them is cut.
//! Afterwards [`check`] compares what the citizens were told, what the platform received and what the
//! database says, and the verifier goes through the log.
//!
//! The plan comes from a seed, so it can be had again; how the processes take turns cannot.
//! `docs/agreement.md` says what this proves and how to run it for longer.

mod check;
mod client;
mod fleet;
mod history;
mod log;
mod plan;
mod seed;
mod tables;
mod tell;
mod town;

use std::sync::Arc;
use std::time::Duration;

use fleet::Fleet;
use history::Watch;
use plan::Plan;
use seed::Seed;

/// The short form takes about half a minute.
const SHORT: Duration = Duration::from_secs(20);

const SHORT_SEED: u64 = 2027;

/// `AGREEMENT_SECONDS` makes it longer, `AGREEMENT_SEED` makes it another plan.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_fails_nothing_is_lost_and_nothing_happens_without_consent() {
    let seconds = setting("AGREEMENT_SECONDS").map(Duration::from_secs);
    let seed = setting("AGREEMENT_SEED").unwrap_or(SHORT_SEED);
    agree(seed, seconds.unwrap_or(SHORT)).await;
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    let number = value.parse();
    Some(number.unwrap_or_else(|_| panic!("{name} is a whole number, not {value}")))
}

/// Carries one plan out and holds what happened to what was promised.
async fn agree(seed: u64, length: Duration) {
    let plan = Plan::from_seed(seed, length);
    let watch = Watch::start();
    let fleet = Fleet::found().await;
    let citizens = client::found(&fleet, Seed::new(seed), watch).await;

    let over = Arc::default();
    let living: Vec<_> = citizens
        .into_iter()
        .map(|citizen| tokio::spawn(citizen.live(Arc::clone(&over))))
        .collect();
    let (mut fleet, faults) = fleet.suffer(&plan, watch).await;
    over.store(true, std::sync::atomic::Ordering::SeqCst);
    let mut history = Vec::new();
    for life in living {
        history.extend(life.await.unwrap());
    }

    let mut findings = fleet.calm_down().await;
    let evidence = check::Evidence {
        tables: tables::Tables::read(&fleet.postgres.url("gateway")).await,
        arrivals: fleet.town.received().await,
        faults,
        history,
    };
    findings.extend(check::check(&evidence));
    let proved = log::verify(&fleet, &evidence).await;
    findings.extend(proved.findings);
    tell::summary(seed, length, &evidence, &fleet, proved.proofs);
    if findings.is_empty() && std::env::var_os(tell::KEEP).is_none() {
        return evidence.assert_worth_something(&plan);
    }
    let kept = tell::keep(seed, &evidence, &findings, &fleet);
    assert!(
        findings.is_empty(),
        "{} findings with AGREEMENT_SEED={seed} AGREEMENT_SECONDS={}; the history is in {kept}:\n{:#?}",
        findings.len(),
        length.as_secs(),
        &findings[..findings.len().min(20)],
    );
    evidence.assert_worth_something(&plan);
}
