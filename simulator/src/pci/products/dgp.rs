//! `DGP_IDENTITAT/IDENTITAT_DADES`: identity data of a document holder.

use jiff::civil::Date;

use super::{Question, Verdict, capitals, holder, malformed, value};
use crate::pci::read::Node;
use crate::pci::request::Holder;
use crate::pci::write::Tree;
use crate::population::{DocumentKind, Person, PoliceRecord, Trouble};

const DGP: &str = "http://www.aoc.cat/dgp/identitat";

pub(super) fn answer(question: &Question<'_>, person: Option<&Person>) -> Verdict {
    let holder = match holder(question, &["NIF", "DNI", "NIE"]) {
        Ok(holder) => holder,
        Err(element) => return malformed(element),
    };
    let asked = question
        .payload
        .filter(|root| root.is(DGP, "peticioConsultaDadesIdentitat"));
    if question.payload.is_some() && asked.is_none() {
        return malformed("peticioConsultaDadesIdentitat");
    }
    let found = match (question.forced, person) {
        (Some(code), _) => Err(code),
        (None, None) if holder.document.starts_with(['X', 'Y', 'Z']) => Err("70"),
        (None, None) => Err("68"),
        (None, Some(person)) => checked(person, holder, asked),
    };
    let (data, code) = match found {
        Ok(person) => (Some(data(person)), "00"),
        Err(code) => (None, code),
    };
    Verdict::finished(
        Tree::new("d:respostaConsultaDadesIdentitat")
            .declare("d", DGP)
            .maybe(asked.map(echo))
            .maybe(data)
            .with(
                Tree::new("d:resultat")
                    .field("d:codiResultat", code)
                    .field("d:descripcio", description(code)),
            ),
    )
}

/// The person, if what was asked along with the document agrees with the register.
fn checked<'a>(
    person: &'a Person,
    holder: &Holder,
    asked: Option<Node<'_>>,
) -> Result<&'a Person, &'static str> {
    let year = asked.and_then(|root| value(root, DGP, "anyNaixement"));
    let support = asked.and_then(|root| value(root, DGP, "numeroSuport"));
    let known_support = match &person.identity {
        PoliceRecord::Trouble(Trouble::UnderRenewal) => return Err("59"),
        PoliceRecord::Trouble(Trouble::BecameSpanish) => return Err("71"),
        PoliceRecord::Valid { support, .. } => support,
    };
    if year.is_none() && holder.surname1.is_none() {
        return Err("0502"); // one of the two is required
    }
    if support.is_some_and(|support| support != *known_support) {
        return Err(if person.document.kind() == DocumentKind::Nie {
            "74"
        } else {
            "16"
        });
    }
    if year.is_some_and(|year| year != person.born.year().to_string()) {
        return Err("41");
    }
    let surname = holder.surname1.as_deref();
    if surname.is_some_and(|surname| plain(surname) != plain(&person.surname1)) {
        return Err("42");
    }
    Ok(person)
}

fn data(person: &Person) -> Tree {
    let (name, surname1, surname2) = capitals(person);
    let (support, expires, birthplace) = match &person.identity {
        PoliceRecord::Valid {
            support,
            expires,
            birthplace,
        } => (support.as_str(), *expires, birthplace.as_str()),
        PoliceRecord::Trouble(_) => ("", None, ""),
    };
    Tree::new("d:dadesTitular")
        .field("d:numeroSuport", support)
        .field("d:nom", name)
        .field("d:primerCognom", surname1)
        .field("d:segonCognom", surname2)
        .field("d:nacionalitat", person.nationality.clone())
        .field("d:sexe", person.sex.to_string())
        .with(
            Tree::new("d:dadesNaixement")
                .field("d:data", day(person.born))
                .field("d:localitat", birthplace)
                .field("d:provincia", birthplace),
        )
        .field("d:nomPare", "PROVA")
        .field("d:nomMare", "PROVA")
        .field(
            "d:dataCaducitat",
            expires.map_or_else(|| "00000000".to_owned(), day),
        )
}

fn echo(root: Node<'_>) -> Tree {
    let fields = root
        .elements()
        .map(|child| Tree::leaf(format!("d:{}", child.name()), child.text()));
    Tree::new("d:peticioConsultaDadesIdentitat").all(fields)
}

fn day(date: Date) -> String {
    date.strftime("%Y%m%d").to_string()
}

/// Capitals without the accents that Catalan and Spanish names carry.
fn plain(name: &str) -> String {
    name.to_uppercase()
        .chars()
        .map(|character| match character {
            'À' | 'Á' => 'A',
            'È' | 'É' => 'E',
            'Í' | 'Ï' => 'I',
            'Ò' | 'Ó' => 'O',
            'Ú' | 'Ü' => 'U',
            other => other,
        })
        .collect()
}

fn description(code: &str) -> &'static str {
    match code {
        "00" => "Operacio realitzada correctament",
        "16" | "74" => "El numero de suport no correspon al document",
        "41" => "L'any de naixement no coincideix",
        "42" => "El primer cognom no coincideix",
        "59" => "Document en tramit de renovacio",
        "68" => "Document no identificat",
        "70" => "NIE inexistent",
        "71" => "El titular del NIE te la nacionalitat espanyola",
        _ => "Error en la consulta",
    }
}
