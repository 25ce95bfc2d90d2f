//! A value with its provenance, or a gap with its reason. There is no third way.

use std::fmt;

use super::{GapReason, Provenance};

/// One field of a profile.
#[derive(Clone, Eq, PartialEq)]
pub enum Fact<T> {
    /// Nobody could say, for this reason.
    Gap(GapReason),
    /// A source said so.
    Known {
        /// What it said.
        value: T,
        /// Where and when that came from.
        provenance: Provenance,
    },
}

impl<T> fmt::Debug for Fact<T> {
    // The value is the person's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gap(reason) => write!(f, "Gap({})", reason.as_str()),
            Self::Known { .. } => f.write_str("Known(·)"),
        }
    }
}

impl<T> Fact<T> {
    /// Whether there is a value.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Known { .. })
    }

    /// The value, if there is one.
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known { value, .. } => Some(value),
            Self::Gap(_) => None,
        }
    }

    /// Why there is no value, if there is none.
    pub fn gap(&self) -> Option<GapReason> {
        match self {
            Self::Gap(reason) => Some(*reason),
            Self::Known { .. } => None,
        }
    }

    /// Where the value comes from, if there is one.
    pub fn provenance(&self) -> Option<&Provenance> {
        match self {
            Self::Known { provenance, .. } => Some(provenance),
            Self::Gap(_) => None,
        }
    }

    /// A value with this provenance, or this gap.
    pub(super) fn from(value: Result<T, GapReason>, provenance: &Provenance) -> Self {
        match value {
            Ok(value) => Self::Known {
                value,
                provenance: provenance.clone(),
            },
            Err(reason) => Self::Gap(reason),
        }
    }
}
