//! Where a value comes from.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::citizen::{ExchangeId, FiscalYear, ProductCode, SourceId};

/// Who said it, in which exchange, and what moment it speaks of.
#[derive(Clone, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Provenance {
    /// The service and modality.
    pub product: ProductCode,
    /// The organisation.
    pub source: SourceId,
    /// The exchange of the log.
    pub exchange: ExchangeId,
    /// When the answer arrived.
    pub obtained_at: Timestamp,
    /// What the value is of.
    pub reference: Reference,
    /// The organisation's own reference of its answer.
    pub issuer_reference: Option<String>,
}

/// The time a value speaks of: not when it was obtained.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub enum Reference {
    /// A tax year.
    FiscalYear(FiscalYear),
    /// A day.
    Date(Date),
}
