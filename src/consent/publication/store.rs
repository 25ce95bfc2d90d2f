//! The statements about publications.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::citizen::{Language, ProductCode};
use crate::store::{Db, Row, StoreError, Tx, Value, instant};

use super::super::notice::Touched;
use super::{Current, Minima, Publication};

const PUBLICATIONS: &str = "SELECT notice, version, purpose, declares, digest, material, \
     effective_at, published_at, entry FROM notice_publication ORDER BY notice, version";

const TEXTS: &str = "SELECT notice, version, language, digest FROM notice_publication_text";

/// Everything that was published.
pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Publication>, StoreError> {
    let publications = tx.rows(PUBLICATIONS, vec![]).await?;
    together(&publications, &tx.rows(TEXTS, vec![]).await?)
}

/// As [`all`], outside a transaction.
pub(super) async fn all_shown(db: &Db) -> Result<Vec<Publication>, StoreError> {
    let publications = db.rows(PUBLICATIONS, vec![]).await?;
    // Later, so it has the texts of each: they are written together.
    together(&publications, &db.rows(TEXTS, vec![]).await?)
}

fn together(publications: &[Row], texts: &[Row]) -> Result<Vec<Publication>, StoreError> {
    let mut by_version: BTreeMap<(String, u32), BTreeMap<Language, String>> = BTreeMap::new();
    for row in texts {
        let of = by_version.entry((row.text(0)?, number(row, 1)?));
        of.or_default().insert(row.parsed(2)?, row.text(3)?);
    }
    let publications = publications.iter().map(|row| {
        let (notice, version) = (row.text(0)?, number(row, 1)?);
        let texts = by_version.remove(&(notice.clone(), version));
        Ok(Publication {
            notice,
            version,
            purpose: row.parsed(2)?,
            declares: row.text(3)?,
            digest: row.text(4)?,
            material: row.int(5)? == 1,
            effective_at: row.instant(6)?,
            published_at: row.instant(7)?,
            entry: row.parsed(8)?,
            texts: texts.unwrap_or_default(),
        })
    });
    publications.collect()
}

/// Writes a publication; [`StoreError::Conflict`] if the version has one.
pub(super) async fn insert(tx: &mut Tx, one: &Publication) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO notice_publication (notice, version, purpose, declares, digest, material, \
         effective_at, published_at, entry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vec![
            one.notice.as_str().into(),
            one.version.into(),
            one.purpose.as_str().into(),
            one.declares.as_str().into(),
            one.digest.as_str().into(),
            i64::from(one.material).into(),
            one.effective_at.into(),
            one.published_at.into(),
            one.entry.to_string().into(),
        ],
    )
    .await?;
    for (language, digest) in &one.texts {
        tx.execute(
            "INSERT INTO notice_publication_text (notice, version, language, digest) \
             VALUES ($1, $2, $3, $4)",
            vec![
                one.notice.as_str().into(),
                one.version.into(),
                language.tag().into(),
                digest.as_str().into(),
            ],
        )
        .await?;
    }
    Ok(())
}

/// From when on a version is required already, by what was written without publishing it.
pub(super) async fn required_from(
    tx: &mut Tx,
    notice: &str,
    version: u32,
) -> Result<Option<Timestamp>, StoreError> {
    let row = tx
        .row(
            "SELECT effective_at FROM notice_minimum WHERE notice = $1 AND version = $2",
            vec![notice.into(), version.into()],
        )
        .await?;
    row.map(|row| row.instant(0)).transpose()
}

/// From its instant on, what a publication touches needs a new answer.
pub(super) async fn insert_touched(
    tx: &mut Tx,
    one: &Publication,
    touched: &Touched,
) -> Result<(), StoreError> {
    let (notice, version) = (&one.notice, one.version);
    let (from, at) = (one.effective_at, one.published_at);
    match touched {
        Touched::All => insert_minimum(tx, notice, version, from, at).await,
        Touched::Products(products) => {
            for product in products {
                tx.execute(
                    "INSERT INTO notice_product_minimum \
                     (notice, product, version, effective_at, published_at) \
                     VALUES ($1, $2, $3, $4, $5)",
                    vec![
                        notice.as_str().into(),
                        product.as_str().into(),
                        version.into(),
                        from.into(),
                        at.into(),
                    ],
                )
                .await?;
            }
            Ok(())
        }
    }
}

/// From its instant on, consent given under an older version counts for no product. A row that
/// requires the version already stays as it is; the table takes nothing back.
pub(in super::super) async fn insert_minimum(
    tx: &mut Tx,
    notice: &str,
    version: u32,
    effective_at: Timestamp,
    now: Timestamp,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO notice_minimum (notice, version, effective_at, published_at) \
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        vec![
            notice.into(),
            version.into(),
            effective_at.into(),
            now.into(),
        ],
    )
    .await?;
    Ok(())
}

const MINIMA: &str = "SELECT CAST('' AS TEXT) AS product, version FROM notice_minimum \
     WHERE notice = $1 AND effective_at <= $2 \
     UNION ALL SELECT product, version FROM notice_product_minimum \
     WHERE notice = $1 AND effective_at <= $2";

/// The oldest versions of a notice that still count at `now`.
pub(in super::super) async fn minima(
    tx: &mut Tx,
    notice: &str,
    now: Timestamp,
) -> Result<Minima, StoreError> {
    minima_of(&tx.rows(MINIMA, at(notice, now)).await?)
}

/// As [`minima`], outside a transaction: for showing, not for the gate.
pub(in super::super) async fn minima_shown(
    db: &Db,
    notice: &str,
    now: Timestamp,
) -> Result<Minima, StoreError> {
    minima_of(&db.rows(MINIMA, at(notice, now)).await?)
}

/// Since when consent to a product given under a version does not count any more.
pub(in super::super) async fn outdated_at(
    db: &Db,
    notice: &str,
    product: &ProductCode,
    version: u32,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let row = db
        .row(
            "SELECT MIN(effective_at) FROM (\
             SELECT effective_at FROM notice_minimum \
             WHERE notice = $1 AND version > $2 AND effective_at <= $3 \
             UNION ALL SELECT effective_at FROM notice_product_minimum \
             WHERE notice = $1 AND version > $2 AND effective_at <= $3 AND product = $4) AS minima",
            vec![
                notice.into(),
                version.into(),
                now.into(),
                product.as_str().into(),
            ],
        )
        .await?;
    let at = row.map(|row| row.int_or_null(0)).transpose()?.flatten();
    Ok(at.and_then(instant))
}

fn minima_of(rows: &[Row]) -> Result<Minima, StoreError> {
    let mut minima = Minima::default();
    for row in rows {
        let touched = match row.text(0)?.as_str() {
            "" => Touched::All,
            _ => Touched::Products([row.parsed(0)?].into()),
        };
        minima.raise(&touched, number(row, 1)?);
    }
    Ok(minima)
}

const CURRENT: &str = "SELECT p.version, t.digest FROM notice_publication p \
     LEFT JOIN notice_publication_text t \
     ON t.notice = p.notice AND t.version = p.version AND t.language = $3 \
     WHERE p.notice = $1 AND p.effective_at <= $2 ORDER BY p.version DESC LIMIT 1";

/// The version in force at `now`.
pub(in super::super) async fn current(
    tx: &mut Tx,
    notice: &str,
    language: Language,
    now: Timestamp,
) -> Result<Option<Current>, StoreError> {
    let row = tx.row(CURRENT, in_language(notice, language, now)).await?;
    row.as_ref().map(current_of).transpose()
}

/// As [`current`], outside a transaction.
pub(in super::super) async fn current_shown(
    db: &Db,
    notice: &str,
    language: Language,
    now: Timestamp,
) -> Result<Option<Current>, StoreError> {
    let row = db.row(CURRENT, in_language(notice, language, now)).await?;
    row.as_ref().map(current_of).transpose()
}

fn current_of(row: &Row) -> Result<Current, StoreError> {
    Ok(Current {
        version: number(row, 0)?,
        digest: row.text_or_null(1)?,
    })
}

fn at(notice: &str, now: Timestamp) -> Vec<Value> {
    vec![notice.into(), now.into()]
}

fn in_language(notice: &str, language: Language, now: Timestamp) -> Vec<Value> {
    vec![notice.into(), now.into(), language.tag().into()]
}

fn number(row: &Row, column: usize) -> Result<u32, StoreError> {
    u32::try_from(row.int(column)?).map_err(|_| StoreError::Corrupt { column })
}
