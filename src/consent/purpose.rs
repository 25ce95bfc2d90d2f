//! What data may be asked for: the register of purposes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::Deserialize;

use crate::citizen::{BodyId, Language, LevelOfAssurance, ProductCode, PurposeId, SourceId};
use crate::products::Product;
use crate::products::aeat_irpf::JointReturns;

use super::grant_terms::{GrantTerms, Stretch};

/// The purposes this gateway knows. Read from `consent/purposes.toml`.
#[derive(Clone, Debug)]
pub struct Purposes(BTreeMap<PurposeId, Purpose>);

/// One thing data may be asked for, and the terms on which.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Purpose {
    /// Its name in the API and in the log.
    pub id: PurposeId,
    /// The notice people read before they decide.
    pub notice: String,
    /// Title per language.
    pub title: BTreeMap<Language, String>,
    /// The most that may ever be asked; a body offers some of these.
    pub products: Vec<ProductCode>,
    /// For whom the data are put together.
    #[serde(default)]
    pub beneficiary: Beneficiaries,
    /// Those of its products that are never asked of a member of a household under 18.
    #[serde(default)]
    pub adults_only: Vec<ProductCode>,
    /// What a person's own profile may tell of a return that is their spouse's as well.
    #[serde(default)]
    pub joint_returns: JointReturns,
    /// Least level of assurance for agreeing.
    pub grant_level: LevelOfAssurance,
    /// Least level of assurance for starting a fetch.
    pub fetch_level: LevelOfAssurance,
    /// How long a grant lasts, ISO 8601.
    validity: String,
    /// How long things are kept, as receipts state it.
    pub retention: Retention,
    /// `Consentimiento` on the wire (PCI3 `peticion.xsd`).
    pub wire_consent: WireConsent,
    /// GDPR basis in DPV terms, such as `eu-gdpr:A6-1-a`.
    pub lawful_basis: String,
    /// What the consent is in law: `gdpr_basis`, `sector_law_authorisation` or `service_choice`.
    pub consent_role: ConsentRole,
    /// Who answers for the processing.
    pub controller: Controller,
    /// Where to complain.
    pub authority: Authority,
    /// Who receives the profile.
    pub recipients: Vec<String>,
    /// Rights people have, as receipts list them.
    pub rights: Vec<String>,
    /// Where the data are and which law applies, as records state it.
    pub places: Places,
    /// On what terms each product may be asked.
    terms: BTreeMap<ProductCode, GrantTerms>,
}

/// For whom the data of a purpose are put together.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Beneficiaries {
    /// The household a person is in: data of all who agreed go into one result.
    Household,
    /// The person alone.
    #[default]
    #[serde(rename = "self")]
    Person,
}

impl Beneficiaries {
    /// The word in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Household => "household",
            Self::Person => "self",
        }
    }
}

/// Where things are. Countries are ISO 3166-1 codes, regions ISO 3166-2.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Places {
    /// Where data are stored and processed.
    pub storage: Vec<String>,
    /// Whose law applies.
    pub jurisdiction: String,
    /// The controller's address.
    pub controller_address: String,
    /// The supervisory authority's address.
    pub authority_address: String,
}

/// How long things are kept, as ISO 8601 durations.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// The answers of the sources.
    pub answers: String,
    /// Consent evidence and the record of exchanges.
    pub evidence: String,
}

/// The legal statement sent in `Consentimiento`.
///
/// A purpose of this gateway can only state that a law requires express consent and that it was
/// obtained; the other values rest on no decision of the citizen.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, serde::Serialize)]
pub enum WireConsent {
    /// Express consent, obtained.
    Si,
}

/// What the consent is in law.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentRole {
    /// The GDPR basis itself.
    GdprBasis,
    /// An authorisation a sector law asks for, such as LGT article 95.1.k.
    SectorLawAuthorisation,
    /// A choice the service offers where another basis would do.
    ServiceChoice,
}

/// Who answers for the processing.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Controller {
    /// Name of the body.
    pub name: String,
    /// How to reach its data protection officer.
    pub contact: String,
}

/// A supervisory authority.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Authority {
    /// Its name.
    pub name: String,
    /// Its address on the web.
    pub uri: String,
}

/// Why the register of purposes cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PurposesError {
    /// What is for adults only is not among its products.
    #[error("purpose {0} keeps from minors what it does not ask at all")]
    AdultsOnly(PurposeId),
    /// Answers kept longer than people are told.
    #[error("purpose {0} lets answers live longer than its retention says")]
    DataLife(PurposeId),
    /// Two purposes with one name.
    #[error("purpose {0} is there twice")]
    Duplicate(PurposeId),
    /// A level below `low` is no level.
    #[error("purpose {0} asks for no level of assurance to agree or to fetch")]
    Level(PurposeId),
    /// A purpose that asks for nothing.
    #[error("purpose {0} names no product")]
    NoProducts(PurposeId),
    /// The terms are not those of its products, one each.
    #[error("purpose {0} needs terms for each of its products, and for no other")]
    Terms(PurposeId),
    /// A title in Catalan or Spanish is missing.
    #[error("purpose {0} needs a title in ca and es")]
    Title(PurposeId),
    /// Not the expected TOML.
    #[error("the purposes are not well written")]
    Toml(#[from] toml::de::Error),
    /// Not an ISO 8601 duration of between one day and five years.
    #[error("purpose {0} needs a validity between P1D and P5Y")]
    Validity(PurposeId),
}

/// What a body may ask one product for; made from the catalogue by whoever starts the gateway.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Offer {
    /// The service and modality.
    pub product: ProductCode,
    /// Who issues the data.
    pub source: SourceId,
    /// Kinds of data, as the notice and the receipt name them.
    pub categories: Vec<String>,
    /// Whether GDPR article 9 protects it: then it is never agreed to together with others.
    pub special: bool,
}

/// What each body may ask for.
#[derive(Clone, Debug, Default)]
pub struct Offers {
    by_body: BTreeMap<BodyId, BTreeMap<ProductCode, Offer>>,
    /// How long the catalogue keeps what a product gives.
    kept: BTreeMap<ProductCode, Retention>,
}

impl Purposes {
    /// The register that ships with the program.
    pub fn embedded() -> Result<Self, PurposesError> {
        Self::parse(include_str!("../../consent/purposes.toml"))
    }

    /// Reads and checks the register.
    pub fn parse(text: &str) -> Result<Self, PurposesError> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            purpose: Vec<Purpose>,
        }

        let mut purposes = BTreeMap::new();
        for purpose in toml::from_str::<File>(text)?.purpose {
            purpose.check()?;
            let id = purpose.id.clone();
            if purposes.insert(id.clone(), purpose).is_some() {
                return Err(PurposesError::Duplicate(id));
            }
        }
        Ok(Self(purposes))
    }

    /// The purpose of that name.
    pub fn get(&self, id: &PurposeId) -> Option<&Purpose> {
        self.0.get(id)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Purpose> {
        self.0.values()
    }
}

impl Purpose {
    /// How long a grant lasts, as an ISO 8601 duration.
    pub fn validity(&self) -> &str {
        &self.validity
    }

    /// Until when a grant made at `from` holds.
    ///
    /// Counted in the UTC calendar: a year is a year. `None` only at the end of representable time.
    pub fn valid_until(&self, from: Timestamp) -> Option<Timestamp> {
        let validity = self.validity.parse::<Span>().ok()?;
        let until = from.to_zoned(TimeZone::UTC).checked_add(validity).ok()?;
        Some(until.timestamp())
    }

    /// On what terms a product may be asked today.
    pub fn terms(&self, product: &ProductCode) -> Option<GrantTerms> {
        self.terms.get(product).copied()
    }

    fn check_terms(&self) -> Result<(), PurposesError> {
        let id = || self.id.clone();
        let stated: BTreeSet<_> = self.terms.keys().collect();
        if stated != self.products.iter().collect() {
            return Err(PurposesError::Terms(id()));
        }
        if self
            .terms
            .values()
            .any(|terms| terms.frequency.at_most == 0)
        {
            return Err(PurposesError::Terms(id()));
        }
        let told: Result<Stretch, _> = self.retention.answers.parse();
        let kept = self.terms.values().map(|terms| terms.data_life);
        match told {
            Ok(told) if kept.max().is_none_or(|kept| kept <= told) => Ok(()),
            _ => Err(PurposesError::DataLife(id())),
        }
    }

    fn check(&self) -> Result<(), PurposesError> {
        let id = || self.id.clone();
        if self.products.is_empty() {
            return Err(PurposesError::NoProducts(id()));
        }
        if !self
            .adults_only
            .iter()
            .all(|product| self.products.contains(product))
        {
            return Err(PurposesError::AdultsOnly(id()));
        }
        if self.grant_level.min(self.fetch_level) < LevelOfAssurance::Low {
            return Err(PurposesError::Level(id()));
        }
        if ![Language::Ca, Language::Es]
            .iter()
            .all(|language| self.title.contains_key(language))
        {
            return Err(PurposesError::Title(id()));
        }
        self.check_terms()?;
        let start = Timestamp::UNIX_EPOCH;
        let days = self
            .valid_until(start)
            .map_or(0, |end| end.duration_since(start).as_hours() / 24);
        if (1..=5 * 366).contains(&days) {
            Ok(())
        } else {
            Err(PurposesError::Validity(id()))
        }
    }
}

impl From<&Product> for Offer {
    /// The catalogue's categories have none of GDPR article 9, so nothing in it is special.
    fn from(product: &Product) -> Self {
        Self {
            product: product.code.clone(),
            source: product.source.clone(),
            categories: product.categories.iter().map(ToString::to_string).collect(),
            special: false,
        }
    }
}

impl Offers {
    /// Each body with what it may ask for.
    pub fn new(bodies: impl IntoIterator<Item = (BodyId, Vec<Offer>)>) -> Self {
        let by_product = |offers: Vec<Offer>| {
            offers
                .into_iter()
                .map(|offer| (offer.product.clone(), offer))
                .collect()
        };
        Self {
            by_body: bodies
                .into_iter()
                .map(|(body, offers)| (body, by_product(offers)))
                .collect(),
            kept: BTreeMap::new(),
        }
    }

    /// With how long the catalogue keeps what each of these products gives.
    #[must_use]
    pub fn kept_by<'a>(mut self, products: impl IntoIterator<Item = &'a Product>) -> Self {
        let kept = products.into_iter().map(|product| {
            let kept = Retention {
                answers: product.profile_cache.to_string(),
                evidence: product.evidence.to_string(),
            };
            (product.code.clone(), kept)
        });
        self.kept.extend(kept);
        self
    }

    /// How long what a product gives is kept, by the catalogue.
    pub(super) fn kept(&self, product: &ProductCode) -> Option<&Retention> {
        self.kept.get(product)
    }

    /// Every offer, with the body that makes it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&BodyId, &Offer)> {
        self.by_body
            .iter()
            .flat_map(|(body, offers)| offers.values().map(move |offer| (body, offer)))
    }

    /// What `body` offers of `product`, if it does.
    pub fn get(&self, body: &BodyId, product: &ProductCode) -> Option<&Offer> {
        self.by_body.get(body)?.get(product)
    }

    /// What `body` may ask for under `purpose`, in the purpose's order.
    pub fn of<'a>(
        &'a self,
        body: &'a BodyId,
        purpose: &'a Purpose,
    ) -> impl Iterator<Item = &'a Offer> {
        purpose
            .products
            .iter()
            .filter_map(|product| self.get(body, product))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_purpose_lasts_a_year_and_needs_a_level() {
        let purposes = Purposes::embedded().unwrap();
        let purpose = purposes
            .get(&"social-aid-recommendation".parse().unwrap())
            .unwrap();
        let from = "2026-02-28T10:00:00Z".parse().unwrap();
        assert_eq!(
            purpose.valid_until(from),
            Some("2027-02-28T10:00:00Z".parse().unwrap())
        );
        assert_eq!(purpose.grant_level, LevelOfAssurance::Low);
        assert_eq!(purpose.fetch_level, LevelOfAssurance::Low);
    }

    #[test]
    fn the_purpose_of_a_household_asks_no_income_of_minors() {
        let purposes = Purposes::embedded().unwrap();
        assert_eq!(purposes.iter().count(), 2);
        let of = |id: &str| purposes.get(&id.parse().unwrap()).unwrap();
        let alone = of("social-aid-recommendation");
        assert_eq!(alone.beneficiary, Beneficiaries::Person);
        assert_eq!(alone.adults_only, []);
        assert_eq!(alone.joint_returns, JointReturns::Withheld);

        let household = of("social-aid-household");
        assert_eq!(household.beneficiary, Beneficiaries::Household);
        let mut of_minors = household.products.clone();
        of_minors.retain(|product| !household.adults_only.contains(product));
        assert_eq!(of_minors, ["PADRO/NUMERO_CONVIVENTS".parse().unwrap()]);
    }

    #[test]
    fn a_purpose_without_end_or_level_is_refused() {
        let text = include_str!("../../consent/purposes.toml");
        let broken =
            |from: &str, to: &str| Purposes::parse(&text.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(
            broken("P12M", "P900Y"),
            PurposesError::Validity(_)
        ));
        assert!(matches!(broken("P12M", "P0D"), PurposesError::Validity(_)));
        assert!(matches!(broken("P12M", "-P1M"), PurposesError::Validity(_)));
        assert!(matches!(
            broken("P12M", "for ever"),
            PurposesError::Validity(_)
        ));
        assert!(matches!(
            broken("\"low\"", "\"unknown\""),
            PurposesError::Level(_)
        ));
        assert!(matches!(
            broken(
                "adults_only = [\"AEAT_IRPF/C4\"",
                "adults_only = [\"AEAT_IRPF/IRPF\""
            ),
            PurposesError::AdultsOnly(_)
        ));
        assert!(matches!(
            broken("\"Si\"", "\"NoOpo\""),
            PurposesError::Toml(_)
        ));
        assert!(matches!(
            broken("es = ", "en = "),
            PurposesError::Title(_) | PurposesError::Toml(_)
        ));
    }

    #[test]
    fn every_product_has_terms_and_no_answer_outlives_what_people_are_told() {
        let text = include_str!("../../consent/purposes.toml");
        let broken =
            |from: &str, to: &str| Purposes::parse(&text.replacen(from, to, 1)).unwrap_err();
        let row = "[purpose.terms.\"AEAT_IRPF/C4\"]";
        assert!(text.contains(row));
        assert!(matches!(
            broken(row, "[purpose.terms.\"AEAT_IRPF/IRPF\"]"),
            PurposesError::Terms(_)
        ));
        assert!(matches!(
            broken("at_most = 200", "at_most = 0"),
            PurposesError::Terms(_)
        ));
        assert!(matches!(
            broken("data_life = \"PT15M\"", "data_life = \"PT16M\""),
            PurposesError::DataLife(_)
        ));
        assert!(matches!(
            broken("period = \"P2Y\"", "period = \"for ever\""),
            PurposesError::Toml(_)
        ));
    }

    #[test]
    fn a_body_offers_only_what_the_purpose_allows() {
        let purposes = Purposes::embedded().unwrap();
        let purpose = purposes
            .get(&"social-aid-recommendation".parse().unwrap())
            .unwrap();
        let offer = |product: &str| Offer {
            product: product.parse().unwrap(),
            source: "AEAT".parse().unwrap(),
            categories: vec!["income".to_owned()],
            special: false,
        };
        let body: BodyId = "prova".parse().unwrap();
        let offers = Offers::new([(
            body.clone(),
            vec![offer("AEAT_IRPF/IRPF"), offer("AEAT_IRPF/C4")],
        )]);
        let offered: Vec<_> = offers
            .of(&body, purpose)
            .map(|offer| offer.product.as_str())
            .collect();
        assert_eq!(offered, ["AEAT_IRPF/C4"]);
        assert_eq!(offers.of(&"altra".parse().unwrap(), purpose).count(), 0);
    }
}
