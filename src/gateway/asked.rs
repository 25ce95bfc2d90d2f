//! What people are asked, read from files and from what was published: for the service and, without
//! the rest of it, for whoever looks after the notices.

use std::fs;

use jiff::Timestamp;

use super::defects::{Defects, kept, one, told};
use super::stores;
use crate::clock::World;
use crate::config::{BodyConfig, Config, Environment, Role};
use crate::consent::{
    Notices, NoticesErrors, Offer, Offers, Publication, Purpose, Purposes, Register, Terms,
    publications,
};
use crate::products::Catalogue;
use crate::store::Schema;

/// What people are asked, and what was published of it.
#[derive(Debug)]
pub struct Asked {
    /// Purposes, notices and offers, by the files.
    pub terms: Terms,
    /// The products in words.
    pub catalogue: Catalogue,
    /// What was published, by the database.
    pub published: Vec<Publication>,
    /// When this was looked at.
    pub now: Timestamp,
}

impl Asked {
    /// Reads files and database. What does not fit together is for [`Asked::defects`] to say.
    pub async fn look(config: &Config, world: &World) -> Result<Self, Defects> {
        let mut defects = Vec::new();
        let (Some(terms), Some(catalogue)) = read(config, &mut defects) else {
            return Err(Defects(defects));
        };
        if !defects.is_empty() {
            return Err(Defects(defects));
        }
        let mut remarks = Vec::new();
        let role = Role::Application;
        let db = stores::open_db(config, Schema::Gateway, role, &mut remarks).await?;
        super::fleet_time::look(&db, world).await;
        let published = publications(&db).await;
        db.close().await;
        Ok(Self {
            terms,
            catalogue,
            published: published.map_err(|error| one("store.database", &error))?,
            now: world.now(),
        })
    }

    /// Everything that keeps a gateway from starting under these terms.
    pub fn defects(&self) -> Vec<String> {
        defects(&self.terms, &self.published, self.now)
    }

    /// The register of processing.
    pub fn register(&self) -> Register<'_> {
        Register::of(&self.terms, &self.catalogue, &self.published, self.now)
    }
}

/// Where files, what was published and what is done do not fit together.
pub(super) fn defects(terms: &Terms, published: &[Publication], now: Timestamp) -> Vec<String> {
    let disagreements = terms.disagreements(published);
    let untold = terms.defects(published, now);
    let disagreements = disagreements.iter().map(|one| told("consent", one));
    disagreements
        .chain(untold.iter().map(|one| told("consent", one)))
        .collect()
}

/// Purposes, notices, catalogue and offers, from the files the configuration names.
pub(super) fn read(
    config: &Config,
    defects: &mut Vec<String>,
) -> (Option<Terms>, Option<Catalogue>) {
    let catalogue = Catalogue::parse(include_str!("../../config/products.toml"));
    let catalogue = kept("config/products.toml", catalogue, defects);
    let purposes = kept("consent.purposes", purposes(config), defects);
    let notices = match notices(config) {
        Ok(notices) => Some(notices),
        Err(NoticesErrors(errors)) => {
            defects.extend(errors.iter().map(|error| told("consent.notices", error)));
            None
        }
    };
    if config.environment == Environment::Production {
        let purposes = purposes.iter().flat_map(Purposes::iter);
        defects.extend(purposes.filter(|one| is_sample(one)).map(|purpose| {
            format!(
                "consent.purposes  {} names the sample controller; production needs your own, in \
                 [consent] purposes and notices (docs/notices.md)",
                purpose.id
            )
        }));
    }
    let offers = catalogue.as_ref().map(|catalogue| {
        let offers = config
            .bodies
            .iter()
            .map(|body| (body.id.clone(), offers(catalogue, body)));
        Offers::new(offers).kept_by(catalogue.products())
    });
    let terms = (|| {
        Some(Terms {
            purposes: purposes?,
            notices: notices?,
            offers: offers?,
            public_url: config
                .http
                .public_url
                .as_str()
                .trim_end_matches('/')
                .to_owned(),
        })
    })();
    (terms, catalogue)
}

fn purposes(config: &Config) -> anyhow::Result<Purposes> {
    use anyhow::Context as _;

    let Some(file) = &config.consent.purposes else {
        return Ok(Purposes::embedded()?);
    };
    let at = || file.display().to_string();
    let text = fs::read_to_string(file).with_context(at)?;
    Purposes::parse(&text).with_context(at)
}

fn notices(config: &Config) -> Result<Notices, NoticesErrors> {
    match &config.consent.notices {
        None => Notices::embedded(),
        Some(folder) => Notices::from_folder(folder),
    }
}

/// What a body may ask for: the catalogue, or its own choice of it.
fn offers(catalogue: &Catalogue, body: &BodyConfig) -> Vec<Offer> {
    let chosen = |code: &str| {
        body.products
            .as_ref()
            .is_none_or(|products| products.iter().any(|one| one == code))
    };
    catalogue
        .products()
        .filter(|product| chosen(product.code.as_str()))
        .map(Offer::from)
        .collect()
}

/// Whether the controller is nobody: the sample's name, or a contact under a domain that exists for
/// examples alone (RFC 2606).
fn is_sample(purpose: &Purpose) -> bool {
    let contact = purpose.controller.contact.to_ascii_lowercase();
    let host = contact.rsplit(['@', '/']).next().unwrap_or_default();
    let mut labels = host.rsplit('.');
    let (last, second) = (labels.next().unwrap_or_default(), labels.next());
    purpose.controller.name == "Ajuntament de Prova"
        || second == Some("example")
        || ["example", "invalid", "test"].contains(&last)
}
