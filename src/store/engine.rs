//! The engines behind one connection type, and what can go wrong on any of them.

use super::statement::{Literal, Statement, literal};
use diesel::RunQueryDsl;
use diesel::pg::PgConnection;
use diesel::result::{DatabaseErrorKind, Error};
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::SqliteConnection;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// A connection to whichever engine is configured, lent for one query or transaction.
pub enum Db<'a> {
    /// The embedded engine.
    Sqlite(&'a mut SqliteConnection),
    /// PostgreSQL.
    Postgres(&'a mut PgConnection),
}

/// Runs one expression on whichever engine `$db` is. Diesel's queries are generic over the engine, so each is
/// written once; only where the engines must differ does a query have an arm for each.
///
/// What is found by its key is read with `get_result`, not with `first`: that binds a LIMIT, and SQLite plans a
/// statement with a bound LIMIT anew each time it runs.
macro_rules! on {
    ($db:expr, |$connection:ident| $query:expr) => {
        match $db {
            $crate::store::Db::Sqlite(lent) => {
                let $connection = &mut **lent;
                $query
            }
            $crate::store::Db::Postgres(lent) => {
                let $connection = &mut **lent;
                $query
            }
        }
    };
}
pub(super) use on;

/// Adds rows to a table, of which all columns are named: in one go where there is a way to a server; a statement each on
/// the embedded engine, which prepares that once. Either all of them are there then, or none.
macro_rules! insert_all {
    ($db:expr, $table:ident, $rows:expr, $row:ident $columns:tt) => {{
        let rows: &[&$row] = $rows;
        match $db {
            $crate::store::Db::Sqlite(connection) => {
                for row in rows {
                    diesel::insert_into($table::table)
                        .values(*row)
                        .execute(&mut **connection)?;
                }
            }
            $crate::store::Db::Postgres(connection) => match rows {
                [] => {}
                [row] => {
                    diesel::insert_into($table::table)
                        .values(*row)
                        .execute(&mut **connection)?;
                }
                rows => {
                    $crate::store::engine::insertion!($table, rows, $row $columns).execute(&mut **connection)?;
                }
            },
        }
    }};
}
pub(super) use insert_all;

/// The statement that adds rows to a table on PostgreSQL: prepared once, however many they are, and one way there.
///
/// What is not prepared, and COPY above all, leaves the server in the middle of a statement where a client vanishes
/// while it says it. No time-out ends that: what the transaction has locked stays so until the client's host is found
/// to be gone.
macro_rules! insertion {
    ($table:ident, $rows:expr, $row:ident { $first:ident $(, $column:ident)* $(,)? }) => {{
        use diesel::dsl::SqlTypeOf;
        use diesel::sql_types::Array;
        // Does not compile where a column is not named.
        let _: fn(&$row) = |$row { $first: _ $(, $column: _)* }| {};
        let rows: &[&$row] = $rows;
        $crate::store::statement::Statement::new(concat!(
            "INSERT INTO ", stringify!($table),
            " (", stringify!($first) $(, ", ", stringify!($column))*, ") SELECT * FROM unnest("
        ))
        .bind::<Array<SqlTypeOf<$table::$first>>, _>(
            rows.iter().map(|row| &row.$first).collect::<Vec<_>>(),
            "",
        )
        $(
            .sql(", ")
            .bind::<Array<SqlTypeOf<$table::$column>>, _>(
                rows.iter().map(|row| &row.$column).collect::<Vec<_>>(),
                "",
            )
        )*
        .sql(")")
    }};
}
pub(super) use insertion;

/// [`clock`] in a statement.
pub(super) const SQLITE_CLOCK: &str = "CAST(unixepoch('subsec') * 1000 AS BIGINT)";
/// [`clock`] in a statement.
pub(super) const POSTGRES_CLOCK: &str = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";

/// The database's own clock, in milliseconds. Leases go by it: it is one for all workers, and nobody moves it.
pub(super) fn clock(db: &mut Db<'_>) -> StoreResult<i64> {
    let clock = clock_of(db);
    Ok(on!(db, |c| diesel::select(clock).get_result(c))?)
}

/// [`clock`] as a column of a query that is made anyway.
pub(super) fn clock_of(db: &Db<'_>) -> Literal<BigInt> {
    literal(match db {
        Db::Sqlite(_) => SQLITE_CLOCK,
        Db::Postgres(_) => POSTGRES_CLOCK,
    })
}

/// Until the transaction ends, nobody else works under the same name: for what is read first and then written.
/// The embedded engine has one writer, so nothing has to be done there.
pub(super) fn alone(db: &mut Db<'_>, what: &'static str, id: &str) -> StoreResult<()> {
    match db {
        Db::Sqlite(_) => Ok(()),
        Db::Postgres(connection) => {
            Statement::new("SELECT pg_advisory_xact_lock(hashtextextended(")
                .bind::<Text, _>(format!("{what} {id}"), ", 0))")
                .execute(&mut **connection)?;
            Ok(())
        }
    }
}

/// Until the transaction ends, nobody is [`alone`] under the same name; others may work along.
pub(super) fn along(db: &mut Db<'_>, what: &'static str, id: &str) -> StoreResult<()> {
    match db {
        Db::Sqlite(_) => Ok(()),
        Db::Postgres(connection) => {
            Statement::new("SELECT pg_advisory_xact_lock_shared(hashtextextended(")
                .bind::<Text, _>(format!("{what} {id}"), ", 0))")
                .execute(&mut **connection)?;
            Ok(())
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

impl StoreError {
    /// The engine cannot do it now, for this reason.
    pub(super) fn unavailable(reason: &dyn std::error::Error) -> Self {
        Self::Unavailable(reason.to_string().trim().to_owned())
    }
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
            // Both engines report a full disk and much else that passes alike as `Unknown`.
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

/// Runs one work; a panic in it stays its own.
pub(super) fn guarded<T, E: From<StoreError>>(
    mut db: Db<'_>,
    work: impl FnOnce(&mut Db<'_>) -> Result<T, E>,
) -> Result<T, E> {
    catch_unwind(AssertUnwindSafe(|| work(&mut db)))
        .unwrap_or_else(|panic| Err(StoreError::Defect(panic_text(panic.as_ref())).into()))
}

/// What a panic said.
fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic".to_owned())
}
