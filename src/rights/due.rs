//! Until when a request must be answered: one calendar month, two more where it is complex (GDPR 12.3).

use jiff::{Span, Timestamp, ToSpan as _};

use crate::clock::madrid;

/// The end of the day, in Madrid, one month after: of the same date, or of the month's last day where
/// there is no such date (Regulation 1182/71, article 3).
///
/// Where that day is a holiday the law gives until the next working day; this is never later.
pub fn due_after(received: Timestamp) -> Option<Timestamp> {
    end_of_day(received, 1.month())
}

/// The same with the two further months that an extension gives.
pub fn extended(received: Timestamp) -> Option<Timestamp> {
    end_of_day(received, 3.months())
}

fn end_of_day(from: Timestamp, months: Span) -> Option<Timestamp> {
    let last = from.to_zoned(madrid()).date().checked_add(months).ok()?;
    let next = last.tomorrow().ok()?.to_zoned(madrid()).ok()?;
    next.timestamp().checked_sub(1.second()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn con_09_a_request_is_due_at_the_end_of_the_same_day_of_the_next_month_in_madrid() {
        for (received, due) in [
            ("2026-11-22T16:05:00Z", "2026-12-22T22:59:59Z"),
            ("2026-11-22T23:30:00Z", "2026-12-23T22:59:59Z"), // the 23rd in Madrid
            ("2026-06-30T10:00:00Z", "2026-07-30T21:59:59Z"), // summer time
            ("2026-03-01T10:00:00Z", "2026-04-01T21:59:59Z"), // it changes in between
        ] {
            assert_eq!(due_after(at(received)), Some(at(due)), "{received}");
        }
    }

    #[test]
    fn a_month_without_that_day_ends_with_its_last() {
        let received = at("2027-01-31T10:00:00Z");
        assert_eq!(due_after(received), Some(at("2027-02-28T22:59:59Z")));
        assert_eq!(extended(received), Some(at("2027-04-30T21:59:59Z")));
        let leap = at("2028-01-31T10:00:00Z");
        assert_eq!(due_after(leap), Some(at("2028-02-29T22:59:59Z")));
    }
}
