//! The terms of one permission: how far back it reaches, how often it may be used, how long an
//! answer may be kept.
//!
//! What was agreed to holds, whatever the register of purposes says later; a register that became
//! stricter holds as well, at once. Nothing here is a wish: the gate keeps every term.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::citizen::FiscalYear;

/// The terms of one permission.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct GrantTerms {
    /// How far back a question may reach.
    pub period: Period,
    /// How often a source may be asked.
    pub frequency: Frequency,
    /// How long an answer may be kept after it came.
    pub data_life: Stretch,
}

/// How far back a question may reach: `now`, or `P2Y` for the latest year available, at most two
/// years back. It names no year, so that the yearly roll needs no new consent.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Period {
    years_back: i16,
}

/// At most so many requests within a window, or in the whole life of the permission.
///
/// Every intent counts, also one that is repeated or came to nothing: the source was asked, or may
/// have been.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Frequency {
    /// How many.
    pub at_most: u32,
    /// The window, which ends with each request; without one, the whole life of the permission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Stretch>,
}

/// A stretch of time in the UTC calendar, written as an ISO 8601 duration: `PT15M`, `P1D`.
#[derive(Clone, Copy)]
pub struct Stretch(Span);

/// The moment a question is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum About {
    /// The day it is asked.
    Now,
    /// A tax year.
    FiscalYear(FiscalYear),
}

/// Not a term: names what it should look like.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum NotATerm {
    /// Not a period.
    #[error("a period is `now` or a number of years from `P1Y` to `P9Y`")]
    Period,
    /// Not a stretch of time.
    #[error("not an ISO 8601 duration of between a second and five years")]
    Stretch,
}

impl GrantTerms {
    /// The terms of grants that were recorded before grants stated theirs: what held on that day.
    pub(crate) fn of_old() -> Self {
        Self {
            period: Period { years_back: 2 },
            frequency: Frequency {
                at_most: u32::MAX,
                window: None,
            },
            data_life: Stretch(Span::new().minutes(15)),
        }
    }

    /// These terms where the register became stricter since.
    ///
    /// Of two frequencies that cannot be compared the one that allows fewer requests is told; the
    /// gate holds to both.
    #[must_use]
    pub(super) fn tightened_by(self, other: Self) -> Self {
        Self {
            period: self.period.min(other.period),
            frequency: self.frequency.stricter(other.frequency),
            data_life: self.data_life.min(other.data_life),
        }
    }
}

impl Period {
    /// The years back it reaches; 0 is now.
    pub const fn years_back(self) -> i16 {
        self.years_back
    }

    /// Whether a question asked on `today` (Madrid's) stays within it.
    pub fn covers(self, about: About, today: Date) -> bool {
        match about {
            About::Now => true,
            About::FiscalYear(year) => {
                (1..=self.years_back).contains(&today.year().saturating_sub(year.get()))
            }
        }
    }
}

impl Frequency {
    fn stricter(self, other: Self) -> Self {
        let rank = |one: Self| (one.at_most, one.window.is_some(), one.window);
        match (self.window, other.window) {
            (Some(own), Some(others)) if self.at_most == other.at_most => Self {
                window: Some(own.max(others)),
                ..self
            },
            _ if rank(other) < rank(self) => other,
            _ => self,
        }
    }

    /// From when on requests count at `now`; `None` from the beginning of the permission.
    pub(super) fn since(self, now: Timestamp) -> Option<Timestamp> {
        self.window.map(|window| window.before(now))
    }

    /// Whether it is a limit at all.
    pub(super) const fn limits(self) -> bool {
        self.at_most < u32::MAX
    }
}

impl Stretch {
    /// The instant so long after another; the end of time at most.
    pub fn after(self, from: Timestamp) -> Timestamp {
        let end = from.to_zoned(TimeZone::UTC).checked_add(self.0);
        end.map_or(Timestamp::MAX, |end| end.timestamp())
    }

    /// The instant so long before another; the beginning of time at least.
    pub fn before(self, to: Timestamp) -> Timestamp {
        let start = to.to_zoned(TimeZone::UTC).checked_sub(self.0);
        start.map_or(Timestamp::MIN, |start| start.timestamp())
    }

    /// The same for everybody, as a day is not always 24 hours and a month never so many days.
    fn length(self) -> Timestamp {
        self.after(Timestamp::UNIX_EPOCH)
    }
}

impl FromStr for Period {
    type Err = NotATerm;

    fn from_str(text: &str) -> Result<Self, NotATerm> {
        if text == "now" {
            return Ok(Self { years_back: 0 });
        }
        let years = text
            .strip_prefix('P')
            .and_then(|rest| rest.strip_suffix('Y'));
        let years = years.and_then(|years| years.parse::<u8>().ok());
        match years.filter(|years| (1..=9).contains(years)) {
            Some(years) => Ok(Self {
                years_back: i16::from(years),
            }),
            None => Err(NotATerm::Period),
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.years_back {
            0 => f.write_str("now"),
            years => write!(f, "P{years}Y"),
        }
    }
}

impl FromStr for Stretch {
    type Err = NotATerm;

    fn from_str(text: &str) -> Result<Self, NotATerm> {
        // The library reads friendlier words than these too.
        let iso = Some(text).filter(|text| text.starts_with('P'));
        let span = iso.and_then(|text| text.parse().ok());
        let stretch = Self(span.ok_or(NotATerm::Stretch)?);
        let seconds = stretch.length().as_second();
        if (1..=5 * 366 * 86_400).contains(&seconds) {
            Ok(stretch)
        } else {
            Err(NotATerm::Stretch)
        }
    }
}

impl fmt::Display for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Stretch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Ord for Stretch {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.length().cmp(&other.length())
    }
}

impl PartialOrd for Stretch {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Eq for Stretch {}

impl PartialEq for Stretch {
    fn eq(&self, other: &Self) -> bool {
        self.length() == other.length()
    }
}

/// Written and read as text.
macro_rules! as_text {
    ($($name:ty),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(D::Error::custom)
            }
        }
    )*};
}

as_text!(Period, Stretch);

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn terms(period: &str, at_most: u32, window: Option<&str>, data_life: &str) -> GrantTerms {
        GrantTerms {
            period: period.parse().unwrap(),
            frequency: Frequency {
                at_most,
                window: window.map(|window| window.parse().unwrap()),
            },
            data_life: data_life.parse().unwrap(),
        }
    }

    #[test]
    fn a_period_reaches_back_from_the_year_of_asking_and_never_forward() {
        let period: Period = "P2Y".parse().unwrap();
        let covers = |year| {
            let about = About::FiscalYear(FiscalYear::new(year));
            period.covers(about, date(2026, 11, 22))
        };
        let years: Vec<i16> = (2020..2030).filter(|year| covers(*year)).collect();
        assert_eq!(years, [2024, 2025]);
        assert!(period.covers(About::Now, date(2026, 11, 22)));
        let now: Period = "now".parse().unwrap();
        assert!(now.covers(About::Now, date(2026, 11, 22)));
        assert!(!now.covers(About::FiscalYear(FiscalYear::new(2025)), date(2026, 11, 22)));
    }

    #[test]
    fn what_is_no_term_is_refused() {
        for text in ["", "P0Y", "P10Y", "P-1Y", "P2M", "2", "Now"] {
            assert_eq!(text.parse::<Period>(), Err(NotATerm::Period), "{text}");
        }
        for text in ["", "P0D", "-P1D", "P900Y", "1 week", "PT0.001S"] {
            assert_eq!(text.parse::<Stretch>(), Err(NotATerm::Stretch), "{text}");
        }
    }

    #[test]
    fn the_stricter_of_two_terms_holds() {
        let agreed = terms("P2Y", 200, Some("P1D"), "PT15M");
        for (register, both) in [
            (terms("P5Y", 900, Some("P1D"), "P1D"), agreed),
            (
                terms("now", 200, Some("P1D"), "PT15M"),
                terms("now", 200, Some("P1D"), "PT15M"),
            ),
            (
                terms("P2Y", 200, Some("P7D"), "PT15M"),
                terms("P2Y", 200, Some("P7D"), "PT15M"),
            ),
            (terms("P2Y", 1, None, "PT1M"), terms("P2Y", 1, None, "PT1M")),
        ] {
            assert_eq!(agreed.tightened_by(register), both);
            assert_eq!(register.tightened_by(agreed), both);
        }
        assert_eq!(GrantTerms::of_old().tightened_by(agreed), agreed);
    }

    proptest! {
        /// Any text is a term or is refused; one that is read stays within its bounds and reads back.
        #[test]
        fn any_text_is_a_term_within_bounds_or_none(
            text in "\\PC{0,24}|-?P[0-9]{0,20}[YMWD]?(T[0-9]{0,20}[HMS])?",
        ) {
            if let Ok(period) = text.parse::<Period>() {
                prop_assert!((0..=9).contains(&period.years_back()));
                prop_assert_eq!(period.to_string().parse(), Ok(period));
            }
            if let Ok(stretch) = text.parse::<Stretch>() {
                let seconds = stretch.length().as_second();
                prop_assert!((1..=5 * 366 * 86_400).contains(&seconds));
                prop_assert_eq!(stretch.to_string().parse(), Ok(stretch));
            }
        }

        #[test]
        fn terms_read_back_as_they_were_written(
            years in 0_u8..10, at_most in 1_u32..1000, days in prop::option::of(1_u8..90), minutes in 1_u8..60,
        ) {
            let period = if years == 0 { "now".to_owned() } else { format!("P{years}Y") };
            let window = days.map(|days| format!("P{days}D"));
            let terms = terms(&period, at_most, window.as_deref(), &format!("PT{minutes}M"));
            let text = serde_json::to_string(&terms).unwrap();
            prop_assert_eq!(serde_json::from_str::<GrantTerms>(&text).unwrap(), terms);
        }
    }
}
