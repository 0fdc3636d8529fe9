//! The database, whichever engine it is: opening it, reading from it, writing to it.

use super::engine::{Db, StoreError, StoreResult};
use super::postgres::Postgres;
use super::sqlite::{Commit, Sqlite};
use crate::config::is_postgres;
use std::fs::File;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL's scheme is none that we know.
    #[error(
        "CROSSCHECK_DATABASE_URL must begin with sqlite:// (such as sqlite://crosscheck.db) or postgres://"
    )]
    Scheme,
    /// The server is older than the oldest that is supported.
    #[error("PostgreSQL {0} is too old: 15 or later is needed")]
    TooOld(String),
    /// The engine refused.
    #[error("cannot open {place}: {reason}")]
    Engine {
        /// The file, or the server without its password.
        place: String,
        /// The engine's words.
        reason: String,
    },
}

/// The database.
#[derive(Clone)]
pub struct Store {
    engine: Engine,
}

#[derive(Clone)]
enum Engine {
    Sqlite(Sqlite),
    Postgres(Postgres),
}

/// The right to send what is due; it ends when this is dropped.
pub struct Ownership {
    /// Of PostgreSQL any number of processes may send.
    _file: Option<File>,
}

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// How many rows at most.
    pub limit: i64,
    /// The id of the last row of the page before.
    pub after: Option<String>,
}

impl Store {
    /// Opens (or makes) the database and brings its tables up to date. May block for as long as a server that is
    /// just starting takes.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        let engine = if is_postgres(url) {
            Engine::Postgres(Postgres::open(url)?)
        } else {
            Engine::Sqlite(Sqlite::open(url)?)
        };
        Ok(Self { engine })
    }

    /// Brings the tables of the database at `url` up to date, and does nothing else.
    pub fn migrate(url: &str) -> Result<(), OpenError> {
        if is_postgres(url) {
            Postgres::migrate(url)
        } else {
            Sqlite::migrate(url)
        }
    }

    /// Takes the right to send what is due, for as long as it is kept. An embedded database has one process
    /// that may; the system ends its right with the process, however that ends. Of PostgreSQL all may.
    pub fn own(&self) -> StoreResult<Ownership> {
        let file = match &self.engine {
            Engine::Sqlite(sqlite) => Some(sqlite.own()?),
            Engine::Postgres(_) => None,
        };
        Ok(Ownership { _file: file })
    }

    /// Whether other processes may work on the same jobs at the same time.
    pub fn is_shared(&self) -> bool {
        matches!(self.engine, Engine::Postgres(_))
    }

    /// Runs a query on a thread where it may block. Never waits for a writer.
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.read(query).await,
            Engine::Postgres(postgres) => postgres.read(query).await,
        }
    }

    /// Runs `work` in a transaction and returns once its writes are durable.
    pub async fn write<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(Commit::OnDisk, work).await,
            Engine::Postgres(postgres) => postgres.write(work).await,
        }
    }

    /// Runs `work` in a transaction whose writes outlive this process at once, but a failing machine only after a second:
    /// the embedded engine does not wait for the disk. (A PostgreSQL server that fails without its machine would take
    /// back more, so that one does.)
    pub async fn write_lazily<T, E>(
        &self,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        match &self.engine {
            Engine::Sqlite(sqlite) => sqlite.write(Commit::AtOnce, work).await,
            Engine::Postgres(postgres) => postgres.write(work).await,
        }
    }

    /// Tells the other processes on this database that there are new jobs. They look by themselves every second,
    /// so that one that does not hear of it is late and no more.
    pub fn ring(&self) {
        if let Engine::Postgres(postgres) = &self.engine {
            postgres.ring();
        }
    }

    /// Calls `rung` whenever another process rings, for as long as the store lives.
    pub fn listen(&self, rung: impl Fn() + Send + 'static) -> StoreResult<()> {
        match &self.engine {
            Engine::Sqlite(_) => Ok(()),
            Engine::Postgres(postgres) => postgres.listen(rung),
        }
    }
}
