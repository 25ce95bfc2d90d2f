//! Citizens at work: each device of theirs goes from one gateway to the next until it has an answer.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use http::Method;
use serde_json::{Value, json};
use simulator::folder::{
    Access, ApiClient, CallError, Caller, CitizenApi, Decision, FolderClient, Knobs,
};
use simulator::jose::Es256;
use simulator::person::Person;

use super::fleet::{Fleet, PUBLIC_URL};
use super::history::{Op, Outcome, Seen, Standing, Watch, Wish};
use super::seed::Seed;
use super::town::person;

const PURPOSE: &str = "social-aid-recommendation";

/// Those who take part. All sources have something about them.
pub(super) const PEOPLE: [&str; 4] = ["Marta", "Joan", "Laia", "Josep"];

/// How many devices each of them uses at once.
const DEVICES: usize = 3;

/// Longer than a fetch is waited for, shorter than the longest fault.
const TIMEOUT: Duration = Duration::from_secs(6);

/// An access token is good for five minutes.
const RENEW: Duration = Duration::from_mins(3);

/// One device of one citizen.
#[derive(Debug)]
pub(super) struct Citizen {
    person: Person,
    device: usize,
    seed: Seed,
    watch: Watch,
    /// One per gateway.
    clients: Vec<ApiClient>,
    session: Option<Session>,
    /// The item of each product.
    items: BTreeMap<String, String>,
    history: Vec<Op>,
    jobs: Vec<String>,
    /// Decisions made so far.
    decisions: usize,
}

#[derive(Clone, Debug)]
struct Session {
    access: Access,
    key: Es256,
    since: Instant,
}

/// Everybody's devices. Each person has said yes to everything, so that there is something to do.
pub(super) async fn found(fleet: &Fleet, seed: Seed, watch: Watch) -> Vec<Citizen> {
    let key = folder_key(fleet.folder.path());
    let mut citizens = Vec::new();
    for (number, name) in PEOPLE.into_iter().enumerate() {
        for device in 0..DEVICES {
            let seed = seed.branch(100 + (number * DEVICES + device) as u64);
            let mut citizen = Citizen::new(person(name), device, seed, watch, fleet, &key);
            citizen.learn().await;
            if device == 0 {
                let all = citizen.items.keys().cloned().collect();
                citizen.grant(all).await;
            }
            citizens.push(citizen);
        }
    }
    citizens
}

/// The key El Meu Espai signs with.
pub(super) fn folder_key(folder: &Path) -> Es256 {
    let pki = simulator::pki::Pki::open(&folder.join("simulator")).unwrap();
    let pem = fs::read_to_string(&pki.citizen_folder.key_path).unwrap();
    Es256::from_pem(&pem)
        .unwrap()
        .with_kid(&pki.citizen_folder.kid)
}

/// A call, to be made at any gateway.
enum Call {
    Consents,
    Serve,
    Decide {
        key: String,
        served: String,
        products: Vec<String>,
    },
    Withdraw {
        item: String,
    },
    WithdrawAll,
    Fetch {
        wait: u64,
    },
    Profile {
        job: String,
    },
    Exchanges,
}

/// What came of a call.
enum Tried {
    Done(Value),
    Refused(String),
    Unknown(String),
}

impl Call {
    async fn make(&self, citizen: &CitizenApi) -> Result<Value, CallError> {
        match self {
            Self::Consents => {
                let items = citizen.consents(PURPOSE).await?;
                Ok(json!({"items": items}))
            }
            Self::Serve => citizen.notice_served(PURPOSE, "ca").await,
            Self::Decide {
                key,
                served,
                products,
            } => {
                let decisions: Vec<_> = products
                    .iter()
                    .map(|product| (product.as_str(), Decision::Grant))
                    .collect();
                citizen.decide_once(key, served, &decisions).await
            }
            Self::Withdraw { item } => citizen.withdraw(item).await,
            Self::WithdrawAll => citizen.revoke_all(PURPOSE).await,
            Self::Fetch { wait } => {
                let request = citizen.request(Method::POST, "/v1/me/profile-jobs");
                let request = request.body(&json!({"purpose": PURPOSE}));
                let wait = format!("wait={wait}");
                request.header("Prefer", &wait).send().await?.ok()
            }
            Self::Profile { job } => {
                let profile = citizen.profile(job).await?;
                Ok(json!({"profile": profile}))
            }
            Self::Exchanges => {
                let exchanges = citizen.exchanges().await?;
                Ok(json!({"exchanges": exchanges}))
            }
        }
    }

    /// Whether it is made at the next gateway when one gives no answer. Another fetch would be another
    /// fetch, and a profile is given once for each time it is asked for.
    fn tries(&self, gateways: usize) -> usize {
        match self {
            Self::Fetch { .. } | Self::Profile { .. } => 1,
            _ => gateways,
        }
    }
}

impl Citizen {
    fn new(
        person: Person,
        device: usize,
        seed: Seed,
        watch: Watch,
        fleet: &Fleet,
        key: &Es256,
    ) -> Self {
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .connect_timeout(Duration::from_secs(2))
            .build()
            .unwrap();
        let clients = fleet.sockets().into_iter().map(|socket| {
            let client = ApiClient::new(PUBLIC_URL, "el-meu-espai", key.clone()).unwrap();
            let client = client.reached_at(&format!("http://{socket}")).unwrap();
            client.through(http.clone())
        });
        Self {
            clients: clients.collect(),
            person,
            device,
            seed,
            watch,
            session: None,
            items: BTreeMap::new(),
            history: Vec::new(),
            jobs: Vec::new(),
            decisions: 0,
        }
    }

    /// Finds out what can be decided, before anything goes wrong.
    async fn learn(&mut self) {
        let Tried::Done(answer) = self.attempt(Call::Consents).await else {
            panic!("nothing goes wrong yet");
        };
        for item in answer["items"].as_array().unwrap() {
            self.items.insert(text(item, "product"), text(item, "item"));
        }
    }

    /// Does one thing after the other until told to stop. Gives all of them.
    pub(super) async fn live(mut self, over: Arc<AtomicBool>) -> Vec<Op> {
        while !over.load(Ordering::SeqCst) {
            match self.seed.below(100) {
                0..22 => {
                    let products = self.some_products();
                    self.grant(products).await;
                }
                22..52 => {
                    let wait = self.seed.below(5);
                    self.wish(Wish::Fetch, Call::Fetch { wait }).await;
                    self.profile().await;
                }
                52..60 => self.profile().await,
                60..78 => self.wish(Wish::Read, Call::Consents).await,
                78..88 => {
                    let product = self.some_products().swap_remove(0);
                    self.revoke(product).await;
                }
                88..92 => self.wish(Wish::RevokeAll, Call::WithdrawAll).await,
                _ => self.wish(Wish::List, Call::Exchanges).await,
            }
            let pause = self.seed.between(10, 150);
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        self.history
    }

    /// At least one, usually all.
    fn some_products(&mut self) -> Vec<String> {
        let mut all: Vec<String> = self.items.keys().cloned().collect();
        self.seed.shuffle(&mut all);
        if self.seed.percent(50) {
            let some = 1 + self.seed.index(all.len());
            all.truncate(some);
        }
        all
    }

    async fn grant(&mut self, products: Vec<String>) {
        let began = self.watch.now();
        let served = match self.attempt(Call::Serve).await {
            Tried::Done(shown) => text(&shown, "served"),
            // Nothing was decided: the notice was not even there.
            Tried::Refused(why) | Tried::Unknown(why) => {
                let never = Tried::Refused(format!("not shown: {why}"));
                return self.note(Wish::Grant(products), began, never);
            }
        };
        self.decisions += 1;
        // Made at another gateway, it is still the same decision.
        let decide = Call::Decide {
            key: format!("{}-{}-{}", self.person.key, self.device, self.decisions),
            served,
            products: products.clone(),
        };
        let decided = self.attempt(decide).await;
        self.note(Wish::Grant(products), began, decided);
    }

    async fn revoke(&mut self, product: String) {
        let item = self.items[&product].clone();
        self.wish(Wish::Revoke(product), Call::Withdraw { item })
            .await;
    }

    /// Asks for the profile of one of this device's newest fetches.
    async fn profile(&mut self) {
        let newest = self.jobs.len().saturating_sub(3);
        let recent = &self.jobs[newest..];
        if recent.is_empty() {
            return;
        }
        let job = recent[self.seed.index(recent.len())].clone();
        self.wish(Wish::Profile(job.clone()), Call::Profile { job })
            .await;
    }

    async fn wish(&mut self, wish: Wish, call: Call) {
        let began = self.watch.now();
        let tried = self.attempt(call).await;
        self.note(wish, began, tried);
    }

    fn note(&mut self, wish: Wish, began: i64, tried: Tried) {
        let outcome = match tried {
            Tried::Done(answer) => {
                let seen = seen(&answer);
                self.jobs.extend(seen.job.clone());
                Outcome::Done(seen)
            }
            Tried::Refused(why) => Outcome::Refused(why),
            Tried::Unknown(why) => Outcome::Unknown(why),
        };
        self.history.push(Op {
            person: self.person.key.clone(),
            device: self.device,
            wish,
            began,
            ended: self.watch.now(),
            outcome,
        });
    }

    /// Tries one gateway after the other until one has an answer.
    async fn attempt(&mut self, call: Call) -> Tried {
        let first = self.seed.index(self.clients.len());
        let mut doubt = None;
        let mut why = String::new();
        for turn in 0..call.tries(self.clients.len()) {
            let gateway = (first + turn) % self.clients.len();
            let citizen = match self.sign_in(gateway).await {
                Ok(citizen) => citizen,
                Err(error) => {
                    why = format!("no token: {error}");
                    continue;
                }
            };
            let error = match call.make(&citizen).await {
                Ok(answer) => return Tried::Done(answer),
                Err(error) => error,
            };
            why = describe(&error);
            match &error {
                CallError::Refused(problem) if problem.status == 401 => self.session = None,
                CallError::Refused(problem) if problem.status < 500 => {
                    return match doubt {
                        None => Tried::Refused(why),
                        Some(doubt) => Tried::Unknown(doubt),
                    };
                }
                CallError::Transport(error) if error.is_connect() => {}
                _ => doubt = Some(why.clone()),
            }
        }
        match doubt {
            Some(doubt) => Tried::Unknown(doubt),
            None => Tried::Refused(why),
        }
    }

    /// This citizen at a gateway, with a token that every gateway takes.
    async fn sign_in(&mut self, gateway: usize) -> Result<CitizenApi, CallError> {
        let client = &self.clients[gateway];
        let session = match &self.session {
            Some(session) if session.since.elapsed() < RENEW => session.clone(),
            _ => {
                let folder = FolderClient::of(client.clone());
                let request = folder
                    .client()
                    .exchange_request(&self.person, &Knobs::default());
                let access = client.redeem(&request).await?;
                Session {
                    access,
                    key: request.proof_key,
                    since: Instant::now(),
                }
            }
        };
        self.session = Some(session.clone());
        let caller = Caller::new(client.clone(), session.access, session.key);
        Ok(CitizenApi::of(caller))
    }
}

/// What went wrong, in a word or two.
fn describe(error: &CallError) -> String {
    match error {
        CallError::Refused(problem) => format!("{} {}", problem.status, problem.slug),
        CallError::Transport(error) if error.is_timeout() => "time-out".to_owned(),
        CallError::Transport(error) if error.is_connect() => "not reached".to_owned(),
        CallError::Transport(_) => "connection broke".to_owned(),
        other => other.to_string(),
    }
}

/// What an answer says, whatever it answers.
fn seen(answer: &Value) -> Seen {
    let mut seen = Seen {
        receipt: answer["receipt"]["id"].as_str().map(str::to_owned),
        job: answer["job"].as_str().map(str::to_owned),
        ..Seen::default()
    };
    for item in answer["items"].as_array().into_iter().flatten() {
        let standing = Standing {
            state: text(item, "state"),
            receipt: item["receipt"].as_str().map(str::to_owned),
        };
        seen.items.insert(text(item, "product"), standing);
    }
    for exchange in answer["exchanges"].as_array().into_iter().flatten() {
        seen.listed.insert(text(exchange, "exchange"));
    }
    gather_sources(&answer["profile"], &mut seen.sources);
    seen
}

/// Every provenance in a profile, however deep: exchange and product.
fn gather_sources(value: &Value, into: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(members) => {
            if let Some(origin) = members.get("provenance") {
                into.insert(text(origin, "exchange"), text(origin, "product"));
            }
            for member in members.values() {
                gather_sources(member, into);
            }
        }
        Value::Array(members) => {
            for member in members {
                gather_sources(member, into);
            }
        }
        _ => {}
    }
}

fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap().to_owned()
}
