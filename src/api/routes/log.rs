//! The log for whoever verifies: checkpoints and keys for all, tiles for auditors.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use serde::Deserialize;
use utoipa::IntoParams;

use super::super::app::App;
use super::super::callers::{Audit, scope};
use super::super::extract::{Path, Query};
use super::super::problem::{Kind, Problem, ProblemBody};
use crate::citizen::EntryId;

const TEXT: [(header::HeaderName, &str); 1] = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct ConsistencyQuery {
    /// Size of the older tree.
    old: u64,
    /// Size of the newer tree.
    new: u64,
}

/// The newest signed checkpoint (C2SP tlog-checkpoint).
#[utoipa::path(get, path = "/v1/log/checkpoint", tag = "log",
    responses((status = 200, body = String, content_type = "text/plain"), (status = 503, body = ProblemBody)))]
pub(super) async fn checkpoint(State(app): State<App>) -> Result<impl IntoResponse, Problem> {
    let note = app.log.checkpoint().await?.ok_or_else(not_numbered)?;
    Ok((TEXT, note))
}

/// The log's public key, as `verifier --key` takes it (C2SP vkey).
#[utoipa::path(get, path = "/v1/log/key", tag = "log",
    responses((status = 200, body = String, content_type = "text/plain")))]
pub(super) async fn key(State(app): State<App>) -> impl IntoResponse {
    (TEXT, format!("{}\n", app.log.verifier_key()))
}

/// That a newer tree extends an older one: one base64 hash a line, as `verifier consistency` takes it.
#[utoipa::path(get, path = "/v1/log/consistency", tag = "log", params(ConsistencyQuery),
    responses((status = 200, body = String, content_type = "text/plain"), (status = 404, body = ProblemBody)))]
pub(super) async fn consistency(
    State(app): State<App>,
    Query(query): Query<ConsistencyQuery>,
) -> Result<impl IntoResponse, Problem> {
    use base64::Engine as _;
    use base64::prelude::BASE64_STANDARD;

    let hashes = app.log.consistency(query.old, query.new).await?;
    let mut lines = String::new();
    for hash in hashes {
        BASE64_STANDARD.encode_string(hash, &mut lines);
        lines.push('\n');
    }
    Ok((TEXT, lines))
}

/// A tile of the log, or a bundle of its leaves under `entries` (C2SP tlog-tiles).
#[utoipa::path(get, path = "/v1/log/tile/{level}/{number}", tag = "log", security(("dpop" = [])),
    params(("level" = String, Path, description = "0 to 63, or `entries`"),
        ("number" = String, Path, description = "such as `x001/x234/067` or `000.p/5`")),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 401, body = ProblemBody), (status = 404, body = ProblemBody)))]
pub(super) async fn tile(
    State(app): State<App>,
    Audit(_auditor): Audit<{ scope::AUDIT_READ }>,
    Path((level, number)): Path<(String, String)>,
) -> Result<impl IntoResponse, Problem> {
    let (number, width) = tile_number(&number).ok_or_else(Problem::not_found)?;
    let tile = if level == "entries" {
        app.log.entries(number, width).await?
    } else {
        let level = level.parse().map_err(|_| Problem::not_found())?;
        app.log.tile(level, number, width).await?
    };
    let bytes = tile.ok_or_else(Problem::not_found)?;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], bytes))
}

/// A proof as text, or "not yet".
pub(super) async fn proof_of(
    app: &App,
    entry: EntryId,
) -> Result<impl IntoResponse + use<>, Problem> {
    let proof = app.log.proof(entry).await?.ok_or_else(not_numbered)?;
    Ok((TEXT, proof))
}

fn not_numbered() -> Problem {
    Problem::new(
        Kind::NotReady,
        "The entry is recorded and will have its number within seconds.",
    )
    .retry_after(1)
}

/// `x001/x234/067` is tile 1,234,067; `.p/5` after it makes it the partial tile of width 5.
fn tile_number(path: &str) -> Option<(u64, u32)> {
    let (number, width) = match path.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|w| (1..256).contains(w))?),
        None => (path, 256),
    };
    let mut groups = number.split('/').peekable();
    let mut total = 0_u64;
    while let Some(group) = groups.next() {
        let digits = match group.strip_prefix('x') {
            Some(digits) if groups.peek().is_some() => digits,
            None if groups.peek().is_none() => group,
            _ => return None,
        };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total = total.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some((total, width))
}

#[cfg(test)]
mod tests {
    use super::tile_number;

    #[test]
    fn tile_numbers_are_read_as_c2sp_writes_them() {
        assert_eq!(tile_number("000"), Some((0, 256)));
        assert_eq!(tile_number("x001/x234/067"), Some((1_234_067, 256)));
        assert_eq!(tile_number("000.p/5"), Some((0, 5)));
        for wrong in [
            "",
            "0",
            "x000",
            "000/000",
            "x001/x234",
            "000.p/0",
            "000.p/256",
            "../..",
            "00a",
        ] {
            assert_eq!(tile_number(wrong), None, "{wrong}");
        }
    }
}
