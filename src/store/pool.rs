//! Opening a database, reading from it, and handing writes to the writer.

use super::engine::{Db, StoreError, StoreResult};
use super::readers::{READERS, Readers};
use super::writer::Writer;
use crate::config::sqlite_path;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// WAL, so that reads never wait for the writer; FULL, so that a commit survives a power cut. What undoes a
/// savepoint dies with the process, so it need not be in a file.
const PRAGMAS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
                       PRAGMA busy_timeout = 5000; PRAGMA wal_autocheckpoint = 2000; PRAGMA temp_store = MEMORY;";

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL's scheme is none that we know.
    #[error("CROSSCHECK_DATABASE_URL must begin with sqlite:// (such as sqlite://crosscheck.db)")]
    Scheme,
    /// The engine refused.
    #[error("cannot open {path}: {reason}")]
    Engine {
        /// The file.
        path: String,
        /// The engine's words.
        reason: String,
    },
}

/// The database.
#[derive(Clone)]
pub struct Store {
    readers: Readers,
    writer: Writer,
    path: PathBuf,
}

/// The right to send what is due; it ends when this is dropped.
pub struct Ownership {
    _file: File,
}

/// A page of a list, newest first.
#[derive(Clone, Debug)]
pub struct Page {
    /// How many rows at most.
    pub limit: i64,
    /// The id of the last row of the page before.
    pub after: Option<String>,
}

#[derive(Debug)]
struct Pragmas;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Pragmas {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connection
            .batch_execute(PRAGMAS)
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Store {
    /// Opens (or makes) the database and brings its tables up to date.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        let path = sqlite_path(url).ok_or(OpenError::Scheme)?;
        let mut connection = connect(&path)?;
        migrate(&mut connection, &path)?;
        let manager = ConnectionManager::new(path.to_string_lossy());
        let connections = Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            // A connection to a file does not break while it waits.
            .test_on_check_out(false)
            .connection_customizer(Box::new(Pragmas))
            .build(manager)
            .map_err(|error| failed(&path, &error))?;
        Ok(Self {
            readers: Readers::start(&connections).map_err(|error| failed(&path, &error))?,
            writer: Writer::start(connection).map_err(|error| failed(&path, &error))?,
            path,
        })
    }

    /// Brings the tables of the database at `url` up to date, and does nothing else.
    pub fn migrate(url: &str) -> Result<(), OpenError> {
        let path = sqlite_path(url).ok_or(OpenError::Scheme)?;
        migrate(&mut connect(&path)?, &path)
    }

    /// Takes the embedded database for this process, which alone may send what is due, for as long as the
    /// claim is kept. The system ends it with the process, however that ends.
    pub fn own(&self) -> StoreResult<Ownership> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let unavailable = |error: std::io::Error| StoreError::Unavailable(error.to_string());
        let file = File::create(path).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => Ok(Ownership { _file: file }),
            Err(TryLockError::WouldBlock) => Err(StoreError::Unavailable(
                "another process serves this database".to_owned(),
            )),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    /// Runs a query on a thread where it may block. Never waits for the writer.
    pub async fn read<T, E>(
        &self,
        query: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.readers.read(query).await
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
        self.writer.write(work).await
    }
}

fn connect(path: &Path) -> Result<SqliteConnection, OpenError> {
    let mut connection =
        SqliteConnection::establish(&path.to_string_lossy()).map_err(|error| failed(path, &error))?;
    connection
        .batch_execute(PRAGMAS)
        .map_err(|error| failed(path, &error))?;
    Ok(connection)
}

fn migrate(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    match connection.run_pending_migrations(MIGRATIONS) {
        Ok(_) => Ok(()),
        Err(error) => Err(OpenError::Engine {
            path: path.display().to_string(),
            reason: error.to_string(),
        }),
    }
}

fn failed(path: &Path, error: &dyn std::error::Error) -> OpenError {
    OpenError::Engine {
        path: path.display().to_string(),
        reason: error.to_string(),
    }
}
