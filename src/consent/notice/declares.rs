//! What a version tells people, by machine.

use std::collections::{BTreeMap, BTreeSet};

use aws_lc_rs::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};

use crate::citizen::{ProductCode, PurposeId, SourceId};

use super::super::purpose::Retention;

/// What a version tells people, for comparing versions with each other and with what is done.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Declares {
    /// Who answers for the processing.
    pub controller: String,
    /// GDPR basis in DPV terms, such as `eu-gdpr:A6-1-a`.
    pub lawful_basis: String,
    /// What the data are for.
    pub purposes: BTreeSet<PurposeId>,
    /// Who receives the profile.
    pub recipients: BTreeSet<String>,
    /// How long things are kept.
    pub retention: Retention,
    /// What may be asked, and of whom.
    pub products: BTreeMap<ProductCode, DeclaredProduct>,
}

/// What a version tells about one product.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeclaredProduct {
    /// Who is asked.
    pub source: SourceId,
    /// What about.
    pub categories: BTreeSet<String>,
}

impl Declares {
    /// The canonical text (RFC 8785): the same for the same declaration, however it was written.
    ///
    /// `None` only if the JSON library refuses text, lists and tables, which it does not.
    pub fn canonical(&self) -> Option<String> {
        serde_jcs::to_string(self).ok()
    }
}

/// `sha-256:` and the hash of a text in hexadecimal.
pub(in super::super) fn digest_of(text: &str) -> String {
    format!("sha-256:{}", hex::encode(digest(&SHA256, text.as_bytes())))
}
