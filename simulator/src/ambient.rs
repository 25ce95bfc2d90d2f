//! Time, randomness and outgoing sockets of the stand-ins, taken in this one place.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A clock that tests can move: a source of Unix seconds plus an offset shared by its clones.
#[derive(Clone)]
pub struct Clock {
    source: Arc<dyn Fn() -> i64 + Send + Sync>,
    ahead: Arc<AtomicI64>,
}

impl Clock {
    /// A clock that reads `source` (Unix seconds), for tests whose gateway runs on a fake clock.
    pub fn reading(source: impl Fn() -> i64 + Send + Sync + 'static) -> Self {
        Self {
            source: Arc::new(source),
            ahead: Arc::default(),
        }
    }

    /// Unix seconds now.
    pub fn seconds(&self) -> i64 {
        (self.source)().saturating_add(self.ahead.load(Ordering::SeqCst))
    }

    /// Moves this clock and all its clones forward.
    pub fn advance(&self, by: Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap_or(i64::MAX);
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Default for Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one reading of the wall clock"
    )]
    fn default() -> Self {
        Self::reading(|| jiff::Timestamp::now().as_second())
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// An unguessable text of 256 bits, URL-safe.
#[expect(clippy::disallowed_methods, reason = "the one source of randomness")]
#[expect(clippy::expect_used, reason = "without randomness no stand-in can run")]
pub fn token() -> String {
    let mut bytes = [0_u8; 32];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A client that follows no redirect and gives up after a minute.
pub fn http_client() -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(Duration::from_mins(1))
        .build()
}

/// Sends a request.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the stand-ins open sockets"
)]
pub async fn send(request: reqwest::RequestBuilder) -> Result<reqwest::Response, reqwest::Error> {
    request.send().await
}

/// Makes aws-lc-rs the process's TLS provider; later calls change nothing.
pub fn install_crypto() {
    // an error only says that one is installed already
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
}

/// Ends when somebody asks the process to stop, by Ctrl-C or by a supervisor.
pub async fn interrupted() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminated = signal(SignalKind::terminate())?;
        tokio::select! {
            stopped = tokio::signal::ctrl_c() => stopped,
            _ = terminated.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
