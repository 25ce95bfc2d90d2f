//! `requests`: what people asked for by right. For whoever works for the data-protection officer.
//!
//! Nothing printed says whose a request is, unless `--identify` asks for it with a reason, and then
//! the log says so first.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;
use jiff::Timestamp;

use super::ConfigFile;
use super::keyring::Vault;
use super::serve::block_on;
use crate::citizen::RequestId;
use crate::clock::World;
use crate::config::Config;
use crate::gateway::Gateway;
use crate::rights::{Answer, Pending, Rights, RightsError, Words};

/// The longest text read from a file.
const LONGEST: u64 = 16 * 1024;

const EXAMPLES: &str = "Examples:
  interop-gateway requests list
  interop-gateway requests show 6c0bde05-124f-48a7-bccd-31b18834e219 --identify --reason \"to answer it\"
  interop-gateway requests answer 6c0bde05-124f-48a7-bccd-31b18834e219 --words answer.txt
  interop-gateway requests extend 6c0bde05-124f-48a7-bccd-31b18834e219 --words why.txt
  interop-gateway requests lift 6c0bde05-124f-48a7-bccd-31b18834e219 --words why.txt
  interop-gateway requests lift 6c0bde05-124f-48a7-bccd-31b18834e219 --now";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum RequestsCommand {
    /// List what waits for an answer, what is due first before the rest.
    List {
        /// Also what is answered.
        #[arg(long)]
        all: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Show one request.
    Show {
        request: String,
        /// Also who made it and what they wrote; recorded with the reason.
        #[arg(long, requires = "reason")]
        identify: bool,
        /// Why that is needed.
        #[arg(long)]
        reason: Option<String>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Answer a request, refuse it, or say that work on it has begun.
    Answer {
        request: String,
        /// File with what the person is told; `-` is standard input.
        #[arg(long, value_name = "FILE", required_if_eq("refuse", "true"))]
        words: Option<PathBuf>,
        /// Refuse it, for the reason given in the words.
        #[arg(long, conflicts_with = "begin")]
        refuse: bool,
        /// Only say that work on it has begun.
        #[arg(long, conflicts_with = "words")]
        begin: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Put a request off by two further months, once.
    Extend {
        request: String,
        /// File with the reason, which the person is told; `-` is standard input.
        #[arg(long, value_name = "FILE")]
        words: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Lift the block that a request put: first tell the person, then do it.
    Lift {
        request: String,
        /// File with the reason, which the person is told before (GDPR 18.3); `-` is standard input.
        #[arg(long, value_name = "FILE", required_unless_present = "now")]
        words: Option<PathBuf>,
        /// They were told: lift it.
        #[arg(long, conflicts_with = "words")]
        now: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Destroy the keys of people whose data are blocked and about whom no claim can be made any more.
    Erase {
        /// Only count them.
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
}

impl RequestsCommand {
    pub(super) fn file(&self) -> &ConfigFile {
        match self {
            Self::List { config, .. }
            | Self::Show { config, .. }
            | Self::Answer { config, .. }
            | Self::Extend { config, .. }
            | Self::Lift { config, .. }
            | Self::Erase { config, .. } => config,
        }
    }
}

/// Runs one of them.
pub(super) fn run(command: &RequestsCommand, config: &Config, world: &World) -> ExitCode {
    let done = block_on(async {
        let gateway = Gateway::look(config, world.clone()).await?;
        let rights = &gateway.app().rights;
        match command {
            RequestsCommand::List { all, .. } => list(rights, *all).await,
            RequestsCommand::Show {
                request,
                identify,
                reason,
                ..
            } => {
                let request = name(request)?;
                show(rights, request).await?;
                match reason {
                    Some(reason) if *identify => {
                        let vault = Vault::open(config, world).await?;
                        let shown = whose(rights, &vault, request, reason).await;
                        vault.close().await;
                        shown
                    }
                    _ => Ok(()),
                }
            }
            RequestsCommand::Answer {
                request,
                words,
                refuse,
                begin,
                ..
            } => {
                let words = words.as_ref().map(read).transpose()?;
                let answer = match (words, *refuse, *begin) {
                    (_, _, true) => Answer::Begin,
                    (Some(words), true, _) => Answer::Refused(words),
                    (None, true, _) => anyhow::bail!("a refusal needs --words with its reason"),
                    (words, ..) => Answer::Done(words),
                };
                rights.answer(name(request)?, answer).await?;
                println!("recorded");
                Ok(())
            }
            RequestsCommand::Extend { request, words, .. } => {
                rights.extend(name(request)?, &read(words)?).await?;
                println!("recorded");
                Ok(())
            }
            RequestsCommand::Lift { request, words, .. } => {
                let request = name(request)?;
                match words {
                    Some(words) => rights.announce_lift(request, &read(words)?).await?,
                    None => rights.lift(request).await?,
                }
                println!("recorded");
                Ok(())
            }
            RequestsCommand::Erase { dry_run, .. } => {
                let vault = Vault::open(config, world).await?;
                let erased = erase(&gateway, &vault, *dry_run).await;
                vault.close().await;
                erased
            }
        }
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn list(rights: &Rights, all: bool) -> anyhow::Result<()> {
    let pending = rights.pending(all).await?;
    let now = rights.archive.world.now();
    for one in &pending {
        println!("{}", line(one, now));
    }
    let overdue = pending.iter().filter(|one| one.is_overdue(now)).count();
    eprintln!("{} request(s), {overdue} overdue", pending.len());
    Ok(())
}

async fn show(rights: &Rights, request: RequestId) -> anyhow::Result<()> {
    let pending = rights.pending(true).await?;
    let found = pending.iter().find(|one| one.request == request);
    println!(
        "{}",
        line(
            found.ok_or(RightsError::Unknown)?,
            rights.archive.world.now()
        )
    );
    Ok(())
}

/// Who made a request; the log says first that somebody looked.
async fn whose(
    rights: &Rights,
    vault: &Vault,
    request: RequestId,
    reason: &str,
) -> anyhow::Result<()> {
    let reason = Words::try_from(reason.to_owned()).context("--reason")?;
    let identified = rights.identify(request, &reason).await?;
    match vault.person(identified.subject).await? {
        Some(person) => println!(
            "{}  {}",
            person.document.lookup_key().as_str(),
            person.name.display()
        ),
        None => println!("the person was erased"),
    }
    if let Some(statement) = &identified.statement {
        println!("{}", statement.reveal());
    }
    Ok(())
}

async fn erase(gateway: &Gateway, vault: &Vault, dry_run: bool) -> anyhow::Result<()> {
    let mut erased = 0;
    loop {
        let due = gateway.app().rights.lapsed().await?;
        if dry_run || due.is_empty() {
            let people = if dry_run { due.len() } else { erased };
            println!("{people} people");
            return Ok(());
        }
        for one in due {
            // Crashed between the two: `keyring restored` destroys what is recorded.
            gateway.app().log.record_erasure(one.0).await?;
            vault.destroy(one.0).await?;
            erased += 1;
        }
    }
}

fn line(one: &Pending, now: Timestamp) -> String {
    format!(
        "{}  {:<13}  {:<11}  due {}{}{}  {}{}",
        one.request,
        one.right.as_str(),
        one.state.as_str(),
        one.due_at.strftime("%Y-%m-%d"),
        if one.extended { " (put off)" } else { "" },
        if one.is_overdue(now) { " OVERDUE" } else { "" },
        one.body,
        if one.with_statement {
            "  with words"
        } else {
            ""
        },
    )
}

fn name(request: &str) -> anyhow::Result<RequestId> {
    request.parse().context("not the name of a request")
}

/// A text for a person. From a file, since what is typed on a command line stays in its history.
fn read(file: &PathBuf) -> anyhow::Result<Words> {
    let mut text = String::new();
    if file.as_os_str() == "-" {
        std::io::stdin().take(LONGEST).read_to_string(&mut text)?;
    } else {
        let opened = std::fs::File::open(file).with_context(|| file.display().to_string())?;
        opened.take(LONGEST).read_to_string(&mut text)?;
    }
    Words::try_from(text).with_context(|| file.display().to_string())
}
