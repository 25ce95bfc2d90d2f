//! Proofs of possession (RFC 9449): that who sends a request holds the key its token is bound to.

use http::{HeaderMap, Method};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

use super::super::jwt::{Claims, Compact, JwtError, VerifyingKey};
use super::super::secret;

/// How far a proof's time may be from ours, either way.
pub(super) const WINDOW: SignedDuration = SignedDuration::from_secs(60);

/// Why a proof does not pass.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DpopDefect {
    /// Neither ES256 nor `EdDSA`, or not what the key is for.
    #[error("alg is not accepted or not the key's")]
    Algorithm,
    /// `jwk` is missing, holds private material, or is no key of an accepted kind.
    #[error("jwk is not an acceptable public key")]
    Key,
    /// Not a well-formed token, or a claim is missing or of another type.
    #[error("it is malformed")]
    Malformed,
    /// `htm` is another method.
    #[error("htm is not the request's method")]
    Method,
    /// There is no `DPoP` header.
    #[error("the DPoP header is missing")]
    Missing,
    /// There is more than one `DPoP` header.
    #[error("the DPoP header is there more than once")]
    Repeated,
    /// The same proof was used before.
    #[error("it was used before")]
    Replayed,
    /// The signature does not match.
    #[error("the signature does not match")]
    Signature,
    /// `iat` is more than a minute away.
    #[error("iat is more than 60 seconds away")]
    Stale,
    /// `ath` is missing or of another token.
    #[error("ath is not the hash of the token")]
    TokenHash,
    /// Not `dpop+jwt`.
    #[error("typ is not dpop+jwt")]
    Type,
    /// `htu` is another address.
    #[error("htu is not the request's address")]
    Url,
}

impl DpopDefect {
    /// Accepted algorithms, as `WWW-Authenticate` and the metadata list them.
    pub const ALGORITHMS: &'static str = "ES256 EdDSA";
}

/// A proof that passed; its id is still to be used up.
pub(super) struct Proof {
    /// RFC 7638 thumbprint of the key.
    pub(super) thumbprint: String,
    pub(super) id: String,
    pub(super) issued_at: Timestamp,
    /// Remembered until no clock accepts it any more.
    pub(super) expires_at: Timestamp,
}

/// Checks the one proof of a request (RFC 9449 section 4.3).
///
/// `address` is the request's, as others see it; `token` is there when the request carries one.
pub(super) fn check(
    headers: &HeaderMap,
    method: &Method,
    address: &Url,
    token: Option<&str>,
    now: Timestamp,
) -> Result<Proof, DpopDefect> {
    let mut found = headers.get_all("dpop").iter();
    let text = match (found.next(), found.next()) {
        (Some(header), None) => header.to_str().map_err(|_| DpopDefect::Malformed)?,
        (None, _) => return Err(DpopDefect::Missing),
        (Some(_), Some(_)) => return Err(DpopDefect::Repeated),
    };
    let compact = Compact::parse(text).map_err(|_| DpopDefect::Malformed)?;
    if !compact.is_typ("dpop+jwt") {
        return Err(DpopDefect::Type);
    }
    let key = match compact.header("jwk") {
        Some(Value::Object(jwk)) => VerifyingKey::from_jwk(jwk).map_err(|_| DpopDefect::Key)?,
        _ => return Err(DpopDefect::Key),
    };
    let claims = compact.verify(&key).map_err(|error| match error {
        JwtError::Algorithm => DpopDefect::Algorithm,
        _ => DpopDefect::Signature,
    })?;
    let stated = |name| claims.text(name).map_err(|_| DpopDefect::Malformed);
    if stated("htm")? != method.as_str() {
        return Err(DpopDefect::Method);
    }
    check_address(&claims, address)?;
    let issued = claims.instant("iat").map_err(|_| DpopDefect::Malformed)?;
    if now.duration_since(issued).abs() > WINDOW {
        return Err(DpopDefect::Stale);
    }
    if let Some(token) = token
        && !stated("ath").is_ok_and(|hash| secret::same(hash, &secret::hashed(token)))
    {
        return Err(DpopDefect::TokenHash);
    }
    Ok(Proof {
        id: stated("jti")?.to_owned(),
        thumbprint: key.thumbprint().to_owned(),
        issued_at: issued,
        expires_at: issued + WINDOW + WINDOW,
    })
}

/// Scheme, host, port and path, after the normalisation of RFC 3986; query and fragment do not
/// count.
fn check_address(claims: &Claims, address: &Url) -> Result<(), DpopDefect> {
    let stated = claims
        .get("htu")
        .and_then(Value::as_str)
        .ok_or(DpopDefect::Malformed)?;
    let stated = Url::parse(stated).map_err(|_| DpopDefect::Url)?;
    let same = stated.origin() == address.origin()
        && stated.path() == address.path()
        && stated.username().is_empty()
        && stated.password().is_none();
    if same { Ok(()) } else { Err(DpopDefect::Url) }
}
