//! Which products are offered, how they are called, and what the citizen is told about them.

mod check;
mod words;

use std::fmt;

use jiff::Span;

use super::ProductKind;
use super::sheet::{Problem, Row, Sheet};
use crate::citizen::{Language, ProductCode, SourceId};
pub use words::{
    Category, Cluster, ConsentRole, DocumentKind, LegalBasis, UnknownWord, WireConsent, Words,
};

/// The products on offer, from `config/products.toml`. Holding one means it was checked whole.
#[derive(Clone, Debug)]
pub struct Catalogue {
    sources: Vec<Source>,
    products: Vec<Product>,
    drafts: Vec<Language>,
}

/// An organisation that holds data.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its short name.
    pub id: SourceId,
    /// Its name as citizens know it.
    pub name: Words,
    /// `NifEmisor`.
    pub issuer_nif: String,
    /// `NombreEmisor`.
    pub issuer_name: String,
}

/// One service and modality on offer.
#[derive(Clone, Debug)]
pub struct Product {
    /// `CodigoProducto/CodigoCertificado`.
    pub code: ProductCode,
    /// The codec that asks and reads it.
    pub kind: ProductKind,
    /// Who answers.
    pub source: SourceId,
    /// What it is, in a few plain words.
    pub title: Words,
    /// Exactly what is asked and what is not, in plain words.
    pub asks: Words,
    /// What is missing from the recommendations without it.
    pub without: Words,
    /// The data it yields: all the codec reads, no more.
    pub categories: Vec<Category>,
    /// On what ground of the GDPR.
    pub legal_basis: LegalBasis,
    /// What the consent does besides being that ground.
    pub consent_role: ConsentRole,
    /// `Consentimiento` on the wire.
    pub wire_consent: WireConsent,
    /// How many years back "the latest available" may lie. The period never names a year, so that
    /// the July roll of the tax year needs no new consent.
    pub years_back: i16,
    /// Whether the answer comes in the same call.
    pub synchronous: bool,
    /// The product this one stands in for when that gives no figure.
    pub fallback_of: Option<ProductCode>,
    /// The documents it can be asked about.
    pub documents: Vec<DocumentKind>,
    /// Whether the message must name an officer.
    pub needs_officer: bool,
    /// Which addresses of the platform serve it.
    pub cluster: Cluster,
    /// How long an answer may be reused.
    pub profile_cache: Span,
    /// How long the proof of the exchange is kept.
    pub evidence: Span,
}

/// Everything wrong with a catalogue, in file order.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub struct CatalogueErrors(pub Vec<Problem>);

impl fmt::Display for CatalogueErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for problem in &self.0 {
            writeln!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl Catalogue {
    /// Reads the sheet; reports every problem in it, not the first.
    pub fn parse(text: &str) -> Result<Self, CatalogueErrors> {
        let sheet = Sheet::parse(text);
        let root = sheet.root();
        let drafts = root.list("drafts", "en or oc");
        let source_rows = root.rows("source");
        let product_rows = root.rows("product");
        root.close();
        let sources: Vec<_> = source_rows.iter().map(source).collect();
        let products: Vec<_> = product_rows.iter().map(product).collect();
        check::drafts(&root, drafts.as_deref().unwrap_or_default());
        check::sources(&source_rows, &sources);
        check::products(&product_rows, &products, &sources);
        let problems = sheet.problems();
        if problems.is_empty() {
            Ok(Self {
                sources: sources.into_iter().flatten().collect(),
                products: products.into_iter().flatten().collect(),
                drafts: drafts.unwrap_or_default(),
            })
        } else {
            Err(CatalogueErrors(problems))
        }
    }

    /// The products, in the order of the sheet, which is the order of the pages.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.iter()
    }

    /// The product of that code.
    pub fn product(&self, code: &ProductCode) -> Option<&Product> {
        self.products.iter().find(|product| product.code == *code)
    }

    /// The product that stands in for that one, if any.
    pub fn fallback(&self, of: &ProductCode) -> Option<&Product> {
        self.products
            .iter()
            .find(|product| product.fallback_of.as_ref() == Some(of))
    }

    /// The sources, in the order of the sheet.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter()
    }

    /// The source of that name.
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id)
    }

    /// Whether the texts of a language still wait for a native reviewer.
    pub fn is_draft(&self, language: Language) -> bool {
        self.drafts.contains(&language)
    }
}

fn source(row: &Row<'_>) -> Option<Source> {
    let id = row.parsed("id", "capitals, digits and underscores");
    let name = words(row, "name");
    let issuer_nif = row.text("issuer_nif");
    let issuer_name = row.text("issuer_name");
    row.close();
    Some(Source {
        id: id?,
        name: name?,
        issuer_nif: issuer_nif?.to_owned(),
        issuer_name: issuer_name?.to_owned(),
    })
}

fn product(row: &Row<'_>) -> Option<Product> {
    let code = row.parsed("code", "CodigoProducto/CodigoCertificado");
    let source = row.parsed("source", "the id of a source");
    let (title, asks, without) = (
        words(row, "title"),
        words(row, "asks"),
        words(row, "without"),
    );
    let categories = row.list("categories", Category::ACCEPTED);
    let legal_basis = row.parsed("legal_basis", LegalBasis::ACCEPTED);
    let consent_role = row.parsed("consent_role", ConsentRole::ACCEPTED);
    let wire_consent = row.parsed("wire_consent", WireConsent::ACCEPTED);
    let years_back = row.number("years_back");
    let synchronous = row.flag("synchronous");
    let fallback_of = row.parsed_if_there("fallback_of", "the code of another product");
    let documents = row.list("documents", DocumentKind::ACCEPTED);
    let needs_officer = row.flag("needs_officer");
    let cluster = row.parsed("cluster", Cluster::ACCEPTED);
    let (profile_cache, evidence) = retention(row);
    row.close();
    let code = code?;
    let Some(kind) = ProductKind::of(&code) else {
        let known: Vec<_> = ProductKind::ALL.map(ProductKind::code).to_vec();
        row.problem(
            "code",
            &format!("has no codec; there are {}", known.join(", ")),
        );
        return None;
    };
    Some(Product {
        code,
        kind,
        source: source?,
        title: title?,
        asks: asks?,
        without: without?,
        categories: categories?,
        legal_basis: legal_basis?,
        consent_role: consent_role?,
        wire_consent: wire_consent?,
        years_back: i16::try_from(years_back?).ok()?,
        synchronous: synchronous?,
        fallback_of,
        documents: documents?,
        needs_officer: needs_officer?,
        cluster: cluster?,
        profile_cache: profile_cache?,
        evidence: evidence?,
    })
}

/// A text in the four languages.
fn words(row: &Row<'_>, key: &'static str) -> Option<Words> {
    let row = row.row(key)?;
    let (ca, es, en, oc) = (
        row.text("ca"),
        row.text("es"),
        row.text("en"),
        row.text("oc"),
    );
    row.close();
    Some(Words::new(ca?, es?, en?, oc?))
}

fn retention(row: &Row<'_>) -> (Option<Span>, Option<Span>) {
    let Some(row) = row.row("retention") else {
        return (None, None);
    };
    let accepted = "an ISO 8601 duration such as PT15M or P5Y";
    let spans = (
        row.parsed("profile_cache", accepted),
        row.parsed("evidence", accepted),
    );
    row.close();
    spans
}

#[cfg(test)]
mod tests;
