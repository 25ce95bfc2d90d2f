//! Everything wrong at once, in words.

use std::fmt::Display;

/// Everything found wrong while putting the service together, all at once.
#[derive(Debug)]
pub struct Defects(pub Vec<String>);

impl Display for Defects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|defect| writeln!(f, "{defect}"))
    }
}

impl std::error::Error for Defects {}

/// The value, or its defect put with the others.
pub(super) fn kept<T>(
    what: &str,
    found: Result<T, impl Into<anyhow::Error>>,
    defects: &mut Vec<String>,
) -> Option<T> {
    found
        .map_err(|error| defects.push(format!("{what}  {:#}", error.into())))
        .ok()
}

pub(super) fn one(what: &str, error: &dyn std::error::Error) -> Defects {
    Defects(vec![told(what, error)])
}

/// An error with its causes, on one line.
pub(super) fn told(what: &str, error: &dyn std::error::Error) -> String {
    let mut line = format!("{what}  {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        line.push_str(": ");
        line.push_str(&error.to_string());
        cause = error.source();
    }
    line
}
