//! What a person agreed to, and the gate that holds everyone to it.
//!
//! [`Purposes`] say what may be asked for, [`Notices`] what people read first, [`Offers`] what each
//! body asks. The [`Ledger`] records what people were shown and decided and gives them signed
//! receipts. The [`Gate`] lets an exchange begin only under a live grant, and an answer be used or
//! released only while that grant stands.

mod capacity;
mod error;
mod gate;
mod grant_terms;
mod item;
mod keys;
mod ledger;
mod notice;
mod proof;
mod publication;
mod purpose;
mod receipt;
mod record;
mod register;
mod repeat;
mod terms;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

pub use error::ConsentError;
pub use gate::{
    Ask, Gate, GateError, OpenExchange, Opened, Outcome, OutcomeResult, Refusal, Release, Use,
};
pub use grant_terms::{About, Frequency, GrantTerms, NotATerm, Period, Stretch};
pub use item::{Decision, State};
pub use keys::{InvalidPublishedKey, KeyState, PublishedKey};
pub use ledger::{
    BlockEnd, Blocked, Blocking, BodyName, Consenter, Decided, Decisions, ItemState, Ledger, Served,
};
pub use notice::{
    Block, Change, DeclaredProduct, Declares, Difference, Direction, Kept, Notice, Notices,
    NoticesError, NoticesErrors, Section, Status, Text, TextError, Touched, Version,
};
pub use proof::{ConsentProof, NotAdmitted, TIME_TO_LIVE};
pub use publication::{
    Defect, Disagreement, Proposal, Publication, PublishError, Published, Publisher, in_force,
    publications,
};
pub use purpose::{
    Authority, Beneficiaries, ConsentRole, Controller, Offer, Offers, Places, Purpose, Purposes,
    PurposesError, Retention, WireConsent,
};
pub use receipt::{Receipt, ReceiptEvent, ReceiptKeyError, ReceiptSigner};
pub use record::CONTEXT_PATH;
pub use register::Register;
pub use repeat::Repeat;
pub use terms::{Terms, TermsDefect};
