//! The outside world of a gateway in one process: certificates, providers, platform, people.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Sent;
use crate::ambient::{Clock, token};
use crate::oidc::{Authentication, Client, Provider};
use crate::pci::{NotStarted, Options, Platform, RunningPlatform};
use crate::person::{Assurance, DocumentType, Method, Person};
use crate::pki::{Pki, PkiError};
use crate::population::{self, DocumentKind, Population};
use crate::valid::{Registration, Valid};

pub(super) const VALID_CLIENT: &str = "gateway.serveis.aoc.cat";
pub(super) const OIDC_CLIENT: &str = "gateway";

/// Why the world did not start.
#[derive(Debug, thiserror::Error)]
pub enum WorldError {
    #[error("cannot use {0}")]
    File(PathBuf, #[source] io::Error),
    #[error(transparent)]
    Pki(#[from] PkiError),
    #[error(transparent)]
    Platform(#[from] NotStarted),
    #[error("cannot listen")]
    Listen(#[source] io::Error),
}

/// Ports to listen on; 0 is any free one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ports {
    pub valid: u16,
    pub oidc: u16,
}

/// A running world.
#[derive(Debug)]
pub struct World {
    pub pki: Pki,
    pub population: Population,
    pub people: Vec<Person>,
    pub valid: Arc<Valid>,
    pub oidc: Arc<Provider>,
    pub platform: RunningPlatform,
    /// File with the secret of `VALID_CLIENT`.
    pub valid_secret: PathBuf,
    /// File with the secret of `OIDC_CLIENT`.
    pub oidc_secret: PathBuf,
}

impl World {
    /// Starts everything; keys and secrets go into `folder`.
    ///
    /// `gateway_url` is where the providers send browsers back to.
    pub async fn start(
        folder: &Path,
        ports: Ports,
        gateway_url: &str,
        clock: &Clock,
    ) -> Result<Self, WorldError> {
        let pki = Pki::open(folder)?;
        let population = Population::built_in();
        let people: Vec<Person> = population.people().iter().map(citizen).collect();
        let (valid_secret, secret) = keep_secret(folder, "valid.secret")?;
        let registration = Registration {
            client_id: VALID_CLIENT.to_owned(),
            client_secret: secret,
            redirect_uris: vec![format!("{gateway_url}/login/valid/callback")],
        };
        let (oidc_secret, secret) = keep_secret(folder, "oidc.secret")?;
        let client = Client {
            id: OIDC_CLIENT.to_owned(),
            authentication: Authentication::Secret(secret),
            redirect_uris: vec![format!("{gateway_url}/login/oidc/callback")],
            post_logout_redirect_uris: vec![format!("{gateway_url}/")],
        };
        let valid = Valid::start(
            ports.valid,
            vec![registration],
            people.clone(),
            clock.clone(),
        );
        let oidc = Provider::start(ports.oidc, vec![client], people.clone(), clock.clone());
        let at = clock.clone();
        let time = Arc::new(move || Timestamp::from_second(at.seconds()).unwrap_or_default());
        let platform = Platform::start(&pki, population.clone(), Options::new(time)).await?;
        Ok(Self {
            pki,
            population,
            platform,
            valid: Arc::new(valid.await.map_err(WorldError::Listen)?),
            oidc: Arc::new(oidc.await.map_err(WorldError::Listen)?),
            people,
            valid_secret,
            oidc_secret,
        })
    }

    /// Reads how many requests have reached the platform.
    pub fn sent(&self) -> Sent {
        let recorder = self.platform.recorder.clone();
        Arc::new(move || recorder.received().len())
    }

    /// What somebody needs to know to put a gateway in front of this world.
    pub fn describe(&self) -> Value {
        json!({
            "version": 1,
            "valid": {
                "url": self.valid.url(),
                "client_id": VALID_CLIENT,
                "client_secret_file": self.valid_secret,
            },
            "oidc": {
                "issuer": self.oidc.issuer(),
                "client_id": OIDC_CLIENT,
                "client_secret_file": self.oidc_secret,
            },
            "platform": {
                "url": self.platform.url,
                "tls_roots": self.pki.tls_ca_path,
                "signature_roots": self.pki.seal_ca_path,
            },
            "requester": {
                "certificate": self.pki.requester.certificate_path,
                "key": self.pki.requester.key_path,
            },
            "folder": {
                "client_id": "el-meu-espai",
                "jwks": self.pki.citizen_folder.jwks_path,
                "key": self.pki.citizen_folder.key_path,
            },
            "auditor": {
                "client_id": "auditor",
                "jwks": self.pki.auditor.jwks_path,
                "key": self.pki.auditor.key_path,
            },
            "people": self.people.iter().map(|person| json!({
                "key": person.key,
                "name": format!("{} {}", person.given_name, person.surnames()),
                "document": person.document,
                "situation": person.situation,
            })).collect::<Vec<_>>(),
        })
    }
}

/// A secret that outlives a restart in the same folder.
fn keep_secret(folder: &Path, name: &str) -> Result<(PathBuf, String), WorldError> {
    let path = folder.join(name);
    if let Ok(known) = fs::read_to_string(&path)
        && !known.trim().is_empty()
    {
        return Ok((path, known.trim().to_owned()));
    }
    let secret = token();
    fs::write(&path, &secret).map_err(|error| WorldError::File(path.clone(), error))?;
    Ok((path, secret))
}

/// A person of the town as the identity providers know them.
fn citizen(person: &population::Person) -> Person {
    let key = person.given_name.to_lowercase().replace('ú', "u");
    let surnames = [
        person.surname1.as_str(),
        person.surname2.as_deref().unwrap_or_default(),
    ];
    let mut citizen = Person::new(&key, person.document.number(), &person.given_name, surnames)
        .in_situation(&person.story);
    citizen.document_type = match person.document.kind() {
        DocumentKind::Nie => DocumentType::Nie,
        DocumentKind::Dni => DocumentType::Nif,
    };
    match key.as_str() {
        "joan" => citizen.by(Method::Certificate(0)).at(Assurance::High),
        "josep" => citizen.by(Method::Clave),
        _ => citizen,
    }
}
