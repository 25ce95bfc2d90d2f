//! The stores a test's gateway works on: SQLite and memory, or PostgreSQL and Redis where the
//! environment names them. `./check` runs the whole suite on both pairs.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use interop_gateway::store::cache::{Cache, RedisServer, RedisSettings};
use interop_gateway::store::{Db, Location, Schema};
use sqlx::Executor as _;
use sqlx::postgres::PgPool;
use toml::Table;

/// Puts the pair into a configuration whose files lie in a folder of the test's own.
pub(crate) async fn choose(config: &mut Table, files: &Path) {
    let Ok(server) = std::env::var("GATEWAY_TEST_POSTGRES") else {
        return;
    };
    let store = config["store"].as_table_mut().unwrap();
    for name in ["database", "keyring"] {
        let url = database(&server, &files.join(name)).await;
        store.insert(name.to_owned(), url.into());
    }
    let cache = Table::from_iter([
        ("redis".to_owned(), redis().into()),
        ("prefix".to_owned(), format!("{}:", schema_of(files)).into()),
    ]);
    config.insert("cache".to_owned(), cache.into());
}

/// What may be lost of the pair, empty; `name` is not used twice.
pub(crate) async fn cache(name: &Path) -> Cache {
    if std::env::var("GATEWAY_TEST_POSTGRES").is_err() {
        return Cache::memory();
    }
    let settings = RedisSettings {
        server: RedisServer::At(redis().parse().unwrap()),
        user: None,
        password: None,
        sentinel_password: None,
        tls_roots: None,
        prefix: format!("{}:", schema_of(name)),
    };
    Cache::redis(&settings).await.unwrap()
}

fn redis() -> String {
    let redis = std::env::var("GATEWAY_TEST_REDIS");
    redis.unwrap_or_else(|_| panic!("GATEWAY_TEST_REDIS goes with GATEWAY_TEST_POSTGRES"))
}

/// A database of the pair, up to date, that stands for a path.
pub(crate) async fn open(file: &Path, schema: Schema) -> Db {
    let location = match std::env::var("GATEWAY_TEST_POSTGRES") {
        Ok(server) => Location::Server(database(&server, file).await.parse().unwrap()),
        Err(_) => Location::File(file.to_owned()),
    };
    Db::migrate(&location, schema).await.unwrap();
    Db::open(&location, schema).await.unwrap()
}

/// Everything the stores of a configuration hold, as text: by place and content.
pub(crate) async fn contents(files: &Path) -> Vec<(String, String)> {
    let Ok(server) = std::env::var("GATEWAY_TEST_POSTGRES") else {
        return files_in(files);
    };
    let pool = PgPool::connect(&server).await.unwrap();
    let columns = "SELECT table_name::text,
                   CASE data_type WHEN 'bytea' THEN format('encode(%I, ''escape'')', column_name)
                   ELSE format('%I', column_name) END FROM information_schema.columns
                   WHERE table_schema = $1 AND data_type IN ('text', 'bytea')";
    let mut contents = files_in(files);
    for name in ["database", "keyring"] {
        let schema = schema_of(&files.join(name));
        let columns: Vec<(String, String)> = sqlx::query_as(columns)
            .bind(&schema)
            .fetch_all(&pool)
            .await
            .unwrap();
        for (table, column) in columns {
            let sql = format!("SELECT coalesce({column}, '') FROM {schema}.{table}");
            let values: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
                .fetch_all(&pool)
                .await
                .unwrap();
            contents.push((format!("{name}.{table}.{column}"), values.join("\n")));
        }
    }
    pool.close().await;
    contents
}

/// The files a gateway wrote, but not its configuration.
fn files_in(folder: &Path) -> Vec<(String, String)> {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.is_file() && path.extension().is_none_or(|kind| kind != "toml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let bytes = std::fs::read(&path).unwrap();
            (name, String::from_utf8_lossy(&bytes).into_owned())
        })
        .collect()
}

/// The schema that stands for a path.
fn schema_of(file: &Path) -> String {
    let hash = digest(&SHA256, file.as_os_str().as_encoded_bytes());
    format!("t_{}", hex::encode(&hash.as_ref()[..16]))
}

/// The address of a schema of the server that stands for a path.
async fn database(server: &str, file: &Path) -> String {
    let schema = schema_of(file);
    let pool = PgPool::connect(server).await.unwrap();
    let create = format!("CREATE SCHEMA IF NOT EXISTS {schema}");
    pool.execute(sqlx::AssertSqlSafe(create)).await.unwrap();
    pool.close().await;
    let join = if server.contains('?') { '&' } else { '?' };
    format!("{server}{join}options=-csearch_path%3D{schema}")
}
