//! One file per stretch of the way.

pub(super) mod choose;
pub(super) mod entry;
pub(super) mod exchanges;
pub(super) mod fetch;
pub(super) mod household;
pub(super) mod login;
pub(super) mod notice;
pub(super) mod receipt;
pub(super) mod withdraw;

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::trouble::Trouble;
use crate::api::app::App;
use crate::citizen::EntryId;

/// The proof of a log entry as a file.
async fn proof_file(app: &App, entry: EntryId) -> Result<Response, Trouble> {
    let proof = app.log.proof(entry).await?.ok_or(Trouble::ProofPending)?;
    Ok(file("text/plain; charset=utf-8", "proof.tlog-proof", proof))
}

/// A download under a name that says nothing about the person.
fn file(kind: &'static str, name: &'static str, content: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind.to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{name}\""),
        ),
    ];
    (headers, content).into_response()
}
