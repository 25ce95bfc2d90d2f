use super::*;

fn purpose() -> PurposeId {
    "social-aid-recommendation".parse().unwrap()
}

fn now() -> Timestamp {
    "2026-11-22T16:05:00Z".parse().unwrap()
}

/// Version 1 as embedded and a version 2 made from it, its head changed.
fn two_versions(change: impl Fn(String) -> String) -> Result<Notices, NoticesError> {
    let mut files: BTreeMap<String, String> = EMBEDDED
        .iter()
        .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()))
        .collect();
    for (path, text) in EMBEDDED {
        let text = if path.ends_with("/notice.toml") {
            change(
                text.replace("version = 1", "version = 2")
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
    let text = |language| notices.current(&purpose(), language, now()).unwrap();
    let (ca, es) = (text(Language::Ca), text(Language::Es));
    assert_eq!((ca.status, es.status), (Status::Reviewed, Status::Reviewed));
    assert!(ca.text.same_structure(&es.text));
    assert!(!ca.text.sections.is_empty());
    assert_ne!(ca.digest, es.digest);
}

#[test]
fn a_version_without_spanish_or_with_another_structure_is_not_published() {
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
        Notices::read(&without),
        Err(NoticesError::Missing(_, Language::Es))
    ));

    let mut shorter = files();
    let cut = shorter[spanish].rsplit_once("\n- ").unwrap().0.to_owned();
    shorter.insert(spanish.to_owned(), cut);
    assert!(matches!(
        Notices::read(&shorter),
        Err(NoticesError::Structure(_, Language::Es))
    ));

    let mut draft = files();
    let head = "social-aid-recommendation/v1/notice.toml";
    let changed = draft[head].replace("es = \"reviewed\"", "es = \"draft\"");
    draft.insert(head.to_owned(), changed);
    assert!(matches!(
        Notices::read(&draft),
        Err(NoticesError::Language(_, Language::Es))
    ));
}

#[test]
fn the_digest_is_over_the_exact_bytes() {
    let notices = Notices::embedded().unwrap();
    let notice = notices.current(&purpose(), Language::Ca, now()).unwrap();
    let expected = hex::encode(digest(&SHA256, notice.source.as_bytes()));
    assert_eq!(notice.digest, format!("sha-256:{expected}"));
    assert_eq!(notice.digest.len(), "sha-256:".len() + 64);
}

#[test]
fn a_version_is_current_from_its_instant_on() {
    let notices = two_versions(|head| head).unwrap();
    let at = |instant: &str| {
        notices
            .current(&purpose(), Language::Ca, instant.parse().unwrap())
            .map(|notice| notice.version)
    };
    assert_eq!(at("2025-12-31T23:59:59Z"), None);
    assert_eq!(at("2026-11-30T23:59:59Z"), Some(1));
    assert_eq!(at("2026-12-01T00:00:00Z"), Some(2));
    assert_eq!(
        notices
            .version(&purpose(), 1, Language::Ca)
            .map(|notice| notice.version),
        Some(1)
    );
}

#[test]
fn con_12_widening_is_a_material_change_and_narrowing_is_not() {
    let widened =
        |from: &'static str, to: &'static str| two_versions(move |head| head.replace(from, to));
    for (from, to) in [
        ("\"PADRO\"]", "\"PADRO\", \"SEPE\"]"),
        ("\"household.size\"", "\"household.size\", \"disability\""),
        (
            "[\"social-aid-recommender\"]",
            "[\"social-aid-recommender\", \"statistics\"]",
        ),
        ("PT15M", "P1D"),
        ("Ajuntament de Prova", "Consell Comarcal"),
    ] {
        assert!(
            matches!(widened(from, to), Err(NoticesError::Material(_, 1))),
            "{to}"
        );
    }
    assert!(widened(", \"PADRO\"]", "]").is_ok());
    let honest = two_versions(|head| {
        head.replace("PT15M", "P1D")
            .replace("change = false", "change = true")
    });
    assert!(honest.is_ok());
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
        read.current(&purpose(), Language::Es, now()),
        Notices::embedded()
            .unwrap()
            .current(&purpose(), Language::Es, now())
    );
    assert!(matches!(
        Notices::from_folder(&folder.path().join("none")),
        Err(NoticesError::Io(..))
    ));
}

#[test]
fn every_text_is_in_short_sentences() {
    let notices = Notices::embedded().unwrap();
    for language in Language::ALL {
        let notice = notices.current(&purpose(), language, now()).unwrap();
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
