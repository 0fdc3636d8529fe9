//! The engines behind one connection type, and what can go wrong on any of them.

use diesel::RunQueryDsl;
use diesel::dsl::sql;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::BigInt;
use diesel::sqlite::SqliteConnection;

/// A connection to whichever engine is configured, lent for one query or transaction.
pub enum Db<'a> {
    /// The embedded engine.
    Sqlite(&'a mut SqliteConnection),
}

/// Runs one expression on whichever engine `$db` is. Diesel's queries are generic over the engine, so each is
/// written once; an engine is added as one more arm here.
///
/// What is found by its key is read with `get_result`, not with `first`: that binds a LIMIT, and SQLite plans a
/// statement with a bound LIMIT anew each time it runs.
macro_rules! on {
    ($db:expr, $connection:ident => $query:expr) => {
        match $db {
            $crate::store::Db::Sqlite(lent) => {
                let $connection = &mut **lent;
                $query
            }
        }
    };
}
pub(super) use on;

/// The database's own clock, in milliseconds. Leases go by it: it is one for all workers, and nobody moves it.
pub(super) fn clock(db: &mut Db<'_>) -> StoreResult<i64> {
    match db {
        Db::Sqlite(connection) => {
            let now = sql::<BigInt>("CAST(unixepoch('subsec') * 1000 AS BIGINT)");
            Ok(diesel::select(now).get_result(&mut **connection)?)
        }
    }
}

/// What a query can fail with, as its caller has to tell them apart.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// More work is queued than can be taken.
    #[error("the database has too much to do")]
    Busy,
    /// The engine cannot do it now: full or read-only disk, lock, failed commit, no connection.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// A row with that key exists.
    #[error("a row with that key exists")]
    Exists,
    /// A defect of ours: a query that does not fit the tables, or a row that does not read.
    #[error("defect in a query: {0}")]
    Defect(String),
}

/// The result of a query.
pub type StoreResult<T> = Result<T, StoreError>;

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, _) => Self::Exists,
            Error::DatabaseError(
                DatabaseErrorKind::ForeignKeyViolation
                | DatabaseErrorKind::NotNullViolation
                | DatabaseErrorKind::CheckViolation
                | DatabaseErrorKind::RestrictViolation
                | DatabaseErrorKind::ExclusionViolation,
                information,
            ) => Self::Defect(information.message().to_owned()),
            // SQLite reports a full disk, a read-only file and a lock alike as `Unknown`.
            Error::DatabaseError(_, information) => Self::Unavailable(information.message().to_owned()),
            Error::BrokenTransactionManager
            | Error::RollbackErrorOnCommit { .. }
            | Error::RollbackTransaction
            | Error::AlreadyInTransaction
            | Error::NotInTransaction => Self::Unavailable(error.to_string()),
            other => Self::Defect(other.to_string()),
        }
    }
}

/// Reads a stored word that has to be one of ours.
pub(super) fn word<T>(parsed: Option<T>, column: &str) -> StoreResult<T> {
    parsed.ok_or_else(|| StoreError::Defect(format!("{column} holds a word that is none of ours")))
}
