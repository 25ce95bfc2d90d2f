//! What the pages show, worked out from the domain and one language. No request, no storage.

pub(super) mod choice;
pub(super) mod exchanges;
pub(super) mod facts;
pub(super) mod progress;
pub(super) mod receipt;

use crate::citizen::{Language, SourceId};
use crate::products::Catalogue;

/// A source's name as on its letters.
pub(super) fn source_name(catalogue: &Catalogue, source: &SourceId, language: Language) -> String {
    catalogue.source(source).map_or_else(
        || source.to_string(),
        |source| source.name.in_language(language).to_owned(),
    )
}
