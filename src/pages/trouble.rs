//! What can go wrong, as the person in front of it sees it: whether anything was asked or saved,
//! and what to do now.

use askama::Template;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};

use super::html::{Shell, page};
use super::visit::{Visit, body, language};
use crate::api::app::App;
use crate::audit::LogError;
use crate::consent::{ConsentError, Refusal};
use crate::exchange::{ProfileError, StartError};
use crate::household::HouseholdError;
use crate::identity::{LoginError, ReturnTo, Unavailable};
use crate::store::StoreError;

/// Why there is no page of the kind asked for. Each names its own text, `error-…`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Trouble {
    /// The text shown is not reviewed yet.
    Draft,
    /// The form is not one of ours.
    Forged,
    /// The profile is kept no longer.
    Gone,
    /// A fault of ours.
    Internal,
    /// Used, expired, unknown or of no use to who is in a household: one sentence for all.
    Invitation,
    /// The log does not take entries.
    LogDown,
    /// Not logged in; after that, on to this page.
    LoggedOut(ReturnTo),
    /// The log-in did not happen.
    Login(LoginTrouble),
    /// The form lacks something.
    Malformed,
    /// Under 14 nobody joins a household by themself.
    NeedsGuardian,
    /// Nothing is permitted, so nothing can be asked.
    NothingPermitted,
    /// No such page, or not this person's.
    NotFound,
    /// The proof comes with the next checkpoint.
    ProofPending,
    /// The permission went away meanwhile.
    Revoked,
    /// The notice changed, or another answer came between.
    ReadAgain,
    /// A surer log-in is needed.
    StepUp,
    /// More requests than anybody makes by hand.
    TooMany,
    /// Our storage does not answer.
    Unavailable,
    /// The withdrawal could not be recorded.
    WithdrawalFailed,
}

/// Why a log-in did not happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LoginTrouble {
    Cancelled,
    Document,
    Expired,
    LevelTooLow,
    OtherBrowser,
    Provider,
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    shell: Shell,
    text: String,
    action: String,
    href: &'static str,
    code: &'static str,
}

impl Trouble {
    /// The end of its key in the catalogues, also shown small as the code.
    pub(super) const fn slug(&self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Forged => "forged",
            Self::Gone => "gone",
            Self::Internal => "internal",
            Self::Invitation => "invitation",
            Self::LogDown => "log-down",
            Self::LoggedOut(_) => "logged-out",
            Self::Login(LoginTrouble::Cancelled) => "login-cancelled",
            Self::Login(LoginTrouble::Document) => "login-document",
            Self::Login(LoginTrouble::Expired) => "login-expired",
            Self::Login(LoginTrouble::LevelTooLow) => "login-level",
            Self::Login(LoginTrouble::OtherBrowser) => "login-other-browser",
            Self::Login(LoginTrouble::Provider) => "login-provider",
            Self::Malformed => "malformed",
            Self::NeedsGuardian => "needs-guardian",
            Self::NothingPermitted => "nothing-permitted",
            Self::NotFound => "not-found",
            Self::ProofPending => "proof-pending",
            Self::ReadAgain => "read-again",
            Self::Revoked => "revoked",
            Self::StepUp => "step-up",
            Self::TooMany => "too-many",
            Self::Unavailable => "unavailable",
            Self::WithdrawalFailed => "withdrawal-failed",
        }
    }

    const fn status(&self) -> StatusCode {
        match self {
            Self::Draft | Self::ReadAgain | Self::Revoked | Self::NothingPermitted => {
                StatusCode::CONFLICT
            }
            Self::Gone => StatusCode::GONE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::LogDown | Self::ProofPending | Self::Unavailable | Self::WithdrawalFailed => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            Self::LoggedOut(_) => StatusCode::SEE_OTHER,
            Self::TooMany => StatusCode::TOO_MANY_REQUESTS,
            Self::Login(LoginTrouble::Provider) => StatusCode::BAD_GATEWAY,
            Self::Forged | Self::NeedsGuardian | Self::StepUp | Self::Login(_) => {
                StatusCode::FORBIDDEN
            }
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Invitation | Self::NotFound => StatusCode::NOT_FOUND,
        }
    }

    /// Where to go now: the key of the link's words, and its address.
    const fn way_on(&self) -> (&'static str, &'static str) {
        match self {
            Self::Draft | Self::ReadAgain | Self::Revoked | Self::NothingPermitted => {
                ("error-to-notice", "/notice")
            }
            Self::LogDown | Self::Gone | Self::ProofPending => ("error-to-exchanges", "/exchanges"),
            _ => ("error-to-start", "/"),
        }
    }

    /// Seconds after which trying again makes sense.
    const fn retry_after(&self) -> Option<&'static str> {
        match self {
            Self::ProofPending | Self::TooMany => Some("5"),
            Self::LogDown | Self::Unavailable | Self::WithdrawalFailed => Some("30"),
            _ => None,
        }
    }

    /// The page that says it.
    pub(super) fn page(&self, mut shell: Shell) -> Response {
        shell.title = shell.say("title-error");
        let (words, href) = self.way_on();
        let written = page(&ErrorPage {
            text: shell.say(&format!("error-{}", self.slug())),
            action: shell.say(words),
            href,
            code: self.slug(),
            shell,
        });
        let mut response = written.unwrap_or_else(|_| self.slug().into_response());
        *response.status_mut() = self.status();
        if let Some(seconds) = self.retry_after() {
            let seconds = HeaderValue::from_static(seconds);
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

impl IntoResponse for Trouble {
    /// Only the status and the trouble itself; [`dress`] writes the page.
    fn into_response(self) -> Response {
        if let Self::LoggedOut(back) = &self {
            let next: String =
                url::form_urlencoded::byte_serialize(back.as_str().as_bytes()).collect();
            return Redirect::to(&format!("/?next={next}")).into_response();
        }
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns troubles into pages in the reader's language.
pub(super) async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let (uri, headers) = (request.uri().clone(), request.headers().clone());
    let response = next.run(request).await;
    let status = response.status();
    let trouble = match response.extensions().get::<Trouble>() {
        Some(trouble) => trouble.clone(),
        // Refused by the router's own extractors: a path or a body that cannot be read.
        None if status == StatusCode::NOT_FOUND => Trouble::NotFound,
        None if matches!(status.as_u16(), 400 | 413 | 415 | 422) => Trouble::Malformed,
        None => return response,
    };
    let visit = match &trouble {
        // Whoever waited in vain for their session does not wait for it again.
        Trouble::Unavailable => None,
        _ => Visit::new(&app, &uri, &headers).await.ok(),
    };
    let shell = if let Some(visit) = visit {
        visit.shell()
    } else {
        // No session can be read, or the host is nobody's: a page without a name on it.
        let name = body(&app, &headers).and_then(|id| {
            let body = app.bodies.get(&id)?;
            Some(body.requester.name.as_str().to_owned())
        });
        Shell::new(language(&uri, &headers), name.unwrap_or_default(), None)
    };
    let mut dressed = trouble.page(shell);
    // A log-in's end clears its cookie whatever came of it.
    for cookie in response.headers().get_all(header::SET_COOKIE) {
        dressed
            .headers_mut()
            .append(header::SET_COOKIE, cookie.clone());
    }
    dressed
}

impl From<ConsentError> for Trouble {
    fn from(error: ConsentError) -> Self {
        match error {
            ConsentError::Blocked => Self::Revoked,
            ConsentError::Draft => Self::Draft,
            ConsentError::Duplicate(_)
            | ConsentError::Empty
            | ConsentError::IdempotencyKeyReused
            | ConsentError::NotOffered(_)
            | ConsentError::Special(_) => Self::Malformed,
            ConsentError::InsufficientLevel { .. } => Self::StepUp,
            ConsentError::Keyring(_) | ConsentError::NoticeNotHere | ConsentError::Store(_) => {
                failed(&error, Self::Unavailable)
            }
            ConsentError::Log(_) => failed(&error, Self::LogDown),
            // The first cannot happen here: our own pages may always grant.
            ConsentError::GrantNotAllowed
            | ConsentError::NoSuchNotice
            | ConsentError::NothingGranted
            | ConsentError::NotInHousehold
            | ConsentError::UnknownItem
            | ConsentError::UnknownPurpose
            | ConsentError::UnknownReceipt => Self::NotFound,
            ConsentError::NotServed
            | ConsentError::ServedToAnother
            | ConsentError::StaleNotice
            | ConsentError::Superseded(_) => Self::ReadAgain,
            ConsentError::Unwritable => failed(&error, Self::Internal),
        }
    }
}

impl From<HouseholdError> for Trouble {
    fn from(error: HouseholdError) -> Self {
        match error {
            HouseholdError::Adults | HouseholdError::BirthDate => Self::Malformed,
            HouseholdError::Blocked => Self::Revoked,
            HouseholdError::Consent(error) => error.into(),
            HouseholdError::InsufficientLevel { .. } => Self::StepUp,
            HouseholdError::Already | HouseholdError::InvitationNotValid => Self::Invitation,
            HouseholdError::Keyring(_) | HouseholdError::Store(_) => {
                failed(&error, Self::Unavailable)
            }
            HouseholdError::Log(_) => failed(&error, Self::LogDown),
            HouseholdError::NeedsGuardian => Self::NeedsGuardian,
            // The pages lead to none of these.
            HouseholdError::DecidesThemself
            | HouseholdError::NotAllowed
            | HouseholdError::NotInHousehold
            | HouseholdError::TooManyChildren
            | HouseholdError::TooManyInvitations
            | HouseholdError::UnknownChild
            | HouseholdError::UnknownPurpose => Self::NotFound,
            HouseholdError::Unwritable => failed(&error, Self::Internal),
        }
    }
}

impl From<StartError> for Trouble {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Consent(error) => error.into(),
            StartError::ConsentRequired { .. } => Self::NothingPermitted,
            StartError::Exhausted { .. } => Self::TooMany,
            StartError::LevelTooLow { .. } => Self::StepUp,
            StartError::NotAllowed => Self::NotFound,
            StartError::NotAlive => failed(&error, Self::Unavailable),
            StartError::Store(error) => error.into(),
        }
    }
}

impl From<ProfileError> for Trouble {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Consent(error) => error.into(),
            // A page that is asked for too early goes back to the progress; see the handler.
            ProfileError::Gone | ProfileError::Running => Self::Gone,
            ProfileError::Refused(refusal) => refusal.into(),
            ProfileError::Store(error) => error.into(),
            ProfileError::Unknown => Self::NotFound,
        }
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Blocked
            | Refusal::ConsentRequired { .. }
            | Refusal::Contended
            | Refusal::Expired { .. }
            | Refusal::ReconsentRequired { .. }
            | Refusal::RevokedInFlight => Self::Revoked,
            Refusal::Log(_) | Refusal::LogUnavailable(_) => failed(&refusal, Self::LogDown),
            Refusal::Exhausted { .. } => Self::TooMany,
            Refusal::NotAllowed | Refusal::OutsidePeriod { .. } => Self::NotFound,
            Refusal::RequestIdReused => failed(&refusal, Self::Internal),
            Refusal::Store(_) => failed(&refusal, Self::Unavailable),
        }
    }
}

impl From<LoginError> for Trouble {
    fn from(error: LoginError) -> Self {
        let trouble = match &error {
            LoginError::Cancelled => LoginTrouble::Cancelled,
            LoginError::Document(_) => LoginTrouble::Document,
            LoginError::Callback(_) | LoginError::Expired | LoginError::UnknownTransaction => {
                LoginTrouble::Expired
            }
            LoginError::LevelTooLow { .. } => LoginTrouble::LevelTooLow,
            LoginError::OtherBrowser => LoginTrouble::OtherBrowser,
            LoginError::Provider(_) => return failed(&error, Self::Login(LoginTrouble::Provider)),
            LoginError::TooMany(_) => return Self::TooMany,
            LoginError::Unavailable(_) => return failed(&error, Self::Unavailable),
            LoginError::UnknownProvider => return Self::NotFound,
        };
        Self::Login(trouble)
    }
}

impl From<LogError> for Trouble {
    fn from(error: LogError) -> Self {
        failed(&error, Self::Unavailable)
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        failed(&error, Self::Unavailable)
    }
}

impl From<Unavailable> for Trouble {
    fn from(error: Unavailable) -> Self {
        failed(&error, Self::Unavailable)
    }
}

/// Logged here, once, since the page tells only its reader.
fn failed(error: &dyn std::error::Error, trouble: Trouble) -> Trouble {
    tracing::warn!(error = %error, "a page could not be made");
    trouble
}
