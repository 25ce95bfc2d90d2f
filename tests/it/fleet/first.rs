//! The very first start, of several replicas at once, on empty stores.

use std::fs;

use futures_util::future::join_all;

use super::Fleet;
use crate::crash::town::begin_fetch;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_and_three_replicas_start_at_once_on_empty_stores_each_with_an_anchor_of_its_own() {
    for replicas in [2, 3] {
        let fleet = Fleet::found().await;
        // What its owner does before replicas start.
        let migrated = fleet.town.command(&["migrate"]).await;
        assert!(migrated.status.success(), "{migrated:?}");
        let anchors: Vec<_> = (0..replicas)
            .map(|n| fleet.town.folder.path().join(format!("anchor-{n}")))
            .collect();
        let town = &fleet.town;
        let started = anchors.iter().map(async |anchor| {
            let overrides = [("GATEWAY__LOG__ANCHOR", anchor.to_str().unwrap())];
            town.start_with(&overrides).await
        });
        let started = join_all(started).await;
        let twice = "SELECT (count(*) - count(DISTINCT notice))::text FROM notice_publication";
        assert_eq!(fleet.number(twice).await, 0);
        for anchor in &anchors {
            assert!(fs::read_to_string(anchor).unwrap().contains('\u{2014}'));
        }
        let marta = fleet.willing(&started[0]).await;
        begin_fetch(&marta).await;
        for replica in started {
            replica.stop().await;
        }
    }
}
