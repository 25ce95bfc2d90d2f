//! Identifiers that may be used once: of assertions, subject tokens and proofs of possession.

use jiff::Timestamp;

use super::secret;
use crate::store::{Db, StoreError, Tx};

/// What kind of thing may be used once.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    ClientAssertion,
    DpopProof,
    SubjectToken,
}

impl Kind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ClientAssertion => "client-assertion",
            Self::DpopProof => "dpop-proof",
            Self::SubjectToken => "subject-token",
        }
    }
}

/// Whether this is the first use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Use {
    First,
    Again,
}

/// What is remembered of an identifier: a hash of who issued it and of itself, never of the token's
/// text, for the same token can be written in more than one way.
pub(super) fn key(issuer: &str, identifier: &str) -> String {
    // Length first: ("ab", "c") and ("a", "bc") are different pairs.
    secret::hashed(&format!("{}:{issuer}{identifier}", issuer.len()))
}

/// Records one use in the caller's transaction. A row of the past is there until the sweep, so the
/// answer does not depend on anybody's clock.
pub(super) async fn record(
    tx: &mut Tx,
    kind: Kind,
    key: &str,
    expires_at: Timestamp,
) -> Result<Use, StoreError> {
    let inserted = tx
        .execute(
            "INSERT INTO used_once (kind, identifier, expires_at) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
            vec![kind.as_str().into(), key.into(), expires_at.into()],
        )
        .await?;
    Ok(if inserted == 1 {
        Use::First
    } else {
        Use::Again
    })
}

/// Whether a use was recorded.
pub(super) async fn is_recorded(db: &Db, kind: Kind, key: &str) -> Result<bool, StoreError> {
    let row = db.row(
        "SELECT expires_at FROM used_once WHERE kind = $1 AND identifier = $2",
        vec![kind.as_str().into(), key.into()],
    );
    Ok(row.await?.is_some())
}

/// Forgets identifiers whose tokens have expired for every clock.
pub(super) async fn sweep(db: &Db, now: Timestamp) -> Result<u64, StoreError> {
    db.clear(
        "DELETE FROM used_once WHERE (kind, identifier) IN
             (SELECT kind, identifier FROM used_once WHERE expires_at < $1 LIMIT $2)",
        vec![now.into()],
    )
    .await
}
