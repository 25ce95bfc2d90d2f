//! Texts, templates and style, held against each other and against the rules they keep.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use fluent_bundle::FluentResource;

use super::i18n::SOURCES;
use crate::citizen::Language;
use crate::consent::{Block, Notices};

const STYLE: &str = include_str!("assets/style.css");
const SCRIPT: &str = include_str!("assets/progress.js");

/// Key and text of every message of a catalogue.
fn messages(source: &str) -> BTreeMap<String, String> {
    FluentResource::try_new(source.to_owned()).unwrap_or_else(|(_, errors)| panic!("{errors:?}"));
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut key = String::new();
    for line in source.lines() {
        match line.split_once(" = ") {
            Some((name, text)) if !line.starts_with([' ', '#']) => {
                name.clone_into(&mut key);
                assert!(
                    found.insert(key.clone(), text.to_owned()).is_none(),
                    "{name} is there twice"
                );
            }
            _ if line.starts_with(' ') => {
                let text = line.split_once(']').map_or("", |(_, text)| text);
                found.get_mut(&key).unwrap().push_str(text);
            }
            _ => {}
        }
    }
    found
}

fn catalogue(language: Language) -> BTreeMap<String, String> {
    let (_, source) = SOURCES
        .iter()
        .find(|(known, _)| *known == language)
        .unwrap();
    messages(source)
}

/// Templates and sources of the pages, without their tests.
fn files() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/pages");
    let mut folders = vec![root];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|kind| kind == "html" || kind == "rs")
                && !path.ends_with("tests.rs")
            {
                let text = fs::read_to_string(&path).unwrap();
                let program = text.split("\n#[cfg(test)]\n").next().unwrap();
                found.push((path, program.to_owned()));
            }
        }
    }
    found
}

fn templates() -> Vec<(PathBuf, String)> {
    let html = |(path, _): &(PathBuf, String)| path.extension().is_some_and(|kind| kind == "html");
    files().into_iter().filter(html).collect()
}

/// Every text in quotes that is a key of the Catalan catalogue, and every key asked for by name.
fn used_keys() -> BTreeSet<String> {
    let known = catalogue(Language::Ca);
    let mut used = BTreeSet::new();
    for (path, text) in files() {
        for (position, quoted) in text.split('"').enumerate() {
            let asked = position % 2 == 1;
            if asked && known.contains_key(quoted) {
                used.insert(quoted.to_owned());
            }
        }
        for call in ["say(\"", "with(\"", "fact(\"", "gap_with(\"", "group(\""] {
            for rest in text.split(call).skip(1) {
                let key = rest.split('"').next().unwrap();
                assert!(
                    known.contains_key(key),
                    "{} asks for {key}, which no catalogue has",
                    path.display()
                );
            }
        }
    }
    used
}

#[test]
fn every_language_has_the_same_keys_and_values_in_them() {
    let catalan = catalogue(Language::Ca);
    let places = |text: &str| -> BTreeSet<String> {
        text.split("{ $")
            .skip(1)
            .map(|rest| rest.split([' ', '}']).next().unwrap().to_owned())
            .collect()
    };
    for language in Language::ALL {
        let other = catalogue(language);
        let keys = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&catalan), keys(&other), "{language}");
        for (key, text) in &catalan {
            assert_eq!(places(text), places(&other[key]), "{key} in {language}");
        }
    }
}

#[test]
fn every_text_is_used_and_every_used_text_is_there() {
    let used = used_keys();
    let troubles = |key: &str| key.starts_with("error-");
    for key in catalogue(Language::Ca).keys() {
        assert!(used.contains(key) || troubles(key), "{key} is used nowhere");
    }
}

#[test]
fn no_sentence_is_longer_than_people_read() {
    for language in Language::ALL {
        for (key, text) in catalogue(language) {
            for sentence in text.split(['.', '?', ':']) {
                let words = sentence.split_whitespace().count();
                assert!(
                    words <= 25,
                    "{key} in {language}: {words} words: {sentence}"
                );
            }
        }
    }
}

#[test]
fn texts_keep_the_form_of_address_and_never_shout_or_threaten() {
    let forbidden = |language| match language {
        Language::Ca => &[
            "!",
            " tu ",
            "usted",
            "si us plau",
            "perdreu l",
            "mitjançant",
            "recomanat",
        ][..],
        Language::Es => &[
            "!",
            " tú ",
            " tu ",
            "por favor",
            "mediante",
            "perderá su",
            "recomendado",
        ],
        Language::En => &["!", "please,", "you will lose", "recommended"],
        Language::Oc => &["!", " tu "],
    };
    for language in Language::ALL {
        for (key, text) in catalogue(language) {
            let text = text.to_lowercase();
            for word in forbidden(language) {
                assert!(!text.contains(word), "{key} in {language} says {word:?}");
            }
        }
    }
}

#[test]
fn every_trouble_says_what_was_or_was_not_done() {
    let done = [
        "No s'ha",
        "No es mostra",
        "Ja no guardem",
        "és al registre",
        "continuareu",
        "Torneu-ho",
    ];
    let catalan = catalogue(Language::Ca);
    let texts = catalan.iter().filter(|(key, _)| {
        let links = [
            "error-title",
            "error-code",
            "error-to-start",
            "error-to-notice",
            "error-to-exchanges",
        ];
        key.starts_with("error-") && !links.contains(&key.as_str())
    });
    for (key, text) in texts {
        assert!(
            done.iter().any(|words| text.contains(words)) || text.contains("registre"),
            "{key} does not say what was done: {text}"
        );
    }
}

#[test]
fn titles_say_nothing_about_the_person_or_the_sources() {
    for language in Language::ALL {
        let texts = catalogue(language);
        for key in ["title", "title-step", "title-error"] {
            let title = texts[key].to_lowercase();
            for word in [
                "tribut", "tax", "segur", "polic", "padr", "ajut", "ayuda", "aid", "ajud",
            ] {
                assert!(!title.contains(word), "{key} in {language}: {title}");
            }
        }
    }
    for (path, text) in templates() {
        let titles = text.matches("<title>").count();
        let base = path.ends_with("base.html");
        assert_eq!(titles, usize::from(base), "{}", path.display());
    }
}

#[test]
fn every_page_has_one_heading_and_nothing_inline() {
    for (path, text) in templates() {
        let name = path.display();
        if text.contains("{% extends") {
            assert_eq!(text.matches("<h1").count(), 1, "{name}");
        }
        for inline in [
            " style=",
            "<style",
            " onclick",
            "<script>",
            "javascript:",
            "http://",
            "https://",
        ] {
            assert!(!text.contains(inline), "{name} has {inline}");
        }
    }
}

#[test]
fn every_form_that_posts_carries_the_token_but_the_log_ins() {
    for (path, text) in templates() {
        for form in text.split("<form method=\"post\"").skip(1) {
            let form = form.split("</form>").next().unwrap();
            let logs_in = form.contains("/login/");
            assert_eq!(
                form.contains("name=\"csrf\""),
                !logs_in,
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn yes_and_no_differ_in_their_words_alone() {
    let choose = include_str!("templates/choose.html");
    let lines: Vec<_> = choose
        .lines()
        .filter(|line| line.contains("type=\"radio\""))
        .collect();
    let [yes, no] = lines[..] else {
        panic!("two answers")
    };
    assert_eq!(yes.replace("yes", "no"), no);
    let all: Vec<_> = choose
        .lines()
        .filter(|line| line.contains("name=\"all\""))
        .collect();
    let [yes, no] = all[..] else {
        panic!("two buttons")
    };
    assert_eq!(yes.replace("yes", "no"), no);
}

#[test]
fn the_first_layer_is_short() {
    let notices = Notices::embedded().unwrap();
    for purpose in ["social-aid-household", "social-aid-recommendation"] {
        for language in Language::ALL {
            let notice = notices.text(&purpose.parse().unwrap(), 1, language);
            let words: usize = notice.unwrap().text.short.iter().map(words).sum();
            assert!((1..=120).contains(&words), "{purpose} {language}: {words}");
        }
    }
}

fn words(block: &Block) -> usize {
    let count = |text: &String| text.split_whitespace().count();
    match block {
        Block::List(entries) => entries.iter().map(count).sum(),
        Block::Paragraph(text) => count(text),
    }
}

#[test]
fn style_and_script_are_small_and_ask_nobody_else() {
    assert!(STYLE.len() <= 14_000, "{}", STYLE.len());
    assert!(SCRIPT.len() <= 4_000, "{}", SCRIPT.len());
    for text in [STYLE, SCRIPT] {
        for outside in [
            "http",
            "//cdn",
            "@import",
            "url(",
            "@font-face",
            "localStorage",
        ] {
            assert!(!text.contains(outside), "{outside}");
        }
    }
}

/// The tokens of one colour scheme.
fn tokens(block: &str) -> BTreeMap<String, [f64; 3]> {
    block
        .split(['{', ';', '}'])
        .filter_map(|rule| rule.trim().strip_prefix("--")?.split_once(": #"))
        .filter(|(_, hex)| hex.len() == 6)
        .map(|(name, hex)| {
            let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
            (name.to_owned(), [part(0), part(2), part(4)])
        })
        .collect()
}

/// WCAG 2.2, relative luminance and contrast ratio.
#[expect(clippy::float_arithmetic, reason = "colours, not money")]
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = colour.map(|part| {
            let part = part / 255.0;
            if part <= 0.04045 {
                part / 12.92
            } else {
                ((part + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn colours_are_told_apart_in_light_and_dark() {
    let (light, rest) = STYLE
        .split_once("@media (prefers-color-scheme: dark)")
        .unwrap();
    let dark = rest.split("*, *::before").next().unwrap();
    let light = tokens(light);
    let mut night = light.clone();
    night.extend(tokens(dark));
    let text = [
        ("ink", "page"),
        ("ink", "surface"),
        ("ink", "sunken"),
        ("ink-2", "page"),
        ("ink-2", "surface"),
        ("ink-2", "sunken"),
        ("accent", "page"),
        ("accent", "surface"),
        ("accent-over", "page"),
        ("on-accent", "accent"),
        ("on-accent", "accent-over"),
        ("visited", "page"),
        ("visited", "surface"),
        ("ok", "surface"),
        ("warn", "warn-bg"),
        ("info", "info-bg"),
        ("err", "err-bg"),
        ("ink", "warn-bg"),
        ("ink", "info-bg"),
        ("ink-2", "warn-bg"),
        ("ink-2", "info-bg"),
    ];
    let shapes = [
        ("edge", "page"),
        ("edge", "surface"),
        ("ring", "page"),
        ("ring", "surface"),
    ];
    for (scheme, tokens) in [("light", light), ("dark", night)] {
        for (pairs, least) in [(&text[..], 4.5), (&shapes[..], 3.0)] {
            for (ink, ground) in pairs {
                let ratio = contrast(tokens[*ink], tokens[*ground]);
                assert!(ratio >= least, "{ink} on {ground}, {scheme}: {ratio:.1}");
            }
        }
    }
}
