//! Nationalities, which the police write as words.

use serde::{Deserialize, Serialize};

/// A nationality as the police wrote it, at most 22 characters.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Nationality(String);

/// The words for the nationalities most often registered in Catalonia, capitals without accents.
#[rustfmt::skip]
const COUNTRIES: &[(&str, &str)] = &[
    ("ALEMANIA", "DE"), ("ARGELIA", "DZ"), ("ARGENTINA", "AR"), ("BANGLADESH", "BD"),
    ("BOLIVIA", "BO"), ("BRASIL", "BR"), ("BULGARIA", "BG"), ("CHILE", "CL"), ("CHINA", "CN"),
    ("COLOMBIA", "CO"), ("CUBA", "CU"), ("ECUADOR", "EC"), ("EL SALVADOR", "SV"),
    ("ESPANA", "ES"), ("FILIPINAS", "PH"), ("FRANCIA", "FR"), ("GAMBIA", "GM"), ("GHANA", "GH"),
    ("GUATEMALA", "GT"), ("GUINEA", "GN"), ("HONDURAS", "HN"), ("INDIA", "IN"), ("ITALIA", "IT"),
    ("MALI", "ML"), ("MARRUECOS", "MA"), ("MEXICO", "MX"), ("NICARAGUA", "NI"),
    ("NIGERIA", "NG"), ("PAKISTAN", "PK"), ("PARAGUAY", "PY"), ("PERU", "PE"),
    ("POLONIA", "PL"), ("PORTUGAL", "PT"), ("REINO UNIDO", "GB"),
    ("REPUBLICA DOMINICANA", "DO"), ("RUMANIA", "RO"), ("RUSIA", "RU"), ("SENEGAL", "SN"),
    ("SIRIA", "SY"), ("UCRANIA", "UA"), ("URUGUAY", "UY"), ("VENEZUELA", "VE"),
];

impl Nationality {
    /// Takes the source's words.
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The words of the source.
    pub fn text(&self) -> &str {
        &self.0
    }

    /// ISO 3166-1 alpha-2, when the words are in our table; a country we do not recognise stays
    /// words.
    pub fn country(&self) -> Option<&'static str> {
        let plain: String = self.0.to_uppercase().chars().map(without_accent).collect();
        COUNTRIES
            .iter()
            .find(|(words, _)| *words == plain)
            .map(|(_, country)| *country)
    }
}

fn without_accent(letter: char) -> char {
    match letter {
        'Á' | 'À' => 'A',
        'É' | 'È' => 'E',
        'Í' | 'Ì' => 'I',
        'Ó' | 'Ò' => 'O',
        'Ú' | 'Ù' | 'Ü' => 'U',
        'Ñ' => 'N',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_words_become_a_country() {
        assert_eq!(Nationality::new("ESPAÑA").country(), Some("ES"));
        assert_eq!(
            Nationality::new("República Dominicana").country(),
            Some("DO")
        );
    }

    #[test]
    fn unknown_words_stay_words() {
        let nationality = Nationality::new("PAIS FICTICI");
        assert_eq!(nationality.country(), None);
        assert_eq!(nationality.text(), "PAIS FICTICI");
    }
}
