//! The reference indicators, as a dated table.

use std::fmt;
use std::str::FromStr;

use crate::citizen::{EuroCents, FiscalYear};
use crate::products::sheet::{Problem, Row, Sheet};

/// The indicators, from `config/indicators.toml`.
#[derive(Clone, Debug)]
pub struct Indicators {
    version: String,
    rows: Vec<Indicator>,
}

/// One indicator over some years.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Indicator {
    /// Which one.
    pub name: IndicatorName,
    /// First year it holds for.
    pub first_year: FiscalYear,
    /// Last year it holds for.
    pub last_year: FiscalYear,
    /// Payments a year the amount is made of: 12 or 14.
    pub pays: u8,
    /// The yearly amount.
    pub annual: EuroCents,
    /// Where it is laid down.
    pub legal_source: String,
}

/// The indicators aids refer to.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum IndicatorName {
    /// Indicador de renda de suficiència de Catalunya.
    Irsc,
    /// Indicador público de renta de efectos múltiples.
    Iprem,
    /// Salario mínimo interprofesional.
    Smi,
}

impl IndicatorName {
    /// The name as written in law.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Iprem => "IPREM",
            Self::Irsc => "IRSC",
            Self::Smi => "SMI",
        }
    }
}

/// A name that is no indicator.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the indicators are IRSC, IPREM and SMI")]
pub struct UnknownIndicator;

impl FromStr for IndicatorName {
    type Err = UnknownIndicator;

    fn from_str(text: &str) -> Result<Self, UnknownIndicator> {
        [Self::Irsc, Self::Iprem, Self::Smi]
            .into_iter()
            .find(|name| name.as_str() == text)
            .ok_or(UnknownIndicator)
    }
}

/// Everything wrong with a table of indicators, in file order.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct IndicatorErrors(pub Vec<Problem>);

impl fmt::Display for IndicatorErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl Indicators {
    /// Reads the table; reports every problem in it, not the first.
    pub fn parse(text: &str) -> Result<Self, IndicatorErrors> {
        let sheet = Sheet::parse(text);
        let root = sheet.root();
        let version = root.text("version").unwrap_or_default().to_owned();
        let table = root.rows("indicator");
        root.close();
        let rows: Vec<_> = table.iter().map(indicator).collect();
        check_overlaps(&table, &rows);
        let problems = sheet.problems();
        if problems.is_empty() {
            let rows = rows.into_iter().flatten().collect();
            Ok(Self { version, rows })
        } else {
            Err(IndicatorErrors(problems))
        }
    }

    /// The version of the table, which profiles carry.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The indicators of the year the income was earned, in the order of the table.
    pub fn of_year(&self, year: FiscalYear) -> impl Iterator<Item = &Indicator> {
        self.rows
            .iter()
            .filter(move |row| (row.first_year..=row.last_year).contains(&year))
    }
}

fn indicator(row: &Row<'_>) -> Option<Indicator> {
    let name = row.parsed("name", "IRSC, IPREM or SMI");
    let (first, last) = (year(row, "first_year"), year(row, "last_year"));
    let pays = row.number("pays");
    let annual = row.number("annual_cents");
    row.number_if_there("monthly_cents");
    let legal_source = row.text("legal_source");
    row.close();
    if let (Some(first), Some(last)) = (first, last)
        && first > last
    {
        row.problem("last_year", "is before first_year");
    }
    if pays.is_some_and(|pays| pays != 12 && pays != 14) {
        row.problem("pays", "must be 12 or 14");
    }
    Some(Indicator {
        name: name?,
        first_year: first?,
        last_year: last?,
        pays: u8::try_from(pays?).ok()?,
        annual: EuroCents::from_cents(annual?),
        legal_source: legal_source?.to_owned(),
    })
}

fn year(row: &Row<'_>, key: &'static str) -> Option<FiscalYear> {
    let year = row.number(key)?;
    match i16::try_from(year) {
        Ok(year) if (2000..2100).contains(&year) => Some(FiscalYear::new(year)),
        _ => {
            row.problem(key, "must be a year of this century");
            None
        }
    }
}

/// An indicator has one amount a year for each number of payments.
fn check_overlaps(table: &[Row<'_>], rows: &[Option<Indicator>]) {
    for (place, (row, this)) in table.iter().zip(rows).enumerate() {
        let Some(this) = this else { continue };
        let overlaps = rows[..place].iter().flatten().any(|other| {
            (other.name, other.pays) == (this.name, this.pays)
                && other.first_year <= this.last_year
                && this.first_year <= other.last_year
        });
        if overlaps {
            row.problem("first_year", "overlaps another row of the same indicator");
        }
    }
}
