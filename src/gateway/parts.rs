//! Each room, made from what was read and opened.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::defects::{Defects, told};
use super::stores::Stores;
use crate::clock::World;
use crate::config::Config;
use crate::consent::{Gate, Ledger, PublishedKey, ReceiptSigner, Terms};
use crate::events::{self, Events};
use crate::evidence::Archive;
use crate::exchange::pci::{Platform, PlatformProfile, TlsSettings, Transport, TrustRoots};
use crate::exchange::{Bodies, Exchange, Parts};
use crate::household::Households;
use crate::identity::{self, Identity, jwt};
use crate::products::Catalogue;
use crate::profile::Indicators;
use crate::store::outbox::Outbox;

/// What is asked, in which words, in whose names, and what it is compared with.
pub(super) struct Rules {
    pub(super) terms: Arc<Terms>,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) indicators: Arc<Indicators>,
    pub(super) bodies: Bodies,
}

/// Who people are, and how they come in.
pub(super) fn identity(
    config: &Config,
    stores: &Stores,
    world: &World,
) -> Result<Identity, Defects> {
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
    identity.map_err(|found| {
        let defects = found.iter().map(|defect| told("identity", defect));
        Defects(defects.collect())
    })
}

/// Telling those who hold data.
pub(super) fn events(setup: events::Setup, stores: &Stores, world: &World) -> Events {
    setup.open(stores.db.clone(), Arc::clone(&stores.log), world.clone())
}

/// What people decide, and whoever is told of it.
pub(super) fn ledger(
    receipts: ReceiptSigner,
    outbox: Outbox,
    stores: &Stores,
    rules: &Rules,
    world: &World,
) -> Arc<Ledger> {
    let ledger = Ledger::new(
        stores.db.clone(),
        Arc::clone(&stores.log),
        Arc::clone(&stores.keyring),
        Arc::clone(&rules.terms),
        Arc::new(receipts),
        world.clone(),
    );
    Arc::new(ledger.telling(outbox))
}

/// Everything that was recorded about people, for whoever gives an account of it.
pub(super) fn archive(
    stores: &Stores,
    rules: &Rules,
    ledger: &Arc<Ledger>,
    exchange: &Exchange,
    world: &World,
) -> Archive {
    Archive {
        db: stores.db.clone(),
        ledger: Arc::clone(ledger),
        log: Arc::clone(&stores.log),
        keyring: Arc::clone(&stores.keyring),
        terms: Arc::clone(&rules.terms),
        exchange: exchange.clone(),
        world: world.clone(),
    }
}

/// People who are looked at together.
pub(super) fn households(
    stores: &Stores,
    rules: &Rules,
    ledger: &Arc<Ledger>,
    world: &World,
) -> Households {
    Households::new(
        stores.db.clone(),
        Arc::clone(&stores.log),
        Arc::clone(&stores.keyring),
        Arc::clone(ledger),
        Arc::clone(&rules.terms),
        world.clone(),
    )
}

/// The gate, and everything that goes through it.
pub(super) fn exchange(
    config: &Config,
    stores: &Stores,
    rules: &Rules,
    ledger: &Arc<Ledger>,
    outbox: Outbox,
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
        gate: gate.telling(outbox),
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
pub(super) fn platform(config: &Config, world: World) -> Result<Platform, Defects> {
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
pub(super) fn key_set(
    receipts: &ReceiptSigner,
    others: &[PublishedKey],
    identity: &Identity,
    events: &Events,
) -> Arc<serde_json::Value> {
    let mut set = jwt::jwks([identity.tokens.signer()]);
    if let Some(keys) = set
        .get_mut("keys")
        .and_then(serde_json::Value::as_array_mut)
    {
        keys.push(receipts.jwk());
        keys.extend(others.iter().map(PublishedKey::jwk));
        keys.extend(events.jwk());
    }
    Arc::new(set)
}
