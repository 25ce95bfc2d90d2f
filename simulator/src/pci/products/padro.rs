//! `PADRO/NUMERO_CONVIVENTS`: how many are registered at a person's address; and
//! `PADRO/VALIDACIO_CONVIVENTS`: which of some people live there.
//!
//! The register ignores `Titular`: the person is in the product's own block.

use super::{Question, Verdict, malformed, value};
use crate::pci::read::Node;
use crate::pci::write::Tree;
use crate::population::{Household, Person, Registration};

const PADRO: &str = "http://www.aocat.net/padro";

/// The request for who lives together.
const VALIDATION: &str = "peticionValidacionConvivientes";

/// Request fields in their order, all mandatory; the answer repeats those before `idescat`.
const FIELDS: [&str; 6] = [
    "numExpediente",
    "tipoDocumentacion",
    "documentacion",
    "codigoMunicipio",
    "codigoProvincia",
    "idescat",
];

/// The document in the product's block.
pub(super) fn document(payload: Option<Node<'_>>) -> Option<String> {
    value(asked(payload)?, PADRO, "documentacion")
}

pub(super) fn answer(question: &Question<'_>, person: Option<&Person>) -> Verdict {
    let Some(root) = asked(question.payload) else {
        return malformed("peticionNumeroConvivientes");
    };
    if let Some(missing) = FIELDS
        .iter()
        .find(|name| value(root, PADRO, name).is_none())
    {
        return malformed(missing);
    }
    let field = |name| value(root, PADRO, name).unwrap_or_default();
    // 1 NIF, 2 passport, 3 residence permit; 1 asks the statistics office when the town fails.
    for (name, values) in [
        ("tipoDocumentacion", &["1", "2", "3"][..]),
        ("idescat", &["0", "1"]),
    ] {
        if !values.contains(&field(name).as_str()) {
            return malformed(name);
        }
    }
    let (code, home) = looked_up(question, person, root);
    let echoed = FIELDS[..5]
        .iter()
        .map(|name| Tree::leaf(format!("pad:{name}"), field(name)));
    Verdict::finished(
        Tree::new("pad:respuestaNumeroConvivientes")
            .declare("pad", PADRO)
            .all(echoed)
            .field("pad:codigoResultado", code)
            // The schema wants a number even where there is nothing to count.
            .field(
                "pad:numeroConvivientes",
                home.map_or(0, |home| home.size).to_string(),
            )
            .maybe(home.map(address))
            .field("pad:fuente", "PADRON"),
    )
}

/// The result code, and the home where that is the one for "registered".
fn looked_up<'a>(
    question: &Question<'a>,
    person: Option<&Person>,
    root: Node<'_>,
) -> (&'a str, Option<&'a Household>) {
    let field = |name| value(root, PADRO, name).unwrap_or_default();
    let here = |home: &&Household| {
        home.municipality == field("codigoMunicipio") && home.province == field("codigoProvincia")
    };
    let home = person
        .and_then(|person| question.population.home(person))
        .filter(here);
    let code = match (question.forced, home, person.map(|person| &person.register)) {
        (Some(code), ..) => code,
        (None, Some(_), _) => "1",
        (None, None, Some(Registration::NotConnected)) => "4",
        (None, None, Some(Registration::Failing)) => "3",
        (None, None, _) => "2",
    };
    (code, home.filter(|_| code == "1"))
}

/// The document of the reference person: the first one named.
pub(super) fn reference(payload: Option<Node<'_>>) -> Option<String> {
    let root = payload.filter(|root| root.is(PADRO, VALIDATION))?;
    let first = root.named(PADRO, "conviviente").next()?;
    value(first, PADRO, "documentacion")
}

/// Which of those named are registered at the home of the first.
pub(super) fn together(question: &Question<'_>, person: Option<&Person>) -> Verdict {
    let Some(root) = question.payload.filter(|root| root.is(PADRO, VALIDATION)) else {
        return malformed(VALIDATION);
    };
    let fields = [
        "numExpediente",
        "codigoMunicipio",
        "codigoProvincia",
        "idescat",
    ];
    if let Some(missing) = fields
        .iter()
        .find(|name| value(root, PADRO, name).is_none())
    {
        return malformed(missing);
    }
    let named: Vec<_> = root.named(PADRO, "conviviente").collect();
    if named.is_empty() {
        return malformed("conviviente");
    }
    for one in &named {
        let kind = value(*one, PADRO, "tipoDocumentacion").unwrap_or_default();
        if !["1", "2", "3"].contains(&kind.as_str()) {
            return malformed("tipoDocumentacion");
        }
        if value(*one, PADRO, "documentacion").is_none() {
            return malformed("documentacion");
        }
    }
    let (code, home) = looked_up(question, person, root);
    let people = named.iter().enumerate().map(|(place, one)| {
        let part = |name| value(*one, PADRO, name).unwrap_or_default();
        let named = question.population.person(&part("documentacion"));
        let theirs = named.and_then(|named| question.population.home(named));
        let said = home.map(|home| {
            let same = theirs.is_some_and(|theirs| std::ptr::eq(theirs, home));
            Tree::leaf("pad:resultado", if same { "1" } else { "0" })
        });
        let since = said.as_ref().filter(|_| place == 0);
        Tree::new("pad:conviviente")
            .field("pad:tipoDocumentacion", part("tipoDocumentacion"))
            .field("pad:documentacion", part("documentacion"))
            .maybe(since.map(|_| Tree::leaf("pad:fechaAltaPadron", "20120901")))
            .maybe(said)
    });
    let field = |name| value(root, PADRO, name).unwrap_or_default();
    Verdict::finished(
        Tree::new("pad:respuestaValidacionConvivientes")
            .declare("pad", PADRO)
            .field("pad:numExpediente", field("numExpediente"))
            .all(people)
            .field("pad:codigoMunicipio", field("codigoMunicipio"))
            .field("pad:codigoProvincia", field("codigoProvincia"))
            .field("pad:codigoResultado", code)
            .maybe(home.map(address))
            .field("pad:fuente", "PADRON"),
    )
}

fn asked(payload: Option<Node<'_>>) -> Option<Node<'_>> {
    payload.filter(|root| root.is(PADRO, "peticionNumeroConvivientes"))
}

fn address(home: &Household) -> Tree {
    let part = |name: &str, text: &Option<String>| {
        text.as_ref()
            .map(|text| Tree::leaf(format!("v:{name}"), text))
    };
    Tree::new("v:DireccionEmpadronamiento")
        .declare("v", "http://www.red.es/padron")
        .with(
            Tree::new("v:Localidad")
                .field("v:CodigoProvincia", &home.province)
                .field("v:CodigoMunicipio", &home.municipality)
                .field("v:CodigoUnidadPoblacional", "1"),
        )
        .field("v:CodigoPostal", &home.postcode)
        .with(
            Tree::new("v:Via")
                .field("v:TipoVia", "CARRE")
                .field("v:NombreVia", &home.street),
        )
        .with(
            Tree::new("v:Numeracion")
                .field("v:Numero", &home.number)
                .maybe(part("Planta", &home.floor))
                .maybe(part("Puerta", &home.door)),
        )
}
