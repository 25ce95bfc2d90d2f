//! Comparing texts of theirs without minding case or accents.

/// Lower case, without accents, whether they are written composed or with combining marks.
pub(super) fn fold(text: &str) -> String {
    text.chars()
        .filter(|character| !matches!(character, '\u{300}'..='\u{36f}'))
        .flat_map(char::to_lowercase)
        .map(|character| match character {
            'à' | 'á' | 'â' | 'ä' => 'a',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ò' | 'ó' | 'ô' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            'ç' => 'c',
            'ñ' => 'n',
            '’' => '\'',
            other => other,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn composed_and_combining_accents_are_the_same() {
        assert_eq!(fold("Transmissió"), "transmissio");
        assert_eq!(fold("TRANSMISSIO\u{301}"), "transmissio");
        assert_eq!(fold("Error en el procés"), "error en el proces");
    }
}
