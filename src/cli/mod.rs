//! What an operator types.
//!
//! Results go to standard output, talk to standard error. Exit codes: 0 yes, 1 the thing checked is
//! not valid, 2 wrong usage, 3 configuration, 4 input unreadable, 5 cannot tell, 70 our bug.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command line talks"
)]

mod consent;
mod events;
mod keyring;
mod keys;
mod requests;
mod serve;
pub mod wire;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Parser, Subcommand};

use crate::clock::World;
use crate::config::{Config, Problem, Role};
use crate::store::{Db, Schema};

/// Exit code of a command that cannot be meant so.
const USAGE: u8 = 2;

/// Exit code of a configuration that cannot work.
const CONFIGURATION: u8 = 3;

/// Fetches a citizen's data from Via Oberta for the social-aid recommender, under their consent.
#[derive(Debug, Parser)]
#[command(name = "interop-gateway", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "Examples:
  interop-gateway config check --config gateway.toml
  interop-gateway serve --config gateway.toml
  interop-gateway wire verify answer.xml --roots seal-roots.pem";

/// Where the configuration is.
#[derive(Clone, Debug, clap::Args)]
struct ConfigFile {
    /// Configuration file; `GATEWAY__SECTION__KEY` variables are laid over it.
    #[arg(long, default_value = "gateway.toml")]
    config: PathBuf,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// What people are asked: versions of notices, and the register of processing.
    #[command(subcommand)]
    Consent(consent::ConsentCommand),
    /// What receivers of events do not have yet, and sending again what they refused.
    #[command(subcommand)]
    Events(events::EventsCommand),
    /// The service's own keys.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// The keys of people's data: replace what protects them, copy them, mend after a restore.
    #[command(subcommand)]
    Keyring(keyring::KeyringCommand),
    /// The data-exchange log.
    #[command(subcommand)]
    Log(LogCommand),
    /// Bring the databases' schemas up to date.
    Migrate(ConfigFile),
    /// Write the description of the API to standard output.
    Openapi,
    /// What people asked for by right: what waits, and answering it.
    #[command(subcommand)]
    Requests(requests::RequestsCommand),
    /// Answer requests until told to stop.
    Serve(ConfigFile),
    /// Sign and verify messages of the platform.
    #[command(subcommand)]
    Wire(wire::WireCommand),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// List everything wrong with the configuration, its keys and its certificates.
    Check(ConfigFile),
}

#[derive(Debug, Subcommand)]
enum KeysCommand {
    /// Make the keys that are missing; never over an existing one.
    Init(ConfigFile),
}

#[derive(Debug, Subcommand)]
enum LogCommand {
    /// Recompute the whole log from its entries and compare.
    Verify(ConfigFile),
}

/// Runs the command of this process.
pub fn run() -> ExitCode {
    let world = World::real();
    match Cli::parse().command {
        Command::Config(ConfigCommand::Check(file)) => with(&file, serve::check),
        Command::Consent(command) => with(&command.file().clone(), |config| {
            consent::run(&command, config, &world)
        }),
        Command::Events(command) => with(&command.file().clone(), |config| {
            events::run(&command, config, &world)
        }),
        Command::Keys(KeysCommand::Init(file)) => with(&file, |config| keys::init(config, &world)),
        Command::Keyring(command) => with(&command.file().clone(), |config| {
            keyring::run(&command, config, &world)
        }),
        Command::Log(LogCommand::Verify(file)) => with(&file, serve::verify_log),
        Command::Migrate(file) => with(&file, migrate),
        Command::Openapi => openapi(),
        Command::Requests(command) => with(&command.file().clone(), |config| {
            requests::run(&command, config, &world)
        }),
        Command::Serve(file) => with(&file, serve::serve),
        Command::Wire(command) => {
            let outcome = wire::run(&command, world.now());
            print!("{}", outcome.result);
            eprint!("{}", outcome.talk);
            ExitCode::from(outcome.exit)
        }
    }
}

/// Reads the configuration and goes on, or lists every problem and stops.
fn with(file: &ConfigFile, then: impl FnOnce(&Config) -> ExitCode) -> ExitCode {
    let environment: Vec<_> = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    match Config::load(&file.config, &environment) {
        Ok(config) => then(&config),
        Err(problems) => refuse(&problems),
    }
}

fn refuse(problems: &[Problem]) -> ExitCode {
    for problem in problems {
        eprintln!("{problem}");
    }
    eprintln!("{} problem(s), nothing started", problems.len());
    ExitCode::from(CONFIGURATION)
}

/// Brings both databases up to date, as the user who owns them.
fn migrate(config: &Config) -> ExitCode {
    let done = serve::block_on(async {
        for schema in [Schema::Gateway, Schema::Keyring] {
            let location = config.store.location(schema, Role::Owner)?;
            let migrated = Db::migrate(&location, schema).await;
            migrated.with_context(|| format!("{location:?}"))?;
        }
        Ok::<_, anyhow::Error>(())
    });
    match done {
        Ok(()) => {
            println!("both databases are up to date");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn openapi() -> ExitCode {
    match crate::api::routes::description().to_pretty_json() {
        Ok(json) => {
            println!("{json}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(70)
        }
    }
}
