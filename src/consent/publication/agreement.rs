//! Whether files say what was published.

use crate::citizen::{Language, PurposeId};

use super::super::notice::Version;
use super::super::terms::Terms;
use super::Publication;

/// Where files differ from what was published. People may have agreed to what was.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Disagreement {
    /// The claim about a material change is another.
    #[error("version {1} of {0} was published with another material_change")]
    Claim(String, u32),
    /// What it tells is something else.
    #[error("version {1} of {0} was published with other [declares]; make a new version instead")]
    Declares(String, u32),
    /// It is published and not here.
    #[error("version {1} of {0} is published and its files are not here: an older build?")]
    Missing(String, u32),
    /// A purpose keeps its notice: versions of two notices cannot be compared.
    #[error("purpose {0} was published with the notice {1}, and a purpose keeps its notice")]
    Renamed(PurposeId, String),
    /// A text is not the one that was published, or only one of the two has it.
    #[error("{2}.md of version {1} of {0} is not the text that was published; make a new version")]
    Text(String, u32, Language),
}

impl Terms {
    /// Where these terms differ from what was published. To be empty at start-up.
    pub fn disagreements(&self, published: &[Publication]) -> Vec<Disagreement> {
        let mut found = Vec::new();
        for one in published {
            let Some(purpose) = self.purposes.get(&one.purpose) else {
                continue; // nothing is asked for it any more
            };
            if purpose.notice == one.notice {
                found.extend(one.compared_with(self.notices.version(&one.purpose, one.version)));
            } else {
                found.push(Disagreement::Renamed(
                    one.purpose.clone(),
                    one.notice.clone(),
                ));
            }
        }
        found
    }
}

impl Publication {
    /// Where the version in the files differs.
    pub(super) fn compared_with(&self, version: Option<&Version>) -> Vec<Disagreement> {
        let (notice, number) = (|| self.notice.clone(), self.version);
        let Some(version) = version else {
            return vec![Disagreement::Missing(notice(), number)];
        };
        let mut found = Vec::new();
        if version.declares.canonical().as_ref() != Some(&self.declares) {
            found.push(Disagreement::Declares(notice(), number));
        }
        if version.material != self.material {
            found.push(Disagreement::Claim(notice(), number));
        }
        for language in Language::ALL {
            let here = version.text(language).map(|text| &text.digest);
            if here != self.texts.get(&language) {
                found.push(Disagreement::Text(notice(), number, language));
            }
        }
        found
    }
}
