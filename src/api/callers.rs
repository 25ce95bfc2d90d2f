//! Who calls, proven by token, before a route runs.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::app::App;
use super::problem::Problem;
use crate::identity::{Auditor, Caller, Citizen, Scope};

/// A citizen in whose name a client calls; `SCOPE` indexes [`Scope::ALL`].
///
/// The subject comes from the token and from nowhere else: no path and no body names one.
#[derive(Clone, Debug)]
pub(super) struct Me<const SCOPE: usize>(pub Citizen);

/// An auditor's program; `SCOPE` indexes [`Scope::ALL`].
#[derive(Clone, Debug)]
pub(super) struct Audit<const SCOPE: usize>(pub Auditor);

/// Positions in [`Scope::ALL`], which the tests hold to their names.
pub(super) mod scope {
    pub(in crate::api) const AUDIT_READ: usize = 1;
    pub(in crate::api) const CONSENT_READ: usize = 2;
    pub(in crate::api) const CONSENT_WRITE: usize = 3;
    pub(in crate::api) const EXCHANGE_READ: usize = 4;
    pub(in crate::api) const HOUSEHOLD_READ: usize = 5;
    pub(in crate::api) const PROFILE_READ: usize = 6;
}

impl<const SCOPE: usize> FromRequestParts<App> for Me<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(caller(parts, app).await?.citizen(Scope::ALL[SCOPE])?))
    }
}

impl<const SCOPE: usize> FromRequestParts<App> for Audit<SCOPE> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self(caller(parts, app).await?.auditor(Scope::ALL[SCOPE])?))
    }
}

async fn caller(parts: &Parts, app: &App) -> Result<Caller, Problem> {
    let path = parts.uri.path();
    Ok(app
        .tokens
        .authenticate(&parts.headers, &parts.method, path)
        .await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_the_scopes_they_are_named_after() {
        for (position, word) in [
            (scope::AUDIT_READ, "audit:read"),
            (scope::CONSENT_READ, "consent:read"),
            (scope::CONSENT_WRITE, "consent:write"),
            (scope::EXCHANGE_READ, "exchange:read"),
            (scope::HOUSEHOLD_READ, "household:read"),
            (scope::PROFILE_READ, "profile:read"),
        ] {
            assert_eq!(Scope::ALL[position].as_str(), word);
        }
    }
}
