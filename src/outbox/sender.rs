//! Sends what is leased to this process, each job in a task of its own, and hands over what came of it.

use super::delivery::{self, Loaded};
use super::lanes::{Lanes, Seat};
use super::outcome::{About, Outcome, Tried};
use super::push;
use super::tools::Outbox;
use crate::metrics::Attempt;
use crate::store::StoreResult;
use crate::store::claims::MAX_CLAIMS;
use crate::store::jobs::{JobKind, JobRow};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// The lease: the deadline and a margin.
pub const LEASE_MS: i64 = 20_000;
/// No send lasts longer than this after its lease began to be taken, however long that took: the lease must outlast it,
/// or the job would be claimed and sent a second time meanwhile.
pub const SENDING: Duration = Duration::from_secs(18);

/// The sender of a worker.
#[derive(Clone)]
pub struct Sender {
    /// What it works with.
    pub outbox: Arc<Outbox>,
    /// How much may be under way.
    pub lanes: Lanes,
    /// To the recorder, which ends when nobody has one of these any more.
    pub outcomes: mpsc::Sender<Outcome>,
}

impl Sender {
    /// Sends what was claimed; an error where some of it could not be.
    pub async fn dispatch(&self, claimed: Vec<JobRow>, ends: Instant) -> StoreResult<()> {
        let (worn_out, sendable): (Vec<_>, Vec<_>) =
            claimed.into_iter().partition(|job| job.claims > MAX_CLAIMS);
        for job in worn_out {
            self.conclude(job, (Tried::TakenOut, About::default()), None)
                .await;
        }
        let (deliveries, pushes): (Vec<_>, Vec<_>) = sendable
            .into_iter()
            .partition(|job| job.kind == JobKind::Delivery.as_str());
        for job in pushes {
            let (sender, seat) = (self.clone(), self.lanes.take(&job));
            tokio::spawn(async move {
                let mut about = About::default();
                let tried = push::send(&sender.outbox, &job, ends, &mut about).await;
                sender.conclude(job, (tried, about), Some(seat)).await;
            });
        }
        if deliveries.is_empty() {
            return Ok(());
        }
        match delivery::load(&self.outbox, &deliveries).await {
            Ok(loaded) => {
                let seated = deliveries.into_iter();
                let seated = seated.map(|job| (self.lanes.take(&job), job));
                self.deliver(loaded, seated, ends);
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "claimed deliveries could not be read; they are tried again later");
                for job in deliveries {
                    self.conclude(job, (Tried::NotMade, About::default()), None).await;
                }
                Err(error)
            }
        }
    }

    /// Sends deliveries of events, and to endpoints, that are loaded.
    pub fn deliver(&self, loaded: Loaded, jobs: impl IntoIterator<Item = (Seat, JobRow)>, ends: Instant) {
        let loaded = Arc::new(loaded);
        for (seat, job) in jobs {
            let (sender, loaded) = (self.clone(), Arc::clone(&loaded));
            tokio::spawn(async move {
                let mut about = About::default();
                let tried = delivery::send(&sender.outbox, &loaded, &job, ends, &mut about).await;
                sender.conclude(job, (tried, about), Some(seat)).await;
            });
        }
    }

    async fn conclude(&self, job: JobRow, (tried, about): (Tried, About), seat: Option<Seat>) {
        let at = self.outbox.ambient.now();
        if let Some(seat) = seat {
            seat.free(tried.ended(), at);
        }
        if let (Some(outcome), Ok(kind)) = (tried.word(), job.kind()) {
            let attempt = Attempt {
                kind: kind.as_str(),
                provider: about.provider.clone().unwrap_or_default(),
                outcome,
            };
            self.outbox.metrics.tried(&attempt, tried.took());
        }
        let fraction = self.outbox.ambient.fraction();
        let outcome = Outcome {
            job,
            tried,
            about,
            at,
            fraction,
        };
        // Fails only where the recorder ended, which it does after every sender.
        let _ = self.outcomes.send(outcome).await;
    }
}
