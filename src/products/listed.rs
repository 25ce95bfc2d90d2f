//! What each service is documented to answer, and how much more an answer held (CON-03).
//!
//! Readers take what the purpose needs; everything else is dropped with the message. An element that
//! no list here has is counted on its way out, so that a source that begins to send more is noticed.
//! Only the count is kept: names and texts of such elements are foreign.

use super::{
    ProductKind, aeat_irpf, dgp_identity, padro_cohabitants, padro_household_size, tgss_in_work,
};
use crate::xml::Element;

/// Documented elements: a namespace and the names in it.
pub(super) type Listed = &'static [(&'static str, &'static [&'static str])];

/// How many elements of an answer its service does not list. What lies below one is not counted
/// again: it left with it. Bounded by the elements a message may have.
pub fn unlisted(kind: ProductKind, specific_data: &Element) -> usize {
    let listed = of(kind);
    let mut count = 0;
    let mut rest = vec![specific_data];
    while let Some(element) = rest.pop() {
        for child in element.elements() {
            if !is_listed(listed, child) {
                count += 1;
            } else if !is_left_whole(child) {
                rest.push(child);
            }
        }
    }
    count
}

fn of(kind: ProductKind) -> Listed {
    match kind {
        ProductKind::AeatC2 | ProductKind::AeatC4 => aeat_irpf::LISTED,
        ProductKind::DgpIdentity => dgp_identity::LISTED,
        ProductKind::PadroCohabitants => padro_cohabitants::LISTED,
        ProductKind::PadroHouseholdSize => padro_household_size::LISTED,
        ProductKind::TgssInWork => tgss_in_work::LISTED,
    }
}

fn is_listed(listed: Listed, element: &Element) -> bool {
    let mut listed = listed.iter();
    is_left_whole(element)
        || listed.any(|(namespace, names)| {
            element.namespace() == *namespace && names.contains(&element.name())
        })
}

/// The tax agency's yearly return: hundreds of boxes, other ones each July. It is documented as a
/// whole, and the reader takes three of them.
fn is_left_whole(element: &Element) -> bool {
    element.namespace().starts_with(aeat_irpf::YEARLY) && element.name() == "Declaracion"
}
