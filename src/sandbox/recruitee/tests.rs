//! The simulated Recruitee against a scripted partner.

use super::memory::{COMPANY, PERSONAL_TOKEN};
use super::start;
use crate::sandbox::scene::{Scene, TOKEN, answer};
use reqwest::RequestBuilder;
use serde_json::{Value, json};

const SECRET: &str = "secret-of-the-partner";
const OPERATIONS: [&str; 2] = ["tests", "send_candidate"];

fn credentials() -> Value {
    json!({"credentials": {"codename": "acme", "partner_secret": SECRET}})
}

async fn scene_of(kind: &str) -> Scene {
    let scene = bare();
    let mut more = credentials();
    more["kind"] = json!(kind);
    scene.enter(&scene.form(&OPERATIONS, &more)).await;
    scene
}

/// A scene in which the partner speaks and nobody has entered it.
fn bare() -> Scene {
    let scene = Scene::set(start);
    scene.says(
        "/tests",
        200,
        r#"[{"name":"Logic","id":31},{"name":"Essay","id":"essay"}]"#,
    );
    scene.says("/send_candidate", 202, "");
    scene.says("/cancel", 204, "");
    scene
}

fn patch(scene: &Scene, id: &Value, secret: &str, body: &Value) -> RequestBuilder {
    scene
        .partner_calls("PATCH", &format!("/api/p/acme/reports/{}", id.as_str().unwrap()))
        .header("RT-PARTNER-SECRET", secret)
        .json(body)
}

fn partner_api(scene: &Scene, method: &str, body: &Value) -> RequestBuilder {
    scene
        .partner_calls(method, &format!("/api/p/acme/c/{COMPANY}/partner"))
        .bearer_auth(PERSONAL_TOKEN)
        .json(body)
}

fn created(scene: &Scene) -> Value {
    json!({
        "name": "Acme Proofs",
        "kind": "reference_check",
        "urls": {"tests": scene.partner_url("/tests"), "send_candidate": scene.partner_url("/send_candidate")},
        "inputs": [
            {"kind": "first_name", "name": "given", "required": true},
            {"kind": "phone", "name": "phone", "required": false},
            {"kind": "admin", "name": "requester", "required": true},
        ],
    })
}

fn path(id: &Value, tail: &str) -> String {
    format!("/orders/{}{tail}", id.as_str().unwrap())
}

#[tokio::test]
async fn a_candidate_is_sent_and_the_report_is_read() {
    let scene = scene_of("assessment").await;
    let (_, dialog) = scene.act("POST", "/dialog", &Value::Null).await;
    assert_eq!(
        dialog,
        json!({"packages": [{"id": 31, "name": "Logic"}, {"id": "essay", "name": "Essay"}]})
    );
    assert_eq!(scene.authorization(), format!("Bearer {TOKEN}"));
    let candidate = json!({"first_name": "Ada", "last_name": "Moe", "email": "ada@mail.example"});
    let choice = json!({"package": 31, "candidate": candidate});
    let (status, sent) = scene.act("POST", "/orders", &choice).await;
    assert_eq!((status, &sent["order"]), (200, &Value::Null));
    let id = &sent["id"];
    assert_eq!(scene.view(id).await["status"], "sent");
    let urls = json!({"urls": {"report": "https://v.example/r/4"}});
    assert_eq!(answer(patch(&scene, id, SECRET, &urls)).await.0, 200);
    let result = json!({
        "status": "completed",
        "score": "64%",
        "completed_at": "2026-04-09T07:15:00Z",
        "properties": [{"name": "Pace", "value": "brisk"}],
    });
    assert_eq!(answer(patch(&scene, id, SECRET, &result)).await.0, 200);
    let view = scene.view(id).await;
    assert_eq!(
        view,
        json!({
            "id": id,
            "order": null,
            "status": "completed",
            "complete": true,
            "cancelled": false,
            "shown": {
                "Score": "64%",
                "Completed at": "2026-04-09T07:15:00Z",
                "Pace": "brisk",
                "Report": "https://v.example/r/4",
            },
            "updates": 2,
            "errors": [],
            "candidate_id": view["candidate_id"],
        })
    );
    let journal = scene.journal().await;
    assert_eq!(
        journal[1]["request"],
        json!({
            "first_name": "Ada",
            "last_name": "Moe",
            "email": "ada@mail.example",
            "candidate_id": view["candidate_id"],
            "company_id": COMPANY,
            "report_id": id,
            "test_id": "31",
            "test_name": "Logic",
        })
    );
    assert_eq!(journal[0]["method"], "GET");
    let said = serde_json::to_string(&journal).unwrap();
    assert!(!said.contains(TOKEN) && !said.contains(SECRET));
    let again = scene.act("POST", &path(id, "/resend"), &Value::Null).await;
    assert_eq!(again, (200, sent.clone()));
    assert_eq!(scene.journal().await[4]["request"], journal[1]["request"]);
    scene.end().await;
}

#[tokio::test]
async fn a_report_is_refused_by_secret_then_by_id_then_by_content() {
    let scene = scene_of("background_check").await;
    let (_, sent) = scene.order("31", &json!({})).await;
    let id = &sent["id"];
    let done = json!({"status": "completed"});
    assert_eq!(answer(patch(&scene, id, "guess", &done)).await.0, 401);
    let secretless = scene.partner_calls("PATCH", &format!("/api/p/acme/reports/{}", id.as_str().unwrap()));
    assert_eq!(answer(secretless.json(&done)).await.0, 401);
    let elsewhere = scene.partner_calls("PATCH", &format!("/api/p/apex/reports/{}", id.as_str().unwrap()));
    let elsewhere = elsewhere.header("RT-PARTNER-SECRET", SECRET);
    assert_eq!(answer(elsewhere.json(&done)).await.0, 401);
    let nowhere = json!("0d3c1f77-8f14-4b6e-a2a9-7be0c4d5a902");
    assert_eq!(answer(patch(&scene, &nowhere, SECRET, &done)).await.0, 404);
    assert_eq!(
        answer(scene.partner_calls("PATCH", "/api/reports/1")).await.0,
        404
    );
    for wrong in [
        json!({"subtitle": "Clear"}),
        json!({"properties": []}),
        json!({"score": 7}),
        json!({"status": "done"}),
        json!({"outcome": "clear"}),
    ] {
        let (status, refusal) = answer(patch(&scene, id, SECRET, &wrong)).await;
        assert_eq!(status, 422, "{wrong}");
        assert!(refusal["error"].is_string());
    }
    let view = scene.view(id).await;
    assert_eq!(view["errors"], json!(["outcome is not a key of a report"]));
    assert_eq!((&view["status"], &view["updates"]), (&json!("sent"), &json!(0)));
    let untyped = scene
        .partner_calls("PATCH", &format!("/api/p/acme/reports/{}", id.as_str().unwrap()))
        .header("RT-PARTNER-SECRET", SECRET)
        .body(done.to_string());
    assert_eq!(answer(untyped).await.0, 415);
    let fault = json!({"status": 500, "times": 1});
    assert_eq!(scene.act("PUT", "/faults", &fault).await.0, 204);
    assert_eq!(answer(patch(&scene, id, SECRET, &done)).await.0, 500);
    assert_eq!(answer(patch(&scene, id, SECRET, &done)).await.0, 200);
    assert_eq!(
        answer(patch(&scene, id, SECRET, &json!({"status": "sent"})))
            .await
            .0,
        422
    );
    scene.end().await;
}

#[tokio::test]
async fn what_the_partner_refuses_is_read_by_the_recruiter() {
    let scene = scene_of("assessment").await;
    let problem = "There was a problem with the acme API";
    for (status, body, told) in [
        (401, "", "the token is invalid"),
        (422, r#"{"error":"No seat is free"}"#, "No seat is free"),
        (500, "<h1>", problem),
    ] {
        scene.says("/send_candidate", status, body);
        scene.says("/tests", status, body);
        for (code, refusal) in [
            scene.order("31", &json!({})).await,
            scene.act("POST", "/dialog", &Value::Null).await,
        ] {
            assert_eq!((code, &refusal["error"]), (status, &json!(told)));
        }
    }
    scene.says("/tests", 200, r#"{"tests":[]}"#);
    assert_eq!(scene.act("POST", "/dialog", &Value::Null).await.0, 502);
    scene.end().await;
}

#[tokio::test]
async fn the_user_cancels_where_the_partner_has_said_how() {
    let scene = scene_of("assessment").await;
    let (_, sent) = scene.order("31", &json!({})).await;
    let id = &sent["id"];
    let cancel = path(id, "/cancel");
    assert_eq!(scene.act("POST", &cancel, &Value::Null).await.0, 501);
    let urls = json!({"urls": {"cancel": scene.partner_url("/cancel")}});
    assert_eq!(answer(patch(&scene, id, SECRET, &urls)).await.0, 200);
    scene.says("/cancel", 409, r#"{"error":"It has begun"}"#);
    let (status, refusal) = scene.act("POST", &cancel, &Value::Null).await;
    assert_eq!((status, &refusal["error"]), (409, &json!("It has begun")));
    assert_eq!(scene.view(id).await["cancelled"], false);
    scene.says("/cancel", 204, "");
    let (status, view) = scene.act("POST", &cancel, &Value::Null).await;
    assert_eq!(
        (status, &view["status"], &view["cancelled"]),
        (200, &json!("canceled"), &json!(true))
    );
    assert_eq!(view["shown"], json!({}));
    assert_eq!(scene.authorization(), format!("Bearer {TOKEN}"));
    assert_eq!(
        scene.journal().await.pop().unwrap()["request"],
        json!({"report_id": id})
    );
    assert_eq!(scene.act("POST", &cancel, &Value::Null).await.0, 409);
    scene.end().await;
}

#[tokio::test]
async fn a_partner_that_is_created_speaks_for_itself() {
    let scene = bare();
    let body = created(&scene);
    let (status, partner) = answer(partner_api(&scene, "POST", &body)).await;
    assert_eq!((status, &partner["kind"]), (201, &json!("reference_check")));
    let secret = partner["secret"].as_str().unwrap().to_owned();
    assert_eq!(answer(partner_api(&scene, "POST", &body)).await.0, 422);
    assert_eq!(
        answer(partner_api(&scene, "GET", &Value::Null)).await,
        (200, partner)
    );
    // The customer has not copied the token yet.
    assert_eq!(scene.act("POST", "/dialog", &Value::Null).await.0, 409);
    scene.enter(&scene.form(&[], &json!({}))).await;
    assert_eq!(scene.act("POST", "/dialog", &Value::Null).await.0, 200);
    let (status, refusal) = scene.order("31", &json!({})).await;
    assert_eq!(status, 400);
    assert!(refusal["error"].as_str().unwrap().contains("requester"));
    let (status, sent) = scene
        .order(
            "31",
            &json!({"inputs": {"requester": "Ines Falk"}, "candidate_id": 8}),
        )
        .await;
    assert_eq!(status, 200);
    let body = &scene.journal().await.pop().unwrap()["request"];
    assert_eq!(
        body,
        &json!({
            "given": "Ada",
            "requester": "Ines Falk",
            "candidate_id": 8,
            "company_id": COMPANY,
            "report_id": sent["id"],
            "test_id": "31",
            "test_name": "Logic",
        })
    );
    let (status, partner) = answer(partner_api(&scene, "PATCH", &json!({"name": "Proofs"}))).await;
    assert_eq!((status, &partner["name"]), (200, &json!("Proofs")));
    scene.says("/send_candidate", 500, "");
    let (_, refusal) = scene.order("31", &json!({"inputs": {"requester": "x"}})).await;
    assert_eq!(refusal["error"], "There was a problem with the Proofs API");

    let regenerate = |secret: &str| {
        scene
            .partner_calls("POST", "/api/p/acme/partner/regenerate-secret")
            .header("RT-PARTNER-SECRET", secret)
    };
    assert_eq!(answer(regenerate("guess")).await.0, 401);
    let (status, answered) = answer(regenerate(&secret)).await;
    assert_eq!(status, 200);
    let newer = answered["secret"].as_str().unwrap();
    let done = json!({"status": "failed"});
    assert_eq!(answer(regenerate(&secret)).await.0, 401);
    assert_eq!(answer(patch(&scene, &sent["id"], &secret, &done)).await.0, 401);
    assert_eq!(answer(patch(&scene, &sent["id"], newer, &done)).await.0, 200);
    assert_eq!(scene.view(&sent["id"]).await["complete"], true);
    let said = serde_json::to_string(&scene.journal().await).unwrap();
    assert!(!said.contains(&secret) && !said.contains(newer));
    scene.end().await;
}

#[tokio::test]
async fn the_partner_api_opens_to_the_personal_token_for_the_one_company() {
    let scene = bare();
    let body = created(&scene);
    let at = |company: u64, token: &str| {
        let path = format!("/api/p/acme/c/{company}/partner");
        scene.partner_calls("POST", &path).bearer_auth(token).json(&body)
    };
    assert_eq!(answer(at(COMPANY, "guess")).await.0, 401);
    assert_eq!(answer(at(7, PERSONAL_TOKEN)).await.0, 404);
    assert_eq!(answer(partner_api(&scene, "GET", &body)).await.0, 404);
    assert_eq!(answer(partner_api(&scene, "PATCH", &json!({}))).await.0, 404);
    assert_eq!(answer(partner_api(&scene, "DELETE", &json!({}))).await.0, 405);
    assert_eq!(
        answer(partner_api(&scene, "POST", &json!({"name": "A"}))).await.0,
        422
    );
    let mut more = credentials();
    more["credentials"]["api_token"] = json!("another-token");
    scene.enter(&scene.form(&OPERATIONS, &more)).await;
    assert_eq!(answer(at(COMPANY, PERSONAL_TOKEN)).await.0, 401);
    assert_eq!(answer(at(COMPANY, "another-token")).await.0, 201);
    let (status, refusal) = scene
        .act(
            "PUT",
            "/partner",
            &scene.form(&[], &json!({"kind": "assessment"})),
        )
        .await;
    assert_eq!(status, 400);
    assert!(refusal["error"].as_str().unwrap().contains("kind"));
    let other = json!({"credentials": {"codename": "apex"}});
    assert_eq!(
        scene.act("PUT", "/partner", &scene.form(&[], &other)).await.0,
        400
    );
    let secret = json!({"credentials": {"partner_secret": SECRET}});
    scene.enter(&scene.form(&[], &secret)).await;
    let nowhere = json!("0d3c1f77-8f14-4b6e-a2a9-7be0c4d5a902");
    assert_eq!(answer(patch(&scene, &nowhere, SECRET, &json!({}))).await.0, 404);
    scene.end().await;
}

#[tokio::test]
async fn what_is_missing_or_unknown_is_refused_by_name() {
    let scene = bare();
    assert_eq!(scene.act("POST", "/dialog", &Value::Null).await.0, 409);
    assert_eq!(scene.order("31", &json!({})).await.0, 409);
    for (operations, more, named) in [
        (&OPERATIONS[..], json!({}), "credentials.codename"),
        (
            &OPERATIONS,
            json!({"credentials": {"codename": "acme"}}),
            "credentials.partner_secret",
        ),
        (&OPERATIONS[..1], credentials(), "endpoint_urls.send_candidate"),
        (&OPERATIONS, json!({"kind": "drug_test"}), "drug_test"),
    ] {
        let (status, refusal) = scene.act("PUT", "/partner", &scene.form(operations, &more)).await;
        assert_eq!(status, 400);
        assert!(refusal["error"].as_str().unwrap().contains(named), "{refusal}");
    }
    scene.enter(&scene.form(&OPERATIONS, &credentials())).await;
    assert_eq!(scene.order("31", &json!({"job_name": "x"})).await.0, 400);
    scene.end().await;
}
