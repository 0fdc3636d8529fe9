//! The worker: claims what is due, no more than it can send at once, and sends each under a lease that
//! outlasts the deadline.

use super::client::DEADLINE;
use super::lanes::{Lanes, Seat};
use super::outcome::{About, Outcome, Tried};
use super::tools::Outbox;
use super::{delivery, push, recorder, sweeper};
use crate::store::StoreResult;
use crate::store::claims::{self, Claimed, Found, Look, MAX_CLAIMS};
use crate::store::jobs::{JobKind, JobRow};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Claims follow each other no faster than this: what comes meanwhile is claimed together.
const ROUND: Duration = Duration::from_millis(4);
/// The lease: the deadline and a margin.
const LEASE_MS: i64 = 20_000;
/// No send lasts longer than this after its claim began, however long the claim itself took: the lease must
/// outlast it, or the job would be claimed and sent a second time meanwhile.
const SENDING: Duration = Duration::from_secs(18);
/// Where lanes without room have most of what is due, the others' jobs are searched for no more often than this.
const BLOCKED: Duration = Duration::from_millis(400);
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
    pub fn start(self) -> StoreResult<Running> {
        let wake = self.wake.clone();
        self.store.listen(move || wake.wake_here())?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(Arc::new(self), stopped));
        Ok(Running { stop, task })
    }
}

async fn run(outbox: Arc<Outbox>, mut stopped: watch::Receiver<bool>) {
    let (outcomes, recorded) = recorder::start(Arc::clone(&outbox));
    let sweeping = tokio::spawn(sweeper::run(Arc::clone(&outbox), stopped.clone()));
    let lanes = Lanes::new();
    let mut beyond = Beyond::default();
    while !*stopped.borrow() {
        tokio::select! {
            () = lanes.any_free() => {}
            _ = stopped.changed() => break,
        }
        let began = Instant::now();
        let now = outbox.ambient.now();
        let room = lanes.room(now);
        let look = beyond.look(&outbox, &lanes, began);
        let claimed = outbox
            .store
            .write(move |db| claims::claim(db, now, LEASE_MS, room, look))
            .await;
        let is_blocked = claimed.as_ref().is_ok_and(|claimed| claimed.is_blocked);
        beyond.is_blocked |= is_blocked;
        let idle = match claimed {
            Ok(claimed) => dispatch(&outbox, claimed, began + SENDING, &lanes, &outcomes).await,
            Err(error) => {
                tracing::warn!(%error, "jobs could not be claimed");
                Some(LONGEST_SLEEP)
            }
        };
        if is_blocked {
            // What fell due last is looked at next, and at once.
            continue;
        }
        let _ = tokio::time::timeout_at(began + ROUND, stopped.changed()).await;
        if let Some(idle) = idle {
            tokio::select! {
                () = outbox.wake.rung() => {}
                () = tokio::time::sleep(idle) => {}
                _ = stopped.changed() => {}
            }
        }
    }
    let _ = tokio::time::timeout(DEADLINE, lanes.all_free()).await;
    drop(outcomes);
    // What cannot be written down by then is sent again at the next start.
    if tokio::time::timeout(DEADLINE, recorded).await.is_err() {
        tracing::warn!("stopped before every outcome was written down");
    }
    sweeping.abort();
}

/// Where lanes without room have most of what is due: what becomes of the others' jobs beyond it.
#[derive(Default)]
struct Beyond {
    is_blocked: bool,
    search: Option<oneshot::Receiver<Found>>,
    /// When the last search was started.
    searched_at: Option<Instant>,
}

impl Beyond {
    /// Where the next claim is to look. While lanes without room have what is due longest, that is where something has
    /// just fallen due, and at what a search found that goes on beside the claims.
    fn look(&mut self, outbox: &Arc<Outbox>, lanes: &Lanes, now: Instant) -> Look {
        match self.search.as_mut().map(oneshot::Receiver::try_recv) {
            Some(Ok(found)) => {
                self.search = None;
                self.is_blocked = found.is_blocked;
                if !found.jobs.is_empty() {
                    return Look::At(found.jobs);
                }
            }
            // It failed.
            Some(Err(TryRecvError::Closed)) => self.search = None,
            Some(Err(TryRecvError::Empty)) | None => {}
        }
        if !self.is_blocked {
            return Look::AtTheOldest;
        }
        if self.search.is_none() && self.searched_at.is_none_or(|at| at + BLOCKED < now) {
            self.search = Some(start_search(outbox, lanes));
            self.searched_at = Some(now);
        }
        Look::AtTheNewest
    }
}

/// Searches every lane, and wakes the worker at its end.
fn start_search(outbox: &Arc<Outbox>, lanes: &Lanes) -> oneshot::Receiver<Found> {
    let (tell, search) = oneshot::channel();
    let outbox = Arc::clone(outbox);
    let now = outbox.ambient.now();
    let room = lanes.room(now);
    tokio::spawn(async move {
        match outbox.store.read(move |db| claims::search(db, now, room)).await {
            Ok(found) => {
                // Nobody hears of it where the worker has ended.
                let _ = tell.send(found);
            }
            Err(error) => tracing::warn!(%error, "what lies beyond jobs that are held back was not searched"),
        }
        outbox.wake.wake_here();
    });
    search
}

/// Sends what was claimed. Returns how long to sleep, where there is nothing more to claim.
async fn dispatch(
    outbox: &Arc<Outbox>,
    claimed: Claimed,
    ends: Instant,
    lanes: &Lanes,
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
        claimed.jobs.into_iter().partition(|job| job.claims > MAX_CLAIMS);
    for job in worn_out {
        conclude(outbox, job, (Tried::TakenOut, About::default()), outcomes, None).await;
    }
    let (deliveries, pushes): (Vec<_>, Vec<_>) = sendable
        .into_iter()
        .partition(|job| job.kind == JobKind::Delivery.as_str());
    for job in pushes {
        let (outbox, outcomes, seat) = (Arc::clone(outbox), outcomes.clone(), lanes.take(&job));
        tokio::spawn(async move {
            let mut about = About::default();
            let tried = push::send(&outbox, &job, ends, &mut about).await;
            conclude(&outbox, job, (tried, about), &outcomes, Some(seat)).await;
        });
    }
    if deliveries.is_empty() {
        return idle;
    }
    let loaded = match delivery::load(outbox, &deliveries).await {
        Ok(loaded) => Arc::new(loaded),
        Err(error) => {
            tracing::warn!(%error, "claimed deliveries could not be read; they are tried again later");
            for job in deliveries {
                conclude(outbox, job, (Tried::NotMade, About::default()), outcomes, None).await;
            }
            return Some(LONGEST_SLEEP);
        }
    };
    for job in deliveries {
        let (outbox, outcomes, seat) = (Arc::clone(outbox), outcomes.clone(), lanes.take(&job));
        let loaded = Arc::clone(&loaded);
        tokio::spawn(async move {
            let mut about = About::default();
            let tried = delivery::send(&outbox, &loaded, &job, ends, &mut about).await;
            conclude(&outbox, job, (tried, about), &outcomes, Some(seat)).await;
        });
    }
    idle
}

async fn conclude(
    outbox: &Outbox,
    job: JobRow,
    (tried, about): (Tried, About),
    outcomes: &mpsc::Sender<Outcome>,
    seat: Option<Seat>,
) {
    let at = outbox.ambient.now();
    if let Some(seat) = seat {
        seat.free(tried.ended(), at);
    }
    let fraction = outbox.ambient.fraction();
    let outcome = Outcome {
        job,
        tried,
        about,
        at,
        fraction,
    };
    // Fails only where the recorder ended, which it does after every sender.
    let _ = outcomes.send(outcome).await;
}
