//! What the gateway costs, as ratios and distributions measured beside each other in one run.
//!
//! `cargo bench --bench measure` measures everything, `-- cost gate` only what is named. Nothing is
//! asserted: `docs/measurements.md` keeps the figures and says how to read them.
#![expect(
    clippy::float_arithmetic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement talks, divides, and stops when it cannot go on"
)]

mod cost;
mod figures;
mod gate;
#[path = "../../tests/it/pair.rs"]
#[expect(dead_code, reason = "the town needs a part of it")]
mod pair;
mod process;
mod receipt;
mod revoke;
mod start;
#[path = "../../tests/it/crash/town.rs"]
mod town;

use std::fs;

use toml::Table;
use town::Town;

/// A town that does not mind how often one caller calls.
async fn patient_town() -> Town {
    let town = Town::found().await;
    let mut config: Table = fs::read_to_string(town.config()).unwrap().parse().unwrap();
    let often = "{ burst = 1000000, per_minute = 1000000 }";
    let rates = format!("rates = {{ citizen = {often}, client = {often} }}");
    config.extend(rates.parse::<Table>().unwrap());
    fs::write(town.config(), config.to_string()).unwrap();
    town
}

#[tokio::main]
async fn main() {
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with('-'))
        .collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|word| word == name);
    let optimised = !cfg!(debug_assertions);
    println!("optimised build: {optimised}");
    let shared = std::env::var_os("GATEWAY_TEST_POSTGRES").is_some();
    println!("PostgreSQL and Redis: {shared}");
    if is_wanted("cost") {
        cost::measure().await;
    }
    if is_wanted("gate") {
        gate::measure().await;
    }
    if is_wanted("receipt") {
        receipt::measure().await;
    }
    if is_wanted("revoke") {
        revoke::measure().await;
    }
    if is_wanted("start") {
        start::measure().await;
    }
}
