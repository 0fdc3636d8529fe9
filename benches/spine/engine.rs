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

/// The URL of a new database of `server`. The one before is gone then, so that nothing is left to be vacuumed meanwhile.
pub fn database(server: &PostgresServer) -> String {
    let mut admin = PgConnection::establish(&server.url).unwrap();
    for statement in [
        "DROP DATABASE IF EXISTS bench WITH (FORCE)",
        "CREATE DATABASE bench",
    ] {
        admin.batch_execute(statement).unwrap();
    }
    let (server, _) = server.url.rsplit_once('/').unwrap();
    format!("{server}/bench")
}
