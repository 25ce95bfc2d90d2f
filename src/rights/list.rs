//! Which rights people have, where each is exercised, by when it is answered, and where to complain.

use serde::Serialize;
use utoipa::ToSchema;

use super::Rights;
use super::request::Complaint;
use super::right::Right;
use crate::citizen::Language;

/// The rights people have about one purpose.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RightsOfPurpose {
    /// The purpose.
    pub purpose: String,
    /// Its title in the language asked for.
    pub title: String,
    /// Who answers for the processing.
    pub controller: String,
    /// How to reach its data-protection officer.
    pub contact: String,
    /// Where to complain.
    pub authority: Complaint,
    /// Each right, and how to exercise it.
    pub rights: Vec<RightView>,
}

/// One right.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, ToSchema)]
pub struct RightView {
    /// The word of `POST /v1/me/requests`, or `withdrawal`, or `complaint`.
    pub right: &'static str,
    /// The article of the GDPR.
    pub article: String,
    /// The operation, or the address, where it is exercised.
    pub at: String,
    /// Whether the service answers by itself.
    pub at_once: bool,
    /// How long the answer may take at most, ISO 8601; `PT0S` where it is given at once.
    pub answered_within: &'static str,
}

impl Rights {
    /// What people may ask for, per purpose.
    pub fn of_purposes(&self, language: Language) -> Vec<RightsOfPurpose> {
        let purposes = self.archive.terms.purposes.iter().map(|purpose| {
            let title = [language, Language::Ca]
                .iter()
                .find_map(|language| purpose.title.get(language));
            RightsOfPurpose {
                purpose: purpose.id.to_string(),
                title: title.cloned().unwrap_or_default(),
                controller: purpose.controller.name.clone(),
                contact: purpose.controller.contact.clone(),
                authority: Complaint {
                    name: purpose.authority.name.clone(),
                    uri: purpose.authority.uri.clone(),
                },
                rights: rights(&purpose.authority.uri),
            }
        });
        purposes.collect()
    }
}

fn rights(authority: &str) -> Vec<RightView> {
    let mut rights = vec![RightView {
        right: "withdrawal",
        article: "7.3".to_owned(),
        at: "POST /v1/me/consents/revoke-all".to_owned(),
        at_once: true,
        answered_within: "PT0S",
    }];
    rights.extend(Right::ALL.iter().map(|right| RightView {
        right: right.as_str(),
        article: right.article().to_string(),
        at: "POST /v1/me/requests".to_owned(),
        at_once: right.is_answered_at_once(),
        answered_within: if right.is_answered_at_once() {
            "PT0S"
        } else {
            "P1M"
        },
    }));
    rights.push(RightView {
        right: "complaint",
        article: "77".to_owned(),
        at: authority.to_owned(),
        at_once: false,
        answered_within: "P3M", // informed of the progress or the outcome (GDPR 78.2)
    });
    rights
}
