//! The simulated world in a process of its own: this test program, run again for one test.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use simulator::ambient::{Clock, install_crypto};
use simulator::pci::{Knobs, system_clock};
use simulator::person::Person;
use simulator::population::Population;
use simulator::story::{Ports, World, gateway_toml};

use super::fleet::PUBLIC_URL;
use super::history::Arrival;
use crate::servers::until;

/// Names the folder of a world to whoever runs one.
const FOLDER: &str = "AGREEMENT_WORLD";

const TEST: &str = "agreement::town::the_world_lives_in_a_process_of_its_own";

/// A world that runs elsewhere. It ends with this.
#[derive(Debug)]
pub(super) struct Town {
    process: Child,
    /// Where it is told what to do; it ends when this closes.
    says: Option<ChildStdin>,
    folder: PathBuf,
    questions: std::sync::atomic::AtomicUsize,
}

/// What a world can be told, one a line.
#[derive(Debug, Deserialize, Serialize)]
enum Order {
    /// Write what arrived into a file of this name.
    Received(String),
    /// Answer requests for this product so late.
    Late { product: String, milliseconds: u64 },
}

impl Town {
    /// Starts one that keeps its things in a folder, and leaves the configuration of a gateway there.
    pub(super) async fn start(folder: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", TEST, "--test-threads", "1"])
            .env(FOLDER, folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let town = Self {
            says: process.stdin.take(),
            process,
            folder: folder.to_owned(),
            questions: std::sync::atomic::AtomicUsize::new(0),
        };
        until("the world is there", async || town.config().exists()).await;
        town
    }

    /// The configuration of a gateway in front of it.
    pub(super) fn config(&self) -> PathBuf {
        config(&self.folder)
    }

    /// Every request that reached the platform.
    pub(super) async fn received(&mut self) -> Vec<Arrival> {
        let count = self
            .questions
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let name = format!("received-{count}.json");
        let file = self.folder.join(&name);
        self.order(&Order::Received(name));
        until("the world answers", async || file.exists()).await;
        serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
    }

    /// Has a source take its time.
    pub(super) fn delay(&mut self, product: &str, by: Duration) {
        self.order(&Order::Late {
            product: product.to_owned(),
            milliseconds: u64::try_from(by.as_millis()).unwrap(),
        });
    }

    fn order(&mut self, order: &Order) {
        let line = serde_json::to_string(order).unwrap();
        writeln!(self.says.as_mut().unwrap(), "{line}").unwrap();
    }
}

impl Drop for Town {
    fn drop(&mut self) {
        drop(self.says.take());
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Those who live there, as a folder knows them.
pub(super) fn person(name: &str) -> Person {
    let population = Population::built_in();
    let found = population
        .people()
        .iter()
        .find(|person| person.given_name == name)
        .unwrap();
    let surnames = [
        found.surname1.as_str(),
        found.surname2.as_deref().unwrap_or_default(),
    ];
    Person::new(name, found.document.number(), name, surnames)
}

fn config(folder: &Path) -> PathBuf {
    folder.join("gateway.toml")
}

#[test]
fn the_world_lives_in_a_process_of_its_own() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let Some(folder) = std::env::var_os(FOLDER) {
        return runtime.block_on(be_the_world(Path::new(&folder)));
    }
    let folder = tempfile::tempdir().unwrap();
    runtime.block_on(async {
        let mut town = Town::start(folder.path()).await;
        assert!(town.received().await.is_empty());
        drop(town.says.take());
        let ended = town.process.wait().unwrap();
        assert!(ended.success(), "it ends with those it is for");
    });
}

/// Runs a world until nobody can tell it anything any more.
async fn be_the_world(folder: &Path) {
    install_crypto();
    let simulated = folder.join("simulator");
    fs::create_dir_all(&simulated).unwrap();
    let clock = Clock::default();
    let world = World::start(&simulated, Ports::default(), PUBLIC_URL, &clock);
    let world = world.await.unwrap();
    let text = gateway_toml(&world, folder, "127.0.0.1:0", PUBLIC_URL);
    appear(&config(folder), text.as_bytes());
    let obey = move || {
        for line in BufReader::new(std::io::stdin()).lines() {
            match serde_json::from_str(&line.unwrap()).unwrap() {
                Order::Received(name) => {
                    let text = serde_json::to_vec(&arrivals(&world)).unwrap();
                    appear(&folder_of(&world).join(name), &text);
                }
                Order::Late {
                    product,
                    milliseconds,
                } => {
                    let late = Knobs {
                        latency_ms: milliseconds,
                        ..Knobs::default()
                    };
                    world.platform.controls.product(&product, late);
                }
            }
        }
    };
    tokio::task::spawn_blocking(obey).await.unwrap();
}

/// The folder of a world, above that of its secrets.
fn folder_of(world: &World) -> PathBuf {
    let secrets = world.valid_secret.parent().unwrap();
    secrets.parent().unwrap().to_owned()
}

fn arrivals(world: &World) -> Vec<Arrival> {
    let now = system_clock()().as_microsecond();
    let received = world.platform.recorder.received().into_iter();
    received
        .map(|one| Arrival {
            at: now - i64::try_from(one.instant.elapsed().as_micros()).unwrap(),
            request_id: one.id_peticion,
            product: one.product,
        })
        .collect()
}

/// Writes a file that is there only when it is whole.
fn appear(path: &Path, bytes: &[u8]) {
    let aside = path.with_extension("aside");
    fs::write(&aside, bytes).unwrap();
    fs::rename(aside, path).unwrap();
}
