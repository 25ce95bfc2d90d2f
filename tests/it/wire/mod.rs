//! The platform's wire: what leaves, what is believed, and what other programs say of both.

mod cli;
mod pki;
mod refusals;
mod schemas;
mod seal;
mod xmlsec;

use interop_gateway::exchange::pci::signature::{self, CanonicalBody};
use interop_gateway::exchange::pci::{
    PlatformProfile, SignatureAlgorithm, SignatureError, SignedEnvelope, SigningIdentity,
    TrustRoots, VerifiedEnvelope,
};
use interop_gateway::xml::Writer;
use jiff::Timestamp;

/// The instant at which these tests take place.
fn now() -> Timestamp {
    "2026-11-20T08:15:31Z".parse().unwrap()
}

/// The shipped profile, signing with this algorithm.
fn profile(algorithm: SignatureAlgorithm) -> PlatformProfile {
    PlatformProfile {
        sign_with: algorithm,
        ..PlatformProfile::aoc()
    }
}

/// A small answer with a value worth changing.
fn body() -> CanonicalBody {
    let mut writer = Writer::new();
    writer.open(
        "open:procesaResponse",
        &[("open", "http://www.openuri.org/")],
        &[],
    );
    writer.leaf("open:amount", "1000.00").unwrap();
    CanonicalBody::around(&writer.finish())
}

fn identity(seal: &pki::Seal) -> SigningIdentity {
    SigningIdentity::from_pem(seal.certificate.as_bytes(), seal.key.as_bytes()).unwrap()
}

/// The small answer, signed by the platform's seal.
fn signed(profile: &PlatformProfile) -> SignedEnvelope {
    signature::sign(&body(), &identity(pki::platform()), profile, now()).unwrap()
}

fn text_of(envelope: &SignedEnvelope) -> String {
    String::from_utf8(envelope.bytes().to_vec()).unwrap()
}

fn roots() -> TrustRoots {
    TrustRoots::from_pem(pki::root().as_bytes(), Some("Q0801175A")).unwrap()
}

fn verify(text: &str) -> Result<VerifiedEnvelope, SignatureError> {
    signature::verify(text.as_bytes(), &PlatformProfile::aoc(), &roots(), now())
}

fn amount(envelope: &VerifiedEnvelope) -> &str {
    const OPEN: &str = "http://www.openuri.org/";
    let answer = envelope.body().child(OPEN, "procesaResponse").unwrap();
    answer.child(OPEN, "amount").unwrap().text()
}
