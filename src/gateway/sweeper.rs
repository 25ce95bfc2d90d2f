//! Ends what replicas that are gone left open, and forgets what is over. One replica does it for all.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::api::App;
use crate::store::StoreError;
use crate::store::lease::{Lease, Leases};

/// How often fetches without owner are looked for: a replica's lease of ten seconds and this are how
/// long people wait for the end of a fetch whose replica was lost.
const EVERY: Duration = Duration::from_secs(2);

/// How often what has expired is forgotten.
const EXPIRY: Duration = Duration::from_mins(1);

/// How long the sweeper may be silent before another replica takes over.
const TTL: Duration = Duration::from_secs(10);

/// When the lease of a replica that is gone says nothing to anybody any more.
const LONG_GONE: SignedDuration = SignedDuration::from_hours(1);

/// Sweeps until told to stop, while this replica is the one that does.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let leases = Leases::new(
        app.db.clone(),
        app.exchange.replica().owner().to_owned(),
        app.world.clone(),
    );
    let mut held = None;
    let mut expired = Instant::now();
    while tokio::time::timeout(EVERY, stop.cancelled()).await.is_err() {
        match is_ours(&app, &leases, &mut held).await {
            Ok(true) => {}
            Ok(false) => continue,
            Err(error) => {
                tracing::warn!(%error, "it could not be told who sweeps");
                continue;
            }
        }
        end_what_is_left(&app).await;
        if expired.elapsed() >= EXPIRY {
            expired = Instant::now();
            forget_what_is_over(&app, &leases).await;
            tell_of_ends(&app).await;
        }
    }
    if let Some(lease) = held
        && let Err(error) = leases.give_back(lease).await
    {
        tracing::warn!(%error, "the sweeper's lease runs out instead of being given back");
    }
}

/// Whether sweeping is up to this process. On a file there is no other.
async fn is_ours(app: &App, leases: &Leases, held: &mut Option<Lease>) -> Result<bool, StoreError> {
    if !app.db.is_shared() {
        return Ok(true);
    }
    match held {
        Some(lease) if !lease.is_half_over(app.world.now()) => {}
        _ => *held = leases.take("sweeper", TTL).await?,
    }
    Ok(held.is_some())
}

async fn end_what_is_left(app: &App) {
    match app.exchange.recover().await {
        Ok((0, 0)) => {}
        Ok((jobs, intents)) => {
            tracing::warn!(jobs, intents, "ended what a replica that is gone left open");
        }
        Err(error) => tracing::warn!(%error, "what replicas that are gone left open was not ended"),
    }
}

async fn tell_of_ends(app: &App) {
    match app.events.lapse().await {
        Ok(0) => {}
        Ok(grants) => tracing::info!(grants, "told of grants that ended or soon will"),
        Err(error) => tracing::warn!(%error, "ends of grants were not told of"),
    }
}

async fn forget_what_is_over(app: &App, leases: &Leases) {
    let long_gone = app.world.now() - LONG_GONE;
    let swept = [
        ("log-ins", app.logins.sweep().await.is_ok()),
        ("identifiers", app.tokens.sweep().await.is_ok()),
        ("repeated requests", app.ledger.sweep().await.is_ok()),
        ("open exchanges", app.exchange.sweep().await.is_ok()),
        ("invitations", app.households.sweep().await.is_ok()),
        ("deliveries", app.events.sweep().await.is_ok()),
        (
            "replicas",
            leases.forget("replica/", long_gone).await.is_ok(),
        ),
    ];
    for (what, _) in swept.iter().filter(|(_, done)| !done) {
        tracing::warn!(what, "what is over could not be swept away");
    }
}
