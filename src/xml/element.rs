//! The tree a document is read into.

use std::fmt;
use std::sync::Arc;

/// One element: its expanded name, attributes, direct text and children.
///
/// Prefixes, comments and the interleaving of text and children are gone: none of the messages we
/// read gives them a meaning. `Debug` shows names only, since texts are people's data.
#[derive(Clone, Eq, PartialEq)]
pub struct Element {
    pub(super) namespace: Arc<str>,
    pub(super) name: String,
    pub(super) attributes: Vec<Attribute>,
    pub(super) text: String,
    pub(super) children: Vec<Self>,
}

/// An attribute by its expanded name.
#[derive(Clone, Eq, PartialEq)]
pub(super) struct Attribute {
    pub(super) namespace: Arc<str>,
    pub(super) name: String,
    pub(super) value: String,
}

/// An element that may stand once stands twice.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{name}` appears more than once")]
pub struct Repeated {
    /// The local name of that element.
    pub name: String,
}

impl Element {
    /// The namespace, empty when the element is in none.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The local name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether this is the element of that namespace and local name.
    pub fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && &*self.namespace == namespace
    }

    /// The first child of that name.
    pub fn child(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.named(namespace, name).next()
    }

    /// The child of that name, refusing a second one: readers that take the first and readers that
    /// take the last would otherwise see different messages.
    pub fn only_child(&self, namespace: &str, name: &str) -> Result<Option<&Self>, Repeated> {
        let mut found = self.named(namespace, name);
        let first = found.next();
        match found.next() {
            None => Ok(first),
            Some(second) => Err(Repeated {
                name: second.name.clone(),
            }),
        }
    }

    /// The children, in document order.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter()
    }

    /// The children of that name, in document order.
    pub fn named<'a>(&'a self, namespace: &str, name: &str) -> impl Iterator<Item = &'a Self> {
        self.children
            .iter()
            .filter(move |child| child.is(namespace, name))
    }

    /// The direct text, CDATA sections included: concatenated, untrimmed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of an attribute; an attribute without prefix is in no namespace (`""`).
    pub fn attribute(&self, namespace: &str, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.name == name && &*attribute.namespace == namespace)
            .map(|attribute| attribute.value.as_str())
    }
}

impl fmt::Debug for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.name)?;
        if !self.children.is_empty() {
            f.debug_list().entries(&self.children).finish()?;
        }
        Ok(())
    }
}
