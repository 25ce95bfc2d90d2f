//! Reads a TOML sheet by hand, so that every problem in it is reported at once with its place.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Something wrong in a sheet, and where.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The key, as `product.asks.ca`.
    pub key: String,
    /// What is wrong and what is accepted.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            column,
            key,
            message,
        } = self;
        write!(f, "{line}:{column}  {key}  {message}")
    }
}

/// A sheet being read, with the problems found so far.
pub(crate) struct Sheet<'t> {
    text: &'t str,
    root: Spanned<DeTable<'t>>,
    problems: RefCell<Vec<Problem>>,
}

/// One table of a sheet.
pub(crate) struct Row<'s> {
    sheet: &'s Sheet<'s>,
    table: &'s DeTable<'s>,
    at: Range<usize>,
    path: String,
    known: RefCell<Vec<&'static str>>,
}

impl<'t> Sheet<'t> {
    /// Parses the text; what does not parse is a problem like any other.
    pub(crate) fn parse(text: &'t str) -> Self {
        let (root, errors) = DeTable::parse_recoverable(text);
        let sheet = Self {
            text,
            root,
            problems: RefCell::default(),
        };
        for error in errors {
            sheet.report(error.span().unwrap_or(0..0), "", error.message());
        }
        sheet
    }

    /// The top-level table.
    pub(crate) fn root(&'t self) -> Row<'t> {
        Row {
            sheet: self,
            table: self.root.get_ref(),
            at: 0..0,
            path: String::new(),
            known: RefCell::default(),
        }
    }

    /// All problems found, in file order.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = self.problems.borrow().clone();
        problems.sort();
        problems.dedup();
        problems
    }

    fn report(&self, at: Range<usize>, key: &str, message: &str) {
        let before = self.text.get(..at.start).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        self.problems.borrow_mut().push(Problem {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            key: key.to_owned(),
            message: message.to_owned(),
        });
    }
}

impl<'s> Row<'s> {
    /// Reports a problem of this key, or of the whole row when the key is absent.
    pub(crate) fn problem(&self, key: &str, message: &str) {
        let at = self
            .table
            .get(key)
            .map_or_else(|| self.at.clone(), Spanned::span);
        self.sheet.report(at, &self.name(key), message);
    }

    /// A text that must be there and not be blank.
    pub(crate) fn text(&self, key: &'static str) -> Option<&'s str> {
        match self.value(key)?.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Some(text),
            Some(_) => self.refuse(key, "is empty"),
            None => self.refuse(key, "must be a text"),
        }
    }

    /// A text of some form; `accepted` says which.
    pub(crate) fn parsed<T: FromStr>(&self, key: &'static str, accepted: &str) -> Option<T> {
        let parsed = self.text(key)?.parse().ok();
        parsed.or_else(|| self.refuse(key, &format!("must be {accepted}")))
    }

    /// As [`Row::parsed`], for a key that may be absent.
    pub(crate) fn parsed_if_there<T: FromStr>(
        &self,
        key: &'static str,
        accepted: &str,
    ) -> Option<T> {
        self.known.borrow_mut().push(key);
        self.table.get(key)?;
        self.parsed(key, accepted)
    }

    /// `true` or `false`.
    pub(crate) fn flag(&self, key: &'static str) -> Option<bool> {
        let flag = self.value(key)?.as_bool();
        flag.or_else(|| self.refuse(key, "must be true or false"))
    }

    /// A whole number from 0 up.
    pub(crate) fn number(&self, key: &'static str) -> Option<i64> {
        let number = self
            .value(key)?
            .as_integer()
            .filter(|integer| integer.radix() == 10)
            .and_then(|integer| integer.as_str().replace('_', "").parse().ok())
            .filter(|number| *number >= 0);
        number.or_else(|| self.refuse(key, "must be a whole number from 0 up"))
    }

    /// As [`Row::number`], for a key that may be absent.
    pub(crate) fn number_if_there(&self, key: &'static str) -> Option<i64> {
        self.known.borrow_mut().push(key);
        self.table.get(key)?;
        self.number(key)
    }

    /// A list of texts of some form, at least one, none twice.
    pub(crate) fn list<T: FromStr + PartialEq>(
        &self,
        key: &'static str,
        accepted: &str,
    ) -> Option<Vec<T>> {
        let Some(array) = self.value(key)?.as_array() else {
            return self.refuse(key, "must be a list");
        };
        let mut list = Vec::new();
        for value in array {
            match value.get_ref().as_str().and_then(|text| text.parse().ok()) {
                Some(item) if !list.contains(&item) => list.push(item),
                Some(_) => self
                    .sheet
                    .report(value.span(), &self.name(key), "appears twice"),
                None => {
                    let message = format!("must be {accepted}");
                    self.sheet.report(value.span(), &self.name(key), &message);
                }
            }
        }
        if array.is_empty() {
            return self.refuse(key, "is empty");
        }
        (list.len() == array.len()).then_some(list)
    }

    /// A table of its own.
    pub(crate) fn row(&self, key: &'static str) -> Option<Self> {
        let value = self.value(key)?;
        match value {
            DeValue::Table(table) => Some(self.below(key, table, self.table.get(key)?.span())),
            _ => self.refuse(key, "must be a table"),
        }
    }

    /// An array of tables, `[[key]]`, in file order.
    pub(crate) fn rows(&self, key: &'static str) -> Vec<Self> {
        let Some(value) = self.value(key) else {
            return Vec::new();
        };
        let tables = value.as_array().map(|array| {
            array
                .iter()
                .filter_map(|item| Some((item.get_ref().as_table()?, item.span())))
                .map(|(table, at)| self.below(key, table, at))
                .collect()
        });
        tables
            .or_else(|| self.refuse(key, "must be an array of tables"))
            .unwrap_or_default()
    }

    /// Reports the keys nobody asked for. Call last.
    pub(crate) fn close(&self) {
        let known = self.known.borrow();
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let message = format!("is not a key here; the keys are {}", known.join(", "));
                self.sheet.report(key.span(), &self.name(name), &message);
            }
        }
    }

    fn value(&self, key: &'static str) -> Option<&'s DeValue<'s>> {
        self.known.borrow_mut().push(key);
        match self.table.get(key) {
            Some(value) => Some(value.get_ref()),
            None => self.refuse(key, "is missing"),
        }
    }

    fn below(&self, key: &str, table: &'s DeTable<'s>, at: Range<usize>) -> Self {
        Row {
            sheet: self.sheet,
            table,
            at,
            path: self.name(key),
            known: RefCell::default(),
        }
    }

    fn name(&self, key: &str) -> String {
        if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        }
    }

    fn refuse<T>(&self, key: &str, message: &str) -> Option<T> {
        self.problem(key, message);
        None
    }
}
