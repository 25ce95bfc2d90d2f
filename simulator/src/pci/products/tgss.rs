//! `SCSP_TGSS/Q2827003ATGSS006`: whether somebody is in work on a date.

use jiff::civil::Date;

use super::{Question, Verdict, holder, malformed, value};
use crate::pci::write::Tree;
use crate::population::{Person, SocialSecurity};

const TGSS: &str = "http://www.tgss.es/altafecha/esquemas/afiliacion/datosespecificos";

pub(super) fn answer(question: &Question<'_>, person: Option<&Person>) -> Verdict {
    let holder = match holder(question, &["NIF", "DNI", "NIE", "Pasaporte"]) {
        Ok(holder) => holder,
        Err(element) => return malformed(element),
    };
    let root = question
        .payload
        .filter(|root| root.is(TGSS, "DatosEspecificos"));
    let date = root
        .and_then(|root| value(root, TGSS, "FECHA"))
        .unwrap_or_default();
    let code = match (question.forced, person) {
        (Some(code), _) => code,
        _ if date.len() != 8 => "0401",
        _ if !is_date(&date) => "0006",
        (None, None) => "0004",
        (None, Some(person)) => match person.social_security {
            SocialSecurity::InWork => "0001",
            SocialSecurity::NotInWork => "0002",
            SocialSecurity::Unknown => "0004",
            SocialSecurity::Duplicate => "0005",
        },
    };
    let kind = match holder.kind.as_str() {
        "NIE" => '6',
        "Pasaporte" => '7',
        _ if holder.document.starts_with(['X', 'Y', 'Z']) => '6',
        _ => '1',
    };
    Verdict::finished(
        Tree::new("t:DatosEspecificos")
            .declare("t", TGSS)
            .field("t:IPF", format!("{kind}{:0>10}", holder.document))
            .field("t:FECHA", date)
            .with(
                Tree::new("t:Retorno")
                    .field("t:Codigo", code)
                    .field("t:Descripcion", description(code)),
            ),
    )
}

/// `DDMMYYYY`.
fn is_date(text: &str) -> bool {
    Date::strptime("%d%m%Y", text).is_ok()
}

fn description(code: &str) -> &'static str {
    match code {
        "0001" => "En situacion de alta laboral",
        "0002" => "No figura en situacion de alta laboral",
        "0003" => "IPF erroneo",
        "0004" => "IPF inexistente",
        "0005" => "IPF duplicado",
        "0006" => "Fecha erronea",
        "0401" => "La estructura de la peticion no corresponde con el esquema",
        _ => "Error de sistema",
    }
}
