//! Redis.

use std::fs;

use redis::aio::MultiplexedConnection;
use tempfile::TempDir;

use super::process::{Port, Process, Program};
use super::{Tls, until};

/// A private server that keeps nothing on disk: started again, it is empty.
#[derive(Debug)]
pub(crate) struct Redis {
    /// Before the folder, so that it has ended when that goes. `None` while it is down.
    process: Option<Process>,
    folder: TempDir,
    port: Port,
    scheme: &'static str,
    arguments: Vec<String>,
}

impl Redis {
    pub(crate) async fn start() -> Self {
        let mut server = Self::nothing("redis");
        server.set("--port", &server.port().to_string());
        server.restart().await;
        server
    }

    /// Answers over TLS alone, with this certificate. Clients need none.
    pub(crate) async fn start_tls(tls: &Tls) -> Self {
        let mut server = Self::nothing("rediss");
        for (name, content) in [("certificate", &tls.certificate), ("key", &tls.key)] {
            fs::write(server.folder.path().join(name), content).unwrap();
        }
        server.set("--port", "0");
        server.set("--tls-port", &server.port().to_string());
        server.set("--tls-cert-file", "certificate");
        server.set("--tls-key-file", "key");
        server.set("--tls-auth-clients", "no");
        server.restart().await;
        server
    }

    /// A copy that follows `primary`, and has what it has.
    pub(crate) async fn replica_of(primary: &Self) -> Self {
        let mut server = Self::nothing("redis");
        server.set("--port", &server.port().to_string());
        server.set("--replicaof", "127.0.0.1");
        server.arguments.push(primary.port().to_string());
        server.restart().await;
        until("a replica has its copy", async || {
            server
                .information("replication")
                .await
                .contains("master_link_status:up")
        })
        .await;
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number
    }

    pub(crate) fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.port())
    }

    /// A connection to a server that is not on TLS.
    pub(crate) async fn connection(&self) -> MultiplexedConnection {
        let client = redis::Client::open(self.url()).unwrap();
        client.get_multiplexed_async_connection().await.unwrap()
    }

    /// Crashes. Nobody else gets its port.
    pub(crate) async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Starts again on the same port, empty, and waits until it answers.
    pub(crate) async fn restart(&mut self) {
        self.kill().await;
        let process = program()
            .start(self.folder.path(), &self.arguments, |_, said| {
                said.contains("Ready to accept connections")
            })
            .await;
        self.process = Some(process);
    }

    /// Connections stay and nothing answers, until [`Self::resume`].
    pub(crate) fn pause(&self) {
        self.process.as_ref().unwrap().pause();
    }

    pub(crate) fn resume(&self) {
        self.process.as_ref().unwrap().resume();
    }

    /// A section of what `INFO` says.
    pub(super) async fn information(&self, section: &str) -> String {
        let mut question = redis::cmd("INFO");
        question.arg(section);
        let mut connection = self.connection().await;
        question.query_async(&mut connection).await.unwrap()
    }

    fn nothing(scheme: &'static str) -> Self {
        let mut server = Self {
            process: None,
            folder: program().folder(),
            port: Port::free(),
            scheme,
            arguments: vec![],
        };
        server.set("--bind", "127.0.0.1");
        server.set("--save", "");
        server.set("--appendonly", "no");
        server.set("--repl-diskless-sync-delay", "0");
        server
    }

    fn set(&mut self, name: &str, value: &str) {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
    }
}

pub(super) fn program() -> Program {
    Program::find("redis-server", &[], "redis-server", None, "KILL")
}
