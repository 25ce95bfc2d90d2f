//! Towards another machine everything is encrypted, and only who we trust is talked to.

use interop_gateway::store::cache::{Cache, CacheError};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::{at, settings};
use crate::servers::{Redis, Tls};

async fn start(tls: &Tls) -> Redis {
    simulator::ambient::install_crypto();
    Redis::start_tls(tls).await
}

async fn connect(server: &Redis, roots: &str) -> Result<Cache, CacheError> {
    let mut settings = settings(&format!("rediss://127.0.0.1:{}", server.port()));
    settings.tls_roots = Some(roots.as_bytes().to_vec());
    Cache::redis(&settings).await
}

#[tokio::test]
async fn a_server_of_our_authority_is_talked_to() {
    let tls = Tls::new();
    let server = start(&tls).await;
    let cache = connect(&server, &tls.roots).await.unwrap();
    let put = cache.put("group", "field", b"value", at(60), at(0)).await;
    put.unwrap();
    assert!(cache.get("group", "field", at(0)).await.unwrap().is_some());
}

#[tokio::test]
async fn a_server_of_another_authority_is_refused() {
    let server = start(&Tls::new()).await;
    assert!(connect(&server, &Tls::new().roots).await.is_err());
    let system = Cache::redis(&settings(&server.url())).await;
    assert!(system.is_err());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let mut authority = CertificateParams::default();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    let authority = CertifiedIssuer::self_signed(authority, key).unwrap();
    let key = KeyPair::generate().unwrap();
    let other = CertificateParams::new(vec!["cache.example.cat".to_owned()]).unwrap();
    let tls = Tls {
        roots: authority.pem(),
        certificate: other.signed_by(&key, &authority).unwrap().pem(),
        key: key.serialize_pem(),
    };
    let server = start(&tls).await;
    assert!(connect(&server, &tls.roots).await.is_err());
}

#[tokio::test]
async fn a_server_without_tls_is_refused() {
    simulator::ambient::install_crypto();
    let plain = Redis::start().await;
    assert!(connect(&plain, &Tls::new().roots).await.is_err());
}

#[tokio::test]
async fn roots_that_hold_no_certificate_are_named() {
    let server = start(&Tls::new()).await;
    let damaged = "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    for roots in ["", damaged] {
        let answer = connect(&server, roots).await;
        assert!(matches!(answer, Err(CacheError::Roots)), "{answer:?}");
    }
}
