//! Where a test keeps its data: a directory, and a database that is gone afterwards. Which engine it is on is the
//! environment's choice: with CROSSCHECK_TEST_POSTGRES (the URL of a server that may be filled and emptied) every
//! database is one of that server, else a file in the directory.

use crosscheck::store::Store;
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;

/// Shared by all who work in it; gone with the last of them.
#[derive(Clone)]
pub struct Workspace(Arc<Place>);

struct Place(TempDir);

impl Workspace {
    pub fn new() -> Self {
        Self(Arc::new(Place(tempfile::tempdir().unwrap())))
    }

    pub fn path(&self) -> &Path {
        self.0.0.path()
    }

    /// Lets the time pass after which a lease has ended. One that somebody is just writing to is none of those.
    pub fn end_leases(&self) {
        self.execute(
            "UPDATE jobs SET leased_until = 0 WHERE id IN \
             (SELECT id FROM jobs WHERE status = 'sending' FOR UPDATE SKIP LOCKED)",
        );
    }

    /// Works on the PostgreSQL database directly.
    pub fn execute(&self, sql: &str) {
        run(&self.database_url(), sql);
    }

    /// Has whoever connects to the PostgreSQL database from now on only read, or again write; ends the connections
    /// that there are where it is to be so.
    pub fn set_read_only(&self, is_read_only: bool) {
        let (server, name) = (server().unwrap(), database_name(self.path()));
        let word = if is_read_only { "on" } else { "off" };
        run(
            server,
            &format!("ALTER DATABASE {name} SET default_transaction_read_only = {word}"),
        );
        if is_read_only {
            let name = name.trim_matches('"');
            let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname";
            run(server, &format!("{end} = '{name}'"));
        }
    }

    /// The one number that a query of the PostgreSQL database answers.
    pub fn count(&self, sql: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Found {
            #[diesel(sql_type = BigInt)]
            count: i64,
        }
        let mut database = PgConnection::establish(&self.database_url()).unwrap();
        let found: Found = sql_query(sql).get_result(&mut database).unwrap();
        found.count
    }

    /// Where its database is; a fresh one at the first time.
    pub fn database_url(&self) -> String {
        database_url(self.path())
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(server) = server() {
            let name = database_name(self.0.path());
            run(server, &format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        }
    }
}

/// Whether the tests run on PostgreSQL.
pub fn on_postgres() -> bool {
    server().is_some()
}

fn server() -> Option<&'static str> {
    static SERVER: OnceLock<Option<String>> = OnceLock::new();
    let given = || std::env::var("CROSSCHECK_TEST_POSTGRES").ok();
    SERVER.get_or_init(given).as_deref()
}

/// Where the database of a directory is.
pub fn database_url(directory: &Path) -> String {
    let Some(server) = server() else {
        return format!("sqlite://{}", directory.join("test.db").display());
    };
    let name = database_name(directory);
    let mut admin = PgConnection::establish(server).unwrap();
    // Fails where it is there already.
    let _ = admin.batch_execute(&format!("CREATE DATABASE {name} TEMPLATE {}", template(server)));
    beside(server, &name)
}

fn database_name(directory: &Path) -> String {
    let name = directory.file_name().unwrap().to_str().unwrap();
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("\"test-{plain}\"")
}

/// A database with the tables, to copy from: once for all tests.
fn template(server: &str) -> &'static str {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    TEMPLATE.get_or_init(|| {
        let name = format!("\"template-{}\"", std::process::id());
        run(server, &format!("CREATE DATABASE {name}"));
        Store::migrate(&beside(server, &name)).unwrap();
        name
    })
}

/// The URL of another database on the same server.
fn beside(server: &str, name: &str) -> String {
    let mut url = url::Url::parse(server).unwrap();
    url.set_path(name.trim_matches('"'));
    url.into()
}

fn run(server: &str, sql: &str) {
    let mut admin = PgConnection::establish(server).unwrap();
    admin.batch_execute(sql).unwrap();
}
