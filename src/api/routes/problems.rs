//! What a problem's `type` answers with.

use super::super::extract::Path;
use super::super::problem::{Kind, Problem};

/// One kind of problem, in plain text.
pub(super) async fn explain(Path(name): Path<String>) -> Result<String, Problem> {
    let kind = Kind::named(&name).ok_or_else(Problem::not_found)?;
    let (name, status, title) = kind.describe();
    Ok(format!(
        "{name}\n{title}.\nHTTP status {status}. See docs/problems.md for what to do.\n"
    ))
}
