//! Deliveries about one record to an endpoint that wants them in order: one after the other, as they were committed.
//!
//! At most one job of a sequence is live: due, paused or being sent. The others wait; whoever ends the live one wakes
//! the next. Entering, going back and ending exclude each other, so that none waits for ever.

use super::engine::{Db, StoreResult, alone, on};
use super::jobs::{JobRow, JobStatus};
use super::schema::jobs;
use crate::domain::timestamp::Timestamp;
use diesel::dsl::max;
use diesel::prelude::*;

/// Puts a job that is about to be inserted at the end of its sequence: the record's at that endpoint.
pub fn enter(db: &mut Db<'_>, job: &mut JobRow, record: &str) -> StoreResult<()> {
    // The record first: what locks several sequences does so in the order of their names.
    let sequence = format!("{record} {}", job.target_id);
    lock(db, &sequence)?;
    let last = jobs::table
        .filter(jobs::sequence.eq(&sequence))
        .select(max(jobs::position));
    let last: Option<i64> = on!(db, |c| last.get_result(c))?;
    if has_live(db, &sequence, &job.id)? {
        job.status = JobStatus::Waiting.as_str().to_owned();
    }
    job.position = Some(last.unwrap_or(0) + 1);
    job.sequence = Some(sequence);
    Ok(())
}

/// Where a job stands that is started anew: it keeps its place, and waits where another one is live. `otherwise` is
/// where it stands if none is.
pub fn re_enter(db: &mut Db<'_>, job: &JobRow, otherwise: JobStatus) -> StoreResult<JobStatus> {
    let Some(sequence) = &job.sequence else {
        return Ok(otherwise);
    };
    lock(db, sequence)?;
    Ok(match has_live(db, sequence, &job.id)? {
        true => JobStatus::Waiting,
        false => otherwise,
    })
}

/// A job of `sequence` has ended at `at`: the next one that waits is due. One that ended without success is marked.
/// (Where the endpoint is disabled, the next one is paused by its first claim.)
pub fn go_on(
    db: &mut Db<'_>,
    sequence: &str,
    ended: &JobRow,
    succeeded: bool,
    at: Timestamp,
) -> StoreResult<()> {
    lock(db, sequence)?;
    if !succeeded {
        let skipped = diesel::update(jobs::table.find(&ended.id)).set(jobs::skipped.eq(true));
        on!(db, |c| skipped.execute(c))?;
    }
    if has_live(db, sequence, &ended.id)? {
        return Ok(());
    }
    let next = jobs::table
        .filter(jobs::sequence.eq(sequence))
        .filter(jobs::status.eq(JobStatus::Waiting.as_str()))
        .order(jobs::position.asc())
        .select(jobs::id);
    let next: Option<String> = on!(db, |c| next.first(c).optional())?;
    if let Some(next) = next {
        let due = (
            jobs::status.eq(JobStatus::Pending.as_str()),
            jobs::due_at.eq(at.0),
            jobs::updated_at.eq(at.0),
        );
        on!(db, |c| diesel::update(jobs::table.find(&next))
            .set(due)
            .execute(c))?;
    }
    Ok(())
}

fn has_live(db: &mut Db<'_>, sequence: &str, other_than: &str) -> StoreResult<bool> {
    let live = [JobStatus::Pending, JobStatus::Paused, JobStatus::Sending];
    let live = jobs::table
        .filter(jobs::sequence.eq(sequence))
        .filter(jobs::status.eq_any(live.map(JobStatus::as_str)))
        .filter(jobs::id.ne(other_than))
        .select(jobs::id);
    let live: Option<String> = on!(db, |c| live.first(c).optional())?;
    Ok(live.is_some())
}

fn lock(db: &mut Db<'_>, sequence: &str) -> StoreResult<()> {
    alone(db, "sequence", sequence)
}
