//! The three ways the tax agency writes an amount.

use crate::citizen::EuroCents;
use crate::products::read::digits;

/// An amount in free text: `1234.56`, `1.234,56`, `1234,56` or `1234`, perhaps with a minus.
///
/// The format is not documented, so what could be read two ways is not read: `1.234` may be a
/// thousand or one and a bit.
pub(super) fn free_text(text: &str) -> Option<EuroCents> {
    let (sign, body) = match text.trim().strip_prefix('-') {
        Some(body) => ("-", body),
        None => ("", text.trim()),
    };
    let (whole, decimals) = match (body.split_once(','), body.split_once('.')) {
        (Some((whole, decimals)), _) => (ungrouped(whole)?, decimals),
        (None, Some((whole, decimals))) => (whole.to_owned(), decimals),
        (None, None) => (body.to_owned(), "00"),
    };
    let digits_only = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits_only(&whole) || !digits_only(decimals) || decimals.len() > 2 {
        return None;
    }
    format!("{sign}{whole}.{decimals}").parse().ok()
}

/// `1.234.567` without its dots, if they stand where thousands do.
fn ungrouped(whole: &str) -> Option<String> {
    let mut groups = whole.split('.');
    let first = groups.next()?;
    let rest: Vec<_> = groups.collect();
    let grouped = (1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3);
    (rest.is_empty() || grouped).then(|| whole.replace('.', ""))
}

/// An amount in three elements: a minus or a blank, euros, and cents as a number (`5` is 5 cents).
pub(super) fn in_parts(sign: &str, euros: &str, cents: &str) -> Option<EuroCents> {
    let euros: i64 = digits(euros).filter(|_| euros.len() <= 10)?;
    let cents: i64 = digits(cents).filter(|_| cents.len() <= 2)?;
    let amount = euros * 100 + cents;
    match sign.trim() {
        "" => Some(EuroCents::from_cents(amount)),
        "-" => Some(EuroCents::from_cents(-amount)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_three_spellings_mean_the_same() {
        for text in ["1234.56", "1.234,56", "1234,56", " 1234.56 "] {
            assert_eq!(
                free_text(text),
                Some(EuroCents::from_cents(123_456)),
                "{text}"
            );
        }
        assert_eq!(
            free_text("-1.234.567,8"),
            Some(EuroCents::from_cents(-123_456_780))
        );
        assert_eq!(free_text("0"), Some(EuroCents::ZERO));
    }

    #[test]
    fn what_could_be_read_two_ways_is_not_read() {
        for text in [
            "1.234",
            "1,234",
            "1,234.56",
            "12.34,56",
            "1234.5.6",
            "1.2345,00",
            ".234,00",
            ",5",
            "5,",
            "",
            "-",
            "--5",
            "1 234,56",
            "1e3",
            "٣",
        ] {
            assert_eq!(free_text(text), None, "{text}");
        }
    }

    #[test]
    fn five_decimals_are_five_cents() {
        assert_eq!(
            in_parts(" ", "8960", "5"),
            Some(EuroCents::from_cents(896_005))
        );
        assert_eq!(
            in_parts("-", "150", "50"),
            Some(EuroCents::from_cents(-15_050))
        );
        assert_eq!(in_parts("", "0", "0"), Some(EuroCents::ZERO));
    }

    #[test]
    fn a_part_that_is_not_a_small_number_is_refused() {
        for (sign, euros, cents) in [
            ("+", "1", "0"),
            ("", "", "0"),
            ("", "1", "100"),
            ("", "1", ""),
            ("", "-1", "0"),
            ("", "12345678901", "0"),
        ] {
            assert_eq!(in_parts(sign, euros, cents), None, "{sign}|{euros}|{cents}");
        }
    }

    proptest! {
        #[test]
        fn every_amount_reads_the_same_with_a_comma_or_a_dot(cents in -9_999_999_999_i64..9_999_999_999) {
            let amount = EuroCents::from_cents(cents);
            let text = amount.to_string();
            prop_assert_eq!(free_text(&text), Some(amount));
            prop_assert_eq!(free_text(&text.replace('.', ",")), Some(amount));
        }

        #[test]
        fn any_text_is_read_or_refused_without_panic(text in ".*", euros in ".*", cents in ".*") {
            let _ = free_text(&text);
            let _ = in_parts(&text, &euros, &cents);
        }
    }
}
