//! Every table, and what each role may do with it. What is not in the picture, nobody may.

use super::granted;
use crate::servers::Postgres;

#[tokio::test]
async fn each_role_may_do_this_with_the_gateways_tables_and_nothing_else() {
    let server = granted().await;
    insta::assert_snapshot!(matrix(&server, "gateway").await);
}

#[tokio::test]
async fn each_role_may_do_this_with_the_keyrings_tables_and_nothing_else() {
    let server = granted().await;
    insta::assert_snapshot!(matrix(&server, "keyring").await);
}

#[tokio::test]
async fn only_the_owner_makes_things_and_nobody_is_a_member_of_another_role() {
    let server = granted().await;
    for database in ["gateway", "keyring"] {
        let able = server.sql(database, ABLE).await;
        assert_eq!(
            able,
            ["owner CREATE", "owner TEMPORARY", "owner schema"],
            "{database}"
        );
    }
    assert_eq!(server.sql("postgres", MEMBERS).await, [""; 0]);
    assert_eq!(server.sql("gateway", OTHER_THINGS).await, [""; 0]);
    assert_eq!(server.sql("keyring", OTHER_THINGS).await, [""; 0]);
}

/// One line for each table and role that may do something, then who may connect.
async fn matrix(server: &Postgres, database: &str) -> String {
    let mut lines = server.sql(database, PRIVILEGES).await;
    lines.push("may connect".to_owned());
    lines.extend(server.sql(database, CONNECT).await);
    lines.join("\n")
}

/// What holds for the users, membership included. A column is named where the table is not granted.
const PRIVILEGES: &str = "
WITH duty (duty, rank) AS (VALUES ('application', 1), ('sequencer', 2), ('auditor', 3), ('eraser', 4)),
wish (wish, rank) AS (VALUES ('SELECT', 1), ('INSERT', 2), ('UPDATE', 3), ('DELETE', 4),
    ('TRUNCATE', 5), ('REFERENCES', 6), ('TRIGGER', 7)),
thing AS (
    SELECT oid, relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'f')
),
may AS (
    SELECT t.relname, d.duty, d.rank, w.rank AS wished,
        CASE WHEN has_table_privilege('interop_' || d.duty, t.oid, w.wish) THEN lower(w.wish)
        ELSE lower(w.wish) || ' (' || (
            SELECT string_agg(a.attname, ', ' ORDER BY a.attnum) FROM pg_attribute a
            WHERE a.attrelid = t.oid AND a.attnum > 0 AND w.rank IN (1, 2, 3, 6)
              AND has_column_privilege('interop_' || d.duty, t.oid, a.attnum,
                  CASE WHEN w.rank IN (1, 2, 3, 6) THEN w.wish ELSE 'SELECT' END)
        ) || ')' END AS may
    FROM thing t, duty d, wish w
)
SELECT rpad(relname, 26) || rpad(duty, 12) || string_agg(may, ', ' ORDER BY wished) FROM may
WHERE may IS NOT NULL GROUP BY relname, duty, rank ORDER BY relname, rank";

const CONNECT: &str = "
SELECT duty FROM unnest(ARRAY['application', 'auditor', 'eraser', 'owner', 'sequencer']) duty
WHERE has_database_privilege('interop_' || duty, current_database(), 'CONNECT') ORDER BY 1";

const ABLE: &str = "
SELECT duty || ' ' || able FROM
    unnest(ARRAY['application', 'auditor', 'eraser', 'owner', 'sequencer']) duty,
    unnest(ARRAY['CREATE', 'TEMPORARY']) able
WHERE has_database_privilege('interop_' || duty, current_database(), able)
UNION ALL
SELECT duty || ' schema' FROM
    unnest(ARRAY['application', 'auditor', 'eraser', 'owner', 'sequencer']) duty
WHERE has_schema_privilege('interop_' || duty, 'public', 'CREATE') ORDER BY 1";

/// Memberships other than of each user in its own role.
const MEMBERS: &str = "
SELECT m.rolname || ' in ' || r.rolname FROM pg_auth_members a
JOIN pg_roles m ON m.oid = a.member JOIN pg_roles r ON r.oid = a.roleid
WHERE (m.rolname LIKE 'interop%' OR m.rolname LIKE 'gateway%')
  AND replace(m.rolname, 'interop_', 'gateway_') <> r.rolname";

/// Sequences, and functions of ours that everybody may call.
const OTHER_THINGS: &str = "
SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'S'
UNION ALL
SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  AND has_function_privilege('interop_application', oid, 'EXECUTE')";
