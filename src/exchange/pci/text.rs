//! Texts that fit their field.

use std::fmt;

/// A text of one to `MAX` characters that XML can carry, as the field of that length asks.
///
/// `Debug` hides it: most of these fields name a person.
#[derive(Clone, Eq, PartialEq)]
pub struct Text<const MAX: usize>(String);

/// Why a text does not fit its field. Never carries the text.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Unfit {
    /// A character that cannot be sent: a control character, for instance a line break.
    #[error("it has a character that cannot be sent")]
    Character,
    /// Nothing but spaces. An absent field is left out, not sent empty.
    #[error("it is empty")]
    Empty,
    /// Longer than the schema allows.
    #[error("it is longer than {max} characters")]
    TooLong {
        /// The length of the field.
        max: usize,
    },
    /// Shorter than the schema allows.
    #[error("it is shorter than {min} characters")]
    TooShort {
        /// The shortest text of the field.
        min: usize,
    },
}

impl<const MAX: usize> Text<MAX> {
    /// Checks a text, without the spaces around it.
    pub fn new(text: &str) -> Result<Self, Unfit> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Unfit::Empty);
        }
        if text.chars().count() > MAX {
            return Err(Unfit::TooLong { max: MAX });
        }
        let sendable = |character: char| {
            !character.is_control() && !matches!(character, '\u{fffe}' | '\u{ffff}')
        };
        if text.chars().all(sendable) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Unfit::Character)
        }
    }

    /// The text, for the wire.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<const MAX: usize> fmt::Debug for Text<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(·)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_count_characters_not_bytes() {
        assert!(Text::<5>::new("àéíòú").is_ok());
        assert_eq!(Text::<5>::new("àéíòúü"), Err(Unfit::TooLong { max: 5 }));
        assert_eq!(Text::<5>::new("  "), Err(Unfit::Empty));
        assert_eq!(Text::<5>::new("a\rb"), Err(Unfit::Character));
    }

    proptest! {
        #[test]
        fn whatever_fits_can_be_written(text in ".{0,20}") {
            if let Ok(text) = Text::<12>::new(&text) {
                let mut writer = crate::xml::Writer::new();
                prop_assert!(writer.leaf("a", text.as_str()).is_ok());
                let written = writer.finish();
                let read = crate::xml::read(written.as_bytes(), &crate::xml::Limits::ANSWER);
                let read = read.unwrap();
                prop_assert_eq!(read.text(), text.as_str());
            }
        }
    }
}
