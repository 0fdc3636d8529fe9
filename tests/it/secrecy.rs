//! Canaries: recognisable secrets and candidate data go through everything that the real binary does, well and
//! badly, with every log switched on; none of them may come out in a log, an error or a metric, or lie in the
//! database as plain bytes.

use crate::greenhouse_flow::send_test;
use crate::harness::everything::{
    API_KEY, ASHBY_KEY, Everything, LIST_KEY, PARTNER_PASSWORD, PARTNER_SECRET, URL_TOKEN,
};
use crate::harness::{Process, Receiver, Reply, Workspace, basic, dump, on_postgres, run};
use crate::rotation::damage;
use serde_json::{Value, json};
use std::path::Path;
use std::process::Output;

const FIRST_NAME: &str = "CanaryFirstname";
const LAST_NAME: &str = "CanaryLastname";
const EMAIL: &str = "canary.candidate@candidates.example";
const PHONE: &str = "+99-canary-5550142";
const PROFILE: &str = "https://ats.example/people/canary-profile";
const CALLBACK_TOKEN: &str = "canary-callback-token-5Gd1Lw";
const REPORTED: &str = "canary in an error report";
const ORIGIN: &str = "canary in a field that nobody reads";
const SUMMARY: &str = "canary summary of the candidate";
const SCORE: &str = "canary score in words";
const RESULT_URL: &str = "https://vendor.example/r/canary-result";
const METADATA: &str = "canary in a result's metadata";
const RECRUITEE_TOKEN: &str = "canary-recruitee-token-1Xb7Np";
const RENEWED_SECRET: &str = "canary-renewed-secret-3Jm9Qa";
/// The sealing keys, without their ids.
const KEYS: [&str; 2] = [
    "CanarySealingKeyTheOldOneAAAAAAAAAAAAAAAAAA=",
    "CanarySealingKeyTheNewOneAAAAAAAAAAAAAAAAAA=",
];

/// What is never to be seen.
const CANARIES: [&str; 21] = [
    API_KEY,
    LIST_KEY,
    PARTNER_PASSWORD,
    ASHBY_KEY,
    PARTNER_SECRET,
    RENEWED_SECRET,
    RECRUITEE_TOKEN,
    CALLBACK_TOKEN,
    KEYS[0],
    KEYS[1],
    FIRST_NAME,
    LAST_NAME,
    EMAIL,
    PHONE,
    PROFILE,
    REPORTED,
    ORIGIN,
    SUMMARY,
    SCORE,
    RESULT_URL,
    METADATA,
];

/// A server to which everything happens, and what it answered where that must tell nothing.
struct Story {
    process: Process,
    everything: Everything,
    told: Vec<String>,
}

impl Story {
    /// A vendor's call. What is refused, or shows what was set, is kept.
    async fn vendor(&mut self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let (status, answer) = self.process.call(API_KEY, method, path, body).await.unwrap();
        if status >= 400 || path.starts_with("/integrations/") || path.starts_with("/accounts/") {
            self.told.push(format!("{method} {path}: {answer}"));
        }
        (status, answer)
    }

    /// An ATS's call. What is refused is kept.
    async fn ats(&mut self, token: &str, method: &str, tail: &str, body: &str) -> (u16, Value) {
        let answered = self.process.ats(token, method, tail, body.to_owned()).await;
        if answered.0 >= 400 {
            self.told.push(answered.1.to_string());
        }
        answered
    }

    /// The candidate is ordered for; our id of the order.
    async fn order(&mut self, token: &str, tail: &str, body: &Value) -> String {
        let (status, placed) = self.ats(token, "POST", tail, &body.to_string()).await;
        assert_eq!(status, 200, "{placed}");
        self.everything.orders(&self.process).await.remove(0)
    }
}

fn greenhouse(callback: &str) -> Value {
    let mut payload = send_test(callback);
    payload["candidate"] = json!({
        "first_name": FIRST_NAME, "last_name": LAST_NAME, "email": EMAIL,
        "phone_number": PHONE, "greenhouse_profile_url": PROFILE,
    });
    payload["note"] = json!(ORIGIN);
    payload
}

fn ashby() -> Value {
    let mut payload: Value =
        serde_json::from_str(include_str!("../fixtures/ashby/full/request.json")).unwrap();
    for (field, value) in [
        ("first_name", FIRST_NAME),
        ("last_name", LAST_NAME),
        ("email", EMAIL),
        ("ashby_profile_url", PROFILE),
    ] {
        payload["candidate"][field] = json!(value);
    }
    payload["additional_fields"]["note"] = json!(ORIGIN);
    payload
}

fn recruitee() -> Value {
    let mut payload: Value =
        serde_json::from_str(include_str!("../fixtures/recruitee/full/request.json")).unwrap();
    for (field, value) in [
        ("first_name", FIRST_NAME),
        ("last_name", LAST_NAME),
        ("email", EMAIL),
        ("phone", PHONE),
        ("note", ORIGIN),
    ] {
        payload[field] = json!(value);
    }
    payload
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_and_no_candidate_is_in_any_log_error_or_metric_or_lies_plain_in_the_database() {
    let directory = Workspace::new();
    let ring = |first: usize| format!("k{first}:{},k{}:{}", KEYS[first], 1 - first, KEYS[1 - first]);
    let (before, after) = (ring(0), ring(1));
    let env = |ring| {
        [
            ("CROSSCHECK_API_KEY", API_KEY),
            ("CROSSCHECK_SECRET_KEYS", ring),
            ("RUST_LOG", "trace"),
        ]
    };
    let process = Process::start(directory.path(), &env(&before));
    let events = [
        "record.new",
        "record.modified",
        "provider.error_reported",
        "push.rejected",
        "account.created",
    ];
    let everything = Everything::set_up(&process, &events).await;
    // Whoever is called fails, and repeats what it should not.
    let echo = format!("{EMAIL} {API_KEY} {PARTNER_SECRET} {FIRST_NAME}");
    answer(
        &everything.vendor,
        Reply {
            body: echo.clone(),
            ..Reply::status(500)
        },
    );
    answer(&everything.list, Reply::json(&json!({"data": [{"id": EMAIL}]})));
    answer(
        &everything.ats,
        Reply {
            body: echo,
            ..Reply::status(500)
        },
    );
    let mut story = Story {
        process,
        everything,
        told: Vec::new(),
    };

    let orders = ordered(&mut story).await;
    refused(&mut story).await;
    reported(&mut story, &orders).await;
    registered(&mut story).await;
    let connected = connected(&mut story).await;
    delivered(&mut story).await;
    damage(directory.path(), "accounts", "credentials_sealed").await;
    damage(directory.path(), "events", "body_sealed").await;
    let rotated = run(directory.path(), &env(&after), &["keys", "rotate-sealing"], "");
    assert_eq!(rotated.status.code(), Some(1));
    broken(&mut story).await;
    observed(&mut story).await;

    let Story {
        process,
        mut everything,
        told,
    } = story;
    let arrived = everything.vendor.rest();
    assert!(arrived.iter().any(|told| {
        let body = String::from_utf8_lossy(&told.body).into_owned();
        [FIRST_NAME, LAST_NAME, EMAIL, PHONE, ORIGIN, CALLBACK_TOKEN]
            .iter()
            .all(|canary| body.contains(canary))
    }));
    let at_work = files(directory.path());
    let ended = process.terminate();
    assert!(ended.status.success());
    let dumped = dump(&directory.database_url());
    let stored = files(directory.path());

    let mut canaries: Vec<_> = CANARIES.map(str::to_owned).to_vec();
    for secret in [
        &everything.greenhouse.token,
        &everything.ashby.token,
        &everything.recruitee.token,
        &everything.signing_secret,
        &everything.webhook_secret,
        &everything.previous_secret,
        &connected[0],
        &connected[1],
        &connected[2],
        &connected[3],
    ] {
        // Also without the prefix that says what it is.
        canaries.push(secret.split_once('_').unwrap().1.to_owned());
    }
    let seen = [
        ("a log", ended.stderr.clone()),
        ("what is printed", ended.stdout),
        ("an answer", told.join("\n")),
        ("a rotation", printed(&rotated)),
    ];
    for form in canaries.iter().flat_map(|canary| forms(canary)) {
        for (place, text) in seen.iter().chain(&[("the database", dumped.clone())]) {
            let line = text.lines().find(|line| line.contains(&form));
            assert_eq!(line, None, "{form} is in {place}");
        }
        for (file, bytes) in at_work.iter().chain(&stored) {
            assert!(!contains(bytes, &form), "{form} lies in {file}");
        }
    }
    // Where events go and lists come from is stored as it is, and shown to its owner; it may hold a token.
    for (place, text) in &seen[..2] {
        assert_eq!(
            text.lines().find(|line| line.contains(URL_TOKEN)),
            None,
            "{place}"
        );
    }

    assert!(
        ended.stderr.contains("TRACE"),
        "the most talkative level was switched on"
    );
    assert!(printed(&rotated).contains("does not open"));
    for status in ["400", "401", "404", "409", "422", "500", "502"] {
        let one = told
            .iter()
            .find(|told| told.contains(&format!("\"statusCode\":{status}")));
        assert!(one.is_some(), "a {status} was answered");
    }
    for plain in ["Initech", URL_TOKEN] {
        assert!(dumped.contains(plain), "plain text would be found");
        let lies_in_a_file = stored.iter().any(|(_, bytes)| contains(bytes, plain));
        assert!(lies_in_a_file || on_postgres());
    }
}

fn answer(receiver: &Receiver, reply: Reply) {
    receiver.answer(move |_| reply.clone());
}

fn printed(output: &Output) -> String {
    [&output.stdout, &output.stderr]
        .map(|text| String::from_utf8_lossy(text))
        .join("\n")
}

/// A secret as itself, and as it travels.
fn forms(canary: &str) -> Vec<String> {
    let basic = basic(canary, "");
    // The padding stands for what follows; what comes before it is the canary alone.
    let basic = basic.trim_start_matches("Basic ").trim_end_matches('=');
    let encoded: String = url::form_urlencoded::byte_serialize(canary.as_bytes()).collect();
    vec![canary.to_owned(), basic[..basic.len() - 4].to_owned(), encoded]
}

/// An order in each ATS, and one whose callback nobody answers.
async fn ordered(story: &mut Story) -> Vec<String> {
    let callback = format!("{}/tests/1?token={CALLBACK_TOKEN}", story.everything.ats.url);
    let nobody = format!("http://127.0.0.1:9/tests/2?token={CALLBACK_TOKEN}");
    let (at_greenhouse, at_ashby, at_recruitee) = (
        story.everything.greenhouse.token.clone(),
        story.everything.ashby.token.clone(),
        story.everything.recruitee.token.clone(),
    );
    vec![
        story
            .order(&at_greenhouse, "greenhouse/send_test", &greenhouse(&callback))
            .await,
        story
            .order(&at_greenhouse, "greenhouse/send_test", &greenhouse(&nobody))
            .await,
        story.order(&at_ashby, "ashby/assessment.start", &ashby()).await,
        story
            .order(&at_recruitee, "recruitee/send_candidate", &recruitee())
            .await,
    ]
}

/// Bodies that do not parse or break a rule, keys and tokens that are wrong, paths that lead nowhere.
async fn refused(story: &mut Story) {
    let everything = &story.everything;
    let faces = [
        (
            everything.greenhouse.token.clone(),
            "greenhouse/send_test",
            greenhouse("https://ats.example/3"),
        ),
        (everything.ashby.token.clone(), "ashby/assessment.start", ashby()),
        (
            everything.recruitee.token.clone(),
            "recruitee/send_candidate",
            recruitee(),
        ),
    ];
    for (token, tail, payload) in faces {
        let whole = payload.to_string();
        let mut wrong = payload.clone();
        for holder in ["/candidate", ""] {
            if let Some(Value::Object(fields)) = wrong.pointer_mut(holder) {
                fields.insert("email".to_owned(), json!([EMAIL]));
                fields.insert("first_name".to_owned(), json!({PHONE: EMAIL}));
            }
        }
        let bodies = [
            whole[..whole.len() - 5].to_owned(),
            wrong.to_string(),
            format!("\"{EMAIL}\""),
            format!("{{\"{EMAIL}\": \"\\u0000\"}}"),
            format!("{EMAIL}: {API_KEY}"),
        ];
        for body in bodies {
            assert!(story.ats(&token, "POST", tail, &body).await.0 >= 400, "{body}");
            assert_eq!(story.ats(API_KEY, "POST", tail, &body).await.0, 401);
            let url = format!("{}/webhooks?next={LIST_KEY}", story.process.url);
            let request = story.process.http.post(url).bearer_auth(API_KEY).body(body);
            let response = request.send().await.unwrap();
            assert!(response.status().as_u16() >= 400);
            story.told.push(response.text().await.unwrap());
        }
        let nowhere = format!("{}/no/such?email={EMAIL}", tail.split('/').next().unwrap());
        assert_eq!(story.ats(&token, "GET", &nowhere, "").await.0, 404);
    }
    let token = story.everything.greenhouse.token.clone();
    story.ats(&token, "GET", "greenhouse/list_tests", "").await;
    let complaint = json!({"api_call": "list_tests", "errors": [REPORTED, EMAIL]});
    let (status, _) = story
        .ats(
            &token,
            "POST",
            "greenhouse/response_error",
            &complaint.to_string(),
        )
        .await;
    assert_eq!(status, 200);

    let (integration, account) = (
        format!("/integrations/{}", story.everything.integration),
        format!("/accounts/{}", story.everything.ashby.account),
    );
    for (method, path, body) in [
        (
            "PATCH",
            integration.as_str(),
            json!({"partner_password": [PARTNER_PASSWORD]}),
        ),
        (
            "PATCH",
            &integration,
            json!({"partner_username": format!("a:{PARTNER_PASSWORD}")}),
        ),
        (
            "PATCH",
            &integration,
            json!({"package_list_url": format!("ftp://{API_KEY}")}),
        ),
        (
            "PATCH",
            &account,
            json!({"credentials": {"api_key": format!("{ASHBY_KEY}:with a blank")}}),
        ),
    ] {
        let (status, _) = story.vendor(method, path, Some(body)).await;
        assert!(status >= 400, "{method} {path}");
    }
    // A secret in the place of a name: whoever sent it is told where it stood, the log is not.
    let misplaced = json!({"credentials": {ASHBY_KEY: ASHBY_KEY}});
    for path in [&account, &format!("/no/such/{ASHBY_KEY}")] {
        let sent = Some(misplaced.clone());
        let (status, _) = story.process.call(API_KEY, "PATCH", path, sent).await.unwrap();
        assert!(status >= 400, "{path}");
    }
    for path in [&integration, &account] {
        assert_eq!(story.vendor("GET", path, None).await.0, 200);
    }
}

/// Results with everything in them, some that cannot be taken, and one more after the final one.
async fn reported(story: &mut Story, orders: &[String]) {
    for order in orders {
        let path = format!("/unified/ats/assessments/orders/{order}/result");
        let result = |score: &str| {
            json!({
                "score": {"label": METADATA, "value": score}, "summary": SUMMARY, "result_url": RESULT_URL,
                "result": {"value": "passed", "source_value": METADATA},
                "attachments": [{"url": RESULT_URL, "content_type": {"value": "text"}}],
                "candidate": {"email": EMAIL}, "passthrough": {"metadata": METADATA},
            })
        };
        let broken =
            json!({"summary": [SUMMARY], "score": {"value": {SCORE: EMAIL}}, "result_url": LAST_NAME});
        assert!(story.vendor("PATCH", &path, Some(broken)).await.0 >= 400);
        let unknown = json!({"result": {"value": METADATA}, "result_url": RESULT_URL});
        assert_eq!(story.vendor("PATCH", &path, Some(unknown)).await.0, 422);
        // Not every ATS takes a score in words.
        let in_words = story.vendor("PATCH", &path, Some(result(SCORE))).await.0;
        if in_words != 200 {
            let (status, answer) = story.vendor("PATCH", &path, Some(result("81"))).await;
            assert_eq!(status, 200, "{answer}");
        }
        assert_eq!(story.vendor("PATCH", &path, Some(result("1"))).await.0, 409);
    }
    let payload = recruitee();
    let report = payload["report_id"].as_str().unwrap();
    let token = story.everything.recruitee.token.clone();
    let tail = format!("recruitee/reports/{report}/cancel?token={CALLBACK_TOKEN}");
    assert_eq!(story.ats(&token, "POST", &tail, "").await.0, 409);
    let token = story.everything.greenhouse.token.clone();
    let tail = format!("greenhouse/test_status?partner_interview_id={}", orders[0]);
    assert_eq!(story.ats(&token, "GET", &tail, "").await.0, 200);
}

/// Registering by API, which the ATS refuses first and then grants.
async fn registered(story: &mut Story) {
    let integrations = story.process.vendor(API_KEY, "GET", "/integrations", None).await;
    let mut integrations = integrations["data"].as_array().unwrap().iter();
    let recruitee = integrations.find(|one| one["provider"] == "recruitee").unwrap();
    let path = format!("/integrations/{}/set_up", recruitee["id"].as_str().unwrap());
    let inputs = json!({"inputs": {"api_token": RECRUITEE_TOKEN, "company_id": "7", "name": "Acme"}});
    let create = format!("{path}/create_partner");
    assert_eq!(story.vendor("POST", &create, Some(inputs.clone())).await.0, 502);
    answer(
        &story.everything.ats,
        Reply::json(&json!({"partner": {"secret": RENEWED_SECRET}})),
    );
    assert_eq!(story.vendor("POST", &create, Some(inputs)).await.0, 200);
}

/// Customers set up their side, well and badly: one has chosen its ATS, one has not. The tokens of both pages, and those
/// for the ATSs.
async fn connected(story: &mut Story) -> Vec<String> {
    let customer = json!({"origin_owner_id": "cust-1", "origin_owner_name": "Initech"});
    let mut secrets = Vec::new();
    for typed in [
        &[][..],
        &[
            "ats=ashby/assessments",
            "api_key=with a blank",
            &format!("api_key={ASHBY_KEY}"),
        ],
    ] {
        let (status, made) = story
            .vendor("POST", "/connect_sessions", Some(customer.clone()))
            .await;
        assert_eq!((status, &made["account_id"]), (201, &Value::Null));
        let url = made["auth_link_url"].as_str().unwrap();
        let http = story.process.http.clone();
        assert_eq!(http.get(url).send().await.unwrap().status(), 200);
        let wrong = format!("{ASHBY_KEY}={ASHBY_KEY}");
        for body in typed.iter().copied().chain([wrong.as_str()]) {
            let answer = http.post(url).body(body.to_owned()).send().await.unwrap();
            if !answer.status().is_success() {
                let page = answer.text().await.unwrap();
                // Its page shows the customer the token that it is for.
                let shown = made["external_trigger_token"].as_str().unwrap();
                story.told.push(page.replace(shown, ""));
            }
        }
        for wrong in [format!("{url}/{ASHBY_KEY}"), format!("{url}x?{ASHBY_KEY}")] {
            assert_eq!(http.get(wrong).send().await.unwrap().status(), 404);
        }
        for field in ["token", "external_trigger_token"] {
            secrets.push(made[field].as_str().unwrap().to_owned());
        }
    }
    secrets
}

/// Every delivery and every push has been tried; an ATS that knows no such order has refused its push.
async fn delivered(story: &mut Story) {
    let refusal = format!("no such test: {EMAIL}");
    answer(
        &story.everything.ats,
        Reply {
            body: refusal,
            ..Reply::status(404)
        },
    );
    let pushes = story.process.vendor(API_KEY, "GET", "/pushes", None).await;
    for push in pushes["data"].as_array().unwrap() {
        let path = format!("/pushes/{}/retry", push["id"].as_str().unwrap());
        story.vendor("POST", &path, None).await;
    }
    let webhook = story.everything.webhook.clone();
    story.vendor("POST", &format!("{webhook}/test"), None).await;
    for list in [
        "/pushes?page_size=100".to_owned(),
        format!("{webhook}/deliveries?page_size=100"),
    ] {
        let tried = |page: &Value| {
            let mut jobs = page["data"].as_array().unwrap().iter();
            jobs.all(|job| job["tries"].as_u64() >= Some(1) || job["status"] == "superseded")
        };
        let page = story.process.eventually(API_KEY, &list, tried).await;
        let jobs = page["data"].as_array().unwrap().clone();
        assert!(jobs.len() > 3);
        for job in jobs {
            let one = list.split('?').next().unwrap().rsplit('/').next().unwrap();
            let path = format!("/{one}/{}", job["id"].as_str().unwrap());
            let (status, shown) = story.vendor("GET", &path, None).await;
            assert_eq!(status, 200);
            story.told.push(shown.to_string());
        }
    }
}

/// What is stored does not open.
async fn broken(story: &mut Story) {
    let accounts = [
        &story.everything.greenhouse,
        &story.everything.ashby,
        &story.everything.recruitee,
    ];
    let paths = accounts.map(|one| format!("/accounts/{}", one.account));
    let mut failed = 0;
    for path in paths {
        failed += usize::from(story.vendor("GET", &path, None).await.0 == 500);
    }
    assert_eq!(failed, 1);
}

/// Everything that an operator looks at, and pages that nobody has.
async fn observed(story: &mut Story) {
    for path in [
        "/metrics",
        "/health/live",
        "/health/ready",
        "/openapi.json",
        "/no/such",
    ] {
        let response = story
            .process
            .http
            .get(format!("{}{path}", story.process.url))
            .send()
            .await
            .unwrap();
        story.told.push(response.text().await.unwrap());
    }
    let metrics = story
        .told
        .iter()
        .find(|told| told.contains("crosscheck_build_info"));
    assert!(
        metrics.unwrap().contains("kind=\"push\""),
        "what happened is counted"
    );
    for path in [
        format!("/unified/ats/assessments/orders/{EMAIL}"),
        format!("/events?page_size={API_KEY}"),
        "/webhooks/wh_0000000000000000000000".to_owned(),
    ] {
        let (status, answer) = story.process.call(API_KEY, "GET", &path, None).await.unwrap();
        assert!((400..500).contains(&status), "{path}");
        story.told.push(answer.to_string());
    }
    let (_, page) = story.vendor("GET", "/webhooks", None).await;
    assert!(!page["data"].as_array().unwrap().is_empty());
    logged(story).await;
}

/// Every entry of the request log, but for its detail, which shows its owner what the ATS reported.
async fn logged(story: &mut Story) {
    for direction in ["ats_to_us", "us_to_ats", "vendor_to_us", "us_to_vendor"] {
        let mut next = String::new();
        loop {
            let path = format!("/requests/logs?page_size=100&filter[directions]={direction}&next={next}");
            let (_, mut page) = story.vendor("GET", &path, None).await;
            let entries = page["data"].as_array_mut().unwrap();
            assert!(!entries.is_empty(), "{direction}");
            for entry in entries {
                entry.as_object_mut().unwrap().remove("detail");
                assert!(!entry.to_string().contains(URL_TOKEN), "{entry}");
                story.told.push(entry.to_string());
            }
            match page["next"].as_str() {
                Some(cursor) => next = cursor.to_owned(),
                None => break,
            }
        }
    }
}

/// Every file beside the database: pages that it no longer uses, and its log.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
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
