//! The simulated Greenhouse against a scripted partner.

use super::start;
use crate::sandbox::scene::{Scene, TOKEN, answer};
use serde_json::{Value, json};
use std::time::Duration;

const OPERATIONS: [&str; 4] = ["list_tests", "send_test", "test_status", "response_error"];

async fn scene() -> Scene {
    let scene = Scene::set(start);
    scene.says(
        "/list_tests",
        200,
        r#"[{"partner_test_id":"t1","partner_test_name":"Logic"}]"#,
    );
    scene.says("/send_test", 200, r#"{"partner_interview_id":"i1"}"#);
    scene.says("/test_status", 200, r#"{"partner_status":"invited"}"#);
    scene.says("/response_error", 200, r#"{"status":200}"#);
    scene.enter(&scene.form(&OPERATIONS, &json!({}))).await;
    scene
}

async fn call_back(scene: &Scene, test: &Value, user: &str) -> u16 {
    let path = format!(
        "/integrations/testing_partners/take_home_tests/{}",
        test.as_str().unwrap()
    );
    let call = scene.partner_calls("PATCH", &path).basic_auth(user, Some(""));
    answer(call).await.0
}

/// The recruiter's view, once `reads` readings of the status have ended.
async fn after_reads(scene: &Scene, test: &Value, reads: u64) -> Value {
    let look = async {
        loop {
            let view = scene.view(test).await;
            if view["status_reads"] == reads {
                return view;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), look).await.unwrap()
}

#[tokio::test]
async fn a_test_is_offered_sent_and_read() {
    let scene = scene().await;
    let (_, dialog) = scene.act("POST", "/dialog", &Value::Null).await;
    assert_eq!(dialog, json!({"packages": [{"id": "t1", "name": "Logic"}]}));
    let (status, sent) = scene.order("t1", &json!({"application_id": 12})).await;
    assert_eq!((status, &sent["order"]), (200, &json!("i1")));
    let id = &sent["id"];
    let view = after_reads(&scene, id, 0).await;
    assert_eq!((&view["state"], &view["status"]), (&json!("sent"), &Value::Null));
    assert_eq!((&view["complete"], &view["shown"]), (&json!(false), &json!({})));
    let result = json!({
        "partner_status": "complete",
        "partner_profile_url": "https://v.example/r",
        "partner_score": 81.5,
        "metadata": {"Notes": "good"},
    });
    scene.says("/test_status", 200, &result);
    assert_eq!(call_back(&scene, id, TOKEN).await, 200);
    assert_eq!(
        after_reads(&scene, id, 1).await,
        json!({
            "id": id,
            "order": "i1",
            "status": "complete",
            "complete": true,
            "cancelled": false,
            "shown": {"Notes": "good", "Score": 81.5, "View Report": "https://v.example/r"},
            "updates": 1,
            "errors": [],
            "state": "received",
            "score": 81.5,
            "profile_url": "https://v.example/r",
            "metadata": {"Notes": "good"},
            "status_reads": 1,
        })
    );

    let journal = scene.journal().await;
    let told: Vec<_> = journal
        .iter()
        .map(|one| format!("{} {} {}", one["direction"], one["method"], one["url"]).replace('"', ""))
        .collect();
    let id = id.as_str().unwrap();
    assert_eq!(
        told,
        [
            "to_partner GET /list_tests?tenant-id=north".to_owned(),
            "to_partner POST /send_test?tenant-id=north".to_owned(),
            format!("from_partner PATCH /integrations/testing_partners/take_home_tests/{id}"),
            "to_partner GET /test_status?tenant-id=north&partner_interview_id=i1".to_owned(),
        ]
    );
    let body = &journal[1]["request"];
    assert_eq!(body["candidate"]["phone_number"], Value::Null);
    assert!(
        body["candidate"]
            .as_object()
            .unwrap()
            .contains_key("preferred_name")
    );
    let profile = body["candidate"]["greenhouse_profile_url"].as_str().unwrap();
    assert!(profile.ends_with("?application_id=12"), "{profile}");
    assert!(!serde_json::to_string(&journal).unwrap().contains(TOKEN));

    let path = format!("/orders/{id}/resend");
    assert_eq!(scene.act("POST", &path, &Value::Null).await, (200, sent.clone()));
    assert_eq!(&scene.journal().await[4]["request"], body);
    scene.end().await;
}

#[tokio::test]
async fn a_callback_meets_a_fault_first_then_its_credentials_and_its_id_count() {
    let scene = scene().await;
    let (_, sent) = scene.order("t1", &json!({})).await;
    let id = &sent["id"];
    assert_eq!(call_back(&scene, id, "stranger").await, 401);
    assert_eq!(call_back(&scene, &json!("7"), "stranger").await, 401);
    assert_eq!(call_back(&scene, &json!("7"), TOKEN).await, 404);
    let fault = json!({"status": 503, "times": 2});
    assert_eq!(scene.act("PUT", "/faults", &fault).await.0, 204);
    for expected in [503, 503, 200] {
        assert_eq!(call_back(&scene, id, TOKEN).await, expected);
    }
    assert_eq!(after_reads(&scene, id, 1).await["updates"], 1);
    for mistake in [json!({"status": 42}), json!({"callback_status": 503})] {
        assert_eq!(scene.act("PUT", "/faults", &mistake).await.0, 400);
    }
    let path = format!(
        "/integrations/testing_partners/take_home_tests/{}",
        id.as_str().unwrap()
    );
    let call = scene.partner_calls("POST", &path).basic_auth(TOKEN, Some(""));
    assert_eq!(answer(call).await.0, 404);
    scene.end().await;
}

#[tokio::test]
async fn with_partner_credentials_the_customers_key_calls_back_no_more() {
    let scene = scene().await;
    let (_, sent) = scene.order("t1", &json!({})).await;
    let more = json!({"partner_username": "vendor", "partner_password": ""});
    scene.enter(&scene.form(&OPERATIONS, &more)).await;
    assert_eq!(call_back(&scene, &sent["id"], TOKEN).await, 401);
    assert_eq!(call_back(&scene, &sent["id"], "vendor").await, 200);
    scene.end().await;
}

#[tokio::test]
async fn a_callback_that_overtakes_the_answer_is_read_after_it() {
    let scene = scene().await;
    scene.interjects(|http, sent| {
        let url = sent["url"].as_str().unwrap();
        http.patch(url).basic_auth(TOKEN, Some(""))
    });
    let (_, sent) = scene.order("t1", &json!({})).await;
    assert_eq!(after_reads(&scene, &sent["id"], 1).await["status"], "invited");
    scene.end().await;
}

#[tokio::test]
async fn what_is_malformed_is_complained_of_and_what_is_refused_is_passed_on() {
    let scene = scene().await;
    let (_, sent) = scene.order("t1", &json!({})).await;
    scene.says("/list_tests", 200, r#"{"data":[]}"#);
    scene.says("/send_test", 200, "{}");
    scene.says("/test_status", 200, r#"{"partner_status":"complete"}"#);
    assert_eq!(scene.act("POST", "/dialog", &Value::Null).await.0, 502);
    assert_eq!(scene.order("t1", &json!({})).await.0, 502);
    assert_eq!(call_back(&scene, &sent["id"], TOKEN).await, 200);
    let view = after_reads(&scene, &sent["id"], 1).await;
    assert_eq!((&view["state"], &view["status"]), (&json!("sent"), &Value::Null));
    let complaints: Vec<_> = scene
        .journal()
        .await
        .into_iter()
        .filter(|one| one["url"] == "/response_error?tenant-id=north")
        .map(|one| one["request"].clone())
        .collect();
    assert_eq!(
        complaints.iter().map(|one| &one["api_call"]).collect::<Vec<_>>(),
        ["list_tests", "send_test", "test_status"]
    );
    assert_eq!(
        complaints[2],
        json!({
            "api_call": "test_status",
            "errors": ["partner_profile_url is required when partner_status is complete"],
            "partner_test_id": "t1",
            "partner_interview_id": "i1",
            "candidate_email": "ada@mail.example",
        })
    );
    scene.says("/send_test", 422, r#"{"statusCode":422}"#);
    scene.says("/test_status", 500, "");
    let refused = json!({"error": "send_test answered 422", "answer": {"statusCode": 422}});
    assert_eq!(scene.order("t1", &json!({})).await, (422, refused));
    assert_eq!(call_back(&scene, &sent["id"], TOKEN).await, 200);
    let view = after_reads(&scene, &sent["id"], 2).await;
    assert_eq!(view["errors"], json!(["test_status answered 500"]));
    scene.end().await;
}

#[tokio::test]
async fn what_the_people_cannot_do_is_refused_by_name() {
    let scene = Scene::set(start);
    let nothing = &Value::Null;
    assert_eq!(scene.act("POST", "/dialog", nothing).await.0, 409);
    assert_eq!(scene.order("t1", &json!({})).await.0, 409);
    let (status, refusal) = scene.act("POST", "/orders", &json!({})).await;
    assert_eq!(status, 400);
    assert!(refusal["error"].as_str().unwrap().contains("package"));
    assert_eq!(scene.order("t1", &json!({"job_name": "x"})).await.0, 400);
    let (status, refusal) = scene
        .act("PUT", "/partner", &scene.form(&["list_tests"], &json!({})))
        .await;
    assert_eq!(status, 400);
    assert!(
        refusal["error"]
            .as_str()
            .unwrap()
            .contains("endpoint_urls.send_test")
    );
    for (method, path) in [
        ("GET", "/orders/1"),
        ("POST", "/orders/x/resend"),
        ("POST", "/orders/x/cancel"),
        ("POST", "/tests"),
    ] {
        assert_eq!(scene.act(method, path, nothing).await.0, 404, "{path}");
    }
    assert!(scene.journal().await.is_empty());
    scene.says("/send_test", 200, r#"{"partner_interview_id":"i1"}"#);
    scene.enter(&scene.form(&OPERATIONS, &json!({}))).await;
    let (_, sent) = scene.order("t1", &json!({"preferred_name": "Addie"})).await;
    let path = format!("/orders/{}/cancel", sent["id"].as_str().unwrap());
    assert_eq!(scene.act("POST", &path, nothing).await.0, 501);
    scene.end().await;
}
