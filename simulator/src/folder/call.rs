//! One call with an access token, and what came back.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{Access, ApiClient, Twist};
use crate::ambient::send;
use crate::jose::Es256;

/// What the gateway answered, whatever it was.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Answer {
    /// The body as JSON; null if it is something else.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The JSON body of a success, the problem of anything else.
    pub fn ok(self) -> Result<Value, CallError> {
        self.succeeded().map(|answer| answer.json())
    }

    /// This answer if it is a success.
    pub fn succeeded(self) -> Result<Self, CallError> {
        if (200..300).contains(&self.status) {
            Ok(self)
        } else {
            Err(CallError::Refused(Box::new(Problem::of(&self))))
        }
    }
}

/// A refusal in the form of RFC 9457, or the `error` of an OAuth endpoint.
#[derive(Clone, Debug)]
pub struct Problem {
    pub status: u16,
    /// Last segment of `type`, or the OAuth error code; empty if there was neither.
    pub slug: String,
    pub detail: String,
    pub body: Value,
    pub headers: HeaderMap,
}

impl Problem {
    fn of(answer: &Answer) -> Self {
        let body = answer.json();
        let kind = body["type"]
            .as_str()
            .or(body["error"].as_str())
            .unwrap_or_default();
        let detail = body["detail"]
            .as_str()
            .or(body["error_description"].as_str());
        Self {
            status: answer.status,
            slug: kind.rsplit('/').next().unwrap_or_default().to_owned(),
            detail: detail.unwrap_or_default().to_owned(),
            headers: answer.headers.clone(),
            body,
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.status, self.slug, self.detail)
    }
}

/// Why a call brought nothing to work with.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The gateway said no, and why.
    #[error("refused: {0}")]
    Refused(Box<Problem>),
    /// No answer at all.
    #[error("no answer from the gateway")]
    Transport(#[from] reqwest::Error),
    /// A success without what a success must hold.
    #[error("the answer is not {0}")]
    Unexpected(&'static str),
    /// The address is not a URL.
    #[error("not a URL")]
    Url,
}

impl CallError {
    /// The kind of problem, `consent-required`, if the gateway refused.
    pub fn slug(&self) -> Option<&str> {
        self.problem().map(|problem| problem.slug.as_str())
    }

    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }
}

/// Somebody with an access token and the key it is bound to.
#[derive(Clone, Debug)]
pub struct Caller {
    client: ApiClient,
    access: Access,
    proof_key: Es256,
}

impl Caller {
    pub fn new(client: ApiClient, access: Access, proof_key: Es256) -> Self {
        Self {
            client,
            access,
            proof_key,
        }
    }

    pub fn access(&self) -> &Access {
        &self.access
    }

    pub fn proof_key(&self) -> &Es256 {
        &self.proof_key
    }

    pub fn client(&self) -> &ApiClient {
        &self.client
    }

    /// The same token under another key: what a thief would have.
    #[must_use]
    pub fn with_proof_key(mut self, key: Es256) -> Self {
        self.proof_key = key;
        self
    }

    /// A call to adjust before it is sent.
    pub fn request<'a>(&'a self, method: Method, path: &'a str) -> Request<'a> {
        Request {
            caller: self,
            method,
            path,
            scheme: "DPoP",
            proof: Twist::none(),
            headers: Vec::new(),
            body: None,
            timeout: None,
        }
    }

    pub async fn get(&self, path: &str) -> Result<Answer, CallError> {
        self.request(Method::GET, path).send().await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Result<Answer, CallError> {
        self.request(Method::POST, path).body(body).send().await
    }
}

/// A call about to be made.
#[derive(Debug)]
#[must_use]
pub struct Request<'a> {
    caller: &'a Caller,
    method: Method,
    path: &'a str,
    scheme: &'a str,
    proof: Twist,
    headers: Vec<(&'a str, String)>,
    body: Option<Value>,
    timeout: Option<Duration>,
}

impl<'a> Request<'a> {
    /// Bends the proof.
    pub fn proof(mut self, twist: Twist) -> Self {
        self.proof = twist;
        self
    }

    /// Another word before the token, `Bearer` for instance.
    pub fn scheme(mut self, scheme: &'a str) -> Self {
        self.scheme = scheme;
        self
    }

    pub fn header(mut self, name: &'a str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub fn body(mut self, body: &Value) -> Self {
        self.body = Some(body.clone());
        self
    }

    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sends it; told to come back in a second, it comes back once.
    pub async fn send(self) -> Result<Answer, CallError> {
        let answer = self.attempt().await?;
        if answer.status != 503 || answer.header("retry-after") != Some("1") {
            return Ok(answer);
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.attempt().await
    }

    async fn attempt(&self) -> Result<Answer, CallError> {
        let Caller {
            client,
            access,
            proof_key,
        } = self.caller;
        let verb = self.method.as_str().to_owned();
        let proof = client.proof(
            proof_key,
            &verb,
            self.path,
            Some(&access.token),
            &self.proof,
        );
        let mut request = client
            .http
            .request(self.method.clone(), client.address(self.path)?)
            .header("Authorization", format!("{} {}", self.scheme, access.token))
            .header("DPoP", proof);
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        if let Some(timeout) = self.timeout {
            request = request.timeout(timeout);
        }
        if let Some(body) = &self.body {
            request = request.json(body);
        }
        exchange(client, request, &verb, self.path).await
    }
}

/// Sends, reads the whole answer, and notes both for the transcript.
pub(super) async fn exchange(
    client: &ApiClient,
    request: reqwest::RequestBuilder,
    method: &str,
    path: &str,
) -> Result<Answer, CallError> {
    let response = match send(request).await {
        Ok(response) => response,
        Err(error) => {
            client.note(format!("{method} {path} -> no answer"));
            return Err(error.into());
        }
    };
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let answer = Answer {
        status,
        headers,
        body: response.bytes().await?,
    };
    let shown: String = match path {
        super::token::TOKEN_PATH if status == 200 => "(a token)".to_owned(),
        _ => answer.text().chars().take(4_000).collect(),
    };
    client.note(format!("{method} {path} -> {status}\n{shown}"));
    Ok(answer)
}
