//! Starts the outbox, and turns what it has to say into events.

use super::context::Exchange;
use super::events::{News, prepare, publish};
use super::orders::modified;
use crate::ambient::Ambient;
use crate::crypto::Vault;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{OrderId, ProjectId};
use crate::domain::timestamp::Timestamp;
use crate::outbox::announcer::{Announcement, Announcer};
use crate::outbox::{Large, Outbox, Running};
use crate::providers::registry;
use crate::store::jobs::JobRow;
use crate::store::{Db, StoreError, StoreResult, claims, events, orders};
use serde::Serialize;
use serde_json::json;
use std::sync::Arc;

impl Exchange {
    /// Starts sending what is due.
    pub async fn start_outbox(&self) -> Result<Running, StoreError> {
        let ownership = self.store.own()?;
        // Nobody else is alive on an embedded database, so every lease that is left is one of a process that died.
        if !self.store.is_shared() {
            let freed = self.store.write(claims::free_leases).await?;
            if freed > 0 {
                tracing::info!(freed, "jobs of a process that ended are due again");
            }
        }
        let outbox = Outbox {
            store: self.store.clone(),
            vault: self.vault.clone(),
            ambient: Arc::clone(&self.ambient),
            client: self.client.clone(),
            announcer: Arc::new(Announcing::new(self.vault.clone(), Arc::clone(&self.ambient))),
            public_url: Arc::clone(&self.public_url),
            metrics: Arc::clone(&self.metrics),
            wake: self.wake.clone(),
            large: Large::default(),
            ownership,
        };
        outbox.start(&self.shortcut)
    }
}

/// Turns what the outbox has to say into events.
pub struct Announcing {
    vault: Vault,
    ambient: Arc<dyn Ambient>,
}

impl Announcing {
    /// An announcer that seals with `vault`.
    pub fn new(vault: Vault, ambient: Arc<dyn Ambient>) -> Self {
        Self { vault, ambient }
    }

    /// An ATS that does not read results by itself has seen a final one once the push of it has arrived.
    fn tell_seen(&self, db: &mut Db<'_>, job: &JobRow) -> StoreResult<()> {
        let (project, order) = (ProjectId::parse(&job.project_id), OrderId::parse(&job.target_id));
        let Some((project, order)) = project.zip(order) else {
            return Ok(());
        };
        let pushed = orders::revision(db, &project, &job.subject_id)?;
        let Some(status) = pushed.map(|revision| revision.status()).transpose()? else {
            return Ok(());
        };
        if !status.is_final() {
            return Ok(());
        }
        let Some(row) = orders::with_id(db, project.as_str(), order.as_str())? else {
            return Ok(());
        };
        let (account, _) = orders::placed_through(db, &row)?;
        if registry::find(&account.provider).is_some_and(|one| one.descriptor().reads_status) {
            return Ok(());
        }
        // With its record, which may be large, only where the vendor is to be told.
        let Some((order, record_sealed)) = orders::find(db, &project, &order)? else {
            return Ok(());
        };
        let event = modified(&self.vault, self.ambient.as_ref(), &order, &record_sealed, status)
            .map_err(|problem| StoreError::Defect(problem.to_string()))?;
        let at = Timestamp(event.created_at);
        if orders::mark_final_seen(db, &order.project_id, &order.id, at)? {
            publish(db, self.ambient.as_ref(), &event)?;
        }
        Ok(())
    }

    fn tell<Data: Serialize>(&self, db: &mut Db<'_>, news: News<'_, Data>) -> StoreResult<()> {
        let event = prepare(&self.vault, self.ambient.as_ref(), news)
            .map_err(|error| StoreError::Defect(error.to_string()))?;
        publish(db, self.ambient.as_ref(), &event).map(|_| ())
    }
}

impl Announcer for Announcing {
    fn announce(&self, db: &mut Db<'_>, job: &JobRow, what: Announcement<'_>) -> StoreResult<()> {
        let news = |event_type, record_id, category, account, data_key, data| News {
            project: &job.project_id,
            event_type,
            record_id,
            account,
            category,
            data_key,
            data,
            at: self.ambient.now(),
        };
        match what {
            Announcement::DeliveryEnded { reason } => {
                let found = events::with_ids(db, std::slice::from_ref(&job.subject_id))?;
                let about = found.first().filter(|event| {
                    // Only about records: a failing endpoint that hears of its own failures would fail for ever.
                    EventType::parse(&event.event_type).is_some_and(EventType::is_record)
                });
                let Some(about) = about else { return Ok(()) };
                let category = about.category.as_deref().and_then(Category::parse);
                let data = json!({
                    "id": job.id, "eventId": job.subject_id, "webhookId": job.target_id, "reason": reason,
                });
                let account = about.account_id.as_deref();
                self.tell(
                    db,
                    news(
                        EventType::DeliveryExhausted,
                        &job.id,
                        category,
                        account,
                        "delivery",
                        data,
                    ),
                )
            }
            Announcement::PushArrived => self.tell_seen(db, job),
            Announcement::PushEnded { reason } => {
                let order = orders::with_id(db, &job.project_id, &job.target_id)?;
                let category = order.as_ref().and_then(|order| Category::parse(&order.category));
                let account = order.as_ref().map(|order| order.account_id.as_str());
                let data = json!({
                    "id": job.id, "orderId": job.target_id, "revisionId": (job.subject_id != job.target_id).then_some(&job.subject_id), "reason": reason,
                });
                self.tell(
                    db,
                    news(
                        EventType::PushRejected,
                        &job.target_id,
                        category,
                        account,
                        "push",
                        data,
                    ),
                )
            }
            Announcement::WebhookDisabled => {
                let data = json!({"id": job.target_id, "reason": "it answered 410"});
                self.tell(
                    db,
                    news(
                        EventType::WebhookDisabled,
                        &job.target_id,
                        None,
                        None,
                        "webhook",
                        data,
                    ),
                )
            }
        }
    }
}
