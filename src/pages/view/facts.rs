//! A profile in words: every field a value, a confirmed zero, or one of four kinds of not knowing.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::source_name;
use crate::citizen::{EuroCents, Language, SourceId};
use crate::pages::format;
use crate::pages::i18n::Texts;
use crate::products::Catalogue;
use crate::profile::Projection;

/// A profile as its person reads it.
#[derive(Clone, Debug)]
pub(crate) struct Facts {
    pub groups: Vec<Group>,
    /// How much is missing, as a sentence.
    pub summary: String,
}

/// Fields that belong together.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    pub title: String,
    pub facts: Vec<Fact>,
}

/// One field.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub label: String,
    pub look: Look,
    /// The value, or why there is none.
    pub text: String,
    /// From whom and of when; for a value only.
    pub origin: Option<Origin>,
}

/// Where a value comes from, in words.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub source: String,
    pub of: String,
    pub obtained: String,
    pub at: String,
}

/// How a field looks. No two share shape, word or colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Look {
    NoRecord,
    NotAnswering,
    NotPermitted,
    Unknown,
    Value,
    Zero,
}

impl Look {
    /// Name of the shape and of the style.
    pub(crate) const fn shape(self) -> &'static str {
        match self {
            Self::NoRecord => "empty",
            Self::NotAnswering => "triangle",
            Self::NotPermitted => "barred",
            Self::Unknown => "dashed",
            Self::Value => "tick",
            Self::Zero => "zero",
        }
    }

    /// Key of the word beside the shape.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::NoRecord => "look-no-record",
            Self::NotAnswering => "look-not-answering",
            Self::NotPermitted => "look-not-permitted",
            Self::Unknown => "look-unknown",
            Self::Value => "look-value",
            Self::Zero => "look-zero",
        }
    }

    /// What the person can do about it.
    pub(crate) const fn action(self) -> Option<Action> {
        match self {
            Self::NotAnswering => Some(Action::AskAgain),
            Self::NotPermitted => Some(Action::Decide),
            Self::NoRecord | Self::Unknown | Self::Value | Self::Zero => None,
        }
    }
}

/// What can be done about a gap.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Action {
    AskAgain,
    Decide,
}

impl Action {
    pub(crate) const fn asks_again(self) -> bool {
        matches!(self, Self::AskAgain)
    }
}

/// The projection as released (`schemas/profile.schema.json`): the page shows that and no more.
#[derive(Deserialize)]
struct Released {
    identity: Identity,
    person: Person,
    income: Income,
    work: Work,
    household: Household,
}

#[derive(Deserialize)]
struct Identity {
    verified: Field<bool>,
}

#[derive(Deserialize)]
struct Person {
    birth_date: Field<String>,
    nationality: Field<Nationality>,
}

#[derive(Deserialize)]
struct Nationality {
    text: String,
}

#[derive(Deserialize)]
struct Income {
    kind: Field<String>,
    annual: Field<Amount>,
    fiscal_year: Option<i16>,
}

#[derive(Deserialize)]
struct Amount {
    cents: i64,
    certainty: String,
    computation_basis: String,
}

#[derive(Deserialize)]
struct Work {
    in_work: Field<bool>,
}

#[derive(Deserialize)]
struct Household {
    size: Field<u16>,
    municipality: Field<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Field<T> {
    Gap { gap: String },
    Known { value: T, provenance: Provenance },
}

#[derive(Deserialize)]
struct Provenance {
    source: SourceId,
    obtained_at: Timestamp,
    reference: Reference,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Reference {
    Date(Date),
    FiscalYear(i16),
}

impl Facts {
    /// `None` when the projection is not of the known shape.
    pub(crate) fn new(
        projection: &Projection,
        catalogue: &Catalogue,
        language: Language,
    ) -> Option<Self> {
        let released = serde_json::to_value(projection).ok()?;
        let released: Released = serde_json::from_value(released).ok()?;
        Some(
            Writer {
                catalogue,
                texts: Texts(language),
            }
            .write(&released),
        )
    }
}

struct Writer<'a> {
    catalogue: &'a Catalogue,
    texts: Texts,
}

impl Writer<'_> {
    fn write(&self, released: &Released) -> Facts {
        let groups = vec![
            self.group("facts-income", vec![self.income(&released.income)]),
            self.group("facts-work", vec![self.in_work(&released.work.in_work)]),
            self.group("facts-home", self.home(&released.household)),
            self.group(
                "facts-you",
                self.person(&released.identity, &released.person),
            ),
        ];
        let facts = groups.iter().flat_map(|group| &group.facts);
        let total = facts.clone().count();
        let missing = facts.filter(|fact| fact.origin.is_none()).count();
        let parts = [("missing", missing.into()), ("total", total.into())];
        Facts {
            groups,
            summary: self.texts.with("facts-summary", &parts),
        }
    }

    fn group(&self, key: &str, facts: Vec<Fact>) -> Group {
        Group {
            title: self.texts.say(key),
            facts,
        }
    }

    fn income(&self, income: &Income) -> Fact {
        let year = income.fiscal_year;
        let no_return = year.filter(|_| is_gap(&income.annual, "no_record"));
        if let Some(year) = no_return {
            let text = self
                .texts
                .with("gap-no-return", &[("year", year.to_string().into())]);
            return self.gap_with("fact-income", Look::NoRecord, text);
        }
        let joint = matches!(&income.kind, Field::Known { value, .. } if value == "declared_joint");
        self.fact("fact-income", &income.annual, |amount| {
            let money = format::money(self.texts.0, EuroCents::from_cents(amount.cents));
            let key = match (amount.cents, amount.certainty.as_str()) {
                (0, "figure") => {
                    return (
                        Look::Zero,
                        self.texts.with("value-zero", &[("amount", money.into())]),
                    );
                }
                (_, "floor") => "value-income-floor",
                _ => match amount.computation_basis.as_str() {
                    "gross_imputations" => "value-income-gross",
                    "income_level" if joint => "value-income-level-joint",
                    "income_level" => "value-income-level",
                    _ if joint => "value-income-base-joint",
                    _ => "value-income-base",
                },
            };
            (
                Look::Value,
                self.texts.with(key, &[("amount", money.into())]),
            )
        })
    }

    fn in_work(&self, field: &Field<bool>) -> Fact {
        self.fact("fact-work", field, |in_work| {
            let key = if *in_work {
                "value-in-work"
            } else {
                "value-not-in-work"
            };
            (Look::Value, self.texts.say(key))
        })
    }

    fn home(&self, household: &Household) -> Vec<Fact> {
        let size = self.fact("fact-household-size", &household.size, |size| {
            (
                Look::Value,
                self.texts
                    .with("value-people", &[("count", (*size).into())]),
            )
        });
        let place = self.fact("fact-municipality", &household.municipality, |code| {
            (
                Look::Value,
                self.texts
                    .with("value-municipality", &[("code", code.as_str().into())]),
            )
        });
        vec![size, place]
    }

    fn person(&self, identity: &Identity, person: &Person) -> Vec<Fact> {
        let verified = self.fact("fact-verified", &identity.verified, |verified| {
            let key = if *verified {
                "value-verified"
            } else {
                "value-not-verified"
            };
            (Look::Value, self.texts.say(key))
        });
        let born = self.fact("fact-birth-date", &person.birth_date, |born| {
            (Look::Value, self.born(born))
        });
        let nationality = self.fact("fact-nationality", &person.nationality, |nationality| {
            (Look::Value, nationality.text.clone())
        });
        vec![verified, born, nationality]
    }

    /// As exactly as the register knows: a day, a month or a year.
    fn born(&self, text: &str) -> String {
        if let Ok(date) = text.parse::<Date>() {
            return format::date(self.texts.0, date);
        }
        let month = text.split_once('-').and_then(|(year, month)| {
            Some(format::month_of_year(
                self.texts.0,
                month.parse().ok()?,
                year.parse().ok()?,
            ))
        });
        month.unwrap_or_else(|| text.to_owned())
    }

    fn fact<T>(
        &self,
        label: &str,
        field: &Field<T>,
        written: impl Fn(&T) -> (Look, String),
    ) -> Fact {
        match field {
            Field::Gap { gap } => {
                let (look, key) = look_of(gap);
                self.gap_with(label, look, self.texts.say(key))
            }
            Field::Known { value, provenance } => {
                let (look, text) = written(value);
                Fact {
                    label: self.texts.say(label),
                    look,
                    text,
                    origin: Some(self.origin(provenance)),
                }
            }
        }
    }

    fn gap_with(&self, label: &str, look: Look, text: String) -> Fact {
        Fact {
            label: self.texts.say(label),
            look,
            text,
            origin: None,
        }
    }

    fn origin(&self, provenance: &Provenance) -> Origin {
        let language = self.texts.0;
        let obtained = format::instant(language, provenance.obtained_at);
        Origin {
            source: source_name(self.catalogue, &provenance.source, language),
            of: match &provenance.reference {
                Reference::Date(date) => {
                    let day = format::date(language, *date);
                    self.texts.with("fact-of-day", &[("date", day.into())])
                }
                Reference::FiscalYear(year) => self
                    .texts
                    .with("fact-of-year", &[("year", year.to_string().into())]),
            },
            obtained: self
                .texts
                .with("fact-obtained", &[("date", obtained.into())]),
            at: provenance.obtained_at.to_string(),
        }
    }
}

fn is_gap<T>(field: &Field<T>, word: &str) -> bool {
    matches!(field, Field::Gap { gap } if gap == word)
}

/// The look of a reason (`profile::GapReason`), and the key of its sentence.
fn look_of(gap: &str) -> (Look, &'static str) {
    match gap {
        "not_asked" | "not_available_by_choice" => (Look::NotPermitted, "gap-not-asked"),
        "refused" => (Look::NotPermitted, "gap-refused"),
        "revoked" => (Look::NotPermitted, "gap-revoked"),
        "expired" => (Look::NotPermitted, "gap-expired"),
        "no_record" => (Look::NoRecord, "gap-no-record"),
        "year_unavailable" => (Look::NoRecord, "gap-year-unavailable"),
        "not_answering" => (Look::NotAnswering, "gap-not-answering"),
        "not_applicable" => (Look::Unknown, "gap-not-applicable"),
        "document_not_supported" => (Look::Unknown, "gap-document"),
        "not_askable" => (Look::Unknown, "gap-not-askable"),
        "not_identified" => (Look::Unknown, "gap-not-identified"),
        "several_returns" => (Look::Unknown, "gap-several-returns"),
        "withheld_joint_return" => (Look::Unknown, "gap-joint-return"),
        _ => (Look::Unknown, "gap-cannot-tell"),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::civil::date;

    use super::super::choice::tests::catalogue;
    use super::*;
    use crate::citizen::{ExchangeId, FiscalYear, ProductCode};
    use crate::clock::SystemEntropy;
    use crate::products::Answer;
    use crate::products::aeat_irpf::{self, Basis, Filing, JointReturns, Outcome, TaxReturn};
    use crate::profile::{
        Audience, Fact as Known, GapReason, Income, Indicators, Profile, Provenance, Reference,
        SourceOutcome, normalise_by,
    };

    fn provenance(product: &str, source: &str) -> Provenance {
        Provenance {
            product: product.parse().unwrap(),
            source: source.parse().unwrap(),
            exchange: ExchangeId::random(&SystemEntropy::default()),
            obtained_at: "2026-03-05T09:42:00Z".parse().unwrap(),
            reference: Reference::FiscalYear(FiscalYear::new(2024)),
            issuer_reference: None,
        }
    }

    fn known<T>(value: T, product: &str, source: &str) -> Known<T> {
        Known::Known {
            value,
            provenance: provenance(product, source),
        }
    }

    /// The income of somebody who filed a return so, of a body that tells a couple's total.
    fn income(filing: Filing, cents: i64, basis: Basis) -> Income {
        let answer = Answer::Income(aeat_irpf::Answer {
            code: "1000".to_owned(),
            outcome: Outcome::Declared(TaxReturn {
                filing,
                income: Some((EuroCents::from_cents(cents), basis)),
            }),
            fiscal_year: FiscalYear::new(2024),
            reference: None,
            issued_on: None,
        });
        let product: ProductCode = "AEAT_IRPF/C4".parse().unwrap();
        let provenance = provenance(product.as_str(), "AEAT");
        let outcome = SourceOutcome::Answered { answer, provenance };
        let indicators = include_str!("../../../config/indicators.toml");
        let indicators = Indicators::parse(indicators).unwrap();
        let on = date(2026, 3, 5);
        normalise_by(
            &[(product, outcome)],
            &indicators,
            on,
            JointReturns::TotalOnly,
        )
        .income
    }

    fn profile(cents: i64) -> Profile {
        Profile {
            on: date(2026, 3, 5),
            indicators: "1".to_owned(),
            verified: Known::Gap(GapReason::NotIdentified),
            birth_date: Known::Gap(GapReason::NoRecord),
            nationality: Known::Gap(GapReason::Refused),
            income: income(Filing::Individual, cents, Basis::TaxableBase),
            in_work: Known::Gap(GapReason::NotAnswering),
            household_size: known(3, "PADRO/NUMERO_CONVIVENTS", "PADRO"),
            municipality: known("08019".parse().unwrap(), "PADRO/NUMERO_CONVIVENTS", "PADRO"),
            living_together: Known::Gap(GapReason::NotAsked),
        }
    }

    #[test]
    fn a_couples_total_is_said_to_be_of_everybody_on_the_return() {
        for (language, word) in [
            (Language::Ca, "tothom"),
            (Language::Es, "todas las personas"),
            (Language::En, "everybody"),
            (Language::Oc, "toti"),
        ] {
            for basis in [Basis::IncomeLevel, Basis::TaxableBase] {
                let said = |filing| {
                    let profile = Profile {
                        income: income(filing, 3_142_000, basis),
                        ..profile(0)
                    };
                    facts(&profile, language).remove(0).text
                };
                assert!(said(Filing::JointWithSpouse).contains(word), "{language}");
                assert!(!said(Filing::Individual).contains(word), "{language}");
            }
        }
    }

    fn facts(profile: &Profile, language: Language) -> Vec<Fact> {
        let facts =
            Facts::new(&profile.project(Audience::Citizen), &catalogue(), language).unwrap();
        facts
            .groups
            .into_iter()
            .flat_map(|group| group.facts)
            .collect()
    }

    #[test]
    fn a_value_a_zero_and_each_way_of_not_knowing_look_different() {
        for language in Language::ALL {
            let facts = facts(&profile(0), language);
            let looks: Vec<_> = facts.iter().map(|fact| fact.look).collect();
            assert_eq!(
                looks,
                [
                    Look::Zero,
                    Look::NotAnswering,
                    Look::Value,
                    Look::Value,
                    Look::Unknown,
                    Look::NoRecord,
                    Look::NotPermitted,
                ]
            );
            let texts = Texts(language);
            let words: BTreeSet<_> = looks.iter().map(|look| texts.say(look.word())).collect();
            let shapes: BTreeSet<_> = looks.iter().map(|look| look.shape()).collect();
            assert_eq!((words.len(), shapes.len()), (6, 6), "{language}");
        }
    }

    #[test]
    fn a_value_says_from_whom_and_of_when_and_a_gap_does_not() {
        for fact in facts(&profile(1_421_000), Language::Ca) {
            let known = matches!(fact.look, Look::Value | Look::Zero);
            assert_eq!(fact.origin.is_some(), known, "{}", fact.label);
        }
        let income = facts(&profile(1_421_000), Language::Ca).remove(0);
        assert_eq!(income.text, "14.210,00\u{a0}€ de base imposable");
        let origin = income.origin.unwrap();
        assert_eq!(
            (origin.source.as_str(), origin.of.as_str()),
            ("Agència Tributària", "any 2024")
        );
    }

    #[test]
    fn every_reason_of_the_profile_has_its_own_sentence() {
        let choices = [GapReason::NotAsked, GapReason::NotAvailableByChoice];
        let mut said = BTreeSet::new();
        let reasons = [
            GapReason::NotAsked,
            GapReason::Refused,
            GapReason::Revoked,
            GapReason::Expired,
            GapReason::NotAvailableByChoice,
            GapReason::DocumentNotSupported,
            GapReason::NotApplicable,
            GapReason::NotAskable,
            GapReason::NotAnswering,
            GapReason::CannotTell,
            GapReason::NotIdentified,
            GapReason::NoRecord,
            GapReason::YearUnavailable,
            GapReason::SeveralReturns,
            GapReason::WithheldJointReturn,
        ];
        for reason in reasons {
            let (_, key) = look_of(reason.as_str());
            assert!(
                said.insert(key) || choices.contains(&reason),
                "{reason:?} shares {key}"
            );
        }
    }

    #[test]
    fn a_birth_date_is_told_as_exactly_as_it_is_known() {
        let catalogue = catalogue();
        let writer = Writer {
            catalogue: &catalogue,
            texts: Texts(Language::Ca),
        };
        assert_eq!(writer.born("1984-03-05"), "5 de març de 1984");
        assert_eq!(writer.born("1984-03"), "març de 1984");
        assert_eq!(writer.born("1984"), "1984");
    }
}
