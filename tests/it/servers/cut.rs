//! The network in front of a server.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::process::Port;

/// A TCP proxy on a port of its own that stands for the network between the gateway and a server.
///
/// It works in the runtime that made it: a test that blocks its only thread blocks the network too.
#[derive(Debug)]
pub(crate) struct Cut {
    port: Port,
    road: watch::Sender<Road>,
    /// `None` while cut.
    open: Option<Open>,
}

impl Cut {
    /// Forwards to this port of the loopback.
    pub(crate) fn before(server: u16) -> Self {
        let road = Road {
            server,
            traffic: Traffic::Flows,
        };
        let mut network = Self {
            port: Port::free(),
            road: watch::Sender::new(road),
            open: None,
        };
        network.heal();
        network
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number
    }

    /// Drops every connection and refuses new ones.
    pub(crate) async fn cut(&mut self) {
        if let Some(Open { close, listening }) = self.open.take() {
            drop(close);
            listening.await.unwrap();
        }
    }

    /// Accepts connections and keeps those there are, but moves no byte.
    pub(crate) fn stall(&self) {
        self.turn(Traffic::Stands);
    }

    /// Moves what clients say, and nothing of what the server says: a commit arrives and its
    /// confirmation does not.
    pub(crate) fn stall_replies(&self) {
        self.turn(Traffic::FlowsIn);
    }

    /// Forwards again. What stood still arrives; what was cut stays cut.
    pub(crate) fn heal(&mut self) {
        self.turn(Traffic::Flows);
        if self.open.is_none() {
            let listener = self.port.socket().listen(1024).unwrap();
            let close = CancellationToken::new();
            let listening = listen(listener, self.road.subscribe(), close.clone());
            self.open = Some(Open {
                close: close.drop_guard(),
                listening: tokio::spawn(listening),
            });
        }
    }

    /// Leads new connections to another server, as an address does that moves to the new primary.
    pub(crate) fn lead_to(&self, server: u16) {
        self.road.send_modify(|road| road.server = server);
    }

    fn turn(&self, traffic: Traffic) {
        self.road.send_modify(|road| road.traffic = traffic);
    }
}

#[derive(Clone, Copy, Debug)]
struct Road {
    /// Port of the server.
    server: u16,
    traffic: Traffic,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Traffic {
    Flows,
    /// From clients to the server only.
    FlowsIn,
    Stands,
}

/// The proxy while it listens.
#[derive(Debug)]
struct Open {
    /// Closes it when dropped.
    close: DropGuard,
    listening: JoinHandle<()>,
}

async fn listen(listener: TcpListener, road: watch::Receiver<Road>, close: CancellationToken) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = close.cancelled() => break,
            accepted = listener.accept() => {
                let (client, _) = accepted.unwrap();
                connections.spawn(carry(client, road.clone()));
            }
            Some(_) = connections.join_next() => {}
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// One connection, until both sides closed it or the network is gone.
async fn carry(client: TcpStream, mut road: watch::Receiver<Road>) {
    let Ok(server) = road
        .wait_for(|road| road.traffic != Traffic::Stands)
        .await
        .map(|road| road.server)
    else {
        return;
    };
    let Ok(server) = TcpStream::connect(("127.0.0.1", server)).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        move_bytes(from_client, to_server, road.clone(), |traffic| {
            traffic != Traffic::Stands
        }),
        move_bytes(from_server, to_client, road.clone(), |traffic| {
            traffic == Traffic::Flows
        }),
    );
}

/// One direction, while it is open.
async fn move_bytes(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut road: watch::Receiver<Road>,
    is_open: impl Fn(Traffic) -> bool,
) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let count = from.read(&mut bytes).await.unwrap_or(0);
        // The network may have changed while there was nothing to read. An end is held back too.
        let opened = road.wait_for(|road| is_open(road.traffic)).await.is_ok();
        if !opened || count == 0 || to.write_all(&bytes[..count]).await.is_err() {
            return; // dropping `to` tells the other side
        }
    }
}
