//! A certification authority of our own, and seals from it. Made once for the whole run.

use std::sync::OnceLock;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize, date_time_ymd,
};

/// A certificate and its key, both PEM.
pub(super) struct Seal {
    pub(super) certificate: String,
    pub(super) key: String,
}

/// What a seal certificate says.
pub(super) struct SealFacts {
    pub(super) organisation: &'static str,
    pub(super) from: (i32, u8, u8),
    pub(super) until: (i32, u8, u8),
    pub(super) usage: ExtendedKeyUsagePurpose,
}

impl Default for SealFacts {
    fn default() -> Self {
        Self {
            organisation: "VATES-Q0801175A",
            from: (2025, 1, 1),
            until: (2028, 1, 1),
            usage: ExtendedKeyUsagePurpose::ClientAuth,
        }
    }
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// The authority that the tests trust.
pub(super) fn root() -> String {
    authority().pem()
}

/// The platform's own seal.
pub(super) fn platform() -> &'static Seal {
    static SEAL: OnceLock<Seal> = OnceLock::new();
    SEAL.get_or_init(|| seal(&SealFacts::default()))
}

/// A seal from the trusted authority.
pub(super) fn seal(facts: &SealFacts) -> Seal {
    issue(facts, authority())
}

/// A seal that says the same as the platform's, from an authority nobody trusts.
pub(super) fn seal_of_a_stranger() -> Seal {
    issue(&SealFacts::default(), &new_authority())
}

fn authority() -> &'static Issuer {
    static AUTHORITY: OnceLock<Issuer> = OnceLock::new();
    AUTHORITY.get_or_init(new_authority)
}

fn new_authority() -> Issuer {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "EC de proves");
    CertifiedIssuer::self_signed(params, rsa_key()).unwrap()
}

fn issue(facts: &SealFacts, issuer: &Issuer) -> Seal {
    let mut params = CertificateParams::default();
    let day = |(year, month, day)| date_time_ymd(year, month, day);
    (params.not_before, params.not_after) = (day(facts.from), day(facts.until));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![facts.usage.clone()];
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "Serveis de proves");
    name.push(DnType::CustomDnType(vec![2, 5, 4, 97]), facts.organisation);
    let key = seal_key();
    let certificate = params.signed_by(key, issuer).unwrap();
    Seal {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// One key for all seals: making RSA keys is what costs time.
fn seal_key() -> &'static KeyPair {
    static KEY: OnceLock<KeyPair> = OnceLock::new();
    KEY.get_or_init(rsa_key)
}

fn rsa_key() -> KeyPair {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap()
}

/// A seal from the trusted authority with a key of its own, unlike all the others.
pub(super) fn rsa_seal_with_own_key() -> Seal {
    let key = rsa_key();
    let mut params = CertificateParams::default();
    let name = &mut params.distinguished_name;
    name.push(DnType::CommonName, "Un altre segell");
    let certificate = params.signed_by(&key, authority()).unwrap();
    Seal {
        certificate: certificate.pem(),
        key: key.serialize_pem(),
    }
}

/// A certificate from the trusted authority for an elliptic key.
pub(super) fn elliptic_certificate() -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().signed_by(&key, authority());
    certificate.unwrap().pem()
}
