//! `consent check`: which versions hold, what the next ones change, and what is wrong.

use std::fmt::Write as _;
use std::process::ExitCode;

use crate::clock::World;
use crate::config::Config;
use crate::consent::{Direction, Proposal, Purpose, Status, Version};
use crate::gateway::Asked;

/// Prints the findings; exit code 1 if anything is wrong.
pub(super) async fn check(config: &Config, world: &World) -> ExitCode {
    let asked = match Asked::look(config, world).await {
        Ok(asked) => asked,
        Err(defects) => {
            eprint!("{defects}");
            eprintln!("{} problem(s)", defects.0.len());
            return ExitCode::FAILURE;
        }
    };
    let report = report(&asked);
    print!("{}", report.text);
    for defect in &report.defects {
        eprintln!("{defect}");
    }
    if report.defects.is_empty() {
        ExitCode::SUCCESS
    } else {
        eprintln!("{} problem(s)", report.defects.len());
        ExitCode::FAILURE
    }
}

/// What is to be said, and what is wrong.
#[derive(Debug, Default)]
struct Report {
    text: String,
    defects: Vec<String>,
}

fn report(asked: &Asked) -> Report {
    let mut report = Report {
        defects: asked.defects(),
        ..Report::default()
    };
    for purpose in asked.terms.purposes.iter() {
        report.line(format_args!("{}  notice {}", purpose.id, purpose.notice));
        for version in asked.terms.notices.versions(&purpose.id) {
            report.version(asked, purpose, version);
        }
    }
    report
}

impl Report {
    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing into a string cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn version(&mut self, asked: &Asked, purpose: &Purpose, version: &Version) {
        let number = version.number;
        let published = asked
            .published
            .iter()
            .find(|one| one.notice == version.notice && one.version == number);
        let standing = match published {
            Some(one) if one.effective_at <= asked.now => format!("since {}", one.effective_at),
            Some(one) => format!("to come, from {}", one.effective_at),
            None if number == 1 => "not published; the first start does".to_owned(),
            None => "not published".to_owned(),
        };
        let languages: Vec<_> = version
            .texts()
            .map(|text| match text.status {
                Status::Draft => format!("{} (draft)", text.language),
                Status::Reviewed => text.language.to_string(),
            })
            .collect();
        self.line(format_args!(
            "  version {number}  {standing}  {}",
            languages.join(" ")
        ));
        if published.is_some() || number == 1 {
            return; // what is wrong with it keeps the service from starting, and is told as such
        }
        match asked.terms.proposal(&purpose.id, number) {
            Ok(proposal) => self.proposal(purpose, &proposal),
            Err(error) => self.defects.push(error.to_string()),
        }
    }

    fn proposal(&mut self, purpose: &Purpose, proposal: &Proposal<'_>) {
        let number = proposal.version.number;
        if let Some(difference) = &proposal.difference {
            for change in difference.changes() {
                let direction: Direction = change.direction();
                self.line(format_args!("    {direction:<9}  {change}"));
            }
            if difference.changes().is_empty() {
                self.line(format_args!("    other words only"));
            }
        }
        self.line(format_args!(
            "    needs a new answer: {}",
            proposal.touched()
        ));
        let defects = proposal.defects.iter();
        self.defects
            .extend(defects.map(|defect| format!("{}/v{number}  {defect}", purpose.id)));
    }
}
