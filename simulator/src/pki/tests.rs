use super::*;

use x509_parser::prelude::{FromDer, X509Certificate};

fn subject(identity: &Identity) -> String {
    let (_, certificate) = X509Certificate::from_der(identity.leaf()).unwrap();
    certificate.subject().to_string()
}

#[test]
fn a_second_opening_finds_the_keys_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let first = Pki::open(folder.path()).unwrap();
    let second = Pki::open(folder.path()).unwrap();
    assert_eq!(first.platform.chain, second.platform.chain);
    assert_eq!(
        first.requester.key.secret_pkcs8_der(),
        second.requester.key.secret_pkcs8_der()
    );
    assert_eq!(first.auditor.kid, second.auditor.kid);
}

#[test]
fn an_interrupted_folder_is_made_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("platform.pem"), "half a certif").unwrap();
    let pki = Pki::open(folder.path()).unwrap();
    assert_eq!(pki.platform.chain.len(), 1);
}

#[test]
fn the_platform_seal_names_the_consortium() {
    let folder = tempfile::tempdir().unwrap();
    let pki = Pki::open(folder.path()).unwrap();
    let subject = subject(&pki.platform);
    for part in [
        "Consorci Administració Oberta de Catalunya",
        "VATES-Q0801175A",
        "proves",
    ] {
        assert!(subject.contains(part), "{subject}");
    }
}

#[test]
fn files_of_the_contract_exist_and_keys_are_private() {
    let folder = tempfile::tempdir().unwrap();
    Pki::open(folder.path()).unwrap();
    for name in [
        "tls-ca.pem",
        "seal-ca.pem",
        "requester.pem",
        "requester.key",
        "requester-other.pem",
        "requester-other.key",
        "platform.pem",
        "platform.key",
        "folder.jwks.json",
        "folder.key",
        "auditor.jwks.json",
        "auditor.key",
    ] {
        let metadata = fs::metadata(folder.path().join(name)).unwrap();
        assert!(metadata.len() > 0, "{name}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(metadata.permissions().mode() & 0o077, 0, "{name}");
        }
    }
}

#[test]
fn a_client_key_signs_what_its_published_half_verifies() {
    use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, jwk::JwkSet};

    let folder = tempfile::tempdir().unwrap();
    let client = Pki::open(folder.path()).unwrap().citizen_folder;
    let key = EncodingKey::from_ec_pem(&fs::read(&client.key_path).unwrap()).unwrap();
    let claims = serde_json::json!({"exp": 4_000_000_000_u64});
    let token = jsonwebtoken::encode(&Header::new(Algorithm::ES256), &claims, &key).unwrap();

    let set: JwkSet = serde_json::from_slice(&fs::read(&client.jwks_path).unwrap()).unwrap();
    let public = DecodingKey::from_jwk(set.find(&client.kid).unwrap()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "the test is the verifier")]
    let verified = jsonwebtoken::decode::<serde_json::Value>(
        &token,
        &public,
        &Validation::new(Algorithm::ES256),
    );
    assert_eq!(verified.unwrap().claims, claims);
}
