//! Where a provider's endpoints and keys are: asked for rarely, and never at a stranger's bidding.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType,
    CoreJsonWebKey, CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm,
    CoreResponseMode, CoreResponseType, CoreSubjectIdentifierType,
};
use openidconnect::{
    AdditionalProviderMetadata, DiscoveryError, IssuerUrl, JsonWebKeySet, ProviderMetadata,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::Mutex;

use super::super::super::error::ProviderFault;
use super::super::super::outbound::{METADATA, Outbound, OutboundError, is_safe};
use super::capped::Capped;
use crate::clock::World;

/// How long an answer is used without asking again.
const FRESH: Duration = Duration::from_mins(15);
/// How much longer it is used when the provider does not answer.
const STALE: Duration = Duration::from_hours(1);
/// How long an unknown key, or a failure, is not asked about again: a flood of invented key names
/// costs the provider one request a minute (attack 5).
const PATIENCE: Duration = Duration::from_mins(1);
/// The same after a failure while there is nothing to use.
const RETRY: Duration = Duration::from_secs(5);

pub(super) type Metadata = ProviderMetadata<
    Extra,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Members of the discovery document the library has no name for.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Extra {
    /// RFC 9207.
    #[serde(default)]
    pub(super) authorization_response_iss_parameter_supported: bool,
    /// RFC 8414.
    #[serde(default)]
    code_challenge_methods_supported: Vec<String>,
}

impl AdditionalProviderMetadata for Extra {}

#[derive(Debug)]
pub(super) struct MetadataCache {
    issuer: IssuerUrl,
    outbound: Outbound,
    state: Mutex<State>,
}

/// Times are of the monotonic clock.
#[derive(Debug, Default)]
struct State {
    held: Option<(Arc<Metadata>, Duration)>,
    tried: Option<Duration>,
}

impl MetadataCache {
    pub(super) fn new(issuer: IssuerUrl, outbound: Outbound) -> Self {
        Self {
            issuer,
            outbound,
            state: Mutex::default(),
        }
    }

    /// What is known, asked for anew when it is old. While the provider is down, what was known.
    pub(super) async fn current(&self, world: &World) -> Result<Arc<Metadata>, ProviderFault> {
        // One log-in asks; the others wait for its answer instead of asking too.
        let mut state = self.state.lock().await;
        let now = world.clock.monotonic();
        let usable = |limit: Duration, state: &State| match &state.held {
            Some((metadata, at)) if now.saturating_sub(*at) < limit => Some(metadata.clone()),
            _ => None,
        };
        if let Some(metadata) = usable(FRESH, &state) {
            return Ok(metadata);
        }
        let former = usable(FRESH + STALE, &state);
        let wait = if former.is_some() { PATIENCE } else { RETRY };
        if state.tried.is_some_and(|at| now.saturating_sub(at) < wait) {
            return former.ok_or(ProviderFault::Contract("it did not answer a moment ago"));
        }
        match self.fetch(&mut state, now).await {
            Ok(metadata) => Ok(metadata),
            Err(fault) => former.ok_or(fault),
        }
    }

    /// What is known after looking for a key that was not there, at most once a minute.
    pub(super) async fn renewed(&self, world: &World) -> Result<Arc<Metadata>, ProviderFault> {
        let mut state = self.state.lock().await;
        let now = world.clock.monotonic();
        match (&state.held, state.tried) {
            (Some((metadata, _)), Some(at)) if now.saturating_sub(at) < PATIENCE => {
                Ok(metadata.clone())
            }
            _ => self.fetch(&mut state, now).await,
        }
    }

    async fn fetch(
        &self,
        state: &mut State,
        now: Duration,
    ) -> Result<Arc<Metadata>, ProviderFault> {
        state.tried = Some(now);
        let http = Capped {
            outbound: &self.outbound,
            longest: METADATA,
        };
        let metadata = Metadata::discover_async(self.issuer.clone(), &http)
            .await
            .map_err(fault)?;
        let metadata = Arc::new(acceptable(metadata)?);
        state.held = Some((metadata.clone(), now));
        Ok(metadata)
    }
}

/// The metadata with the keys that may verify, if the provider can do what we insist on.
fn acceptable(metadata: Metadata) -> Result<Metadata, ProviderFault> {
    let contract = ProviderFault::Contract;
    if !is_safe(metadata.authorization_endpoint().url()) {
        return Err(contract("its log-in address is not https"));
    }
    let methods = &metadata
        .additional_metadata()
        .code_challenge_methods_supported;
    if !methods.iter().any(|method| method == "S256") {
        return Err(contract("it does not announce PKCE with S256"));
    }
    let keys = metadata.jwks().keys();
    if keys.len() > 100 {
        return Err(contract("it has more than a hundred keys"));
    }
    let keys = keys.iter().filter(|key| is_strong(key)).cloned().collect();
    Ok(metadata.set_jwks(JsonWebKeySet::new(keys)))
}

/// Whether an RSA modulus has at least 2048 bits: the library sets no minimum.
fn is_strong(key: &CoreJsonWebKey) -> bool {
    let Ok(Value::Object(key)) = serde_json::to_value(key) else {
        return false;
    };
    let Some(modulus) = key.get("n") else {
        return true; // another kind of key, whose curve fixes its size
    };
    let bytes = modulus
        .as_str()
        .and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
    bytes.is_some_and(|bytes| {
        let significant: Vec<_> = bytes.iter().skip_while(|byte| **byte == 0).collect();
        significant.len() > 256 || significant.len() == 256 && *significant[0] >= 0x80
    })
}

/// Our own words: the library's errors quote what the provider answered.
fn fault(error: DiscoveryError<OutboundError>) -> ProviderFault {
    match error {
        DiscoveryError::Request(cause) => ProviderFault::Unreachable(cause),
        DiscoveryError::Validation(_) => ProviderFault::Contract("its issuer is another"),
        _ => ProviderFault::Contract("its discovery document or its keys"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// An RSA key of so many bytes, its highest bit set.
    fn rsa(bytes: usize) -> CoreJsonWebKey {
        let modulus = URL_SAFE_NO_PAD.encode(vec![0xff; bytes]);
        serde_json::from_value(json!({ "kty": "RSA", "n": modulus, "e": "AQAB" })).unwrap()
    }

    #[test]
    fn short_rsa_keys_are_passed_over() {
        assert!(is_strong(&rsa(256)) && is_strong(&rsa(512)));
        assert!(!is_strong(&rsa(255)) && !is_strong(&rsa(128)));
    }

    #[test]
    fn zeros_in_front_do_not_make_a_key_longer() {
        let mut padded = vec![0; 128];
        padded.extend([0xff; 128]);
        let modulus = URL_SAFE_NO_PAD.encode(padded);
        let key = json!({ "kty": "RSA", "n": modulus, "e": "AQAB" });
        assert!(!is_strong(&serde_json::from_value(key).unwrap()));
    }
}
