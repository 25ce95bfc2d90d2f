//! Reading requests: bounded, typed once, refused with a problem.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use serde::de::DeserializeOwned;

use super::problem::{Kind, Problem};

/// A JSON body. Anything else is answered with a problem that names what is wrong, not the value.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let media_type = content_type
            .and_then(|value| value.to_str().ok())
            .unwrap_or("");
        if !is_json(media_type) {
            return Err(Problem::new(
                Kind::UnsupportedMediaType,
                "Send the body as application/json. Nothing was stored.",
            ));
        }
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unreadable(&rejection))?;
        parse(&bytes).map(Self)
    }
}

/// Path parameters. One that does not parse is a resource that does not exist.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path =
            <axum::extract::Path<T> as FromRequestParts<S>>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(value)| Self(value))
            .map_err(|_| Problem::not_found())
    }
}

/// Query parameters.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|_| {
                Problem::new(
                    Kind::InvalidRequest,
                    "A query parameter is unknown or has a value outside its range.",
                )
            })
    }
}

/// How long the caller is content to wait, from `Prefer: wait=…` (RFC 7240 section 4.3), in seconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PreferWait(pub u32);

impl<S: Send + Sync> OptionalFromRequestParts<S> for PreferWait {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Self::Rejection> {
        let preferences = parts.headers.get_all("prefer").iter();
        Ok(preferences
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .find_map(|preference| preference.trim().strip_prefix("wait="))
            .and_then(|seconds| seconds.trim().parse().ok())
            .map(Self))
    }
}

/// Parses a body of ours; members we do not know are refused by the types themselves.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        let detail = match error.classify() {
            serde_json::error::Category::Data => format!(
                "A member is missing, unknown, or of the wrong kind, before {place}. Nothing was stored."
            ),
            _ => format!("The body is not JSON, at {place}. Nothing was stored."),
        };
        Problem::new(Kind::InvalidRequest, detail)
    })
}

fn unreadable(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(
            Kind::PayloadTooLarge,
            "No request of this service needs a body that large. Nothing was stored.",
        )
    } else {
        Problem::new(
            Kind::InvalidRequest,
            "The body broke off. Nothing was stored.",
        )
    }
}

/// Whether a content type says JSON, parameters aside.
fn is_json(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or("").trim();
    media_type.eq_ignore_ascii_case("application/json")
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::body::to_bytes;
    use axum::routing::post;
    use serde::Deserialize;
    use tower::ServiceExt;

    use super::*;

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Order {
        #[expect(dead_code, reason = "only its shape matters here")]
        n: u8,
    }

    async fn answer(content_type: &str, body: &'static str) -> (u16, String) {
        let app: Router = Router::new()
            .route("/", post(async |Body(_): Body<Order>| "ok"))
            .layer(axum::extract::DefaultBodyLimit::max(64));
        let request = Request::post("/")
            .header("content-type", content_type)
            .body(axum::body::Body::from(body));
        let response = app.oneshot(request.unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 4096).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_body_that_is_not_announced_as_json_is_refused() {
        assert_eq!(answer("text/plain", "{\"n\":1}").await.0, 415);
        assert_eq!(
            answer("application/json; charset=utf-8", "{\"n\":1}")
                .await
                .0,
            200
        );
    }

    #[tokio::test]
    async fn an_unknown_member_is_refused_without_repeating_it() {
        let (status, body) = answer("application/json", "{\"n\":1,\"nif\":\"12345678Z\"}").await;
        assert_eq!(status, 422);
        assert!(
            !body.contains("12345678Z") && body.contains("unknown"),
            "{body}"
        );
    }

    #[tokio::test]
    async fn a_body_over_the_limit_is_refused() {
        let long = "{\"n\":                                                                  1}";
        assert_eq!(answer("application/json", long).await.0, 413);
    }
}
