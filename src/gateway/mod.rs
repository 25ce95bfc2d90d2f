//! The rooms put together, started and stopped.

mod asked;
mod defects;
mod fleet_time;
mod material;
mod parts;
mod seals;
mod standing;
mod stores;
mod sweeper;

use std::future::IntoFuture as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{App, layers, routes};
use crate::clock::World;
use crate::config::Config;
use crate::consent::{Publisher, publications};
use crate::evidence::Evidence;
use crate::pages;
use crate::rights::Rights;
use crate::store::Remark;
use defects::one;
use material::Material;
use stores::Stores;

pub use asked::Asked;
pub use defects::Defects;

/// How long requests and running fetches may take to end when the service stops.
const DRAIN: Duration = Duration::from_secs(20);

/// How long requests may take after that to say where their fetches stand.
const FAREWELL: Duration = Duration::from_secs(5);

/// How often a process says which keys it has.
const ANNOUNCE: Duration = Duration::from_mins(1);

/// The service, ready to answer.
#[derive(Clone, Debug)]
pub struct Gateway {
    app: App,
    stop_after: Duration,
    remarks: Vec<Remark>,
}

impl Gateway {
    /// Opens everything to answer, and ends what processes that are gone left open.
    ///
    /// Beside others on PostgreSQL. On a file not beside a process that answers: its fetches would end
    /// too.
    pub async fn open(config: &Config, world: World) -> Result<Self, Defects> {
        let gateway = Self::look(config, world).await?;
        let app = &gateway.app;
        let begun = gateway.publisher().begin().await;
        begun.map_err(|error| one("consent", &error))?;
        let alive = app.exchange.replica().is_alive().await;
        alive.map_err(|error| one("store.database", &error))?;
        let recovered = app.exchange.recover().await;
        let (jobs, mut intents) = recovered.map_err(|error| one("recovery", &error))?;
        if !app.db.is_shared() {
            // Nobody else asks, so nothing that is open can still be closed by whoever opened it.
            let abandoned = app.exchange.abandon_all().await;
            intents += abandoned.map_err(|error| one("recovery", &error))?;
        }
        let announced = app.keyring.announce().await;
        announced.map_err(|error| one("keyring", &error))?;
        if jobs + intents > 0 {
            tracing::warn!(jobs, intents, "ended what an earlier process left open");
        }
        Ok(gateway)
    }

    /// Opens stores and keys and reads the catalogues. What another process is doing goes on.
    pub async fn look(config: &Config, world: World) -> Result<Self, Defects> {
        let gateway = Self::assemble(config, world).await?;
        let app = &gateway.app;
        let published = publications(&app.db).await;
        let published = published.map_err(|error| one("store.database", &error))?;
        let defects = asked::defects(&app.terms, &published, app.world.now());
        if defects.is_empty() {
            Ok(gateway)
        } else {
            Err(Defects(defects))
        }
    }

    /// As [`Gateway::look`], whatever the notices tell: to publish one that tells what others do not.
    pub(crate) async fn assemble(config: &Config, world: World) -> Result<Self, Defects> {
        let material = Material::read(config)?;
        let platform = parts::platform(config, world.clone())?;
        let stores = Stores::open(config, &world, material.keys).await?;
        let identity = parts::identity(config, &stores, &world)?;
        let rules = material.rules;
        let outbox = material.events.outbox();
        let events = parts::events(material.events, &stores, &world);
        let jwks = parts::key_set(&material.receipts, &config.receipt_keys, &identity, &events);
        let ledger = parts::ledger(material.receipts, outbox.clone(), &stores, &rules, &world);
        let exchange = parts::exchange(config, &stores, &rules, &ledger, outbox, platform, &world);
        let archive = parts::archive(&stores, &rules, &ledger, &exchange, &world);
        let households = parts::households(&stores, &rules, &ledger, &world);
        let app = App {
            public_url: config.http.public_url.clone(),
            db: stores.db,
            cache: stores.cache,
            keyring: stores.keyring,
            log: stores.log,
            logins: Arc::new(identity.logins),
            sessions: Arc::new(identity.sessions),
            tokens: Arc::new(identity.tokens),
            rates: identity.rates,
            ledger,
            terms: rules.terms,
            catalogue: rules.catalogue,
            exchange,
            events: Arc::new(events),
            households,
            evidence: Evidence::new(archive.clone(), Arc::clone(&jwks)),
            rights: Rights::new(archive),
            bodies: rules.bodies,
            hosts: Arc::new(material.hosts),
            jwks,
            stopping: CancellationToken::new(),
            world,
        };
        Ok(Self::new(app, config, stores.remarks))
    }

    fn new(app: App, config: &Config, remarks: Vec<Remark>) -> Self {
        Self {
            app,
            stop_after: Duration::from_secs(config.http.stop_after_s.into()),
            remarks,
        }
    }

    /// Whoever publishes versions of notices.
    pub(crate) fn publisher(&self) -> Publisher {
        let app = &self.app;
        Publisher::new(
            app.db.clone(),
            Arc::clone(&app.log),
            Arc::clone(&app.terms),
            app.world.clone(),
        )
    }

    /// Every route, inside the one stack of layers.
    pub fn router(&self) -> Router {
        let routes = routes::routes(self.app.clone()).merge(pages::routes(self.app.clone()));
        let hint = axum::middleware::map_response_with_state(self.app.stopping.clone(), go_away);
        layers::around(routes).layer(hint)
    }

    /// What an operator should know about the databases: what a crash or a fail-over could lose.
    pub fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    /// The rooms, for whoever drives the service from within.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Answers on a listener until told to stop; then lets requests and fetches end.
    ///
    /// Stopping takes four steps: readiness says no while everything is still answered; no connection
    /// is taken any more; requests and fetches end; what this replica held is given back.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> std::io::Result<()> {
        let background = TaskTracker::new();
        let behind = CancellationToken::new();
        background.spawn(Arc::clone(&self.app.log).run(behind.clone()));
        background.spawn(Arc::clone(self.app.exchange.replica()).run(behind.clone()));
        background.spawn(sweeper::run(self.app.clone(), behind.clone()));
        let owner = self.app.exchange.replica().owner().to_owned();
        background.spawn(Arc::clone(&self.app.events).run(owner, behind.clone()));
        background.spawn(announce(self.app.clone(), behind.clone()));
        background.spawn(fleet_time::follow(
            self.app.db.clone(),
            self.app.world.clone(),
            behind.clone(),
        ));
        let closing = CancellationToken::new();
        let answering = axum::serve(listener, self.router())
            .with_graceful_shutdown(closing.clone().cancelled_owned())
            .into_future();
        let answered = tokio::select! {
            answered = self.answer(answering) => answered,
            () = self.leave(stop, closing) => Ok(()),
        };
        behind.cancel();
        background.close();
        background.wait().await;
        if let Err(error) = self.app.keyring.depart().await {
            tracing::warn!(%error, "the keyring counts this process as running for some minutes more");
        }
        self.app.db.close().await;
        answered
    }

    /// Until every connection is closed and every fetch has ended.
    async fn answer(
        &self,
        answering: impl Future<Output = std::io::Result<()>>,
    ) -> std::io::Result<()> {
        let answered = answering.await;
        self.app.exchange.drain().await;
        answered
    }

    /// Takes the steps of stopping, each in its time. Ends when waiting any longer is no use.
    async fn leave(&self, stop: CancellationToken, closing: CancellationToken) {
        stop.cancelled().await;
        self.app.stopping.cancel();
        tokio::time::sleep(self.stop_after).await;
        closing.cancel();
        tokio::time::sleep(DRAIN).await;
        // A fetch that does not end in time stays open; another replica, or the next start, ends it as
        // interrupted. Who waits for it is told that it is running.
        tracing::warn!("requests or fetches take too long to end");
        self.app.exchange.stop_waiting();
        tokio::time::sleep(FAREWELL).await;
    }
}

/// Says again and again which keys this process has; each replica for itself.
async fn announce(app: App, stop: CancellationToken) {
    while tokio::time::timeout(ANNOUNCE, stop.cancelled())
        .await
        .is_err()
    {
        if let Err(error) = app.keyring.announce().await {
            tracing::error!(%error, "the keyring does not answer, or needs a key that is not here");
        }
    }
}

/// Asks callers to come back on another connection, and so to another replica.
async fn go_away(State(stopping): State<CancellationToken>, mut response: Response) -> Response {
    if stopping.is_cancelled() {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    response
}
