//! What can be agreed to here, in one place for the ledger and the gate.

use jiff::Timestamp;

use crate::citizen::{BodyId, ProductCode, PurposeId};

use super::notice::{Declares, Kept, Notices, Version, is_within};
use super::publication::{Publication, in_force};
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

/// Where a version of a notice does not tell people what is done.
///
/// It may tell more: a version that widens is published first, and what it allows is switched on
/// after it took effect.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TermsDefect {
    /// It states another lawful basis.
    #[error("the notice of {0} states another lawful basis")]
    AnotherBasis(PurposeId),
    /// It names another controller.
    #[error("the notice of {0} names another controller")]
    AnotherController(PurposeId),
    /// It goes by another name than the purpose gives.
    #[error("{0} names another notice than there is")]
    AnotherNotice(PurposeId),
    /// Things are kept longer than it states.
    #[error("for {0}, {1} are kept longer than its notice states")]
    KeptLonger(PurposeId, Kept),
    /// The catalogue keeps what a product gives longer than it states.
    #[error(
        "for {purpose}, {kept} of {product} are kept longer by the catalogue than its notice states"
    )]
    ProductKeptLonger {
        /// The purpose with that notice.
        purpose: PurposeId,
        /// What is asked for.
        product: ProductCode,
        /// What is kept of it.
        kept: Kept,
    },
    /// No version is in force.
    #[error("{0} has no notice in force")]
    NoNotice(PurposeId),
    /// A body offers what it does not mention.
    #[error(
        "{body} offers {product}, of which the notice of {purpose} names not this source or not every category"
    )]
    Undeclared {
        /// The purpose with that notice.
        purpose: PurposeId,
        /// The body.
        body: BodyId,
        /// What it offers.
        product: ProductCode,
    },
    /// It does not name the purpose.
    #[error("the notice of {0} does not tell that the data are for that")]
    UntoldPurpose(PurposeId),
    /// Somebody receives data whom it does not name.
    #[error("the notice of {0} does not name the recipient {1}")]
    UntoldRecipient(PurposeId, String),
}

impl Terms {
    /// Everything that the notices in force at `now`, and those published to come, fail to tell, all
    /// at once. To be empty at start-up: nothing may be done that people did not read.
    ///
    /// A notice nothing was published of counts as its first version: the start publishes that.
    pub fn defects(&self, published: &[Publication], now: Timestamp) -> Vec<TermsDefect> {
        self.purposes
            .iter()
            .flat_map(|purpose| self.defects_of(purpose, published, now))
            .collect()
    }

    fn defects_of(
        &self,
        purpose: &Purpose,
        published: &[Publication],
        now: Timestamp,
    ) -> Vec<TermsDefect> {
        let mut numbers: Vec<u32> = published
            .iter()
            .filter(|one| one.notice == purpose.notice && one.effective_at > now)
            .map(|one| one.version)
            .collect();
        let first = self.notices.version(&purpose.id, 1);
        let first = first.filter(|first| first.effective_from <= now);
        match in_force(published, &purpose.notice, now) {
            Some(one) => numbers.insert(0, one.version),
            None if numbers.is_empty() && first.is_some() => numbers.push(1),
            None => return vec![TermsDefect::NoNotice(purpose.id.clone())],
        }
        let mut defects: Vec<TermsDefect> = Vec::new();
        for number in numbers {
            // A published version that is not here is told elsewhere, as a disagreement.
            let version = self.notices.version(&purpose.id, number);
            for defect in version.map_or_else(Vec::new, |version| self.untold(purpose, version)) {
                if !defects.contains(&defect) {
                    defects.push(defect);
                }
            }
        }
        defects
    }

    /// What is done under a purpose and a version of its notice does not tell.
    pub(super) fn untold(&self, purpose: &Purpose, version: &Version) -> Vec<TermsDefect> {
        let id = || purpose.id.clone();
        let told = &version.declares;
        let mut defects = Vec::new();
        let mut unless = |is_told: bool, defect: TermsDefect| {
            if !is_told {
                defects.push(defect);
            }
        };
        unless(
            version.notice == purpose.notice,
            TermsDefect::AnotherNotice(id()),
        );
        unless(
            told.controller == purpose.controller.name,
            TermsDefect::AnotherController(id()),
        );
        unless(
            told.lawful_basis == purpose.lawful_basis,
            TermsDefect::AnotherBasis(id()),
        );
        unless(
            told.purposes.contains(&purpose.id),
            TermsDefect::UntoldPurpose(id()),
        );
        let (told_kept, kept) = (&told.retention, &purpose.retention);
        for (of, is, told) in [
            (Kept::Answers, &kept.answers, &told_kept.answers),
            (Kept::Evidence, &kept.evidence, &told_kept.evidence),
        ] {
            unless(is_within(is, told), TermsDefect::KeptLonger(id(), of));
        }
        for product in &purpose.products {
            let Some(kept) = self.offers.kept(product) else {
                continue; // nobody offers it
            };
            for (of, is, told) in [
                (Kept::Answers, &kept.answers, &told_kept.answers),
                (Kept::Evidence, &kept.evidence, &told_kept.evidence),
            ] {
                let longer = TermsDefect::ProductKeptLonger {
                    purpose: id(),
                    product: product.clone(),
                    kept: of,
                };
                unless(is_within(is, told), longer);
            }
        }
        for recipient in &purpose.recipients {
            unless(
                told.recipients.contains(recipient),
                TermsDefect::UntoldRecipient(id(), recipient.clone()),
            );
        }
        for (body, offer) in self.offers.iter() {
            let undeclared = || TermsDefect::Undeclared {
                purpose: id(),
                body: body.clone(),
                product: offer.product.clone(),
            };
            let asked = purpose.products.contains(&offer.product);
            unless(!asked || told.covers(offer), undeclared());
        }
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

impl Declares {
    fn covers(&self, offer: &Offer) -> bool {
        self.products.get(&offer.product).is_some_and(|told| {
            let mut categories = offer.categories.iter();
            told.source == offer.source
                && categories.all(|category| told.categories.contains(category))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::products::Catalogue;

    /// The terms as shipped, with everything the shipped catalogue has on offer.
    fn shipped() -> Terms {
        keeping(include_str!("../../config/products.toml"))
    }

    /// The same, with another catalogue.
    fn keeping(catalogue: &str) -> Terms {
        let catalogue = Catalogue::parse(catalogue).unwrap();
        let offers = catalogue.products().map(Offer::from).collect();
        Terms {
            purposes: Purposes::embedded().unwrap(),
            notices: Notices::embedded().unwrap(),
            offers: Offers::new([("prova".parse().unwrap(), offers)]).kept_by(catalogue.products()),
            public_url: "https://gateway.example.cat".to_owned(),
        }
    }

    fn now() -> Timestamp {
        "2026-11-22T16:05:00Z".parse().unwrap()
    }

    #[test]
    fn the_shipped_notices_tell_everything_the_shipped_catalogue_asks() {
        assert_eq!(shipped().defects(&[], now()), []);
        assert_eq!(shipped().offers.iter().count(), 6);
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
        // Under both purposes that ask for the product.
        assert!(matches!(
            terms.defects(&[], now())[..],
            [
                TermsDefect::Undeclared { .. },
                TermsDefect::Undeclared { .. }
            ]
        ));
    }

    #[test]
    fn a_product_the_catalogue_keeps_longer_than_the_notice_tells_is_named() {
        let text = include_str!("../../config/products.toml");
        let asked = |kept| {
            ["social-aid-household", "social-aid-recommendation"].map(|purpose| {
                TermsDefect::ProductKeptLonger {
                    purpose: purpose.parse().unwrap(),
                    product: "AEAT_IRPF/C4".parse().unwrap(),
                    kept,
                }
            })
        };
        for (from, to, defects) in [
            ("\"PT15M\"", "\"PT16M\"", asked(Kept::Answers)),
            ("\"P5Y\"", "\"P61M\"", asked(Kept::Evidence)),
        ] {
            let longer = keeping(&text.replacen(from, to, 1));
            assert_eq!(longer.defects(&[], now()), defects, "{to}");
        }
        let shorter = keeping(&text.replace("\"PT15M\"", "\"PT5M\""));
        assert_eq!(shorter.defects(&[], now()), []);
    }

    #[test]
    fn a_purpose_and_its_notice_that_disagree_are_named() {
        let text = include_str!("../../consent/purposes.toml");
        let with = |from: &str, to: &str| Terms {
            purposes: Purposes::parse(&text.replacen(from, to, 1)).unwrap(),
            ..shipped()
        };
        let id = || "social-aid-recommendation".parse().unwrap();
        for (from, to, defect) in [
            (
                "\"PT15M\"",
                "\"P30D\"",
                TermsDefect::KeptLonger(id(), Kept::Answers),
            ),
            (
                "\"P5Y\"",
                "\"P6Y\"",
                TermsDefect::KeptLonger(id(), Kept::Evidence),
            ),
            (
                "\"social-aid-recommender\"",
                "\"statistics\"",
                TermsDefect::UntoldRecipient(id(), "statistics".to_owned()),
            ),
            (
                "\"Ajuntament de Prova\"",
                "\"Consell Comarcal\"",
                TermsDefect::AnotherController(id()),
            ),
            ("A6-1-a", "A6-1-e", TermsDefect::AnotherBasis(id())),
            (
                "\"mgs-social-aid\"",
                "\"mgs-other\"",
                TermsDefect::AnotherNotice(id()),
            ),
        ] {
            assert_eq!(with(from, to).defects(&[], now()), [defect], "{to}");
        }
        let before = "2025-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(
            shipped().defects(&[], before),
            ["social-aid-household", "social-aid-recommendation"]
                .map(|purpose| TermsDefect::NoNotice(purpose.parse().unwrap()))
        );
    }

    #[test]
    fn a_notice_may_tell_more_than_is_done() {
        let text = include_str!("../../consent/purposes.toml");
        let less = text
            .replace("\"PT15M\"", "\"PT5M\"")
            .replace("\"P5Y\"", "\"P4Y\"");
        let terms = Terms {
            purposes: Purposes::parse(&less).unwrap(),
            offers: Offers::default(),
            ..shipped()
        };
        assert_eq!(terms.defects(&[], now()), []);
    }
}
