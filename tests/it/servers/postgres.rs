//! PostgreSQL.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row, ValueRef};
use tempfile::TempDir;

use super::process::{Port, Process, Program, postgres_account};
use super::{Cut, Tls, until};

/// A private server with the superuser `postgres`, who needs no password, and the database
/// `postgres`.
///
/// It does not wait for the disk (`fsync = off`), which makes tests quick and takes nothing from
/// them: a commit that returned is with the kernel, which outlives every process killed here. Only
/// a machine that fails could lose it. For a server that waits, start with `("fsync", "on")`.
#[derive(Debug)]
pub(crate) struct Postgres {
    /// Before the folder, so that it has ended when that goes. `None` while it is down.
    process: Option<Process>,
    folder: TempDir,
    port: Port,
    /// Of `postgresql.conf`, each `name=value`.
    settings: Vec<String>,
}

impl Postgres {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With more settings of `postgresql.conf`, by name and value.
    pub(crate) async fn start_with(settings: &[(&str, &str)]) -> Self {
        let mut server = Self::initialised().await;
        let settings = settings
            .iter()
            .map(|(name, value)| format!("{name}={value}"));
        server.settings.extend(settings);
        server.restart().await;
        server
    }

    /// Answers over TLS with this certificate, and plainly whoever does not ask for TLS.
    pub(crate) async fn start_tls(tls: &Tls) -> Self {
        let mut server = Self::initialised().await;
        server.write("server.crt", &tls.certificate);
        server.write("server.key", &tls.key);
        server.settings.push("ssl=on".to_owned());
        server.restart().await;
        server
    }

    pub(crate) fn port(&self) -> u16 {
        self.port.number
    }

    /// As the superuser.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port())
    }

    /// Crashes. What was committed is in its folder, and nobody else gets its port.
    pub(crate) async fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill().await;
        }
    }

    /// Starts again, on the same port with the same data, and waits until it answers.
    pub(crate) async fn restart(&mut self) {
        self.kill().await;
        let data = self.data();
        let mut arguments = vec!["-D".to_owned(), text(&data)];
        let port = format!("port={}", self.port());
        for setting in self.settings.iter().chain([&port]) {
            arguments.extend(["-c".to_owned(), setting.clone()]);
        }
        let folder = self.folder.path();
        let process = program("postgres")
            .start(folder, &arguments, |id, _| is_ready(&data, id))
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

    /// Runs statements as the superuser. See [`run_sql`].
    pub(crate) async fn sql(&self, database: &str, statements: &str) -> Vec<String> {
        run_sql(&self.url(database), statements).await.unwrap()
    }

    /// From now on everybody but the superuser needs their password.
    pub(crate) async fn ask_passwords(&self) {
        let rules = "host replication postgres 127.0.0.1/32 trust\n\
                     host all postgres 127.0.0.1/32 trust\n\
                     host all all 127.0.0.1/32 scram-sha-256\n";
        self.write("pg_hba.conf", rules);
        let loaded = "SELECT pg_conf_load_time()";
        let before = self.sql("postgres", loaded).await;
        self.sql("postgres", "SELECT pg_reload_conf()").await;
        until("the rules are read", async || {
            self.sql("postgres", loaded).await != before
        })
        .await;
    }

    /// A copy that follows by asynchronous streaming, and answers questions meanwhile.
    pub(crate) async fn standby(&self) -> Self {
        self.standby_from(self.port()).await
    }

    /// The same, following through `network`, which can make it fall behind.
    pub(crate) async fn standby_through(&self, network: &Cut) -> Self {
        self.standby_from(network.port()).await
    }

    /// Returns when this standby has what its primary had at the call.
    pub(crate) async fn catch_up_with(&self, primary: &Self) {
        let written = primary.sql("postgres", "SELECT pg_current_wal_lsn()").await;
        let reached = format!(
            "SELECT pg_last_wal_replay_lsn() >= '{}'::pg_lsn",
            written[0]
        );
        until("a standby has caught up", async || {
            self.sql("postgres", &reached).await == ["t"]
        })
        .await;
    }

    /// Makes the standby a primary with what it has received.
    pub(crate) async fn promote(&mut self) {
        let promoted = self.sql("postgres", "SELECT pg_promote()").await;
        assert_eq!(promoted, ["t"]);
    }

    async fn initialised() -> Self {
        let server = Self::nothing(DEFAULTS.iter().map(ToString::to_string).collect());
        let arguments = "--username=postgres --auth=trust --encoding=UTF8 --locale=C \
                         --no-sync --wal-segsize=1 --pgdata";
        let mut arguments = words(arguments);
        arguments.push(text(&server.data()));
        program("initdb")
            .run(server.folder.path(), &arguments)
            .await;
        server
    }

    async fn standby_from(&self, port: u16) -> Self {
        let mut standby = Self::nothing(self.settings.clone());
        let mut arguments = words("--write-recovery-conf --checkpoint=fast --no-sync");
        arguments.push(format!("--dbname=host=127.0.0.1 port={port} user=postgres"));
        arguments.push(format!("--pgdata={}", text(&standby.data())));
        let copy = program("pg_basebackup");
        copy.run(standby.folder.path(), &arguments).await;
        standby.restart().await;
        standby
    }

    fn nothing(settings: Vec<String>) -> Self {
        Self {
            process: None,
            folder: program("postgres").folder(),
            port: Port::free(),
            settings,
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file among the data, which nobody else may read.
    fn write(&self, name: &str, content: &str) {
        let path = self.data().join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        program("postgres").give(&path);
    }
}

/// Runs statements; the first column of every row as text, and NULL as nothing.
pub(crate) async fn run_sql(url: &str, statements: &str) -> Result<Vec<String>, sqlx::Error> {
    let mut connection = PgConnection::connect(url).await?;
    let statements = sqlx::raw_sql(AssertSqlSafe(statements.to_owned()));
    let rows = statements.fetch_all(&mut connection).await?;
    connection.close().await?;
    rows.iter().map(first_column).collect()
}

fn first_column(row: &PgRow) -> Result<String, sqlx::Error> {
    let value = row.try_get_raw(0)?;
    if value.is_null() {
        return Ok(String::new());
    }
    value
        .as_str()
        .map(str::to_owned)
        .map_err(sqlx::Error::Decode)
}

/// What every server here is set to, before the settings of the test.
const DEFAULTS: &[&str] = &[
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "fsync=off",
    // A standby that was cut off finds what it missed, and soon.
    "wal_keep_size=64MB",
    "wal_retrieve_retry_interval=100ms",
];

/// Debian keeps them off the path, in a folder of each version.
fn program(name: &str) -> Program {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<_> = versions
        .filter_map(|entry| {
            let folder = entry.ok()?.path();
            let version: u32 = folder.file_name()?.to_str()?.parse().ok()?;
            Some((version, folder.join("bin")))
        })
        .collect();
    versions.sort_unstable();
    let newest_first: Vec<_> = versions.into_iter().rev().map(|(_, bin)| bin).collect();
    // QUIT is its "immediate shutdown": every child ends at once, nothing is written, and the next
    // start recovers. After KILL the children would go on for a moment, and keep shared memory.
    Program::find(
        name,
        &newest_first,
        "postgresql",
        postgres_account(),
        "QUIT",
    )
}

/// Whether the file in which the server says how far it is says "ready", and is not an older one's.
/// `pg_ctl` waits for the same.
fn is_ready(data: &Path, process: u32) -> bool {
    let file = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
    let mut lines = file.lines();
    lines.next() == Some(&process.to_string()) && lines.nth(6).map(str::trim) == Some("ready")
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
