//! Amounts of euros, exact to the cent.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::{Deserialize, Deserializer, de::Error};

/// Euro cents; may be negative.
///
/// Printed as the tax agency writes decimals: a dot and two digits, `-310.40`.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Cents(i64);

/// The text is not an amount with two decimals.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an amount has digits, a dot and two digits")]
pub struct InvalidAmount;

impl Cents {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From a number of cents.
    pub const fn new(cents: i64) -> Self {
        Self(cents)
    }

    /// Reads `1234.56` or `-1234.56`.
    pub fn parse(text: &str) -> Result<Self, InvalidAmount> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (euros, cents) = digits.split_once('.').ok_or(InvalidAmount)?;
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if euros.is_empty()
            || euros.len() > 12
            || cents.len() != 2
            || !plain(euros)
            || !plain(cents)
        {
            return Err(InvalidAmount);
        }
        let total: i64 = format!("{euros}{cents}")
            .parse()
            .map_err(|_| InvalidAmount)?;
        Ok(Self(if negative { -total } else { total }))
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// Whole euros without the sign.
    pub fn euros(self) -> u64 {
        self.0.unsigned_abs() / 100
    }

    /// The cents beyond the whole euros, without the sign.
    pub fn remainder(self) -> u64 {
        self.0.unsigned_abs() % 100
    }
}

impl fmt::Display for Cents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.is_negative() { "-" } else { "" };
        write!(f, "{sign}{}.{:02}", self.euros(), self.remainder())
    }
}

impl Add for Cents {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl Sub for Cents {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}

impl Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl<'de> Deserialize<'de> for Cents {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
