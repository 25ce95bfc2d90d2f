//! People whom one administration looks at together, because each of them said so.
//!
//! Leans on `consent`, where each member's own permissions are, and on the store; `exchange`, the API and
//! the pages lean on it. All members have the same rights, and no row says who began a household or who
//! invited whom. What one member is told never depends on whether another refused, kept silent, took back,
//! let it expire or left: see [`standing`].

mod age;
mod children;
mod error;
mod invitation;
mod membership;
mod roll;
mod standing;
mod store;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::audit::{Kind, Log};
use crate::citizen::{
    BodyId, ChildId, EntryId, HouseholdId, MembershipId, Person, PurposeId, SubjectId,
};
use crate::clock::World;
use crate::consent::{Beneficiaries, Ledger, Purpose, State, Terms};
use crate::identity::Citizen;
use crate::store::keyring::Keyring;
use crate::store::{Db, Tx};

pub use age::{Age, InvalidBirthDate, birthday};
pub use error::HouseholdError;
pub use invitation::{InvalidToken, Invitation, Token};
pub use roll::Roll;
pub use standing::{Facts, Place, Standing, standing};

/// The households, and the acts of their members.
#[derive(Clone)]
pub struct Households {
    db: Db,
    log: Arc<Log>,
    keyring: Arc<Keyring>,
    ledger: Arc<Ledger>,
    terms: Arc<Terms>,
    world: World,
}

impl fmt::Debug for Households {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Households").finish_non_exhaustive()
    }
}

/// A person's place in a household.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Seat {
    /// Of which household.
    pub household: HouseholdId,
    /// Their time in it.
    pub membership: MembershipId,
    /// The 18th birthday of somebody who joined as a minor, passed or not.
    pub of_age_at: Option<Timestamp>,
}

/// Somebody who is in a household.
#[derive(Clone)]
pub struct Member {
    /// Their place.
    pub seat: Seat,
    /// Under which name everything of theirs is kept.
    pub subject: SubjectId,
    /// Who a question about them names, as of their joining.
    pub person: Person,
}

impl fmt::Debug for Member {
    // Who lives with whom is theirs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("seat", &self.seat)
            .finish_non_exhaustive()
    }
}

/// Who is in a household, and who is to be counted.
#[derive(Clone, Debug)]
pub struct Composition {
    /// How many adults it was said to have when it began.
    pub adults: u32,
    /// Who is in it, by membership.
    pub members: Vec<Member>,
    /// The place of everybody who was in it and is not any more, with their 18th birthday if they joined as
    /// a minor: it stays open, as if they were there and kept silent.
    pub gone: Vec<Option<Timestamp>>,
    /// 14th birthdays, passed or not, of the children members answer for.
    pub children_until: Vec<Timestamp>,
}

impl Composition {
    /// What the household's standing depends on, given who has a live permission.
    pub fn facts(&self, mut answered: impl FnMut(&Member) -> bool) -> Facts {
        let here = self.members.iter().map(|member| Place {
            of_age_at: member.seat.of_age_at,
            answered: answered(member),
        });
        let gone = self.gone.iter().map(|of_age_at| Place {
            of_age_at: *of_age_at,
            answered: false,
        });
        Facts {
            adults: self.adults,
            places: here.chain(gone).collect(),
            children_until: self.children_until.clone(),
        }
    }
}

/// What a person is told about their household.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum HouseholdState {
    /// They are in none.
    None,
    /// Everybody who is counted has a live permission.
    Complete,
    /// Somebody has not. Nobody is told who, how many or why.
    Incomplete,
}

impl HouseholdState {
    /// The word of the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Complete => "complete",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A child a person answers for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Child {
    /// Its random name.
    pub child: ChildId,
    /// The 14th birthday.
    pub until: Timestamp,
}

impl Households {
    /// Households in `db`, their acts in `log`.
    pub fn new(
        db: Db,
        log: Arc<Log>,
        keyring: Arc<Keyring>,
        ledger: Arc<Ledger>,
        terms: Arc<Terms>,
        world: World,
    ) -> Self {
        Self {
            db,
            log,
            keyring,
            ledger,
            terms,
            world,
        }
    }

    /// What a person is told of the household they are in. Depends on live permissions and nothing else.
    pub async fn state(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
    ) -> Result<HouseholdState, HouseholdError> {
        match self.roll(citizen, purpose).await {
            Err(HouseholdError::NotInHousehold) => Ok(HouseholdState::None),
            Err(error) => Err(error),
            Ok(roll) if roll.standing().complete() => Ok(HouseholdState::Complete),
            Ok(_) => Ok(HouseholdState::Incomplete),
        }
    }

    /// Whether anything may be asked about a person under the purpose.
    async fn permits(
        &self,
        subject: SubjectId,
        body: &BodyId,
        purpose: &PurposeId,
    ) -> Result<bool, HouseholdError> {
        let (_, items) = self.ledger.items(subject, body, purpose).await?;
        let live = |state| matches!(state, State::Granted { .. });
        Ok(items.iter().any(|item| item.offered && live(item.state)))
    }

    /// The purpose, if it is one for households.
    fn purpose(&self, purpose: &PurposeId) -> Result<&Purpose, HouseholdError> {
        let known = self.terms.purposes.get(purpose);
        known
            .filter(|purpose| purpose.beneficiary == Beneficiaries::Household)
            .ok_or(HouseholdError::UnknownPurpose)
    }

    /// Whether this log-in, through this channel, is good enough for an act that binds.
    fn may_bind(citizen: &Citizen, purpose: &Purpose) -> Result<(), HouseholdError> {
        if !citizen.may_grant() {
            return Err(HouseholdError::NotAllowed);
        }
        if citizen.level() < purpose.grant_level {
            return Err(HouseholdError::InsufficientLevel {
                required: purpose.grant_level,
            });
        }
        Ok(())
    }

    /// Locks the person's head row and refuses an act in which they would take part while blocked.
    async fn hold_unblocked(
        &self,
        tx: &mut Tx,
        citizen: &Citizen,
        purpose: &PurposeId,
    ) -> Result<(), HouseholdError> {
        let (subject, body) = (citizen.subject(), citizen.body());
        self.ledger.hold(tx, subject).await?;
        if self.ledger.is_blocked(tx, subject, body, purpose).await? {
            return Err(HouseholdError::Blocked);
        }
        Ok(())
    }

    /// Logs an act under the actor's own key. Never a token, never another person.
    async fn stage(
        &self,
        tx: &mut Tx,
        citizen: &Citizen,
        purpose: &PurposeId,
        act: Act,
    ) -> Result<EntryId, HouseholdError> {
        let payload = act.payload(citizen, purpose);
        let staged = self
            .log
            .stage(tx, Kind::Household, Some(citizen.subject()), payload)
            .await?;
        Ok(staged.entry)
    }
}

/// What a member did, as the log says it.
#[derive(Clone, Copy, Debug)]
enum Act {
    Begun(Seat),
    Invited(Seat),
    Joined(Seat),
    Left(Seat),
    ChildAdded(Seat, ChildId),
    ChildRemoved(Seat, ChildId),
}

impl Act {
    const fn word(self) -> &'static str {
        match self {
            Self::Begun(_) => "begun",
            Self::Invited(_) => "invited",
            Self::Joined(_) => "joined",
            Self::Left(_) => "left",
            Self::ChildAdded(..) => "child-added",
            Self::ChildRemoved(..) => "child-removed",
        }
    }

    fn payload(self, citizen: &Citizen, purpose: &PurposeId) -> Map<String, Value> {
        let (Self::Begun(seat)
        | Self::Invited(seat)
        | Self::Joined(seat)
        | Self::Left(seat)
        | Self::ChildAdded(seat, _)
        | Self::ChildRemoved(seat, _)) = self;
        let child = match self {
            Self::ChildAdded(_, child) | Self::ChildRemoved(_, child) => Some(child),
            _ => None,
        };
        let fields = [
            ("act", json!(self.word())),
            ("body", json!(citizen.body())),
            ("purpose", json!(purpose)),
            ("household", json!(seat.household)),
            ("membership", json!(seat.membership)),
            ("of_age_at", json!(seat.of_age_at)),
            ("login", json!(citizen.login_ref())),
        ];
        let fields = fields
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value));
        let child = child.map(|child| ("child".to_owned(), json!(child)));
        fields.chain(child).collect()
    }
}
