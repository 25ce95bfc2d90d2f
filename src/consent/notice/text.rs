//! The few marks a notice may use, read so that the pages need no Markdown renderer.

use serde::Serialize;

/// A notice as read: what fits on one screen, then the rest.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Text {
    /// The heading.
    pub title: String,
    /// Layer 1: at most 120 words, before anything else.
    pub short: Vec<Block>,
    /// Layer 2, by subject.
    pub sections: Vec<Section>,
}

/// A part of layer 2.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Section {
    /// Its heading.
    pub heading: String,
    /// What it says.
    pub blocks: Vec<Block>,
}

/// A paragraph or a list.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Block {
    /// Entries of a list, plain text.
    List(Vec<String>),
    /// A paragraph, plain text.
    Paragraph(String),
}

/// Why a text is not a notice.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TextError {
    /// Layer 1 is longer than people read.
    #[error("layer 1 has {0} words; the most is {LAYER_1_WORDS}")]
    LongLayer1(usize),
    /// Emphasis, links, HTML or another mark that would be shown as such.
    #[error(
        "line {0}: only headings, paragraphs, lists and the line between the layers are understood"
    )]
    Mark(usize),
    /// No line of three hyphens between the layers, or more than one.
    #[error("exactly one line `---` stands between layer 1 and layer 2")]
    Layers,
    /// A heading where none belongs, or text before the first.
    #[error("line {0}: one `# ` heading first, `## ` headings after the line between the layers")]
    Heading(usize),
}

/// Most words of layer 1.
const LAYER_1_WORDS: usize = 120;

impl Text {
    /// Reads a notice.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let lines: Vec<(usize, &str)> = (1..).zip(text.lines().map(str::trim_end)).collect();
        let mut layers = lines.split(|(_, line)| *line == "---");
        let (Some(first), Some(second), None) = (layers.next(), layers.next(), layers.next())
        else {
            return Err(TextError::Layers);
        };
        let (title, short) = layer_1(first)?;
        Ok(Self {
            title,
            short,
            sections: layer_2(second)?,
        })
    }

    /// Same sections, blocks and list lengths: what two languages of one notice must share.
    pub fn same_structure(&self, other: &Self) -> bool {
        self.shape() == other.shape()
    }

    fn shape(&self) -> Vec<Vec<usize>> {
        let count = |blocks: &[Block]| {
            blocks
                .iter()
                .map(|block| match block {
                    Block::List(entries) => entries.len(),
                    Block::Paragraph(_) => 0,
                })
                .collect()
        };
        std::iter::once(count(&self.short))
            .chain(self.sections.iter().map(|section| count(&section.blocks)))
            .collect()
    }
}

fn layer_1(lines: &[(usize, &str)]) -> Result<(String, Vec<Block>), TextError> {
    let [(number, heading), rest @ ..] = lines else {
        return Err(TextError::Heading(1));
    };
    let title = heading
        .strip_prefix("# ")
        .ok_or(TextError::Heading(*number))?;
    let words = lines
        .iter()
        .flat_map(|(_, line)| line.split_whitespace())
        .count()
        - 1;
    if words > LAYER_1_WORDS {
        return Err(TextError::LongLayer1(words));
    }
    Ok((title.to_owned(), blocks(rest)?))
}

fn layer_2(lines: &[(usize, &str)]) -> Result<Vec<Section>, TextError> {
    let mut parts = lines.chunk_by(|_, (_, next)| !next.starts_with('#'));
    if let Some([(number, _), ..]) = parts
        .clone()
        .next()
        .filter(|part| !blocks(part).is_ok_and(|blocks| blocks.is_empty()))
    {
        return Err(TextError::Heading(*number));
    }
    parts.next();
    parts
        .map(|part| {
            let [(number, heading), rest @ ..] = part else {
                return Err(TextError::Layers);
            };
            let heading = heading
                .strip_prefix("## ")
                .ok_or(TextError::Heading(*number))?;
            Ok(Section {
                heading: heading.to_owned(),
                blocks: blocks(rest)?,
            })
        })
        .collect()
}

/// Paragraphs and lists, separated by blank lines.
fn blocks(lines: &[(usize, &str)]) -> Result<Vec<Block>, TextError> {
    lines
        .split(|(_, line)| line.is_empty())
        .filter(|group| !group.is_empty())
        .map(block)
        .collect()
}

fn block(lines: &[(usize, &str)]) -> Result<Block, TextError> {
    for (number, line) in lines {
        if line.starts_with(['#', '>', '|', ' ', '\t'])
            || line.contains(['*', '_', '`', '<', '[', '\\'])
        {
            return Err(TextError::Mark(*number));
        }
    }
    let entries: Vec<_> = lines
        .iter()
        .filter_map(|(_, line)| line.strip_prefix("- "))
        .collect();
    match lines {
        _ if entries.len() == lines.len() => Ok(Block::List(
            entries.into_iter().map(str::to_owned).collect(),
        )),
        [(_, line)] => Ok(Block::Paragraph((*line).to_owned())),
        // One line per paragraph: a wrapped list entry would otherwise read as one.
        [(number, _), ..] => Err(TextError::Mark(*number)),
        [] => Err(TextError::Layers),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: &str = "# T\n\nOne.\n\n---\n\n## A\n\nTwo.\n\n- three\n- four\n";

    #[test]
    fn a_notice_reads_into_layers_sections_and_blocks() {
        let text = Text::parse(SMALL).unwrap();
        assert_eq!(text.title, "T");
        assert_eq!(text.short, [Block::Paragraph("One.".to_owned())]);
        assert_eq!(
            text.sections,
            [Section {
                heading: "A".to_owned(),
                blocks: vec![
                    Block::Paragraph("Two.".to_owned()),
                    Block::List(vec!["three".to_owned(), "four".to_owned()]),
                ],
            }]
        );
    }

    #[test]
    fn what_would_not_show_as_written_is_refused() {
        let with = |from: &str, to: &str| Text::parse(&SMALL.replacen(from, to, 1));
        assert_eq!(with("---", ""), Err(TextError::Layers));
        assert_eq!(with("# T", "T"), Err(TextError::Heading(1)));
        assert_eq!(with("## A", "A"), Err(TextError::Heading(6)));
        assert_eq!(with("## A", "### A"), Err(TextError::Heading(7)));
        assert_eq!(with("One", "*One*"), Err(TextError::Mark(3)));
        assert_eq!(with("Two", "<b>Two"), Err(TextError::Mark(9)));
        assert_eq!(with("Two.", "Two\nlines."), Err(TextError::Mark(9)));
        assert_eq!(
            with("One", &"one ".repeat(120)),
            Err(TextError::LongLayer1(122))
        );
    }

    #[test]
    fn a_missing_list_entry_is_another_structure() {
        let whole = Text::parse(SMALL).unwrap();
        let shorter = Text::parse(&SMALL.replace("- four\n", "")).unwrap();
        assert!(whole.same_structure(&whole.clone()));
        assert!(!whole.same_structure(&shorter));
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_without_panic(text in "[#\\- a\n*]{0,80}") {
            let _ = Text::parse(&text);
        }
    }
}
