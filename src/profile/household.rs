//! What the members of one household said, as one result that tells none of them apart.
//!
//! For the recommender alone: with two adults the sum minus one's own income is the other's, so no
//! member is handed it. Whoever refused, never answered, left, or is not found by a source is one
//! more missing member, for one and the same reason.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

use super::projection::{Amount, amount};
use super::{Certainty, ComputationBasis, Fact, Income, IncomeAmount, Provenance, RULES};
use crate::citizen::{EuroCents, FiscalYear, ProductCode, SourceId};

/// Version of the rules that turn members' answers into one result; a change of meaning is a new
/// number.
const HOUSEHOLD_RULES: &str = "1";

/// The name of the shape.
const SCHEMA: &str = "interop-gateway/household/v1";

/// What one member who contributes said.
#[derive(Clone, Copy, Debug)]
pub struct Part<'a> {
    /// Their income, by [`super::normalise`].
    pub income: &'a Income,
    /// Whether they are under 18: then their income counts as none, and nobody was asked.
    pub minor: bool,
}

/// Who is in the household, by count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Count {
    /// Adults there should be.
    pub adults: u32,
    /// People under 18.
    pub minors: u32,
    /// Members who permit nothing now, for whatever reason. Not among the parts.
    pub missing: u32,
}

/// What the municipal register said of a list of people.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
pub struct LivingTogether {
    /// How many people were named, all of whom agreed.
    pub listed: u16,
    /// How many of them are registered at the address of the one who was asked about.
    pub together: u16,
}

/// Why the result lacks a value. Two reasons only: more would tell members apart.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum HouseholdGap {
    /// What was said cannot be put together: sums of two kinds, sizes that differ.
    CannotTell,
    /// Nobody's answer is there.
    NotAvailable,
}

/// What is known of a household, and what is not.
#[derive(Clone, Eq, PartialEq)]
pub struct HouseholdProfile {
    on: Date,
    indicators: String,
    count: Count,
    annual: Result<IncomeAmount, HouseholdGap>,
    fiscal_year: Option<FiscalYear>,
    size: Result<u16, HouseholdGap>,
    living_together: Option<LivingTogether>,
    contributions: BTreeMap<(SourceId, ProductCode), u32>,
}

/// The result as JSON. The shape is `schemas/household-profile.schema.json`.
#[derive(Clone, Serialize)]
pub struct HouseholdProjection {
    schema: &'static str,
    on: Date,
    complete: bool,
    decision_support_only: bool,
    rules: Rules,
    members: Members,
    income: IncomeView,
    size: View<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    living_together: Option<LivingTogether>,
    sources: Vec<SourceView>,
}

#[derive(Clone, Serialize)]
struct Rules {
    normalisation: &'static str,
    household: &'static str,
    indicators: String,
}

#[derive(Clone, Serialize)]
struct Members {
    adults: u32,
    minors: u32,
    missing: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Clone, Serialize)]
struct IncomeView {
    annual: View<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fiscal_year: Option<FiscalYear>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum View<T> {
    Gap(&'static str),
    Value(T),
}

#[derive(Clone, Serialize)]
struct SourceView {
    source: SourceId,
    product: ProductCode,
    contributions: u32,
}

/// What one adult's income may add.
struct Share<'a> {
    year: FiscalYear,
    amount: IncomeAmount,
    provenance: &'a Provenance,
    /// Whether it is the total of a return that a spouse filed as well.
    couples: bool,
}

/// Puts together what the members of a household said. Their order says nothing.
///
/// `sizes` are the answers of the municipal register to those who permitted asking it. `indicators`
/// is the version by which the members' profiles were made.
pub fn household(
    parts: &[Part<'_>],
    count: Count,
    sizes: &[&Fact<u16>],
    living_together: Option<LivingTogether>,
    on: Date,
    indicators: &str,
) -> HouseholdProfile {
    let adults = parts.iter().filter(|part| !part.minor);
    let asked = adults.clone().count();
    let shares = of_one_year(in_pairs(adults.filter_map(Share::of).collect()));
    let silent = u32::try_from(asked - shares.len()).unwrap_or(u32::MAX);
    let missing = count.missing.saturating_add(silent);
    let annual = sum(&shares).map(|sum| match missing {
        0 => sum,
        _ => IncomeAmount {
            certainty: Certainty::Floor,
            ..sum
        },
    });
    let size = registered(sizes);

    // Only what went into a value is named.
    let incomes = shares.iter().map(|share| share.provenance);
    let incomes = incomes.filter(|_| annual.is_ok());
    let registers = sizes.iter().filter_map(|size| size.provenance());
    let registers = registers.filter(|_| size.is_ok());
    let mut contributions = BTreeMap::new();
    for provenance in incomes.chain(registers) {
        let from = (provenance.source.clone(), provenance.product.clone());
        *contributions.entry(from).or_default() += 1;
    }
    HouseholdProfile {
        on,
        indicators: indicators.to_owned(),
        count: Count { missing, ..count },
        fiscal_year: shares
            .first()
            .map(|share| share.year)
            .filter(|_| annual.is_ok()),
        annual,
        size,
        living_together,
        contributions,
    }
}

impl<'a> Share<'a> {
    fn of(part: &Part<'a>) -> Option<Self> {
        let income = part.income;
        let (amount, provenance, couples) = match (&income.couples, &income.annual) {
            // Whatever the person's own profile tells of it, it is another's as well.
            (Some((amount, provenance)), _) => (*amount, provenance, true),
            (None, Fact::Known { value, provenance }) => (*value, provenance, false),
            (None, Fact::Gap(_)) => return None,
        };
        Some(Self {
            year: income.fiscal_year?,
            amount,
            provenance,
            couples,
        })
    }

    /// Two answers with equal ones are those of two spouses to one return.
    fn pairing(&self) -> (FiscalYear, ComputationBasis, EuroCents) {
        (self.year, self.amount.basis, self.amount.amount)
    }
}

/// Leaves out the total of a couple of whom one has not agreed here. Those of the others stand two
/// and two, after what is one person's own.
fn in_pairs(shares: Vec<Share<'_>>) -> Vec<Share<'_>> {
    let (mut couples, mut counted): (Vec<_>, Vec<_>) =
        shares.into_iter().partition(|share| share.couples);
    let from = |share: &Share<'_>| {
        (
            share.provenance.source.clone(),
            share.provenance.product.clone(),
        )
    };
    couples.sort_by_key(|share| (share.pairing(), from(share)));
    let mut couples = couples.into_iter().peekable();
    while let Some(one) = couples.next() {
        if let Some(other) = couples.next_if(|other| other.pairing() == one.pairing()) {
            counted.extend([one, other]);
        }
    }
    counted
}

/// Only those of the newest year: amounts of two years are no sum.
fn of_one_year(mut shares: Vec<Share<'_>>) -> Vec<Share<'_>> {
    let newest = shares.iter().map(|share| share.year).max();
    shares.retain(|share| Some(share.year) == newest);
    shares
}

/// The sum, a couple's total counted once.
fn sum(shares: &[Share<'_>]) -> Result<IncomeAmount, HouseholdGap> {
    let first = shares.first().ok_or(HouseholdGap::NotAvailable)?;
    let basis = first.amount.basis;
    let amounts = shares.iter().map(|share| share.amount);
    if !amounts.clone().all(|amount| amount.basis == basis) {
        return Err(HouseholdGap::CannotTell);
    }
    let own = shares.iter().filter(|share| !share.couples);
    let couples = shares.iter().filter(|share| share.couples).step_by(2);
    let amount = own
        .chain(couples)
        .try_fold(EuroCents::ZERO, |sum, share| {
            sum.checked_add(share.amount.amount)
        })
        .ok_or(HouseholdGap::CannotTell)?;
    let is_floor = amounts.clone().any(|one| one.certainty == Certainty::Floor);
    Ok(IncomeAmount {
        amount,
        certainty: if is_floor {
            Certainty::Floor
        } else {
            Certainty::Figure
        },
        basis,
    })
}

/// How many people the register has at the address, if it said so and said nothing else.
fn registered(sizes: &[&Fact<u16>]) -> Result<u16, HouseholdGap> {
    let mut said = sizes.iter().filter_map(|size| size.value());
    let first = said.next().ok_or(HouseholdGap::NotAvailable)?;
    if said.all(|other| other == first) {
        Ok(*first)
    } else {
        Err(HouseholdGap::CannotTell)
    }
}

impl HouseholdProfile {
    /// Whether nobody is missing and no field is a gap or a floor.
    pub fn complete(&self) -> bool {
        let figure = |sum: &IncomeAmount| sum.certainty == Certainty::Figure;
        self.count.missing == 0 && self.annual.as_ref().is_ok_and(figure) && self.size.is_ok()
    }

    /// Names of the fields that carry a value: what a release records.
    pub fn fields(&self) -> Vec<&'static str> {
        let fields = [
            ("income.annual", self.annual.is_ok()),
            ("size", self.size.is_ok()),
            ("living_together", self.living_together.is_some()),
        ];
        let known = fields.into_iter().filter(|(_, known)| *known);
        known.map(|(name, _)| name).collect()
    }

    /// What the recommender may have. There is no other audience.
    pub fn project(&self) -> HouseholdProjection {
        let Count {
            adults,
            minors,
            missing,
        } = self.count;
        let sources = self.contributions.iter();
        HouseholdProjection {
            schema: SCHEMA,
            on: self.on,
            complete: self.complete(),
            decision_support_only: true,
            rules: Rules {
                normalisation: RULES,
                household: HOUSEHOLD_RULES,
                indicators: self.indicators.clone(),
            },
            members: Members {
                adults,
                minors,
                missing,
                reason: (missing > 0).then(|| HouseholdGap::NotAvailable.as_str()),
            },
            income: IncomeView {
                annual: View::from(self.annual.as_ref().map(amount)),
                fiscal_year: self.fiscal_year,
            },
            size: View::from(self.size),
            living_together: self.living_together,
            sources: sources
                .map(|((source, product), contributions)| SourceView {
                    source: source.clone(),
                    product: product.clone(),
                    contributions: *contributions,
                })
                .collect(),
        }
    }
}

impl HouseholdGap {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CannotTell => "cannot_tell",
            Self::NotAvailable => "not_available",
        }
    }
}

impl<T, G: std::borrow::Borrow<HouseholdGap>> From<Result<T, G>> for View<T> {
    fn from(result: Result<T, G>) -> Self {
        match result {
            Ok(value) => Self::Value(value),
            Err(gap) => Self::Gap(gap.borrow().as_str()),
        }
    }
}

impl fmt::Debug for HouseholdProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdProfile(·)")
    }
}

impl fmt::Debug for HouseholdProjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HouseholdProjection(·)")
    }
}
