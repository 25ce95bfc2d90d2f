//! What people read before they decide: versions that never change, in files.
//!
//! Files propose; a publication makes a version hold ([`super::publication`]). Which version is in
//! force is in the database and not here, so that replicas of different builds agree.

mod declares;
mod difference;
mod period;
mod text;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::citizen::{Language, PurposeId};

pub(super) use declares::digest_of;
pub use declares::{DeclaredProduct, Declares};
pub use difference::{Change, Difference, Direction, Kept, Touched};
pub(super) use period::is_within;
pub use text::{Block, Section, Text, TextError};

macro_rules! embedded {
    ($($path:literal)*) => {
        &[$(($path, include_str!(concat!("../../../consent/notices/", $path)))),*]
    };
}

/// The texts that ship with the program: path below `consent/notices` and content.
const EMBEDDED: &[(&str, &str)] = embedded![
    "social-aid-household/v1/notice.toml"
    "social-aid-household/v1/ca.md"
    "social-aid-household/v1/es.md"
    "social-aid-household/v1/en.md"
    "social-aid-household/v1/oc.md"
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

/// Every version of every notice that the files have.
#[derive(Clone, Debug)]
pub struct Notices {
    /// Oldest first, per purpose.
    versions: BTreeMap<PurposeId, Vec<Version>>,
}

/// One version of a notice: its texts and what they tell.
#[derive(Clone, Debug)]
pub struct Version {
    /// Name of the notice.
    pub notice: String,
    /// 1, 2, 3 ...
    pub number: u32,
    /// The earliest instant it is meant to hold. When it does hold, its publication says.
    pub effective_from: Timestamp,
    /// Whether it claims to do more with people's data than the version before.
    pub material: bool,
    /// What it tells.
    pub declares: Declares,
    texts: BTreeMap<Language, Notice>,
}

/// `notice.toml`.
#[derive(Deserialize)]
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

/// Everything wrong with the notices.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct NoticesErrors(pub Vec<NoticesError>);

impl Notices {
    /// The notices that ship with the program.
    pub fn embedded() -> Result<Self, NoticesErrors> {
        let files = EMBEDDED
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Self::read(&files.collect())
    }

    /// The notices of a folder laid out as `<purpose>/v<N>/{notice.toml,ca.md,es.md,…}`.
    pub fn from_folder(folder: &Path) -> Result<Self, NoticesErrors> {
        let files = files_of(folder).map_err(|error| NoticesErrors(vec![error]))?;
        Self::read(&files)
    }

    /// The versions of a purpose's notice, oldest first.
    pub fn versions(&self, purpose: &PurposeId) -> &[Version] {
        self.versions.get(purpose).map_or(&[], Vec::as_slice)
    }

    /// One of them.
    pub fn version(&self, purpose: &PurposeId, number: u32) -> Option<&Version> {
        let mut versions = self.versions(purpose).iter();
        versions.find(|version| version.number == number)
    }

    /// The exact text of a version, as evidence of what was shown.
    pub fn text(&self, purpose: &PurposeId, number: u32, language: Language) -> Option<&Notice> {
        self.version(purpose, number)?.text(language)
    }

    fn read(files: &BTreeMap<String, String>) -> Result<Self, NoticesErrors> {
        let mut versions: BTreeMap<PurposeId, Vec<Version>> = BTreeMap::new();
        let mut errors = Vec::new();
        for (path, text) in files
            .iter()
            .filter(|(path, _)| path.ends_with("/notice.toml"))
        {
            match Version::read(path, text, files) {
                Ok((purpose, version)) => versions.entry(purpose).or_default().push(version),
                Err(error) => errors.push(error),
            }
        }
        for (purpose, of_purpose) in &mut versions {
            of_purpose.sort_by_key(|version| version.number);
            // A version that cannot be read leaves a hole, which is no other defect.
            if errors.is_empty() {
                errors.extend(check_order(purpose, of_purpose).err());
            }
        }
        if errors.is_empty() {
            Ok(Self { versions })
        } else {
            Err(NoticesErrors(errors))
        }
    }
}

impl Version {
    /// Its text in a language.
    pub fn text(&self, language: Language) -> Option<&Notice> {
        self.texts.get(&language)
    }

    /// All its texts.
    pub fn texts(&self) -> impl Iterator<Item = &Notice> {
        self.texts.values()
    }

    fn read(
        path: &str,
        text: &str,
        files: &BTreeMap<String, String>,
    ) -> Result<(PurposeId, Self), NoticesError> {
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
                    digest: digest_of(source),
                    text,
                    source: source.clone(),
                },
            );
        }
        let version = Self {
            notice: head.id,
            number: head.version,
            effective_from: head.effective_from,
            material: head.material_change,
            declares: head.declares,
            texts,
        };
        version.check_languages(&folder)?;
        Ok((head.purpose, version))
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

/// Versions count from 1, keep their id and are meant to hold one after the other.
fn check_order(purpose: &PurposeId, versions: &[Version]) -> Result<(), NoticesError> {
    let odd = |version: &Version| NoticesError::Order(format!("{purpose}/v{}", version.number));
    for (number, version) in (1..).zip(versions) {
        if version.number != number {
            return Err(odd(version));
        }
    }
    for pair in versions.windows(2) {
        let [older, newer] = pair else { continue };
        if newer.notice != older.notice || newer.effective_from <= older.effective_from {
            return Err(odd(newer));
        }
    }
    Ok(())
}

fn files_of(folder: &Path) -> Result<BTreeMap<String, String>, NoticesError> {
    let mut files = BTreeMap::new();
    for purpose in entries(folder)?.into_iter().filter(|path| path.is_dir()) {
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
    Ok(files)
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
