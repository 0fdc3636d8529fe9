//! What came of leases: written only while the lease is still the newest of its job.

use super::engine::{Db, StoreResult};
use super::jobs::{JobRow, JobStatus};
use super::request_logs::{self, RequestLogRow};
use super::statement::Statement;
use crate::domain::timestamp::Timestamp;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Nullable, Text};
use std::collections::HashSet;

/// How a lease ended.
pub struct Finished {
    /// The job as it was claimed.
    pub job: JobRow,
    /// Where it stands now.
    pub status: JobStatus,
    /// When it is due again, where it is.
    pub due_at: Timestamp,
    /// When the lease ended.
    pub at: Timestamp,
    /// The try, where one was made.
    pub attempt: Option<RequestLogRow>,
    /// Why it stands there, where no try says so.
    pub reason: Option<String>,
}

impl Finished {
    fn tries(&self) -> i64 {
        self.job.tries + i64::from(self.attempt.is_some())
    }

    fn last_status(&self) -> Option<i64> {
        match &self.attempt {
            Some(attempt) => attempt.status,
            None => self.job.last_status,
        }
    }

    fn last_error(&self) -> Option<&str> {
        match &self.attempt {
            Some(attempt) => attempt.error.as_deref(),
            None => self.reason.as_deref().or(self.job.last_error.as_deref()),
        }
    }
}

/// Writes the outcomes of leases with their tries. Returns the ids of the jobs whose lease still held; of the others
/// nothing is written.
pub fn finish(db: &mut Db<'_>, finished: &[Finished]) -> StoreResult<HashSet<String>> {
    let mut written = HashSet::with_capacity(finished.len());
    match db {
        // A statement costs no way to a server here.
        Db::Sqlite(connection) => {
            for one in finished {
                if finish_one(connection, one)? {
                    written.insert(one.job.id.clone());
                }
            }
        }
        Db::Postgres(connection) => written.extend(finish_together(connection, finished)?),
    }
    let tries = finished.iter().filter(|one| written.contains(&one.job.id));
    let tries: Vec<&RequestLogRow> = tries.filter_map(|one| one.attempt.as_ref()).collect();
    request_logs::insert_all(db, &tries)?;
    Ok(written)
}

/// On one row, where the lease still holds.
fn finish_one(connection: &mut SqliteConnection, finished: &Finished) -> StoreResult<bool> {
    let update = Statement::new("UPDATE jobs SET leased_until = NULL, claims = 0, status = ")
        .bind::<Text, _>(finished.status.as_str(), ", due_at = ")
        .bind::<BigInt, _>(finished.due_at.0, ", tries = ")
        .bind::<BigInt, _>(finished.tries(), ", last_status = ")
        .bind::<Nullable<BigInt>, _>(finished.last_status(), ", last_error = ")
        .bind::<Nullable<Text>, _>(finished.last_error(), ", updated_at = ")
        .bind::<BigInt, _>(finished.at.0, " WHERE status = 'sending' AND id = ")
        .bind::<Text, _>(&finished.job.id, " AND fence = ")
        .bind::<BigInt, _>(finished.job.fence, "");
    Ok(update.execute(connection)? == 1)
}

/// One statement for all: each would cost a way to the server and back.
fn finish_together(connection: &mut PgConnection, finished: &[Finished]) -> StoreResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Written {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let numbers = |value: fn(&Finished) -> i64| finished.iter().map(value).collect::<Vec<_>>();
    let words = |value: fn(&Finished) -> &str| finished.iter().map(value).collect::<Vec<_>>();
    let statuses: Vec<_> = finished.iter().map(Finished::last_status).collect();
    let errors: Vec<_> = finished.iter().map(Finished::last_error).collect();
    let update = Statement::new(
        "UPDATE jobs SET status = ended.status, due_at = ended.due_at, leased_until = NULL, claims = 0, \
             tries = ended.tries, last_status = ended.last_status, last_error = ended.last_error, \
             updated_at = ended.at \
         FROM unnest(",
    )
    .bind::<Array<Text>, _>(words(|one| &one.job.id), ", ")
    .bind::<Array<BigInt>, _>(numbers(|one| one.job.fence), ", ")
    .bind::<Array<Text>, _>(words(|one| one.status.as_str()), ", ")
    .bind::<Array<BigInt>, _>(numbers(|one| one.due_at.0), ", ")
    .bind::<Array<BigInt>, _>(numbers(Finished::tries), ", ")
    .bind::<Array<Nullable<BigInt>>, _>(statuses, ", ")
    .bind::<Array<Nullable<Text>>, _>(errors, ", ")
    .bind::<Array<BigInt>, _>(
        numbers(|one| one.at.0),
        ") AS ended (id, fence, status, due_at, tries, last_status, last_error, at) \
         WHERE jobs.id = ended.id AND jobs.fence = ended.fence AND jobs.status = 'sending' \
         RETURNING jobs.id",
    );
    let written: Vec<Written> = update.load(connection)?;
    Ok(written.into_iter().map(|one| one.id).collect())
}
