use std::collections::BTreeSet;

use super::super::purpose::Purposes;
use super::*;
use crate::products::Catalogue;

fn purpose() -> PurposeId {
    "social-aid-recommendation".parse().unwrap()
}

const HOUSEHOLD: &str = "social-aid-household";

/// Version 1 as embedded and a version 2 of one notice made from it, its head changed.
fn two_versions(change: impl Fn(String) -> String) -> Result<Notices, NoticesErrors> {
    let mut files: BTreeMap<String, String> = EMBEDDED
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    let of_purpose = |(path, _): &&(&str, &str)| path.starts_with(purpose().as_str());
    for (path, text) in EMBEDDED.iter().filter(of_purpose) {
        let text = if path.ends_with("/notice.toml") {
            change(
                text.replace("version = 1\n", "version = 2\n")
                    .replace("2026-01-01", "2026-12-01")
                    .replace("material_change = true", "material_change = false"),
            )
        } else {
            text.replace("15", "10")
        };
        files.insert(path.replace("/v1/", "/v2/"), text);
    }
    Notices::read(&files)
}

#[test]
fn con_06_catalan_and_spanish_exist_reviewed_and_with_equal_structure() {
    let notices = Notices::embedded().unwrap();
    for purpose in [purpose(), HOUSEHOLD.parse().unwrap()] {
        let text = |language| notices.text(&purpose, 1, language).unwrap();
        let (ca, es) = (text(Language::Ca), text(Language::Es));
        assert_eq!((ca.status, es.status), (Status::Reviewed, Status::Reviewed));
        assert!(ca.text.same_structure(&es.text));
        assert!(!ca.text.sections.is_empty());
        assert_ne!(ca.digest, es.digest);
    }
}

#[test]
fn con_06_a_version_without_spanish_or_with_another_structure_is_no_version() {
    let files = || -> BTreeMap<String, String> {
        EMBEDDED
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
            .collect()
    };
    let spanish = "social-aid-recommendation/v1/es.md";

    let mut without = files();
    without.remove(spanish);
    assert!(matches!(
        only(Notices::read(&without)),
        NoticesError::Missing(_, Language::Es)
    ));

    let mut shorter = files();
    let cut = shorter[spanish].rsplit_once("\n- ").unwrap().0.to_owned();
    shorter.insert(spanish.to_owned(), cut);
    assert!(matches!(
        only(Notices::read(&shorter)),
        NoticesError::Structure(_, Language::Es)
    ));

    let mut draft = files();
    let head = "social-aid-recommendation/v1/notice.toml";
    let changed = draft[head].replace("es = \"reviewed\"", "es = \"draft\"");
    draft.insert(head.to_owned(), changed);
    assert!(matches!(
        only(Notices::read(&draft)),
        NoticesError::Language(_, Language::Es)
    ));
}

#[test]
fn the_digest_is_over_the_exact_bytes() {
    let notices = Notices::embedded().unwrap();
    let notice = notices.text(&purpose(), 1, Language::Ca).unwrap();
    assert_eq!(notice.digest, digest_of(&notice.source));
    assert_ne!(notice.digest, digest_of(notice.source.trim_end()));
    assert_eq!(notice.digest.len(), "sha-256:".len() + 64);
}

#[test]
fn versions_follow_one_another_without_holes_and_keep_their_id() {
    let notices = two_versions(|head| head).unwrap();
    let numbers: Vec<_> = notices.versions(&purpose()).iter().collect();
    assert_eq!(numbers.len(), 2);
    for (from, to) in [
        ("version = 2\n", "version = 3\n"),
        ("id = \"mgs-social-aid\"", "id = \"mgs-other\""),
        ("2026-12-01", "2025-12-01"),
    ] {
        let odd = two_versions(|head| head.replace(from, to));
        assert!(matches!(only(odd), NoticesError::Order(_)), "{to}");
    }
}

#[test]
fn everything_wrong_with_the_files_is_told_at_once() {
    let both = |text: &str| text.replace("es = \"reviewed\"", "es = \"draft\"");
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for (path, text) in EMBEDDED {
        files.insert((*path).to_owned(), both(text));
        let second = text.replace("version = 1\n", "version = 2\n");
        files.insert(path.replace("/v1/", "/v2/"), both(&second));
    }
    let NoticesErrors(errors) = Notices::read(&files).unwrap_err();
    let texts: Vec<_> = errors.iter().map(ToString::to_string).collect();
    let purposes = [HOUSEHOLD.to_owned(), purpose().to_string()];
    let expected = purposes.map(|purpose| {
        ["v1", "v2"].map(|version| format!("{purpose}/{version}: es is mandatory and reviewed"))
    });
    assert_eq!(texts, expected.concat());
}

/// The one thing that is wrong.
fn only(read: Result<Notices, NoticesErrors>) -> NoticesError {
    let NoticesErrors(mut errors) = read.unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    errors.remove(0)
}

#[test]
fn a_folder_reads_like_the_embedded_notices() {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in EMBEDDED {
        let file = folder.path().join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    let read = Notices::from_folder(folder.path()).unwrap();
    assert_eq!(
        read.text(&purpose(), 1, Language::Es),
        Notices::embedded()
            .unwrap()
            .text(&purpose(), 1, Language::Es)
    );
    assert!(matches!(
        only(Notices::from_folder(&folder.path().join("none"))),
        NoticesError::Io(..)
    ));
}

#[test]
fn every_text_is_in_short_sentences() {
    let notices = Notices::embedded().unwrap();
    for notice in everything(&notices) {
        let language = notice.language;
        let sentences: Vec<usize> = notice
            .source
            .lines()
            .filter(|line| *line != "---")
            .flat_map(|line| line.trim_start_matches(['#', '-', ' ']).split(". "))
            .map(|sentence| sentence.split_whitespace().count())
            .filter(|words| *words > 0)
            .collect();
        let words: usize = sentences.iter().sum();
        assert!(
            words <= 14 * sentences.len(),
            "{language}: mean over 14 words"
        );
        assert!(
            sentences.iter().all(|words| *words <= 25),
            "{language}: a sentence over 25 words"
        );
    }
}

/// Every text of version 1 of every notice.
fn everything(notices: &Notices) -> Vec<&Notice> {
    let texts = notices
        .versions
        .keys()
        .map(|purpose| Language::ALL.map(|language| notices.text(purpose, 1, language).unwrap()));
    let texts: Vec<_> = texts.flatten().collect();
    assert_eq!(texts.len(), 8);
    texts
}

/// The texts of the household's notice, each with its section that is called so in Catalan: every
/// language has it at the same place.
fn household(notices: &Notices, heading: &str) -> Vec<(Notice, Section)> {
    let purpose: PurposeId = HOUSEHOLD.parse().unwrap();
    let text = |language| notices.text(&purpose, 1, language).unwrap();
    let mut sections = text(Language::Ca).text.sections.iter();
    let at = sections.position(|section| section.heading == heading);
    let at = at.unwrap_or_else(|| panic!("no section {heading}"));
    Language::ALL
        .map(|language| {
            let text = text(language);
            (text.clone(), text.text.sections[at].clone())
        })
        .to_vec()
}

fn entries(section: &Section) -> Vec<&String> {
    let lists = section.blocks.iter().map(|block| match block {
        Block::List(entries) => entries.as_slice(),
        Block::Paragraph(_) => &[],
    });
    lists.flatten().collect()
}

#[test]
fn hh_05_the_households_notice_names_every_source_its_products_are_asked_of() {
    let purpose: PurposeId = HOUSEHOLD.parse().unwrap();
    let purposes = Purposes::embedded().unwrap();
    let catalogue = Catalogue::parse(include_str!("../../../config/products.toml")).unwrap();
    let notices = Notices::embedded().unwrap();
    let declared = &notices.version(&purpose, 1).unwrap().declares.products;

    let asked = &purposes.get(&purpose).unwrap().products;
    assert!(asked.iter().all(|product| declared.contains_key(product)));
    let sources: BTreeSet<_> = declared.values().map(|one| &one.source).collect();
    for (notice, section) in household(&notices, "D'on surten les dades") {
        let (language, entries) = (notice.language, entries(&section));
        assert_eq!(entries.len(), sources.len(), "{language}");
        for source in &sources {
            let name = catalogue.source(source).unwrap().name.in_language(language);
            let mut words = name
                .split(|sign: char| !sign.is_alphabetic())
                .filter(|word| !word.is_empty());
            let named = entries
                .iter()
                .any(|entry| words.clone().all(|word| entry.contains(word)));
            assert!(words.next().is_some() && named, "{language}: {name}");
        }
    }
}

#[test]
fn hh_05_the_households_notice_says_in_every_language_what_others_may_guess() {
    let notices = Notices::embedded().unwrap();
    for (notice, section) in household(&notices, "Què es pot endevinar") {
        let language = notice.language;
        // What two adults can work out, what a recommendation gives away, what "complete" does.
        assert_eq!(entries(&section).len(), 3, "{language}");
        let (guess, subtract) = match language {
            Language::Ca => ("endevinar", "restar"),
            Language::Es => ("adivinar", "restar"),
            Language::En => ("guess", "take away"),
            Language::Oc => ("endonviar", "restar"),
        };
        assert!(section.heading.contains(guess), "{language}");
        // And before anything is opened: who knows the sum can take it apart.
        let (first, _) = notice.source.split_once("\n---\n").unwrap();
        assert!(first.contains(subtract), "{language}");
    }
}
