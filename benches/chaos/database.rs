//! The database, asked directly; and a PostgreSQL server of one's own.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres.sh");

/// A PostgreSQL server with its default settings; it is gone when this is dropped.
pub struct PostgresServer {
    /// Where it is.
    pub url: String,
    directory: TempDir,
}

impl PostgresServer {
    /// Starts one.
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = script("start", directory.path());
        Self { url, directory }
    }

    /// Where files may be put that are gone with it.
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends it as a crash would, and returns once it is back.
    pub fn restart(&self) {
        script("restart", self.directory.path());
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        script("stop", self.directory.path());
    }
}

fn script(action: &str, directory: &Path) -> String {
    let ended = Command::new(SCRIPT).arg(action).arg(directory).output().unwrap();
    let complaint = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{SCRIPT} {action}: {complaint}");
    String::from_utf8(ended.stdout).unwrap().trim().to_owned()
}

/// The one number that a query answers.
pub fn count(url: &str, sql: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = BigInt)]
        count: i64,
    }
    let found: Vec<Found> = rows(url, sql);
    found.first().unwrap().count
}

/// The leases that anybody has.
pub fn leases(url: &str) -> Vec<String> {
    #[derive(QueryableByName)]
    struct Found {
        #[diesel(sql_type = Text)]
        lease: String,
    }
    let sql = "SELECT id || ' ' || fence AS lease FROM jobs WHERE status = 'sending'";
    let found: Vec<Found> = rows(url, sql);
    found.into_iter().map(|found| found.lease).collect()
}

fn rows<T>(url: &str, sql: &str) -> Vec<T>
where
    T: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
{
    let query = sql_query(sql);
    let Some(file) = url.strip_prefix("sqlite://") else {
        return query.load(&mut PgConnection::establish(url).unwrap()).unwrap();
    };
    let mut connection = SqliteConnection::establish(file).unwrap();
    sql_query("PRAGMA busy_timeout = 10000")
        .execute(&mut connection)
        .unwrap();
    query.load(&mut connection).unwrap()
}
