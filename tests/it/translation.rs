//! Greenhouse's payloads and the events that they become: data in `tests/fixtures/greenhouse/<case>/`, each
//! run through the library and over HTTP.

use crate::harness::{Customer, Receiver, Server};
use crosscheck::ambient::System;
use crosscheck::translate::{TranslateError, translate};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

struct Case {
    name: String,
    request: Vec<u8>,
    event: Option<Value>,
    refusal: Option<Value>,
}

fn cases() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/greenhouse");
    let mut folders: Vec<PathBuf> = std::fs::read_dir(root)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let read = |path: PathBuf| std::fs::read(path).ok();
    let json = |path| read(path).map(|bytes| serde_json::from_slice(&bytes).unwrap());
    folders
        .into_iter()
        .map(|folder| Case {
            name: folder.file_name().unwrap().to_str().unwrap().to_owned(),
            request: read(folder.join("request.json")).unwrap(),
            event: json(folder.join("event.json")),
            refusal: json(folder.join("refusal.json")),
        })
        .collect()
}

fn case(name: &str) -> Case {
    cases().into_iter().find(|case| case.name == name).unwrap()
}

/// Fills a fixture's placeholders with the ids and the time that `event` has, after checking their form.
fn filled(expected: &Value, event: &Value, request: &Value) -> Value {
    let (id, order) = (
        event["eventId"].as_str().unwrap(),
        event["recordId"].as_str().unwrap(),
    );
    assert!(id.starts_with("evt_") && id.len() == 26, "{id}");
    assert!(order.starts_with("ats_ass_") && order.len() == 30, "{order}");
    let at = event["triggeredAt"].as_i64().unwrap();
    let fill = |text: &str| match text {
        "{event}" => json!(id),
        "{order}" => json!(order),
        "{ms}" => json!(at),
        "{run}" => json!(format!("real_time_{at}")),
        "{request}" => request.clone(),
        other => json!(other),
    };
    map_texts(expected, &fill)
}

fn map_texts(value: &Value, fill: &impl Fn(&str) -> Value) -> Value {
    match value {
        Value::String(text) => fill(text),
        Value::Array(items) => items.iter().map(|item| map_texts(item, fill)).collect(),
        Value::Object(map) => map
            .iter()
            .map(|(key, item)| (key.clone(), map_texts(item, fill)))
            .collect(),
        other => other.clone(),
    }
}

/// The event is as the fixture says, and carries the request byte for byte.
fn check_event(case: &Case, bytes: &[u8]) {
    let event: Value = serde_json::from_slice(bytes).unwrap();
    let request: Value = serde_json::from_slice(&case.request).unwrap();
    let expected = filled(case.event.as_ref().unwrap(), &event, &request);
    assert_eq!(event, expected, "{}", case.name);
    let sent = format!(
        "\"originData\":{},",
        std::str::from_utf8(&case.request).unwrap().trim()
    );
    let text = std::str::from_utf8(bytes).unwrap();
    assert!(text.contains(&sent), "{}: {text}", case.name);
}

fn on_the_command_line(payload: &[u8]) -> Result<String, TranslateError> {
    translate("greenhouse", "send_test", "assessments", payload, &System)
}

fn check_command_line(case: &Case) {
    match (on_the_command_line(&case.request), &case.refusal) {
        (Ok(event), None) => check_event(case, event.as_bytes()),
        (Err(TranslateError::Refused(told)), Some(refusal)) => {
            for pointer in refusal["pointers"].as_array().unwrap() {
                let line = format!("\n  {}: ", pointer.as_str().unwrap());
                assert!(told.contains(&line), "{}: {told}", case.name);
            }
        }
        (outcome, _) => panic!("{}: {outcome:?}", case.name),
    }
}

async fn check_over_http(case: &Case, server: &Server, customer: &Customer, vendor: &mut Receiver) {
    let answer = server.try_ats(customer, "POST", "send_test", &case.request).await;
    if let Some(refusal) = &case.refusal {
        let status = 400;
        let pointers = answer.refuses(status, refusal["errorCode"].as_str().unwrap());
        assert_eq!(
            json!(pointers),
            refusal["pointers"],
            "{}: {}",
            case.name,
            answer.text
        );
    } else {
        assert_eq!(answer.status, 200, "{}: {}", case.name, answer.text);
        let told = vendor.next().await;
        check_event(case, &told.body);
        let event = told.json();
        assert_eq!(answer.json(), json!({"partner_interview_id": event["recordId"]}));
    }
}

#[tokio::test]
async fn every_fixture_becomes_its_event_or_its_refusal_in_the_library_and_over_http() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let cases = cases();
    assert!(cases.len() >= 12);
    for case in &cases {
        assert_ne!(case.event.is_some(), case.refusal.is_some(), "{}", case.name);
        check_command_line(case);
        check_over_http(case, &server, &customer, &mut vendor).await;
    }
    assert!(vendor.rest().is_empty());
    server.stop().await;
}

/// The documented event's keys and nulls, dotted; null where the documented example has null.
const DOCUMENTED: &[(&str, bool)] = &[
    ("eventData.candidateAssessment.applicationId", false),
    (
        "eventData.candidateAssessment.assessmentPackage.description",
        true,
    ),
    ("eventData.candidateAssessment.assessmentPackage.id", false),
    ("eventData.candidateAssessment.assessmentPackage.metaData", true),
    ("eventData.candidateAssessment.assessmentPackage.name", true),
    ("eventData.candidateAssessment.assessmentPackage.type", true),
    ("eventData.candidateAssessment.callbackUrl", false),
    ("eventData.candidateAssessment.candidate.emails.0.email", false),
    ("eventData.candidateAssessment.candidate.emails.0.type", false),
    ("eventData.candidateAssessment.candidate.firstName", false),
    ("eventData.candidateAssessment.candidate.id", false),
    ("eventData.candidateAssessment.candidate.lastName", false),
    ("eventData.candidateAssessment.candidate.links.0", false),
    ("eventData.candidateAssessment.candidate.links.1", false),
    ("eventData.candidateAssessment.candidate.location", true),
    (
        "eventData.candidateAssessment.candidate.phones.0.phoneNumber",
        false,
    ),
    ("eventData.candidateAssessment.candidate.phones.0.type", false),
    ("eventData.candidateAssessment.id", false),
    ("eventData.candidateAssessment.jobId", true),
    ("eventData.candidateAssessment.metaData", true),
    ("eventData.candidateAssessment.originData.candidate.email", false),
    (
        "eventData.candidateAssessment.originData.candidate.first_name",
        false,
    ),
    (
        "eventData.candidateAssessment.originData.candidate.greenhouse_profile_url",
        false,
    ),
    (
        "eventData.candidateAssessment.originData.candidate.last_name",
        false,
    ),
    (
        "eventData.candidateAssessment.originData.candidate.phone_number",
        false,
    ),
    (
        "eventData.candidateAssessment.originData.candidate.preferred_name",
        false,
    ),
    (
        "eventData.candidateAssessment.originData.candidate.resume_url",
        false,
    ),
    ("eventData.candidateAssessment.originData.partner_test_id", false),
    ("eventData.candidateAssessment.originData.sent_by", false),
    ("eventData.candidateAssessment.originData.url", false),
    ("eventData.candidateAssessment.status", false),
    ("eventId", false),
    ("eventType", false),
    ("recordId", false),
    ("syncDataType", false),
    ("syncJobId", false),
    ("syncRunId", false),
    ("syncType", false),
    ("triggeredAt", false),
];

fn leaves(value: &Value, at: &str, found: &mut Vec<(String, bool)>) {
    let below = |key: &str| {
        if at.is_empty() {
            key.to_owned()
        } else {
            format!("{at}.{key}")
        }
    };
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, item)| leaves(item, &below(key), found)),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                leaves(item, &below(&index.to_string()), found);
            }
        }
        other => found.push((at.to_owned(), other.is_null())),
    }
}

#[test]
fn the_documented_payload_gives_exactly_the_documented_keys_and_nulls() {
    let event: Value = serde_json::from_str(&on_the_command_line(&case("full").request).unwrap()).unwrap();
    let mut found = Vec::new();
    leaves(&event, "", &mut found);
    found.sort();
    let documented: Vec<_> = DOCUMENTED
        .iter()
        .map(|(key, null)| ((*key).to_owned(), *null))
        .collect();
    assert_eq!(found, documented);
    let record = &event["eventData"]["candidateAssessment"];
    assert_eq!(record["status"], "NOT_SPECIFIED");
    assert_eq!(record["candidate"]["emails"][0]["type"], "PERSONAL");
    assert_eq!(record["candidate"]["phones"][0]["type"], "NOT_SPECIFIED");
    assert_eq!(
        [&event["syncType"], &event["syncJobId"], &event["syncDataType"]],
        ["real_time", "real_time", "ats_assessments"]
    );
}

#[test]
fn an_explicit_id_goes_before_the_profile_url_wherever_it_stands() {
    let request: Value = serde_json::from_slice(&case("full").request).unwrap();
    let places = [
        ("candidate_id", "/candidate/id"),
        ("application_id", "/applicationId"),
    ];
    for (key, shown) in places {
        for nested in [false, true] {
            for (sent, told) in [
                (json!("x-1"), "x-1"),
                (json!(i64::MAX), "9223372036854775807"),
                (json!(0), "0"),
            ] {
                let mut request = request.clone();
                let holder = if nested {
                    &mut request["candidate"]
                } else {
                    &mut request
                };
                holder[key] = sent;
                let event = on_the_command_line(request.to_string().as_bytes()).unwrap();
                let event: Value = serde_json::from_str(&event).unwrap();
                let record = &event["eventData"]["candidateAssessment"];
                assert_eq!(record.pointer(shown).unwrap(), told, "{key}, nested: {nested}");
                assert_eq!(record["originData"], request);
            }
        }
    }
}

#[tokio::test]
async fn a_payload_of_200_kb_arrives_byte_for_byte() {
    let server = Server::start().await;
    let mut vendor = Receiver::start().await;
    server.webhook(&vendor.url, &["record.new"]).await;
    let customer = server.link("greenhouse", "assessments").await;
    let mut request: Value = serde_json::from_slice(&case("full").request).unwrap();
    let answers: Vec<_> = (0..2_000)
        .map(|index| json!({"question": index, "answer": "ñandú 🦤 \"quoted\" \\ \n".repeat(4)}))
        .collect();
    request["answers"] = json!(answers);
    let mut case = case("full");
    case.event.as_mut().unwrap()["eventData"]["candidateAssessment"]["originData"] = json!("{request}");
    case.request = serde_json::to_vec(&request).unwrap();
    assert!(case.request.len() > 200_000);
    check_command_line(&case);
    check_over_http(&case, &server, &customer, &mut vendor).await;
    server.stop().await;
}

#[tokio::test]
async fn an_order_read_again_tells_what_its_event_told() {
    let server = Server::start().await;
    let customer = server.link("greenhouse", "assessments").await;
    let case = case("full");
    let placed = server
        .try_ats(&customer, "POST", "send_test", &case.request)
        .await;
    let id = placed.json()["partner_interview_id"].as_str().unwrap().to_owned();
    let order = &server.get(&format!("/unified/ats/assessments/orders/{id}")).await["data"];
    let request: Value = serde_json::from_slice(&case.request).unwrap();
    assert_eq!(order["origin_data"], request);
    assert_eq!((&order["id"], &order["remote_id"]), (&json!(id), &json!(id)));
    assert_eq!(order["candidate"]["id"], "5001");
    assert_eq!(order["application"]["id"], "9001");
    assert_eq!(order["package"]["id"], request["partner_test_id"]);
    assert_eq!(order["results_update_url"], request["url"]);
    assert_eq!(order["account_id"], customer.account);
    assert_eq!(
        (&order["status"], &order["outcome"]),
        (&json!("pending"), &json!("none"))
    );
    let listed = server.get("/unified/ats/assessments/orders").await;
    assert_eq!(&listed["data"][0], order);
    server.stop().await;
}
