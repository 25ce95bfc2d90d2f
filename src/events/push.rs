//! Pushing one event to one receiver (RFC 8935), and what its answer means.

use std::path::Path;

use http::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::set::Addressee;
use crate::config::ReceiverConfig;
use crate::identity::outbound::{Outbound, OutboundError};
use crate::store::keyring::secret_file::{self, SecretFileError};

/// The media type of a Security Event Token (RFC 8417 section 7.2).
const MEDIA_TYPE: &str = "application/secevent+jwt";

/// The most a receiver may answer with, in bytes.
const ANSWER: usize = 4 * 1024;

/// How often a refusal that is about us, and that somebody can mend, is tried again before the event
/// is parked and makes room for the person's next.
const PATIENCE: u32 = 12;

/// One who is told, ready to be.
#[derive(Debug)]
pub(super) struct Receiver {
    /// Its name in configuration.
    pub(super) id: String,
    pub(super) to: Addressee,
    endpoint: Url,
    token: Option<SecretString>,
    outbound: Outbound,
}

/// Why a receiver cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReceiverDefect {
    /// The bearer token.
    #[error("token_file")]
    Token(#[from] SecretFileError),
    /// The file of the bearer token holds something that no header can carry.
    #[error("token_file holds no token")]
    NotAToken,
    /// The trusted certificates.
    #[error("tls_roots")]
    Roots(#[from] OutboundError),
}

/// What became of one attempt.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// The receiver has it, for good.
    Acknowledged,
    /// The receiver will not take it: it is parked.
    Refused(&'static str),
    /// To be tried again.
    Again(&'static str),
}

impl Receiver {
    /// Reads its secrets. Opens no connection.
    pub(super) fn open(config: &ReceiverConfig, is_client: bool) -> Result<Self, ReceiverDefect> {
        let token = config.token_file.as_deref().map(token).transpose()?;
        Ok(Self {
            token,
            outbound: Outbound::new(config.tls_roots.as_deref())?,
            id: config.id.clone(),
            to: Addressee {
                recipient: config.recipient.clone(),
                audience: config.audience.clone(),
                is_client,
            },
            endpoint: config.endpoint.clone(),
        })
    }

    /// Sends a signed event once, in bounded time.
    pub(super) async fn push(&self, set: String, attempts: u32) -> Verdict {
        let Some(request) = request(&self.endpoint, self.token.as_ref(), set) else {
            return Verdict::Again("unsendable");
        };
        match self.outbound.exchange(request, ANSWER).await {
            Ok(answer) => verdict(answer.status(), answer.body(), attempts),
            Err(OutboundError::TooLong) => Verdict::Again("answer-too-long"),
            Err(_) => Verdict::Again("unreachable"),
        }
    }
}

/// Reads a bearer token (RFC 6750 section 2.1): visible characters, nothing else.
fn token(file: &Path) -> Result<SecretString, ReceiverDefect> {
    let bytes = secret_file::read(file)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| ReceiverDefect::NotAToken)?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ReceiverDefect::NotAToken);
    }
    Ok(SecretString::from(text))
}

fn request(
    endpoint: &Url,
    token: Option<&SecretString>,
    set: String,
) -> Option<http::Request<Vec<u8>>> {
    let mut request = http::Request::post(endpoint.as_str())
        .header("content-type", MEDIA_TYPE)
        .header("accept", "application/json");
    if let Some(token) = token {
        let bearer = format!("Bearer {}", token.expose_secret());
        let mut value = http::HeaderValue::from_str(&bearer).ok()?;
        value.set_sensitive(true);
        request = request.header("authorization", value);
    }
    request.body(set.into_bytes()).ok()
}

/// What an answer to the attempt of that number means (RFC 8935 sections 2.2 to 2.4).
pub(super) fn verdict(status: StatusCode, body: &[u8], attempts: u32) -> Verdict {
    match status {
        StatusCode::ACCEPTED => Verdict::Acknowledged,
        StatusCode::BAD_REQUEST => match refusal(body) {
            // About us, not about the event: a key not fetched yet, a token not renewed.
            code @ ("access_denied" | "authentication_failed" | "invalid_key")
                if attempts < PATIENCE =>
            {
                Verdict::Again(code)
            }
            code => Verdict::Refused(code),
        },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Verdict::Again("unauthorised"),
        StatusCode::TOO_MANY_REQUESTS => Verdict::Again("too-many-requests"),
        status if status.is_server_error() => Verdict::Again("server-error"),
        status if status.is_redirection() => Verdict::Again("redirected"),
        _ => Verdict::Again("unexpected-answer"),
    }
}

/// The error code of a refusal, of those that RFC 8935 section 2.4 lists. What else a receiver says is
/// not kept: it may be about the person.
fn refusal(body: &[u8]) -> &'static str {
    #[derive(Deserialize)]
    struct Refusal {
        err: String,
    }

    const KNOWN: [&str; 6] = [
        "access_denied",
        "authentication_failed",
        "invalid_audience",
        "invalid_issuer",
        "invalid_key",
        "invalid_request",
    ];
    let said: Option<Refusal> = serde_json::from_slice(body).ok();
    let mut known = KNOWN.into_iter();
    said.and_then(|said| known.find(|code| *code == said.err))
        .unwrap_or("refused")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, body: &str, attempts: u32) -> Verdict {
        verdict(status.try_into().unwrap(), body.as_bytes(), attempts)
    }

    #[test]
    fn only_202_is_an_acknowledgement() {
        assert_eq!(said(202, "", 1), Verdict::Acknowledged);
        for status in [
            100, 200, 201, 204, 301, 302, 307, 401, 403, 404, 409, 429, 500, 503,
        ] {
            assert!(
                matches!(said(status, "", 99), Verdict::Again(_)),
                "{status}"
            );
        }
    }

    #[test]
    fn a_refusal_of_the_event_is_for_good_and_one_of_ours_can_be_mended_for_a_while() {
        let refused = |code: &str, attempts| said(400, &format!(r#"{{"err":"{code}"}}"#), attempts);
        for code in ["invalid_request", "invalid_issuer", "invalid_audience"] {
            assert_eq!(refused(code, 1), Verdict::Refused(code_of(code)));
        }
        for code in ["invalid_key", "authentication_failed", "access_denied"] {
            assert_eq!(refused(code, 11), Verdict::Again(code_of(code)));
            assert_eq!(refused(code, 12), Verdict::Refused(code_of(code)));
        }
    }

    fn code_of(code: &str) -> &'static str {
        refusal(format!(r#"{{"err":"{code}"}}"#).as_bytes())
    }

    #[test]
    fn what_else_a_receiver_says_is_not_kept() {
        for body in [
            "",
            "no",
            r#"{"err":"Marta 00000000T"}"#,
            r#"{"description":"x"}"#,
            r#"{"err":7}"#,
        ] {
            assert_eq!(said(400, body, 1), Verdict::Refused("refused"), "{body}");
        }
    }
}
