//! What is read from files, before any store is opened.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;

use super::asked;
use super::defects::{Defects, kept, told};
use super::parts::Rules;
use super::seals;
use super::stores::StoreKeys;
use crate::audit::LogSigner;
use crate::citizen::BodyId;
use crate::config::{BodyConfig, Config, KeyFile};
use crate::consent::{ReceiptSigner, Terms};
use crate::events::{self, EventKeys};
use crate::exchange::Body;
use crate::exchange::pci::{Authorisation, Officer, Requester, SigningIdentity, Text};
use crate::profile::Indicators;
use crate::store::keyring::{FileWrapper, LookupKeys};

/// What is read from files, before any store is opened.
pub(super) struct Material {
    pub(super) keys: StoreKeys,
    pub(super) receipts: ReceiptSigner,
    pub(super) rules: Rules,
    pub(super) events: events::Setup,
    pub(super) hosts: BTreeMap<String, BodyId>,
}

impl Material {
    pub(super) fn read(config: &Config) -> Result<Self, Defects> {
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
        if let Some(signer) = &receipts {
            let mut listed = config.receipt_keys.iter();
            if listed.any(|key| key.kid() == signer.kid()) {
                defects.push(format!("receipt_keys  {LISTED}"));
            }
        }
        let (terms, catalogue) = asked::read(config, &mut defects);
        let indicators = Indicators::parse(include_str!("../../config/indicators.toml"));
        let indicators = kept("config/indicators.toml", indicators, &mut defects);
        let events = terms.as_ref().and_then(|terms| {
            open_events(config, terms)
                .map_err(|found| defects.extend(found.iter().map(|defect| told("events", defect))))
                .ok()
        });
        let bodies: Vec<_> = config
            .bodies
            .iter()
            .filter_map(|body| kept(&format!("body {}", body.id), open_body(body), &mut defects))
            .collect();
        let sealed = bodies.iter();
        defects.extend(sealed.filter_map(|body| {
            let misplaced = seals::misplaced(config, body.identity.signer())?;
            Some(format!("body {}  seal_certificate: {misplaced}", body.id))
        }));
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
                rules: Rules {
                    terms: Arc::new(terms?),
                    catalogue: Arc::new(catalogue?),
                    indicators: Arc::new(indicators?),
                    bodies: bodies.into_iter().collect(),
                },
                events: events?,
                hosts: hosts.collect(),
            })
        })();
        whole.filter(|_| defects.is_empty()).ok_or(Defects(defects))
    }
}

/// A key cannot sign and be over, or yet to come.
const LISTED: &str = "one of them is keys/receipts.pem, which signs; list only the others";

fn open_events(config: &Config, terms: &Terms) -> Result<events::Setup, Vec<events::EventsDefect>> {
    let keys = EventKeys {
        signing: &config.keys.file(KeyFile::Events),
        pairwise: &config.keys.file(KeyFile::Pairwise),
    };
    let clients = config.identity.clients.iter();
    let clients = clients.map(|client| client.id.clone()).collect();
    events::Setup::read(
        &config.events,
        keys,
        &terms.public_url,
        &clients,
        &terms.purposes,
    )
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
