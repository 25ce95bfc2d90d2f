//! How old somebody is, to the day, in the civil time of the administrations.
//!
//! The day of birth counts whole (Código Civil, article 240, on coming of age), so an age is reached at 00:00
//! of the birthday. Whoever was born on 29 February has lived the whole year only when 28 February is over: in
//! a year without that day they reach the age at 00:00 on 1 March.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::clock::madrid;

/// From this age on a person decides about their own data (LOPDGDD, article 7).
pub(super) const DECIDES: i16 = 14;

/// From this age on a person is an adult.
const ADULT: i16 = 18;

/// Nobody has lived longer.
const OLDEST: i16 = 125;

/// What a birth date means for who may act.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Age {
    /// Under fourteen: a guardian answers, until this instant.
    Child {
        /// The 14th birthday.
        until: Timestamp,
    },
    /// From fourteen to seventeen: decides, and is counted apart until this instant.
    Minor {
        /// The 18th birthday.
        of_age_at: Timestamp,
    },
    /// Eighteen or older.
    Adult,
}

/// A birth date in the future, or of nobody who lives. Never carries it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("nobody who lives was born on that date")]
pub struct InvalidBirthDate;

impl Age {
    /// The age at `now` of who was born on a date.
    pub fn of(birth: Date, now: Timestamp) -> Result<Self, InvalidBirthDate> {
        let at = |years| birthday(birth, years).ok_or(InvalidBirthDate);
        if now < at(0)? || at(OLDEST)? <= now {
            return Err(InvalidBirthDate);
        }
        let (until, of_age_at) = (at(DECIDES)?, at(ADULT)?);
        Ok(if now < until {
            Self::Child { until }
        } else if now < of_age_at {
            Self::Minor { of_age_at }
        } else {
            Self::Adult
        })
    }
}

/// The instant at which somebody reaches an age; `None` at the end of time.
pub fn birthday(birth: Date, years: i16) -> Option<Timestamp> {
    let year = birth.year().checked_add(years)?;
    let day = match Date::new(year, birth.month(), birth.day()) {
        Ok(day) => day,
        Err(_) if birth.month() == 2 => Date::new(year, 3, 1).ok()?,
        Err(_) => return None,
    };
    let start = day.to_zoned(madrid()).ok()?.start_of_day().ok()?;
    Some(start.timestamp())
}

#[cfg(test)]
mod tests {
    use jiff::ToSpan;
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn hh_03_fourteen_and_eighteen_begin_at_midnight_of_madrid() {
        let birth = date(2012, 7, 20);
        assert_eq!(birthday(birth, 14), Some(at("2026-07-19T22:00:00Z")));
        assert_eq!(
            birthday(date(2012, 1, 20), 18),
            Some(at("2030-01-19T23:00:00Z"))
        );
        let (until, of_age_at) = (at("2026-07-19T22:00:00Z"), at("2030-07-19T22:00:00Z"));
        let before = at("2026-07-19T21:59:59.999999Z");
        assert_eq!(Age::of(birth, before), Ok(Age::Child { until }));
        assert_eq!(Age::of(birth, until), Ok(Age::Minor { of_age_at }));
        let before = at("2030-07-19T21:59:59.999999Z");
        assert_eq!(Age::of(birth, before), Ok(Age::Minor { of_age_at }));
        assert_eq!(Age::of(birth, of_age_at), Ok(Age::Adult));
    }

    #[test]
    fn hh_03_who_was_born_on_29_february_is_older_on_1_march() {
        let birth = date(2012, 2, 29);
        assert_eq!(birthday(birth, 14), Some(at("2026-02-28T23:00:00Z")));
        assert_eq!(
            birthday(birth, 16),
            Some(at("2028-02-28T23:00:00Z")),
            "a leap year"
        );
        assert_eq!(birthday(birth, 18), Some(at("2030-02-28T23:00:00Z")));
        assert_eq!(birthday(birth, 18), birthday(date(2012, 3, 1), 18));
    }

    #[test]
    fn a_birth_date_in_the_future_or_of_nobody_is_refused() {
        let now = at("2026-11-23T12:00:00Z");
        for birth in [
            date(2026, 11, 24),
            date(2126, 1, 1),
            date(1901, 11, 23),
            date(1, 1, 1),
            date(9999, 12, 31),
        ] {
            assert_eq!(Age::of(birth, now), Err(InvalidBirthDate), "{birth}");
        }
        let today = Age::of(date(2026, 11, 23), now);
        assert!(matches!(today, Ok(Age::Child { .. })));
        assert_eq!(Age::of(date(1901, 11, 24), now), Ok(Age::Adult));
    }

    proptest! {
        #[test]
        fn hh_03_nobody_gets_younger(days in 0_i32..40_000, earlier in 0_i64..2_000_000_000, later in 0_i64..2_000_000_000) {
            let birth = date(1920, 1, 1).saturating_add(days.days());
            let rank = |second: i64| match Age::of(birth, Timestamp::from_second(second).unwrap()) {
                Ok(Age::Child { .. }) => Some(0),
                Ok(Age::Minor { .. }) => Some(1),
                Ok(Age::Adult) => Some(2),
                Err(InvalidBirthDate) => None,
            };
            let (earlier, later) = (earlier.min(later), earlier.max(later));
            if let (Some(earlier), Some(later)) = (rank(earlier), rank(later)) {
                prop_assert!(earlier <= later);
            }
        }
    }
}
