//! What an operator writes about providers, clients and sessions.
//!
//! Secrets are named by file, so that every structure here is safe to print.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde::Deserialize;
use url::Url;

use super::citizen::Scope;
use super::rates::RatesConfig;
use crate::citizen::{BodyId, ClientId, Language, LevelOfAssurance};

/// Everything about who may come in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// Log-in providers, in the order the pages offer them.
    #[serde(default)]
    pub providers: Vec<ProviderConfig>,
    /// Callers of the API.
    #[serde(default)]
    pub clients: Vec<ClientConfig>,
    /// Browser sessions.
    #[serde(default)]
    pub sessions: SessionConfig,
    /// How often anybody may call.
    #[serde(default)]
    pub rates: RatesConfig,
    /// ES256 key (PKCS#8 PEM) that signs access tokens. Changing it ends every token at once.
    pub token_key_file: PathBuf,
    /// At least 32 random bytes that make the subject of a token differ per client.
    /// Changing it gives every citizen a new name at every client.
    pub pairwise_key_file: PathBuf,
    /// Certificate authorities (PEM) trusted for providers, besides none. Absent: the system's.
    pub provider_roots_file: Option<PathBuf>,
}

/// A log-in provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum ProviderConfig {
    /// A strict OpenID Provider.
    Oidc(OidcConfig),
    /// VALid of AOC: OAuth 2.0 and its own user-information call.
    Valid(ValidConfig),
}

impl ProviderConfig {
    /// The provider's short name: part of its redirect URI.
    pub fn id(&self) -> &str {
        match self {
            Self::Oidc(config) => &config.id,
            Self::Valid(config) => &config.id,
        }
    }

    /// The file of its secret or key, for whoever lays paths out.
    pub fn secret_file_mut(&mut self) -> &mut PathBuf {
        match self {
            Self::Oidc(config) => config.authentication.file_mut(),
            Self::Valid(config) => &mut config.client_secret_file,
        }
    }

    /// The button's words.
    pub fn label(&self, language: Language) -> &str {
        let labels = match self {
            Self::Oidc(config) => &config.label,
            Self::Valid(config) => &config.label,
        };
        labels
            .get(&language)
            .or_else(|| labels.get(&Language::Ca))
            .map_or(self.id(), String::as_str)
    }

    /// The least level a log-in must reach. `unknown` lets everybody in to read and to revoke.
    pub fn minimum_level(&self) -> LevelOfAssurance {
        match self {
            Self::Oidc(config) => config.minimum_level,
            Self::Valid(config) => config.minimum_level,
        }
    }
}

/// One registration at VALid. The methods on offer belong to the registration, so offering
/// "idCAT Mòbil only" beside "all" takes two.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ValidConfig {
    /// Short name, lower-case letters, digits and hyphens.
    pub id: String,
    /// The button's words by language.
    #[serde(default)]
    pub label: BTreeMap<Language, String>,
    /// `https://valid.aoc.cat` or its pre-production.
    pub base_url: Url,
    /// As AOC registered it, such as `name.serveis.aoc.cat`.
    pub client_id: String,
    /// File with the secret AOC gave.
    pub client_secret_file: PathBuf,
    /// Paths under the base, should AOC move them.
    #[serde(default)]
    pub paths: ValidPaths,
    /// Further parameters of the authorisation request.
    #[serde(default)]
    pub extra_parameters: BTreeMap<String, String>,
    /// Whether to send `lang`, seen in use but not documented.
    #[serde(default)]
    pub send_language: bool,
    /// Log-in methods let in.
    #[serde(default = "valid_methods")]
    pub methods: BTreeSet<String>,
    /// Kinds of certificate let in, of 0 (natural person), 5 (public employee), 11 and 12
    /// (a natural person who represents an entity; the entity is ignored). Others never are.
    #[serde(default = "natural_person")]
    pub certificate_types: BTreeSet<u8>,
    /// The least level a log-in must reach.
    #[serde(default)]
    pub minimum_level: LevelOfAssurance,
}

fn valid_methods() -> BTreeSet<String> {
    ["idcatmobil", "certificat", "clave"]
        .map(str::to_owned)
        .into()
}

fn natural_person() -> BTreeSet<u8> {
    [0].into()
}

/// Paths of VALid's interface.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ValidPaths {
    /// Where the browser is sent.
    pub authorize: String,
    /// Where the code becomes a token.
    pub token: String,
    /// Where the token becomes an identity.
    pub user_info: String,
    /// Where VALid's own session ends.
    pub logout: String,
}

impl Default for ValidPaths {
    fn default() -> Self {
        Self {
            authorize: "/o/oauth2/auth".to_owned(),
            token: "/o/oauth2/token".to_owned(),
            user_info: "/serveis-rest/getUserInfo".to_owned(),
            logout: "/o/oauth2/logout".to_owned(),
        }
    }
}

/// One registration at an OpenID Provider.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// Short name, lower-case letters, digits and hyphens.
    pub id: String,
    /// The button's words by language.
    #[serde(default)]
    pub label: BTreeMap<Language, String>,
    /// Exactly as the provider writes it, to the trailing slash.
    pub issuer: String,
    /// As the provider registered it.
    pub client_id: String,
    /// How this service proves it is that client.
    pub authentication: ClientAuthentication,
    /// Algorithms its ID tokens may be signed with; there is no HMAC and no `none`.
    #[serde(default = "es256")]
    pub algorithms: BTreeSet<IdTokenAlgorithm>,
    /// Scopes asked for besides `openid`.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// `acr_values` asked for, best first.
    #[serde(default)]
    pub acr_values: Vec<String>,
    /// Levels behind the `acr` values of this provider, besides the eIDAS URIs.
    #[serde(default)]
    pub acr_levels: BTreeMap<String, LevelOfAssurance>,
    /// The least level a log-in must reach.
    #[serde(default)]
    pub minimum_level: LevelOfAssurance,
    /// Seconds since the citizen proved who they are; then `auth_time` must be there and fresh.
    pub max_age_seconds: Option<u32>,
    /// Tolerated difference between clocks, at most 60.
    #[serde(default = "ten")]
    pub clock_skew_seconds: u8,
    /// Whether identity claims come from the user-information endpoint as well.
    #[serde(default)]
    pub user_info: bool,
    /// What the claims are called here.
    pub claims: ClaimNames,
}

fn es256() -> BTreeSet<IdTokenAlgorithm> {
    [IdTokenAlgorithm::Es256].into()
}

fn ten() -> u8 {
    10
}

/// How this service authenticates at an OpenID Provider's token endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientAuthentication {
    /// HTTP Basic with a shared secret.
    ClientSecretBasic {
        /// File with the secret.
        secret_file: PathBuf,
    },
    /// A signed assertion (RFC 7523), ES256.
    PrivateKeyJwt {
        /// PKCS#8 PEM.
        key_file: PathBuf,
        /// The key's name at the provider.
        key_id: String,
    },
}

impl ClientAuthentication {
    fn file_mut(&mut self) -> &mut PathBuf {
        match self {
            Self::ClientSecretBasic { secret_file } => secret_file,
            Self::PrivateKeyJwt { key_file, .. } => key_file,
        }
    }
}

/// Algorithms an ID token may be signed with.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd)]
pub enum IdTokenAlgorithm {
    /// ECDSA, P-256.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA, P-384.
    #[serde(rename = "ES384")]
    Es384,
    /// Ed25519.
    #[serde(rename = "EdDSA")]
    EdDsa,
    /// RSA-PSS.
    #[serde(rename = "PS256")]
    Ps256,
    /// RSA PKCS#1 1.5.
    #[serde(rename = "RS256")]
    Rs256,
}

/// Names of the claims that say who somebody is. Brokers differ; nothing is guessed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClaimNames {
    /// Document number; `ES/ES/…` forms are understood.
    pub document: String,
    /// Kind of document: NIF, NIE, DNI, PASSPORT (or `identifierType` 1 to 3).
    pub document_type: Option<String>,
    /// Two letters of the issuing country.
    pub country: Option<String>,
    /// Given name.
    #[serde(default = "given_name")]
    pub given_name: String,
    /// First surname, or all of them.
    #[serde(default = "family_name")]
    pub surname1: String,
    /// Second surname.
    pub surname2: Option<String>,
    /// How they proved it; without one, the method is `oidc`.
    pub method: Option<String>,
}

fn given_name() -> String {
    "given_name".to_owned()
}

fn family_name() -> String {
    "family_name".to_owned()
}

/// A caller of the API.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientConfig {
    /// The name it signs as.
    pub id: ClientId,
    /// Its public keys, a JWK set. Every key needs `kid` and `alg`.
    pub keys_file: PathBuf,
    /// What it may ask for. Auditors' scopes and citizens' do not mix.
    pub scopes: BTreeSet<Scope>,
    /// The administration its citizens deal with; not for auditors.
    pub body: Option<BodyId>,
    /// The best level it may vouch for.
    #[serde(default)]
    pub level_ceiling: LevelOfAssurance,
    /// Whether a grant may be given through it.
    #[serde(default)]
    pub may_grant: bool,
}

/// How long a browser session lives.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SessionConfig {
    /// Without a request; at most 15.
    pub idle_minutes: u8,
    /// In all; at most 8.
    pub absolute_hours: u8,
}

impl Default for SessionConfig {
    fn default() -> Self {
        Self {
            idle_minutes: 15,
            absolute_hours: 8,
        }
    }
}
