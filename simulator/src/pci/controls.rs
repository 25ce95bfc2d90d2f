//! Knobs that make the platform misbehave, per product or everywhere.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

/// A handle on the knobs of a running platform. Clones turn the same knobs.
#[derive(Clone, Debug, Default)]
pub struct Controls(Arc<Mutex<Settings>>);

#[derive(Debug, Default)]
struct Settings {
    everywhere: Option<Knobs>,
    products: BTreeMap<String, Knobs>,
}

/// What to do differently from a well-behaved platform. The default changes nothing.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent switches, set by name"
)]
pub struct Knobs {
    /// Wait this long before answering.
    pub latency_ms: u64,
    /// Break the exchange below the message.
    pub transport: Option<Transport>,
    /// Answer with this fault.
    pub fault: Option<FaultKnob>,
    /// Answer a signed state without data.
    pub platform_error: Option<PlatformError>,
    /// Answer `0003` with this product result code and no data.
    pub product_code: Option<String>,
    /// What is wrong with the signature of the answer.
    pub signature: Option<Damage>,
    /// What the answer does not echo faithfully.
    pub echo: Option<Echo>,
    /// Order the children of `Atributos` by name, as some published samples do.
    pub alphabetical: bool,
    /// Put a document type before the envelope.
    pub document_type: bool,
    /// Pad the answer by this many bytes.
    pub oversized: usize,
    /// Let the platform's clock run ahead (or behind) by this many seconds.
    pub clock_offset_seconds: i64,
    /// Add elements no schema knows, in the places extensions would appear.
    pub unknown_elements: bool,
    /// Use other namespace prefixes, among them the default namespace.
    pub other_prefixes: bool,
    /// Affect this many requests and then stop; without it, until reset.
    pub times: Option<u32>,
}

/// Failures below the message.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// The request is taken and processed; no byte ever comes back.
    Hang,
    /// The request is taken and processed; then the connection closes.
    Drop,
    /// The answer stops half-way, in a complete HTTP message.
    Truncate,
    /// The answer of before, genuine and signed, is served once more.
    Replay,
    /// The answer says it is XML and is not.
    Garbage,
    /// The web server in front answers 403 with a page; the platform sees nothing.
    Forbidden,
    /// The web server in front answers 502 with a page; the platform has seen the request.
    BadGateway,
    /// The web server in front answers 503 with a page; the platform sees nothing.
    Unavailable,
}

/// A fault to answer with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FaultKnob {
    /// `faultcode`.
    pub code: String,
    /// `faultstring`.
    pub text: String,
}

/// States other than "finished". The live platform is known to answer the two errors, both `0502`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlatformError {
    /// `Error realitzant la operació.`
    Generic,
    /// `Transmissió ja enregistrada: '<id>'.`
    Duplicate,
    /// `0002`: it is being worked on.
    Pending,
}

/// What is wrong with a signature.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Damage {
    /// No security header at all.
    Absent,
    /// The body was changed after signing.
    BodyChanged,
    /// The signature value is of something else.
    ValueChanged,
    /// The signer's certificate has expired.
    ExpiredCertificate,
    /// The signer is another organisation, from the same trusted root.
    WrongOrganisation,
    /// The signer's certificate comes from an unknown root, in the right name.
    UnknownCa,
    /// The genuine signed body sits in the header under a wrapper; a forged one took its place.
    Wrapped,
    /// Body and timestamp carry the same `wsu:Id`.
    DuplicateId,
}

/// What is not echoed faithfully, in a properly signed answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Echo {
    /// Another `IdPeticion`.
    OtherRequestId,
    /// Another `IdSolicitud`.
    OtherSubmissionId,
    /// Another person in `Titular`.
    OtherHolder,
    /// One more `TransmisionDatos` than was asked for.
    MoreTransmissions,
}

impl Controls {
    /// Sets the knobs of every product that has none of its own.
    pub fn everywhere(&self, knobs: Knobs) {
        self.settings().everywhere = Some(knobs);
    }

    /// Sets the knobs of one product, such as `AEAT_IRPF/C4`; they replace those set everywhere.
    pub fn product(&self, product: &str, knobs: Knobs) {
        self.settings().products.insert(product.to_owned(), knobs);
    }

    /// Turns every knob back.
    pub fn reset(&self) {
        *self.settings() = Settings::default();
    }

    /// The knobs for one request, counting it against [`Knobs::times`].
    pub(super) fn take(&self, product: Option<&str>) -> Knobs {
        let mut settings = self.settings();
        let settings = &mut *settings;
        let own = product.and_then(|product| settings.products.get_mut(product));
        let Some(knobs) = own.or(settings.everywhere.as_mut()) else {
            return Knobs::default();
        };
        match &mut knobs.times {
            Some(0) => Knobs::default(),
            Some(left) => {
                *left -= 1;
                knobs.clone()
            }
            None => knobs.clone(),
        }
    }

    fn settings(&self) -> MutexGuard<'_, Settings> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
