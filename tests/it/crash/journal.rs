//! Whatever commit the machine died after, the books are straight.
//!
//! SQLite appends every commit to its journal, so the journal cut after a commit is what a machine
//! that died there would find. Each piece here ends in half of the frame that came next, as a write
//! torn by the loss of power would.

use std::fs;
use std::path::{Path, PathBuf};

use interop_gateway::clock::World;
use interop_gateway::config::Config;
use interop_gateway::gateway::Gateway;
use interop_gateway::store::{Db, Location, Schema};
use simulator::folder::CitizenApi;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::books::Books;
use super::town::{PURPOSE, Town, fetch, grant_all};

/// Files that a gateway keeps.
const KEPT: [&str; 5] = [
    "gateway.sqlite",
    "gateway.sqlite-wal",
    "keyring.sqlite",
    "keyring.sqlite-wal",
    "anchor",
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_commit_the_machine_died_after_the_books_are_straight() {
    let town = Town::on_files().await;
    let (before, after) = record(&town).await;
    let journal = fs::read(after.join("gateway.sqlite-wal")).unwrap();
    assert_eq!(
        fs::read(before.join("gateway.sqlite")).unwrap(),
        fs::read(after.join("gateway.sqlite")).unwrap(),
        "the journal was emptied meanwhile and is not the whole story"
    );
    let cuts = commits(&journal);
    let (mut open, mut released) = (0, 0);
    for (number, &end) in cuts.iter().enumerate() {
        let folder = town.folder.path().join(format!("died-{number}"));
        let with_torn_write = (end + FRAME_HEADER + PAGE / 2).min(journal.len());
        lay_out(&folder, &before, &after, &journal[..with_torn_write]);
        // Anchors come after commits: the oldest one can be there, or the newest one.
        let newest = number % 2 == 0;
        let books = revive(&town, &folder, newest).await;
        open += books.with_result("abandoned").len();
        released += books.releases.len();
        fs::remove_dir_all(&folder).unwrap();
    }
    // The pieces did show exchanges under way, and the end of it all.
    assert!(
        cuts.len() > 12 && open > 0 && released > 0,
        "{}",
        cuts.len()
    );
}

/// A fetch, its release and a withdrawal; gives what was on the disk before and after.
async fn record(town: &Town) -> (PathBuf, PathBuf) {
    let made = town.command(&["keys", "init"]).await;
    assert!(made.status.success(), "{made:?}");
    let config = Config::load(&town.config(), &[]).unwrap();
    let gateway = Gateway::open(&config, World::real()).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let socket = listener.local_addr().unwrap().to_string();
    let stop = CancellationToken::new();
    let app = gateway.app().clone();
    let served = tokio::spawn(gateway.serve(listener, stop.clone()));

    let marta = town.sign_in(&town.folder_at(&socket), "marta").await;
    app.log.sequence_once().await.unwrap();
    app.db.truncate_journal().await.unwrap();
    let before = copy(town, "before");
    live(&marta).await;
    app.log.sequence_once().await.unwrap();
    let after = copy(town, "after");
    stop.cancel();
    served.await.unwrap().unwrap();
    (before, after)
}

async fn live(citizen: &CitizenApi) {
    grant_all(citizen).await;
    let job = fetch(citizen).await;
    citizen.profile(&job).await.unwrap();
    citizen.revoke_all(PURPOSE).await.unwrap();
}

/// Opens a gateway on what a dead machine left, with one of the anchors it may have left.
async fn revive(town: &Town, folder: &Path, newest_anchor: bool) -> Books {
    let mut config = Config::load(&town.config(), &[]).unwrap();
    config.store.database = Location::File(folder.join("gateway.sqlite"));
    config.store.keyring = Location::File(folder.join("keyring.sqlite"));
    config.log.anchor = folder.join("anchor");

    let db = Db::open(&config.store.database, Schema::Gateway)
        .await
        .unwrap();
    let left = Books::read(&db).await;
    left.assert_sound();
    if newest_anchor {
        let newest = "SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1";
        let newest = db.row(newest, vec![]).await.unwrap().unwrap();
        fs::write(&config.log.anchor, newest.text(0).unwrap()).unwrap();
    }
    db.close().await;

    let gateway = Gateway::open(&config, World::real()).await.unwrap();
    let app = gateway.app();
    app.log.sequence_once().await.unwrap();
    let checked = app.log.audit_self().await.unwrap();
    assert!(checked.holds(), "{:?}", checked.findings);
    let books = Books::read(&app.db).await;
    books.assert_closed();
    assert_eq!(books.with_result("abandoned"), left.open());
    assert_eq!(books.request_ids(), left.request_ids());
    app.db.close().await;
    books
}

/// The files as a machine finds them that died when the journal was this long.
///
/// A key is kept before anything is written with it, so the keyring may be any later one.
fn lay_out(folder: &Path, before: &Path, after: &Path, journal: &[u8]) {
    fs::create_dir(folder).unwrap();
    for (from, name) in [
        (before, "gateway.sqlite"),
        (after, "keyring.sqlite"),
        (after, "keyring.sqlite-wal"),
        (before, "anchor"),
    ] {
        fs::copy(from.join(name), folder.join(name)).unwrap();
    }
    fs::write(folder.join("gateway.sqlite-wal"), journal).unwrap();
}

fn copy(town: &Town, name: &str) -> PathBuf {
    let to = town.folder.path().join(name);
    fs::create_dir(&to).unwrap();
    for name in KEPT {
        fs::copy(town.folder.path().join(name), to.join(name)).unwrap();
    }
    to
}

/// Where each commit of a journal ends: after the frame that says how large the database then is
/// (SQLite file format, section 4).
fn commits(journal: &[u8]) -> Vec<usize> {
    assert_eq!(number(journal, 8), PAGE, "pages of another size");
    let salts = &journal[16..24];
    let frames = journal[HEADER..].chunks_exact(FRAME_HEADER + PAGE);
    frames
        .enumerate()
        .take_while(|(_, frame)| frame[8..16] == *salts)
        .filter(|(_, frame)| number(frame, 4) > 0)
        .map(|(index, _)| HEADER + (index + 1) * (FRAME_HEADER + PAGE))
        .collect()
}

fn number(bytes: &[u8], at: usize) -> usize {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

const HEADER: usize = 32;

const FRAME_HEADER: usize = 24;

const PAGE: usize = 4096;
