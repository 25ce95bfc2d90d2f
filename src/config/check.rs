//! What is wrong only when values are seen together, and what production does not forgive.

use std::collections::BTreeSet;

use url::Url;

use super::source::Source;
use super::{BodyConfig, Config, Environment};
use crate::store::Location;

/// Looks at a configuration whose parts were each readable.
pub(super) fn together(config: &Config, source: &mut Source<'_>) {
    let mut ids = BTreeSet::new();
    let mut hosts = BTreeSet::new();
    if config.bodies.is_empty() {
        source.problem("bodies", "is empty; at least one body asks");
    }
    for (index, body) in config.bodies.iter().enumerate() {
        let key = |name: &str| format!("bodies[{index}].{name}");
        if !ids.insert(&body.id) {
            source.problem(&key("id"), "is there twice");
        }
        for host in &body.hosts {
            if !hosts.insert(host) {
                source.problem(&key("hosts"), format!("{host} is another body's too"));
            }
        }
        if body.finality.is_some() == body.procedure.is_some() {
            source.problem(
                &key("finality"),
                "exactly one of finality and procedure is needed",
            );
        }
        if body.officer.name.trim().is_empty() {
            source.problem(
                &key("officer.name"),
                "empty; the platform wants the real officer",
            );
        }
        if body.officer.checked_nif().is_none() {
            source.problem(
                &key("officer.nif"),
                "not a NIF: its control letter must be right",
            );
        }
    }
    for (index, client) in config.identity.clients.iter().enumerate() {
        if client.body.as_ref().is_some_and(|body| !ids.contains(body)) {
            source.problem(
                &format!("clients[{index}].body"),
                "is no body of this configuration",
            );
        }
    }
    let mut kids = BTreeSet::new();
    for (index, key) in config.receipt_keys.iter().enumerate() {
        if !kids.insert(key.kid()) {
            source.problem(&format!("receipt_keys[{index}].public"), "is there twice");
        }
    }
    if matches!(config.store.database, Location::Server(_))
        != matches!(config.store.keyring, Location::Server(_))
    {
        source.problem(
            "store.keyring",
            "database and keyring are both files or both on PostgreSQL",
        );
    }
    config.cache.check(config.environment, source);
    if matches!(config.store.database, Location::Server(_)) != config.cache.is_shared() {
        source.problem(
            "cache",
            "PostgreSQL and Redis go together: one for what must last, one for what may be lost",
        );
    }
    super::events::check(config, source);
    if config.environment == Environment::Production {
        production(config, source);
    }
}

/// Production refuses what belongs to a test.
fn production(config: &Config, source: &mut Source<'_>) {
    if config.http.public_url.scheme() != "https" {
        source.problem("http.public_url", "production needs https");
    }
    if config.platform.url.scheme() != "https" {
        source.problem("platform.url", "production needs https");
    }
    if is_test_host(&config.platform.url) {
        source.problem(
            "platform.url",
            "is a test endpoint; production asks the production one",
        );
    }
    let databases = [
        ("store.database", &config.store.database),
        ("store.keyring", &config.store.keyring),
    ];
    for (key, location) in databases {
        if let Location::Server(server) = location
            && !server.is_verified()
            && !is_this_machine(server.host())
        {
            source.problem(
                key,
                "production needs sslmode=verify-full towards another machine",
            );
        }
    }
    for (index, body) in config.bodies.iter().enumerate() {
        if is_test_code(body) {
            source.problem(
                &format!("bodies[{index}].finality"),
                "is a test authorisation (PROVES); production needs the one AOC assigned",
            );
        }
        if body.officer.nif.trim() == "00000000T" {
            source.problem(
                &format!("bodies[{index}].officer.nif"),
                "is the fictitious test person; production needs the real officer",
            );
        }
    }
}

impl Config {
    /// Whether the endpoint is one for tests: by the environment, or by the name of its host.
    pub(crate) fn asks_a_test_platform(&self) -> bool {
        self.environment != Environment::Production || is_test_host(&self.platform.url)
    }
}

/// AOC's own names of its test environments, and this very machine.
fn is_test_host(url: &Url) -> bool {
    let host = url.host_str().unwrap_or("");
    let first = host.split('.').next().unwrap_or("");
    first.ends_with("-pre") || first.ends_with("-dev") || is_this_machine(host)
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.starts_with("127.") || host == "::1" || host.starts_with('/')
}

fn is_test_code(body: &BodyConfig) -> bool {
    [&body.finality, &body.procedure]
        .into_iter()
        .flatten()
        .any(|code| code.to_ascii_uppercase().contains("PROVES") || code.contains("TEST"))
}
