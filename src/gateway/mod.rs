//! The rooms put together, started and stopped.

mod asked;
mod defects;
mod fleet_time;
mod material;
mod seals;
mod standing;
mod stores;
mod sweeper;

use std::fs;
use std::future::IntoFuture as _;
use std::path::Path;
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
use crate::consent::{Gate, Ledger, PublishedKey, Publisher, ReceiptSigner, Terms, publications};
use crate::events::Events;
use crate::evidence::Evidence;
use crate::exchange::pci::{Platform, PlatformProfile, TlsSettings, Transport, TrustRoots};
use crate::exchange::{Bodies, Exchange, Parts};
use crate::identity::{self, Identity, jwt};
use crate::pages;
use crate::products::Catalogue;
use crate::profile::Indicators;
use crate::rights::Rights;
use crate::store::Remark;
use defects::{one, told};
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
        let platform = platform(config, world.clone())?;
        let stores = Stores::open(config, &world, material.keys).await?;
        let identity = Identity::open(
            &config.identity,
            &config.http.public_url,
            identity::Stores {
                db: stores.db.clone(),
                keyring: Arc::clone(&stores.keyring),
                cache: stores.cache.clone(),
            },
            world.clone(),
        );
        let identity = identity.map_err(|found| {
            Defects(
                found
                    .iter()
                    .map(|defect| told("identity", defect))
                    .collect(),
            )
        })?;
        let rules = Rules {
            terms: Arc::new(material.terms),
            catalogue: Arc::new(material.catalogue),
            indicators: Arc::new(material.indicators),
            bodies: material.bodies.into_iter().collect(),
        };
        let outbox = material.events.outbox();
        let events =
            material
                .events
                .open(stores.db.clone(), Arc::clone(&stores.log), world.clone());
        let jwks = key_set(&material.receipts, &config.receipt_keys, &identity, &events);
        let ledger = Ledger::new(
            stores.db.clone(),
            Arc::clone(&stores.log),
            Arc::clone(&stores.keyring),
            Arc::clone(&rules.terms),
            Arc::new(material.receipts),
            world.clone(),
        );
        let ledger = Arc::new(ledger.telling(outbox.clone()));
        let gate = Gate::new(
            stores.db.clone(),
            Arc::clone(&stores.log),
            Arc::clone(&rules.terms),
            world.clone(),
        );
        let gate = gate.telling(outbox);
        let exchange = exchange(config, &stores, &rules, &ledger, gate, platform, &world);
        let jwks = Arc::new(jwks);
        let evidence = Evidence {
            db: stores.db.clone(),
            ledger: Arc::clone(&ledger),
            log: Arc::clone(&stores.log),
            keyring: Arc::clone(&stores.keyring),
            terms: Arc::clone(&rules.terms),
            exchange: exchange.clone(),
            keys: Arc::clone(&jwks),
            world: world.clone(),
        };
        let rights = Rights {
            db: stores.db.clone(),
            ledger: Arc::clone(&ledger),
            log: Arc::clone(&stores.log),
            keyring: Arc::clone(&stores.keyring),
            terms: Arc::clone(&rules.terms),
            exchange: exchange.clone(),
            world: world.clone(),
        };
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
            evidence,
            rights,
            bodies: rules.bodies,
            hosts: Arc::new(material.hosts),
            jwks,
            stopping: CancellationToken::new(),
            world,
        };
        Ok(Self {
            app,
            stop_after: Duration::from_secs(config.http.stop_after_s.into()),
            remarks: stores.remarks,
        })
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

/// What is asked, in which words, in whose names, and what it is compared with.
struct Rules {
    terms: Arc<Terms>,
    catalogue: Arc<Catalogue>,
    indicators: Arc<Indicators>,
    bodies: Bodies,
}

fn exchange(
    config: &Config,
    stores: &Stores,
    rules: &Rules,
    ledger: &Arc<Ledger>,
    gate: Gate,
    platform: Platform,
    world: &World,
) -> Exchange {
    Exchange::new(Parts {
        db: stores.db.clone(),
        ledger: Arc::clone(ledger),
        gate,
        log: Arc::clone(&stores.log),
        terms: Arc::clone(&rules.terms),
        catalogue: Arc::clone(&rules.catalogue),
        indicators: Arc::clone(&rules.indicators),
        platform,
        bodies: rules.bodies.clone(),
        limits: config.limits,
        replicas: if stores.cache.is_shared() {
            config.cache.replicas.get()
        } else {
            1
        },
        cache: stores.cache.clone(),
        keyring: Arc::clone(&stores.keyring),
        world: world.clone(),
    })
}

/// The way to the platform, and what is agreed about it.
fn platform(config: &Config, world: World) -> Result<Platform, Defects> {
    let open = || -> anyhow::Result<Platform> {
        use anyhow::Context as _;

        let section = &config.platform;
        let read = |path: &Path| fs::read(path).with_context(|| path.display().to_string());
        let profile = match &section.profiles {
            None if section.profile == "aoc" => PlatformProfile::aoc(),
            None => anyhow::bail!("the shipped profiles have no {:?}", section.profile),
            Some(file) => {
                let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
                let mut profiles = PlatformProfile::parse_all(&text)?;
                let name = &section.profile;
                profiles
                    .remove(name)
                    .with_context(|| format!("no profile {name:?}"))?
            }
        };
        let seals = read(&section.seal_roots)?;
        let roots = TrustRoots::from_pem(&seals, Some(&profile.organisation))?;
        let tls_roots = section.tls_roots.as_deref().map(read).transpose()?;
        let tls_client = section.tls_client.as_deref().map(read).transpose()?;
        let tls = TlsSettings {
            roots: tls_roots.as_deref(),
            client: tls_client.as_deref(),
        };
        let transport = Transport::new(section.url.clone(), &tls, &profile, world.clone())?;
        Ok(Platform::new(profile, roots, transport, world))
    };
    open().map_err(|error| Defects(vec![format!("platform  {error:#}")]))
}

/// Public keys of receipts, tokens and events in one set (RFC 7517).
fn key_set(
    receipts: &ReceiptSigner,
    others: &[PublishedKey],
    identity: &Identity,
    events: &Events,
) -> serde_json::Value {
    let mut set = jwt::jwks([identity.tokens.signer()]);
    if let Some(keys) = set
        .get_mut("keys")
        .and_then(serde_json::Value::as_array_mut)
    {
        keys.push(receipts.jwk());
        keys.extend(others.iter().map(PublishedKey::jwk));
        keys.extend(events.jwk());
    }
    set
}
