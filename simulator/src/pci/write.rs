//! Writing XML: a small tree that is rendered with one of several sets of prefixes.

/// An element to be written.
///
/// Names are written with the prefixes `env` (SOAP), `open` (wrapper) and `res` (answer), which
/// rendering replaces; other prefixes belong to the element that declares them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tree {
    name: String,
    declared: Vec<(String, String)>,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Self>,
}

/// Which prefixes an answer uses.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Prefixes {
    /// Those of the live platform: `SOAP-ENV`, `ns0`, `ns3`.
    Live,
    /// Others, among them the default namespace, which mean the same.
    Other,
}

impl Prefixes {
    fn of(self, prefix: &str) -> &str {
        match (self, prefix) {
            (Self::Live, "env") => "SOAP-ENV",
            (Self::Live, "open") => "ns0",
            (Self::Live, "res") => "ns3",
            (Self::Other, "env") => "soap",
            (Self::Other, "open") => "w",
            (Self::Other, "res") => "",
            (_, other) => other,
        }
    }

    /// A name written with our prefixes, in these.
    pub(super) fn name(self, name: &str) -> String {
        match name
            .split_once(':')
            .map(|(prefix, local)| (self.of(prefix), local))
        {
            None => name.to_owned(),
            Some(("", local)) => local.to_owned(),
            Some((prefix, local)) => format!("{prefix}:{local}"),
        }
    }

    /// The declaration of a prefix, with a leading space.
    pub(super) fn declaration(self, prefix: &str, namespace: &str) -> String {
        match self.of(prefix) {
            "" => format!(" xmlns=\"{namespace}\""),
            prefix => format!(" xmlns:{prefix}=\"{namespace}\""),
        }
    }
}

impl Tree {
    pub(super) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    pub(super) fn leaf(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::new(name)
        }
    }

    pub(super) fn declare(mut self, prefix: &str, namespace: &str) -> Self {
        self.declared
            .push((prefix.to_owned(), namespace.to_owned()));
        self
    }

    pub(super) fn attribute(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    pub(super) fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// Adds a text element.
    pub(super) fn field(self, name: impl Into<String>, text: impl Into<String>) -> Self {
        self.with(Self::leaf(name, text))
    }

    /// Adds what there is.
    pub(super) fn maybe(self, child: Option<Self>) -> Self {
        self.all(child)
    }

    pub(super) fn all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    pub(super) fn child_mut(&mut self, name: &str) -> Option<&mut Self> {
        self.children.iter_mut().find(|child| child.name == name)
    }

    pub(super) fn children_mut(&mut self) -> &mut Vec<Self> {
        &mut self.children
    }

    pub(super) fn set_text(&mut self, text: &str) {
        text.clone_into(&mut self.text);
    }

    /// Sorts the children by name.
    pub(super) fn sort(&mut self) {
        self.children
            .sort_by(|one, other| one.name.cmp(&other.name));
    }

    /// Replaces the text of every element of this name, at any depth.
    pub(super) fn overwrite(&mut self, name: &str, text: &str) {
        if self.name == name {
            self.set_text(text);
        }
        for child in &mut self.children {
            child.overwrite(name, text);
        }
    }

    /// The text of the tree; an element without content is written as one tag, as Java does.
    pub(super) fn render(&self, prefixes: Prefixes) -> String {
        let mut out = String::new();
        self.write(prefixes, &mut out);
        out
    }

    fn write(&self, prefixes: Prefixes, out: &mut String) {
        let name = prefixes.name(&self.name);
        out.push('<');
        out.push_str(&name);
        for (prefix, namespace) in &self.declared {
            out.push_str(&prefixes.declaration(prefix, namespace));
        }
        for (attribute, value) in &self.attributes {
            for part in [" ", attribute, "=\"", &escape(value), "\""] {
                out.push_str(part);
            }
        }
        if self.text.is_empty() && self.children.is_empty() {
            out.push_str("/>");
            return;
        }
        out.push('>');
        out.push_str(&escape(&self.text));
        for child in &self.children {
            child.write(prefixes, out);
        }
        out.push_str("</");
        out.push_str(&name);
        out.push('>');
    }
}

/// Escapes text for content and for attributes in double quotes.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\r' => out.push_str("&#13;"),
            other => out.push(other),
        }
    }
    out
}
