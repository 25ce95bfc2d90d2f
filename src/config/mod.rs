//! Configuration: one file, overridden by the environment; never half-understood.
//!
//! Every structure here is safe to print: secrets are named by file.

mod cache;
mod check;
mod events;
mod source;
mod store;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use url::Url;

use crate::citizen::{BodyId, Ine10, Nif};
use crate::consent::PublishedKey;
use crate::exchange::LimitsConfig;
use crate::identity::RatesConfig;
use crate::identity::config::{ClientConfig, IdentityConfig, ProviderConfig, SessionConfig};
use crate::telemetry::TelemetryConfig;
use source::Source;

pub use cache::{CacheConfig, CacheFiles};
pub use events::{EventsConfig, ReceiverConfig};
pub use source::Problem;
pub use store::{Role, RoleConfig, RolesConfig, StoreConfig};

/// Where the service runs: how much it forgives.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// One's own machine: missing keys are made, plain HTTP on the loopback is fine.
    Development,
    /// AOC's pre-production, with its test people.
    Pre,
    /// Real people.
    Production,
}

/// Everything an operator writes.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where the service runs.
    pub environment: Environment,
    /// How it is reached.
    pub http: HttpConfig,
    /// Where it keeps things.
    pub store: StoreConfig,
    /// Where it keeps what may be lost.
    pub cache: CacheConfig,
    /// Where its own keys are.
    pub keys: KeysConfig,
    /// Receipt keys besides the one that signs, which stay published.
    pub receipt_keys: Vec<PublishedKey>,
    /// The exchange log.
    pub log: LogSection,
    /// What people are asked, instead of what ships with the program.
    pub consent: ConsentConfig,
    /// The platform it asks.
    pub platform: PlatformConfig,
    /// How hard each source may be asked.
    pub limits: LimitsConfig,
    /// In whose names it asks.
    pub bodies: Vec<BodyConfig>,
    /// Who may come in.
    pub identity: IdentityConfig,
    /// Who is told what people decided.
    pub events: EventsConfig,
    /// Its own lines and traces.
    pub telemetry: TelemetryConfig,
}

/// How the service is reached.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpConfig {
    /// Address to listen on. TLS ends in front of it.
    pub listen: SocketAddr,
    /// The address people and clients use: redirects, tokens and receipts name it.
    pub public_url: Url,
    /// Seconds between telling readiness "no" and taking no new connections, when the service stops:
    /// as long as a load balancer needs to notice.
    #[serde(default)]
    pub stop_after_s: u16,
}

/// Where the service's own keys are.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeysConfig {
    /// Folder with the files that `keys init` makes.
    pub directory: PathBuf,
}

/// The exchange log.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogSection {
    /// Name of the log in its checkpoints, such as `gateway.example.cat/exchange/2026`.
    pub origin: String,
    /// Seconds an entry may wait for its number before new exchanges stop.
    #[serde(default = "thirty")]
    pub stall_after_s: u32,
    /// File that keeps the newest checkpoint outside the database.
    pub anchor: PathBuf,
}

/// What people are asked: a town states its own controller, purposes and notices.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ConsentConfig {
    /// Folder of notices, `<purpose>/v<N>/`; absent: those of the program.
    pub notices: Option<PathBuf>,
    /// File of purposes; absent: that of the program.
    pub purposes: Option<PathBuf>,
}

/// The platform that is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformConfig {
    /// The synchronous front end.
    pub url: Url,
    /// Name of the platform profile.
    #[serde(default = "aoc")]
    pub profile: String,
    /// File of platform profiles, instead of the shipped ones.
    pub profiles: Option<PathBuf>,
    /// Roots (PEM) of the platform's TLS certificate; absent: the system's.
    pub tls_roots: Option<PathBuf>,
    /// Our TLS client certificate chain and key (PEM), where the platform asks for one.
    pub tls_client: Option<PathBuf>,
    /// Roots (PEM) of the seal the platform signs its answers with.
    pub seal_roots: PathBuf,
    /// Common names of authorities that issue seals for tests and for nothing else.
    #[serde(default)]
    pub test_issuers: Vec<String>,
}

/// One administration in whose name the service asks.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BodyConfig {
    /// Its short name here.
    pub id: BodyId,
    /// INE10 code, as registered at AOC.
    pub ine10: Ine10,
    /// Name, as registered at AOC; at most 50 characters.
    pub name: String,
    /// Host names whose pages are this body's.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Code AOC authorised, sent as `Finalidad`. Exactly one of this and `procedure`.
    pub finality: Option<String>,
    /// Code AOC authorised, sent as `Procedimiento`.
    pub procedure: Option<String>,
    /// The public employee answerable for the questions.
    pub officer: OfficerConfig,
    /// INE municipality of its register, such as `08019`.
    pub municipality: Option<String>,
    /// Products it asks for, as `CodigoProducto/CodigoCertificado`; absent: all of the catalogue.
    pub products: Option<Vec<String>>,
    /// Its seal certificate (PEM).
    pub seal_certificate: PathBuf,
    /// The key of it (PKCS#8 PEM).
    pub seal_key: PathBuf,
}

/// A public employee.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerConfig {
    /// Surnames and name.
    pub name: String,
    /// NIF.
    pub nif: String,
}

impl std::fmt::Debug for OfficerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OfficerConfig(·)")
    }
}

impl OfficerConfig {
    /// The NIF, if its letter is right.
    pub fn checked_nif(&self) -> Option<Nif> {
        self.nif.parse().ok()
    }
}

/// `[identity]`: what is not a list of its own.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct IdentitySection {
    /// Roots (PEM) of the providers' TLS certificates; absent: the system's.
    provider_roots: Option<PathBuf>,
}

/// Names of the files below `keys.directory`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum KeyFile {
    /// Signs events for recipients (Ed25519, PKCS#8 PEM). Read only where there are receivers.
    Events,
    /// Signs checkpoints (Ed25519, PKCS#8 PEM).
    Log,
    /// Finds people by their documents (versioned HMAC keys).
    Lookup,
    /// Makes the subject of a token differ per client (32 bytes).
    Pairwise,
    /// Signs receipts (Ed25519, PKCS#8 PEM).
    Receipts,
    /// Signs access tokens (ES256, PKCS#8 PEM).
    Tokens,
    /// Wraps the keys of the keyring (32 bytes).
    Wrapping,
}

impl KeyFile {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Events,
        Self::Log,
        Self::Lookup,
        Self::Pairwise,
        Self::Receipts,
        Self::Tokens,
        Self::Wrapping,
    ];

    /// The file's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Events => "events.pem",
            Self::Log => "log.pem",
            Self::Lookup => "lookup.keys",
            Self::Pairwise => "pairwise.key",
            Self::Receipts => "receipts.pem",
            Self::Tokens => "tokens.pem",
            Self::Wrapping => "wrapping.key",
        }
    }
}

impl KeysConfig {
    /// Where one of the keys is.
    pub fn file(&self, key: KeyFile) -> PathBuf {
        self.directory.join(key.name())
    }
}

impl Config {
    /// Reads a configuration file, laying `GATEWAY__SECTION__KEY` variables over it.
    ///
    /// Paths in it are relative to the file's own folder.
    pub fn load(file: &Path, environment: &[(String, String)]) -> Result<Self, Vec<Problem>> {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let place = file.display().to_string();
            vec![Problem {
                place,
                key: "-".to_owned(),
                what: error.to_string(),
            }]
        })?;
        let folder = file.parent().unwrap_or(Path::new("."));
        Self::parse(&file.display().to_string(), &text, environment, folder)
    }

    /// Reads a configuration text; `name` is how problems call it.
    pub fn parse(
        name: &str,
        text: &str,
        environment: &[(String, String)],
        folder: &Path,
    ) -> Result<Self, Vec<Problem>> {
        let mut source = Source::parse(name, text, environment)?;
        let place = source.section::<Environment>("environment");
        let http = source.section::<HttpConfig>("http");
        let store = source.section::<StoreConfig>("store");
        let cache = source.optional::<CacheConfig>("cache");
        let keys = source.section::<KeysConfig>("keys");
        let log = source.section::<LogSection>("log");
        let consent = source.optional::<ConsentConfig>("consent");
        let platform = source.section::<PlatformConfig>("platform");
        let limits = source.optional("limits");
        let events = source.optional::<events::EventsSection>("events");
        let events = events.read(&mut source);
        let telemetry = source.optional("telemetry");
        let sessions = source.optional::<SessionConfig>("sessions");
        let rates = source.optional::<RatesConfig>("rates");
        let section = source.optional::<IdentitySection>("identity");
        let receipt_keys = source.list::<PublishedKey>("receipt_keys");
        let bodies = source.list::<BodyConfig>("bodies");
        let providers = source.list::<ProviderConfig>("providers");
        let clients = source.list::<ClientConfig>("clients");
        let complete = (|| {
            let keys = keys?;
            let identity = IdentityConfig {
                providers,
                clients,
                sessions,
                rates,
                token_key_file: keys.file(KeyFile::Tokens),
                pairwise_key_file: keys.file(KeyFile::Pairwise),
                provider_roots_file: section.provider_roots,
            };
            Some(Self {
                environment: place?,
                http: http?,
                store: store?,
                cache,
                keys,
                receipt_keys,
                log: log?,
                consent,
                platform: platform?,
                limits,
                bodies,
                identity,
                events,
                telemetry,
            })
        })();
        if let Some(config) = &complete {
            check::together(config, &mut source);
        }
        let problems = source.finish();
        match complete {
            Some(config) if problems.is_empty() => Ok(config.below(folder)),
            _ => Err(problems),
        }
    }

    /// The same with every path below a folder.
    fn below(mut self, folder: &Path) -> Self {
        let place = |path: &mut PathBuf| *path = folder.join(&*path);
        self.store.place(place);
        self.cache.paths_mut().for_each(place);
        place(&mut self.keys.directory);
        place(&mut self.log.anchor);
        let consent = &mut self.consent;
        for path in [&mut consent.notices, &mut consent.purposes] {
            path.iter_mut().for_each(place);
        }
        place(&mut self.platform.seal_roots);
        let platform = &mut self.platform;
        for path in [
            &mut platform.tls_roots,
            &mut platform.tls_client,
            &mut platform.profiles,
        ] {
            path.iter_mut().for_each(place);
        }
        for body in &mut self.bodies {
            place(&mut body.seal_certificate);
            place(&mut body.seal_key);
        }
        for receiver in &mut self.events.receivers {
            receiver.token_file.iter_mut().for_each(place);
            receiver.tls_roots.iter_mut().for_each(place);
        }
        let identity = &mut self.identity;
        place(&mut identity.token_key_file);
        place(&mut identity.pairwise_key_file);
        identity.provider_roots_file.iter_mut().for_each(place);
        identity
            .clients
            .iter_mut()
            .for_each(|client| place(&mut client.keys_file));
        identity
            .providers
            .iter_mut()
            .for_each(|provider| place(provider.secret_file_mut()));
        self
    }
}

fn thirty() -> u32 {
    30
}

fn aoc() -> String {
    "aoc".to_owned()
}
