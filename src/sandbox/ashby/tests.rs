//! The simulated Ashby against a scripted partner.

use super::start;
use crate::sandbox::scene::{Scene, TOKEN, answer};
use base64::{Engine, engine::general_purpose::STANDARD as BASE64};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const KEY: &str = "key-that-the-customer-made";
const SQL: &str = "6a0b9a55-3f0e-4ad5-9d7c-41c5b0a8e201";
const ASSESSMENT: &str = "0d3c1f77-8f14-4b6e-a2a9-7be0c4d5a902";
const OTHER: &str = "9be8f2d0-57f0-4a51-b1cf-0f6bb1c0de03";
const NOON: i64 = 1_790_000_000_000;

const OPERATIONS: [&str; 4] = [
    "assessment.list",
    "assessment.start",
    "assessment.cancel",
    "assessment.customField.list",
];

fn started(assessment_id: &str) -> Value {
    json!({"success": true, "results": {"assessment_id": assessment_id}})
}

fn blob(identifier: &str, label: &str, kind: &str, value: &Value) -> Value {
    json!({"identifier": identifier, "label": label, "type": kind, "value": value})
}

fn status(minute: i64, value: &str) -> Value {
    json!({
        "assessment_id": ASSESSMENT,
        "timestamp": NOON + minute * 60_000,
        "assessment_status": blob("status", "Status", "string", &json!(value)),
    })
}

fn complete(minute: i64) -> Value {
    let mut body = status(minute, "Graded");
    body["assessment_profile_url"] = blob("page", "Report", "url", &json!("https://v.example/r/9"));
    body["assessment_result"] = blob("score", "Points", "numeric_score", &json!(41));
    body["metadata"] = json!([blob("passed", "Passed", "boolean_success", &json!(true))]);
    body
}

fn cancelled(minute: i64) -> Value {
    json!({
        "assessment_id": ASSESSMENT,
        "timestamp": NOON + minute * 60_000,
        "cancelled_reason": blob("why", "Cancelled", "string", &json!("The candidate withdrew")),
    })
}

async fn scene() -> Scene {
    let scene = Scene::set(start);
    let list = json!({"success": true, "results": [{"assessment_type_id": SQL, "name": "SQL", "description": "An hour"}]});
    scene.says("/assessment.list", 200, list);
    scene.says("/assessment.start", 200, started(ASSESSMENT));
    scene.says("/assessment.cancel", 200, started(ASSESSMENT));
    let more = json!({"credentials": {"api_key": KEY}});
    scene.enter(&scene.form(&OPERATIONS, &more)).await;
    scene
}

/// A call that leaves nothing to be desired.
fn update(scene: &Scene, body: &Value) -> RequestBuilder {
    scene
        .partner_calls("POST", "/assessment.update")
        .basic_auth(KEY, Some(""))
        .header("accept", "application/json; version=1")
        .header("user-agent", "sample-vendor/1")
        .json(body)
}

async fn accepted(scene: &Scene, body: &Value) {
    let (status, answer) = answer(update(scene, body)).await;
    assert_eq!((status, &answer["success"]), (200, &json!(true)), "{answer}");
}

/// The code and message of a refusal, which comes with 200.
async fn refused(scene: &Scene, body: &Value) -> (String, String) {
    let (status, answer) = answer(update(scene, body)).await;
    assert_eq!((status, &answer["success"]), (200, &json!(false)), "{answer}");
    let info = &answer["errorInfo"];
    assert_eq!(answer["errors"], json!([info["code"]]));
    assert!(info["requestId"].is_string());
    let text = |key: &str| info[key].as_str().unwrap().to_owned();
    (text("code"), text("message"))
}

#[tokio::test]
async fn an_assessment_is_offered_started_and_completed() {
    let scene = scene().await;
    let (_, dialog) = scene.act("POST", "/dialog", &Value::Null).await;
    assert_eq!(dialog, json!({"packages": [{"id": SQL, "name": "SQL"}]}));
    let (code, sent) = scene.order(SQL, &json!({"job_name": "Archivist"})).await;
    assert_eq!((code, &sent["order"]), (200, &json!(ASSESSMENT)));
    assert_eq!(
        scene.authorization(),
        format!("Basic {}", BASE64.encode(format!("{TOKEN}:")))
    );
    let view = scene.view(&sent["id"]).await;
    assert_eq!((&view["status"], &view["shown"]), (&Value::Null, &json!({})));
    accepted(&scene, &status(0, "Started")).await;
    accepted(&scene, &complete(50)).await;
    accepted(&scene, &complete(50)).await;
    let view = scene.view(&sent["id"]).await;
    assert_eq!(
        view,
        json!({
            "id": sent["id"],
            "order": ASSESSMENT,
            "status": "Graded",
            "complete": true,
            "cancelled": false,
            "shown": {"Status": "Graded", "Report": "https://v.example/r/9", "Points": 41, "Passed": true},
            "updates": 3,
            "errors": [],
            "application_id": view["application_id"],
            "candidate_id": view["candidate_id"],
            "started_at": NOON,
        })
    );
    let journal = scene.journal().await;
    let told: Vec<_> = journal.iter().map(|one| one["url"].as_str().unwrap()).collect();
    assert_eq!(
        told,
        [
            "/assessment.list?tenant-id=north",
            "/assessment.start?tenant-id=north",
            "/assessment.update",
            "/assessment.update",
            "/assessment.update"
        ]
    );
    assert_eq!(journal[0]["request"], json!({}));
    let body = &journal[1]["request"];
    assert_eq!(body["assessment_type_id"], SQL);
    assert_eq!(body["application"]["ashby_id"], view["application_id"]);
    assert_eq!(body["job"]["name"], "Archivist");
    assert_eq!(body["job"]["hiringTeam"].as_array().unwrap().len(), 1);
    assert!(body.get("additional_fields").is_none());
    let said = serde_json::to_string(&journal).unwrap();
    assert!(!said.contains(TOKEN) && !said.contains(KEY));
    scene.end().await;
}

#[tokio::test]
async fn an_update_has_to_come_through_four_gates() {
    let scene = scene().await;
    scene.order(SQL, &json!({})).await;
    let bare = || scene.partner_calls("POST", "/assessment.update");
    assert_eq!(answer(bare().json(&status(0, "Started"))).await.0, 403);
    let agent = || bare().header("user-agent", "sample-vendor/1");
    assert_eq!(answer(agent().json(&status(0, "Started"))).await.0, 401);
    for (user, password) in [(KEY, "x"), ("", KEY), (TOKEN, "")] {
        let call = agent().basic_auth(user, Some(password));
        assert_eq!(answer(call.json(&status(0, "Started"))).await.0, 401);
    }
    let keyed = || agent().basic_auth(KEY, Some(""));
    for accept in ["*/*", "application/json", "application/json; version=2"] {
        let call = keyed().header("accept", accept);
        assert_eq!(answer(call.json(&status(0, "Started"))).await.0, 400, "{accept}");
    }
    let versioned = || keyed().header("accept", "application/json;version=1");
    assert_eq!(
        answer(versioned().body(status(0, "Started").to_string())).await.0,
        400
    );
    assert_eq!(answer(versioned().json(&status(0, "Started"))).await.0, 200);
    let elsewhere = scene
        .partner_calls("POST", "/assessment.list")
        .basic_auth(KEY, Some(""));
    assert_eq!(answer(elsewhere.header("user-agent", "x")).await.0, 404);
    scene.end().await;
}

#[tokio::test]
async fn a_refused_update_comes_with_200_and_is_told_to_the_recruiter() {
    let scene = scene().await;
    let (_, sent) = scene.order(SQL, &json!({})).await;
    let mut unknown = status(0, "Started");
    unknown["assessment_id"] = json!(OTHER);
    assert_eq!(refused(&scene, &unknown).await.0, "assessment_not_found");
    assert_eq!(refused(&scene, &json!("text")).await.0, "invalid_input");
    accepted(&scene, &status(5, "Started")).await;
    let (code, message) = refused(&scene, &status(5, "Paused")).await;
    assert_eq!(code, "invalid_input");
    assert!(message.contains("timestamp"), "{message}");
    let mut wrong = complete(9);
    wrong.as_object_mut().unwrap().remove("assessment_profile_url");
    wrong["metadata"][0]["value"] = json!("yes");
    let (_, message) = refused(&scene, &wrong).await;
    let view = scene.view(&sent["id"]).await;
    assert_eq!(view["errors"].as_array().unwrap().len(), 2, "{message}");
    assert_eq!(
        (&view["status"], &view["updates"], &view["complete"]),
        (&json!("Started"), &json!(1), &json!(false))
    );
    accepted(&scene, &cancelled(9)).await;
    let view = scene.view(&sent["id"]).await;
    assert_eq!((&view["cancelled"], &view["errors"]), (&json!(true), &json!([])));
    assert_eq!(view["shown"], json!({"Cancelled": "The candidate withdrew"}));
    let (_, message) = refused(&scene, &complete(12)).await;
    assert_eq!(message, "the assessment has ended");
    scene.end().await;
}

#[tokio::test]
async fn an_update_in_an_answer_counts_as_one() {
    let scene = scene().await;
    let mut answered = started(ASSESSMENT);
    answered["results"]["update_request"] = status(0, "Invited");
    scene.says("/assessment.start", 200, &answered);
    let (_, sent) = scene.order(SQL, &json!({})).await;
    let view = scene.view(&sent["id"]).await;
    assert_eq!(
        (&view["status"], &view["updates"]),
        (&json!("Invited"), &json!(0))
    );
    let path = format!("/orders/{}/resend", sent["id"].as_str().unwrap());
    accepted(&scene, &status(1, "Started")).await;
    assert_eq!(scene.act("POST", &path, &Value::Null).await, (200, sent.clone()));
    assert_eq!(scene.view(&sent["id"]).await["status"], "Started");
    answered["results"]["update_request"] = cancelled(3);
    scene.says("/assessment.cancel", 200, &answered);
    let path = format!("/orders/{}/cancel", sent["id"].as_str().unwrap());
    let (code, view) = scene.act("POST", &path, &Value::Null).await;
    assert_eq!((code, &view["cancelled"]), (200, &json!(true)));
    assert_eq!(view["shown"], json!({"Cancelled": "The candidate withdrew"}));
    assert_eq!(scene.act("POST", &path, &Value::Null).await.0, 409);
    accepted(&scene, &cancelled(3)).await;
    scene.end().await;
}

#[tokio::test]
async fn a_partner_that_will_not_start_is_heard_and_one_that_speaks_nonsense_is_not() {
    let scene = scene().await;
    scene.says("/assessment.start", 409, "{}");
    assert_eq!(scene.order(SQL, &json!({})).await.0, 409);
    scene.says(
        "/assessment.start",
        422,
        json!({"message": "The address bounces"}),
    );
    assert_eq!(
        scene.order(SQL, &json!({})).await,
        (
            422,
            json!({"error": "The address bounces", "answer": {"message": "The address bounces"}})
        )
    );
    scene.says("/assessment.start", 500, "<h1>");
    let (code, refusal) = scene.order(SQL, &json!({})).await;
    assert_eq!((code, &refusal["answer"]), (500, &json!("<h1>")));
    for nonsense in [
        started("ord_7"),
        json!({"success": false}),
        json!({"results": {"assessment_id": ASSESSMENT}}),
    ] {
        scene.says("/assessment.start", 200, &nonsense);
        assert_eq!(scene.order(SQL, &json!({})).await.0, 502, "{nonsense}");
    }
    scene.says("/assessment.list", 200, "[]");
    assert_eq!(scene.act("POST", "/dialog", &Value::Null).await.0, 502);
    let failure =
        json!({"success": false, "errors": ["x"], "errorInfo": {"code": "x", "message": "Not now"}});
    scene.says("/assessment.list", 200, failure);
    let (code, refusal) = scene.act("POST", "/dialog", &Value::Null).await;
    assert_eq!((code, &refusal["error"]), (422, &json!("Not now")));
    scene.end().await;
}

#[tokio::test]
async fn one_candidate_is_not_assessed_twice_by_the_same() {
    let scene = scene().await;
    let application = json!({"application_id": "0c4d7f7e-0f49-4f0a-8a55-2d6f0e6a7704"});
    let (_, first) = scene.order(SQL, &application).await;
    let (_, second) = scene.order(SQL, &application).await;
    assert_eq!(first["order"], second["order"]);
    assert_eq!(scene.order(SQL, &json!({})).await.0, 502);
    scene.says("/assessment.start", 200, started(OTHER));
    assert_eq!(scene.order(SQL, &application).await.0, 502);
    accepted(&scene, &complete(1)).await;
    let (code, third) = scene.order(SQL, &application).await;
    assert_eq!((code, &third["order"]), (200, &json!(OTHER)));
    assert_eq!(scene.view(&first["id"]).await["complete"], true);
    assert_eq!(scene.view(&second["id"]).await["complete"], true);
    assert_eq!(scene.view(&third["id"]).await["complete"], false);
    scene.end().await;
}

#[tokio::test]
async fn a_cancellation_is_the_partners_to_grant() {
    let scene = scene().await;
    let (_, sent) = scene.order(SQL, &json!({})).await;
    let path = format!("/orders/{}/cancel", sent["id"].as_str().unwrap());
    scene.says(
        "/assessment.cancel",
        422,
        json!({"message": "It is being graded"}),
    );
    assert_eq!(scene.act("POST", &path, &Value::Null).await.0, 422);
    scene.says("/assessment.cancel", 200, started(OTHER));
    assert_eq!(scene.act("POST", &path, &Value::Null).await.0, 502);
    assert_eq!(scene.view(&sent["id"]).await["cancelled"], false);
    scene.says("/assessment.cancel", 200, started(ASSESSMENT));
    assert_eq!(scene.act("POST", &path, &Value::Null).await.0, 200);
    assert_eq!(scene.view(&sent["id"]).await["cancelled"], true);
    assert_eq!(
        scene.journal().await.pop().unwrap()["request"],
        json!({"assessment_id": ASSESSMENT})
    );
    scene.says("/assessment.start", 409, "");
    let location = scene.order(SQL, &json!({"application_id": "x"})).await;
    assert_eq!(location.0, 409);
    let more = json!({"credentials": {"api_key": KEY}});
    scene.enter(&scene.form(&OPERATIONS[..2], &more)).await;
    assert_eq!(scene.act("POST", &path, &Value::Null).await.0, 501);
    scene.end().await;
}

#[tokio::test]
async fn custom_fields_are_asked_for_where_they_are_enabled() {
    let scene = scene().await;
    let extra = json!({"additional_fields": {"f1": "apps"}});
    assert_eq!(scene.order(SQL, &extra).await.0, 400);
    let more = json!({"credentials": {"api_key": KEY}, "custom_fields": true});
    let (code, refusal) = scene
        .act("PUT", "/partner", &scene.form(&OPERATIONS[..3], &more))
        .await;
    assert_eq!(code, 400);
    assert!(refusal["error"].as_str().unwrap().contains("customField"));
    scene.enter(&scene.form(&OPERATIONS, &more)).await;
    let field = json!({"id": "f1", "name": "Team", "type": "ValueSelect", "possible_values": [{"key": "apps", "value": "Apps"}]});
    let fields = json!({"success": true, "fields": [field]});
    scene.says("/assessment.customField.list", 200, fields);
    let (_, dialog) = scene.act("POST", "/dialog", &Value::Null).await;
    assert_eq!(dialog["fields"], json!([field]));
    let member = json!({"firstName": "Ole", "lastName": "Brandt", "email": "ole@customer.example", "role": "Recruiter"});
    let extra = json!({"additional_fields": {"f1": "apps"}, "hiring_team": [member, member]});
    assert_eq!(scene.order(SQL, &extra).await.0, 200);
    let body = &scene.journal().await.pop().unwrap()["request"];
    assert_eq!(body["additional_fields"], json!({"f1": "apps"}));
    assert_eq!(body["job"]["hiringTeam"].as_array().unwrap().len(), 2);
    scene.says("/assessment.customField.list", 200, "{}");
    assert_eq!(scene.act("POST", "/dialog", &Value::Null).await.0, 502);
    scene.end().await;
}

#[tokio::test]
async fn what_is_missing_or_unknown_is_refused_by_name() {
    let scene = Scene::set(start);
    assert_eq!(scene.act("POST", "/dialog", &Value::Null).await.0, 409);
    assert_eq!(scene.order(SQL, &json!({})).await.0, 409);
    let (code, refusal) = scene
        .act("PUT", "/partner", &scene.form(&OPERATIONS, &json!({})))
        .await;
    assert_eq!(code, 400);
    assert!(refusal["error"].as_str().unwrap().contains("credentials.api_key"));
    assert_eq!(scene.order(SQL, &json!({"sent_by": "x"})).await.0, 400);
    assert_eq!(answer(update(&scene, &status(0, "Started"))).await.0, 401);
    let fault = json!({"status": 200, "body": {"success": false}});
    assert_eq!(scene.act("PUT", "/faults", &fault).await.0, 204);
    assert_eq!(
        answer(update(&scene, &status(0, "Started"))).await,
        (200, json!({"success": false}))
    );
    scene.end().await;
}
