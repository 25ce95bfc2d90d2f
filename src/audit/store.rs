//! The log's statements.

use jiff::Timestamp;

use crate::citizen::EntryId;
use crate::store::{Db, Row, StoreError, Tx, Value};

use super::LogError;
use super::log::checkpoint::Checkpoint;
use super::log::tile::{FULL, Place};

/// The numbered part of the log, and the greatest fence that claimed it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Head {
    pub(super) tree: Checkpoint,
    pub(super) fence: i64,
}

pub(super) const ENTRY: &str =
    "SELECT e.kind, e.subject, e.at, e.leaf, e.sealed, s.position, e.entry
     FROM log_entry e LEFT JOIN log_sequence s ON s.entry = e.entry WHERE e.entry = $1";

const HEAD: &str = "SELECT size, root, fence FROM log_head WHERE id = 1";

/// The head as a reader sees it.
pub(super) async fn head(db: &Db) -> Result<Head, LogError> {
    head_of(db.row(HEAD, vec![]).await?)
}

/// The head as it is within a transaction.
pub(super) async fn head_in(tx: &mut Tx) -> Result<Head, LogError> {
    head_of(tx.row(HEAD, vec![]).await?)
}

fn head_of(row: Option<Row>) -> Result<Head, LogError> {
    let row = row.ok_or(LogError::Damaged("the head is missing"))?;
    let root = row.bytes(1)?.try_into();
    Ok(Head {
        tree: Checkpoint {
            size: count(&row, 0)?,
            root: root.map_err(|_| LogError::Damaged("the head's root is not a hash"))?,
        },
        fence: row.int(2)?,
    })
}

/// Whether there is a head.
pub(super) async fn has_begun(db: &Db) -> Result<bool, StoreError> {
    Ok(db.row(HEAD, vec![]).await?.is_some())
}

/// When the first entry was staged.
pub(super) async fn first_entry_at(db: &Db) -> Result<Option<Timestamp>, StoreError> {
    let row = db
        .row(
            "SELECT e.at FROM log_sequence s JOIN log_entry e ON e.entry = s.entry \
             WHERE s.position = 0",
            vec![],
        )
        .await?;
    row.map(|row| row.instant(0)).transpose()
}

/// Keeps the head for a fence until the transaction ends; nothing if a greater one has claimed it.
///
/// Whoever claims meanwhile waits, and then reads what was made of it.
pub(super) async fn claim_head(tx: &mut Tx, fence: i64) -> Result<Option<Head>, LogError> {
    let row = tx.row(
        "UPDATE log_head SET fence = $1 WHERE id = 1 AND fence <= $1
         RETURNING size, root, fence",
        vec![fence.into()],
    );
    row.await?.map(|row| head_of(Some(row))).transpose()
}

/// Makes the head of an empty log, if there is none yet.
pub(super) async fn begin_head(tx: &mut Tx, empty: &Checkpoint) -> Result<(), StoreError> {
    let values = vec![number(empty.size), empty.root.as_slice().into()];
    tx.execute(
        "INSERT INTO log_head (id, size, root, fence) VALUES (1, $1, $2, 0) ON CONFLICT DO NOTHING",
        values,
    )
    .await?;
    Ok(())
}

/// Moves the head if nobody else did; says whether it moved.
pub(super) async fn move_head(
    tx: &mut Tx,
    from: &Head,
    to: &Checkpoint,
) -> Result<bool, StoreError> {
    let values = vec![
        number(to.size),
        to.root.as_slice().into(),
        number(from.tree.size),
        from.fence.into(),
    ];
    let moved = tx
        .execute(
            "UPDATE log_head SET size = $1, root = $2
             WHERE id = 1 AND size = $3 AND fence = $4",
            values,
        )
        .await?;
    Ok(moved == 1)
}

/// An entry that waits for its number.
pub(super) struct Waiting {
    pub(super) entry: EntryId,
    pub(super) at: i64,
    pub(super) leaf: Vec<u8>,
}

/// The entries that wait, oldest first.
pub(super) async fn waiting(tx: &mut Tx, most: u32) -> Result<Vec<Waiting>, StoreError> {
    // An entry deleted behind the log's back reads as NULL, which is an error, not a gap.
    let rows = tx
        .rows(
            "SELECT s.entry, s.at, e.leaf FROM log_staged s
             LEFT JOIN log_entry e ON e.entry = s.entry ORDER BY s.at, s.entry LIMIT $1",
            vec![most.into()],
        )
        .await?;
    let waiting = rows.iter().map(|row| {
        Ok(Waiting {
            entry: row.parsed(0)?,
            at: row.int(1)?,
            leaf: row.bytes(2)?,
        })
    });
    waiting.collect()
}

/// When the oldest waiting entry was staged, in microseconds.
pub(super) async fn oldest_waiting(db: &Db) -> Result<Option<i64>, StoreError> {
    let row = db.row("SELECT MIN(at) FROM log_staged", vec![]).await?;
    row.map_or(Ok(None), |row| row.int_or_null(0))
}

/// Gives a waiting entry its number.
pub(super) async fn assign(
    tx: &mut Tx,
    waiting: &Waiting,
    position: u64,
) -> Result<(), StoreError> {
    let entry = waiting.entry.to_string();
    tx.execute(
        "INSERT INTO log_sequence (position, entry) VALUES ($1, $2)",
        vec![number(position), entry.as_str().into()],
    )
    .await?;
    tx.execute(
        "DELETE FROM log_staged WHERE at = $1 AND entry = $2",
        vec![waiting.at.into(), entry.into()],
    )
    .await?;
    Ok(())
}

/// Adds a tile; when it is full, the narrower ones it replaces go.
pub(super) async fn add_tile(tx: &mut Tx, place: Place, hashes: &[u8]) -> Result<(), StoreError> {
    let level = i64::from(place.level);
    if place.width == FULL {
        tx.execute(
            "DELETE FROM log_tile WHERE level = $1 AND number = $2",
            vec![level.into(), number(place.number)],
        )
        .await?;
    }
    let values = vec![
        level.into(),
        number(place.number),
        place.width.into(),
        hashes.into(),
    ];
    tx.execute(
        "INSERT INTO log_tile (level, number, width, hashes) VALUES ($1, $2, $3, $4)",
        values,
    )
    .await?;
    Ok(())
}

/// The hashes of a tile, cut from the narrowest stored one that has them all.
pub(super) async fn tile(db: &Db, place: Place) -> Result<Option<Vec<u8>>, LogError> {
    let values = vec![
        i64::from(place.level).into(),
        number(place.number),
        place.width.into(),
    ];
    let row = db
        .row(
            "SELECT width, hashes FROM log_tile
             WHERE level = $1 AND number = $2 AND width >= $3 ORDER BY width LIMIT 1",
            values,
        )
        .await?;
    row.map(|row| sized(&row, place.width as usize)).transpose()
}

/// The widest stored tile of a level and number.
pub(super) async fn widest_tile(db: &Db, level: u8, at: u64) -> Result<Option<Vec<u8>>, LogError> {
    let row = db
        .row(
            "SELECT width, hashes FROM log_tile
             WHERE level = $1 AND number = $2 ORDER BY width DESC LIMIT 1",
            vec![i64::from(level).into(), number(at)],
        )
        .await?;
    row.map(|row| sized(&row, usize::MAX)).transpose()
}

fn sized(row: &Row, width: usize) -> Result<Vec<u8>, LogError> {
    let stored = usize::try_from(row.int(0)?).unwrap_or(0);
    let mut hashes = row.bytes(1)?;
    if hashes.len() != stored * 32 {
        return Err(LogError::Damaged("a tile is not as wide as it says"));
    }
    hashes.truncate(width.min(stored) * 32);
    Ok(hashes)
}

const NEWEST_NOTE: &str = "SELECT note FROM log_checkpoint ORDER BY size DESC LIMIT 1";

/// The newest checkpoint, signed.
pub(super) async fn newest_note(db: &Db) -> Result<Option<String>, StoreError> {
    let row = db.row(NEWEST_NOTE, vec![]).await?;
    row.map(|row| row.text(0)).transpose()
}

/// The newest checkpoint, as a transaction sees it.
pub(super) async fn newest_note_in(tx: &mut Tx) -> Result<Option<String>, StoreError> {
    let row = tx.row(NEWEST_NOTE, vec![]).await?;
    row.map(|row| row.text(0)).transpose()
}

/// The checkpoint of that size.
pub(super) async fn note_of(tx: &mut Tx, size: u64) -> Result<Option<String>, StoreError> {
    let sql = "SELECT note FROM log_checkpoint WHERE size = $1";
    let row = tx.row(sql, vec![number(size)]).await?;
    row.map(|row| row.text(0)).transpose()
}

/// Adds a checkpoint, unless there is one of that size; says whether it did.
pub(super) async fn add_note(
    tx: &mut Tx,
    size: u64,
    note: &str,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let added = tx
        .execute(
            "INSERT INTO log_checkpoint (size, note, at) VALUES ($1, $2, $3)
             ON CONFLICT DO NOTHING",
            vec![number(size), note.into(), at.into()],
        )
        .await?;
    Ok(added == 1)
}

/// A count or position: never negative.
pub(super) fn count(row: &Row, column: usize) -> Result<u64, StoreError> {
    u64::try_from(row.int(column)?).map_err(|_| StoreError::Corrupt { column })
}

/// A count or position to bind. What is beyond the database's integers finds nothing.
pub(super) fn number(count: u64) -> Value {
    i64::try_from(count).unwrap_or(i64::MAX).into()
}
