//! A `Peticion` whose structure was checked, as the rest of the platform reads it.

use super::names::{EXTENSIONS, PETICION};
use super::read::Node;
use super::refusal::Refusal;
use super::structure;
use super::write::Tree;

/// A request of the right structure.
pub(super) struct Request<'d> {
    pub(super) id: String,
    pub(super) declared_count: usize,
    pub(super) product: String,
    pub(super) modality: String,
    pub(super) requester: String,
    pub(super) purpose: String,
    pub(super) submissions: Vec<Submission<'d>>,
    attributes: Node<'d>,
}

/// One `SolicitudTransmision`.
pub(super) struct Submission<'d> {
    pub(super) id: String,
    pub(super) holder: Option<Holder>,
    /// The product's own element, without platform extensions before it.
    pub(super) payload: Option<Node<'d>>,
    generic: Node<'d>,
}

/// `Titular`.
pub(super) struct Holder {
    pub(super) kind: String,
    pub(super) document: String,
    /// Whether any name came with it.
    pub(super) named: bool,
    pub(super) surname1: Option<String>,
}

impl<'d> Request<'d> {
    /// Checks the structure and reads it.
    pub(super) fn read(peticion: Node<'d>) -> Result<Self, Refusal> {
        structure::check(peticion)?;
        let gone = |element: &str| Refusal::Structure {
            element: element.to_owned(),
        };
        let attributes = field(peticion, "Atributos").ok_or_else(|| gone("Atributos"))?;
        let authorisation =
            field(attributes, "DatosAutorizacion").ok_or_else(|| gone("DatosAutorizacion"))?;
        let list = field(peticion, "Solicitudes").ok_or_else(|| gone("Solicitudes"))?;
        let submissions = list
            .named(PETICION, "SolicitudTransmision")
            .map(|one| Submission::read(one).ok_or_else(|| gone("SolicitudTransmision")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            id: value(attributes, "IdPeticion"),
            declared_count: value(attributes, "NumElementos").parse().unwrap_or(0),
            product: value(attributes, "CodigoProducto"),
            modality: value(attributes, "CodigoCertificado"),
            requester: value(authorisation, "IdentificadorSolicitante"),
            purpose: purpose(authorisation),
            submissions,
            attributes,
        })
    }

    /// `AEAT_IRPF/C4`.
    pub(super) fn service(&self) -> String {
        format!("{}/{}", self.product, self.modality)
    }

    /// Whether every submission repeats modality, requester and purpose of the petition.
    pub(super) fn is_replicated(&self) -> bool {
        self.submissions.iter().all(|submission| {
            let (Some(requester), Some(transmission)) = (
                submission.part("Solicitante"),
                submission.part("Transmision"),
            ) else {
                return false;
            };
            value(requester, "IdentificadorSolicitante") == self.requester
                && purpose(requester) == self.purpose
                && value(transmission, "CodigoCertificado") == self.modality
        })
    }

    /// Whether an official with name and NIF stands behind the petition and every submission.
    pub(super) fn names_an_official(&self) -> bool {
        let requesters = self.submissions.iter().map(|one| one.part("Solicitante"));
        std::iter::once(Some(self.attributes))
            .chain(requesters)
            .all(|place| {
                let official = place.and_then(|place| field(place, "Funcionario"));
                official.is_some_and(|official| {
                    !value(official, "NombreCompletoFuncionario").is_empty()
                        && !value(official, "NifFuncionario").is_empty()
                })
            })
    }

    /// The optional parts of `Atributos` that an answer repeats.
    pub(super) fn echoed_attributes(&self) -> Vec<Tree> {
        [
            "Emisor",
            "IdSolicitanteOriginal",
            "NomSolicitanteOriginal",
            "Funcionario",
        ]
        .into_iter()
        .filter_map(|name| field(self.attributes, name))
        .map(echo)
        .collect()
    }
}

impl<'d> Submission<'d> {
    fn read(node: Node<'d>) -> Option<Self> {
        let generic = field(node, "DatosGenericos")?;
        let specific = field(node, "DatosEspecificos");
        let payload = specific.and_then(|specific| {
            specific
                .elements()
                .find(|child| !child.is(EXTENSIONS, "ExtensionesPeticion"))
        });
        let transmission = field(generic, "Transmision")?;
        Some(Self {
            id: value(transmission, "IdSolicitud"),
            holder: field(generic, "Titular").map(Holder::read),
            payload,
            generic,
        })
    }

    /// `DatosGenericos` as the answer repeats it. `IdTransmision` is empty when none was sent, and
    /// missing in an error, which no schema allows but the live platform does.
    pub(super) fn echo(&self, succeeded: bool, today: &str) -> Tree {
        let parts = ["Emisor", "Solicitante", "Titular"].into_iter();
        let parts = parts.filter_map(|name| self.part(name)).map(echo);
        let sent = |name: &str| {
            self.part("Transmision")
                .map(|t| value(t, name))
                .unwrap_or_default()
        };
        let mut transmission = Tree::new("res:Transmision")
            .field("res:CodigoCertificado", sent("CodigoCertificado"))
            .field("res:IdSolicitud", sent("IdSolicitud"));
        if succeeded {
            transmission = transmission.field("res:IdTransmision", sent("IdTransmision"));
        }
        let generated = Some(sent("FechaGeneracion")).filter(|date| !date.is_empty());
        let generated = generated.unwrap_or_else(|| today.to_owned());
        transmission = transmission.field("res:FechaGeneracion", generated);
        Tree::new("res:DatosGenericos")
            .all(parts)
            .with(transmission)
    }

    fn part(&self, name: &str) -> Option<Node<'d>> {
        field(self.generic, name)
    }
}

impl Holder {
    fn read(node: Node<'_>) -> Self {
        let sent = |name: &str| Some(value(node, name)).filter(|text| !text.is_empty());
        let by_parts = sent("Nombre").is_some() && sent("Apellido1").is_some();
        Self {
            kind: value(node, "TipoDocumentacion"),
            document: value(node, "Documentacion"),
            named: by_parts || sent("NombreCompleto").is_some(),
            surname1: sent("Apellido1"),
        }
    }
}

/// The same element in the namespace of answers.
fn echo(node: Node<'_>) -> Tree {
    let name = format!("res:{}", node.name());
    let children: Vec<_> = node.elements().map(echo).collect();
    if children.is_empty() {
        Tree::leaf(name, node.text())
    } else {
        Tree::new(name).all(children)
    }
}

fn purpose(node: Node<'_>) -> String {
    let either = field(node, "Finalidad").or_else(|| field(node, "Procedimiento"));
    either.map(Node::text).unwrap_or_default()
}

fn field<'d>(node: Node<'d>, name: &str) -> Option<Node<'d>> {
    node.only(PETICION, name)
}

fn value(node: Node<'_>, name: &str) -> String {
    field(node, name).map(Node::text).unwrap_or_default()
}
