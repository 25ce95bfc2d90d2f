//! `CodigoEstado`: how far the platform got with a request.

use std::fmt;

/// A state code of `Atributos/Estado`, or a code kept as it came because no table has it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum StateCode {
    /// `0001`: pending.
    Pending,
    /// `0002`: in process.
    Processing,
    /// `0003`: finished. Whether data were found, the product's own code says.
    Finished,
    /// `0004`: polling in progress (SCSP; treated as in process).
    Polling,
    /// `0502`: the platform's one code for "it went wrong".
    Error,
    /// Any other code.
    Other(ForeignCode),
}

impl StateCode {
    /// Reads a code as it came.
    pub fn read(text: &str) -> Self {
        match text.trim() {
            "0001" => Self::Pending,
            "0002" => Self::Processing,
            "0003" => Self::Finished,
            "0004" => Self::Polling,
            "0502" => Self::Error,
            other => Self::Other(ForeignCode::read(other)),
        }
    }

    /// The code as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "0001",
            Self::Processing => "0002",
            Self::Finished => "0003",
            Self::Polling => "0004",
            Self::Error => "0502",
            Self::Other(code) => code.as_str(),
        }
    }
}

/// A code of theirs that we keep without knowing it: up to sixteen letters, digits, `-` and `_`.
///
/// Anything else could be a person's data in the wrong place, and becomes `?`.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct ForeignCode(String);

impl ForeignCode {
    /// Keeps a code that looks like one.
    pub fn read(text: &str) -> Self {
        let text = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (1..=16).contains(&text.len()) && text.bytes().all(plain) {
            Self(text.to_owned())
        } else {
            Self("?".to_owned())
        }
    }

    /// The code, or `?`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ForeignCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
