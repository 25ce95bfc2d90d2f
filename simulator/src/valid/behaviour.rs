//! The switches of the double. The default is a well-behaved VALid.

use std::time::Duration;

/// How the double behaves; every departure from the documented service is one member.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Behaviour {
    pub user_info: UserInfo,
    pub identifier_type: IdentifierType,
    /// Leaves `surname2` out even for people who have one.
    pub omit_surname2: bool,
    pub assurance: AssuranceText,
    /// Refuses token and REST calls as the address allow-list does.
    pub address_not_allowed: bool,
    /// Sends the browser back with this `error` instead of a code.
    pub authorize_error: Option<String>,
    pub token_lifetime: Duration,
    pub logout: Logout,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            user_info: UserInfo::AsDocumented,
            identifier_type: IdentifierType::Text,
            omit_surname2: false,
            assurance: AssuranceText::AsPerson,
            address_not_allowed: false,
            authorize_error: None,
            token_lifetime: Duration::from_hours(1),
            logout: Logout::EndsToken,
        }
    }
}

/// What `logout` does besides ending the browser session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Logout {
    EndsToken,
    KeepsToken,
    /// Nothing at all: it answers 400 and the session lives on.
    Fails,
}

/// What `getUserInfo` does with a good token.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum UserInfo {
    AsDocumented,
    /// `status: "ko"` under this HTTP status.
    Ko(u16),
    /// A page for people, as a proxy in trouble sends it, under this HTTP status.
    HtmlError(u16),
    /// A body of this many bytes that begins like a good one.
    Oversize(usize),
    /// The right answer, this late.
    Slow(Duration),
    /// Half an answer.
    Truncated,
}

/// How the type of the document is told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdentifierType {
    /// `"identifierType": "1"`, as recorded.
    Text,
    /// `"identifierType": 1`.
    Integer,
    /// `"documentType": "1"`, as the official example spells it.
    DocumentTypeAlias,
    Absent,
}

/// What stands in `assuranceLevel`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AssuranceText {
    AsPerson,
    /// Any text, for instance `No informat`.
    Text(String),
    Absent,
}
