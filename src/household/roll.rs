//! Who is in a household at one moment, and whom of them a look may ask about.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{Composition, HouseholdError, Households, Member, Standing, standing};
use crate::citizen::{HouseholdId, MembershipId, PurposeId};
use crate::identity::Citizen;

/// The household somebody is in, as it is at one moment. Only [`Households::roll`] makes one, for
/// who is in it.
#[derive(Debug)]
pub struct Roll {
    household: HouseholdId,
    composition: Composition,
    /// Who permits anything.
    permit: BTreeSet<MembershipId>,
    at: Timestamp,
}

impl Households {
    /// The household the caller is in.
    pub async fn roll(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
    ) -> Result<Roll, HouseholdError> {
        self.purpose(purpose)?;
        let (subject, body) = (citizen.subject(), citizen.body());
        let seat = self.seat(subject, body, purpose).await?;
        let household = seat.ok_or(HouseholdError::NotInHousehold)?.household;
        let composition = self.composition(household).await?;
        let mut permit = BTreeSet::new();
        for member in &composition.members {
            if self.permits(member.subject, body, purpose).await? {
                permit.insert(member.seat.membership);
            }
        }
        Ok(Roll {
            household,
            composition,
            permit,
            at: self.world.now(),
        })
    }
}

impl Roll {
    /// Which household it is.
    pub const fn household(&self) -> HouseholdId {
        self.household
    }

    /// The adults in it, by membership: an order that says nothing of who came first. Of minors
    /// nothing is asked.
    pub fn adults(&self) -> impl Iterator<Item = &Member> {
        let members = self.composition.members.iter();
        members.filter(|member| !self.is_minor(member))
    }

    /// How the household stands by who permits anything.
    pub fn standing(&self) -> Standing {
        self.count(|member| self.permit.contains(&member.seat.membership))
    }

    /// How it stands if, of its adults, these and no others answered.
    pub fn standing_of(&self, answered: &BTreeSet<MembershipId>) -> Standing {
        self.count(|member| {
            let who = &member.seat.membership;
            answered.contains(who) || (self.is_minor(member) && self.permit.contains(who))
        })
    }

    fn count(&self, answered: impl FnMut(&Member) -> bool) -> Standing {
        standing(&self.composition.facts(answered), self.at)
    }

    fn is_minor(&self, member: &Member) -> bool {
        member.seat.of_age_at.is_some_and(|at| self.at < at)
    }
}
