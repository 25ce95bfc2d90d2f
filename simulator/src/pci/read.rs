//! Reading foreign XML: one bounded parse into a document without DTD, and a view of its elements.

use bergshamra_c14n::{C14nMode, canonicalize_doc};
use bergshamra_xml::nodeset::NodeSet;
use uppsala::{Document, NodeId, NodeKind};

/// Deepest nesting accepted.
const DEPTH: u32 = 64;

/// A parsed document that owns its text.
pub(super) struct Parsed(Document<'static>);

impl Parsed {
    /// Parses UTF-8; anything with a document type, or not well-formed, is nothing.
    pub(super) fn new(text: &str) -> Option<Self> {
        let parser = uppsala::Parser::new()
            .with_forbid_dtd(true)
            .with_max_depth(DEPTH);
        parser
            .parse(text)
            .ok()
            .map(|document| Self(document.into_static()))
    }

    /// The document element.
    pub(super) fn root(&self) -> Option<Node<'_>> {
        let id = self.0.document_element()?;
        Some(Node {
            document: &self.0,
            id,
        })
    }
}

/// One element of a parsed document.
#[derive(Clone, Copy)]
pub(super) struct Node<'d> {
    document: &'d Document<'static>,
    id: NodeId,
}

impl PartialEq for Node<'_> {
    /// The same element of the same document, not an equal-looking one.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self.document, other.document) && self.id == other.id
    }
}

impl<'d> Node<'d> {
    /// Namespace URI, empty when there is none.
    pub(super) fn namespace(self) -> &'d str {
        self.element()
            .and_then(|e| e.name.namespace_uri.as_deref())
            .unwrap_or("")
    }

    /// Local name.
    pub(super) fn name(self) -> &'d str {
        self.element().map_or("", |e| &e.name.local_name)
    }

    /// Whether it is this element.
    pub(super) fn is(self, namespace: &str, name: &str) -> bool {
        self.namespace() == namespace && self.name() == name
    }

    /// Child elements in document order.
    pub(super) fn elements(self) -> impl Iterator<Item = Self> {
        let document = self.document;
        document
            .children_iter(self.id)
            .filter(move |id| document.element(*id).is_some())
            .map(move |id| Node { document, id })
    }

    /// Child elements of one name.
    pub(super) fn named(self, namespace: &str, name: &str) -> impl Iterator<Item = Self> {
        self.elements()
            .filter(move |child| child.is(namespace, name))
    }

    /// The child of this name, when there is exactly one.
    pub(super) fn only(self, namespace: &str, name: &str) -> Option<Self> {
        let mut found = self.named(namespace, name);
        let first = found.next()?;
        found.next().is_none().then_some(first)
    }

    /// Every element below and including this one.
    pub(super) fn descendants(self) -> Vec<Self> {
        let document = self.document;
        let mut all = vec![self];
        all.extend(
            document
                .descendants(self.id)
                .into_iter()
                .filter(|id| *id != self.id && document.element(*id).is_some())
                .map(|id| Node { document, id }),
        );
        all
    }

    /// The direct text, CDATA included, without surrounding white space.
    pub(super) fn text(self) -> String {
        let mut text = String::new();
        for child in self.document.children_iter(self.id) {
            if let Some(NodeKind::Text(part) | NodeKind::CData(part)) =
                self.document.node_kind(child)
            {
                text.push_str(part);
            }
        }
        text.trim().to_owned()
    }

    /// An attribute; an empty namespace means an unqualified one.
    pub(super) fn attribute(self, namespace: &str, name: &str) -> Option<&'d str> {
        self.element()?
            .attributes
            .iter()
            .find(|attribute| {
                attribute.name.local_name == name
                    && attribute.name.namespace_uri.as_deref().unwrap_or("") == namespace
            })
            .map(|attribute| &*attribute.value)
    }

    /// The exclusive canonical form of the element, without comments.
    pub(super) fn canonical(self, inclusive_prefixes: &[&str]) -> Option<Vec<u8>> {
        let tree = NodeSet::tree_without_comments(self.id, self.document);
        canonicalize_doc(
            self.document,
            C14nMode::Exclusive,
            Some(&tree),
            inclusive_prefixes,
        )
        .ok()
    }

    fn element(self) -> Option<&'d uppsala::Element<'static>> {
        self.document.element(self.id)
    }
}
