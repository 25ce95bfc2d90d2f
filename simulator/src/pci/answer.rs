//! The `Respuesta` around a product's answer.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::controls::{Echo, Knobs};
use super::names::{OPEN, RESPUESTA, SOAP};
use super::request::Request;
use super::write::Tree;

/// What the platform says about a request: state, literal, and the product's element if there is one.
pub(super) struct Verdict {
    pub(super) code: String,
    pub(super) literal: String,
    pub(super) payload: Option<Tree>,
}

impl Verdict {
    /// `0003`, with the product's own answer.
    pub(super) fn finished(payload: Tree) -> Self {
        Self {
            code: "0003".to_owned(),
            literal: "OK".to_owned(),
            payload: Some(payload),
        }
    }

    /// Any other state: no data.
    pub(super) fn error(code: &str, literal: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            literal: literal.into(),
            payload: None,
        }
    }

    /// The generic error of the live platform.
    pub(super) fn generic_error() -> Self {
        Self::error("0502", "Error realitzant la operació.")
    }

    /// The answer to an `IdPeticion` that was used before.
    pub(super) fn duplicate(id: &str) -> Self {
        Self::error("0502", format!("Transmissió ja enregistrada: '{id}'."))
    }
}

/// The longest literal the field carries.
const LITERAL: usize = 255;

/// Writes the `procesaResponse`, with the untruths the knobs ask for.
pub(super) fn respuesta(
    request: &Request<'_>,
    verdict: &Verdict,
    now: Timestamp,
    knobs: &Knobs,
) -> Tree {
    let mut attributes = attributes(request, verdict, now);
    let mut transmissions = Tree::new("res:Transmisiones");
    for submission in &request.submissions {
        transmissions = transmissions.with(
            Tree::new("res:TransmisionDatos")
                .with(submission.echo(verdict.payload.is_some(), &today(now)))
                .with(Tree::new("res:DatosEspecificos").maybe(verdict.payload.clone())),
        );
    }
    if knobs.unknown_elements {
        sprinkle(&mut attributes, &mut transmissions);
    }
    if knobs.oversized > 0 {
        let padding = Tree::leaf("res:Farciment", "x".repeat(knobs.oversized));
        transmissions.children_mut().push(padding);
    }
    if knobs.alphabetical {
        attributes.sort();
    }
    match knobs.echo {
        Some(Echo::OtherRequestId) => attributes.overwrite("res:IdPeticion", "9999999999-ALTRA"),
        Some(Echo::OtherSubmissionId) => transmissions.overwrite("res:IdSolicitud", "ALTRA-1"),
        Some(Echo::OtherHolder) => transmissions.overwrite("res:Documentacion", "12345678Z"),
        Some(Echo::MoreTransmissions) => {
            let mut extra = transmissions
                .children_mut()
                .first()
                .cloned()
                .unwrap_or_default();
            extra.overwrite("res:IdSolicitud", "ALTRA-1");
            transmissions.children_mut().push(extra);
        }
        None => {}
    }
    Tree::new("open:procesaResponse")
        .declare("S", SOAP)
        .declare("open", OPEN)
        .declare(
            "ns2",
            "http://gencat.net/scsp/esquemes/confirmacionPeticion",
        )
        .with(
            Tree::new("res:Respuesta")
                .declare("res", RESPUESTA)
                .with(attributes)
                .with(transmissions),
        )
}

fn attributes(request: &Request<'_>, verdict: &Verdict, now: Timestamp) -> Tree {
    let literal: String = verdict.literal.chars().take(LITERAL).collect();
    Tree::new("res:Atributos")
        .field("res:IdPeticion", &request.id)
        .field("res:NumElementos", request.submissions.len().to_string())
        .field("res:TimeStamp", local_time(now))
        .with(
            Tree::new("res:Estado")
                .field("res:CodigoEstado", &verdict.code)
                .field("res:LiteralError", literal)
                .field("res:TiempoEstimadoRespuesta", "0"),
        )
        .field("res:CodigoCertificado", &request.modality)
        .field("res:CodigoProducto", &request.product)
        .all(request.echoed_attributes())
}

/// Elements of the future: one in our namespace, one in a namespace of its own.
fn sprinkle(attributes: &mut Tree, transmissions: &mut Tree) {
    let novelty = Tree::leaf("n:Novetat", "2").declare("n", "urn:aoc:novetat");
    attributes
        .children_mut()
        .insert(0, Tree::leaf("res:CanalResposta", "1"));
    attributes.children_mut().push(novelty.clone());
    for transmission in transmissions.children_mut() {
        transmission
            .children_mut()
            .push(Tree::leaf("res:Qualitat", "alta"));
        if let Some(generic) = transmission.child_mut("res:DatosGenericos") {
            generic.children_mut().push(novelty.clone());
        }
        let specific = transmission.child_mut("res:DatosEspecificos");
        if let Some(payload) = specific.and_then(|specific| specific.children_mut().first_mut()) {
            payload.children_mut().push(novelty.clone());
        }
    }
}

/// `2026-11-20T09:15:31.502+01:00`, as the platform's servers write it.
pub(super) fn local_time(now: Timestamp) -> String {
    now.to_zoned(spain())
        .strftime("%Y-%m-%dT%H:%M:%S.%3f%:z")
        .to_string()
}

/// The local date, `2026-11-20`.
pub(super) fn today(now: Timestamp) -> String {
    now.to_zoned(spain()).strftime("%Y-%m-%d").to_string()
}

/// Central European time by its rule, so that no time zone database is needed.
pub(super) fn spain() -> TimeZone {
    TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap_or(TimeZone::UTC)
}
