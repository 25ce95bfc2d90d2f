//! Writing XML that is already in exclusive canonical form.

use std::fmt::Write as _;

use super::characters::{is_allowed, is_ncname, split_qualified};

/// Writes one document or fragment in exclusive canonical form, without comments.
///
/// A namespace declared when an element opens is in scope below it, and is written where it is
/// first visibly used, as Exclusive XML Canonicalization 1.0 (section 3) has it. Names come from
/// our own code: an undeclared prefix is a mistake of ours, not of the data.
#[derive(Debug, Default)]
pub struct Writer {
    output: String,
    open: Vec<Open>,
    /// Declared bindings (prefix, namespace), innermost last.
    declared: Vec<(String, String)>,
    /// Bindings already written on an open element, innermost last.
    written: Vec<(String, String)>,
}

/// An element still open, and how many bindings were there before it.
#[derive(Debug)]
struct Open {
    name: String,
    declared_before: usize,
    written_before: usize,
}

/// A text that cannot be written. Never carries the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unwritable {
    /// A carriage return: canonical XML can only carry it as a reference, and receivers disagree.
    #[error("a carriage return cannot be sent")]
    CarriageReturn,
    /// A character XML 1.0 has no way to write.
    #[error("a character that XML does not allow")]
    Character,
}

impl Writer {
    /// An empty document.
    pub fn new() -> Self {
        Self::default()
    }

    /// Opens an element. `declare` brings (prefix, namespace) pairs into scope; attributes are
    /// put into canonical order here.
    pub fn open(&mut self, name: &str, declare: &[(&str, &str)], attributes: &[(&str, &str)]) {
        self.open.push(Open {
            name: name.to_owned(),
            declared_before: self.declared.len(),
            written_before: self.written.len(),
        });
        for (prefix, namespace) in declare {
            self.declared
                .push(((*prefix).to_owned(), (*namespace).to_owned()));
        }
        self.output.push('<');
        self.output.push_str(name);
        self.write_namespaces(name, attributes);
        self.write_attributes(attributes);
        self.output.push('>');
    }

    /// Writes text, escaped as canonical XML escapes it.
    pub fn text(&mut self, text: &str) -> Result<(), Unwritable> {
        check(text)?;
        for character in text.chars() {
            match character {
                '&' => self.output.push_str("&amp;"),
                '<' => self.output.push_str("&lt;"),
                '>' => self.output.push_str("&gt;"),
                _ => self.output.push(character),
            }
        }
        Ok(())
    }

    /// Writes an element that holds only text.
    pub fn leaf(&mut self, name: &str, text: &str) -> Result<(), Unwritable> {
        self.open(name, &[], &[]);
        self.text(text)?;
        self.close();
        Ok(())
    }

    /// Writes a fragment that is canonical by itself, such as the payload of a product.
    pub fn raw(&mut self, canonical: &str) {
        self.output.push_str(canonical);
    }

    /// Closes the innermost open element.
    pub fn close(&mut self) {
        let Some(element) = self.open.pop() else {
            debug_assert!(false, "an element is closed that was not opened");
            return;
        };
        let _ = write!(self.output, "</{}>", element.name);
        self.declared.truncate(element.declared_before);
        self.written.truncate(element.written_before);
    }

    /// The text, with anything still open closed.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.output
    }

    fn write_namespaces(&mut self, name: &str, attributes: &[(&str, &str)]) {
        let attribute_prefixes = attributes
            .iter()
            .filter_map(|(name, _)| name.split_once(':').map(|(prefix, _)| prefix));
        let mut used: Vec<&str> = attribute_prefixes.collect();
        used.push(split_qualified(name).0);
        used.sort_unstable();
        used.dedup();
        for prefix in used {
            let namespace = self.namespace_of(prefix).to_owned();
            if lookup(&self.written, prefix) == Some(namespace.as_str())
                || prefix == "xml"
                || (prefix.is_empty()
                    && namespace.is_empty()
                    && lookup(&self.written, "").is_none())
            {
                continue;
            }
            self.output.push_str(" xmlns");
            if !prefix.is_empty() {
                self.output.push(':');
                self.output.push_str(prefix);
            }
            self.write_value(&namespace);
            self.written.push((prefix.to_owned(), namespace));
        }
    }

    fn write_attributes(&mut self, attributes: &[(&str, &str)]) {
        let mut sorted: Vec<(String, &str, &str, &str)> = attributes
            .iter()
            .map(|(name, value)| {
                debug_assert!(check(value).is_ok(), "attribute values are ours");
                let (prefix, local) = split_qualified(name);
                let namespace = match prefix {
                    "" => "",
                    prefix => self.namespace_of(prefix),
                };
                (namespace.to_owned(), local, *name, *value)
            })
            .collect();
        sorted.sort_unstable();
        for (_, _, name, value) in sorted {
            self.output.push(' ');
            self.output.push_str(name);
            self.write_value(value);
        }
    }

    /// `="…"`, escaped as canonical XML escapes attribute values.
    fn write_value(&mut self, value: &str) {
        self.output.push_str("=\"");
        for character in value.chars() {
            match character {
                '&' => self.output.push_str("&amp;"),
                '<' => self.output.push_str("&lt;"),
                '"' => self.output.push_str("&quot;"),
                '\t' => self.output.push_str("&#x9;"),
                '\n' => self.output.push_str("&#xA;"),
                '\r' => self.output.push_str("&#xD;"),
                _ => self.output.push(character),
            }
        }
        self.output.push('"');
    }

    fn namespace_of(&self, prefix: &str) -> &str {
        debug_assert!(prefix.is_empty() || is_ncname(prefix), "prefixes are names");
        let namespace = match prefix {
            "xml" => Some("http://www.w3.org/XML/1998/namespace"),
            prefix => lookup(&self.declared, prefix),
        };
        debug_assert!(
            namespace.is_some() || prefix.is_empty(),
            "the prefix {prefix} is declared before it is used"
        );
        namespace.unwrap_or("")
    }
}

fn lookup<'a>(bindings: &'a [(String, String)], prefix: &str) -> Option<&'a str> {
    bindings
        .iter()
        .rev()
        .find(|(bound, _)| bound == prefix)
        .map(|(_, namespace)| namespace.as_str())
}

fn check(text: &str) -> Result<(), Unwritable> {
    for character in text.chars() {
        if character == '\r' {
            return Err(Unwritable::CarriageReturn);
        }
        if !is_allowed(character) {
            return Err(Unwritable::Character);
        }
    }
    Ok(())
}
