//! `serve`, and the commands that look at the same parts without answering anybody.

use std::future::Future;
use std::process::ExitCode;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{CONFIGURATION, keys};
use crate::clock::World;
use crate::config::{Config, Environment};
use crate::gateway::{Defects, Gateway};
use crate::store::Weight;
use crate::telemetry;

/// Answers requests until the process is told to stop.
pub(super) fn serve(config: &Config) -> ExitCode {
    let telemetry = match telemetry::start(&config.telemetry) {
        Ok(telemetry) => telemetry,
        Err(error) => {
            eprintln!("telemetry  {error}");
            return ExitCode::from(CONFIGURATION);
        }
    };
    let ended = block_on(answer(config));
    telemetry.finish();
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(defects) = error.downcast_ref::<Defects>() {
                return list(defects);
            }
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn answer(config: &Config) -> anyhow::Result<()> {
    let world = World::real();
    if config.environment == Environment::Development {
        keys::make_missing(&config.keys, &world)?;
    }
    let gateway = Gateway::open(config, world).await?;
    for remark in gateway.remarks() {
        if remark.weight > Weight::Note {
            tracing::warn!("{}", remark.text);
        }
    }
    let address = config.http.listen;
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}"))?;
    tracing::info!(listen = %listener.local_addr()?, environment = ?config.environment, "ready");
    let stop = CancellationToken::new();
    tokio::spawn(stop_when_told(stop.clone()));
    gateway.serve(listener, stop).await?;
    Ok(())
}

/// Opens everything as `serve` would and answers nobody.
pub(super) fn check(config: &Config) -> ExitCode {
    match block_on(Gateway::look(config, World::real())) {
        Ok(gateway) => {
            for remark in gateway.remarks() {
                println!("{}", remark.text);
            }
            println!("the configuration, keys, certificates and databases are in order");
            ExitCode::SUCCESS
        }
        Err(defects) => list(&defects),
    }
}

/// Recomputes the log and lists what does not fit.
pub(super) fn verify_log(config: &Config) -> ExitCode {
    let checked = block_on(async {
        let gateway = Gateway::look(config, World::real()).await?;
        Ok::<_, anyhow::Error>(gateway.app().log.audit_self().await?)
    });
    match checked {
        Ok(checked) if checked.findings.is_empty() => {
            println!(
                "valid: {} entries, {} checkpoints, {} erased",
                checked.entries, checked.checkpoints, checked.erased
            );
            ExitCode::SUCCESS
        }
        Ok(checked) => {
            println!("not valid: {} finding(s)", checked.findings.len());
            for finding in &checked.findings {
                println!("{finding:?}");
            }
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::from(5)
        }
    }
}

/// Runs a future on a runtime of its own.
#[expect(
    clippy::expect_used,
    reason = "without threads and sockets there is nothing to do"
)]
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .expect("the operating system gives threads and sockets")
        .block_on(future)
}

pub(super) fn list(defects: &Defects) -> ExitCode {
    eprint!("{defects}");
    eprintln!("{} problem(s), nothing started", defects.0.len());
    ExitCode::from(CONFIGURATION)
}

/// Ctrl-C, or the signal a service manager sends.
async fn stop_when_told(stop: CancellationToken) {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        } else {
            let _ = interrupt.await;
        }
    }
    #[cfg(not(unix))]
    let _ = interrupt.await;
    tracing::info!("stopping: requests and fetches under way may end");
    stop.cancel();
}
