//! What people and officers write in their own words.

use serde::Deserialize;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// What somebody writes in their own words: 1 to 2,000 characters.
#[derive(Clone, Deserialize, Eq, PartialEq, Zeroize, ZeroizeOnDrop)]
#[serde(try_from = "String")]
pub struct Words(String);

/// Why a text is not taken. Never carries it.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("1 to 2000 characters, without control characters but line ends")]
pub struct InvalidWords;

impl Words {
    /// The text, for whoever may read it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Words {
    type Error = InvalidWords;

    fn try_from(text: String) -> Result<Self, InvalidWords> {
        let text = text.trim();
        let fits = (1..=2000).contains(&text.chars().count());
        let plain = |c: char| !c.is_control() || c == '\n';
        if fits && text.chars().all(plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(InvalidWords)
        }
    }
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Words(·)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_bounded_plain_and_never_printed() {
        let read = |text: &str| Words::try_from(text.to_owned());
        assert_eq!(
            read("  La meva adreça\nés una altra ")
                .unwrap()
                .reveal()
                .lines()
                .count(),
            2
        );
        for wrong in ["", "  ", "a\u{7}b", "a\u{1b}[2J", &"x".repeat(2001)] {
            assert_eq!(read(wrong), Err(InvalidWords));
        }
        assert_eq!(format!("{:?}", read("secret").unwrap()), "Words(·)");
    }
}
