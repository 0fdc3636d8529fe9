//! The worker: claims what is due, no more than it can send at once, and sends each under a lease that
//! outlasts the deadline.

use super::client::DEADLINE;
use super::outcome::{Outcome, Tried};
use super::seats::{Seat, Seats};
use super::tools::Outbox;
use super::{delivery, push, recorder};
use crate::store::jobs::{self, Claimed, JobKind, JobRow, MAX_CLAIMS};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// How many sends are under way at once.
const CAPACITY: u32 = 192;
/// Fewer free seats than this are not worth a claim of their own yet...
const WORTHWHILE: u32 = 16;
/// ... but nothing waits longer than this for company.
const GATHER: Duration = Duration::from_millis(3);
/// The lease: the deadline and a margin.
const LEASE_MS: i64 = 20_000;
/// No send lasts longer than this after its claim began, however long the claim itself took: the lease must
/// outlast it, or the job would be claimed and sent a second time meanwhile.
const SENDING: Duration = Duration::from_secs(18);
/// Looks again at least so often, whatever it was told.
const LONGEST_SLEEP: Duration = Duration::from_secs(1);

/// A worker that runs.
pub struct Running {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Running {
    /// Claims nothing more, lets what is under way end, and writes down what came of it.
    pub async fn stop(self) {
        let _ = self.stop.send(true);
        if let Err(error) = self.task.await {
            tracing::error!(%error, "the worker did not end well");
        }
    }
}

impl Outbox {
    /// Starts the worker.
    pub fn start(self) -> Running {
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(Arc::new(self), stopped));
        Running { stop, task }
    }
}

async fn run(outbox: Arc<Outbox>, mut stopped: watch::Receiver<bool>) {
    let (outcomes, recorded) = recorder::start(Arc::clone(&outbox));
    let seats = Seats::new(CAPACITY);
    while !*stopped.borrow() {
        let gathered = tokio::time::timeout(GATHER, seats.free.acquire_many(WORTHWHILE)).await;
        drop(gathered);
        // One free seat is the least: a claim is never larger than what can be sent at once.
        let first = tokio::select! {
            first = Arc::clone(&seats.free).acquire_owned() => first,
            _ = stopped.changed() => break,
        };
        let Ok(first) = first else { break };
        let ends = Instant::now() + SENDING;
        let free = i64::try_from(seats.free.available_permits() + 1).unwrap_or(1);
        let (now, under_way) = (outbox.ambient.now(), seats.under_way());
        let claimed = outbox
            .store
            .write(move |db| jobs::claim(db, now, free, LEASE_MS, under_way))
            .await;
        drop(first);
        let idle = match claimed {
            Ok(claimed) => dispatch(&outbox, claimed, ends, &seats, &outcomes).await,
            Err(error) => {
                tracing::warn!(%error, "jobs could not be claimed");
                Some(LONGEST_SLEEP)
            }
        };
        if let Some(idle) = idle {
            tokio::select! {
                () = outbox.wake.rung() => {}
                () = tokio::time::sleep(idle) => {}
                _ = stopped.changed() => {}
            }
        }
    }
    let _ = tokio::time::timeout(DEADLINE, seats.free.acquire_many(CAPACITY)).await;
    drop(outcomes);
    // What cannot be written down by then is sent again at the next start.
    if tokio::time::timeout(DEADLINE, recorded).await.is_err() {
        tracing::warn!("stopped before every outcome was written down");
    }
}

/// Sends what was claimed. Returns how long to sleep, where there is nothing more to claim.
async fn dispatch(
    outbox: &Arc<Outbox>,
    claimed: Claimed,
    ends: Instant,
    seats: &Seats,
    outcomes: &mpsc::Sender<Outcome>,
) -> Option<Duration> {
    let idle = claimed.jobs.is_empty().then(|| {
        let wait = claimed
            .next_due
            .map_or(i64::MAX, |due| due.0.saturating_sub(outbox.ambient.now().0));
        // A job that is due and was not claimed waits for another send, whose end wakes us.
        let wait = if wait <= 0 { i64::MAX } else { wait };
        LONGEST_SLEEP.min(Duration::from_millis(u64::try_from(wait).unwrap_or_default()))
    });
    let (worn_out, sendable): (Vec<_>, Vec<_>) =
        claimed.jobs.into_iter().partition(|job| job.claims >= MAX_CLAIMS);
    for job in worn_out {
        conclude(outbox, job, Tried::TakenOut, outcomes, None).await;
    }
    let (deliveries, pushes): (Vec<_>, Vec<_>) = sendable
        .into_iter()
        .partition(|job| job.kind == JobKind::Delivery.as_str());
    for job in pushes {
        let (outbox, outcomes, seat) = (Arc::clone(outbox), outcomes.clone(), seats.take(&job));
        tokio::spawn(async move {
            let tried = push::send(&outbox, &job, ends).await;
            conclude(&outbox, job, tried, &outcomes, Some(seat)).await;
        });
    }
    if deliveries.is_empty() {
        return idle;
    }
    let loaded = match delivery::load(outbox, &deliveries).await {
        Ok(loaded) => loaded,
        Err(error) => {
            tracing::warn!(%error, "claimed deliveries could not be read; they are claimed again later");
            return Some(LONGEST_SLEEP);
        }
    };
    for job in deliveries {
        let material = loaded.get(&job);
        let (outbox, outcomes, seat) = (Arc::clone(outbox), outcomes.clone(), seats.take(&job));
        tokio::spawn(async move {
            let tried = delivery::send(&outbox, material, ends).await;
            conclude(&outbox, job, tried, &outcomes, Some(seat)).await;
        });
    }
    idle
}

async fn conclude(
    outbox: &Outbox,
    job: JobRow,
    tried: Tried,
    outcomes: &mpsc::Sender<Outcome>,
    seat: Option<Seat>,
) {
    let at = outbox.ambient.now();
    drop(seat);
    let fraction = outbox.ambient.fraction();
    let outcome = Outcome {
        job,
        tried,
        at,
        fraction,
    };
    // Fails only where the recorder ended, which it does after every sender.
    let _ = outcomes.send(outcome).await;
}
