//! Reading a configuration file so that every problem is found at once, with its place.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use serde::de::DeserializeOwned;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

/// Prefix of environment variables that override keys: `GATEWAY__HTTP__LISTEN`.
const PREFIX: &str = "GATEWAY__";

/// One thing wrong with the configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Problem {
    /// `file:line:column`, or just the file when the thing is missing.
    pub place: String,
    /// The key, such as `bodies[0].officer.nif`.
    pub key: String,
    /// What is wrong and what is accepted. Never a secret.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {}  {}", self.place, self.key, self.what)
    }
}

/// A configuration file being read, section by section.
#[derive(Debug)]
pub(super) struct Source<'text> {
    file: &'text str,
    text: &'text str,
    sections: Vec<(String, Spanned<DeValue<'text>>)>,
    problems: Vec<Problem>,
}

impl<'text> Source<'text> {
    /// Parses the file and lays the environment over it.
    pub(super) fn parse(
        file: &'text str,
        text: &'text str,
        environment: &'text [(String, String)],
    ) -> Result<Self, Vec<Problem>> {
        let mut source = Self {
            file,
            text,
            sections: Vec::new(),
            problems: Vec::new(),
        };
        let mut table = match DeTable::parse(text) {
            Ok(table) => table.into_inner(),
            Err(error) => {
                let place = source.place(error.span());
                let what = error.message().to_owned();
                return Err(vec![Problem {
                    place,
                    key: "-".to_owned(),
                    what,
                }]);
            }
        };
        for (name, value) in environment {
            if let Some(path) = name.strip_prefix(PREFIX) {
                let path: Vec<_> = path.split("__").map(str::to_ascii_lowercase).collect();
                if !overlay(&mut table, &path, value) {
                    source.report(None, name.clone(), "names no key that a variable can set");
                }
            }
        }
        source.sections = table
            .into_iter()
            .map(|(key, value)| (key.into_inner().into_owned(), value))
            .collect();
        Ok(source)
    }

    /// A required section.
    pub(super) fn section<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let Some(value) = self.take(key) else {
            self.report(None, key.to_owned(), "is missing");
            return None;
        };
        self.read(key.to_owned(), value)
    }

    /// A section that may be left out.
    pub(super) fn optional<T: DeserializeOwned + Default>(&mut self, key: &str) -> T {
        match self.take(key) {
            Some(value) => self.read(key.to_owned(), value).unwrap_or_default(),
            None => T::default(),
        }
    }

    /// A list of sections (`[[key]]`), each read by itself so that each can have its own problem.
    pub(super) fn list<T: DeserializeOwned>(&mut self, key: &str) -> Vec<T> {
        let Some(value) = self.take(key) else {
            return Vec::new();
        };
        let span = value.span();
        let DeValue::Array(values) = value.into_inner() else {
            self.report(
                Some(span),
                key.to_owned(),
                "must be a list of tables: [[..]]",
            );
            return Vec::new();
        };
        let items = values.into_iter().enumerate();
        items
            .filter_map(|(index, value)| self.read(format!("{key}[{index}]"), value))
            .collect()
    }

    /// Adds a problem found by looking at values together.
    pub(super) fn problem(&mut self, key: &str, what: impl Into<String>) {
        self.report(None, key.to_owned(), what);
    }

    /// Everything found, in the order of the file; unknown sections included.
    pub(super) fn finish(mut self) -> Vec<Problem> {
        for (key, value) in std::mem::take(&mut self.sections) {
            self.report(
                Some(value.span()),
                key,
                "is no section of the configuration",
            );
        }
        self.problems
    }

    fn take(&mut self, key: &str) -> Option<Spanned<DeValue<'text>>> {
        let position = self.sections.iter().position(|(name, _)| name == key)?;
        Some(self.sections.swap_remove(position).1)
    }

    fn read<T: DeserializeOwned>(
        &mut self,
        key: String,
        value: Spanned<DeValue<'text>>,
    ) -> Option<T> {
        let whole = value.span();
        match T::deserialize(ValueDeserializer::from(value)) {
            Ok(value) => Some(value),
            Err(error) => {
                let span = error.span().unwrap_or(whole);
                self.report(Some(span), key, error.message());
                None
            }
        }
    }

    fn report(&mut self, span: Option<Range<usize>>, key: String, what: impl Into<String>) {
        let place = self.place(span);
        self.problems.push(Problem {
            place,
            key,
            what: what.into(),
        });
    }

    fn place(&self, span: Option<Range<usize>>) -> String {
        let Some(before) = span.and_then(|span| self.text.get(..span.start)) else {
            return self.file.to_owned();
        };
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, str::len) + 1;
        format!("{}:{line}:{column}", self.file)
    }
}

/// Sets one key from the environment; false when the path leads through something not a table.
fn overlay<'text>(table: &mut DeTable<'text>, path: &[String], value: &'text str) -> bool {
    let [key, rest @ ..] = path else { return false };
    if key.is_empty() {
        return false;
    }
    let place = table
        .entry(Spanned::new(0..0, Cow::Owned(key.clone())))
        .or_insert_with(|| Spanned::new(0..0, DeValue::Table(DeTable::new())));
    if rest.is_empty() {
        *place = Spanned::new(0..0, typed(value));
        return true;
    }
    match place.get_mut() {
        DeValue::Table(inner) => overlay(inner, rest, value),
        _ => false,
    }
}

/// `true`, `false` and whole numbers keep their kind; the rest is text.
fn typed(value: &str) -> DeValue<'_> {
    match DeValue::parse(value).map(Spanned::into_inner) {
        Ok(parsed @ (DeValue::Boolean(_) | DeValue::Integer(_))) => parsed,
        _ => DeValue::String(Cow::Borrowed(value)),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields)]
    struct Http {
        listen: String,
        workers: Option<u8>,
    }

    fn read(text: &str, environment: &[(String, String)]) -> (Option<Http>, Vec<String>) {
        let mut source = match Source::parse("gateway.toml", text, environment) {
            Ok(source) => source,
            Err(problems) => return (None, problems.iter().map(ToString::to_string).collect()),
        };
        let http = source.section("http");
        (
            http,
            source.finish().iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn problems_name_their_line_and_column() {
        let (_, problems) = read("[http]\nlisten = 5\n\n[htpp]\n", &[]);
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(
            problems[0].starts_with("gateway.toml:2:10  http  invalid type"),
            "{problems:?}"
        );
        assert!(
            problems[1].starts_with("gateway.toml:4:1  htpp"),
            "{problems:?}"
        );
    }

    #[test]
    fn a_syntax_error_names_its_place() {
        let (_, problems) = read("[http\n", &[]);
        assert!(problems[0].starts_with("gateway.toml:1:"), "{problems:?}");
    }

    #[test]
    fn the_environment_wins_over_the_file() {
        let environment = [
            ("GATEWAY__HTTP__LISTEN".to_owned(), "b".to_owned()),
            ("GATEWAY__HTTP__WORKERS".to_owned(), "3".to_owned()),
            ("UNRELATED".to_owned(), "x".to_owned()),
        ];
        let (http, problems) = read("[http]\nlisten = 'a'\n", &environment);
        assert_eq!(
            http,
            Some(Http {
                listen: "b".to_owned(),
                workers: Some(3)
            })
        );
        assert_eq!(problems, Vec::<String>::new());
    }

    #[test]
    fn a_misspelt_variable_is_a_problem() {
        let environment = [("GATEWAY__HTPP__LISTEN".to_owned(), "b".to_owned())];
        let (_, problems) = read("[http]\nlisten = 'a'\n", &environment);
        assert_eq!(problems.len(), 1, "{problems:?}");
    }
}
