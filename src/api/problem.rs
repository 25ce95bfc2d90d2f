//! Refusals, said clearly (RFC 9457).
//!
//! Every kind of refusal the service can give is listed once, in [`Kind::ALL`], with its status,
//! title and stable name. Details are our own words: never an upstream text, never a number or name
//! of a person, never anything that tells "absent" from "not yours".

use axum::Json;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A kind of refusal. Its name is the last segment of the problem's `type`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// The person asked for erasure or objected: nothing more is done with their data.
    Blocked,
    /// The permissions were used as often as they allow.
    ConsentExhausted,
    /// No live permission covers what was asked for.
    ConsentRequired,
    /// The permission was withdrawn while the request ran.
    ConsentRevokedInFlight,
    /// What was there is kept no longer.
    Gone,
    /// The person is in a household for this body and purpose.
    HouseholdAlready,
    /// The same idempotency key came with another request.
    IdempotencyKeyReused,
    /// The token lacks a scope.
    InsufficientScope,
    /// The person must identify themself more strongly.
    InsufficientUserAuthentication,
    /// A fault of ours.
    Internal,
    /// The body, a parameter or a header is not what the operation takes.
    InvalidRequest,
    /// Used, expired, unknown, or of no use to this person: not told apart.
    InvitationNotValid,
    /// The log cannot be written, so nothing is asked.
    LogUnavailable,
    /// The path exists, the method does not.
    MethodNotAllowed,
    /// From 14 on nobody answers for a person but they themself.
    MinorDecidesThemself,
    /// Under 14 nobody joins a household by themself.
    MinorNeedsGuardian,
    /// Not there, or not yours.
    NotFound,
    /// The purpose is for a household, and the person is in none.
    NotInHousehold,
    /// It will be there shortly.
    NotReady,
    /// The decision refers to a notice that is no longer offered.
    NoticeVersionStale,
    /// The body is larger than any request of ours.
    PayloadTooLarge,
    /// This caller may not act for that purpose or product.
    PurposeNotAllowed,
    /// The notice changed in a way that needs a new decision.
    ReconsentRequired,
    /// A store we need does not answer.
    ServiceUnavailable,
    /// As many invitations are open as a household may have.
    TooManyInvitations,
    /// Too much at once.
    TooManyRequests,
    /// No valid credential.
    Unauthenticated,
    /// The body is not JSON by its content type.
    UnsupportedMediaType,
}

impl Kind {
    /// Every kind, in alphabetical order.
    pub const ALL: [Self; 28] = [
        Self::Blocked,
        Self::ConsentExhausted,
        Self::ConsentRequired,
        Self::ConsentRevokedInFlight,
        Self::Gone,
        Self::HouseholdAlready,
        Self::IdempotencyKeyReused,
        Self::InsufficientScope,
        Self::InsufficientUserAuthentication,
        Self::Internal,
        Self::InvalidRequest,
        Self::InvitationNotValid,
        Self::LogUnavailable,
        Self::MethodNotAllowed,
        Self::MinorDecidesThemself,
        Self::MinorNeedsGuardian,
        Self::NotFound,
        Self::NotInHousehold,
        Self::NotReady,
        Self::NoticeVersionStale,
        Self::PayloadTooLarge,
        Self::PurposeNotAllowed,
        Self::ReconsentRequired,
        Self::ServiceUnavailable,
        Self::TooManyInvitations,
        Self::TooManyRequests,
        Self::Unauthenticated,
        Self::UnsupportedMediaType,
    ];

    /// Stable name, status and title. The title never changes with the occurrence.
    #[expect(clippy::too_many_lines, reason = "a table with a row for each kind")]
    pub const fn describe(self) -> (&'static str, StatusCode, &'static str) {
        match self {
            Self::Blocked => (
                "blocked",
                StatusCode::FORBIDDEN,
                "The person's data are blocked",
            ),
            Self::ConsentExhausted => (
                "consent-exhausted",
                StatusCode::FORBIDDEN,
                "The permission allows no more requests for now",
            ),
            Self::ConsentRequired => (
                "consent-required",
                StatusCode::FORBIDDEN,
                "No live permission for this request",
            ),
            Self::ConsentRevokedInFlight => (
                "consent-revoked-in-flight",
                StatusCode::CONFLICT,
                "Permission changed while the request was running",
            ),
            Self::Gone => ("gone", StatusCode::GONE, "This is kept no longer"),
            Self::HouseholdAlready => (
                "household-already",
                StatusCode::CONFLICT,
                "The person is in a household already",
            ),
            Self::IdempotencyKeyReused => (
                "idempotency-key-reused",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The idempotency key belongs to another request",
            ),
            Self::InsufficientScope => (
                "insufficient-scope",
                StatusCode::FORBIDDEN,
                "The token does not allow this",
            ),
            Self::InsufficientUserAuthentication => (
                "insufficient-user-authentication",
                StatusCode::UNAUTHORIZED,
                "A stronger sign-in is needed",
            ),
            Self::Internal => (
                "internal",
                StatusCode::INTERNAL_SERVER_ERROR,
                "The service made a mistake",
            ),
            Self::InvalidRequest => (
                "invalid-request",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The request is not what the operation takes",
            ),
            Self::InvitationNotValid => (
                "invitation-not-valid",
                StatusCode::NOT_FOUND,
                "The invitation cannot be used",
            ),
            Self::LogUnavailable => (
                "log-unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "The exchange log cannot be written",
            ),
            Self::MethodNotAllowed => (
                "method-not-allowed",
                StatusCode::METHOD_NOT_ALLOWED,
                "This address does not take that method",
            ),
            Self::MinorDecidesThemself => (
                "minor-decides-themself",
                StatusCode::UNPROCESSABLE_ENTITY,
                "From 14 on a person decides for themself",
            ),
            Self::MinorNeedsGuardian => (
                "minor-needs-guardian",
                StatusCode::FORBIDDEN,
                "Under 14 a guardian answers",
            ),
            Self::NotFound => (
                "not-found",
                StatusCode::NOT_FOUND,
                "There is nothing here for you",
            ),
            Self::NotInHousehold => (
                "not-in-household",
                StatusCode::CONFLICT,
                "The person is in no household here",
            ),
            Self::NotReady => (
                "not-ready",
                StatusCode::SERVICE_UNAVAILABLE,
                "This will be ready shortly",
            ),
            Self::NoticeVersionStale => (
                "notice-version-stale",
                StatusCode::UNPROCESSABLE_ENTITY,
                "The answer refers to a notice that is not on offer",
            ),
            Self::PayloadTooLarge => (
                "payload-too-large",
                StatusCode::PAYLOAD_TOO_LARGE,
                "The body is too large",
            ),
            Self::PurposeNotAllowed => (
                "purpose-not-allowed",
                StatusCode::FORBIDDEN,
                "This caller may not act for that purpose",
            ),
            Self::ReconsentRequired => (
                "reconsent-required",
                StatusCode::FORBIDDEN,
                "The notice changed in a way that needs a new decision",
            ),
            Self::ServiceUnavailable => (
                "service-unavailable",
                StatusCode::SERVICE_UNAVAILABLE,
                "A store the service needs does not answer",
            ),
            Self::TooManyInvitations => (
                "too-many-invitations",
                StatusCode::CONFLICT,
                "Too many invitations are open",
            ),
            Self::TooManyRequests => (
                "too-many-requests",
                StatusCode::TOO_MANY_REQUESTS,
                "Too many requests at once",
            ),
            Self::Unauthenticated => (
                "unauthenticated",
                StatusCode::UNAUTHORIZED,
                "No valid credential",
            ),
            Self::UnsupportedMediaType => (
                "unsupported-media-type",
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be application/json",
            ),
        }
    }

    /// Reads the stable name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.describe().0 == name)
    }
}

/// One refusal.
#[derive(Clone, Debug)]
pub struct Problem {
    kind: Kind,
    detail: String,
    members: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

/// A refusal as it is sent: `application/problem+json`.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// Stable reference; answers with an explanation when fetched.
    #[serde(rename = "type")]
    kind: String,
    /// The same for every occurrence of the kind.
    title: &'static str,
    /// HTTP status.
    status: u16,
    /// What happened here and what to do, for the caller's developer.
    detail: String,
    /// Machine-readable members of the kind.
    #[serde(flatten)]
    members: Map<String, Value>,
}

impl Problem {
    /// A refusal with its own words. Say what happened, and whether anything was sent or stored.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            detail: detail.into(),
            members: Map::new(),
            headers: Vec::new(),
        }
    }

    /// Adds a machine-readable member.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.insert(member.to_owned(), value.into());
        self
    }

    /// Adds a header; one that cannot be written is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Says when trying again makes sense.
    #[must_use]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.with("retry_after_s", seconds)
            .header(header::RETRY_AFTER, &seconds.to_string())
    }

    /// A fault of ours. The cause goes to the log where it is handled, never to the caller.
    pub fn internal() -> Self {
        Self::new(
            Kind::Internal,
            "Nothing more can be said here; the operator's log says it.",
        )
    }

    /// Absent, or somebody else's: the two are never told apart.
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound, "It does not exist, or it is not yours.")
    }

    /// Its kind.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (name, status, title) = self.kind.describe();
        let body = ProblemBody {
            kind: format!("/problems/{name}"),
            title,
            status: status.as_u16(),
            detail: self.detail,
            members: self.members,
        };
        let mut response = (status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_own_name() {
        let mut names: Vec<_> = Kind::ALL.iter().map(|kind| kind.describe().0).collect();
        assert!(names.is_sorted(), "alphabetical");
        names.dedup();
        assert_eq!(names.len(), Kind::ALL.len());
        assert!(
            Kind::ALL
                .iter()
                .all(|kind| Kind::named(kind.describe().0) == Some(*kind))
        );
    }

    #[test]
    fn every_kind_has_its_section_on_the_page() {
        let page = include_str!("../../docs/problems.md");
        for kind in Kind::ALL {
            let (name, status, title) = kind.describe();
            let heading = format!("\n## {name}\n\n{title}. HTTP {}.\n", status.as_u16());
            assert!(page.contains(&heading), "{heading}");
        }
        let sections = page.matches("\n## ").count();
        assert_eq!(
            sections,
            Kind::ALL.len(),
            "a section of a kind that is gone"
        );
    }

    #[test]
    fn the_table_of_problems_is_stable() {
        let lines = Kind::ALL.iter().map(|kind| {
            let (name, status, title) = kind.describe();
            format!("{} {name}: {title}", status.as_u16())
        });
        let table = lines.collect::<Vec<_>>().join("\n");
        insta::assert_snapshot!(table, @r"
        403 blocked: The person's data are blocked
        403 consent-exhausted: The permission allows no more requests for now
        403 consent-required: No live permission for this request
        409 consent-revoked-in-flight: Permission changed while the request was running
        410 gone: This is kept no longer
        409 household-already: The person is in a household already
        422 idempotency-key-reused: The idempotency key belongs to another request
        403 insufficient-scope: The token does not allow this
        401 insufficient-user-authentication: A stronger sign-in is needed
        500 internal: The service made a mistake
        422 invalid-request: The request is not what the operation takes
        404 invitation-not-valid: The invitation cannot be used
        503 log-unavailable: The exchange log cannot be written
        405 method-not-allowed: This address does not take that method
        422 minor-decides-themself: From 14 on a person decides for themself
        403 minor-needs-guardian: Under 14 a guardian answers
        404 not-found: There is nothing here for you
        409 not-in-household: The person is in no household here
        503 not-ready: This will be ready shortly
        422 notice-version-stale: The answer refers to a notice that is not on offer
        413 payload-too-large: The body is too large
        403 purpose-not-allowed: This caller may not act for that purpose
        403 reconsent-required: The notice changed in a way that needs a new decision
        503 service-unavailable: A store the service needs does not answer
        409 too-many-invitations: Too many invitations are open
        429 too-many-requests: Too many requests at once
        401 unauthenticated: No valid credential
        415 unsupported-media-type: The body must be application/json
        ");
    }
}
