//! What a source is asked, is asked by all replicas together.

use std::fs;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use simulator::folder::CitizenApi;
use simulator::pci::Knobs;
use toml::Table;

use super::{Fleet, until};
use crate::crash::town::{begin_fetch, fetch, grant_all};

const TAX: &str = "AEAT_IRPF/C4";
const IDENTITY: &str = "DGP_IDENTITAT/IDENTITAT_DADES";

/// Fetches that each of two replicas begins.
const EACH: usize = 6;

impl Fleet {
    /// Limits for the replicas that start from now on, two of them.
    fn limit(&self, at_once: u32, per_second: u32) {
        let mut config: Table = fs::read_to_string(self.town.config())
            .unwrap()
            .parse()
            .unwrap();
        let more = format!(
            "cache = {{ redis = '{}', replicas = 2 }}
             limits = {{ at_once = {at_once}, per_second = {per_second} }}",
            self.redis.url()
        );
        config.extend(more.parse::<Table>().unwrap());
        fs::write(self.town.config(), config.to_string()).unwrap();
    }

    /// The police take their time, so that nobody rests on the answers of another fetch.
    fn slow(&self, latency_ms: u64) {
        let knobs = Knobs {
            latency_ms,
            ..Knobs::default()
        };
        self.town.world.platform.controls.product(IDENTITY, knobs);
    }

    async fn until_finished(&self, jobs: usize) {
        let sql = "SELECT count(*)::text FROM job WHERE state = 'finished'";
        let jobs = i64::try_from(jobs).unwrap();
        until("all fetches end", async || self.number(sql).await == jobs).await;
    }
}

/// Begins fetches on both replicas at the same time; gives the jobs of each.
async fn begin_on_both(one: &CitizenApi, two: &CitizenApi) -> (Vec<String>, Vec<String>) {
    let begin = |citizen| join_all((0..EACH).map(move |_| begin_fetch(citizen)));
    tokio::join!(begin(one), begin(two))
}

/// The places of these jobs before the police, as one replica tells them.
async fn places(citizen: &CitizenApi, jobs: &[String]) -> Vec<u64> {
    let mut places = Vec::new();
    for job in jobs {
        let view = citizen.job(job).await.unwrap();
        let mut sources = view["sources"].as_array().unwrap().iter();
        let police = sources.find(|one| one["product"] == IDENTITY).unwrap();
        // Who has just got their turn waits no more and is not yet written down as asked.
        if let Some(place) = police["place"].as_u64() {
            assert_eq!(police["state"], "waiting");
            places.push(place);
        }
    }
    places
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_replicas_together_stay_within_the_limits_and_tell_each_others_places() {
    let fleet = Fleet::found().await;
    fleet.limit(3, 5);
    fleet.slow(2500);
    let (one, two) = (fleet.start().await, fleet.start().await);
    let marta = fleet.willing(&one).await;
    let elsewhere = fleet.marta(&two).await;
    let began = Instant::now();
    let (of_one, of_two) = begin_on_both(&marta, &elsewhere).await;
    let recorder = &fleet.town.world.platform.recorder;
    until("as many as allowed", async || recorder.count(IDENTITY) >= 3).await;
    let seen = [
        places(&elsewhere, &of_one).await,
        places(&marta, &of_two).await,
    ]
    .concat();
    assert!(seen.len() > EACH, "most wait: {seen:?}");
    assert!(seen.iter().all(|place| (1..=9).contains(place)), "{seen:?}");

    fleet.until_finished(2 * EACH).await;
    assert_eq!(recorder.count(IDENTITY), 2 * EACH);
    assert_eq!(recorder.most_at_once(IDENTITY), 3);
    assert!(recorder.most_at_once(TAX) <= 3);
    let received = recorder.received().into_iter();
    let tax = received.filter(|one| one.product.as_deref() == Some(TAX));
    let mut arrivals: Vec<_> = tax.map(|one| one.instant - began).collect();
    arrivals.sort_unstable();
    assert_eq!(arrivals.len(), 2 * EACH);
    for (before, arrival) in (0..).zip(&arrivals) {
        // However long its way was, it started no earlier than this.
        let earliest = Duration::from_millis(200) * before;
        assert!(*arrival >= earliest, "{arrivals:?}");
    }
    fleet.assert_straight().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_line_of_the_fleet_each_replica_keeps_to_its_share_and_its_answers() {
    let mut fleet = Fleet::found().await;
    fleet.limit(4, 100);
    fleet.slow(3000);
    let (one, two) = (fleet.start().await, fleet.start().await);
    let marta = fleet.willing(&one).await;
    let elsewhere = fleet.marta(&two).await;
    let (of_one, _) = begin_on_both(&marta, &elsewhere).await;
    let recorder = fleet.town.world.platform.recorder.clone();
    until("as many as allowed", async || recorder.count(IDENTITY) == 4).await;
    fleet.redis.kill().await;
    fleet.until_finished(2 * EACH).await;
    assert_eq!(recorder.count(IDENTITY), 2 * EACH, "nobody was forgotten");
    // Two for each replica, beside the four of before while those last.
    assert!(recorder.most_at_once(IDENTITY) <= 8);

    fleet.redis.restart().await;
    let job = of_one.last().unwrap();
    until("the replica hands over what it kept", async || {
        marta.profile(job).await.is_ok()
    })
    .await;
    fleet.slow(0);
    grant_all(&elsewhere).await;
    fetch(&elsewhere).await;
    let all = 2 * EACH + 1;
    assert_eq!(recorder.count(IDENTITY), all, "under the new permission");
    fleet.assert_straight().await;
}
