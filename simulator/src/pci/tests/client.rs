//! A small client: writes requests, signs them, posts them, and verifies what comes back.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use rsa_sha1::RsaSha1Signer;

use crate::pci::names::{BASE64_BINARY, DS, EXC_C14N, SOAP, WSSE, WSU, X509V3};
use crate::pci::read::{Node, Parsed};
use crate::pci::refusal::Refusal;
use crate::pci::security::{Policy, Signer};
use crate::pci::{Algorithm, Options, Platform, RunningPlatform};
use crate::pki::{Identity, Pki};
use crate::population::Population;

pub(super) const NOW: &str = "2026-11-20T08:15:31Z";

/// The certificates, made once for all tests of the process.
pub(super) fn pki() -> &'static Pki {
    static PKI: OnceLock<(tempfile::TempDir, Pki)> = OnceLock::new();
    let (_, pki) = PKI.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::open(folder.path()).unwrap();
        (folder, pki)
    });
    pki
}

pub(super) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

pub(super) fn options() -> Options {
    Options::new(Arc::new(now))
}

/// One platform and a client that trusts it.
pub(super) struct Client {
    pub(super) platform: RunningPlatform,
    http: reqwest::Client,
}

impl Client {
    pub(super) async fn start() -> Self {
        Self::with(options()).await
    }

    pub(super) async fn with(options: Options) -> Self {
        let pki = pki();
        let platform = Platform::start(pki, Population::built_in(), options)
            .await
            .unwrap();
        let root = reqwest::Certificate::from_der(&pki.tls_ca).unwrap();
        let http = reqwest::Client::builder()
            .tls_certs_only([root])
            .build()
            .unwrap();
        Self { platform, http }
    }

    /// Posts a message; a broken exchange is an error.
    pub(super) async fn try_post(&self, url: &str, body: String) -> reqwest::Result<Answer> {
        self.post_as("text/xml; charset=utf-8", url, body).await
    }

    pub(super) async fn post_as(
        &self,
        kind: &str,
        url: &str,
        body: String,
    ) -> reqwest::Result<Answer> {
        #[expect(clippy::disallowed_methods, reason = "the test is the client")]
        let response = self
            .http
            .post(url)
            .header("content-type", kind)
            .body(body)
            .send()
            .await?;
        let status = response.status().as_u16();
        Ok(Answer {
            status,
            text: response.text().await?,
        })
    }

    pub(super) async fn post(&self, body: String) -> Answer {
        self.try_post(&self.platform.url, body).await.unwrap()
    }

    /// Signs soundly and posts.
    pub(super) async fn ask(&self, question: &Question) -> Answer {
        self.post(Signing::default().envelope(&question.peticion()))
            .await
    }

    pub(super) async fn get(&self, url: &str) -> Answer {
        #[expect(clippy::disallowed_methods, reason = "the test is the client")]
        let response = self.http.get(url).send().await.unwrap();
        Answer {
            status: response.status().as_u16(),
            text: response.text().await.unwrap(),
        }
    }
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

impl Answer {
    /// Text of the first element of a local name, wherever it is.
    pub(super) fn value(&self, name: &str) -> Option<String> {
        let parsed = Parsed::new(&self.text)?;
        let all = parsed.root()?.descendants();
        all.into_iter()
            .find(|node| node.name() == name)
            .map(Node::text)
    }

    pub(super) fn state(&self) -> Option<String> {
        self.value("CodigoEstado")
    }

    /// Checks the signature as a client should, and says who signed.
    pub(super) fn verify(&self) -> Result<Signer, Refusal> {
        let both = vec![Algorithm::RsaSha1, Algorithm::RsaSha256];
        let policy = Policy::new(both, &pki().seal_ca).unwrap();
        let parsed = Parsed::new(&self.text).ok_or(Refusal::NotXml)?;
        policy.verify(parsed.root().unwrap(), now())
    }

    #[track_caller]
    pub(super) fn assert_refused(&self, refusal: &Refusal) {
        assert_eq!(self.status, 500, "{}", self.text);
        assert_eq!(
            self.value("faultstring"),
            Some(refusal.to_string()),
            "{}",
            self.text
        );
        assert_eq!(
            self.value("faultcode"),
            Some(refusal.number(1900).to_string())
        );
        assert!(!self.text.contains("Signature"), "faults are not signed");
    }
}

/// A request to be written.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) id: String,
    pub(super) product: &'static str,
    pub(super) modality: &'static str,
    pub(super) document: &'static str,
    pub(super) kind: &'static str,
    pub(super) names: &'static str,
    pub(super) payload: String,
}

impl Question {
    pub(super) fn income(id: &str, document: &'static str, year: u16) -> Self {
        Self {
            id: id.to_owned(),
            product: "AEAT_IRPF",
            modality: "C4",
            document,
            kind: "NIF",
            names: "<pet:NombreCompleto>FICTICI PROVA ANNA</pet:NombreCompleto>",
            payload: format!(
                "<i:peticioConsultaIRPF xmlns:i=\"http://www.aocat.net/aeat/irpf\">\
                 <a:DatosEspecificos xmlns:a=\"http://intermediacion.redsara.es/scsp/esquemas/datosespecificos\">\
                 <a:Ejercicio>{year}</a:Ejercicio></a:DatosEspecificos></i:peticioConsultaIRPF>"
            ),
        }
    }

    pub(super) fn in_work(id: &str, document: &'static str, date: &str) -> Self {
        Self {
            product: "SCSP_TGSS",
            modality: "Q2827003ATGSS006",
            payload: format!(
                "<t:DatosEspecificos xmlns:t=\"http://www.tgss.es/altafecha/esquemas/afiliacion/datosespecificos\">\
                 <t:FECHA>{date}</t:FECHA></t:DatosEspecificos>"
            ),
            ..Self::income(id, document, 2025)
        }
    }

    pub(super) fn identity(
        id: &str,
        document: &'static str,
        kind: &'static str,
        year: u16,
    ) -> Self {
        Self {
            product: "DGP_IDENTITAT",
            modality: "IDENTITAT_DADES",
            kind,
            names: "",
            payload: format!(
                "<d:peticioConsultaDadesIdentitat xmlns:d=\"http://www.aoc.cat/dgp/identitat\">\
                 <d:anyNaixement>{year}</d:anyNaixement></d:peticioConsultaDadesIdentitat>"
            ),
            ..Self::income(id, document, 2025)
        }
    }

    pub(super) fn household(id: &str, document: &'static str) -> Self {
        Self {
            product: "PADRO",
            modality: "NUMERO_CONVIVENTS",
            payload: format!(
                "<p:peticionNumeroConvivientes xmlns:p=\"http://www.aocat.net/padro\">\
                 <p:numExpediente>EXP-1</p:numExpediente><p:tipoDocumentacion>1</p:tipoDocumentacion>\
                 <p:documentacion>{document}</p:documentacion><p:codigoMunicipio>019</p:codigoMunicipio>\
                 <p:codigoProvincia>08</p:codigoProvincia><p:idescat>0</p:idescat>\
                 </p:peticionNumeroConvivientes>"
            ),
            ..Self::income(id, document, 2025)
        }
    }

    /// Who of these lives at the home of the first.
    pub(super) fn together(id: &str, documents: &[&'static str]) -> Self {
        let person = |document: &&str| {
            format!(
                "<p:conviviente><p:tipoDocumentacion>1</p:tipoDocumentacion>\
                 <p:documentacion>{document}</p:documentacion></p:conviviente>"
            )
        };
        let people: String = documents.iter().map(person).collect();
        Self {
            product: "PADRO",
            modality: "VALIDACIO_CONVIVENTS",
            payload: format!(
                "<p:peticionValidacionConvivientes xmlns:p=\"http://www.aocat.net/padro\">\
                 <p:numExpediente>EXP-1</p:numExpediente>{people}\
                 <p:codigoMunicipio>019</p:codigoMunicipio><p:codigoProvincia>08</p:codigoProvincia>\
                 <p:idescat>0</p:idescat></p:peticionValidacionConvivientes>"
            ),
            ..Self::income(id, documents.first().copied().unwrap_or_default(), 2025)
        }
    }

    /// The `Peticion`, in the order and with the fields of a well-behaved client.
    pub(super) fn peticion(&self) -> String {
        let Self {
            id,
            product,
            modality,
            document,
            kind,
            names,
            payload,
        } = self;
        let official = "<pet:Funcionario><pet:NombreCompletoFuncionario>Cognom Prova Maria\
            </pet:NombreCompletoFuncionario><pet:NifFuncionario>00000000T</pet:NifFuncionario>\
            </pet:Funcionario>";
        let issuer = "<pet:Emisor><pet:NifEmisor>Q0801175A</pet:NifEmisor>\
            <pet:NombreEmisor>CAOC</pet:NombreEmisor></pet:Emisor>";
        let requester = "<pet:IdentificadorSolicitante>9821920002</pet:IdentificadorSolicitante>\
            <pet:NombreSolicitante>Ajuntament de Prova</pet:NombreSolicitante>\
            <pet:Finalidad>PROVES</pet:Finalidad>";
        format!(
            "<pet:Peticion xmlns:pet=\"http://gencat.net/scsp/esquemes/peticion\"><pet:Atributos>\
             <pet:IdPeticion>{id}</pet:IdPeticion><pet:NumElementos>1</pet:NumElementos>\
             <pet:TimeStamp>2026-11-20T09:15:30.123+01:00</pet:TimeStamp>\
             <pet:CodigoCertificado>{modality}</pet:CodigoCertificado>\
             <pet:CodigoProducto>{product}</pet:CodigoProducto>\
             <pet:DatosAutorizacion>{requester}</pet:DatosAutorizacion>{issuer}{official}\
             </pet:Atributos><pet:Solicitudes><pet:SolicitudTransmision><pet:DatosGenericos>{issuer}\
             <pet:Solicitante>{requester}<pet:Consentimiento>Si</pet:Consentimiento>{official}\
             </pet:Solicitante><pet:Titular><pet:TipoDocumentacion>{kind}</pet:TipoDocumentacion>\
             <pet:Documentacion>{document}</pet:Documentacion>{names}</pet:Titular>\
             <pet:Transmision><pet:CodigoCertificado>{modality}</pet:CodigoCertificado>\
             <pet:IdSolicitud>{id}-1</pet:IdSolicitud></pet:Transmision></pet:DatosGenericos>\
             <pet:DatosEspecificos>{payload}</pet:DatosEspecificos></pet:SolicitudTransmision>\
             </pet:Solicitudes></pet:Peticion>"
        )
    }
}

/// How a request is signed; the default is sound.
#[derive(Clone)]
pub(super) struct Signing {
    pub(super) identity: &'static Identity,
    pub(super) algorithm: Algorithm,
    pub(super) created: &'static str,
    pub(super) expires: &'static str,
    pub(super) timestamp_signed: bool,
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            identity: &pki().requester,
            algorithm: Algorithm::RsaSha1,
            created: "2026-11-20T08:15:30.123Z",
            expires: "2026-11-20T08:20:30.123Z",
            timestamp_signed: false,
        }
    }
}

impl Signing {
    /// A signed envelope around a `Peticion`.
    pub(super) fn envelope(&self, peticion: &str) -> String {
        let body = format!(
            "<s:Body xmlns:wsu=\"{WSU}\" wsu:Id=\"id-body\"><open:procesa \
             xmlns:open=\"http://www.openuri.org/\">{peticion}</open:procesa></s:Body>"
        );
        let timestamp = format!(
            "<wsu:Timestamp xmlns:wsu=\"{WSU}\" wsu:Id=\"TS-1\"><wsu:Created>{}</wsu:Created>\
             <wsu:Expires>{}</wsu:Expires></wsu:Timestamp>",
            self.created, self.expires
        );
        let mut references = self.reference(
            "id-body",
            &format!("<s:Envelope xmlns:s=\"{SOAP}\">{body}</s:Envelope>"),
        );
        if self.timestamp_signed {
            references += &self.reference("TS-1", &format!("<x>{timestamp}</x>"));
        }
        let info = format!(
            "<ds:SignedInfo xmlns:ds=\"{DS}\"><ds:CanonicalizationMethod Algorithm=\"{EXC_C14N}\">\
             </ds:CanonicalizationMethod><ds:SignatureMethod Algorithm=\"{}\"></ds:SignatureMethod>\
             {references}</ds:SignedInfo>",
            self.algorithm.signature_uri()
        );
        let value = STANDARD.encode(self.sign(info.as_bytes()));
        let certificate = STANDARD.encode(self.identity.leaf());
        format!(
            "<s:Envelope xmlns:s=\"{SOAP}\"><s:Header><wsse:Security xmlns:wsse=\"{WSSE}\" \
             s:mustUnderstand=\"1\"><wsse:BinarySecurityToken xmlns:wsu=\"{WSU}\" \
             EncodingType=\"{BASE64_BINARY}\" ValueType=\"{X509V3}\" wsu:Id=\"X509-1\">{certificate}\
             </wsse:BinarySecurityToken><ds:Signature xmlns:ds=\"{DS}\" Id=\"SIG-1\">{info}\
             <ds:SignatureValue>{value}</ds:SignatureValue><ds:KeyInfo Id=\"KI-1\">\
             <wsse:SecurityTokenReference><wsse:Reference URI=\"#X509-1\" ValueType=\"{X509V3}\"/>\
             </wsse:SecurityTokenReference></ds:KeyInfo></ds:Signature>{timestamp}</wsse:Security>\
             </s:Header>{body}</s:Envelope>"
        )
    }

    fn reference(&self, id: &str, around: &str) -> String {
        let parsed = Parsed::new(around).unwrap();
        let target = parsed.root().unwrap().elements().next().unwrap();
        let digest = self.algorithm.digest(&target.canonical(&[]).unwrap());
        format!(
            "<ds:Reference URI=\"#{id}\"><ds:Transforms><ds:Transform Algorithm=\"{EXC_C14N}\">\
             </ds:Transform></ds:Transforms><ds:DigestMethod Algorithm=\"{}\"></ds:DigestMethod>\
             <ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>",
            self.algorithm.digest_uri()
        )
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let key = self.identity.key.secret_pkcs8_der();
        match self.algorithm {
            Algorithm::RsaSha1 => RsaSha1Signer::from_pkcs8_der(key)
                .unwrap()
                .sign(message)
                .unwrap(),
            Algorithm::RsaSha256 => {
                let key = KeyPair::from_pkcs8(key).unwrap();
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(
                    &RSA_PKCS1_SHA256,
                    &SystemRandom::new(),
                    message,
                    &mut signature,
                )
                .unwrap();
                signature
            }
        }
    }
}

/// A question anybody may ask.
pub(super) fn question() -> Question {
    Question::income("R-1", "11111111H", 2024)
}

/// Who signs sound answers.
pub(super) fn platform_seal() -> Signer {
    Signer {
        nif: "Q0801175A".to_owned(),
    }
}
