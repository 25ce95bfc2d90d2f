//! Words everyone shares: who a person is, what an amount is, how things are called.
//!
//! Pure: nothing here does input or output, and nothing here knows another module.

mod document;
mod ids;
mod language;
mod level;
mod money;
mod person;
mod year;

pub use document::{CountryCode, Document, InvalidDocument, InvalidNif, Nif};
pub use ids::{
    BodyId, ChildId, ClientId, EntryId, ExchangeId, HouseholdId, Ine10, InvalidName, ItemId, JobId,
    MembershipId, ProductCode, PurposeId, ReceiptId, RequestId, ServedId, SourceId, SubjectId,
};
pub use language::{Language, UnknownLanguage};
pub use level::LevelOfAssurance;
pub use money::{EuroCents, InvalidAmount};
pub use person::{Person, PersonName};
pub use year::FiscalYear;
