//! What clients sign: who they are, and whom they vouch for.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::super::citizen::Login;
use super::super::clients::{Client, Clients};
use super::super::error::TokenError;
use super::super::jwt::{self, Claims, Compact, Expected, JwtError, SKEW};
use super::form::Form;
use crate::citizen::{Document, InvalidDocument, LevelOfAssurance, Nif, Person, PersonName};

/// How long an assertion may live, and how old it may be.
const LIFE: SignedDuration = SignedDuration::from_secs(60);

/// A client assertion that passed; its id is still to be used up.
pub(super) struct Assertion {
    pub(super) id: String,
    pub(super) expires_at: Timestamp,
}

/// A citizen a client vouches for; its id is still to be used up.
pub(super) struct Vouched {
    pub(super) id: String,
    pub(super) expires_at: Timestamp,
    pub(super) person: Person,
    pub(super) login: Login,
    /// The statement itself, kept as evidence.
    pub(super) text: String,
}

/// Authenticates the client (RFC 7523 section 3).
pub(super) fn client<'a>(
    clients: &'a Clients,
    form: &Form,
    site: &str,
    now: Timestamp,
) -> Result<(&'a Client, Assertion), TokenError> {
    let refused = TokenError::InvalidClient;
    let compact = Compact::parse(&form.assertion).map_err(|_| refused("it is not a token"))?;
    // Only to find the keys: nothing is believed before the signature is checked with them.
    let client = compact
        .claimed("iss")
        .and_then(|id| clients.named(id))
        .ok_or(refused("no such client"))?;
    if form
        .client_id
        .as_deref()
        .is_some_and(|id| id != client.id.as_str())
    {
        return Err(refused("client_id is not the assertion's"));
    }
    let claims = jwt::verify(
        &form.assertion,
        &client.keys,
        &expected(client, site, false),
        now,
    )
    .map_err(|defect| refused(words(defect)))?;
    if claims.text("sub") != Ok(client.id.as_str()) {
        return Err(refused("sub is not the client"));
    }
    // A statement about a citizen is signed with the same keys and must not pass for this one.
    if claims.get("document").is_some() {
        return Err(refused("it is a subject token"));
    }
    Ok((
        client,
        used_once(&claims).map_err(|defect| refused(words(defect)))?,
    ))
}

/// Reads whom the client vouches for (RFC 8693 section 2.1).
pub(super) fn subject(
    token: &str,
    client: &Client,
    site: &str,
    now: Timestamp,
) -> Result<Vouched, TokenError> {
    let refused = TokenError::InvalidRequest;
    let claims = jwt::verify(token, &client.keys, &expected(client, site, true), now)
        .map_err(|defect| refused(words(defect)))?;
    let Assertion { id, expires_at } =
        used_once(&claims).map_err(|defect| refused(words(defect)))?;
    let document = claims
        .get("document")
        .and_then(Value::as_object)
        .ok_or(refused("document is missing"))?;
    let person = Person {
        document: read_document(document)
            .map_err(|_| refused("document does not hold together"))?,
        name: read_name(&claims).map_err(|defect| refused(words(defect)))?,
    };
    let login = read_login(&claims, client, now)?;
    Ok(Vouched {
        id,
        expires_at,
        person,
        login,
        text: token.to_owned(),
    })
}

fn expected<'a>(client: &'a Client, site: &'a str, typ_required: bool) -> Expected<'a> {
    Expected {
        typ: "jwt",
        typ_required,
        issuer: client.id.as_str(),
        audience: site,
        longest_life: LIFE,
    }
}

fn used_once(claims: &Claims) -> Result<Assertion, JwtError> {
    Ok(Assertion {
        id: claims.text("jti")?.to_owned(),
        // Remembered until no clock accepts the token any more.
        expires_at: claims.instant("exp")? + SKEW + LIFE,
    })
}

/// `{"type": "NIF" | "NIE" | "PASSPORT" | "EIDAS", "number": …, "country": …}`.
fn read_document(stated: &Map<String, Value>) -> Result<Document, InvalidDocument> {
    let text = |name| stated.get(name).and_then(Value::as_str);
    let number = text("number").ok_or(InvalidDocument::Number)?;
    let country = || text("country").ok_or(InvalidDocument::Country)?.parse();
    match text("type") {
        Some(kind @ ("NIF" | "NIE")) => {
            let nif: Nif = number.parse()?;
            // Same digits under another type are another document (attack 43).
            if nif.is_nie() == (kind == "NIE") {
                Ok(Document::Nif(nif))
            } else {
                Err(InvalidDocument::Number)
            }
        }
        Some("PASSPORT") => Document::passport(country()?, number),
        Some("EIDAS") => Document::eidas(country()?, number),
        _ => Err(InvalidDocument::Number),
    }
}

fn read_name(claims: &Claims) -> Result<PersonName, JwtError> {
    let text = |name| Ok(claims.optional_text(name)?.map(str::to_owned));
    Ok(PersonName {
        given: text("given_name")?,
        surname1: text("surname1")?,
        surname2: text("surname2")?,
    })
}

fn read_login(claims: &Claims, client: &Client, now: Timestamp) -> Result<Login, TokenError> {
    let refused = |defect| TokenError::InvalidRequest(words(defect));
    let level = LevelOfAssurance::read(claims.text("acr").map_err(refused)?);
    if level > client.level_ceiling {
        return Err(TokenError::InvalidRequest(
            "acr is above what this client may vouch for",
        ));
    }
    let authenticated_at = claims.instant("auth_time").map_err(refused)?;
    if authenticated_at > now + SKEW {
        return Err(TokenError::InvalidRequest("auth_time is in the future"));
    }
    Ok(Login {
        level,
        method: claims.text("method").map_err(refused)?.to_owned(),
        provider: client.id.as_str().to_owned(),
        authenticated_at,
    })
}

/// What to tell a client's engineer; constants only.
const fn words(defect: JwtError) -> &'static str {
    match defect {
        JwtError::Algorithm => "alg is not the key's",
        JwtError::Claim(name) => match name.as_bytes() {
            b"acr" => "acr is missing",
            b"aud" => "aud must be this service alone, as one string",
            b"auth_time" => "auth_time is missing or no number of seconds",
            b"exp" => "exp is missing, past, or more than 60 seconds after iat",
            b"iat" => "iat is missing, in the future, or more than 60 seconds ago",
            b"iss" => "iss is not the client",
            b"jti" => "jti is missing",
            b"method" => "method is missing",
            b"nbf" => "nbf is in the future",
            b"sub" => "sub is missing",
            _ => "a name is empty, too long, or no text",
        },
        JwtError::Critical => "crit is not understood",
        JwtError::Key => "kid names no key of this client",
        JwtError::Malformed => "it is not a token",
        JwtError::Signature | JwtError::Signing => "the signature does not match",
        JwtError::TooLong => "it is too long",
        JwtError::Type => "typ is not JWT",
    }
}
