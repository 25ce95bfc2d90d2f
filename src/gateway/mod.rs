//! The rooms put together, started and stopped.

mod defects;
mod material;
mod stores;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{App, layers, routes};
use crate::clock::World;
use crate::config::Config;
use crate::consent::{Gate, Ledger, ReceiptSigner, Terms};
use crate::exchange::pci::{Platform, PlatformProfile, TlsSettings, Transport, TrustRoots};
use crate::exchange::{Bodies, Exchange, Parts};
use crate::identity::{self, Identity, jwt};
use crate::pages;
use crate::products::Catalogue;
use crate::profile::Indicators;
use defects::{one, told};
use material::Material;
use stores::Stores;

pub use defects::Defects;

/// How long running fetches may take to end when the service stops.
const DRAIN: Duration = Duration::from_secs(20);

/// How often what is over is swept away.
const SWEEP: Duration = Duration::from_mins(1);

/// The service, ready to answer.
#[derive(Clone, Debug)]
pub struct Gateway {
    app: App,
}

impl Gateway {
    /// Opens everything to answer, and ends what an earlier process left open.
    ///
    /// Not beside a process that answers: its fetches would end too.
    pub async fn open(config: &Config, world: World) -> Result<Self, Defects> {
        let gateway = Self::look(config, world).await?;
        let recovered = gateway.app.exchange.recover().await;
        let (jobs, intents) = recovered.map_err(|error| one("recovery", &error))?;
        let announced = gateway.app.keyring.announce().await;
        announced.map_err(|error| one("keyring", &error))?;
        if jobs + intents > 0 {
            tracing::warn!(jobs, intents, "ended what an earlier process left open");
        }
        Ok(gateway)
    }

    /// Opens stores and keys and reads the catalogues. What another process is doing goes on.
    pub async fn look(config: &Config, world: World) -> Result<Self, Defects> {
        let material = Material::read(config)?;
        let untold = material.terms.defects(world.now());
        if !untold.is_empty() {
            return Err(Defects(
                untold
                    .iter()
                    .map(|defect| told("consent", defect))
                    .collect(),
            ));
        }
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
        let jwks = key_set(&material.receipts, &identity);
        let rules = Rules {
            terms: Arc::new(material.terms),
            catalogue: Arc::new(material.catalogue),
            indicators: Arc::new(material.indicators),
            bodies: material.bodies.into_iter().collect(),
        };
        let ledger = Arc::new(Ledger::new(
            stores.db.clone(),
            Arc::clone(&stores.log),
            Arc::clone(&stores.keyring),
            Arc::clone(&rules.terms),
            Arc::new(material.receipts),
            world.clone(),
        ));
        let exchange = exchange(config, &stores, &rules, &ledger, platform, &world);
        let app = App {
            public_url: config.http.public_url.clone(),
            db: stores.db,
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
            bodies: rules.bodies,
            hosts: Arc::new(material.hosts),
            jwks: Arc::new(jwks),
            world,
        };
        Ok(Self { app })
    }

    /// Every route, inside the one stack of layers.
    pub fn router(&self) -> Router {
        layers::around(routes::routes(self.app.clone()).merge(pages::routes(self.app.clone())))
    }

    /// The rooms, for whoever drives the service from within.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// Answers on a listener until told to stop; then lets requests and fetches end.
    pub async fn serve(
        self,
        listener: TcpListener,
        stop: CancellationToken,
    ) -> std::io::Result<()> {
        let background = TaskTracker::new();
        let behind = CancellationToken::new();
        background.spawn(Arc::clone(&self.app.log).run(behind.clone()));
        background.spawn(sweep(self.app.clone(), behind.clone()));
        let answered = axum::serve(listener, self.router())
            .with_graceful_shutdown(stop.cancelled_owned())
            .await;
        // A fetch that does not end in time stays open; the next start ends it as interrupted.
        if tokio::time::timeout(DRAIN, self.app.exchange.drain())
            .await
            .is_err()
        {
            tracing::warn!("fetches were still running; they end as interrupted");
        }
        behind.cancel();
        background.close();
        background.wait().await;
        if let Err(error) = self.app.keyring.depart().await {
            tracing::warn!(%error, "the keyring counts this process as running for some minutes more");
        }
        self.app.db.close().await;
        answered
    }
}

/// Forgets, now and then, what is over anyway.
async fn sweep(app: App, stop: CancellationToken) {
    while tokio::time::timeout(SWEEP, stop.cancelled()).await.is_err() {
        let swept = [
            app.logins.sweep().await.is_ok(),
            app.tokens.sweep().await.is_ok(),
            app.exchange.sweep().await.is_ok(),
        ];
        if swept.contains(&false) {
            tracing::warn!("something over could not be swept away");
        }
        if let Err(error) = app.keyring.announce().await {
            tracing::error!(%error, "the keyring does not answer, or needs a key that is not here");
        }
    }
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
    platform: Platform,
    world: &World,
) -> Exchange {
    let gate = Gate::new(
        stores.db.clone(),
        Arc::clone(&stores.log),
        Arc::clone(&rules.terms),
        world.clone(),
    );
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

/// Public keys of receipts and tokens in one set (RFC 7517).
fn key_set(receipts: &ReceiptSigner, identity: &Identity) -> serde_json::Value {
    let mut set = jwt::jwks([identity.tokens.signer()]);
    if let Some(keys) = set
        .get_mut("keys")
        .and_then(serde_json::Value::as_array_mut)
    {
        keys.push(receipts.jwk());
    }
    set
}
