//! What other rooms refuse, as problems. Total: a new refusal does not compile until it is said here.

use axum::http::header::WWW_AUTHENTICATE;
use jiff::Timestamp;

use super::problem::{Kind, Problem};
use crate::audit::LogError;
use crate::citizen::{LevelOfAssurance, ProductCode};
use crate::consent::{ConsentError, Refusal};
use crate::evidence::EvidenceError;
use crate::exchange::{ProfileError, StartError};
use crate::household::HouseholdError;
use crate::identity::{AccessError, TooMany};
use crate::rights::RightsError;
use crate::store::StoreError;

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, "the store failed");
        Self::new(
            Kind::ServiceUnavailable,
            "The database does not answer. Nothing was changed.",
        )
        .retry_after(5)
    }
}

impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        let challenge = error.www_authenticate();
        let problem = match error {
            AccessError::Forgotten => Self::new(
                Kind::ServiceUnavailable,
                "The service has only just begun to remember DPoP proofs. Send a new one in a second.",
            )
            .retry_after(1),
            AccessError::InsufficientAuthentication { level, max_age } => {
                let problem = stronger(level);
                match max_age {
                    Some(age) => problem.with("max_age", age.as_secs()),
                    None => problem,
                }
            }
            AccessError::InsufficientScope { scope } => Self::new(
                Kind::InsufficientScope,
                "Ask for a token with the scope named in `scope`, if your registration has it.",
            )
            .with("scope", scope.as_str()),
            AccessError::InvalidDpopProof(defect) => Self::new(
                Kind::Unauthenticated,
                format!("The DPoP proof is refused: {defect}."),
            ),
            AccessError::InvalidToken => Self::new(
                Kind::Unauthenticated,
                "The access token is expired, revoked or not ours.",
            ),
            AccessError::Missing => Self::new(
                Kind::Unauthenticated,
                "Send an access token of this service with the scheme DPoP, and a DPoP proof.",
            ),
            AccessError::TooMany(TooMany { retry_after_s }) => Self::new(
                Kind::TooManyRequests,
                "This caller asks too often. Nothing was done.",
            )
            .retry_after(retry_after_s),
            AccessError::Unavailable(cause) => {
                tracing::error!(error = %cause, "a credential could not be checked");
                Self::new(
                    Kind::ServiceUnavailable,
                    "The credential cannot be checked now.",
                )
                .retry_after(5)
            }
        };
        match challenge {
            Some(challenge) => problem.header(WWW_AUTHENTICATE, &challenge),
            None => problem,
        }
    }
}

impl From<ConsentError> for Problem {
    fn from(error: ConsentError) -> Self {
        let invalid = |detail: String| Self::new(Kind::InvalidRequest, detail);
        let nothing = "Nothing was recorded.";
        match error {
            ConsentError::Blocked => blocked(),
            ConsentError::Draft => Self::new(
                Kind::NoticeVersionStale,
                format!(
                    "The notice in that language is a draft and cannot be agreed to; serve it in ca or es. {nothing}"
                ),
            ),
            ConsentError::Duplicate(product) => {
                invalid(format!("{product} is answered twice. {nothing}"))
            }
            ConsentError::Empty => invalid(format!("There is no decision in it. {nothing}")),
            ConsentError::GrantNotAllowed => Self::new(
                Kind::PurposeNotAllowed,
                format!("This client may not give consent in a person's name. {nothing}"),
            ),
            ConsentError::IdempotencyKeyReused => Self::new(
                Kind::IdempotencyKeyReused,
                format!("The same Idempotency-Key came with another request. {nothing}"),
            ),
            ConsentError::InsufficientLevel { required } => stronger(required),
            ConsentError::Keyring(cause) => unavailable("the keyring", &cause),
            ConsentError::Log(cause) => log_unavailable(&cause),
            ConsentError::NoSuchNotice => Self::new(
                Kind::NotFound,
                "There is no notice for that purpose in that language.",
            ),
            ConsentError::NoticeNotHere => {
                tracing::error!("the notice in force is not in the files of this replica");
                Self::new(
                    Kind::ServiceUnavailable,
                    format!(
                        "This replica does not have the notice in force; another one may. {nothing}"
                    ),
                )
                .retry_after(5)
            }
            ConsentError::NotOffered(product) => Self::new(
                Kind::PurposeNotAllowed,
                format!("{product} is not asked for under this purpose by this body. {nothing}"),
            ),
            ConsentError::NotInHousehold => Self::new(
                Kind::NotInHousehold,
                format!("This is for a household. Begin one, or join by an invitation. {nothing}"),
            ),
            ConsentError::NotServed | ConsentError::ServedToAnother => Self::new(
                Kind::NoticeVersionStale,
                format!("No notice was served to this person under that id. {nothing}"),
            ),
            ConsentError::NothingGranted => Self::new(
                Kind::NotFound,
                "Nothing is granted, so there is nothing to withdraw.",
            ),
            ConsentError::Special(product) => invalid(format!(
                "{product} is specially protected and is decided in a request of its own. {nothing}"
            )),
            ConsentError::StaleNotice => Self::new(
                Kind::NoticeVersionStale,
                format!("A newer notice is in force. Serve it and ask again. {nothing}"),
            ),
            ConsentError::Store(cause) => cause.into(),
            ConsentError::Superseded(product) => Self::new(
                Kind::NoticeVersionStale,
                format!("{product} was decided again after that notice was served. {nothing}"),
            ),
            ConsentError::UnknownItem | ConsentError::UnknownReceipt => Self::not_found(),
            ConsentError::UnknownPurpose => {
                Self::new(Kind::PurposeNotAllowed, "This service has no such purpose.")
            }
            ConsentError::Unwritable => {
                tracing::error!("a consent record could not be written");
                Self::internal()
            }
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Blocked => blocked(),
            Refusal::ConsentRequired { product } | Refusal::Expired { product } => {
                consent_required(&[product])
            }
            Refusal::Contended | Refusal::RequestIdReused => Self::new(
                Kind::ServiceUnavailable,
                "Decisions kept changing meanwhile. Nothing was sent.",
            )
            .retry_after(1),
            Refusal::Exhausted { product, again } => exhausted(&[product], again),
            Refusal::Log(cause) => log_unavailable(&cause),
            Refusal::LogUnavailable(_) => stalled(),
            Refusal::OutsidePeriod { product } => Self::new(
                Kind::PurposeNotAllowed,
                "The permission does not reach that far back. Nothing was sent.",
            )
            .with("items", vec![product.to_string()]),
            Refusal::NotAllowed => Self::new(
                Kind::PurposeNotAllowed,
                "This may not be asked or released here. Nothing was sent.",
            ),
            Refusal::ReconsentRequired { product } => Self::new(
                Kind::ReconsentRequired,
                "The notice changed; serve the current one and ask again. Nothing was sent.",
            )
            .with("items", vec![product.to_string()]),
            Refusal::RevokedInFlight => Self::new(
                Kind::ConsentRevokedInFlight,
                "A permission this profile rests on ended. Nothing was released; fetch again.",
            ),
            Refusal::Store(cause) => cause.into(),
        }
    }
}

impl From<StartError> for Problem {
    fn from(error: StartError) -> Self {
        match error {
            StartError::Consent(cause) => cause.into(),
            StartError::ConsentRequired { products } => consent_required(&products),
            StartError::Exhausted { products, again } => exhausted(&products, again),
            StartError::LevelTooLow { needed } => stronger(needed),
            StartError::NotAllowed => Self::new(
                Kind::PurposeNotAllowed,
                "This body does not act for that purpose. Nothing was sent.",
            ),
            StartError::NotAlive => Self::new(
                Kind::ServiceUnavailable,
                "This replica may not begin fetches at the moment; another one may. Nothing was sent.",
            )
            .retry_after(5),
            StartError::Store(cause) => cause.into(),
        }
    }
}

impl From<ProfileError> for Problem {
    fn from(error: ProfileError) -> Self {
        match error {
            ProfileError::Consent(cause) => cause.into(),
            ProfileError::Gone => Self::new(
                Kind::Gone,
                "A profile is kept for fifteen minutes, and not beyond a withdrawal. Fetch again.",
            ),
            ProfileError::Refused(refusal) => refusal.into(),
            ProfileError::Running => {
                Self::new(Kind::NotReady, "The fetch has not ended.").retry_after(2)
            }
            ProfileError::Store(cause) => cause.into(),
            ProfileError::Unknown => Self::not_found(),
        }
    }
}

impl From<EvidenceError> for Problem {
    fn from(error: EvidenceError) -> Self {
        match error {
            EvidenceError::Consent(cause) => cause.into(),
            EvidenceError::Keyring(cause) => unavailable("the keyring", &cause),
            EvidenceError::Log(cause) => cause.into(),
            EvidenceError::Store(cause) => cause.into(),
        }
    }
}

impl From<RightsError> for Problem {
    fn from(error: RightsError) -> Self {
        match error {
            RightsError::Answered => Self::new(
                Kind::InvalidRequest,
                "The request has its answer and blocks nothing: there is nothing left to take back.",
            ),
            // These are the operator's: no route of ours leads to them.
            RightsError::Extended
            | RightsError::NotTold
            | RightsError::NothingBlocked
            | RightsError::Told
            | RightsError::TooLate
            | RightsError::Unwritable => {
                tracing::error!(%error, "a request about rights could not be handled");
                Self::internal()
            }
            RightsError::Consent(cause) => cause.into(),
            RightsError::Keyring(cause) => unavailable("the keyring", &cause),
            RightsError::Log(cause) => cause.into(),
            RightsError::Store(cause) => cause.into(),
            RightsError::Unknown => Self::not_found(),
            RightsError::UnknownPurpose => Self::new(
                Kind::PurposeNotAllowed,
                "This service has no such purpose. Nothing was recorded.",
            ),
        }
    }
}

impl From<HouseholdError> for Problem {
    fn from(error: HouseholdError) -> Self {
        let invalid = |detail| Self::new(Kind::InvalidRequest, detail);
        match error {
            HouseholdError::Adults => {
                invalid("A household has 1 to 20 adults. Nothing was recorded.")
            }
            HouseholdError::Already => Self::new(
                Kind::HouseholdAlready,
                "A person is in one household at most for each body and purpose. Nothing was recorded.",
            ),
            HouseholdError::BirthDate => {
                invalid("Nobody who lives was born on that date. Nothing was recorded.")
            }
            HouseholdError::Blocked => blocked(),
            HouseholdError::Consent(cause) => cause.into(),
            HouseholdError::DecidesThemself => Self::new(
                Kind::MinorDecidesThemself,
                "Nobody answers for who is 14 or older: they join with their own log-in. Nothing was \
                 recorded.",
            ),
            HouseholdError::InsufficientLevel { required } => stronger(required),
            HouseholdError::InvitationNotValid => Self::new(
                Kind::InvitationNotValid,
                "It may be used, expired, unknown or another body's, or the person is in a household: \
                 that is not told. Nothing was recorded.",
            ),
            HouseholdError::Keyring(cause) => unavailable("the keyring", &cause),
            HouseholdError::Log(cause) => log_unavailable(&cause),
            HouseholdError::NeedsGuardian => Self::new(
                Kind::MinorNeedsGuardian,
                "Nobody under 14 begins or joins a household by themself. Nothing was recorded.",
            ),
            HouseholdError::NotAllowed => Self::new(
                Kind::PurposeNotAllowed,
                "This client may not bind a person. Send them to our own pages. Nothing was recorded.",
            ),
            HouseholdError::NotInHousehold => ConsentError::NotInHousehold.into(),
            HouseholdError::Store(cause) => cause.into(),
            HouseholdError::TooManyChildren => {
                invalid("A person answers for 20 children at most. Nothing was recorded.")
            }
            HouseholdError::TooManyInvitations => Self::new(
                Kind::TooManyInvitations,
                "Ten invitations of this household are open. Nothing was recorded.",
            ),
            HouseholdError::UnknownChild => Self::not_found(),
            HouseholdError::UnknownPurpose => Self::new(
                Kind::PurposeNotAllowed,
                "This service has no such purpose for households. Nothing was recorded.",
            ),
            HouseholdError::Unwritable => {
                tracing::error!("an act in a household could not be written");
                Self::internal()
            }
        }
    }
}

impl From<LogError> for Problem {
    fn from(error: LogError) -> Self {
        match error {
            LogError::UnknownEntry => Self::not_found(),
            LogError::Erased => Self::new(Kind::Gone, "The content of this entry was erased."),
            other => log_unavailable(&other),
        }
    }
}

fn exhausted(products: &[ProductCode], again: Option<Timestamp>) -> Problem {
    let items: Vec<_> = products.iter().map(ToString::to_string).collect();
    let problem = |detail| Problem::new(Kind::ConsentExhausted, detail).with("items", items);
    match again {
        Some(again) => problem(
            "The permissions were used as often as they allow within their window. Nothing was sent; \
             ask again from `again_at` on.",
        )
        .with("again_at", again.to_string()),
        None => problem(
            "The permissions were used as often as they allow. Nothing was sent; the person may \
             decide anew.",
        ),
    }
}

fn blocked() -> Problem {
    Problem::new(
        Kind::Blocked,
        "The person objected, or asked for erasure: nothing is asked or released about them here. \
         Withdrawing, and reading what is recorded, go on working.",
    )
}

fn consent_required(products: &[ProductCode]) -> Problem {
    let items: Vec<_> = products.iter().map(ToString::to_string).collect();
    Problem::new(
        Kind::ConsentRequired,
        "The products in `items` have no live permission. Nothing was sent.",
    )
    .with("items", items)
}

fn stronger(level: LevelOfAssurance) -> Problem {
    let problem = Problem::new(
        Kind::InsufficientUserAuthentication,
        format!(
            "This needs level {}. Nothing was recorded or sent.",
            level.as_str()
        ),
    );
    match level.acr() {
        Some(acr) => problem.with("acr_values", acr).header(
            WWW_AUTHENTICATE,
            &format!("DPoP error=\"insufficient_user_authentication\", acr_values=\"{acr}\""),
        ),
        None => problem,
    }
}

fn stalled() -> Problem {
    Problem::new(
        Kind::LogUnavailable,
        "Without a durable record no request leaves. Nothing was sent.",
    )
    .with("sent", false)
    .retry_after(30)
}

fn log_unavailable(error: &LogError) -> Problem {
    tracing::error!(%error, "the exchange log failed");
    stalled()
}

fn unavailable(what: &str, error: &dyn std::error::Error) -> Problem {
    tracing::error!(error = %error, "{what} failed");
    Problem::new(
        Kind::ServiceUnavailable,
        "A store the service needs does not answer.",
    )
    .retry_after(5)
}
