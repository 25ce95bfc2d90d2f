//! `events`: what receivers do not have yet, and sending again what they refused.
//!
//! Nothing printed says whose an event is.

use std::process::ExitCode;

use clap::Subcommand;

use super::ConfigFile;
use super::serve::block_on;
use crate::clock::World;
use crate::config::Config;
use crate::events::{Count, Events, Resend, Waiting};
use crate::gateway::Gateway;

const EXAMPLES: &str = "Examples:
  interop-gateway events list
  interop-gateway events resend 6c0bde05-124f-48a7-bccd-31b18834e219
  interop-gateway events resend --recipient el-meu-espai";

#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(super) enum EventsCommand {
    /// List what was refused and is parked, then what is on its way; the oldest first.
    List {
        /// How many of each at most; the counts are of all.
        #[arg(long, default_value_t = 100, value_name = "NUMBER")]
        at_most: u32,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Send parked events again, each person's in order. The running service does it.
    Resend {
        /// The `jti` of one.
        #[arg(required_unless_present = "recipient", conflicts_with = "recipient")]
        event: Option<String>,
        /// All that are parked for this recipient.
        #[arg(long)]
        recipient: Option<String>,
        #[command(flatten)]
        config: ConfigFile,
    },
}

impl EventsCommand {
    pub(super) fn file(&self) -> &ConfigFile {
        match self {
            Self::List { config, .. } | Self::Resend { config, .. } => config,
        }
    }
}

/// Runs one of them.
pub(super) fn run(command: &EventsCommand, config: &Config, world: &World) -> ExitCode {
    let done = block_on(async {
        let gateway = Gateway::look(config, world.clone()).await?;
        let events = &gateway.app().events;
        match command {
            EventsCommand::List { at_most, .. } => list(events, *at_most).await,
            EventsCommand::Resend {
                event, recipient, ..
            } => match (event, recipient) {
                (Some(event), _) => resend(events, Resend::Event(event)).await,
                (None, Some(recipient)) => resend(events, Resend::Recipient(recipient)).await,
                (None, None) => anyhow::bail!("which?"),
            },
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

async fn list(events: &Events, at_most: u32) -> anyhow::Result<()> {
    for one in events.waiting(at_most).await? {
        println!("{}", line(&one));
    }
    let counts = events.counts().await?;
    for count in &counts {
        eprintln!("{}", summary(count));
    }
    if counts.is_empty() {
        eprintln!("every event was acknowledged");
    }
    Ok(())
}

/// Nothing to send is no success: the operator meant something.
async fn resend(events: &Events, which: Resend<'_>) -> anyhow::Result<()> {
    let resent = events.resend(which).await?;
    anyhow::ensure!(resent > 0, "no such event is parked");
    println!("{resent} event(s) on their way again");
    Ok(())
}

fn line(one: &Waiting) -> String {
    format!(
        "{}  {:<7}  {:<15}  {}  attempts {}  {}  since {}",
        one.event,
        if one.parked { "parked" } else { "pending" },
        one.kind.as_str(),
        one.recipient,
        one.attempts,
        one.code.as_deref().unwrap_or("-"),
        one.at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
}

fn summary(count: &Count) -> String {
    format!(
        "{}: {} parked, {} on their way{}",
        count.recipient,
        count.parked,
        count.pending,
        if count.connected {
            String::new()
        } else {
            format!(
                "; receiver {} is not configured any more, and nothing is sent to it",
                count.receiver
            )
        },
    )
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;
    use super::*;
    use crate::store::outbox::EventKind;

    #[test]
    fn a_line_says_which_event_waits_and_why_and_nothing_of_a_person() {
        let waiting = Waiting {
            event: "6c0bde05-124f-48a7-bccd-31b18834e219".to_owned(),
            receiver: "folder".to_owned(),
            recipient: "el-meu-espai".to_owned(),
            kind: EventKind::Revoked,
            parked: true,
            attempts: 3,
            code: Some("invalid_request".to_owned()),
            at: "2026-11-22T16:05:01.5Z".parse().unwrap(),
        };
        assert_eq!(
            line(&waiting),
            "6c0bde05-124f-48a7-bccd-31b18834e219  parked   revoked          el-meu-espai  \
             attempts 3  invalid_request  since 2026-11-22T16:05:01Z"
        );
    }

    #[test]
    fn a_receiver_that_is_configured_no_more_is_pointed_out() {
        let mut count = Count {
            receiver: "old".to_owned(),
            recipient: "el-meu-espai".to_owned(),
            pending: 2,
            parked: 1,
            connected: true,
        };
        assert_eq!(summary(&count), "el-meu-espai: 1 parked, 2 on their way");
        count.connected = false;
        assert!(summary(&count).contains("receiver old is not configured"));
    }

    #[test]
    fn what_to_send_again_is_one_event_or_one_recipient() {
        let parse = |words: &[&str]| {
            let words = ["interop-gateway", "events", "resend"]
                .iter()
                .chain(words)
                .copied();
            Cli::try_parse_from(words).is_ok()
        };
        assert!(parse(&["6c0bde05-124f-48a7-bccd-31b18834e219"]));
        assert!(parse(&["--recipient", "el-meu-espai"]));
        assert!(!parse(&[]));
        assert!(!parse(&["an-event", "--recipient", "el-meu-espai"]));
    }
}
