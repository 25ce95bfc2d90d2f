//! From start to ready, and the memory of a process that idles and of one with much under way.

use std::time::{Duration, Instant};

use simulator::pci::Knobs;

use crate::figures::{distribution, millis};
use crate::patient_town;
use crate::process::resident_mib;
use crate::town::{PURPOSE, begin_fetch, fetch, grant_all};

const STARTS: usize = 20;

const JOBS: usize = 2000;

pub(super) async fn measure() {
    let town = patient_town().await;
    let began = Instant::now();
    let mut gateway = town.start().await;
    println!(
        "first start, keys and databases made: {}",
        millis(began.elapsed())
    );
    let marta = town.sign_in(&gateway.folder, "marta").await;
    grant_all(&marta).await;
    let mut times = Vec::new();
    for _ in 0..STARTS {
        gateway.kill().await;
        let began = Instant::now();
        gateway = town.start().await;
        times.push(began.elapsed());
    }
    distribution("start to ready after a kill", times);

    let pid = gateway.child.id().unwrap();
    println!("resident, just started: {} MiB", resident_mib(pid));
    let marta = town.sign_in(&gateway.folder, "marta").await;
    fetch(&marta).await;
    println!("resident, after one profile: {} MiB", resident_mib(pid));
    // A grant given anew, so that nobody rests on what is kept, and sources that take their time:
    // whoever asks now waits in line.
    marta.revoke_all(PURPOSE).await.unwrap();
    grant_all(&marta).await;
    town.world.platform.controls.everywhere(Knobs {
        latency_ms: 60_000,
        ..Knobs::default()
    });
    let began = Instant::now();
    for _ in 0..JOBS {
        begin_fetch(&marta).await;
        assert!(began.elapsed() < Duration::from_mins(4), "too slow to tell");
    }
    println!("resident, {JOBS} jobs in flight: {} MiB", resident_mib(pid));
    gateway.kill().await;
}
