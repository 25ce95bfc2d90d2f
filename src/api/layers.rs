//! The one stack every request passes, read from outside in.

use std::any::Any;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::error_handling::HandleErrorLayer;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Response, header};
use axum::response::IntoResponse;
use tower::{BoxError, ServiceBuilder};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::trace::TraceLayer;
use tracing::Span;

use super::problem::{Kind, Problem};

/// Bodies are forms and small JSON documents.
const BODY_LIMIT: usize = 64 * 1024;

/// Requests under way at once; more are told to come back.
const CONCURRENCY: usize = 512;

/// Nothing but a profile fetch takes long, and that one answers within the caller's `Prefer: wait`.
const TIMEOUT: Duration = Duration::from_secs(70);

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Puts the stack around the routes.
pub fn around(routes: Router) -> Router {
    let stack = ServiceBuilder::new()
        // Outermost, so that every line of the log about a request carries its id: ours, never the
        // caller's, for theirs could say anything.
        .map_request(forget_request_id)
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        // The route's template, never the path: paths may carry ids.
        .layer(
            TraceLayer::new_for_http()
                .make_span_with(span)
                .on_request(())
                .on_response(log_answer)
                .on_failure(()),
        )
        // Inside log and span, so that a panic is recorded as the 500 it becomes.
        .layer(CatchPanicLayer::custom(panicked))
        .layer(HandleErrorLayer::new(refused))
        .load_shed()
        .concurrency_limit(CONCURRENCY)
        .timeout(TIMEOUT)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        // What the service says is about a person, unless a route says otherwise.
        .layer(default_header(header::CACHE_CONTROL, "no-store"))
        .layer(default_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(default_header(header::REFERRER_POLICY, "no-referrer"))
        .layer(default_header(header::X_FRAME_OPTIONS, "DENY"))
        .layer(default_header(
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
        ))
        .layer(default_header(
            header::STRICT_TRANSPORT_SECURITY,
            "max-age=31536000; includeSubDomains",
        ));
    routes
        .fallback(async || Problem::not_found())
        .method_not_allowed_fallback(async || {
            Problem::new(
                Kind::MethodNotAllowed,
                "See the API description for what it takes.",
            )
        })
        .layer(stack)
}

fn default_header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

fn forget_request_id(mut request: Request) -> Request {
    request.headers_mut().remove(&REQUEST_ID);
    request
}

fn span(request: &Request) -> Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("", MatchedPath::as_str);
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|id| id.to_str().ok())
        .unwrap_or("");
    tracing::info_span!(
        "http.request",
        http.request.method = %request.method(),
        http.route = route,
        request.id = id,
        http.response.status_code = tracing::field::Empty,
    )
}

fn log_answer<B>(response: &Response<B>, latency: Duration, span: &Span) {
    let status = response.status().as_u16();
    span.record("http.response.status_code", status);
    let duration_ms = u64::try_from(latency.as_millis()).unwrap_or(u64::MAX);
    if response.status().is_server_error() {
        tracing::warn!(status, duration_ms, "answered");
    } else {
        tracing::info!(status, duration_ms, "answered");
    }
}

/// The panic's own message stays out of the log too: it may quote what it choked on.
fn panicked(_: Box<dyn Any + Send + 'static>) -> Response<Body> {
    tracing::error!("a handler panicked");
    Problem::internal().into_response()
}

async fn refused(error: BoxError) -> Problem {
    if error.is::<tower::timeout::error::Elapsed>() {
        Problem::new(
            Kind::ServiceUnavailable,
            "The operation took too long and was given up.",
        )
        .retry_after(30)
    } else {
        Problem::new(
            Kind::TooManyRequests,
            "The service is busy. Nothing was done.",
        )
        .retry_after(1)
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tower::ServiceExt;

    use super::*;

    async fn get_path(path: &str) -> Response<Body> {
        async fn fails() -> &'static str {
            panic!("with 12345678Z in its message")
        }
        let routes = Router::new()
            .route("/fine", get(async || "fine"))
            .route("/fails", get(fails));
        around(routes)
            .oneshot(Request::get(path).body(Body::empty()).unwrap())
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_panic_becomes_a_problem() {
        let response = get_path("/fails").await;
        assert_eq!(response.status(), 500);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }

    #[tokio::test]
    async fn a_caller_cannot_choose_the_request_id() {
        let routes = Router::new().route("/fine", get(async || "fine"));
        let request = Request::get("/fine").header("x-request-id", "12345678Z");
        let response = around(routes)
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_ne!(response.headers()["x-request-id"], "12345678Z");
    }

    #[tokio::test]
    async fn an_unknown_address_becomes_a_problem() {
        let response = get_path("/none").await;
        assert_eq!(response.status(), 404);
        assert_eq!(
            response.headers()["content-type"],
            "application/problem+json"
        );
    }

    #[tokio::test]
    async fn every_answer_forbids_storing_framing_and_sniffing() {
        let response = get_path("/fine").await;
        for (name, value) in [
            ("cache-control", "no-store"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
        ] {
            assert_eq!(response.headers()[name], value);
        }
        assert!(response.headers().contains_key("x-request-id"));
    }
}
