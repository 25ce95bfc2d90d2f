//! What is asked, about whom, and how the message names them.

use std::fmt;

use jiff::civil::Date;

use super::{EncodeError, Municipality};
use crate::citizen::{FiscalYear, Nif, Person};

/// Everything a query may need; each service takes its part.
#[derive(Clone, Debug)]
pub struct Question {
    /// The person the data are about.
    pub holder: Person,
    /// Case number shown to the source, at most 26 characters; nothing personal in it.
    pub case_file: String,
    /// Tax year, for questions about income.
    pub fiscal_year: Option<FiscalYear>,
    /// Today in Europe/Madrid.
    pub on: Date,
    /// Where the person says they live, for the municipal register.
    pub municipality: Option<Municipality>,
    /// The others of whom is asked whether they live with the holder, each of whom agreed to it.
    /// Empty for every other question.
    pub cohabitants: Vec<Nif>,
}

impl Question {
    /// The Spanish number every product compiled in needs.
    pub(super) fn nif(&self) -> Result<&Nif, EncodeError> {
        self.holder
            .document
            .nif()
            .ok_or(EncodeError::DocumentNotSupported)
    }

    /// The case number, checked.
    pub(super) fn checked_case_file(&self) -> Result<&str, EncodeError> {
        if (1..=26).contains(&self.case_file.chars().count()) {
            Ok(&self.case_file)
        } else {
            Err(EncodeError::CaseFile)
        }
    }
}

/// The message's `Titular`: only what the service needs to find the person.
#[derive(Clone, Eq, PartialEq)]
pub struct Holder {
    /// `TipoDocumentacion`, in the vocabulary of the service.
    pub document_type: &'static str,
    /// `Documentacion`, nine characters.
    pub document: String,
    /// `NombreCompleto`.
    pub full_name: Option<String>,
    /// `Nombre`.
    pub given: Option<String>,
    /// `Apellido1`.
    pub surname1: Option<String>,
    /// `Apellido2`.
    pub surname2: Option<String>,
}

impl Holder {
    /// Just the document.
    pub(super) fn by_document(document_type: &'static str, nif: &Nif) -> Self {
        Self {
            document_type,
            document: nif.reveal().to_owned(),
            full_name: None,
            given: None,
            surname1: None,
            surname2: None,
        }
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Holder(·)")
    }
}

/// A name part as the registers write it: capitals, single spaces; `None` when nothing is left.
pub(super) fn capitals(part: Option<&String>) -> Option<String> {
    let words: Vec<_> = part?.split_whitespace().map(str::to_uppercase).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
