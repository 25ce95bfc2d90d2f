//! Why a step could not even be tried to its end.

use std::io;

use super::BrowserError;
use crate::folder::CallError;

/// What stopped a step.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    #[error(transparent)]
    Browser(#[from] BrowserError),
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("cannot use a file or start a program: {0}")]
    Io(#[from] io::Error),
    /// Something an answer should hold, or the town.
    #[error("there is not {0}")]
    Missing(String),
}
