//! The embedded engine: one file, one writer, a few readers, one process that serves it.

mod checkpointer;
mod readers;
mod writer;

use super::database::OpenError;
use super::engine::{Db, StoreError, StoreResult};
use crate::config::sqlite_path;
use diesel::Connection;
use diesel::connection::SimpleConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel::sqlite::SqliteConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use readers::{READERS, Readers};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
pub use writer::Commit;
use writer::Writer;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations/sqlite");

/// WAL, so that reads never wait for the writer; FULL, so that a commit survives a power cut. What undoes a
/// savepoint dies with the process, so it need not be in a file.
/// The patience comes first: another process that opens or closes the file holds it for a moment.
/// The checkpointer keeps the log short; the writer itself moves it only where it has grown to 64 MiB all the same.
const PRAGMAS: &str = "PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                       PRAGMA foreign_keys = ON; PRAGMA wal_autocheckpoint = 16000; PRAGMA temp_store = MEMORY;";

#[derive(Clone)]
pub struct Sqlite {
    readers: Readers,
    writer: Writer,
    path: PathBuf,
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

impl Sqlite {
    /// Opens (or makes) the file and brings its tables up to date.
    pub fn open(url: &str) -> Result<Self, OpenError> {
        let path = sqlite_path(url).ok_or(OpenError::Scheme)?;
        let mut connection = connect(&path)?;
        bring_up_to_date(&mut connection, &path)?;
        let manager = ConnectionManager::new(path.to_string_lossy());
        let connections = Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            // A connection to a file does not break while it waits.
            .test_on_check_out(false)
            .connection_customizer(Box::new(Pragmas))
            .build(manager)
            .map_err(|error| failed(&path, &error))?;
        let committed = checkpointer::start(connect(&path)?).map_err(|error| failed(&path, &error))?;
        Ok(Self {
            readers: Readers::start(&connections).map_err(|error| failed(&path, &error))?,
            writer: Writer::start(connection, committed).map_err(|error| failed(&path, &error))?,
            path,
        })
    }

    /// Brings the tables of the file up to date, and does nothing else.
    pub fn migrate(url: &str) -> Result<(), OpenError> {
        let path = sqlite_path(url).ok_or(OpenError::Scheme)?;
        bring_up_to_date(&mut connect(&path)?, &path)
    }

    /// Takes the file for this process: see [`super::Store::own`].
    pub fn own(&self) -> StoreResult<File> {
        let mut path = self.path.clone().into_os_string();
        path.push(".lock");
        let unavailable = |error: std::io::Error| StoreError::Unavailable(error.to_string());
        let file = File::create(path).map_err(unavailable)?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(StoreError::Unavailable(
                "another process serves this database".to_owned(),
            )),
            Err(TryLockError::Error(error)) => Err(unavailable(error)),
        }
    }

    /// See [`super::Store::read`].
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

    /// See [`super::Store::write`] and [`super::Store::write_lazily`].
    pub async fn write<T, E>(
        &self,
        commit: Commit,
        work: impl FnOnce(&mut Db<'_>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.writer.write(commit, work).await
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

/// Several processes may come up at the same time: one of them makes the tables, the others wait for it.
fn bring_up_to_date(connection: &mut SqliteConnection, path: &Path) -> Result<(), OpenError> {
    let up_to_date = connection
        .has_pending_migration(MIGRATIONS)
        .map(|pending| !pending);
    if up_to_date.unwrap_or(false) {
        return Ok(());
    }
    let mut lock = path.as_os_str().to_owned();
    lock.push(".migrating");
    // The file stays: were it removed, a third process could lock a new one while a second holds the old.
    let file = File::create(lock).map_err(|error| failed(path, &error))?;
    file.lock().map_err(|error| failed(path, &error))?;
    let migrated = connection.run_pending_migrations(MIGRATIONS).map(|_| ());
    migrated.map_err(|error| failed(path, error.as_ref()))
}

fn failed(path: &Path, error: &dyn std::error::Error) -> OpenError {
    OpenError::Engine {
        place: path.display().to_string(),
        reason: error.to_string(),
    }
}
