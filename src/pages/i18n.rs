//! What the pages say, in four languages: one Fluent catalogue each.

use std::sync::LazyLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use unic_langid::LanguageIdentifier;

use crate::citizen::Language;

/// The catalogues as written.
pub(super) const SOURCES: [(Language, &str); 4] = [
    (Language::Ca, include_str!("i18n/ca.ftl")),
    (Language::Es, include_str!("i18n/es.ftl")),
    (Language::En, include_str!("i18n/en.ftl")),
    (Language::Oc, include_str!("i18n/oc.ftl")),
];

static BUNDLES: LazyLock<Vec<(Language, FluentBundle<FluentResource>)>> = LazyLock::new(|| {
    SOURCES
        .iter()
        .map(|(language, source)| (*language, bundle(*language, source)))
        .collect()
});

/// The words of one language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Texts(pub(super) Language);

/// A value that goes into a sentence.
pub(super) type Part<'a> = (&'static str, FluentValue<'a>);

impl Texts {
    /// The text of that key.
    pub(super) fn say(self, key: &str) -> String {
        self.with(key, &[])
    }

    /// The text of that key, with these values in their places.
    pub(super) fn with(self, key: &str, parts: &[Part<'_>]) -> String {
        let bundle = BUNDLES.iter().find(|(language, _)| *language == self.0);
        let pattern = bundle.and_then(|(_, bundle)| {
            let pattern = bundle.get_message(key)?.value()?;
            Some((bundle, pattern))
        });
        let Some((bundle, pattern)) = pattern else {
            // A test finds every key in every language; whoever sees one on a page can report it.
            tracing::error!(
                key,
                language = self.0.tag(),
                "a text of the pages is missing"
            );
            return key.to_owned();
        };
        let args: FluentArgs<'_> = parts.iter().cloned().collect();
        let mut errors = Vec::new();
        bundle
            .format_pattern(pattern, Some(&args), &mut errors)
            .into_owned()
    }
}

fn bundle(language: Language, source: &str) -> FluentBundle<FluentResource> {
    let locale: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // Isolation marks would travel into downloads and copied text; every text here runs one way.
    bundle.set_use_isolating(false);
    // What could be read is used; a test finds what could not.
    let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(read, _)| read);
    bundle.add_resource_overriding(resource);
    bundle
}
