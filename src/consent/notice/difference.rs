//! What changes between two versions, and which consents it ends.
//!
//! Pure and total: any two declarations have a difference. The law's rule is that consent covers what
//! people were told (GDPR 4(11), 6(1)(a)): what does more with the data they agreed to needs a new
//! answer, and nothing else does.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::citizen::{ProductCode, PurposeId, SourceId};

use super::declares::{DeclaredProduct, Declares};
use super::period;

/// Everything that changes, in the order in which it is told.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Difference(Vec<Change>);

/// One thing that changes.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Change {
    /// The lawful basis is another.
    Basis {
        /// Until now.
        from: String,
        /// From now on.
        to: String,
    },
    /// A product yields a kind of data that it did not.
    CategoryAdded(ProductCode, String),
    /// A product no longer yields a kind of data.
    CategoryRemoved(ProductCode, String),
    /// Somebody else answers for the processing.
    Controller {
        /// Until now.
        from: String,
        /// From now on.
        to: String,
    },
    /// A product may be asked that might not. Nobody agreed to it yet.
    ProductAdded(ProductCode),
    /// A product is not asked any more.
    ProductRemoved(ProductCode),
    /// A product is asked again that an older version named. Some may have agreed to it then, in
    /// other words.
    ProductReturned(ProductCode),
    /// The data serve something else, too.
    PurposeAdded(PurposeId),
    /// The data no longer serve something.
    PurposeRemoved(PurposeId),
    /// Somebody else receives the data, too.
    RecipientAdded(String),
    /// Somebody no longer receives the data.
    RecipientRemoved(String),
    /// Things are kept for another time.
    Retention {
        /// Of what.
        of: Kept,
        /// Until now, ISO 8601.
        from: String,
        /// From now on.
        to: String,
        /// Longer or not; none if it depends on the calendar.
        order: Option<Ordering>,
    },
    /// Another organisation is asked for the same product.
    Source {
        /// The product.
        product: ProductCode,
        /// Until now.
        from: SourceId,
        /// From now on.
        to: SourceId,
    },
}

/// What a period is about.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// The answers of the sources.
    Answers,
    /// Consent evidence and the record of exchanges.
    Evidence,
}

/// Whether more is done with people's data, or less.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Less.
    Narrowing,
    /// The same, said otherwise.
    Neutral,
    /// More, or what a person has to judge.
    Widening,
}

/// Which items need a new answer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Touched {
    /// Every item of the notice.
    All,
    /// Those of these products; of none, if there are none.
    Products(BTreeSet<ProductCode>),
}

impl Difference {
    /// What `newer` changes of `older`.
    pub fn between(older: &Declares, newer: &Declares) -> Self {
        let mut changes = Vec::new();
        let texts = |from: &String, to: &String| (from.clone(), to.clone());
        if older.controller != newer.controller {
            let (from, to) = texts(&older.controller, &newer.controller);
            changes.push(Change::Controller { from, to });
        }
        if older.lawful_basis != newer.lawful_basis {
            let (from, to) = texts(&older.lawful_basis, &newer.lawful_basis);
            changes.push(Change::Basis { from, to });
        }
        let purposes = (&older.purposes, &newer.purposes);
        changes.extend(added(purposes).map(Change::PurposeAdded));
        changes.extend(removed(purposes).map(Change::PurposeRemoved));
        let recipients = (&older.recipients, &newer.recipients);
        changes.extend(added(recipients).map(Change::RecipientAdded));
        changes.extend(removed(recipients).map(Change::RecipientRemoved));
        let (was, is) = (&older.retention, &newer.retention);
        changes.extend(retention(Kept::Answers, &was.answers, &is.answers));
        changes.extend(retention(Kept::Evidence, &was.evidence, &is.evidence));
        for (product, told) in &newer.products {
            match older.products.get(product) {
                None => changes.push(Change::ProductAdded(product.clone())),
                Some(before) => changes.extend(of_product(product, before, told)),
            }
        }
        let gone = older.products.keys();
        let gone = gone.filter(|product| !newer.products.contains_key(*product));
        changes.extend(gone.cloned().map(Change::ProductRemoved));
        Self(changes)
    }

    /// The same, when versions before the older one are known, too.
    #[must_use]
    pub fn knowing<'a>(mut self, earlier: impl IntoIterator<Item = &'a Declares>) -> Self {
        for declares in earlier {
            for change in &mut self.0 {
                if let Change::ProductAdded(product) = change
                    && declares.products.contains_key(product)
                {
                    *change = Change::ProductReturned(product.clone());
                }
            }
        }
        self
    }

    /// One after the other.
    pub fn changes(&self) -> &[Change] {
        &self.0
    }

    /// Whether the version does more with people's data: a material change (CON-12).
    pub fn widens(&self) -> bool {
        self.0
            .iter()
            .any(|change| change.direction() == Direction::Widening)
    }

    /// The items that need a new answer.
    pub fn touched(&self) -> Touched {
        self.0
            .iter()
            .map(Change::touched)
            .fold(Touched::nothing(), Touched::and)
    }
}

impl Change {
    /// Whether more is done, or less.
    pub const fn direction(&self) -> Direction {
        match self {
            Self::Basis { .. }
            | Self::CategoryAdded(..)
            | Self::Controller { .. }
            | Self::ProductAdded(_)
            | Self::ProductReturned(_)
            | Self::PurposeAdded(_)
            | Self::RecipientAdded(_)
            | Self::Source { .. } => Direction::Widening,
            Self::CategoryRemoved(..)
            | Self::ProductRemoved(_)
            | Self::PurposeRemoved(_)
            | Self::RecipientRemoved(_) => Direction::Narrowing,
            Self::Retention { order, .. } => match order {
                Some(Ordering::Less) => Direction::Narrowing,
                Some(Ordering::Equal) => Direction::Neutral,
                Some(Ordering::Greater) | None => Direction::Widening,
            },
        }
    }

    /// The items it touches: what people agreed to and would not find in what they read.
    pub fn touched(&self) -> Touched {
        let only = |product: &ProductCode| Touched::Products(BTreeSet::from([product.clone()]));
        match self {
            Self::CategoryAdded(product, _)
            | Self::ProductReturned(product)
            | Self::Source { product, .. } => only(product),
            // Nobody agreed to it yet; it is asked about anew.
            Self::ProductAdded(_) => Touched::nothing(),
            _ if self.direction() == Direction::Widening => Touched::All,
            _ => Touched::nothing(),
        }
    }
}

impl Touched {
    /// No item.
    pub const fn nothing() -> Self {
        Self::Products(BTreeSet::new())
    }

    /// Whether no item is touched.
    pub fn is_nothing(&self) -> bool {
        *self == Self::nothing()
    }

    /// Whether the items of that product are touched.
    pub fn contains(&self, product: &ProductCode) -> bool {
        match self {
            Self::All => true,
            Self::Products(products) => products.contains(product),
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Products(mut one), Self::Products(other)) => {
                one.extend(other);
                Self::Products(one)
            }
            _ => Self::All,
        }
    }
}

/// What changes of a product that both versions name.
fn of_product(
    product: &ProductCode,
    older: &DeclaredProduct,
    newer: &DeclaredProduct,
) -> Vec<Change> {
    let mut changes = Vec::new();
    if older.source != newer.source {
        changes.push(Change::Source {
            product: product.clone(),
            from: older.source.clone(),
            to: newer.source.clone(),
        });
    }
    let categories = (&older.categories, &newer.categories);
    let more = |category| Change::CategoryAdded(product.clone(), category);
    let less = |category| Change::CategoryRemoved(product.clone(), category);
    changes.extend(added(categories).map(more));
    changes.extend(removed(categories).map(less));
    changes
}

fn retention(of: Kept, from: &str, to: &str) -> Option<Change> {
    (from != to).then(|| Change::Retention {
        of,
        from: from.to_owned(),
        to: to.to_owned(),
        order: period::compare(to, from),
    })
}

fn added<'a, T: Clone + Ord>(
    (older, newer): (&'a BTreeSet<T>, &'a BTreeSet<T>),
) -> impl Iterator<Item = T> + 'a {
    newer.difference(older).cloned()
}

fn removed<'a, T: Clone + Ord>(
    (older, newer): (&'a BTreeSet<T>, &'a BTreeSet<T>),
) -> impl Iterator<Item = T> + 'a {
    older.difference(newer).cloned()
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basis { from, to } => write!(f, "lawful basis: {from} becomes {to}"),
            Self::CategoryAdded(product, category) => write!(f, "{product}: {category} as well"),
            Self::CategoryRemoved(product, category) => write!(f, "{product}: no {category}"),
            Self::Controller { from, to } => write!(f, "controller: {from} becomes {to}"),
            Self::ProductAdded(product) => write!(f, "{product}: asked as well"),
            Self::ProductRemoved(product) => write!(f, "{product}: not asked any more"),
            Self::ProductReturned(product) => write!(f, "{product}: asked again"),
            Self::PurposeAdded(purpose) => write!(f, "purpose: {purpose} as well"),
            Self::PurposeRemoved(purpose) => write!(f, "purpose: no longer {purpose}"),
            Self::RecipientAdded(recipient) => write!(f, "recipients: {recipient} as well"),
            Self::RecipientRemoved(recipient) => write!(f, "recipients: no longer {recipient}"),
            Self::Retention {
                of,
                from,
                to,
                order,
            } => {
                let why = match order {
                    Some(Ordering::Less) => "shorter",
                    Some(Ordering::Equal) => "the same",
                    Some(Ordering::Greater) => "longer",
                    None => "longer in some months",
                };
                write!(f, "{of} kept: {from} becomes {to} ({why})")
            }
            Self::Source { product, from, to } => {
                write!(f, "{product}: {to} is asked instead of {from}")
            }
        }
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Answers => "answers",
            Self::Evidence => "evidence",
        })
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // `pad`, so that a column of them lines up.
        f.pad(match self {
            Self::Narrowing => "narrowing",
            Self::Neutral => "neutral",
            Self::Widening => "widening",
        })
    }
}

impl fmt::Display for Touched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("every item"),
            Self::Products(products) if products.is_empty() => f.write_str("no item"),
            Self::Products(products) => {
                let names: Vec<_> = products.iter().map(ProductCode::as_str).collect();
                write!(f, "the items of {}", names.join(", "))
            }
        }
    }
}
