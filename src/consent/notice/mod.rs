//! What people read before they decide: versions that never change, in files.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::citizen::{Language, PurposeId};

use super::purpose::Retention;

pub use text::{Block, Section, Text, TextError};

macro_rules! embedded {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../../../consent/notices/", $path)))),*]
    };
}

/// The texts that ship with the program: path below `consent/notices` and content.
const EMBEDDED: &[(&str, &str)] = embedded![
    "social-aid-recommendation/v1/notice.toml"
    "social-aid-recommendation/v1/ca.md"
    "social-aid-recommendation/v1/es.md"
    "social-aid-recommendation/v1/en.md"
    "social-aid-recommendation/v1/oc.md"
];

/// One version of a notice in one language. Immutable: the digest is over its exact bytes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Notice {
    /// Its name, the same for every version.
    pub id: String,
    /// 1, 2, 3 ...
    pub version: u32,
    /// The language of this text.
    pub language: Language,
    /// Whether it may be agreed to.
    pub status: Status,
    /// `sha-256:` and the hash of the file in hexadecimal.
    pub digest: String,
    /// From when on it is the one shown.
    pub effective_from: Timestamp,
    /// What it says.
    #[serde(flatten)]
    pub text: Text,
    /// The file itself.
    #[serde(skip)]
    pub source: String,
}

/// Whether a text was read by someone who answers for it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not yet: it can be read, not agreed to.
    Draft,
    /// Yes.
    Reviewed,
}

/// What a version tells people, for comparing versions by machine.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Declares {
    /// Who answers for the processing.
    pub controller: String,
    /// Who receives the profile.
    pub recipients: BTreeSet<String>,
    /// How long things are kept.
    pub retention: Retention,
    /// Who is asked.
    pub sources: BTreeSet<String>,
    /// What about.
    pub categories: BTreeSet<String>,
}

/// Every version of every notice.
#[derive(Clone, Debug)]
pub struct Notices {
    /// Oldest first, per purpose.
    versions: BTreeMap<PurposeId, Vec<Version>>,
}

#[derive(Clone, Debug)]
struct Version {
    head: Head,
    texts: BTreeMap<Language, Notice>,
}

/// `notice.toml`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    id: String,
    purpose: PurposeId,
    version: u32,
    effective_from: Timestamp,
    material_change: bool,
    declares: Declares,
    languages: BTreeMap<Language, Status>,
}

/// Why the notices cannot be used. Each names the file.
#[derive(Debug, thiserror::Error)]
pub enum NoticesError {
    /// `notice.toml` is not well written.
    #[error("{0}: not well written")]
    Head(String, #[source] toml::de::Error),
    /// A file was not readable.
    #[error("{0}: cannot be read")]
    Io(PathBuf, #[source] std::io::Error),
    /// Catalan or Spanish is missing or a draft.
    #[error("{0}: {1} is mandatory and reviewed")]
    Language(String, Language),
    /// The version widens what is done with people's data and says it does not (CON-12).
    #[error("{0}: widens what version {1} declares, so it is a material change")]
    Material(String, u32),
    /// A language is listed without its file.
    #[error("{0}: {1}.md is missing")]
    Missing(String, Language),
    /// Id, purpose or version differ from the folder or from the other versions, or leave a hole.
    #[error("{0}: does not follow the versions before it")]
    Order(String),
    /// Two languages do not say the same (CON-06).
    #[error("{0}: {1} has another structure than ca")]
    Structure(String, Language),
    /// A text uses what notices may not use.
    #[error("{0}")]
    Text(String, #[source] TextError),
}

impl Notices {
    /// The notices that ship with the program.
    pub fn embedded() -> Result<Self, NoticesError> {
        let files = EMBEDDED
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self::read(&files.collect())
    }

    /// The notices of a folder laid out as `<purpose>/v<N>/{notice.toml,ca.md,es.md,…}`.
    pub fn from_folder(folder: &Path) -> Result<Self, NoticesError> {
        let mut files = BTreeMap::new();
        for purpose in entries(folder)? {
            for version in entries(&purpose)? {
                for file in entries(&version)? {
                    let text = std::fs::read_to_string(&file)
                        .map_err(|error| NoticesError::Io(file.clone(), error))?;
                    if let Ok(path) = file.strip_prefix(folder) {
                        files.insert(path.to_string_lossy().into_owned(), text);
                    }
                }
            }
        }
        Self::read(&files)
    }

    /// The notice people read now before deciding about `purpose`.
    pub fn current(
        &self,
        purpose: &PurposeId,
        language: Language,
        now: Timestamp,
    ) -> Option<&Notice> {
        self.versions
            .get(purpose)?
            .iter()
            .rfind(|version| version.head.effective_from <= now)?
            .texts
            .get(&language)
    }

    /// The exact text of a version, as evidence of what was shown.
    pub fn version(
        &self,
        purpose: &PurposeId,
        version: u32,
        language: Language,
    ) -> Option<&Notice> {
        self.find(purpose, version)?.texts.get(&language)
    }

    /// The oldest version that still counts by the notices themselves: the newest material change
    /// in force. The database may ask for more.
    pub(super) fn minimum(&self, purpose: &PurposeId, now: Timestamp) -> u32 {
        let versions = self.versions.get(purpose).map_or(&[][..], Vec::as_slice);
        versions
            .iter()
            .rfind(|version| version.head.material_change && version.head.effective_from <= now)
            .map_or(1, |version| version.head.version)
    }

    /// What a version declares.
    pub fn declares(&self, purpose: &PurposeId, version: u32) -> Option<&Declares> {
        Some(&self.find(purpose, version)?.head.declares)
    }

    fn find(&self, purpose: &PurposeId, version: u32) -> Option<&Version> {
        self.versions
            .get(purpose)?
            .iter()
            .find(|candidate| candidate.head.version == version)
    }

    fn read(files: &BTreeMap<String, String>) -> Result<Self, NoticesError> {
        let mut versions: BTreeMap<PurposeId, Vec<Version>> = BTreeMap::new();
        for (path, text) in files
            .iter()
            .filter(|(path, _)| path.ends_with("/notice.toml"))
        {
            let version = Version::read(path, text, files)?;
            versions
                .entry(version.head.purpose.clone())
                .or_default()
                .push(version);
        }
        for of_purpose in versions.values_mut() {
            of_purpose.sort_by_key(|version| version.head.version);
            check_order(of_purpose)?;
        }
        Ok(Self { versions })
    }
}

impl Version {
    fn read(
        path: &str,
        text: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<Self, NoticesError> {
        let head: Head =
            toml::from_str(text).map_err(|error| NoticesError::Head(path.to_owned(), error))?;
        let folder = format!("{}/v{}", head.purpose, head.version);
        if path != format!("{folder}/notice.toml") {
            return Err(NoticesError::Order(path.to_owned()));
        }
        let mut texts = BTreeMap::new();
        for (language, status) in &head.languages {
            let file = format!("{folder}/{language}.md");
            let source = files
                .get(&file)
                .ok_or(NoticesError::Missing(folder.clone(), *language))?;
            let text = Text::parse(source).map_err(|error| NoticesError::Text(file, error))?;
            texts.insert(
                *language,
                Notice {
                    id: head.id.clone(),
                    version: head.version,
                    language: *language,
                    status: *status,
                    digest: format!(
                        "sha-256:{}",
                        hex::encode(digest(&SHA256, source.as_bytes()))
                    ),
                    effective_from: head.effective_from,
                    text,
                    source: source.clone(),
                },
            );
        }
        let version = Self { head, texts };
        version.check_languages(&folder)?;
        Ok(version)
    }

    /// All languages of a version are published together, and say the same (CON-06).
    fn check_languages(&self, folder: &str) -> Result<(), NoticesError> {
        let reviewed = |language| {
            self.texts
                .get(&language)
                .filter(|notice| notice.status == Status::Reviewed)
                .ok_or_else(|| NoticesError::Language(folder.to_owned(), language))
        };
        let catalan = reviewed(Language::Ca)?;
        reviewed(Language::Es)?;
        match self
            .texts
            .values()
            .find(|notice| !notice.text.same_structure(&catalan.text))
        {
            Some(odd) => Err(NoticesError::Structure(folder.to_owned(), odd.language)),
            None => Ok(()),
        }
    }
}

impl Declares {
    /// Whether this does more with people's data than `older`: CON-12.
    ///
    /// Periods are compared for equality, since a longer one and a merely different one both need
    /// a person to look.
    fn widens(&self, older: &Self) -> bool {
        self.controller != older.controller
            || self.retention != older.retention
            || !self.recipients.is_subset(&older.recipients)
            || !self.sources.is_subset(&older.sources)
            || !self.categories.is_subset(&older.categories)
    }
}

/// Versions count from 1, keep their id, take effect in order, and own up to material changes.
fn check_order(versions: &[Version]) -> Result<(), NoticesError> {
    let name = |version: &Version| format!("{}/v{}", version.head.purpose, version.head.version);
    for (number, version) in (1..).zip(versions) {
        if version.head.version != number {
            return Err(NoticesError::Order(name(version)));
        }
    }
    for pair in versions.windows(2) {
        let [older, newer] = pair else { continue };
        if newer.head.id != older.head.id || newer.head.effective_from <= older.head.effective_from
        {
            return Err(NoticesError::Order(name(newer)));
        }
        if !newer.head.material_change && newer.head.declares.widens(&older.head.declares) {
            return Err(NoticesError::Material(name(newer), older.head.version));
        }
    }
    Ok(())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, NoticesError> {
    let at = |error| NoticesError::Io(folder.to_owned(), error);
    std::fs::read_dir(folder)
        .map_err(at)?
        .map(|entry| entry.map(|entry| entry.path()).map_err(at))
        .collect()
}

#[cfg(test)]
mod tests;
