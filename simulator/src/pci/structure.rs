//! The structure of a `Peticion`: elements, how often, how long. Any order is fine.
//!
//! Written from the field tables of the platform's documentation, in their strictest variant where
//! the published schemas disagree (`Documentacion` 14 characters, `IdTransmision` 26).

use super::names::PETICION;
use super::read::Node;
use super::refusal::Refusal;

/// What may be inside an element.
enum Content {
    /// Text of so many characters.
    Text { min: usize, max: usize },
    /// A non-negative integer of at most seven digits.
    Integer,
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// These elements, each at most once.
    Group(&'static [Field]),
    /// These elements, and either `Finalidad` or `Procedimiento`.
    GroupWithPurpose(&'static [Field]),
    /// One or more of this element.
    Many(&'static Field),
    /// Whatever the product says.
    Anything,
}

struct Field {
    name: &'static str,
    required: bool,
    content: Content,
}

use Content::{Anything, Group, GroupWithPurpose, Integer, Many, OneOf, Text};

const fn must(name: &'static str, content: Content) -> Field {
    Field {
        name,
        required: true,
        content,
    }
}

const fn may(name: &'static str, content: Content) -> Field {
    Field {
        name,
        required: false,
        content,
    }
}

const fn text(max: usize) -> Content {
    Text { min: 1, max }
}

const fn maybe_empty(max: usize) -> Content {
    Text { min: 0, max }
}

const PETICION_FIELD: Field = must(
    "Peticion",
    Group(&[
        must("Atributos", Group(ATTRIBUTES)),
        must("Solicitudes", Many(&SUBMISSION)),
    ]),
);

const ATTRIBUTES: &[Field] = &[
    must("IdPeticion", text(100)),
    must("NumElementos", Integer),
    must("TimeStamp", maybe_empty(29)),
    may("Estado", Anything),
    must("CodigoCertificado", text(64)),
    must("CodigoProducto", text(64)),
    must(
        "DatosAutorizacion",
        GroupWithPurpose(&[
            must("IdentificadorSolicitante", text(10)),
            must("NombreSolicitante", text(100)),
        ]),
    ),
    may("Emisor", Group(ISSUER)),
    may("IdSolicitanteOriginal", text(10)),
    may("NomSolicitanteOriginal", text(100)),
    may("Funcionario", Group(OFFICIAL)),
];

const ISSUER: &[Field] = &[must("NifEmisor", text(10)), must("NombreEmisor", text(50))];

const OFFICIAL: &[Field] = &[
    may("NombreCompletoFuncionario", maybe_empty(122)),
    may("NifFuncionario", maybe_empty(10)),
    may("EMailFuncionario", maybe_empty(122)),
    may("CodigoOrganismoFuncionario", maybe_empty(10)),
    may("CertificadoDigital", Anything),
];

const SUBMISSION: Field = must(
    "SolicitudTransmision",
    Group(&[
        must(
            "DatosGenericos",
            Group(&[
                must("Emisor", Group(ISSUER)),
                must("Solicitante", GroupWithPurpose(REQUESTER)),
                may("Titular", Group(HOLDER)),
                must("Transmision", Group(TRANSMISSION)),
                may("Ficheros", Anything),
            ]),
        ),
        may("DatosEspecificos", Anything),
    ]),
);

const REQUESTER: &[Field] = &[
    must("IdentificadorSolicitante", text(10)),
    must("NombreSolicitante", text(100)),
    must("Consentimiento", OneOf(&["Si", "Ley", "NoOpo"])),
    may("Funcionario", Group(OFFICIAL)),
];

const HOLDER: &[Field] = &[
    must(
        "TipoDocumentacion",
        OneOf(&["CIF", "NIF", "DNI", "Pasaporte", "NIE"]),
    ),
    must("Documentacion", text(14)),
    may("NombreCompleto", maybe_empty(122)),
    may("Nombre", maybe_empty(40)),
    may("Apellido1", maybe_empty(40)),
    may("Apellido2", maybe_empty(40)),
];

const TRANSMISSION: &[Field] = &[
    must("CodigoCertificado", text(64)),
    must("IdSolicitud", text(40)),
    may("IdTransmision", maybe_empty(26)),
    may("FechaGeneracion", maybe_empty(29)),
];

/// The purpose: one of two elements that mean the same to the authorisation.
const PURPOSES: [Field; 2] = [
    may("Finalidad", text(250)),
    may("Procedimiento", Text { min: 3, max: 20 }),
];

/// Checks a `Peticion` from top to bottom and names the first element at fault.
pub(super) fn check(peticion: Node<'_>) -> Result<(), Refusal> {
    PETICION_FIELD.check(peticion)
}

impl Field {
    fn check(&self, node: Node<'_>) -> Result<(), Refusal> {
        let valid = match &self.content {
            Anything => true,
            Text { min, max } => {
                let length = node.text().chars().count();
                leaf(node) && (*min..=*max).contains(&length)
            }
            Integer => {
                let text = node.text();
                let digits = text.bytes().all(|byte| byte.is_ascii_digit());
                leaf(node) && digits && (1..=7).contains(&text.len())
            }
            OneOf(values) => leaf(node) && values.contains(&node.text().as_str()),
            Group(fields) => return group(node, &fields.iter().collect::<Vec<_>>()),
            GroupWithPurpose(fields) => {
                let with_purposes: Vec<_> = fields.iter().chain(&PURPOSES).collect();
                group(node, &with_purposes)?;
                let given = node
                    .elements()
                    .filter(|e| PURPOSES.iter().any(|p| p.name == e.name()));
                given.count() == 1
            }
            Many(field) => {
                for child in node.elements() {
                    if !child.is(PETICION, field.name) {
                        return Err(at(child.name()));
                    }
                    field.check(child)?;
                }
                node.elements().next().is_some()
            }
        };
        if valid { Ok(()) } else { Err(at(self.name)) }
    }
}

fn group(node: Node<'_>, fields: &[&Field]) -> Result<(), Refusal> {
    for child in node.elements() {
        let known = fields.iter().find(|field| child.is(PETICION, field.name));
        let Some(field) = known else {
            return Err(at(child.name()));
        };
        if node.only(PETICION, field.name).is_none() {
            return Err(at(field.name));
        }
        field.check(child)?;
    }
    match fields
        .iter()
        .find(|f| f.required && node.only(PETICION, f.name).is_none())
    {
        Some(missing) => Err(at(missing.name)),
        None => Ok(()),
    }
}

fn leaf(node: Node<'_>) -> bool {
    node.elements().next().is_none()
}

fn at(element: &str) -> Refusal {
    Refusal::Structure {
        element: element.to_owned(),
    }
}
