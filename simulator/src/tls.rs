//! Serves a router over TLS on a free port of the loopback interface.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::pki::Identity;

/// A response extension that closes the connection instead of answering.
#[derive(Clone, Copy, Debug)]
pub struct DropConnection;

/// A server that is accepting connections; dropping it stops it without waiting.
#[derive(Debug)]
pub struct Running {
    /// The bound address.
    pub address: SocketAddr,
    stop: CancellationToken,
    tasks: TaskTracker,
}

/// Why no server was started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The loopback interface gave no port.
    #[error("cannot listen on the loopback interface")]
    Listen(#[source] io::Error),
    /// The certificate or its key is unusable.
    #[error("cannot use the server certificate")]
    Certificate(#[source] rustls::Error),
}

/// How long open requests may take to finish after [`Running::stop`].
const PATIENCE: Duration = Duration::from_secs(2);

/// Starts serving `router` with the given certificate on `127.0.0.1`, on a free port.
pub async fn serve(router: Router, identity: &Identity) -> Result<Running, StartError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .map_err(StartError::Listen)?;
    serve_on(listener, router, identity)
}

/// Like [`serve`], on a socket the caller has bound.
pub fn serve_on(
    listener: TcpListener,
    router: Router,
    identity: &Identity,
) -> Result<Running, StartError> {
    let address = listener.local_addr().map_err(StartError::Listen)?;
    let acceptor = TlsAcceptor::from(Arc::new(configuration(identity)?));
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    tasks.spawn(accept(
        listener,
        acceptor,
        router,
        stop.clone(),
        tasks.clone(),
    ));
    Ok(Running {
        address,
        stop,
        tasks,
    })
}

impl Running {
    /// Stops accepting, lets open requests finish for a moment, and closes what remains.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        // A hanging request is a knob of the simulator, not a reason to wait for ever.
        let _ = tokio::time::timeout(PATIENCE, self.tasks.wait()).await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

fn configuration(identity: &Identity) -> Result<ServerConfig, StartError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(StartError::Certificate)?
        .with_no_client_auth()
        .with_single_cert(identity.chain.clone(), identity.key.clone_key().into())
        .map_err(StartError::Certificate)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

async fn accept(
    listener: TcpListener,
    acceptor: TlsAcceptor,
    router: Router,
    stop: CancellationToken,
    tasks: TaskTracker,
) {
    loop {
        let socket = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!(%error, "the simulator could not accept a connection");
                    // Out of sockets, most likely: do not spin until one is free.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    continue;
                }
            },
        };
        tasks.spawn(connection(
            socket,
            acceptor.clone(),
            router.clone(),
            stop.clone(),
        ));
    }
}

/// Serves one connection until the peer leaves or the server stops. Errors end it silently: a
/// client that goes away is ordinary here.
async fn connection(
    socket: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
    stop: CancellationToken,
) {
    let handshake = tokio::select! {
        () = stop.cancelled() => return,
        handshake = acceptor.accept(socket) => handshake,
    };
    let Ok(stream) = handshake else { return };
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move { kept(hyper::service::Service::call(&router, request).await) }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut serving = std::pin::pin!(serving);
    tokio::select! {
        _ = serving.as_mut() => return,
        () = stop.cancelled() => serving.as_mut().graceful_shutdown(),
    }
    let _ = tokio::time::timeout(PATIENCE, serving).await;
}

/// Turns the marker into the error that makes the HTTP layer hang up without a word.
fn kept(answer: Result<Response<Body>, Infallible>) -> io::Result<Response<Body>> {
    let Ok(response) = answer;
    if response.extensions().get::<DropConnection>().is_some() {
        return Err(io::Error::other("the connection is dropped on request"));
    }
    Ok(response)
}
