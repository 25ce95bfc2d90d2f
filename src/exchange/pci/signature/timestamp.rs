//! `wsu:Timestamp`: when a message was made and until when it may be believed.

use jiff::{SignedDuration, Timestamp};

use super::super::names::WSU;
use super::super::platform::PlatformProfile;
use super::SignatureError;
use crate::xml::Writer;

/// Name of the `wsu:Id` we give our own.
pub(super) const ID: &str = "TS-1";

/// What is wrong with a timestamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TimestampDefect {
    /// Past its `Expires`, beyond the tolerance.
    #[error("it expired")]
    Expired,
    /// Not `yyyy-MM-ddTHH:mm:ss[.SSS]Z`.
    #[error("it is not in UTC with none or three decimals")]
    Format,
    /// `Created` is ahead of our clock, beyond the tolerance.
    #[error("it was made in the future")]
    Future,
    /// There is none, or it has no `Created`.
    #[error("there is none")]
    Missing,
    /// `Expires` is not after `Created`.
    #[error("it expires before it was made")]
    Order,
}

/// The two instants of a timestamp.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Window {
    pub(super) created: Timestamp,
    pub(super) expires: Timestamp,
}

impl Window {
    /// The window our own messages get.
    pub(super) fn opening(now: Timestamp, profile: &PlatformProfile) -> Self {
        Self {
            created: now,
            expires: now
                .saturating_add(SignedDuration::from_secs(profile.timestamp_ttl_s.into()))
                .unwrap_or(Timestamp::MAX),
        }
    }

    /// The canonical element: what is sent and, when asked for, what is signed.
    pub(super) fn canonical(self) -> String {
        let mut writer = Writer::new();
        writer.open("wsu:Timestamp", &[("wsu", WSU)], &[("wsu:Id", ID)]);
        for (name, instant) in [("wsu:Created", self.created), ("wsu:Expires", self.expires)] {
            writer.open(name, &[], &[]);
            writer.raw(&write(instant));
            writer.close();
        }
        writer.finish()
    }

    /// Reads the texts of `Created` and `Expires`; without the latter the profile's life applies.
    pub(super) fn read(
        created: &str,
        expires: Option<&str>,
        profile: &PlatformProfile,
    ) -> Result<Self, SignatureError> {
        let created = parse(created)?;
        let expires = match expires {
            Some(text) => parse(text)?,
            None => Self::opening(created, profile).expires,
        };
        if expires <= created {
            return Err(TimestampDefect::Order.into());
        }
        Ok(Self { created, expires })
    }

    /// Whether the window is open now, give or take the tolerance.
    pub(super) fn check(
        self,
        now: Timestamp,
        profile: &PlatformProfile,
    ) -> Result<(), SignatureError> {
        let tolerance = SignedDuration::from_secs(profile.clock_tolerance_s.into());
        if self.created.duration_since(now) > tolerance {
            return Err(TimestampDefect::Future.into());
        }
        if now.duration_since(self.expires) > tolerance {
            return Err(TimestampDefect::Expired.into());
        }
        Ok(())
    }
}

/// `yyyy-MM-ddTHH:mm:ss.SSSZ`: the platform refuses any other number of decimals.
fn write(instant: Timestamp) -> String {
    format!("{instant:.3}")
}

/// Accepts exactly the two forms of the platform's specification.
fn parse(text: &str) -> Result<Timestamp, SignatureError> {
    const SHAPE: &[u8] = b"dddd-dd-ddTdd:dd:dd";
    let shaped = match (text.len(), text.strip_suffix('Z')) {
        (20, Some(body)) => body.len() == SHAPE.len(),
        (24, Some(body)) => body.as_bytes().get(SHAPE.len()) == Some(&b'.'),
        _ => false,
    };
    let letters = text
        .bytes()
        .zip(SHAPE)
        .all(|(byte, expected)| match expected {
            b'd' => byte.is_ascii_digit(),
            letter => byte == *letter,
        });
    if !shaped || !letters {
        return Err(TimestampDefect::Format.into());
    }
    text.parse().map_err(|_| TimestampDefect::Format.into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_golden_timestamp_is_written_byte_for_byte() {
        let now = "2026-11-20T08:15:30.123Z".parse().unwrap();
        let text = Window::opening(now, &PlatformProfile::aoc()).canonical();
        assert_eq!(text.len(), 242);
        let digest = super::super::DigestAlgorithm::Sha256.of(text.as_bytes());
        assert_eq!(
            super::super::base64(digest.as_ref()),
            "NQRVyfxJwJwj9hA+HaB8Au4/MscvgnKjSpkPO4k9g0U="
        );
    }

    #[test]
    fn only_none_or_three_decimals_in_utc_are_accepted() {
        for text in ["2026-11-20T08:15:30Z", "2026-11-20T08:15:30.123Z"] {
            assert!(parse(text).is_ok(), "{text}");
        }
        for text in [
            "",
            "2026-11-20T08:15:30.123456Z",
            "2026-11-20T08:15:30.1Z",
            "2026-11-20T08:15:30.123456789Z",
            "2026-11-20T09:15:30+01:00",
            "2026-11-20T08:15:30",
            "2026-13-20T08:15:30Z",
            "2026-11-20 08:15:30Z",
            "２026-11-20T08:15:0Z",
        ] {
            assert_eq!(parse(text), Err(TimestampDefect::Format.into()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(seconds in 0_i64..4_000_000_000, millis in 0_i32..1000) {
            let instant = Timestamp::new(seconds, millis * 1_000_000).unwrap();
            prop_assert_eq!(parse(&write(instant)), Ok(instant));
        }

        #[test]
        fn any_text_is_parsed_or_refused_without_panic(text in "\\PC{0,30}") {
            let _ = parse(&text);
        }
    }
}
