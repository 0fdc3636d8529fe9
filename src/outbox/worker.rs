//! The worker: claims what is due, no more than it can send at once, and sends each under a lease that
//! outlasts the deadline.

use super::client::DEADLINE;
use super::lanes::{Lanes, Seat};
use super::lookout::{LONGEST_REST, Lookout};
use super::outcome::{About, Outcome, Tried};
use super::tools::Outbox;
use super::{delivery, push, recorder, sweeper};
use crate::store::StoreResult;
use crate::store::claims::{self, MAX_CLAIMS};
use crate::store::jobs::{JobKind, JobRow};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Claims follow each other no faster than this, on the whole: what comes meanwhile is claimed together.
const ROUND: Duration = Duration::from_millis(4);
/// For so long after a quiet time they do follow each other at once, since it is not speed but its lasting that costs.
const CREDIT: Duration = Duration::from_millis(60);
/// The lease: the deadline and a margin.
const LEASE_MS: i64 = 20_000;
/// No send lasts longer than this after its claim began, however long the claim itself took: the lease must
/// outlast it, or the job would be claimed and sent a second time meanwhile.
const SENDING: Duration = Duration::from_secs(18);

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
    let mut lookout = Lookout::default();
    let mut paced = Instant::now();
    while !*stopped.borrow() {
        tokio::select! {
            () = lanes.any_free() => {}
            _ = stopped.changed() => break,
        }
        let began = Instant::now();
        let now = outbox.ambient.now();
        let room = lanes.room(now);
        let look = lookout.look(|| lanes.known(now), began);
        let claimed = outbox
            .store
            // A machine that takes back a lease by failing has ended its holder as well.
            .write_lazily(move |db| claims::claim(db, now, LEASE_MS, room, look))
            .await;
        let idle = match claimed {
            Ok(claimed) => {
                let idle = lookout.rest(&claimed, (began, outbox.ambient.now()));
                match dispatch(&outbox, claimed.jobs, began + SENDING, &lanes, &outcomes).await {
                    Ok(()) => idle,
                    Err(_) => Some(LONGEST_REST),
                }
            }
            Err(error) => {
                tracing::warn!(%error, "jobs could not be claimed");
                Some(LONGEST_REST)
            }
        };
        paced = paced.max(began.checked_sub(CREDIT).unwrap_or(began)) + ROUND;
        let _ = tokio::time::timeout_at(paced, stopped.changed()).await;
        if let Some(idle) = idle {
            tokio::select! {
                () = outbox.wake.rung() => {}
                () = lanes.freed() => {}
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

/// Sends what was claimed; an error where some of it could not be.
async fn dispatch(
    outbox: &Arc<Outbox>,
    claimed: Vec<JobRow>,
    ends: Instant,
    lanes: &Lanes,
    outcomes: &mpsc::Sender<Outcome>,
) -> StoreResult<()> {
    let (worn_out, sendable): (Vec<_>, Vec<_>) = claimed.into_iter().partition(|job| job.claims > MAX_CLAIMS);
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
        return Ok(());
    }
    let loaded = match delivery::load(outbox, &deliveries).await {
        Ok(loaded) => Arc::new(loaded),
        Err(error) => {
            tracing::warn!(%error, "claimed deliveries could not be read; they are tried again later");
            for job in deliveries {
                conclude(outbox, job, (Tried::NotMade, About::default()), outcomes, None).await;
            }
            return Err(error);
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
    Ok(())
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
