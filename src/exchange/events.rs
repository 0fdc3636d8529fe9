//! Events: making them, queueing them for whoever subscribes, and looking at them again.

use super::context::{Exchange, defect};
use super::write::Write;
use crate::ambient::Ambient;
use crate::crypto::{Place, Vault};
use crate::domain::category::Category;
use crate::domain::event::{Event, EventType};
use crate::domain::id::{DeliveryId, EventId, ProjectId};
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use crate::outbox::Departing;
use crate::store::events::{EventHead, EventRow};
use crate::store::jobs::{self, JobRow, JobStatus};
use crate::store::webhooks::Subscriber;
use crate::store::{Db, Page, StoreResult, events, sequences, webhooks};
use serde::Serialize;
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

/// Something that happened, before it is an event.
pub(super) struct News<'a, Data> {
    pub project: &'a str,
    pub event_type: EventType,
    pub record_id: &'a str,
    pub account: Option<&'a str>,
    pub category: Option<Category>,
    pub data_key: &'a str,
    pub data: Data,
    pub at: Timestamp,
}

/// Renders and seals an event. From here on its bytes are fixed.
pub(super) fn prepare<Data: Serialize>(
    vault: &Vault,
    ambient: &dyn Ambient,
    news: News<'_, Data>,
) -> Result<EventRow, serde_json::Error> {
    let id = EventId::new(ambient.uuid());
    let event = Event {
        event_type: news.event_type.as_str(),
        id: &id,
        record_id: news.record_id,
        category: news.category,
        at: news.at,
        data_key: news.data_key,
        data: news.data,
    };
    let bytes = event.render()?;
    let place = Place {
        project: news.project,
        table: "events",
        column: "body",
        row: id.as_str(),
    };
    Ok(EventRow {
        body_sealed: vault.seal(place, &bytes),
        id: id.as_str().to_owned(),
        project_id: news.project.to_owned(),
        event_type: news.event_type.as_str().to_owned(),
        record_id: news.record_id.to_owned(),
        account_id: news.account.map(str::to_owned),
        category: news.category.map(|category| category.as_str().to_owned()),
        created_at: news.at.0,
    })
}

/// Stores an event with a delivery to each endpoint that wants it; a disabled one keeps its queue.
pub(super) fn publish(db: &mut Db<'_>, ambient: &dyn Ambient, event: &EventRow) -> StoreResult<()> {
    publish_all(db, ambient, &[event], None)
}

/// Stores events, each about another record, as [`publish`] does; their deliveries are `departing`, where that is given.
pub(super) fn publish_all(
    db: &mut Db<'_>,
    ambient: &dyn Ambient,
    all: &[&EventRow],
    mut departing: Option<&mut Departing>,
) -> StoreResult<()> {
    events::insert_all(db, all)?;
    let mut known = HashMap::new();
    let mut deliveries = Vec::with_capacity(all.len());
    for event in all {
        let kind = (&event.project_id, &event.event_type, &event.category);
        let subscribers = match known.entry(kind) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(subscribers(db, &event.head(), |_| true)?),
        };
        for subscriber in subscribers {
            let at = Timestamp(event.created_at);
            let mut job = delivery(db, ambient, &event.head(), subscriber, at)?;
            if let Some(departing) = &mut departing {
                departing.deliver(&mut job, subscriber, at);
            }
            deliveries.push(job);
        }
    }
    jobs::insert_all(db, &deliveries.iter().collect::<Vec<_>>())
}

/// Queues an event for those of its subscribers that `is_meant` names by their ids. Returns for how many.
pub(super) fn queue(
    db: &mut Db<'_>,
    ambient: &dyn Ambient,
    event: &EventHead,
    at: Timestamp,
    is_meant: impl Fn(&str) -> bool,
) -> StoreResult<usize> {
    let subscribers = subscribers(db, event, is_meant)?;
    for subscriber in &subscribers {
        let job = delivery(db, ambient, event, subscriber, at)?;
        jobs::insert(db, &job)?;
    }
    Ok(subscribers.len())
}

/// Those of an event's subscribers that `is_meant` names by their ids, as they stand until the transaction ends.
fn subscribers(
    db: &mut Db<'_>,
    event: &EventHead,
    is_meant: impl Fn(&str) -> bool,
) -> StoreResult<Vec<Subscriber>> {
    let (kind, category) = (&event.event_type, event.category.as_deref());
    let subscribed = webhooks::subscribed(db, &event.project_id, kind, category)?;
    let mut settled = Vec::with_capacity(subscribed.len());
    for subscriber in subscribed.into_iter().filter(|one| is_meant(&one.endpoint.id)) {
        settled.extend(webhooks::settle(db, subscriber)?);
    }
    Ok(settled)
}

/// The delivery of an event to a subscriber, which is to be stored.
fn delivery(
    db: &mut Db<'_>,
    ambient: &dyn Ambient,
    event: &EventHead,
    subscriber: &Subscriber,
    at: Timestamp,
) -> StoreResult<JobRow> {
    let id = DeliveryId::new(ambient.uuid());
    let endpoint = &subscriber.endpoint;
    let mut job = JobRow::delivery(&id, event, &endpoint.id, at);
    if !endpoint.enabled {
        job.status = JobStatus::Paused.as_str().to_owned();
    }
    if endpoint.in_order {
        sequences::enter(db, &mut job, &event.record_id)?;
    }
    Ok(job)
}

/// An event with its bytes.
pub struct ShownEvent {
    /// The row.
    pub row: EventRow,
    /// What was or will be sent.
    pub body: Box<RawValue>,
}

/// Which events to list.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only of this type.
    pub event_type: Option<EventType>,
    /// Only about this record.
    pub record_id: Option<String>,
}

impl Exchange {
    /// A page of a project's events, newest first.
    pub async fn list_events(
        &self,
        project: &ProjectId,
        filter: EventFilter,
        page: Page,
    ) -> Result<Vec<ShownEvent>, Problem> {
        let project = project.clone();
        let rows = self
            .store
            .read(move |db| {
                let (event_type, record) = (
                    filter.event_type.map(EventType::as_str),
                    filter.record_id.as_deref(),
                );
                events::list(db, &project, event_type, record, &page).map_err(Problem::from)
            })
            .await?;
        rows.into_iter().map(|row| self.show_event(row)).collect()
    }

    /// One event.
    pub async fn get_event(&self, project: &ProjectId, id: &str) -> Result<ShownEvent, Problem> {
        let row = self.find_event(project, id).await?;
        self.show_event(row)
    }

    /// Sends an event again, to all endpoints that subscribe now. Returns to how many.
    pub async fn replay_event(&self, write: &Write, id: &str) -> Result<usize, Problem> {
        let row = self.find_event(&write.project, id).await?;
        let (ambient, at) = (Arc::clone(&self.ambient), self.ambient.now());
        let queued = self
            .write_once(write, move |db| {
                queue(db, ambient.as_ref(), &row.head(), at, |_| true).map_err(Problem::from)
            })
            .await?;
        self.wake.wake();
        Ok(queued)
    }

    async fn find_event(&self, project: &ProjectId, id: &str) -> Result<EventRow, Problem> {
        let (Some(id), project) = (EventId::parse(id), project.clone()) else {
            return Err(Problem::not_found("event"));
        };
        let row = self
            .store
            .read(move |db| events::find(db, &project, &id).map_err(Problem::from))
            .await?;
        row.ok_or_else(|| Problem::not_found("event"))
    }

    fn show_event(&self, row: EventRow) -> Result<ShownEvent, Problem> {
        let place = Place {
            project: &row.project_id,
            table: "events",
            column: "body",
            row: &row.id,
        };
        let body = self.vault.open(place, &row.body_sealed)?;
        let text = String::from_utf8(body).map_err(|_| Problem::of(ErrorCode::Internal))?;
        let body = RawValue::from_string(text).map_err(|error| defect(&error))?;
        Ok(ShownEvent { row, body })
    }
}
