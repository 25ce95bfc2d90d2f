//! The people and programs that have been recognised.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::AccessError;
use crate::citizen::{BodyId, ClientId, LevelOfAssurance, Person, SubjectId};

/// A citizen who was recognised, and how.
///
/// Only this module makes one, from a live session or a token it issued; there is no constructor
/// outside it:
/// ```compile_fail,E0451
/// # use interop_gateway::identity::Citizen;
/// # fn forge(genuine: Citizen) -> Citizen {
/// Citizen { provider: "anyone".to_owned(), ..genuine }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Citizen {
    pub(super) subject: SubjectId,
    pub(super) person: Person,
    pub(super) login: Login,
    pub(super) body: BodyId,
    pub(super) channel: Channel,
    pub(super) scopes: Scopes,
    pub(super) may_grant: bool,
    pub(super) login_ref: String,
}

/// How somebody logged in: what a session or a token keeps about it, encrypted.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct Login {
    pub(super) level: LevelOfAssurance,
    pub(super) method: String,
    pub(super) provider: String,
    pub(super) authenticated_at: Timestamp,
}

/// Through what a citizen reached us.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Channel {
    /// A registered client, on their behalf.
    Client(ClientId),
    /// Our own pages, in their browser.
    Pages,
}

impl Citizen {
    /// The random id everything about them is kept under.
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// Their document and name, as the provider stated them.
    pub fn person(&self) -> &Person {
        &self.person
    }

    /// How sure the provider was.
    pub fn level(&self) -> LevelOfAssurance {
        self.login.level
    }

    /// How they proved it, in the provider's word, such as `idcatmobil`.
    pub fn method(&self) -> &str {
        &self.login.method
    }

    /// Who recognised them: a configured provider, or the client that vouched for them.
    pub fn provider(&self) -> &str {
        &self.login.provider
    }

    /// When they proved it.
    pub fn authenticated_at(&self) -> Timestamp {
        self.login.authenticated_at
    }

    /// The administration they deal with: from the client's registration or the host of the pages.
    pub fn body(&self) -> &BodyId {
        &self.body
    }

    /// Through what they reached us.
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// What the caller may do in their name.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }

    /// Whether a grant may be given through this channel. Refusing and revoking always may.
    pub fn may_grant(&self) -> bool {
        self.may_grant
    }

    /// A name for this one log-in or assertion, safe to record: it opens nothing.
    pub fn login_ref(&self) -> &str {
        &self.login_ref
    }

    /// Refuses, with the step-up challenge of RFC 9470, a level below the one needed.
    pub fn require_level(&self, needed: LevelOfAssurance) -> Result<(), AccessError> {
        if self.login.level >= needed {
            return Ok(());
        }
        Err(AccessError::InsufficientAuthentication {
            level: needed,
            max_age: None,
        })
    }

    /// Refuses, with the step-up challenge of RFC 9470, an older proof than `max_age`.
    pub fn require_fresh(
        &self,
        max_age: SignedDuration,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        if now.duration_since(self.login.authenticated_at) <= max_age {
            return Ok(());
        }
        Err(AccessError::InsufficientAuthentication {
            level: self.login.level,
            max_age: Some(max_age),
        })
    }
}

/// An auditor's program, authenticated as itself. It has no citizen.
#[derive(Clone, Debug)]
pub struct Auditor {
    pub(super) client: ClientId,
    pub(super) scopes: Scopes,
}

impl Auditor {
    /// The registered client.
    pub fn client(&self) -> &ClientId {
        &self.client
    }

    /// What it may do.
    pub fn scopes(&self) -> &Scopes {
        &self.scopes
    }
}

/// Whoever presents a token of ours.
#[derive(Clone, Debug)]
pub enum Caller {
    /// An auditor's program.
    Auditor(Auditor),
    /// A client acting for a citizen.
    Citizen(Box<Citizen>),
}

impl Caller {
    /// The citizen, if there is one and their token carries the scope.
    pub fn citizen(self, scope: Scope) -> Result<Citizen, AccessError> {
        match self {
            Self::Citizen(citizen) if citizen.scopes.contains(scope) => Ok(*citizen),
            Self::Citizen(_) | Self::Auditor(_) => Err(AccessError::InsufficientScope { scope }),
        }
    }

    /// The auditor, if this is one and their token carries the scope.
    pub fn auditor(self, scope: Scope) -> Result<Auditor, AccessError> {
        match self {
            Self::Auditor(auditor) if auditor.scopes.contains(scope) => Ok(auditor),
            Self::Auditor(_) | Self::Citizen(_) => Err(AccessError::InsufficientScope { scope }),
        }
    }
}

/// One thing a token may allow.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// Search exchanges by person.
    AuditIdentify,
    /// Read exchanges and the log.
    AuditRead,
    /// Read what was consented to.
    ConsentRead,
    /// Refuse, revoke and, where the client may, grant.
    ConsentWrite,
    /// Read the citizen's own exchanges.
    ExchangeRead,
    /// Look at a whole household, and have what comes of it: a recommender's, nobody else's.
    HouseholdRead,
    /// Fetch the profile.
    ProfileRead,
}

/// A word that is no scope of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a scope of this service")]
pub struct UnknownScope;

impl Scope {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::AuditIdentify,
        Self::AuditRead,
        Self::ConsentRead,
        Self::ConsentWrite,
        Self::ExchangeRead,
        Self::HouseholdRead,
        Self::ProfileRead,
    ];

    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuditIdentify => "audit:identify",
            Self::AuditRead => "audit:read",
            Self::ConsentRead => "consent:read",
            Self::ConsentWrite => "consent:write",
            Self::ExchangeRead => "exchange:read",
            Self::HouseholdRead => "household:read",
            Self::ProfileRead => "profile:read",
        }
    }

    /// Whether it belongs to auditors, who never act for a citizen.
    pub const fn is_audit(self) -> bool {
        matches!(self, Self::AuditIdentify | Self::AuditRead)
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL
            .into_iter()
            .find(|scope| scope.as_str() == text)
            .ok_or(UnknownScope)
    }
}

impl TryFrom<String> for Scope {
    type Error = UnknownScope;

    fn try_from(text: String) -> Result<Self, UnknownScope> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.as_str().to_owned()
    }
}

/// A set of scopes, written space-separated (RFC 6749 section 3.3).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether the scope is among them.
    pub fn contains(&self, scope: Scope) -> bool {
        self.0.contains(&scope)
    }

    /// Whether every one of these is among `others`.
    pub fn within(&self, others: &Self) -> bool {
        self.0.is_subset(&others.0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Scope> + '_ {
        self.0.iter().copied()
    }

    /// What a citizen may do on our own pages: everything that is about themself alone. What a
    /// household comes to would tell one of two adults what the other has.
    pub(super) fn of_pages() -> Self {
        Scope::ALL
            .into_iter()
            .filter(|scope| !scope.is_audit() && *scope != Scope::HouseholdRead)
            .collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split(' ')
            .filter(|word| !word.is_empty())
            .map(str::parse)
            .collect()
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}
