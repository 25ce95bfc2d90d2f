//! Leaves: what the tree holds of an entry. A commitment that only the entry's key opens, the kind
//! of the entry and the minute it was made: nothing that leads to a person.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::hmac;
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::Timestamp;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// What an entry is about.
        #[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The word written in leaves and payloads.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }
        }
    };
}

kinds! {
    /// An auditor took the evidence of an exchange.
    AuditEvidence = "audit-evidence",
    /// An auditor searched.
    AuditSearch = "audit-search",
    /// Nothing may be asked or released about a person any more.
    Blocked = "blocked",
    /// A block was lifted, or taken back by the person who asked for it.
    BlockLifted = "block-lifted",
    /// Items of consent came to the end they were granted until.
    ConsentExpired = "consent-expired",
    /// Items of consent were granted.
    ConsentGranted = "consent-granted",
    /// Items of consent were refused.
    ConsentRefused = "consent-refused",
    /// Items of consent were withdrawn.
    ConsentWithdrawn = "consent-withdrawn",
    /// A person began, joined or left a household, invited to it, or answered for a child.
    Household = "household",
    /// A source is about to be asked.
    Intent = "intent",
    /// A fetch ended before it was finished.
    JobInterrupted = "job-interrupted",
    /// A key was made, replaced or destroyed.
    KeyEvent = "key-event",
    /// Somebody logged in.
    Login = "login",
    /// A version of a notice was published.
    NoticePublished = "notice-published",
    /// A notice was shown.
    NoticeServed = "notice-served",
    /// What a source answered, and whether it was used.
    Outcome = "outcome",
    /// A person took a copy of everything kept about them.
    OwnExport = "own-export",
    /// Somebody looked at what would be asked.
    Preview = "preview",
    /// Data were handed to a client.
    Release = "release",
    /// A request about a person's rights moved on.
    RightsAnswered = "rights-answered",
    /// An operator looked up who made a request.
    RightsIdentified = "rights-identified",
    /// A person made a request about their rights.
    RightsRequested = "rights-requested",
}

/// A word that is no [`Kind`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a kind of log entry")]
pub struct UnknownKind;

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(word: &str) -> Result<Self, UnknownKind> {
        let kinds = Self::ALL.iter().copied();
        kinds
            .into_iter()
            .find(|kind| kind.as_str() == word)
            .ok_or(UnknownKind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// HMAC-SHA-256 of the payload's bytes under the entry's key.
///
/// Keyed because what is committed to can be guessed: there are some 10⁸ document numbers.
pub fn commitment(key: &[u8; 32], payload: &[u8]) -> [u8; 32] {
    let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), payload);
    let mut commitment = [0; 32];
    commitment.copy_from_slice(tag.as_ref());
    commitment
}

/// The bytes of a leaf: canonical JSON (RFC 8785).
///
/// Its members stand in order and none needs escaping, so the text is canonical as written.
pub fn leaf(kind: Kind, at: Timestamp, commitment: &[u8; 32]) -> Vec<u8> {
    let commitment = BASE64_URL_SAFE_NO_PAD.encode(commitment);
    let minute = at.strftime("%Y-%m-%dT%H:%MZ");
    format!(r#"{{"c":"{commitment}","kind":"{kind}","minute":"{minute}","v":1}}"#).into_bytes()
}

/// Whether a leaf is of that kind and minute, whatever it commits to.
pub fn says(bytes: &[u8], kind: Kind, at: Timestamp) -> bool {
    const COMMITMENT: std::ops::Range<usize> = 6..49; // 43 characters after `{"c":"`
    let expected = leaf(kind, at, &[0; 32]);
    bytes.len() == expected.len()
        && bytes[..COMMITMENT.start] == expected[..COMMITMENT.start]
        && bytes[COMMITMENT.end..] == expected[COMMITMENT.end..]
}

/// SHA-256 of a zero byte and the leaf (RFC 6962, section 2.1).
pub fn leaf_hash(leaf: &[u8]) -> [u8; 32] {
    tlog_tiles::record_hash(leaf).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leaf_is_canonical_json_of_four_members() {
        let at = "2026-11-22T16:05:59.999999Z".parse().unwrap();
        let leaf = leaf(Kind::ConsentGranted, at, &[0xfb; 32]);
        let text = String::from_utf8(leaf.clone()).unwrap();
        let commitment = "-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s";
        assert_eq!(
            text,
            format!(
                r#"{{"c":"{commitment}","kind":"consent-granted","minute":"2026-11-22T16:05Z","v":1}}"#
            )
        );
        let value: serde_json::Value = serde_json::from_slice(&leaf).unwrap();
        assert_eq!(serde_jcs::to_vec(&value).unwrap(), leaf);
    }

    #[test]
    fn a_leaf_says_its_kind_and_minute_without_its_key() {
        let at = "2026-11-22T16:05:59Z".parse().unwrap();
        let bytes = leaf(Kind::Intent, at, &[7; 32]);
        assert!(says(&bytes, Kind::Intent, at));
        assert!(!says(&bytes, Kind::Login, at));
        let later = "2026-11-22T16:06:00Z".parse().unwrap();
        assert!(!says(&bytes, Kind::Intent, later));
        assert!(!says(&bytes[1..], Kind::Intent, at) && !says(&[], Kind::Intent, at));
    }

    #[test]
    fn the_commitment_is_hmac_sha_256() {
        // RFC 4231, test case 2, with the key padded with zeros to 32 bytes (HMAC pads so itself).
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        assert_eq!(
            hex::encode(commitment(&key, b"what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }

    #[test]
    fn every_kind_reads_back_and_nothing_else_does() {
        for kind in Kind::ALL {
            assert_eq!(kind.as_str().parse(), Ok(*kind));
        }
        assert_eq!("Intent".parse::<Kind>(), Err(UnknownKind));
    }
}
