//! The profile as JSON, for one audience. The shape is `schemas/profile.schema.json`.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde_json::Value;

use super::{
    Band, Certainty, ComputationBasis, Fact, Income, IncomeAmount, IncomeKind, IncomeStatus,
    Position, Profile, Provenance, RULES, Reference,
};
use crate::citizen::{ExchangeId, FiscalYear, ProductCode, SourceId};
use crate::products::Municipality;
use crate::products::dgp_identity::{BirthDate, Nationality};

/// Who a projection is for.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// The person themself: every reason told apart, the issuer's references included.
    Citizen,
    /// The recommender: one reason for everything the person decided, and no more than it needs.
    Recommender,
}

/// What one audience may have of a profile. Its members come in a fixed order.
#[derive(Clone, Serialize)]
pub struct Projection {
    schema: &'static str,
    audience: Audience,
    on: Date,
    complete: bool,
    decision_support_only: bool,
    rules: Rules,
    identity: Identity,
    person: Person,
    income: IncomeView,
    work: Work,
    household: Household,
}

/// The name of the shape.
const SCHEMA: &str = "interop-gateway/profile/v1";

#[derive(Clone, Serialize)]
struct Rules {
    normalisation: &'static str,
    indicators: String,
}

#[derive(Clone, Serialize)]
struct Identity {
    verified: View<bool>,
}

#[derive(Clone, Serialize)]
struct Person {
    birth_date: View<BirthDate>,
    nationality: View<NationalityView>,
}

#[derive(Clone, Serialize)]
struct NationalityView {
    country: Option<&'static str>,
    text: String,
}

#[derive(Clone, Serialize)]
struct IncomeView {
    status: View<&'static str>,
    kind: View<&'static str>,
    annual: View<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fiscal_year: Option<FiscalYear>,
    bands: Vec<BandView>,
}

#[derive(Clone, Serialize)]
struct Work {
    in_work: View<bool>,
}

#[derive(Clone, Serialize)]
struct Household {
    size: View<u16>,
    municipality: View<Municipality>,
}

#[derive(Clone, Serialize)]
pub(super) struct Amount {
    cents: i64,
    certainty: &'static str,
    computation_basis: &'static str,
}

#[derive(Clone, Serialize)]
struct BandView {
    indicator: &'static str,
    pays: u8,
    annual_cents: i64,
    legal_source: String,
    multiples: Vec<MultipleView>,
}

#[derive(Clone, Serialize)]
struct MultipleView {
    hundredths: u16,
    income: &'static str,
}

#[derive(Clone, Serialize)]
#[serde(untagged)]
enum View<T> {
    Gap { gap: &'static str },
    Known { value: T, provenance: Origin },
}

#[derive(Clone, Serialize)]
struct Origin {
    source: SourceId,
    product: ProductCode,
    exchange: ExchangeId,
    obtained_at: Timestamp,
    reference: ReferenceView,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer_reference: Option<String>,
}

#[derive(Clone, Serialize)]
#[serde(rename_all = "snake_case")]
enum ReferenceView {
    Date(Date),
    FiscalYear(FiscalYear),
}

impl fmt::Debug for Projection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Projection(·)")
    }
}

impl Profile {
    /// What this audience may have of the profile.
    pub fn project(&self, audience: Audience) -> Projection {
        let view = Viewer(audience);
        Projection {
            schema: SCHEMA,
            audience,
            on: self.on,
            complete: self.complete(),
            decision_support_only: true,
            rules: Rules {
                normalisation: RULES,
                indicators: self.indicators.clone(),
            },
            identity: Identity {
                verified: view.fact(&self.verified, Clone::clone),
            },
            person: Person {
                birth_date: view.fact(&self.birth_date, Clone::clone),
                nationality: view.fact(&self.nationality, nationality),
            },
            income: view.income(&self.income),
            work: Work {
                in_work: view.fact(&self.in_work, Clone::clone),
            },
            household: Household {
                size: view.fact(&self.household_size, Clone::clone),
                municipality: view.fact(&self.municipality, Clone::clone),
            },
        }
    }
}

impl Projection {
    /// What each exchange said of the person, without when and how it came: the same text for the
    /// same values. An exchange that gave no field a value is not among them.
    pub fn values(&self) -> BTreeMap<ExchangeId, String> {
        let mut said: BTreeMap<ExchangeId, BTreeMap<&str, Option<Value>>> = BTreeMap::new();
        let mut add = |name, known: Option<(ExchangeId, Option<Value>)>| {
            if let Some((exchange, value)) = known {
                said.entry(exchange).or_default().insert(name, value);
            }
        };
        add("verified", self.identity.verified.said());
        add("birth_date", self.person.birth_date.said());
        add("nationality", self.person.nationality.said());
        let income = &self.income;
        add("status", income.status.said());
        add("kind", income.kind.said());
        add("annual", income.annual.said());
        // These say more about the amount, or why there is none.
        let year = serde_json::to_value(income.fiscal_year).ok();
        let bands = serde_json::to_value(&income.bands).ok();
        add(
            "fiscal_year",
            income.status.said().map(|(it, _)| (it, year)),
        );
        add("bands", income.annual.said().map(|(it, _)| (it, bands)));
        add("in_work", self.work.in_work.said());
        add("size", self.household.size.said());
        add("municipality", self.household.municipality.said());
        said.into_iter()
            .map(|(exchange, fields)| {
                let text = serde_json::to_string(&fields).unwrap_or_default();
                (exchange, text)
            })
            .collect()
    }
}

impl<T: Serialize> View<T> {
    /// The value, and the exchange it came by.
    fn said(&self) -> Option<(ExchangeId, Option<Value>)> {
        match self {
            Self::Gap { .. } => None,
            Self::Known { value, provenance } => {
                Some((provenance.exchange, serde_json::to_value(value).ok()))
            }
        }
    }
}

/// Turns fields into what an audience may see of them.
struct Viewer(Audience);

impl Viewer {
    fn fact<T, V>(&self, fact: &Fact<T>, written: impl Fn(&T) -> V) -> View<V> {
        match fact {
            Fact::Gap(reason) => View::Gap {
                gap: reason.seen_by(self.0).as_str(),
            },
            Fact::Known { value, provenance } => View::Known {
                value: written(value),
                provenance: self.origin(provenance),
            },
        }
    }

    fn origin(&self, provenance: &Provenance) -> Origin {
        Origin {
            source: provenance.source.clone(),
            product: provenance.product.clone(),
            exchange: provenance.exchange,
            obtained_at: provenance.obtained_at,
            reference: match provenance.reference {
                Reference::Date(date) => ReferenceView::Date(date),
                Reference::FiscalYear(year) => ReferenceView::FiscalYear(year),
            },
            issuer_reference: match self.0 {
                Audience::Citizen => provenance.issuer_reference.clone(),
                Audience::Recommender => None,
            },
        }
    }

    fn income(&self, income: &Income) -> IncomeView {
        IncomeView {
            status: self.fact(&income.status, |status| status.as_str()),
            kind: self.fact(&income.kind, |kind| kind.as_str()),
            annual: self.fact(&income.annual, amount),
            fiscal_year: income.fiscal_year,
            bands: income.bands.iter().map(band).collect(),
        }
    }
}

fn nationality(nationality: &Nationality) -> NationalityView {
    NationalityView {
        country: nationality.country(),
        text: nationality.text().to_owned(),
    }
}

pub(super) fn amount(income: &IncomeAmount) -> Amount {
    Amount {
        cents: income.amount.cents(),
        certainty: match income.certainty {
            Certainty::Figure => "figure",
            Certainty::Floor => "floor",
        },
        computation_basis: match income.basis {
            ComputationBasis::GrossImputations => "gross_imputations",
            ComputationBasis::IncomeLevel => "income_level",
            ComputationBasis::TaxableBase => "taxable_base",
        },
    }
}

fn band(band: &Band) -> BandView {
    BandView {
        indicator: band.indicator.name.as_str(),
        pays: band.indicator.pays,
        annual_cents: band.indicator.annual.cents(),
        legal_source: band.indicator.legal_source.clone(),
        multiples: band
            .multiples
            .iter()
            .map(|multiple| MultipleView {
                hundredths: multiple.hundredths,
                income: match multiple.position {
                    Position::Above => "above",
                    Position::AtOrBelow => "at_or_below",
                    Position::CannotTell => "cannot_tell",
                },
            })
            .collect(),
    }
}

impl IncomeStatus {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Declared => "declared",
            Self::MultipleReturns => "multiple_returns",
            Self::NoRecord => "no_record",
            Self::NotIdentified => "not_identified",
            Self::NotObligedWithImputations => "not_obliged_with_imputations",
            Self::NotTaxpayer => "not_taxpayer",
            Self::YearUnavailable => "year_unavailable",
        }
    }
}

impl IncomeKind {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeclaredIndividual => "declared_individual",
            Self::DeclaredJoint => "declared_joint",
            Self::DeclaredUnknownFiling => "declared_unknown_filing",
            Self::Imputations => "imputations",
        }
    }
}
