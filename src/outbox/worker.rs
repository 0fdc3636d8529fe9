//! The worker: claims what is due, no more than it can send at once, and sends each under a lease that
//! outlasts the deadline.

use super::client::DEADLINE;
use super::lanes::{Lanes, Seat};
use super::outcome::{About, Outcome, Tried};
use super::tools::Outbox;
use super::{delivery, push, recorder, sweeper};
use crate::domain::timestamp::Timestamp;
use crate::store::StoreResult;
use crate::store::claims::{self, Left, Look, MAX_CLAIMS};
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
/// While lanes without room have most of what is due, what is due longest is looked at no more often than this.
const BLOCKED: Duration = Duration::from_millis(400);
/// And lanes that are not known to do well no more often than this, a few at a time.
const STEP: Duration = Duration::from_millis(20);
/// Looks again at least so often, whatever it was told.
pub(super) const LONGEST_SLEEP: Duration = Duration::from_secs(1);

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
    let mut paced = Instant::now();
    while !*stopped.borrow() {
        tokio::select! {
            () = lanes.any_free() => {}
            _ = stopped.changed() => break,
        }
        let began = Instant::now();
        let now = outbox.ambient.now();
        let room = lanes.room(now);
        let look = beyond.look(&lanes, (now, began));
        let claimed = outbox
            .store
            .write(move |db| claims::claim(db, now, LEASE_MS, room, look))
            .await;
        let idle = match claimed {
            Ok(claimed) => {
                let idle = beyond.rest(claimed.left, claimed.last_lane, outbox.ambient.now());
                match dispatch(&outbox, claimed.jobs, began + SENDING, &lanes, &outcomes).await {
                    Ok(()) => idle,
                    Err(_) => Some(LONGEST_SLEEP),
                }
            }
            Err(error) => {
                tracing::warn!(%error, "jobs could not be claimed");
                Some(LONGEST_SLEEP)
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

/// Where to look while lanes without room have most of what is due.
#[derive(Default)]
struct Beyond {
    is_blocked: bool,
    /// When it was last seen whether they do.
    seen_at: Option<Instant>,
    /// It is to be seen again.
    is_uncertain: bool,
    /// When lanes were last looked at that were not known.
    walked_at: Option<Instant>,
    /// Whether that was at the last claim.
    has_walked: bool,
    /// The last of them, where there are more.
    last_lane: Option<String>,
}

impl Beyond {
    /// Where the next claim is to look.
    fn look(&mut self, lanes: &Lanes, (now, began): (Timestamp, Instant)) -> Look {
        if self.is_blocked && !std::mem::take(&mut self.is_uncertain) {
            self.has_walked = self.walked_at.is_none_or(|at| began >= at + STEP);
            return Look::InLanes {
                known: lanes.known(now),
                beyond: self.has_walked.then(|| {
                    self.walked_at = Some(began);
                    self.last_lane.take().unwrap_or_default()
                }),
            };
        }
        self.is_blocked = false;
        self.seen_at = Some(began);
        Look::AtTheOldest
    }

    /// How long to rest after a claim that left this; none where it is not to rest.
    fn rest(&mut self, left: Left, last_lane: Option<String>, now: Timestamp) -> Option<Duration> {
        self.last_lane = self.last_lane.take().or(last_lane);
        if self.is_blocked && self.seen_at.is_none_or(|at| at.elapsed() >= BLOCKED) {
            // Now, since nothing new is waited for just after a claim.
            self.is_uncertain = true;
            return None;
        }
        match left {
            Left::More => None,
            Left::Blocked => {
                self.is_blocked = true;
                None
            }
            Left::Nothing { .. } if self.is_blocked => {
                let has_seen_all = self.has_walked && self.last_lane.is_none();
                Some(if has_seen_all { BLOCKED } else { STEP })
            }
            Left::Nothing { next_due } => {
                // What is due and is left waits for room, which wakes us.
                let wait = next_due.map_or(i64::MAX, |due| due.0.saturating_sub(now.0).max(0));
                Some(Duration::from_millis(u64::try_from(wait).unwrap_or_default()).min(LONGEST_SLEEP))
            }
        }
    }
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
