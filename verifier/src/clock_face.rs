//! The two spellings of time in the formats: Unix seconds and RFC 3339 in UTC.

/// Unix seconds as `2026-11-22 16:05:03 UTC`.
pub(crate) fn from_unix(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02} UTC")
}

/// An instant as the log writes it: `2026-11-22T16:05:03Z`, with up to nine digits of a second.
pub(crate) fn is_instant(text: &str) -> bool {
    let Some((seconds, fraction)) = text.strip_suffix('Z').and_then(|t| t.split_at_checked(19))
    else {
        return false;
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    has_shape(seconds, "0000-00-00T00:00:00")
        && (fraction.is_empty()
            || fraction
                .strip_prefix('.')
                .is_some_and(|f| (1..=9).contains(&f.len()) && digits(f)))
}

/// The minute of an instant, as it stands in a leaf: `2026-11-22T16:05Z`.
pub(crate) fn minute_of(instant: &str) -> Option<String> {
    is_instant(instant).then(|| format!("{}Z", &instant[..16]))
}

pub(crate) fn is_minute(text: &str) -> bool {
    has_shape(text, "0000-00-00T00:00Z")
}

/// An instant in words: `2026-11-22 16:05:03.123456 UTC`.
pub(crate) fn in_words(instant: &str) -> String {
    instant.trim_end_matches('Z').replace('T', " ") + " UTC"
}

/// Digits where the shape has zeros, the very same characters elsewhere.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(b, s)| {
            if s == b'0' {
                b.is_ascii_digit()
            } else {
                b == s
            }
        })
}

/// Year, month and day of a day after 1970-01-01, counted in years that begin in March, so that
/// the leap day is the last of its year.
fn civil(days: u64) -> (u64, u64, u64) {
    const FROM_MARCH_OF_YEAR_0: u64 = 719_468;
    const ERA: u64 = 146_097; // days in 400 years
    let days = days + FROM_MARCH_OF_YEAR_0;
    let (era, day) = (days / ERA, days % ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153; // 0 is March
    let date = day - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 {
        (month + 3, 0)
    } else {
        (month - 9, 1)
    };
    (era * 400 + year + next, month, date)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_seconds_are_read_as_dates() {
        for (seconds, words) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_767_225_600, "2026-01-01 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
        ] {
            assert_eq!(from_unix(seconds), words);
        }
    }

    #[test]
    fn every_day_of_four_centuries_follows_the_one_before() {
        let mut previous = civil(0);
        for days in 1..146_097 {
            let (year, month, day) = civil(days);
            let follows = match previous {
                (y, m, d) if d < 28 => (year, month, day) == (y, m, d + 1),
                (y, m, d) if m == month => (year, day) == (y, d + 1),
                (y, 12, 31) => (year, month, day) == (y + 1, 1, 1),
                (y, m, _) => (year, month, day) == (y, m + 1, 1),
            };
            assert!(follows, "{previous:?} then {:?}", (year, month, day));
            previous = (year, month, day);
        }
        assert_eq!(previous, (2369, 12, 31));
    }

    #[test]
    fn instants_are_in_utc_with_at_most_nine_digits() {
        for right in [
            "2026-11-22T16:05:03Z",
            "2026-11-22T16:05:03.1Z",
            "2026-11-22T16:05:03.123456Z",
        ] {
            assert_eq!(minute_of(right).unwrap(), "2026-11-22T16:05Z");
        }
        for wrong in [
            "",
            "Z",
            "2026-11-22T16:05:03",
            "2026-11-22T16:05:03.Z",
            "2026-11-22T16:05:03.1234567890Z",
            "2026-11-22T16:05:03+01:00",
            "2026-11-22 16:05:03Z",
            "2026-11-22T16:05:0éZ",
        ] {
            assert_eq!(minute_of(wrong), None, "{wrong}");
        }
        assert!(is_minute("2026-11-22T16:05Z"));
        assert!(!is_minute("2026-11-22T16:05:03Z"));
    }
}
