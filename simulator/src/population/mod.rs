//! The people of the simulated world and what each register holds about them.
//!
//! One file, `population.toml`, is the single source; every stand-in of an issuer answers from it.

mod document;
mod money;
mod person;
mod tax;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::Deserialize;

pub use document::{Document, DocumentKind, InvalidDocument};
pub use money::{Cents, InvalidAmount};
pub use person::{Issuer, Outage, Person, PoliceRecord, Registration, SocialSecurity, Trouble};
use tax::TaxRecord;
pub use tax::{Child, Earner, GENERAL_EXPENSES, Imputations, Tax, TaxReturn};

/// Everybody, their homes and their tax returns. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Population(Arc<World>);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct World {
    people: Vec<Person>,
    households: Vec<Household>,
    returns: Vec<TaxReturn>,
}

/// A home in the municipal register.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Household {
    id: String,
    /// How many are registered there, the person asked about included.
    pub size: u8,
    /// INE code of the province, two digits.
    pub province: String,
    /// INE code of the municipality, three digits.
    pub municipality: String,
    /// Name of the street, as the register writes it.
    pub street: String,
    /// Number of the building.
    pub number: String,
    /// Floor, where there is one.
    #[serde(default)]
    pub floor: Option<String>,
    /// Door, where there is one.
    #[serde(default)]
    pub door: Option<String>,
    /// Postal code.
    pub postcode: String,
}

/// Why a population file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PopulationError {
    /// Not the expected TOML, or an impossible document, date or amount.
    #[error("the population file is not valid")]
    Malformed(#[from] toml::de::Error),
    /// A home, return or year that refers to nobody or nothing.
    #[error("the population file refers to {0}, which it does not define")]
    Dangling(String),
}

impl Population {
    /// The people that come with the simulator.
    pub fn built_in() -> Self {
        #[expect(
            clippy::expect_used,
            reason = "the file is compiled in and a test reads it"
        )]
        Self::parse(include_str!("../../population.toml")).expect("the built-in population parses")
    }

    /// Reads a population file and checks that everything it refers to exists.
    pub fn parse(text: &str) -> Result<Self, PopulationError> {
        let world: World = toml::from_str(text)?;
        let population = Self(Arc::new(world));
        population.check()?;
        Ok(population)
    }

    /// Everybody, in the order of the file.
    pub fn people(&self) -> &[Person] {
        &self.0.people
    }

    /// The person with this document, if the world has one.
    pub fn person(&self, document: &str) -> Option<&Person> {
        self.0
            .people
            .iter()
            .find(|person| person.document.number() == document)
    }

    /// Where this person is registered, if anywhere that answers.
    pub fn home(&self, person: &Person) -> Option<&Household> {
        let Registration::Home(id) = &person.register else {
            return None;
        };
        self.0
            .households
            .iter()
            .find(|household| household.id == *id)
    }

    /// What the tax agency holds about a person for a year whose data exist.
    pub fn tax<'a>(&'a self, person: &'a Person, year: i16) -> Tax<'a> {
        let filed = self.0.returns.iter().find(|filed| {
            filed.years.contains(&year)
                && filed
                    .earners
                    .iter()
                    .any(|earner| earner.document == person.document)
        });
        if let Some(filed) = filed {
            return Tax::Return(filed);
        }
        match person.tax.get(&year.to_string()) {
            Some(TaxRecord::Imputations(figures)) => Tax::Imputations(figures),
            Some(TaxRecord::MultipleReturns) => Tax::MultipleReturns,
            Some(TaxRecord::NotTaxpayer) => Tax::NotTaxpayer,
            None => Tax::NoRecord,
        }
    }

    fn check(&self) -> Result<(), PopulationError> {
        let dangling = |what: &str| Err(PopulationError::Dangling(what.to_owned()));
        for person in self.people() {
            if let Registration::Home(id) = &person.register
                && self.home(person).is_none()
            {
                return dangling(id);
            }
            if let Some(year) = person.tax.keys().find(|year| year.parse::<i16>().is_err()) {
                return dangling(year);
            }
        }
        for earner in self.0.returns.iter().flat_map(|filed| &filed.earners) {
            if self.person(earner.document.number()).is_none() {
                return dangling(earner.document.number());
            }
        }
        Ok(())
    }
}
