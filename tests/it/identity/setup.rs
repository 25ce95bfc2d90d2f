//! A configuration that cannot work is refused whole, with everything that is wrong in it.

use interop_gateway::clock::World;
use interop_gateway::identity::{ClientDefect, Identity, ProviderDefect, SetupDefect, Stores};
use interop_gateway::store::Schema;
use interop_gateway::store::cache::Cache;
use serde_json::json;
use simulator::jose::Es256;

use super::bench::keyring;
use crate::pair;

#[tokio::test]
async fn every_defect_of_a_configuration_is_named_at_once() {
    let files = tempfile::tempdir().unwrap();
    let at = |name: &str| files.path().join(name);
    std::fs::write(at("secret"), "s3cret").unwrap();
    std::fs::write(at("short"), [1; 31]).unwrap();
    let set = json!({ "keys": [Es256::generate().jwk()] });
    std::fs::write(at("keys"), set.to_string()).unwrap();
    let valid = |id: &str, url: &str, kinds: &[u8]| {
        json!({ "kind": "valid", "id": id, "base_url": url, "client_id": "x",
            "client_secret_file": at("secret"), "certificate_types": kinds })
    };
    let client =
        |id: &str, scopes: &[&str]| json!({ "id": id, "keys_file": at("keys"), "scopes": scopes });
    let config = json!({
        "providers": [
            valid("good", "https://valid.aoc.cat", &[0, 11]),
            valid("good", "https://valid.aoc.cat", &[0]),
            valid("Bad Name", "https://valid.aoc.cat", &[0]),
            valid("plain", "http://valid.aoc.cat", &[0]),
            valid("seal", "https://valid.aoc.cat", &[0, 4]),
        ],
        "clients": [
            client("bodiless", &["consent:read"]),
            client("mixed", &["consent:read", "audit:read"]),
            client("idle", &[]),
            client("pages", &["audit:read"]),
        ],
        "token_key_file": at("missing"),
        "pairwise_key_file": at("short"),
    });
    let config = serde_json::from_value(config).unwrap();
    let world = World::real();
    let keyring = keyring(files.path(), &world).await;
    let db = pair::open(&at("gateway.db"), Schema::Gateway).await;
    let public = "http://gateway.example".parse().unwrap();
    let cache = Cache::memory();
    let stores = Stores { db, keyring, cache };
    let defects = Identity::open(&config, &public, stores, world).unwrap_err();
    let provider = |id: &str, wanted: &dyn Fn(&ProviderDefect) -> bool| {
        defects.iter().any(|one| {
            matches!(one, SetupDefect::Provider(name, defect) if name == id && wanted(defect))
        })
    };
    let client = |id: &str, wanted: ClientDefect| {
        defects.iter().any(|one| {
            matches!(one, SetupDefect::Client(name, found) if name.as_str() == id && *found == wanted)
        })
    };
    assert!(
        defects
            .iter()
            .any(|one| matches!(one, SetupDefect::PublicUrl))
    );
    assert!(
        defects
            .iter()
            .any(|one| matches!(one, SetupDefect::TokenKey(_)))
    );
    assert!(
        defects
            .iter()
            .any(|one| matches!(one, SetupDefect::Pairwise(_)))
    );
    assert!(provider("good", &|defect| matches!(
        defect,
        ProviderDefect::Duplicate
    )));
    assert!(provider("Bad Name", &|defect| matches!(
        defect,
        ProviderDefect::Id
    )));
    assert!(provider("plain", &|defect| matches!(
        defect,
        ProviderDefect::Insecure
    )));
    assert!(provider("seal", &|defect| matches!(
        defect,
        ProviderDefect::CertificateType
    )));
    assert!(client("bodiless", ClientDefect::Bodiless));
    assert!(client("mixed", ClientDefect::Mixed));
    assert!(client("idle", ClientDefect::Mixed));
    assert!(client("pages", ClientDefect::Reserved));
    assert_eq!(defects.len(), 11);
}
