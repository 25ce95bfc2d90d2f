use std::sync::atomic::{AtomicI64, Ordering};

use jiff::ToSpan as _;

use super::*;
use crate::citizen::FiscalYear;
use crate::clock::{Clock, SystemEntropy};
use crate::products::ProductKind;
use crate::products::testing::{MARTA, answer_to, fixture, question};
use crate::profile::Reference;
use crate::store::keyring::tests::{Scratch, scratch};

/// A clock moved by hand, on minutes.
#[derive(Debug, Default)]
struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        came() + SignedDuration::from_mins(self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Duration {
        Duration::ZERO
    }
}

/// When every answer here came.
fn came() -> Timestamp {
    "2026-11-20T09:14:05Z".parse().unwrap()
}

struct Bench {
    answers: KeptAnswers,
    cache: Cache,
    hand: Arc<Hand>,
    keys: Scratch,
    subject: SubjectId,
    permission: Permission,
}

impl Bench {
    async fn new() -> Self {
        let entropy = SystemEntropy::default();
        let hand = Arc::new(Hand::default());
        let (keys, cache) = (scratch().await, Cache::memory());
        let world = World {
            clock: hand.clone(),
            ..World::real()
        };
        Self {
            answers: KeptAnswers::new(cache.clone(), Arc::clone(&keys.keyring), world),
            cache,
            hand,
            keys,
            subject: SubjectId::random(&entropy),
            permission: Permission {
                item: ItemId::random(&entropy),
                seq: 3,
                terms: GrantTerms::of_old(),
            },
        }
    }

    fn drawer<'a>(&self, client: &'a str) -> Drawer<'a> {
        Drawer {
            subject: self.subject,
            client,
        }
    }

    async fn keep(&self) -> Kept {
        let kept = kept();
        let answers = [(self.permission, kept.clone())];
        self.answers.keep(self.drawer("pages"), &answers).await;
        kept
    }

    async fn found(&self, client: &str, permission: Permission) -> Option<Kept> {
        let permissions = [(kept().provenance.product, permission)].into();
        let drawer = self.drawer(client);
        let found = self.answers.find(drawer, &permissions).await;
        found.into_values().next()
    }

    async fn still_there(&self) -> bool {
        self.found("pages", self.permission).await.is_some()
    }

    /// Puts these bytes, sealed as they should be, where the answer would lie.
    async fn put(&self, text: &[u8]) {
        let now = came();
        let class = RetentionClass::Session;
        let key = self
            .keys
            .keyring
            .data_key(Some(self.subject), year_of(now), class);
        let drawer = self.drawer("pages");
        let context = context(drawer, self.permission);
        let sealed = key.await.unwrap().seal(&context, text).unwrap();
        let (group, field) = (group(self.subject), field(drawer, self.permission));
        let until = now + SignedDuration::from_mins(15);
        let put = self.cache.put(&group, &field, &sealed, until, now);
        put.await.unwrap();
    }
}

/// What the tax agency says of Marta, for a quarter of an hour.
fn kept() -> Kept {
    let kind = ProductKind::AeatC4;
    let case = fixture("aeat_irpf", "individual_return");
    let answer = answer_to(kind, &question(MARTA), &case).unwrap();
    let provenance = Provenance {
        product: kind.code().parse().unwrap(),
        source: "AEAT".parse().unwrap(),
        exchange: "00000000-0000-4000-8000-000000000001".parse().unwrap(),
        obtained_at: came(),
        reference: Reference::FiscalYear(FiscalYear::new(2024)),
        issuer_reference: None,
    };
    Kept::new(answer, provenance, 15.minutes())
}

#[tokio::test]
async fn an_answer_is_found_by_its_client_under_its_very_permission_and_by_nobody_else() {
    let bench = Bench::new().await;
    let kept = bench.keep().await;
    let found = bench.found("pages", bench.permission).await.unwrap();
    assert_eq!(
        (found.answer, found.provenance),
        (kept.answer, kept.provenance)
    );

    assert!(
        bench
            .found("el-meu-espai", bench.permission)
            .await
            .is_none()
    );
    let anew = Permission {
        seq: 4,
        ..bench.permission
    };
    assert!(bench.found("pages", anew).await.is_none());
    let other = Permission {
        item: ItemId::random(&SystemEntropy::default()),
        ..bench.permission
    };
    assert!(bench.found("pages", other).await.is_none());
    let stranger = Bench {
        subject: SubjectId::random(&SystemEntropy::default()),
        ..bench
    };
    assert!(!stranger.still_there().await);
}

#[tokio::test]
async fn an_answer_is_kept_as_long_as_the_catalogue_says_and_no_longer() {
    let bench = Bench::new().await;
    bench.keep().await;
    bench.hand.0.store(14, Ordering::SeqCst);
    assert!(bench.still_there().await);
    bench.hand.0.store(15, Ordering::SeqCst);
    assert!(!bench.still_there().await);
}

#[test]
fn a_new_fetch_rests_on_an_answer_in_the_first_half_of_its_life() {
    let kept = kept();
    let after = |seconds| kept.is_young(came() + SignedDuration::from_secs(seconds));
    assert!(after(0) && after(450));
    assert!(!after(451) && !after(900) && !after(9000));
}

#[tokio::test]
async fn what_is_forgotten_or_erased_is_found_no_more() {
    let bench = Bench::new().await;
    bench.keep().await;
    bench.answers.forget(bench.subject).await;
    assert!(!bench.still_there().await);

    bench.keep().await;
    assert!(bench.still_there().await);
    bench.keys.keyring.erase(bench.subject).await.unwrap();
    assert!(!bench.still_there().await);
}

#[tokio::test]
async fn the_cache_holds_nothing_that_can_be_read_or_moved() {
    let bench = Bench::new().await;
    let kept = bench.keep().await;
    let (group, field) = (
        group(bench.subject),
        field(bench.drawer("pages"), bench.permission),
    );
    let sealed = bench
        .cache
        .get(&group, &field, came())
        .await
        .unwrap()
        .unwrap();
    let clear = serde_json::to_vec(&kept).unwrap();
    assert!(sealed.len() > clear.len());
    let shown = sealed
        .windows(8)
        .any(|part| clear.windows(8).any(|clear| clear == part));
    assert!(!shown, "eight bytes in a row are in the clear");
    assert!(!group.contains(&bench.subject.to_string()) && !field.contains("pages"));

    let elsewhere = super::field(bench.drawer("el-meu-espai"), bench.permission);
    let until = came() + SignedDuration::from_mins(15);
    let moved = bench.cache.put(&group, &elsewhere, &sealed, until, came());
    moved.await.unwrap();
    assert!(
        bench
            .found("el-meu-espai", bench.permission)
            .await
            .is_none()
    );
}

#[tokio::test]
async fn what_does_not_read_back_as_it_was_written_is_not_kept() {
    let bench = Bench::new().await;
    let right = serde_json::to_value(kept()).unwrap();
    bench.put(&serde_json::to_vec(&kept()).unwrap()).await;
    assert!(bench.still_there().await);

    let mut more = right.clone();
    more["more"] = 1.into();
    let mut deeper = right.clone();
    deeper["provenance"]["more"] = 1.into();
    let mut less = right;
    less["provenance"].as_object_mut().unwrap().remove("source");
    for wrong in [more, deeper, less] {
        bench.put(&serde_json::to_vec(&wrong).unwrap()).await;
        assert!(!bench.still_there().await, "{wrong}");
    }
    bench.put(b"").await;
    assert!(!bench.still_there().await);
}

#[tokio::test]
async fn an_answer_is_used_no_longer_than_its_permission_says() {
    let bench = Bench::new().await;
    bench.keep().await;
    let mut shorter = bench.permission;
    shorter.terms.data_life = "PT6M".parse().unwrap();
    // Tightened after the answer was kept: it holds at once, and for what is young too.
    bench.hand.0.store(3, Ordering::SeqCst);
    let found = bench.found("pages", shorter).await.unwrap();
    assert!(found.is_young(came() + SignedDuration::from_mins(3)));
    assert!(!found.is_young(came() + SignedDuration::from_mins(4)));
    bench.hand.0.store(6, Ordering::SeqCst);
    assert!(bench.found("pages", shorter).await.is_none());
    assert!(bench.still_there().await);
    let mut longer = bench.permission;
    longer.terms.data_life = "P1D".parse().unwrap();
    bench.hand.0.store(15, Ordering::SeqCst);
    assert!(bench.found("pages", longer).await.is_none());
}
