//! Making the certificates.
//!
//! Validity dates are constants, so that the folder depends on no clock and a test may live on any
//! day between 2024 and 2039.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;

use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256,
    PKCS_RSA_SHA256, RsaKeySize, SanType, date_time_ymd,
};

use super::{Holder, OTHER_REQUESTER, PLATFORM, PkiError, REQUESTER, jwks, write};

/// X.520 `serialNumber`.
const SERIAL_NUMBER: &[u64] = &[2, 5, 4, 5];
/// X.520 `organizationIdentifier` (ETSI EN 319 412-1, section 5.1.4).
const ORGANIZATION_IDENTIFIER: &[u64] = &[2, 5, 4, 97];

/// Years of validity, from the first of January to the first of January.
#[derive(Clone, Copy)]
struct Years(i32, i32);

const CURRENT: Years = Years(2024, 2040);
const PAST: Years = Years(2020, 2024);

type Ca = Issuer<'static, KeyPair>;

/// Issues and writes every file of the folder.
pub(super) fn everything(folder: &Path) -> Result<(), PkiError> {
    tls(folder)?;
    seals(folder)?;
    for client in ["folder", "auditor"] {
        let key = elliptic_key(client)?;
        write(&folder.join(format!("{client}.key")), &key.serialize_pem())?;
        write(&folder.join(format!("{client}.jwks.json")), &jwks::of(&key))?;
    }
    Ok(())
}

fn tls(folder: &Path) -> Result<(), PkiError> {
    let (root, ca) = authority("tls-ca", "Simulator TLS root", elliptic_key("tls-ca")?)?;
    write(&folder.join("tls-ca.pem"), &root.pem())?;
    let key = elliptic_key("tls-server")?;
    let mut server = dated(CURRENT);
    server
        .distinguished_name
        .push(DnType::CommonName, "localhost");
    let localhost = "localhost".try_into().map_err(failed("tls-server"))?;
    server.subject_alt_names = vec![
        SanType::DnsName(localhost),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ];
    server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let certificate = server.signed_by(&key, &ca).map_err(failed("tls-server"))?;
    write(&folder.join("tls-server.pem"), &certificate.pem())?;
    write(&folder.join("tls-server.key"), &key.serialize_pem())
}

fn seals(folder: &Path) -> Result<(), PkiError> {
    let (root, ca) = authority("seal-ca", "Simulator seal root", rsa_key("seal-ca")?)?;
    let (_, stranger) = authority("unknown-ca", "Nobody's root", rsa_key("unknown-ca")?)?;
    write(&folder.join("seal-ca.pem"), &root.pem())?;

    let [requester, other, platform] =
        ["requester", "requester-other", "platform"].map(|name| keep_key(folder, name));
    let (requester, other, platform) = (requester?, other?, platform?);
    let impostor = Holder {
        common_name: PLATFORM.common_name,
        ..OTHER_REQUESTER
    };
    for (name, holder, key, issuer, years) in [
        ("requester", REQUESTER, &requester, &ca, CURRENT),
        ("requester-expired", REQUESTER, &requester, &ca, PAST),
        (
            "requester-unknown-ca",
            REQUESTER,
            &requester,
            &stranger,
            CURRENT,
        ),
        ("requester-other", OTHER_REQUESTER, &other, &ca, CURRENT),
        ("platform", PLATFORM, &platform, &ca, CURRENT),
        ("platform-expired", PLATFORM, &platform, &ca, PAST),
        (
            "platform-unknown-ca",
            PLATFORM,
            &platform,
            &stranger,
            CURRENT,
        ),
        (
            "platform-other-organisation",
            impostor,
            &platform,
            &ca,
            CURRENT,
        ),
    ] {
        let certificate = seal(holder, years)
            .signed_by(key, issuer)
            .map_err(failed(name))?;
        write(&folder.join(format!("{name}.pem")), &certificate.pem())?;
    }
    Ok(())
}

fn keep_key(folder: &Path, name: &str) -> Result<KeyPair, PkiError> {
    let key = rsa_key(name)?;
    write(&folder.join(format!("{name}.key")), &key.serialize_pem())?;
    Ok(key)
}

/// A medium-level electronic seal as the Catalan public-sector authority issues them: the
/// organisation's NIF twice, no alternative names, client authentication and e-mail as purposes.
fn seal(holder: Holder, years: Years) -> CertificateParams {
    let mut params = dated(years);
    let name = &mut params.distinguished_name;
    name.push(DnType::CountryName, "ES");
    name.push(DnType::OrganizationName, holder.organisation);
    name.push(
        DnType::from_oid(ORGANIZATION_IDENTIFIER),
        format!("VATES-{}", holder.nif),
    );
    name.push(
        DnType::OrganizationalUnitName,
        "Certificat de segell electrònic nivell mig",
    );
    name.push(DnType::from_oid(SERIAL_NUMBER), holder.nif);
    name.push(DnType::CommonName, holder.common_name);
    params.key_usages = vec![
        KeyUsagePurpose::DigitalSignature,
        KeyUsagePurpose::ContentCommitment,
        KeyUsagePurpose::KeyEncipherment,
    ];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ClientAuth,
        ExtendedKeyUsagePurpose::EmailProtection,
    ];
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority(file: &str, common_name: &str, key: KeyPair) -> Result<(Certificate, Ca), PkiError> {
    let mut params = dated(CURRENT);
    params.distinguished_name.push(DnType::CountryName, "ES");
    params
        .distinguished_name
        .push(DnType::CommonName, common_name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params.self_signed(&key).map_err(failed(file))?;
    Ok((certificate, Issuer::new(params, key)))
}

fn dated(Years(from, until): Years) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(from, 1, 1);
    params.not_after = date_time_ymd(until, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    params
}

fn rsa_key(name: &str) -> Result<KeyPair, PkiError> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(failed(name))
}

fn elliptic_key(name: &str) -> Result<KeyPair, PkiError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed(name))
}

fn failed(name: &str) -> impl FnOnce(rcgen::Error) -> PkiError {
    let name = name.to_owned();
    move |source| PkiError::Issue { name, source }
}
