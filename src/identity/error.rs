//! Why somebody was not recognised. None of these carries what they sent.

use std::fmt::Write as _;

use jiff::SignedDuration;

use super::citizen::Scope;
use super::jwt::JwtError;
use super::outbound::OutboundError;
use super::rates::TooMany;
use super::tokens::DpopDefect;
use crate::citizen::{InvalidDocument, LevelOfAssurance};
use crate::store::StoreError;
use crate::store::cache::CacheError;
use crate::store::keyring::KeyringError;

/// Why a log-in did not happen.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The citizen turned back at the provider. Not a failure: offer to start again.
    #[error("the log-in was cancelled at the provider")]
    Cancelled,
    /// The answer is not one: a parameter is missing, too long, or there twice.
    #[error("the provider's answer is malformed: {0}")]
    Callback(&'static str),
    /// Who the provider says they are cannot be used.
    #[error("the identity document cannot be used")]
    Document(#[source] DocumentDefect),
    /// The log-in took longer than ten minutes.
    #[error("the log-in took too long")]
    Expired,
    /// The provider was less sure than it must be here.
    #[error("the level of assurance is {reached:?} and {needed:?} is needed")]
    LevelTooLow {
        /// What the provider said.
        reached: LevelOfAssurance,
        /// The least this provider's configuration accepts.
        needed: LevelOfAssurance,
    },
    /// The log-in was started in another browser, or somebody sent the citizen a link.
    #[error("the log-in was started in another browser")]
    OtherBrowser,
    /// The provider did not do its part.
    #[error("the provider did not complete the log-in")]
    Provider(#[source] ProviderFault),
    /// More log-ins are begun than people could.
    #[error(transparent)]
    TooMany(TooMany),
    /// Our own keys or database.
    #[error("the log-in could not be recorded")]
    Unavailable(#[source] Unavailable),
    /// No such provider is configured.
    #[error("no such provider")]
    UnknownProvider,
    /// The answer belongs to no log-in of ours, or to one already completed.
    #[error("no such log-in is waiting")]
    UnknownTransaction,
}

/// Our own storage failed.
#[derive(Debug, thiserror::Error)]
pub enum Unavailable {
    /// The cache did not answer: without it nobody can be told apart from a stranger.
    #[error("the cache did not answer")]
    Cache(#[from] CacheError),
    /// The keyring could not seal, open or look up.
    #[error("the keyring did not answer")]
    Keyring(#[from] KeyringError),
    /// What was stored does not read back: another version, or damage.
    #[error("a stored record does not read back")]
    Record,
    /// A token could not be signed.
    #[error("a token could not be signed")]
    Signing(#[source] JwtError),
    /// The database did not answer.
    #[error("the database did not answer")]
    Store(#[from] StoreError),
}

/// Why a document a provider stated cannot be used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DocumentDefect {
    /// A certificate of an entity, a server or a pseudonym: not a citizen.
    #[error("the certificate is not a natural person's own")]
    Certificate,
    /// The number or its country does not hold together.
    #[error(transparent)]
    Invalid(#[from] InvalidDocument),
    /// There is no document number.
    #[error("the provider named no document")]
    Missing,
    /// A kind of document this service has no name for.
    #[error("the kind of document is not supported")]
    Unsupported,
}

/// What a provider did wrong.
#[derive(Debug, thiserror::Error)]
pub enum ProviderFault {
    /// Its answer is not what its interface promises; the text says which part.
    #[error("the answer breaks its contract: {0}")]
    Contract(&'static str),
    /// It vouches by a method that is not accepted here.
    #[error("the log-in method is not accepted")]
    Method,
    /// It refused; `code` is its word, from a safe alphabet.
    #[error("the provider refused ({code})")]
    Refused {
        /// At most 64 letters, digits, dots, hyphens and underscores.
        code: String,
    },
    /// Its ID token does not pass.
    #[error("the ID token is refused: {0}")]
    Token(&'static str),
    /// It could not be reached.
    #[error("the provider could not be reached")]
    Unreachable(#[from] OutboundError),
}

impl ProviderFault {
    /// A refusal with the provider's own word, reduced to a safe alphabet.
    pub(super) fn refused(code: &str) -> Self {
        let code: String = code
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
            .take(64)
            .collect();
        Self::Refused { code }
    }
}

impl From<ProviderFault> for LoginError {
    fn from(fault: ProviderFault) -> Self {
        Self::Provider(fault)
    }
}

impl From<DocumentDefect> for LoginError {
    fn from(defect: DocumentDefect) -> Self {
        Self::Document(defect)
    }
}

/// Why no token was issued (RFC 6749 section 5.2, RFC 8693 section 2.2.2, RFC 9449 section 5).
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The client is unknown or its assertion does not pass.
    #[error("the client assertion is refused: {0}")]
    InvalidClient(&'static str),
    /// The proof of possession does not pass.
    #[error("the DPoP proof is refused: {0}")]
    InvalidDpopProof(DpopDefect),
    /// The request or its subject token does not pass.
    #[error("the request is refused: {0}")]
    InvalidRequest(&'static str),
    /// More, or other, scopes than the client is registered for.
    #[error("the scope is not one this client may ask for")]
    InvalidScope,
    /// Our own keys or database. Nothing was issued; the same request may be made anew.
    #[error("no token could be recorded")]
    Unavailable(#[source] Unavailable),
    /// The client asks too often.
    #[error(transparent)]
    TooMany(TooMany),
    /// The client is not registered for this grant.
    #[error("this client may not use this grant")]
    UnauthorizedClient,
    /// Only token exchange and client credentials exist.
    #[error("no such grant")]
    UnsupportedGrantType,
}

impl TokenError {
    /// The `error` member of the answer.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::InvalidClient(_) => "invalid_client",
            Self::InvalidDpopProof(_) => "invalid_dpop_proof",
            Self::InvalidRequest(_) => "invalid_request",
            Self::InvalidScope => "invalid_scope",
            Self::TooMany(_) | Self::Unavailable(_) => "temporarily_unavailable",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::UnsupportedGrantType => "unsupported_grant_type",
        }
    }

    /// The `error_description` member: our own words, nothing of the request.
    pub fn description(&self) -> String {
        self.to_string()
    }
}

impl<E: Into<Unavailable>> From<E> for TokenError {
    fn from(cause: E) -> Self {
        Self::Unavailable(cause.into())
    }
}

impl<E: Into<Unavailable>> From<E> for LoginError {
    fn from(cause: E) -> Self {
        Self::Unavailable(cause.into())
    }
}

/// Why a request is not let in (RFC 6750 section 3.1, RFC 9449 section 7.1, RFC 9470).
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The proof was made before this service began to remember proofs (it was restarted, or lost its
    /// cache), so nobody can tell whether it was used. A new one passes.
    #[error("the DPoP proof is older than this service remembers")]
    Forgotten,
    /// The citizen has to prove who they are better, or again.
    #[error("a stronger or fresher log-in is needed")]
    InsufficientAuthentication {
        /// The level needed.
        level: LevelOfAssurance,
        /// How old the log-in may be, when that is what is missing.
        max_age: Option<SignedDuration>,
    },
    /// The token does not allow this.
    #[error("the token lacks the scope {}", scope.as_str())]
    InsufficientScope {
        /// The scope needed.
        scope: Scope,
    },
    /// The proof of possession does not pass.
    #[error("the DPoP proof is refused: {0}")]
    InvalidDpopProof(DpopDefect),
    /// The token does not pass: expired, revoked, not ours, or not bound to this key.
    #[error("the token is refused")]
    InvalidToken,
    /// There is no credential, or not one in the one place for it.
    #[error("no credential was presented")]
    Missing,
    /// The caller asks too often.
    #[error(transparent)]
    TooMany(TooMany),
    /// Our own keys or database.
    #[error("the credential could not be checked")]
    Unavailable(#[source] Unavailable),
}

impl AccessError {
    /// The value of `WWW-Authenticate`; none when the fault is ours.
    pub fn www_authenticate(&self) -> Option<String> {
        let mut value = format!("DPoP algs=\"{}\"", DpopDefect::ALGORITHMS);
        let error = match self {
            Self::Missing => return Some(value),
            Self::Forgotten | Self::TooMany(_) | Self::Unavailable(_) => return None,
            Self::InsufficientAuthentication { .. } => "insufficient_user_authentication",
            Self::InsufficientScope { .. } => "insufficient_scope",
            Self::InvalidDpopProof(_) => "invalid_dpop_proof",
            Self::InvalidToken => "invalid_token",
        };
        append(&mut value, "error", error);
        match self {
            Self::InsufficientScope { scope } => append(&mut value, "scope", scope.as_str()),
            Self::InsufficientAuthentication { level, max_age } => {
                if let Some(acr) = level.acr() {
                    append(&mut value, "acr_values", acr);
                }
                if let Some(age) = max_age {
                    append(&mut value, "max_age", &age.as_secs().to_string());
                }
            }
            _ => {}
        }
        Some(value)
    }
}

impl<E: Into<Unavailable>> From<E> for AccessError {
    fn from(cause: E) -> Self {
        Self::Unavailable(cause.into())
    }
}

impl From<DpopDefect> for TokenError {
    fn from(defect: DpopDefect) -> Self {
        Self::InvalidDpopProof(defect)
    }
}

impl From<DpopDefect> for AccessError {
    fn from(defect: DpopDefect) -> Self {
        Self::InvalidDpopProof(defect)
    }
}

fn append(value: &mut String, name: &str, text: &str) {
    // Writing to a string cannot fail, and every text here is a constant of ours or a number.
    let _ = write!(value, ", {name}=\"{text}\"");
}
