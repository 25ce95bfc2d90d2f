//! Trying what must not be possible.

use interop_gateway::store::Db;

use super::{DENIED, KEPT, SCHEMAS, granted, place, tried};
use crate::servers::Postgres;

/// Tables whose rows are only ever added.
const EVIDENCE: &str = "SELECT DISTINCT CAST(tgrelid AS regclass) FROM pg_trigger t
     JOIN pg_proc f ON f.oid = t.tgfoid WHERE f.proname = 'refuse_change' ORDER BY 1";

/// The first column of a table, to be set to itself.
async fn column(server: &Postgres, table: &str) -> String {
    let first = format!(
        "SELECT attname FROM pg_attribute WHERE attrelid = '{table}'::regclass AND attnum = 1"
    );
    server.sql("gateway", &first).await.remove(0)
}

#[tokio::test]
async fn evidence_cannot_be_changed_by_those_who_add_it_nor_by_its_owner() {
    let server = granted().await;
    let tables = server.sql("gateway", EVIDENCE).await;
    for known in [
        "consent_event",
        "exchange_intent",
        "exchange_outcome",
        "log_entry",
        "receipt",
    ] {
        assert!(tables.iter().any(|table| table == known), "{known}");
    }
    for table in &tables {
        let column = column(&server, table).await;
        let changes = [
            format!("UPDATE {table} SET {column} = {column}"),
            format!("DELETE FROM {table}"),
            format!("TRUNCATE {table} CASCADE"),
        ];
        for sql in &changes {
            let tiles = table == "log_tile" && sql.starts_with("DELETE");
            for duty in ["application", "sequencer", "auditor"] {
                if !(tiles && duty == "sequencer") {
                    let refused = tried(&server, duty, "gateway", sql).await.unwrap_err();
                    assert_eq!(refused, DENIED, "{duty}: {sql}");
                }
            }
            if !tiles {
                let refused = tried(&server, "owner", "gateway", sql).await.unwrap_err();
                assert_eq!(refused, KEPT, "owner: {sql}");
            }
        }
    }
    // Narrow tiles make room for wider ones; full ones stay.
    let tile =
        |width| format!("INSERT INTO log_tile VALUES (0, 0, {width}, ''); DELETE FROM log_tile");
    for duty in ["owner", "sequencer"] {
        assert!(tried(&server, duty, "gateway", &tile(7)).await.is_ok());
        let refused = tried(&server, duty, "gateway", &tile(256)).await;
        assert_eq!(refused.unwrap_err(), KEPT, "{duty}");
    }
}

#[tokio::test]
async fn payloads_people_and_tokens_are_read_by_none_but_the_application() {
    let server = granted().await;
    let sealed = [
        ("sequencer", "SELECT sealed FROM log_entry"),
        ("sequencer", "SELECT subject FROM log_entry"),
        ("sequencer", "SELECT * FROM log_entry"),
        ("sequencer", "SELECT * FROM exchange_intent"),
        ("sequencer", "SELECT * FROM consent_event"),
        ("auditor", "SELECT sealed FROM log_entry"),
        ("auditor", "SELECT evidence FROM receipt"),
        ("auditor", "SELECT jws FROM receipt"),
        ("auditor", "SELECT person FROM subject"),
        ("auditor", "SELECT * FROM login_transaction"),
        ("auditor", "SELECT * FROM access_grant"),
        ("auditor", "SELECT * FROM login_transaction"),
        ("auditor", "INSERT INTO erasure VALUES ('a', 'b', 0)"),
    ];
    for (duty, sql) in sealed {
        let refused = tried(&server, duty, "gateway", sql).await;
        assert_eq!(refused.unwrap_err(), DENIED, "{duty}: {sql}");
    }
    let open = [
        ("sequencer", "SELECT entry, at, leaf FROM log_entry"),
        (
            "auditor",
            "SELECT entry, kind, subject, at, leaf FROM log_entry",
        ),
        ("auditor", "SELECT * FROM exchange_intent"),
        ("application", "SELECT person FROM subject"),
        ("application", "SELECT sealed FROM log_entry"),
    ];
    for (duty, sql) in open {
        assert!(tried(&server, duty, "gateway", sql).await.is_ok(), "{sql}");
    }
}

#[tokio::test]
async fn who_has_no_business_in_a_database_does_not_get_in() {
    let server = granted().await;
    for (duty, database) in [
        ("sequencer", "keyring"),
        ("auditor", "keyring"),
        ("eraser", "gateway"),
    ] {
        let refused = tried(&server, duty, database, "SELECT 1").await;
        assert_eq!(refused.unwrap_err(), DENIED, "{duty} in {database}");
    }
}

#[tokio::test]
async fn a_temporary_table_does_not_catch_what_waits_for_its_number() {
    let server = granted().await;
    // As an administrator might, in passing.
    server
        .sql("gateway", "GRANT TEMPORARY ON DATABASE gateway TO PUBLIC")
        .await;
    let diverted = "CREATE TEMPORARY TABLE log_staged (at BIGINT, entry TEXT);
         INSERT INTO log_entry VALUES ('e', 'intent', NULL, 1, '', '')";
    tried(&server, "application", "gateway", diverted)
        .await
        .unwrap();
    let staged = server
        .sql("gateway", "SELECT entry FROM public.log_staged")
        .await;
    assert_eq!(staged, ["e"]);

    let forged = "CREATE TEMPORARY TABLE mine (at BIGINT, entry TEXT);
         CREATE TRIGGER t AFTER INSERT ON mine FOR EACH ROW EXECUTE FUNCTION public.stage_entry()";
    let refused = tried(&server, "application", "gateway", forged).await;
    assert_eq!(refused.unwrap_err(), DENIED);
}

#[tokio::test]
async fn a_user_who_could_change_evidence_is_found_out() {
    let server = granted().await;
    let found = async |duty: &str| {
        let mut tables = Vec::new();
        for (schema, name) in SCHEMAS {
            let db = Db::open(&place(&server, duty, name), schema).await.unwrap();
            tables.extend(db.alterable_evidence().await.unwrap());
            db.close().await;
        }
        tables
    };
    assert_eq!(found("application").await, [""; 0]);
    let all = found("owner").await;
    for table in ["consent_event", "log_entry", "data_key", "erased"] {
        assert!(all.iter().any(|one| one == table), "{table}");
    }

    server
        .sql(
            "gateway",
            "GRANT UPDATE (body) ON receipt TO interop_application",
        )
        .await;
    server
        .sql("keyring", "GRANT DELETE ON data_key TO PUBLIC")
        .await;
    assert_eq!(found("application").await, ["receipt", "data_key"]);

    // Whoever can become the owner can take the triggers away.
    server
        .sql("gateway", "GRANT gateway_owner TO interop_application")
        .await;
    assert_eq!(found("application").await, all);
}

#[tokio::test]
async fn migrating_again_takes_back_what_was_granted_by_hand() {
    let server = granted().await;
    server
        .sql(
            "gateway",
            "GRANT ALL ON consent_event TO gateway_application, gateway_auditor",
        )
        .await;
    Db::migrate(&place(&server, "owner", "gateway"), SCHEMAS[0].0)
        .await
        .unwrap();
    let sql = "DELETE FROM consent_event";
    let refused = tried(&server, "application", "gateway", sql).await;
    assert_eq!(refused.unwrap_err(), DENIED);
}
