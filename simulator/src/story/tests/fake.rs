//! A gateway of a hundred lines that does what the interface says, or does it wrong on purpose:
//! it shows that the story notices.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::loopback::{Bound, Server};
use crate::oidc::{Authentication, Client};
use crate::valid::Registration;

const PRODUCTS: [(&str, &str); 2] = [
    ("AEAT_IRPF/C4", "AEAT"),
    ("SCSP_TGSS/Q2827003ATGSS006", "TGSS"),
];

/// What this gateway does wrong.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Fault {
    None,
    /// Asks the sources although permission was withdrawn.
    AsksAfterWithdrawal,
    /// Asks the sources when somebody only looks.
    AsksAtPreview,
    /// Does not log out at VALid.
    LeavesSession,
    /// Lets an auditor search without saying why.
    SearchesWithoutReason,
    /// Takes a callback without looking at the browser's cookie.
    TakesAnyCallback,
    /// Sends without telling the citizen's list.
    ForgetsExchange,
}

#[derive(Debug)]
pub(super) struct Fake {
    pub(super) url: String,
    pub(super) world: Shared,
    _server: Server,
}

pub(super) type Shared = Arc<Mutex<World>>;

#[derive(Debug)]
pub(super) struct World {
    pub(super) fault: Fault,
    pub(super) valid: String,
    pub(super) issuer: String,
    pub(super) url: String,
    states: [&'static str; 2],
    exchanges: Vec<Value>,
    pub(super) sent: usize,
}

impl Fake {
    pub(super) async fn start(fault: Fault) -> Self {
        let bound = Bound::to(0).await.unwrap();
        let url = bound.url();
        let states = ["not_asked"; 2];
        let world = Arc::new(Mutex::new(World {
            fault,
            valid: String::new(),
            issuer: String::new(),
            url: url.clone(),
            states,
            exchanges: Vec::new(),
            sent: 0,
        }));
        let router = Router::new()
            .route("/oauth2/token", post(token))
            .route("/v1/me/preview", get(preview))
            .route("/v1/me/consents", get(consents).post(decide))
            .route("/v1/me/consents/{item}/revoke", post(revoke_one))
            .route("/v1/me/consents/revoke-all", post(revoke_all))
            .route("/v1/me/recipients", get(recipients))
            .route(
                "/v1/me/notices/served",
                post(async || Json(json!({"served": "s1"}))),
            )
            .route("/v1/me/profile-jobs", post(job))
            .route("/v1/me/profile-jobs/{job}/profile", get(profile))
            .route("/v1/me/exchanges", get(exchanges))
            .route("/v1/me/exchanges/{id}/proof", get(async || "proof"))
            .route(
                "/v1/me/receipts/{id}",
                get(async || Json(json!({"jws": "a.b.c"}))),
            )
            .route("/v1/me/receipts/{id}/proof", get(async || "proof"))
            .route("/v1/log/key", get(async || "vkey"))
            .route(
                "/.well-known/jwks.json",
                get(async || Json(json!({"keys": []}))),
            )
            .route("/v1/audit/exchanges/search", post(search))
            .merge(super::door::router())
            .with_state(Arc::clone(&world));
        Self {
            url,
            world,
            _server: bound.serve(router),
        }
    }
}

impl Fake {
    /// Tells it where its providers are.
    pub(super) fn know(&self, valid: &str, issuer: &str) {
        let mut world = open(&self.world);
        valid.clone_into(&mut world.valid);
        issuer.clone_into(&mut world.issuer);
    }
}

/// How it is known at its providers.
pub(super) fn registered(url: &str) -> (Registration, Client) {
    let registration = Registration {
        client_id: "fake".to_owned(),
        client_secret: "secret".to_owned(),
        redirect_uris: vec![format!("{url}/login/valid/callback")],
    };
    let client = Client {
        id: "fake".to_owned(),
        authentication: Authentication::Secret("secret".to_owned()),
        redirect_uris: vec![format!("{url}/login/oidc/callback")],
        post_logout_redirect_uris: Vec::new(),
    };
    (registration, client)
}

pub(super) fn open(world: &Shared) -> std::sync::MutexGuard<'_, World> {
    world.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn token(headers: HeaderMap) -> Json<Value> {
    assert!(headers.contains_key("dpop"));
    Json(json!({"access_token": "t", "token_type": "DPoP", "expires_in": 300, "scope": ""}))
}

async fn preview(State(world): State<Shared>) -> Json<Value> {
    let mut world = open(&world);
    if world.fault == Fault::AsksAtPreview {
        world.sent += 1;
    }
    Json(json!({}))
}

fn items(world: &World) -> Value {
    let items = PRODUCTS
        .iter()
        .zip(world.states)
        .enumerate()
        .map(|(at, (product, state))| {
            json!({"item": format!("i{at}"), "product": product.0, "source": product.1,
            "state": state})
        });
    json!({"items": items.collect::<Vec<_>>()})
}

fn receipt() -> Value {
    json!({"receipt": {"id": "r1", "code": "7Q4-M2K", "jws": "a.b.c"}})
}

async fn consents(State(world): State<Shared>) -> Json<Value> {
    Json(items(&open(&world)))
}

async fn decide(State(world): State<Shared>, Json(body): Json<Value>) -> Json<Value> {
    assert_eq!(body["served"], "s1");
    let mut world = open(&world);
    for decision in body["decisions"].as_array().unwrap() {
        let at = PRODUCTS
            .iter()
            .position(|(name, _)| decision["product"] == *name)
            .unwrap();
        world.states[at] = if decision["decision"] == "grant" {
            "granted"
        } else {
            "refused"
        };
    }
    Json(receipt())
}

async fn revoke_one(State(world): State<Shared>, Path(item): Path<String>) -> Json<Value> {
    let at = usize::from(item == "i1");
    open(&world).states[at] = "revoked";
    Json(receipt())
}

async fn revoke_all(State(world): State<Shared>, Json(body): Json<Value>) -> Json<Value> {
    assert_eq!(body["purpose"], "social-aid-recommendation");
    open(&world).states = ["revoked"; 2];
    Json(receipt())
}

/// Says that everybody knows; it tells nobody.
async fn recipients() -> Json<Value> {
    let folder = json!({"recipient": "el-meu-espai", "state": "acknowledged", "known_as": "a"});
    Json(json!({"recipients": [folder]}))
}

async fn job(State(world): State<Shared>) -> Response {
    let mut world = open(&world);
    let asks_anyway = world.fault == Fault::AsksAfterWithdrawal && world.sent > 0;
    if asks_anyway {
        world.sent += 1;
    }
    if !world.states.contains(&"granted") {
        let problem = json!({"type": "http://x/problems/consent-required", "detail": "none"});
        return (StatusCode::FORBIDDEN, Json(problem)).into_response();
    }
    let mut sources = Vec::new();
    for (product, state) in PRODUCTS.iter().zip(world.states) {
        let asked = state == "granted";
        if asked {
            world.sent += 1;
            let counter = world.sent;
            if world.fault != Fault::ForgetsExchange {
                world
                    .exchanges
                    .push(json!({"exchange": format!("x{counter}"),
                    "product": product.0, "counter": counter}));
            }
        }
        let state = if asked { "received" } else { "not_asked" };
        sources.push(json!({"product": product.0, "source": product.1, "state": state}));
    }
    Json(json!({"job": "j1", "state": "finished", "sources": sources})).into_response()
}

async fn profile(State(world): State<Shared>) -> Json<Value> {
    let world = open(&world);
    let field = |at: usize, value: Value| match world.states[at] {
        "granted" => json!({"value": value, "provenance": {"product": PRODUCTS[at].0,
            "source": PRODUCTS[at].1, "obtained_at": "2026-11-22T16:05:00Z",
            "reference": {"fiscal_year": 2025}}}),
        _ => json!({"gap": "refused"}),
    };
    let whole = world.states == ["granted"; 2];
    let annual = if whole {
        field(0, json!({"cents": 1_987_560, "certainty": "figure"}))
    } else {
        json!({"gap": "withheld_joint_return"})
    };
    Json(json!({
        "complete": whole,
        "income": {"status": field(0, json!("declared")), "annual": annual, "bands": []},
        "household": {"size": field(0, json!(1))},
        "work": {"in_work": field(1, json!(true))},
    }))
}

/// One exchange a page, to see that all pages are read.
async fn exchanges(State(world): State<Shared>, Query(query): Query<Page>) -> Json<Value> {
    assert_eq!(query.limit, 100);
    let world = open(&world);
    let at = query.after.unwrap_or_default();
    let page: Vec<&Value> = world.exchanges.iter().skip(at).take(1).collect();
    let mut body = json!({"exchanges": page, "total": world.exchanges.len()});
    if at + 1 < world.exchanges.len() {
        body["next"] = json!((at + 1).to_string());
    }
    Json(body)
}

#[derive(Deserialize)]
struct Page {
    limit: usize,
    after: Option<usize>,
}

async fn search(State(world): State<Shared>, Json(body): Json<Value>) -> Response {
    let fault = open(&world).fault;
    if body.get("reason").is_none() && fault != Fault::SearchesWithoutReason {
        let problem = json!({"type": "http://x/problems/invalid-request", "detail": "no reason"});
        return (StatusCode::UNPROCESSABLE_ENTITY, Json(problem)).into_response();
    }
    Json(json!({"exchanges": [{"exchange": "x1"}]})).into_response()
}
