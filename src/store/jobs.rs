//! The outbox: jobs that the worker claims under a lease, and the attempts made at them.

use super::engine::{Db, StoreResult, clock, on, word};
use super::schema::{attempts, jobs};
use crate::domain::id::ProjectId;
use crate::domain::timestamp::Timestamp;
use crate::store::Page;
use diesel::dsl::{exists, min, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use std::collections::HashMap;

/// After so many claims without an outcome a job is taken out, so that it cannot kill workers for ever.
pub const MAX_CLAIMS: i64 = 20;

/// What kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobKind {
    /// An event on its way to a webhook.
    Delivery,
    /// A revision on its way to an ATS.
    Push,
}

impl JobKind {
    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Delivery => "delivery",
            Self::Push => "push",
        }
    }
}

/// Where a job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobStatus {
    /// Waits for its time.
    Pending,
    /// Waits for its endpoint to be enabled again.
    Paused,
    /// Leased to a worker.
    Sending,
    /// Arrived.
    Succeeded,
    /// Had its last try; kept, can be retried.
    Exhausted,
    /// Refused for good; kept, can be retried.
    Rejected,
    /// A newer revision took its place.
    Superseded,
    /// Claimed too often without an outcome; kept, can be retried.
    Quarantined,
}

impl JobStatus {
    const ALL: [Self; 8] = [
        Self::Pending,
        Self::Paused,
        Self::Sending,
        Self::Succeeded,
        Self::Exhausted,
        Self::Rejected,
        Self::Superseded,
        Self::Quarantined,
    ];

    /// The stored word, which is also the wire name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Paused => "paused",
            Self::Sending => "sending",
            Self::Succeeded => "succeeded",
            Self::Exhausted => "exhausted",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
            Self::Quarantined => "quarantined",
        }
    }

    /// The status that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A job as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = jobs, treat_none_as_default_value = false)]
pub struct JobRow {
    /// Id.
    pub id: String,
    /// Owner.
    pub project_id: String,
    /// `delivery` or `push`.
    pub kind: String,
    /// The event or the revision.
    pub subject_id: String,
    /// The webhook or the order.
    pub target_id: String,
    /// Where it stands.
    pub status: String,
    /// Not before.
    pub due_at: i64,
    /// Until when a worker may be at it.
    pub leased_until: Option<i64>,
    /// Counts the leases; an outcome counts only under the newest.
    pub fence: i64,
    /// Claims without an outcome so far.
    pub claims: i64,
    /// Tries so far.
    pub tries: i64,
    /// The HTTP status of the last try.
    pub last_status: Option<i64>,
    /// What was wrong with the last try.
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: i64,
    /// When it last changed.
    pub updated_at: i64,
}

impl JobRow {
    /// A job that is due at once (or paused with its endpoint).
    pub fn new(kind: JobKind, id: &str, project: &str, subject: &str, target: &str, at: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            project_id: project.to_owned(),
            kind: kind.as_str().to_owned(),
            subject_id: subject.to_owned(),
            target_id: target.to_owned(),
            status: JobStatus::Pending.as_str().to_owned(),
            due_at: at.0,
            leased_until: None,
            fence: 0,
            claims: 0,
            tries: 0,
            last_status: None,
            last_error: None,
            created_at: at.0,
            updated_at: at.0,
        }
    }

    /// The kind column, read.
    pub fn kind(&self) -> StoreResult<JobKind> {
        let kinds = [JobKind::Delivery, JobKind::Push];
        word(
            kinds.into_iter().find(|kind| kind.as_str() == self.kind),
            "jobs.kind",
        )
    }

    /// The status column, read.
    pub fn status(&self) -> StoreResult<JobStatus> {
        word(
            JobStatus::ALL
                .into_iter()
                .find(|status| status.as_str() == self.status),
            "jobs.status",
        )
    }
}

/// One HTTP try.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = attempts, treat_none_as_default_value = false)]
pub struct AttemptRow {
    /// Of which job.
    pub job_id: String,
    /// Under which lease.
    pub fence: i64,
    /// When it began.
    pub at: i64,
    /// How long it took.
    pub duration_ms: i64,
    /// HTTP status, where an answer came.
    pub status: Option<i64>,
    /// What was wrong.
    pub error: Option<String>,
}

/// What a worker may now send.
pub struct Claimed {
    /// Leased to the caller, their fences raised.
    pub jobs: Vec<JobRow>,
    /// When the next job falls due.
    pub next_due: Option<Timestamp>,
}

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
    pub attempt: Option<AttemptRow>,
    /// Why it stands there, where no try says so.
    pub reason: Option<&'static str>,
}

/// Adds a job.
pub fn insert(db: &mut Db<'_>, row: &JobRow) -> StoreResult<()> {
    on!(db, c => diesel::insert_into(jobs::table).values(row).execute(c))?;
    Ok(())
}

/// A lane may hold so many times as many seats as are left free: one that hangs takes no more than two
/// thirds of all, a second one two thirds of the rest, and so on, and a lone one is hardly slowed.
const GREED: i64 = 2;

/// How many sends are under way in each lane: an endpoint's deliveries, or all pushes together.
pub type Lanes = HashMap<String, i64>;

/// The lane in which a job is sent.
pub fn lane(job: &JobRow) -> &str {
    if job.kind == JobKind::Push.as_str() {
        JobKind::Push.as_str()
    } else {
        &job.target_id
    }
}

/// Leases up to `limit` jobs that are due at `now`, for `lease_ms` by the database's clock. At most one push
/// of an order is leased at a time, and no lane gets so much that the others have to wait for it.
pub fn claim(
    db: &mut Db<'_>,
    now: Timestamp,
    limit: i64,
    lease_ms: i64,
    mut under_way: Lanes,
) -> StoreResult<Claimed> {
    let clock = clock(db)?;
    end_leases(db, clock)?;
    let lease_until = clock.saturating_add(lease_ms);
    let mut claimed = Vec::new();
    let mut free = limit;
    while free > 0 {
        let full = under_way.iter().filter(|(_, count)| **count >= GREED * free);
        let full: Vec<String> = full.map(|(lane, _)| lane.clone()).collect();
        let due = due(db, now, free, &full)?;
        let found = due.len();
        let mut taken: Vec<JobRow> = Vec::with_capacity(found);
        for job in due {
            let count = under_way.entry(lane(&job).to_owned()).or_default();
            if *count < GREED * free {
                *count += 1;
                free -= 1;
                taken.push(job);
            }
        }
        lease(db, &mut taken, lease_until)?;
        let all_taken = taken.len() == found;
        claimed.append(&mut taken);
        if all_taken {
            break;
        }
    }
    let next = jobs::table
        .filter(sql::<Bool>("jobs.status = 'pending'"))
        .select(min(jobs::due_at));
    let next_due: Option<i64> = on!(db, c => next.get_result(c))?;
    Ok(Claimed {
        jobs: claimed,
        next_due: next_due.map(Timestamp),
    })
}

/// Up to `limit` jobs that are due, the longest first, none of a lane that is `full`.
///
/// The words for the status stand in the SQL itself: SQLite uses a partial index only where it can see that
/// the query is about the same rows.
fn due(db: &mut Db<'_>, now: Timestamp, limit: i64, full: &[String]) -> StoreResult<Vec<JobRow>> {
    let siblings = diesel::alias!(jobs as siblings);
    let another_is_sent = siblings
        .filter(siblings.field(jobs::target_id).eq(jobs::target_id))
        .filter(siblings.field(jobs::kind).eq("push"))
        .filter(siblings.field(jobs::status).eq("sending"));
    let pushes_may = !full.iter().any(|lane| lane == JobKind::Push.as_str());
    let query = jobs::table
        .filter(sql::<Bool>("jobs.status = 'pending'"))
        .filter(jobs::due_at.le(now.0))
        .filter(jobs::target_id.ne_all(full))
        .filter(
            jobs::kind
                .eq("delivery")
                .or(pushes_may.into_sql::<Bool>().and(not(exists(another_is_sent)))),
        )
        .order(jobs::due_at.asc())
        .limit(limit)
        .select(JobRow::as_select());
    Ok(on!(db, c => query.load(c))?)
}

fn lease(db: &mut Db<'_>, taken: &mut [JobRow], until: i64) -> StoreResult<()> {
    if taken.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = taken.iter().map(|job| job.id.as_str()).collect();
    let target = jobs::table.filter(jobs::id.eq_any(ids));
    let change = (
        jobs::status.eq("sending"),
        jobs::leased_until.eq(until),
        jobs::fence.eq(jobs::fence + 1),
        jobs::claims.eq(jobs::claims + 1),
    );
    on!(db, c => diesel::update(target).set(change).execute(c))?;
    for job in taken {
        job.fence += 1;
    }
    Ok(())
}

/// Writes the outcome of a lease. False where the lease was lost meanwhile: then nothing is written.
pub fn finish(db: &mut Db<'_>, finished: &Finished) -> StoreResult<bool> {
    let job = &finished.job;
    let target = jobs::table
        .find(&job.id)
        .filter(jobs::fence.eq(job.fence))
        .filter(jobs::status.eq(JobStatus::Sending.as_str()));
    let (made, last_status, last_error) = match &finished.attempt {
        Some(attempt) => (1, attempt.status, attempt.error.as_deref()),
        None => (0, job.last_status, finished.reason.or(job.last_error.as_deref())),
    };
    let change = (
        jobs::status.eq(finished.status.as_str()),
        jobs::due_at.eq(finished.due_at.0),
        jobs::leased_until.eq(None::<i64>),
        jobs::claims.eq(0),
        jobs::tries.eq(job.tries + made),
        jobs::last_status.eq(last_status),
        jobs::last_error.eq(last_error),
        jobs::updated_at.eq(finished.at.0),
    );
    let changed = on!(db, c => diesel::update(target).set(change).execute(c))?;
    if changed == 0 {
        return Ok(false);
    }
    if let Some(attempt) = &finished.attempt {
        on!(db, c => diesel::insert_into(attempts::table).values(attempt).execute(c))?;
    }
    Ok(true)
}

/// At a start of the one process on the embedded engine, no worker can be alive: frees all leases.
pub fn free_leases(db: &mut Db<'_>) -> StoreResult<usize> {
    end_leases(db, i64::MAX)
}

/// Takes back the leases that ended by `until` without an outcome. What they were for is due again, save a
/// push whose order has a newer one: sent after it, or beside it, it would undo what the ATS shows.
fn end_leases(db: &mut Db<'_>, until: i64) -> StoreResult<usize> {
    let ended = || {
        jobs::table
            .filter(sql::<Bool>("jobs.status = 'sending'"))
            .filter(jobs::leased_until.le(until))
    };
    let newer = diesel::alias!(jobs as newer);
    let has_newer = newer
        .filter(newer.field(jobs::target_id).eq(jobs::target_id))
        .filter(newer.field(jobs::kind).eq("push"))
        .filter(newer.field(jobs::created_at).gt(jobs::created_at));
    let outdated = ended().filter(jobs::kind.eq("push")).filter(exists(has_newer));
    let freed = (jobs::status.eq("superseded"), jobs::leased_until.eq(None::<i64>));
    let superseded = on!(db, c => diesel::update(outdated).set(freed).execute(c))?;
    let freed = (jobs::status.eq("pending"), jobs::leased_until.eq(None::<i64>));
    Ok(superseded + on!(db, c => diesel::update(ended()).set(freed).execute(c))?)
}

/// Moves every job of a target from one status to another.
pub fn move_all(
    db: &mut Db<'_>,
    project: &str,
    target: &str,
    from: &[JobStatus],
    to: JobStatus,
    error: Option<&str>,
    at: Timestamp,
) -> StoreResult<()> {
    let from: Vec<_> = from.iter().map(|status| status.as_str()).collect();
    let target = jobs::table
        .filter(jobs::project_id.eq(project))
        .filter(jobs::target_id.eq(target))
        .filter(jobs::status.eq_any(from));
    let status = jobs::status.eq(to.as_str());
    match error {
        Some(error) => {
            let change = (status, jobs::last_error.eq(error), jobs::updated_at.eq(at.0));
            on!(db, c => diesel::update(target).set(change).execute(c))?;
        }
        None => {
            let change = (status, jobs::updated_at.eq(at.0));
            on!(db, c => diesel::update(target).set(change).execute(c))?;
        }
    }
    Ok(())
}

/// Gives a job a fresh schedule, beginning now.
pub fn restart(db: &mut Db<'_>, job: &JobRow, to: JobStatus, at: Timestamp) -> StoreResult<()> {
    let target = jobs::table
        .find(&job.id)
        .filter(jobs::project_id.eq(&job.project_id));
    let change = (
        jobs::status.eq(to.as_str()),
        jobs::due_at.eq(at.0),
        jobs::claims.eq(0),
        jobs::tries.eq(0),
        jobs::updated_at.eq(at.0),
    );
    on!(db, c => diesel::update(target).set(change).execute(c))?;
    Ok(())
}

/// The job of that kind and id, in that project.
pub fn find(db: &mut Db<'_>, project: &ProjectId, kind: JobKind, id: &str) -> StoreResult<Option<JobRow>> {
    let query = jobs::table
        .find(id)
        .filter(jobs::project_id.eq(project.as_str()))
        .filter(jobs::kind.eq(kind.as_str()))
        .select(JobRow::as_select());
    Ok(on!(db, c => query.get_result(c).optional())?)
}

/// Which jobs of a kind to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only of this webhook or order.
    pub target: Option<String>,
    /// Only in this status.
    pub status: Option<String>,
}

/// A page of a project's jobs of a kind.
pub fn list(
    db: &mut Db<'_>,
    project: &ProjectId,
    kind: JobKind,
    filter: &Filter,
    page: &Page,
) -> StoreResult<Vec<JobRow>> {
    let mut query = jobs::table
        .filter(jobs::project_id.eq(project.as_str()))
        .filter(jobs::kind.eq(kind.as_str()))
        .order(jobs::id.desc())
        .limit(page.limit)
        .select(JobRow::as_select())
        .into_boxed();
    if let Some(target) = &filter.target {
        query = query.filter(jobs::target_id.eq(target));
    }
    if let Some(status) = &filter.status {
        query = query.filter(jobs::status.eq(status));
    }
    if let Some(after) = &page.after {
        query = query.filter(jobs::id.lt(after));
    }
    Ok(on!(db, c => query.load(c))?)
}

/// The tries that were made at a job, the first one first.
pub fn attempts(db: &mut Db<'_>, job: &JobRow) -> StoreResult<Vec<AttemptRow>> {
    let query = attempts::table
        .filter(attempts::job_id.eq(&job.id))
        .order(attempts::fence.asc())
        .select(AttemptRow::as_select());
    Ok(on!(db, c => query.load(c))?)
}
