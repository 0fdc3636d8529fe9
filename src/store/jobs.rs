//! The outbox: jobs. Claiming them is in `claims.rs`, what came of it in `outcomes.rs`, the tries in `request_logs.rs`.

use super::engine::{self, Db, StoreResult, on, word};
use super::events::EventHead;
use super::orders::OrderRow;
use super::schema::jobs;
use super::statement::literal;
use crate::domain::id::{DeliveryId, ProjectId, PushId};
use crate::domain::timestamp::Timestamp;
use crate::store::Page;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// All columns, each by its name: a newer process may just have added another one.
pub(super) const COLUMNS: &str = "id, project_id, kind, subject_id, target_id, status, due_at, leased_until, fence, \
                                  claims, tries, last_status, last_error, created_at, updated_at, lane, sequence, \
                                  position, skipped";

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
    /// Waits for its turn: those before it in its sequence have not ended.
    Waiting,
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
    const ALL: [Self; 9] = [
        Self::Pending,
        Self::Paused,
        Self::Waiting,
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
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Succeeded => "succeeded",
            Self::Exhausted => "exhausted",
            Self::Rejected => "rejected",
            Self::Superseded => "superseded",
            Self::Quarantined => "quarantined",
        }
    }

    /// Whether nothing more happens to it by itself.
    pub fn has_ended(self) -> bool {
        match self {
            Self::Pending | Self::Paused | Self::Waiting | Self::Sending => false,
            Self::Succeeded | Self::Exhausted | Self::Rejected | Self::Superseded | Self::Quarantined => true,
        }
    }

    /// The status that `text` names.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A job as stored.
#[derive(Clone, Debug, Queryable, QueryableByName, Selectable, Insertable, Serialize, Deserialize)]
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
    /// What shares a limit of sends at once: a webhook for deliveries, an account for pushes.
    pub lane: String,
    /// What goes one after the other: deliveries about one record to an endpoint that wants them in order.
    pub sequence: Option<String>,
    /// Its place there, 1 for the first.
    pub position: Option<i64>,
    /// It ended without success, and its sequence went on without it.
    pub skipped: bool,
}

impl JobRow {
    /// The delivery of an event to a webhook, due at once.
    pub fn delivery(id: &DeliveryId, event: &EventHead, webhook: &str, at: Timestamp) -> Self {
        let (kind, project) = (JobKind::Delivery, &event.project_id);
        Self::new(kind, id.as_str(), project, &event.id, webhook, webhook, at)
    }

    /// The push of a revision of an order, or of its placement, due at once.
    pub fn push(id: &PushId, order: &OrderRow, subject: &str, at: Timestamp) -> Self {
        let (kind, project) = (JobKind::Push, &order.project_id);
        Self::new(
            kind,
            id.as_str(),
            project,
            subject,
            &order.id,
            &order.account_id,
            at,
        )
    }

    fn new(
        kind: JobKind,
        id: &str,
        project: &str,
        subject: &str,
        target: &str,
        lane: &str,
        at: Timestamp,
    ) -> Self {
        Self {
            id: id.to_owned(),
            project_id: project.to_owned(),
            kind: kind.as_str().to_owned(),
            subject_id: subject.to_owned(),
            target_id: target.to_owned(),
            lane: lane.to_owned(),
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
            sequence: None,
            position: None,
            skipped: false,
        }
    }

    /// Whether it can be claimed at `now`, or leased as it is stored.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.status == JobStatus::Pending.as_str() && self.due_at <= now.0
    }

    /// Leases it, before it is stored, until then by the database's clock.
    pub fn lease(&mut self, until: i64) {
        self.status = JobStatus::Sending.as_str().to_owned();
        self.leased_until = Some(until);
        self.fence += 1;
        self.claims += 1;
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

/// Adds a job.
pub fn insert(db: &mut Db<'_>, row: &JobRow) -> StoreResult<()> {
    insert_all(db, &[row])
}

/// Adds jobs.
pub fn insert_all(db: &mut Db<'_>, rows: &[&JobRow]) -> StoreResult<()> {
    engine::insert_all!(
        db,
        jobs,
        rows,
        JobRow {
            id,
            project_id,
            kind,
            subject_id,
            target_id,
            status,
            due_at,
            leased_until,
            fence,
            claims,
            tries,
            last_status,
            last_error,
            created_at,
            updated_at,
            lane,
            sequence,
            position,
            skipped
        }
    );
    Ok(())
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
            on!(db, |c| diesel::update(target).set(change).execute(c))?;
        }
        None => {
            let change = (status, jobs::updated_at.eq(at.0));
            on!(db, |c| diesel::update(target).set(change).execute(c))?;
        }
    }
    Ok(())
}

/// Gives a job a fresh schedule, beginning now. False where it is being sent.
pub fn restart(db: &mut Db<'_>, job: &JobRow, to: JobStatus, at: Timestamp) -> StoreResult<bool> {
    let target = jobs::table
        .find(&job.id)
        .filter(jobs::project_id.eq(&job.project_id))
        .filter(jobs::status.ne(JobStatus::Sending.as_str()));
    let change = (
        jobs::status.eq(to.as_str()),
        jobs::due_at.eq(at.0),
        jobs::claims.eq(0),
        jobs::tries.eq(0),
        jobs::skipped.eq(false),
        jobs::updated_at.eq(at.0),
    );
    Ok(on!(db, |c| diesel::update(target).set(change).execute(c))? == 1)
}

/// The job of that kind and id, in that project.
pub fn find(db: &mut Db<'_>, project: &ProjectId, kind: JobKind, id: &str) -> StoreResult<Option<JobRow>> {
    Ok(on!(db, |c| jobs::table
        .find(id)
        .filter(jobs::project_id.eq(project.as_str()))
        .filter(jobs::kind.eq(kind.as_str()))
        .select(JobRow::as_select())
        .get_result(c)
        .optional())?)
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
    Ok(on!(db, |c| {
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
        query.load(c)
    })?)
}

/// Since when what waits longest has been due, or from when on it will be.
pub fn oldest_due(db: &mut Db<'_>) -> StoreResult<Option<Timestamp>> {
    let oldest: Option<i64> = on!(db, |c| jobs::table
        // In words, so that the index of what is due is used.
        .filter(literal::<Bool>("jobs.status = 'pending'"))
        .order(jobs::due_at)
        .select(jobs::due_at)
        .first(c)
        .optional())?;
    Ok(oldest.map(Timestamp))
}

/// Of these events, which have arrived at which endpoints.
pub fn arrived(db: &mut Db<'_>, events: &[String]) -> StoreResult<HashSet<(String, String)>> {
    let arrived: Vec<(String, String)> = on!(db, |c| jobs::table
        // In words, so that the index of what has arrived is used.
        .filter(literal::<Bool>(
            "jobs.kind = 'delivery' AND jobs.status = 'succeeded'"
        ))
        .filter(jobs::subject_id.eq_any(events))
        .select((jobs::subject_id, jobs::target_id))
        .load(c))?;
    Ok(arrived.into_iter().collect())
}
