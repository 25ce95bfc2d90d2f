//! Every statement of the program, on both engines: found in the source, so that none is forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use interop_gateway::store::{Db, Location, Schema};
use sqlx::error::DatabaseError;
use sqlx::postgres::{PgConnectOptions, PgPool};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Executor as _, SqlSafeStr as _, Statement as _, TypeInfo as _};
use syn::visit::{self, Visit};

use crate::roles;
use crate::servers::Postgres;

/// Files whose statements speak to one engine alone, and why.
const ONE_ENGINE: [(&str, &str, &str); 3] = [
    (
        "store/db.rs",
        "clock_timestamp",
        "the time of a server, which a file does not have",
    ),
    ("store/durability.rs", "", "how a server is set up"),
    ("store/roles.rs", "", "what a server's user may do"),
];

/// Words of one engine; what is left is tried.
const DIALECT: [&str; 14] = [
    "::",
    "array[",
    "autoincrement",
    "datetime(",
    "glob",
    "ifnull(",
    "ilike",
    "json",
    "now()",
    "or ignore",
    "or replace",
    "pragma",
    "rowid",
    "strftime",
];

/// A statement and where it stands.
#[derive(Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Found {
    file: String,
    sql: String,
}

#[test]
fn no_statement_uses_words_of_one_engine() {
    for found in statements() {
        let words = found.sql.to_lowercase();
        for word in DIALECT {
            assert!(!words.contains(word), "{word} in {found:?}");
        }
    }
}

#[tokio::test]
async fn every_statement_runs_on_both_engines_and_for_a_role_that_may() {
    let server = Postgres::start().await;
    roles::make(&server);
    let folder = tempfile::tempdir().unwrap();
    let gateway = Engines::open(&server, folder.path(), "gateway", Schema::Gateway).await;
    let keyring = Engines::open(&server, folder.path(), "keyring", Schema::Keyring).await;

    let statements = statements();
    assert!(statements.len() > 70, "only {} found", statements.len());
    for found in &statements {
        let engines = if gateway.knows(&found.sql).await {
            &gateway
        } else {
            &keyring
        };
        engines.run(found).await;
    }
    for engines in [&gateway, &keyring] {
        assert_eq!(engines.needless(&statements).await, [""; 0]);
    }
}

/// A statement with a value of the right kind for each placeholder, on whichever engine.
macro_rules! bound {
    ($sql:expr, $kinds:expr) => {{
        let mut query = sqlx::query($sql);
        for kind in $kinds {
            query = match kind.as_str() {
                "BYTEA" => query.bind(Vec::<u8>::new()),
                "TEXT" | "VARCHAR" => query.bind(""),
                _ => query.bind(0_i64),
            };
        }
        query
    }};
}

/// One schema on both.
struct Engines {
    postgres: PgPool,
    /// Others than those that were asked for the types: a connection keeps the types a statement had
    /// at first.
    runs: PgPool,
    sqlite: SqlitePool,
}

impl Engines {
    async fn open(server: &Postgres, folder: &Path, name: &str, schema: Schema) -> Self {
        let owner = Location::Server(roles::url(server, "owner", name).parse().unwrap());
        Db::migrate(&owner, schema).await.unwrap();
        let file = folder.join(name);
        Db::migrate(&Location::File(file.clone()), schema)
            .await
            .unwrap();
        let superuser: PgConnectOptions = server.url(name).parse().unwrap();
        Self {
            postgres: PgPool::connect_with(superuser.clone()).await.unwrap(),
            runs: PgPool::connect_with(superuser).await.unwrap(),
            sqlite: SqlitePool::connect_with(SqliteConnectOptions::new().filename(file))
                .await
                .unwrap(),
        }
    }

    /// Writing that some role may do and no statement does.
    async fn needless(&self, statements: &BTreeSet<Found>) -> Vec<String> {
        let granted: Vec<(String, String)> = sqlx::query_as(GRANTED)
            .fetch_all(&self.postgres)
            .await
            .unwrap();
        let done = |table: &str, verb: &str| {
            statements.iter().any(|Found { sql, .. }| {
                let inserts = sql.starts_with(&format!("INSERT INTO {table} "));
                match verb {
                    "INSERT" => inserts,
                    "UPDATE" => {
                        sql.starts_with(&format!("UPDATE {table} "))
                            || inserts && sql.contains(" DO UPDATE ")
                    }
                    _ => sql.starts_with(&format!("DELETE FROM {table} ")),
                }
            })
        };
        let needless = granted.iter().filter(|(table, verb)| !done(table, verb));
        needless
            .map(|(table, verb)| format!("{verb} on {table}"))
            .collect()
    }

    /// Whether it has the tables.
    async fn knows(&self, sql: &str) -> bool {
        let sql = AssertSqlSafe(sql.to_owned()).into_sql_str();
        match self.postgres.prepare(sql).await {
            Err(sqlx::Error::Database(error)) => error.code().as_deref() != Some("42P01"),
            _ => true,
        }
    }

    /// Runs it on both, for nothing; compares what they would answer with.
    async fn run(&self, found: &Found) {
        let sql = || AssertSqlSafe(found.sql.clone()).into_sql_str();
        let mut file = self.sqlite.begin().await.unwrap();
        let prepared = (&mut *file).prepare(sql()).await;
        let prepared = prepared.unwrap_or_else(|error| panic!("{found:?}: {error}"));
        let in_file = prepared.columns().len();

        let prepared = self.postgres.prepare(sql()).await;
        let prepared = prepared.unwrap_or_else(|error| panic!("{found:?}: {error}"));
        let kinds = match prepared.parameters() {
            Some(sqlx::Either::Left(kinds)) => {
                kinds.iter().map(|kind| kind.name().to_owned()).collect()
            }
            _ => Vec::<String>::new(),
        };
        assert_eq!(prepared.columns().len(), in_file, "{found:?}");

        if let Err(error) = bound!(sql(), &kinds).fetch_all(&mut *file).await {
            assert!(is_constraint(&error), "on a file, {found:?}: {error}");
        }
        let mut may = BTreeSet::new();
        for role in ["application", "sequencer", "eraser"] {
            let mut tx = self.runs.begin().await.unwrap();
            let become_one = format!("SET LOCAL ROLE gateway_{role}");
            tx.execute(AssertSqlSafe(become_one)).await.unwrap();
            match bound!(sql(), &kinds).fetch_all(&mut *tx).await {
                // The row was looked at, so the statement was let through.
                Err(error) if code(&error).starts_with("23") || is_row_refused(&error) => {
                    may.insert(role);
                }
                Err(error) if code(&error) == "42501" => {}
                Err(error) => panic!("on a server, {found:?}: {error}"),
                Ok(_) => {
                    may.insert(role);
                }
            }
        }
        assert!(!may.is_empty(), "no role may run {found:?}");
    }
}

const GRANTED: &str = "
    SELECT DISTINCT CAST(c.relname AS TEXT), verb FROM pg_class c,
        unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) verb,
        unnest(ARRAY['application', 'sequencer', 'auditor', 'eraser']) duty
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND (has_table_privilege('gateway_' || duty, c.oid, verb)
        OR verb <> 'DELETE' AND has_any_column_privilege('gateway_' || duty, c.oid,
            CASE verb WHEN 'DELETE' THEN 'UPDATE' ELSE verb END)) ORDER BY 1, 2";

fn code(error: &sqlx::Error) -> String {
    let code = error.as_database_error().and_then(DatabaseError::code);
    code.unwrap_or_default().into_owned()
}

/// Row-level security: this row, not this statement.
fn is_row_refused(error: &sqlx::Error) -> bool {
    let error = error.as_database_error();
    error.is_some_and(|error| error.message().contains("row-level security"))
}

/// A foreign key, a check or a trigger of SQLite: result code 19, whatever is above its low byte.
fn is_constraint(error: &sqlx::Error) -> bool {
    code(error)
        .parse::<u32>()
        .is_ok_and(|code| code & 0xff == 19)
}

/// Every statement in the source, but those of tests and of one engine.
fn statements() -> BTreeSet<Found> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeSet::new();
    let mut excused = BTreeSet::new();
    for (file, text) in sources(&root) {
        let parsed = syn::parse_file(&text).unwrap();
        let mut visitor = Visitor::default();
        visitor.visit_file(&parsed);
        assert!(
            visitor
                .beginnings
                .keys()
                .all(|name| visitor.used.contains(name))
        );
        for sql in visitor.found {
            let excuse = ONE_ENGINE
                .iter()
                .find(|(at, word, _)| *at == file && sql.contains(word));
            match excuse {
                Some((at, ..)) => {
                    excused.insert(*at);
                }
                None => {
                    found.insert(Found {
                        file: file.clone(),
                        sql,
                    });
                }
            }
        }
    }
    assert_eq!(excused.len(), ONE_ENGINE.len(), "an excuse nobody needs");
    found
}

/// Source files by their path below `src/`, without those that are tests.
fn sources(root: &Path) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            if path.is_dir() && name != "tests" {
                folders.push(path);
            } else if path.extension().is_some_and(|kind| kind == "rs") && !is_of_tests(&path) {
                let below = path.strip_prefix(root).unwrap().to_str().unwrap();
                sources.insert(below.to_owned(), fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}

/// Whether the module the file holds is declared for tests alone.
fn is_of_tests(file: &Path) -> bool {
    let beside = fs::read_to_string(file.with_file_name("mod.rs")).unwrap_or_default();
    let name = file.file_stem().unwrap().to_str().unwrap();
    ["", "pub(crate) ", "pub(super) "]
        .iter()
        .any(|seen| beside.contains(&format!("#[cfg(test)]\n{seen}mod {name};")))
}

/// Collects string literals that are statements.
#[derive(Default)]
struct Visitor {
    found: BTreeSet<String>,
    /// Macros that put a literal after the beginning of a statement, which they hold.
    beginnings: BTreeMap<String, String>,
    used: BTreeSet<String>,
}

impl<'ast> Visit<'ast> for Visitor {
    fn visit_attribute(&mut self, _: &'ast syn::Attribute) {} // documentation is no code

    fn visit_item(&mut self, item: &'ast syn::Item) {
        let attributes = match item {
            syn::Item::Mod(item) => &item.attrs,
            syn::Item::Fn(item) => &item.attrs,
            syn::Item::Impl(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if !attributes.iter().any(is_for_tests) {
            visit::visit_item(self, item);
        }
    }

    fn visit_lit_str(&mut self, literal: &'ast syn::LitStr) {
        if is_statement(&literal.value()) {
            self.found.insert(plain(&literal.value()));
        }
    }

    fn visit_item_macro(&mut self, item: &'ast syn::ItemMacro) {
        let text = item.mac.tokens.to_string();
        if let (Some(name), Some(literal)) = (&item.ident, first_statement(&text)) {
            assert!(
                text.contains("concat !"),
                "{name} makes statements otherwise"
            );
            self.beginnings.insert(name.to_string(), literal);
        }
    }

    fn visit_macro(&mut self, called: &'ast syn::Macro) {
        use syn::parse::Parser as _;

        let name = called.path.segments.last().unwrap().ident.to_string();
        let text = called.tokens.to_string();
        if let Some(beginning) = self.beginnings.get(&name) {
            let rest: syn::LitStr = syn::parse2(called.tokens.clone()).unwrap();
            self.found
                .insert(plain(&format!("{beginning}{}", rest.value())));
            self.used.insert(name);
            return;
        }
        let list = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        match list.parse2(called.tokens.clone()) {
            Ok(list) => list.iter().for_each(|one| {
                // The tokens are this macro's own: what is found in them is owned before they go.
                let mut inner = Self {
                    beginnings: self.beginnings.clone(),
                    ..Self::default()
                };
                inner.visit_expr(one);
                self.found.extend(inner.found);
                self.used.extend(inner.used);
            }),
            Err(_) => assert!(first_statement(&text).is_none(), "a statement in {name}!"),
        }
    }
}

fn is_for_tests(attribute: &syn::Attribute) -> bool {
    let syn::Meta::List(list) = &attribute.meta else {
        return attribute.path().is_ident("test");
    };
    list.path.is_ident("cfg") && list.tokens.to_string() == "test"
}

fn is_statement(text: &str) -> bool {
    let verbs = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "];
    verbs.iter().any(|verb| text.trim_start().starts_with(verb))
}

/// The first literal of a text that is the beginning of a statement.
fn first_statement(text: &str) -> Option<String> {
    let starts = text.match_indices('"').map(|(at, _)| at);
    starts
        .filter_map(|at| {
            let rest = &text[at + 1..];
            let end = rest.find('"')?;
            let literal: syn::LitStr = syn::parse_str(&text[at..=at + 1 + end]).ok()?;
            Some(literal.value())
        })
        .find(|value| is_statement(value))
}

/// With single spaces, and with one row where any number may be written.
fn plain(sql: &str) -> String {
    let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let columns = sql
        .split(')')
        .next()
        .unwrap_or_default()
        .matches(',')
        .count()
        + 1;
    let row: Vec<_> = (1..=columns).map(|number| format!("${number}")).collect();
    let sql = sql.replace("VALUES {}", &format!("VALUES ({})", row.join(", ")));
    assert!(!sql.contains('{'), "made while running: {sql}");
    sql
}
