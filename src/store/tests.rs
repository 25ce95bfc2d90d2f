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

#[tokio::test]
async fn many_rows_are_cleared_to_the_last_and_no_others() {
    let (_folder, db) = scratch().await;
    let mut tx = db.begin().await.unwrap();
    tx.execute(
        "WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2505)
         INSERT INTO t (k, n) SELECT CAST(n AS TEXT), n FROM c",
        vec![],
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    let sql = "DELETE FROM t WHERE k IN (SELECT k FROM t WHERE n <= $1 LIMIT $2)";
    assert_eq!(db.clear(sql, vec![2500_i64.into()]).await.unwrap(), 2500);
    assert_eq!(db.clear(sql, vec![2500_i64.into()]).await.unwrap(), 0);
    let left = db.rows("SELECT n FROM t", vec![]).await.unwrap();
    assert_eq!(left.len(), 5);
}
