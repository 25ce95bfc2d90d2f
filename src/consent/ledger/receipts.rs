//! The statements about receipts.

use crate::citizen::{ReceiptId, SubjectId};
use crate::store::{Db, Row, StoreError, Tx};

use super::super::receipt::{Receipt, ReceiptEvent};
use super::Consenter;

pub(super) async fn insert_receipt(
    tx: &mut Tx,
    who: &Consenter,
    event: ReceiptEvent,
    receipt: &Receipt,
    evidence: Vec<u8>,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO receipt (receipt, subject, body, event, code, jws, evidence, entry, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vec![
            receipt.id.to_string().into(),
            who.subject.to_string().into(),
            who.body.id.as_str().into(),
            event.as_str().into(),
            receipt.code.as_str().into(),
            receipt.jws.as_str().into(),
            evidence.into(),
            receipt.entry.to_string().into(),
            receipt.issued_at.into(),
        ],
    )
    .await?;
    Ok(())
}

const RECEIPT: &str =
    "SELECT receipt, code, jws, at, entry FROM receipt WHERE subject = $1 AND receipt = $2";

pub(super) async fn receipt(
    tx: &mut Tx,
    subject: SubjectId,
    id: ReceiptId,
) -> Result<Option<Receipt>, StoreError> {
    let values = vec![subject.to_string().into(), id.to_string().into()];
    tx.row(RECEIPT, values)
        .await?
        .as_ref()
        .map(read_receipt)
        .transpose()
}

/// As [`receipt`], outside a transaction.
pub(super) async fn receipt_shown(
    db: &Db,
    subject: SubjectId,
    id: ReceiptId,
) -> Result<Option<Receipt>, StoreError> {
    let values = vec![subject.to_string().into(), id.to_string().into()];
    db.row(RECEIPT, values)
        .await?
        .as_ref()
        .map(read_receipt)
        .transpose()
}

/// The person's receipts, newest first.
pub(super) async fn receipts(db: &Db, subject: SubjectId) -> Result<Vec<Receipt>, StoreError> {
    let rows = db
        .rows(
            "SELECT r.receipt, r.code, r.jws, r.at, r.entry FROM receipt r WHERE r.subject = $1 \
             ORDER BY (SELECT MAX(e.seq) FROM consent_event e \
                       WHERE e.subject = r.subject AND e.receipt = r.receipt) DESC",
            vec![subject.to_string().into()],
        )
        .await?;
    rows.iter().map(read_receipt).collect()
}

/// What was sealed with a receipt.
pub(super) async fn evidence(
    db: &Db,
    subject: SubjectId,
    id: ReceiptId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let row = db
        .row(
            "SELECT evidence FROM receipt WHERE subject = $1 AND receipt = $2",
            vec![subject.to_string().into(), id.to_string().into()],
        )
        .await?;
    row.map(|row| row.bytes(0)).transpose()
}

/// The receipt of the person's newest event, of any body.
pub(super) async fn last_receipt(
    tx: &mut Tx,
    subject: SubjectId,
) -> Result<Option<Receipt>, StoreError> {
    let row = tx
        .row(
            "SELECT r.receipt, r.code, r.jws, r.at, r.entry FROM consent_event e \
             JOIN receipt r ON r.receipt = e.receipt \
             WHERE e.subject = $1 ORDER BY e.seq DESC LIMIT 1",
            vec![subject.to_string().into()],
        )
        .await?;
    row.as_ref().map(read_receipt).transpose()
}

fn read_receipt(row: &Row) -> Result<Receipt, StoreError> {
    Ok(Receipt {
        id: row.parsed(0)?,
        code: row.text(1)?,
        jws: row.text(2)?,
        issued_at: row.instant(3)?,
        entry: row.parsed(4)?,
    })
}
