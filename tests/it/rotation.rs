//! Rotation of the sealing keys, as an operator does it: beside a server that runs, killed and run again, and then
//! with the new key alone.

use crate::harness::everything::{
    API_KEY, ASHBY_KEY, Everything, LIST_KEY, PARTNER_PASSWORD, PARTNER_SECRET, PARTNER_USERNAME,
};
use crate::harness::{
    PATIENCE, Process, Received, Workspace, basic, database_url, on_postgres, run, run_and_kill,
};
use crosscheck::ambient::System;
use crosscheck::crypto::{self, KeyRing, Place};
use crosscheck::store::sealed::{Header, SEALED, SealedColumn};
use crosscheck::store::{Store, StoreError, projects};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

const OLD: &str = "old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NEW: &str = "new:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
const BOTH: &str =
    "new:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=,old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const BACK: &str =
    "old:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=,new:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=";
const EVENTS: [&str; 1] = ["record.new"];
const REPORTED: &str = "what the ATS complained of";

fn env(ring: &str) -> [(&str, &str); 2] {
    [("CROSSCHECK_API_KEY", API_KEY), ("CROSSCHECK_SECRET_KEYS", ring)]
}

/// What a rotation said on standard output and on standard error.
struct Told {
    code: Option<i32>,
    out: String,
    errors: String,
}

fn rotate(directory: &Path, ring: &str) -> Told {
    let ended = run(directory, &env(ring), &["keys", "rotate-sealing"], "");
    Told {
        code: ended.status.code(),
        out: String::from_utf8(ended.stdout).unwrap(),
        errors: String::from_utf8(ended.stderr).unwrap(),
    }
}

/// It came to its end, and the old key may go.
fn completes(told: &Told) {
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.errors);
    let verdict = "these keys seal nothing any more and may be removed: old";
    assert_eq!(told.out.lines().last(), Some(verdict), "{}", told.out);
}

/// A database on which everything is sealed with the old key, with something in every column; the server is gone.
/// What is owed to anybody has not arrived.
async fn filled() -> (Workspace, Everything) {
    let directory = Workspace::new();
    let process = Process::start(directory.path(), &env(OLD));
    let everything = Everything::set_up(&process, &EVENTS).await;
    everything.refuse_calls();
    everything.order_at_greenhouse(&process, 1).await;
    everything.order_at_the_others(&process).await;
    for order in everything.orders(&process).await {
        report(&process, &order, "81").await;
    }
    let complaint = json!({"api_call": "send_test", "errors": [REPORTED]});
    let token = &everything.greenhouse.token;
    let (status, _) = process
        .ats(token, "POST", "greenhouse/response_error", complaint.to_string())
        .await;
    assert_eq!(status, 200);
    invited(&process).await;
    assert!(process.terminate().status.success());
    for column in SEALED {
        let keys = keys_of(directory.path(), column).await;
        assert!(!keys.is_empty(), "{} holds something", column.column);
        assert!(keys.iter().all(|key| key == "old"));
    }
    (directory, everything)
}

/// A customer who has still to choose its ATS: the trigger token waits, and so does the answer for a repetition.
async fn invited(process: &Process) {
    let customer = json!({"origin_owner_id": "cust-1", "origin_owner_name": "Initech"});
    let request = process.http.post(format!("{}/connect_sessions", process.url));
    let request = request.bearer_auth(API_KEY).header("idempotency-key", "once");
    assert_eq!(request.json(&customer).send().await.unwrap().status(), 201);
}

async fn report(process: &Process, order: &str, score: &str) {
    let path = format!("/unified/ats/assessments/orders/{order}/result");
    let result = json!({"score": {"value": score}, "result_url": "https://vendor.example/r/1"});
    process.vendor(API_KEY, "PATCH", &path, Some(result)).await;
}

fn store(directory: &Path) -> Store {
    Store::open(&database_url(directory)).unwrap()
}

async fn headers(store: &Store, column: &'static SealedColumn) -> Vec<Header> {
    let read = store.read(move |db| column.headers(db, "", 66, 1000));
    read.await.unwrap()
}

/// By which key each value of a column is sealed.
async fn keys_of(directory: &Path, column: &'static SealedColumn) -> Vec<String> {
    let headers = headers(&store(directory), column).await;
    let keys = headers.iter().map(|header| crypto::sealed_with(&header.bytes));
    keys.map(|key| key.unwrap().to_owned()).collect()
}

/// Whether anything is sealed with that key.
async fn holds(directory: &Path, key: &str) -> bool {
    for column in SEALED {
        if keys_of(directory, column).await.iter().any(|one| one == key) {
            return true;
        }
    }
    false
}

/// Every value, with its place.
async fn values(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let store = store(directory);
    let mut values = Vec::new();
    for column in SEALED {
        for Header { row, .. } in headers(&store, column).await {
            let name = format!("{}.{} of {row}", column.table, column.column);
            let value = store.read(move |db| column.value(db, &row)).await.unwrap();
            values.push((name, value.unwrap()));
        }
    }
    values
}

/// Damages one value of a column; its row.
pub async fn damage(directory: &Path, table: &str, column: &str) -> String {
    let mut columns = SEALED.iter();
    let column = columns
        .find(|one| (one.table, one.column) == (table, column))
        .unwrap();
    let store = store(directory);
    let row = headers(&store, column).await.remove(0).row;
    let damaged = row.clone();
    let done = store.write(move |db| {
        let old = column.value(db, &row)?.unwrap();
        let mut new = old.clone();
        *new.last_mut().unwrap() ^= 1;
        column.swap(db, &row, &old, &new)
    });
    assert!(done.await.unwrap());
    damaged
}

/// With the new key alone everything that was sealed before opens: what was owed arrives, as it was to be.
async fn all_is_well(directory: &Path, everything: &mut Everything) {
    let process = Process::start(directory, &env(NEW));
    everything.take_calls();
    everything.vendor.rest();
    everything.ats.rest();
    let orders = everything.orders(&process).await;
    assert_eq!(orders.len(), 3);

    // Found again by its hashes, and by a token that is the customer's: the same order.
    let again = everything.order_at_greenhouse(&process, 1).await;
    assert!(orders.contains(&again));
    let token = everything.greenhouse.token.clone();
    let tail = format!("greenhouse/test_status?partner_interview_id={again}");
    let (_, status) = process.ats(&token, "GET", &tail, String::new()).await;
    assert_eq!(status["partner_score"], 81, "{status}");

    let deliveries = format!("{}/deliveries", everything.webhook);
    retry(&process, &deliveries, "/deliveries").await;
    let told = everything.vendor.rest();
    let told_of: BTreeSet<_> = told.iter().map(|one| text(&one.json(), "recordId")).collect();
    assert_eq!(told_of, orders.into_iter().collect());
    for one in &told {
        assert!(
            one.is_signed_by(&everything.webhook_secret) && one.is_signed_by(&everything.previous_secret)
        );
    }

    retry(&process, "/pushes", "/pushes").await;
    let pushed = everything.ats.rest();
    let sent = |path: &str, header: &str| {
        let one = pushed.iter().find(|one| one.path.starts_with(path));
        one.unwrap_or_else(|| panic!("{path} is called")).headers[header].clone()
    };
    assert_eq!(
        sent("/tests/1", "authorization"),
        basic(PARTNER_USERNAME, PARTNER_PASSWORD)
    );
    assert_eq!(sent("/assessment.update", "authorization"), basic(ASHBY_KEY, ""));
    assert_eq!(sent("/api/p/acme/reports/", "rt-partner-secret"), PARTNER_SECRET);

    everything.list.rest();
    process
        .ats(&token, "GET", "greenhouse/list_tests", String::new())
        .await;
    let asked = everything.list.next().await;
    assert_eq!(asked.headers["authorization"], basic(LIST_KEY, ""));
    assert!(asked.is_signed_by(&everything.signing_secret));

    let logs = "/requests/logs?filter[operations]=response_error";
    let logs = process.vendor(API_KEY, "GET", logs, None).await;
    assert!(logs.to_string().contains(REPORTED), "{logs}");
    assert!(process.terminate().status.success());
}

/// Retries whatever of `list` has not arrived, until all has.
async fn retry(process: &Process, list: &str, one: &str) {
    let patience = tokio::time::Instant::now() + PATIENCE;
    loop {
        let page = process
            .vendor(API_KEY, "GET", &format!("{list}?page_size=100"), None)
            .await;
        let mut open = page["data"].as_array().unwrap().clone();
        open.retain(|job| job["status"] != "succeeded" && job["status"] != "superseded");
        if open.is_empty() {
            return;
        }
        assert!(tokio::time::Instant::now() < patience, "{open:?}");
        for job in open {
            // One that is being sent is left alone.
            let path = format!("{one}/{}/retry", text(&job, "id"));
            process.call(API_KEY, "POST", &path, None).await.unwrap();
        }
    }
}

fn text(answer: &Value, field: &str) -> String {
    answer[field].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_rotation_everything_works_with_the_new_key_alone_and_a_second_one_changes_nothing() {
    let (directory, mut everything) = filled().await;
    let server = Process::start(directory.path(), &env(BOTH));
    let told = rotate(directory.path(), BOTH);
    completes(&told);
    let steps = told.out.lines().filter(|line| line.contains(" looked at, "));
    assert_eq!(
        steps.count(),
        SEALED.len(),
        "one batch in each column: {}",
        told.out
    );
    assert!(told.out.contains("sealed anew, 0 left\n"), "{}", told.out);
    assert!(server.terminate().status.success());
    assert!(!holds(directory.path(), "old").await);

    let before = values(directory.path()).await;
    let again = rotate(directory.path(), BOTH);
    completes(&again);
    assert!(
        again.out.starts_with("nothing was sealed anew\n"),
        "{}",
        again.out
    );
    assert!(before == values(directory.path()).await);

    all_is_well(directory.path(), &mut everything).await;
    let told = rotate(directory.path(), NEW);
    assert_eq!(told.code, Some(0));
    assert!(
        told.out.ends_with("there is no older key to remove\n"),
        "{}",
        told.out
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_and_run_again_it_completes_and_the_old_key_is_needed_until_then() {
    let (directory, mut everything) = filled().await;
    let server = Process::start(directory.path(), &env(BOTH));
    let is_a_step = |line: &str| line.contains(" sealed anew, ");
    let arguments = ["keys", "rotate-sealing"];
    let mut kills = 0;
    while run_and_kill(directory.path(), &env(BOTH), &arguments, is_a_step) {
        kills += 1;
        if holds(directory.path(), "old").await {
            let early = run(directory.path(), &env(NEW), &["keys", "list"], "");
            let errors = String::from_utf8_lossy(&early.stderr).into_owned();
            assert_eq!(early.status.code(), Some(1));
            assert!(errors.contains("needs key \"old\""), "{errors}");
        }
    }
    assert!(kills > 3, "it was killed {kills} times on its way");
    assert!(server.terminate().status.success());
    let early = run(
        directory.path(),
        &env("new:CCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCCA="),
        &["serve"],
        "",
    );
    assert!(String::from_utf8_lossy(&early.stderr).contains("needs key \"new\""));
    completes(&rotate(directory.path(), BOTH));
    all_is_well(directory.path(), &mut everything).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_does_not_open_is_named_and_stops_nothing_else() {
    let (directory, mut everything) = filled().await;
    let account = damage(directory.path(), "accounts", "credentials_sealed").await;
    let log = damage(directory.path(), "request_logs", "detail_sealed").await;
    for resealed in [true, false] {
        let told = rotate(directory.path(), BOTH);
        assert_eq!(told.code, Some(1));
        for named in [
            format!("accounts.credentials_sealed of {account} does not open: "),
            format!("request_logs.detail_sealed of {log} does not open: "),
        ] {
            assert_eq!(told.out.matches(&named).count(), 1, "{}", told.out);
        }
        assert!(told.out.contains("\nsealed with \"old\": 2\n"), "{}", told.out);
        assert!(
            told.errors.contains("2 values, named above, open with no key"),
            "{}",
            told.errors
        );
        assert_eq!(!told.out.contains("nothing was sealed anew"), resealed);
    }
    let key = json!({"credentials": {"api_key": ASHBY_KEY}});
    let process = Process::start(directory.path(), &env(NEW));
    let path = format!("/accounts/{}", everything.ashby.account);
    let (status, _) = process.call(API_KEY, "PATCH", &path, Some(key)).await.unwrap();
    assert_eq!(status, 500, "what is damaged is not taken for empty");
    everything.take_calls();
    retry(
        &process,
        &format!("{}/deliveries", everything.webhook),
        "/deliveries",
    )
    .await;
    assert!(!everything.vendor.rest().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_it_runs_a_server_takes_orders_and_changes_secrets_and_nothing_is_lost_or_reverted() {
    let (directory, mut everything) = filled().await;
    let process = Process::start(directory.path(), &env(BOTH));
    let stop = Arc::new(AtomicBool::new(false));
    let rotating = {
        let (stop, directory) = (Arc::clone(&stop), directory.path().to_owned());
        // To and fro, as two operators would do it who do not know of each other.
        tokio::task::spawn_blocking(move || {
            let mut rotations = 0;
            while !stop.load(Ordering::SeqCst) {
                for ring in [BOTH, BACK] {
                    let told = rotate(&directory, ring);
                    assert!(!told.out.contains("does not open"), "{}", told.out);
                    rotations += 1;
                }
            }
            rotations
        })
    };
    let mut placed = BTreeSet::from_iter(everything.orders(&process).await);
    let mut changes = 0;
    let integration = format!("/integrations/{}", everything.integration);
    let account = format!("/accounts/{}", everything.ashby.account);
    while changes < 40 {
        changes += 1;
        placed.insert(everything.order_at_greenhouse(&process, changes + 1).await);
        let rotated = json!({"rotate_secret": true});
        let rotated = process
            .vendor(API_KEY, "PATCH", &everything.webhook, Some(rotated))
            .await;
        everything.previous_secret =
            std::mem::replace(&mut everything.webhook_secret, text(&rotated, "secret"));
        for (path, change) in [
            (
                &integration,
                json!({"partner_password": format!("password-{changes}")}),
            ),
            (
                &account,
                json!({"credentials": {"api_key": format!("key-{changes}")}}),
            ),
        ] {
            process.vendor(API_KEY, "PATCH", path, Some(change)).await;
        }
    }
    stop.store(true, Ordering::SeqCst);
    assert!(rotating.await.unwrap() > 0);
    completes(&rotate(directory.path(), BOTH));
    assert!(process.terminate().status.success());

    let process = Process::start(directory.path(), &env(NEW));
    assert_eq!(BTreeSet::from_iter(everything.orders(&process).await), placed);
    everything.vendor.rest();
    everything.ats.rest();
    everything.take_calls();
    retry(
        &process,
        &format!("{}/deliveries", everything.webhook),
        "/deliveries",
    )
    .await;
    let told = everything.vendor.rest();
    let told_of: BTreeSet<_> = told.iter().map(|one| text(&one.json(), "recordId")).collect();
    assert_eq!(told_of, placed);
    let signed = |one: &Received| {
        one.is_signed_by(&everything.webhook_secret) && one.is_signed_by(&everything.previous_secret)
    };
    assert!(told.iter().all(signed));
    retry(&process, "/pushes", "/pushes").await;
    let pushed = everything.ats.rest();
    let by = |path: &str| pushed.iter().find(|one| one.path == path).unwrap();
    assert_eq!(
        by("/tests/1").headers["authorization"],
        basic(PARTNER_USERNAME, &format!("password-{changes}"))
    );
    assert_eq!(
        by("/assessment.update").headers["authorization"],
        basic(&format!("key-{changes}"), "")
    );
}

#[tokio::test]
async fn a_value_that_was_changed_meanwhile_is_not_overwritten() {
    let (directory, _) = filled().await;
    let store = store(directory.path());
    for column in SEALED {
        let row = headers(&store, column).await.remove(0).row;
        let swapped = store.write(move |db| {
            let stands = column.value(db, &row)?.unwrap();
            assert!(!column.swap(db, &row, b"what stood there before", b"new")?);
            assert_eq!(column.value(db, &row)?.unwrap(), stands);
            assert!(column.swap(db, &row, &stands, b"new")?);
            assert_eq!(column.value(db, &row)?.unwrap(), b"new");
            Ok::<_, StoreError>(())
        });
        swapped.await.unwrap();
    }
}

#[tokio::test]
async fn what_does_not_fit_into_one_batch_is_walked_to_the_end() {
    let directory = Workspace::new();
    let made = run(directory.path(), &env(OLD), &["keys", "list"], "");
    assert!(made.status.success());
    let store = store(directory.path());
    let filled = store.write(|db| {
        let ring = KeyRing::parse(OLD).unwrap();
        for number in 0..450 {
            let row = &format!("setting {number}");
            let place = Place {
                project: "",
                table: "settings",
                column: "value",
                row,
            };
            projects::insert_setting(db, row, &crypto::seal(&ring, &System, place, b"x"))?;
        }
        Ok::<_, StoreError>(())
    });
    filled.await.unwrap();
    let told = rotate(directory.path(), BOTH);
    completes(&told);
    let steps: Vec<_> = told
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("settings.value_sealed: "))
        .collect();
    let expected = [
        "200 looked at, 200 sealed anew, 251 left",
        "400 looked at, 400 sealed anew, 51 left",
        "451 looked at, 451 sealed anew, 0 left",
    ];
    assert_eq!(steps, expected);
}

#[test]
fn a_new_sealing_key_fits_behind_which_the_old_ones_stand() {
    if on_postgres() {
        return; // It is about the key file beside the embedded engine's.
    }
    let directory = Workspace::new();
    let made = run(directory.path(), &[], &["keys", "list"], "");
    assert!(made.status.success());
    let file = directory.path().join("test.db.secret-keys");
    let old = std::fs::read_to_string(&file).unwrap();
    let fresh = run(directory.path(), &[], &["keys", "new-sealing"], "");
    let fresh = String::from_utf8(fresh.stdout).unwrap();
    assert_eq!(std::fs::read_to_string(&file).unwrap(), old, "it changes nothing");
    std::fs::write(&file, format!("{},{old}", fresh.trim())).unwrap();
    let rotated = run(directory.path(), &[], &["keys", "rotate-sealing"], "");
    let errors = String::from_utf8_lossy(&rotated.stderr);
    assert!(rotated.status.success(), "{errors}");
    std::fs::write(&file, fresh).unwrap();
    let listed = run(directory.path(), &[], &["keys", "list"], "");
    assert!(listed.status.success());
}
