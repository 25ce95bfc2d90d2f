//! Income of one tax year: a figure, a floor, or why neither.

use std::fmt;

use super::{Band, Fact, GapReason, Provenance};
use crate::citizen::{EuroCents, FiscalYear};
use crate::products::aeat_irpf::{Answer, Basis, Filing, JointReturns, Outcome, TaxReturn};

/// What is known of a person's income. All known parts come from one answer.
#[derive(Clone, Eq, PartialEq)]
pub struct Income {
    /// How the tax agency knows, or does not know, the person.
    pub status: Fact<IncomeStatus>,
    /// How it was filed or reported.
    pub kind: Fact<IncomeKind>,
    /// The amount of the year.
    pub annual: Fact<IncomeAmount>,
    /// The tax year of the answer.
    pub fiscal_year: Option<FiscalYear>,
    /// The amount against the indicators of its year; empty without an amount or indicators.
    pub bands: Vec<Band>,
    /// The total of a couple's return, as much the other's as this person's. It counts in a
    /// household in which both agreed, and no projection of this person reads it.
    pub(super) couples: Option<(IncomeAmount, Provenance)>,
}

/// How the tax agency knows a person. Not collapsed: each calls for something else.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum IncomeStatus {
    /// A return was filed.
    Declared,
    /// Several or complementary returns.
    MultipleReturns,
    /// Nothing recorded. Not a certified zero.
    NoRecord,
    /// The agency does not find the person.
    NotIdentified,
    /// Not obliged to file; others reported amounts.
    NotObligedWithImputations,
    /// Not a taxpayer of this tax.
    NotTaxpayer,
    /// The agency has not got that year.
    YearUnavailable,
}

/// How an income came to be known.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum IncomeKind {
    /// By the person's own return.
    DeclaredIndividual,
    /// By a joint return, with a spouse or with children.
    DeclaredJoint,
    /// By a return that does not say how it was filed.
    DeclaredUnknownFiling,
    /// By what others reported.
    Imputations,
}

/// An amount, and how to take it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct IncomeAmount {
    /// Euro cents. May be negative.
    pub amount: EuroCents,
    /// Whether it is all there is.
    pub certainty: Certainty,
    /// What kind of sum it is.
    pub basis: ComputationBasis,
}

/// Whether an amount is the whole.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Certainty {
    /// The amount itself.
    Figure,
    /// At least this: some kinds of income are not in it.
    Floor,
}

/// What kind of sum an amount is. Aids differ precisely here.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ComputationBasis {
    /// Gross amounts reported by payers.
    GrossImputations,
    /// The income level computed by the tax agency.
    IncomeLevel,
    /// General plus savings taxable base.
    TaxableBase,
}

impl fmt::Debug for Income {
    // The bands tell the amount almost as well as the amount.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Income")
            .field("status", &self.status)
            .field("kind", &self.kind)
            .field("annual", &self.annual)
            .finish_non_exhaustive()
    }
}

impl Income {
    /// No field of it is a gap.
    pub(super) fn complete(&self) -> bool {
        self.status.is_known() && self.kind.is_known() && self.annual.is_known()
    }

    /// Nothing known, for this reason.
    pub(super) fn gap(reason: GapReason) -> Self {
        Self {
            status: Fact::Gap(reason),
            kind: Fact::Gap(reason),
            annual: Fact::Gap(reason),
            fiscal_year: None,
            bands: Vec::new(),
            couples: None,
        }
    }

    /// What one answer says.
    pub(super) fn from_answer(
        answer: &Answer,
        provenance: &Provenance,
        joint: JointReturns,
    ) -> Self {
        let (status, kind, annual) = match &answer.outcome {
            Outcome::Declared(filed) => (
                Ok(IncomeStatus::Declared),
                Ok(kind_of(filed.filing)),
                declared(filed, joint),
            ),
            Outcome::NotObliged(imputations) => (
                Ok(IncomeStatus::NotObligedWithImputations),
                Ok(IncomeKind::Imputations),
                imputations
                    .gross()
                    .map(|amount| IncomeAmount {
                        amount,
                        certainty: Certainty::Floor,
                        basis: ComputationBasis::GrossImputations,
                    })
                    .ok_or(GapReason::CannotTell),
            ),
            other => {
                let (status, reason) = without_amount(other);
                (status, Err(reason), Err(reason))
            }
        };
        Self {
            fiscal_year: status.is_ok().then_some(answer.fiscal_year),
            status: Fact::from(status, provenance),
            kind: Fact::from(kind, provenance),
            annual: Fact::from(annual, provenance),
            bands: Vec::new(),
            couples: couples(&answer.outcome).map(|amount| (amount, provenance.clone())),
        }
    }
}

/// The amount of a return, unless it is a couple's: the other half has not agreed here.
fn declared(filed: &TaxReturn, joint: JointReturns) -> Result<IncomeAmount, GapReason> {
    match (filed.filing, joint) {
        (Filing::Individual | Filing::JointOneAdult, _)
        | (Filing::JointWithSpouse, JointReturns::TotalOnly) => {}
        (Filing::JointWithSpouse, JointReturns::Withheld) => {
            return Err(GapReason::WithheldJointReturn);
        }
        // It may be a couple's, and then it is not known to be even that.
        (Filing::NotStated, _) => return Err(GapReason::CannotTell),
    }
    stated(filed).ok_or(GapReason::CannotTell)
}

/// The total of a return that two spouses filed together.
fn couples(outcome: &Outcome) -> Option<IncomeAmount> {
    match outcome {
        Outcome::Declared(filed) if filed.filing == Filing::JointWithSpouse => stated(filed),
        _ => None,
    }
}

/// The figure of a return.
fn stated(filed: &TaxReturn) -> Option<IncomeAmount> {
    filed.income.map(|(amount, basis)| IncomeAmount {
        amount,
        certainty: Certainty::Figure,
        basis: match basis {
            Basis::IncomeLevel => ComputationBasis::IncomeLevel,
            Basis::TaxableBase => ComputationBasis::TaxableBase,
        },
    })
}

const fn kind_of(filing: Filing) -> IncomeKind {
    match filing {
        Filing::Individual => IncomeKind::DeclaredIndividual,
        Filing::JointOneAdult | Filing::JointWithSpouse => IncomeKind::DeclaredJoint,
        Filing::NotStated => IncomeKind::DeclaredUnknownFiling,
    }
}

/// The status and the gap of the outcomes that carry no amount.
fn without_amount(outcome: &Outcome) -> (Result<IncomeStatus, GapReason>, GapReason) {
    let (status, reason) = match outcome {
        Outcome::MultipleReturns => (IncomeStatus::MultipleReturns, GapReason::SeveralReturns),
        Outcome::NoRecord => (IncomeStatus::NoRecord, GapReason::NoRecord),
        Outcome::NotIdentified => (IncomeStatus::NotIdentified, GapReason::NotIdentified),
        Outcome::NotTaxpayer => (IncomeStatus::NotTaxpayer, GapReason::NotApplicable),
        Outcome::YearUnavailable => (IncomeStatus::YearUnavailable, GapReason::YearUnavailable),
        Outcome::IssuerDown => return (Err(GapReason::NotAnswering), GapReason::NotAnswering),
        Outcome::Declared(_) | Outcome::NotObliged(_) | Outcome::Undocumented => {
            return (Err(GapReason::CannotTell), GapReason::CannotTell);
        }
    };
    (Ok(status), reason)
}
