//! An amount against the reference indicators, in whole numbers only.

use super::{Certainty, IncomeAmount, Indicator, Indicators};
use crate::citizen::FiscalYear;

/// The multiples aids use, in hundredths: 91 is 0.91 times the indicator.
const MULTIPLES: [u16; 6] = [91, 100, 150, 200, 250, 300];

/// An amount against one indicator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Band {
    /// The indicator of the income's year.
    pub indicator: Indicator,
    /// The position against each multiple, rising.
    pub multiples: Vec<Multiple>,
}

/// A multiple of an indicator, and where the amount stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Multiple {
    /// Hundredths: 150 is one and a half times.
    pub hundredths: u16,
    /// Where the amount stands.
    pub position: Position,
}

/// Where an amount stands against a limit.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Position {
    /// More than the limit.
    Above,
    /// The limit or less.
    AtOrBelow,
    /// A floor under the limit: the whole may be over it.
    CannotTell,
}

/// The bands of an amount, by the indicators of its year.
pub(super) fn bands(income: &IncomeAmount, year: FiscalYear, indicators: &Indicators) -> Vec<Band> {
    indicators
        .of_year(year)
        .map(|indicator| Band {
            indicator: indicator.clone(),
            multiples: MULTIPLES
                .map(|hundredths| Multiple {
                    hundredths,
                    position: position(income, indicator, hundredths),
                })
                .to_vec(),
        })
        .collect()
}

/// Compares `100 × amount` with `hundredths × indicator`: nothing is divided, nothing rounds.
fn position(income: &IncomeAmount, indicator: &Indicator, hundredths: u16) -> Position {
    let amount = i128::from(income.amount.cents()) * 100;
    let limit = i128::from(indicator.annual.cents()) * i128::from(hundredths);
    match income.certainty {
        _ if amount > limit => Position::Above,
        Certainty::Figure => Position::AtOrBelow,
        Certainty::Floor => Position::CannotTell,
    }
}
