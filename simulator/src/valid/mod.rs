//! A VALid double: plain OAuth 2.0 code flow with opaque tokens and a user-info call of its own.
//!
//! Facts: AOC's "DI - `VALId` 2.0". What that document leaves open (the status of `ko` answers, the
//! types of some members, whether logging out ends the token) is a switch in [`Behaviour`], so
//! that a client can be tried against every reading.

mod behaviour;
mod endpoints;
#[cfg(test)]
mod tests;
mod user_info;

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use behaviour::{AssuranceText, Behaviour, IdentifierType, Logout, UserInfo};

use crate::ambient::Clock;
use crate::loopback::{Bound, Server};
use crate::person::Person;

/// A client application as registered with AOC.
#[derive(Clone, Debug)]
pub struct Registration {
    pub client_id: String,
    pub client_secret: String,
    /// Compared byte by byte.
    pub redirect_uris: Vec<String>,
}

/// A running VALid double.
#[derive(Debug)]
pub struct Valid {
    url: String,
    shared: Arc<Shared>,
    _server: Server,
}

impl Valid {
    /// Starts on `port` of loopback; 0 is any free one.
    pub async fn start(
        port: u16,
        registrations: Vec<Registration>,
        people: Vec<Person>,
        clock: Clock,
    ) -> io::Result<Self> {
        let bound = Bound::to(port).await?;
        let url = bound.url();
        let shared = Arc::new(Shared {
            people,
            clock,
            state: Mutex::default(),
        });
        shared.state().registrations = registrations;
        let server = bound.serve(endpoints::router(Arc::clone(&shared)));
        Ok(Self {
            url,
            shared,
            _server: server,
        })
    }

    /// Base URL, without a final slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Registers one more client application.
    pub fn register(&self, registration: Registration) {
        self.shared.state().registrations.push(registration);
    }

    /// Changes how the double behaves from now on.
    pub fn behave(&self, behaviour: Behaviour) {
        self.shared.state().behaviour = behaviour;
    }

    /// Paths asked for so far, without their queries.
    pub fn asked(&self) -> Vec<String> {
        self.shared.state().asked.clone()
    }

    /// Browser sessions that would log in silently.
    pub fn live_sessions(&self) -> usize {
        self.shared.state().sessions.len()
    }
}

#[derive(Debug)]
struct Shared {
    people: Vec<Person>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    registrations: Vec<Registration>,
    behaviour: Behaviour,
    /// Session cookie to the key of the person.
    sessions: HashMap<String, String>,
    codes: HashMap<String, Code>,
    tokens: HashMap<String, Token>,
    asked: Vec<String>,
}

#[derive(Clone, Debug)]
struct Code {
    client_id: String,
    redirect_uri: String,
    person: String,
    session: String,
    expires: i64,
}

#[derive(Clone, Debug)]
struct Token {
    person: String,
    session: String,
    expires: i64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn person(&self, key: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.key == key)
    }
}
