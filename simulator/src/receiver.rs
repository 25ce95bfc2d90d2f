//! A strict receiver of Security Event Tokens (RFC 8417) pushed to it (RFC 8935).
//!
//! It takes an event only if everything about it is right: media type, bearer token, type, audience,
//! signature by a published key, a `jti` that is new or exactly what came before under it, and each
//! person's events in order. Late comes only what it was told to refuse before. It can be told to be down, slow, or to refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::{Json, Router, routing};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::ambient::{http_client, send};
use crate::loopback::{Bound, Server};

/// How a receiver behaves.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Mood {
    /// As the standards say.
    #[default]
    Strict,
    /// Answers 503 and keeps nothing.
    Down,
    /// Takes the event, and answers 503 all the same: the answer is lost on its way.
    Forgetful,
    /// Refuses every event with this code.
    Refusing(&'static str),
    /// Takes the event at once, and answers only after so many milliseconds.
    Slow(u64),
}

/// An event that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The token as it came.
    pub token: String,
    /// What it says.
    pub claims: Value,
    /// How often it came.
    pub times: usize,
}

impl Taken {
    /// The last part of the type, such as `consent-revoked`.
    pub fn kind(&self) -> String {
        let kind = self.said().map(|(kind, _)| kind.rsplit('/').next());
        kind.flatten().unwrap_or_default().to_owned()
    }

    /// What is said of the event.
    pub fn event(&self) -> Value {
        self.said()
            .map(|(_, said)| said.clone())
            .unwrap_or_default()
    }

    /// The receiver's name for the person.
    pub fn subject(&self) -> &str {
        self.claims["sub_id"]["sub"].as_str().unwrap_or_default()
    }

    fn said(&self) -> Option<(&String, &Value)> {
        self.claims["events"].as_object()?.iter().next()
    }
}

/// A running receiver.
#[derive(Debug)]
pub struct Receiver {
    url: String,
    inner: Arc<Inner>,
    _server: Server,
}

#[derive(Debug)]
struct Inner {
    audience: String,
    token: Option<String>,
    state: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    mood: Mood,
    /// Where keys are published; nothing is taken before that is known.
    issuer: Option<String>,
    taken: Vec<Taken>,
    /// Newest number per person.
    newest: BTreeMap<String, i64>,
    refusals: Vec<String>,
    /// What it refused because it was told to: each may come again after newer ones.
    turned_away: BTreeSet<String>,
    attempts: usize,
}

impl Receiver {
    /// Starts one that takes events for an audience, from whoever has the bearer token, if it asks
    /// for one.
    pub async fn start(audience: &str, token: Option<&str>) -> std::io::Result<Self> {
        let bound = Bound::to(0).await?;
        let url = format!("{}/events", bound.url());
        let inner = Arc::new(Inner {
            audience: audience.to_owned(),
            token: token.map(str::to_owned),
            state: Mutex::default(),
        });
        let router = Router::new()
            .route("/events", routing::post(receive))
            .with_state(Arc::clone(&inner));
        Ok(Self {
            url,
            inner,
            _server: bound.serve(router),
        })
    }

    /// Where events are pushed to.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Trusts the keys that a service at this address publishes, and no other.
    pub fn trust(&self, issuer: &str) {
        self.inner.kept().issuer = Some(issuer.to_owned());
    }

    pub fn behave(&self, mood: Mood) {
        self.inner.kept().mood = mood;
    }

    /// Everything taken, in the order it first came.
    pub fn taken(&self) -> Vec<Taken> {
        self.inner.kept().taken.clone()
    }

    /// Why events were refused: nothing, if all is well.
    pub fn refusals(&self) -> Vec<String> {
        self.inner.kept().refusals.clone()
    }

    /// How often anything was pushed.
    pub fn attempts(&self) -> usize {
        self.inner.kept().attempts
    }
}

impl Inner {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A refusal of RFC 8935 section 2.3.
struct Refused(&'static str, String);

async fn receive(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response {
    let (mood, issuer) = {
        let mut kept = inner.kept();
        kept.attempts += 1;
        (kept.mood, kept.issuer.clone())
    };
    match mood {
        Mood::Down => return StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Mood::Refusing(code) => {
            inner.kept().turned_away.extend(claimed_jti(&body));
            return refusal(code, "as told");
        }
        Mood::Strict | Mood::Forgetful | Mood::Slow(_) => {}
    }
    let taken = take(&inner, issuer.as_deref(), &headers, &body).await;
    if let Mood::Slow(ms) = mood {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
    match taken {
        Ok(()) if mood == Mood::Forgetful => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Ok(()) => StatusCode::ACCEPTED.into_response(),
        Err(Refused(code, why)) => {
            inner.kept().refusals.push(format!("{code}: {why}"));
            refusal(code, &why)
        }
    }
}

/// The `jti` of a token nobody has verified.
fn claimed_jti(token: &[u8]) -> Option<String> {
    let claims = std::str::from_utf8(token).ok()?.split('.').nth(1)?;
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()?;
    Some(claims["jti"].as_str()?.to_owned())
}

fn refusal(code: &str, why: &str) -> Response {
    let body = json!({"err": code, "description": why});
    (StatusCode::BAD_REQUEST, Json(body)).into_response()
}

async fn take(
    inner: &Inner,
    issuer: Option<&str>,
    headers: &HeaderMap,
    body: &[u8],
) -> Result<(), Refused> {
    let invalid = |why: &str| Refused("invalid_request", why.to_owned());
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::CONTENT_TYPE) != Some("application/secevent+jwt") {
        return Err(invalid("another media type"));
    }
    let expected = inner.token.as_ref().map(|token| format!("Bearer {token}"));
    if text(header::AUTHORIZATION) != expected.as_deref() {
        return Err(Refused("authentication_failed", "another token".to_owned()));
    }
    let token = std::str::from_utf8(body).map_err(|_| invalid("not text"))?;
    let issuer = issuer.ok_or_else(|| Refused("invalid_issuer", "nobody is known".to_owned()))?;
    let claims = verified(token, issuer).await?;
    check(&claims, issuer, &inner.audience)?;
    inner.kept().keep(token, claims)
}

/// The claims of a token that a published key signed as an event.
async fn verified(token: &str, issuer: &str) -> Result<Value, Refused> {
    let invalid = |why: &str| Refused("invalid_request", why.to_owned());
    let (input, signature) = token.rsplit_once('.').ok_or_else(|| invalid("no token"))?;
    let (head, claims) = input.split_once('.').ok_or_else(|| invalid("no token"))?;
    let decode = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid("base64"));
    let read = |text: &str| -> Result<Value, Refused> {
        serde_json::from_slice(&decode(text)?).map_err(|_| invalid("not JSON"))
    };
    let header = read(head)?;
    if header["typ"] != "secevent+jwt" || header["alg"] != "EdDSA" {
        return Err(invalid("another type or algorithm"));
    }
    let unknown = |why: &str| Refused("invalid_key", why.to_owned());
    let client = http_client().map_err(|_| unknown("no client"))?;
    let keys = send(client.get(format!("{issuer}/.well-known/jwks.json")));
    let keys = keys.await.map_err(|_| unknown("keys are out of reach"))?;
    let keys: Value = keys.json().await.map_err(|_| unknown("no keys"))?;
    let key = keys["keys"]
        .as_array()
        .and_then(|keys| keys.iter().find(|key| key["kid"] == header["kid"]))
        .ok_or_else(|| unknown("not published"))?;
    if key["use"] != "sig" || key["crv"] != "Ed25519" {
        return Err(unknown("not for this"));
    }
    let public = decode(key["x"].as_str().unwrap_or_default())?;
    UnparsedPublicKey::new(&ED25519, public)
        .verify(input.as_bytes(), &decode(signature)?)
        .map_err(|_| unknown("the signature does not fit"))?;
    read(claims)
}

fn check(claims: &Value, issuer: &str, audience: &str) -> Result<(), Refused> {
    let invalid = |why: &str| Err(Refused("invalid_request", why.to_owned()));
    if claims["iss"] != issuer {
        return Err(Refused("invalid_issuer", "another issuer".to_owned()));
    }
    if claims["aud"] != audience {
        return Err(Refused("invalid_audience", "another audience".to_owned()));
    }
    // RFC 8417 sections 2.2 and 4.5: no `exp`, and no `sub` beside `sub_id`.
    if claims.get("exp").is_some() || claims.get("sub").is_some() {
        return invalid("a claim that makes it look like another kind of token");
    }
    if !claims["jti"].is_string() || !claims["iat"].is_i64() || !claims["toe"].is_i64() {
        return invalid("jti, iat or toe");
    }
    let subject = &claims["sub_id"];
    if subject["format"] != "iss_sub" || subject["iss"] != issuer || !subject["sub"].is_string() {
        return invalid("sub_id");
    }
    if claims["events"].as_object().map_or(0, serde_json::Map::len) != 1 {
        return invalid("not one event");
    }
    Ok(())
}

impl Kept {
    /// Takes an event that is new and in order, or the very same again.
    fn keep(&mut self, token: &str, claims: Value) -> Result<(), Refused> {
        let mut known = self.taken.iter_mut();
        if let Some(known) = known.find(|one| one.claims["jti"] == claims["jti"]) {
            if known.token != token {
                let why = "another event under a known jti".to_owned();
                return Err(Refused("invalid_request", why));
            }
            known.times += 1;
            return Ok(());
        }
        let news = Taken {
            token: token.to_owned(),
            claims,
            times: 1,
        };
        let number = news.event()["number"].as_i64().unwrap_or_default();
        let newest = self.newest.entry(news.subject().to_owned()).or_insert(0);
        let jti = news.claims["jti"].as_str().unwrap_or_default();
        let is_late = number <= *newest;
        if is_late && !self.turned_away.contains(jti) {
            let why = format!("number {number} after {newest}");
            return Err(Refused("invalid_request", why));
        }
        *newest = number.max(*newest);
        self.taken.push(news);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

    use super::*;
    use crate::jose::signing_input;

    /// A service that publishes one key.
    struct Service {
        key: Ed25519KeyPair,
        issuer: String,
        _server: Server,
    }

    impl Service {
        async fn start() -> Self {
            let key = Ed25519KeyPair::generate().unwrap();
            let x = URL_SAFE_NO_PAD.encode(key.public_key().as_ref());
            let set = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": "k", "x": x}]});
            let bound = Bound::to(0).await.unwrap();
            let issuer = bound.url();
            let router = Router::new().route(
                "/.well-known/jwks.json",
                routing::get(async move || Json(set)),
            );
            let server = bound.serve(router);
            Self {
                key,
                issuer,
                _server: server,
            }
        }

        fn claims(&self, number: i64) -> Value {
            json!({
                "iss": self.issuer, "aud": "folder", "jti": format!("j{number}"), "iat": 1, "toe": 1,
                "sub_id": {"format": "iss_sub", "iss": self.issuer, "sub": "somebody"},
                "events": {"x/consent-revoked": {"number": number}},
            })
        }

        fn sign(&self, header: &Value, claims: &Value) -> String {
            let input = signing_input(header, claims);
            let signature = self.key.sign(input.as_bytes());
            format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
        }
    }

    fn header() -> Value {
        json!({"typ": "secevent+jwt", "alg": "EdDSA", "kid": "k"})
    }

    /// Pushes a token; gives the status, and the code of a refusal.
    async fn push(receiver: &Receiver, token: String) -> (u16, String) {
        let request = http_client().unwrap().post(receiver.url());
        let request = request.header("content-type", "application/secevent+jwt");
        let answer = send(request.body(token)).await.unwrap();
        let status = answer.status().as_u16();
        let said: Value = answer.json().await.unwrap_or_default();
        (status, said["err"].as_str().unwrap_or_default().to_owned())
    }

    #[tokio::test]
    async fn everything_about_an_event_must_be_right() {
        crate::ambient::install_crypto();
        let service = Service::start().await;
        let receiver = Receiver::start("folder", None).await.unwrap();
        let good = service.sign(&header(), &service.claims(1));
        let unknown = push(&receiver, good.clone()).await;
        assert_eq!(
            unknown,
            (400, "invalid_issuer".to_owned()),
            "nobody is trusted yet"
        );
        receiver.trust(&service.issuer);
        assert_eq!(push(&receiver, good.clone()).await.0, 202);

        let changed = |name: &str, value: Value| {
            let mut claims = service.claims(2);
            claims[name] = value;
            service.sign(&header(), &claims)
        };
        let headed = |name: &str, value: Value| {
            let mut header = header();
            header[name] = value;
            service.sign(&header, &service.claims(2))
        };
        let stranger = Service::start().await;
        for (token, code) in [
            (changed("aud", json!("another")), "invalid_audience"),
            (changed("iss", json!("https://other")), "invalid_issuer"),
            (changed("sub", json!("x")), "invalid_request"),
            (changed("exp", json!(9)), "invalid_request"),
            (changed("jti", Value::Null), "invalid_request"),
            (changed("toe", Value::Null), "invalid_request"),
            (changed("sub_id", json!({})), "invalid_request"),
            (changed("events", json!({})), "invalid_request"),
            (changed("jti", json!("j1")), "invalid_request"),
            (headed("typ", json!("JWT")), "invalid_request"),
            (headed("alg", json!("none")), "invalid_request"),
            (headed("kid", json!("other")), "invalid_key"),
            (stranger.sign(&header(), &service.claims(2)), "invalid_key"),
            ("no token".to_owned(), "invalid_request"),
        ] {
            let said = push(&receiver, token.clone()).await;
            assert_eq!(said, (400, code.to_owned()), "{token}");
        }
        assert_eq!(receiver.taken().len(), 1);
    }

    #[tokio::test]
    async fn the_same_comes_again_and_nothing_comes_late() {
        crate::ambient::install_crypto();
        let service = Service::start().await;
        let receiver = Receiver::start("folder", None).await.unwrap();
        receiver.trust(&service.issuer);
        let token = |number| service.sign(&header(), &service.claims(number));
        for number in [1, 3, 3, 1] {
            assert_eq!(push(&receiver, token(number)).await.0, 202, "{number}");
        }
        assert_eq!(push(&receiver, token(2)).await.0, 400);
        let times: Vec<_> = receiver.taken().iter().map(|one| one.times).collect();
        assert_eq!(times, [2, 2]);
        receiver.behave(Mood::Down);
        assert_eq!(push(&receiver, token(4)).await.0, 503);
        receiver.behave(Mood::Refusing("access_denied"));
        let refused = push(&receiver, token(4)).await;
        assert_eq!(refused, (400, "access_denied".to_owned()));
        receiver.behave(Mood::Forgetful);
        assert_eq!(push(&receiver, token(4)).await.0, 503);
        assert_eq!(receiver.taken().len(), 3);
        // What it refused because it was told to may come late.
        receiver.behave(Mood::Refusing("invalid_request"));
        assert_eq!(push(&receiver, token(5)).await.0, 400);
        receiver.behave(Mood::Strict);
        for number in [6, 5, 6] {
            assert_eq!(push(&receiver, token(number)).await.0, 202, "{number}");
        }
    }
}
