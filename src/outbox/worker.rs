//! The worker: claims what is due, no more than it can send at once, and sends each under a lease that
//! outlasts the deadline.

use super::announcer::Announcer;
use super::client::{CallError, Client, DEADLINE, Incoming, Outgoing, READ_BACK};
use super::push;
use super::recorder::{self, Outcome, Tried};
use super::seats::{Seat, Seats};
use super::signing;
use crate::ambient::Ambient;
use crate::crypto::{Place, Vault};
use crate::domain::timestamp::Timestamp;
use crate::store::events::EventRow;
use crate::store::jobs::{self, Claimed, JobKind, JobRow, MAX_CLAIMS};
use crate::store::webhooks::WebhookRow;
use crate::store::{Store, StoreResult, events, webhooks};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use zeroize::Zeroizing;

/// How many sends are under way at once.
const CAPACITY: u32 = 64;
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

/// Tells the worker that there is something new.
#[derive(Clone, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There are new jobs, or time has passed.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// What the worker works with.
pub struct Outbox {
    /// Where the jobs are.
    pub store: Store,
    /// Opens what is sealed.
    pub vault: Vault,
    /// The clock.
    pub ambient: Arc<dyn Ambient>,
    /// Calls others.
    pub client: Client,
    /// Tells when a job ends badly.
    pub announcer: Arc<dyn Announcer>,
    /// Rings when there are new jobs.
    pub wake: Wake,
}

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

    /// Signs `body` and sends it to an endpoint.
    pub async fn deliver(
        client: &Client,
        url: &str,
        secrets: &[Zeroizing<String>],
        event_id: &str,
        at: Timestamp,
        body: Vec<u8>,
        deadline: Duration,
    ) -> Result<Incoming, CallError> {
        let signed = signing::headers(secrets.iter().map(|secret| secret.as_str()), event_id, at, &body);
        let headers = signed
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let outgoing = Outgoing {
            method: "POST",
            url,
            headers,
            body: Some(body),
            deadline,
            read_back: READ_BACK,
        };
        client.call(outgoing).await
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
                () = outbox.wake.0.notified() => {}
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
    let loaded = match load(outbox, &deliveries).await {
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
            let tried = deliver(&outbox, material, ends).await;
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

/// How long a call may still take before the lease's safe time `ends`; none where it is not worth beginning.
pub fn time_left(ends: Instant) -> Option<Duration> {
    let left = ends.saturating_duration_since(Instant::now());
    (!left.is_zero()).then(|| left.min(DEADLINE))
}

/// The events and endpoints of a batch of deliveries.
struct Loaded {
    events: HashMap<String, Arc<EventRow>>,
    webhooks: HashMap<String, Arc<WebhookRow>>,
}

impl Loaded {
    fn get(&self, job: &JobRow) -> Option<(Arc<EventRow>, Arc<WebhookRow>)> {
        let event = self.events.get(&job.subject_id)?;
        let webhook = self.webhooks.get(&job.target_id)?;
        Some((Arc::clone(event), Arc::clone(webhook)))
    }
}

async fn load(outbox: &Outbox, deliveries: &[JobRow]) -> StoreResult<Loaded> {
    let distinct = |mut ids: Vec<String>| {
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let subjects = distinct(deliveries.iter().map(|job| job.subject_id.clone()).collect());
    let targets = distinct(deliveries.iter().map(|job| job.target_id.clone()).collect());
    outbox
        .store
        .read(move |db| {
            let events = events::with_ids(db, &subjects)?;
            let webhooks = webhooks::with_ids(db, &targets)?;
            Ok(Loaded {
                events: events
                    .into_iter()
                    .map(|row| (row.id.clone(), Arc::new(row)))
                    .collect(),
                webhooks: webhooks
                    .into_iter()
                    .map(|row| (row.id.clone(), Arc::new(row)))
                    .collect(),
            })
        })
        .await
}

async fn deliver(
    outbox: &Outbox,
    material: Option<(Arc<EventRow>, Arc<WebhookRow>)>,
    ends: Instant,
) -> Tried {
    let Some((event, webhook)) = material else {
        return Tried::never("its endpoint was deleted");
    };
    let Some(deadline) = time_left(ends).filter(|_| webhook.enabled) else {
        return Tried::NotMade;
    };
    let at = outbox.ambient.now();
    let opened = open(&outbox.vault, &event, &webhook, at);
    let (body, secrets) = match opened {
        Ok(opened) => opened,
        Err(error) => return Tried::failed(error.to_string(), 0),
    };
    let began = Instant::now();
    let (client, url) = (&outbox.client, &webhook.url);
    let answer = Outbox::deliver(client, url, &secrets, &event.id, at, body, deadline).await;
    let took = i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX);
    match answer {
        Ok(answer) => match answer.status {
            200..=299 => Tried::Done {
                status: answer.status,
                took,
            },
            410 => Tried::Gone { took },
            status => Tried::Failed {
                status: Some(status),
                error: format!("the endpoint answered {status}"),
                retry_after: answer.retry_after,
                took,
            },
        },
        Err(CallError::Forbidden(forbidden)) => Tried::never(format!("not called: {forbidden}")),
        Err(error) => Tried::failed(error.to_string(), took),
    }
}

type Opened = (Vec<u8>, Vec<Zeroizing<String>>);

fn open(
    vault: &Vault,
    event: &EventRow,
    webhook: &WebhookRow,
    at: Timestamp,
) -> Result<Opened, crate::crypto::CryptoError> {
    let place = Place {
        project: &event.project_id,
        table: "events",
        column: "body",
        row: &event.id,
    };
    let body = vault.open(place, &event.body_sealed)?;
    Ok((body, webhook_secrets(vault, webhook, at)?))
}

/// The secrets that sign for an endpoint now: the newest, and the one before while it is still good.
pub fn webhook_secrets(
    vault: &Vault,
    webhook: &WebhookRow,
    at: Timestamp,
) -> Result<Vec<Zeroizing<String>>, crate::crypto::CryptoError> {
    let place = Place {
        project: &webhook.project_id,
        table: "webhooks",
        column: "secret",
        row: &webhook.id,
    };
    let previous = webhook
        .previous_secret_sealed
        .as_ref()
        .filter(|_| webhook.previous_secret_until.is_some_and(|until| at.0 < until));
    std::iter::once(&webhook.secret_sealed)
        .chain(previous)
        .map(|sealed| vault.open_text(place, sealed))
        .collect()
}
