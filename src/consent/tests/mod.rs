//! The ledger and the gate on real databases, with a real log and a clock that tests move.

mod blocking;
mod gate;
mod histories;
mod household;
mod ledger;
mod notices;
mod races;
mod receipts;
mod record;
mod replays;
mod terms;
mod withdrawal;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Map;
use tempfile::TempDir;

use super::*;
use crate::audit::{Log, LogConfig, LogSigner};
use crate::citizen::{
    ExchangeId, JobId, Language, LevelOfAssurance, ProductCode, PurposeId, ServedId, SubjectId,
};
use crate::clock::{Clock, SystemEntropy, World};
use crate::identity::Channel;
use crate::store::keyring::{FileWrapper, Keyring, LookupKeys};
use crate::store::{Db, Schema, Value, testing};

const C4: &str = "AEAT_IRPF/C4";
const C2: &str = "AEAT_IRPF/C2";
const IN_WORK: &str = "SCSP_TGSS/Q2827003ATGSS006";
const HOUSEHOLD: &str = "PADRO/NUMERO_CONVIVENTS";

/// A clock that moves only when told.
#[derive(Debug)]
struct Still(AtomicI64);

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap()
    }

    fn monotonic(&self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.load(Ordering::SeqCst)).unwrap())
    }
}

/// A gateway's consent room, and one person in it.
struct House {
    _folder: TempDir,
    clock: Arc<Still>,
    world: World,
    db: Db,
    log: Arc<Log>,
    signer: Arc<ReceiptSigner>,
    publisher: Publisher,
    ledger: Ledger,
    gate: Gate,
    anna: Consenter,
}

impl House {
    async fn new() -> Self {
        Self::with(|terms| terms).await
    }

    /// A house whose terms were changed first.
    async fn with(change: impl FnOnce(Terms) -> Terms) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = "2026-11-22T16:05:00Z".parse::<Timestamp>().unwrap();
        let clock = Arc::new(Still(AtomicI64::new(at.as_microsecond())));
        let world = World {
            clock: clock.clone(),
            entropy: Arc::new(SystemEntropy::default()),
        };
        let file = |name: &str| folder.path().join(name);
        let db = testing::open(&file("gateway.db"), Schema::Gateway).await;
        let keyring = Arc::new(keyring(&folder, world.clone()).await);
        let config = LogConfig {
            origin: "gateway.example.cat/exchange/2026".to_owned(),
            stall_after: Duration::from_mins(1),
            anchor: file("anchor"),
        };
        let signer = LogSigner::from_seed(&[1; 32]).unwrap();
        let log = Log::open(db.clone(), keyring.clone(), config, signer, world.clone())
            .await
            .unwrap();
        let log = Arc::new(log);
        // As shipped, whatever the test then changes.
        let parts = (db.clone(), log.clone(), world.clone());
        let publisher = Publisher::new(parts.0, parts.1, Arc::new(terms()), parts.2);
        publisher.begin().await.unwrap();
        let terms = Arc::new(change(terms()));
        let signer = Arc::new(signer_of_receipts());
        let ledger = Ledger::new(
            db.clone(),
            log.clone(),
            keyring,
            terms.clone(),
            signer.clone(),
            world.clone(),
        );
        let gate = Gate::new(db.clone(), log.clone(), terms, world.clone());
        let anna = person(&db, &world, "prova").await;
        Self {
            _folder: folder,
            clock,
            world,
            db,
            log,
            signer,
            publisher,
            ledger,
            gate,
            anna,
        }
    }

    /// A fetch of Anna's, as somebody's row.
    async fn running(&self, job: JobId) {
        let mut tx = self.db.begin().await.unwrap();
        tx.execute(
            "INSERT INTO job (job, subject, body, purpose, client, epoch, state, owner, created_at)
             VALUES ($1, $2, 'prova', 'p', 'pages', 1, 'running', 'somebody', $3)",
            vec![
                job.to_string().into(),
                self.anna.subject.to_string().into(),
                self.world.now().into(),
            ],
        )
        .await
        .unwrap();
        tx.commit().await.unwrap();
    }

    async fn another(&self) -> Consenter {
        person(&self.db, &self.world, "prova").await
    }

    fn wait(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap();
        self.clock.0.fetch_add(micros, Ordering::SeqCst);
    }

    async fn serve(&self) -> ServedId {
        self.ledger
            .serve(&self.anna, &purpose(), Language::Ca)
            .await
            .unwrap()
            .served
    }

    /// Shows the notice and answers it.
    async fn answer(&self, decisions: &[(&str, Decision)]) -> Decided {
        let served = self.serve().await;
        self.ledger
            .decide(&self.anna, answers(served, decisions))
            .await
            .unwrap()
    }

    async fn grant(&self, product: &str) -> Decided {
        self.answer(&[(product, Decision::Grant)]).await
    }

    async fn state(&self, product: &str) -> ItemState {
        let (_, items) = self
            .ledger
            .items(self.anna.subject, &self.anna.body.id, &purpose())
            .await
            .unwrap();
        items
            .into_iter()
            .find(|item| item.product.as_str() == product)
            .unwrap()
    }

    fn ask(&self, product: &str) -> Ask {
        Ask {
            subject: self.anna.subject,
            body: self.anna.body.id.clone(),
            purpose: purpose(),
            product: product.parse().unwrap(),
            about: About::Now,
            job: None,
            request_id: self.world.entropy.uuid().to_string(),
            request_sha256: [7; 32],
            details: Map::new(),
            retry_of: None,
        }
    }

    fn release(&self, exchanges: impl IntoIterator<Item = ExchangeId>) -> Release {
        Release {
            subject: self.anna.subject,
            job: JobId::random(&*self.world.entropy),
            recipient: "el-meu-espai".to_owned(),
            fields: vec!["income".to_owned()],
            exchanges: exchanges.into_iter().collect::<BTreeSet<_>>(),
            values: BTreeMap::new(),
        }
    }

    async fn count(&self, sql: &'static str) -> i64 {
        self.db
            .row(sql, vec![])
            .await
            .unwrap()
            .unwrap()
            .int(0)
            .unwrap()
    }
}

/// A replica of another build, over the same database.
struct Build {
    publisher: Publisher,
    ledger: Ledger,
    gate: Gate,
}

impl House {
    /// A replica with these notices.
    fn later_build(&self, notices: Notices) -> Build {
        self.build(Terms { notices, ..terms() })
    }

    fn build(&self, terms: Terms) -> Build {
        let terms = Arc::new(terms);
        let (db, log) = (self.db.clone(), self.log.clone());
        Build {
            publisher: Publisher::new(db, log, terms.clone(), self.world.clone()),
            ledger: self.ledger.under(terms.clone()),
            gate: self.gate.under(terms),
        }
    }
}

impl Build {
    /// Publishes a version, in force a minute from now.
    async fn publish(&self, version: u32) -> Published {
        let published = self.publisher.publish(&purpose(), version, None).await;
        published.unwrap()
    }
}

async fn keyring(folder: &TempDir, world: World) -> Keyring {
    let db = testing::open(&folder.path().join("keyring.db"), Schema::Keyring).await;
    let wrapping = folder.path().join("wrapping.key");
    crate::store::keyring::secret_file::create(&wrapping, &[9; 32]).unwrap();
    let wrapper = FileWrapper::open(&wrapping, &[]).unwrap();
    let lookup = LookupKeys::parse(&LookupKeys::file_text(1, &[1; 32])).unwrap();
    Keyring::open(db, Arc::new(wrapper), lookup, world)
}

fn signer_of_receipts() -> ReceiptSigner {
    ReceiptSigner::from_pem(LogSigner::new_pem(&SystemEntropy::default()).as_bytes()).unwrap()
}

/// The embedded terms, and two bodies that offer four products.
fn terms() -> Terms {
    let offer = |product: &str, source: &str, category: &str| Offer {
        product: product.parse().unwrap(),
        source: source.parse().unwrap(),
        categories: vec![category.to_owned()],
        special: false,
    };
    let offers = vec![
        offer(C4, "AEAT", "income.annual"),
        offer(C2, "AEAT", "income.annual"),
        offer(IN_WORK, "TGSS", "work.in_work"),
        offer(HOUSEHOLD, "PADRO", "household.size"),
    ];
    Terms {
        purposes: Purposes::embedded().unwrap(),
        notices: Notices::embedded().unwrap(),
        offers: Offers::new(["prova", "altra"].map(|body| (body.parse().unwrap(), offers.clone()))),
        public_url: "https://gateway.example.cat".to_owned(),
    }
}

async fn person(db: &Db, world: &World, body: &str) -> Consenter {
    let subject = SubjectId::random(&*world.entropy);
    let mut tx = db.begin().await.unwrap();
    let values: Vec<Value> = vec![
        subject.to_string().into(),
        world.now().into(),
        vec![0_u8].into(),
    ];
    tx.execute(
        "INSERT INTO subject (subject, created_at, person) VALUES ($1, $2, $3)",
        values,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    Consenter {
        subject,
        body: BodyName {
            id: body.parse().unwrap(),
            name: "Ajuntament de Prova".to_owned(),
        },
        level: LevelOfAssurance::Substantial,
        method: "idcatmobil".to_owned(),
        provider: "valid".to_owned(),
        authenticated_at: world.now(),
        channel: Channel::Pages,
        may_grant: true,
        login: "login-1".to_owned(),
    }
}

fn purpose() -> PurposeId {
    "social-aid-recommendation".parse().unwrap()
}

fn product(code: &str) -> ProductCode {
    code.parse().unwrap()
}

fn answers(served: ServedId, decisions: &[(&str, Decision)]) -> Decisions {
    Decisions {
        served,
        decisions: decisions
            .iter()
            .map(|(code, decision)| (product(code), *decision))
            .collect(),
        idempotency_key: None,
    }
}

fn ok() -> Outcome {
    Outcome {
        result: OutcomeResult::Ok,
        code: Some("1000".to_owned()),
        answer_sha256: Some([8; 32]),
        details: Map::new(),
    }
}

const DAY: Duration = Duration::from_hours(24);

/// Version 1 of every notice, and a version 2 made from that of the first purpose, its head changed.
fn newer_notices(change: impl Fn(&str) -> String) -> Notices {
    let folder = tempfile::tempdir().unwrap();
    let shipped = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("consent/notices");
    for (purpose, version) in [
        ("social-aid-household", "v1"),
        ("social-aid-recommendation", "v1"),
        ("social-aid-recommendation", "v2"),
    ] {
        let to = folder.path().join(purpose).join(version);
        std::fs::create_dir_all(&to).unwrap();
        for entry in std::fs::read_dir(shipped.join(purpose).join("v1")).unwrap() {
            let file = entry.unwrap();
            let mut text = std::fs::read_to_string(file.path()).unwrap();
            if version == "v2" && file.file_name() == "notice.toml" {
                text = text
                    .replace("version = 1\n", "version = 2\n")
                    .replace("material_change = true", "material_change = false")
                    .replace("2026-01-01", "2026-06-01");
                text = change(&text);
            }
            std::fs::write(to.join(file.file_name()), text).unwrap();
        }
    }
    Notices::from_folder(folder.path()).unwrap()
}

/// A version 2 that hands the profile to one recipient more, and says so.
fn widened(head: &str) -> String {
    let head = head.replace("change = false", "change = true");
    head.replace("recommender\"]", "recommender\", \"statistics\"]")
}
