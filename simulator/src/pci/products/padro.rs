//! `PADRO/NUMERO_CONVIVENTS`: how many are registered at a person's address.
//!
//! The register ignores `Titular`: the person is in the product's own block.

use super::{Question, Verdict, malformed, value};
use crate::pci::read::Node;
use crate::pci::write::Tree;
use crate::population::{Household, Person, Registration};

const PADRO: &str = "http://www.aocat.net/padro";

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
    let home = home.filter(|_| code == "1");
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
