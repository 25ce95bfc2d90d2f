//! Values in groups.

use super::{at, cache};

#[tokio::test]
async fn a_value_reads_back_until_it_has_run_out() {
    let cache = cache().await;
    cache
        .put("g", "f", b"\0\xff value", at(1000), at(0))
        .await
        .unwrap();
    let read = async |now| cache.get("g", "f", at(now)).await.unwrap();
    assert_eq!(read(0).await.unwrap(), b"\0\xff value");
    assert!(read(999).await.is_some());
    assert_eq!(read(1000).await, None);
    assert_eq!(cache.get("g", "other", at(0)).await.unwrap(), None);
    assert_eq!(cache.get("other", "f", at(0)).await.unwrap(), None);
}

#[tokio::test]
async fn an_empty_value_is_a_value() {
    let cache = cache().await;
    cache.put("g", "f", b"", at(1000), at(0)).await.unwrap();
    assert_eq!(cache.get("g", "f", at(0)).await.unwrap(), Some(Vec::new()));
}

#[tokio::test]
async fn a_new_value_replaces_the_old_one_and_its_time() {
    let cache = cache().await;
    cache.put("g", "f", b"old", at(9000), at(0)).await.unwrap();
    cache.put("g", "f", b"new", at(1000), at(0)).await.unwrap();
    assert_eq!(cache.get("g", "f", at(500)).await.unwrap().unwrap(), b"new");
    assert_eq!(cache.get("g", "f", at(2000)).await.unwrap(), None);
}

#[tokio::test]
async fn a_dropped_field_leaves_the_others() {
    let cache = cache().await;
    cache.put("g", "a", b"1", at(1000), at(0)).await.unwrap();
    cache.put("g", "b", b"2", at(1000), at(0)).await.unwrap();
    cache.drop_field("g", "a").await.unwrap();
    assert_eq!(cache.get("g", "a", at(0)).await.unwrap(), None);
    assert_eq!(cache.get("g", "b", at(0)).await.unwrap().unwrap(), b"2");
}

#[tokio::test]
async fn a_dropped_group_takes_all_its_values_and_no_others() {
    let cache = cache().await;
    for (group, field) in [("g", "a"), ("g", "b"), ("h", "a")] {
        cache
            .put(group, field, b"x", at(1000), at(0))
            .await
            .unwrap();
    }
    cache.drop_group("g").await.unwrap();
    assert_eq!(cache.get("g", "a", at(0)).await.unwrap(), None);
    assert_eq!(cache.get("g", "b", at(0)).await.unwrap(), None);
    assert!(cache.get("h", "a", at(0)).await.unwrap().is_some());
}

#[tokio::test]
async fn what_has_run_out_does_not_take_what_has_not() {
    let cache = cache().await;
    cache
        .put("g", "long", b"1", at(600_000), at(0))
        .await
        .unwrap();
    cache
        .put("g", "short", b"2", at(1000), at(0))
        .await
        .unwrap();
    // Much later, when engines clear: the long one is there, the short one is not.
    cache
        .put("h", "f", b"3", at(500_000), at(300_000))
        .await
        .unwrap();
    assert!(cache.get("g", "long", at(300_000)).await.unwrap().is_some());
    assert_eq!(cache.get("g", "short", at(300_000)).await.unwrap(), None);
}

#[tokio::test]
async fn neither_debug_nor_errors_show_what_is_kept() {
    let cache = cache().await;
    cache
        .put("group", "field", b"value", at(1000), at(0))
        .await
        .unwrap();
    let shown = format!("{cache:?}");
    for hidden in ["group", "field", "value"] {
        assert!(!shown.contains(hidden), "{shown}");
    }
}
