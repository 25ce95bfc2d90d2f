//! `[events]`: who learns of decisions, and where.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;
use url::Url;

use super::source::Source;
use super::{Config, Environment};
use crate::citizen::BodyId;
use crate::consent::Purposes;
use crate::identity::outbound::is_safe;
use crate::store::outbox::EventKind;

/// Who is told what people decided.
#[derive(Clone, Debug)]
pub struct EventsConfig {
    /// How long before its end a grant is said to be expiring, ISO 8601.
    pub expiring_before: Span,
    /// How long an acknowledged delivery is remembered, ISO 8601.
    pub retention: Span,
    /// Who is told.
    pub receivers: Vec<ReceiverConfig>,
}

/// One who is told (RFC 8935).
#[derive(Clone, Debug)]
pub struct ReceiverConfig {
    /// Its short name here.
    pub id: String,
    /// Whom it stands for: a client, or a recipient that purposes name.
    pub recipient: String,
    /// People of this body.
    pub body: BodyId,
    /// Where events are pushed to.
    pub endpoint: Url,
    /// `aud` of its events.
    pub audience: String,
    /// The kinds it is told.
    pub events: BTreeSet<EventKind>,
    /// File with a bearer token it asks for.
    pub token_file: Option<PathBuf>,
    /// Roots (PEM) of its TLS certificate; absent: the system's.
    pub tls_roots: Option<PathBuf>,
}

impl Default for EventsConfig {
    fn default() -> Self {
        Self {
            expiring_before: Span::new().days(30),
            retention: Span::new().years(1),
            receivers: Vec::new(),
        }
    }
}

/// As written: every value may be missing or wrong, so that all that is wrong is found at once.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct EventsSection {
    expiring_before: Option<String>,
    retention: Option<String>,
    receivers: Vec<ReceiverSection>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ReceiverSection {
    id: Option<String>,
    recipient: Option<String>,
    body: Option<String>,
    endpoint: Option<String>,
    audience: Option<String>,
    events: Option<Vec<String>>,
    token_file: Option<PathBuf>,
    tls_roots: Option<PathBuf>,
}

impl EventsSection {
    /// What was meant; what is wrong is reported.
    pub(super) fn read(self, source: &mut Source<'_>) -> EventsConfig {
        let mut config = EventsConfig::default();
        let periods = [
            (
                "expiring_before",
                self.expiring_before,
                &mut config.expiring_before,
            ),
            ("retention", self.retention, &mut config.retention),
        ];
        for (name, text, place) in periods {
            match text.as_deref().map(period) {
                None => {}
                Some(Some(span)) => *place = span,
                Some(None) => {
                    let key = format!("events.{name}");
                    source.problem(&key, "is an ISO 8601 period between P1D and P10Y");
                }
            }
        }
        for (index, receiver) in self.receivers.into_iter().enumerate() {
            config.receivers.extend(receiver.read(index, source));
        }
        config
    }
}

impl ReceiverSection {
    fn read(self, index: usize, source: &mut Source<'_>) -> Option<ReceiverConfig> {
        let key = |name: &str| format!("events.receivers[{index}].{name}");
        let mut needed =
            |name: &str, value: Option<String>, what: &str, good: fn(&str) -> bool| match value {
                Some(value) if good(&value) => Some(value),
                Some(_) => {
                    source.problem(&key(name), what);
                    None
                }
                None => {
                    source.problem(&key(name), "is missing");
                    None
                }
            };
        let words = "is lower-case letters, digits and hyphens, at most 64";
        let id = needed("id", self.id, words, |text| text.parse::<BodyId>().is_ok());
        let recipient = needed("recipient", self.recipient, "is empty", |text| {
            !text.is_empty()
        });
        let body = needed("body", self.body, words, |text| {
            text.parse::<BodyId>().is_ok()
        });
        let safe = "is https, or http on this very machine, without user or fragment";
        let endpoint = needed("endpoint", self.endpoint, safe, |text| {
            address(text).is_some()
        });
        let audience = needed("audience", self.audience, "is empty", |text| {
            !text.is_empty()
        });
        let mut kinds = BTreeSet::from(EventKind::ALL);
        if let Some(words) = self.events {
            let read: Result<_, _> = words.iter().map(|word| word.parse()).collect();
            if let Ok(read) = read {
                kinds = read;
            } else {
                let what =
                    "are of expired, expiring, granted, invalidated, profile-changed and revoked";
                source.problem(&key("events"), what);
            }
        }
        if kinds.is_empty() {
            source.problem(&key("events"), "is empty; leave it out for all of them");
        }
        Some(ReceiverConfig {
            id: id?,
            recipient: recipient?,
            body: body?.parse().ok()?,
            endpoint: address(&endpoint?)?,
            audience: audience?,
            events: kinds,
            token_file: self.token_file,
            tls_roots: self.tls_roots,
        })
    }
}

/// Looks at receivers beside the rest of the configuration.
pub(super) fn check(config: &Config, source: &mut Source<'_>) {
    let mut ids = BTreeSet::new();
    let named: BTreeSet<String> = Purposes::embedded()
        .map(|purposes| {
            let recipients = purposes.iter().flat_map(|purpose| &purpose.recipients);
            recipients.cloned().collect()
        })
        .unwrap_or_default();
    for (index, receiver) in config.events.receivers.iter().enumerate() {
        let key = |name: &str| format!("events.receivers[{index}].{name}");
        if !ids.insert(&receiver.id) {
            source.problem(&key("id"), "is there twice");
        }
        if !config.bodies.iter().any(|body| body.id == receiver.body) {
            source.problem(&key("body"), "is no body of this configuration");
        }
        let mut clients = config.identity.clients.iter();
        let client = clients.find(|client| client.id.as_str() == receiver.recipient);
        match client {
            Some(client) if client.body.as_ref() != Some(&receiver.body) => {
                source.problem(&key("recipient"), "is a client of another body, or of none");
            }
            None if !named.contains(&receiver.recipient) => source.problem(
                &key("recipient"),
                "is neither a client of this configuration nor a recipient of a purpose",
            ),
            _ => {}
        }
        if config.environment == Environment::Production && receiver.endpoint.scheme() != "https" {
            source.problem(&key("endpoint"), "production needs https");
        }
    }
}

/// An address that may be told of people.
fn address(text: &str) -> Option<Url> {
    let url: Url = text.parse().ok()?;
    let bare = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    (bare && is_safe(&url)).then_some(url)
}

/// A period of between a day and ten years.
fn period(text: &str) -> Option<Span> {
    let span: Span = text.parse().ok()?;
    let start = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    let end = start.checked_add(span).ok()?;
    let days = end.timestamp().duration_since(start.timestamp()).as_hours() / 24;
    (1..=3653).contains(&days).then_some(span)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    const EXAMPLE: &str = include_str!("../../config/gateway.example.toml");

    const WHOLE: &str = r#"
        [[events.receivers]]
        id = "folder"
        recipient = "el-meu-espai"
        body = "ajuntament-de-prova"
        endpoint = "https://folder.example.cat/events"
        audience = "https://folder.example.cat"
    "#;

    fn parse(environment: &str, text: &str) -> Result<EventsConfig, Vec<String>> {
        let example = EXAMPLE.replace(r#"environment = "pre""#, environment);
        let whole = format!("{example}\n{text}");
        let config = Config::parse("gateway.toml", &whole, &[], Path::new("/etc/gateway"));
        let config = config.map(|config| config.events);
        config.map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    fn read(text: &str) -> Result<EventsConfig, Vec<String>> {
        parse(r#"environment = "pre""#, text)
    }

    #[test]
    fn without_receivers_there_are_defaults() {
        let config = read("").unwrap();
        assert!(config.receivers.is_empty());
        assert_eq!(config.expiring_before.get_days(), 30);
        assert_eq!(config.retention.get_years(), 1);
    }

    #[test]
    fn a_whole_receiver_is_told_everything_unless_it_chooses() {
        let secrets = "token_file = 't'\ntls_roots = '/r'\nevents = ['revoked', 'expired']";
        let all = read(WHOLE).unwrap();
        assert_eq!(all.receivers[0].events, BTreeSet::from(EventKind::ALL));
        let some = read(&format!("{WHOLE}\n{secrets}")).unwrap();
        let some = &some.receivers[0];
        let chosen = [EventKind::Revoked, EventKind::Expired];
        assert_eq!(some.events, BTreeSet::from(chosen));
        assert_eq!(
            some.token_file.as_deref(),
            Some(Path::new("/etc/gateway/t"))
        );
        assert_eq!(some.tls_roots.as_deref(), Some(Path::new("/r")));
    }

    #[test]
    fn a_half_configured_receiver_is_refused_with_everything_that_is_wrong_at_once() {
        let half = r#"
            [events]
            expiring_before = "soon"
            retention = "P90Y"
            [[events.receivers]]
            id = "Folder!"
            endpoint = "http://folder.example.cat/"
            events = ["revoked", "everything"]
        "#;
        let found = read(half).unwrap_err();
        for key in [
            "events.expiring_before",
            "events.retention",
            "events.receivers[0].id",
            "events.receivers[0].recipient  is missing",
            "events.receivers[0].body  is missing",
            "events.receivers[0].endpoint",
            "events.receivers[0].audience  is missing",
            "events.receivers[0].events",
        ] {
            let times = found.iter().filter(|one| one.contains(key)).count();
            assert_eq!(times, 1, "{key} in {found:#?}");
        }
        assert_eq!(found.len(), 8, "{found:#?}");
    }

    #[test]
    fn a_receiver_stands_for_somebody_who_is_known_here() {
        let stranger = WHOLE.replace("el-meu-espai", "somebody");
        let found = read(&stranger).unwrap_err();
        assert!(found[0].contains("recipient  is neither"), "{found:?}");
        let auditor = WHOLE.replace("el-meu-espai", "auditor");
        assert_eq!(read(&auditor).unwrap_err().len(), 1);
        let named = WHOLE.replace("el-meu-espai", "social-aid-recommender");
        assert!(read(&named).is_ok());
        let body = WHOLE.replace("ajuntament-de-prova", "another");
        assert_eq!(
            read(&body).unwrap_err().len(),
            2,
            "no such body, and not the client's"
        );
        let twice = read(&format!("{WHOLE}{WHOLE}")).unwrap_err();
        assert!(
            twice[0].contains("receivers[1].id  is there twice"),
            "{twice:?}"
        );
    }

    #[test]
    fn plain_http_goes_no_further_than_this_machine_and_not_in_production() {
        let here = WHOLE.replace("https://folder.example.cat/events", "http://127.0.0.1:9/e");
        assert!(read(&here).is_ok());
        let found = parse(r#"environment = "production""#, &here).unwrap_err();
        let endpoint = "events.receivers[0].endpoint  production needs https";
        assert!(found.iter().any(|one| one.contains(endpoint)), "{found:?}");
        for wrong in [
            "http://folder.example.cat/",
            "ftp://x/",
            "https://u:p@x/",
            "https://x/#a",
            "",
        ] {
            let text = WHOLE.replace("https://folder.example.cat/events", wrong);
            assert_eq!(read(&text).unwrap_err().len(), 1, "{wrong}");
        }
    }
}
