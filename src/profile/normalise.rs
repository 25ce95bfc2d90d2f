//! Answers into fields. The order of the inputs says nothing, and less input never says more.

use jiff::civil::Date;

use super::bands::bands;
use super::{
    Fact, GapReason, Income, Indicators, LivingTogether, Profile, Provenance, SourceOutcome,
};
use crate::citizen::ProductCode;
use crate::products::aeat_irpf::JointReturns;
use crate::products::dgp_identity::Finding;
use crate::products::padro_cohabitants::Outcome as CohabitantsOutcome;
use crate::products::padro_household_size::Outcome as HouseholdOutcome;
use crate::products::tgss_in_work::Situation;
use crate::products::{
    Answer, Category, Class, Municipality, ProductKind, aeat_irpf, dgp_identity, padro_cohabitants,
    padro_household_size, tgss_in_work,
};

/// Puts the answers about one person together, a couple's total withheld.
///
/// A product that is not among the inputs counts as not asked. Where several answers speak of the
/// same field (a later year, a fall-back) the one that says most is taken whole, never mixed.
pub fn normalise(
    inputs: &[(ProductCode, SourceOutcome)],
    indicators: &Indicators,
    on: Date,
) -> Profile {
    normalise_by(inputs, indicators, on, JointReturns::Withheld)
}

/// As [`normalise`], where a couple's total is told or not.
pub fn normalise_by(
    inputs: &[(ProductCode, SourceOutcome)],
    indicators: &Indicators,
    on: Date,
    joint: JointReturns,
) -> Profile {
    let (verified, birth_date, nationality) = person(inputs);
    let (household_size, municipality) = household(inputs);
    Profile {
        on,
        indicators: indicators.version().to_owned(),
        verified,
        birth_date,
        nationality,
        income: income(inputs, indicators, joint),
        in_work: in_work(inputs),
        household_size,
        municipality,
        living_together: living_together(inputs),
    }
}

type Inputs = [(ProductCode, SourceOutcome)];

fn income(inputs: &Inputs, indicators: &Indicators, joint: JointReturns) -> Income {
    let best = answers(inputs)
        .filter_map(|(answer, provenance)| match answer {
            Answer::Income(answer) => Some((answer, provenance)),
            _ => None,
        })
        .map(|(answer, provenance)| {
            let income = Income::from_answer(answer, provenance, joint);
            (income, answer, provenance)
        })
        .max_by_key(|(income, answer, provenance)| rank(income, answer, provenance));
    let Some((mut income, _, _)) = best.filter(|(income, _, _)| income.status.is_known()) else {
        let said = answers(inputs).filter_map(|(answer, _)| match answer {
            Answer::Income(answer) => Some(silence(answer.class())),
            _ => None,
        });
        return Income::gap(gap(inputs, Category::IncomeAnnual, said));
    };
    if let (Some(amount), Some(year)) = (income.annual.value(), income.fiscal_year) {
        income.bands = bands(amount, year, indicators);
    }
    income
}

/// An amount before none, a status before none, the later year, C4 before C2; then anything fixed.
fn rank<'a>(
    income: &Income,
    answer: &aeat_irpf::Answer,
    provenance: &'a Provenance,
) -> (bool, bool, bool, i16, bool, &'a Provenance) {
    (
        income.annual.is_known(),
        income.kind.is_known(),
        income.status.is_known(),
        answer.fiscal_year.get(),
        ProductKind::of(&provenance.product) == Some(ProductKind::AeatC4),
        provenance,
    )
}

fn in_work(inputs: &Inputs) -> Fact<bool> {
    one(inputs, Category::InWork, |answer| match answer {
        Answer::InWork(answer) => Some(situation(answer)),
        _ => None,
    })
}

fn situation(answer: &tgss_in_work::Answer) -> Result<bool, GapReason> {
    match answer.situation {
        Some(Situation::InWork) => Ok(true),
        Some(Situation::NotInWork) => Ok(false),
        None => Err(silence(answer.class())),
    }
}

fn household(inputs: &Inputs) -> (Fact<u16>, Fact<Municipality>) {
    let size = one(inputs, Category::HouseholdSize, |answer| match answer {
        Answer::HouseholdSize(answer) => Some(registered(answer).map(|(size, _)| size)),
        _ => None,
    });
    let place = one(
        inputs,
        Category::HouseholdMunicipality,
        |answer| match answer {
            Answer::HouseholdSize(answer) => {
                Some(registered(answer).map(|(_, place)| place.clone()))
            }
            _ => None,
        },
    );
    (size, place)
}

fn living_together(inputs: &Inputs) -> Fact<LivingTogether> {
    one(inputs, Category::LivingTogether, |answer| match answer {
        Answer::Cohabitants(answer) => Some(counted(answer)),
        _ => None,
    })
}

fn counted(answer: &padro_cohabitants::Answer) -> Result<LivingTogether, GapReason> {
    match answer.outcome {
        CohabitantsOutcome::Counted {
            listed, together, ..
        } => Ok(LivingTogether { listed, together }),
        CohabitantsOutcome::NotRegistered => Err(GapReason::NoRecord),
        CohabitantsOutcome::Failed => Err(GapReason::NotAnswering),
        CohabitantsOutcome::NotConnected | CohabitantsOutcome::Undocumented => {
            Err(GapReason::CannotTell)
        }
    }
}

fn registered(answer: &padro_household_size::Answer) -> Result<(u16, &Municipality), GapReason> {
    match &answer.outcome {
        HouseholdOutcome::Registered {
            size, municipality, ..
        } => Ok((*size, municipality)),
        HouseholdOutcome::NotRegistered => Err(GapReason::NoRecord),
        HouseholdOutcome::Failed => Err(GapReason::NotAnswering),
        HouseholdOutcome::NotConnected | HouseholdOutcome::Undocumented => {
            Err(GapReason::CannotTell)
        }
    }
}

type PersonFacts = (
    Fact<bool>,
    Fact<dgp_identity::BirthDate>,
    Fact<dgp_identity::Nationality>,
);

fn person(inputs: &Inputs) -> PersonFacts {
    let verified = one(inputs, Category::IdentityVerified, |answer| match answer {
        Answer::Identity(answer) => Some(verified(answer)),
        _ => None,
    });
    let birth_date = one(inputs, Category::BirthDate, |answer| match answer {
        Answer::Identity(answer) => Some(stated(answer, |identity| identity.birth_date)),
        _ => None,
    });
    let nationality = one(inputs, Category::Nationality, |answer| match answer {
        Answer::Identity(answer) => Some(stated(answer, |identity| identity.nationality.clone())),
        _ => None,
    });
    (verified, birth_date, nationality)
}

/// Verified, or another surname, or something with the document that says neither.
fn verified(answer: &dgp_identity::Answer) -> Result<bool, GapReason> {
    match answer.finding {
        Finding::Verified => Ok(true),
        Finding::Mismatch => Ok(false),
        _ => Err(identity_gap(answer)),
    }
}

fn stated<T>(
    answer: &dgp_identity::Answer,
    part: impl Fn(&dgp_identity::Identity) -> Option<T>,
) -> Result<T, GapReason> {
    match &answer.identity {
        Some(identity) => part(identity).ok_or(GapReason::NoRecord),
        None => Err(identity_gap(answer)),
    }
}

const fn identity_gap(answer: &dgp_identity::Answer) -> GapReason {
    match answer.finding {
        Finding::IssuerDown => GapReason::NotAnswering,
        Finding::NotFound => GapReason::NoRecord,
        Finding::BecameSpanish
        | Finding::Cancelled
        | Finding::GoToPoliceStation
        | Finding::Mismatch
        | Finding::Protected
        | Finding::SeveralIdentities
        | Finding::Support => GapReason::NotIdentified,
        Finding::Undocumented | Finding::Verified => GapReason::CannotTell,
    }
}

/// The best answer to one field, or the most telling reason there is none.
///
/// A value before none, the later before the earlier; then anything fixed.
fn one<T>(
    inputs: &Inputs,
    category: Category,
    read: impl Fn(&Answer) -> Option<Result<T, GapReason>>,
) -> Fact<T> {
    let known = answers(inputs)
        .filter_map(|(answer, provenance)| Some((read(answer)?.ok()?, provenance)))
        .max_by_key(|(_, provenance)| (provenance.obtained_at, *provenance));
    if let Some((value, provenance)) = known {
        return Fact::from(Ok(value), provenance);
    }
    let said = answers(inputs).filter_map(|(answer, _)| read(answer)?.err());
    Fact::Gap(gap(inputs, category, said))
}

/// The most telling reason among the products that could have filled a field.
fn gap(inputs: &Inputs, category: Category, said: impl Iterator<Item = GapReason>) -> GapReason {
    inputs
        .iter()
        .filter(|(code, _)| {
            ProductKind::of(code).is_some_and(|kind| kind.categories().contains(&category))
        })
        .filter_map(|(_, outcome)| match outcome {
            SourceOutcome::Gap(reason) => Some(*reason),
            SourceOutcome::Answered { .. } => None,
        })
        .chain(said)
        .max()
        .unwrap_or(GapReason::NotAsked)
}

fn answers(inputs: &Inputs) -> impl Iterator<Item = (&Answer, &Provenance)> {
    inputs.iter().filter_map(|(_, outcome)| match outcome {
        SourceOutcome::Answered { answer, provenance } => Some((answer, provenance)),
        SourceOutcome::Gap(_) => None,
    })
}

/// Why an answer without data leaves a gap.
const fn silence(class: Class) -> GapReason {
    match class {
        Class::IssuerUnavailable => GapReason::NotAnswering,
        Class::NoRecord => GapReason::NoRecord,
        Class::TryEarlierYear => GapReason::YearUnavailable,
        Class::Data | Class::Refused => GapReason::CannotTell,
    }
}
