//! Pushes among the jobs: a newer one takes the place of an older one, and one that waits may be hastened.

use super::engine::{Db, StoreResult, on};
use super::jobs::{JobKind, JobRow, JobStatus};
use super::schema::{accounts, jobs, orders};
use super::statement::literal;
use crate::domain::id::ProjectId;
use crate::domain::timestamp::Timestamp;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// A newer revision takes the place of every push of the order that nobody has begun to send.
pub fn supersede(db: &mut Db<'_>, project: &str, order: &str, at: Timestamp) -> StoreResult<()> {
    let target = jobs::table
        .filter(jobs::project_id.eq(project))
        .filter(jobs::target_id.eq(order))
        .filter(jobs::kind.eq(JobKind::Push.as_str()))
        .filter(jobs::status.eq(JobStatus::Pending.as_str()));
    let change = (
        jobs::status.eq(JobStatus::Superseded.as_str()),
        jobs::updated_at.eq(at.0),
    );
    on!(db, |c| diesel::update(target).set(change).execute(c))?;
    Ok(())
}

/// Whose orders are meant.
#[derive(Clone, Copy)]
pub enum Through<'a> {
    /// Those of one account.
    Account(&'a str),
    /// Those of every account of an integration.
    Integration(&'a str),
}

/// Makes the pushes that wait for their next try due at once: what kept them from succeeding may be mended. One
/// that is being sent is marked, so that it does not wait should this try still fail.
pub fn hasten(db: &mut Db<'_>, project: &ProjectId, through: Through<'_>, at: Timestamp) -> StoreResult<()> {
    // The lane of a push is its account.
    let lanes: Vec<String> = match through {
        Through::Account(id) => vec![id.to_owned()],
        Through::Integration(id) => {
            let linked = accounts::table.filter(accounts::integration_id.eq(id));
            on!(db, |c| linked.select(accounts::id).load(c))?
        }
    };
    let pushes = || {
        jobs::table
            .filter(jobs::project_id.eq(project.as_str()))
            .filter(jobs::kind.eq(JobKind::Push.as_str()))
            .filter(jobs::lane.eq_any(&lanes))
    };
    let waiting = pushes()
        .filter(literal::<Bool>("jobs.status = 'pending'"))
        .filter(jobs::due_at.gt(at.0));
    on!(db, |c| diesel::update(waiting)
        .set(jobs::due_at.eq(at.0))
        .execute(c))?;
    let under_way = pushes().filter(literal::<Bool>("jobs.status = 'sending'"));
    // Later than when it was due, for it was claimed by now.
    on!(db, |c| diesel::update(under_way)
        .set(jobs::due_at.eq(at.0 + 1))
        .execute(c))?;
    Ok(())
}

/// Ends the pushes of an account that nobody has begun to send.
pub fn end_all(
    db: &mut Db<'_>,
    project: &ProjectId,
    account: &str,
    why: &str,
    at: Timestamp,
) -> StoreResult<()> {
    let target = jobs::table
        .filter(jobs::project_id.eq(project.as_str()))
        .filter(jobs::kind.eq(JobKind::Push.as_str()))
        .filter(jobs::lane.eq(account))
        .filter(literal::<Bool>("jobs.status = 'pending'"));
    let change = (
        jobs::status.eq(JobStatus::Exhausted.as_str()),
        jobs::last_error.eq(why),
        jobs::updated_at.eq(at.0),
    );
    on!(db, |c| diesel::update(target).set(change).execute(c))?;
    Ok(())
}

/// Whether a job was hastened since it was claimed.
pub fn was_hastened(db: &mut Db<'_>, job: &JobRow) -> StoreResult<bool> {
    let due_at: Option<i64> = on!(db, |c| jobs::table
        .find(&job.id)
        .select(jobs::due_at)
        .get_result(c)
        .optional())?;
    Ok(due_at.is_some_and(|due_at| due_at > job.due_at))
}

/// Whether the order has a push newer than `job`. Their times strictly increase within an order; their ids
/// do not, for they are drawn before the transaction that decides which comes first.
pub fn has_newer(db: &mut Db<'_>, job: &JobRow) -> StoreResult<bool> {
    let newer = jobs::table
        .filter(jobs::target_id.eq(&job.target_id))
        .filter(jobs::kind.eq(JobKind::Push.as_str()))
        .filter(jobs::created_at.gt(job.created_at))
        .select(jobs::id);
    let newer: Option<String> = on!(db, |c| newer.first(c).optional())?;
    Ok(newer.is_some())
}

/// Whether the ATS has called the order off since this push was queued.
pub fn is_called_off(db: &mut Db<'_>, job: &JobRow) -> StoreResult<bool> {
    let cancelled_at: Option<Option<i64>> = on!(db, |c| orders::table
        .find(&job.target_id)
        .filter(orders::project_id.eq(&job.project_id))
        .select(orders::cancelled_at)
        .get_result(c)
        .optional())?;
    Ok(cancelled_at
        .flatten()
        .is_some_and(|cancelled_at| job.created_at < cancelled_at))
}
