//! A filed tax return: how it was filed and the one figure of it that is used.
//!
//! The blocks of the spouse, the children and the ascendants are never entered. Whether a spouse is
//! there at all is read, because a joint total with a spouse is not the holder's alone.

use serde::{Deserialize, Serialize};

use super::AGENCY;
use super::amount::free_text;
use crate::citizen::EuroCents;
use crate::products::{DecodeError, read};
use crate::xml::Element;

/// What is kept of a tax return.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct TaxReturn {
    /// How it was filed.
    pub filing: Filing,
    /// The income and what kind of sum it is, when one was given. May be zero or negative.
    pub income: Option<(EuroCents, Basis)>,
}

/// How a return was filed, which decides whose income its figures are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Filing {
    /// By one person for themself.
    Individual,
    /// By one parent for themself and their children: one adult's income.
    JointOneAdult,
    /// By a couple: the figures cannot be split.
    JointWithSpouse,
    /// Not stated, so it must be treated as a couple's.
    NotStated,
}

/// What may be told of the total of a couple's return. The data-protection officer's to decide.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum JointReturns {
    /// Nothing to anyone who is not one of a household in which both spouses agreed.
    #[default]
    Withheld,
    /// The total to either spouse, said to be of a joint return. No part of it: there is none.
    TotalOnly,
}

/// What kind of sum a figure is; aids differ precisely there.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
pub enum Basis {
    /// `NivelRentaDeclaracion`, or the amount of that name: the income level AEAT computed.
    IncomeLevel,
    /// General plus savings taxable base, the nearest sum when no income level was given.
    TaxableBase,
}

/// Start of the namespaces of yearly returns; the year follows, and new years appear each July.
pub(in crate::products) const YEARLY: &str =
    "http://intermediacion.redsara.es/scsp/esquemas/datosespecificos/renta";

impl TaxReturn {
    /// Reads the agency's block in any combination of the old `irpf` block, the yearly
    /// `Declaracion` and `NivelRentaDeclaracion`.
    pub(super) fn read(block: &Element) -> Result<Self, DecodeError> {
        let level = read::optional_text(block, AGENCY, "NivelRentaDeclaracion")?
            .map(str::parse::<EuroCents>)
            .transpose()
            .map_err(|_| DecodeError::Malformed("NivelRentaDeclaracion"))?;
        let old = read::optional(block, AGENCY, "irpf")?;
        let yearly = yearly(block)?;
        let named = old.map(named_level).transpose()?.flatten();
        let base = yearly.map(taxable_base).transpose()?.flatten();
        let filing = match (yearly, old) {
            (Some(declaration), _) => filing_by_number(declaration)?,
            (None, Some(irpf)) => filing_by_words(irpf)?,
            (None, None) => Filing::NotStated,
        };
        Ok(Self {
            filing,
            income: level
                .or(named)
                .map(|amount| (amount, Basis::IncomeLevel))
                .or(base.map(|amount| (amount, Basis::TaxableBase))),
        })
    }
}

/// `Declaracion` of whatever year.
fn yearly(block: &Element) -> Result<Option<&Element>, DecodeError> {
    let mut declarations = block.elements().filter(|element| {
        element.name() == "Declaracion" && element.namespace().starts_with(YEARLY)
    });
    match (declarations.next(), declarations.next()) {
        (_, Some(_)) => Err(DecodeError::Repeated("Declaracion")),
        (declaration, None) => Ok(declaration),
    }
}

/// `DatosEconomicos/@TIPOTRIBUTACION`: 1 individual, 2 joint.
fn filing_by_number(declaration: &Element) -> Result<Filing, DecodeError> {
    let year = declaration.namespace();
    let figures = read::required(declaration, year, "DatosEconomicos")?;
    let spouse = match read::optional(declaration, year, "DatosIdentificativos")? {
        Some(people) => people.child(year, "Conyuge").is_some(),
        // Who is in the return was left out, so a spouse cannot be ruled out.
        None => true,
    };
    match figures.attribute("", "TIPOTRIBUTACION") {
        Some("1") => Ok(Filing::Individual),
        Some("2") if spouse => Ok(Filing::JointWithSpouse),
        Some("2") => Ok(Filing::JointOneAdult),
        Some(_) => Err(DecodeError::Unlisted("TIPOTRIBUTACION")),
        None => Ok(Filing::NotStated),
    }
}

/// `CabeceraRenta/Tributacion`: a word or its initial, sometimes after a label.
fn filing_by_words(irpf: &Element) -> Result<Filing, DecodeError> {
    let Some(header) = read::optional(irpf, AGENCY, "CabeceraRenta")? else {
        return Ok(Filing::NotStated);
    };
    let spouse = read::optional_text(header, AGENCY, "SegundoTitular")?.is_some();
    let text = read::optional_text(header, AGENCY, "Tributacion")?.unwrap_or_default();
    let word = text.rsplit(':').next().unwrap_or_default().trim();
    match word.to_uppercase().as_str() {
        "I" | "INDIVIDUAL" => Ok(Filing::Individual),
        "C" | "CONJUNTA" if spouse => Ok(Filing::JointWithSpouse),
        "C" | "CONJUNTA" => Ok(Filing::JointOneAdult),
        "" => Ok(Filing::NotStated),
        _ => Err(DecodeError::Unlisted("Tributacion")),
    }
}

/// The amount called income level among `Importes`, if it is there once.
fn named_level(irpf: &Element) -> Result<Option<EuroCents>, DecodeError> {
    let Some(amounts) = read::optional(irpf, AGENCY, "Importes")? else {
        return Ok(None);
    };
    let mut levels = amounts.named(AGENCY, "Importe").filter(|amount| {
        ["Importe", "Descripcion"].into_iter().any(|name| {
            amount
                .child(AGENCY, name)
                .is_some_and(|label| is_income_level(label.text()))
        })
    });
    match (levels.next(), levels.next()) {
        (None, _) => Ok(None),
        (Some(level), None) => read::optional_text(level, AGENCY, "Valor")?
            .map(|text| free_text(text).ok_or(DecodeError::Malformed("Valor")))
            .transpose(),
        (Some(_), Some(_)) => Err(DecodeError::Repeated("Importe")),
    }
}

/// `NIVEL_RENTA`, `Nivel de renta` and the like.
fn is_income_level(label: &str) -> bool {
    let label = label.to_uppercase();
    let mut words = label
        .split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !matches!(*word, "" | "DE" | "LA"));
    words.next() == Some("NIVEL") && words.next() == Some("RENTA")
}

/// General (`BIGRALH`) plus savings (`BIAHOH`) taxable base.
fn taxable_base(declaration: &Element) -> Result<Option<EuroCents>, DecodeError> {
    let year = declaration.namespace();
    let mut here = declaration;
    for name in ["DatosEconomicos", "Resultados", "BaseImponibleRes"] {
        match read::optional(here, year, name)? {
            Some(next) => here = next,
            None => return Ok(None),
        }
    }
    let part = |name| {
        read::optional_text(here, year, name)?
            .map(str::parse::<EuroCents>)
            .transpose()
            .map_err(|_| DecodeError::Malformed(name))
    };
    match (part("BIGRALH")?, part("BIAHOH")?) {
        (Some(general), Some(savings)) => general
            .checked_add(savings)
            .map(Some)
            .ok_or(DecodeError::Malformed("BIGRALH")),
        (general, savings) => Ok(general.or(savings)),
    }
}
