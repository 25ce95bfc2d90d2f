//! A log-in on its way to a provider and back: written once, taken once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::error::{LoginError, Unavailable};
use super::login::ReturnTo;
use super::secret;
use super::subjects::Subjects;
use crate::citizen::{BodyId, Language};
use crate::clock::World;
use crate::store::Db;
use crate::store::keyring::RetentionClass;

/// How long a citizen may take at the provider.
const TIME_TO_LIVE: SignedDuration = SignedDuration::from_mins(10);

/// What is remembered while the citizen is away, encrypted.
#[derive(Deserialize, Serialize)]
pub(super) struct Transaction {
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) return_to: ReturnTo,
    pub(super) body: BodyId,
    pub(super) language: Language,
    pub(super) started_at: Timestamp,
}

/// The two secrets that find a transaction again: one travels by the provider, one stays in the
/// browser, and a stranger has at most one of them.
pub(super) struct Keys {
    pub(super) state: Zeroizing<String>,
    pub(super) browser: Zeroizing<String>,
}

impl Transaction {
    pub(super) fn new(
        body: BodyId,
        return_to: ReturnTo,
        language: Language,
        world: &World,
    ) -> Self {
        Self {
            nonce: secret::token(&*world.entropy).to_string(),
            verifier: secret::token(&*world.entropy).to_string(),
            return_to,
            body,
            language,
            started_at: world.now(),
        }
    }

    /// Writes it; both secrets are kept as hashes.
    pub(super) async fn write(
        &self,
        provider: &str,
        db: &Db,
        subjects: &Subjects,
        world: &World,
    ) -> Result<Keys, LoginError> {
        let keys = Keys {
            state: secret::token(&*world.entropy),
            browser: secret::token(&*world.entropy),
        };
        let state = secret::hashed(&keys.state);
        let sealed = subjects
            .seal(None, RetentionClass::Session, &context(&state), self)
            .await?;
        let mut tx = db.begin().await?;
        tx.execute(
            "INSERT INTO login_transaction (state, provider, browser, sealed, expires_at) \
             VALUES ($1, $2, $3, $4, $5)",
            vec![
                state.into(),
                provider.into(),
                secret::hashed(&keys.browser).into(),
                sealed.into(),
                (self.started_at + TIME_TO_LIVE).into(),
            ],
        )
        .await?;
        tx.commit().await?;
        Ok(keys)
    }

    /// Takes it, whatever comes next: of two callbacks with one state, one finds it, and a callback
    /// in the wrong browser or at the wrong provider burns it.
    pub(super) async fn take(
        state: &str,
        provider: &str,
        browser: Option<&str>,
        db: &Db,
        subjects: &Subjects,
        now: Timestamp,
    ) -> Result<Self, LoginError> {
        let state = secret::hashed(state);
        let mut tx = db.begin().await?;
        let row = tx
            .row(
                "DELETE FROM login_transaction WHERE state = $1 \
                 RETURNING provider, browser, sealed, expires_at",
                vec![state.as_str().into()],
            )
            .await?;
        tx.commit().await?;
        let row = row.ok_or(LoginError::UnknownTransaction)?;
        if row.text(0)? != provider {
            return Err(LoginError::UnknownTransaction);
        }
        let bound = browser.map(secret::hashed);
        if !bound.is_some_and(|hash| row.text(1).is_ok_and(|stored| secret::same(&hash, &stored))) {
            return Err(LoginError::OtherBrowser);
        }
        if now >= row.instant(3)? {
            return Err(LoginError::Expired);
        }
        let (context, sealed) = (context(&state), row.bytes(2)?);
        let opened = subjects.open(None, RetentionClass::Session, &context, &sealed);
        Ok(opened.await?.ok_or(Unavailable::Record)?)
    }
}

fn context(state: &str) -> String {
    format!("login_transaction/{state}")
}
