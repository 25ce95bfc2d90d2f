//! Tax years.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The year a tax return is about.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct FiscalYear(i16);

impl FiscalYear {
    /// This year, taken as given.
    pub const fn new(year: i16) -> Self {
        Self(year)
    }

    /// The newest year AEAT can answer for on a date.
    ///
    /// Figures of year N appear at the beginning of July of N+1.
    pub fn latest_available(on: Date) -> Self {
        Self(on.year() - if on.month() >= 7 { 1 } else { 2 })
    }

    /// The year before.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0 - 1)
    }

    /// The number of the year.
    pub const fn get(self) -> i16 {
        self.0
    }
}

impl fmt::Display for FiscalYear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_tax_year_rolls_in_july() {
        assert_eq!(
            FiscalYear::latest_available(date(2026, 6, 30)),
            FiscalYear::new(2024)
        );
        assert_eq!(
            FiscalYear::latest_available(date(2026, 7, 1)),
            FiscalYear::new(2025)
        );
    }
}
