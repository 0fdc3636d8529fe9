//! Canaries: recognisable secrets and candidate data go through everything that the real binary does, with
//! every log switched on; none of them may come out in a log or lie in the database as plain bytes.

use crate::greenhouse_flow::send_test;
use crate::harness::{Customer, Process, Receiver, Reply, Workspace, basic, on_postgres};
use serde_json::{Value, json};
use std::path::Path;

const API_KEY: &str = "canary-api-key-7Q2mX9";
const LIST_KEY: &str = "canary-list-key-4Wz8Lp";
const PARTNER_PASSWORD: &str = "canary-partner-password-9Tn3Rk";
const FIRST_NAME: &str = "CanaryFirstname";
const LAST_NAME: &str = "CanaryLastname";
const EMAIL: &str = "canary.candidate@candidates.example";
const PHONE: &str = "+99-canary-5550142";
const SUMMARY: &str = "canary summary of the candidate";
const PROFILE: &str = "https://ats.example/people/canary-profile";
const REPORTED: &str = "canary in an error report";

/// The environment: everything is logged.
const ENV: [(&str, &str); 2] = [("CROSSCHECK_API_KEY", API_KEY), ("RUST_LOG", "trace")];

struct Story<'a> {
    process: &'a Process,
    customer: &'a Customer,
}

impl Story<'_> {
    async fn vendor(&self, method: &str, path: &str, body: Value) -> u16 {
        self.process
            .call(API_KEY, method, path, Some(body))
            .await
            .unwrap()
            .0
    }

    async fn ats(&self, token: &str, method: &str, tail: &str, body: String) -> (u16, Value) {
        let url = format!("{}/external-trigger/greenhouse/{tail}", self.process.url);
        let request = self.process.http.request(method.parse().unwrap(), url);
        let request = request.header("content-type", "application/json").body(body);
        let response = request.basic_auth(token, Some("")).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    async fn eventually(&self, path: &str, is_there: impl Fn(&Value) -> bool) {
        let patience = tokio::time::Instant::now() + crate::harness::PATIENCE;
        loop {
            let answer = self.process.vendor(API_KEY, "GET", path, None).await;
            if is_there(&answer) {
                return;
            }
            assert!(tokio::time::Instant::now() < patience, "{path}: {answer}");
            tokio::task::yield_now().await;
        }
    }
}

fn payload(callback: &str) -> Value {
    let mut payload = send_test(callback);
    payload["candidate"] = json!({
        "first_name": FIRST_NAME, "last_name": LAST_NAME, "email": EMAIL,
        "phone_number": PHONE, "greenhouse_profile_url": PROFILE,
    });
    payload
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_no_candidate_data_is_in_any_log_or_lies_plain_in_the_database() {
    if on_postgres() {
        return; // It reads the embedded engine's files.
    }
    let directory = Workspace::new();
    let (mut vendor, mut ats, list) = (
        Receiver::start().await,
        Receiver::start().await,
        Receiver::start().await,
    );
    vendor.answer(|_| Reply {
        body: format!("{EMAIL} {API_KEY}"),
        ..Reply::status(500)
    });
    ats.answer(|_| Reply {
        body: format!("no such test: {EMAIL}"),
        ..Reply::status(404)
    });
    list.answer(|_| Reply::json(&json!({"data": [{"id": EMAIL}]})));
    let process = Process::start(directory.path(), &ENV);

    let integration = json!({
        "provider": "greenhouse", "category": "assessments", "package_list_url": list.url,
        "package_list_api_key": LIST_KEY, "partner_username": "partner-7", "partner_password": PARTNER_PASSWORD,
    });
    let made = process
        .vendor(API_KEY, "POST", "/integrations", Some(integration))
        .await;
    let signing_secret = made["signing_secret"].as_str().unwrap().to_owned();
    let events = [
        "record.new",
        "record.modified",
        "provider.error_reported",
        "push.rejected",
    ];
    let webhook = json!({"url": vendor.url, "events": events});
    let made = process.vendor(API_KEY, "POST", "/webhooks", Some(webhook)).await;
    let webhook_secret = made["secret"].as_str().unwrap().to_owned();
    let webhook = format!("/webhooks/{}", made["id"].as_str().unwrap());
    let rotated = process
        .vendor(API_KEY, "PATCH", &webhook, Some(json!({"rotate_secret": true})))
        .await;
    let rotated_secret = rotated["secret"].as_str().unwrap().to_owned();
    let customer = process.link(API_KEY).await;
    let story = Story {
        process: &process,
        customer: &customer,
    };

    go_through(&story, &ats, &webhook).await;
    assert!(vendor.rest().iter().any(|told| {
        let body = String::from_utf8_lossy(&told.body).into_owned();
        [FIRST_NAME, LAST_NAME, EMAIL, PHONE]
            .iter()
            .all(|canary| body.contains(canary))
    }));
    assert!(!ats.rest().is_empty());

    let at_work = plain_bytes(directory.path());
    let ended = process.terminate();
    assert!(ended.status.success());
    assert!(
        ended.stderr.contains("TRACE"),
        "the most talkative level was switched on"
    );
    let mut canaries = vec![
        API_KEY,
        LIST_KEY,
        PARTNER_PASSWORD,
        FIRST_NAME,
        LAST_NAME,
        EMAIL,
        PHONE,
        SUMMARY,
        PROFILE,
        REPORTED,
    ];
    canaries.extend([
        customer.token.as_str(),
        &signing_secret,
        &webhook_secret,
        &rotated_secret,
    ]);
    let stored = plain_bytes(directory.path());
    for canary in canaries {
        for form in forms(canary) {
            let line = ended.stderr.lines().find(|line| line.contains(&form));
            assert_eq!(line, None, "{form} is logged");
            assert!(!ended.stdout.contains(&form), "{form} is printed");
            for (file, bytes) in at_work.iter().chain(&stored) {
                assert!(!contains(bytes, &form), "{form} lies in {file}");
            }
        }
    }
    assert!(
        stored.iter().any(|(_, bytes)| contains(bytes, "Initech")),
        "plain text would be found"
    );
}

/// A secret as itself, and as it travels.
fn forms(canary: &str) -> Vec<String> {
    let basic = basic(canary, "");
    // The padding stands for what follows; what comes before it is the canary alone.
    let basic = basic.trim_start_matches("Basic ").trim_end_matches('=');
    vec![canary.to_owned(), basic[..basic.len() - 4].to_owned()]
}

/// Everything that can happen, well and badly.
async fn go_through(story: &Story<'_>, ats: &Receiver, webhook: &str) {
    let token = story.customer.token.as_str();
    let callback = format!("{}/tests/1", ats.url);
    let (status, placed) = story
        .ats(token, "POST", "send_test", payload(&callback).to_string())
        .await;
    assert_eq!(status, 200, "{placed}");
    let order = placed["partner_interview_id"].as_str().unwrap();

    // Bodies that do not parse, or break a rule, with the candidate's data in them.
    let whole = payload(&callback).to_string();
    let mut wrong = payload(&callback);
    wrong["candidate"]["email"] = json!([EMAIL]);
    wrong["candidate"]["phone_number"] = json!({PHONE: EMAIL});
    let bodies = [
        whole[..whole.len() - 5].to_owned(),
        wrong.to_string(),
        format!("\"{EMAIL}\""),
        format!("{{\"{EMAIL}\": \"\\u0000\"}}"),
        format!("{EMAIL}: {API_KEY}"),
    ];
    for body in bodies {
        assert!(story.ats(token, "POST", "send_test", body.clone()).await.0 >= 400);
        assert!(story.ats(API_KEY, "POST", "send_test", body.clone()).await.0 == 401);
        let url = format!("{}/webhooks?next={LIST_KEY}", story.process.url);
        let request = story.process.http.post(url).bearer_auth(API_KEY).body(body);
        assert!(request.send().await.unwrap().status().as_u16() >= 400);
    }
    story.ats(token, "GET", "list_tests", String::new()).await;
    story
        .ats(token, "GET", &format!("no/such?email={EMAIL}"), String::new())
        .await;
    let report =
        json!({"api_call": "list_tests", "errors": [REPORTED, EMAIL], "partner_interview_id": order});
    let reported = story
        .ats(token, "POST", "response_error", report.to_string())
        .await;
    assert_eq!(reported.0, 200);

    let path = format!("/unified/ats/assessments/orders/{order}/result");
    let broken = json!({"summary": SUMMARY, "score": {"value": EMAIL}, "result_url": LAST_NAME});
    assert!(story.vendor("PATCH", &path, broken).await >= 400);
    let result = json!({
        "summary": SUMMARY, "score": {"value": "81"}, "result_url": "https://vendor.example/r/1",
        "candidate": {"email": EMAIL},
    });
    assert_eq!(story.vendor("PATCH", &path, result).await, 200);
    let again =
        json!({"summary": SUMMARY, "score": {"value": "1"}, "result_url": "https://vendor.example/r/2"});
    assert_eq!(story.vendor("PATCH", &path, again).await, 409);
    story
        .eventually("/pushes", |pushes| pushes["data"][0]["status"] == "rejected")
        .await;
    let tail = format!("test_status?partner_interview_id={order}");
    assert_eq!(story.ats(token, "GET", &tail, String::new()).await.0, 200);
    story
        .vendor("POST", &format!("{webhook}/test"), Value::Null)
        .await;

    let deliveries = format!("{webhook}/deliveries");
    story
        .eventually(&deliveries, |page| {
            let deliveries = page["data"].as_array().unwrap();
            deliveries.len() == 4 && deliveries.iter().all(|one| one["tries"].as_u64() >= Some(1))
        })
        .await;
    for path in ["/unified/ats/assessments/orders", "/events", "/requests/logs"] {
        story.process.vendor(API_KEY, "GET", path, None).await;
    }
}

/// Every file beside the database, the one with the sealing keys too.
fn plain_bytes(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, std::fs::read(&path).unwrap())
        })
        .collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    memchr::memmem::find(bytes, text.as_bytes()).is_some()
}
