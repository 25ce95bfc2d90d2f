//! Receipts: what was decided, signed, to keep.

use askama::Template;
use axum::extract::Path;
use axum::response::Response;
use serde_json::json;

use super::super::html::{Shell, page};
use super::super::trouble::Trouble;
use super::super::view::receipt::Statement;
use super::super::visit::Member;
use super::{file, proof_file};
use crate::citizen::ReceiptId;
use crate::consent::Receipt;

#[derive(Template)]
#[template(path = "receipt.html")]
struct ReceiptPage {
    shell: Shell,
    id: String,
    statement: Statement,
}

pub(in super::super) async fn show(
    member: Member,
    Path(receipt): Path<String>,
) -> Result<Response, Trouble> {
    let receipt = find(&member, &receipt).await?;
    let statement = Statement::read(&receipt, &member.app().catalogue, member.language());
    page(&ReceiptPage {
        shell: member.visit.shell(),
        id: receipt.id.to_string(),
        statement: statement.ok_or(Trouble::Internal)?,
    })
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
