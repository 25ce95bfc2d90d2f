//! What is agreed with one platform: algorithms, clocks, deadlines and sizes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::signature::{DigestAlgorithm, SignatureAlgorithm};
use crate::xml::Limits;

/// The profiles that come with the program.
const SHIPPED: &str = include_str!("../../../config/platform-profiles.toml");

/// How to speak with one platform. Every value is a fact about the other side, not a preference.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct PlatformProfile {
    /// The algorithm our own signatures use.
    pub sign_with: SignatureAlgorithm,
    /// The algorithms accepted from the platform; anything else is `SIG-ALGORITHM`.
    pub accept: Vec<SignatureAlgorithm>,
    /// Whether our signatures cover the timestamp besides the Body.
    pub sign_timestamp: bool,
    /// Seconds from `Created` to `Expires` in what we send.
    pub timestamp_ttl_s: u32,
    /// Seconds the two clocks may differ.
    pub clock_tolerance_s: u32,
    /// What an answer without signature means.
    pub response_signature: ResponseSignature,
    /// The organisation whose seal answers must bear, by its NIF.
    pub organisation: String,
    /// Seconds to reach the platform.
    pub connect_timeout_s: u32,
    /// Seconds for one whole exchange, connecting included.
    pub deadline_s: u32,
    /// Bytes of the largest answer that is read.
    pub largest_answer: usize,
}

/// What is asked of the signature of an answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum ResponseSignature {
    /// Checked when there is one; an unsigned answer is recorded as such.
    IfPresent,
    /// Not even looked at. Only for finding out what a platform does.
    Off,
    /// An unsigned answer is refused.
    Required,
}

impl PlatformProfile {
    /// The profile of the Consorci AOC's platform (PCI).
    #[expect(
        clippy::expect_used,
        reason = "the file is part of the program, and a test reads it"
    )]
    pub fn aoc() -> Self {
        Self::parse_all(SHIPPED)
            .ok()
            .and_then(|mut profiles| profiles.remove("aoc"))
            .expect("the shipped profiles include `aoc`")
    }

    /// Reads a file of profiles, each a table under its name.
    pub fn parse_all(text: &str) -> Result<BTreeMap<String, Self>, toml::de::Error> {
        toml::from_str(text)
    }

    /// How much of an answer is held.
    pub fn limits(&self) -> Limits {
        Limits {
            bytes: self.largest_answer,
            ..Limits::ANSWER
        }
    }

    /// The time to reach the platform.
    pub fn connect_timeout(&self) -> Duration {
        Duration::from_secs(self.connect_timeout_s.into())
    }

    /// The time for one whole exchange.
    pub fn deadline(&self) -> Duration {
        Duration::from_secs(self.deadline_s.into())
    }

    /// Whether a signature made with this algorithm is believed.
    pub fn accepts(&self, algorithm: SignatureAlgorithm) -> bool {
        self.accept.contains(&algorithm)
    }

    /// Whether a digest is believed: when an accepted signature algorithm goes with it.
    pub fn accepts_digest(&self, digest: DigestAlgorithm) -> bool {
        self.accept.iter().any(|known| known.digest() == digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shipped_profile_speaks_as_the_platform_does() {
        let profile = PlatformProfile::aoc();
        assert_eq!(profile.sign_with, SignatureAlgorithm::RsaSha1);
        assert!(profile.accepts(SignatureAlgorithm::RsaSha256));
        assert!(!profile.sign_timestamp);
        assert_eq!(profile.timestamp_ttl_s, 300);
        assert_eq!(profile.organisation, "Q0801175A");
        assert_eq!(profile.response_signature, ResponseSignature::Required);
        assert!(profile.largest_answer <= Limits::ANSWER.bytes);
    }

    #[test]
    fn a_misspelt_key_is_an_error() {
        let text = SHIPPED.replace("sign_with", "signs_with");
        assert!(PlatformProfile::parse_all(&text).is_err());
    }
}
