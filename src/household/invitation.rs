//! Links that let one person join, once. Whoever is given one may use it: it names nobody.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
use jiff::{SignedDuration, Timestamp};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::citizen::PurposeId;
use crate::clock::Entropy;
use crate::identity::Citizen;
use crate::store::StoreError;

use super::{Act, HouseholdError, Households, store};

/// How long an invitation is open.
const OPEN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many may be open for one household.
const MOST: i64 = 10;

/// What opens a household to one person: 256 random bits, base64url.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Token(String);

/// A text that is no token.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not an invitation")]
pub struct InvalidToken;

/// An invitation, as it is handed over.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Kept nowhere but in the link.
    pub token: Token,
    /// Until just before this instant it can be used.
    pub expires_at: Timestamp,
}

impl Token {
    fn random(entropy: &dyn Entropy) -> Self {
        Self(BASE64_URL_SAFE_NO_PAD.encode(entropy.bytes::<32>()))
    }

    /// The text, for the link.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub(super) fn digest(&self) -> String {
        hex::encode(digest(&SHA256, self.0.as_bytes()))
    }
}

impl FromStr for Token {
    type Err = InvalidToken;

    fn from_str(text: &str) -> Result<Self, InvalidToken> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if text.len() == 43 && text.bytes().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidToken)
        }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(·)")
    }
}

impl Households {
    /// Opens the household the person is in to one more.
    ///
    /// Every member may. Two who invite at the same instant may each be the tenth: no harm is in that.
    pub async fn invite(
        &self,
        citizen: &Citizen,
        purpose: &PurposeId,
    ) -> Result<Invitation, HouseholdError> {
        Self::may_bind(citizen, self.purpose(purpose)?)?;
        let now = self.world.now();
        let expires_at = now
            .checked_add(OPEN)
            .map_err(|_| HouseholdError::Unwritable)?;
        let token = Token::random(&*self.world.entropy);
        let mut tx = self.db.begin().await?;
        self.hold_unblocked(&mut tx, citizen, purpose).await?;
        let seat = store::seat(&mut tx, citizen.subject(), citizen.body(), purpose).await?;
        let seat = seat.ok_or(HouseholdError::NotInHousehold)?;
        if store::open_invitations(&mut tx, seat.household, now).await? >= MOST {
            return Err(HouseholdError::TooManyInvitations);
        }
        store::insert_invitation(&mut tx, &token.digest(), seat.household, expires_at).await?;
        self.stage(&mut tx, citizen, purpose, Act::Invited(seat))
            .await?;
        tx.commit().await?;
        Ok(Invitation { token, expires_at })
    }

    /// Forgets invitations that are over. Gives how many.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        store::forget_invitations(&self.db, self.world.now()).await
    }
}
