//! One type per thing that has a name, so that no two are confused.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clock::Entropy;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A fresh random one.
            pub fn random(entropy: &dyn Entropy) -> Self {
                Self(entropy.uuid())
            }

            /// From its sixteen bytes.
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The sixteen bytes.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Uuid::try_parse(text).map(Self).map_err(|_| InvalidName)
            }
        }
    )*};
}

uuid_id! {
    /// A child under fourteen in a household, whom a member answers for.
    ChildId;
    /// An entry of the data-exchange log.
    EntryId;
    /// One request to one source about one person, and what came of it.
    ExchangeId;
    /// People who let one administration look at them together.
    HouseholdId;
    /// An item of consent: one person, body, purpose, product, beneficiary.
    ItemId;
    /// A profile fetch.
    JobId;
    /// One person's time in a household.
    MembershipId;
    /// A signed statement of what was decided.
    ReceiptId;
    /// A request about one's rights.
    RequestId;
    /// One showing of a notice to one person.
    ServedId;
    /// A person, as this service knows them: random, meaningless elsewhere.
    SubjectId;
}

macro_rules! text_id {
    ($($(#[$doc:meta])* $name:ident, $valid:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The name as written in configuration and on the wire.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                let valid: fn(&str) -> bool = $valid;
                if valid(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName) }
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidName;

            fn try_from(text: String) -> Result<Self, InvalidName> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }
    )*};
}

text_id! {
    /// The administration in whose name we ask, by a short name of configuration.
    BodyId, slug;
    /// A registered caller of the API, such as El Meu Espai.
    ClientId, |text| (1..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
    /// INE10 code of a public body: ten digits, leading zeros kept.
    Ine10, |text| text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit());
    /// One service and modality of Via Oberta, as `CodigoProducto/CodigoCertificado`.
    ProductCode, |text| text.split_once('/').is_some_and(|(product, modality)| code(product) && code(modality));
    /// What the data are asked for, such as `social-aid-recommendation`.
    PurposeId, slug;
    /// An issuer of data, such as `AEAT`.
    SourceId, code;
}

/// A text that is not a name of that kind.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a well-formed name")]
pub struct InvalidName;

impl ProductCode {
    /// `CodigoProducto`.
    pub fn product(&self) -> &str {
        self.0.split_once('/').map_or("", |(product, _)| product)
    }

    /// `CodigoCertificado`, the modality.
    pub fn modality(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, modality)| modality)
    }
}

/// Lower-case words joined by hyphens.
fn slug(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Capitals, digits and underscores, as the platform writes its codes (at most 64).
fn code(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_'))
}
