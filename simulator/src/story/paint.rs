//! How the tale looks: at most 80 columns, plain where it is not a terminal.

use std::time::Duration;

use super::{Failed, Row};

const WIDEST: usize = 80;
const NARROWEST: usize = 40;
/// Columns before the first word of a row: the step's number and name.
const HEAD: usize = 18;
/// Columns for what happened, and for the trail it left; six more are for the time.
const TEXT: usize = 41;
const TRAIL: usize = 15;

/// `--color`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ColourChoice {
    #[default]
    Auto,
    Always,
    Never,
}

/// What the reader's end can show.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Style {
    pub colour: bool,
    /// Typographic marks; ASCII ones otherwise.
    pub glyphs: bool,
    pub width: usize,
    /// One object a line instead of text.
    pub json: bool,
    /// A pause after each step, for an audience.
    pub pace: Duration,
}

impl Style {
    /// Text without colour, marks or pauses, 80 columns wide.
    pub fn plain() -> Self {
        Self {
            colour: false,
            glyphs: false,
            width: WIDEST,
            json: false,
            pace: Duration::ZERO,
        }
    }

    /// One object a line.
    pub fn json() -> Self {
        Self {
            json: true,
            ..Self::plain()
        }
    }

    /// What the choice, the terminal and the environment allow (`NO_COLOR`, `TERM`, `COLUMNS`).
    pub fn detect(
        choice: ColourChoice,
        is_terminal: bool,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let no_colour = environment("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = environment("TERM").is_some_and(|value| value == "dumb");
        let columns = environment("COLUMNS")
            .and_then(|text| text.parse().ok())
            .unwrap_or(WIDEST);
        Self {
            colour: match choice {
                ColourChoice::Auto => is_terminal && !no_colour && !dumb,
                ColourChoice::Always => true,
                ColourChoice::Never => false,
            },
            glyphs: is_terminal && !dumb,
            width: columns.clamp(NARROWEST, WIDEST),
            json: false,
            pace: Duration::ZERO,
        }
    }

    fn marks(&self, text: &str) -> String {
        if self.glyphs {
            return text.to_owned();
        }
        text.replace('→', "->")
            .replace(['·', '–'], "-")
            .replace('…', "...")
    }

    fn coloured(&self, code: &str, text: &str) -> String {
        if self.colour {
            format!("\x1b[{code}m{text}\x1b[0m")
        } else {
            text.to_owned()
        }
    }

    fn bold(&self, text: &str) -> String {
        self.coloured("1", text)
    }

    fn dim(&self, text: &str) -> String {
        self.coloured("2", text)
    }
}

pub(super) fn header(style: &Style, story: usize, of: usize, title: &str) -> String {
    let left = style.marks(&format!("Story {story} of {of} · {title}"));
    let right = "simulator only";
    let room = style.width.saturating_sub(right.len());
    let blank = if story == 1 { "" } else { "\n" };
    if left.chars().count() < room {
        let padded = format!("{left:<room$}");
        return format!("{blank}{}{}\n", style.bold(&padded), style.dim(right));
    }
    wrapped(&left, style.width, 0)
        .iter()
        .fold(blank.to_owned(), |text, line| {
            text + &style.bold(line) + "\n"
        })
}

/// One step: its rows side by side where they fit, one below the other where they do not.
pub(super) fn step(style: &Style, number: usize, name: &str, rows: &[Row]) -> String {
    let mut text = String::new();
    for (at, row) in rows.iter().enumerate() {
        let head = if at == 0 {
            style.bold(&format!("{number:>2} {name:<15}"))
        } else {
            " ".repeat(HEAD)
        };
        match one_line(style, row) {
            Some(line) => text.push_str(format!("{head}{line}").trim_end()),
            None => text.push_str(&below(style, &head, row)),
        }
        text.push('\n');
    }
    text
}

/// The row in columns after the head, if the width allows.
fn one_line(style: &Style, row: &Row) -> Option<String> {
    let (what, outcome) = (style.marks(&row.what), style.marks(&row.outcome));
    let (trail, took) = (
        style.marks(&row.trail),
        row.took.map(seconds).unwrap_or_default(),
    );
    let left = if outcome.is_empty() {
        what
    } else if what.chars().count() < 20 {
        format!("{what:<20}{outcome}")
    } else {
        format!("{what}  {outcome}")
    };
    let length = |text: &str| text.chars().count();
    // without a trail, its columns belong to the words before it
    let room = if trail.is_empty() { TEXT + TRAIL } else { TEXT };
    let fits = style.width >= WIDEST && length(&left) < room && length(&trail) <= TRAIL;
    let trail = style.dim(&format!("{trail:<width$}", width = TEXT + TRAIL - room));
    fits.then(|| format!("{left:<room$}{trail}{took:>6}"))
}

fn below(style: &Style, head: &str, row: &Row) -> String {
    let took = row.took.map(seconds).unwrap_or_default();
    let parts = [row.what.as_str(), &row.outcome, &row.trail, took.trim()];
    let full: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let lines = wrapped(
        &style.marks(&full.join("  ")),
        style.width.saturating_sub(HEAD),
        2,
    );
    lines
        .join(&format!("\n{}", " ".repeat(HEAD)))
        .replacen("", head, 1)
}

pub(super) fn verdict(style: &Style, line: &str) -> String {
    format!("\n{}\n", style.coloured("1;32", line))
}

pub(super) fn fall(
    style: &Style,
    failed: &Failed,
    story: usize,
    step: usize,
    details: &str,
) -> String {
    let top = format!("FAILED  story {story}, step {step} ({})", failed.step);
    let mut text = format!("\n{}\n", style.coloured("1;31", &top));
    for reason in &failed.reasons {
        for line in wrapped(&style.marks(reason), style.width - 2, 2) {
            text.extend(["  ", &line, "\n"]);
        }
    }
    text + &format!("  details: {details}\n")
}

/// Breaks at spaces; lines after the first are indented.
fn wrapped(text: &str, width: usize, indent: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let length = line.chars().count() + 1 + word.chars().count();
        if !line.trim().is_empty() && length > width {
            lines.push(line.trim_end().to_owned());
            line = " ".repeat(indent);
            line.push_str(word);
        } else {
            if !line.is_empty() && !line.ends_with(' ') || word.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.push(line.trim_end().to_owned());
    lines
}

/// `0.2 s`; below a tenth it is told in milliseconds.
fn seconds(took: Duration) -> String {
    let milliseconds = took.as_millis();
    if milliseconds < 100 {
        return format!("{milliseconds} ms");
    }
    let tenths = (milliseconds + 50) / 100;
    format!("{}.{} s", tenths / 10, tenths % 10)
}
