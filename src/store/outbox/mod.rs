//! The outbox: what recipients must learn, put down in the transaction of what happened.
//!
//! Whoever records something about a person [stages](Outbox::stage) the news beside it: both commit
//! or neither does. Nothing is sent here, and nobody waits for sending; [`crate::events`] delivers.
//! Without receivers nothing is written.

mod handed;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{StoreError, Tx};
use crate::citizen::{BodyId, ItemId, ProductCode, PurposeId, SubjectId};
use crate::clock::Entropy;

pub use handed::{Handed, HandedItem, ValuesKey};

/// What happened to items of consent, as recipients are told.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    /// A grant came to its end.
    Expired,
    /// A grant will soon come to its end.
    Expiring,
    /// Data may be asked for and used.
    Granted,
    /// A newer notice does more with the data than the one the grant was given under: it no longer
    /// counts.
    Invalidated,
    /// Of what a recipient was handed, another was handed something newer that differs.
    ProfileChanged,
    /// Consent was taken back, or the notice answered anew with a no.
    Revoked,
}

impl EventKind {
    /// Every kind there is.
    pub const ALL: [Self; 6] = [
        Self::Expired,
        Self::Expiring,
        Self::Granted,
        Self::Invalidated,
        Self::ProfileChanged,
        Self::Revoked,
    ];

    /// The word of the table and the configuration.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::Expiring => "expiring",
            Self::Granted => "granted",
            Self::Invalidated => "invalidated",
            Self::ProfileChanged => "profile-changed",
            Self::Revoked => "revoked",
        }
    }
}

/// A word that is no [`EventKind`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a kind of event")]
pub struct UnknownEvent;

impl std::str::FromStr for EventKind {
    type Err = UnknownEvent;

    fn from_str(word: &str) -> Result<Self, UnknownEvent> {
        let mut kinds = Self::ALL.into_iter();
        kinds.find(|kind| kind.as_str() == word).ok_or(UnknownEvent)
    }
}

/// Who is told what.
#[derive(Clone, Debug)]
pub struct Route {
    /// The receiver's name in configuration.
    pub receiver: String,
    /// Whom it stands for: a registered client, or a recipient that purposes name.
    pub recipient: String,
    /// People of this body.
    pub body: BodyId,
    /// For these purposes; `None`: for all of the body's.
    pub purposes: Option<BTreeSet<PurposeId>>,
    /// Of these kinds.
    pub kinds: BTreeSet<EventKind>,
}

/// One item of consent in an event.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewsItem {
    /// Its id.
    pub item: ItemId,
    /// The service and modality.
    pub product: ProductCode,
}

/// Something that happened to a person's items, for whoever must learn of it.
#[derive(Clone, Debug)]
pub struct News {
    /// Whose items.
    pub subject: SubjectId,
    /// In whose name they are asked.
    pub body: BodyId,
    /// What for.
    pub purpose: PurposeId,
    /// What happened.
    pub kind: EventKind,
    /// To which items.
    pub items: Vec<NewsItem>,
    /// The person's epoch.
    pub epoch: i64,
    /// The receipt it is about; of a profile that changed, the release that showed it.
    pub cause: String,
    /// From when it holds.
    pub effective_at: Timestamp,
    /// When it was recorded.
    pub at: Timestamp,
}

/// Which clients were handed data of an item.
pub type Holders = BTreeMap<ItemId, BTreeSet<String>>;

/// How the gateway's own pages are recorded as recipient: what they show leaves for nobody but the
/// person.
pub const OWN_PAGES: &str = "pages";

/// Knows who must learn of what, and puts it down.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    routes: Arc<[Route]>,
    values: Option<Arc<ValuesKey>>,
}

impl Outbox {
    /// An outbox for these receivers.
    pub fn new(routes: Vec<Route>) -> Self {
        Self {
            routes: routes.into(),
            values: None,
        }
    }

    /// The same, which can tell under this key whether a profile changed.
    #[must_use]
    pub fn comparing(mut self, key: ValuesKey) -> Self {
        self.values = Some(Arc::new(key));
        self
    }

    /// Whether nobody is told anything.
    pub fn is_empty(&self) -> bool {
        self.routes.is_empty()
    }

    /// Whether there still is a receiver of that name.
    pub fn knows(&self, receiver: &str) -> bool {
        self.routes.iter().any(|route| route.receiver == receiver)
    }

    /// Whether somebody is told of events of this kind.
    pub fn wants(&self, kind: EventKind) -> bool {
        self.routes.iter().any(|route| route.kinds.contains(&kind))
    }

    /// Puts the news down for every receiver that must learn of it, and says for how many.
    ///
    /// The caller has locked the person's head row: the numbers follow the order of commits.
    pub async fn stage(
        &self,
        tx: &mut Tx,
        entropy: &dyn Entropy,
        news: &News,
    ) -> Result<usize, StoreError> {
        if news.items.is_empty() {
            return Ok(0);
        }
        let mut staged = 0;
        for route in self.routes.iter().filter(|route| route.leads(news)) {
            route.put(tx, entropy, news).await?;
            staged += 1;
        }
        Ok(staged)
    }

    /// As [`Outbox::stage`], only for those who hold data, and to each only what is about data it
    /// holds. What a client was handed it was handed for those whom the purpose names, too.
    pub async fn stage_to_holders(
        &self,
        tx: &mut Tx,
        entropy: &dyn Entropy,
        news: &News,
        holders: &Holders,
    ) -> Result<usize, StoreError> {
        let mut staged = 0;
        for route in self.routes.iter().filter(|route| route.leads(news)) {
            let mut theirs = news.clone();
            let held = |one: &NewsItem| holders.get(&one.item).is_some_and(|it| route.is_among(it));
            theirs.items.retain(held);
            if !theirs.items.is_empty() {
                route.put(tx, entropy, &theirs).await?;
                staged += 1;
            }
        }
        Ok(staged)
    }
}

impl Route {
    fn leads(&self, news: &News) -> bool {
        self.body == news.body
            && self.kinds.contains(&news.kind)
            && (self.purposes.as_ref()).is_none_or(|purposes| purposes.contains(&news.purpose))
    }

    /// Whether it stands for one of these clients, or for somebody behind one of them.
    fn is_among(&self, clients: &BTreeSet<String>) -> bool {
        clients.contains(&self.recipient) || self.purposes.is_some() && !clients.is_empty()
    }

    async fn put(&self, tx: &mut Tx, entropy: &dyn Entropy, news: &News) -> Result<(), StoreError> {
        let number = next_number(tx, &self.receiver, news.subject).await?;
        let event = entropy.uuid().to_string();
        insert(tx, &event, self, number, news).await
    }
}

async fn next_number(tx: &mut Tx, receiver: &str, subject: SubjectId) -> Result<i64, StoreError> {
    let row = tx
        .row(
            "SELECT COALESCE(MAX(number), 0) FROM event_outbox WHERE receiver = $1 AND subject = $2",
            vec![receiver.into(), subject.to_string().into()],
        )
        .await?;
    Ok(row.map_or(Ok(0), |row| row.int(0))? + 1)
}

async fn insert(
    tx: &mut Tx,
    event: &str,
    route: &Route,
    number: i64,
    news: &News,
) -> Result<(), StoreError> {
    let items =
        serde_json::to_string(&news.items).map_err(|_| StoreError::Corrupt { column: 8 })?;
    tx.execute(
        "INSERT INTO event_outbox (event, receiver, recipient, subject, number, kind, body, purpose,
             items, epoch, cause, effective_at, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        vec![
            event.into(),
            route.receiver.as_str().into(),
            route.recipient.as_str().into(),
            news.subject.to_string().into(),
            number.into(),
            news.kind.as_str().into(),
            news.body.as_str().into(),
            news.purpose.as_str().into(),
            items.into(),
            news.epoch.into(),
            news.cause.as_str().into(),
            news.effective_at.into(),
            news.at.into(),
        ],
    )
    .await?;
    tx.execute(
        "INSERT INTO event_delivery (event, receiver, subject, number, state, attempts, next_at)
         VALUES ($1, $2, $3, $4, 'pending', 0, $5)",
        vec![
            event.into(),
            route.receiver.as_str().into(),
            news.subject.to_string().into(),
            number.into(),
            news.at.into(),
        ],
    )
    .await?;
    Ok(())
}
