//! Several processes on one PostgreSQL database: they share the work, and no job is two processes' at a time.

use crate::harness::{Held, Holder, PATIENCE, Process, Receiver, Server, Workspace, on_postgres, run};
use crosscheck::config::Role;
use crosscheck::store::Store;
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

const KEY: (&str, &str) = ("CROSSCHECK_API_KEY", "configured-key-of-this-test");
const AT_ONCE: usize = 4;
/// How many orders a run places, and how many are acknowledged when one of the replicas is killed.
const ORDERS: usize = 24;
const MOMENTS: [usize; 5] = [0, 3, 8, 15, 22];
/// By so much the replicas' clocks differ from the database's, one each way.
const SKEW: Duration = Duration::from_secs(30);

async fn replica(role: Role, directory: &Workspace) -> Server {
    Server::start_as(role, directory.clone(), directory.database_url()).await
}

/// How many jobs are where `condition` says.
fn jobs(directory: &Workspace, condition: &str) -> i64 {
    directory.count(&format!("SELECT count(*) AS count FROM jobs WHERE {condition}"))
}

async fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let ends = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < ends, "{what}");
        sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_whose_clocks_differ_share_the_work_and_send_nothing_twice() {
    if !on_postgres() {
        return; // An embedded database has one process.
    }
    let directory = Workspace::new();
    let behind = replica(Role::All, &directory).await;
    behind.clock.advance(-i64::try_from(SKEW.as_millis()).unwrap());
    let ahead = replica(Role::All, &directory).await;
    ahead.clock.advance(i64::try_from(SKEW.as_millis()).unwrap());
    let mut vendor = Holder::start().await;
    behind.webhook(&vendor.url, &["record.new"]).await;
    let customer = behind.link("greenhouse", "assessments").await;

    for order in 0..20 {
        behind
            .place(&customer, &format!("https://ats.example/{order}"))
            .await;
    }
    // Each may have two calls of an endpoint that it does not know yet under way.
    let mut held = Vec::new();
    while held.len() < 4 {
        held.push(vendor.next().await);
    }
    let mut sent_by: BTreeMap<i64, usize> = BTreeMap::new();
    let now = crosscheck::ambient::Ambient::now(&crosscheck::ambient::System).0 / 1000;
    for call in &held {
        let sent_at: i64 = call.header("webhook-timestamp").parse().unwrap();
        *sent_by.entry((sent_at - now).signum()).or_default() += 1;
    }
    assert_eq!(sent_by, BTreeMap::from([(-1, 2), (1, 2)]), "both send");
    // Nobody's clock but the database's counts for how long a job is theirs.
    let clock = "CAST(extract(epoch FROM clock_timestamp()) * 1000 AS BIGINT)";
    let leased = format!("status = 'sending' AND leased_until - {clock} BETWEEN 1 AND 20000");
    assert_eq!(jobs(&directory, &leased), 4);

    let mut calls: BTreeMap<String, usize> = BTreeMap::new();
    let mut answer = |call: Held| {
        *calls.entry(call.header("webhook-id").to_owned()).or_default() += 1;
        call.answer(200);
    };
    held.into_iter().for_each(&mut answer);
    for _ in 4..20 {
        answer(vendor.next().await);
    }
    wait_until("everything is written down", || {
        jobs(&directory, "status = 'succeeded'") == 20
    })
    .await;
    assert!(vendor.arrived().is_none());
    assert!(
        calls.len() == 20 && calls.values().all(|times| *times == 1),
        "{calls:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_hangs_is_given_up_before_another_replica_makes_it_again() {
    if !on_postgres() {
        return; // An embedded database has one process.
    }
    let directory = Workspace::new();
    let replicas = [
        replica(Role::All, &directory).await,
        replica(Role::All, &directory).await,
    ];
    let mut vendor = Holder::start().await;
    replicas[0].webhook(&vendor.url, &["record.new"]).await;
    let customer = replicas[0].link("greenhouse", "assessments").await;
    replicas[0].place(&customer, "https://ats.example/1").await;
    let hanging = vendor.next().await;
    // However late the replicas think it is.
    for replica in &replicas {
        replica.advance(Duration::from_secs(3600));
    }
    wait_until("its sender gives up", || vendor.holds() == 0).await;
    for replica in &replicas {
        replica.advance(Duration::from_secs(3600));
    }
    let again = vendor.next().await;
    assert_eq!(again.header("webhook-id"), hanging.header("webhook-id"));
    again.answer(200);
    wait_until("it is written down", || {
        jobs(&directory, "status = 'succeeded'") == 1
    })
    .await;
    assert_eq!(vendor.most_at_once(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_process_accepts_that_does_not_send_is_sent_by_one_that_does_nothing_else() {
    if !on_postgres() {
        return; // An embedded database has one process.
    }
    let directory = Workspace::new();
    let api = replica(Role::Api, &directory).await;
    let mut vendor = Receiver::start().await;
    api.webhook(&vendor.url, &["record.new"]).await;
    let customer = api.link("greenhouse", "assessments").await;
    let first = api.place(&customer, "https://ats.example/1").await;
    assert_eq!(jobs(&directory, "status = 'pending' AND claims = 0"), 1);

    let worker = replica(Role::Worker, &directory).await;
    assert_eq!(vendor.next().await.json()["recordId"], first.as_str());
    let second = api.place(&customer, "https://ats.example/2").await;
    assert_eq!(vendor.next().await.json()["recordId"], second.as_str());
    for path in ["/health/ready", "/metrics"] {
        let answer = worker.send("GET", path, &[], Vec::new()).await;
        assert_eq!(answer.status, 200, "{path}");
    }
    // Not as the document says, which is of one that answers.
    let events = worker.http.get(format!("{}/events", worker.url)).send().await;
    assert_eq!(events.unwrap().status(), 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_rings_is_heard_by_every_other_process_and_not_by_itself() {
    if !on_postgres() {
        return; // An embedded database has one process.
    }
    let directory = Workspace::new();
    let open = || {
        let url = directory.database_url();
        tokio::task::spawn_blocking(move || Store::open(&url).unwrap())
    };
    let (one, other) = (open().await.unwrap(), open().await.unwrap());
    let heard = [&one, &other].map(|store| {
        let heard = Arc::new(AtomicBool::new(false));
        let hears = Arc::clone(&heard);
        store.listen(move || hears.store(true, Ordering::SeqCst)).unwrap();
        heard
    });
    wait_until("the other hears it", || {
        // It may not be listening yet.
        one.ring();
        heard[1].load(Ordering::SeqCst)
    })
    .await;
    assert!(!heard[0].load(Ordering::SeqCst));
    wait_until("and the other way round", || {
        other.ring();
        heard[0].load(Ordering::SeqCst)
    })
    .await;
}

#[test]
fn processes_that_start_at_once_on_an_empty_database_make_its_tables_project_and_key_once() {
    if !on_postgres() {
        return; // An embedded database has one process.
    }
    let directory = Workspace::new();
    empty(&directory);
    let processes = at_once(|| Process::start(directory.path(), &[]));
    let keys = processes.iter().filter_map(Process::printed_key);
    assert_eq!(keys.count(), 1);
    for table in ["projects", "api_keys", "settings"] {
        let rows = directory.count(&format!("SELECT count(*) AS count FROM {table}"));
        assert_eq!(rows, 1, "{table}");
    }
    for process in processes {
        assert!(process.terminate().status.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_all_who_want_to_make_the_first_key_at_the_same_time_one_does() {
    if !on_postgres() {
        return; // An embedded database has one process.
    }
    let directory = Workspace::new();
    let replicas = [
        replica(Role::All, &directory).await,
        replica(Role::All, &directory).await,
    ];
    directory.execute("DELETE FROM api_keys");
    let wanting = (0..12).map(|turn| replicas[turn % 2].served.exchange.create_first_key());
    let made = join_all(wanting).await;
    assert_eq!(made.into_iter().filter_map(|made| made.unwrap()).count(), 1);
}

#[test]
fn processes_that_migrate_at_once_do_it_once() {
    if !on_postgres() {
        return; // The embedded engine has a test of its own.
    }
    let directory = Workspace::new();
    empty(&directory);
    for ended in at_once(|| run(directory.path(), &[], &["migrate"], "")) {
        assert!(
            ended.status.success(),
            "{}",
            String::from_utf8_lossy(&ended.stderr)
        );
    }
    assert_eq!(directory.count("SELECT count(*) AS count FROM orders"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_frozen_process_was_doing_another_does_and_what_comes_of_it_too_late_is_ignored() {
    if !on_postgres() {
        return; // An embedded database has one process.
    }
    let directory = Workspace::new();
    let mut vendor = Holder::start().await;
    let frozen = Process::start(directory.path(), &[KEY]);
    let webhook = json!({"url": vendor.url, "events": ["record.new"]});
    frozen.vendor(KEY.1, "POST", "/webhooks", Some(webhook)).await;
    let customer = frozen.link(KEY.1).await;
    frozen
        .place(&customer.token, "https://ats.example/1")
        .await
        .unwrap();
    let first = vendor.next().await;
    directory.execute("INSERT INTO duties VALUES ('sweep', 'the frozen one', 9000000000000)");
    frozen.freeze();

    let other = Process::start(directory.path(), &[KEY]);
    directory.end_leases();
    directory.execute("UPDATE duties SET leased_until = 0");
    let second = vendor.next().await;
    assert_eq!(second.header("webhook-id"), first.header("webhook-id"));
    // While the other is at it, the frozen one wakes, and writes down what came of everything before it ends.
    first.answer(500);
    frozen.thaw();
    assert!(frozen.terminate().status.success());
    assert_eq!(jobs(&directory, "status = 'sending' AND tries = 0"), 1);
    second.answer(200);
    wait_until("the other has written it down", || {
        jobs(&directory, "status = 'succeeded' AND tries = 1") == 1
    })
    .await;
    assert_eq!(
        directory.count("SELECT count(*) AS count FROM request_logs WHERE job_id IS NOT NULL"),
        1
    );
    assert!(other.terminate().status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_replicas_are_killed_and_started_again_no_acknowledged_order_is_lost_or_told_under_two_ids() {
    if !on_postgres() {
        return; // An embedded database has one process.
    }
    let directory = Workspace::new();
    let mut vendor = Receiver::start().await;
    let start = || Process::start(directory.path(), &[KEY]);
    let mut replicas = VecDeque::from([start(), start()]);
    let webhook = json!({"url": vendor.url, "events": ["record.new"]});
    replicas[0]
        .vendor(KEY.1, "POST", "/webhooks", Some(webhook))
        .await;
    let customer = replicas[0].link(KEY.1).await;

    let (mut acknowledged, mut unanswered) = (BTreeSet::new(), Vec::new());
    for (run, moment) in MOMENTS.into_iter().enumerate() {
        let fresh = (0..ORDERS).map(|order| format!("https://ats.example/{run}/{order}"));
        // What was not answered before, an ATS sends again, and may find another replica.
        let callbacks: Vec<String> = unanswered.drain(..).chain(fresh).collect();
        let mut placing = stream::iter(callbacks.iter().enumerate())
            .map(async |(turn, callback)| {
                (
                    replicas[turn % 2].place(&customer.token, callback).await,
                    callback,
                )
            })
            .buffer_unordered(AT_ONCE);
        let mut answered = BTreeSet::new();
        while answered.len() < moment {
            let (order, callback) = placing.next().await.unwrap();
            acknowledged.insert(order.expect("both are alive and answer"));
            answered.insert(callback);
        }
        drop(placing);
        unanswered.extend(callbacks.iter().filter(|one| !answered.contains(one)).cloned());
        replicas.pop_front().unwrap().kill();
        replicas.push_back(start());
    }
    for callback in unanswered {
        acknowledged.insert(replicas[0].place(&customer.token, &callback).await.unwrap());
    }
    assert_eq!(
        acknowledged.len(),
        MOMENTS.len() * ORDERS,
        "one order for each callback"
    );

    let mut event_of: BTreeMap<String, String> = BTreeMap::new();
    let ends = Instant::now() + 2 * PATIENCE;
    while !acknowledged.iter().all(|order| event_of.contains_key(order)) {
        assert!(Instant::now() < ends, "delivered only {event_of:?}");
        let Ok(received) = timeout(Duration::from_secs(1), vendor.next()).await else {
            // What is missing was being sent by one that was killed.
            directory.end_leases();
            continue;
        };
        let order = received.json()["recordId"].as_str().unwrap().to_owned();
        let event = received.headers["webhook-id"].clone();
        let first = event_of.entry(order).or_insert_with(|| event.clone());
        assert_eq!(*first, event);
    }
}

fn empty(directory: &Workspace) {
    let url = directory.database_url();
    assert!(url.starts_with("postgres"));
    directory.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public");
}

fn at_once<T: Send>(start: impl Fn() -> T + Sync) -> Vec<T> {
    std::thread::scope(|scope| {
        let started: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(&start)).collect();
        started.into_iter().map(|one| one.join().unwrap()).collect()
    })
}
