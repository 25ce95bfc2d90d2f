//! Which products a fetch asks, given what the person agreed to. Pure.

use std::collections::BTreeSet;

use crate::citizen::{ProductCode, SourceId};

/// A product as the plan needs to know it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offered {
    /// The service and modality.
    pub product: ProductCode,
    /// Who issues it.
    pub source: SourceId,
    /// Asked only when this other product gave no answer.
    pub fallback_of: Option<ProductCode>,
}

/// One source to ask.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Step {
    /// Who issues the data.
    pub source: SourceId,
    /// What to ask first.
    pub first: ProductCode,
    /// What to ask when the first gave no answer.
    pub fallback: Option<ProductCode>,
}

/// What a fetch will do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Plan {
    /// Sources to ask, each independent of the others.
    pub steps: Vec<Step>,
    /// Products without a live permission.
    pub without_permission: Vec<ProductCode>,
}

/// Plans a fetch: every product with a live permission once, a fall-back only behind its first choice
/// (or in its place, when the first choice has no permission).
pub fn plan(offered: &[Offered], live: &BTreeSet<ProductCode>) -> Plan {
    let is_live = |offer: &&Offered| live.contains(&offer.product);
    let mut steps = Vec::new();
    for first in offered.iter().filter(|offer| offer.fallback_of.is_none()) {
        let fallback = offered
            .iter()
            .filter(is_live)
            .find(|o| o.fallback_of.as_ref() == Some(&first.product));
        let (first, fallback) = match (is_live(&first), fallback) {
            (true, fallback) => (first, fallback),
            (false, Some(fallback)) => (fallback, None),
            (false, None) => continue,
        };
        steps.push(Step {
            source: first.source.clone(),
            first: first.product.clone(),
            fallback: fallback.map(|offer| offer.product.clone()),
        });
    }
    let without_permission = offered
        .iter()
        .filter(|o| !is_live(o))
        .map(|offer| offer.product.clone())
        .collect();
    Plan {
        steps,
        without_permission,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code(text: &str) -> ProductCode {
        text.parse().unwrap()
    }

    fn offered() -> Vec<Offered> {
        [
            ("AEAT/C4", "AEAT", None),
            ("AEAT/C2", "AEAT", Some("AEAT/C4")),
            ("TGSS/006", "TGSS", None),
        ]
        .into_iter()
        .map(|(product, source, fallback_of)| Offered {
            product: code(product),
            source: source.parse().unwrap(),
            fallback_of: fallback_of.map(code),
        })
        .collect()
    }

    fn asked(live: &[&str]) -> Vec<(String, Option<String>)> {
        let live = live.iter().map(|text| code(text)).collect();
        let steps = plan(&offered(), &live).steps.into_iter();
        steps
            .map(|s| (s.first.to_string(), s.fallback.map(|f| f.to_string())))
            .collect()
    }

    #[test]
    fn a_fall_back_waits_behind_its_first_choice() {
        assert_eq!(
            asked(&["AEAT/C4", "AEAT/C2"]),
            [("AEAT/C4".into(), Some("AEAT/C2".into()))]
        );
        assert_eq!(asked(&["AEAT/C4"]), [("AEAT/C4".into(), None)]);
    }

    #[test]
    fn a_fall_back_stands_in_when_its_first_choice_has_no_permission() {
        assert_eq!(asked(&["AEAT/C2"]), [("AEAT/C2".into(), None)]);
    }

    proptest! {
        #[test]
        fn nothing_is_planned_without_permission(mask in 0_u8..8) {
            let live: BTreeSet<_> = offered().into_iter().enumerate()
                .filter(|(bit, _)| mask & (1 << bit) != 0)
                .map(|(_, offer)| offer.product)
                .collect();
            let plan = plan(&offered(), &live);
            let planned: BTreeSet<_> = plan.steps.into_iter()
                .flat_map(|step| [Some(step.first), step.fallback])
                .flatten()
                .collect();
            prop_assert_eq!(&planned, &live);
            prop_assert!(plan.without_permission.iter().all(|product| !live.contains(product)));
        }
    }
}
