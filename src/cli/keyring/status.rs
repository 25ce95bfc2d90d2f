//! `keyring status`: what is there, counted.

use std::fmt::Write as _;
use std::process::ExitCode;

use serde_json::json;

use super::{Vault, day};
use crate::store::keyring::{Role, Status, WrappingStatus};

impl Vault {
    pub(super) async fn status(&self, as_json: bool) -> anyhow::Result<ExitCode> {
        let status = self.keyring.status().await?;
        if as_json {
            println!("{:#}", in_json(&status));
        } else {
            print!("{}", self.in_words(&status)?);
        }
        if let Err(error) = self.keyring.check().await {
            eprintln!("{error}");
            return Ok(ExitCode::FAILURE);
        }
        Ok(ExitCode::SUCCESS)
    }

    fn in_words(&self, status: &Status) -> anyhow::Result<String> {
        let mut text = String::new();
        for key in &status.wrapping {
            let WrappingStatus { id, keys, role, .. } = key;
            let file = match self.file_of(id)? {
                Some(file) => file.display().to_string(),
                None => "not here".to_owned(),
            };
            writeln!(text, "wrapping  {id}  {}  {keys} keys  {file}", word(*role))?;
        }
        for (id, at) in &status.retired {
            let file = match self.file_of(id)? {
                Some(file) => format!("  remove {}", file.display()),
                None => String::new(),
            };
            writeln!(text, "wrapping  {id}  retired {}{file}", day(*at))?;
        }
        for key in &status.lookup {
            let missing = if key.at_hand { "" } else { "  not here" };
            writeln!(
                text,
                "look-up   {}  {}  {} documents{missing}",
                key.version,
                word(key.role),
                key.documents
            )?;
        }
        writeln!(
            text,
            "people    {} found by their documents, {} erased",
            status.people, status.erased
        )?;
        writeln!(text, "gateways  {} running", status.running)?;
        Ok(text)
    }
}

/// The status for programs: stable, with a version of its own.
fn in_json(status: &Status) -> serde_json::Value {
    let wrapping = status.wrapping.iter().map(|key| {
        json!({"id": key.id, "role": word(key.role), "keys": key.keys, "at_hand": key.at_hand})
    });
    let retired = status
        .retired
        .iter()
        .map(|(id, at)| json!({"id": id, "at": at.to_string()}));
    let lookup = status.lookup.iter().map(|key| {
        json!({"version": key.version, "role": word(key.role), "documents": key.documents,
            "at_hand": key.at_hand})
    });
    json!({
        "version": 1,
        "wrapping": wrapping.collect::<Vec<_>>(),
        "retired": retired.collect::<Vec<_>>(),
        "lookup": lookup.collect::<Vec<_>>(),
        "people": status.people,
        "erased": status.erased,
        "gateways": status.running,
    })
}

const fn word(role: Role) -> &'static str {
    match role {
        Role::Current => "current",
        Role::Older => "older",
        Role::Unused => "unused",
    }
}
