//! What this service says about itself to clients.

use serde_json::{Value, json};

use super::super::citizen::Scope;
use super::super::jwt::Algorithm;
use super::Tokens;
use super::form::{GRANT_CLIENT_CREDENTIALS, GRANT_TOKEN_EXCHANGE};

/// What clients' assertions and proofs may be signed with.
const ALGORITHMS: [Algorithm; 2] = [Algorithm::Es256, Algorithm::EdDsa];

impl Tokens {
    /// `/.well-known/oauth-authorization-server` (RFC 8414).
    pub fn authorization_server(&self) -> Value {
        let algorithms = ALGORITHMS.map(Algorithm::as_str);
        json!({
            "issuer": self.site.name,
            "token_endpoint": self.site.address(Self::ENDPOINT),
            "jwks_uri": self.site.address("/.well-known/jwks.json"),
            "response_types_supported": [],
            "grant_types_supported": [GRANT_TOKEN_EXCHANGE, GRANT_CLIENT_CREDENTIALS],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": algorithms,
            "dpop_signing_alg_values_supported": algorithms,
            "scopes_supported": Scope::ALL,
        })
    }

    /// `/.well-known/oauth-protected-resource` (RFC 9728).
    pub fn protected_resource(&self) -> Value {
        json!({
            "resource": self.site.name,
            "authorization_servers": [self.site.name],
            "jwks_uri": self.site.address("/.well-known/jwks.json"),
            "scopes_supported": Scope::ALL,
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": ALGORITHMS.map(Algorithm::as_str),
            "dpop_bound_access_tokens_required": true,
        })
    }
}
