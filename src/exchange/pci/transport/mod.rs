//! The way out: the one place of the program from which bytes reach the platform.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::stream;
use http::header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use reqwest::{Body, Certificate, Client, Identity, Response, redirect};
use url::{Host, Url};

use super::authority::Authority;
use super::names::SOAP_ACTION;
use super::platform::PlatformProfile;
use super::signature::{SignedEnvelope, sha256};
use crate::clock::World;
use crate::consent::NotAdmitted;

/// A pooled connection to one endpoint of the platform.
///
/// It follows no redirect, obeys no proxy of the environment, decompresses nothing and keeps no
/// cookie. There is no way to send without an [`Authority`]:
/// ```compile_fail,E0061
/// # use interop_gateway::exchange::pci::{SignedEnvelope, Transport};
/// # async fn smuggle(transport: &Transport, envelope: SignedEnvelope) {
/// transport.send(envelope).await;
/// # }
/// ```
#[derive(Clone)]
pub struct Transport {
    client: Client,
    endpoint: Url,
    deadline: Duration,
    largest_answer: usize,
    world: World,
}

/// Whose TLS certificates are believed, and our own where the platform asks for it. PEM texts.
#[derive(Default)]
pub struct TlsSettings<'a> {
    /// Roots to believe, instead of the operating system's.
    pub roots: Option<&'a [u8]>,
    /// Our certificate chain and PKCS #8 key, in one text.
    pub client: Option<&'a [u8]>,
}

impl fmt::Debug for TlsSettings<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("own_roots", &self.roots.is_some())
            .field("client_certificate", &self.client.is_some())
            .finish()
    }
}

/// Why a transport cannot be built.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum UnusableTransport {
    /// The TLS client certificate or its key cannot be read.
    #[error("the TLS client certificate or its key cannot be read")]
    ClientCertificate,
    /// Plain HTTP is only for this very machine.
    #[error("the endpoint must be https, or http on this very machine")]
    Endpoint,
    /// The trusted roots cannot be read.
    #[error("the TLS roots cannot be read")]
    Roots,
    /// The TLS library refuses the settings.
    #[error("TLS cannot be set up")]
    Tls,
}

/// What came back, unread.
#[derive(Clone, Eq, PartialEq)]
pub struct RawAnswer {
    /// HTTP status.
    pub status: u16,
    /// `Content-Type`, if it was readable.
    pub content_type: Option<String>,
    /// The body, at most as long as the profile allows.
    pub bytes: Vec<u8>,
    /// SHA-256 of the body.
    pub sha256: [u8; 32],
}

impl fmt::Debug for RawAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawAnswer")
            .field("status", &self.status)
            .field("bytes", &self.bytes.len())
            .field("sha256", &hex::encode(self.sha256))
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TransportError {
    /// The answer is compressed, which nobody asked for.
    #[error("the answer is compressed although nothing but plain text was accepted")]
    Encoded,
    /// The connection broke after it was made.
    #[error("the connection broke before the answer was complete")]
    Interrupted,
    /// The authority is not for these bytes, or too old.
    #[error(transparent)]
    NotAdmitted(#[from] NotAdmitted),
    /// The answer is longer than the profile allows.
    #[error("the answer is too long (limit {limit} bytes)")]
    TooLong {
        /// The limit of the profile.
        limit: usize,
    },
    /// The deadline passed after the connection was made.
    #[error("no complete answer before the deadline")]
    TimedOut,
    /// No connection: name, network, TLS, or no time left for it.
    #[error("the platform cannot be reached")]
    Unreachable,
}

impl TransportError {
    /// Whether the request may have left. When it may, the source may have recorded an access.
    pub const fn may_have_left(self) -> bool {
        !matches!(self, Self::NotAdmitted(_) | Self::Unreachable)
    }

    /// Whether another attempt, later, may go better.
    pub const fn is_transient(self) -> bool {
        matches!(self, Self::Interrupted | Self::TimedOut | Self::Unreachable)
    }

    /// A code that does not change.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Encoded => "NET-ENCODED",
            Self::Interrupted => "NET-INTERRUPTED",
            Self::NotAdmitted(NotAdmitted::OtherRequest) => "AUTHORITY-OTHER-REQUEST",
            Self::NotAdmitted(NotAdmitted::Stale) => "AUTHORITY-STALE",
            Self::TooLong { .. } => "NET-TOO-LONG",
            Self::TimedOut => "NET-TIMED-OUT",
            Self::Unreachable => "NET-UNREACHABLE",
        }
    }
}

impl Transport {
    /// Prepares the way to an endpoint, without connecting.
    pub fn new(
        endpoint: Url,
        tls: &TlsSettings<'_>,
        profile: &PlatformProfile,
        world: World,
    ) -> Result<Self, UnusableTransport> {
        if endpoint.scheme() != "https" && !(endpoint.scheme() == "http" && is_here(&endpoint)) {
            return Err(UnusableTransport::Endpoint);
        }
        let mut builder = Client::builder()
            .connect_timeout(profile.connect_timeout())
            .timeout(profile.deadline())
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never()) // one IdPeticion is one POST
            .no_proxy()
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .referer(false)
            .http1_only()
            .tls_version_min(reqwest::tls::Version::TLS_1_2)
            .pool_idle_timeout(Duration::from_secs(30));
        if let Some(pem) = tls.roots {
            let roots = Certificate::from_pem_bundle(pem).map_err(|_| UnusableTransport::Roots)?;
            if roots.is_empty() {
                return Err(UnusableTransport::Roots);
            }
            builder = builder.tls_certs_only(roots);
        }
        if let Some(pem) = tls.client {
            let identity =
                Identity::from_pem(pem).map_err(|_| UnusableTransport::ClientCertificate)?;
            builder = builder.identity(identity);
        }
        Ok(Self {
            client: builder.build().map_err(|_| UnusableTransport::Tls)?,
            endpoint,
            deadline: profile.deadline(),
            largest_answer: profile.largest_answer,
            world,
        })
    }

    /// Sends one request under one authority, and returns whatever came back.
    ///
    /// The authority is asked before anything is done, and again when there is a connection and the
    /// first byte of the request is about to leave: connecting may take longer than a proof lives.
    pub async fn send(
        &self,
        authority: Authority,
        envelope: SignedEnvelope,
    ) -> Result<RawAnswer, TransportError> {
        let sha256 = envelope.sha256();
        let clock = Arc::clone(&self.world.clock);
        let admits = move || authority.admits(&sha256, clock.monotonic());
        admits()?;
        self.post(envelope, admits).await
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the transport the rule points to"
    )]
    async fn post(
        &self,
        envelope: SignedEnvelope,
        admits: impl FnOnce() -> Result<(), NotAdmitted> + Send + 'static,
    ) -> Result<RawAnswer, TransportError> {
        let bytes = envelope.into_bytes();
        let length = bytes.len();
        let refused = Arc::new(OnceLock::new());
        let refuse = Arc::clone(&refused);
        // Asked for by the connection, when it is there.
        let body = stream::once(async move {
            admits().map(|()| bytes).inspect_err(|reason| {
                let _ = refuse.set(*reason);
            })
        });
        let answer = self
            .client
            .post(self.endpoint.clone())
            .header(CONTENT_TYPE, "text/xml; charset=utf-8")
            .header(ACCEPT, "text/xml")
            .header("SOAPAction", SOAP_ACTION)
            // Without it a body that is made late would be sent in chunks.
            .header(CONTENT_LENGTH, length)
            .body(Body::wrap_stream(body))
            .send();
        let answer = async {
            let response = answer.await.map_err(|error| match refused.get() {
                Some(reason) => TransportError::NotAdmitted(*reason),
                None => no_answer(&error),
            })?;
            self.read(response).await
        };
        // The client has a deadline of its own; this one also covers waiting for the pool.
        match tokio::time::timeout(self.deadline, answer).await {
            Ok(answer) => answer,
            Err(_) => Err(TransportError::TimedOut),
        }
    }

    /// Takes the body in pieces, so that a longer one is dropped and not held.
    async fn read(&self, mut response: Response) -> Result<RawAnswer, TransportError> {
        let limit = self.largest_answer;
        let too_long = TransportError::TooLong { limit };
        if is_encoded(response.headers()) {
            return Err(TransportError::Encoded);
        }
        let announced = response.content_length().unwrap_or(0);
        if usize::try_from(announced).map_or(true, |announced| announced > limit) {
            return Err(too_long);
        }
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| no_answer(&error))? {
            if bytes.len() + piece.len() > limit {
                return Err(too_long);
            }
            bytes.extend_from_slice(&piece);
        }
        let content_type = response.headers().get(CONTENT_TYPE);
        Ok(RawAnswer {
            status: response.status().as_u16(),
            content_type: content_type
                .and_then(|value| value.to_str().ok())
                .map(str::to_owned),
            sha256: sha256(&bytes),
            bytes,
        })
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("endpoint", &self.endpoint.as_str())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}

/// Whether a connection was made decides whether anything may have left.
fn no_answer(error: &reqwest::Error) -> TransportError {
    if error.is_connect() || error.is_builder() {
        TransportError::Unreachable
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::Interrupted
    }
}

fn is_encoded(headers: &HeaderMap) -> bool {
    headers
        .get(CONTENT_ENCODING)
        .is_some_and(|encoding| encoding != "identity")
}

fn is_here(endpoint: &Url) -> bool {
    match endpoint.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
impl Transport {
    /// The way out without an authority: of this room's tests alone.
    pub(super) async fn post_in_test(
        &self,
        envelope: SignedEnvelope,
    ) -> Result<RawAnswer, TransportError> {
        self.post(envelope, || Ok(())).await
    }
}

#[cfg(test)]
mod tests;
