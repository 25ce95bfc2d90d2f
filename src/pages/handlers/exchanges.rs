//! `/exchanges`: who asked what, each with its proof.

use askama::Template;
use axum::extract::{Path, Query};
use axum::response::Response;
use serde::Deserialize;

use super::super::html::{Shell, page};
use super::super::trouble::Trouble;
use super::super::view::exchanges::Row;
use super::super::visit::Member;
use super::proof_file;
use crate::api::app::App;
use crate::citizen::{BodyId, ExchangeId};
use crate::exchange::{Bracket, Position};

/// Exchanges on one page.
const PAGE: u32 = 20;

#[derive(Debug, Deserialize)]
pub(in super::super) struct Place {
    after: Option<String>,
}

#[derive(Template)]
#[template(path = "exchanges.html")]
struct ExchangesPage {
    shell: Shell,
    rows: Vec<Row>,
    count: String,
    next: Option<String>,
}

pub(in super::super) async fn list(
    member: Member,
    Query(place): Query<Place>,
) -> Result<Response, Trouble> {
    let after = place.after.as_deref().and_then(Position::read);
    let (app, language) = (member.app(), member.language());
    let found = app
        .exchange
        .exchanges(member.citizen().subject(), after.as_ref(), PAGE)
        .await?;
    let rows = found.exchanges.iter();
    let rows = rows.map(|view| Row::new(view, &body_name(app, &view.body), language));
    let shell = member.visit.shell();
    page(&ExchangesPage {
        rows: rows.collect(),
        count: shell.with("log-count", "total", found.total),
        next: found.next,
        shell,
    })
}

/// The proof that the exchange is in the log.
pub(in super::super) async fn proof(
    member: Member,
    Path(exchange): Path<String>,
) -> Result<Response, Trouble> {
    let id: ExchangeId = exchange.parse().map_err(|_| Trouble::NotFound)?;
    let subject = member.citizen().subject();
    let app = member.app();
    let entry = app.exchange.entry(subject, id, Bracket::Intent).await?;
    proof_file(app, entry.ok_or(Trouble::NotFound)?).await
}

fn body_name(app: &App, id: &str) -> String {
    let known = id.parse::<BodyId>().ok().and_then(|id| {
        let body = app.bodies.get(&id)?;
        Some(body.requester.name.as_str().to_owned())
    });
    known.unwrap_or_else(|| id.to_owned())
}
