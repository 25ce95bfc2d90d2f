//! The form of the token endpoint.

use std::collections::BTreeMap;

use super::super::error::TokenError;

pub(super) const GRANT_CLIENT_CREDENTIALS: &str = "client_credentials";
pub(super) const GRANT_TOKEN_EXCHANGE: &str = "urn:ietf:params:oauth:grant-type:token-exchange";
const CLIENT_ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
pub(super) const ACCESS_TOKEN: &str = "urn:ietf:params:oauth:token-type:access_token";
const JWT: &str = "urn:ietf:params:oauth:token-type:jwt";

/// The longest form that is looked at: two tokens of eight kibibytes and what goes with them.
const LONGEST: usize = 20 * 1024;

/// What a client asks for.
pub(super) struct Form {
    pub(super) grant: Grant,
    pub(super) client_id: Option<String>,
    pub(super) assertion: String,
    pub(super) scope: String,
}

pub(super) enum Grant {
    ClientCredentials,
    TokenExchange { subject_token: String },
}

impl Form {
    /// Reads a form in which no parameter appears twice (RFC 6749 section 3.2).
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, TokenError> {
        if bytes.len() > LONGEST {
            return Err(TokenError::InvalidRequest("the form is too long"));
        }
        let mut fields = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(bytes) {
            if fields
                .insert(name.into_owned(), value.into_owned())
                .is_some()
            {
                return Err(TokenError::InvalidRequest("a parameter appears twice"));
            }
        }
        let mut take = |name: &str| fields.remove(name).filter(|value| !value.is_empty());
        let grant = match take("grant_type").as_deref() {
            Some(GRANT_CLIENT_CREDENTIALS) => Grant::ClientCredentials,
            Some(GRANT_TOKEN_EXCHANGE) => Grant::TokenExchange {
                subject_token: exchanged(&mut take)?,
            },
            Some(_) => return Err(TokenError::UnsupportedGrantType),
            None => return Err(TokenError::InvalidRequest("grant_type is missing")),
        };
        if take("client_assertion_type").as_deref() != Some(CLIENT_ASSERTION) {
            return Err(TokenError::InvalidClient(
                "client_assertion_type must be jwt-bearer",
            ));
        }
        Ok(Self {
            grant,
            client_id: take("client_id"),
            assertion: take("client_assertion")
                .ok_or(TokenError::InvalidClient("client_assertion is missing"))?,
            // Nothing is given to who asks for nothing.
            scope: take("scope").ok_or(TokenError::InvalidScope)?,
        })
    }
}

/// The subject token of an exchange; the chain of actors is one link long (RFC 8693 section 2.1).
fn exchanged(take: &mut impl FnMut(&str) -> Option<String>) -> Result<String, TokenError> {
    if take("actor_token").is_some() {
        return Err(TokenError::InvalidRequest("actor_token is not accepted"));
    }
    if take("requested_token_type").is_some_and(|kind| kind != ACCESS_TOKEN) {
        return Err(TokenError::InvalidRequest("only access tokens are issued"));
    }
    if take("subject_token_type").as_deref() != Some(JWT) {
        return Err(TokenError::InvalidRequest("subject_token_type must be jwt"));
    }
    take("subject_token").ok_or(TokenError::InvalidRequest("subject_token is missing"))
}
