//! What the answers say together: one profile, in which every field is a value or a gap.
//!
//! Absent is not zero: a field nobody could fill says why. The profile decides nothing; it carries
//! where each value comes from, so that a recommender can explain itself and a citizen can object.
//! What several people of one household said is one result of its own, in which nobody is told apart.

mod bands;
mod fact;
mod gap;
mod household;
mod income;
mod indicators;
mod normalise;
mod projection;
mod provenance;

pub use bands::{Band, Multiple, Position};
pub use fact::Fact;
pub use gap::GapReason;
pub use household::{
    Count, HouseholdGap, HouseholdProfile, HouseholdProjection, LivingTogether, Part, household,
};
pub use income::{Certainty, ComputationBasis, Income, IncomeAmount, IncomeKind, IncomeStatus};
pub use indicators::{Indicator, IndicatorErrors, IndicatorName, Indicators, UnknownIndicator};
pub use normalise::{normalise, normalise_by};
pub use projection::{Audience, Projection};
pub use provenance::{Provenance, Reference};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::products::dgp_identity::{BirthDate, Nationality};
use crate::products::{Answer, Municipality};

/// Version of the rules that turn answers into fields; a change of meaning is a new number.
pub const RULES: &str = "1";

/// What became of asking one product.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[expect(
    clippy::large_enum_variant,
    reason = "there are five to a profile, and most of them answered"
)]
pub enum SourceOutcome {
    /// It answered, perhaps that it has nothing.
    Answered {
        /// What it said.
        answer: Answer,
        /// Where and when that came from.
        provenance: Provenance,
    },
    /// There is no answer, for this reason.
    Gap(GapReason),
}

/// What is known about one person, and what is not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// The day it was put together.
    pub on: Date,
    /// Version of the indicators it was compared with.
    pub indicators: String,
    /// Whether the police know the person by this document and surname.
    pub verified: Fact<bool>,
    /// Birth date; age is for whoever evaluates, on their day.
    pub birth_date: Fact<BirthDate>,
    /// Nationality.
    pub nationality: Fact<Nationality>,
    /// Income of one tax year.
    pub income: Income,
    /// Whether registered as working on the day of the reference.
    pub in_work: Fact<bool>,
    /// People registered at the address, the person included.
    pub household_size: Fact<u16>,
    /// Municipality of that address.
    pub municipality: Fact<Municipality>,
    /// Of those named to the register, how many live at that address. For the household's result:
    /// it is about others as well, and no projection of this person has it.
    pub living_together: Fact<LivingTogether>,
}

impl Profile {
    /// Whether no field of the person's own is a gap.
    pub fn complete(&self) -> bool {
        self.verified.is_known()
            && self.birth_date.is_known()
            && self.nationality.is_known()
            && self.income.complete()
            && self.in_work.is_known()
            && self.household_size.is_known()
            && self.municipality.is_known()
    }
}

#[cfg(test)]
mod tests;
