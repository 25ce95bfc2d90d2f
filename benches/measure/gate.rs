//! The gate's two transactions, beside what the disk needs to keep anything at all.

use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use interop_gateway::citizen::SubjectId;
use interop_gateway::clock::World;
use interop_gateway::config::Config;
use interop_gateway::consent::{About, Ask, Gate, Outcome, OutcomeResult};
use interop_gateway::gateway::Gateway;
use serde_json::Map;
use simulator::folder::CitizenApi;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::figures::distribution;
use crate::town::{PURPOSE, Town, grant_all};

/// Exchanges, and syncs of the disk.
const TIMES: u32 = 1000;

/// A grant allows 200 a day, so it is given anew in between.
const UNDER_ONE_GRANT: u32 = 200;

/// One exchange every so often: 200 a second.
const EVERY: Duration = Duration::from_millis(5);

pub(super) async fn measure() {
    let town = Town::found().await;
    town.command(&["keys", "init"]).await;
    let config = Config::load(&town.config(), &[]).unwrap();
    let gateway = Gateway::open(&config, World::real()).await.unwrap();
    let app = gateway.app().clone();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let served = tokio::spawn(gateway.serve(listener, stop.clone()));
    let citizen = town.sign_in(&town.folder_at(&socket), "marta").await;
    grant_all(&citizen).await;

    let row = app.db.row("SELECT subject FROM subject", vec![]).await;
    let subject: SubjectId = row.unwrap().unwrap().parsed(0).unwrap();
    let gate = Gate::new(
        app.db.clone(),
        app.log.clone(),
        app.terms.clone(),
        app.world.clone(),
    );
    distribution("disk, 4 KiB and sync", syncs(town.folder.path()));
    let (mut opened, mut closed) = (Vec::new(), Vec::new());
    for number in 0..TIMES {
        if number % UNDER_ONE_GRANT == 0 {
            grant_all(&citizen).await;
        }
        let (open, close) = exchange(&gate, subject, number).await;
        opened.push(open);
        closed.push(close);
    }
    distribution("gate open, one after the other", opened);
    distribution("gate close, one after the other", closed);
    let (opened, closed) = at_a_rate(&gate, subject, &citizen).await;
    distribution("gate open, 200/s", opened);
    distribution("gate close, 200/s", closed);
    distribution("disk again", syncs(town.folder.path()));
    stop.cancel();
    served.await.unwrap().unwrap();
}

/// Starts exchanges at a fixed rate, whether or not the earlier ones have ended.
async fn at_a_rate(
    gate: &Gate,
    subject: SubjectId,
    citizen: &CitizenApi,
) -> (Vec<Duration>, Vec<Duration>) {
    let (mut opened, mut closed) = (Vec::new(), Vec::new());
    for first in (TIMES..2 * TIMES).step_by(UNDER_ONE_GRANT as usize) {
        grant_all(citizen).await;
        let mut ticks = tokio::time::interval(EVERY);
        let mut running = JoinSet::new();
        for number in first..first + UNDER_ONE_GRANT {
            ticks.tick().await;
            let gate = gate.clone();
            running.spawn(async move { exchange(&gate, subject, number).await });
        }
        for (open, close) in running.join_all().await {
            opened.push(open);
            closed.push(close);
        }
    }
    (opened, closed)
}

/// Opens and closes one exchange; gives how long each took.
async fn exchange(gate: &Gate, subject: SubjectId, number: u32) -> (Duration, Duration) {
    let ask = Ask {
        subject,
        body: "ajuntament-de-prova".parse().unwrap(),
        purpose: PURPOSE.parse().unwrap(),
        product: "AEAT_IRPF/C4".parse().unwrap(),
        about: About::Now,
        job: None,
        request_id: format!("9821920002-{number}"),
        request_sha256: [7; 32],
        details: Map::new(),
        retry_of: None,
    };
    let outcome = Outcome {
        result: OutcomeResult::Ok,
        code: None,
        answer_sha256: Some([8; 32]),
        details: Map::new(),
    };
    let began = Instant::now();
    let opened = gate.open(ask).await.unwrap();
    let open = began.elapsed();
    let began = Instant::now();
    let _allowed = gate.close(opened.exchange, outcome).await.unwrap();
    (open, began.elapsed())
}

/// What one durable write costs here: a page written over another, as in a journal that is used
/// again.
fn syncs(folder: &Path) -> Vec<Duration> {
    let mut file = File::create(folder.join("sync")).unwrap();
    for _ in 0..TIMES {
        file.write_all(&[0; 4096]).unwrap();
    }
    file.sync_all().unwrap();
    file.rewind().unwrap();
    (0..TIMES)
        .map(|_| {
            let began = Instant::now();
            file.write_all(&[7; 4096]).unwrap();
            file.sync_data().unwrap();
            began.elapsed()
        })
        .collect()
}
