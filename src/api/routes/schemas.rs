//! What the names in our documents mean, for programs of others.

use axum::http::header;
use axum::response::IntoResponse;

/// The JSON-LD context of consent records and receipts.
pub(super) async fn consent_context() -> impl IntoResponse {
    let text = include_str!("../../../schemas/consent.context.jsonld");
    ([(header::CONTENT_TYPE, "application/ld+json")], text)
}

/// The shape of consent records.
pub(super) async fn consent_record() -> impl IntoResponse {
    let text = include_str!("../../../schemas/consent-record.schema.json");
    ([(header::CONTENT_TYPE, "application/schema+json")], text)
}
