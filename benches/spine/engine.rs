//! The databases that Crosscheck is measured on: each run has an empty one.

use super::postgres::PostgresServer;
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

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

/// The URL of a new database of `server`.
pub fn database(server: &PostgresServer, name: &str) -> String {
    let mut admin = PgConnection::establish(&server.url).unwrap();
    admin
        .batch_execute(&format!("CREATE DATABASE \"{name}\""))
        .unwrap();
    let (server, _) = server.url.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
