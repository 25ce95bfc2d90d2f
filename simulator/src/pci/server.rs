//! The HTTP side: the front, its WSDL, and the admin route.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::respuesta;
use super::controls::{Knobs, Transport};
use super::desk::Desk;
use super::refusal::fault;
use super::seal::{Dressing, Seal};
use super::write::Prefixes;
use super::{Clock, Controls, MAXIMUM_BYTES, Recorder};
use crate::tls::DropConnection;

/// Path of the synchronous front.
pub(super) const SINCRON: &str = "/siri-proxy/services/Sincron";

/// Everything a request needs.
pub(super) struct Front {
    pub(super) desk: Desk,
    pub(super) seal: Seal,
    pub(super) clock: Clock,
    pub(super) fault_base: u32,
    pub(super) controls: Controls,
    pub(super) recorder: Recorder,
    pub(super) serial: AtomicU64,
    /// The newest whole answer, for [`Transport::Replay`].
    pub(super) last: Mutex<Option<String>>,
}

pub(super) fn router(front: Front) -> Router {
    Router::new()
        .route(SINCRON, post(exchange).get(wsdl))
        .route("/__simulator/controls", post(turn).delete(reset))
        .route("/__simulator/received", get(received))
        .fallback(async || page(StatusCode::FORBIDDEN))
        // One byte more than the platform takes, so that the refusal is the platform's own.
        .layer(DefaultBodyLimit::max(MAXIMUM_BYTES + 1))
        .with_state(Arc::new(front))
}

async fn exchange(
    State(front): State<Arc<Front>>,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Response {
    let Ok(body) = body else {
        return front.refuse(&super::Refusal::TooLarge);
    };
    let now = (front.clock)();
    let received = front.recorder.record(now, body);
    let _open = front.recorder.open(&received);
    let knobs = front.controls.take(received.product.as_deref());
    tokio::time::sleep(Duration::from_millis(knobs.latency_ms)).await;
    if !is_soap(&headers) {
        return page(StatusCode::UNSUPPORTED_MEDIA_TYPE);
    }
    match knobs.transport {
        Some(Transport::Forbidden) => return page(StatusCode::FORBIDDEN),
        Some(Transport::Unavailable) => return page(StatusCode::SERVICE_UNAVAILABLE),
        _ => {}
    }
    let response = front.answer(&received.raw, now, &knobs);
    match knobs.transport {
        Some(Transport::Hang) => std::future::pending().await,
        Some(Transport::Drop) => {
            let mut response = Response::new(Body::empty());
            response.extensions_mut().insert(DropConnection);
            response
        }
        Some(Transport::BadGateway) => page(StatusCode::BAD_GATEWAY),
        _ => response,
    }
}

/// SOAP 1.1 travels as `text/xml` (SOAP 1.1, section 6) and as nothing else.
fn is_soap(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("text/xml")
}

impl Front {
    fn answer(&self, bytes: &[u8], now: Timestamp, knobs: &Knobs) -> Response {
        if let Some(wanted) = &knobs.fault {
            let text = fault(&wanted.code, &wanted.text);
            return message(StatusCode::INTERNAL_SERVER_ERROR, text);
        }
        let offset = SignedDuration::from_secs(knobs.clock_offset_seconds);
        let now = now.checked_add(offset).unwrap_or(now);
        let written = self.desk.handle(bytes, now, knobs, |request, verdict| {
            let dressing = Dressing {
                prefixes: if knobs.other_prefixes {
                    Prefixes::Other
                } else {
                    Prefixes::Live
                },
                damage: knobs.signature,
                now,
                serial: self.serial.fetch_add(1, Ordering::Relaxed),
            };
            self.seal
                .envelope(&respuesta(request, verdict, now, knobs), &dressing)
        });
        match written {
            Err(refusal) => self.refuse(&refusal),
            Ok(None) => page(StatusCode::INTERNAL_SERVER_ERROR),
            Ok(Some(envelope)) => {
                message(StatusCode::OK, disturbed(self.kept(envelope, knobs), knobs))
            }
        }
    }

    /// Keeps an answer for later, or gives the one kept before in its place.
    fn kept(&self, envelope: String, knobs: &Knobs) -> String {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if knobs.transport == Some(Transport::Replay) {
            return last.clone().unwrap_or(envelope);
        }
        *last = Some(envelope.clone());
        envelope
    }

    fn refuse(&self, refusal: &super::Refusal) -> Response {
        let number = refusal.number(self.fault_base).to_string();
        message(
            StatusCode::INTERNAL_SERVER_ERROR,
            fault(&number, &refusal.to_string()),
        )
    }
}

/// Damage that no signature notices, because it breaks the document itself.
fn disturbed(mut envelope: String, knobs: &Knobs) -> String {
    if knobs.document_type {
        let declaration = "<!DOCTYPE Envelope [<!ENTITY sobre \"embolcall\">]>";
        envelope.insert_str(0, declaration);
    }
    match knobs.transport {
        Some(Transport::Truncate) => {
            envelope.truncate(envelope.floor_char_boundary(envelope.len() / 2));
        }
        Some(Transport::Garbage) => envelope.replace_range(..1, "]]>{"),
        _ => {}
    }
    envelope
}

fn message(status: StatusCode, text: String) -> Response {
    (status, [(CONTENT_TYPE, "text/xml;charset=utf-8")], text).into_response()
}

/// A page of the web server in front, as it appears to an address that is not allowed.
fn page(status: StatusCode) -> Response {
    let text = format!(
        "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n\
         <html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"
    );
    (
        status,
        [(CONTENT_TYPE, "text/html; charset=iso-8859-1")],
        text,
    )
        .into_response()
}

/// `?wsdl` describes the operation; any other reading is forbidden, as on the real platform.
async fn wsdl(RawQuery(query): RawQuery) -> Response {
    if query.is_some_and(|query| query.eq_ignore_ascii_case("wsdl")) {
        message(StatusCode::OK, include_str!("sincron.wsdl").to_owned())
    } else {
        page(StatusCode::FORBIDDEN)
    }
}

/// A turn of the knobs, of one product or of all.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Turn {
    #[serde(default)]
    product: Option<String>,
    knobs: Knobs,
}

async fn turn(State(front): State<Arc<Front>>, body: Bytes) -> Response {
    match serde_json::from_slice::<Turn>(&body) {
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
        Ok(Turn {
            product: Some(product),
            knobs,
        }) => {
            front.controls.product(&product, knobs);
            StatusCode::NO_CONTENT.into_response()
        }
        Ok(Turn {
            product: None,
            knobs,
        }) => {
            front.controls.everywhere(knobs);
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

/// What arrived, without its content.
async fn received(State(front): State<Arc<Front>>) -> Json<Value> {
    let list = front.recorder.received().into_iter();
    let list = list.map(|one| {
        json!({
            "at": one.at, "id_peticion": one.id_peticion,
            "product": one.product, "bytes": one.bytes,
        })
    });
    Json(list.collect())
}

async fn reset(State(front): State<Arc<Front>>) -> StatusCode {
    front.controls.reset();
    StatusCode::NO_CONTENT
}
