//! What is Greenhouse's alone: the documented keys, where its ids stand, and what can be read again.

use crate::harness::{Receiver, Server};
use crate::translation::{Case, cases, check_event};
use crosscheck::ambient::System;
use crosscheck::domain::category::Category;
use crosscheck::translate::{TranslateError, translate};
use serde_json::{Value, json};

fn case(name: &str) -> Case {
    let name = format!("greenhouse/{name}");
    cases("greenhouse")
        .into_iter()
        .find(|case| case.name == name)
        .unwrap()
}

fn on_the_command_line(payload: &[u8]) -> Result<String, TranslateError> {
    translate("greenhouse", "send_test", "assessments", payload, &System)
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
    let answer = server
        .try_ats(&customer, "POST", "send_test", &case.request)
        .await;
    let told = vendor.next().await;
    check_event(&case, Category::Assessments, &told.body);
    assert_eq!(
        answer.json(),
        json!({"partner_interview_id": told.json()["recordId"]})
    );
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
