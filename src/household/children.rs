//! Children under fourteen, whom a member answers for. They are no subjects, and nothing is asked about them.

use jiff::Timestamp;
use jiff::civil::Date;

use crate::citizen::{ChildId, HouseholdId, PurposeId};
use crate::identity::Citizen;
use crate::store::keyring::{KeyringError, RetentionClass};

use super::store::KeptChild;
use super::{Act, Age, Child, HouseholdError, Households, age, store};

/// How many children one person answers for at most.
const MOST: usize = 20;

impl Households {
    /// States that the person holds parental authority over a child born on a date.
    ///
    /// It ends by itself at the 14th birthday: from then on the child decides (LOPDGDD, article 7).
    pub async fn add_child(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
        birth_date: Date,
    ) -> Result<Child, HouseholdError> {
        Self::may_bind(citizen, self.purpose(purpose)?)?;
        let age = Age::of(birth_date, self.world.now()).map_err(|_| HouseholdError::BirthDate)?;
        let Age::Child { until } = age else {
            return Err(HouseholdError::DecidesThemself);
        };
        let child = ChildId::random(&*self.world.entropy);
        let (subject, class) = (citizen.subject(), RetentionClass::Evidence);
        let text = birth_date.to_string();
        let sealed = self
            .keyring
            .seal(subject, class, &place(child), text.as_bytes())
            .await?;
        let mut tx = self.db.begin().await?;
        self.hold_unblocked(&mut tx, citizen, purpose).await?;
        let seat = store::seat(&mut tx, subject, citizen.body(), purpose).await?;
        let seat = seat.ok_or(HouseholdError::NotInHousehold)?;
        if store::children_of(&mut tx, seat.membership).await?.len() >= MOST {
            return Err(HouseholdError::TooManyChildren);
        }
        let act = Act::ChildAdded(seat, child);
        let entry = self.stage(&mut tx, citizen, purpose, act).await?;
        store::insert_child(&mut tx, child, seat.membership, sealed, entry).await?;
        tx.commit().await?;
        Ok(Child { child, until })
    }

    /// Takes back what the person stated about a child. Any level of assurance; somebody else's child is
    /// unknown.
    pub async fn remove_child(
        &self,
        citizen: &Citizen,
        child: ChildId,
    ) -> Result<(), HouseholdError> {
        let (subject, body) = (citizen.subject(), citizen.body());
        let mut tx = self.db.begin().await?;
        self.ledger.hold(&mut tx, subject).await?;
        for purpose in self.terms.purposes.iter() {
            let Some(seat) = store::seat(&mut tx, subject, body, &purpose.id).await? else {
                continue;
            };
            let children = store::children_of(&mut tx, seat.membership).await?;
            if children.contains(&child) {
                let act = Act::ChildRemoved(seat, child);
                let entry = self.stage(&mut tx, citizen, &purpose.id, act).await?;
                store::insert_child_end(&mut tx, child, entry).await?;
                return Ok(tx.commit().await?);
            }
        }
        Err(HouseholdError::UnknownChild)
    }

    /// The children the person answers for, passed birthdays too: nobody else sees them.
    pub async fn children(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
    ) -> Result<Vec<Child>, HouseholdError> {
        let (subject, body) = (citizen.subject(), citizen.body());
        let Some(seat) = self.seat(subject, body, purpose).await? else {
            return Ok(Vec::new());
        };
        let mut mine = store::children(&self.db, seat.household).await?;
        mine.retain(|kept| kept.subject == subject);
        let mut children = Vec::new();
        for kept in mine {
            let child = kept.child;
            children.extend(self.until(&kept).await?.map(|until| Child { child, until }));
        }
        Ok(children)
    }

    /// 14th birthdays of the children members answer for.
    pub(super) async fn children_until(
        &self,
        household: HouseholdId,
    ) -> Result<Vec<Timestamp>, HouseholdError> {
        let mut until = Vec::new();
        for kept in store::children(&self.db, household).await? {
            until.extend(self.until(&kept).await?);
        }
        until.sort_unstable();
        Ok(until)
    }

    /// The 14th birthday; `None` once whoever answered was erased.
    async fn until(&self, kept: &KeptChild) -> Result<Option<Timestamp>, HouseholdError> {
        let (class, place) = (RetentionClass::Evidence, place(kept.child));
        let opened = self
            .keyring
            .open_sealed(kept.subject, class, &place, &kept.sealed)
            .await;
        let plain = match opened {
            Ok(plain) => plain,
            Err(KeyringError::Erased) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let birth = std::str::from_utf8(&plain).ok();
        let birth: Option<Date> = birth.and_then(|text| text.parse().ok());
        let until = birth.and_then(|birth| age::birthday(birth, age::DECIDES));
        Ok(Some(until.ok_or(KeyringError::Unreadable)?))
    }
}

/// Ties a sealed birth date to its row.
fn place(child: ChildId) -> String {
    format!("household_child/{child}")
}
