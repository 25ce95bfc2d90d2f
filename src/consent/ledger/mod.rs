//! Who was shown what, and what they decided: rows that are added and never changed.

pub(super) mod block;
mod decide;
mod notice;
mod read;
mod receipts;
mod record;
pub(super) mod store;
mod tell;
mod withdraw;

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::audit::{Kind, Log};
use crate::citizen::{
    BodyId, ItemId, Language, LevelOfAssurance, ProductCode, PurposeId, ReceiptId, ServedId,
    SourceId, SubjectId,
};
use crate::clock::World;
use crate::identity::{Channel, Citizen};
use crate::store::keyring::Keyring;
use crate::store::outbox::Outbox;
use crate::store::{Db, StoreError, Tx};

use super::error::ConsentError;
use super::grant_terms::GrantTerms;
use super::item::State;
use super::notice::Notice;
use super::receipt::{Receipt, ReceiptSigner};
use super::terms::Terms;

pub use block::{BlockEnd, Blocked, Blocking};
pub use decide::Decisions;

/// The record of what people were shown and decided.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) db: Db,
    log: Arc<Log>,
    keyring: Arc<Keyring>,
    pub(super) terms: Arc<Terms>,
    signer: Arc<ReceiptSigner>,
    outbox: Outbox,
    pub(super) world: World,
}

/// The person who decides, with how they were recognised.
///
/// Made from a [`Citizen`], which only a log-in or a client's assertion makes.
#[derive(Clone)]
pub struct Consenter {
    pub(in crate::consent) subject: SubjectId,
    pub(in crate::consent) body: BodyName,
    pub(in crate::consent) level: LevelOfAssurance,
    pub(in crate::consent) method: String,
    pub(in crate::consent) provider: String,
    pub(in crate::consent) authenticated_at: Timestamp,
    pub(in crate::consent) channel: Channel,
    /// Whether this channel may say yes in the person's name.
    pub(in crate::consent) may_grant: bool,
    /// Points to the log-in or assertion, kept as evidence.
    pub(in crate::consent) login: String,
}

impl Consenter {
    /// The citizen, deciding about the body they deal with; `body` is its name on letters.
    pub fn new(citizen: &Citizen, body: String) -> Self {
        Self {
            subject: citizen.subject(),
            body: BodyName {
                id: citizen.body().clone(),
                name: body,
            },
            level: citizen.level(),
            method: citizen.method().to_owned(),
            provider: citizen.provider().to_owned(),
            authenticated_at: citizen.authenticated_at(),
            channel: citizen.channel().clone(),
            may_grant: citizen.may_grant(),
            login: citizen.login_ref().to_owned(),
        }
    }

    /// The random id everything about them is kept under.
    pub fn subject(&self) -> SubjectId {
        self.subject
    }

    /// The client's name, or `pages`.
    fn channel(&self) -> &str {
        match &self.channel {
            Channel::Client(client) => client.as_str(),
            Channel::Pages => "pages",
        }
    }
}

impl std::fmt::Debug for Consenter {
    // How and when somebody logged in is theirs.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consenter")
            .field("subject", &self.subject)
            .field("body", &self.body.id)
            .finish_non_exhaustive()
    }
}

/// A public body as people know it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct BodyName {
    /// Its short name in configuration.
    pub id: BodyId,
    /// Its name on letters.
    pub name: String,
}

/// A notice on its way to a person, recorded.
#[derive(Clone, Debug)]
pub struct Served {
    /// What a decision refers to.
    pub served: ServedId,
    /// What to show.
    pub notice: Notice,
}

/// What was recorded, and how the items stand now.
#[derive(Clone, Debug)]
pub struct Decided {
    /// The person's copy.
    pub receipt: Receipt,
    /// Every item of the body and purpose.
    pub items: Vec<ItemState>,
}

/// How one item stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ItemState {
    /// Its id; the same before and after it is decided.
    pub item: ItemId,
    /// The service and modality.
    pub product: ProductCode,
    /// Who issues the data.
    pub source: SourceId,
    /// The state at the moment of asking.
    pub state: State,
    /// Number of the newest decision among the person's: never the same for another decision.
    pub seq: Option<i64>,
    /// Receipt of the newest decision.
    pub receipt: Option<ReceiptId>,
    /// When the newest decision was made.
    pub at: Option<Timestamp>,
    /// Version of the notice it was made under.
    pub version: Option<u32>,
    /// Whether the body still asks for it.
    pub offered: bool,
    /// The terms it stands under, or would: those agreed to where the register is not stricter.
    pub terms: GrantTerms,
}

impl Ledger {
    /// A ledger in `db`, its entries in `log`, its evidence sealed by `keyring`.
    pub fn new(
        db: Db,
        log: Arc<Log>,
        keyring: Arc<Keyring>,
        terms: Arc<Terms>,
        signer: Arc<ReceiptSigner>,
        world: World,
    ) -> Self {
        Self {
            db,
            log,
            keyring,
            terms,
            signer,
            outbox: Outbox::default(),
            world,
        }
    }

    /// Records that the current notice is shown to `who`, and gives it.
    ///
    /// Apart from the answer: it proves what was on the screen, and an answer to a notice never
    /// shown is told. A draft can be shown; [`Ledger::decide`] refuses it.
    pub async fn serve(
        &self,
        who: &Consenter,
        purpose: &PurposeId,
        language: Language,
    ) -> Result<Served, ConsentError> {
        let now = self.world.now();
        let served = ServedId::random(&*self.world.entropy);
        let mut tx = self.db.begin().await?;
        let notice = self
            .notice_in_force(&mut tx, purpose, language, now)
            .await?;
        let seen = store::last_seq(&mut tx, who.subject).await?;
        let payload = fields(json!({
            "served": served,
            "purpose": purpose,
            "body": who.body,
            "channel": who.channel(),
            "notice": {
                "id": notice.id, "version": notice.version,
                "language": notice.language, "digest": notice.digest,
            },
        }));
        let entry = self
            .log
            .stage(&mut tx, Kind::NoticeServed, Some(who.subject), payload)
            .await?
            .entry;
        store::keep_text(&mut tx, notice, now).await?;
        store::insert_served(
            &mut tx,
            who,
            purpose,
            notice,
            store::Showing {
                served,
                seen,
                at: now,
                entry,
            },
        )
        .await?;
        tx.commit().await?;
        Ok(Served {
            served,
            notice: notice.clone(),
        })
    }

    /// Locks the person's head row: until `tx` ends nothing is decided, asked or released about them.
    pub async fn hold(&self, tx: &mut Tx, subject: SubjectId) -> Result<(), StoreError> {
        store::lock(tx, subject).await
    }
}

#[cfg(test)]
impl Ledger {
    /// What publishing a version that touches every item leaves behind, without the version: from
    /// `effective_at` on, consent given under an older one no longer counts (CON-13).
    pub(super) async fn require_version(
        &self,
        notice: &str,
        version: u32,
        effective_at: Timestamp,
    ) -> Result<(), ConsentError> {
        let mut tx = self.db.begin().await?;
        let now = self.world.now();
        let insert = super::publication::store::insert_minimum;
        insert(&mut tx, notice, version, effective_at, now).await?;
        Ok(tx.commit().await?)
    }

    /// The same rows under other terms, as after a new deployment.
    pub(super) fn under(&self, terms: Arc<Terms>) -> Self {
        Self {
            terms,
            ..self.clone()
        }
    }
}

/// The members of a JSON object.
pub(super) fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
