//! Reading foreign XML: every rule it may break is an error of its own.

use std::collections::BTreeSet;
use std::sync::Arc;

use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesDecl, BytesRef, BytesStart, Event};
use quick_xml::name::{NamespaceResolver, QName, ResolveResult};
use quick_xml::reader::NsReader;

use super::characters::{is_allowed, is_ncname, split_qualified};
use super::element::{Attribute, Element};

/// How much of a document we are ready to hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Bytes of the whole document.
    pub bytes: usize,
    /// Nested elements, the root being one.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
}

impl Limits {
    /// For an answer of the platform: the largest ones seen are some hundred kilobytes.
    pub const ANSWER: Self = Self {
        bytes: 4 * 1024 * 1024,
        depth: 64,
        elements: 100_000,
    };
}

/// A namespace name longer than this is an attack: canonical text repeats it on every element.
const LONGEST_NAMESPACE: usize = 256;
/// Prefixes in scope at once; the platform's own answers have about ten.
const MOST_PREFIXES: usize = 48;

/// Which rule a document breaks. Carries names and positions, never texts.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum XmlError {
    /// A character XML 1.0 does not allow, written out or as a reference.
    #[error("a character that XML does not allow, near byte {at}")]
    Character {
        /// Offset in bytes.
        at: u64,
    },
    /// A document type declaration: the door to entity expansion and to outside files.
    #[error("a document type declaration (DTD) is not accepted")]
    Dtd,
    /// Two attributes of one element have the same expanded name.
    #[error("an attribute stands twice in one element, near byte {at}")]
    DuplicateAttribute {
        /// Offset in bytes.
        at: u64,
    },
    /// Declared or written in something other than UTF-8.
    #[error("the text is not UTF-8, or is declared as another encoding")]
    Encoding,
    /// An entity other than the five predefined ones.
    #[error("an entity that XML does not predefine, near byte {at}")]
    Entity {
        /// Offset in bytes.
        at: u64,
    },
    /// Broken markup: tags that do not match, attributes without quotes, text outside the root.
    #[error("not well-formed near byte {at}")]
    Malformed {
        /// Offset in bytes.
        at: u64,
    },
    /// A namespace name that is too long or not written plainly.
    #[error("a namespace name that is too long or not plain, near byte {at}")]
    Namespace {
        /// Offset in bytes.
        at: u64,
    },
    /// No root element.
    #[error("no element at all")]
    NoRoot,
    /// A processing instruction.
    #[error("a processing instruction is not accepted")]
    ProcessingInstruction,
    /// Deeper than [`Limits::depth`].
    #[error("elements are nested too deeply (limit {limit})")]
    TooDeep {
        /// The limit that was passed.
        limit: usize,
    },
    /// Longer than [`Limits::bytes`].
    #[error("the document is too long (limit {limit} bytes)")]
    TooLong {
        /// The limit that was passed.
        limit: usize,
    },
    /// More elements than [`Limits::elements`].
    #[error("too many elements (limit {limit})")]
    TooManyElements {
        /// The limit that was passed.
        limit: usize,
    },
    /// A prefix nobody declared.
    #[error("an undeclared namespace prefix, near byte {at}")]
    UndeclaredPrefix {
        /// Offset in bytes.
        at: u64,
    },
    /// XML of another version than 1.0.
    #[error("only XML 1.0 is accepted")]
    Version,
}

/// Reads one document of at most the given size, depth and number of elements.
pub fn read(bytes: &[u8], limits: &Limits) -> Result<Element, XmlError> {
    if bytes.len() > limits.bytes {
        return Err(XmlError::TooLong {
            limit: limits.bytes,
        });
    }
    let text = std::str::from_utf8(bytes).map_err(|_| XmlError::Encoding)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    check_characters(text, 0)?;
    Builder::new(limits).read(text)
}

/// Puts events together into the tree, holding the elements still open.
struct Builder<'a> {
    limits: &'a Limits,
    open: Vec<Element>,
    root: Option<Element>,
    elements: usize,
    /// One shared copy of every namespace name, so that a document cannot make us hold many.
    namespaces: BTreeSet<Arc<str>>,
}

impl<'a> Builder<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            open: Vec::new(),
            root: None,
            elements: 0,
            namespaces: BTreeSet::new(),
        }
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the bounded reader the rule points to"
    )]
    fn read(mut self, text: &str) -> Result<Element, XmlError> {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().enable_all_checks(true);
        reader.config_mut().expand_empty_elements = true;
        reader
            .resolver_mut()
            .set_max_namespace_bindings(MOST_PREFIXES);
        loop {
            let event = reader
                .read_event()
                .map_err(|error| syntax(&error, reader.error_position()))?;
            let at = reader.buffer_position();
            match event {
                Event::Start(start) => self.start(&start, reader.resolver(), at)?,
                Event::End(_) => self.end(),
                Event::Text(text) => self.text(&text.xml10_content(), at)?,
                Event::CData(text) => self.inner_text(&text.xml10_content(), at)?,
                Event::GeneralRef(reference) => self.reference(&reference, at)?,
                Event::Decl(declaration) => check_declaration(&declaration, at)?,
                Event::Comment(_) => {}
                Event::DocType(_) => return Err(XmlError::Dtd),
                Event::PI(_) => return Err(XmlError::ProcessingInstruction),
                Event::Empty(_) => return Err(XmlError::Malformed { at }), // expanded above
                Event::Eof => break,
            }
        }
        match (self.open.is_empty(), self.root) {
            (true, Some(root)) => Ok(root),
            (true, None) => Err(XmlError::NoRoot),
            (false, _) => Err(XmlError::Malformed {
                at: reader.buffer_position(),
            }),
        }
    }

    fn start(
        &mut self,
        start: &BytesStart<'_>,
        scope: &NamespaceResolver,
        at: u64,
    ) -> Result<(), XmlError> {
        if self.root.is_some() {
            return Err(XmlError::Malformed { at });
        }
        if self.open.len() >= self.limits.depth {
            return Err(XmlError::TooDeep {
                limit: self.limits.depth,
            });
        }
        self.elements += 1;
        if self.elements > self.limits.elements {
            return Err(XmlError::TooManyElements {
                limit: self.limits.elements,
            });
        }
        let (namespace, name) = self.expand(start.name(), true, scope, at)?;
        let attributes = self.attributes(start, scope, at)?;
        self.open.push(Element {
            namespace,
            name,
            attributes,
            text: String::new(),
            children: Vec::new(),
        });
        Ok(())
    }

    fn end(&mut self) {
        let Some(element) = self.open.pop() else {
            return; // the reader refuses an end without a start
        };
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, text: &str, at: u64) -> Result<(), XmlError> {
        if text.contains("]]>") {
            return Err(XmlError::Malformed { at });
        }
        let outside = self.open.is_empty();
        if outside && text.bytes().all(|byte| b" \t\r\n".contains(&byte)) {
            return Ok(());
        }
        self.inner_text(text, at)
    }

    fn inner_text(&mut self, text: &str, at: u64) -> Result<(), XmlError> {
        let element = self.open.last_mut().ok_or(XmlError::Malformed { at })?;
        element.text.push_str(text);
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>, at: u64) -> Result<(), XmlError> {
        let character = reference
            .resolve_char_ref()
            .map_err(|_| XmlError::Character { at })?;
        match character {
            Some(character) if is_allowed(character) => {
                self.inner_text(character.encode_utf8(&mut [0; 4]), at)
            }
            Some(_) => Err(XmlError::Character { at }),
            None => {
                let text = resolve_predefined_entity(reference).ok_or(XmlError::Entity { at })?;
                self.inner_text(text, at)
            }
        }
    }

    fn attributes(
        &mut self,
        start: &BytesStart<'_>,
        scope: &NamespaceResolver,
        at: u64,
    ) -> Result<Vec<Attribute>, XmlError> {
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|error| match error {
                quick_xml::events::attributes::AttrError::Duplicated(..) => {
                    XmlError::DuplicateAttribute { at }
                }
                _ => XmlError::Malformed { at },
            })?;
            if attribute.value.contains('<') {
                return Err(XmlError::Malformed { at });
            }
            if attribute.key.as_namespace_binding().is_some() {
                check_namespace(&attribute.value, at)?;
                continue;
            }
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|_| XmlError::Entity { at })?;
            check_characters(&value, at)?;
            let (namespace, name) = self.expand(attribute.key, false, scope, at)?;
            attributes.push(Attribute {
                namespace,
                name,
                value: value.into_owned(),
            });
        }
        if has_twins(&attributes) {
            return Err(XmlError::DuplicateAttribute { at });
        }
        Ok(attributes)
    }

    /// The namespace and local name a qualified name stands for.
    fn expand(
        &mut self,
        name: QName<'_>,
        element: bool,
        scope: &NamespaceResolver,
        at: u64,
    ) -> Result<(Arc<str>, String), XmlError> {
        let (prefix, local) = split_qualified(name.0);
        let prefixed = name.0.contains(':');
        if !is_ncname(local) || (prefixed && !is_ncname(prefix)) {
            return Err(XmlError::Malformed { at });
        }
        let namespace = match scope.resolve(name, element).0 {
            ResolveResult::Bound(namespace) => self.shared(namespace.0),
            ResolveResult::Unbound => self.shared(""),
            ResolveResult::Unknown(_) => return Err(XmlError::UndeclaredPrefix { at }),
        };
        Ok((namespace, local.to_owned()))
    }

    fn shared(&mut self, namespace: &str) -> Arc<str> {
        if let Some(known) = self.namespaces.get(namespace) {
            return Arc::clone(known);
        }
        let fresh: Arc<str> = namespace.into();
        self.namespaces.insert(Arc::clone(&fresh));
        fresh
    }
}

/// Whether two attributes have the same expanded name, in time that does not grow as the square.
fn has_twins(attributes: &[Attribute]) -> bool {
    let mut seen = BTreeSet::new();
    !attributes
        .iter()
        .all(|attribute| seen.insert((&attribute.namespace, &attribute.name)))
}

/// Namespace names are compared as written, so one written with references or spaces could be
/// told apart from its plain form here and not elsewhere.
fn check_namespace(name: &str, at: u64) -> Result<(), XmlError> {
    let plain = name
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'&');
    if plain && name.len() <= LONGEST_NAMESPACE {
        Ok(())
    } else {
        Err(XmlError::Namespace { at })
    }
}

fn check_characters(text: &str, base: u64) -> Result<(), XmlError> {
    match text
        .char_indices()
        .find(|(_, character)| !is_allowed(*character))
    {
        None => Ok(()),
        Some((offset, _)) => Err(XmlError::Character {
            at: base.saturating_add(u64::try_from(offset).unwrap_or(u64::MAX)),
        }),
    }
}

fn check_declaration(declaration: &BytesDecl<'_>, at: u64) -> Result<(), XmlError> {
    match declaration.version() {
        Ok(version) if version == "1.0" => {}
        Ok(_) => return Err(XmlError::Version),
        Err(_) => return Err(XmlError::Malformed { at }),
    }
    match declaration.encoding() {
        None => Ok(()),
        Some(Ok(encoding)) if encoding.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(_) => Err(XmlError::Encoding),
    }
}

fn syntax(error: &quick_xml::Error, at: u64) -> XmlError {
    match error {
        quick_xml::Error::Namespace(_) => XmlError::Namespace { at },
        _ => XmlError::Malformed { at },
    }
}
