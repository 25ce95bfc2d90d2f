//! Receipts: what was decided, signed, to keep.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use serde_json::json;

use super::super::format;
use super::super::html::{Shell, page};
use super::super::trouble::Trouble;
use super::super::view::receipt::Statement;
use super::super::visit::Member;
use super::{file, proof_file};
use crate::citizen::{Language, ReceiptId};
use crate::consent::Receipt;
use crate::events::Confirmation;

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    shell: Shell,
    id: String,
    statement: Statement,
    /// After a withdrawal: who received data, and whether they confirmed.
    recipients: Vec<Confirmed>,
}

/// One who received data, in words.
struct Confirmed {
    name: String,
    state: String,
}

pub(in super::super) async fn show(
    member: Member,
    Path(receipt): Path<String>,
) -> Result<Response, Trouble> {
    let receipt = find(&member, &receipt).await?;
    let statement = Statement::read(&receipt, &member.app().catalogue, member.language());
    let statement = statement.ok_or(Trouble::Internal)?;
    let shell = member.visit.shell();
    let recipients = if statement.withdrawn.is_empty() {
        Vec::new()
    } else {
        recipients(&member, &shell, receipt.id).await
    };
    page(&ReceiptPage {
        shell,
        id: receipt.id.to_string(),
        statement,
        recipients,
    })
}

/// Who received data that rest on what was taken back. The receipt is shown even if that cannot be
/// told.
async fn recipients(member: &Member, shell: &Shell, receipt: ReceiptId) -> Vec<Confirmed> {
    let (app, citizen) = (member.app(), member.citizen());
    let mut confirmed = Vec::new();
    for purpose in app.terms.purposes.iter() {
        let found =
            app.events
                .recipients(citizen.subject(), citizen.body(), purpose, Some(receipt));
        match found.await {
            Ok(found) => confirmed.extend(found.into_iter().map(|one| Confirmed {
                state: state(shell, member.language(), one.confirmation),
                name: one.name,
            })),
            Err(error) => tracing::warn!(%error, "who has to confirm could not be shown"),
        }
    }
    confirmed
}

fn state(shell: &Shell, language: Language, confirmation: Confirmation) -> String {
    match confirmation {
        Confirmation::Acknowledged(Some(at)) => {
            let at = format::instant(language, at);
            shell.with("recipient-acknowledged-at", "date", at.as_str())
        }
        Confirmation::Acknowledged(None) => shell.say("recipient-acknowledged"),
        Confirmation::NotConnected => shell.say("recipient-not-connected"),
        Confirmation::Pending => shell.say("recipient-pending"),
        Confirmation::Refused => shell.say("recipient-refused"),
    }
}

/// The signed statement as JSON, for keeping and for checking elsewhere.
pub(in super::super) async fn download(
    member: Member,
    Path(receipt): Path<String>,
) -> Result<Response, Trouble> {
    let receipt = find(&member, &receipt).await?;
    let content = json!({
        "id": receipt.id,
        "code": receipt.code,
        "issued_at": receipt.issued_at,
        "jws": receipt.jws,
    });
    Ok(file(
        "application/json",
        "receipt.json",
        content.to_string(),
    ))
}

/// The proof that the log holds the decision.
pub(in super::super) async fn proof(
    member: Member,
    Path(receipt): Path<String>,
) -> Result<Response, Trouble> {
    let receipt = find(&member, &receipt).await?;
    proof_file(member.app(), receipt.entry).await
}

async fn find(member: &Member, id: &str) -> Result<Receipt, Trouble> {
    let id: ReceiptId = id.parse().map_err(|_| Trouble::NotFound)?;
    let subject = member.citizen().subject();
    Ok(member.app().ledger.receipt(subject, id).await?)
}
