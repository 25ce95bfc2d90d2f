//! What each answer becomes, and what must hold for all of them together.

mod cases;
mod household;
mod laws;
mod strategies;

use std::sync::LazyLock;

use jiff::civil::{Date, date};

use super::*;
use crate::citizen::{ExchangeId, FiscalYear, ProductCode};
use crate::products::ProductKind;
use crate::products::testing::{answer_to, fixture, question_of};

pub(super) fn today() -> Date {
    date(2026, 3, 2)
}

pub(super) fn indicators() -> &'static Indicators {
    static SHIPPED: LazyLock<Indicators> = LazyLock::new(|| {
        Indicators::parse(include_str!("../../../config/indicators.toml")).unwrap()
    });
    &SHIPPED
}

pub(super) fn code(kind: ProductKind) -> ProductCode {
    kind.code().parse().unwrap()
}

/// Where an answer of this kind would come from; `exchange` tells exchanges apart.
pub(super) fn provenance(kind: ProductKind, reference: Reference, exchange: u32) -> Provenance {
    let source = match kind {
        ProductKind::AeatC2 | ProductKind::AeatC4 => "AEAT",
        ProductKind::DgpIdentity => "DGP",
        ProductKind::PadroCohabitants | ProductKind::PadroHouseholdSize => "PADRO",
        ProductKind::TgssInWork => "TGSS",
    };
    Provenance {
        product: code(kind),
        source: source.parse().unwrap(),
        exchange: format!("00000000-0000-4000-8000-{exchange:012}")
            .parse::<ExchangeId>()
            .unwrap(),
        obtained_at: "2026-03-02T09:14:05Z".parse().unwrap(),
        reference,
        issuer_reference: Some("26000000011".to_owned()),
    }
}

/// A fixture as an input of the profile.
pub(super) fn answered(
    kind: ProductKind,
    case: &str,
    nif: &str,
    year: i16,
) -> (ProductCode, SourceOutcome) {
    let (folder, reference) = match kind {
        ProductKind::AeatC2 | ProductKind::AeatC4 => {
            ("aeat_irpf", Reference::FiscalYear(FiscalYear::new(year)))
        }
        ProductKind::DgpIdentity => ("dgp_identity", Reference::Date(today())),
        ProductKind::PadroCohabitants => ("padro_cohabitants", Reference::Date(today())),
        ProductKind::PadroHouseholdSize => ("padro_household_size", Reference::Date(today())),
        ProductKind::TgssInWork => ("tgss_in_work", Reference::Date(today())),
    };
    let answer = answer_to(kind, &question_of(nif, year), &fixture(folder, case)).unwrap();
    let provenance = provenance(kind, reference, u32::from(year.unsigned_abs()));
    (code(kind), SourceOutcome::Answered { answer, provenance })
}
