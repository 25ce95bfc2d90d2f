//! The frame every page shares, and rendering.

use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use fluent_bundle::FluentValue;

use super::i18n::Texts;
use super::trouble::Trouble;
use crate::citizen::Language;

/// Header, language links, way out and footer of a page.
#[derive(Clone, Debug)]
pub(super) struct Shell {
    pub(super) language: Language,
    /// The body's name.
    pub(super) body: String,
    /// Neutral: it stays in the browser's history.
    pub(super) title: String,
    /// Present when somebody is logged in.
    pub(super) csrf: Option<String>,
    /// Address the language links go to, with what precedes `lang=`.
    pub(super) language_base: String,
}

/// A way to the same page in another language.
#[derive(Clone, Debug)]
pub(super) struct LanguageLink {
    pub(super) tag: &'static str,
    pub(super) autonym: &'static str,
    pub(super) href: String,
    pub(super) current: bool,
}

impl Shell {
    pub(super) fn new(language: Language, body: String, csrf: Option<String>) -> Self {
        let title = Texts(language).say("title");
        Self {
            language,
            body,
            title,
            csrf,
            language_base: "?".to_owned(),
        }
    }

    /// The same, titled as a step of the way: its number and nothing else.
    #[must_use]
    pub(super) fn step(mut self, number: u8) -> Self {
        self.title = self.with("title-step", "step", number);
        self
    }

    /// The same, with language links to another address: where a change of language has to begin
    /// again, or the address has a query.
    #[must_use]
    pub(super) fn languages_at(mut self, base: &str) -> Self {
        base.clone_into(&mut self.language_base);
        self
    }

    /// The text of that key.
    pub(super) fn say(&self, key: &str) -> String {
        Texts(self.language).say(key)
    }

    /// The text of that key with one value in its place.
    pub(super) fn with<'a>(
        &self,
        key: &str,
        name: &'static str,
        value: impl Into<FluentValue<'a>>,
    ) -> String {
        Texts(self.language).with(key, &[(name, value.into())])
    }

    /// The token for hidden fields.
    pub(super) fn token(&self) -> &str {
        self.csrf.as_deref().unwrap_or_default()
    }

    pub(super) fn languages(&self) -> Vec<LanguageLink> {
        Language::ALL
            .map(|language| LanguageLink {
                tag: language.tag(),
                autonym: language.autonym(),
                href: format!("{}lang={language}", self.language_base),
                current: language == self.language,
            })
            .into()
    }
}

/// Renders a page.
pub(super) fn page(template: &impl Template) -> Result<Response, Trouble> {
    match template.render() {
        Ok(text) => Ok(Html(text).into_response()),
        Err(_) => Err(Trouble::Internal),
    }
}
