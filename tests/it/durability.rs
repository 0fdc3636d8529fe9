//! The real binary: killed and started again, told to stop, started wrongly.

use crate::greenhouse_flow::send_test;
use crate::harness::{Holder, PATIENCE, Process, Receiver, Workspace, on_postgres, run};
use futures_util::StreamExt;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

const KEY: (&str, &str) = ("CROSSCHECK_API_KEY", "configured-key-of-this-test");

/// How many orders a run places at once, and how many it has acknowledged when it is killed.
const AT_ONCE: usize = 12;
const MOMENTS: [usize; 8] = [0, 1, 2, 5, 9, 17, 30, 44];
const ORDERS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_order_is_lost_when_the_process_is_killed_at_any_moment() {
    let directory = Workspace::new();
    let mut vendor = Receiver::start().await;
    let process = Process::start(directory.path(), &[KEY]);
    let webhook = json!({"url": vendor.url, "events": ["record.new"]});
    process.vendor(KEY.1, "POST", "/webhooks", Some(webhook)).await;
    let customer = process.link(KEY.1).await;
    process.kill();

    let mut acknowledged = BTreeSet::new();
    let mut unanswered = Vec::new();
    for (run, moment) in MOMENTS.into_iter().enumerate() {
        let process = Process::start(directory.path(), &[KEY]);
        // What was not answered before, an ATS sends again.
        let again = std::mem::take(&mut unanswered);
        let fresh = (0..ORDERS).map(|order| format!("https://ats.example/{run}/{order}"));
        let callbacks: Vec<String> = again.into_iter().chain(fresh).collect();
        let mut placing = futures_util::stream::iter(callbacks.clone())
            .map(async |callback| (process.place(&customer.token, &callback).await, callback))
            .buffer_unordered(AT_ONCE);
        let mut answered = BTreeMap::new();
        while answered.len() < moment {
            let (order, callback) = placing.next().await.unwrap();
            answered.insert(callback, order.expect("it is alive and answers"));
        }
        if moment == 0 {
            // Killed while the first requests are on their way.
            let _ = tokio::time::timeout(std::time::Duration::from_millis(1), placing.next()).await;
        }
        drop(placing);
        process.kill();
        unanswered.extend(
            callbacks
                .into_iter()
                .filter(|callback| !answered.contains_key(callback)),
        );
        acknowledged.extend(answered.into_values());
    }

    let process = Process::start(directory.path(), &[KEY]);
    let mut placing = futures_util::stream::iter(unanswered)
        .map(async |callback| process.place(&customer.token, &callback).await.unwrap())
        .buffer_unordered(AT_ONCE);
    while let Some(order) = placing.next().await {
        acknowledged.insert(order);
    }
    drop(placing);
    let mut ids_of: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    while !acknowledged.iter().all(|order| ids_of.contains_key(order)) {
        let received = vendor.next().await;
        let order = received.json()["recordId"].as_str().unwrap().to_owned();
        ids_of
            .entry(order)
            .or_default()
            .insert(received.headers["webhook-id"].clone());
    }
    assert_eq!(
        ids_of.len(),
        MOMENTS.len() * ORDERS,
        "one order for each callback"
    );
    assert!(ids_of.values().all(|ids| ids.len() == 1));
    assert!(process.terminate().status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_being_sent_when_the_process_was_killed_is_sent_again_at_the_next_start() {
    let directory = Workspace::new();
    let mut vendor = Receiver::start().await;
    let mut ats = Holder::start().await;
    let process = Process::start(directory.path(), &[KEY]);
    let webhook = json!({"url": vendor.url, "events": ["record.new"]});
    process.vendor(KEY.1, "POST", "/webhooks", Some(webhook)).await;
    let customer = process.link(KEY.1).await;
    let order = process.place(&customer.token, &ats.url).await.unwrap();
    vendor.next().await;
    let path = format!("/unified/ats/assessments/orders/{order}/result");
    let report = json!({"result": {"value": "in_progress"}, "score": {"value": "1"}});
    process.vendor(KEY.1, "PATCH", &path, Some(report)).await;
    let _first = ats.next().await;
    // A newer revision waits behind the call that is under way.
    let report = json!({"score": {"value": "2"}, "result_url": "https://vendor.example/r"});
    process.vendor(KEY.1, "PATCH", &path, Some(report)).await;
    process.kill();
    if on_postgres() {
        // Another process may be at it until its lease ends.
        directory.end_leases();
    }

    let process = Process::start(directory.path(), &[KEY]);
    ats.next().await.answer(200);
    let pushes = loop {
        let page = process
            .vendor(KEY.1, "GET", &format!("/pushes?order_id={order}"), None)
            .await;
        let pushes = page["data"].as_array().unwrap().clone();
        if pushes[0]["status"] == "succeeded" {
            break pushes;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(pushes[1]["status"], "superseded");
    assert!(ats.arrived().is_none());
    assert!(process.terminate().status.success());
}

#[test]
fn the_first_start_prints_one_api_key_and_keeps_the_sealing_keys_for_the_owner_alone() {
    if on_postgres() {
        return; // It is about the embedded engine's files.
    }
    let directory = Workspace::new();
    let process = Process::start(directory.path(), &[("CROSSCHECK_PUBLIC_URL", "")]);
    assert!(process.printed_key().is_some_and(|key| key.starts_with("ck_")));
    let first = process.terminate();
    assert!(first.status.success(), "{}", first.stderr);
    assert_eq!(first.stdout.matches("API key").count(), 1);

    let file = directory.path().join("test.db.secret-keys");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let keys = std::fs::read_to_string(&file).unwrap();
    let second = Process::start(directory.path(), &[]).terminate();
    assert!(second.status.success());
    assert!(!second.stdout.contains("API key"));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), keys);
    let names = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
    let left: Vec<_> = std::fs::read_dir(directory.path()).unwrap().map(names).collect();
    assert!(
        left.iter().all(|name| name == "test.db.secret-keys"
            || matches!(
                name.to_str(),
                Some("test.db" | "test.db-wal" | "test.db-shm" | "test.db.lock" | "test.db.migrating")
            )),
        "{left:?}"
    );
}

#[test]
fn empty_settings_are_unset_and_the_key_that_is_configured_is_not_printed() {
    if on_postgres() {
        return; // It is about the embedded engine's files.
    }
    let directory = Workspace::new();
    let empty = [
        ("CROSSCHECK_API_KEY", " "),
        ("CROSSCHECK_SECRET_KEYS", ""),
        ("CROSSCHECK_PUBLIC_URL", ""),
        ("CROSSCHECK_ALLOWED_TARGETS", ""),
    ];
    let process = Process::start(directory.path(), &empty);
    assert!(process.printed_key().is_some());
    process.terminate();

    let other = Workspace::new();
    let ended = Process::start(other.path(), &[KEY]).terminate();
    assert!(ended.status.success());
    assert!(!ended.stdout.contains("API key") && !ended.stdout.contains(KEY.1));
}

#[test]
fn wrong_settings_end_the_start_with_a_message_that_names_them() {
    let directory = Workspace::new();
    let ring = |letter: &str| format!("k1:{}=", letter.repeat(43));
    let (ours, other) = (ring("A"), ring("E"));
    let migrated = run(
        directory.path(),
        &[("CROSSCHECK_SECRET_KEYS", &ours)],
        &["keys", "list"],
        "",
    );
    assert!(migrated.status.success());
    let cases = [
        (
            "CROSSCHECK_SECRET_KEYS",
            other.as_str(),
            "the keys that sealed this database: CROSSCHECK_SECRET_KEYS (or the file beside the database) needs key \"k1\"",
        ),
        (
            "CROSSCHECK_SECRET_KEYS",
            "k9:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
            "CROSSCHECK_SECRET_KEYS does not hold",
        ),
        (
            "CROSSCHECK_SECRET_KEYS",
            "nonsense",
            "CROSSCHECK_SECRET_KEYS: entry 1",
        ),
        (
            "CROSSCHECK_ALLOWED_TARGETS",
            "everything",
            "CROSSCHECK_ALLOWED_TARGETS",
        ),
        (
            "CROSSCHECK_ALLOWED_TARGETS",
            "10.0.0.0/8, ::ffff:127.0.0.0/104",
            "write it as an IPv4 network",
        ),
        ("CROSSCHECK_PIN_CALLBACKS", "yes", "CROSSCHECK_PIN_CALLBACKS"),
        ("CROSSCHECK_PUBLIC_URL", "crosscheck", "CROSSCHECK_PUBLIC_URL"),
        ("CROSSCHECK_DATABASE_URL", "mysql://x", "CROSSCHECK_DATABASE_URL"),
        ("CROSSCHECK_LISTEN", "nowhere", "cannot listen on nowhere"),
        (
            "CROSSCHECK_API_KEY",
            "short",
            "16 to 170 visible ASCII characters",
        ),
    ];
    for (setting, value, told) in cases {
        let mut env = vec![("CROSSCHECK_SECRET_KEYS", ours.as_str())];
        env.push((setting, value));
        let ended = run(directory.path(), &env, &["serve"], "");
        assert_fails(&ended, told);
    }
}

#[test]
fn keys_are_made_listed_and_revoked_from_the_command_line() {
    let directory = Workspace::new();
    let made = succeeds(directory.path(), &["keys", "create", "laptop"]);
    let (id, key) = made.trim().split_once('\n').unwrap();
    assert!(id.starts_with("key_") && key.starts_with("ck_"));
    let project = succeeds(directory.path(), &["projects", "list"]);
    let (project, name) = project.trim().split_once('\t').unwrap();
    assert_eq!(name, "default");
    let listed = |state: &str, used: &str| format!("{id}\t{state}\tadmin\t{project}\t{used}\tlaptop\n");
    assert_eq!(
        succeeds(directory.path(), &["keys", "list"]),
        listed("valid", "never")
    );

    let rt = tokio::runtime::Runtime::new().unwrap();
    let process = Process::start(directory.path(), &[]);
    assert!(process.printed_key().is_none(), "there is a key already");
    let status = || {
        rt.block_on(process.call(key, "GET", "/webhooks", None))
            .unwrap()
            .0
    };
    assert_eq!(status(), 200);
    assert_eq!(succeeds(directory.path(), &["keys", "revoke", id]), "");
    assert_eq!(status(), 401);
    assert_eq!(
        succeeds(directory.path(), &["keys", "list"]),
        listed("revoked", "never")
    );
    assert!(process.terminate().status.success());
    let list = succeeds(directory.path(), &["keys", "list"]);
    let used = list.split('\t').nth(4).unwrap();
    assert!(used.ends_with('Z'), "written down at the shutdown: {list}");
    assert_eq!(list, listed("revoked", used));
    for unknown in [id, "key_0000000000000000000000", "nonsense"] {
        let ended = run(directory.path(), &[], &["keys", "revoke", unknown], "");
        assert_fails(&ended, "API key");
    }

    let example = succeeds(directory.path(), &["keys", "example"]);
    assert!(example.starts_with("ct_") && example.trim().len() > 40);
    assert_ne!(example, succeeds(directory.path(), &["keys", "example"]));
}

#[test]
fn a_payload_is_translated_and_the_api_described_without_a_database() {
    if on_postgres() {
        return; // It is about the embedded engine's files.
    }
    let directory = Workspace::new();
    let payload = send_test("https://ats.example/tests/1");
    let translate = |arguments: &[&str], input: &str| {
        run(
            directory.path(),
            &[],
            &[&["translate"], arguments].concat(),
            input,
        )
    };
    let ended = translate(&["greenhouse", "send_test"], &payload.to_string());
    assert!(ended.status.success());
    let event: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert_eq!(event["eventType"], "record.new");
    assert_eq!(event["eventData"]["candidateAssessment"]["originData"], payload);

    let file = directory.path().join("payload.json");
    std::fs::write(&file, payload.to_string()).unwrap();
    let arguments = [
        "greenhouse",
        "send_test",
        "payload.json",
        "--category",
        "reference_checks",
    ];
    let ended = translate(&arguments, "");
    let event: Value = serde_json::from_slice(&ended.stdout).unwrap();
    assert!(event["eventData"]["candidateReferenceCheck"].is_object());
    std::fs::remove_file(&file).unwrap();

    let unknown = translate(&["nobody", "send_test"], "{}");
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("possible values: greenhouse"));
    assert_fails(&translate(&["greenhouse", "nothing"], "{}"), "send_test");
    assert_fails(&translate(&["greenhouse", "send_test"], "{}"), "/partner_test_id");
    assert_fails(&translate(&["greenhouse", "send_test"], "{"), "ends too early");
    assert_fails(&translate(&["greenhouse", "list_tests"], ""), "makes no event");
    assert_fails(
        &translate(&["greenhouse", "send_test", "missing.json"], ""),
        "missing.json",
    );

    let document = succeeds(directory.path(), &["openapi"]);
    let document: Value = serde_json::from_str(&document).unwrap();
    assert!(document["paths"]["/webhooks"].is_object());
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);

    assert_eq!(succeeds(directory.path(), &["migrate"]), "");
    assert!(directory.path().join("test.db").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_what_is_under_way_end_and_writes_down_what_came_of_it() {
    let directory = Workspace::new();
    let mut vendor = Holder::start().await;
    let process = Process::start(directory.path(), &[KEY]);
    let webhook = json!({"url": vendor.url, "events": ["account.created"]});
    let made = process.vendor(KEY.1, "POST", "/webhooks", Some(webhook)).await;
    process.link(KEY.1).await;
    let held = vendor.next().await;
    let stopping = tokio::task::spawn_blocking(move || process.terminate());
    held.answer(200);
    let ended = tokio::time::timeout(PATIENCE, stopping).await.unwrap().unwrap();
    assert!(ended.status.success(), "{}", ended.stderr);

    let process = Process::start(directory.path(), &[KEY]);
    let path = format!("/webhooks/{}/deliveries", made["id"].as_str().unwrap());
    let deliveries = process.vendor(KEY.1, "GET", &path, None).await;
    assert_eq!(deliveries["data"][0]["status"], "succeeded");
    assert!(vendor.arrived().is_none());
}

#[test]
fn a_second_process_does_not_serve_the_same_database_and_the_first_goes_on() {
    if on_postgres() {
        return; // It is about the embedded engine's files.
    }
    let directory = Workspace::new();
    let first = Process::start(directory.path(), &[KEY]);
    let second = run(
        directory.path(),
        &[KEY],
        &["serve", "--listen", "127.0.0.1:0"],
        "",
    );
    assert_fails(&second, "another process serves this database");
    assert!(first.terminate().status.success());
    assert!(
        Process::start(directory.path(), &[KEY])
            .terminate()
            .status
            .success()
    );
}

fn succeeds(directory: &Path, arguments: &[&str]) -> String {
    let ended = run(directory, &[], arguments, "");
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.success(), "{arguments:?}: {errors}");
    String::from_utf8(ended.stdout).unwrap()
}

/// It failed, said why on standard error in words of ours, and nothing on standard output.
fn assert_fails(ended: &std::process::Output, told: &str) {
    let errors = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{errors}");
    let message = errors.lines().find(|line| line.starts_with("crosscheck: "));
    assert!(message.is_some() && errors.contains(told), "{told}: {errors}");
    assert!(!errors.contains("panicked"), "{errors}");
}
