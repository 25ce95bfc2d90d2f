//! `consent`: what people are asked. Looking at versions of notices, and making them hold.

mod check;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Subcommand;
use jiff::Timestamp;

use super::serve::{block_on, list};
use super::{ConfigFile, USAGE};
use crate::citizen::PurposeId;
use crate::clock::World;
use crate::config::Config;
use crate::consent::{Publication, PublishError, Published, Touched};
use crate::gateway::{Asked, Gateway};

const EXAMPLES: &str = "Examples:
  interop-gateway consent check --notices ./notices
  interop-gateway consent publish --purpose social-aid-recommendation --version 2
  interop-gateway consent publish --purpose social-aid-recommendation --version 2 \\
    --effective-at 2027-01-01T00:00:00+01:00
  interop-gateway consent register > register.json";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum ConsentCommand {
    /// Say which versions hold, what the next ones change, and everything wrong with them.
    Check {
        /// Look at the notices of this folder instead of the configured ones.
        #[arg(long, value_name = "FOLDER")]
        notices: Option<PathBuf>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Make a version hold, for every gateway, from an instant on. It cannot be undone.
    #[command(disable_version_flag = true)] // `--version` is the notice's
    Publish {
        /// The purpose whose notice it is.
        #[arg(long)]
        purpose: PurposeId,
        /// The version.
        #[arg(long)]
        version: u32,
        /// From when on (RFC 3339); otherwise what its file says, or a minute from now.
        #[arg(long, value_name = "INSTANT")]
        effective_at: Option<Timestamp>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Write the register of processing (GDPR 30) to standard output, as JSON.
    Register(ConfigFile),
}

impl ConsentCommand {
    pub(super) fn file(&self) -> &ConfigFile {
        match self {
            Self::Check { config, .. } | Self::Publish { config, .. } | Self::Register(config) => {
                config
            }
        }
    }
}

/// Runs one of them.
pub(super) fn run(command: &ConsentCommand, config: &Config, world: &World) -> ExitCode {
    block_on(async {
        match command {
            ConsentCommand::Check { notices, .. } => {
                let mut config = config.clone();
                if notices.is_some() {
                    config.consent.notices.clone_from(notices);
                }
                check::check(&config, world).await
            }
            ConsentCommand::Publish {
                purpose,
                version,
                effective_at,
                ..
            } => publish(config, world, (purpose, *version, *effective_at)).await,
            ConsentCommand::Register(_) => register(config, world).await,
        }
    })
}

async fn publish(
    config: &Config,
    world: &World,
    (purpose, version, at): (&PurposeId, u32, Option<Timestamp>),
) -> ExitCode {
    let gateway = match Gateway::assemble(config, world.clone()).await {
        Ok(gateway) => gateway,
        Err(defects) => return list(&defects),
    };
    let published = gateway.publisher().publish(purpose, version, at).await;
    gateway.app().db.close().await;
    match published {
        Ok(Published::Already(one)) => {
            println!("{}", line(&one));
            eprintln!("published before, and the same: nothing changed");
            ExitCode::SUCCESS
        }
        Ok(Published::Done {
            publication,
            touched,
        }) => {
            println!("{}", line(&publication));
            eprintln!("{}", consequence(&publication, &touched));
            ExitCode::SUCCESS
        }
        Err(error) => refused(&error, purpose),
    }
}

fn line(one: &Publication) -> String {
    let Publication {
        notice,
        version,
        effective_at,
        ..
    } = one;
    format!("{notice}  version {version}  from {effective_at}")
}

fn consequence(one: &Publication, touched: &Touched) -> String {
    let from = one.effective_at;
    if touched.is_nothing() {
        return format!("published; people read it from {from} on, and every consent goes on");
    }
    format!(
        "published; from {from} on nothing is asked, used or handed on for {touched}\n\
         until the person has read this version and answered again"
    )
}

/// Says why nothing was published, all of it.
fn refused(error: &PublishError, purpose: &PurposeId) -> ExitCode {
    match error {
        PublishError::Defects { version, defects } => {
            for defect in defects {
                eprintln!("{purpose}/v{version}  {defect}");
            }
        }
        PublishError::Disagrees(found) => {
            for one in found {
                eprintln!("{purpose}  {one}");
            }
        }
        PublishError::Past(_) | PublishError::UnknownPurpose(_) => {
            eprintln!("{error}");
            return ExitCode::from(USAGE);
        }
        other => {
            let mut text = other.to_string();
            let mut cause = std::error::Error::source(other);
            while let Some(error) = cause {
                text.push_str(": ");
                text.push_str(&error.to_string());
                cause = error.source();
            }
            eprintln!("{text}");
        }
    }
    eprintln!("nothing was published");
    ExitCode::FAILURE
}

async fn register(config: &Config, world: &World) -> ExitCode {
    let asked = match Asked::look(config, world).await {
        Ok(asked) => asked,
        Err(defects) => return list(&defects),
    };
    match serde_json::to_string_pretty(&asked.register()) {
        Ok(text) => {
            println!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::from(70)
        }
    }
}
