//! What the tax agency holds: returns, and what third parties report.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::Deserialize;

use super::document::Document;
use super::money::Cents;

/// What the tax agency holds about one person and year.
#[derive(Clone, Copy, Debug)]
pub enum Tax<'a> {
    /// A return was filed, alone or with a spouse.
    Return(&'a TaxReturn),
    /// No return; what third parties reported.
    Imputations(&'a Imputations),
    /// Several returns: nothing is disclosed (1011).
    MultipleReturns,
    /// Not a taxpayer of this tax (1024).
    NotTaxpayer,
    /// Nothing at all (1009).
    NoRecord,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "record")]
pub(super) enum TaxRecord {
    Imputations(Imputations),
    MultipleReturns,
    NotTaxpayer,
}

/// The seven figures third parties report, in the documented order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Imputations {
    /// Income from work.
    pub work: Cents,
    /// Withheld from it.
    pub work_withheld: Cents,
    /// Income from movable capital.
    pub movable: Cents,
    /// Withheld from it.
    pub movable_withheld: Cents,
    /// Capital gains subject to withholding.
    pub gains: Cents,
    /// Withheld from them.
    pub gains_withheld: Cents,
    /// Deductible expenses of work.
    pub expenses: Cents,
}

/// A filed income tax return; joint when it has two earners.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxReturn {
    pub(super) years: BTreeSet<i16>,
    /// First declarant, then the spouse of a joint return.
    pub earners: Vec<Earner>,
    /// Children in the return.
    #[serde(default)]
    pub children: Vec<Child>,
    /// Net self-employed income, direct estimation.
    #[serde(default)]
    pub self_employed: Cents,
    /// Savings base (`BIAHOH`).
    #[serde(default)]
    pub savings_base: Cents,
    /// Reduction for joint taxation.
    #[serde(default)]
    pub reduction: Cents,
    /// What is paid (positive) or returned (negative).
    pub result: Cents,
}

/// Work income of one holder of a return.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Earner {
    /// Who.
    pub document: Document,
    /// Gross income from work (`TPING`).
    pub gross: Cents,
    /// Social security contributions (`TPGSS`).
    #[serde(default)]
    pub contributions: Cents,
}

/// A child in a return.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Child {
    /// Surnames and name in capitals.
    pub name: String,
    /// Date of birth.
    pub born: Date,
}

impl TaxReturn {
    /// Whether two people filed it together.
    pub fn is_joint(&self) -> bool {
        self.earners.len() > 1
    }

    /// Net income from work of all earners (`SUMTPRNP`).
    pub fn net_work(&self) -> Cents {
        self.earners.iter().map(Earner::net).sum()
    }

    /// Net income from work after the general expenses, never below zero (`TPTOTAL`).
    pub fn reduced_work(&self) -> Cents {
        (self.net_work() - GENERAL_EXPENSES).max(Cents::ZERO)
    }

    /// General taxable base (`BIGRALH`).
    pub fn general_base(&self) -> Cents {
        self.reduced_work() + self.self_employed
    }

    /// General base after the reduction for joint taxation, never below zero (`BLGGRAV`).
    pub fn liquidable_base(&self) -> Cents {
        (self.general_base() - self.reduction).max(Cents::ZERO)
    }

    /// The income level the tax agency states: both bases together.
    pub fn income_level(&self) -> Cents {
        self.general_base() + self.savings_base
    }
}

impl Earner {
    /// Gross less contributions (`TPRNP`).
    pub fn net(&self) -> Cents {
        self.gross - self.contributions
    }
}

/// Deductible from work income by everybody (`TPOGD`).
pub const GENERAL_EXPENSES: Cents = Cents::new(200_000);
