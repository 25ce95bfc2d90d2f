//! What stands in front of replicas: connections go round robin to those that say they are ready.

use std::io::ErrorKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use simulator::ambient::{http_client, send};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

/// How often readiness is looked at.
const LOOK: Duration = Duration::from_millis(100);

#[derive(Clone, Debug)]
pub(super) struct Balancer {
    /// Where it listens.
    pub(super) socket: String,
    backends: Arc<Mutex<Vec<Backend>>>,
}

#[derive(Clone, Debug)]
struct Backend {
    socket: String,
    ready: bool,
}

impl Balancer {
    /// In front of nobody yet.
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let balancer = Self {
            socket: listener.local_addr().unwrap().to_string(),
            backends: Arc::default(),
        };
        tokio::spawn(balancer.clone().accept(listener));
        balancer
    }

    /// Sends connections there too, once it is ready.
    pub(super) fn add(&self, socket: &str) {
        self.backends.lock().unwrap().push(Backend {
            socket: socket.to_owned(),
            ready: false,
        });
        tokio::spawn(self.clone().look(socket.to_owned()));
    }

    pub(super) fn remove(&self, socket: &str) {
        let mut backends = self.backends.lock().unwrap();
        backends.retain(|backend| backend.socket != socket);
    }

    pub(super) fn is_ready(&self, socket: &str) -> bool {
        self.ready().iter().any(|one| one == socket)
    }

    fn ready(&self) -> Vec<String> {
        let backends = self.backends.lock().unwrap();
        let ready = backends.iter().filter(|backend| backend.ready);
        ready.map(|backend| backend.socket.clone()).collect()
    }

    /// Looks at one until it is removed. Two answers in a row that it is not ready count.
    async fn look(self, socket: String) {
        let http = http_client().unwrap();
        let mut failures = 0;
        loop {
            let answer = send(http.get(format!("http://{socket}/health/ready"))).await;
            let ready = answer.is_ok_and(|answer| answer.status() == 200);
            failures = if ready { 0 } else { failures + 1 };
            {
                let mut backends = self.backends.lock().unwrap();
                let Some(backend) = backends.iter_mut().find(|one| one.socket == socket) else {
                    return;
                };
                backend.ready = ready || (backend.ready && failures < 2);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn accept(self, listener: TcpListener) {
        for turn in 0.. {
            let (mut from, _) = listener.accept().await.unwrap();
            let balancer = self.clone();
            tokio::spawn(async move {
                if let Some(mut to) = balancer.connect(turn).await {
                    let _ = copy_bidirectional(&mut from, &mut to).await;
                }
            });
        }
    }

    /// A connection to the one whose turn it is; to the next one only if it is refused.
    async fn connect(&self, turn: usize) -> Option<TcpStream> {
        let ready = self.ready();
        assert!(!ready.is_empty(), "no replica is ready");
        for backend in (0..ready.len()).map(|next| &ready[(turn + next) % ready.len()]) {
            match TcpStream::connect(backend).await {
                Ok(connection) => return Some(connection),
                Err(error) if error.kind() == ErrorKind::ConnectionRefused => {}
                Err(_) => return None,
            }
        }
        None
    }
}
