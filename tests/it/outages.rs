//! What becomes of requests and orders while PostgreSQL, or the way to it, fails, and afterwards: whoever asks is told
//! to come back, what was acknowledged stays, what was refused can be repeated, and nobody has to start anything
//! again.

use crate::greenhouse_flow::send_test;
use crate::harness::{
    Answered, Customer, Fault, PATIENCE, Receiver, Server, Side, TcpProxy, Workspace, on_postgres,
};
use crosscheck::config::Role;
use futures_util::future::join_all;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long an outage may be felt after it has ended: what a server holds for a client that it lost ends by then.
const AFTERMATH: Duration = Duration::from_secs(45);

const ORDERS: &str = "SELECT count(*) AS count FROM orders";

struct Scene {
    proxy: TcpProxy,
    server: Server,
    vendor: Receiver,
    customer: Customer,
    /// Each callback with the order that was acknowledged for it.
    placed: BTreeMap<String, Option<String>>,
}

impl Scene {
    /// A server with a proxy between it and its database.
    async fn start(role: Role) -> Self {
        let directory = Workspace::new();
        let mut url: url::Url = directory.database_url().parse().unwrap();
        let database = url.socket_addrs(|| Some(5432)).unwrap();
        let proxy = TcpProxy::to(database[0]);
        url.set_ip_host(proxy.address.ip()).unwrap();
        url.set_port(Some(proxy.address.port())).unwrap();
        let server = Server::start_as(role, directory, url.into()).await;
        let vendor = Receiver::start().await;
        let customer = server.link("greenhouse", "assessments").await;
        server.webhook(&vendor.url, &["record.new"]).await;
        // The vendor's calls are logged after they are answered: nothing of that is left to be written.
        let logged = |page: &Value| page["data"].as_array().unwrap().len() == 2;
        server
            .eventually("/requests/logs?filter[directions]=vendor_to_us", logged)
            .await;
        let scene = Self {
            proxy,
            server,
            vendor,
            customer,
            placed: BTreeMap::new(),
        };
        // That an ATS has called for the first time is noted after it is answered, too.
        scene
            .server
            .try_ats(&scene.customer, "GET", "list_tests", b"")
            .await;
        let ends = Instant::now() + PATIENCE;
        while scene.count("SELECT count(*) AS count FROM accounts WHERE first_call_at IS NOT NULL") == 0 {
            assert!(Instant::now() < ends, "the first call is not noted");
            sleep(Duration::from_millis(10)).await;
        }
        scene
    }

    /// Places so many new orders at once. Returns how many were acknowledged.
    async fn place(&mut self, orders: usize) -> usize {
        let before = self.placed.len();
        let callbacks = (before..before + orders).map(|order| format!("https://ats.example/tests/{order}"));
        self.send(callbacks.collect()).await
    }

    async fn send(&mut self, callbacks: Vec<String>) -> usize {
        let answers = join_all(callbacks.iter().map(|callback| {
            let body = send_test(callback).to_string().into_bytes();
            let (server, customer) = (&self.server, &self.customer);
            async move { server.try_ats(customer, "POST", "send_test", &body).await }
        }))
        .await;
        let orders: Vec<_> = answers.iter().map(order).collect();
        let acknowledged = orders.iter().flatten().count();
        self.placed.extend(callbacks.into_iter().zip(orders));
        acknowledged
    }

    /// An ATS repeats what was refused, until nothing is.
    async fn repeat_refused(&mut self) {
        let ends = Instant::now() + AFTERMATH;
        loop {
            let refused = self.placed.iter().filter(|(_, order)| order.is_none());
            let refused: Vec<_> = refused.map(|(callback, _)| callback.clone()).collect();
            if refused.is_empty() {
                return;
            }
            assert!(Instant::now() < ends, "still refused: {refused:?}");
            self.send(refused).await;
            sleep(Duration::from_millis(50)).await;
        }
    }

    async fn is_ready(&self) -> bool {
        let ready = self.server.send("GET", "/health/ready", &[], Vec::new()).await;
        if ready.status != 200 {
            assert_told_to_come_back(&ready);
        }
        ready.status == 200
    }

    /// The outage is over: the server is ready again, takes every order and delivers each, exactly one for each
    /// callback, and nothing was half-written.
    async fn assert_recovers(&mut self) {
        let ends = Instant::now() + AFTERMATH;
        while !self.is_ready().await {
            assert!(Instant::now() < ends, "it does not become ready again");
            sleep(Duration::from_millis(50)).await;
        }
        self.place(3).await;
        self.repeat_refused().await;
        self.assert_whole();
        assert_eq!(self.count(ORDERS), self.placed.len() as i64);
        self.assert_all_arrive().await;
    }

    async fn assert_all_arrive(&mut self) {
        let mut missing: BTreeSet<String> = self.placed.values().flatten().cloned().collect();
        assert_eq!(
            missing.len(),
            self.placed.len(),
            "an order of its own for each callback"
        );
        let mut event_of = BTreeMap::new();
        let ends = Instant::now() + AFTERMATH;
        while !missing.is_empty() {
            assert!(Instant::now() < ends, "never delivered: {missing:?}");
            let Ok(received) = timeout(Duration::from_secs(2), self.vendor.next()).await else {
                // It may have been claimed in a transaction of which the worker never heard that it was committed.
                self.server.directory.end_leases();
                continue;
            };
            let order = received.json()["recordId"].as_str().unwrap().to_owned();
            let event = received.headers["webhook-id"].clone();
            missing.remove(&order);
            let first = event_of.entry(order).or_insert_with(|| event.clone());
            assert_eq!(*first, event, "one event for each order");
        }
    }

    /// Every order has its event, every event its job.
    fn assert_whole(&self) {
        let events = "SELECT count(*) AS count FROM events WHERE event_type = 'record.new'";
        assert_eq!(self.count(events), self.count(ORDERS));
        let without_event = "SELECT count(*) AS count FROM orders \
                             WHERE NOT EXISTS (SELECT 1 FROM events WHERE events.id = orders.event_id)";
        assert_eq!(self.count(without_event), 0);
        let without_job = "SELECT count(*) AS count FROM events WHERE event_type = 'record.new' \
                           AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.subject_id = events.id)";
        assert_eq!(self.count(without_job), 0);
    }

    fn count(&self, sql: &str) -> i64 {
        self.server.directory.count(sql)
    }

    /// A vendor who asks meanwhile is told to come back.
    async fn assert_vendor_is_refused(&self) {
        let answer = self.server.try_vendor("GET", "/events", None).await;
        assert_told_to_come_back(&answer);
    }
}

/// The order that was acknowledged; none where the ATS was told to come back.
fn order(answer: &Answered) -> Option<String> {
    if answer.status != 200 {
        assert_told_to_come_back(answer);
        return None;
    }
    Some(answer.json()["partner_interview_id"].as_str().unwrap().to_owned())
}

fn assert_told_to_come_back(answer: &Answered) {
    let code = answer.json()["errorCode"].clone();
    assert!(
        code == "storage_unavailable" || code == "overloaded",
        "{} {}",
        answer.status,
        answer.text
    );
    answer.refuses(503, code.as_str().unwrap());
    assert_eq!(answer.header("retry-after"), "1");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_cannot_be_reached_everybody_is_told_to_come_back_and_then_all_is_well() {
    if !on_postgres() {
        return; // An embedded database has no way to it that could be cut.
    }
    let mut scene = Scene::start(Role::All).await;
    assert_eq!(scene.place(6).await, 6);
    scene.proxy.set(Fault::Cut);
    assert_eq!(scene.place(6).await, 0);
    scene.assert_vendor_is_refused().await;
    assert!(!scene.is_ready().await);
    let metrics = scene.server.send("GET", "/metrics", &[], Vec::new()).await;
    assert!(metrics.text.contains("\ncrosscheck_oldest_due_seconds NaN\n"));
    assert_eq!(scene.count(ORDERS), 6);
    scene.proxy.set(Fault::None);
    scene.assert_recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wherever_in_a_transaction_its_connection_is_reset_nothing_is_half_written_and_nothing_lost() {
    if !on_postgres() {
        return; // An embedded database has no connections.
    }
    let mut scene = Scene::start(Role::All).await;
    let from_client = [0, 5, 60, 300, 900, 1_700, 2_600, 4_000, 7_000, 11_000];
    let from_server = [0, 20, 90, 250, 600, 1_200];
    let cuts = from_client.map(|bytes| (Side::Client, bytes));
    for (side, bytes) in cuts
        .into_iter()
        .chain(from_server.map(|bytes| (Side::Server, bytes)))
    {
        scene.proxy.set(Fault::CutAfter(side, bytes));
        scene.place(3).await;
        let ends = Instant::now() + PATIENCE;
        while !scene.proxy.is_well() {
            assert!(Instant::now() < ends, "{side:?} never said {bytes} bytes");
            sleep(Duration::from_millis(10)).await;
        }
        scene.repeat_refused().await;
        scene.assert_whole();
    }
    scene.assert_recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_whose_commit_was_not_answered_is_refused_and_the_same_order_when_it_is_repeated() {
    if !on_postgres() {
        return; // An embedded database has no connections.
    }
    // One that does not send commits nothing else meanwhile.
    let mut scene = Scene::start(Role::Api).await;
    scene.proxy.set(Fault::CutAnswerTo("COMMIT"));
    assert_eq!(scene.place(1).await, 0);
    assert_eq!(scene.count(ORDERS), 1, "it was committed");
    scene.repeat_refused().await;
    assert_eq!(scene.count(ORDERS), 1);
    scene.assert_whole();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_vanished_without_a_word_hangs_nobody_and_all_is_well_once_it_is_back() {
    if !on_postgres() {
        return; // An embedded database does not vanish.
    }
    let mut scene = Scene::start(Role::All).await;
    // Enough at once that every thread has a connection, which is lost with it.
    scene.place(48).await;
    scene.proxy.set(Fault::Silence);
    assert_eq!(scene.place(24).await, 0);
    scene.assert_vendor_is_refused().await;
    assert!(!scene.is_ready().await);
    scene.proxy.set(Fault::None);
    scene.assert_recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_work_than_a_slow_database_does_is_refused_in_time_and_none_of_what_it_did_is_lost() {
    if !on_postgres() {
        return; // An embedded database is not slow in that way.
    }
    let mut scene = Scene::start(Role::All).await;
    scene.proxy.set(Fault::Delay(Duration::from_millis(300)));
    assert!(scene.place(150).await < 150, "more than can be done");
    scene.proxy.set(Fault::None);
    scene.assert_recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_database_takes_no_writes_reads_go_on_and_it_is_noticed_when_it_takes_them_again() {
    if !on_postgres() {
        return; // It is about a setting of PostgreSQL's.
    }
    let mut scene = Scene::start(Role::All).await;
    scene.place(6).await;
    scene.repeat_refused().await;
    let order = scene.placed.values().flatten().next().unwrap().clone();
    scene.server.directory.set_read_only(true);
    assert_eq!(scene.place(20).await, 0);
    let customer = &scene.customer;
    assert_eq!(
        scene.server.test_status(customer, &order).await["partner_status"],
        "pending"
    );
    assert_eq!(
        scene.server.get("/events").await["data"]
            .as_array()
            .unwrap()
            .len(),
        7
    );
    scene.server.directory.set_read_only(false);
    scene.assert_recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_for_which_the_disk_has_no_room_is_refused_whole_and_taken_once_there_is_room() {
    if !on_postgres() {
        return; // The embedded engine has a test of its own, with a file that may not grow.
    }
    let mut scene = Scene::start(Role::All).await;
    // What the server says when its disk is full, in the middle of an order; the disk itself is not ours to fill.
    scene.server.directory.execute(
        "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; \
         END $$; \
         CREATE TRIGGER is_full BEFORE INSERT ON jobs FOR EACH ROW EXECUTE FUNCTION is_full()",
    );
    assert_eq!(scene.place(6).await, 0);
    assert_eq!(scene.count(ORDERS), 0);
    scene.server.directory.execute("DROP TRIGGER is_full ON jobs");
    scene.assert_recovers().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_orders_that_come_at_once_those_alone_are_refused_that_the_database_does_not_take() {
    if !on_postgres() {
        return; // Orders that come at once are stored by the same code there.
    }
    let server = Server::start().await;
    let good = server.link("greenhouse", "assessments").await;
    let bad = server.link("greenhouse", "background_checks").await;
    server.directory.execute(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.category = 'background_checks' THEN RAISE EXCEPTION 'not that one'; END IF; \
             RETURN NEW; \
         END $$; \
         CREATE TRIGGER refuse BEFORE INSERT ON orders FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let sending = (0..40).map(|number| {
        let (customer, server) = (if number % 8 == 0 { &bad } else { &good }, &server);
        let body = send_test(&format!("https://ats.example/{number}")).to_string();
        async move {
            let answer = server
                .try_ats(customer, "POST", "send_test", body.as_bytes())
                .await;
            (number % 8 == 0, answer.status)
        }
    });
    for (is_bad, status) in join_all(sending).await {
        assert_eq!(status, if is_bad { 503 } else { 200 });
    }
    assert_eq!(server.directory.count(ORDERS), 35);
    server.stop().await;
}
