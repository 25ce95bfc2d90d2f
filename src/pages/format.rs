//! Amounts, days and instants as each language writes them. Times are of Europe/Madrid.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::citizen::{EuroCents, Language};

/// Joins an amount and its sign on one line.
const NO_BREAK: char = '\u{a0}';

/// `1.234,50 €`, or `€1,234.50` in English.
pub(super) fn money(language: Language, amount: EuroCents) -> String {
    let cents = amount.cents();
    let sign = if cents < 0 { "−" } else { "" };
    let (euros, cents) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    match language {
        Language::En => format!("{sign}€{}.{cents:02}", grouped(euros, ',')),
        Language::Ca | Language::Es | Language::Oc => {
            format!("{sign}{},{cents:02}{NO_BREAK}€", grouped(euros, '.'))
        }
    }
}

/// `5 de març de 2026`, `5 de marzo de 2026`, `5 March 2026`.
pub(super) fn date(language: Language, date: Date) -> String {
    let (day, year) = (date.day(), date.year());
    let month = month(language, date.month());
    match language {
        Language::Ca | Language::Oc => format!("{day} {} de {year}", of(month)),
        Language::Es => format!("{day} de {month} de {year}"),
        Language::En => format!("{day} {month} {year}"),
    }
}

/// `març de 2026`, `March 2026`.
pub(super) fn month_of_year(language: Language, number: i8, year: i16) -> String {
    let month = month(language, number);
    match language {
        Language::Ca | Language::Es | Language::Oc => format!("{month} de {year}"),
        Language::En => format!("{month} {year}"),
    }
}

/// The day of an instant.
pub(super) fn day(language: Language, at: Timestamp) -> String {
    date(language, local(at).date())
}

/// Day and time of an instant: `5 de març de 2026, 10.42 h`.
pub(super) fn instant(language: Language, at: Timestamp) -> String {
    let local = local(at);
    let (hour, minute) = (local.hour(), local.minute());
    let date = date(language, local.date());
    match language {
        Language::Ca | Language::Oc => format!("{date}, {hour}.{minute:02}{NO_BREAK}h"),
        Language::Es => format!("{date}, {hour}:{minute:02}{NO_BREAK}h"),
        Language::En => format!("{date}, {hour}:{minute:02}"),
    }
}

fn local(at: Timestamp) -> jiff::Zoned {
    // The database of zones is compiled in.
    at.to_zoned(TimeZone::get("Europe/Madrid").unwrap_or(TimeZone::UTC))
}

/// `de març`, `d'abril`.
fn of(month: &str) -> String {
    if month.starts_with(['a', 'o']) {
        format!("d'{month}")
    } else {
        format!("de {month}")
    }
}

fn month(language: Language, number: i8) -> &'static str {
    let names = match language {
        Language::Ca => &CATALAN,
        Language::Es => &SPANISH,
        Language::En => &ENGLISH,
        Language::Oc => &ARANESE,
    };
    usize::try_from(number - 1)
        .ok()
        .and_then(|index| names.get(index))
        .copied()
        .unwrap_or("")
}

/// `1234567` as `1.234.567`.
fn grouped(number: u64, separator: char) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(separator);
        }
        text.push(digit);
    }
    text
}

#[rustfmt::skip]
const CATALAN: [&str; 12] = ["gener", "febrer", "març", "abril", "maig", "juny", "juliol",
    "agost", "setembre", "octubre", "novembre", "desembre"];
#[rustfmt::skip]
const SPANISH: [&str; 12] = ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio",
    "agosto", "septiembre", "octubre", "noviembre", "diciembre"];
#[rustfmt::skip]
const ENGLISH: [&str; 12] = ["January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December"];
/// For review: `gèr`, `hereuèr`, `juriòl` and `octobre` are certain, the rest is not.
#[rustfmt::skip]
const ARANESE: [&str; 12] = ["gèr", "hereuèr", "març", "abriu", "mai", "junh", "juriòl",
    "agost", "seteme", "octobre", "noveme", "deseme"];

#[cfg(test)]
mod tests {
    use jiff::civil;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_language_writes_amounts_its_way() {
        let amount = EuroCents::from_cents(123_450);
        assert_eq!(money(Language::Ca, amount), "1.234,50\u{a0}€");
        assert_eq!(money(Language::Es, amount), "1.234,50\u{a0}€");
        assert_eq!(money(Language::Oc, amount), "1.234,50\u{a0}€");
        assert_eq!(money(Language::En, amount), "€1,234.50");
        let debt = EuroCents::from_cents(-7);
        assert_eq!(money(Language::Ca, debt), "−0,07\u{a0}€");
    }

    #[test]
    fn each_language_writes_days_its_way() {
        let fifth = civil::date(2026, 3, 5);
        assert_eq!(date(Language::Ca, fifth), "5 de març de 2026");
        assert_eq!(date(Language::Es, fifth), "5 de marzo de 2026");
        assert_eq!(date(Language::En, fifth), "5 March 2026");
        assert_eq!(date(Language::Oc, fifth), "5 de març de 2026");
        assert_eq!(
            date(Language::Ca, civil::date(2026, 4, 1)),
            "1 d'abril de 2026"
        );
    }

    #[test]
    fn instants_are_told_in_the_time_of_the_peninsula() {
        let winter = "2026-03-05T09:42:00Z".parse().unwrap();
        assert_eq!(
            instant(Language::Ca, winter),
            "5 de març de 2026, 10.42\u{a0}h"
        );
        let summer = "2026-07-05T22:05:00Z".parse().unwrap();
        assert_eq!(
            instant(Language::Es, summer),
            "6 de julio de 2026, 0:05\u{a0}h"
        );
        assert_eq!(instant(Language::En, summer), "6 July 2026, 0:05");
    }

    proptest! {
        #[test]
        fn the_digits_of_an_amount_survive(cents in (i64::MIN + 1)..i64::MAX) {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let amount = EuroCents::from_cents(cents);
            for language in Language::ALL {
                prop_assert_eq!(digits(&money(language, amount)), digits(&amount.to_string()));
            }
        }
    }
}
