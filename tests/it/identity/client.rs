//! What the tests of tokens share: sending the requests a client makes, without a server between.

use http::{HeaderMap, HeaderValue, Method, header};
use interop_gateway::identity::{AccessError, Caller, Citizen, Scope, TokenError, TokenResponse};
use serde_json::Value;
use simulator::folder::{Knobs, TokenRequest, Twist};
use simulator::jose::Es256;

use super::bench::{Bench, anna};

pub(super) const ME: &str = "/v1/me";

impl Bench {
    pub(super) async fn token(&self, request: &TokenRequest) -> Result<TokenResponse, TokenError> {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&request.form)
            .finish();
        let headers = HeaderMap::from_iter([dpop(&request.proof)]);
        self.identity.tokens.token(&headers, form.as_bytes()).await
    }

    pub(super) async fn exchange(&self, knobs: &Knobs) -> Result<TokenResponse, TokenError> {
        self.token(&self.folder.exchange_request(&anna(), knobs))
            .await
    }

    /// A token of Anna's and the key it is bound to.
    pub(super) async fn granted(&self) -> (String, Es256) {
        let request = self.folder.exchange_request(&anna(), &Knobs::default());
        let token = self.token(&request).await.unwrap().access_token;
        (token, request.proof_key)
    }

    pub(super) fn headers(&self, token: &str, key: &Es256, path: &str, twist: &Twist) -> HeaderMap {
        let proof = self.folder.proof(key, "GET", path, Some(token), twist);
        HeaderMap::from_iter([authorization("DPoP", token), dpop(&proof)])
    }

    pub(super) async fn call(&self, headers: &HeaderMap) -> Result<Caller, AccessError> {
        self.identity
            .tokens
            .authenticate(headers, &Method::GET, ME)
            .await
    }

    pub(super) async fn citizen(&self, token: &str, key: &Es256) -> Citizen {
        let headers = self.headers(token, key, ME, &Twist::none());
        self.call(&headers)
            .await
            .unwrap()
            .citizen(Scope::ConsentRead)
            .unwrap()
    }
}

pub(super) fn dpop(proof: &str) -> (header::HeaderName, HeaderValue) {
    (
        header::HeaderName::from_static("dpop"),
        HeaderValue::from_str(proof).unwrap(),
    )
}

pub(super) fn authorization(scheme: &str, token: &str) -> (header::HeaderName, HeaderValue) {
    (
        header::AUTHORIZATION,
        HeaderValue::from_str(&format!("{scheme} {token}")).unwrap(),
    )
}

pub(super) fn claims_of(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub(super) fn subject(twist: Twist) -> Knobs {
    Knobs {
        subject_token: twist,
        ..Knobs::default()
    }
}
