//! Money: whole cents, never floating point.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An amount in euro cents. Signed: a tax base can be negative.
///
/// "Not stated" is `Option::None`, never zero. Arithmetic is checked.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize,
)]
#[serde(transparent)]
pub struct EuroCents(i64);

/// Why a text is not an amount. Never carries the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum InvalidAmount {
    /// More than two decimals, letters, or nothing at all.
    #[error("not an amount in euros with at most two decimals")]
    Shape,
    /// Beyond ninety thousand million million euros.
    #[error("the amount is too large")]
    TooLarge,
}

impl EuroCents {
    /// No euros at all: a known zero, not an unknown amount.
    pub const ZERO: Self = Self(0);

    /// This many cents.
    pub const fn from_cents(cents: i64) -> Self {
        Self(cents)
    }

    /// The amount in cents.
    pub const fn cents(self) -> i64 {
        self.0
    }

    /// The sum, unless it does not fit.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// The difference, unless it does not fit.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }
}

impl FromStr for EuroCents {
    type Err = InvalidAmount;

    /// Parses an `xs:decimal` with at most two decimals: `1234.5`, `-0.07`, `12`.
    fn from_str(input: &str) -> Result<Self, InvalidAmount> {
        let (negative, digits) = match input.trim().as_bytes() {
            [b'-', rest @ ..] => (true, rest),
            [b'+', rest @ ..] | rest => (false, rest),
        };
        let (whole, decimals) = match digits.iter().position(|byte| *byte == b'.') {
            Some(dot) => (&digits[..dot], &digits[dot + 1..]),
            None => (digits, &digits[..0]),
        };
        if (whole.is_empty() && decimals.is_empty()) || decimals.len() > 2 {
            return Err(InvalidAmount::Shape);
        }
        let padding = b"00".iter().skip(decimals.len());
        let cents = whole
            .iter()
            .chain(decimals)
            .chain(padding)
            .try_fold(0_i64, |sum, byte| {
                if !byte.is_ascii_digit() {
                    return Err(InvalidAmount::Shape);
                }
                let digit = i64::from(byte - b'0');
                sum.checked_mul(10)
                    .and_then(|sum| sum.checked_add(digit))
                    .ok_or(InvalidAmount::TooLarge)
            })?;
        Ok(Self(if negative { -cents } else { cents }))
    }
}

impl fmt::Display for EuroCents {
    /// `-1234.05`: the form [`EuroCents::from_str`] reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        let cents = self.0.unsigned_abs();
        write!(f, "{sign}{}.{:02}", cents / 100, cents % 100)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn decimals_are_read_digit_by_digit() {
        for (text, cents) in [
            ("0", 0),
            ("12", 1200),
            ("-310.40", -31_040),
            ("8960.5", 896_050),
            (".07", 7),
            ("+1.", 100),
        ] {
            assert_eq!(text.parse(), Ok(EuroCents::from_cents(cents)), "{text}");
        }
        for text in ["", ".", "-", "1.234", "1,5", "1e3", "١"] {
            assert_eq!(
                text.parse::<EuroCents>(),
                Err(InvalidAmount::Shape),
                "{text}"
            );
        }
        assert_eq!(
            "99999999999999999999".parse::<EuroCents>(),
            Err(InvalidAmount::TooLarge)
        );
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(cents in (i64::MIN + 1)..i64::MAX) {
            let amount = EuroCents::from_cents(cents);
            prop_assert_eq!(amount.to_string().parse(), Ok(amount));
        }

        #[test]
        fn any_text_is_parsed_or_refused_without_panic(text in ".*") {
            let _ = text.parse::<EuroCents>();
        }
    }
}
