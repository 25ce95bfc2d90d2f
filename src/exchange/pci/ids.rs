//! The identifiers a request leaves with: fresh every time, since a reused one is refused.

use std::fmt;
use std::str::FromStr;

use crate::citizen::Ine10;
use crate::clock::World;

/// `IdPeticion`: at most 100 of `[A-Za-z0-9_-]`, unique for its requester for ever.
///
/// One identifier is one POST. It is spent even when no answer arrives.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct RequestId(String);

/// `IdSolicitud`: at most 40 of `[A-Za-z0-9_-]`, unique within its request.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct SubmissionId(String);

/// A text that is no such identifier.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an identifier: letters, digits, `_` and `-`, and no longer than its field")]
pub struct InvalidId;

/// The identifiers of one request with one submission.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WireIds {
    /// `IdPeticion`.
    pub request: RequestId,
    /// `IdSolicitud`.
    pub submission: SubmissionId,
}

impl WireIds {
    /// `<INE10>-<ULID>` and `<ULID>-1`, from the clock and eighty random bits.
    pub fn fresh(requester: &Ine10, world: &World) -> Self {
        let ulid = ulid(world.now().as_millisecond(), world.entropy.bytes());
        Self {
            request: RequestId(format!("{requester}-{ulid}")),
            submission: SubmissionId(format!("{ulid}-1")),
        }
    }
}

impl RequestId {
    /// The text of the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl SubmissionId {
    /// The text of the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for RequestId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        identifier(text, 100).map(Self)
    }
}

impl FromStr for SubmissionId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        identifier(text, 40).map(Self)
    }
}

fn identifier(text: &str, longest: usize) -> Result<String, InvalidId> {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if (1..=longest).contains(&text.len()) && text.bytes().all(known) {
        Ok(text.to_owned())
    } else {
        Err(InvalidId)
    }
}

/// A ULID: 48 bits of milliseconds and 80 random ones, in 26 characters of Crockford's base 32.
fn ulid(milliseconds: i64, random: [u8; 10]) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let time = u128::try_from(milliseconds).unwrap_or(0) & 0xffff_ffff_ffff;
    let value = random
        .iter()
        .fold(time, |value, byte| (value << 8) | u128::from(*byte));
    (0..26)
        .rev()
        .map(|place| {
            let digit = usize::try_from((value >> (5 * place)) & 31).unwrap_or(0);
            char::from(ALPHABET[digit])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_ulid_carries_its_time_first() {
        assert_eq!(ulid(0, [0; 10]), "00000000000000000000000000");
        assert_eq!(
            ulid(1_469_918_176_385, [0; 10]),
            "01ARYZ6S410000000000000000"
        );
        assert_eq!(ulid((1 << 48) - 1, [255; 10]), "7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    }

    #[test]
    fn fresh_identifiers_differ_and_fit_their_fields() {
        let world = World::real();
        let requester = "0000000001".parse().unwrap();
        let (one, two) = (
            WireIds::fresh(&requester, &world),
            WireIds::fresh(&requester, &world),
        );
        assert_ne!(one.request, two.request);
        assert_ne!(one.submission, two.submission);
        for ids in [one, two] {
            assert_eq!(ids.request.as_str().parse(), Ok(ids.request.clone()));
            assert_eq!(ids.submission.as_str().parse(), Ok(ids.submission.clone()));
            assert!(ids.request.as_str().starts_with("0000000001-"));
        }
    }

    proptest! {
        #[test]
        fn later_identifiers_sort_later(a in 0_i64..1 << 47, b in 0_i64..1 << 47) {
            prop_assert_eq!(ulid(a, [7; 10]).cmp(&ulid(b, [7; 10])), a.cmp(&b));
        }

        #[test]
        fn any_text_is_an_identifier_or_refused(text in ".{0,120}") {
            if let Ok(id) = text.parse::<RequestId>() {
                prop_assert!(id.as_str().len() <= 100);
            }
        }
    }
}
