//! The worker: claims what is due, no more than it can send at once, and sends each under a lease that
//! outlasts the deadline.

use super::client::DEADLINE;
use super::lanes::Lanes;
use super::lookout::{LONGEST_REST, Lookout};
use super::sender::{LEASE_MS, SENDING, Sender};
use super::shortcut::Shortcut;
use super::tools::Outbox;
use super::{recorder, sweeper};
use crate::store::{StoreResult, claims};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Claims follow each other no faster than this, on the whole: what comes meanwhile is claimed together.
const ROUND: Duration = Duration::from_millis(4);
/// For so long after a quiet time they do follow each other at once, since it is not speed but its lasting that costs.
const CREDIT: Duration = Duration::from_millis(60);

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
    /// Starts the worker, to which `shortcut` then leads.
    pub fn start(self, shortcut: &Shortcut) -> StoreResult<Running> {
        let wake = self.wake.clone();
        self.store.listen(move || wake.wake_here())?;
        let (stop, stopped) = watch::channel(false);
        let task = tokio::spawn(run(Arc::new(self), shortcut.clone(), stopped));
        Ok(Running { stop, task })
    }
}

async fn run(outbox: Arc<Outbox>, shortcut: Shortcut, mut stopped: watch::Receiver<bool>) {
    let (outcomes, recorded) = recorder::start(Arc::clone(&outbox));
    let sweeping = tokio::spawn(sweeper::run(Arc::clone(&outbox), stopped.clone()));
    let lanes = Lanes::new();
    let sender = Sender {
        outbox: Arc::clone(&outbox),
        lanes: lanes.clone(),
        outcomes,
    };
    let opened = shortcut.open(sender.clone());
    let mut lookout = Lookout::default();
    let mut paced = Instant::now();
    // Until it is told to stop, or nobody is left to tell it.
    while !*stopped.borrow() && stopped.has_changed().is_ok() {
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
                match sender.dispatch(claimed.jobs, began + SENDING).await {
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
    drop(opened);
    let _ = tokio::time::timeout(DEADLINE, lanes.all_free()).await;
    drop(sender);
    // What cannot be written down by then is sent again at the next start.
    if tokio::time::timeout(DEADLINE, recorded).await.is_err() {
        tracing::warn!("stopped before every outcome was written down");
    }
    sweeping.abort();
}
