//! Writes down what came of each send, many in one transaction. What could not be written is retried alone;
//! the send is not repeated meanwhile.

use super::announcer::{Announcement, Announcer};
use super::decision::{Circumstances, Endpoint, Facts, Next, decide};
use super::lookout::LONGEST_REST;
use super::outcome::{Outcome, Tried, request_id};
use super::schedule::Schedule;
use super::tools::Outbox;
use crate::ambient::Ambient;
use crate::domain::id::RequestLogId;
use crate::domain::timestamp::Timestamp;
use crate::metrics::Ended;
use crate::store::jobs::{self, JobKind, JobRow, JobStatus};
use crate::store::outcomes::{self, Finished};
use crate::store::request_logs::{Direction, RequestLogRow};
use crate::store::{Db, StoreError, StoreResult, orders, pushes, sequences, webhooks};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

const BATCH: usize = 256;
const QUEUE: usize = 1024;
const PAUSE: Duration = Duration::from_millis(200);
/// How long what has arrived may be on record as being sent. A process that is killed meanwhile sends it again.
const GATHERING: Duration = Duration::from_millis(4);

/// Why a job is taken out.
const TAKEN_OUT: &str = "taken out: claimed too often without an outcome";

pub fn start(outbox: Arc<Outbox>) -> (mpsc::Sender<Outcome>, JoinHandle<()>) {
    let (sender, outcomes) = mpsc::channel(QUEUE);
    (sender, tokio::spawn(run(outbox, outcomes)))
}

async fn run(outbox: Arc<Outbox>, mut outcomes: mpsc::Receiver<Outcome>) {
    let mut batch = Vec::with_capacity(BATCH);
    while outcomes.recv_many(&mut batch, BATCH).await > 0 {
        gather(&mut outcomes, &mut batch).await;
        // In one order, whoever writes: two workers that wait for each other would both have to begin anew.
        batch.sort_by(|one: &Outcome, other| one.job.target_id.cmp(&other.job.target_id));
        let taken: Arc<[Outcome]> = batch.drain(..).collect();
        let has_made_due = match record_until_done(&outbox, Arc::clone(&taken)).await {
            Ok(has_made_due) => has_made_due,
            Err(error) => {
                tracing::error!(%error, "an outcome cannot be written; writing each by itself");
                for outcome in taken.iter() {
                    let alone: Arc<[Outcome]> = Arc::from([outcome.clone()]);
                    if let Err(error) = record_until_done(&outbox, alone).await {
                        // Its lease runs out, it is claimed again, and is taken out after MAX_CLAIMS.
                        tracing::error!(%error, "this outcome cannot be written");
                    }
                }
                true
            }
        };
        // Not for nothing: a worker that looks just now for what is not there looks later for what is.
        if has_made_due {
            outbox.wake.wake_here();
        }
    }
}

/// Lets outcomes that nothing waits for gather: many together cost the database little more than one.
async fn gather(outcomes: &mut mpsc::Receiver<Outcome>, batch: &mut Vec<Outcome>) {
    let ends = Instant::now() + GATHERING;
    while batch.len() < BATCH && batch.iter().all(can_wait) {
        let room = BATCH - batch.len();
        match tokio::time::timeout_at(ends, outcomes.recv_many(batch, room)).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

/// Whether nothing happens sooner for its being written: a delivery has arrived, and was in nobody's way.
fn can_wait(outcome: &Outcome) -> bool {
    matches!(outcome.tried, Tried::Done { .. }) && !is_in_the_way(&outcome.job)
}

/// Writes the batch, again and again while the database is not available. Returns whether something may be due by that.
async fn record_until_done(outbox: &Outbox, batch: Arc<[Outcome]>) -> StoreResult<bool> {
    loop {
        let (announcer, outcomes) = (Arc::clone(&outbox.announcer), Arc::clone(&batch));
        let ambient = Arc::clone(&outbox.ambient);
        let work = move |db: &mut Db<'_>| record(db, ambient.as_ref(), announcer.as_ref(), &outcomes);
        let written = match batch.iter().all(can_wait) {
            // What a failing machine takes back of this is sent once more.
            true => outbox.store.write_lazily(work).await,
            false => outbox.store.write(work).await,
        };
        match written {
            Err(error @ (StoreError::Busy | StoreError::Unavailable(_))) => {
                tracing::warn!(%error, outcomes = batch.len(), "outcomes wait to be written");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => return Err(error),
            Ok(Recorded { ended, has_made_due }) => {
                ended.iter().for_each(|ended| outbox.metrics.ended(ended));
                return Ok(has_made_due);
            }
        }
    }
}

/// What came of writing a batch.
struct Recorded {
    ended: Vec<Ended>,
    /// Whether something may be due by it.
    has_made_due: bool,
}

fn record(
    db: &mut Db<'_>,
    ambient: &dyn Ambient,
    announcer: &dyn Announcer,
    batch: &[Outcome],
) -> StoreResult<Recorded> {
    let finished: Vec<Finished> = batch
        .iter()
        .map(|outcome| finish(db, ambient, outcome))
        .collect::<StoreResult<_>>()?;
    let written = outcomes::finish(db, &finished)?;
    for (outcome, finished) in batch.iter().zip(&finished) {
        if written.contains(&outcome.job.id) {
            announce(db, announcer, outcome, finished.status)?;
        }
    }
    let ended = finished.iter().filter(|one| one.status.has_ended());
    let ended: Vec<&Finished> = ended.filter(|one| written.contains(&one.job.id)).collect();
    let mut sequences: Vec<_> = ended
        .iter()
        .filter_map(|one| Some((one.job.sequence.as_deref()?, one)))
        .collect();
    // In one order, as they are entered: two that wait for each other would both have to begin anew.
    sequences.sort_by_key(|(sequence, _)| *sequence);
    for (sequence, one) in sequences {
        let succeeded = one.status == JobStatus::Succeeded;
        sequences::go_on(db, sequence, &one.job, succeeded, one.at)?;
    }
    let counted = ended.iter().map(|one| {
        let (kind, status) = (one.job.kind()?.as_str(), one.status.as_str());
        Ok(Ended { kind, status })
    });
    Ok(Recorded {
        ended: counted.collect::<StoreResult<_>>()?,
        has_made_due: finished.iter().any(may_make_due),
    })
}

/// Whether another job may wait for this one to end.
fn is_in_the_way(job: &JobRow) -> bool {
    job.kind == JobKind::Push.as_str() || job.sequence.is_some()
}

/// Whether something may be due before the worker looks by itself: the job, another for which this one was in the way,
/// or one that announces its end.
fn may_make_due(finished: &Finished) -> bool {
    is_in_the_way(&finished.job)
        || match finished.status {
            JobStatus::Succeeded => false,
            JobStatus::Pending => {
                let wait = finished.due_at.0.saturating_sub(finished.at.0);
                Duration::from_millis(u64::try_from(wait).unwrap_or(0)) < LONGEST_REST
            }
            _ => true,
        }
}

fn finish(db: &mut Db<'_>, ambient: &dyn Ambient, outcome: &Outcome) -> StoreResult<Finished> {
    let Outcome { job, tried, at, .. } = outcome;
    let kind = job.kind()?;
    let Next { status, due_at } = standing(db, kind, outcome)?;
    Ok(Finished {
        job: job.clone(),
        status,
        due_at,
        at: *at,
        reason: match tried {
            Tried::TakenOut => Some(TAKEN_OUT.to_owned()),
            Tried::Unready { error } => Some(error.clone()),
            _ => None,
        },
        attempt: attempt(ambient, kind, outcome),
    })
}

fn announce(
    db: &mut Db<'_>,
    announcer: &dyn Announcer,
    Outcome { job, tried, at, .. }: &Outcome,
    status: JobStatus,
) -> StoreResult<()> {
    let kind = job.kind()?;
    match (tried, status) {
        (Tried::Done { .. }, _) if kind == JobKind::Push => {
            announcer.announce(db, job, Announcement::PushArrived)
        }
        (Tried::Gone { .. }, _) => disable(db, announcer, job, *at),
        (Tried::TakenOut, _) => announcer.announce(db, job, ended(kind, TAKEN_OUT)),
        (Tried::Never { reason, .. }, _) => announcer.announce(db, job, ended(kind, reason)),
        (Tried::Failed { error, .. } | Tried::Unready { error }, JobStatus::Exhausted) => {
            announcer.announce(db, job, ended(kind, &format!("the last try failed: {error}")))
        }
        _ => Ok(()),
    }
}

/// Where the job stands now, and when it is due if it is.
fn standing(db: &mut Db<'_>, kind: JobKind, outcome: &Outcome) -> StoreResult<Next> {
    let Outcome {
        job,
        tried,
        at,
        fraction,
        ..
    } = outcome;
    if !matches!(tried, Tried::Done { .. }) {
        // It is about to wait again: for what is true then, not for what somebody is just changing.
        match kind {
            JobKind::Push => orders::lock(db, &job.target_id)?,
            JobKind::Delivery => webhooks::lock(db, &job.target_id)?,
        }
    }
    let (circumstances, schedule) = surroundings(db, kind, job, tried)?;
    let facts = Facts {
        kind,
        tries: job.tries,
        schedule: &schedule,
    };
    Ok(decide(facts, tried, circumstances, *at, *fraction))
}

/// What is true of the job's target by now, as far as it bears on what came of the send, and the schedule in force.
fn surroundings(
    db: &mut Db<'_>,
    kind: JobKind,
    job: &JobRow,
    tried: &Tried,
) -> StoreResult<(Circumstances, Schedule)> {
    let mut found = Circumstances::default();
    if matches!(tried, Tried::Done { .. } | Tried::TakenOut | Tried::Never { .. }) {
        return Ok((found, Schedule::default()));
    }
    match kind {
        JobKind::Push => {
            found.hastened = pushes::was_hastened(db, job)?;
            found.overtaken = pushes::has_newer(db, job)? || pushes::is_called_off(db, job)?;
            Ok((found, Schedule::default()))
        }
        JobKind::Delivery => {
            let endpoint = webhooks::with_ids(db, std::slice::from_ref(&job.target_id))?;
            let endpoint = endpoint.first();
            found.endpoint = match endpoint {
                None => Endpoint::Deleted,
                Some(endpoint) if !endpoint.enabled => Endpoint::Disabled,
                Some(_) => Endpoint::Enabled,
            };
            let own = endpoint.and_then(|endpoint| endpoint.schedule.as_deref());
            Ok((found, Schedule::stored(own)))
        }
    }
}

fn ended(kind: JobKind, reason: &str) -> Announcement<'_> {
    match kind {
        JobKind::Delivery => Announcement::DeliveryEnded { reason },
        JobKind::Push => Announcement::PushEnded { reason },
    }
}

/// The entry of the try in the request log, where one was made.
fn attempt(ambient: &dyn Ambient, kind: JobKind, outcome: &Outcome) -> Option<RequestLogRow> {
    let Outcome {
        job, tried, about, ..
    } = outcome;
    let (status, error, took) = match tried {
        Tried::Done { status, took } => (Some(*status), None, *took),
        Tried::Failed {
            status, error, took, ..
        } => (*status, Some(error.clone()), *took),
        Tried::Unready { error } => (None, Some(error.clone()), 0),
        Tried::Gone { took } => (Some(410), Some("the endpoint answered 410".to_owned()), *took),
        Tried::NotMade | Tried::TakenOut => return None,
        Tried::Never { status, reason, took } => (*status, Some(reason.clone()), *took),
    };
    let direction = match kind {
        JobKind::Delivery => Direction::UsToVendor,
        JobKind::Push => Direction::UsToAts,
    };
    let id = RequestLogId::new(ambient.uuid());
    let operation = about.event_type.as_deref().unwrap_or(kind.as_str());
    let began = outcome.at.plus_ms(-took);
    let request_id = request_id(job);
    let entry = RequestLogRow::new(
        &id,
        &job.project_id,
        direction,
        request_id.as_str(),
        operation,
        began,
    );
    Some(RequestLogRow {
        account_id: about.account.clone(),
        provider: about.provider.clone(),
        order_id: about.order.clone(),
        method: about.method.clone(),
        url: about.url.clone(),
        status: status.map(i64::from),
        error,
        job_id: Some(job.id.clone()),
        fence: Some(job.fence),
        duration_ms: took,
        ..entry
    })
}

/// 410: the endpoint gets nothing more; what waits for it waits on.
fn disable(db: &mut Db<'_>, announcer: &dyn Announcer, job: &JobRow, at: Timestamp) -> StoreResult<()> {
    let found = webhooks::with_ids(db, std::slice::from_ref(&job.target_id))?;
    for mut webhook in found.into_iter().filter(|webhook| webhook.enabled) {
        webhook.enabled = false;
        webhook.disabled_reason = Some("it answered 410".to_owned());
        webhook.updated_at = at.0;
        webhooks::update(db, &webhook)?;
        let paused = JobStatus::Paused;
        jobs::move_all(
            db,
            &job.project_id,
            &webhook.id,
            &[JobStatus::Pending],
            paused,
            None,
            at,
        )?;
        announcer.announce(db, job, Announcement::WebhookDisabled)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbox::lanes::tests::job;
    use crate::outbox::outcome::About;

    const AT: Timestamp = Timestamp(1_000_000);
    const ARRIVED: Tried = Tried::Done { status: 200, took: 1 };

    fn outcome(tried: Tried) -> Outcome {
        Outcome {
            job: job("endpoint"),
            tried,
            about: About::default(),
            at: AT,
            fraction: 0.0,
        }
    }

    fn in_order() -> Outcome {
        let mut outcome = outcome(ARRIVED);
        outcome.job.sequence = Some("record".to_owned());
        outcome
    }

    /// How many gather with the first, and for how long, where the others come after so many milliseconds each.
    async fn gathered(first: Outcome, others: Vec<(u64, Outcome)>) -> (usize, Duration) {
        let (sender, mut outcomes) = mpsc::channel(8);
        tokio::spawn(async move {
            for (after, outcome) in others {
                tokio::time::sleep(Duration::from_millis(after)).await;
                sender.send(outcome).await.unwrap();
            }
            std::future::pending::<()>().await;
        });
        let (began, mut batch) = (Instant::now(), vec![first]);
        gather(&mut outcomes, &mut batch).await;
        (batch.len(), began.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn deliveries_that_arrived_are_written_with_those_that_arrive_just_after() {
        let others = vec![
            (1, outcome(ARRIVED)),
            (2, outcome(ARRIVED)),
            (2, outcome(ARRIVED)),
        ];
        let (many, after) = gathered(outcome(ARRIVED), others).await;
        assert_eq!((many, after.as_millis()), (3, GATHERING.as_millis()));
    }

    #[tokio::test(start_paused = true)]
    async fn what_others_wait_for_is_written_at_once_with_what_has_gathered() {
        let failed = || outcome(Tried::failed("refused".to_owned(), 1));
        for urgent in [failed(), in_order()] {
            let (many, after) = gathered(urgent.clone(), Vec::new()).await;
            assert_eq!((many, after), (1, Duration::ZERO));
            let (many, after) = gathered(outcome(ARRIVED), vec![(3, urgent)]).await;
            assert_eq!((many, after.as_millis()), (2, 3));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn where_no_more_can_come_nothing_is_waited_for() {
        let (_, mut outcomes) = mpsc::channel(1);
        let (began, mut batch) = (Instant::now(), vec![outcome(ARRIVED)]);
        gather(&mut outcomes, &mut batch).await;
        assert_eq!(began.elapsed(), Duration::ZERO);
    }
}
