//! `Peticion`: what one request says, typed, and the canonical text it becomes.

use jiff::Timestamp;

use super::ids::WireIds;
use super::names::{EXTENSIONS, OPEN, PETICION};
use super::signature::CanonicalBody;
use super::text::{Text, Unfit};
use crate::citizen::{Ine10, Nif, ProductCode};
use crate::clock::madrid;
use crate::xml::{Unwritable, Writer};

/// One question about one person: a `Peticion` with a single `SolicitudTransmision`.
///
/// Source: PCI3 `peticion.xsd`. The fields that the platform wants twice, in `Atributos` and in
/// every `SolicitudTransmision`, are here once.
#[derive(Clone, Debug)]
pub struct Request {
    /// `IdPeticion` and `IdSolicitud`.
    pub ids: WireIds,
    /// `TimeStamp`; its day in Madrid is `FechaGeneracion`.
    pub at: Timestamp,
    /// `CodigoProducto` and `CodigoCertificado`.
    pub product: ProductCode,
    /// Who asks.
    pub requester: Requester,
    /// What they are allowed to ask for.
    pub authorisation: Authorisation,
    /// Why they may ask about this person.
    pub consent: WireConsent,
    /// The public employee answerable for the question.
    pub officer: Officer,
    /// `Emisor`.
    pub issuer: Issuer,
    /// The person asked about, for the services that want them in `Titular`.
    pub holder: Option<Holder>,
    /// `IdTransmision`: by name the issuer's, in practice the requester's case file.
    pub case_file: Option<Text<26>>,
    /// Whether to ask for the issuer's original message (`ExtensionesPeticion/Evidencia`). It
    /// holds more personal data than the answer: only where the legal basis needs it.
    pub evidence: bool,
    /// The product's own element inside `DatosEspecificos`.
    pub specific_data: Option<CanonicalFragment>,
}

/// `Solicitante`: a public body registered at the platform.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Requester {
    /// `IdentificadorSolicitante`.
    pub code: Ine10,
    /// `NombreSolicitante`: 100 characters in one schema, 50 in another; 50 suits both.
    pub name: Text<50>,
}

/// The authorisation AOC assigned, by the element it goes in.
///
/// Source: PCI3 `peticion.xsd`, a choice; which one is a setting of each authorisation.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Authorisation {
    /// `Finalidad`: a purpose, or a procedure where the platform has it written here.
    Finality(Text<250>),
    /// `Procedimiento`: 3 to 20 characters.
    Procedure(Text<20>),
}

impl Authorisation {
    /// A `Procedimiento`, which has a shortest length too.
    pub fn procedure(code: &str) -> Result<Self, Unfit> {
        let code = Text::new(code)?;
        if code.as_str().chars().count() < 3 {
            return Err(Unfit::TooShort { min: 3 });
        }
        Ok(Self::Procedure(code))
    }

    /// The code AOC assigned.
    pub fn code(&self) -> &str {
        self.element().1
    }

    fn element(&self) -> (&'static str, &str) {
        match self {
            Self::Finality(code) => ("pet:Finalidad", code.as_str()),
            Self::Procedure(code) => ("pet:Procedimiento", code.as_str()),
        }
    }
}

/// `Consentimiento`, the closed list of the wire.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Consentimiento {
    /// `Ley`: a law dispenses with consent.
    Ley,
    /// `NoOpo`: the person was informed and did not object.
    NoOpo,
    /// `Si`: the person consented expressly.
    Si,
}

impl Consentimiento {
    /// The text of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ley => "Ley",
            Self::NoOpo => "NoOpo",
            Self::Si => "Si",
        }
    }
}

/// The legal basis a request of ours may state.
///
/// There is one way to make one, because there is one basis we act on: the person's own consent.
/// The other two values of [`Consentimiento`] cannot be sent:
/// ```compile_fail,E0423
/// # use interop_gateway::exchange::pci::{Consentimiento, WireConsent};
/// let _ = WireConsent(Consentimiento::Ley);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WireConsent(Consentimiento);

impl WireConsent {
    /// The person consented, here, and a live grant says so.
    pub const GIVEN: Self = Self(Consentimiento::Si);

    /// The value of the wire.
    pub const fn get(self) -> Consentimiento {
        self.0
    }
}

/// `Funcionario`: the real public employee Via Oberta asks for.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Officer {
    /// `NombreCompletoFuncionario`.
    pub name: Text<122>,
    /// `NifFuncionario`.
    pub nif: Nif,
}

/// `Emisor`: not checked against the real issuer by the platform; AOC's own value suits all.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Issuer {
    /// `NifEmisor`.
    pub nif: Text<10>,
    /// `NombreEmisor`.
    pub name: Text<50>,
}

impl Issuer {
    /// The Consorci AOC.
    pub fn aoc() -> Result<Self, Unfit> {
        Ok(Self {
            nif: Text::new("Q0801175A")?,
            name: Text::new("CAOC")?,
        })
    }
}

/// `TipoDocumentacion`, the closed list of the wire, in its own mixture of cases.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum DocumentType {
    /// `CIF`.
    Cif,
    /// `DNI`.
    Dni,
    /// `NIE`.
    Nie,
    /// `NIF`.
    Nif,
    /// `Pasaporte`.
    Passport,
}

impl DocumentType {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Cif, Self::Dni, Self::Nie, Self::Nif, Self::Passport];

    /// The text of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Cif => "CIF",
            Self::Dni => "DNI",
            Self::Nie => "NIE",
            Self::Nif => "NIF",
            Self::Passport => "Pasaporte",
        }
    }

    /// Reads the text of the wire.
    pub fn read(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// `Titular`: the person asked about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Holder {
    /// `TipoDocumentacion`.
    pub document_type: DocumentType,
    /// `Documentacion`: upper case, no separators.
    pub document: Text<14>,
    /// `NombreCompleto`.
    pub full_name: Option<Text<122>>,
    /// `Nombre`.
    pub given_name: Option<Text<40>>,
    /// `Apellido1`.
    pub surname1: Option<Text<40>>,
    /// `Apellido2`.
    pub surname2: Option<Text<40>>,
}

impl Holder {
    /// A holder by document alone: what most services want, and the least that is told.
    pub fn new(document_type: DocumentType, document: &str) -> Result<Self, Unfit> {
        Ok(Self {
            document_type,
            document: Text::new(document)?,
            full_name: None,
            given_name: None,
            surname1: None,
            surname2: None,
        })
    }
}

/// XML that is canonical by itself: the output of [`crate::xml::Writer`], or text checked to be so.
#[derive(Clone, Eq, PartialEq)]
pub struct CanonicalFragment(String);

/// A fragment that is not one canonical element.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the fragment is not one element in canonical form")]
pub struct NotCanonical;

impl CanonicalFragment {
    /// Checks that the text is one element and its own exclusive canonical form: otherwise what we
    /// sign would not be what the platform digests.
    pub fn new(text: String) -> Result<Self, NotCanonical> {
        crate::xml::read(text.as_bytes(), &crate::xml::Limits::ANSWER).map_err(|_| NotCanonical)?;
        let canonical = bergshamra_c14n::canonicalize::<&str>(
            &text,
            bergshamra_c14n::C14nMode::Exclusive,
            None,
            &[],
        );
        match canonical {
            Ok(canonical) if canonical == text.as_bytes() => Ok(Self(text)),
            _ => Err(NotCanonical),
        }
    }
}

impl std::fmt::Debug for CanonicalFragment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CanonicalFragment({} bytes)", self.0.len())
    }
}

impl Request {
    /// The canonical Body to sign and send.
    ///
    /// The order of elements is valid under every published variant of the schema.
    pub fn body(&self) -> Result<CanonicalBody, Unwritable> {
        let mut writer = Writer::new();
        writer.open("open:procesa", &[("open", OPEN)], &[]);
        writer.open("pet:Peticion", &[("pet", PETICION)], &[]);
        self.write_attributes(&mut writer)?;
        writer.open("pet:Solicitudes", &[], &[]);
        writer.open("pet:SolicitudTransmision", &[], &[]);
        self.write_generic_data(&mut writer)?;
        self.write_specific_data(&mut writer)?;
        Ok(CanonicalBody::around(&writer.finish()))
    }

    fn write_attributes(&self, writer: &mut Writer) -> Result<(), Unwritable> {
        writer.open("pet:Atributos", &[], &[]);
        writer.leaf("pet:IdPeticion", self.ids.request.as_str())?;
        writer.leaf("pet:NumElementos", "1")?;
        let madrid = self.at.to_zoned(madrid());
        writer.leaf(
            "pet:TimeStamp",
            &madrid.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
        )?;
        writer.leaf("pet:CodigoCertificado", self.product.modality())?;
        writer.leaf("pet:CodigoProducto", self.product.product())?;
        writer.open("pet:DatosAutorizacion", &[], &[]);
        self.write_requester(writer)?;
        writer.close();
        self.write_issuer(writer)?;
        self.write_officer(writer)?;
        writer.close();
        Ok(())
    }

    fn write_generic_data(&self, writer: &mut Writer) -> Result<(), Unwritable> {
        writer.open("pet:DatosGenericos", &[], &[]);
        self.write_issuer(writer)?;
        writer.open("pet:Solicitante", &[], &[]);
        self.write_requester(writer)?;
        writer.leaf("pet:Consentimiento", self.consent.get().as_str())?;
        self.write_officer(writer)?;
        writer.close();
        if let Some(holder) = &self.holder {
            write_holder(holder, writer)?;
        }
        writer.open("pet:Transmision", &[], &[]);
        writer.leaf("pet:CodigoCertificado", self.product.modality())?;
        writer.leaf("pet:IdSolicitud", self.ids.submission.as_str())?;
        if let Some(case_file) = &self.case_file {
            writer.leaf("pet:IdTransmision", case_file.as_str())?;
        }
        let day = self.at.to_zoned(madrid()).date();
        writer.leaf("pet:FechaGeneracion", &day.to_string())?;
        writer.close();
        writer.close();
        Ok(())
    }

    fn write_specific_data(&self, writer: &mut Writer) -> Result<(), Unwritable> {
        if !self.evidence && self.specific_data.is_none() {
            return Ok(());
        }
        writer.open("pet:DatosEspecificos", &[], &[]);
        if self.evidence {
            writer.open("caoc:ExtensionesPeticion", &[("caoc", EXTENSIONS)], &[]);
            writer.leaf("caoc:Evidencia", "true")?;
            writer.close();
        }
        if let Some(CanonicalFragment(fragment)) = &self.specific_data {
            writer.raw(fragment);
        }
        writer.close();
        Ok(())
    }

    /// Identifier, name and authorisation, equal in both places as the platform demands.
    fn write_requester(&self, writer: &mut Writer) -> Result<(), Unwritable> {
        writer.leaf("pet:IdentificadorSolicitante", self.requester.code.as_str())?;
        writer.leaf("pet:NombreSolicitante", self.requester.name.as_str())?;
        let (element, code) = self.authorisation.element();
        writer.leaf(element, code)
    }

    fn write_issuer(&self, writer: &mut Writer) -> Result<(), Unwritable> {
        writer.open("pet:Emisor", &[], &[]);
        writer.leaf("pet:NifEmisor", self.issuer.nif.as_str())?;
        writer.leaf("pet:NombreEmisor", self.issuer.name.as_str())?;
        writer.close();
        Ok(())
    }

    fn write_officer(&self, writer: &mut Writer) -> Result<(), Unwritable> {
        writer.open("pet:Funcionario", &[], &[]);
        writer.leaf("pet:NombreCompletoFuncionario", self.officer.name.as_str())?;
        writer.leaf("pet:NifFuncionario", self.officer.nif.reveal())?;
        writer.close();
        Ok(())
    }
}

fn write_holder(holder: &Holder, writer: &mut Writer) -> Result<(), Unwritable> {
    writer.open("pet:Titular", &[], &[]);
    writer.leaf("pet:TipoDocumentacion", holder.document_type.as_str())?;
    writer.leaf("pet:Documentacion", holder.document.as_str())?;
    if let Some(name) = &holder.full_name {
        writer.leaf("pet:NombreCompleto", name.as_str())?;
    }
    let names = [
        ("pet:Nombre", &holder.given_name),
        ("pet:Apellido1", &holder.surname1),
        ("pet:Apellido2", &holder.surname2),
    ];
    for (element, name) in names {
        if let Some(name) = name {
            writer.leaf(element, name.as_str())?;
        }
    }
    writer.close();
    Ok(())
}

#[cfg(test)]
mod tests;
