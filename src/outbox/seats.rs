//! How many sends may be under way at once, and whose they are: a claim looks at it, so that an endpoint that
//! hangs does not take all of them.

use crate::store::jobs::{self, JobRow, Lanes};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The seats in which sends are under way.
#[derive(Clone)]
pub struct Seats {
    pub free: Arc<Semaphore>,
    lanes: Arc<Mutex<Lanes>>,
}

impl Seats {
    /// So many free seats.
    pub fn new(count: u32) -> Self {
        Self {
            free: Arc::new(Semaphore::new(usize::try_from(count).unwrap_or(1))),
            lanes: Arc::default(),
        }
    }

    /// A seat for a job that was claimed: no more are claimed than there are free seats.
    pub fn take(&self, job: &JobRow) -> Seat {
        let lane = jobs::lane(job).to_owned();
        self.change(&lane, 1);
        Seat {
            _permit: Arc::clone(&self.free).try_acquire_owned().ok(),
            lane,
            seats: self.clone(),
        }
    }

    fn change(&self, lane: &str, by: i64) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let count = lanes.entry(lane.to_owned()).or_default();
        *count += by;
        if *count <= 0 {
            lanes.remove(lane);
        }
    }

    /// How many sends are under way in each lane.
    pub fn under_way(&self) -> Lanes {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A seat; it is free again when this is dropped, also by a send that panics.
pub struct Seat {
    _permit: Option<OwnedSemaphorePermit>,
    lane: String,
    seats: Seats,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.seats.change(&self.lane, -1);
    }
}
