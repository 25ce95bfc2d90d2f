//! Logging in: out to a provider, back, and into a session.

use std::str::FromStr;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue};
use serde::{Deserialize, Serialize};
use url::Url;

use super::citizen::{Channel, Citizen, Login, Scopes};
use super::error::{LoginError, Unavailable};
use super::providers::{Callback, Outgoing, Provider};
use super::rates::Rates;
use super::session::Sessions;
use super::subjects::Subjects;
use super::transaction::Transaction;
use crate::citizen::{BodyId, Language};
use crate::clock::World;
use crate::store::Db;

/// Log-ins of our own pages.
#[derive(Clone, Debug)]
pub struct Logins {
    pub(super) db: Db,
    pub(super) subjects: Subjects,
    pub(super) sessions: Sessions,
    pub(super) providers: Arc<[Provider]>,
    pub(super) rates: Rates,
    pub(super) world: World,
}

/// A provider as a button.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// Its short name, for `POST /login/{provider}`.
    pub provider: String,
    /// The button's words.
    pub label: String,
}

/// A log-in under way: where to send the browser, and the cookie that binds it.
#[derive(Debug)]
pub struct Begun {
    /// The provider's address. It carries the state: answer with `303` and `no-store`.
    pub redirect: Url,
    /// A `Set-Cookie` value.
    pub cookie: HeaderValue,
}

/// A completed log-in.
#[derive(Debug)]
pub struct LoggedIn {
    /// `Set-Cookie` values: the session's, and the end of the log-in's.
    pub cookies: [HeaderValue; 2],
    /// Who it is.
    pub citizen: Citizen,
    /// Where they were going.
    pub return_to: ReturnTo,
    /// The language they started in.
    pub language: Language,
}

impl Logins {
    /// The buttons, in the order of configuration.
    pub fn offers(&self, language: Language) -> Vec<Offer> {
        self.providers
            .iter()
            .map(|provider| provider.offer(language))
            .collect()
    }

    /// Starts a log-in.
    pub async fn begin(
        &self,
        provider: &str,
        body: BodyId,
        return_to: ReturnTo,
        language: Language,
    ) -> Result<Begun, LoginError> {
        let provider = self.provider(provider)?;
        let counted = self.rates.login(self.world.now()).await;
        counted.map_err(LoginError::TooMany)?;
        let transaction = Transaction::new(body, return_to, language, &self.world);
        let keys = transaction
            .write(provider.id(), &self.db, &self.subjects, &self.world)
            .await?;
        let redirect = provider
            .redirect(
                &Outgoing {
                    state: &keys.state,
                    nonce: &transaction.nonce,
                    verifier: &transaction.verifier,
                    language,
                },
                &self.world,
            )
            .await?;
        Ok(Begun {
            redirect,
            cookie: self.sessions.cookies().set_login(&keys.browser),
        })
    }

    /// Completes a log-in from the callback's raw query string and headers.
    ///
    /// Only `GET`. The transaction is gone after this, whatever the result: to try again is to
    /// start again. [`Logins::forget`] gives the cookie to clear on an error.
    pub async fn complete(
        &self,
        provider: &str,
        query: &str,
        headers: &HeaderMap,
    ) -> Result<LoggedIn, LoginError> {
        let provider = self.provider(provider)?;
        let callback = Callback::parse(query)?;
        let cookies = self.sessions.cookies();
        let transaction = Transaction::take(
            callback.state(),
            provider.id(),
            cookies.login(headers),
            &self.db,
            &self.subjects,
            self.world.now(),
        )
        .await?;
        let asserted = provider
            .complete(&callback, &transaction, &self.world)
            .await?;
        let needed = provider.minimum_level();
        if asserted.level < needed {
            return Err(LoginError::LevelTooLow {
                reached: asserted.level,
                needed,
            });
        }
        let login = Login {
            level: asserted.level,
            method: asserted.method,
            provider: provider.id().to_owned(),
            authenticated_at: asserted.authenticated_at,
        };
        let enrolled = self.subjects.enrol(&self.db, &asserted.person).await?;
        let subject = enrolled.subject;
        let session = self
            .sessions
            .prepare(subject, login, transaction.body)
            .await?;
        let mut tx = self.db.begin().await?;
        Subjects::write(&mut tx, enrolled, self.world.now()).await?;
        tx.commit().await?;
        // Stopped here: the person is known and not logged in; they log in again.
        self.sessions.begin(&session, headers).await?;
        Ok(LoggedIn {
            cookies: [session.set_cookie, cookies.clear_login()],
            citizen: Citizen {
                subject,
                person: asserted.person,
                login: session.login,
                body: session.body,
                channel: Channel::Pages,
                scopes: Scopes::of_pages(),
                may_grant: true,
                login_ref: session.login_ref,
            },
            return_to: transaction.return_to,
            language: transaction.language,
        })
    }

    /// The `Set-Cookie` value that clears the log-in's cookie.
    pub fn forget(&self) -> HeaderValue {
        self.sessions.cookies().clear_login()
    }

    /// Forgets log-ins nobody came back from. Gives how many.
    pub async fn sweep(&self) -> Result<u64, Unavailable> {
        let gone = self.db.clear(
            "DELETE FROM login_transaction WHERE state IN
                 (SELECT state FROM login_transaction WHERE expires_at <= $1 LIMIT $2)",
            vec![self.world.now().into()],
        );
        Ok(gone.await?)
    }

    fn provider(&self, id: &str) -> Result<&Provider, LoginError> {
        self.providers
            .iter()
            .find(|provider| provider.id() == id)
            .ok_or(LoginError::UnknownProvider)
    }
}

/// Where to go after logging in: a path of our own pages, never another site.
///
/// The alphabet is small on purpose. Browsers read `//host`, `/\host`, `%2f` and control
/// characters in more ways than a list of bad cases can follow.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct ReturnTo(String);

/// A return path that is not plainly one of ours.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a path of these pages")]
pub struct UnsafeReturn;

impl ReturnTo {
    /// The path, with its query if any.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ReturnTo {
    /// The entry page.
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl FromStr for ReturnTo {
    type Err = UnsafeReturn;

    fn from_str(text: &str) -> Result<Self, UnsafeReturn> {
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/-_.?=&".contains(&byte));
        let ours = text.starts_with('/') && !text.contains("//") && !text.contains("..");
        if plain && ours && text.len() <= 256 {
            Ok(Self(text.to_owned()))
        } else {
            Err(UnsafeReturn)
        }
    }
}

impl TryFrom<String> for ReturnTo {
    type Error = UnsafeReturn;

    fn try_from(text: String) -> Result<Self, UnsafeReturn> {
        text.parse()
    }
}

impl From<ReturnTo> for String {
    fn from(path: ReturnTo) -> Self {
        path.0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn attack_24_a_return_path_to_another_site_is_refused() {
        for text in [
            "//evil.example",
            "/\\evil.example",
            "\\evil",
            "https://evil.example",
            "/%2f%2fevil",
            "/%5cevil",
            "/a\r\nSet-Cookie: x=y",
            "",
            "evil",
            "/a/../..//evil",
            "/a b",
            "/#x",
            "/\u{2215}evil",
            "/@evil",
        ] {
            assert_eq!(text.parse::<ReturnTo>(), Err(UnsafeReturn), "{text:?}");
        }
    }

    #[test]
    fn paths_of_our_pages_are_kept_as_they_are() {
        for text in [
            "/",
            "/notice?lang=ca",
            "/profile/7f0c6b1e-0000-4000-8000-000000000000",
        ] {
            assert_eq!(text.parse::<ReturnTo>().unwrap().as_str(), text);
        }
    }

    proptest! {
        #[test]
        fn attack_24_whatever_is_accepted_stays_on_this_site(text in r"[/\\a.:@%?#\t]{0,12}") {
            if let Ok(path) = text.parse::<ReturnTo>() {
                let site = Url::parse("https://gateway.example").unwrap();
                prop_assert_eq!(site.join(path.as_str()).unwrap().origin(), site.origin());
            }
        }
    }
}
