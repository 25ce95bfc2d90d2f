//! Taking back: one press, any level of assurance, no reason, no second page before it counts.

use axum::extract::Path;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::trouble::Trouble;
use super::super::visit::{Member, Sent};
use crate::citizen::{ItemId, SourceId};
use crate::consent::{ConsentError, Receipt, State};

/// One item.
pub(in super::super) async fn item(
    Path(item): Path<String>,
    sent: Sent,
) -> Result<Response, Trouble> {
    let item: ItemId = item.parse().map_err(|_| Trouble::NotFound)?;
    let receipt = revoke(&sent.member, item).await?;
    Ok(done(&receipt))
}

/// Everything permitted at one source: people answered it as one, so they take it back as one.
pub(in super::super) async fn source(
    Path(source): Path<String>,
    sent: Sent,
) -> Result<Response, Trouble> {
    let source: SourceId = source.parse().map_err(|_| Trouble::NotFound)?;
    let member = &sent.member;
    let citizen = member.citizen();
    let purpose = member.visit.purpose()?;
    let (_, items) = member
        .app()
        .ledger
        .items(citizen.subject(), citizen.body(), &purpose)
        .await?;
    let of_source: Vec<_> = items.iter().filter(|item| item.source == source).collect();
    let granted = of_source
        .iter()
        .filter(|item| matches!(item.state, State::Granted { .. }));
    let mut receipt = None;
    for item in granted {
        receipt = Some(revoke(member, item.item).await?.id);
    }
    // Pressed twice: the second press shows what the first did.
    let earlier = of_source
        .iter()
        .filter(|item| item.state == State::Withdrawn)
        .max_by_key(|item| item.at);
    let receipt = receipt
        .or_else(|| earlier.and_then(|item| item.receipt))
        .ok_or(Trouble::NotFound)?;
    Ok(Redirect::to(&format!("/receipts/{receipt}")).into_response())
}

/// Everything.
pub(in super::super) async fn all(sent: Sent) -> Result<Response, Trouble> {
    let member = &sent.member;
    let purpose = member.visit.purpose()?;
    let decided = member
        .app()
        .ledger
        .revoke_all(&member.consenter(), &purpose)
        .await
        .map_err(failed)?;
    member
        .app()
        .exchange
        .forget(member.citizen().subject())
        .await;
    Ok(done(&decided.receipt))
}

async fn revoke(member: &Member, item: ItemId) -> Result<Receipt, Trouble> {
    let decided = member
        .app()
        .ledger
        .revoke(&member.consenter(), item)
        .await
        .map_err(failed)?;
    member
        .app()
        .exchange
        .forget(member.citizen().subject())
        .await;
    Ok(decided.receipt)
}

/// The receipt says from when, and what stays.
fn done(receipt: &Receipt) -> Response {
    Redirect::to(&format!("/receipts/{}", receipt.id)).into_response()
}

/// A withdrawal that did not happen has to say so, whatever the cause.
fn failed(error: ConsentError) -> Trouble {
    match Trouble::from(error) {
        Trouble::NotFound => Trouble::NotFound,
        _ => Trouble::WithdrawalFailed,
    }
}
