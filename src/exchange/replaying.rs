//! Replaying a range of events, in batches: what a vendor lost is sent again.

use super::context::Exchange;
use super::events::queue;
use super::write::Write;
use crate::domain::category::Category;
use crate::domain::event::EventType;
use crate::domain::id::{EventId, ProjectId};
use crate::domain::problem::Problem;
use crate::domain::timestamp::Timestamp;
use crate::store::events::{self, EventHead, Range};
use crate::store::{Db, StoreError, StoreResult, jobs};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::sync::Arc;

/// So many events are queued in one transaction: others write in between.
const BATCH: usize = 200;
/// So many events one call goes through at most.
const MOST: usize = 10_000;

/// What to replay.
pub struct RangeReplay {
    /// Events of this time and later.
    pub since: Timestamp,
    /// Only of before this time.
    pub until: Timestamp,
    /// Only of these types; of all where there are none.
    pub event_types: Vec<EventType>,
    /// Only of these categories; of all where there are none.
    pub categories: Vec<Category>,
    /// Only to this endpoint.
    pub webhook: Option<String>,
    /// Only to endpoints at which the event has never arrived.
    pub only_failed: bool,
    /// Goes on after this event.
    pub after: Option<EventId>,
}

/// What became of a replay.
#[derive(Default, Serialize, Deserialize)]
pub struct ReplayedRange {
    /// Deliveries that were queued.
    pub queued: usize,
    /// Events that they are of.
    pub events: usize,
    /// The last event that was gone through, where there may be more after it.
    pub next: Option<String>,
}

impl Exchange {
    /// Sends the events of a range again, the oldest first, to the endpoints that subscribe to them now.
    pub async fn replay_range(&self, write: &Write, replay: RangeReplay) -> Result<ReplayedRange, Problem> {
        if let Some(replayed) = self.written_before(write).await? {
            return Ok(replayed);
        }
        if let Some(webhook) = &replay.webhook {
            self.get_webhook(&write.project, webhook).await?;
        }
        let (mut replayed, mut next) = (ReplayedRange::default(), replay.after.clone());
        let replay = Arc::new(replay);
        for _ in 0..MOST / BATCH {
            let batch = self.next_batch(&write.project, &replay, next.take()).await?;
            let is_last = batch.events.len() < BATCH;
            next = batch.events.last().and_then(|last| EventId::parse(&last.id));
            let (queued, events) = self.queue_batch(batch, &replay).await?;
            replayed.queued += queued;
            replayed.events += events;
            self.wake.wake();
            if is_last {
                next = None;
                break;
            }
        }
        replayed.next = next.map(|last| last.as_str().to_owned());
        self.write_once(write, |_| Ok(replayed)).await
    }

    async fn next_batch(
        &self,
        project: &ProjectId,
        replay: &Arc<RangeReplay>,
        after: Option<EventId>,
    ) -> StoreResult<Batch> {
        let (project, replay) = (project.clone(), Arc::clone(replay));
        let range = Range {
            since: replay.since,
            until: replay.until,
            event_types: replay.event_types.iter().map(|one| one.as_str()).collect(),
            categories: replay.categories.iter().map(|one| one.as_str()).collect(),
        };
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        let find = move |db: &mut Db<'_>| {
            let events = events::in_range(db, &project, &range, after.as_ref(), limit)?;
            let ids: Vec<String> = events.iter().map(|event| event.id.clone()).collect();
            let arrived = match replay.only_failed {
                true => jobs::arrived(db, &ids)?,
                false => HashSet::new(),
            };
            Ok(Batch { events, arrived })
        };
        self.store.read(find).await
    }

    /// Queues a batch. Returns how many deliveries, and of how many events.
    async fn queue_batch(&self, mut batch: Batch, replay: &Arc<RangeReplay>) -> StoreResult<(usize, usize)> {
        let (ambient, replay, at) = (Arc::clone(&self.ambient), Arc::clone(replay), self.ambient.now());
        let queue_all = move |db: &mut Db<'_>| {
            let (mut queued, mut events) = (0, 0);
            // Record by record, each the oldest first: sequences are entered in the order of their names.
            batch
                .events
                .sort_by(|one, other| one.record_id.cmp(&other.record_id));
            for event in &batch.events {
                let is_meant = |webhook: &str| {
                    replay.webhook.as_deref().is_none_or(|only| only == webhook)
                        && !batch.arrived.contains(&(event.id.clone(), webhook.to_owned()))
                };
                let deliveries = queue(db, ambient.as_ref(), event, at, is_meant)?;
                queued += deliveries;
                events += usize::from(deliveries > 0);
            }
            Ok::<_, StoreError>((queued, events))
        };
        self.store.write(queue_all).await
    }
}

/// Events without their bytes, which may be large, and at which endpoints they have arrived.
struct Batch {
    events: Vec<EventHead>,
    arrived: HashSet<(String, String)>,
}
