//! What each user of a server may do: granted after every migration, and looked at when opening.

use sqlx::postgres::PgPool;
use sqlx::{Executor as _, raw_sql};

use super::value::bind;
use super::{Row, Schema, StoreError};

/// Lets every role that exists on the server do what it needs and no more; as the tables' owner.
pub(super) async fn grant(pool: &PgPool, schema: Schema) -> Result<(), StoreError> {
    let mut tx = pool.begin().await?;
    tx.execute(raw_sql(schema.grants())).await?;
    Ok(tx.commit().await?)
}

/// Tables whose rows are only ever added, and which the connected user could change all the same.
pub(super) async fn alterable(pool: &PgPool) -> Result<Vec<String>, StoreError> {
    let rows = bind(ALTERABLE, vec![]).fetch_all(pool).await?;
    let names = rows.into_iter().map(|row| Row::Postgres(row).text(0));
    names.collect()
}

impl Schema {
    const fn grants(self) -> &'static str {
        match self {
            Self::Gateway => include_str!("../../migrations/gateway/grants.postgres.sql"),
            Self::Keyring => include_str!("../../migrations/keyring/grants.postgres.sql"),
        }
    }
}

/// Evidence is what a trigger keeps from being changed, and the keys that open it. The trigger stops
/// slips; whoever owns the table, or can become its owner, can take it away. (Narrow tiles of the log
/// are replaced by wider ones: there the trigger looks at each row.)
const ALTERABLE: &str = "SELECT CAST(c.relname AS TEXT) FROM pg_class c
     WHERE c.relnamespace = CAST(CAST(current_schema() AS TEXT) AS regnamespace)
       AND (c.relname = 'data_key' OR EXISTS (
             SELECT 1 FROM pg_trigger t JOIN pg_proc f ON f.oid = t.tgfoid
             WHERE t.tgrelid = c.oid AND f.proname = 'refuse_change'))
       AND c.relname <> 'log_tile'
       AND (has_table_privilege(c.oid, 'UPDATE, DELETE, TRUNCATE, TRIGGER')
            OR has_any_column_privilege(c.oid, 'UPDATE')
            OR pg_has_role(c.relowner, 'MEMBER'))
     ORDER BY 1";
