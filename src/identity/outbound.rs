//! The one way out towards log-in providers.
//!
//! No redirects, no proxies from the environment, bounded answers, bounded time, and plain HTTP
//! only to this very machine. Addresses are kept out of every error: VALid's carry tokens.

use std::path::Path;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Certificate, Client};
use url::{Host, Url};

/// The most a provider may answer with, in bytes.
pub const ANSWER: usize = 64 * 1024;

/// The most a set of keys or a discovery document may take, in bytes.
pub const METADATA: usize = 256 * 1024;

/// Why an answer did not come. Carries no address and no content.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// The trusted certificates do not read, or the TLS stack refuses them.
    #[error("the HTTP client could not be set up")]
    Setup(#[source] Option<reqwest::Error>),
    /// The address is not `https`, and not this machine's own.
    #[error("the address is not https")]
    Insecure,
    /// No connection, a broken one, or no answer in time.
    #[error("the other side did not answer")]
    Unreachable(#[source] reqwest::Error),
    /// More bytes than an honest answer has.
    #[error("the answer is too long")]
    TooLong,
}

/// A client for providers.
#[derive(Clone, Debug)]
pub struct Outbound {
    client: Client,
}

impl Outbound {
    /// A client that trusts the system's certificate authorities, or only those of a PEM file.
    pub fn new(roots: Option<&Path>) -> Result<Self, OutboundError> {
        let mut builder = Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(15));
        if let Some(file) = roots {
            let pem = std::fs::read(file).map_err(|_| OutboundError::Setup(None))?;
            let roots = Certificate::from_pem_bundle(&pem).map_err(setup)?;
            builder = builder.tls_certs_only(roots);
        }
        Ok(Self {
            client: builder.build().map_err(setup)?,
        })
    }

    /// Sends one request and reads the answer, up to `longest` bytes.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place of this module that opens sockets"
    )]
    pub async fn exchange(
        &self,
        request: http::Request<Vec<u8>>,
        longest: usize,
    ) -> Result<http::Response<Vec<u8>>, OutboundError> {
        let request = reqwest::Request::try_from(request).map_err(unreachable)?;
        if !is_safe(request.url()) {
            return Err(OutboundError::Insecure);
        }
        let mut answer = self.client.execute(request).await.map_err(unreachable)?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            if body.len() + chunk.len() > longest {
                return Err(OutboundError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Whether what is sent there stays between us: TLS, or it never leaves the machine.
pub fn is_safe(url: &Url) -> bool {
    match (url.scheme(), url.host()) {
        ("https", Some(_)) => true,
        ("http", Some(Host::Ipv4(address))) => address.is_loopback(),
        ("http", Some(Host::Ipv6(address))) => address.is_loopback(),
        ("http", Some(Host::Domain(name))) => name == "localhost",
        _ => false,
    }
}

fn setup(error: reqwest::Error) -> OutboundError {
    OutboundError::Setup(Some(error.without_url()))
}

fn unreachable(error: reqwest::Error) -> OutboundError {
    OutboundError::Unreachable(error.without_url())
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn get(url: &str) -> http::Request<Vec<u8>> {
        http::Request::get(url).body(Vec::new()).unwrap()
    }

    #[tokio::test]
    async fn a_token_in_an_address_stays_out_of_the_error() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener); // nobody listens there now
        let url = format!("http://{address}/getUserInfo?AccessToken=hidden-token");
        let error = Outbound::new(None)
            .unwrap()
            .exchange(get(&url), ANSWER)
            .await
            .unwrap_err();
        let mut text = format!("{error} {error:?}");
        let mut cause = error.source();
        while let Some(error) = cause {
            text = format!("{text} {error} {error:?}");
            cause = error.source();
        }
        assert!(matches!(error, OutboundError::Unreachable(_)));
        assert!(!text.contains("hidden-token") && !text.contains("getUserInfo"));
    }

    #[tokio::test]
    async fn plain_http_to_another_machine_is_not_even_tried() {
        let outbound = Outbound::new(None).unwrap();
        for url in [
            "http://192.0.2.1/",
            "http://provider.example/",
            "http://[2001:db8::1]/",
        ] {
            assert!(matches!(
                outbound.exchange(get(url), ANSWER).await,
                Err(OutboundError::Insecure)
            ));
        }
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        let app = axum::Router::new()
            .route(
                "/from",
                axum::routing::get(|| async { axum::response::Redirect::to("/to") }),
            )
            .route("/to", axum::routing::get(|| async { "followed" }));
        let base = serve(app).await;
        let answer = Outbound::new(None)
            .unwrap()
            .exchange(get(&format!("{base}/from")), ANSWER)
            .await
            .unwrap();
        assert_eq!(answer.status(), 303);
    }

    #[tokio::test]
    async fn an_endless_answer_is_cut_off() {
        let app =
            axum::Router::new().route("/", axum::routing::get(|| async { "x".repeat(ANSWER + 1) }));
        let base = serve(app).await;
        let answer = Outbound::new(None)
            .unwrap()
            .exchange(get(&base), ANSWER)
            .await;
        assert!(matches!(answer, Err(OutboundError::TooLong)));
    }

    async fn serve(app: axum::Router) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }
}
