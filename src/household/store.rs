//! The statements of households.

use jiff::Timestamp;

use crate::citizen::{BodyId, ChildId, EntryId, HouseholdId, MembershipId, PurposeId, SubjectId};
use crate::store::{Db, Row, StoreError, Tx, Value};

use super::Seat;

const SEAT: &str = "SELECT m.household, m.membership, m.of_age_at FROM household_member m \
     LEFT JOIN household_departure d ON d.membership = m.membership \
     WHERE m.subject = $1 AND m.body = $2 AND m.purpose = $3 AND d.membership IS NULL";

/// Somebody's time in a household, as kept.
pub(super) struct Kept {
    pub(super) seat: Seat,
    pub(super) subject: SubjectId,
    pub(super) sealed: Vec<u8>,
    /// Whether they left.
    pub(super) left: bool,
}

/// A statement about a child, as kept.
pub(super) struct KeptChild {
    pub(super) child: ChildId,
    pub(super) subject: SubjectId,
    pub(super) sealed: Vec<u8>,
}

/// Where a person sits. The caller holds the person's head row.
pub(super) async fn seat(
    tx: &mut Tx,
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
) -> Result<Option<Seat>, StoreError> {
    let row = tx.row(SEAT, seat_of(subject, body, purpose)).await?;
    row.as_ref().map(read_seat).transpose()
}

/// As [`seat`], outside a transaction.
pub(super) async fn seat_shown(
    db: &Db,
    subject: SubjectId,
    body: &BodyId,
    purpose: &PurposeId,
) -> Result<Option<Seat>, StoreError> {
    let row = db.row(SEAT, seat_of(subject, body, purpose)).await?;
    row.as_ref().map(read_seat).transpose()
}

/// How many adults a household is said to have.
pub(super) async fn adults(db: &Db, household: HouseholdId) -> Result<u32, StoreError> {
    let row = db
        .row(
            "SELECT adults FROM household WHERE household = $1",
            vec![household.to_string().into()],
        )
        .await?;
    let adults = row.map_or(Ok(0), |row| row.int(0))?;
    u32::try_from(adults).map_err(|_| StoreError::Corrupt { column: 0 })
}

/// Everybody who is or was in a household, by membership.
pub(super) async fn members(db: &Db, household: HouseholdId) -> Result<Vec<Kept>, StoreError> {
    let rows = db
        .rows(
            "SELECT m.household, m.membership, m.of_age_at, m.subject, m.sealed, d.entry \
             FROM household_member m \
             LEFT JOIN household_departure d ON d.membership = m.membership \
             WHERE m.household = $1 ORDER BY m.membership",
            vec![household.to_string().into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(Kept {
                seat: read_seat(row)?,
                subject: row.parsed(3)?,
                sealed: row.bytes(4)?,
                left: row.text_or_null(5)?.is_some(),
            })
        })
        .collect()
}

/// The 18th birthday somebody stated when they first joined a household.
pub(super) async fn stated_of_age(
    tx: &mut Tx,
    household: HouseholdId,
    subject: SubjectId,
) -> Result<Option<Timestamp>, StoreError> {
    let row = tx
        .row(
            "SELECT of_age_at FROM household_member \
             WHERE household = $1 AND subject = $2 AND of_age_at IS NOT NULL LIMIT 1",
            vec![household.to_string().into(), subject.to_string().into()],
        )
        .await?;
    row.map_or(Ok(None), |row| row.instant_or_null(0))
}

pub(super) async fn insert_household(
    tx: &mut Tx,
    household: HouseholdId,
    body: &BodyId,
    purpose: &PurposeId,
    adults: u32,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO household (household, body, purpose, adults) VALUES ($1, $2, $3, $4)",
        vec![
            household.to_string().into(),
            body.as_str().into(),
            purpose.as_str().into(),
            adults.into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_member(
    tx: &mut Tx,
    member: &Kept,
    body: &BodyId,
    purpose: &PurposeId,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO household_member (membership, household, subject, body, purpose, sealed, \
         of_age_at, entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        vec![
            member.seat.membership.to_string().into(),
            member.seat.household.to_string().into(),
            member.subject.to_string().into(),
            body.as_str().into(),
            purpose.as_str().into(),
            member.sealed.as_slice().into(),
            member.seat.of_age_at.into(),
            entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_departure(
    tx: &mut Tx,
    membership: MembershipId,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO household_departure (membership, entry) VALUES ($1, $2)",
        vec![membership.to_string().into(), entry.to_string().into()],
    )
    .await?;
    Ok(())
}

/// Statements that stand of a member, or of everybody who is in the household.
pub(super) async fn children(
    db: &Db,
    household: HouseholdId,
) -> Result<Vec<KeptChild>, StoreError> {
    let rows = db
        .rows(
            "SELECT c.child, m.subject, c.sealed FROM household_child c \
             JOIN household_member m ON m.membership = c.membership \
             LEFT JOIN household_departure d ON d.membership = m.membership \
             LEFT JOIN household_child_end e ON e.child = c.child \
             WHERE m.household = $1 AND d.membership IS NULL AND e.child IS NULL ORDER BY c.child",
            vec![household.to_string().into()],
        )
        .await?;
    rows.iter()
        .map(|row| {
            Ok(KeptChild {
                child: row.parsed(0)?,
                subject: row.parsed(1)?,
                sealed: row.bytes(2)?,
            })
        })
        .collect()
}

/// Names of the children a member answers for.
pub(super) async fn children_of(
    tx: &mut Tx,
    membership: MembershipId,
) -> Result<Vec<ChildId>, StoreError> {
    let rows = tx
        .rows(
            "SELECT c.child FROM household_child c \
             LEFT JOIN household_child_end e ON e.child = c.child \
             WHERE c.membership = $1 AND e.child IS NULL ORDER BY c.child",
            vec![membership.to_string().into()],
        )
        .await?;
    rows.iter().map(|row| row.parsed(0)).collect()
}

pub(super) async fn insert_child(
    tx: &mut Tx,
    child: ChildId,
    membership: MembershipId,
    sealed: Vec<u8>,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO household_child (child, membership, sealed, entry) VALUES ($1, $2, $3, $4)",
        vec![
            child.to_string().into(),
            membership.to_string().into(),
            sealed.into(),
            entry.to_string().into(),
        ],
    )
    .await?;
    Ok(())
}

pub(super) async fn insert_child_end(
    tx: &mut Tx,
    child: ChildId,
    entry: EntryId,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO household_child_end (child, entry) VALUES ($1, $2)",
        vec![child.to_string().into(), entry.to_string().into()],
    )
    .await?;
    Ok(())
}

/// How many invitations of a household are open.
pub(super) async fn open_invitations(
    tx: &mut Tx,
    household: HouseholdId,
    now: Timestamp,
) -> Result<i64, StoreError> {
    let row = tx
        .row(
            "SELECT COUNT(*) FROM household_invitation WHERE household = $1 AND expires_at > $2",
            vec![household.to_string().into(), now.into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int(0))
}

pub(super) async fn insert_invitation(
    tx: &mut Tx,
    digest: &str,
    household: HouseholdId,
    expires_at: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO household_invitation (token, household, expires_at) VALUES ($1, $2, $3)",
        vec![
            digest.into(),
            household.to_string().into(),
            expires_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Uses up an invitation that is open: the household it leads to, at this body, and its purpose.
pub(super) async fn take_invitation(
    tx: &mut Tx,
    digest: &str,
    body: &BodyId,
    now: Timestamp,
) -> Result<Option<(HouseholdId, PurposeId)>, StoreError> {
    let taken = tx
        .row(
            "DELETE FROM household_invitation WHERE token = $1 AND expires_at > $2 \
             RETURNING household",
            vec![digest.into(), now.into()],
        )
        .await?;
    let Some(taken) = taken else {
        return Ok(None);
    };
    let household: HouseholdId = taken.parsed(0)?;
    let row = tx
        .row(
            "SELECT purpose FROM household WHERE household = $1 AND body = $2",
            vec![household.to_string().into(), body.as_str().into()],
        )
        .await?;
    row.map(|row| Ok((household, row.parsed(0)?))).transpose()
}

/// Forgets invitations that are over. Gives how many.
pub(super) async fn forget_invitations(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    db.clear(
        "DELETE FROM household_invitation WHERE token IN \
             (SELECT token FROM household_invitation WHERE expires_at <= $1 LIMIT $2)",
        vec![now.into()],
    )
    .await
}

fn seat_of(subject: SubjectId, body: &BodyId, purpose: &PurposeId) -> Vec<Value> {
    vec![
        subject.to_string().into(),
        body.as_str().into(),
        purpose.as_str().into(),
    ]
}

fn read_seat(row: &Row) -> Result<Seat, StoreError> {
    Ok(Seat {
        household: row.parsed(0)?,
        membership: row.parsed(1)?,
        of_age_at: row.instant_or_null(2)?,
    })
}
