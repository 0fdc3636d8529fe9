//! What came of leases: written only while the lease is still the newest of its job.

use super::engine::{Db, StoreResult};
use super::jobs::{JobRow, JobStatus};
use super::request_logs::{self, RequestLogRow};
use super::schema::jobs;
use crate::domain::timestamp::Timestamp;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_query;
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
        // A statement costs no way to a server here, and each is prepared once.
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

fn finish_one(connection: &mut SqliteConnection, finished: &Finished) -> StoreResult<bool> {
    let target = jobs::table
        .find(&finished.job.id)
        .filter(jobs::fence.eq(finished.job.fence))
        .filter(jobs::status.eq(JobStatus::Sending.as_str()));
    let change = (
        jobs::status.eq(finished.status.as_str()),
        jobs::due_at.eq(finished.due_at.0),
        jobs::leased_until.eq(None::<i64>),
        jobs::claims.eq(0),
        jobs::tries.eq(finished.tries()),
        jobs::last_status.eq(finished.last_status()),
        jobs::last_error.eq(finished.last_error()),
        jobs::updated_at.eq(finished.at.0),
    );
    Ok(diesel::update(target).set(change).execute(connection)? == 1)
}

/// One statement for all: each would cost a way to the server and back.
fn finish_together(connection: &mut PgConnection, finished: &[Finished]) -> StoreResult<Vec<String>> {
    #[derive(QueryableByName)]
    struct Written {
        #[diesel(sql_type = Text)]
        id: String,
    }
    let update = sql_query(
        "UPDATE jobs SET status = ended.status, due_at = ended.due_at, leased_until = NULL, claims = 0, \
             tries = ended.tries, last_status = ended.last_status, last_error = ended.last_error, \
             updated_at = ended.at \
         FROM unnest($1, $2, $3, $4, $5, $6, $7, $8) \
             AS ended (id, fence, status, due_at, tries, last_status, last_error, at) \
         WHERE jobs.id = ended.id AND jobs.fence = ended.fence AND jobs.status = 'sending' \
         RETURNING jobs.id",
    );
    let column = |value: fn(&Finished) -> i64| finished.iter().map(value).collect::<Vec<_>>();
    let written: Vec<Written> = update
        .bind::<Array<Text>, _>(finished.iter().map(|one| one.job.id.as_str()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(column(|one| one.job.fence))
        .bind::<Array<Text>, _>(finished.iter().map(|one| one.status.as_str()).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(column(|one| one.due_at.0))
        .bind::<Array<BigInt>, _>(column(Finished::tries))
        .bind::<Array<Nullable<BigInt>>, _>(finished.iter().map(Finished::last_status).collect::<Vec<_>>())
        .bind::<Array<Nullable<Text>>, _>(finished.iter().map(Finished::last_error).collect::<Vec<_>>())
        .bind::<Array<BigInt>, _>(column(|one| one.at.0))
        .load(connection)?;
    Ok(written.into_iter().map(|one| one.id).collect())
}
