//! The gateway as a child process: built, started, waited for, stopped.

use std::env;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::ambient::{http_client, send};

const PATIENCE: Duration = Duration::from_secs(30);

/// Why there is no running gateway.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    #[error("cargo could not build the programs ({0})")]
    Build(std::process::ExitStatus),
    #[error("{0} is not there: build it with `cargo build --bins`")]
    NotBuilt(PathBuf),
    #[error("cannot start or read a program")]
    Io(#[from] io::Error),
    /// With what it wrote before.
    #[error("the gateway ended before it was ready:\n{0}")]
    Ended(String),
    #[error("the gateway was not ready after {0:?}:\n{1}")]
    Late(Duration, String),
}

/// Where the programs of this project are.
#[derive(Clone, Debug)]
pub struct Binaries {
    pub gateway: PathBuf,
    pub verifier: PathBuf,
}

impl Binaries {
    /// Beside this executable; cargo builds them first when cargo started us.
    pub async fn find() -> Result<Self, GatewayError> {
        let own = env::current_exe()?;
        let folder = own.parent().unwrap_or(Path::new("."));
        if let (Some(cargo), Some(manifest)) =
            (env::var_os("CARGO"), env::var_os("CARGO_MANIFEST_DIR"))
        {
            let workspace = Path::new(&manifest).join("../Cargo.toml");
            let mut build = Command::new(cargo);
            build
                .args(["build", "--quiet", "--bins", "--manifest-path"])
                .arg(workspace);
            if folder.ends_with("release") {
                build.arg("--release");
            }
            let status = build
                .stdout(Stdio::null())
                .kill_on_drop(true)
                .status()
                .await?;
            if !status.success() {
                return Err(GatewayError::Build(status));
            }
        }
        let program = |name: &str| {
            let path = folder.join(format!("{name}{}", env::consts::EXE_SUFFIX));
            if path.is_file() {
                Ok(path)
            } else {
                Err(GatewayError::NotBuilt(path))
            }
        };
        Ok(Self {
            gateway: program("interop-gateway")?,
            verifier: program("verifier")?,
        })
    }
}

/// A running gateway; dropping it kills it.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    log: PathBuf,
}

impl Gateway {
    /// Starts `interop-gateway serve --config <file>` and waits until it says it is ready.
    pub async fn start(
        program: &Path,
        config: &Path,
        log: &Path,
        url: &str,
    ) -> Result<Self, GatewayError> {
        let output = File::create(log)?;
        let mut command = Command::new(program);
        // what the caller's shell overrides in its own gateway has no place in this one
        for (name, _) in env::vars_os() {
            if name.to_string_lossy().starts_with("GATEWAY__") {
                command.env_remove(name);
            }
        }
        let child = command
            .args(["serve", "--config"])
            .arg(config)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .kill_on_drop(true)
            .spawn()?;
        let mut gateway = Self {
            child,
            log: log.to_owned(),
        };
        gateway.ready(url).await?;
        Ok(gateway)
    }

    async fn ready(&mut self, url: &str) -> Result<(), GatewayError> {
        let http = http_client().map_err(io::Error::other)?;
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if self.child.try_wait()?.is_some() {
                return Err(GatewayError::Ended(self.last_words()));
            }
            let answer = send(http.get(format!("{url}/health/ready"))).await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Err(GatewayError::Late(PATIENCE, self.last_words()))
    }

    /// Ends when the gateway does.
    pub async fn ended(&mut self) -> io::Result<()> {
        self.child.wait().await.map(drop)
    }

    /// The end of what the gateway wrote.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(60)..].join("\n")
    }

    /// Kills it and waits until it is gone.
    pub async fn stop(mut self) -> io::Result<()> {
        self.child.kill().await
    }
}

impl Drop for Gateway {
    /// Waits a moment until it is gone: what it still writes would keep its folder alive.
    fn drop(&mut self) {
        if self.child.start_kill().is_err() {
            return; // gone already
        }
        for _ in 0..200 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_gateway_that_ends_before_it_is_ready_is_told_with_its_last_words() {
        crate::ambient::install_crypto();
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("gateway.log");
        // `ls serve --config` complains and ends
        let started =
            Gateway::start(Path::new("ls"), Path::new("x"), &log, "http://127.0.0.1:9").await;
        let Err(GatewayError::Ended(words)) = started else {
            panic!("it did not end")
        };
        assert!(words.contains("ls"), "{words}");
    }
}
