//! Foreign text on a terminal: what could move the cursor, reorder or hide characters is spelled out.

use std::fmt::{self, Write};

/// The longest foreign text shown, in characters.
const LONGEST: usize = 200;

/// A foreign text, safe to print on one line.
pub(crate) struct Shown<'a>(pub(crate) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (count, c) in self.0.chars().enumerate() {
            if count == LONGEST {
                return f.write_str("[...]");
            }
            match c {
                '"' | '\'' => f.write_char(c)?,
                c => write!(f, "{}", c.escape_debug())?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_and_direction_marks_are_spelled_out() {
        let hostile = "a\u{1b}[2J\r\n\u{202e}b\u{200b}\u{7}\\";
        assert_eq!(
            Shown(hostile).to_string(),
            r"a\u{1b}[2J\r\n\u{202e}b\u{200b}\u{7}\\"
        );
    }

    #[test]
    fn words_are_left_alone_and_long_ones_cut() {
        assert_eq!(Shown("Renda d'inserció").to_string(), "Renda d'inserció");
        assert_eq!(
            Shown(&"x".repeat(201)).to_string(),
            "x".repeat(200) + "[...]"
        );
    }
}
