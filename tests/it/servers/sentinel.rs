//! Redis Sentinel.

use std::fs;

use redis::Value;
use tempfile::TempDir;

use super::process::{Port, Process};
use super::redis::program;
use super::{Redis, until};

/// A lone Sentinel, which needs nobody's agreement to make a replica the master: it does so within
/// about two seconds after the master is gone.
#[derive(Debug)]
pub(crate) struct Sentinel {
    /// Before the folder, so that it has ended when that goes.
    _process: Process,
    _folder: TempDir,
    port: Port,
    master: String,
}

impl Sentinel {
    /// Watches `primary` under the name `master`, and waits until it knows the replicas that the
    /// primary has. Start those before.
    pub(crate) async fn start(master: &str, primary: &Redis) -> Self {
        let folder = program().folder();
        let port = Port::free();
        let settings = format!(
            "port {}\n\
             bind 127.0.0.1\n\
             dir {}\n\
             sentinel monitor {master} 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds {master} 300\n\
             sentinel failover-timeout {master} 3000\n",
            port.number,
            folder.path().display(),
            primary.port(),
        );
        let file = folder.path().join("sentinel.conf");
        fs::write(&file, settings).unwrap();
        let arguments = [file.to_str().unwrap().to_owned(), "--sentinel".to_owned()];
        let process = program()
            .start(folder.path(), &arguments, |_, said| {
                said.contains("+monitor")
            })
            .await;
        let sentinel = Self {
            _process: process,
            _folder: folder,
            port,
            master: master.to_owned(),
        };
        let replicas = primary.information("replication").await;
        let replicas = replicas.matches("state=online").count();
        until("Sentinel knows the replicas", async || {
            sentinel.replicas_in_step().await == replicas
        })
        .await;
        sentinel
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port.number)
    }

    /// Port of the server that it says is the master.
    pub(crate) async fn master_port(&self) -> u16 {
        let (_, port): (String, u16) = self.ask("GET-MASTER-ADDR-BY-NAME").await;
        port
    }

    /// Replicas that it has spoken to and that have a copy.
    async fn replicas_in_step(&self) -> usize {
        let replicas: Vec<std::collections::BTreeMap<String, Value>> = self.ask("REPLICAS").await;
        let up = Value::BulkString(b"ok".to_vec());
        let in_step = replicas.iter();
        in_step
            .filter(|replica| replica["master-link-status"] == up)
            .count()
    }

    async fn ask<Answer: redis::FromRedisValue>(&self, question: &str) -> Answer {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd("SENTINEL");
        command.arg(question).arg(&self.master);
        command.query_async(&mut connection).await.unwrap()
    }
}
