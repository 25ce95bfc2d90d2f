//! Why a question cannot be asked, or an answer cannot be used.

/// Why a question cannot be put to a service. Nothing was sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EncodeError {
    /// Longer than the 26 characters that every service can echo, or empty.
    #[error("the case number has 1 to 26 characters")]
    CaseFile,
    /// Who lives together is asked about others, each once, and not about too many.
    #[error("a question about who lives together names 1 to 20 others, each once")]
    Cohabitants,
    /// Only a DNI, a NIE or a K, L or M number can be asked about.
    #[error("the service cannot be asked about this kind of document")]
    DocumentNotSupported,
    /// A question about income without a tax year.
    #[error("a question about income needs a tax year")]
    FiscalYearMissing,
    /// A question to the municipal register without a municipality.
    #[error("a question to the municipal register needs a municipality")]
    MunicipalityMissing,
    /// The identity provider gave no name, and the service demands one.
    #[error("the service needs the person's name")]
    NameMissing,
    /// The identity provider gave no surname, and the police ask for one to match.
    #[error("the service needs the person's first surname")]
    SurnameMissing,
    /// A value holds a character that XML cannot carry.
    #[error("a value holds a character that XML cannot carry")]
    Unwritable,
}

/// Why an answer cannot be used. Names the element, never its text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum DecodeError {
    /// The answer names another person than the question did.
    #[error("the answer is about another person than the question")]
    AnotherPerson,
    /// The answer is about another year or day than the question.
    #[error("{0} is not what was asked for")]
    AnotherTime(&'static str),
    /// An element is there, but its text is not of the documented form.
    #[error("{0} is not of the documented form")]
    Malformed(&'static str),
    /// An element the answer cannot do without is absent.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// An element that must be alone appears more than once.
    #[error("{0} appears more than once")]
    Repeated(&'static str),
    /// An element holds a value outside its documented list.
    #[error("{0} is not one of the documented values")]
    Unlisted(&'static str),
}
