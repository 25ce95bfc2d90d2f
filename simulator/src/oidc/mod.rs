//! A strict OpenID Provider double, as a broker in front of Cl@ve would be.
//!
//! Code flow only, PKCE S256, `state` and `nonce` required, the `iss` response parameter of
//! RFC 9207, ES256 ID tokens. With [`Hostile`] switches it breaks one rule at a time; each names
//! the check a relying party must make.

mod authorize;
mod hostile;
mod metadata;
mod redeem;
#[cfg(test)]
mod tests;
mod tokens;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::extract::{Request, State as AxumState};
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{get, post};
pub use hostile::Hostile;
use serde_json::Value;

use crate::ambient::Clock;
use crate::jose::Es256;
use crate::loopback::{Bound, Server};
use crate::person::Person;

/// A relying party known to the provider.
#[derive(Clone, Debug)]
pub struct Client {
    pub id: String,
    pub authentication: Authentication,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
}

/// How a relying party proves itself at the token endpoint; no other way is accepted from it.
#[derive(Clone, Debug)]
pub enum Authentication {
    /// `client_secret_basic`
    Secret(String),
    /// `private_key_jwt` under this public P-256 JWK
    Key(Value),
}

/// A running provider.
#[derive(Debug)]
pub struct Provider {
    shared: Arc<Shared>,
    _server: Server,
}

impl Provider {
    /// Starts on `port` of loopback; 0 is any free one.
    pub async fn start(
        port: u16,
        clients: Vec<Client>,
        people: Vec<Person>,
        clock: Clock,
    ) -> io::Result<Self> {
        let bound = Bound::to(port).await?;
        let state = State {
            clients,
            hostile: BTreeSet::new(),
            key: Es256::generate(),
            sessions: HashMap::new(),
            codes: HashMap::new(),
            access: HashMap::new(),
            assertions: HashSet::new(),
            asked: Vec::new(),
        };
        let shared = Arc::new(Shared {
            issuer: bound.url(),
            people,
            clock,
            state: state.into(),
        });
        let server = bound.serve(router(Arc::clone(&shared)));
        Ok(Self {
            shared,
            _server: server,
        })
    }

    /// The issuer identifier, also the base URL.
    pub fn issuer(&self) -> &str {
        &self.shared.issuer
    }

    /// Registers one more relying party.
    pub fn register(&self, client: Client) {
        self.shared.state().clients.push(client);
    }

    /// From now on misbehaves in precisely these ways.
    pub fn turn(&self, hostile: impl IntoIterator<Item = Hostile>) {
        self.shared.state().hostile = hostile.into_iter().collect();
    }

    /// Signs with a new key from now on; the old one leaves the published set.
    pub fn rotate_key(&self) {
        self.shared.state().key = Es256::generate();
    }

    /// A logout token for a person's sessions at a relying party (Back-Channel Logout 1.0, 2.4).
    ///
    /// `changes` bends it: each member replaces a claim, null takes it out.
    pub fn logout_token(&self, client_id: &str, person: &str, changes: &Value) -> String {
        tokens::logout_token(&self.shared, client_id, person, changes)
    }

    /// Paths asked for so far, without their queries.
    pub fn asked(&self) -> Vec<String> {
        self.shared.state().asked.clone()
    }
}

#[derive(Debug)]
struct Shared {
    issuer: String,
    people: Vec<Person>,
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    clients: Vec<Client>,
    hostile: BTreeSet<Hostile>,
    key: Es256,
    sessions: HashMap<String, Session>,
    codes: HashMap<String, Code>,
    access: HashMap<String, Access>,
    /// `jti` of client assertions already used.
    assertions: HashSet<String>,
    asked: Vec<String>,
}

/// A browser that has logged in.
#[derive(Clone, Debug)]
struct Session {
    id: String,
    person: String,
    since: i64,
}

#[derive(Clone, Debug)]
struct Code {
    client_id: String,
    redirect_uri: String,
    nonce: String,
    challenge: String,
    session: Session,
    expires: i64,
    /// The access token it bought: a second redemption takes that away too (RFC 6749, 4.1.2).
    spent_on: Option<String>,
}

#[derive(Clone, Debug)]
struct Access {
    person: String,
    expires: i64,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is(&self, hostile: Hostile) -> bool {
        self.state().hostile.contains(&hostile)
    }

    fn person(&self, key: &str) -> Option<&Person> {
        self.people.iter().find(|person| person.key == key)
    }
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route(
            "/.well-known/openid-configuration",
            get(metadata::configuration),
        )
        .route("/jwks", get(metadata::keys))
        .route(authorize::PATH, get(authorize::authorize))
        .route("/token", post(redeem::redeem))
        .route("/userinfo", get(tokens::user_info))
        .route("/logout", get(authorize::log_out))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), record))
        .with_state(shared)
}

async fn record(
    AxumState(shared): AxumState<Arc<Shared>>,
    request: Request,
    next: Next,
) -> Response {
    shared.state().asked.push(request.uri().path().to_owned());
    next.run(request).await
}
