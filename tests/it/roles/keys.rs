//! Keys a role does not need, it does not see.

use std::path::Path;
use std::sync::Arc;

use interop_gateway::citizen::Document;
use interop_gateway::clock::World;
use interop_gateway::store::keyring::{
    FileWrapper, Keyring, KeyringError, LookupKeys, RetentionClass, secret_file,
};
use interop_gateway::store::{Db, Schema};

use super::{DENIED, granted, place, tried};
use crate::servers::Postgres;

/// Keys of one person, of some class and age in years.
async fn keep(server: &Postgres, class: &str, ages: &[i64]) {
    let wrapper = "INSERT INTO wrapping_key VALUES ('w', 1, 0) ON CONFLICT DO NOTHING";
    server.sql("keyring", wrapper).await;
    for age in ages {
        let key = format!(
            "INSERT INTO data_key VALUES ('p', EXTRACT(YEAR FROM now() AT TIME ZONE 'UTC') - {age},
             '{class}', 'w', '', 0)"
        );
        server.sql("keyring", &key).await;
    }
}

/// The classes and ages of the keys a role sees.
async fn seen(server: &Postgres, duty: &str) -> Vec<String> {
    use sqlx::Row as _;

    let sql =
        "SELECT class || ' ' || EXTRACT(YEAR FROM now() AT TIME ZONE 'UTC') - year FROM data_key
               ORDER BY 1";
    let rows = tried(server, duty, "keyring", sql).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn the_application_sees_keys_while_what_they_seal_is_kept_the_eraser_sees_all() {
    let server = granted().await;
    keep(&server, "evidence", &[0, 5, 6]).await;
    keep(&server, "session", &[0, 1, 2]).await;
    keep(&server, "identity", &[0, 9]).await;
    assert_eq!(
        seen(&server, "application").await,
        [
            "evidence 0",
            "evidence 5",
            "identity 0",
            "identity 9",
            "session 0",
            "session 1"
        ]
    );
    assert_eq!(seen(&server, "eraser").await.len(), 8);

    // Nor does it make one it would not see.
    let old = "INSERT INTO data_key VALUES ('q', 1999, 'evidence', 'w', '', 0)";
    let refused = tried(&server, "application", "keyring", old).await;
    assert_eq!(refused.unwrap_err(), DENIED);
}

#[tokio::test]
async fn the_eraser_destroys_keys_and_the_application_cannot() {
    let server = granted().await;
    keep(&server, "evidence", &[0, 8]).await;
    for sql in [
        "DELETE FROM data_key",
        "UPDATE data_key SET wrapped = ''",
        "TRUNCATE data_key",
        "DELETE FROM subject_lookup",
        "INSERT INTO erased VALUES ('p', 0)",
        "ALTER TABLE data_key DISABLE ROW LEVEL SECURITY",
    ] {
        let refused = tried(&server, "application", "keyring", sql).await;
        assert_eq!(refused.unwrap_err(), DENIED, "{sql}");
    }
    let erased = "INSERT INTO erased VALUES ('p', 0); DELETE FROM data_key WHERE subject = 'p'";
    tried(&server, "eraser", "keyring", erased).await.unwrap();
    assert_eq!(seen(&server, "eraser").await, [""; 0]);
}

#[tokio::test]
async fn that_somebody_was_erased_is_never_taken_back() {
    let server = granted().await;
    let erased = "INSERT INTO erased VALUES ('p', 0)";
    tried(&server, "eraser", "keyring", erased).await.unwrap();
    let forget = "DELETE FROM erased";
    let refused = tried(&server, "eraser", "keyring", forget).await;
    assert_eq!(refused.unwrap_err(), DENIED);
    let refused = tried(&server, "owner", "keyring", forget).await;
    assert_eq!(refused.unwrap_err(), super::KEPT);
}

/// The keyring as the service's own users open it.
async fn keyring(server: &Postgres, folder: &Path, lookups: &[u32]) -> Keyring {
    let open = async |duty| {
        let place = place(server, duty, "keyring");
        Db::open(&place, Schema::Keyring).await.unwrap()
    };
    let lines = lookups.iter().map(|version| {
        let byte = u8::try_from(*version).unwrap();
        LookupKeys::file_text(*version, &[byte; 32]).to_string()
    });
    let lookup = LookupKeys::parse(&lines.collect::<String>()).unwrap();
    let wrapper = FileWrapper::open_folder(folder).unwrap();
    let keyring = Keyring::open(
        open("application").await,
        Arc::new(wrapper),
        lookup,
        World::real(),
    );
    keyring.with_eraser(open("eraser").await)
}

#[tokio::test]
async fn keys_are_replaced_and_people_erased_by_the_services_own_users() {
    let server = granted().await;
    let folder = tempfile::tempdir().unwrap();
    secret_file::create(&folder.path().join("wrapping.key"), &[9; 32]).unwrap();
    let first = keyring(&server, folder.path(), &[1]).await;
    let anna = Document::Nif("00000000T".parse().unwrap());
    let whom = first.enrol(&anna).await.unwrap();
    let class = RetentionClass::Evidence;
    let sealed = first.seal(whom, class, "t/1", b"x").await.unwrap();

    let file = FileWrapper::make(folder.path(), &[10; 32]).unwrap();
    let name = FileWrapper::name_in(&file).unwrap();
    let keys = keyring(&server, folder.path(), &[1, 2]).await;
    keys.announce().await.unwrap();
    keys.use_wrapping_key(&name).await.unwrap();
    assert_eq!(keys.rewrap_some(10).await.unwrap(), 1);
    assert_eq!(keys.retire_wrapping_keys().await.unwrap().len(), 1);
    let opened = keys.open_sealed(whom, class, "t/1", &sealed).await;
    assert_eq!(opened.unwrap().as_slice(), b"x");

    assert_eq!(keys.use_lookup_key().await.unwrap(), 2);
    assert_eq!(keys.enrol(&anna).await.unwrap(), whom);
    assert_eq!(keys.retire_lookup_key(1).await.unwrap(), 1);
    assert_eq!(keys.subject_of(&anna).await.unwrap(), Some(whom));

    assert_eq!(keys.erase(whom).await.unwrap(), 1);
    let gone = keys.open_sealed(whom, class, "t/1", &sealed).await;
    assert!(matches!(gone, Err(KeyringError::Erased)), "{gone:?}");
    keys.depart().await.unwrap();
}
