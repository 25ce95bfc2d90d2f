//! Browser sessions: kept in the cache, named in the browser by a random cookie.

use std::fmt;

use aws_lc_rs::hmac;
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use url::Url;

use super::citizen::{Channel, Citizen, Login, Scopes};
use super::config::SessionConfig;
use super::error::Unavailable;
use super::secret;
use super::subjects::Subjects;
use crate::citizen::{BodyId, SubjectId};
use crate::clock::World;
use crate::store::cache::Cache;
use crate::store::keyring::RetentionClass;
use crate::store::{Db, instant, micros};

/// How often the time of the last request is written: often enough for the idle limit.
const TOUCH: SignedDuration = SignedDuration::from_mins(1);

/// The one field of a session's group.
const RECORD: &str = "record";

/// Sessions of our own pages.
#[derive(Clone, Debug)]
pub struct Sessions {
    cache: Cache,
    db: Db,
    subjects: Subjects,
    cookies: Cookies,
    idle: SignedDuration,
    absolute: SignedDuration,
    world: World,
}

/// A live session: who it is, and the token its forms must carry.
#[derive(Clone, Debug)]
pub struct Session {
    citizen: Citizen,
    csrf: CsrfToken,
}

impl Session {
    /// Who is logged in.
    pub fn citizen(&self) -> &Citizen {
        &self.citizen
    }

    /// What every form of this session must send back.
    pub fn csrf(&self) -> &CsrfToken {
        &self.csrf
    }
}

/// What the forms of one session must send back: derived from its cookie, so that only pages we
/// made for that browser know it, and nothing more is stored.
#[derive(Clone)]
pub struct CsrfToken(String);

impl CsrfToken {
    fn of(session: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, session.as_bytes());
        Self(secret::mac(&key, &[b"csrf/v1"]))
    }

    /// For a hidden field of a form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a form sent it back.
    pub fn matches(&self, sent: &str) -> bool {
        secret::same(&self.0, sent)
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(·)")
    }
}

#[derive(Deserialize, Serialize)]
struct Record {
    login: Login,
    body: BodyId,
}

impl Sessions {
    pub(super) fn new(
        cache: Cache,
        db: Db,
        subjects: Subjects,
        public_url: &Url,
        config: SessionConfig,
        world: World,
    ) -> Self {
        Self {
            cache,
            db,
            subjects,
            cookies: Cookies::for_site(public_url),
            // The configuration can only shorten what is safe.
            idle: SignedDuration::from_mins(config.idle_minutes.clamp(1, 15).into()),
            absolute: SignedDuration::from_hours(config.absolute_hours.clamp(1, 8).into()),
            world,
        }
    }

    /// The live session a request belongs to, and notes that it is in use.
    pub async fn find(&self, headers: &HeaderMap) -> Result<Option<Session>, Unavailable> {
        let Some(cookie) = self.cookies.session(headers) else {
            return Ok(None);
        };
        let (key, now) = (secret::hashed(cookie), self.world.now());
        let kept = self.cache.get(&group(&key), RECORD, now).await?;
        let Some(kept) = kept else {
            return Ok(None);
        };
        let kept = Kept::read(&kept).ok_or(Unavailable::Record)?;
        if now >= kept.ends_at {
            self.remove(&key).await?;
            return Ok(None);
        }
        let subject = kept.subject;
        let Some(person) = self.subjects.person(&self.db, subject).await? else {
            return Ok(None);
        };
        let (class, context) = (RetentionClass::Session, context(&key));
        let opened = self
            .subjects
            .open(Some(subject), class, &context, kept.sealed);
        let Some(Record { login, body }) = opened.await? else {
            return Ok(None);
        };
        if now.duration_since(kept.seen_at) >= TOUCH {
            // A slower replica may write an earlier time over a later one: a minute at most.
            self.keep(
                &key,
                &Kept {
                    seen_at: now,
                    ..kept
                },
            )
            .await?;
        }
        Ok(Some(Session {
            csrf: CsrfToken::of(cookie),
            citizen: Citizen {
                subject,
                person,
                login,
                body,
                channel: Channel::Pages,
                scopes: Scopes::of_pages(),
                may_grant: true,
                login_ref: reference(&key),
            },
        }))
    }

    /// Ends the session a request belongs to, if any, and gives the cookie that clears it.
    pub async fn end(&self, headers: &HeaderMap) -> Result<HeaderValue, Unavailable> {
        if let Some(cookie) = self.cookies.session(headers) {
            self.remove(&secret::hashed(cookie)).await?;
        }
        Ok(self.cookies.clear_session())
    }

    /// A new session, sealed and ready to be kept once the log-in is recorded.
    ///
    /// Its id is always fresh: what the browser brought along is ended, never adopted.
    pub(super) async fn prepare(
        &self,
        subject: SubjectId,
        login: Login,
        body: BodyId,
    ) -> Result<Prepared, Unavailable> {
        let cookie = secret::token(&*self.world.entropy);
        let key = secret::hashed(&cookie);
        let record = Record { login, body };
        let sealed = self
            .subjects
            .seal(
                Some(subject),
                RetentionClass::Session,
                &context(&key),
                &record,
            )
            .await?;
        Ok(Prepared {
            login_ref: reference(&key),
            set_cookie: self.cookies.set_session(&cookie),
            key,
            subject,
            sealed,
            login: record.login,
            body: record.body,
        })
    }

    /// Keeps a prepared session and ends the one the browser had.
    pub(super) async fn begin(
        &self,
        prepared: &Prepared,
        headers: &HeaderMap,
    ) -> Result<(), Unavailable> {
        if let Some(former) = self.cookies.session(headers) {
            self.remove(&secret::hashed(former)).await?;
        }
        let now = self.world.now();
        let kept = Kept {
            seen_at: now,
            ends_at: now + self.absolute,
            subject: prepared.subject,
            sealed: &prepared.sealed,
        };
        self.keep(&prepared.key, &kept).await
    }

    pub(super) fn cookies(&self) -> Cookies {
        self.cookies
    }

    /// Keeps a session until its end, or until nobody used it for too long.
    async fn keep(&self, key: &str, kept: &Kept<'_>) -> Result<(), Unavailable> {
        let until = kept.ends_at.min(kept.seen_at + self.idle);
        let (group, bytes) = (group(key), kept.write());
        Ok(self
            .cache
            .put(&group, RECORD, &bytes, until, kept.seen_at)
            .await?)
    }

    async fn remove(&self, key: &str) -> Result<(), Unavailable> {
        Ok(self.cache.drop_group(&group(key)).await?)
    }
}

/// A session as the cache keeps it: whose key opens it, and the rest sealed under that key.
struct Kept<'a> {
    seen_at: Timestamp,
    ends_at: Timestamp,
    subject: SubjectId,
    sealed: &'a [u8],
}

impl<'a> Kept<'a> {
    /// Two instants in microseconds, the subject's 16 bytes, the sealed record.
    fn write(&self) -> Vec<u8> {
        let instants = [self.seen_at, self.ends_at].map(|instant| micros(instant).to_be_bytes());
        [
            &instants.concat(),
            &self.subject.as_bytes()[..],
            self.sealed,
        ]
        .concat()
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (seen_at, rest) = bytes.split_first_chunk::<8>()?;
        let (ends_at, rest) = rest.split_first_chunk::<8>()?;
        let (subject, sealed) = rest.split_first_chunk::<16>()?;
        Some(Self {
            seen_at: instant(i64::from_be_bytes(*seen_at))?,
            ends_at: instant(i64::from_be_bytes(*ends_at))?,
            subject: SubjectId::from_bytes(*subject),
            sealed,
        })
    }
}

/// A session not yet kept.
pub(super) struct Prepared {
    pub(super) set_cookie: HeaderValue,
    pub(super) login_ref: String,
    pub(super) login: Login,
    pub(super) body: BodyId,
    key: String,
    subject: SubjectId,
    sealed: Vec<u8>,
}

/// Ties a sealed session to its place.
fn context(key: &str) -> String {
    group(key)
}

/// Where a session is kept: under the hash of its cookie, which does not give the cookie away.
fn group(key: &str) -> String {
    format!("session/{key}")
}

/// Names a log-in in records. A hash of the stored hash: who reads records learns nothing that
/// finds the row, let alone the cookie.
fn reference(key: &str) -> String {
    secret::hashed(&format!("login/{key}"))
}

/// Names and attributes of our cookies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cookies {
    secure: bool,
}

impl Cookies {
    /// `__Host-` cookies need TLS; plain names are for a developer's own machine, where the
    /// configuration allows `http`.
    fn for_site(public_url: &Url) -> Self {
        Self {
            secure: public_url.scheme() == "https",
        }
    }

    fn session(self, headers: &HeaderMap) -> Option<&str> {
        only(
            headers,
            if self.secure {
                "__Host-session"
            } else {
                "session"
            },
        )
    }

    /// The cookie that binds a log-in to the browser that started it.
    pub(super) fn login(self, headers: &HeaderMap) -> Option<&str> {
        only(headers, if self.secure { "__Host-login" } else { "login" })
    }

    fn set_session(self, value: &str) -> HeaderValue {
        self.set("session", value, "")
    }

    fn clear_session(self) -> HeaderValue {
        self.set("session", "", "; Max-Age=0")
    }

    pub(super) fn set_login(self, value: &str) -> HeaderValue {
        self.set("login", value, "; Max-Age=600")
    }

    pub(super) fn clear_login(self) -> HeaderValue {
        self.set("login", "", "; Max-Age=0")
    }

    /// `Lax`, because the provider's redirect comes from another site and must bring it along.
    fn set(self, name: &str, value: &str, life: &str) -> HeaderValue {
        let (prefix, secure) = if self.secure {
            ("__Host-", "; Secure")
        } else {
            ("", "")
        };
        let text = format!("{prefix}{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{life}");
        let mut header = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }
}

/// The value of a cookie that is there once. Twice means somebody planted one: neither counts.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(found, _)| *found == name)
        .map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) if (1..=128).contains(&value.len()) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cookies(site: &str) -> Cookies {
        Cookies::for_site(&site.parse().unwrap())
    }

    fn sent(lines: &[&'static str]) -> HeaderMap {
        let line = |text: &&'static str| (header::COOKIE, HeaderValue::from_static(text));
        lines.iter().map(line).collect()
    }

    #[test]
    fn over_tls_a_cookie_is_bound_to_this_host_and_hidden_from_scripts() {
        assert_eq!(
            cookies("https://gateway.example").set_session("x"),
            "__Host-session=x; Path=/; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookies("http://127.0.0.1:8080").set_login("x"),
            "login=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=600"
        );
    }

    #[test]
    fn a_cookie_value_stays_out_of_debug_output() {
        let set = cookies("https://gateway.example").set_session("hidden");
        assert!(!format!("{set:?}").contains("hidden"));
    }

    #[test]
    fn over_tls_a_cookie_without_its_prefix_is_not_ours() {
        let cookies = cookies("https://gateway.example");
        assert_eq!(cookies.session(&sent(&["session=planted"])), None);
        assert_eq!(
            cookies.session(&sent(&["a=b; __Host-session=own; c=d"])),
            Some("own")
        );
    }

    #[test]
    fn a_cookie_sent_twice_in_one_line_or_two_is_not_believed() {
        let cookies = cookies("http://127.0.0.1");
        assert_eq!(cookies.session(&sent(&["session=a; session=b"])), None);
        assert_eq!(cookies.session(&sent(&["session=a", "session=b"])), None);
    }
}
