//! How many sends may be under way at once, in all and in each lane: an endpoint's deliveries, an account's pushes.
//!
//! A lane begins with few seats, gets one more with each success, and loses them when its sends fail: one that hangs
//! holds few, so that a slow, dead or hostile receiver does not delay the others. After several failures in a row
//! the lane is closed for a while (its jobs wait, no try is spent), and then one send at a time finds out whether it
//! is well again.

use crate::domain::timestamp::Timestamp;
use crate::store::claims::Room;
use crate::store::jobs::JobRow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// Seats in all.
const SEATS: u32 = 512;
/// How many lanes with room are named at most.
const KNOWN: usize = 64;
/// With fewer free ones than these, a lane may have been given less than it has room for.
const SCARCE: usize = 256;
/// Seats that only lanes get whose last send ended well: those of many that hang would be all there are.
const RESERVED: i64 = 128;
/// What one claim takes at most.
const CLAIM: i64 = 256;
/// Seats of a lane that nothing is known of.
const FIRST: i64 = 2;
/// Seats of a lane at most.
const MOST: i64 = 256;
/// So many failures in a row close a lane.
const PATIENCE: u32 = 10;
/// For how long at first; twice as long after each send that then fails, too.
const CLOSED_MS: i64 = 5_000;
/// For how long at most.
const CLOSED_AT_MOST_MS: i64 = 60_000;
/// How long an idle lane keeps the seats that it has earned.
const REMEMBERED_MS: i64 = 60_000;

/// How a send ended, as far as its lane is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The receiver does what it should.
    Well,
    /// It does not.
    Badly,
    /// It says nothing of the receiver: no call was made.
    Unsent,
}

/// The lanes of one worker.
#[derive(Clone)]
pub struct Lanes {
    seats: Arc<Semaphore>,
    lanes: Arc<Mutex<HashMap<String, Lane>>>,
    freed: Arc<Notify>,
}

struct Lane {
    under_way: i64,
    seats: i64,
    failures: u32,
    closed_until: Option<Timestamp>,
    /// Whether its last send ended well.
    is_proven: bool,
    /// When its last send ended.
    ended_at: Timestamp,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            under_way: 0,
            seats: FIRST,
            failures: 0,
            closed_until: None,
            is_proven: false,
            ended_at: Timestamp(i64::MAX),
        }
    }
}

impl Lane {
    /// How many more of its sends may begin now.
    fn room(&self, now: Timestamp) -> i64 {
        let seats = match self.closed_until {
            Some(until) if now < until => 0,
            Some(_) => 1,
            None => self.seats,
        };
        seats.saturating_sub(self.under_way).max(0)
    }

    fn end(&mut self, how: Ended, now: Timestamp) {
        self.under_way -= 1;
        self.ended_at = now;
        match how {
            Ended::Well => {
                self.failures = 0;
                self.is_proven = true;
                self.closed_until = None;
                self.seats = MOST.min(self.seats + 1);
            }
            Ended::Badly => {
                self.failures = self.failures.saturating_add(1);
                self.is_proven = false;
                self.seats = 1.max(self.seats / 2);
                if let Some(beyond) = self.failures.checked_sub(PATIENCE) {
                    let wait = CLOSED_MS
                        .saturating_mul(1 << beyond.min(8))
                        .min(CLOSED_AT_MOST_MS);
                    self.closed_until = Some(now.plus_ms(wait));
                }
            }
            Ended::Unsent => {}
        }
    }

    /// Whether it has been idle and well for so long that nothing of it need be remembered.
    fn is_forgotten(&self, now: Timestamp) -> bool {
        self.under_way == 0 && self.failures == 0 && self.ended_at.plus_ms(REMEMBERED_MS) < now
    }
}

impl Lanes {
    /// All seats are free.
    pub fn new() -> Self {
        let seats = usize::try_from(SEATS).unwrap_or(1);
        Self {
            seats: Arc::new(Semaphore::new(seats)),
            lanes: Arc::default(),
            freed: Arc::default(),
        }
    }

    /// Waits for a free seat.
    pub async fn any_free(&self) {
        // Fails only where the semaphore is closed, which nobody does.
        let _ = self.seats.acquire().await;
    }

    /// Waits until a seat was freed that a job may wait for, since its lane had no room or few seats are free at all; at
    /// once where that was before.
    pub async fn freed(&self) {
        self.freed.notified().await;
    }

    /// Waits until nothing is under way.
    pub async fn all_free(&self) {
        let _ = self.seats.acquire_many(SEATS).await;
    }

    /// What a claim may bring now.
    pub fn room(&self, now: Timestamp) -> Room {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.retain(|_, lane| !lane.is_forgotten(now));
        let free = i64::try_from(self.seats.available_permits()).unwrap_or(0);
        let unproven = lanes.values().filter(|lane| !lane.is_proven);
        let unproven: i64 = unproven.map(|lane| lane.under_way).sum();
        let proven = lanes.iter().filter(|(_, lane)| lane.is_proven);
        Room {
            jobs: free.min(CLAIM),
            unproven: i64::from(SEATS) - RESERVED - unproven,
            of_any_lane: FIRST,
            proven: proven.map(|(name, _)| name.clone()).collect(),
            // However well it did so far, no lane takes all that is left.
            lanes: lanes
                .iter()
                .map(|(name, lane)| (name.clone(), lane.room(now).min(free / 2 + 1)))
                .collect(),
        }
    }

    /// The lanes that have room and that something was sent in before: those that did well and the last used first.
    pub fn known(&self, now: Timestamp) -> Vec<String> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let open = lanes.iter().filter(|(_, lane)| lane.room(now) > 0);
        let mut open: Vec<_> = open
            .map(|(name, lane)| (lane.is_proven, lane.ended_at, name))
            .collect();
        open.sort_unstable_by(|one, other| other.cmp(one));
        open.truncate(KNOWN);
        open.into_iter().map(|(_, _, name)| name.clone()).collect()
    }

    /// A seat for a job that was claimed: no more are claimed than there are free seats.
    pub fn take(&self, job: &JobRow) -> Seat {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        self.seat(lanes.entry(job.lane.clone()).or_default(), job)
    }

    /// A seat for a job that nobody has claimed, where its lane is well and no more than half of its seats are taken:
    /// in a busier one others may wait that are due longer.
    pub fn spare(&self, job: &JobRow, now: Timestamp) -> Option<Seat> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.get_mut(&job.lane)?;
        let is_spare = lane.is_proven && lane.room(now) > lane.under_way;
        (is_spare && self.seats.available_permits() > SCARCE).then(|| self.seat(lane, job))
    }

    /// Whether this lane has no room now, as far as is known.
    pub fn is_full(&self, name: &str, now: Timestamp) -> bool {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        lanes.get(name).is_some_and(|lane| lane.room(now) == 0)
    }

    fn seat(&self, lane: &mut Lane, job: &JobRow) -> Seat {
        lane.under_way += 1;
        Seat {
            _permit: Arc::clone(&self.seats).try_acquire_owned().ok(),
            lane: job.lane.clone(),
            lanes: self.clone(),
            ended: (Ended::Unsent, Timestamp(0)),
        }
    }

    fn end(&self, lane: &str, how: Ended, now: Timestamp) {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lanes.get_mut(lane) {
            let (was_open, had_room) = (found.closed_until.is_none(), found.room(now) > 0);
            found.end(how, now);
            if (!had_room && found.room(now) > 0) || self.seats.available_permits() < SCARCE {
                self.freed.notify_one();
            }
            if was_open && found.closed_until.is_some() {
                tracing::warn!(lane, "closed for a while: its sends fail one after the other");
            }
        }
    }
}

/// A seat; it is free again when this is dropped, also by a send that panics.
pub struct Seat {
    _permit: Option<OwnedSemaphorePermit>,
    lane: String,
    lanes: Lanes,
    ended: (Ended, Timestamp),
}

impl Seat {
    /// Frees the seat and remembers how the send ended.
    pub fn free(mut self, how: Ended, now: Timestamp) {
        self.ended = (how, now);
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let (how, now) = self.ended;
        self.lanes.end(&self.lane, how, now);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::domain::id::DeliveryId;
    use crate::store::events::EventHead;
    use std::collections::HashSet;
    use std::future::Future;
    use std::task::{Context, Waker};

    pub const NOW: Timestamp = Timestamp(1_000_000);

    /// A delivery to the endpoint `lane`.
    pub fn job(lane: &str) -> JobRow {
        let event = EventHead {
            id: "event".to_owned(),
            project_id: "project".to_owned(),
            event_type: "record.new".to_owned(),
            record_id: "record".to_owned(),
            category: None,
        };
        JobRow::delivery(&DeliveryId::new(uuid::Uuid::nil()), &event, lane, NOW)
    }

    /// One send of `lane` that ends like this at `now`.
    fn send(lanes: &Lanes, lane: &str, how: Ended, now: Timestamp) {
        lanes.take(&job(lane)).free(how, now);
    }

    /// How many more sends of `lane` may begin.
    fn room(lanes: &Lanes, lane: &str, now: Timestamp) -> i64 {
        let room = lanes.room(now);
        room.lanes.get(lane).copied().unwrap_or(room.of_any_lane)
    }

    /// Lanes of which `lane` has just been closed.
    pub fn closed(lane: &str, now: Timestamp) -> Lanes {
        let lanes = Lanes::new();
        for _ in 0..PATIENCE {
            send(&lanes, lane, Ended::Badly, now);
        }
        lanes
    }

    #[test]
    fn a_lane_begins_with_few_seats_and_each_send_under_way_holds_one() {
        let lanes = Lanes::new();
        assert_eq!(room(&lanes, "a", NOW), FIRST);
        let taken = [lanes.take(&job("a")), lanes.take(&job("a"))];
        assert_eq!(room(&lanes, "a", NOW), FIRST - 2);
        assert_eq!(room(&lanes, "b", NOW), FIRST);
        assert_eq!(
            lanes.room(NOW).jobs,
            CLAIM,
            "a claim takes no more, whatever is free"
        );
        drop(taken);
        assert_eq!(room(&lanes, "a", NOW), FIRST);
    }

    #[test]
    fn a_lane_gets_a_seat_with_each_success_up_to_the_most() {
        let lanes = Lanes::new();
        let stays = lanes.take(&job("a"));
        send(&lanes, "a", Ended::Well, NOW);
        assert_eq!(room(&lanes, "a", NOW), FIRST + 1 - 1);
        for _ in 0..2 * MOST {
            send(&lanes, "a", Ended::Well, NOW);
        }
        assert_eq!(room(&lanes, "a", NOW), MOST - 1);
        drop(stays);
    }

    #[test]
    fn each_failure_takes_half_of_the_seats_and_leaves_one() {
        let lanes = Lanes::new();
        for _ in FIRST..8 {
            send(&lanes, "a", Ended::Well, NOW);
        }
        for expected in [4, 2, 1, 1] {
            send(&lanes, "a", Ended::Badly, NOW);
            assert_eq!(room(&lanes, "a", NOW), expected);
        }
        assert_eq!(room(&lanes, "b", NOW), FIRST);
    }

    #[test]
    fn what_was_never_sent_says_nothing_of_the_receiver() {
        let lanes = Lanes::new();
        for _ in 1..PATIENCE {
            send(&lanes, "a", Ended::Badly, NOW);
        }
        for _ in 0..PATIENCE {
            send(&lanes, "a", Ended::Unsent, NOW);
        }
        assert_eq!(room(&lanes, "a", NOW), 1, "it is no failure");
        send(&lanes, "a", Ended::Badly, NOW);
        assert_eq!(room(&lanes, "a", NOW), 0, "and no success");
    }

    #[test]
    fn ten_failures_in_a_row_close_a_lane_and_nine_do_not() {
        let lanes = Lanes::new();
        for _ in 0..2 {
            for _ in 1..PATIENCE {
                send(&lanes, "a", Ended::Badly, NOW);
                assert!(room(&lanes, "a", NOW) > 0);
            }
            send(&lanes, "a", Ended::Well, NOW);
        }
        let lanes = closed("a", NOW);
        assert_eq!(room(&lanes, "a", NOW), 0);
        assert_eq!(room(&lanes, "a", NOW.plus_ms(CLOSED_MS - 1)), 0);
        assert_eq!(room(&lanes, "b", NOW), FIRST, "the others go on");
    }

    #[test]
    fn after_the_wait_exactly_one_send_at_a_time_finds_out_and_a_success_opens_the_lane() {
        let lanes = closed("a", NOW);
        let later = NOW.plus_ms(CLOSED_MS);
        assert_eq!(room(&lanes, "a", later), 1);
        let probe = lanes.take(&job("a"));
        assert_eq!(room(&lanes, "a", later), 0);
        probe.free(Ended::Well, later);
        assert_eq!(room(&lanes, "a", later), 2, "it earns its seats anew");
    }

    #[test]
    fn the_wait_doubles_with_each_send_that_still_fails_up_to_a_minute() {
        let lanes = closed("a", NOW);
        let mut now = NOW;
        let mut wait = CLOSED_MS;
        for expected in [5_000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000] {
            assert_eq!(wait, expected);
            assert_eq!(room(&lanes, "a", now.plus_ms(wait - 1)), 0);
            now = now.plus_ms(wait);
            assert_eq!(room(&lanes, "a", now), 1);
            send(&lanes, "a", Ended::Badly, now);
            wait = (wait * 2).min(CLOSED_AT_MOST_MS);
        }
    }

    /// Whether a worker that sleeps would be woken, or was to be woken before.
    fn wakes(lanes: &Lanes) -> bool {
        let freed = std::pin::pin!(lanes.freed());
        freed.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn a_freed_seat_wakes_where_its_lane_had_no_room_or_few_seats_are_free_at_all() {
        let lanes = Lanes::new();
        send(&lanes, "a", Ended::Well, NOW);
        assert!(!wakes(&lanes), "nothing waited for it");
        let mut all: Vec<Seat> = (0..=FIRST).map(|_| lanes.take(&job("a"))).collect();
        all.remove(0).free(Ended::Badly, NOW);
        while room(&lanes, "a", NOW) == 0 {
            assert!(!wakes(&lanes), "its lane still has no room");
            all.remove(0).free(Ended::Well, NOW);
        }
        assert!(wakes(&lanes));
        assert!(!wakes(&lanes), "once");
        let _busy: Vec<Seat> = (0..SEATS / 2 + 1).map(|_| lanes.take(&job("b"))).collect();
        send(&lanes, "c", Ended::Well, NOW);
        assert!(wakes(&lanes));
    }

    #[test]
    fn the_lanes_that_have_room_are_known_those_that_did_well_and_the_last_used_first() {
        let lanes = closed("closed", NOW);
        send(&lanes, "first", Ended::Well, NOW);
        send(&lanes, "second", Ended::Badly, NOW.plus_ms(1));
        let _full: Vec<Seat> = (0..FIRST).map(|_| lanes.take(&job("full"))).collect();
        let _under_way = lanes.take(&job("under way"));
        assert_eq!(lanes.known(NOW), ["first", "under way", "second"]);
    }

    #[test]
    fn lanes_of_which_nothing_good_is_known_leave_seats_to_the_others() {
        let lanes = Lanes::new();
        send(&lanes, "good", Ended::Well, NOW);
        send(&lanes, "well no more", Ended::Well, NOW);
        send(&lanes, "well no more", Ended::Badly, NOW);
        let fill = |number: u32| lanes.take(&job(&format!("hangs {}", number / 8)));
        let _hanging: Vec<Seat> = (0..380).map(fill).collect();
        assert_eq!(lanes.room(NOW).unproven, 4);
        assert_eq!(lanes.room(NOW).proven, HashSet::from(["good".to_owned()]));
        let _more = lanes.take(&job("good"));
        assert_eq!(lanes.room(NOW).unproven, 4);
    }

    #[test]
    fn what_nobody_claimed_gets_a_seat_in_a_lane_that_did_well_and_is_not_half_full() {
        let lanes = Lanes::new();
        let spare = |lane: &str| lanes.spare(&job(lane), NOW);
        assert!(spare("a").is_none(), "nothing is known of it");
        for _ in FIRST..8 {
            send(&lanes, "a", Ended::Well, NOW);
        }
        let taken: Vec<Seat> = (0..4).map_while(|_| spare("a")).collect();
        assert_eq!(taken.len(), 4);
        assert!(spare("a").is_none(), "the rest is for what waits");
        assert_eq!(room(&lanes, "a", NOW), 4);
        drop(taken);
        send(&lanes, "a", Ended::Badly, NOW);
        assert!(spare("a").is_none(), "it did not do well");
        send(&lanes, "a", Ended::Well, NOW);
        let _busy: Vec<Seat> = (0..SEATS / 2).map(|_| lanes.take(&job("b"))).collect();
        assert!(spare("a").is_none(), "few are free at all");
    }

    #[test]
    fn a_lane_is_full_while_nothing_more_of_it_may_be_sent() {
        let lanes = closed("closed", NOW);
        assert!(lanes.is_full("closed", NOW));
        assert!(!lanes.is_full("closed", NOW.plus_ms(CLOSED_MS)));
        assert!(!lanes.is_full("unknown", NOW));
        let _taken: Vec<Seat> = (0..FIRST).map(|_| lanes.take(&job("busy"))).collect();
        assert!(lanes.is_full("busy", NOW));
    }

    #[test]
    fn no_lane_takes_more_than_half_of_what_is_free() {
        let lanes = Lanes::new();
        let _stays = lanes.take(&job("a"));
        for _ in 0..MOST {
            send(&lanes, "a", Ended::Well, NOW);
        }
        let _others: Vec<Seat> = (0..SEATS - 21).map(|_| lanes.take(&job("b"))).collect();
        let room = lanes.room(NOW);
        assert_eq!((room.jobs, room.lanes["a"]), (20, 11));
    }

    #[test]
    fn a_lane_that_is_idle_and_well_for_a_minute_is_forgotten_also_after_a_send_that_panicked() {
        let lanes = Lanes::new();
        let known = |now: Timestamp| {
            let mut known: Vec<String> = lanes.room(now).lanes.into_keys().collect();
            known.sort();
            known
        };
        let _under_way = lanes.take(&job("busy"));
        send(&lanes, "well", Ended::Well, NOW);
        send(&lanes, "failed", Ended::Badly, NOW);
        drop(lanes.take(&job("panicked")));
        assert_eq!(known(NOW), ["busy", "failed", "well"]);
        assert_eq!(known(NOW.plus_ms(REMEMBERED_MS)), ["busy", "failed", "well"]);
        assert_eq!(known(NOW.plus_ms(REMEMBERED_MS + 1)), ["busy", "failed"]);
    }
}
