//! What holds for every document: read, written, and read again.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits {
    bytes: 64 * 1024,
    depth: 16,
    elements: 500,
};

fn error_of(text: &str) -> XmlError {
    read(text.as_bytes(), &LIMITS).expect_err("this document breaks a rule")
}

#[test]
fn names_are_expanded_and_prefixes_forgotten() {
    let root = read(
        br#"<?xml version="1.0" encoding="UTF-8"?>
        <a xmlns="urn:one" xmlns:x="urn:two"><x:b x:k="1" k="2">t<!-- not text --><![CDATA[<&]]>&#233;&amp;</x:b><c/></a>"#,
        &LIMITS,
    )
    .unwrap();
    assert!(root.is("urn:one", "a"));
    let b = root.child("urn:two", "b").unwrap();
    assert_eq!(b.text(), "t<&é&");
    assert_eq!(b.attribute("urn:two", "k"), Some("1"));
    assert_eq!(b.attribute("", "k"), Some("2"));
    assert_eq!(root.elements().count(), 2);
    assert!(root.child("urn:two", "c").is_none());
}

#[test]
fn a_second_element_is_told_where_one_may_stand() {
    let root = read(b"<a><b/><c/><b/></a>", &LIMITS).unwrap();
    assert_eq!(root.only_child("", "b"), Err(Repeated { name: "b".into() }));
    assert!(root.only_child("", "c").unwrap().is_some());
    assert!(root.only_child("", "d").unwrap().is_none());
}

#[test]
fn every_broken_rule_has_its_name() {
    assert_eq!(error_of("<!DOCTYPE a><a/>"), XmlError::Dtd);
    assert_eq!(error_of("<a><?php ?></a>"), XmlError::ProcessingInstruction);
    assert_eq!(error_of(""), XmlError::NoRoot);
    assert_eq!(error_of("<?xml version=\"1.1\"?><a/>"), XmlError::Version);
    assert_eq!(
        error_of("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a/>"),
        XmlError::Encoding
    );
    assert_eq!(read(b"<a>\xe9</a>", &LIMITS), Err(XmlError::Encoding));
    assert_eq!(
        read(
            "\u{feff}<a/>"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
                .as_slice(),
            &LIMITS
        ),
        Err(XmlError::Encoding)
    );
    for text in ["<a>&unknown;</a>", "<a k='&unknown;'/>"] {
        assert!(matches!(error_of(text), XmlError::Entity { .. }), "{text}");
    }
    for text in ["<x:a/>", "<a x:k='1'/>", "<a xmlns:x=''><x:b/></a>"] {
        assert!(
            matches!(error_of(text), XmlError::UndeclaredPrefix { .. }),
            "{text}"
        );
    }
    for text in [
        "<a>\u{1}</a>",
        "<a>&#1;</a>",
        "<a k='&#1;'/>",
        "<a>\u{ffff}</a>",
        "<a>&#xD800;</a>",
    ] {
        assert!(
            matches!(error_of(text), XmlError::Character { .. }),
            "{text}"
        );
    }
    for text in [
        "<a k='1' k='2'/>",
        "<a xmlns:x='urn:1' xmlns:y='urn:1' x:k='1' y:k='2'/>",
    ] {
        assert!(
            matches!(error_of(text), XmlError::DuplicateAttribute { .. }),
            "{text}"
        );
    }
    for text in [
        "<a xmlns='a&amp;b'/>",
        "<a xmlns:xml='urn:other'/>",
        "<a xmlns='u v'/>",
    ] {
        assert!(
            matches!(error_of(text), XmlError::Namespace { .. }),
            "{text}"
        );
    }
}

#[test]
fn broken_markup_is_malformed() {
    for text in [
        "<a>",
        "<a></b>",
        "</a>",
        "<a/><b/>",
        "text",
        "<a/>text",
        "<a k=1/>",
        "<a k='<'/>",
        "<1/>",
        "<a:b:c xmlns:a='urn:1'/>",
        "<a>]]></a>",
        "<a><!-- -- --></a>",
        "<a",
        "&amp;<a/>",
    ] {
        assert!(
            matches!(error_of(text), XmlError::Malformed { .. }),
            "{text}"
        );
    }
}

#[test]
fn limits_hold_at_their_edge() {
    let nested = |depth: usize| format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth));
    assert!(read(nested(16).as_bytes(), &LIMITS).is_ok());
    assert_eq!(error_of(&nested(17)), XmlError::TooDeep { limit: 16 });
    let wide = |count: usize| format!("<r>{}</r>", "<a/>".repeat(count));
    assert!(read(wide(499).as_bytes(), &LIMITS).is_ok());
    assert_eq!(
        error_of(&wide(500)),
        XmlError::TooManyElements { limit: 500 }
    );
    let long = |bytes: usize| format!("<a>{}</a>", "x".repeat(bytes - 7));
    assert!(read(long(LIMITS.bytes).as_bytes(), &LIMITS).is_ok());
    assert_eq!(
        error_of(&long(LIMITS.bytes + 1)),
        XmlError::TooLong {
            limit: LIMITS.bytes
        }
    );
}

#[test]
fn namespaces_cannot_be_many_or_long() {
    let declared = |count: usize| {
        let names: Vec<_> = (0..count)
            .map(|n| format!("xmlns:p{n}='urn:{n}'"))
            .collect();
        format!("<a {}/>", names.join(" "))
    };
    assert!(read(declared(48).as_bytes(), &LIMITS).is_ok());
    assert!(matches!(
        error_of(&declared(49)),
        XmlError::Namespace { .. }
    ));
    let long = |length: usize| format!("<a xmlns='{}'/>", "u".repeat(length));
    assert!(read(long(256).as_bytes(), &LIMITS).is_ok());
    assert!(matches!(error_of(&long(257)), XmlError::Namespace { .. }));
}

#[test]
fn debug_shows_names_only() {
    let root = read(b"<a k='secret'>secret<b>secret</b></a>", &LIMITS).unwrap();
    assert_eq!(format!("{root:?}"), "<a>[<b>]");
}

#[test]
fn what_cannot_be_written_is_refused() {
    let mut writer = Writer::new();
    assert_eq!(writer.text("a\rb"), Err(Unwritable::CarriageReturn));
    assert_eq!(writer.text("a\u{0}b"), Err(Unwritable::Character));
    assert_eq!(writer.finish(), "");
}

#[test]
fn a_namespace_is_written_where_it_is_first_visibly_used() {
    let mut writer = Writer::new();
    writer.open(
        "a:x",
        &[("a", "urn:a"), ("b", "urn:b")],
        &[("b:z", "1"), ("y", "2")],
    );
    writer.open("b:y", &[], &[]);
    writer.close();
    writer.open("c", &[], &[]);
    assert_eq!(
        writer.finish(),
        r#"<a:x xmlns:a="urn:a" xmlns:b="urn:b" y="2" b:z="1"><b:y></b:y><c></c></a:x>"#
    );
}

/// A document to write: nested elements over three prefixes, with attributes and texts.
#[derive(Clone, Debug)]
struct Plant {
    prefix: usize,
    declares: Vec<(usize, usize)>,
    attributes: Vec<(usize, String)>,
    text: String,
    children: Vec<Self>,
}

const PREFIXES: [&str; 4] = ["", "a", "b", "c"];
const NAMESPACES: [&str; 3] = ["urn:1", "urn:2", "http://example.org/3"];

fn plants() -> impl Strategy<Value = Plant> {
    let bare = || {
        (
            0..PREFIXES.len(),
            vec((0..PREFIXES.len(), 0..NAMESPACES.len()), 0..3),
            vec(
                (
                    0..PREFIXES.len(),
                    "[^\r\u{0}-\u{8}\u{b}-\u{1f}\u{fffe}\u{ffff}]{0,6}",
                ),
                0..3,
            ),
            "[^\r\u{0}-\u{8}\u{b}-\u{1f}\u{fffe}\u{ffff}]{0,8}",
        )
    };
    let leaf = bare().prop_map(|(prefix, declares, attributes, text)| Plant {
        prefix,
        declares,
        attributes,
        text,
        children: Vec::new(),
    });
    leaf.prop_recursive(5, 40, 4, move |inner| {
        (bare(), vec(inner, 0..4)).prop_map(|((prefix, declares, attributes, text), children)| {
            Plant {
                prefix,
                declares,
                attributes,
                text,
                children,
            }
        })
    })
}

fn write(plant: &Plant, writer: &mut Writer, root: bool) {
    let qualify = |prefix: &str, local: &str| match prefix {
        "" => local.to_owned(),
        prefix => format!("{prefix}:{local}"),
    };
    let mut declares: Vec<_> = plant
        .declares
        .iter()
        .map(|(prefix, namespace)| (PREFIXES[*prefix], NAMESPACES[*namespace]))
        .collect();
    if root {
        declares = vec![
            ("a", NAMESPACES[0]),
            ("b", NAMESPACES[1]),
            ("c", NAMESPACES[0]),
        ];
    }
    declares.sort_unstable();
    declares.dedup_by_key(|(prefix, _)| *prefix);
    let attributes: Vec<_> = plant
        .attributes
        .iter()
        .enumerate()
        .map(|(index, (prefix, value))| {
            (
                qualify(PREFIXES[*prefix], &format!("k{index}")),
                value.as_str(),
            )
        })
        .collect();
    let attributes: Vec<_> = attributes
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    writer.open(
        &qualify(PREFIXES[plant.prefix], "e"),
        &declares,
        &attributes,
    );
    writer.text(&plant.text).unwrap();
    for child in &plant.children {
        write(child, writer, false);
    }
    writer.close();
}

fn written(plant: &Plant) -> String {
    let mut writer = Writer::new();
    write(plant, &mut writer, true);
    writer.finish()
}

fn assert_same(plant: &Plant, element: &Element) {
    assert_eq!(element.text(), plant.text);
    assert_eq!(element.elements().count(), plant.children.len());
    for (index, (_, value)) in plant.attributes.iter().enumerate() {
        let name = format!("k{index}");
        let found = ["", NAMESPACES[0], NAMESPACES[1], NAMESPACES[2]]
            .iter()
            .find_map(|namespace| element.attribute(namespace, &name));
        assert_eq!(found, Some(value.as_str()));
    }
    for (child, element) in plant.children.iter().zip(element.elements()) {
        assert_same(child, element);
    }
}

proptest! {
    #[test]
    fn what_is_written_reads_back(plant in plants()) {
        let text = written(&plant);
        let element = read(text.as_bytes(), &Limits::ANSWER).unwrap();
        assert_same(&plant, &element);
    }

    #[test]
    fn what_is_written_is_its_own_exclusive_canonical_form(plant in plants()) {
        let text = written(&plant);
        let canonical = bergshamra_c14n::canonicalize::<&str>(
            &text,
            bergshamra_c14n::C14nMode::Exclusive,
            None,
            &[],
        )
        .unwrap();
        prop_assert_eq!(String::from_utf8(canonical).unwrap(), text);
    }

    #[test]
    fn any_bytes_are_read_or_refused_without_panic(bytes in vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes, &LIMITS);
    }

    #[test]
    fn any_markup_is_read_or_refused_without_panic(
        text in "(<|>|/|a|:|b| xmlns:a='u'| k='v'|&|;|#1|\\?|!|--|\\[CDATA\\[|\\]\\]>|\"|x){0,40}",
    ) {
        let _ = read(text.as_bytes(), &LIMITS);
    }

    #[test]
    fn a_damaged_document_is_read_or_refused_without_panic(
        plant in plants(), at in any::<prop::sample::Index>(), byte in any::<u8>(),
    ) {
        let mut bytes = written(&plant).into_bytes();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = read(&bytes, &Limits::ANSWER);
    }
}
