//! Claims, leases and outcomes, on whichever engine the tests run.

use crate::harness::Workspace;
use crosscheck::ambient::{Ambient, System};
use crosscheck::domain::id::{ProjectId, RequestLogId};
use crosscheck::domain::timestamp::Timestamp;
use crosscheck::store::claims::{self, Claimed, Left, Look, Room};
use crosscheck::store::jobs::{self, JobRow, JobStatus};
use crosscheck::store::outcomes::{self, Finished};
use crosscheck::store::request_logs::{Direction, RequestLogRow};
use crosscheck::store::{Db, Store, StoreError, duties, projects};
use diesel::RunQueryDsl;
use std::collections::{BTreeSet, HashMap, HashSet};

const LONG: i64 = 3_600_000;
const NOW: Timestamp = Timestamp(1_000);

struct Outbox {
    store: Store,
    _workspace: Workspace,
}

async fn outbox() -> Outbox {
    let workspace = Workspace::new();
    let url = workspace.database_url();
    let opened = tokio::task::spawn_blocking(move || Store::open(&url));
    let store = opened.await.unwrap().unwrap();
    let project = |db: &mut Db<'_>| projects::insert(db, &project(), "", Timestamp(0));
    store.write(project).await.unwrap();
    Outbox {
        store,
        _workspace: workspace,
    }
}

fn project() -> ProjectId {
    ProjectId::new(uuid::Uuid::nil())
}

/// A delivery to the endpoint `lane`, due at `at`.
fn delivery(id: &str, lane: &str, at: i64) -> JobRow {
    job("delivery", id, lane, lane, at)
}

/// A push of one order, due at `at`.
fn push(id: &str, at: i64) -> JobRow {
    job("push", id, "order", "account", at)
}

fn job(kind: &str, id: &str, target: &str, lane: &str, at: i64) -> JobRow {
    JobRow {
        id: id.to_owned(),
        project_id: project().as_str().to_owned(),
        kind: kind.to_owned(),
        subject_id: "subject".to_owned(),
        target_id: target.to_owned(),
        status: JobStatus::Pending.as_str().to_owned(),
        due_at: at,
        leased_until: None,
        fence: 0,
        claims: 0,
        tries: 0,
        last_status: None,
        last_error: None,
        created_at: at,
        updated_at: at,
        lane: lane.to_owned(),
        sequence: None,
        position: None,
        skipped: false,
    }
}

/// Room for so many jobs, and for so many of one lane.
fn room(jobs: i64, of_any_lane: i64) -> Room {
    Room {
        jobs,
        unproven: jobs,
        of_any_lane,
        lanes: HashMap::new(),
        proven: HashSet::new(),
    }
}

/// In these lanes, and in some beyond this one.
fn in_lanes(known: &[&str], beyond: &str) -> Look {
    Look::InLanes {
        known: known.iter().map(|lane| (*lane).to_owned()).collect(),
        beyond: Some(beyond.to_owned()),
    }
}

fn ids(claimed: &Claimed) -> Vec<String> {
    claimed.jobs.iter().map(|job| job.id.clone()).collect()
}

impl Outbox {
    async fn queue(&self, rows: Vec<JobRow>) {
        let insert = move |db: &mut Db<'_>| rows.iter().try_for_each(|row| jobs::insert(db, row));
        self.store.write(insert).await.unwrap();
    }

    async fn look(&self, look: Look, room: Room, lease: i64) -> Claimed {
        let claim = move |db: &mut Db<'_>| claims::claim(db, NOW, lease, room, look);
        self.store.write(claim).await.unwrap()
    }

    async fn claim_with(&self, room: Room, lease: i64) -> Vec<JobRow> {
        self.look(Look::AtTheOldest, room, lease).await.jobs
    }

    /// Claims what is due for so many milliseconds of the database's clock.
    async fn claim(&self, lease: i64) -> Vec<JobRow> {
        self.claim_with(room(64, 64), lease).await
    }

    async fn ids(&self, room: Room) -> Vec<String> {
        let claimed = self.claim_with(room, LONG).await;
        claimed.into_iter().map(|job| job.id).collect()
    }

    async fn take_back(&self) -> usize {
        self.store.write(claims::take_back_ended).await.unwrap()
    }

    /// Ends leases; true for those that still held.
    async fn finish(&self, jobs: Vec<JobRow>, status: JobStatus) -> BTreeSet<String> {
        let finished: Vec<_> = jobs.into_iter().map(|job| ended(job, status)).collect();
        let finish = move |db: &mut Db<'_>| outcomes::finish(db, &finished);
        self.store.write(finish).await.unwrap().into_iter().collect()
    }

    async fn status(&self, id: &'static str) -> String {
        #[derive(diesel::QueryableByName)]
        struct Found {
            #[diesel(sql_type = diesel::sql_types::Text)]
            status: String,
        }
        let query = diesel::sql_query(format!("SELECT status FROM jobs WHERE id = '{id}'"));
        let find = move |db: &mut Db<'_>| {
            let found: Found = match db {
                Db::Sqlite(connection) => query.get_result(&mut **connection)?,
                Db::Postgres(connection) => query.get_result(&mut **connection)?,
            };
            Ok::<_, StoreError>(found.status)
        };
        self.store.read(find).await.unwrap()
    }
}

fn ended(job: JobRow, status: JobStatus) -> Finished {
    let id = RequestLogId::new(System.uuid());
    let direction = Direction::UsToVendor;
    let attempt = RequestLogRow {
        job_id: Some(job.id.clone()),
        fence: Some(job.fence),
        status: Some(200),
        ..RequestLogRow::new(&id, &job.project_id, direction, "r", "record.new", Timestamp(30))
    };
    Finished {
        attempt: Some(attempt),
        job,
        status,
        due_at: Timestamp(31),
        at: Timestamp(31),
        reason: None,
    }
}

#[tokio::test]
async fn of_two_pushes_of_an_order_the_older_is_given_up_when_its_lease_ends() {
    for at_a_start in [true, false] {
        let outbox = outbox().await;
        // Ids are drawn before it is decided who comes first: the older may have the larger one.
        outbox.queue(vec![push("b", 1)]).await;
        let lease = if at_a_start { LONG } else { 0 };
        assert_eq!(outbox.claim(lease).await.len(), 1);
        outbox.queue(vec![push("a", 2)]).await;
        let freed = if at_a_start {
            assert!(outbox.claim(LONG).await.is_empty(), "one at a time for an order");
            outbox.store.write(claims::free_leases).await.unwrap()
        } else {
            outbox.take_back().await
        };
        assert_eq!(freed, 1);
        assert_eq!(outbox.ids(room(64, 64)).await, ["a"]);
        assert_eq!(outbox.status("b").await, "superseded");
    }
}

#[tokio::test]
async fn a_lease_that_ended_without_an_outcome_is_claimed_again_and_its_late_outcome_is_ignored() {
    let outbox = outbox().await;
    outbox.queue(vec![push("a", 1)]).await;
    let late = outbox.claim(0).await;
    assert!(outbox.store.read(claims::has_ended_leases).await.unwrap());
    assert_eq!(outbox.take_back().await, 1);
    assert!(!outbox.store.read(claims::has_ended_leases).await.unwrap());
    let again = outbox.claim(LONG).await;
    assert!(outbox.claim(LONG).await.is_empty());
    assert!(again[0].fence > late[0].fence);
    assert!(outbox.finish(late, JobStatus::Succeeded).await.is_empty());
    assert_eq!(outbox.status("a").await, "sending");
    assert_eq!(outbox.finish(again, JobStatus::Succeeded).await.len(), 1);
    assert_eq!(outbox.status("a").await, "succeeded");
}

#[tokio::test]
async fn of_several_outcomes_those_whose_lease_was_lost_are_not_written_and_the_others_are() {
    let outbox = outbox().await;
    outbox
        .queue(vec![delivery("kept", "x", 1), delivery("lost", "x", 2)])
        .await;
    let mut claimed = outbox.claim(LONG).await;
    claimed[1].fence -= 1;
    let written = outbox.finish(claimed, JobStatus::Pending).await;
    assert_eq!(written, BTreeSet::from(["kept".to_owned()]));
    assert_eq!(outbox.status("kept").await, "pending");
    assert_eq!(outbox.status("lost").await, "sending");
}

#[tokio::test]
async fn what_a_full_lane_has_waiting_keeps_no_other_lane_from_its_turn() {
    let outbox = outbox().await;
    let long_due = (0..40).map(|n| delivery(&format!("full-{n:02}"), "full", n));
    let others = ["other-1", "other-2"].map(|id| delivery(id, "other", 500));
    outbox.queue(long_due.chain(others).collect()).await;
    let first = outbox.look(Look::AtTheOldest, room(8, 3), LONG).await;
    assert_eq!(ids(&first), ["full-00", "full-01", "full-02"]);
    assert_eq!(first.left, Left::Blocked);
    let mut held = room(8, 8);
    held.lanes.insert("full".to_owned(), 0);
    let beyond = outbox.look(in_lanes(&[], ""), held.clone(), LONG).await;
    assert_eq!(ids(&beyond), ["other-1", "other-2"]);
    let again = outbox.look(in_lanes(&[], ""), held.clone(), LONG).await;
    assert_eq!(ids(&again), [""; 0], "what was found is claimed once");
    assert_eq!(again.left, Left::Nothing { next_due: None });

    outbox.queue(vec![delivery("third", "third", 900)]).await;
    let blocked = outbox.look(Look::AtTheOldest, held.clone(), LONG).await;
    assert_eq!(blocked.left, Left::Blocked);
    assert_eq!(ids(&blocked), [""; 0], "nothing of a lane that is held back");
    let found = outbox.look(in_lanes(&["third"], ""), held, LONG).await;
    assert_eq!(ids(&found), ["third"]);
    let unblocked = outbox.look(Look::AtTheOldest, room(64, 64), LONG).await;
    assert_eq!(unblocked.jobs.len(), 37);
    assert!(matches!(unblocked.left, Left::Nothing { .. }));
}

#[tokio::test]
async fn lanes_are_looked_at_some_at_a_time_and_those_that_are_known_each_time() {
    let outbox = outbox().await;
    let lanes = (0..70).map(|n| delivery(&format!("{n:02}"), &format!("lane {n:02}"), 500 - n));
    let later = (0..70).map(|n| delivery(&format!("later {n:02}"), &format!("later {n:02}"), 5_000));
    outbox.queue(lanes.chain(later).collect()).await;
    let (mut seen, mut beyond, mut looks) = (Vec::new(), String::new(), 0);
    loop {
        let known = ["lane 69", "unknown"];
        let found = outbox.look(in_lanes(&known, &beyond), room(64, 64), LONG).await;
        let mut found_here = ids(&found);
        assert!(
            found_here.is_sorted_by(|one, other| one > other),
            "the longest due first"
        );
        seen.append(&mut found_here);
        looks += 1;
        if looks == 1 {
            assert!(seen.contains(&"69".to_owned()));
        }
        match found.last_lane {
            Some(last) => beyond = last,
            None => break,
        }
    }
    seen.sort();
    assert_eq!(seen, (0..70).map(|n| format!("{n:02}")).collect::<Vec<_>>());
    assert_eq!(looks, 5);

    outbox
        .queue(vec![delivery("not looked at", "lane 00", 500)])
        .await;
    let known = vec!["lane 69".to_owned()];
    let look = Look::InLanes { known, beyond: None };
    assert!(outbox.look(look, room(64, 64), LONG).await.jobs.is_empty());
}

#[tokio::test]
async fn of_a_lane_with_much_that_is_due_more_is_left_and_there_is_never_more_claimed_than_there_is_room() {
    let outbox = outbox().await;
    let much = (0..100).map(|n| delivery(&format!("{n:03}"), ["a", "b"][n % 2], 0));
    outbox.queue(much.collect()).await;
    let first = outbox.look(in_lanes(&[], ""), room(256, 256), LONG).await;
    assert_eq!((first.jobs.len(), first.left), (64, Left::More));
    let full = outbox.look(in_lanes(&[], ""), room(4, 256), LONG).await;
    assert_eq!((full.jobs.len(), full.left), (4, Left::More));
    let mut held = room(256, 256);
    held.lanes.insert("a".to_owned(), 3);
    let rest = outbox.look(in_lanes(&["a"], ""), held, LONG).await;
    let of_a = rest.jobs.iter().filter(|job| job.lane == "a").count();
    assert_eq!(of_a, 3);
}

#[tokio::test]
async fn what_is_reserved_for_proven_lanes_is_claimed_by_no_other() {
    let outbox = outbox().await;
    let due = (0..30).map(|n| delivery(&format!("{n:02}"), ["new", "failed", "good"][n % 3], 0));
    outbox.queue(due.collect()).await;
    let room = || Room {
        unproven: 3,
        proven: HashSet::from(["good".to_owned()]),
        ..room(24, 4)
    };
    for look in [Look::AtTheOldest, in_lanes(&["good", "failed"], "")] {
        let claimed = outbox.look(look, room(), LONG).await;
        let good = claimed.jobs.iter().filter(|job| job.lane == "good").count();
        assert_eq!((good, claimed.jobs.len()), (4, 7));
    }
}

#[tokio::test]
async fn lane_by_lane_no_push_is_claimed_beside_another_of_its_order() {
    let outbox = outbox().await;
    outbox.queue(vec![push("a", 1), push("b", 2)]).await;
    let first = outbox.look(Look::AtTheOldest, room(1, 1), LONG).await;
    assert_eq!(first.jobs[0].id, "a");
    let look = || outbox.look(in_lanes(&[], ""), room(8, 8), LONG);
    assert_eq!(ids(&look().await), [""; 0]);
    outbox.finish(first.jobs, JobStatus::Succeeded).await;
    assert_eq!(ids(&look().await), ["b"]);
}

#[tokio::test]
async fn no_more_is_claimed_than_there_is_room_for_and_the_longest_due_come_first() {
    let outbox = outbox().await;
    let due = [30, 10, 20, 2_000].map(|at| delivery(&format!("{at}"), &format!("lane {at}"), at));
    outbox.queue(due.into()).await;
    assert_eq!(outbox.ids(room(2, 2)).await, ["10", "20"]);
    assert_eq!(outbox.ids(room(2, 2)).await, ["30"], "what is not due waits");
    let claim = |db: &mut Db<'_>| claims::claim(db, NOW, LONG, room(2, 2), Look::AtTheOldest);
    let claimed = outbox.store.write(claim).await.unwrap();
    let next_due = Some(Timestamp(2_000));
    assert_eq!(claimed.left, Left::Nothing { next_due });
}

#[tokio::test]
async fn workers_that_claim_at_the_same_time_never_get_the_same_job() {
    let outbox = outbox().await;
    let due = (0..200).map(|n| delivery(&format!("{n}"), &format!("lane {}", n % 7), n));
    outbox.queue(due.collect()).await;
    let (mut seen, mut before) = (BTreeSet::new(), 0);
    while seen.len() < 200 {
        let claims = (0..6).map(|_| outbox.claim_with(room(10, 5), LONG));
        for job in futures_util::future::join_all(claims).await.into_iter().flatten() {
            assert!(seen.insert(job.id.clone()), "{} was claimed twice", job.id);
        }
        assert!(seen.len() > before, "every round somebody gets on");
        before = seen.len();
    }
}

#[tokio::test]
async fn a_duty_is_held_by_one_process_until_its_lease_ends() {
    let outbox = outbox().await;
    let take = |who: &'static str, lease| {
        outbox
            .store
            .write(move |db| duties::take(db, "sweep", who, lease))
    };
    assert!(take("one", LONG).await.unwrap());
    assert!(!take("other", LONG).await.unwrap());
    assert!(take("one", 0).await.unwrap(), "its holder keeps it");
    assert!(take("other", LONG).await.unwrap(), "its lease has ended");
    assert!(!take("one", LONG).await.unwrap());
}
