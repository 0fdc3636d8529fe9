//! The way past the claim. A delivery that is due as soon as it is stored, and whose endpoint this process's worker has
//! room for, is stored under the worker's lease and leaves once that is durable: neither claimed nor read again. Where
//! the process dies before, the lease ends, as that of any other.

use super::delivery::Loaded;
use super::lanes::Seat;
use super::sender::{LEASE_MS, SENDING, Sender};
use super::tools::Wake;
use crate::domain::timestamp::Timestamp;
use crate::store::events::EventRow;
use crate::store::jobs::JobRow;
use crate::store::webhooks::Subscriber;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::time::Instant;

/// Leads to the worker of this process, for as long as there is one.
#[derive(Clone)]
pub struct Shortcut {
    sender: Arc<Mutex<Option<Sender>>>,
    wake: Wake,
}

impl Shortcut {
    /// It leads nowhere yet. For what cannot go this way it rings `wake`.
    pub fn new(wake: Wake) -> Self {
        Self {
            sender: Arc::default(),
            wake,
        }
    }

    /// For a transaction that begins now.
    pub fn enter(&self) -> Departing {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        Departing {
            sender: sender.clone(),
            wake: self.wake.clone(),
            ends: Instant::now() + SENDING,
            loaded: Loaded::default(),
            leased: Vec::new(),
            waiting: HashSet::new(),
        }
    }

    /// It leads to this worker until what is returned is dropped.
    pub(super) fn open(&self, sender: Sender) -> Opened {
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        Opened(self.clone())
    }
}

/// A shortcut that leads to a worker. Once this is dropped it leads nowhere; what has entered before still leaves.
pub(super) struct Opened(Shortcut);

impl Drop for Opened {
    fn drop(&mut self) {
        *self.0.sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// The jobs that one transaction stores: they leave once it is durable. Where it fails this is dropped, and the seats
/// that were taken are free again.
pub struct Departing {
    sender: Option<Sender>,
    wake: Wake,
    ends: Instant,
    loaded: Loaded,
    leased: Vec<(Seat, JobRow)>,
    /// The lanes in which jobs wait to be claimed.
    waiting: HashSet<String>,
}

impl Departing {
    /// An event that the transaction stores, with the provider of the account that it is about.
    pub fn load(&mut self, event: &EventRow, provider: Option<&str>) {
        if self.sender.is_some() {
            self.loaded.add_event(event, provider);
        }
    }

    /// A delivery of such an event that is about to be stored: it is leased where it can leave at once.
    pub fn deliver(&mut self, job: &mut JobRow, subscriber: &Subscriber, now: Timestamp) {
        match self.seat(job, now) {
            Some(seat) => {
                job.lease(subscriber.read_at + LEASE_MS);
                self.loaded.add_endpoint(&subscriber.endpoint);
                self.leased.push((seat, job.clone()));
            }
            None => self.wait(job, now),
        }
    }

    fn seat(&self, job: &JobRow, now: Timestamp) -> Option<Seat> {
        let sender = self.sender.as_ref()?;
        let can_leave = job.is_due(now) && self.loaded.has_event(&job.subject_id);
        can_leave.then(|| sender.lanes.spare(job, now)).flatten()
    }

    /// A job that is about to be stored, and that waits to be claimed.
    pub fn wait(&mut self, job: &JobRow, now: Timestamp) {
        if job.is_due(now) {
            self.waiting.insert(job.lane.clone());
        }
    }

    /// All of it is durable.
    pub fn leave(self) {
        if let Some(sender) = self.sender {
            // A worker that looks for what it has no room for is in the way of what it has room for. It looks when a
            // lane has room again.
            let now = sender.outbox.ambient.now();
            if self.waiting.iter().any(|lane| !sender.lanes.is_full(lane, now)) {
                self.wake.wake_here();
            }
            sender.deliver(self.loaded, self.leased, self.ends);
        }
        if !self.waiting.is_empty() {
            self.wake.wake_others();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::announcer::{Announcement, Announcer};
    use super::super::lanes::tests::{NOW, closed, job};
    use super::super::lanes::{Ended, Lanes};
    use super::super::outcome::{Outcome, Tried};
    use super::*;
    use crate::ambient::{Ambient, System};
    use crate::crypto::{KeyRing, Vault};
    use crate::outbox::address_guard::AddressGuard;
    use crate::outbox::client::Client;
    use crate::outbox::{Large, Outbox};
    use crate::store::webhooks::WebhookRow;
    use crate::store::{Db, Store, StoreResult};
    use std::task::{Context, Waker};
    use tokio::sync::mpsc;

    const READ_AT: i64 = 7_000_000;

    struct Silent;

    impl Announcer for Silent {
        fn announce(&self, _: &mut Db<'_>, _: &JobRow, _: Announcement<'_>) -> StoreResult<()> {
            Ok(())
        }
    }

    /// A shortcut to a worker with these lanes, and what is in its way to the recorder.
    struct Scene {
        shortcut: Shortcut,
        wake: Wake,
        sender: Sender,
        outcomes: mpsc::Receiver<Outcome>,
        _directory: tempfile::TempDir,
    }

    fn scene(lanes: Lanes) -> Scene {
        let directory = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", directory.path().join("test.db").display());
        let store = Store::open(&url).unwrap();
        let ring = Arc::new(KeyRing::parse("a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=").unwrap());
        let (wake, (to_recorder, outcomes)) = (Wake::of(&store), mpsc::channel(8));
        let outbox = Outbox {
            vault: Vault::new(ring, &[0; 64], Arc::new(System)),
            ambient: Arc::new(System),
            client: Client::new(AddressGuard::new(Vec::new(), false)).unwrap(),
            announcer: Arc::new(Silent),
            public_url: "http://localhost".into(),
            metrics: Arc::default(),
            wake: wake.clone(),
            large: Large::default(),
            ownership: store.own().unwrap(),
            store,
        };
        let sender = Sender {
            outbox: Arc::new(outbox),
            lanes,
            outcomes: to_recorder,
        };
        Scene {
            shortcut: Shortcut::new(wake.clone()),
            wake,
            sender,
            outcomes,
            _directory: directory,
        }
    }

    /// Lanes of which this one has just done well.
    fn proven(lane: &str) -> Lanes {
        let lanes = Lanes::new();
        lanes.take(&job(lane)).free(Ended::Well, System.now());
        lanes
    }

    /// The event of each [`job`], with so many bytes.
    fn event(size: usize) -> EventRow {
        EventRow {
            id: "event".to_owned(),
            project_id: "project".to_owned(),
            event_type: "record.new".to_owned(),
            record_id: "record".to_owned(),
            account_id: None,
            category: None,
            body_sealed: vec![0; size],
            created_at: NOW.0,
        }
    }

    fn subscriber(id: &str) -> Subscriber {
        let endpoint = WebhookRow {
            id: id.to_owned(),
            project_id: "project".to_owned(),
            url: "https://vendor.example/hook".to_owned(),
            name: None,
            events: "record.new".to_owned(),
            categories: String::new(),
            enabled: true,
            disabled_reason: None,
            secret_sealed: Vec::new(),
            previous_secret_sealed: None,
            previous_secret_until: None,
            created_at: NOW.0,
            updated_at: NOW.0,
            schedule: None,
            in_order: false,
            signatures: String::new(),
        };
        let read_at = READ_AT;
        Subscriber { endpoint, read_at }
    }

    /// A delivery to `lane` as it is stored, of an event of so many bytes.
    fn stored(departing: &mut Departing, lane: &str, size: usize) -> JobRow {
        let mut job = job(lane);
        departing.load(&event(size), None);
        departing.deliver(&mut job, &subscriber(lane), NOW);
        job
    }

    /// Whether the worker of this process was woken.
    fn is_woken(wake: &Wake) -> bool {
        let rung = std::pin::pin!(wake.rung());
        rung.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[tokio::test]
    async fn a_delivery_to_an_endpoint_that_did_well_is_stored_under_a_lease_and_leaves_unclaimed() {
        let mut scene = scene(proven("good"));
        let _opened = scene.shortcut.open(scene.sender.clone());
        let mut departing = scene.shortcut.enter();
        let job = stored(&mut departing, "good", 100);
        let lease = (job.status.as_str(), job.leased_until, job.fence, job.claims);
        assert_eq!(lease, ("sending", Some(READ_AT + LEASE_MS), 1, 1));
        departing.leave();
        let outcome = scene.outcomes.recv().await.unwrap();
        assert_eq!((outcome.job.id, outcome.job.fence), (job.id, 1));
        // Its bytes here are none that open.
        assert!(
            matches!(outcome.tried, Tried::Unready { .. }),
            "{:?}",
            outcome.tried
        );
        assert!(!is_woken(&scene.wake), "there is nothing to claim");
    }

    #[tokio::test]
    async fn what_is_large_or_leads_to_an_unknown_endpoint_is_claimed() {
        let scene = scene(proven("good"));
        let _opened = scene.shortcut.open(scene.sender.clone());
        for (lane, size) in [("good", 20_000), ("unknown", 100)] {
            let mut departing = scene.shortcut.enter();
            let job = stored(&mut departing, lane, size);
            assert_eq!((job.status.as_str(), job.leased_until), ("pending", None));
            departing.leave();
            assert!(is_woken(&scene.wake));
        }
    }

    #[tokio::test]
    async fn the_worker_does_not_look_for_what_it_has_no_room_for() {
        let scene = scene(closed("failing", System.now()));
        let _opened = scene.shortcut.open(scene.sender.clone());
        let mut departing = scene.shortcut.enter();
        assert_eq!(stored(&mut departing, "failing", 100).status, "pending");
        departing.leave();
        assert!(!is_woken(&scene.wake));
    }

    #[tokio::test]
    async fn where_the_transaction_fails_the_seats_are_free_again() {
        let scene = scene(proven("good"));
        let _opened = scene.shortcut.open(scene.sender.clone());
        for _ in 0..10 {
            let mut departing = scene.shortcut.enter();
            assert_eq!(stored(&mut departing, "good", 100).status, "sending");
        }
    }

    #[tokio::test]
    async fn without_a_worker_everything_waits() {
        let scene = scene(proven("good"));
        drop(scene.shortcut.open(scene.sender.clone()));
        let mut departing = scene.shortcut.enter();
        assert_eq!(stored(&mut departing, "good", 100).status, "pending");
    }
}
