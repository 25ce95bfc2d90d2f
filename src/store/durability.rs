//! What is still there after a crash or a fail-over, of all that was answered.

use std::fmt;

use sqlx::postgres::PgPool;

use super::value::bind;
use super::{Row, StoreError};

/// How a database keeps what it said it kept.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Durability {
    /// A file, synced with every commit.
    File,
    /// A server, as it is set up for this user.
    Server(ServerSettings),
}

/// What decides on a server; the names are PostgreSQL's.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerSettings {
    /// Such as `15.8`.
    pub version: String,
    /// Whether commits are forced to the disk at all.
    pub fsync: bool,
    /// Whether a page half written at a power cut can be mended.
    pub full_page_writes: bool,
    /// `on`, `off`, `local`, `remote_write` or `remote_apply`: what a commit waits for.
    pub synchronous_commit: String,
    /// Which standbys it waits for; empty for none.
    pub synchronous_standby_names: String,
    /// Whether this is a standby, which takes no writes.
    pub in_recovery: bool,
    /// Standbys connected now.
    pub standbys: Vec<Standby>,
}

/// A standby, as far as the connected user may see it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Standby {
    /// Its `application_name`.
    pub name: Option<String>,
    /// `streaming` when it keeps up.
    pub state: Option<String>,
    /// `sync`, `quorum`, `potential` or `async`.
    pub sync_state: Option<String>,
}

/// How much a remark weighs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Weight {
    /// Good to know.
    Note,
    /// Something could be lost that need not be.
    Warning,
    /// What was answered may be lost in an ordinary crash, or nothing can be written.
    Fault,
}

/// A sentence for an operator.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Remark {
    /// How much it weighs.
    pub weight: Weight,
    /// What could be lost, and by what.
    pub text: String,
}

impl Durability {
    /// What a crash and what a fail-over could lose, in plain words.
    pub fn remarks(&self) -> Vec<Remark> {
        match self {
            Self::File => vec![Remark::new(
                Weight::Note,
                "a file with synchronous=FULL: a crash loses nothing that was answered; the loss of \
                 the disk loses everything since the last backup",
            )],
            Self::Server(settings) if settings.in_recovery => vec![Remark::new(
                Weight::Fault,
                "the server is a standby and takes no writes; name the primary, or promote this one",
            )],
            Self::Server(settings) => vec![
                settings.told(),
                settings.after_a_crash(),
                settings.after_a_fail_over(),
            ],
        }
    }
}

impl ServerSettings {
    fn told(&self) -> Remark {
        let version = &self.version;
        let standbys: Vec<_> = self.standbys.iter().map(ToString::to_string).collect();
        let text = match standbys.as_slice() {
            [] => format!("PostgreSQL {version}, no standby connected"),
            standbys => format!("PostgreSQL {version}, standbys: {}", standbys.join(", ")),
        };
        Remark::new(Weight::Note, text)
    }

    fn after_a_crash(&self) -> Remark {
        if !self.fsync {
            let text = "fsync=off: a crash of the machine may lose or damage everything";
            return Remark::new(Weight::Fault, text);
        }
        if self.synchronous_commit == "off" {
            let text = "synchronous_commit=off: a crash of the server may lose the newest commits, \
                        though they were answered";
            return Remark::new(Weight::Fault, text);
        }
        if !self.full_page_writes {
            let text = "full_page_writes=off: a power cut may damage what was kept, unless the file \
                        system writes whole pages";
            return Remark::new(Weight::Warning, text);
        }
        let text = "a crash of the server loses nothing that was answered";
        Remark::new(Weight::Note, text)
    }

    fn after_a_fail_over(&self) -> Remark {
        let lost = |why: &str| {
            let text = format!(
                "a fail-over may lose the newest commits, also of consents and of the log: {why}; at \
                 the next start a log that lost published entries is refused"
            );
            Remark::new(Weight::Warning, text)
        };
        let names = self.synchronous_standby_names.trim();
        match self.synchronous_commit.as_str() {
            _ if names.is_empty() => lost("no synchronous standby"),
            "on" | "remote_apply" => {
                let text = format!(
                    "a fail-over loses nothing, if it is to a standby that commits waited for \
                     ({names}); of several, to the one that is furthest"
                );
                Remark::new(Weight::Note, text)
            }
            "remote_write" => lost(
                "synchronous_commit=remote_write: a standby has them in memory, and loses them when \
                 its machine crashes too",
            ),
            other => lost(&format!(
                "synchronous_commit={other} does not wait for a standby"
            )),
        }
    }
}

impl Remark {
    fn new(weight: Weight, text: impl Into<String>) -> Self {
        Self {
            weight,
            text: text.into(),
        }
    }
}

impl fmt::Display for Standby {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("one");
        match (&self.state, &self.sync_state) {
            (Some(state), Some(sync)) => write!(f, "{name} ({state}, {sync})"),
            _ => write!(f, "{name} (not shown to this user)"),
        }
    }
}

/// Reads a server's settings as they hold for the connected user.
pub(super) async fn read(pool: &PgPool) -> Result<Durability, StoreError> {
    let row = Row::Postgres(bind(SETTINGS, vec![]).fetch_one(pool).await?);
    let standbys = bind(STANDBYS, vec![]).fetch_all(pool).await?;
    let standbys = standbys.into_iter().map(|row| {
        let row = Row::Postgres(row);
        Ok(Standby {
            name: row.text_or_null(0)?.filter(|name| !name.is_empty()),
            state: row.text_or_null(1)?,
            sync_state: row.text_or_null(2)?,
        })
    });
    Ok(Durability::Server(ServerSettings {
        version: row.text(0)?,
        fsync: row.text(1)? == "on",
        full_page_writes: row.text(2)? == "on",
        synchronous_commit: row.text(3)?,
        synchronous_standby_names: row.text(4)?,
        in_recovery: row.text(5)? == "true",
        standbys: standbys.collect::<Result<_, StoreError>>()?,
    }))
}

const SETTINGS: &str = "SELECT current_setting('server_version'), current_setting('fsync'),
     current_setting('full_page_writes'), current_setting('synchronous_commit'),
     current_setting('synchronous_standby_names'), CAST(pg_is_in_recovery() AS TEXT)";

const STANDBYS: &str = "SELECT application_name, state, sync_state FROM pg_stat_replication
     ORDER BY application_name, pid";

#[cfg(test)]
mod tests {
    use super::*;

    fn safe() -> ServerSettings {
        ServerSettings {
            version: "15.8".to_owned(),
            fsync: true,
            full_page_writes: true,
            synchronous_commit: "on".to_owned(),
            synchronous_standby_names: "ANY 1 (a, b)".to_owned(),
            in_recovery: false,
            standbys: Vec::new(),
        }
    }

    fn heaviest(settings: ServerSettings) -> Remark {
        let remarks = Durability::Server(settings).remarks();
        remarks.into_iter().max_by_key(|one| one.weight).unwrap()
    }

    #[test]
    fn a_server_with_a_synchronous_standby_has_nothing_to_warn_of() {
        assert_eq!(heaviest(safe()).weight, Weight::Note);
    }

    #[test]
    fn what_loses_answered_commits_in_a_crash_is_a_fault() {
        let unsynced = ServerSettings {
            fsync: false,
            ..safe()
        };
        let hasty = ServerSettings {
            synchronous_commit: "off".to_owned(),
            ..safe()
        };
        for (settings, word) in [(unsynced, "fsync=off"), (hasty, "synchronous_commit=off")] {
            let remark = heaviest(settings);
            assert_eq!(remark.weight, Weight::Fault);
            assert!(remark.text.starts_with(word), "{remark:?}");
        }
    }

    #[test]
    fn commits_that_wait_for_no_standby_may_be_lost_in_a_fail_over() {
        let alone = ServerSettings {
            synchronous_standby_names: " ".to_owned(),
            ..safe()
        };
        let remark = heaviest(alone);
        assert_eq!(remark.weight, Weight::Warning);
        assert_eq!(
            remark.text,
            "a fail-over may lose the newest commits, also of consents and of the log: no synchronous \
             standby; at the next start a log that lost published entries is refused"
        );
        for word in ["local", "remote_write"] {
            let early = ServerSettings {
                synchronous_commit: word.to_owned(),
                ..safe()
            };
            let remark = heaviest(early);
            assert_eq!(remark.weight, Weight::Warning);
            assert!(remark.text.contains(word), "{remark:?}");
        }
    }

    #[test]
    fn a_standby_is_no_place_to_write() {
        let standby = ServerSettings {
            in_recovery: true,
            ..safe()
        };
        assert_eq!(heaviest(standby).weight, Weight::Fault);
    }

    #[test]
    fn a_standby_is_named_as_far_as_it_is_seen() {
        let mut settings = safe();
        settings.standbys = vec![
            Standby {
                name: Some("b".to_owned()),
                state: Some("streaming".to_owned()),
                sync_state: Some("quorum".to_owned()),
            },
            Standby {
                name: None,
                state: None,
                sync_state: None,
            },
        ];
        assert_eq!(
            settings.told().text,
            "PostgreSQL 15.8, standbys: b (streaming, quorum), one (not shown to this user)"
        );
    }
}
