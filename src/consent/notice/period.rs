//! Comparing how long things are kept.

use std::cmp::Ordering;

use jiff::{SignedDuration, Span};

/// How one ISO 8601 period compares with another, when every calendar agrees about it.
///
/// `None` when it depends on the month (a month and thirty days) or when a text is no period: a
/// person has to look.
pub(super) fn compare(one: &str, other: &str) -> Option<Ordering> {
    if one == other {
        return Some(Ordering::Equal);
    }
    let (one, other) = (Length::of(one)?, Length::of(other)?);
    match (one.months.cmp(&other.months), one.rest.cmp(&other.rest)) {
        (months, rest) if months == rest || rest.is_eq() => return Some(months),
        (months, rest) if months.is_eq() => return Some(rest),
        _ => {}
    }
    if one.most() <= other.least() {
        Some(Ordering::Less)
    } else if one.least() >= other.most() {
        Some(Ordering::Greater)
    } else {
        None
    }
}

/// Whether something kept for `one` is certainly kept no longer than `other`.
pub(in super::super) fn is_within(one: &str, other: &str) -> bool {
    matches!(compare(one, other), Some(Ordering::Less | Ordering::Equal))
}

/// A period: what the calendar stretches, and what it does not.
#[derive(Clone, Copy)]
struct Length {
    months: i64,
    rest: SignedDuration,
}

impl Length {
    fn of(text: &str) -> Option<Self> {
        let span: Span = text.parse().ok()?;
        let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
        let hours = days.checked_mul(24)?.checked_add(span.get_hours().into())?;
        let seconds = hours
            .checked_mul(3600)?
            .checked_add(span.get_minutes().checked_mul(60)?)?
            .checked_add(span.get_seconds())?;
        let rest = SignedDuration::from_secs(seconds)
            .checked_add(SignedDuration::from_millis(span.get_milliseconds()))?
            .checked_add(SignedDuration::from_micros(span.get_microseconds()))?
            .checked_add(SignedDuration::from_nanos(span.get_nanoseconds()))?;
        Some(Self {
            months: i64::from(span.get_years()) * 12 + i64::from(span.get_months()),
            rest,
        })
    }

    /// With every month as short as February.
    fn least(self) -> i128 {
        self.seconds(28)
    }

    /// With every month as long as January.
    fn most(self) -> i128 {
        self.seconds(31)
    }

    fn seconds(self, days: i128) -> i128 {
        i128::from(self.months) * days * 86_400 + i128::from(self.rest.as_secs())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        /// Any text is a period or is none, and whoever compares sees the same from both sides.
        #[test]
        fn comparing_is_the_same_from_both_sides(
            one in "-?P[0-9]{0,6}[YMWD]?T?[0-9]{0,20}[HMS]?", other in "\\PC{0,12}|P[0-9]{1,4}[YMD]",
        ) {
            let reversed = compare(&other, &one);
            proptest::prop_assert_eq!(compare(&one, &other), reversed.map(Ordering::reverse));
        }
    }

    #[test]
    fn periods_compare_when_every_calendar_agrees() {
        use Ordering::{Equal, Greater, Less};
        for (one, other, expected) in [
            ("PT15M", "PT15M", Some(Equal)),
            ("PT15M", "PT900S", Some(Equal)),
            ("P1Y", "P12M", Some(Equal)),
            ("P2W", "P14D", Some(Equal)),
            ("PT15M", "P1D", Some(Less)),
            ("P6Y", "P5Y", Some(Greater)),
            ("P5Y", "PT15M", Some(Greater)),
            ("P1M", "P40D", Some(Less)),
            ("P1M1D", "P1M", Some(Greater)),
            ("P1M1D", "P2M", Some(Less)),
            ("P1M", "P30D", None),
            ("P1M31D", "P2M1D", None),
            ("for ever", "P5Y", None),
        ] {
            assert_eq!(compare(one, other), expected, "{one} {other}");
            let reversed = compare(other, one);
            assert_eq!(reversed, expected.map(Ordering::reverse), "{other} {one}");
        }
    }
}
