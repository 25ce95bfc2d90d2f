//! Towards another machine everything is encrypted, and only who we trust is talked to.

use interop_gateway::store::cache::{Cache, CacheError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::server::Server;
use super::{at, settings};

/// An authority, and a server with a certificate of it for a name or address.
fn authority_and_server(name: &str) -> (String, Server) {
    simulator::ambient::install_crypto();
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let server = Server::start_tls(&certificate.pem(), &key.serialize_pem());
    (authority.pem(), server)
}

async fn connect(server: &Server, roots: &str) -> Result<Cache, CacheError> {
    let mut settings = settings(&format!("rediss://127.0.0.1:{}", server.port()));
    settings.tls_roots = Some(roots.as_bytes().to_vec());
    Cache::redis(&settings).await
}

#[tokio::test]
async fn a_server_of_our_authority_is_talked_to() {
    let (roots, server) = authority_and_server("127.0.0.1");
    let cache = connect(&server, &roots).await.unwrap();
    cache
        .put("group", "field", b"value", at(60), at(0))
        .await
        .unwrap();
    assert!(cache.get("group", "field", at(0)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let (_, server) = authority_and_server("127.0.0.1");
    let (other, _other) = authority_and_server("127.0.0.1");
    assert!(connect(&server, &other).await.is_err());
    let address = format!("rediss://127.0.0.1:{}", server.port());
    assert!(
        Cache::redis(&settings(&address)).await.is_err(),
        "the system's"
    );
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let (roots, server) = authority_and_server("cache.example.cat");
    assert!(connect(&server, &roots).await.is_err());
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    let (roots, _server) = authority_and_server("127.0.0.1");
    let plain = Server::start(&["--save", ""]);
    assert!(connect(&plain, &roots).await.is_err());
}

#[tokio::test]
async fn roots_that_hold_no_certificate_are_named() {
    let server = Server::start(&["--save", ""]);
    for roots in [
        "",
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    ] {
        let answer = connect(&server, roots).await;
        assert!(matches!(answer, Err(CacheError::Roots)), "{answer:?}");
    }
}
