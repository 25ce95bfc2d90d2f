//! A strict double of the Via Oberta platform: its synchronous front, over a synthetic population.
//!
//! A request goes through the steps of the real platform and the first failure is the answer:
//! size, XML, SOAP 1.1, one operation, signature, certificate, structure, authorisation, number
//! of elements, unused id, product. The security front refuses with unsigned SOAP faults; what
//! lies behind it answers with a signed `Respuesta`, success or not.
//!
//! [`Controls`] make it misbehave; [`Recorder`] tells what arrived.

mod answer;
mod controls;
mod desk;
mod names;
mod products;
mod read;
mod recorder;
mod refusal;
mod request;
mod seal;
mod security;
mod server;
mod structure;
#[cfg(test)]
mod tests;
mod write;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::net::TcpListener;

pub use controls::{Controls, Damage, Echo, FaultKnob, Knobs, PlatformError, Transport};
pub use recorder::{Received, Recorder};
pub use refusal::Refusal;
pub use seal::SealError;
pub use security::Algorithm;

use crate::pki::{OTHER_REQUESTER, Pki, REQUESTER};
use crate::population::Population;
use crate::tls::{self, StartError};
use desk::Desk;
use seal::Seal;
use security::Policy;
use server::Front;

/// Code of the body in whose name the gateway asks in tests and in the demo.
pub const REQUESTER_INE10: &str = "9821920002";
/// Code of the second body.
pub const OTHER_REQUESTER_INE10: &str = "9821930003";
/// The purpose both are authorised for.
pub const FINALITY: &str = "PROVES";
/// Every product the platform offers.
pub const PRODUCTS: [&str; 6] = [
    "AEAT_IRPF/C4",
    "AEAT_IRPF/C2",
    "SCSP_TGSS/Q2827003ATGSS006",
    "DGP_IDENTITAT/IDENTITAT_DADES",
    "PADRO/NUMERO_CONVIVENTS",
    "PADRO/VALIDACIO_CONVIVENTS",
];

/// The largest request taken, in bytes.
const MAXIMUM_BYTES: usize = 2048 * 1024;

/// The time, as the platform sees it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of this machine.
pub fn system_clock() -> Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where time enters the simulator"
    )]
    Arc::new(Timestamp::now)
}

/// What a body may ask.
#[derive(Clone, Debug)]
pub struct Authorisation {
    /// The body's code.
    pub ine10: String,
    /// NIF its certificates carry.
    pub nif: String,
    /// The authorised purpose or procedure.
    pub finality: String,
    /// Authorised products, as `CodigoProducto/CodigoCertificado`.
    pub products: BTreeSet<String>,
}

/// How a platform is set up.
#[derive(Clone)]
pub struct Options {
    /// The time; tests fix it.
    pub clock: Clock,
    /// Signature algorithms accepted in requests.
    pub accepted: Vec<Algorithm>,
    /// Signature algorithm of the answers.
    pub algorithm: Algorithm,
    /// Who may ask what.
    pub authorisations: Vec<Authorisation>,
    /// Fault numbers other than 1013 are counted from here: the real ones are not public.
    pub fault_base: u32,
}

impl Options {
    /// The first body may ask everything, the second only for income; both algorithms are accepted
    /// and answers are signed with SHA-1, as the live platform does.
    pub fn new(clock: Clock) -> Self {
        let authorisation = |ine10: &str, nif: &str, products: &[&str]| Authorisation {
            ine10: ine10.to_owned(),
            nif: nif.to_owned(),
            finality: FINALITY.to_owned(),
            products: products.iter().map(|&product| product.to_owned()).collect(),
        };
        Self {
            clock,
            accepted: vec![Algorithm::RsaSha1, Algorithm::RsaSha256],
            algorithm: Algorithm::RsaSha1,
            authorisations: vec![
                authorisation(REQUESTER_INE10, REQUESTER.nif, &PRODUCTS),
                authorisation(OTHER_REQUESTER_INE10, OTHER_REQUESTER.nif, &PRODUCTS[..2]),
            ],
            fault_base: 1900,
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("accepted", &self.accepted)
            .field("algorithm", &self.algorithm)
            .field("authorisations", &self.authorisations)
            .finish_non_exhaustive()
    }
}

/// The platform; see [`Platform::start`].
#[derive(Debug)]
pub struct Platform;

/// A platform that is answering.
#[derive(Debug)]
pub struct RunningPlatform {
    /// Address of the synchronous front, `https://127.0.0.1:<port>/siri-proxy/services/Sincron`.
    pub url: String,
    /// Address without path, for the admin route and other fronts.
    pub base_url: String,
    /// Knobs.
    pub controls: Controls,
    /// What arrived.
    pub recorder: Recorder,
    server: tls::Running,
}

/// Why the platform did not start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// The seal of the platform is unusable.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The server did not start.
    #[error(transparent)]
    Server(#[from] StartError),
    /// The root of the seals is unusable.
    #[error("cannot use the root of the seals")]
    Root(#[source] rustls::Error),
}

impl Platform {
    /// Starts answering over TLS on a free port of the loopback interface.
    pub async fn start(
        pki: &Pki,
        population: Population,
        options: Options,
    ) -> Result<RunningPlatform, NotStarted> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        Self::start_on(
            listener.map_err(StartError::Listen)?,
            pki,
            population,
            options,
        )
    }

    /// Starts answering on a socket the caller has bound; needs a running Tokio runtime.
    pub fn start_on(
        listener: TcpListener,
        pki: &Pki,
        population: Population,
        options: Options,
    ) -> Result<RunningPlatform, NotStarted> {
        let (controls, recorder) = (Controls::default(), Recorder::default());
        let desk = Desk {
            policy: Policy::new(options.accepted, &pki.seal_ca).map_err(NotStarted::Root)?,
            authorisations: options.authorisations,
            population,
            seen: Mutex::new(HashSet::new()),
        };
        let front = Front {
            desk,
            seal: Seal::new(pki, options.algorithm)?,
            clock: options.clock,
            fault_base: options.fault_base,
            controls: controls.clone(),
            recorder: recorder.clone(),
            serial: AtomicU64::new(1_000_000),
            last: Mutex::default(),
        };
        let server = tls::serve_on(listener, server::router(front), &pki.tls_server)?;
        let base_url = format!("https://{}", server.address);
        let url = format!("{base_url}{}", server::SINCRON);
        Ok(RunningPlatform {
            url,
            base_url,
            controls,
            recorder,
            server,
        })
    }
}

impl RunningPlatform {
    /// Stops answering; requests that hang are cut.
    pub async fn stop(self) {
        self.server.stop().await;
    }
}
