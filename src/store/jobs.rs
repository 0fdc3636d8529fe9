//! The outbox: jobs that the worker claims under a lease, and the attempts made at them.

use super::engine::{Db, StoreResult, on, word};
use super::schema::{attempts, jobs};
use crate::domain::id::ProjectId;
use crate::domain::timestamp::Timestamp;
use crate::store::Page;
use diesel::dsl::{exists, min, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;

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
}

/// A job as stored.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = jobs)]
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
#[diesel(table_name = attempts)]
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
    /// Claimed too often: taken out instead.
    pub quarantined: Vec<JobRow>,
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
    /// The try that was made.
    pub attempt: AttemptRow,
}

/// Adds a job.
pub fn insert(db: &mut Db<'_>, row: &JobRow) -> StoreResult<()> {
    on!(db, c => diesel::insert_into(jobs::table).values(row).execute(c))?;
    Ok(())
}

/// Leases up to `limit` jobs that are due. At most one push of an order is leased at a time.
///
/// The words for the status stand in the SQL itself: SQLite uses a partial index only where it can see that
/// the query is about the same rows.
pub fn claim(db: &mut Db<'_>, now: Timestamp, limit: i64, lease_until: Timestamp) -> StoreResult<Claimed> {
    let expired = jobs::table
        .filter(sql::<Bool>("jobs.status = 'sending'"))
        .filter(jobs::leased_until.le(now.0));
    on!(db, c => diesel::update(expired).set(jobs::status.eq("pending")).execute(c))?;

    let siblings = diesel::alias!(jobs as siblings);
    let another_is_sent = siblings
        .filter(siblings.field(jobs::target_id).eq(jobs::target_id))
        .filter(siblings.field(jobs::kind).eq("push"))
        .filter(siblings.field(jobs::status).eq("sending"));
    let due = jobs::table
        .filter(sql::<Bool>("jobs.status = 'pending'"))
        .filter(jobs::due_at.le(now.0))
        .filter(jobs::kind.eq("delivery").or(not(exists(another_is_sent))))
        .order(jobs::due_at.asc())
        .limit(limit)
        .select(JobRow::as_select());
    let due: Vec<JobRow> = on!(db, c => due.load(c))?;

    let (quarantined, mut claimed): (Vec<_>, Vec<_>) =
        due.into_iter().partition(|job| job.claims >= MAX_CLAIMS);
    let ids = |jobs: &[JobRow]| jobs.iter().map(|job| job.id.clone()).collect::<Vec<_>>();
    if !quarantined.is_empty() {
        let target = jobs::table.filter(jobs::id.eq_any(ids(&quarantined)));
        let change = (
            jobs::status.eq("quarantined"),
            jobs::last_error.eq("taken out: claimed too often without an outcome"),
            jobs::updated_at.eq(now.0),
        );
        on!(db, c => diesel::update(target).set(change).execute(c))?;
    }
    if !claimed.is_empty() {
        let target = jobs::table.filter(jobs::id.eq_any(ids(&claimed)));
        let change = (
            jobs::status.eq("sending"),
            jobs::leased_until.eq(lease_until.0),
            jobs::fence.eq(jobs::fence + 1),
            jobs::claims.eq(jobs::claims + 1),
        );
        on!(db, c => diesel::update(target).set(change).execute(c))?;
        for job in &mut claimed {
            job.fence += 1;
        }
    }
    let next = jobs::table
        .filter(sql::<Bool>("jobs.status = 'pending'"))
        .select(min(jobs::due_at));
    let next_due: Option<i64> = on!(db, c => next.get_result(c))?;
    Ok(Claimed {
        jobs: claimed,
        quarantined,
        next_due: next_due.map(Timestamp),
    })
}

/// Writes the outcome of a lease. False where the lease was lost meanwhile: then nothing is written.
pub fn finish(db: &mut Db<'_>, finished: &Finished) -> StoreResult<bool> {
    let job = &finished.job;
    let target = jobs::table
        .find(&job.id)
        .filter(jobs::fence.eq(job.fence))
        .filter(jobs::status.eq(JobStatus::Sending.as_str()));
    let change = (
        jobs::status.eq(finished.status.as_str()),
        jobs::due_at.eq(finished.due_at.0),
        jobs::leased_until.eq(None::<i64>),
        jobs::claims.eq(0),
        jobs::tries.eq(job.tries + 1),
        jobs::last_status.eq(finished.attempt.status),
        jobs::last_error.eq(finished.attempt.error.as_deref()),
        jobs::updated_at.eq(finished.attempt.at),
    );
    let changed = on!(db, c => diesel::update(target).set(change).execute(c))?;
    if changed == 0 {
        return Ok(false);
    }
    on!(db, c => diesel::insert_into(attempts::table).values(&finished.attempt).execute(c))?;
    Ok(true)
}

/// At a start of the one process on the embedded engine, no worker can be alive: frees all leases.
pub fn free_leases(db: &mut Db<'_>) -> StoreResult<usize> {
    let target = jobs::table.filter(sql::<Bool>("jobs.status = 'sending'"));
    let change = (jobs::status.eq("pending"), jobs::leased_until.eq(None::<i64>));
    Ok(on!(db, c => diesel::update(target).set(change).execute(c))?)
}

/// A newer revision takes the place of every push of the order that nobody has begun to send.
pub fn supersede_pushes(db: &mut Db<'_>, project: &str, order: &str, at: Timestamp) -> StoreResult<()> {
    let target = jobs::table
        .filter(jobs::project_id.eq(project))
        .filter(jobs::target_id.eq(order))
        .filter(jobs::kind.eq(JobKind::Push.as_str()))
        .filter(jobs::status.eq(JobStatus::Pending.as_str()));
    let change = (
        jobs::status.eq(JobStatus::Superseded.as_str()),
        jobs::updated_at.eq(at.0),
    );
    on!(db, c => diesel::update(target).set(change).execute(c))?;
    Ok(())
}

/// Whether the order has a push newer than `job`.
pub fn has_newer_push(db: &mut Db<'_>, job: &JobRow) -> StoreResult<bool> {
    let newer = jobs::table
        .filter(jobs::target_id.eq(&job.target_id))
        .filter(jobs::kind.eq(JobKind::Push.as_str()))
        .filter(jobs::id.gt(&job.id))
        .select(jobs::id);
    let newer: Option<String> = on!(db, c => newer.first(c).optional())?;
    Ok(newer.is_some())
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
