//! What others told the tax agency about someone who was not obliged to file a return.

use serde::{Deserialize, Serialize};

use super::AGENCY;
use super::amount::in_parts;
use crate::citizen::EuroCents;
use crate::products::{DecodeError, read};
use crate::xml::Element;

/// The imputed amounts the purpose needs. Withholdings are read past.
///
/// They are gross and partial (no rents, no self-employment, nothing from abroad): a floor.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Imputations {
    /// Work income, pensions and unemployment benefit included.
    pub work: Option<EuroCents>,
    /// Income from movable capital.
    pub movable_capital: Option<EuroCents>,
    /// Capital gains subject to withholding; may be a loss.
    pub gains: Option<EuroCents>,
    /// Deductible expenses of work, not subtracted from [`Imputations::gross`].
    pub work_expenses: Option<EuroCents>,
    /// Entries recognised neither by their words nor by their place.
    pub unrecognised: usize,
}

/// The seven documented figures, in the order they are documented to come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Figure {
    Work,
    WorkWithheld,
    MovableCapital,
    MovableCapitalWithheld,
    Gains,
    GainsWithheld,
    WorkExpenses,
}

const IN_ORDER: [Figure; 7] = [
    Figure::Work,
    Figure::WorkWithheld,
    Figure::MovableCapital,
    Figure::MovableCapitalWithheld,
    Figure::Gains,
    Figure::GainsWithheld,
    Figure::WorkExpenses,
];

impl Imputations {
    /// Work, movable capital and gains together; `None` when none was stated or the sum overflows.
    pub fn gross(&self) -> Option<EuroCents> {
        [self.work, self.movable_capital, self.gains]
            .into_iter()
            .flatten()
            .map(Some)
            .reduce(|sum, next| sum?.checked_add(next?))
            .flatten()
    }

    /// Reads `Imputaciones/DatosEconomicos`.
    ///
    /// The texts have no controlled vocabulary: words first, then the place, unless another entry
    /// claims that place by its words.
    pub(super) fn read(block: &Element) -> Result<Self, DecodeError> {
        let entries = block
            .named(AGENCY, "DatosEconomicos")
            .map(|entry| {
                let text = read::optional_text(entry, AGENCY, "Texto")?.unwrap_or_default();
                Ok((by_words(text), amount(entry)?))
            })
            .collect::<Result<Vec<_>, DecodeError>>()?;
        let claimed: Vec<_> = entries.iter().filter_map(|(figure, _)| *figure).collect();
        let mut imputations = Self::default();
        for (place, (figure, amount)) in entries.into_iter().enumerate() {
            let by_place = || IN_ORDER.get(place).filter(|here| !claimed.contains(here));
            match figure.or_else(|| by_place().copied()) {
                Some(figure) => imputations.add(figure, amount)?,
                None => imputations.unrecognised += 1,
            }
        }
        Ok(imputations)
    }

    /// Adds an amount to its figure; several payers may each have an entry.
    fn add(&mut self, figure: Figure, amount: EuroCents) -> Result<(), DecodeError> {
        let slot = match figure {
            Figure::Work => &mut self.work,
            Figure::MovableCapital => &mut self.movable_capital,
            Figure::Gains => &mut self.gains,
            Figure::WorkExpenses => &mut self.work_expenses,
            Figure::WorkWithheld | Figure::MovableCapitalWithheld | Figure::GainsWithheld => {
                return Ok(());
            }
        };
        let sum = slot
            .unwrap_or_default()
            .checked_add(amount)
            .ok_or(DecodeError::Malformed("Enteros"))?;
        *slot = Some(sum);
        Ok(())
    }
}

fn amount(entry: &Element) -> Result<EuroCents, DecodeError> {
    let sign = read::optional_text(entry, AGENCY, "Signo")?.unwrap_or_default();
    let euros = read::required_text(entry, AGENCY, "Enteros")?;
    let cents = read::required_text(entry, AGENCY, "Decimales")?;
    in_parts(sign, euros, cents).ok_or(DecodeError::Malformed("Enteros"))
}

/// The figure a text speaks of. "Gains subject to withholding" are gains: what leads decides.
fn by_words(text: &str) -> Option<Figure> {
    let text = text.to_uppercase();
    let words: Vec<_> = text
        .split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
        .collect();
    let speaks_of = |start: &str| words.iter().any(|word| word.starts_with(start));
    let leads = |start: &str| words.first().is_some_and(|word| word.starts_with(start));
    let withheld = leads("RETENC");
    if leads("GASTO") {
        Some(Figure::WorkExpenses)
    } else if speaks_of("TRABAJO") {
        Some(if withheld {
            Figure::WorkWithheld
        } else {
            Figure::Work
        })
    } else if speaks_of("MOBILIARIO") {
        Some(if withheld {
            Figure::MovableCapitalWithheld
        } else {
            Figure::MovableCapital
        })
    } else if speaks_of("GANANCIA") {
        Some(if withheld {
            Figure::GainsWithheld
        } else {
            Figure::Gains
        })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_tell_a_figure_from_its_withholding() {
        for (text, figure) in [
            ("RENDIMIENTOS DEL TRABAJO", Some(Figure::Work)),
            ("Retenciones del trabajo", Some(Figure::WorkWithheld)),
            (
                "RENDIMIENTOS CAPITAL MOBILIARIO",
                Some(Figure::MovableCapital),
            ),
            (
                "GANANCIAS PATRIMONIALES SOMETIDAS A RETENCION",
                Some(Figure::Gains),
            ),
            ("RETENCIONES DE GANANCIAS", Some(Figure::GainsWithheld)),
            (
                "GASTOS DEDUCIBLES DE RENDIMIENTOS DEL TRABAJO",
                Some(Figure::WorkExpenses),
            ),
            ("RENDIMIENTOS DEL CAPITAL INMOBILIARIO", None),
            ("", None),
        ] {
            assert_eq!(by_words(text), figure, "{text}");
        }
    }

    #[test]
    fn nothing_stated_is_not_zero() {
        assert_eq!(Imputations::default().gross(), None);
    }

    #[test]
    fn a_loss_lowers_the_gross_and_expenses_do_not() {
        let imputations = Imputations {
            work: Some(EuroCents::from_cents(896_005)),
            gains: Some(EuroCents::from_cents(-15_050)),
            work_expenses: Some(EuroCents::from_cents(56_900)),
            ..Imputations::default()
        };
        assert_eq!(imputations.gross(), Some(EuroCents::from_cents(880_955)));
    }
}
