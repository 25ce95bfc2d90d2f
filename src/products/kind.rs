//! The codecs compiled in.

use crate::citizen::ProductCode;

/// A service and modality this program knows how to ask and read.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum ProductKind {
    /// Income for social benefits.
    AeatC4,
    /// Income level, the fall-back of C4; same payloads.
    AeatC2,
    /// Birth date and nationality.
    DgpIdentity,
    /// How many of some people live at the holder's address.
    PadroCohabitants,
    /// How many people are registered at the holder's address.
    PadroHouseholdSize,
    /// Whether the holder is in work on a date.
    TgssInWork,
}

impl ProductKind {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::AeatC4,
        Self::AeatC2,
        Self::DgpIdentity,
        Self::PadroHouseholdSize,
        Self::TgssInWork,
        Self::PadroCohabitants,
    ];

    /// `CodigoProducto/CodigoCertificado`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AeatC4 => "AEAT_IRPF/C4",
            Self::AeatC2 => "AEAT_IRPF/C2",
            Self::DgpIdentity => "DGP_IDENTITAT/IDENTITAT_DADES",
            Self::PadroCohabitants => "PADRO/VALIDACIO_CONVIVENTS",
            Self::PadroHouseholdSize => "PADRO/NUMERO_CONVIVENTS",
            Self::TgssInWork => "SCSP_TGSS/Q2827003ATGSS006",
        }
    }

    /// The codec for a product, if there is one.
    pub fn of(code: &ProductCode) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|kind| kind.code() == code.as_str())
    }

    /// Whether a question needs a tax year.
    pub const fn needs_fiscal_year(self) -> bool {
        matches!(self, Self::AeatC2 | Self::AeatC4)
    }

    /// Whether it says the same of everybody at an address.
    pub const fn is_about_home(self) -> bool {
        matches!(self, Self::PadroHouseholdSize)
    }

    /// Whether a question needs the person's municipality.
    pub const fn needs_municipality(self) -> bool {
        matches!(self, Self::PadroCohabitants | Self::PadroHouseholdSize)
    }
}
