use std::time::Duration;

use jsonwebtoken::{Algorithm, DecodingKey, Validation, jwk};
use serde_json::{Map, json};

use super::*;
use crate::ambient::{http_client, send, token};
use crate::jose::sha256_base64url;
use crate::person::{Assurance, Method};

const CALLBACK: &str = "http://127.0.0.1:9/login/oidc/callback";
const STATE: &str = "state-of-more-than-128-bits";
const NONCE: &str = "nonce-of-more-than-128-bits";

/// What a spoilt claim looks like.
type Shows = fn(&Value) -> bool;

struct Bench {
    provider: Provider,
    clock: Clock,
    key: Es256,
    http: reqwest::Client,
    verifier: String,
}

impl Bench {
    async fn start() -> Self {
        let key = Es256::generate();
        let client = |id: &str, authentication| Client {
            id: id.to_owned(),
            authentication,
            redirect_uris: vec![CALLBACK.to_owned()],
            post_logout_redirect_uris: vec!["http://127.0.0.1:9/".to_owned()],
        };
        let clients = vec![
            client(
                "gateway",
                Authentication::Secret("a secret: 100%".to_owned()),
            ),
            client("gateway-key", Authentication::Key(key.jwk())),
        ];
        let people = vec![
            Person::new("anna", "11111111H", "Anna", ["Roca", "Vidal"]).by(Method::Clave),
            Person::new("lin", "Y1234567X", "Lin", ["Chen", ""]).at(Assurance::Low),
        ];
        let clock = Clock::default();
        let provider = Provider::start(0, clients, people, clock.clone())
            .await
            .unwrap();
        Self {
            provider,
            clock,
            key,
            http: http_client().unwrap(),
            verifier: token(),
        }
    }

    async fn get(&self, path: &str) -> reqwest::Response {
        send(self.http.get(format!("{}{path}", self.provider.issuer())))
            .await
            .unwrap()
    }

    async fn authorize(&self, changes: &[(&str, Option<&str>)], cookie: &str) -> reqwest::Response {
        let challenge = sha256_base64url(self.verifier.as_bytes());
        let mut query = vec![
            ("client_id", "gateway"),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid identity"),
            ("state", STATE),
            ("nonce", NONCE),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            query.retain(|(known, _)| known != name);
            query.extend(value.map(|value| (*name, value)));
        }
        let url = format!("{}/authorize", self.provider.issuer());
        send(self.http.get(url).query(&query).header("cookie", cookie))
            .await
            .unwrap()
    }

    async fn code(&self) -> String {
        let answer = self.authorize(&[("persona", Some("anna"))], "").await;
        returned(&answer, "code").unwrap()
    }

    async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> Value {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", &self.verifier),
        ];
        form.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
        form.extend(changes);
        let url = format!("{}/token", self.provider.issuer());
        let request = self.http.post(url).form(&form);
        // both halves are form-encoded before they become Basic
        let request = request.basic_auth("gateway", Some("a+secret%3A+100%25"));
        send(request).await.unwrap().json().await.unwrap()
    }

    async fn id_token(&self) -> String {
        let tokens = self.redeem(&self.code().await, &[]).await;
        tokens["id_token"].as_str().unwrap().to_owned()
    }

    /// What an independent library makes of an ID token, holding the published keys.
    #[expect(
        clippy::disallowed_methods,
        reason = "an independent check of our tokens"
    )]
    async fn judge(&self, id_token: &str) -> Result<Value, String> {
        let set: jwk::JwkSet = self.get("/jwks").await.json().await.unwrap();
        let header = jsonwebtoken::decode_header(id_token).map_err(|error| error.to_string())?;
        let key = set
            .find(&header.kid.unwrap_or_default())
            .ok_or("no such key")?;
        let key = DecodingKey::from_jwk(key).map_err(|error| error.to_string())?;
        let mut rules = Validation::new(Algorithm::ES256);
        rules.set_audience(&["gateway"]);
        rules.set_issuer(&[self.provider.issuer()]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.validate_nbf = true;
        jsonwebtoken::decode::<Value>(id_token, &key, &rules)
            .map(|token| token.claims)
            .map_err(|error| error.to_string())
    }
}

fn returned(answer: &reqwest::Response, name: &str) -> Option<String> {
    let location = url::Url::parse(answer.headers().get("location")?.to_str().unwrap()).unwrap();
    location
        .query_pairs()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value.into_owned())
}

#[tokio::test]
async fn a_log_in_ends_in_an_id_token_that_an_independent_library_accepts() {
    let bench = Bench::start().await;
    let answer = bench.authorize(&[("persona", Some("anna"))], "").await;
    assert_eq!(returned(&answer, "state").unwrap(), STATE);
    assert_eq!(returned(&answer, "iss").unwrap(), bench.provider.issuer());
    let claims = bench.judge(&bench.id_token().await).await.unwrap();
    assert_eq!(claims["nonce"], NONCE);
    assert_eq!(claims["document_number"], "11111111H");
    assert_eq!(claims["acr"], "http://eidas.europa.eu/LoA/substantial");
    assert!(claims["auth_time"].is_i64());
}

#[tokio::test]
async fn user_info_speaks_of_the_same_subject() {
    let bench = Bench::start().await;
    let tokens = bench.redeem(&bench.code().await, &[]).await;
    let url = format!("{}/userinfo", bench.provider.issuer());
    let bearer = tokens["access_token"].as_str().unwrap();
    let info = send(bench.http.get(&url).bearer_auth(bearer))
        .await
        .unwrap();
    let info: Value = info.json().await.unwrap();
    let claims = bench
        .judge(tokens["id_token"].as_str().unwrap())
        .await
        .unwrap();
    assert_eq!(info["sub"], claims["sub"]);
    assert_eq!(
        send(bench.http.get(&url).bearer_auth("x"))
            .await
            .unwrap()
            .status(),
        401
    );
}

#[tokio::test]
async fn unregistered_addresses_are_never_redirected_to() {
    let bench = Bench::start().await;
    for change in [
        ("client_id", Some("x")),
        ("redirect_uri", Some("http://127.0.0.1:9/")),
    ] {
        let answer = bench
            .authorize(&[change, ("persona", Some("anna"))], "")
            .await;
        assert_eq!(answer.status(), 400);
    }
}

#[tokio::test]
async fn a_request_without_pkce_state_or_nonce_is_sent_back() {
    let bench = Bench::start().await;
    let wrong = [
        ("code_challenge", None, "invalid_request"),
        ("code_challenge_method", Some("plain"), "invalid_request"),
        ("nonce", None, "invalid_request"),
        ("state", Some("short"), "invalid_request"),
        ("scope", Some("profile"), "invalid_scope"),
        ("response_type", Some("token"), "unsupported_response_type"),
        ("cancel", Some("1"), "access_denied"),
    ];
    for (name, value, error) in wrong {
        let answer = bench
            .authorize(&[(name, value), ("persona", Some("anna"))], "")
            .await;
        assert_eq!(returned(&answer, "error").unwrap(), error, "{name}");
        assert!(returned(&answer, "code").is_none());
    }
}

#[tokio::test]
async fn a_code_needs_its_verifier_and_works_once() {
    let bench = Bench::start().await;
    let code = bench.code().await;
    let wrong = bench.redeem(&code, &[("code_verifier", &token())]).await;
    assert_eq!(wrong["error"], "invalid_grant");
    let first = bench.redeem(&code, &[]).await;
    assert_eq!(bench.redeem(&code, &[]).await["error"], "invalid_grant");
    let url = format!("{}/userinfo", bench.provider.issuer());
    let bearer = first["access_token"].as_str().unwrap();
    let after = send(bench.http.get(url).bearer_auth(bearer)).await.unwrap();
    assert_eq!(
        after.status(),
        401,
        "a second redemption takes the first token away"
    );
}

#[tokio::test]
async fn a_client_secret_in_the_body_is_refused() {
    let bench = Bench::start().await;
    let answer = bench
        .redeem(&bench.code().await, &[("client_secret", "a secret: 100%")])
        .await;
    assert_eq!(answer["error"], "invalid_client");
}

#[tokio::test]
async fn a_client_assertion_works_once_and_only_for_this_issuer() {
    let bench = Bench::start().await;
    let now = bench.clock.seconds();
    let mut claims = json!({"iss": "gateway-key", "sub": "gateway-key", "jti": token(),
        "aud": bench.provider.issuer(), "iat": now, "exp": now + 60});
    let good = bench.key.sign(&Map::new(), &claims);
    claims["aud"] = json!([bench.provider.issuer()]);
    claims["jti"] = json!(token());
    let listed = bench.key.sign(&Map::new(), &claims);
    let mut results = Vec::new();
    for assertion in [&listed, &good, &good] {
        let changes = [
            ("client_id", Some("gateway-key")),
            ("persona", Some("anna")),
        ];
        let code = returned(&bench.authorize(&changes, "").await, "code").unwrap();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", &bench.verifier),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion),
        ];
        let url = format!("{}/token", bench.provider.issuer());
        results.push(
            send(bench.http.post(url).form(&form))
                .await
                .unwrap()
                .status()
                .as_u16(),
        );
    }
    assert_eq!(results, [401, 200, 401]);
}

#[tokio::test]
async fn a_session_answers_silently_until_logout_or_prompt_login() {
    let bench = Bench::start().await;
    let first = bench.authorize(&[("persona", Some("anna"))], "").await;
    let set = first.headers()["set-cookie"].to_str().unwrap().to_owned();
    let session = set.split(';').next().unwrap();
    assert!(returned(&bench.authorize(&[], session).await, "code").is_some());
    let forced = bench.authorize(&[("prompt", Some("login"))], session).await;
    assert_eq!(forced.status(), 200);
    bench.clock.advance(Duration::from_mins(2));
    assert_eq!(
        bench
            .authorize(&[("max_age", Some("60"))], session)
            .await
            .status(),
        200
    );
    let url = format!("{}/logout", bench.provider.issuer());
    let query = [
        ("post_logout_redirect_uri", "http://127.0.0.1:9/"),
        ("state", "bye"),
    ];
    let out = bench.http.get(url).query(&query).header("cookie", session);
    assert_eq!(returned(&send(out).await.unwrap(), "state").unwrap(), "bye");
    let none = bench.authorize(&[("prompt", Some("none"))], session).await;
    assert_eq!(returned(&none, "error").unwrap(), "login_required");
}

#[tokio::test]
async fn the_key_set_holds_one_usable_signing_key_among_unusable_ones() {
    let bench = Bench::start().await;
    let set: Value = bench.get("/jwks").await.json().await.unwrap();
    let keys = set["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 7);
    let usable = keys
        .iter()
        .filter(|key| key["crv"] == "P-256" && key["alg"] == "ES256")
        .count();
    assert_eq!(usable, 1);
}

#[tokio::test]
async fn hostile_tokens_differ_from_the_honest_one_as_named() {
    let bench = Bench::start().await;
    // each of these an independent library with ordinary rules refuses
    let refused = [
        Hostile::AlgHs256,
        Hostile::AlgNone,
        Hostile::AudienceWrong,
        Hostile::Expired,
        Hostile::IssuerOther,
        Hostile::IssuerSlash,
        Hostile::KidForeign,
        Hostile::NbfFuture,
        Hostile::SignatureBad,
        Hostile::SubjectMissing,
    ];
    for hostile in refused {
        bench.provider.turn([hostile]);
        let verdict = bench.judge(&bench.id_token().await).await;
        assert!(verdict.is_err(), "{hostile:?} gave {verdict:?}");
    }
    // the rest is the relying party's own duty: the library lets it pass, the claim shows it
    let shown: [(Hostile, Shows); 9] = [
        (Hostile::AcrLower, |claims| {
            claims["acr"] == "http://eidas.europa.eu/LoA/low"
        }),
        (Hostile::AcrMissing, |claims| claims.get("acr").is_none()),
        (Hostile::AudienceTooMany, |claims| {
            claims["aud"][1] == "another-client"
        }),
        (Hostile::AuthTimeStale, |claims| {
            claims["iat"].as_i64().unwrap() - claims["auth_time"].as_i64().unwrap() == 86_400
        }),
        (Hostile::AzpOther, |claims| {
            claims["azp"] == "another-client"
        }),
        (Hostile::IatFuture, |claims| {
            claims["iat"].as_i64() > claims["exp"].as_i64()
        }),
        (Hostile::IatMissing, |claims| claims.get("iat").is_none()),
        (Hostile::NonceMissing, |claims| {
            claims.get("nonce").is_none()
        }),
        (Hostile::NonceWrong, |claims| claims["nonce"] != NONCE),
    ];
    for (hostile, shows) in shown {
        bench.provider.turn([hostile]);
        let claims = bench.judge(&bench.id_token().await).await.unwrap();
        assert!(shows(&claims), "{hostile:?}: {claims}");
    }
}

#[tokio::test]
async fn discovery_and_responses_can_name_another_issuer() {
    let bench = Bench::start().await;
    let honest: Value = bench
        .get("/.well-known/openid-configuration")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(honest["issuer"], bench.provider.issuer());
    bench
        .provider
        .turn([Hostile::DiscoveryIssuerOther, Hostile::ResponseIssuerOther]);
    let lying: Value = bench
        .get("/.well-known/openid-configuration")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(lying["issuer"], "https://other.example");
    let answer = bench.authorize(&[("persona", Some("anna"))], "").await;
    assert_eq!(returned(&answer, "iss").unwrap(), "https://other.example");
    bench.provider.turn([Hostile::ResponseIssuerMissing]);
    let answer = bench.authorize(&[("persona", Some("anna"))], "").await;
    assert!(returned(&answer, "iss").is_none());
}

#[tokio::test]
async fn a_logout_token_is_signed_by_the_published_key_and_can_be_bent() {
    let bench = Bench::start().await;
    let token = bench.provider.logout_token("gateway", "anna", &json!({}));
    let claims = bench.judge(&token).await.unwrap();
    assert_eq!(
        claims["sub"],
        bench.judge(&bench.id_token().await).await.unwrap()["sub"]
    );
    assert!(claims["events"].is_object() && claims.get("nonce").is_none());
    let bent = json!({"nonce": "x", "events": null});
    let claims = bench
        .judge(&bench.provider.logout_token("gateway", "anna", &bent))
        .await
        .unwrap();
    assert!(claims["nonce"] == "x" && claims.get("events").is_none());
}

#[tokio::test]
async fn a_rotated_key_replaces_the_published_one() {
    let bench = Bench::start().await;
    let old = bench.id_token().await;
    bench.provider.rotate_key();
    assert!(bench.judge(&old).await.is_err());
    assert!(bench.judge(&bench.id_token().await).await.is_ok());
}
