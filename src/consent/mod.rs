//! What a person agreed to, and the gate that holds everyone to it.
//!
//! [`Purposes`] say what may be asked for, [`Notices`] what people read first, [`Offers`] what each
//! body asks. The [`Ledger`] records what people were shown and decided and gives them signed
//! receipts. The [`Gate`] lets an exchange begin only under a live grant, and an answer be used or
//! released only while that grant stands.

mod error;
mod gate;
mod item;
mod ledger;
mod notice;
mod proof;
mod purpose;
mod receipt;
mod terms;

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;

pub use error::ConsentError;
pub use gate::{
    Ask, Gate, GateError, OpenExchange, Opened, Outcome, OutcomeResult, Refusal, Release, Use,
};
pub use item::{Decision, State};
pub use ledger::{BodyName, Consenter, Decided, Decisions, ItemState, Ledger, Served};
pub use notice::{
    Block, Declares, Notice, Notices, NoticesError, Section, Status, Text, TextError,
};
pub use proof::{ConsentProof, NotAdmitted, TIME_TO_LIVE};
pub use purpose::{
    Authority, ConsentRole, Controller, Offer, Offers, Purpose, Purposes, PurposesError, Retention,
    WireConsent,
};
pub use receipt::{Receipt, ReceiptEvent, ReceiptKeyError, ReceiptSigner};
pub use terms::{Terms, TermsDefect};
