//! Birth dates, which registers do not always know to the day.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::products::read::{day, digits};

/// When someone was born, as exactly as the register knows.
///
/// Written `1984-03-05`, `1984-03` or `1984`; an unknown part is never filled in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(into = "String", try_from = "String")]
pub enum BirthDate {
    /// To the day.
    Day(Date),
    /// To the month.
    Month {
        /// The year.
        year: i16,
        /// The month, 1 to 12.
        month: i8,
    },
    /// Only the year.
    Year(i16),
}

impl BirthDate {
    /// Reads `YYYYMMDD`, where an unknown day or month is `99` or `00`.
    ///
    /// `None` when nothing is known: `00000000`, `99999999`.
    pub(super) fn read(text: &str) -> Result<Option<Self>, InvalidBirthDate> {
        if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidBirthDate);
        }
        let (year, month, of_month) = (&text[..4], &text[4..6], &text[6..]);
        let unknown = |part: &str| matches!(part, "00" | "99");
        if matches!(year, "0000" | "9999") {
            return Ok(None);
        }
        let number: i16 = digits(year)
            .filter(|year| (1850..=2150).contains(year))
            .ok_or(InvalidBirthDate)?;
        if unknown(month) {
            return Ok(Some(Self::Year(number)));
        }
        if unknown(of_month) {
            let month = digits(month)
                .filter(|month| (1..=12).contains(month))
                .ok_or(InvalidBirthDate)?;
            return Ok(Some(Self::Month {
                year: number,
                month,
            }));
        }
        day(year, month, of_month)
            .map(|date| Some(Self::Day(date)))
            .ok_or(InvalidBirthDate)
    }
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Day(date) => date.fmt(f),
            Self::Month { year, month } => write!(f, "{year:04}-{month:02}"),
            Self::Year(year) => write!(f, "{year:04}"),
        }
    }
}

impl From<BirthDate> for String {
    fn from(birth_date: BirthDate) -> Self {
        birth_date.to_string()
    }
}

/// A text that [`BirthDate`] would not have written.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a birth date to the day, the month or the year")]
pub struct InvalidBirthDate;

impl TryFrom<String> for BirthDate {
    type Error = InvalidBirthDate;

    fn try_from(text: String) -> Result<Self, InvalidBirthDate> {
        let compact = format!("{:9<8}", text.replace('-', ""));
        match Self::read(&compact) {
            Ok(Some(birth_date)) if birth_date.to_string() == text => Ok(birth_date),
            _ => Err(InvalidBirthDate),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_unknown_part_stays_unknown() {
        let month = BirthDate::Month {
            year: 1984,
            month: 3,
        };
        for (text, birth) in [
            ("19840305", BirthDate::Day(date(1984, 3, 5))),
            ("19840399", month),
            ("19840300", month),
            ("19849999", BirthDate::Year(1984)),
            ("19840000", BirthDate::Year(1984)),
        ] {
            assert_eq!(BirthDate::read(text), Ok(Some(birth)), "{text}");
        }
    }

    #[test]
    fn a_date_of_noughts_or_nines_says_nothing() {
        assert_eq!(BirthDate::read("00000000"), Ok(None));
        assert_eq!(BirthDate::read("99999999"), Ok(None));
    }

    #[test]
    fn a_day_the_calendar_lacks_is_refused() {
        for text in [
            "19840230",
            "19841301",
            "1984030",
            "1984-3-5",
            "00010101",
            "１9840305",
        ] {
            assert_eq!(BirthDate::read(text), Err(InvalidBirthDate), "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_day_reads_back_as_written(days in 0_i32..73_000) {
            let born = date(1900, 1, 1).checked_add(jiff::Span::new().days(days)).unwrap();
            let read = BirthDate::read(&born.strftime("%Y%m%d").to_string());
            prop_assert_eq!(read, Ok(Some(BirthDate::Day(born))));
            let written = BirthDate::Day(born).to_string();
            prop_assert_eq!(BirthDate::try_from(written), Ok(BirthDate::Day(born)));
        }
    }
}
