//! Who asks, by which method, and how sure the provider was.
//!
//! Three doors lead in. A browser logs in with a provider ([`Logins`]) and keeps a server-side
//! session ([`Sessions`]). A registered client, such as El Meu Espai, exchanges its own signed
//! statement about a citizen for a short token bound to its key ([`Tokens`]). An auditor's client
//! authenticates as itself, through the same [`Tokens`]. Nothing else makes a [`Citizen`] or an
//! [`Auditor`]: what is behind these doors may trust them.
//!
//! Tokens of other systems are never accepted as credentials: VALid's have no audience, and any of
//! its other clients could replay them here.

mod citizen;
mod clients;
pub mod config;
mod error;
pub mod jwt;
mod login;
mod once;
pub mod outbound;
mod people;
mod providers;
mod rates;
mod secret;
mod session;
mod setup;
mod subjects;
mod tokens;
mod transaction;

pub use citizen::{Auditor, Caller, Channel, Citizen, Scope, Scopes, UnknownScope};
pub use clients::{Client, ClientDefect, Clients};
pub use error::{AccessError, DocumentDefect, LoginError, ProviderFault, TokenError, Unavailable};
pub use login::{Begun, LoggedIn, Logins, Offer, ReturnTo, UnsafeReturn};
pub use people::{JoinError, People, Reindexed, RetireError};
pub use rates::{RateConfig, Rates, RatesConfig, TooMany};
pub use secret::{PairwiseKey, UnreadableSecret};
pub use session::{CsrfToken, Session, Sessions};
pub use setup::{Identity, ProviderDefect, SetupDefect, Stores};
pub use tokens::{DpopDefect, TokenResponse, Tokens};
