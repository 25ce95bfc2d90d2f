//! In what capacity a person decides: for themself alone, or as one of a household.

use jiff::Timestamp;

use crate::citizen::{BodyId, ItemId, ProductCode, PurposeId, SubjectId};
use crate::store::{Db, Row, StoreError, Tx, Value};

use super::item::{Beneficiary, item_id};
use super::purpose::{Beneficiaries, Purpose};

/// A person, a body and a purpose, and for whom the data are put together there and then.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity<'a> {
    subject: SubjectId,
    body: &'a BodyId,
    purpose: &'a Purpose,
    beneficiary: Beneficiary,
    /// When somebody who joined as a minor comes of age, passed or not.
    of_age_at: Option<Timestamp>,
}

impl<'a> Capacity<'a> {
    /// The capacity in which a person deals with a body; `None` for a household's purpose and
    /// somebody in no household. The caller holds the person's head row.
    pub(super) async fn of(
        tx: &mut Tx,
        subject: SubjectId,
        body: &'a BodyId,
        purpose: &'a Purpose,
    ) -> Result<Option<Self>, StoreError> {
        let row = match purpose.beneficiary {
            Beneficiaries::Household => tx.row(SEAT, seat_of(subject, body, &purpose.id)).await?,
            Beneficiaries::Person => None,
        };
        Self::read(subject, body, purpose, row.as_ref())
    }

    /// As [`Capacity::of`], outside a transaction: the caller checks the epoch when writing.
    pub(super) async fn seen(
        db: &Db,
        subject: SubjectId,
        body: &'a BodyId,
        purpose: &'a Purpose,
    ) -> Result<Option<Self>, StoreError> {
        let row = match purpose.beneficiary {
            Beneficiaries::Household => db.row(SEAT, seat_of(subject, body, &purpose.id)).await?,
            Beneficiaries::Person => None,
        };
        Self::read(subject, body, purpose, row.as_ref())
    }

    fn read(
        subject: SubjectId,
        body: &'a BodyId,
        purpose: &'a Purpose,
        seat: Option<&Row>,
    ) -> Result<Option<Self>, StoreError> {
        let (beneficiary, of_age_at) = match (purpose.beneficiary, seat) {
            (Beneficiaries::Person, _) => (Beneficiary::Own, None),
            (Beneficiaries::Household, None) => return Ok(None),
            (Beneficiaries::Household, Some(seat)) => {
                let household = Beneficiary::Household(seat.parsed(0)?);
                (household, seat.instant_or_null(1)?)
            }
        };
        Ok(Some(Self {
            subject,
            body,
            purpose,
            beneficiary,
            of_age_at,
        }))
    }

    pub(super) const fn beneficiary(&self) -> Beneficiary {
        self.beneficiary
    }

    /// The item a decision about `product` is about.
    pub(super) fn item(&self, product: &ProductCode) -> ItemId {
        item_id(
            self.subject,
            self.body,
            &self.purpose.id,
            product,
            self.beneficiary,
        )
    }

    /// Whether the product is asked of this person at all: some are never asked of minors.
    pub(super) fn is_asked(&self, product: &ProductCode, now: Timestamp) -> bool {
        !self.is_minor(now) || !self.purpose.adults_only.contains(product)
    }

    /// Until when a grant made now holds. A minor's ends at the 18th birthday: what is asked of
    /// adults is another question, and only the adult they then are can answer it.
    pub(super) fn valid_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.purpose.valid_until(now)?;
        let end = self.of_age_at.filter(|_| self.is_minor(now));
        Some(end.map_or(until, |end| end.min(until)))
    }

    fn is_minor(&self, now: Timestamp) -> bool {
        self.of_age_at.is_some_and(|at| now < at)
    }
}

/// The household a person is in: where they joined and did not leave.
const SEAT: &str = "SELECT m.household, m.of_age_at FROM household_member m \
     LEFT JOIN household_departure d ON d.membership = m.membership \
     WHERE m.subject = $1 AND m.body = $2 AND m.purpose = $3 AND d.membership IS NULL";

fn seat_of(subject: SubjectId, body: &BodyId, purpose: &PurposeId) -> Vec<Value> {
    vec![
        subject.to_string().into(),
        body.as_str().into(),
        purpose.as_str().into(),
    ]
}
