//! The outbox as the vendor sees it: deliveries and pushes, their tries, and another try.

use super::context::Exchange;
use super::write::Write;
use crate::domain::id::{DeliveryId, OrderId, ProjectId, PushId, WebhookId};
use crate::domain::problem::{ErrorCode, Problem};
use crate::store::jobs::{self, Filter, JobKind, JobRow, JobStatus};
use crate::store::request_logs::{self, RequestLogRow};
use crate::store::{Page, StoreError, pushes, sequences, webhooks};

/// A job with its tries.
pub struct ShownJob {
    /// The row.
    pub row: JobRow,
    /// The tries, the first one first.
    pub attempts: Vec<RequestLogRow>,
}

impl Exchange {
    /// A page of deliveries or pushes, newest first.
    pub async fn list_jobs(
        &self,
        project: &ProjectId,
        kind: JobKind,
        filter: Filter,
        page: Page,
    ) -> Result<Vec<JobRow>, Problem> {
        let known = match (&filter.target, kind) {
            (None, _) => true,
            (Some(id), JobKind::Delivery) => WebhookId::parse(id).is_some(),
            (Some(id), JobKind::Push) => OrderId::parse(id).is_some(),
        };
        if !known {
            return Ok(Vec::new());
        }
        let project = project.clone();
        self.store
            .read(move |db| jobs::list(db, &project, kind, &filter, &page).map_err(Problem::from))
            .await
    }

    /// One delivery or push with its tries.
    pub async fn get_job(&self, project: &ProjectId, kind: JobKind, id: &str) -> Result<ShownJob, Problem> {
        let id = checked_id(kind, id)?;
        let project = project.clone();
        let shown = self.store.read(move |db| {
            let Some(row) = jobs::find(db, &project, kind, &id)? else {
                return Ok(None);
            };
            let attempts = request_logs::tries(db, &project, &row.id)?;
            Ok::<_, StoreError>(Some(ShownJob { row, attempts }))
        });
        shown.await?.ok_or_else(|| unknown(kind))
    }

    /// Starts a job's schedule anew: the same event to the same endpoint, the same revision to the same ATS.
    pub async fn retry_job(&self, write: &Write, kind: JobKind, id: &str) -> Result<JobRow, Problem> {
        let id = checked_id(kind, id)?;
        let (project, at) = (write.project.clone(), self.ambient.now());
        let retried = self.write_once(write, move |db| {
            let row = jobs::find(db, &project, kind, &id)?.ok_or_else(|| unknown(kind))?;
            let mut to = JobStatus::Pending;
            match kind {
                JobKind::Push if pushes::has_newer(db, &row)? => {
                    return Err(Problem::of(ErrorCode::Superseded));
                }
                JobKind::Push if pushes::is_called_off(db, &row)? => {
                    return Err(Problem::of(ErrorCode::OrderCancelled));
                }
                JobKind::Push => {}
                JobKind::Delivery => {
                    webhooks::lock(db, &row.target_id)?;
                    let endpoint = webhooks::with_ids(db, std::slice::from_ref(&row.target_id))?;
                    let endpoint = endpoint
                        .first()
                        .ok_or_else(|| Problem::not_found("webhook any more"))?;
                    if !endpoint.enabled {
                        to = JobStatus::Paused;
                    }
                    if endpoint.in_order {
                        to = sequences::re_enter(db, &row, to)?;
                    }
                }
            }
            if !jobs::restart(db, &row, to, at)? {
                return Err(Problem::of(ErrorCode::InFlight));
            }
            jobs::find(db, &project, kind, &id)?.ok_or_else(|| unknown(kind))
        });
        let retried = retried.await?;
        self.wake.wake();
        Ok(retried)
    }
}

fn checked_id(kind: JobKind, id: &str) -> Result<String, Problem> {
    let known = match kind {
        JobKind::Delivery => DeliveryId::parse(id).is_some(),
        JobKind::Push => PushId::parse(id).is_some(),
    };
    known.then(|| id.to_owned()).ok_or_else(|| unknown(kind))
}

fn unknown(kind: JobKind) -> Problem {
    Problem::not_found(kind.as_str())
}
