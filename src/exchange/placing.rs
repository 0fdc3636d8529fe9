//! Stores the orders that ATSs place: those that come at the same time in one transaction, each with its event,
//! deliveries, push and log entry.

use super::events::publish_all;
use super::gathering::Gathering;
use crate::ambient::Ambient;
use crate::domain::problem::{ErrorCode, Problem};
use crate::store::events::EventRow;
use crate::store::jobs::{self, JobRow};
use crate::store::orders::{self, OrderRow, Placing};
use crate::store::request_logs::{self, RequestLogRow};
use crate::store::{Db, Store, StoreResult};
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

/// Starts placing orders.
pub(super) fn start(store: Store, ambient: Arc<dyn Ambient>) -> Placements {
    Gathering::start(AT_ONCE, move |placements| {
        let (store, ambient) = (store.clone(), Arc::clone(&ambient));
        async move { place_together(&store, &ambient, placements.into()).await }
    })
}

type Placed = Result<Option<Box<OrderRow>>, Problem>;

/// Places them in one transaction. Where the database refuses that at once, it may be for one of them: each then gets
/// a transaction of its own.
async fn place_together(
    store: &Store,
    ambient: &Arc<dyn Ambient>,
    placements: Arc<[Placement]>,
) -> Result<Vec<Placed>, Problem> {
    let write = |from: usize, to: usize| {
        let (placements, ambient) = (Arc::clone(&placements), Arc::clone(ambient));
        store.write(move |db| place(db, ambient.as_ref(), placements.get(from..to).unwrap_or_default()))
    };
    let (all, began) = (placements.len(), Instant::now());
    let error = match write(0, all).await {
        Ok(placings) => return Ok(placings.into_iter().map(told).collect()),
        Err(error) => error,
    };
    let mut placed: Vec<Placed> = Vec::with_capacity(all);
    while placed.len() < all {
        if all == 1 || began.elapsed() > REFUSED_AT_ONCE {
            // What was placed by now, its repetition finds.
            return Err(error.into());
        }
        match write(placed.len(), placed.len() + 1).await {
            Ok(placings) => placed.extend(placings.into_iter().map(told)),
            Err(error) => placed.push(Err(error.into())),
        }
    }
    Ok(placed)
}

fn place(db: &mut Db<'_>, ambient: &dyn Ambient, all: &[Placement]) -> StoreResult<Vec<Placing>> {
    let rows: Vec<&OrderRow> = all.iter().map(|one| &one.order).collect();
    let placings = orders::place_all(db, &rows)?;
    let placed = || {
        all.iter()
            .zip(&placings)
            .filter(|(_, placing)| matches!(placing, Placing::Placed))
    };
    let events: Vec<&EventRow> = placed().map(|(one, _)| &one.event).collect();
    publish_all(db, ambient, &events)?;
    let pushes: Vec<&JobRow> = placed().filter_map(|(one, _)| one.push.as_ref()).collect();
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
