//! What can be agreed to here, in one place for the ledger and the gate.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::citizen::{BodyId, Language, ProductCode, PurposeId};

use super::notice::{Declares, Notices};
use super::purpose::{Offer, Offers, Purpose, Purposes};

/// The register of purposes, their notices, and what each body offers of them.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What data may be asked for.
    pub purposes: Purposes,
    /// What people read first.
    pub notices: Notices,
    /// What each body asks for.
    pub offers: Offers,
    /// The gateway's public address without a slash at the end: `iss` of receipts.
    pub public_url: String,
}

/// Where the notice in force does not tell people what is done.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TermsDefect {
    /// The notice in force goes by another name than the purpose gives.
    #[error("purpose {0} names another notice than the one in force")]
    AnotherNotice(PurposeId),
    /// The controller, the recipients or the periods differ.
    #[error("the notice of purpose {0} states another controller, recipient or retention")]
    Disagrees(PurposeId),
    /// No version is in force.
    #[error("purpose {0} has no notice in force")]
    NoNotice(PurposeId),
    /// A body offers what the notice does not mention.
    #[error(
        "{body} offers {product}, of which the notice of {purpose} names no source or category"
    )]
    Undeclared {
        /// The purpose with that notice.
        purpose: PurposeId,
        /// The body.
        body: BodyId,
        /// What it offers.
        product: ProductCode,
    },
}

impl Terms {
    /// Everything the notices in force at `now` fail to tell, all at once. To be empty at start-up:
    /// what people read, what receipts state and what is asked must be the same.
    pub fn defects(&self, now: Timestamp) -> Vec<TermsDefect> {
        self.purposes
            .iter()
            .flat_map(|purpose| self.defects_of(purpose, now))
            .collect()
    }

    fn defects_of(&self, purpose: &Purpose, now: Timestamp) -> Vec<TermsDefect> {
        let id = || purpose.id.clone();
        let Some(notice) = self.notices.current(&purpose.id, Language::Ca, now) else {
            return vec![TermsDefect::NoNotice(id())];
        };
        let Some(declares) = self.notices.declares(&purpose.id, notice.version) else {
            return vec![TermsDefect::NoNotice(id())];
        };
        let mut defects = Vec::new();
        if notice.id != purpose.notice {
            defects.push(TermsDefect::AnotherNotice(id()));
        }
        if !states_the_same(declares, purpose) {
            defects.push(TermsDefect::Disagrees(id()));
        }
        let asked = self
            .offers
            .iter()
            .filter(|(_, offer)| purpose.products.contains(&offer.product));
        defects.extend(
            asked
                .filter(|(_, offer)| !declares.covers(offer))
                .map(|(body, offer)| TermsDefect::Undeclared {
                    purpose: id(),
                    body: body.clone(),
                    product: offer.product.clone(),
                }),
        );
        defects
    }

    /// The purpose and the offer, when the purpose allows the product and the body asks for it.
    pub(super) fn find(
        &self,
        body: &BodyId,
        purpose: &PurposeId,
        product: &ProductCode,
    ) -> Option<(&Purpose, &Offer)> {
        let purpose = self.purposes.get(purpose)?;
        let offer = self.offers.get(body, product)?;
        purpose
            .products
            .contains(product)
            .then_some((purpose, offer))
    }
}

fn states_the_same(declares: &Declares, purpose: &Purpose) -> bool {
    let recipients: BTreeSet<String> = purpose.recipients.iter().cloned().collect();
    declares.controller == purpose.controller.name
        && declares.retention == purpose.retention
        && declares.recipients == recipients
}

impl Declares {
    fn covers(&self, offer: &Offer) -> bool {
        self.sources.contains(offer.source.as_str())
            && offer
                .categories
                .iter()
                .all(|category| self.categories.contains(category))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::Catalogue;

    /// The terms as shipped, with everything the shipped catalogue has on offer.
    fn shipped() -> Terms {
        let catalogue = Catalogue::parse(include_str!("../../config/products.toml")).unwrap();
        let offers = catalogue.products().map(Offer::from).collect();
        Terms {
            purposes: Purposes::embedded().unwrap(),
            notices: Notices::embedded().unwrap(),
            offers: Offers::new([("prova".parse().unwrap(), offers)]),
            public_url: "https://gateway.example.cat".to_owned(),
        }
    }

    fn now() -> Timestamp {
        "2026-11-22T16:05:00Z".parse().unwrap()
    }

    #[test]
    fn the_shipped_notice_tells_everything_the_shipped_catalogue_asks() {
        assert_eq!(shipped().defects(now()), []);
        assert_eq!(shipped().offers.iter().count(), 5);
    }

    #[test]
    fn an_offer_the_notice_does_not_mention_is_named() {
        let mut terms = shipped();
        let offer = Offer {
            product: "PADRO/NUMERO_CONVIVENTS".parse().unwrap(),
            source: "PADRO".parse().unwrap(),
            categories: vec!["household.names".to_owned()],
            special: false,
        };
        terms.offers = Offers::new([("prova".parse().unwrap(), vec![offer])]);
        assert!(matches!(
            terms.defects(now())[..],
            [TermsDefect::Undeclared { .. }]
        ));
    }

    #[test]
    fn a_purpose_and_its_notice_that_disagree_are_named() {
        let text = include_str!("../../consent/purposes.toml");
        let with = |from: &str, to: &str| Terms {
            purposes: Purposes::parse(&text.replacen(from, to, 1)).unwrap(),
            ..shipped()
        };
        for (from, to) in [
            ("\"PT15M\"", "\"P30D\""),
            ("\"social-aid-recommender\"", "\"statistics\""),
            ("\"Ajuntament de Prova\"", "\"Consell Comarcal\""),
        ] {
            assert!(
                matches!(
                    with(from, to).defects(now())[..],
                    [TermsDefect::Disagrees(_)]
                ),
                "{to}"
            );
        }
        let renamed = with("\"mgs-social-aid\"", "\"mgs-other\"").defects(now());
        assert!(matches!(renamed[..], [TermsDefect::AnotherNotice(_)]));
        let before = "2025-01-01T00:00:00Z".parse().unwrap();
        assert!(matches!(
            shipped().defects(before)[..],
            [TermsDefect::NoNotice(_)]
        ));
    }
}
