//! Stores the orders that ATSs place: those that come at the same time in one transaction, each with its event,
//! deliveries, push and log entry.

use super::events::publish_all;
use super::gathering::Gathering;
use crate::ambient::Ambient;
use crate::domain::problem::{ErrorCode, Problem};
use crate::domain::timestamp::Timestamp;
use crate::outbox::{Departing, Shortcut};
use crate::store::events::EventRow;
use crate::store::jobs::{self, JobRow};
use crate::store::orders::{self, OrderRow, Placing};
use crate::store::request_logs::{self, RequestLogRow};
use crate::store::{Db, Store, StoreError, StoreResult};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How many transactions with orders run at a time: while one waits for the disk, another one is made.
const AT_ONCE: usize = 2;
/// A database that takes longer to refuse several orders is not asked for each of them.
const REFUSED_AT_ONCE: Duration = Duration::from_secs(1);

/// All that is stored of an order that an ATS places.
pub(super) struct Placement {
    pub order: OrderRow,
    pub event: EventRow,
    pub push: Option<JobRow>,
    pub entry: RequestLogRow,
}

/// Where placements are handed in. None comes back where the order is there now, else the one that was there before.
pub(super) type Placements = Gathering<Placement, Option<Box<OrderRow>>>;

/// What placements are stored with.
#[derive(Clone)]
pub(super) struct Placer {
    pub store: Store,
    pub ambient: Arc<dyn Ambient>,
    pub shortcut: Shortcut,
}

/// Starts placing orders.
pub(super) fn start(placer: Placer) -> Placements {
    Gathering::start(AT_ONCE, move |placements| {
        let placer = placer.clone();
        async move { placer.place_together(placements.into()).await }
    })
}

type Placed = Result<Option<Box<OrderRow>>, Problem>;

impl Placer {
    /// Places them in one transaction. Where the database refuses that at once, it may be for one of them: each then
    /// gets a transaction of its own.
    async fn place_together(&self, placements: Arc<[Placement]>) -> Result<Vec<Placed>, Problem> {
        let (all, began) = (placements.len(), Instant::now());
        let error = match self.write(&placements, 0..all).await {
            Ok(placings) => return Ok(placings.into_iter().map(told).collect()),
            Err(error) => error,
        };
        let mut placed: Vec<Placed> = Vec::with_capacity(all);
        while placed.len() < all {
            if all == 1 || began.elapsed() > REFUSED_AT_ONCE {
                // What was placed by now, its repetition finds.
                return Err(error.into());
            }
            match self.write(&placements, placed.len()..placed.len() + 1).await {
                Ok(placings) => placed.extend(placings.into_iter().map(told)),
                Err(error) => placed.push(Err(error.into())),
            }
        }
        Ok(placed)
    }

    /// Places these in one transaction, and lets their jobs leave.
    async fn write(&self, placements: &Arc<[Placement]>, which: Range<usize>) -> StoreResult<Vec<Placing>> {
        let (placements, ambient) = (Arc::clone(placements), Arc::clone(&self.ambient));
        let mut departing = self.shortcut.enter();
        let placed = self.store.write(move |db| {
            let placements = placements.get(which).unwrap_or_default();
            let placings = place(db, ambient.as_ref(), placements, &mut departing)?;
            Ok::<_, StoreError>((placings, departing))
        });
        let (placings, departing) = placed.await?;
        departing.leave();
        Ok(placings)
    }
}

fn place(
    db: &mut Db<'_>,
    ambient: &dyn Ambient,
    all: &[Placement],
    departing: &mut Departing,
) -> StoreResult<Vec<Placing>> {
    let rows: Vec<&OrderRow> = all.iter().map(|one| &one.order).collect();
    let placings = orders::place_all(db, &rows)?;
    let placed = || {
        let placed = all.iter().zip(&placings);
        placed.filter_map(|(one, placing)| matches!(placing, Placing::Placed).then_some(one))
    };
    placed().for_each(|one| departing.load(&one.event, one.entry.provider.as_deref()));
    let events: Vec<&EventRow> = placed().map(|one| &one.event).collect();
    publish_all(db, ambient, &events, Some(departing))?;
    let pushes: Vec<&JobRow> = placed().filter_map(|one| one.push.as_ref()).collect();
    pushes
        .iter()
        .for_each(|push| departing.wait(push, Timestamp(push.created_at)));
    jobs::insert_all(db, &pushes)?;
    let entries: Vec<RequestLogRow> = all.iter().zip(&placings).filter_map(entry).collect();
    request_logs::insert_all(db, &entries.iter().collect::<Vec<_>>())?;
    Ok(placings)
}

/// The log entry of a placement. One that is refused is logged as what it was answered with.
fn entry((one, placing): (&Placement, &Placing)) -> Option<RequestLogRow> {
    match placing {
        Placing::Placed => Some(one.entry.clone()),
        Placing::Repeated(earlier) => Some(RequestLogRow {
            order_id: Some(earlier.id.clone()),
            ..one.entry.clone()
        }),
        Placing::Conflicts => None,
    }
}

fn told(placing: Placing) -> Placed {
    match placing {
        Placing::Placed => Ok(None),
        Placing::Repeated(earlier) => Ok(Some(earlier)),
        Placing::Conflicts => Err(Problem::of(ErrorCode::OrderOpen)),
    }
}
