//! Coming and going, and who is there. Each person by their own log-in only.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::citizen::{
    BodyId, Document, HouseholdId, MembershipId, Person, PersonName, PurposeId, SubjectId,
};
use crate::consent::{Beneficiaries, ConsentError, Consenter, Purpose, Receipt};
use crate::identity::Citizen;
use crate::store::keyring::{KeyringError, RetentionClass};

use super::store::Kept;
use super::{Act, Age, Composition, HouseholdError, Households, Member, Seat, Token, store};

/// Whom a question about a member names, sealed.
#[derive(Deserialize, Serialize, Zeroize, ZeroizeOnDrop)]
struct Record {
    document: String,
    given: Option<String>,
    surname1: Option<String>,
    surname2: Option<String>,
}

impl Households {
    /// Begins a household that has so many adults, with the person as its first member.
    ///
    /// `birth_date` is stated by who is 14 to 17.
    pub async fn begin(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
        adults: u32,
        birth_date: Option<Date>,
    ) -> Result<(), HouseholdError> {
        Self::may_bind(citizen, self.purpose(purpose)?)?;
        if !(1..=20).contains(&adults) {
            return Err(HouseholdError::Adults);
        }
        let seat = Seat {
            household: HouseholdId::random(&*self.world.entropy),
            membership: MembershipId::random(&*self.world.entropy),
            of_age_at: self.joining(birth_date)?,
        };
        let member = self.sealed(citizen, seat).await?;
        let (subject, body) = (citizen.subject(), citizen.body());
        let mut tx = self.db.begin().await?;
        self.hold_unblocked(&mut tx, citizen, purpose).await?;
        if store::seat(&mut tx, subject, body, purpose)
            .await?
            .is_some()
        {
            return Err(HouseholdError::Already);
        }
        store::insert_household(&mut tx, seat.household, body, purpose, adults).await?;
        let entry = self
            .stage(&mut tx, citizen, purpose, Act::Begun(seat))
            .await?;
        store::insert_member(&mut tx, &member, body, purpose, entry).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Joins the household an invitation leads to; gives its purpose.
    ///
    /// Whatever the invitation is, what does not depend on it is refused first, so that a refusal never
    /// tells whether it is a good one. Who is refused leaves it as it was.
    pub async fn join(
        &self,
        citizen: &Citizen,
        token: Option<&Token>,
        birth_date: Option<Date>,
    ) -> Result<PurposeId, HouseholdError> {
        for purpose in self.purposes() {
            Self::may_bind(citizen, purpose)?;
        }
        let mut seat = Seat {
            household: HouseholdId::random(&*self.world.entropy),
            membership: MembershipId::random(&*self.world.entropy),
            of_age_at: self.joining(birth_date)?,
        };
        let mut member = self.sealed(citizen, seat).await?;
        let (subject, body) = (citizen.subject(), citizen.body());
        let mut tx = self.db.begin().await?;
        for purpose in self.purposes() {
            self.hold_unblocked(&mut tx, citizen, &purpose.id).await?;
        }
        let token = token.ok_or(HouseholdError::InvitationNotValid)?;
        let now = self.world.now();
        let found = store::take_invitation(&mut tx, &token.digest(), body, now).await?;
        let (household, purpose) = found.ok_or(HouseholdError::InvitationNotValid)?;
        if store::seat(&mut tx, subject, body, &purpose)
            .await?
            .is_some()
        {
            return Err(HouseholdError::InvitationNotValid);
        }
        seat.household = household;
        // Who comes again sits in the place they had.
        let stated = store::stated_of_age(&mut tx, household, subject).await?;
        seat.of_age_at = stated.or(seat.of_age_at);
        member.seat = seat;
        let entry = self
            .stage(&mut tx, citizen, &purpose, Act::Joined(seat))
            .await?;
        store::insert_member(&mut tx, &member, body, &purpose, entry).await?;
        tx.commit().await?;
        Ok(purpose)
    }

    /// Leaves: takes back everything the person permitted for the household and ends what they stated about
    /// children, all of it or nothing. Any level of assurance, no reason.
    ///
    /// Gives the receipt of what was last taken back. Said again, it gives the same.
    pub async fn leave(
        &self,
        citizen: &Citizen,
        who: &Consenter,
        purpose: &PurposeId,
    ) -> Result<Option<Receipt>, HouseholdError> {
        self.purpose(purpose)?;
        let (subject, body) = (citizen.subject(), citizen.body());
        let mut tx = self.db.begin().await?;
        self.ledger.hold(&mut tx, subject).await?;
        let withdrawn = self.ledger.withdraw_under(&mut tx, who, purpose).await?;
        if let Some(seat) = store::seat(&mut tx, subject, body, purpose).await? {
            let entry = self
                .stage(&mut tx, citizen, purpose, Act::Left(seat))
                .await?;
            for child in store::children_of(&mut tx, seat.membership).await? {
                store::insert_child_end(&mut tx, child, entry).await?;
            }
            store::insert_departure(&mut tx, seat.membership, entry).await?;
        }
        let receipt = match withdrawn {
            Some(receipt) => Some(receipt),
            None => match self.ledger.last_withdrawal(&mut tx, who, purpose).await {
                Ok(receipt) => Some(receipt),
                Err(ConsentError::NothingGranted) => None,
                Err(error) => return Err(error.into()),
            },
        };
        tx.commit().await?;
        Ok(receipt)
    }

    /// Where a person sits.
    pub async fn seat(
        &self,
        subject: SubjectId,
        body: &BodyId,
        purpose: &PurposeId,
    ) -> Result<Option<Seat>, HouseholdError> {
        Ok(store::seat_shown(&self.db, subject, body, purpose).await?)
    }

    /// Who is in a household. A member whose keys are gone counts as gone.
    pub async fn composition(&self, household: HouseholdId) -> Result<Composition, HouseholdError> {
        let adults = store::adults(&self.db, household).await?;
        let mut members = Vec::new();
        let mut gone = BTreeMap::new();
        for kept in store::members(&self.db, household).await? {
            let (seat, subject) = (kept.seat, kept.subject);
            let person = if kept.left {
                None
            } else {
                self.opened(&kept).await?
            };
            if let Some(person) = person {
                members.push(Member {
                    seat,
                    subject,
                    person,
                });
            } else {
                let of_age_at = gone.entry(subject).or_insert(None);
                *of_age_at = seat.of_age_at.max(*of_age_at);
            }
        }
        gone.retain(|subject, _| members.iter().all(|member| member.subject != *subject));
        Ok(Composition {
            adults,
            members,
            gone: gone.into_values().collect(),
            children_until: self.children_until(household).await?,
        })
    }

    /// The purposes that are for households.
    fn purposes(&self) -> impl Iterator<Item = &Purpose> {
        let purposes = self.terms.purposes.iter();
        purposes.filter(|purpose| purpose.beneficiary == Beneficiaries::Household)
    }

    /// The 18th birthday of somebody who joins as a minor; of an adult's birth date nothing is kept.
    fn joining(&self, birth_date: Option<Date>) -> Result<Option<Timestamp>, HouseholdError> {
        let Some(birth) = birth_date else {
            return Ok(None);
        };
        let age = Age::of(birth, self.world.now()).map_err(|_| HouseholdError::BirthDate)?;
        match age {
            Age::Child { .. } => Err(HouseholdError::NeedsGuardian),
            Age::Minor { of_age_at } => Ok(Some(of_age_at)),
            Age::Adult => Ok(None),
        }
    }

    async fn sealed(&self, citizen: &Citizen, seat: Seat) -> Result<Kept, HouseholdError> {
        let person = citizen.person();
        let record = Record {
            document: person.document.lookup_key().as_str().to_owned(),
            given: person.name.given.clone(),
            surname1: person.name.surname1.clone(),
            surname2: person.name.surname2.clone(),
        };
        let plain = serde_json::to_vec(&record).map_err(|_| HouseholdError::Unwritable)?;
        let plain = Zeroizing::new(plain);
        let (subject, place) = (citizen.subject(), place(seat.membership));
        let sealed = self
            .keyring
            .seal(subject, RetentionClass::Identity, &place, &plain)
            .await?;
        Ok(Kept {
            seat,
            subject,
            sealed,
            left: false,
        })
    }

    /// Who a member is; `None` once they were erased.
    async fn opened(&self, kept: &Kept) -> Result<Option<Person>, HouseholdError> {
        let (class, place) = (RetentionClass::Identity, place(kept.seat.membership));
        let opened = self
            .keyring
            .open_sealed(kept.subject, class, &place, &kept.sealed)
            .await;
        let plain = match opened {
            Ok(plain) => plain,
            Err(KeyringError::Erased) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let mut record: Record =
            serde_json::from_slice(&plain).map_err(|_| KeyringError::Unreadable)?;
        let document =
            Document::from_lookup_key(&record.document).map_err(|_| KeyringError::Unreadable)?;
        Ok(Some(Person {
            document,
            name: PersonName {
                given: record.given.take(),
                surname1: record.surname1.take(),
                surname2: record.surname2.take(),
            },
        }))
    }
}

/// Ties a sealed person to its row: moved to another, it does not open.
fn place(membership: MembershipId) -> String {
    format!("household_member/{membership}")
}
