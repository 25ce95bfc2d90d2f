//! The rooms put together, started and stopped.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::{App, layers, routes};
use crate::audit::{Log, LogConfig, LogSigner};
use crate::citizen::BodyId;
use crate::clock::World;
use crate::config::{BodyConfig, Config, KeyFile};
use crate::consent::{Gate, Ledger, Notices, Offer, Offers, Purposes, ReceiptSigner, Terms};
use crate::exchange::pci::{
    Authorisation, Officer, Platform, PlatformProfile, Requester, SigningIdentity, Text,
    TlsSettings, Transport, TrustRoots,
};
use crate::exchange::{Bodies, Body, Exchange, Parts};
use crate::identity::{Identity, jwt};
use crate::pages;
use crate::products::Catalogue;
use crate::profile::Indicators;
use crate::store::keyring::{FileWrapper, Keyring, LookupKeys};
use crate::store::{Db, Schema};

/// How long running fetches may take to end when the service stops.
const DRAIN: Duration = Duration::from_secs(20);

/// How often what is over is swept away.
const SWEEP: Duration = Duration::from_mins(1);

/// Everything found wrong while putting the service together, all at once.
#[derive(Debug)]
pub struct Defects(pub Vec<String>);

impl Display for Defects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|defect| writeln!(f, "{defect}"))
    }
}

impl std::error::Error for Defects {}

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
            stores.db.clone(),
            Arc::clone(&stores.keyring),
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
            app.sessions.sweep().await.is_ok(),
            app.tokens.sweep().await.is_ok(),
            app.exchange.sweep().await.is_ok(),
        ];
        if swept.contains(&false) {
            tracing::warn!("something over could not be swept away");
        }
        if let Err(error) = app.keyring.announce().await {
            tracing::error!(%error, "the keyring's keys are not those at hand");
        }
    }
}

/// The databases and the log over them.
struct Stores {
    db: Db,
    keyring: Arc<Keyring>,
    log: Arc<Log>,
}

/// What opens the stores.
struct StoreKeys {
    wrapper: FileWrapper,
    lookup: LookupKeys,
    log_signer: LogSigner,
}

impl Stores {
    async fn open(config: &Config, world: &World, keys: StoreKeys) -> Result<Self, Defects> {
        let keyring_db = open_db(&config.store.keyring, Schema::Keyring).await?;
        let db = open_db(&config.store.database, Schema::Gateway).await?;
        let wrapper = Arc::new(keys.wrapper);
        let keyring = Arc::new(Keyring::open(
            keyring_db,
            wrapper,
            keys.lookup,
            world.clone(),
        ));
        let opens = keyring.check().await;
        opens.map_err(|error| one("keyring", &error))?;
        let log = LogConfig {
            origin: config.log.origin.clone(),
            stall_after: Duration::from_secs(config.log.stall_after_s.into()),
            anchor: config.log.anchor.clone(),
        };
        let log = Log::open(
            db.clone(),
            Arc::clone(&keyring),
            log,
            keys.log_signer,
            world.clone(),
        )
        .await;
        let log = Arc::new(log.map_err(|error| one("log", &error))?);
        Ok(Self { db, keyring, log })
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

/// What is read from files, before any store is opened.
struct Material {
    keys: StoreKeys,
    receipts: ReceiptSigner,
    catalogue: Catalogue,
    indicators: Indicators,
    terms: Terms,
    bodies: Vec<Body>,
    hosts: BTreeMap<String, BodyId>,
}

impl Material {
    fn read(config: &Config) -> Result<Self, Defects> {
        let mut defects = Vec::new();
        let keys = &config.keys;
        let wrapping = FileWrapper::open_folder(&keys.directory);
        let wrapper = kept("keys/wrapping.key", wrapping, &mut defects);
        let lookup = LookupKeys::open(&keys.file(KeyFile::Lookup));
        let lookup = kept("keys/lookup.keys", lookup, &mut defects);
        let log_signer = LogSigner::open(&keys.file(KeyFile::Log));
        let log_signer = kept("keys/log.pem", log_signer, &mut defects);
        let pem = crate::store::keyring::secret_file::read(&keys.file(KeyFile::Receipts));
        let receipts = kept("keys/receipts.pem", pem, &mut defects).and_then(|pem| {
            kept(
                "keys/receipts.pem",
                ReceiptSigner::from_pem(&pem),
                &mut defects,
            )
        });
        let catalogue = Catalogue::parse(include_str!("../config/products.toml"));
        let catalogue = kept("config/products.toml", catalogue, &mut defects);
        let indicators = Indicators::parse(include_str!("../config/indicators.toml"));
        let indicators = kept("config/indicators.toml", indicators, &mut defects);
        let purposes = kept("consent/purposes.toml", Purposes::embedded(), &mut defects);
        let notices = kept("consent/notices", Notices::embedded(), &mut defects);
        let bodies: Vec<_> = config
            .bodies
            .iter()
            .filter_map(|body| kept(&format!("body {}", body.id), open_body(body), &mut defects))
            .collect();
        let offers = catalogue.as_ref().map(|catalogue| {
            let offers = config
                .bodies
                .iter()
                .map(|body| (body.id.clone(), offers(catalogue, body)));
            Offers::new(offers)
        });
        let hosts = config.bodies.iter().flat_map(|body| {
            body.hosts
                .iter()
                .map(move |host| (host.to_ascii_lowercase(), body.id.clone()))
        });
        let whole = (|| {
            Some(Self {
                keys: StoreKeys {
                    wrapper: wrapper?,
                    lookup: lookup?,
                    log_signer: log_signer?,
                },
                receipts: receipts?,
                catalogue: catalogue?,
                indicators: indicators?,
                terms: Terms {
                    purposes: purposes?,
                    notices: notices?,
                    offers: offers?,
                    public_url: config
                        .http
                        .public_url
                        .as_str()
                        .trim_end_matches('/')
                        .to_owned(),
                },
                bodies,
                hosts: hosts.collect(),
            })
        })();
        whole.filter(|_| defects.is_empty()).ok_or(Defects(defects))
    }
}

/// What a body may ask for: the catalogue, or its own choice of it.
fn offers(catalogue: &Catalogue, body: &BodyConfig) -> Vec<Offer> {
    let chosen = |code: &str| {
        body.products
            .as_ref()
            .is_none_or(|products| products.iter().any(|one| one == code))
    };
    catalogue
        .products()
        .filter(|product| chosen(product.code.as_str()))
        .map(Offer::from)
        .collect()
}

fn open_body(config: &BodyConfig) -> anyhow::Result<Body> {
    use anyhow::Context as _;

    let finality = config
        .finality
        .as_deref()
        .map(Text::new)
        .transpose()
        .context("finality")?;
    let procedure = config
        .procedure
        .as_deref()
        .map(Authorisation::procedure)
        .transpose()
        .context("procedure")?;
    let authorisation = finality.map(Authorisation::Finality).or(procedure);
    let certificate = fs::read(&config.seal_certificate).context("seal_certificate")?;
    let key = crate::store::keyring::secret_file::read(&config.seal_key).context("seal_key")?;
    Ok(Body {
        id: config.id.clone(),
        requester: Requester {
            code: config.ine10.clone(),
            name: Text::new(&config.name).context("name")?,
        },
        authorisation: authorisation.context("finality")?,
        officer: Officer {
            name: Text::new(&config.officer.name).context("officer.name")?,
            nif: config.officer.checked_nif().context("officer.nif")?,
        },
        municipality: config
            .municipality
            .as_deref()
            .map(str::parse)
            .transpose()
            .context("municipality")?,
        identity: SigningIdentity::from_pem(&certificate, &key).context("seal")?,
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

async fn open_db(file: &Path, schema: Schema) -> Result<Db, Defects> {
    let what = file.display().to_string();
    Db::open(file, schema)
        .await
        .map_err(|error| one(&what, &error))
}

/// The value, or its defect put with the others.
fn kept<T>(
    what: &str,
    found: Result<T, impl Into<anyhow::Error>>,
    defects: &mut Vec<String>,
) -> Option<T> {
    found
        .map_err(|error| defects.push(format!("{what}  {:#}", error.into())))
        .ok()
}

fn one(what: &str, error: &dyn std::error::Error) -> Defects {
    Defects(vec![told(what, error)])
}

/// An error with its causes, on one line.
fn told(what: &str, error: &dyn std::error::Error) -> String {
    let mut line = format!("{what}  {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
