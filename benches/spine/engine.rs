//! The databases that Crosscheck is measured on: each run has an empty one.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use std::path::{Path, PathBuf};
use std::process::Command;

/// An engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
}

impl Engine {
    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

/// A PostgreSQL server of the bench's own, with fsync and all else as it comes; it ends with this value.
pub struct PostgresServer {
    directory: PathBuf,
    url: String,
}

impl PostgresServer {
    pub fn start(directory: &Path) -> Self {
        let said = script(&["start", directory.to_str().unwrap()]);
        Self {
            directory: directory.to_owned(),
            url: said.trim().to_owned(),
        }
    }

    /// The URL of a new database.
    pub fn database(&self, name: &str) -> String {
        let mut admin = PgConnection::establish(&self.url).unwrap();
        admin
            .batch_execute(&format!("CREATE DATABASE \"{name}\""))
            .unwrap();
        let (server, _) = self.url.rsplit_once('/').unwrap();
        format!("{server}/{name}")
    }
}

impl Drop for PostgresServer {
    fn drop(&mut self) {
        script(&["stop", self.directory.to_str().unwrap()]);
    }
}

fn script(arguments: &[&str]) -> String {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/postgres.sh");
    let done = Command::new(script).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(done.stdout).unwrap()
}
