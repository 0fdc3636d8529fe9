//! What the room works with, and the bell that wakes it.

use super::announcer::Announcer;
use super::client::{Client, DEADLINE};
use crate::ambient::Ambient;
use crate::crypto::Vault;
use crate::metrics::Metrics;
use crate::store::{Ownership, Store};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// Tells the workers that there is something new: the one of this process, and those of the others.
#[derive(Clone)]
pub struct Wake {
    here: Arc<Notify>,
    store: Store,
}

impl Wake {
    /// The bell of those who work on `store`.
    pub fn of(store: &Store) -> Self {
        Self {
            here: Arc::default(),
            store: store.clone(),
        }
    }

    /// There are new jobs, or time has passed.
    pub fn wake(&self) {
        self.wake_here();
        self.wake_others();
    }

    /// Only the workers of the other processes have reason to look.
    pub(super) fn wake_others(&self) {
        self.store.ring();
    }

    /// Only the worker of this process has reason to look.
    pub(super) fn wake_here(&self) {
        self.here.notify_one();
    }

    /// Returns once it was rung, at once where that was before.
    pub(super) async fn rung(&self) {
        self.here.notified().await;
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
    /// The base of every URL that we hand out, without a trailing slash.
    pub public_url: Arc<str>,
    /// Where tries and ends are counted.
    pub metrics: Arc<Metrics>,
    /// Rings when there are new jobs.
    pub wake: Wake,
    /// Places for events so large that few of them fit into memory at once.
    pub large: Large,
    /// The right to send, held for as long as the worker runs.
    pub ownership: Ownership,
}

/// Places for large events: see [`Outbox`].
pub struct Large(pub(super) Semaphore);

impl Default for Large {
    fn default() -> Self {
        Self(Semaphore::new(LARGE))
    }
}

/// How many large events are in memory at once.
const LARGE: usize = 16;

/// How long a call may still take before the lease's safe time `ends`; none where it is not worth beginning.
pub fn time_left(ends: Instant) -> Option<Duration> {
    let left = ends.saturating_duration_since(Instant::now());
    (!left.is_zero()).then(|| left.min(DEADLINE))
}
