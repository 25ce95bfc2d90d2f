//! The store on the engine the environment names.

use super::*;

async fn scratch() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = testing::open(&folder.path().join("t.db"), Schema::Gateway).await;
    let mut tx = db.begin().await.unwrap();
    tx.execute(
        "CREATE TABLE t (k TEXT PRIMARY KEY, n BIGINT, b BYTEA)",
        vec![],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    (folder, db)
}

#[tokio::test]
async fn what_is_bound_reads_back() {
    let (_folder, db) = scratch().await;
    let mut tx = db.begin().await.unwrap();
    let bound = vec!["a".into(), 7_i64.into(), vec![1_u8, 2].into()];
    assert_eq!(
        tx.execute("INSERT INTO t VALUES ($1, $2, $3)", bound)
            .await
            .unwrap(),
        1
    );
    tx.commit().await.unwrap();
    let row = db
        .row("SELECT k, n, b FROM t WHERE k = $1", vec!["a".into()])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (
            row.text(0).unwrap(),
            row.int(1).unwrap(),
            row.bytes(2).unwrap()
        ),
        ("a".to_owned(), 7, vec![1, 2])
    );
    assert!(matches!(row.int(0), Err(StoreError::Corrupt { column: 0 })));
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    let (_folder, db) = scratch().await;
    let mut tx = db.begin().await.unwrap();
    tx.execute("INSERT INTO t VALUES ('a', 1, NULL)", vec![])
        .await
        .unwrap();
    drop(tx);
    assert!(db.row("SELECT k FROM t", vec![]).await.unwrap().is_none());
}

#[tokio::test]
async fn a_second_row_with_the_same_key_is_a_conflict() {
    let (_folder, db) = scratch().await;
    let mut tx = db.begin().await.unwrap();
    tx.execute("INSERT INTO t VALUES ('a', 1, NULL)", vec![])
        .await
        .unwrap();
    let again = tx
        .execute("INSERT INTO t VALUES ('a', 2, NULL)", vec![])
        .await;
    assert!(matches!(again, Err(StoreError::Conflict)));
}

#[tokio::test]
async fn readers_cannot_write() {
    let (_folder, db) = scratch().await;
    assert!(
        db.rows("INSERT INTO t VALUES ('a', 1, NULL)", vec![])
            .await
            .is_err()
    );
}
