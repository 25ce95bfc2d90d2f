//! What a client proves before the gateway gives it an access token.

use serde_json::{Value, json};

use super::{ApiClient, CallError, FOLDER_SCOPES, Twist, call};
use crate::ambient::token;
use crate::jose::{Es256, sha256_base64url};
use crate::person::{Method, Person};

pub(super) const TOKEN_PATH: &str = "/oauth2/token";
const LIFETIME_SECONDS: i64 = 60;

/// Bends one of the tokens of a token request, or asks for other scopes.
#[derive(Clone, Debug, Default)]
pub struct Knobs {
    pub client_assertion: Twist,
    pub subject_token: Twist,
    pub proof: Twist,
    /// Space separated; all scopes of the client when none.
    pub scope: Option<String>,
}

/// A token request, complete: sending it twice replays it.
#[derive(Clone, Debug)]
pub struct TokenRequest {
    pub form: Vec<(&'static str, String)>,
    /// The `DPoP` header.
    pub proof: String,
    /// The key the access token will be bound to.
    pub proof_key: Es256,
}

/// An access token as the gateway gave it.
#[derive(Clone, Debug)]
pub struct Access {
    pub token: String,
    pub scope: String,
    pub expires_in: i64,
}

impl ApiClient {
    /// Token exchange (RFC 8693) for `person`, who is logged in at this client.
    pub fn exchange_request(&self, person: &Person, knobs: &Knobs) -> TokenRequest {
        let mut form = self.authenticated(knobs);
        form.extend([
            (
                "grant_type",
                "urn:ietf:params:oauth:grant-type:token-exchange".to_owned(),
            ),
            (
                "subject_token_type",
                "urn:ietf:params:oauth:token-type:jwt".to_owned(),
            ),
            (
                "subject_token",
                self.subject_token(person, &knobs.subject_token),
            ),
            (
                "scope",
                knobs
                    .scope
                    .clone()
                    .unwrap_or_else(|| FOLDER_SCOPES.to_owned()),
            ),
        ]);
        self.with_proof(form, knobs)
    }

    /// Client credentials: the client for itself, for no citizen.
    pub fn credentials_request(&self, scope: &str, knobs: &Knobs) -> TokenRequest {
        let mut form = self.authenticated(knobs);
        form.extend([
            ("grant_type", "client_credentials".to_owned()),
            (
                "scope",
                knobs.scope.clone().unwrap_or_else(|| scope.to_owned()),
            ),
        ]);
        self.with_proof(form, knobs)
    }

    /// Sends a token request, as often as one likes.
    pub async fn redeem(&self, request: &TokenRequest) -> Result<Access, CallError> {
        let post = self
            .http
            .post(self.address(TOKEN_PATH)?)
            .form(&request.form);
        let post = post.header("DPoP", &request.proof);
        let body = call::exchange(self, post, "POST", TOKEN_PATH).await?.ok()?;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        match (
            text("access_token"),
            body["token_type"].as_str(),
            body["expires_in"].as_i64(),
        ) {
            (Some(token), Some("DPoP"), Some(expires_in)) => Ok(Access {
                token,
                scope: text("scope").unwrap_or_default(),
                expires_in,
            }),
            _ => Err(CallError::Unexpected("a DPoP-bound access token")),
        }
    }

    /// A `DPoP` proof (RFC 9449, section 4.2) for one call, bound to `access_token` if any.
    pub fn proof(
        &self,
        key: &Es256,
        method: &str,
        path: &str,
        access_token: Option<&str>,
        twist: &Twist,
    ) -> String {
        let path = path.split(['?', '#']).next().unwrap_or_default();
        // the key is in the header itself, so it needs no name
        let header = json!({"typ": "dpop+jwt", "jwk": key.bare_jwk(), "kid": null});
        let claims = json!({
            "jti": token(),
            "htm": method,
            "htu": format!("{}{path}", self.public_url),
            "iat": self.clock.seconds(),
            "ath": access_token.map(|text| sha256_base64url(text.as_bytes())),
        });
        twist.sign(key, &header, &claims)
    }

    /// What this client says about a citizen who is logged in at it.
    fn subject_token(&self, person: &Person, twist: &Twist) -> String {
        let now = self.clock.seconds();
        let mut claims = self.assertion_claims();
        let spanish = person.country == "ES";
        let about = json!({
            "sub": format!("{}-{}", self.client_id, person.key),
            "document": document(person, spanish),
            "given_name": person.given_name,
            "surname1": person.surname1,
            "surname2": person.surname2,
            "acr": person.assurance.acr(),
            "auth_time": now - 5,
            "method": match person.method {
                Method::Certificate(_) => "certificate",
                other => other.as_str(),
            },
        });
        if let (Some(claims), Value::Object(about)) = (claims.as_object_mut(), about) {
            claims.extend(about);
        }
        twist.sign(&self.key, &json!({"typ": "JWT"}), &claims)
    }

    fn authenticated(&self, knobs: &Knobs) -> Vec<(&'static str, String)> {
        let mut claims = self.assertion_claims();
        claims["sub"] = json!(self.client_id);
        let assertion = knobs
            .client_assertion
            .sign(&self.key, &json!({"typ": "JWT"}), &claims);
        let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
        vec![
            ("client_assertion_type", kind.to_owned()),
            ("client_assertion", assertion),
        ]
    }

    fn assertion_claims(&self) -> Value {
        let now = self.clock.seconds();
        json!({
            "iss": self.client_id,
            "aud": self.public_url,
            "jti": token(),
            "iat": now,
            "exp": now + LIFETIME_SECONDS,
        })
    }

    fn with_proof(&self, form: Vec<(&'static str, String)>, knobs: &Knobs) -> TokenRequest {
        let proof_key = Es256::generate();
        let proof = self.proof(&proof_key, "POST", TOKEN_PATH, None, &knobs.proof);
        TokenRequest {
            form,
            proof,
            proof_key,
        }
    }
}

/// The country stands only beside documents that need it.
fn document(person: &Person, spanish: bool) -> Value {
    let mut document = json!({"type": person.document_type.as_str(), "number": person.document});
    if !spanish {
        document["country"] = json!(person.country);
    }
    document
}
