//! Whether everybody who is counted has answered: a pure rule.
//!
//! A place once taken stays: who leaves, or is erased, is counted like who keeps silent. So what members are
//! told is the same whether somebody refused, kept silent, took back, let it expire or left, and a household
//! that has changed in life is begun anew.

use jiff::Timestamp;

/// What a household's standing depends on.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Facts {
    /// How many adults it was said to have.
    pub adults: u32,
    /// Everybody who is, or was, a member; each person once.
    pub places: Vec<Place>,
    /// 14th birthdays, passed or not, of the children members answer for.
    pub children_until: Vec<Timestamp>,
}

/// One person's place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// The 18th birthday of somebody who joined as a minor, passed or not.
    pub of_age_at: Option<Timestamp>,
    /// Whether a permission of theirs is live.
    pub answered: bool,
}

/// How a household stands at an instant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Standing {
    /// Adults it has: as many as it was said to, and whoever came of age in it; or more who joined.
    pub expected_adults: u32,
    /// Adults with a live permission.
    pub adults_answered: u32,
    /// People under 18: those who joined, and those others answer for or did until they were 14.
    pub minors: u32,
    /// How many of all these have no live permission and nobody who answers for them.
    pub missing: u32,
}

impl Standing {
    /// Whether nobody is missing.
    pub const fn complete(&self) -> bool {
        self.missing == 0
    }
}

/// How a household stands at `now`.
pub fn standing(facts: &Facts, now: Timestamp) -> Standing {
    let is_minor = |place: &&Place| place.of_age_at.is_some_and(|at| now < at);
    let came_of_age = |place: &&Place| place.of_age_at.is_some_and(|at| at <= now);
    let places = || facts.places.iter();
    let adults = || places().filter(|place| !is_minor(place));

    let said = facts
        .adults
        .saturating_add(count(places().filter(came_of_age)));
    let expected_adults = said.max(count(adults()));
    let adults_answered = count(adults().filter(|place| place.answered));
    let joined = count(places().filter(is_minor));
    let silent = count(places().filter(is_minor).filter(|place| !place.answered));
    // Nobody answers for them any more, and they have not answered by themselves.
    let grown = count(facts.children_until.iter().filter(|until| **until <= now));
    Standing {
        expected_adults,
        adults_answered,
        minors: joined.saturating_add(count(facts.children_until.iter())),
        missing: (expected_adults.saturating_sub(adults_answered))
            .saturating_add(silent)
            .saturating_add(grown),
    }
}

fn count<T>(some: impl Iterator<Item = T>) -> u32 {
    u32::try_from(some.count()).unwrap_or(u32::MAX)
}
